"""The sentence that each table stands for, said once for those who read it and those who see it drawn.

Sentences are of the rows that are there. Where a whole is spoken of, and a table shows by itself that rows of
it were filtered away, nothing is said.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import pandas as pd

from ..tables.labels import MISSING, group_label, value_label
from ..tables.schema import (
    COMPARISON,
    EXPLANATION,
    FLOW,
    LOSSES,
    PROBLEMS,
    QUALITY,
    ROWS,
    SKIPS,
    STAGE_TIMES,
    TRANSITIONS,
)
from .numbers import count, counted, length, percent

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


NameOf: TypeAlias = Callable[[Any], str]  # what people read for a stage
Series: TypeAlias = tuple[str, pd.DataFrame]  # the rows of a funnel, and what they are called


def answers(table: pd.DataFrame, told: Mapping[str, Any]) -> list[str]:
    """Say what a table says that is no funnel and of no sequence.

    Parameters
    ----------
    table
        Any frame; of one that is none of the package's tables, or lacks columns of it, nothing is said.
    told
        Its ``attrs["stagefunnel"]``.
    """
    names = told.get("names", {})

    def name_of(stage: Any) -> str:
        return str(names.get(str(stage), stage))

    columns = tuple(table.columns)
    kind = told.get("table") or next(
        (name for name, named in _PLAIN.items() if columns[: len(named)] == named), ""
    )
    if kind not in _ANSWERS:
        return []
    needed, say = _ANSWERS[kind]
    return say(table, name_of) if {*needed} <= {*columns} else []


def of_outcomes(table: pd.DataFrame) -> list[str]:
    """Say how the items stand, or which group wins most and which least."""
    by = list(table.columns[: list(table.columns).index("base")])
    if table.empty:
        return []
    if not by:
        return [standing({str(name): table[name].iloc[0] for name in table.columns})]
    known = table[table["win_rate"].notna()]
    if len(known) < 2:
        return ["No two groups have won or lost items."]
    ends = int(known["win_rate"].argmax()), int(known["win_rate"].argmin())
    best, least = (known.iloc[at : at + 1] for at in ends)
    if best["win_rate"].iloc[0] == least["win_rate"].iloc[0]:
        return [f"All groups have a win rate of {percent(best['win_rate'].iloc[0])}."]
    return [f"Highest win rate: {_win_rate(best, by)}; lowest: {_win_rate(least, by)}"]


def _win_rate(row: pd.DataFrame, by: Sequence[str]) -> str:
    won, lost, rate = (row[name].iloc[0] for name in ("won", "lost", "win_rate"))
    group = ", ".join(group_label(row, by))
    return f"{group} ({count(won)} won, {count(lost)} lost, {percent(rate)})"


def of_times(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which stage in progress takes longest."""
    known = table[(table["outcome"] == "open") & (table["completed"] > 0)]
    if known.empty:
        return ["No visit of a stage in progress is completed."]
    row = known.sort_values("median", ascending=False, kind="stable").iloc[0]
    return [f"Longest: {name_of(row['stage'])} (half take more than {length(row['median'])})"]


