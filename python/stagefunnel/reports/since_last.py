"""What changed since the last page: its numbers are saved beside it, in ``page.numbers.json``."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from types import NoneType
from typing import Any, Final

import numpy as np
import pandas as pd

from ..display.numbers import NOTHING, difference, length, noun_of, percent, plural
from ..display.write import write_file
from ..errors import StageFunnelError
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.scope.conditions import conditions_of
from ..times.periods import MomentLike, moment_of
from ..words import Noun, mark, marks, tr, trc, trs
from ..words import Words as Texts
from ..working_hours import WorkingHours

_FORMAT: Final = "numbers of a stagefunnel page"
_VERSION: Final = 1
_LONGEST: Final = 100_000  # bytes; a file of two pages has about two thousand
_COUNTS: Final = {
    "created": marks("{n} created"),
    "closed": marks("{n} closed"),
    "won": marks("{n} won"),
    "lost": marks("{n} lost"),
    "open": marks("{n} open"),
}
_NUMBERS: Final = ("created", "won", "lost", "open")
_RULES: Final = Texts(
    {
        "pipeline": mark("the pipeline"),
        "where": mark("the conditions"),
        "period": mark("the period"),
        "stages": mark("how stages are read"),
        "money": mark("the amounts"),
        "calendar": mark("the working hours"),
        "times": mark("the kind of times"),
    }
)


@dataclass(frozen=True)
class Saved:
    """The numbers of one page.

    Attributes
    ----------
    made_on
        The day on which it was made, as ISO 8601.
    until, ends
        Until when its items were observed, as people read it, and as what can be put in order: ISO 8601 or a
        number.
    rules
        What its numbers are of: a fingerprint of each kind of option. Pages are compared where all are equal.
    numbers
        The numbers of its tiles; lengths of time in seconds, or in the units of plain integers.
    """

    made_on: str
    until: str
    ends: str | int | None
    rules: Mapping[str, str]
    numbers: Mapping[str, float | None]


@dataclass(frozen=True)
class SinceLast:
    """The sentence of the first screen, and what is to be saved for the next page.

    Attributes
    ----------
    sentence
        What changed since the last page; empty where there was none.
    trouble
        What is wrong with the saved numbers; empty where nothing is.
    path
        The file of the numbers.
    kept
        What it will hold; nothing where a foreign file stands there, which is left alone.
    """

    sentence: str
    trouble: str
    path: str
    kept: Sequence[Saved]

    def save(self) -> str:
        """Write the numbers, and return what went wrong."""
        if not self.kept:
            return ""
        content = {"format": _FORMAT, "version": _VERSION, "pages": [vars(one) for one in self.kept]}
        try:
            write_file(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "json", self.path)
        except (StageFunnelError, OSError) as error:
            return tr(
                "{path} is not written, and the next page is not compared with this one: {error}",
                path=self.path,
                error=error,
            )
        return ""


def numbers_file(page: str) -> str:
    """Return the file of the numbers of a page.

    Examples
    --------
    >>> numbers_file("pages/weekly.html")
    'pages/weekly.numbers.json'
    """
    return f"{os.path.splitext(page)[0]}.numbers.json"


def since_last(page: str, now: Saved, words: Words) -> SinceLast:
    """Compare the numbers of a page with those that are saved beside the last one.

    A page that is made again on the same day, of rows that end where those of the last one did, takes its
    place: it is compared with the page before that one.

    Parameters
    ----------
    page
        The file of the page.
    now
        Its numbers.
    words
        How the page writes changes.
    """
    path = numbers_file(page)
    pages, trouble, is_foreign = _read(path)
    if trouble:
        after = tr("it is left as it is") if is_foreign else tr("it is written anew")
        found = tr(
            "{basename} {trouble}; {after}", basename=os.path.basename(path), trouble=trouble, after=after
        )
        return SinceLast(
            tr("Not compared with the last page: {found}.", found=found),
            found,
            path,
            () if is_foreign else (now,),
        )
    if not pages:
        return SinceLast("", "", path, (now,))
    last = pages[-1]
    is_again = (last.made_on, last.ends) == (now.made_on, now.ends)
    before = pages[0] if is_again else last
    kept = (now,) if is_again and before is last else (before, now)
    return SinceLast(_sentence(before, now, words), "", path, kept)


def rules_of(
    pipeline: Pipeline,
    where: Any,
    calendar: WorkingHours | None,
    options: Mapping[str, Any],
    unit: str | None,
) -> dict[str, str]:
    """Return a fingerprint of each kind of option that the numbers depend on.

    A page that names nobody may stand beside them: a fingerprint has no value of a condition.
    """
    stages = pipeline.stages, pipeline.won, pipeline.lost, pipeline.elsewhere, pipeline.moved_out
    rules = {name: value for name, value in _plain(pipeline.rules).items() if name != "limits"}
    hours = None if calendar is None else (calendar.hours, calendar.zone, calendar.holidays)
    conditions = [] if where is None else [(column, wanted) for column, wanted in conditions_of(where)]
    every = {
        "pipeline": [stages, rules],
        "where": sorted(map(repr, _plain(conditions))),
        "period": [options["period"], options["basis"]],
        "stages": [options["unlisted"], options["missing"]],
        "money": [options["amount"], options["currency"], options["rates"]],
        "calendar": hours,
        "times": unit is None,
    }
    return {
        name: hashlib.sha256(repr(_plain(value)).encode()).hexdigest()[:16] for name, value in every.items()
    }


def end_of(log: StageLog, as_of: MomentLike | None) -> str | int | None:
    """Return the end of observation: ISO 8601 in UTC or without a zone, or a number."""
    data = log._data
    end = data.end_of_observation(moment_of(as_of, data.clock, "as_of"))
    if end is None or log.unit is None:
        return None if end is None else int(end)
    moment = pd.Timestamp(data.to_times(np.array([end], dtype=np.int64))[0])
    return (moment if moment.tzinfo is None else moment.tz_convert("UTC")).isoformat(timespec="microseconds")


def numbers_of(row: pd.Series, *, can_lose: bool = True) -> dict[str, float | None]:
    """Take the numbers of the tiles; what is missing is ``None``, as a win rate is without a lost stage."""
    money = ["amount_won"] if "amount_won" in row else []
    names = ["created", "won", *money, "lost", "open", "win_rate", "median"]
    numbers = {name: _number(row[name]) for name in names}
    return numbers if can_lose else {**numbers, "win_rate": None}


def _number(value: Any) -> float | None:
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timedelta):
        return float(value.total_seconds())
    plain = float(value)
    return int(plain) if plain.is_integer() else plain


def _plain(value: Any) -> Any:
    """Write a value as one whose text is always the same: sets and tables have no order."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return dict(
            sorted(((repr(key), _plain(one)) for key, one in value.items()), key=lambda pair: pair[0])
        )
    if isinstance(value, AbstractSet):
        return sorted(map(repr, value))
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _read(path: str) -> tuple[list[Saved], str, bool]:
    """Read the saved pages; say what is wrong with the file, and whether it is not one of ours."""
    try:
        with open(path, "rb") as file:
            raw = file.read(_LONGEST + 1)
    except FileNotFoundError:
        return [], "", False
    except OSError as error:
        return [], tr("cannot be read ({strerror})", strerror=error.strerror), True
    try:
        content = json.loads(raw) if len(raw) <= _LONGEST else None
    except (ValueError, RecursionError):
        return [], tr("is not valid JSON"), False
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        return [], tr("does not hold the numbers of a page"), True
    if content.get("version") != _VERSION:
        found = json.dumps(content.get("version"))[:20]
        return (
            [],
            tr(
                "is of version {found}, and this stagefunnel reads version {version}",
                found=found,
                version=_VERSION,
            ),
            False,
        )
    try:
        return [_saved(one) for one in content["pages"]][-2:], "", False
    except (AttributeError, KeyError, TypeError, ValueError):
        return [], tr("is damaged"), False


