"""The sentence that each table stands for, composed once for tables, charts and pages.

A sentence is about the rows that a table has. There is no sentence about a whole where the table itself shows
that some rows of the whole were filtered away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import pandas as pd

from ..tables.labels import columns_before, group_label, present_or_missing, value_label
from ..tables.schema import (
    COMPARISON,
    EXPLANATION,
    FLOW,
    LOSSES,
    OUTCOME_TABLE,
    PROBLEMS,
    QUALITY,
    ROWS,
    SKIPS,
    STAGE_TIMES,
    TRANSITIONS,
)
from .extremes import group_name, largest, largest_and_smallest
from .numbers import count, counted, length, part_of, percent

KIND_TITLES = {
    "classic": "classic",
    "conversions": "with conversions",
    "furthest": "furthest",
    "strict": "strict",
}

PER_TITLES = {
    "visit": "per visit",
    "item": "per item",
    "longest": "the longest visit of each item",
}


NameOf: TypeAlias = Callable[[Any], str]  # gives the name that people read for a stage
Series: TypeAlias = tuple[str, pd.DataFrame]  # a name and the rows of one funnel

_NOTHING_SKIPPED = "No stage was skipped."
_NOTHING_LOST = "Nothing was lost from a stage."
_ALL_THE_SAME = "The same share of all came to each stage."


def answers(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Compose the sentences of a table that is neither a funnel nor about a sequence.

    Parameters
    ----------
    table
        Any frame. There are no sentences if it is not a table of the package, or lacks some of its columns.
    remembered
        Its ``attrs["stagefunnel"]``.
    """
    kind = remembered.get("table") or _kind_by_columns(table)
    if kind not in _SENTENCES:
        return []
    needed, sentences_of = _SENTENCES[kind]
    if not {*needed} <= {*table.columns}:
        return []
    rows = table.dropna(subset=[*needed], how="all")
    return sentences_of(rows, stage_namer(remembered.get("names", {})))


def _kind_by_columns(table: pd.DataFrame) -> str:
    """Recognise a table that remembers nothing by its first columns."""
    columns = tuple(table.columns)
    fitting = (kind for kind, first in _COLUMNS_OF_UNMARKED.items() if columns[: len(first)] == first)
    return next(fitting, "")


def stage_namer(names: Mapping[str, str]) -> NameOf:
    """Return a function that gives the name of a stage, or its label where it has no name."""

    def name_of(stage: Any) -> str:
        return value_label(stage) if pd.isna(stage) else str(names.get(str(stage), stage))

    return name_of


def of_outcomes(table: pd.DataFrame) -> list[str]:
    """Say how the items stand, or which group has the highest win rate and which the lowest."""
    by = columns_before(table, "base")
    if table.empty:
        return []
    if not by:
        return [standing({str(name): table[name].iloc[0] for name in table.columns})]
    known = table[table["win_rate"].notna()]
    if len(known) < 2:
        return ["No two groups have won or lost items."]
    best, least = largest_and_smallest(known, known["win_rate"])
    if best["win_rate"].iloc[0] == least["win_rate"].iloc[0]:
        return [f"All groups have a win rate of {percent(best['win_rate'].iloc[0])}."]
    return [f"Highest win rate: {_win_rate(best, by)}; lowest: {_win_rate(least, by)}"]


def _win_rate(row: pd.DataFrame, by: Sequence[str]) -> str:
    won, lost, rate = (row[name].iloc[0] for name in ("won", "lost", "win_rate"))
    return f"{group_name(row, by)} ({count(won)} won, {count(lost)} lost, {percent(rate)})"


