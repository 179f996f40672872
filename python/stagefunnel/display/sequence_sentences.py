"""Titles and sentences of the tables about sequences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from ..tables.labels import group_label, period_label
from ..tables.schema import CONVERSION_TIMES, SEQUENCE, SEQUENCE_PATHS, SEQUENCE_TREND
from ..words import Noun, mark, tr, trs
from .extremes import group_name, largest, with_ties
from .group_notes import notes_of_sequences
from .heads import label, word_in_sentence
from .numbers import count, counted, length, noun_of, part_of, percent, plural
from .restored import filled_rows
from .standouts import of_standouts
from .unlike import PART, Side, unlike_notes

_Remembered: TypeAlias = Mapping[str, Any]  # ``attrs["stagefunnel"]`` of a table
_Sentences: TypeAlias = Callable[[pd.DataFrame, _Remembered], list[str]]

_MOST_NAMED = 5
_OTHER_PATHS: Final = "other ("  # the line of all paths that are not listed, which is no path


def sequence_title(remembered: _Remembered) -> str:
    """Name the steps that a table is about, and their window."""
    kind = _KINDS.get(str(remembered.get("table")))
    what = tr("Sequence") if kind is None else tr(kind.title)
    steps: Sequence[str] = remembered.get("steps", ())
    if "from_step" in remembered and len(steps) >= remembered["to_step"]:
        steps = [steps[remembered["from_step"] - 1], steps[remembered["to_step"] - 1]]
    if len(steps) > _MOST_NAMED:
        steps = [steps[0], "…", steps[-1]]
    title = tr("{what}: {steps}", what=what, steps=" → ".join(steps)) if steps else what
    within = _within(remembered)
    return f"{title}, {within}" if within else title


def sequence_findings(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    """Compose the sentences of a table about sequences."""
    kind = _KINDS.get(str(remembered.get("table")))
    table = filled_rows(table)
    if kind is None or not _has_all(table, remembered):
        return []
    for name in ("step", "start", "period"):
        table = table.sort_values(name, kind="stable") if name in table.columns else table
    if table.empty:
        return [tr(kind.of_nothing)] if kind.of_nothing else []
    by = remembered.get("by")
    if by and not {*by} <= {*table.columns}:
        return []  # rows of one group without its name: the numbers of the whole are not about them
    return (kind.with_groups if by else kind.alone)(table, remembered)


def _has_all(table: pd.DataFrame, remembered: _Remembered) -> bool:
    """Check that a table still has what its sentences are about: the columns, all steps and all matches."""
    kind = str(remembered["table"])
    needed = _NEEDED.get(kind, ())
    if not {*needed} <= {*table.columns} or table[[*needed[:1]]].isna().to_numpy().any():
        return False
    if kind == "sequence_funnel":
        by = [name for name in remembered.get("by", ()) if name in table.columns]
        groups = [rows for _, rows in table.groupby(by, observed=True, dropna=False)] if by else [table]
        steps = [*range(1, len(remembered.get("steps", ())) + 1)]
        return all(sorted(rows["step"].tolist()) == steps for rows in groups)
    if kind == "time_to_convert":
        return int(table["count"].sum()) == remembered.get("matches")
    return True


def _within(remembered: _Remembered) -> str:
    window = remembered.get("window")
    return "" if window is None or remembered.get("mode") == "open" else tr("within {window}", window=window)


def _counted_thing(remembered: _Remembered) -> Noun:
    return Noun.of("entry" if remembered.get("entries") == "all" else "item")


def _counted_things(remembered: _Remembered) -> str:
    return plural(_counted_thing(remembered))


def _of_funnel(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    first, last = table["reached"].iloc[0], table["reached"].iloc[-1]
    left_out = remembered.get("left_out", 0)
    base = remembered.get("items", 0) - left_out
    if not base:
        return [tr("There are no {things}.", things=_counted_things(remembered))]
    goal = " ".join(filter(None, [table["label"].iloc[-1], _within(remembered)]))
    began = table["label"].iloc[0]
    sentences = (
        [
            tr(
                "{part_of}.",
                part_of=part_of(
                    last,
                    first,
                    trs(
                        "{things} that did {began} reached {goal}",
                        first,
                        things=noun_of(first, _counted_thing(remembered)),
                        began=began,
                        goal=goal,
                    ),
                ),
            )
        ]
        if first
        else [
            tr("None of {things} did {began}.", things=counted(base, _counted_thing(remembered)), began=began)
        ]
    )
    # All drop out before a step whose stages have no rows, which says nothing about the step before it.
    known = table[~(table["step"] + 1).isin(remembered.get("empty_steps", ()))]
    if known["dropped"].any():
        row = largest(known, known["dropped"]).iloc[0]
        dropped = part_of(row["dropped"], row["reached"])
        most = tr("Most drop out after {label} ({dropped}).", label=row["label"], dropped=dropped)
        sentences.append(with_ties(most, known["dropped"]))
    immature = int(table["immature"].sum())
    if immature:
        until = remembered.get("observed_until")
        seen = tr(" (observed until {until})", until=until) if until else ""
        sentences.append(
            trs(
                "{immature} may still go on: the window is not over{seen}.",
                immature,
                immature=count(immature),
                seen=seen,
            )
        )
    if left_out:
        sentences.append(tr("Left out by an exclusion: {n}.", n=count(left_out)))
    return sentences


def _of_funnel_by_group(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    things = _counted_things(remembered)
    notes = notes_of_sequences(table, remembered, things)
    if table["step"].max() in remembered.get("empty_steps", ()):
        return notes  # nobody could reach the last step
    entered = int(table.loc[table["step"] == 1, "reached"].sum())
    sentences = of_standouts(
        remembered,
        entered,
        rate="conversion",
        trials=tr("{things} that did step 1", things=things),
        pending=tr("inside the window"),
        things=things,
    )
    return [*sentences, *notes]


def _of_items(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    if "stop" not in table.columns:
        return []
    stops = table["stop"].value_counts()
    done = int(stops.get("completed", 0))
    completed = trs(
        "{done} of {table} reached the last step",
        done,
        done=count(done),
        table=counted(len(table), _counted_thing(remembered)),
    )
    others = stops.drop("completed", errors="ignore")
    others = others[others > 0].sort_values(ascending=False, kind="stable")
    if others.empty:
        return [f"{completed}."]
    # All of them: the largest may be one of several that are as large, and need not be most of the others.
    reasons = ", ".join(f"{word_in_sentence('stop', stop)} {count(n)}" for stop, n in others.items())
    return [tr("{completed}; the others stopped for: {reasons}.", completed=completed, reasons=reasons)]


def has_window(remembered: _Remembered) -> bool:
    """Return whether matches end with a window, so that periods can have had the same time."""
    return remembered.get("window") is not None and remembered.get("mode") != "open"


def is_whole(table: pd.DataFrame) -> pd.Series:
    """Return for each row of a trend whether all that entered had their whole window."""
    return table["mature"] == table["entered"]


def _of_trend(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    """Compare the first and the last period that are alike; say which ones are not."""
    if not {*SEQUENCE_TREND} <= {*table.columns}:
        return []
    known = table[table["entered"] > 0]
    if known.empty:
        return [tr(_NOBODY_ENTERED)]
    partial = {*remembered.get("partly_covered", ())}
    sides = [
        Side(period_label(period), int(entered), 0, str(period) in partial)
        for period, entered in zip(known["period"], known["entered"], strict=True)
    ]
    notes = unlike_notes(sides, {"within": "", **remembered})
    if not has_window(remembered):
        return [tr(OLDER_HAD_LONGER), *notes]
    whole = is_whole(known).cummin()
    open_still = known[~whole]
    alike = known[whole & np.array([side.is_large and not side.is_partial for side in sides], dtype=bool)]
    sentences = [] if whole.any() else [tr(_NONE_WHOLE)]
    if len(alike):
        sentences = [_first_and_last(alike, remembered, tr("converted {within}", within=_within(remembered)))]
    if len(open_still) == 1:
        row = open_still.iloc[0]
        entered = row["entered"]
        sentences.append(
            tr(
                "Do not compare {period} yet: {conversion} of its {entered} converted so far, "
                "and the windows of {entered_2} are not over.",
                period=period_label(row["period"]),
                conversion=percent(row["conversion"]),
                entered=count(entered),
                entered_2=count(entered - row["mature"]),
            )
        )
    elif len(open_still):
        first = period_label(open_still["period"].iloc[0])
        sentences.append(
            tr("Do not compare the periods from {first} on yet: their windows are not all over.", first=first)
        )
    return [*sentences, *notes]


def _first_and_last(table: pd.DataFrame, remembered: _Remembered, did: str) -> str:
    first, last = table.iloc[0], table.iloc[-1]
    things = counted(first["entered"], _counted_thing(remembered))
    start = tr(
        "{conversion} of the {things} that entered in {period} {did}",
        conversion=percent(first["conversion"]),
        things=things,
        period=period_label(first["period"]),
        did=did,
    )
    if len(table) == 1:
        return f"{start}."
    return tr(
        "{start}, {conversion} of the {entered} of {period}.",
        start=start,
        conversion=percent(last["conversion"]),
        entered=count(last["entered"]),
        period=period_label(last["period"]),
    )


def _of_trend_by_group(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    """Name the groups that stand out in one period: periods do not add up."""
    if not {*SEQUENCE_TREND} <= {*table.columns}:
        return []
    notes = [] if has_window(remembered) else [tr(OLDER_HAD_LONGER)]
    period = remembered.get("compared")
    if period is None:
        where = tr("a period whose windows are all over") if has_window(remembered) else tr("the same period")
        return [tr("No two groups entered in {where}.", where=where), *notes]
    if period in remembered.get("partly_covered", ()):
        notes = [tr(PART, names=period_label(period)), *notes]
    rows = table[table["period"].astype(str) == period]
    things = _counted_things(remembered)
    sentences = of_standouts(
        remembered,
        int(rows["entered"].sum()),
        rate=tr("conversion in {period}", period=period_label(period)),
        trials=tr("{things} that entered", things=things),
        pending=tr("inside the window"),
        things=things,
    )
    return [*sentences, *notes]


def _of_times(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    n, longest = int(table["count"].sum()), table["end"].iloc[-1]
    median = remembered["median"]
    median = pd.Timedelta(median) if isinstance(median, str) else median
    half, slowest = (length(one, remembered.get("working_day")) for one in (median, longest))
    return [
        tr(
            "Half of the {n} took {half} at most, the slowest {slowest}.",
            n=count(n),
            half=half,
            slowest=slowest,
        )
    ]


def _of_times_by_group(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    """Say the times of all groups together, and which group has most of them."""
    by = remembered["by"]
    sums = table.groupby(by, observed=True, sort=False, dropna=False)["count"].sum().reset_index()
    most = largest(sums, sums["count"])
    number = count(most["count"].iloc[0])
    sentence = tr("Most of them in {most} ({number}).", most=group_name(most, by), number=number)
    return [*_of_times(table, remembered), with_ties(sentence, sums["count"])]


def _of_paths(table: pd.DataFrame, remembered: _Remembered) -> list[str]:
    paths = table[~table["path"].astype(str).str.startswith(_OTHER_PATHS)]
    if paths.empty:
        return []
    most = largest(paths, paths["items"])
    path, items, share = (most[name].iloc[0] for name in ("path", "items", "share"))
    details = [*map(label, group_label(most, remembered.get("by", ()))), count(items), percent(share)]
    sentence = tr("Most often: {path} ({details}).", path=label(str(path)), details=", ".join(details))
    return [with_ties(sentence, paths["items"])]


class _Kind(NamedTuple):
    """How one kind of table is put into words; `of_nothing` is for a table without rows."""

    title: str
    alone: _Sentences
    with_groups: _Sentences
    of_nothing: str = ""


_NEEDED: Final[Mapping[str, Sequence[str]]] = {
    "sequence_funnel": SEQUENCE,
    "sequence_trend": SEQUENCE_TREND,
    "time_to_convert": CONVERSION_TIMES,
    "sequence_paths": SEQUENCE_PATHS,
}
_NOBODY_ENTERED = mark("No item did step 1.")
_NONE_WHOLE = mark("No period has had its whole window yet.")
OLDER_HAD_LONGER: Final = mark("Without a window older periods have had longer to convert.")
_NOBODY_CONVERTED = mark("Nobody converted.")
_KINDS: Final = {
    "sequence_funnel": _Kind(mark("Sequence"), _of_funnel, _of_funnel_by_group),
    "sequence_items": _Kind(
        mark("Sequence, item by item"), _of_items, _of_items, mark("There are no items.")
    ),
    "sequence_trend": _Kind(
        mark("Sequence, by the period it was entered in"), _of_trend, _of_trend_by_group, _NOBODY_ENTERED
    ),
    "time_to_convert": _Kind(mark("Time to convert"), _of_times, _of_times_by_group, _NOBODY_CONVERTED),
    "sequence_paths": _Kind(mark("What came between"), _of_paths, _of_paths, _NOBODY_CONVERTED),
}
SEQUENCE_TABLES: Final = frozenset(_KINDS)