def of_moves(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which move is the most frequent."""
    if table.empty:
        return ["Nothing moved."]
    row = table.iloc[int(table["moves"].argmax())]
    here, there = name_of(row["from_stage"]), name_of(row["to_stage"])
    said = f"{counted(row['moves'], 'move')}, {percent(row['share'])} of those that left {here}"
    return [f"Most frequent: {here} → {there} ({said})"]


def of_losses(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say from which stage most items are lost, of all groups."""
    if table.empty:
        return ["Nothing was lost from a stage."]
    by = list(table.columns[: list(table.columns).index("from_stage")])
    groups = [rows for _, rows in table.groupby(by, observed=True, dropna=False)] if by else [table]
    if any(abs(rows["share"].sum() - 1) > 1e-9 for rows in groups):
        return []
    lost = table.groupby("from_stage", observed=True, dropna=False)["items"].sum()
    most, total = int(lost.max()), int(lost.sum())
    said = f"{count(most)} of {count(total)} lost, {percent(most / total)}"
    return [f"Most often lost from: {name_of(_plain(lost.idxmax()))} ({said})"]


def of_skips(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which stage is skipped most often, and by whom."""
    known = table[table["skip_rate"].notna()]
    if known.empty:
        return ["No item went beyond a stage."]
    at = int(known["skip_rate"].argmax())
    row = known.iloc[at : at + 1]
    stage, skipped, beyond, rate = (row[name].iloc[0] for name in ("stage", "skipped", "beyond", "skip_rate"))
    if not skipped:
        return ["No stage was skipped."]
    who = group_label(row, list(table.columns[: list(table.columns).index("stage")]))
    said = f"{count(skipped)} of {count(beyond)} that went beyond, {percent(rate)}"
    return [f"Most often skipped: {', '.join([name_of(stage), *who])} ({said})"]


def of_flow(table: pd.DataFrame) -> list[str]:
    """Say what was in work, came and left; nothing where the rows do not balance."""
    open_stages = table[table["outcome"] == "open"]
    number = {name: int(open_stages[name].sum()) for name in open_stages.columns[2:]}
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
    """Say how the share of the first won stage went from the first period with items to the last.

    Of groups say which of them has most, and which least, in the last period.
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
    share = last["conversion_from_all"]
    if share.max() == share.min():
        return [f"{where}: {percent(share.max())} of all in every group"]
    best, least = (
        f"{percent(share.iloc[at])} {what} {', '.join(group_label(last.iloc[at : at + 1], by))}"
        for at, what in ((int(share.argmax()), "of all in"), (int(share.argmin()), "in"))
    )
    return [f"{where}: {best}, the most, {least}, the least"]


def of_series(series: Sequence[Series], name_of: NameOf) -> list[str]:
    """Say at which stage two funnels lie furthest apart."""
    if len(series) != 2:
        return []
    (first, one), (last, other) = series
    apart = [
        (abs(there - here), stage, here, there)
        for stage, here, there in zip(
            one["stage"], one["conversion_from_all"], other["conversion_from_all"], strict=True
        )
        if here == here and there == there  # not missing
    ]
    most = max(apart, default=(0.0, "", 0.0, 0.0), key=lambda found: found[0])
    if not most[0]:
        return ["The same share of all came to each stage."] if apart else []
    _, stage, here, there = most
    return [f"Furthest apart at {name_of(stage)}: {percent(there)} ({last}), {percent(here)} ({first})"]


def series_of(comparison: pd.DataFrame) -> list[Series]:
    """Part a comparison of two periods into the funnels of each, the earlier one first."""
    now, before = map(str, comparison.attrs.get("stagefunnel", {}).get("called", ("now", "before")))
    earlier = comparison.drop(columns=["reached", "conversion_from_all"]).rename(
        columns={"reached_before": "reached", "conversion_from_all_before": "conversion_from_all"}
    )
    return [(before, earlier), (now, comparison)]


def of_comparison(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say at which stage two periods lie furthest apart, and in which group."""
    by = list(table.columns[: list(table.columns).index("stage")])
    if table["conversion_from_all_difference"].isna().all():
        return ["No stage has a share of all in both periods."]
    if not by:
        return of_series(series_of(table), name_of)
    at = int(table["conversion_from_all_difference"].abs().argmax())
    row = table.iloc[at : at + 1]
    if not row["conversion_from_all_difference"].iloc[0]:
        return ["The same share of all came to each stage."]
    (before, one), (now, other) = series_of(row)
    where = ", ".join([name_of(row["stage"].iloc[0]), *group_label(row, by)])
    here, there = (percent(part["conversion_from_all"].iloc[0]) for part in (one, other))
    return [f"Furthest apart at {where}: {there} ({now}), {here} ({before})"]


def of_items(table: pd.DataFrame) -> list[str]:
    """Say how many items there are, and how they stand."""
    stand = table["outcome"].value_counts()
    said = ", ".join(f"{count(stand.get(outcome, 0))} {outcome}" for outcome in ("won", "lost", "open"))
    return [f"{counted(len(table), 'item')}: {said}"]


def of_explanation(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say in which stages an item counts, for each kind of funnel."""
    said = []
    for kind, rows in table.groupby("kind", sort=False, observed=True):
        stages = ", ".join(map(name_of, rows["stage"][rows["passed"] | rows["assumed"]]))
        said.append(f"{KIND_TITLES.get(str(kind), str(kind))}: {stages or 'nowhere'}")
    return [f"It counts in: {'; '.join(said)}"] if said else []


def of_rows(table: pd.DataFrame) -> list[str]:
    """Say how many rows there are, of how many items."""
    return [f"{counted(len(table), 'row')} of {counted(table['item'].nunique(), 'item')}"]


def of_stages(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which stage has the most rows."""
    if table.empty:
        return ["There are no stages."]
    row, total = table.iloc[int(table["rows"].argmax())], table["rows"].sum()
    said = f"{count(row['rows'])} of {count(total)}, {percent(row['rows'] / total)}"
    return [f"{counted(len(table), 'stage')}; most rows: {name_of(row['stage'])} ({said})"]


def of_quality(table: pd.DataFrame) -> list[str]:
    """Say how much was read, and what was found in it."""
    found = dict(zip(table["check"], table["count"].tolist(), strict=True))
    read = [counted(found.pop(f"{noun}s"), noun) for noun in ("row", "item", "stage") if f"{noun}s" in found]
    odd = [f"{name.replace('_', ' ')} {count(number)}" for name, number in found.items() if number]
    return [f"{', '.join(read)}; {', '.join(odd) if odd else 'nothing unusual'}"]


def of_problems(table: pd.DataFrame) -> list[str]:
    """Say what of a log and a pipeline does not fit."""
    if table.empty:
        return ["The log and the pipeline fit."]
    kinds = table["problem"].value_counts(sort=False)
    said = ", ".join(f"{value_label(problem)} {count(number)}" for problem, number in kinds.items())
    return [f"Stages that do not fit: {said}"]


def _plain(value: Any) -> Any:
    """Take the many forms of a missing value as one."""
    return MISSING if pd.isna(value) else value


_PLAIN: Final[Mapping[str, tuple[str, ...]]] = {  # tables that carry no record of what they are
    "quality": QUALITY,
    "problems": PROBLEMS,
    "explanation": EXPLANATION,
    "rows": ROWS,
    "stages": ("stage", "rows", "first_row"),
}
_ANSWERS: Final[Mapping[str, tuple[Sequence[str], Callable[[pd.DataFrame, NameOf], list[str]]]]] = {
    "outcomes": (
        ("base", "won", "lost", "open", "win_rate", "left_out", "reopened_won"),
        lambda table, _: of_outcomes(table),
    ),
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
    """Say what the two funnels exist for: what is skipped most, and where most are lost.

    Parameters
    ----------
    part
        The rows of one group of a funnel table.
    outcome
        The group's row of the outcomes table, if it is known.
    names
        What people read for a label.

    Returns
    -------
    list of str
        Two sentences; none where rows of the group were filtered away, since the missing stage might
        have been the one to name.
    """
    stages = part["stage"]
    if isinstance(stages.dtype, pd.CategoricalDtype) and len(part) < len(stages.cat.categories):
        return []
    return [_skipped_most(part, names), _lost_most(part, outcome, names)]


def _skipped_most(part: pd.DataFrame, names: Mapping[str, str]) -> str:
    skipped = part[part["outcome"] == "open"]
    if not skipped["skipped"].any():
        return "No stage was skipped."
    row = skipped.iloc[int(skipped["skipped"].argmax())]
    beyond = round(row["skipped"] / row["skip_rate"])
    return (
        f"Most often skipped: {names.get(str(row['stage']), row['stage'])} ({count(row['skipped'])} of "
        f"{count(beyond)} that went beyond, {percent(row['skip_rate'])})"
    )


def _lost_most(part: pd.DataFrame, outcome: Mapping[str, Any] | None, names: Mapping[str, str]) -> str:
    if not part["lost_from"].any():
        return "Nothing was lost from a stage."
    row = part.iloc[int(part["lost_from"].argmax())]
    # The table alone does not tell of items that were lost without any stage before.
    lost = part["lost_from"].sum() if outcome is None else outcome["lost"]
    said = "lost from a stage" if outcome is None else "lost"
    return (
        f"Most often lost from: {names.get(str(row['stage']), row['stage'])} "
        f"({count(row['lost_from'])} of {count(lost)} {said}, {percent(row['lost_from'] / lost)})"
    )


def standing(outcome: Mapping[str, Any]) -> str:
    """Say how many items there are and how they stand now."""
    said = (
        f"{counted(outcome['base'], 'item')}: {count(outcome['won'])} won, {count(outcome['lost'])} lost, "
        f"{count(outcome['open'])} open; win rate {percent(outcome['win_rate'])}"
    )
    if outcome["left_out"]:
        said += f"; {count(outcome['left_out'])} left out (lost, then won)"
    if outcome["reopened_won"]:
        said += f"; {count(outcome['reopened_won'])} won after a loss"
    return said


def standings(outcomes: Mapping[str, Mapping[str, Any] | None]) -> list[str]:
    """Say how the items of each kind stand: once where the kinds agree."""
    said = {kind: standing(outcome) for kind, outcome in outcomes.items() if outcome is not None}
    lines = list(said.values())
    if len(set(lines)) <= 1:
        return lines[:1]
    return [f"{KIND_TITLES.get(kind, kind)}: {words}" for kind, words in said.items()]


def recorded_outcomes(
    told: Mapping[str, Any], kind: str, parts: Sequence[pd.DataFrame]
) -> list[dict[str, Any] | None]:
    """Find the outcomes that a funnel table carries for each of its groups.

    A filtered or reordered table keeps the record of the whole, so a group is looked up by its values.
    Where its rows are not all there, or their numbers are not those of the record, there is none.

    Parameters
    ----------
    told
        The table's ``attrs["stagefunnel"]``.
    kind
        The kind of the rows.
    parts
        The rows of each group.
    """
    by = told.get("by", [])
    columns = json.loads(told.get("outcomes", "{}")).get(kind, {})
    groups = json.loads(told.get("groups", "{}")).get(kind, [])
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    of_group = {tuple(group): record for group, record in zip(groups, records, strict=True)}
    found = []
    for part in parts:
        known = len(part) and set(by) <= set(part.columns)
        record = of_group.get(group_label(part, by)) if known else None
        fits = (
            record is not None
            and part["base"].iloc[0] == record["base"]
            and part["left_out"].iloc[0] == record["left_out"]
            and part["open_at"].sum() == record["open"]
        )
        found.append(record if fits else None)
    return found