def _saved(entry: Any) -> Saved:
    """Check one page of a file, which anybody may have changed."""
    numbers = {str(name): value for name, value in entry["numbers"].items()}
    is_known = all(
        value is None or (type(value) in (int, float) and math.isfinite(value)) for value in numbers.values()
    )
    if not is_known or not {*_NUMBERS, "win_rate", "median"} <= numbers.keys():
        raise ValueError(numbers)
    rules = {name: str(entry["rules"][name]) for name in _RULES}
    made_on, ends = date.fromisoformat(entry["made_on"]).isoformat(), entry["ends"]
    if type(ends) not in (int, str, NoneType):
        raise ValueError(ends)
    return Saved(made_on, str(entry["until"]), ends, rules, numbers)


def _sentence(before: Saved, now: Saved, words: Words) -> str:
    differ = [_RULES[name] for name in _RULES if before.rules[name] != now.rules[name]]
    if differ:
        return tr(
            "Not compared with the page of {made_on}: {differ} differed then.",
            made_on=before.made_on,
            differ=tr(" and ").join(differ),
        )
    texts = [words.change(name, now.numbers[name], before.numbers.get(name)) for name in now.numbers]
    changed = ", ".join(filter(None, texts))
    changed = changed or tr("none of these numbers has changed")
    return tr(
        "Since the page of {made_on}: {changed}{stale}.",
        made_on=before.made_on,
        changed=changed,
        stale=_stale(before, now),
    )


