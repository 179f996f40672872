"""The tables of a sequence: a row per item or entry, and the funnel of the steps."""

from collections.abc import Hashable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from reference.durations import summary_columns
from reference.journeys import journeys
from reference.sequence_steps import Rules, Step, after, as_times, events_of, fillers, label_of
from reference.sequences import Match, sequence
from reference.stages import Item, Row, Stage, Time

Entries: TypeAlias = Literal["best", "all"]
_OF_JOURNEYS = ("hold", "observed_until")
STOPS = ("completed", "no_event", "window", "gap", "interrupted", "excluded", "immature")


class ItemMatch(NamedTuple):
    """An item and its match, or one of its matches."""

    item: Item
    match: Match


def item_matches(
    rows: Sequence[Row],
    steps: Sequence[Step],
    *,
    hold: Sequence[Hashable] | None = None,
    order: Sequence[Hashable] | None = None,
    as_of: Time | None = None,
    entries: Entries = "best",
    **options: Any,
) -> list[ItemMatch]:
    """Return the matches of all items: items by first appearance in the input, matches in order of time."""
    return [
        ItemMatch(item, match)
        for item, path, rest in item_paths(rows, hold=hold, order=order, as_of=as_of, **options)
        for match in _matches_of(path, steps, entries, rest)
    ]


def item_paths(
    rows: Sequence[Row],
    *,
    hold: Sequence[Hashable] | None = None,
    order: Sequence[Hashable] | None = None,
    as_of: Time | None = None,
    **options: Any,
) -> list[tuple[Item, list[tuple[Stage, Time]], dict[str, Any]]]:
    """Return the journey of each item before the end of observation, with the options to read it by."""
    held = [None] * len(rows) if hold is None else hold
    kept = [i for i, (_, _, time) in enumerate(rows) if as_of is None or time < as_of]
    until = max((time for _, _, time in rows), default=None) if as_of is None else as_of
    # A pair of stage and held value takes the place of the stage, so that both are put in order of time.
    by_item = journeys(
        [(rows[i][0], (rows[i][1], held[i]), rows[i][2]) for i in kept],
        None if order is None else [order[i] for i in kept],
    )
    paths = []
    for item in dict.fromkeys(item for item, _, _ in rows if item in by_item):
        journey = by_item[item]
        # With hold= the stages of these rows are pairs, which the type of a row does not say.
        path = [(pair[0], time) for pair, time in journey]  # type: ignore[index]  # a pair
        own = {"hold": [pair[1] for pair, _ in journey], "observed_until": until}  # type: ignore[index]  # a pair
        paths.append((item, path, {**options, **own}))
    return paths


def _matches_of(
    path: Sequence[tuple[Stage, Time]], steps: Sequence[Step], entries: Entries, options: dict[str, Any]
) -> list[Match]:
    if entries == "best":
        return [sequence(path, steps, **options)]
    rules = Rules(steps, **{name: value for name, value in options.items() if name not in _OF_JOURNEYS})
    starts = [event.time for event in fillers(events_of(path, options["hold"]), rules)[1]]
    matches: list[Match] = []
    while starts:
        entry = starts[0]
        matches.append(sequence(path, steps, entry=entry, **options))
        end = matches[-1].times[-1] if matches[-1].stop == "completed" else None
        if end is None and rules.window is not None:
            end = after(entry, rules.window)
        # Without a window, a match that is not completed never ends.
        starts = [] if end is None else [time for time in starts if time > end]
    return matches or [sequence(path, steps, **options)]


def _rows(match: Match) -> list[int]:
    return [row for row in match.rows if row is not None]


def sequence_items(rows: Sequence[Row], steps: Sequence[Step], **options: Any) -> pd.DataFrame:
    """Make one row per item, or per entry with ``entries="all"``."""
    matches = item_matches(rows, steps, **options)
    times = [time for _, _, time in rows]
    item_type = pd.Series([item for item, _, _ in rows]).dtype
    columns: dict[str, Any] = {
        "item": pd.Series([item for item, _ in matches], dtype=item_type),
        "level": pd.Series([match.level for _, match in matches], dtype="int64"),
        "entry_time": as_times([match.times[0] for _, match in matches], times),
    }
    for number in range(1, len(steps) + 1):
        columns[f"time_{number}"] = as_times([match.times[number - 1] for _, match in matches], times)
    columns["stop"] = pd.Categorical([match.stop for _, match in matches], categories=list(STOPS))
    return pd.DataFrame(columns)


def sequence_funnel(
    rows: Sequence[Row],
    steps: Sequence[Step],
    *,
    quantiles: Sequence[float] = (0.25, 0.75, 0.9),
    **options: Any,
) -> pd.DataFrame:
    """Count the items, or entries, that did each step, and summarise how long they took."""
    matches = [match for _, match in item_matches(rows, steps, **options)]
    by_level = options.get("mode") == "clickhouse"
    n = len(steps)
    reached = [
        sum(match.level >= number if by_level else match.times[number - 1] is not None for match in matches)
        for number in range(1, n + 1)
    ]
    ended = [[match for match in matches if match.level == number] for number in range(1, n + 1)]
    immature = [sum(match.stop == "immature" for match in here) for here in ended]
    completed = [sum(match.stop == "completed" for match in here) for here in ended]
    dropped = [len(here) - early - full for here, early, full in zip(ended, immature, completed, strict=True)]
    # A drop leaves level 0, and yet the rows of the match that it hit.
    base = sum(not (match.level == 0 and match.stop == "excluded" and _rows(match)) for match in matches)
    columns: dict[str, Any] = {
        "step": np.arange(1, n + 1, dtype="int64"),
        "label": [label_of(step) for step in steps],
        "reached": _counts(reached),
        "dropped": _counts(dropped),
        "immature": _counts(immature),
        "conversion_from_first": _shares(reached, [reached[0]] * n),
        "conversion_from_previous": _shares(reached, [0, *reached[:-1]]),
        "conversion_from_all": _shares(reached, [base] * n),
    }
    for name, start in (("previous", None), ("first", 1)):
        starts = [number - 1 if start is None else start for number in range(1, n + 1)]
        stays = [_stays(matches, begin, number) for number, begin in enumerate(starts, start=1)]
        for statistic, column in summary_columns(stays, rows, quantiles).items():
            columns[f"{statistic}_from_{name}"] = column
    return pd.DataFrame(columns)


def _stays(matches: Sequence[Match], start: int, end: int) -> list[tuple[Time, Time]]:
    """Return the times of two steps of each match that did both; no times from the first step to itself."""
    if start in (0, end):
        return []
    pairs = [(match.times[start - 1], match.times[end - 1]) for match in matches]
    return [(begin, finish) for begin, finish in pairs if begin is not None and finish is not None]


def _counts(values: Sequence[int]) -> "pd.Series[Any]":
    return pd.Series(values, dtype="int64")


def _shares(parts: Sequence[int], wholes: Sequence[int]) -> "pd.Series[Any]":
    """Divide counts; a share with a zero denominator is NaN."""
    shares = [part / whole if whole else float("nan") for part, whole in zip(parts, wholes, strict=True)]
    return pd.Series(shares, dtype="float64")
