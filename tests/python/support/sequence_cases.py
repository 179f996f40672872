"""Random journeys, and sequences to look for in them, that contain the cases in which mistakes are easy."""

from datetime import timedelta
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
    n = draw(st.integers(1, 4))
    stages = st.sampled_from([*STAGES[:n], *STAGES[:n], *STAGES, None])
    latest = draw(st.sampled_from([2, 5, 12, 30]))
    rows: list[Row] = []
    for item in range(draw(st.integers(1, max_items))):
        path = draw(st.lists(stages, min_size=1, max_size=max_rows))
        instants = st.lists(st.integers(0, latest), min_size=len(path), max_size=len(path))
        rows += [
            (item, stage, as_time(instant, times))
            for stage, instant in zip(path, draw(instants), strict=True)
        ]
    rows = draw(st.permutations(rows))
    mode = draw(st.sampled_from(MODES))
    options = {"mode": mode, **draw(_lengths(mode, n, times)), **draw(_choices(mode, n))}
    if mode != "open" and draw(st.booleans()):
        options["hold"] = [draw(st.sampled_from(["red", "red", "blue", None])) for _ in rows]
    if draw(st.integers(0, 3)) == 0:
        options["as_of"] = as_time(draw(st.integers(1, latest + 1)), times)
    return Question(rows, [draw(_steps(STAGES[k])) for k in range(n)], options)


def _steps(stage: str) -> st.SearchStrategy[Any]:
    """Draw a step: mostly the stage that is due, else a step that rows of other steps fill too."""
    several = st.lists(st.sampled_from(STAGES), min_size=1, max_size=3, unique=True)
    due: st.SearchStrategy[Any] = st.just(stage)
    return st.one_of(due, due, due, st.just("A"), several, st.just("*"))


@st.composite
def _lengths(draw: st.DrawFn, mode: str, n: int, times: Times) -> dict[str, Any]:
    lengths: dict[str, Any] = {}
    short, long = st.integers(0, 4), st.integers(0, 12)
    if draw(st.integers(0, 3)):
        lengths["window"] = draw(long.map(lambda ticks: as_length(ticks, times)))
    if mode in ("open", "hybrid", "unordered"):
        return lengths
    for name, chance in (("max_gap", 2), ("min_gap", 4)):
        if draw(st.integers(0, chance)) == 0:
            gap = short.map(lambda ticks: as_length(ticks, times))
            per_step = st.dictionaries(st.integers(2, n), gap, min_size=1) if n > 1 else gap
            lengths[name] = draw(gap | per_step)
    if "max_gap" in lengths and "min_gap" in lengths and _leaves_no_gap(lengths, n):
        del lengths["min_gap"]
    return lengths


def _leaves_no_gap(lengths: dict[str, Any], n: int) -> bool:
    pairs = [(gap_of(lengths["min_gap"], step), gap_of(lengths["max_gap"], step)) for step in range(2, n + 1)]
    return any(least is not None and most is not None and least > most for least, most in pairs)


@st.composite
def _choices(draw: st.DrawFn, mode: str, n: int) -> dict[str, Any]:
    numbers = st.integers(1, n)
    options: dict[str, Any] = {"timing": draw(st.sampled_from(["last_entry", "first_entry"]))}
    if draw(st.integers(0, 3)) == 0:
        options["first_time"] = draw(st.sets(numbers, min_size=1))
    if mode in IN_ORDER and n > 1 and draw(st.booleans()):
        options["optional"] = draw(st.sets(st.integers(2, n), min_size=1))
    if mode in (*IN_ORDER, "unordered") and n > 1 and draw(st.booleans()):
        effects = st.sampled_from(["drop", "stop", "reset"])
        excluded = _exclusions(n, {"X": draw(effects), "D": draw(effects)})
        exclude = draw(st.lists(excluded, min_size=1, max_size=2))
        if mode == "unordered":  # all between the same two steps
            exclude = [one._replace(after=exclude[0].after, before=exclude[0].before) for one in exclude]
        options["exclude"] = exclude
    return options


@st.composite
def _exclusions(draw: st.DrawFn, n: int, effects: dict[str, Any]) -> Exclusion:
    """Draw an exclusion; a stage has one effect in all of them."""
    begin = draw(st.integers(1, n - 1))
    end = draw(st.none() | st.integers(begin + 1, n))
    stages = draw(st.sampled_from(["X", "X", "D", ["X", "B"]]))
    return Exclusion(stages, begin, end, effects[stages[0]])


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