def of_times(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which stage in progress takes longest."""
    known = table[(table["outcome"] == "open") & (table["completed"] > 0)]
    if known.empty:
        return ["No visit of a stage in progress is completed."]
    row = largest(known, known["median"]).iloc[0]
    return [f"Longest: {name_of(row['stage'])} (half take more than {length(row['median'])})"]


def of_moves(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which transition is the most frequent."""
    if table.empty:
        return ["Nothing moved."]
    row = largest(table, table["moves"]).iloc[0]
    here, there = name_of(row["from_stage"]), name_of(row["to_stage"])
    share = f"{counted(row['moves'], 'move')}, {percent(row['share'])} of those that left {here}"
    return [f"Most frequent: {here} → {there} ({share})"]


def of_losses(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say from which stage most items of all groups are lost."""
    if table.empty:
        return [_NOTHING_LOST]
    by = columns_before(table, "from_stage")
    groups = [rows for _, rows in table.groupby(by, observed=True, dropna=False)] if by else [table]
    if any(abs(rows["share"].sum() - 1) > 1e-9 for rows in groups):
        return []
    lost = table.groupby("from_stage", observed=True, dropna=False)["items"].sum()
    return [_most_lost(name_of(present_or_missing(lost.idxmax())), int(lost.max()), int(lost.sum()))]


def of_skips(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which stage has the highest share of skips, and in which group."""
    known = table[table["skip_rate"].notna()]
    if known.empty:
        return ["No item went beyond a stage."]
    row = largest(known, known["skip_rate"])
    stage, skipped, beyond = (row[name].iloc[0] for name in ("stage", "skipped", "beyond"))
    if not skipped:
        return [_NOTHING_SKIPPED]
    by = columns_before(table, "stage")
    return [_most_skipped(", ".join([name_of(stage), *group_label(row, by)]), skipped, beyond)]


def _most_skipped(where: str, skipped: int, beyond: int) -> str:
    return f"Most often skipped: {where} ({part_of(skipped, beyond, 'that went beyond')})"


def _most_lost(where: str, lost: int, total: int, total_of: str = "lost") -> str:
    return f"Most often lost from: {where} ({part_of(lost, total, total_of)})"


def of_flow(table: pd.DataFrame) -> list[str]:
    """Say how many items were in work, came and left; nothing if the rows do not balance."""
    open_stages = table[table["outcome"] == "open"]
    number = {name: int(open_stages[name].sum()) for name in FLOW[2:]}
    came = number["created"] + number["from_closed"] + number["moved_in"]
    left = number["won"] + number["lost"] + number["moved_out"]
    if number["at_start"] + came - left != number["at_end"]:
        return []
    away = f", {count(number['moved_out'])} moved to another pipeline" if number["moved_out"] else ""
    return [
        f"In work: {count(number['at_start'])} at the start, {count(came)} came, {count(number['won'])} won, "
        f"{count(number['lost'])} lost{away}, {count(number['at_end'])} at the end"
    ]


def of_periods(table: pd.DataFrame, name_of: NameOf, by: Sequence[str] = ()) -> list[str]:
    """Say how the share of the first won stage changed from the first period with items to the last.

    With groups, say instead which group has the largest share in the last period and which the smallest.
    """
    won = table[(table["outcome"] == "won") & (table["base"] > 0)]
    won = won[won["stage"] == won["stage"].iloc[0]] if len(won) else won
    if by:
        return _of_last_period(won, name_of, by)
    if len(won) < 2:
        return []
    first, last = won.iloc[0], won.iloc[-1]
    return [
        f"{name_of(first['stage'])}: {percent(first['conversion_from_all'])} of all in {first['period']}, "
        f"{percent(last['conversion_from_all'])} in {last['period']}"
    ]


def _of_last_period(won: pd.DataFrame, name_of: NameOf, by: Sequence[str]) -> list[str]:
    last = won[won["period"] == won["period"].iloc[-1]] if len(won) else won
    if len(last) < 2:
        return []
    where = f"{name_of(last['stage'].iloc[0])} in {last['period'].iloc[0]}"
    best, least = largest_and_smallest(last, last["conversion_from_all"])
    most, fewest = (row["conversion_from_all"].iloc[0] for row in (best, least))
    if most == fewest:
        return [f"{where}: {percent(most)} of all in every group"]
    return [
        f"{where}: {percent(most)} of all in {group_name(best, by)}, the most, "
        f"{percent(fewest)} in {group_name(least, by)}, the least"
    ]


def of_series(series: Sequence[Series], name_of: NameOf) -> list[str]:
    """Say at which stage two funnels lie furthest apart; nothing of fewer or more funnels."""
    if len(series) != 2:
        return []
    (first, one), (last, other) = series
    here, there = (
        dict(zip(rows["stage"], rows["conversion_from_all"], strict=True)) for rows in (one, other)
    )
    stages = [stage for stage in here if stage in there]
    both = {name: [shares[stage] for stage in stages] for name, shares in (("here", here), ("there", there))}
    shares = pd.DataFrame(both, dtype=float).assign(stage=stages)
    known = shares.dropna(subset=["here", "there"])
    if known.empty:
        return []
    row = largest(known, (known["there"] - known["here"]).abs()).iloc[0]
    if row["there"] == row["here"]:
        return [_ALL_THE_SAME]
    return [_furthest_apart(name_of(row["stage"]), (last, row["there"]), (first, row["here"]))]


def _furthest_apart(where: str, now: tuple[str, float], before: tuple[str, float]) -> str:
    there, here = (f"{percent(share)} ({name})" for name, share in (now, before))
    return f"Furthest apart at {where}: {there}, {here}"


def series_of(comparison: pd.DataFrame) -> list[Series]:
    """Split a comparison of two periods into the funnels of each, the earlier one first."""
    now, before = map(str, comparison.attrs.get("stagefunnel", {}).get("called", ("now", "before")))
    earlier = comparison.drop(columns=["reached", "conversion_from_all"]).rename(
        columns={"reached_before": "reached", "conversion_from_all_before": "conversion_from_all"}
    )
    return [(before, earlier), (now, comparison)]


def of_comparison(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say at which stage two periods lie furthest apart, and in which group."""
    by = columns_before(table, "stage")
    if table["conversion_from_all_difference"].isna().all():
        return ["No stage has a share of all in both periods."]
    if not by:
        return of_series(series_of(table), name_of)
    row = largest(table, table["conversion_from_all_difference"].abs())
    if not row["conversion_from_all_difference"].iloc[0]:
        return [_ALL_THE_SAME]
    before, now = ((name, rows["conversion_from_all"].iloc[0]) for name, rows in series_of(row))
    where = ", ".join([name_of(row["stage"].iloc[0]), *group_label(row, by)])
    return [_furthest_apart(where, now, before)]


def of_items(table: pd.DataFrame) -> list[str]:
    """Say how many items there are, and how they stand."""
    numbers = table["outcome"].value_counts()
    standings = ", ".join(f"{count(numbers.get(name, 0))} {name}" for name in ("won", "lost", "open"))
    return [f"{counted(len(table), 'item')}: {standings}"]


def of_explanation(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say in which stages an item counts, for each kind of funnel."""
    places = []
    for kind, rows in table.groupby("kind", sort=False, observed=True):
        stages = ", ".join(map(name_of, rows["stage"][rows["passed"] | rows["assumed"]]))
        places.append(f"{KIND_TITLES.get(str(kind), str(kind))}: {stages or 'nowhere'}")
    return [f"It counts in: {'; '.join(places)}"] if places else []


def of_rows(table: pd.DataFrame) -> list[str]:
    """Say how many rows there are, and of how many items."""
    return [f"{counted(len(table), 'row')} of {counted(table['item'].nunique(), 'item')}"]


def of_stages(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which stage has the most rows."""
    if table.empty:
        return ["There are no stages."]
    row = largest(table, table["rows"]).iloc[0]
    rows = part_of(row["rows"], table["rows"].sum())
    return [f"{counted(len(table), 'stage')}; most rows: {name_of(row['stage'])} ({rows})"]


def of_quality(table: pd.DataFrame) -> list[str]:
    """Say how much was read, and what is unusual in it."""
    found = dict(zip(table["check"], table["count"].tolist(), strict=True))
    read = [counted(found.pop(f"{noun}s"), noun) for noun in ("row", "item", "stage") if f"{noun}s" in found]
    odd = [f"{name.replace('_', ' ')} {count(number)}" for name, number in found.items() if number]
    return ["; ".join(filter(None, [", ".join(read), ", ".join(odd) if odd else "nothing unusual"]))]


def of_problems(table: pd.DataFrame) -> list[str]:
    """Say how many stages of a log and a pipeline do not fit."""
    if table.empty:
        return ["The log and the pipeline fit."]
    kinds = table["problem"].value_counts(sort=False)
    numbers = ", ".join(f"{value_label(problem)} {count(number)}" for problem, number in kinds.items())
    return [f"Stages that do not fit: {numbers}"]


_COLUMNS_OF_UNMARKED: Final[Mapping[str, tuple[str, ...]]] = {  # tables without ``attrs["stagefunnel"]``
    "quality": QUALITY,
    "problems": PROBLEMS,
    "explanation": EXPLANATION,
    "rows": ROWS,
    "stages": ("stage", "rows", "first_row"),
}
# For each kind of table: the columns that its sentences need, and the function that composes them.
_SENTENCES: Final[Mapping[str, tuple[Sequence[str], Callable[[pd.DataFrame, NameOf], list[str]]]]] = {
    "outcomes": (OUTCOME_TABLE, lambda table, _: of_outcomes(table)),
    "time_in_stage": (STAGE_TIMES, of_times),
    "transitions": (TRANSITIONS, of_moves),
    "losses": (LOSSES, of_losses),
    "skips": (SKIPS, of_skips),
    "flow": (FLOW, lambda table, _: of_flow(table)),
    "comparison": (COMPARISON, of_comparison),
    "item_table": (("outcome",), lambda table, _: of_items(table)),
    "explanation": (EXPLANATION, of_explanation),
    "rows": (ROWS, lambda table, _: of_rows(table)),
    "stages": (("stage", "rows"), of_stages),
    "quality": (QUALITY, lambda table, _: of_quality(table)),
    "problems": (PROBLEMS, lambda table, _: of_problems(table)),
}


def findings(part: pd.DataFrame, outcome: Mapping[str, Any] | None, names: Mapping[str, str]) -> list[str]:
    """Say which stage of a funnel is skipped most often, and from which stage most items are lost.

    Parameters
    ----------
    part
        The rows of one group of a funnel table.
    outcome
        The group's row of the outcomes table; ``None`` if it is not known.
    names
        What people read for a label.

    Returns
    -------
    list of str
        Two sentences. None if rows of the group were filtered away, since a missing stage might have been the
        one to name.
    """
    stages = part["stage"]
    if isinstance(stages.dtype, pd.CategoricalDtype) and len(part) < len(stages.cat.categories):
        return []
    name_of = stage_namer(names)
    return [_skip_of_funnel(part, name_of), _loss_of_funnel(part, outcome, name_of)]


def _skip_of_funnel(part: pd.DataFrame, name_of: NameOf) -> str:
    open_stages = part[part["outcome"] == "open"]
    if not open_stages["skipped"].any():
        return _NOTHING_SKIPPED
    row = largest(open_stages, open_stages["skipped"]).iloc[0]
    return _most_skipped(name_of(row["stage"]), row["skipped"], round(row["skipped"] / row["skip_rate"]))


def _loss_of_funnel(part: pd.DataFrame, outcome: Mapping[str, Any] | None, name_of: NameOf) -> str:
    if not part["lost_from"].any():
        return _NOTHING_LOST
    row = largest(part, part["lost_from"]).iloc[0]
    stage, lost = name_of(row["stage"]), row["lost_from"]
    if outcome is None:
        # Without its outcomes a funnel does not show the items that were lost before any stage.
        return _most_lost(stage, lost, int(part["lost_from"].sum()), "lost from a stage")
    return _most_lost(stage, lost, outcome["lost"])


def standing(outcome: Mapping[str, Any]) -> str:
    """Say how many items there are and how they stand now."""
    parts = [
        f"{counted(outcome['base'], 'item')}: {count(outcome['won'])} won, {count(outcome['lost'])} lost, "
        f"{count(outcome['open'])} open",
        f"win rate {percent(outcome['win_rate'])}",
    ]
    if outcome["left_out"]:
        parts.append(f"{count(outcome['left_out'])} left out (lost, then won)")
    if outcome["reopened_won"]:
        parts.append(f"{count(outcome['reopened_won'])} won after a loss")
    return "; ".join(parts)


def standings(outcomes: Mapping[str, Mapping[str, Any] | None]) -> list[str]:
    """Say how the items of each kind of funnel stand, in one sentence if the kinds agree."""
    sentences = {kind: standing(outcome) for kind, outcome in outcomes.items() if outcome is not None}
    if len({*sentences.values()}) <= 1:
        return [*sentences.values()][:1]
    return [f"{KIND_TITLES.get(kind, kind)}: {sentence}" for kind, sentence in sentences.items()]
