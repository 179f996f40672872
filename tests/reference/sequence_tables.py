"""The tables of a sequence: a row per item or entry, and the funnel of the steps."""

from collections.abc import Hashable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from reference.durations import summary_columns
from reference.journeys import journeys
from reference.sequence_steps import Asked, Step, after, as_times, events_of, fillers, label_of
from reference.sequences import Chain, sequence
from reference.stages import Item, Row, Stage, Time

Entries: TypeAlias = Literal["best", "all"]
_OF_JOURNEYS = ("hold", "observed_until")
STOPS = ("completed", "no_event", "window", "gap", "interrupted", "excluded", "immature")


class Found(NamedTuple):
    """A chain and whose it is."""

    item: Item
    chain: Chain


def sequence_chains(
    rows: Sequence[Row],
    steps: Sequence[Step],
    *,
    hold: Sequence[Hashable] | None = None,
    order: Sequence[Hashable] | None = None,
    as_of: Time | None = None,
    entries: Entries = "best",
    **options: Any,
) -> list[Found]:
    """Find the chains of every item, by first appearance in the input; of one item in order of their rows."""
    held = [None] * len(rows) if hold is None else hold
    kept = [i for i, (_, _, time) in enumerate(rows) if as_of is None or time < as_of]
    until = max((time for _, _, time in rows), default=None) if as_of is None else as_of
    # The values to hold travel with the stage through the ordering.
    by_item = journeys(
        [(rows[i][0], (rows[i][1], held[i]), rows[i][2]) for i in kept],
        None if order is None else [order[i] for i in kept],
    )
    found = []
    for item in dict.fromkeys(item for item, _, _ in rows if item in by_item):
        journey = by_item[item]
        path = [(pair[0], time) for pair, time in journey]  # type: ignore[index]
        options |= {"hold": [pair[1] for pair, _ in journey], "observed_until": until}  # type: ignore[index]
        found += [Found(item, chain) for chain in _chains_of(path, steps, entries, options)]
    return found


def _chains_of(
    path: Sequence[tuple[Stage, Time]], steps: Sequence[Step], entries: Entries, options: dict[str, Any]
) -> list[Chain]:
    if entries == "best":
        return [sequence(path, steps, **options)]
    asked = Asked(steps, **{name: value for name, value in options.items() if name not in _OF_JOURNEYS})
    starts = [event.time for event in fillers(events_of(path, options["hold"]), asked)[1]]
    chains: list[Chain] = []
    while starts:
        entry = starts[0]
        chains.append(sequence(path, steps, entry=entry, **options))
        end = chains[-1].times[-1] if chains[-1].stop == "completed" else None
        if end is None and asked.window is not None:
            end = after(entry, asked.window)
        # Without a window a chain that is not completed goes on for ever.
        starts = [] if end is None else [time for time in starts if time > end]
    return chains or [sequence(path, steps, **options)]


def _rows(chain: Chain) -> list[int]:
    return [row for row in chain.rows if row is not None]


def sequence_items(rows: Sequence[Row], steps: Sequence[Step], **options: Any) -> pd.DataFrame:
    """Describe every item, or every entry with ``entries="all"``."""
    found = sequence_chains(rows, steps, **options)
    times = [time for _, _, time in rows]
    columns: dict[str, Any] = {
        "item": pd.Series([one.item for one in found], dtype=pd.Series([item for item, _, _ in rows]).dtype),
        "level": pd.Series([one.chain.level for one in found], dtype="int64"),
        "entry_time": as_times([one.chain.times[0] for one in found], times),
    }
    for number in range(1, len(steps) + 1):
        columns[f"time_{number}"] = as_times([one.chain.times[number - 1] for one in found], times)
    columns["stop"] = pd.Categorical([one.chain.stop for one in found], categories=list(STOPS))
    return pd.DataFrame(columns)


def sequence_funnel(
    rows: Sequence[Row],
    steps: Sequence[Step],
    *,
    quantiles: Sequence[float] = (0.25, 0.75, 0.9),
    **options: Any,
) -> pd.DataFrame:
    """Count the items, or entries, that did each step, and how long they took."""
    found = [one.chain for one in sequence_chains(rows, steps, **options)]
    by_level = options.get("mode") == "clickhouse"
    n = len(steps)
    reached = [
        sum(chain.level >= number if by_level else chain.times[number - 1] is not None for chain in found)
        for number in range(1, n + 1)
    ]
    ended = [[chain for chain in found if chain.level == number] for number in range(1, n + 1)]
    immature = [sum(chain.stop == "immature" for chain in one) for one in ended]
    done = [sum(chain.stop == "completed" for chain in one) for one in ended]
    base = sum(not (chain.level == 0 and chain.stop == "excluded" and _rows(chain)) for chain in found)
    columns: dict[str, Any] = {
        "step": np.arange(1, n + 1, dtype="int64"),
        "label": [label_of(step) for step in steps],
        "reached": _counts(reached),
        "dropped": _counts([len(one) - i - d for one, i, d in zip(ended, immature, done, strict=True)]),
        "immature": _counts(immature),
        "conversion_from_first": _shares(reached, [reached[0]] * n),
        "conversion_from_previous": _shares(reached, [0, *reached[:-1]]),
        "conversion_from_all": _shares(reached, [base] * n),
    }
    for name, start in (("previous", None), ("first", 1)):
        spans = [_spans(found, number - 1 if start is None else start, number) for number in range(1, n + 1)]
        for what, column in summary_columns(spans, rows, quantiles).items():
            columns[f"{what}_from_{name}"] = column
    return pd.DataFrame(columns)


def _spans(found: Sequence[Chain], start: int, end: int) -> list[tuple[Time, Time]]:
    """Return the times of two steps of the chains that did both; none from the first step to itself."""
    if start in (0, end):
        return []
    pairs = [(chain.times[start - 1], chain.times[end - 1]) for chain in found]
    return [(begin, finish) for begin, finish in pairs if begin is not None and finish is not None]


def _counts(values: Sequence[int]) -> "pd.Series[Any]":
    return pd.Series(values, dtype="int64")


def _shares(parts: Sequence[int], wholes: Sequence[int]) -> "pd.Series[Any]":
    """Divide counts; a share of nothing is NaN."""
    shares = [part / whole if whole else float("nan") for part, whole in zip(parts, wholes, strict=True)]
    return pd.Series(shares, dtype="float64")