def _stale(before: Saved, now: Saved) -> str:
    """Say that an export is not a newer one, which is why little changed, or fell."""
    if before.ends is None or type(before.ends) is not type(now.ends):
        return ""
    if before.ends == now.ends:
        return tr("; its rows ended on {until} too", until=now.until)
    is_older = now.ends < before.ends  # type: ignore[operator]  # both are numbers, or both texts
    return (
        tr("; these rows end on {until}, before its own, on {until_2}", until=now.until, until_2=before.until)
        if is_older
        else ""
    )


@dataclass(frozen=True)
class Words:
    """How a page writes changes.

    Attributes
    ----------
    created
        What the items are that it counts: ``items`` of the whole log, or those ``created`` in a period.
    has_dates
        Whether times are dates.
    working_day
        The seconds of a working day, if times are measured in working hours.
    """

    created: str
    has_dates: bool
    working_day: float | None = None

    def change(self, name: str, value: float | None, was: float | None) -> str:
        """Write by how much a number changed; nothing where people would read the same."""
        if name in _NUMBERS or name == "amount_won":
            changed = (value or 0) - (was or 0)
            return self._counted(name, changed) if changed else ""
        called = tr("win rate") if name == "win_rate" else tr("median time to win")
        new, old = (self._text(name, one) for one in (value, was))
        if new == old:
            return ""
        if NOTHING in (new, old):
            return (
                tr("first {called} {new}", called=called, new=new)
                if old == NOTHING
                else tr("no {called} any more, {old} then", called=called, old=old)
            )
        return tr("{called} {new} after {old}", called=called, new=new, old=old)

    def _counted(self, name: str, changed: float) -> str:
        """Write a change of a number of items, or of what they are worth."""
        written, n = difference(changed), abs(changed)
        if name == "amount_won":
            return f"{written} {tr('won in money')}"
        if name == "created" and self.created == plural(Noun.of("item")):
            return f"{written} {noun_of(n, Noun.of('item'))}"
        what = "closed" if name == "created" and self.created == trc("tile", "closed") else name
        return trs(_COUNTS[what], n, n=written)

    def _text(self, name: str, value: float | None) -> str:
        if value is None or name == "win_rate":
            return percent(value)
        return length(pd.Timedelta(seconds=value) if self.has_dates else value, self.working_day)
