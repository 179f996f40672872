"""What the command says of words that it does not know: the mistake, what is meant, and one line of usage."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from ..errors import quoted

_WORDINGS: Final = {
    r"^argument (\S+): expected (one|at least one) argument$": r"\1 needs a value",
    r"^argument (\S+): ignored explicit argument ": r"\1 takes no value, and has ",
    r"^argument (\S+): ": r"\1 ",
    r"^the following arguments are required: ": "this is missing: ",
    r"^ambiguous option: (\S+) could match ": r"\1 could be each of ",
}


def usage_of(name: str, actions: Sequence[argparse.Action]) -> str:
    """Write the usage of a command in one line: its files, what it needs, and the word for all the rest."""
    needed = [_words(action) for action in actions if action.option_strings and action.required]
    files = [_files(action) for action in actions if not action.option_strings]
    return " ".join([name, *files, *needed, "[options]"])


def _words(action: argparse.Action) -> str:
    return f"{action.option_strings[0]} {action.metavar or action.dest.upper()}"


def _files(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest.upper())
    return {"+": f"{name} [{name} ...]", "*": f"[{name} ...]", "?": f"[{name}]"}.get(str(action.nargs), name)


def unknown_option(
    words: Sequence[str], known: Collection[str], commands: Callable[[], Mapping[str, Collection[str]]]
) -> str | None:
    """Describe the first option among words that a command does not know, or return ``None``.

    Parameters
    ----------
    words
        The words after the name of the command.
    known
        Options of the command.
    commands
        Returns the options of all commands, of which another one may have it.
    """
    for word in words:
        if word == "--":
            return None
        option = word.partition("=")[0]
        if not option.startswith("--") or any(name.startswith(option) for name in known):
            continue
        others = [other for other, its in commands().items() if option in its]
        return f"there is no option {option} here" + _meant(option, known, others)
    return None


def _meant(option: str, known: Iterable[str], others: Sequence[str]) -> str:
    if others:
        names = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if others[3:] else "")
        return f"; it is one of {names}"
    near = nearest(option, known)
    return f"; did you mean {near}?" if near else ""


def unknown_choice(action: argparse.Action, value: Any) -> str:
    """Describe a value that an option does not take, or a command that there is not."""
    known = [str(choice) for choice in action.choices or ()]
    near = nearest(str(value), known)
    hint = f"; did you mean {near}?" if near else ""
    if action.nargs == argparse.PARSER:
        return f"there is no command {value!r}" + (hint or f"; choose one of {', '.join(known)}")
    return f"{_name_of(action)} {value} is not one of {quoted(known)}{hint}"


def worded(message: str) -> str:
    """Write a message of argparse as the others are written.

    Examples
    --------
    >>> worded("argument --kind: expected one argument")
    '--kind needs a value'
    >>> worded("argument --quiet: ignored explicit argument 'no'")
    "--quiet takes no value, and has 'no'"
    >>> worded("the following arguments are required: --steps")
    'this is missing: --steps'
    """
    for pattern, text in _WORDINGS.items():
        message = re.sub(pattern, text, message)
    return message


def _name_of(action: argparse.Action) -> str:
    """Return the option as it is typed."""
    return action.option_strings[0] if action.option_strings else str(action.metavar)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the nearest of the known words; one that begins like it, or that it begins like, is near."""
    import difflib

    known = list(known)
    found = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    if found:
        return found[0]
    alike = [one for one in known if len(word) > 4 and (one.startswith(word) or word.startswith(one))]
    return alike[0] if alike else None
