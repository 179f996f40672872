"""The stages of Salesforce: from OpportunityStage, or from flags and probabilities of opportunities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...build.pipelines import in_time, list_by_names
from ...build.stage_lists import StageList
from ...notes import Notes
from ...sources.columns import column_or_missing, is_true, sorted_by_numbers
from ...sources.source import Table

_NAME = "Opportunities"
# The stages of a new organisation, in order; two of them share a probability.
_STANDARD = (
    *("Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Id. Decision Makers"),
    *("Perception Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost"),
)
_NO_FACTS = pd.DataFrame(
    {"stage": pd.Series(dtype=object)} | dict.fromkeys(["probability", "won", "lost"], 0.0)
)


def stage_list(rows: pd.DataFrame, tables: Sequence[Table], notes: Notes) -> StageList:
    """List the stages in their order, with their meaning.

    Parameters
    ----------
    rows
        Columns ``stage`` and ``time`` of the log.
    tables
        All tables of the export, with the field names of the interface.
    """
    listed = [table.frame for table in tables if "MasterLabel" in table.frame]
    if listed:
        return _from_list(pd.concat(listed, ignore_index=True), in_time(rows))
    return _from_rows(in_time(rows), [table.frame for table in tables if "StageName" in table.frame], notes)


def _from_list(frame: pd.DataFrame, used: Sequence[str]) -> StageList:
    """Read the listed stages; inactive ones only if the log uses them."""
    frame = sorted_by_numbers(frame, "SortOrder")
    if "IsActive" in frame:
        frame = frame[is_true(frame["IsActive"]) | frame["MasterLabel"].isin(used)]
    frame = frame.dropna(subset="MasterLabel").drop_duplicates("MasterLabel")
    is_won, is_closed = (is_true(column_or_missing(frame, name)) for name in ("IsWon", "IsClosed"))
    return StageList.by_meaning(_NAME, list(frame["MasterLabel"]), won=list(is_won), lost=list(is_closed))


def _from_rows(used: list[str], frames: Sequence[pd.DataFrame], notes: Notes) -> StageList:
    """Order stages by their usual probability; rows say which are won and lost, or else names do."""
    facts = pd.concat([_NO_FACTS, *map(_facts, frames)], ignore_index=True)
    by_stage = facts.groupby("stage", sort=False)
    flags = by_stage[["won", "lost"]].max().reindex(used).eq(1)
    is_unclear = by_stage["won"].count().reindex(used).fillna(0).eq(0)
    by_names = list_by_names(_NAME, used)
    standard = {stage: rank for rank, stage in enumerate(_STANDARD)}
    stages = pd.DataFrame(
        {
            "won": flags["won"] | (is_unclear & flags.index.isin(by_names.won)),
            "lost": flags["lost"] | (is_unclear & flags.index.isin(by_names.lost)),
            "probability": by_stage["probability"].median().reindex(used),
            "rank": [standard.get(stage, len(standard)) for stage in used],
        },
        index=pd.Index(used, dtype=object),
    ).sort_values(["probability", "rank"], kind="stable")
    notes.add(
        "stages_by_probability",
        len(used),
        "stages in the order of their probability, then of Salesforce's standard stages, then as they first "
        "appear, because OpportunityStage with their order is not given",
    )
    notes.add(
        "meaning_by_name", int(is_unclear.sum()), "stages whose rows do not say whether they are won or lost"
    )
    return StageList.by_meaning(_NAME, list(stages.index), won=list(stages["won"]), lost=list(stages["lost"]))


def _facts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the probability and meaning of the stage of each row.

    Opportunities have flags. The history has none, but its forecast category and probability together
    say whether a stage is won or lost.
    """
    facts = pd.DataFrame({"stage": frame["StageName"]})
    facts["probability"] = pd.to_numeric(column_or_missing(frame, "Probability"), errors="coerce")
    facts["won"] = facts["lost"] = np.nan
    if "IsWon" in frame and "IsClosed" in frame:
        is_won, is_closed = is_true(frame["IsWon"]), is_true(frame["IsClosed"])
        facts["won"] = is_won.astype(float)
        facts["lost"] = (is_closed & ~is_won).astype(float)
    elif "ForecastCategory" in frame:
        category = frame["ForecastCategory"].str.lower()
        facts["won"] = (category.eq("closed") & facts["probability"].eq(100)).astype(float)
        facts["lost"] = (category.eq("omitted") & facts["probability"].eq(0)).astype(float)
    return facts
