"""The stages of Salesforce: from OpportunityStage, else from the flags and probabilities of opportunities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...build.log import StageList
from ...build.pipelines import in_time, list_by_names
from ...notes import Notes
from ...sources.cells import is_true
from ...sources.source import Table

_NAME = "Opportunities"
# What every organisation starts with, in order; two of them share a probability.
_STANDARD = (
    *("Prospecting", "Qualification", "Needs Analysis", "Value Proposition", "Id. Decision Makers"),
    *("Perception Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost"),
)
_NO_FACTS = pd.DataFrame(
    {"stage": pd.Series(dtype=object)} | dict.fromkeys(["probability", "won", "lost"], 0.0)
)


def stage_list(rows: pd.DataFrame, tables: Sequence[Table], notes: Notes) -> StageList:
    """List the stages in their order, by what they mean.

    Parameters
    ----------
    rows
        ``stage`` and ``time`` of the log.
    tables
        Whatever was read, in the names of the interface's fields.
    """
    listed = [table.frame for table in tables if "MasterLabel" in table.frame]
    if listed:
        return _from_list(pd.concat(listed, ignore_index=True), in_time(rows))
    return _from_rows(in_time(rows), [table.frame for table in tables if "StageName" in table.frame], notes)


def _from_list(frame: pd.DataFrame, used: Sequence[str]) -> StageList:
    """Take the stages in their order; one that is no longer active only where the log has it."""
    if "SortOrder" in frame:
        frame = frame.iloc[pd.to_numeric(frame["SortOrder"], errors="coerce").argsort(kind="stable")]
    if "IsActive" in frame:
        frame = frame[is_true(frame["IsActive"]) | frame["MasterLabel"].isin(used)]
    frame = frame.drop_duplicates("MasterLabel")
    closed, won = _flag(frame, "IsClosed"), _flag(frame, "IsWon")
    labels = frame["MasterLabel"]
    return StageList(_NAME, list(labels[~closed & ~won]), list(labels[won]), list(labels[closed & ~won]))


def _flag(frame: pd.DataFrame, name: str) -> pd.Series:
    return is_true(frame[name]) if name in frame else pd.Series(False, index=frame.index)


def _from_rows(used: list[str], frames: Sequence[pd.DataFrame], notes: Notes) -> StageList:
    """Order stages by their usual probability; won and lost by what rows say, else by names."""
    facts = pd.concat([_NO_FACTS, *map(_facts, frames)], ignore_index=True)
    by_stage = facts.groupby("stage", sort=False)
    probability = by_stage["probability"].median().reindex(used)
    known = pd.DataFrame({name: by_stage[name].max().reindex(used) for name in ("won", "lost")}) == 1
    unclear = by_stage["won"].count().reindex(used).fillna(0).eq(0)
    by_names = list_by_names(_NAME, used)
    won = known["won"] | (unclear & known.index.isin(by_names.won))
    lost = ~won & (known["lost"] | (unclear & known.index.isin(by_names.lost)))
    standard = [_STANDARD.index(stage) if stage in _STANDARD else len(_STANDARD) for stage in used]
    place = pd.Series(standard, index=used)
    order = pd.DataFrame({"probability": probability, "place": place})
    order = order.sort_values(["probability", "place"], kind="stable")
    notes.add(
        "stages_by_probability",
        len(used),
        "stages in the order of their probability, then of Salesforce's standard stages, then as they first "
        "appear, because OpportunityStage with their order is not given",
    )
    notes.add(
        "meaning_by_name", int(unclear.sum()), "stages of which no row tells whether they are won or lost"
    )
    in_order = list(order.index)
    return StageList(
        _NAME,
        [stage for stage in in_order if not won[stage] and not lost[stage]],
        [stage for stage in in_order if won[stage]],
        [stage for stage in in_order if lost[stage]],
    )


def _facts(frame: pd.DataFrame) -> pd.DataFrame:
    """Take what rows tell of their stage; the history has no flags, but a category of the forecast."""
    facts = pd.DataFrame({"stage": frame["StageName"]})
    probability = frame.get("Probability", pd.Series(None, index=frame.index, dtype=object))
    facts["probability"] = pd.to_numeric(probability, errors="coerce")
    facts["won"] = facts["lost"] = np.nan
    if "IsWon" in frame and "IsClosed" in frame:
        facts["won"] = is_true(frame["IsWon"]).astype(float)
        facts["lost"] = (is_true(frame["IsClosed"]) & ~is_true(frame["IsWon"])).astype(float)
    elif "ForecastCategory" in frame:
        category = frame["ForecastCategory"].str.lower()
        facts["won"] = (category.eq("closed") & facts["probability"].eq(100)).astype(float)
        facts["lost"] = (category.eq("omitted") & facts["probability"].eq(0)).astype(float)
    return facts
