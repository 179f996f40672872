"""The sentence that each table stands for, composed once for tables, charts and pages.

A sentence is about the rows that a table has. There is no sentence about a whole where the table itself shows
that some rows of the whole were filtered away.
"""

# A function of a few lines for each table, and the list of them: the larger ones have files of their own.

# One short function for each kind of table, and the table of them that says which columns each needs.

# A sentence for each kind of table, and the list that finds it; those with rules have files of their own.

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, TypeAlias

import pandas as pd

from ..tables.labels import columns_before, group_label, present_or_missing, value_label, value_labels
from ..tables.schema import (
    ABSORPTION,
    COMPARED_GROUPS,
    COMPARISON,
    DECOMPOSED,
    DRIVERS,
    EXPLANATION,
    FLOW,
    INCIDENCE,
    LOSSES,
    MATURITY,
    MIXED,
    OPEN_ITEMS,
    OUTCOME_TABLE,
    PROBLEMS,
    QUALITY,
    ROWS,
    SKIPS,
    STAGE_TIMES,
    TIMES_TO,
    TRANSITIONS,
    VARIANTS,
    VELOCITY,
)
from ..tables.skipping import OnTheWay
from ..words import Words, begins, mark, tr
from .absorption_sentences import of_absorption
from .assumed import doubt_of
from .comparing_sentences import of_compared_groups, of_drivers, of_period_differences
from .extremes import largest, with_ties
from .flow_sentences import of_flow
from .forecast_sentences import FORECAST_SENTENCES
from .given import as_spoken
from .group_findings import of_each_group
from .group_notes import notes_of_losses, notes_of_skips
from .heads import label
from .incidence_sentences import of_incidence, of_maturity
from .log_sentences import of_explanation, of_items, of_problems, of_quality, of_rows, of_stages
from .lost_stage import NO_LOST_STAGE, can_lose
from .money_sentences import won_by_group
from .numbers import count, counted, length, part_of, percent
from .period_sentences import NameOf, of_comparison
from .remarks import of_stages_with_rows
from .restored import filled_rows
from .skip_sentences import skip_sentence
from .split_sentences import of_decomposition, of_mix_rate
from .standing import standing
from .standouts import of_standouts
from .stuck_sentences import of_open_items
from .things import thing_of, things_of
from .unlike import NOTES, Side, unlike_notes
from .variant_sentences import of_variants
from .velocity_sentences import of_velocity
from .way_sentences import of_times_to

_Compose: TypeAlias = Callable[[pd.DataFrame, NameOf, Mapping[str, Any]], list[str]]

# Visits that are still open are in none of these.
_HALF_OF: Final = Words(
    {
        "visit": mark("half of the completed visits took"),
        "item": mark("half of the items that completed a visit spent"),
        "longest": mark("half of the items' longest completed visits took"),
    }
)
_NOTHING_LOST: Final = mark("Nothing was lost from a stage.")


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
    if kind in ("skips", "comparison"):
        table = of_stages_with_rows(table, remembered)
    remembered = as_spoken(remembered)
    rows = filled_rows(table, needed)
    return sentences_of(rows, stage_namer(remembered.get("names", {})), remembered)


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


