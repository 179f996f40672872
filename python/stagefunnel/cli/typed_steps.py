"""Steps as they are typed: stages between commas, each with conditions in brackets or without.

Whether brackets are part of a name only the log says, so that a step is read in two moves: the columns that
brackets may name before the log is read, and the steps themselves after.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from typing import Any, Final, NoReturn

import stagefunnel as sf
from stagefunnel.files import column_names, expand, split_columns

from ..errors import did_you_mean
from .saved_files import saved_log_in
from .sql_inputs import columns_in, has_queries
from .values import where_of
from .where_options import WhereCondition, condition

_OPEN, _CLOSE = "[", "]"
_SUCH_AS: Final = "order[amount>100] or order[source=web,amount>100]"


class TypedSteps:
    """Reads the steps and exclusions of a command, once its log is there.

    Parameters
    ----------
    args, parser
        The arguments of the command, and what refuses them.
    log
        The log, whose stages may have brackets in their names.
    """

    def __init__(self, args: argparse.Namespace, parser: argparse.ArgumentParser, log: sf.StageLog) -> None:
        self._args, self._parser = args, parser
        self._labels = {str(label) for label in log.stages["stage"]}

    def steps(self) -> list[sf.Step | str | list[sf.Step | str]]:
        """Read the steps: stages, ``a|b`` for any of several, and conditions in brackets."""
        plain = [step.split("|") for step in self._args.steps.split(",")]
        if not _are_names(plain, self._labels):
            plain = [split_outside(step, "|") for step in split_outside(self._args.steps, ",")]
        steps = [[self._part(part, "--steps") for part in step] for step in plain]
        return [step if len(step) > 1 else step[0] for step in steps]

    def exclusions(self) -> list[sf.Exclusion]:
        """Read the exclusions."""
        return [self._exclusion(text) for text in self._args.exclude or ()]

    def _exclusion(self, text: str) -> sf.Exclusion:
        """Read ``STAGE``, ``STAGE:AFTER``, ``STAGE:AFTER:BEFORE`` or ``STAGE:AFTER:BEFORE:EFFECT``."""
        stage, rest = _split_exclusion(text)
        try:
            after = int(rest[0]) if rest and rest[0] else 1
            before = int(rest[1]) if len(rest) > 1 and rest[1] else None
        except ValueError:
            self._refuse(f"--exclude {text}: expected STAGE:AFTER:BEFORE:EFFECT with two step numbers")
        effect: Any = rest[2] if len(rest) > 2 else "drop"
        # A wrong effect is refused by the package, as any other value of an option is.
        return sf.Exclusion(self._part(stage, "--exclude"), after, before, effect)

    def _part(self, text: str, option: str) -> sf.Step | str:
        """Read a stage, or a step with conditions where no stage of the log has this very name."""
        event, inside = _with_brackets(text)
        if text in self._labels or self._is_misspelled(text, event):
            return text
        if inside is None:
            if text.partition(_OPEN)[0] in self._labels:
                self._refuse(
                    f"{option}: {text!r} has a bracket that does not close; write it as in {_SUCH_AS}"
                )
            return text
        if not event.strip():
            if any(order in inside for order in "<>="):
                self._refuse(f"{option}: {text!r} has conditions without a stage; *{text} is of any stage")
            return text
        if not inside.strip():
            self._refuse(f"{option}: {text!r} has no condition in its brackets, as in {_SUCH_AS}")
        conditions = [self._condition(one, text, option) for one in split_outside(inside, ",")]
        self._refuse_unknown([one.column for one in conditions])
        is_spaced = event not in self._labels and event.strip() in self._labels
        return sf.Step(event.strip() if is_spaced else event, where=where_of(conditions))

    def _is_misspelled(self, text: str, event: str) -> bool:
        """Return whether a name of the log with brackets is nearer than an event with a condition."""
        if event.strip() in self._labels:
            return False
        return bool(did_you_mean(text, [label for label in self._labels if _CLOSE in label]))

    def _condition(self, text: str, step: str, option: str) -> WhereCondition:
        try:
            return condition(text)
        except argparse.ArgumentTypeError as error:
            self._refuse(f"{option}: in {step!r}, {error}")

    def _refuse_unknown(self, columns: list[str]) -> None:
        """Refuse columns that no file has; an export has none but those that its reader keeps."""
        if not self._args.read and not has_queries(self._args) and saved_log_in(self._args) is None:
            split_columns(columns, *_files_of(self._args))

    def _refuse(self, text: str) -> NoReturn:
        self._parser.error(text)


def check_steps(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Refuse steps that name no stage before the log is read."""
    for step in split_outside(args.steps, ","):
        if not all(split_outside(step, "|")):
            parser.error(
                f"--steps: {step!r} does not name a stage; separate steps by commas, stages of one step by |"
            )


