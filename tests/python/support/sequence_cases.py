"""Random journeys, and sequences to look for in them, that contain the cases in which mistakes are easy.

To make a strategy takes Hypothesis far longer than to draw from it, so strategies are kept.
"""

from datetime import timedelta
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias

import pandas as pd
from hypothesis import strategies as st

from reference import Exclusion, Months, Row
from reference.sequence_steps import gap_of

Times: TypeAlias = Literal["integer", "naive", "zoned"]

STAGES = ("A", "B", "C", "D", "X")
IN_ORDER = ("ordered", "increase", "strict", "first_entry")
MODES = (*IN_ORDER, "unordered", "hybrid", "open")


class Question(NamedTuple):
    """A log in input order, the steps, and the options of the reference; ``hold`` is parallel to the rows."""

    rows: list[Row]
    steps: list[str | list[str]]
    options: dict[str, Any]


@st.composite
def questions(
    draw: st.DrawFn, *, times: Times = "integer", max_items: int = 4, max_rows: int = 7
) -> Question:
    """Draw a few short journeys with many ties, and options that fit each other."""
    n = draw(_whole(1, 4))
    latest = draw(_LATEST)
    rows: list[Row] = []
    for item in range(draw(_whole(1, max_items))):
        path = draw(_paths(n, max_rows))
        instants = draw(_instants(latest, len(path)))
        rows += [
            (item, stage, as_time(instant, times)) for stage, instant in zip(path, instants, strict=True)
        ]
    rows = [rows[at] for at in draw(_orders(len(rows)))]
    mode = draw(_MODE)
    options = {"mode": mode, **draw(_lengths(mode, n, times)), **draw(_choices(mode, n))}
    if mode != "open" and draw(_EITHER):
        options["hold"] = [draw(_COLOUR) for _ in rows]
    if draw(_whole(0, 3)) == 0:
        options["as_of"] = as_time(draw(_whole(1, latest + 1)), times)
    return Question(rows, [draw(_steps(STAGES[k])) for k in range(n)], options)


_EITHER = st.booleans()
_LATEST = st.sampled_from([2, 5, 12, 30])
_MODE = st.sampled_from(MODES)
_COLOUR = st.sampled_from(["red", "red", "blue", None])
_TIMING = st.sampled_from(["last_entry", "first_entry"])
_EFFECT = st.sampled_from(["drop", "stop", "reset"])
_EXCLUDED = st.sampled_from([("X",), ("X",), ("D",), ("X", "B")])


@cache
def _whole(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most)


@cache
def _some_of(least: int, most: int) -> st.SearchStrategy[set[int]]:
    return st.sets(st.integers(least, most), min_size=1)


@cache
def _paths(n: int, max_rows: int) -> st.SearchStrategy[list[str | None]]:
    """Draw the stages of one journey, most of them those of the first `n` steps."""
    stages = st.sampled_from([*STAGES[:n], *STAGES[:n], *STAGES, None])
    return st.lists(stages, min_size=1, max_size=max_rows)


@cache
def _instants(latest: int, n: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, latest), min_size=n, max_size=n)


@cache
def _orders(n: int) -> st.SearchStrategy[list[int]]:
    return st.permutations(range(n))


@cache
def _steps(stage: str) -> st.SearchStrategy[Any]:
    """Draw a step: mostly the stage that is due, else a step that rows of other steps fill too."""
    several = st.lists(st.sampled_from(STAGES), min_size=1, max_size=3, unique=True)
    due: st.SearchStrategy[Any] = st.just(stage)
    return st.one_of(due, due, due, st.just("A"), several, st.just("*"))


@cache
@st.composite
def _lengths(draw: st.DrawFn, mode: str, n: int, times: Times) -> dict[str, Any]:
    lengths: dict[str, Any] = {}
    if draw(_whole(0, 3)):
        lengths["window"] = as_length(draw(_whole(0, 12)), times)
    if mode in ("open", "hybrid", "unordered"):
        return lengths
    for name, chance in (("max_gap", 2), ("min_gap", 4)):
        if draw(_whole(0, chance)) == 0:
            lengths[name] = draw(_gaps(n, times))
    if "max_gap" in lengths and "min_gap" in lengths and _leaves_no_gap(lengths, n):
        del lengths["min_gap"]
    return lengths


@cache
def _gaps(n: int, times: Times) -> st.SearchStrategy[Any]:
    """Draw a short length of time, or one for each of some steps."""
    gap = st.integers(0, 4).map(lambda ticks: as_length(ticks, times))
    per_step = st.dictionaries(st.integers(2, n), gap, min_size=1) if n > 1 else gap
    return gap | per_step


def _leaves_no_gap(lengths: dict[str, Any], n: int) -> bool:
    pairs = [(gap_of(lengths["min_gap"], step), gap_of(lengths["max_gap"], step)) for step in range(2, n + 1)]
    return any(least is not None and most is not None and least > most for least, most in pairs)


@cache
@st.composite
def _choices(draw: st.DrawFn, mode: str, n: int) -> dict[str, Any]:
    options: dict[str, Any] = {"timing": draw(_TIMING)}
    if draw(_whole(0, 3)) == 0:
        options["first_time"] = draw(_some_of(1, n))
    if mode in IN_ORDER and n > 1 and draw(_EITHER):
        options["optional"] = draw(_some_of(2, n))
    if mode in (*IN_ORDER, "unordered") and n > 1 and draw(_EITHER):
        exclude = draw(_exclusions(n, draw(_EFFECT), draw(_EFFECT)))
        if mode == "unordered":  # all between the same two steps
            exclude = [one._replace(after=exclude[0].after, before=exclude[0].before) for one in exclude]
        options["exclude"] = exclude
    return options


@cache
def _exclusions(n: int, effect_of_x: str, effect_of_d: str) -> st.SearchStrategy[list[Exclusion]]:
    """Draw exclusions; a stage has one effect in all of them."""
    return st.lists(_exclusion(n, {"X": effect_of_x, "D": effect_of_d}), min_size=1, max_size=2)


@st.composite
def _exclusion(draw: st.DrawFn, n: int, effects: dict[str, Any]) -> Exclusion:
    begin = draw(_whole(1, n - 1))
    end = None if draw(_EITHER) else draw(_whole(begin + 1, n))
    stages = draw(_EXCLUDED)
    return Exclusion(stages[0] if len(stages) == 1 else [*stages], begin, end, effects[stages[0]])


def as_time(instant: int, times: Times) -> Any:
    """Turn a small integer into a time: the times are 14 hours apart, around a change of the clock."""
    if times == "integer":
        return instant
    stamp = pd.Timestamp("2026-03-27 12:30") + pd.Timedelta(hours=14 * instant)
    return stamp if times == "naive" else stamp.tz_localize("UTC").tz_convert("Europe/Berlin")


def as_length(ticks: int, times: Times) -> Any:
    """Turn a small integer into a length of time; some lengths are calendar months."""
    if times == "integer":
        return ticks
    return Months(1) if ticks == 12 else timedelta(hours=14 * ticks)
