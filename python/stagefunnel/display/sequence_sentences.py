"""What the tables of sequences say, in a title and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..tables.labels import group_label
from .numbers import count, length, percent

_MOST_NAMED = 5
_NOTHING = {  # what a table without rows says
    "sequence_items": "There are no items.",
    "sequence_trend": "No item did step 1.",
    "time_to_convert": "Nobody converted.",
    "sequence_paths": "Nobody converted.",
}


def sequence_title(told: Mapping[str, Any]) -> str:
    """Name the steps that a table is about, and their window."""
    steps: Sequence[str] = told.get("steps", ())
    what = {
        "sequence_funnel": "Sequence",
        "sequence_items": "Sequence, item by item",
        "sequence_trend": "Sequence, by the period it was entered in",
        "time_to_convert": "Time to convert",
        "sequence_paths": "What came between",
    }.get(str(told.get("table")), "Sequence")
    if "from_step" in told and len(steps) >= told["to_step"]:
        steps = [steps[told["from_step"] - 1], steps[told["to_step"] - 1]]
    if len(steps) > _MOST_NAMED:
        steps = [steps[0], "…", steps[-1]]
    title = f"{what}: {' → '.join(steps)}" if steps else what
    within = _within(told)
    return f"{title}, {within}" if within else title


def sequence_findings(table: pd.DataFrame, told: Mapping[str, Any]) -> list[str]:
    """Say what a table says."""
    if table.empty:
        return [_NOTHING[str(told["table"])]] if told.get("table") in _NOTHING else []
    say = (
        {
            "sequence_funnel": _of_groups,
            "sequence_items": _of_items,
            "sequence_trend": _of_trends,
            "time_to_convert": _of_group_times,
            "sequence_paths": _of_paths,
        }
        if told.get("by")
        else {
            "sequence_funnel": _of_funnel,
            "sequence_items": _of_items,
            "sequence_trend": _of_trend,
            "time_to_convert": _of_times,
            "sequence_paths": _of_paths,
        }
    )
    answer = say.get(str(told.get("table")))
    return [] if answer is None else answer(table, told)


def _within(told: Mapping[str, Any]) -> str:
    window = told.get("window")
    return "" if window is None or told.get("mode") == "open" else f"within {window}"


def _of_funnel(table: pd.DataFrame, told: Mapping[str, Any]) -> list[str]:
    last, of_all = table["reached"].iloc[-1], table["conversion_from_all"].iloc[-1]
    base = told.get("items", 0) - told.get("left_out", 0)
    what = "entries" if told.get("entries") == "all" else "items"
    if not base:
        return [f"There are no {what}."]
    goal = " ".join(filter(None, [table["label"].iloc[-1], _within(told)]))
    said = [f"Of {count(base)} {what} {count(last)} ({percent(of_all)}) came to {goal}."]
    dropped = table["dropped"]
    if dropped.any():
        at = int(dropped.to_numpy().argmax())
        row = table.iloc[at]
        lost, reached = row["dropped"], row["reached"]
        share = percent(lost / reached)
        said.append(f"Most drop out after {row['label']} ({count(lost)} of {count(reached)}, {share}).")
    if told.get("left_out"):
        said.append(f"{count(told['left_out'])} are left out by an exclusion.")
    return said


def _of_trend(table: pd.DataFrame, told: Mapping[str, Any]) -> list[str]:
    known = table[table["entered"] > 0]
    if known.empty:
        return [_NOTHING["sequence_trend"]]
    first, last = known.iloc[0], known.iloc[-1]
    said = f"{percent(first['conversion'])} of those that entered in {first['period']} converted"
    if len(known) == 1:
        return [f"{said}."]
    waiting = f" ({count(last['immature'])} may still)" if last["immature"] else ""
    return [f"{said}, {percent(last['conversion'])} of those of {last['period']}{waiting}."]


def _of_trends(table: pd.DataFrame, told: Mapping[str, Any]) -> list[str]:
    """Name the groups of which most and fewest converted, over all periods."""
    by = told["by"]
    sums = table.groupby(by, observed=True, sort=False, dropna=False)[["entered", "converted"]].sum()
    known = sums[sums["entered"] > 0].reset_index()
    if len(known) < 2:
        return ["No two groups entered."]
    done, entered = known["converted"], known["entered"]
    rate = done / entered
    best, least = (
        f"{', '.join(group_label(known.iloc[at : at + 1], by))} "
        f"({count(done.iloc[at])} of {count(entered.iloc[at])}, {percent(rate.iloc[at])})"
        for at in (int(rate.argmax()), int(rate.argmin()))
    )
    if rate.max() == rate.min():
        return [f"Of each group {percent(rate.max())} converted."]
    return [f"Over all periods most converted in {best}, fewest in {least}."]


def _of_group_times(table: pd.DataFrame, told: Mapping[str, Any]) -> list[str]:
    """Say the times of all groups together, and which group has most of them."""
    by = told["by"]
    sums = table.groupby(by, observed=True, sort=False, dropna=False)["count"].sum().reset_index()
    at = int(sums["count"].argmax())
    most = ", ".join(group_label(sums.iloc[at : at + 1], by))
    return [*_of_times(table, told), f"Most of them in {most} ({count(sums['count'].iloc[at])})."]


def _of_times(table: pd.DataFrame, told: Mapping[str, Any]) -> list[str]:
    n, longest = int(table["count"].sum()), table["end"].iloc[-1]
    median = pd.Timedelta(told["median"]) if isinstance(told["median"], str) else told["median"]
    return [f"Half of the {count(n)} took {length(median)} at most, the slowest {length(longest)}."]


def _of_paths(table: pd.DataFrame, told: Mapping[str, Any]) -> list[str]:
    at = int(table["items"].argmax())
    group = group_label(table.iloc[at : at + 1], told.get("by", ()))
    row = table.iloc[at]
    said = ", ".join([*group, count(row["items"]), percent(row["share"])])
    return [f"Most often: {row['path']} ({said})."]


def _of_groups(table: pd.DataFrame, told: Mapping[str, Any]) -> list[str]:
    by = told["by"]
    last = table[(table["step"] == table["step"].max()) & table["conversion_from_first"].notna()]
    if len(last) < 2:
        return []
    ends = int(last["conversion_from_first"].argmax()), int(last["conversion_from_first"].argmin())
    best, least = (
        f"{', '.join(group_label(last.iloc[at : at + 1], by))} "
        f"({count(last['reached'].iloc[at])}, {percent(last['conversion_from_first'].iloc[at])})"
        for at in ends
    )
    return [f"Most of those that did step 1 came to {last['label'].iloc[0]} in {best}, fewest in {least}."]


def _of_items(table: pd.DataFrame, told: Mapping[str, Any]) -> list[str]:
    if "stop" not in table.columns:
        return []
    what = "entries" if told.get("entries") == "all" else "items"
    stops = table["stop"].value_counts()
    done = int(stops.get("completed", 0))
    said = f"{count(done)} of {count(len(table))} {what} came to the last step"
    others = stops.drop("completed", errors="ignore")
    if not others.any():
        return [f"{said}."]
    return [f"{said}; most of the others stopped for: {others.idxmax()} ({count(others.max())})."]