def columns_in_brackets(args: argparse.Namespace) -> list[str]:
    """List the columns that conditions of steps name, of those that a file has.

    The others may be part of a stage's name; if not, they are refused when the steps are read.
    """
    typed = [*split_outside(getattr(args, "steps", None) or "", ",")]
    typed += [_split_exclusion(text)[0] for text in getattr(args, "exclude", None) or ()]
    named = list(dict.fromkeys(column for text in typed for column in _columns_of(text)))
    if not named:
        return []
    if has_queries(args):
        return _known_of(args, named)
    item_files, files = _files_of(args)
    known = {column for file in [*item_files, *files[:1]] for column in column_names(file)}
    return [column for column in named if column in known]


def _known_of(args: argparse.Namespace, named: list[str]) -> list[str]:
    """Keep the names of columns that a query or the table of items has."""
    files = expand([args.items]) if getattr(args, "items", None) else []
    known = {*columns_in(args, args.parser)(), *(column for file in files for column in column_names(file))}
    return [name for name in named if name in known]


def _columns_of(text: str) -> Iterator[str]:
    for part in split_outside(text, "|"):
        for one in split_outside(_with_brackets(part)[1] or "", ","):
            try:
                yield condition(one).column
            except argparse.ArgumentTypeError:
                continue  # it may be part of a name, and is refused later if it is not


def _files_of(args: argparse.Namespace) -> tuple[list[str], list[str]]:
    return expand([args.items]) if getattr(args, "items", None) else [], expand(args.files)


def _are_names(steps: list[list[str]], labels: Collection[str]) -> bool:
    """Return whether all pieces with brackets are stages of the log just as they are."""
    pieces = [piece for step in steps for piece in step if _OPEN in piece or _CLOSE in piece]
    return all(piece in labels for piece in pieces)


def split_outside(text: str, separator: str) -> list[str]:
    """Split a text where it is not inside brackets; brackets that do not close are characters like others.

    Examples
    --------
    >>> split_outside("visit,order[amount>100,source=web],paid", ",")
    ['visit', 'order[amount>100,source=web]', 'paid']
    >>> split_outside("a[1,b", ",")
    ['a[1', 'b']
    """
    pieces, depth = [""], 0
    for character in text:
        depth += (character == _OPEN) - (character == _CLOSE and depth > 0)
        if character == separator and not depth:
            pieces.append("")
        else:
            pieces[-1] += character
    return text.split(separator) if depth else pieces


def _with_brackets(text: str) -> tuple[str, str | None]:
    """Split the last pair of brackets off the end of a step; ``None`` where there is none.

    Examples
    --------
    >>> _with_brackets("cart [v2][amount>100]"), _with_brackets("cart")
    (('cart [v2]', 'amount>100'), ('cart', None))
    """
    depth = 0
    if text.endswith(_CLOSE):
        for at in range(len(text) - 1, -1, -1):
            depth += (text[at] == _CLOSE) - (text[at] == _OPEN)
            if not depth:
                return text[:at], text[at + 1 : -1]
    return text, None


def _split_exclusion(text: str) -> tuple[str, list[str]]:
    """Split the stage of an exclusion from its steps and effect; a colon in brackets is of a condition."""
    end = text.rfind(_CLOSE) + 1
    behind = text[end:]
    if end and behind.count(":") <= 3 and (not behind or behind.startswith(":")):
        return text[:end], behind.split(":")[1:]
    stage, *rest = text.rsplit(":", min(text.count(":"), 3))
    return stage, rest
