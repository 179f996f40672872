"""The trend of a sequence: in each period only the matches exist that did a step there."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from reference.sequence_matches import FilledSteps, all_matches
from reference.sequence_steps import Rules, Step, after, events_of
from reference.sequence_tables import item_matches, item_paths
from reference.sequences import Match, sequence
from reference.stages import Item, Row, Time

PeriodOf: TypeAlias = Callable[[Time], Hashable]
ONE_ANSWER = ("hybrid", "open")


class Entered(NamedTuple):
    """An item, or an entry, that entered in a period.

    ``match`` is the one that counts, and ``touches`` are the rows of its journey that fill a step in a match
    of the period, in order; none where the item has one answer or each entry its own.
    """

    item: Item
    period: Any
    match: Match
    converted: bool
    mature: bool
    touches: list[int]


def entered_in_periods(
    rows: Sequence[Row],
    steps: Sequence[Step],
    period_of: PeriodOf,
    start: int,
    end: int,
    **options: Any,
) -> list[Entered]:
    """Return what entered in each period: items in which a match did ``start``, or all entries."""
    every_entry = options.get("entries") == "all"
    if every_entry or options.get("mode") in ONE_ANSWER:
        return _one_by_one(rows, steps, period_of, start, end, options)
    entered = []
    by_match = {name: value for name, value in options.items() if name != "entries"}
    for item, path, rest in item_paths(rows, **by_match):
        rules = _rules(steps, rest)
        matches = all_matches(events_of(path, rest["hold"]), rules)
        periods = {_period(match, start, period_of) for match in matches} - {None}
        for period in sorted(periods):
            own = [match for match in matches if _period(match, start, period_of) == period]

            def is_own(match: FilledSteps, period: Any = period) -> bool:
                return bool(_period(match, start, period_of) == period)

            answer = sequence(path, steps, among=is_own, **rest)
            if answer.level == 0:
                continue
            latest = max(match[0].time for match in own)
            touches = sorted({filled.event.row for match in own for filled in match})
            entered.append(
                Entered(
                    item,
                    period,
                    answer,
                    answer.times[end - 1] is not None,
                    _is_over(latest, rules, rest["observed_until"]),
                    touches,
                )
            )
    return entered


def _one_by_one(
    rows: Sequence[Row],
    steps: Sequence[Step],
    period_of: PeriodOf,
    start: int,
    end: int,
    options: dict[str, Any],
) -> list[Entered]:
    """Return the matches of the funnel, each in the period of its own step."""
    until = options.get("as_of")
    until = max((time for _, _, time in rows), default=None) if until is None else until
    rules = _rules(steps, options)
    return [
        Entered(
            item,
            period_of(match.times[start - 1]),
            match,
            match.times[end - 1] is not None,
            rules.mode != "open" and _is_over(match.times[0], rules, until),
            [],
        )
        for item, match in item_matches(rows, steps, **options)
        if match.times[start - 1] is not None
    ]


def _rules(steps: Sequence[Step], options: dict[str, Any]) -> Rules:
    return Rules(steps, **{name: options[name] for name in Rules.__dataclass_fields__ if name in options})


def _period(match: FilledSteps, step: int, period_of: PeriodOf) -> Any:
    """Return the period in which a match did a step, None if it did not."""
    return next((period_of(filled.time) for filled in match if filled.number == step), None)


def _is_over(entry: Time | None, rules: Rules, until: Time | None) -> bool:
    """Return whether the window of an entry is over at the end of observation."""
    return rules.window is not None and bool(after(entry, rules.window) < until)


def first_value(touches: Sequence[int], values: Sequence[Hashable]) -> Hashable:
    """Return the first value of some rows of a journey, None if none of them has one."""
    return next((values[row] for row in touches if values[row] is not None), None)


def sequence_trend(
    rows: Sequence[Row],
    steps: Sequence[Step],
    *,
    freq: str,
    start: int = 1,
    end: int | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Count what entered in each calendar period, in the zone of the times, and what of it converted."""

    def period_of(time: Time) -> pd.Period:
        return pd.Timestamp(time).tz_localize(None).to_period(freq)

    entered = entered_in_periods(rows, steps, period_of, start, len(steps) if end is None else end, **options)
    return trend_of(entered, freq)


def trend_of(entered: Sequence[Entered], freq: str) -> pd.DataFrame:
    """Make one row per period, from the first in which something entered to the last."""
    found = [one.period for one in entered]
    periods = pd.period_range(min(found), max(found), freq=freq) if found else pd.PeriodIndex([], freq=freq)
    lines = []
    for period in periods:
        here = [one for one in entered if one.period == period]
        mature = [one for one in here if one.mature]
        converted, of_mature = (sum(one.converted for one in some) for some in (here, mature))
        lines.append(
            {
                "period": period,
                "entered": len(here),
                "converted": converted,
                "conversion": converted / len(here) if here else float("nan"),
                "mature": len(mature),
                "converted_mature": of_mature,
                "conversion_mature": of_mature / len(mature) if mature else float("nan"),
            }
        )
    table = pd.DataFrame(lines, columns=list(COLUMNS))
    counts = {name: "int64" for name in COLUMNS if not name.startswith(("period", "conversion"))}
    shares = {name: "float64" for name in COLUMNS if name.startswith("conversion")}
    return table.assign(period=pd.Series(periods)).astype({**counts, **shares})


COLUMNS = (
    *("period", "entered", "converted", "conversion", "mature", "converted_mature", "conversion_mature"),
)