def of_outcomes(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say how the items stand, or which groups have a win rate that stands out."""
    by = columns_before(table, "base")
    if table.empty:
        return []
    if not by:
        outcome = {str(name): table[name].iloc[0] for name in table.columns}
        return [standing(outcome, thing_of(remembered), can_be_lost=can_lose(remembered))]
    things = things_of(remembered)
    total = int(table["base"].sum())
    sentences = [tr("No win rate: the pipeline has no lost stage, so that all that is closed is won.")]
    if can_lose(remembered):
        sentences = of_standouts(
            remembered,
            total,
            rate=tr("win rate"),
            trials=tr("closed {things}", things=things),
            pending=mark("open"),
            things=things,
        )
    groups = [rows for _, rows in table.groupby(by, sort=False, dropna=False, observed=True)]
    sentences = [*won_by_group(table, by, thing_of(remembered)), *sentences]
    return [*sentences, *unlike_notes([_group_of_outcomes(rows, by) for rows in groups], remembered)]


def _group_of_outcomes(rows: pd.DataFrame, by: Sequence[Any]) -> Side:
    return Side(
        ", ".join(map(label, group_label(rows, by))), int(rows["base"].sum()), int(rows["open"].sum())
    )


def of_times(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which stage in progress takes longest."""
    known = table[(table["outcome"] == "open") & (table["completed"] > 0)]
    is_censored = table.attrs.get("stagefunnel", {}).get("open_visits") == "censored"
    if is_censored:
        known = known[known["median"].notna()]
        if known.empty:
            return [tr("Too few visits have ended to say how long half of them take.")]
    if known.empty:
        return [tr("No visit of a stage in progress is completed.")]
    row = largest(known, known["median"]).iloc[0]
    remembered = table.attrs.get("stagefunnel", {})
    half = _HALF_OF.get(remembered.get("per", "visit"), _HALF_OF["visit"])
    half = tr("half of all visits take") if is_censored else half
    median = length(row["median"], remembered.get("working_day"))
    if row["median"] == row["median"] - row["median"]:
        return [tr("There is no slowest stage: each median is {median}", median=median)]
    still_open = percent(row["open"] / row["visits"])
    sentence = tr(
        "Slowest stage: {stage} ({half} {median} or more; {still_open} of all visits are still open)",
        stage=name_of(row["stage"]),
        half=half,
        median=median,
        still_open=still_open,
    )
    return [with_ties(sentence, known["median"])]


def of_moves(table: pd.DataFrame, name_of: NameOf) -> list[str]:
    """Say which transition is the most frequent."""
    if table.empty:
        return [tr("Nothing moved.")]
    row = largest(table, table["moves"]).iloc[0]
    here, there = name_of(row["from_stage"]), name_of(row["to_stage"])
    share = tr(
        "{n_moves}, {share} of those that left {here}",
        n_moves=counted(row["moves"], "move"),
        share=percent(row["share"]),
        here=here,
    )
    sentence = tr("Most frequent: {here} → {there} ({share})", here=here, there=there, share=share)
    return [with_ties(sentence, table["moves"])]


def of_losses(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Say from which stage most items of all groups are lost, and what makes the groups unlike."""
    if table.empty:
        return [tr(_NOTHING_LOST) if can_lose(remembered) else tr(NO_LOST_STAGE)]
    notes = notes_of_losses(table, remembered)
    by = columns_before(table, "from_stage")
    groups = [rows for _, rows in table.groupby(by, observed=True, dropna=False)] if by else [table]
    if any(abs(rows["share"].sum() - 1) > 1e-9 for rows in groups):
        return notes
    lost = table.groupby("from_stage", observed=True, dropna=False)["items"].sum()
    most = _most_lost(name_of(present_or_missing(lost.idxmax())), int(lost.max()), int(lost.sum()))
    return [with_ties(most, lost), *notes]


def of_skips(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Say which stage is skipped most often, and in which group, and what makes the groups unlike."""
    some_without_rows = bool(remembered.get("without_rows"))
    if not table["beyond"].any() and not some_without_rows:
        return [tr("No {thing} got past a stage.", thing=thing_of(remembered))]
    groups = [map(label, value_labels(table[name])) for name in columns_before(table, "stage")]
    stages = map(name_of, table["stage"].tolist())
    places = [", ".join(names) for names in zip(stages, *groups, strict=True)]
    began = table["began_beyond"].to_numpy()
    on_the_way, things = OnTheWay.of_skips(table), things_of(remembered)
    sentence = skip_sentence(places, on_the_way, began, of_some_stages=some_without_rows, things=things)
    return [sentence, *notes_of_skips(table, remembered)]


def _most_lost(where: str, lost: int, total: int, total_of: str = "") -> str:
    part = part_of(lost, total, total_of or tr("lost"))
    return tr("Most often lost from: {where} ({part_of})", where=where, part_of=part)


def _of_two_periods(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Compare two periods; where differences have bounds, only what chance alone does not make is named."""
    found = of_comparison(table, remembered, name_of)
    if "p_adjusted" not in table.columns:
        return found
    notes = [line for line in found if begins(line, *NOTES)]
    return [*notes, *of_period_differences(table, name_of, remembered)]


_COLUMNS_OF_UNMARKED: Final[Mapping[str, tuple[str, ...]]] = {  # tables without ``attrs["stagefunnel"]``
    "quality": QUALITY,
    "problems": PROBLEMS,
    "explanation": EXPLANATION,
    "rows": ROWS,
    "stages": ("stage", "rows", "first_row"),
}
# For each kind of table: the columns that its sentences need, and the function that composes them.
_SENTENCES: Final[Mapping[str, tuple[Sequence[str], _Compose]]] = {
    "outcomes": (OUTCOME_TABLE, lambda table, _, remembered: of_outcomes(table, remembered)),
    "comparison": (COMPARISON, _of_two_periods),
    "time_in_stage": (
        STAGE_TIMES,
        lambda table, name_of, _: of_each_group(table, "stage", lambda rows: of_times(rows, name_of)),
    ),
    "compared_groups": (COMPARED_GROUPS, of_compared_groups),
    "decomposition": (DECOMPOSED, of_decomposition),
    "drivers": (DRIVERS, lambda table, _, remembered: of_drivers(table, remembered)),
    "mix_rate": (MIXED, of_mix_rate),
    "cumulative_incidence": (INCIDENCE, of_incidence),
    "absorption": (ABSORPTION, of_absorption),
    "cohort_maturity": (MATURITY, lambda table, _, remembered: of_maturity(table, remembered)),
    **FORECAST_SENTENCES,
    "time_to": (TIMES_TO, of_times_to),
    "variants": (VARIANTS, lambda table, _, remembered: of_variants(table, remembered)),
    "transitions": (
        TRANSITIONS,
        lambda table, name_of, _: of_each_group(table, "from_stage", lambda rows: of_moves(rows, name_of)),
    ),
    "losses": (LOSSES, of_losses),
    "skips": (SKIPS, of_skips),
    "sales_velocity": (VELOCITY, lambda table, _, remembered: of_velocity(table, remembered)),
    "flow": (FLOW, lambda table, *_: of_flow(table)),
    "open_items": (
        ("item", *OPEN_ITEMS[-2:]),  # of an item both may be missing
        lambda table, _, remembered: of_open_items(table, remembered),
    ),
    "item_table": (("outcome",), lambda table, *_: of_items(table)),
    "explanation": (EXPLANATION, lambda table, name_of, _: of_explanation(table, name_of)),
    "rows": (ROWS, lambda table, *_: of_rows(table)),
    "stages": (("stage", "rows"), lambda table, name_of, _: of_stages(table, name_of)),
    "quality": (QUALITY, lambda table, *_: of_quality(table)),
    "problems": (PROBLEMS, lambda table, *_: of_problems(table)),
    "suggestion": (("stage",), lambda _table, _name_of, remembered: [*map(doubt_of, remembered["doubts"])]),
}


def findings(
    part: pd.DataFrame,
    outcome: Mapping[str, Any] | None,
    names: Mapping[str, str],
    without_rows: Collection[str] = (),
    things: str = "items",
    *,
    can_be_lost: bool = True,
) -> list[str]:
    """Say which stage of a funnel is skipped most often, and from which stage most items are lost.

    Parameters
    ----------
    part
        The rows of one group of a funnel table.
    outcome
        The group's row of the outcomes table; ``None`` if it is not known.
    names
        What people read for a label.
    without_rows
        Stages that no row of the log has: the sentences pass over them.
    things
        What is counted.
    can_be_lost
        Whether the pipeline has a lost stage.

    Returns
    -------
    list of str
        Two sentences, or one where nothing can be lost, and another one where more items were ever won or
        lost than are so now. None if rows of
        the group were filtered away, since a missing stage might have been the one to name.
    """
    stages = part["stage"]
    if isinstance(stages.dtype, pd.CategoricalDtype) and len(part) < len(stages.cat.categories):
        return []
    name_of = stage_namer(names)
    seen = part[~stages.astype(str).isin(without_rows)] if without_rows else part
    skip = _skip_of_funnel(seen, name_of, of_some_stages=len(seen) < len(part), things=things)
    lost = [_loss_of_funnel(part, outcome, name_of)] if can_be_lost else []
    return [skip, *lost, *_ever_and_now(part, outcome, name_of)]


def _ever_and_now(part: pd.DataFrame, outcome: Mapping[str, Any] | None, name_of: NameOf) -> list[str]:
    """Part the items that were ever won or lost, which the bars count, from those that are so now."""
    if outcome is None:
        return []
    texts = []
    rows = [*zip(*(part[name].tolist() for name in ("outcome", "stage", "reached")), strict=True)]
    for name in ("won", "lost"):
        ends = [(stage, reached) for own, stage, reached in rows if str(own) == name]
        # Of several won stages an item may have been in more than one.
        if len(ends) == 1 and ends[0][1] != outcome[name]:
            stage, reached = ends[0]
            ever, now = count(reached), count(outcome[name])
            texts.append(tr("{value}: {ever} ever, {now} now", value=name_of(stage), ever=ever, now=now))
    return [tr("; ").join(texts)] if texts else []


def _skip_of_funnel(part: pd.DataFrame, name_of: NameOf, *, of_some_stages: bool, things: str) -> str:
    stages = part[part["outcome"] == "open"]
    places = [name_of(stage) for stage in stages["stage"].tolist()]
    began = stages["began_beyond"].to_numpy()
    on_the_way = OnTheWay.of_funnel(stages)
    return skip_sentence(places, on_the_way, began, of_some_stages=of_some_stages, things=things)


def _loss_of_funnel(part: pd.DataFrame, outcome: Mapping[str, Any] | None, name_of: NameOf) -> str:
    if not part["lost_from"].any():
        return tr(_NOTHING_LOST)
    row = largest(part, part["lost_from"]).iloc[0]
    stage, lost = name_of(row["stage"]), row["lost_from"]
    if outcome is None:
        # Without its outcomes a funnel does not show the items that were lost before any stage.
        most = _most_lost(stage, lost, int(part["lost_from"].sum()), tr("lost from a stage"))
    else:
        most = _most_lost(stage, lost, outcome["lost"])
    return with_ties(most, part["lost_from"])
