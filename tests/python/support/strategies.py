"""Random pipelines and stage logs for Hypothesis, made to contain what is easily got wrong.

To make a strategy takes Hypothesis far longer than to draw from it, so strategies are kept.
"""

from collections.abc import Hashable, Iterable
from functools import cache
from itertools import chain
from random import Random
from typing import Any, Literal, NamedTuple, TypeAlias

import pandas as pd
from hypothesis import strategies as st

from reference import Row, Stages

Times: TypeAlias = Literal["integer", "naive", "zoned"]
Unlisted: TypeAlias = Literal["never", "some"]
Paths: TypeAlias = st.SearchStrategy[list[Hashable]]

# None of these is in the order of the alphabet, so that sorting labels by mistake is seen.
IN_PROGRESS = ("New", "Discussion", "Prépaiement", "Delivery", "Assembly", "Inspection")
WON = ("Won", "Delivered early")
LOST = ("Lost", "Duplicate", "Apology")
UNLISTED = ("Transferred", "Archive")
# More stages than a 64-bit mask has places.
MANY = tuple(f"Step {71 - number}" for number in range(1, 71))
# Texts that careless reading turns into missing values, numbers or each other.
TEXT_KEYS = ("NA", "nan", "None", "10", "9", "09", "é", "É", " a", "a")


class Case(NamedTuple):
    """A stage log in input order, the pipeline to read it through, and columns beside it.

    ``order`` is parallel to ``rows``; ``groups`` and ``amounts`` hold some of the items, and None
    for a few of those.
    """

    rows: list[Row]
    pipeline: Stages
    order: list[int] | list[str]
    groups: dict[Any, str | None]
    amounts: dict[Any, float | None]


@st.composite
def pipelines(draw: st.DrawFn) -> Stages:
    """Draw a pipeline of 1 to 6 stages in progress, seldom 70, with 0 to 2 won and 0 to 3 lost."""
    stages = IN_PROGRESS[: draw(st.integers(1, len(IN_PROGRESS)))]
    if draw(st.integers(0, 24)) == 24:
        stages = MANY
    won = WON[: draw(st.sampled_from([1, 1, 1, 2, 0]))]
    lost = LOST[: draw(st.sampled_from([1, 1, 2, 3, 0]))]
    return Stages(stages, won, lost)


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    unlisted: Unlisted = "never",
    times: Times = "integer",
    max_items: int = 6,
) -> Case:
    """Draw a log of a few items with several rows each, the rows in any order."""
    pipeline = draw(_PIPELINES)
    reach = draw(st.sampled_from([4, 4, 60, _furthest_time(times)]))
    rows: list[Row] = []
    for item in draw(_keys(max_items)):
        path = draw(_paths(pipeline, unlisted))
        instants = sorted(draw(_instants(reach, len(path))))
        for stage, instant in zip(path, instants, strict=True):
            rows.append((item, stage, _as_time(instant, times)))

    items = list(dict.fromkeys(item for item, _, _ in rows))
    random = Random(draw(st.integers(0, 2**32 - 1)))
    _arrange(rows, draw(st.sampled_from(["by item", "by time", "newest first", "any"])), random)
    numbers = [random.randrange(len(rows)) for _ in rows]
    order = numbers if draw(st.booleans()) else [str(number) for number in numbers]
    groups = {items[at]: group for at, group in draw(_some(len(items), "groups")).items()}
    amounts = {items[at]: amount for at, amount in draw(_some(len(items), "amounts")).items()}
    return Case(rows, pipeline, order, groups, amounts)


_PIPELINES = pipelines()
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "groups": st.sampled_from(["south", "north", "Nord-Est"]),
    "amounts": st.integers(-100, 10**6).map(float) | st.floats(0, 1e6),
}


@cache
def _paths(pipeline: Stages, unlisted: Unlisted) -> Paths:
    """Draw the stages of one journey, a few pieces in a row that each mean something."""
    ranks = st.integers(0, len(pipeline.stages) - 1)
    one = ranks.map(lambda rank: [pipeline.stages[rank]])
    forward = st.lists(ranks, max_size=3, unique=True).map(sorted)
    ahead = forward.map(lambda chosen: [pipeline.stages[rank] for rank in chosen])
    back = ahead.map(lambda stages: stages[::-1])
    pieces = [one, ahead, back, one.map(lambda stage: stage * 2), st.just([*pipeline.stages])]
    won, lost, strange = (
        st.sampled_from(stages or pipeline.stages).map(lambda stage: [stage])
        for stages in (pipeline.won, pipeline.lost, UNLISTED)
    )
    pieces += [won, lost, _joined(lost, won), _joined(won, lost), _joined(won, lost, won)]
    pieces.append(_joined(lost, lost))  # of two lost stages in a row the first is the loss
    if unlisted == "some":
        # The same stage on both sides: one visit once the strange row is taken out.
        bridged = _joined(one, strange).map(lambda stages: [*stages, stages[0]])
        pieces += [strange, bridged]
    joined = st.lists(st.one_of(pieces), min_size=1, max_size=4).map(_flat)
    return joined.filter(lambda path: len(path) > 0)


def _joined(*parts: Paths) -> Paths:
    return st.tuples(*parts).map(_flat)


def _flat(parts: Iterable[Iterable[Hashable]]) -> list[Hashable]:
    return list(chain.from_iterable(parts))


@cache
def _instants(reach: int, n: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(-reach, reach), min_size=n, max_size=n)


@cache
def _keys(most: int) -> st.SearchStrategy[list[Any]]:
    small = st.integers(0, 9)
    wide = st.integers(-(2**63), 2**63 - 1)
    texts = st.sampled_from(TEXT_KEYS)
    kinds = [st.lists(key, min_size=1, max_size=most, unique=True) for key in (small, wide, texts)]
    return st.one_of(kinds)


def _furthest_time(times: Times) -> int:
    # Sums of such integers pass 64 bits; the real times stay within some four months.
    return 4 * 10**18 if times == "integer" else 10**13


def _as_time(instant: int, times: Times) -> Any:
    """Return an integer, or a time that many microseconds from a change of the clock in Paris."""
    if times == "integer":
        return instant
    time = pd.Timestamp("2026-03-29T01:00").as_unit("us") + pd.Timedelta(instant, "us")
    return time if times == "naive" else time.tz_localize("UTC").tz_convert("Europe/Paris")


def _arrange(rows: list[Row], arrangement: str, random: Random) -> None:
    if arrangement == "any":
        random.shuffle(rows)
    elif arrangement != "by item":
        rows.sort(key=lambda row: row[2], reverse=arrangement == "newest first")


@cache
def _some(n_items: int, name: str) -> st.SearchStrategy[dict[int, Any]]:
    """Draw values for the numbers of some items."""
    values = _VALUES[name]
    return st.dictionaries(st.integers(0, n_items - 1), st.one_of(values, values, st.none()))
