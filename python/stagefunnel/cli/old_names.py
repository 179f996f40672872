"""Old names of commands and options: they work as the new ones, and a note says what those are."""

# The words are renewed before they are parsed, so that help and completion know the new names alone.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, get_args

from ..errors import quoted
from ..tables.options import BasisName

_COMMANDS: Final = {
    "trend": "funnel-by-period",
    "compare": "compare-periods",
    "chain": "chain-funnel",
    "items": "item-table",
}
# The command ``sequence`` answered all of these.
_TABLES: Final = {
    "funnel": "sequence-funnel",
    "items": "sequence-items",
    "trend": "sequence-trend",
    "times": "time-to-convert",
    "paths": "sequence-paths",
}
_OPTIONS: Final = {"--export": "--read", "--rate": "--rates", "--with": "--against"}
_DATES: Final = {"day": "--dayfirst", "month": "--no-dayfirst"}


class _Given(NamedTuple):
    """An option with its value, or a word that is none.

    Attributes
    ----------
    name, value
        The option or the word, and what follows it; ``None`` for nothing.
    sign
        What stands between the two in one word.
    """

    name: str
    value: str | None = None
    sign: str = ""

    def words(self) -> list[str]:
        """Write it as it was typed."""
        if self.value is None:
            return [self.name]
        return [f"{self.name}={self.value}"] if self.sign else [self.name, self.value]


class OldValueError(ValueError):
    """An old option has a value that it never took."""


def renewed(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the words with the new names, and a note for each old one.

    Examples
    --------
    >>> renewed(["trend", "deals.csv", "--export"])
    (['funnel-by-period', 'deals.csv', '--read'], ['`trend` is now called `funnel-by-period`', \
'`--export` is now called `--read`'])
    """
    end = words.index("--") if "--" in words else len(words)  # files follow
    words, files, notes = list(words[:end]), list(words[end:]), list[str]()
    if words[:1] == ["sequence"]:
        words = _of_sequence(words[1:], notes)
    elif words and words[0] in _COMMANDS:
        words[0] = _called(words[0], _COMMANDS[words[0]], notes)
    is_chain = words[:1] == ["chain-funnel"]
    new = [word for one in _options_of(words) for word in _renewed(one, is_chain, notes).words()]
    return [*new, *files], list(dict.fromkeys(notes))


def _of_sequence(rest: list[str], notes: list[str]) -> list[str]:
    """Take the table out of the words after ``sequence``, and name the command that gives it."""
    table, kept, given = "funnel", list[str](), ""
    for one in _options_of(rest):
        if one.name == "--table":
            table, given = one.value or "", f" --table {one.value}"
        else:
            kept += one.words()
    if table not in _TABLES:
        raise OldValueError(f"`sequence{given}` was never a table; choose one of {quoted(_TABLES.values())}")
    return [_called(f"sequence{given}", _TABLES[table], notes), *kept]


def _renewed(one: _Given, is_chain: bool, notes: list[str]) -> _Given:
    if one.name == "--dates" and one.value in _DATES:
        return _Given(_called(f"--dates {one.value}", _DATES[one.value], notes))
    if one.name == "--dates":
        raise OldValueError(
            f"`--dates {one.value or ''}` was never an option; give one of {quoted(_DATES.values())}"
        )
    if is_chain and one.name == "--count":
        return one._replace(name=_called(one.name, "--basis", notes))
    if is_chain and one.name == "--basis" and one.value in get_args(BasisName):
        _called(f"--basis {one.value}", f"--period-basis {one.value}", notes)
        return one._replace(name="--period-basis")
    if one.name in _OPTIONS:
        return one._replace(name=_called(one.name, _OPTIONS[one.name], notes))
    return one


def _called(old: str, new: str, notes: list[str]) -> str:
    notes.append(f"`{old}` is now called `{new}`")
    return new


def _options_of(words: Sequence[str]) -> Iterator[_Given]:
    """Go through options with the word that may be their value, and through single words."""
    at = 0
    while at < len(words):
        name, sign, value = words[at].partition("=")
        following = words[at + 1] if at + 1 < len(words) else "--"
        at += 1
        if not name.startswith("--"):
            yield _Given(words[at - 1])
        elif sign:
            yield _Given(name, value, sign)
        elif following.startswith("--"):
            yield _Given(name)
        else:
            yield _Given(name, following)
            at += 1
