"""The pipelines of Bitrix24: stages in their order, with their meaning and their names."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import pandas as pd

from ....pipeline import Pipeline
from ...build.pipelines import note_idle
from ...build.stage_lists import StageList, distinct_names, in_listed_order, make_pipelines
from ...notes import Notes
from ...sources.cells import as_text
from ...sources.columns import column_or_missing, sorted_by_numbers
from ...sources.source import Table


class Entity(enum.Enum):
    """The kind of items that a history is about."""

    LEADS = "leads"
    DEALS = "deals"


# Meaning of the codes that every Bitrix24 has; a pipeline's own prefix such as "C3:" is not part of them.
_SYSTEM_CODES = {
    **dict.fromkeys(["WON", "CONVERTED", "SUCCESS"], "S"),
    **dict.fromkeys(["LOSE", "APOLOGY", "JUNK", "FAIL"], "F"),
}
_SEMANTICS = {"process": "P", "success": "S", "failure": "F", "apology": "F"}


@dataclass(frozen=True)
class Stages:
    """The pipelines by name, and the name of the pipeline with each id."""

    pipelines: dict[str, Pipeline]
    name_of: dict[str, str]


def pipeline_ids(rows: pd.DataFrame) -> pd.Series:
    """Return the pipeline of each row: from the code of its stage, otherwise from ``CATEGORY_ID``."""
    by_code = rows["stage"].str.extract(r"^(?:C|DT\d+_)(\d+):", expand=False)
    by_column = column_or_missing(rows, "CATEGORY_ID")
    return by_code.where(by_code.notna(), by_column).fillna("0").astype(object)


def pipelines_of(
    rows: pd.DataFrame, statuses: Table | None, categories: Table | None, entity: Entity, notes: Notes
) -> Stages:
    """Make the pipelines of a history.

    Parameters
    ----------
    rows
        Columns ``stage``, ``category`` and ``semantic`` of the history, in order of time.
    statuses, categories
        Tables of ``crm.status.list`` and ``crm.category.list``, if the export has them. The stages of a
        pipeline without listed stages come in order of first appearance.
    entity
        Kind of the items.
    """
    used = rows.drop_duplicates("stage", keep="last").set_index("stage")[["category", "semantic"]]
    used = used.reindex(pd.unique(rows["stage"].dropna()))
    used["semantic"] = _filled(used["semantic"], used.index, notes)
    listed = _listed(statuses, rows, entity, used["semantic"])
    names = _pipeline_names(rows, categories, entity)
    with_stages = sorted({*listed["category"], *used["category"]}, key=_by_number)
    ids = in_listed_order(names, with_stages)
    name_of = distinct_names({code: names.get(code) or f"Pipeline {code}" for code in ids})
    lists = [
        _stage_list(name, listed[listed["category"] == code], used[used["category"] == code], rows, notes)
        for code, name in name_of.items()
    ]
    note_idle(lists, notes)
    return Stages(make_pipelines(lists, also=used.index), name_of)


def _by_number(category: str) -> tuple[int, str]:
    return (int(category), "") if category.isdigit() else (-1, category)


def _filled(semantics: pd.Series, codes: pd.Index, notes: Notes) -> pd.Series:
    """Fill in the meaning of system codes where rows do not have it."""
    unknown = ~semantics.isin(["P", "S", "F"])
    notes.add(
        "meaning_by_code",
        unknown.sum(),
        "stages whose rows do not have P, S or F: WON, LOSE and the like by their codes, others in progress",
    )
    by_code = [_SYSTEM_CODES.get(str(code).rpartition(":")[2], "P") for code in codes]
    return semantics.where(~unknown, pd.Series(by_code, index=semantics.index, dtype=object))


def _listed(statuses: Table | None, rows: pd.DataFrame, entity: Entity, used: pd.Series) -> pd.DataFrame:
    """Return the stages of one entity from ``crm.status.list``, in their order."""
    if statuses is None:
        return pd.DataFrame(columns=["category", "code", "name", "semantic"], dtype=object)
    frame = sorted_by_numbers(statuses.frame, "SORT", "ID")
    matches = frame["ENTITY_ID"].str.extract(_entity_pattern(rows, entity))
    frame = frame[matches[0].notna()]
    stages = pd.DataFrame(
        {
            "category": matches.loc[frame.index, 1].fillna("0").astype(object),
            "code": frame["STATUS_ID"],
            "name": column_or_missing(frame, "NAME").fillna(frame["STATUS_ID"]),
            "semantic": _semantics(frame, used),
        }
    )
    return stages.drop_duplicates("code")


def _entity_pattern(rows: pd.DataFrame, entity: Entity) -> str:
    """Return a pattern of ``ENTITY_ID`` whose second group is the id of the pipeline."""
    if entity is Entity.LEADS:
        return r"^(STATUS)(\d+)?$"
    smart_processes = rows["stage"].str.extract(r"^DT(\d+)_", expand=False).dropna()
    if not len(smart_processes):
        return r"^(DEAL_STAGE)(?:_(\d+))?$"
    kind = str(smart_processes.iloc[0])
    return r"^(SMART_INVOICE_STAGE)_(\d+)$" if kind == "31" else rf"^(DYNAMIC_{kind}_STAGE)_(\d+)$"


def _semantics(statuses: pd.DataFrame, used: pd.Series) -> pd.Series:
    """Read P, S or F; without a column of them, take them from the history and the system codes."""
    if "SEMANTICS" in statuses:
        letters = statuses["SEMANTICS"]
        if "EXTRA" in statuses:
            letters = letters.where(letters.notna(), _extra(statuses["EXTRA"]))
        return letters.where(letters.isin(["P", "S", "F"]), "P")
    if "EXTRA" in statuses:
        return _extra(statuses["EXTRA"]).fillna("P")
    codes = statuses["STATUS_ID"]
    by_code = codes.str.rpartition(":")[2].map(_SYSTEM_CODES)
    return codes.map(used).fillna(by_code).fillna("P")


def _extra(extra: pd.Series) -> pd.Series:
    words = extra.map(lambda value: value.get("SEMANTICS") if isinstance(value, dict) else None)
    return as_text(words).map(_SEMANTICS).astype(object)


def _pipeline_names(rows: pd.DataFrame, categories: Table | None, entity: Entity) -> dict[str, str]:
    """Name pipelines by id, in their order: from the list of deals' pipelines, or the BI Builder's rows."""
    if entity is Entity.LEADS:
        return {"0": "Leads"}
    if categories is not None:
        frame = sorted_by_numbers(categories.frame, "SORT")
        return dict(zip(frame["ID"], frame["NAME"], strict=True))
    return _last_values(rows, "category", "CATEGORY_NAME")


def _stage_list(
    name: str, listed: pd.DataFrame, used: pd.DataFrame, rows: pd.DataFrame, notes: Notes
) -> StageList:
    names = _last_values(rows, "stage", "STAGE_NAME")
    if not len(listed):
        notes.add(
            "stages_not_listed",
            len(used),
            "stages in order of first appearance, because crm.status.list with their order is not given",
        )
        return StageList(name, *_by_semantic(pd.Series(used.index), used["semantic"]), names)
    deleted = used[~used.index.isin(listed["code"])]
    count = int(rows["stage"].isin(deleted.index).sum())
    notes.add(
        "deleted_stages",
        count,
        f"rows of stages that crm.status.list no longer has ({', '.join(map(str, deleted.index))}): final "
        f"ones count as such, others as stages elsewhere",
    )
    stages, won, lost = _by_semantic(listed["code"], listed["semantic"])
    _, deleted_won, deleted_lost = _by_semantic(pd.Series(deleted.index), deleted["semantic"])
    names |= dict(zip(listed["code"], listed["name"], strict=True))
    return StageList(name, stages, won + deleted_won, lost + deleted_lost, names)


def _by_semantic(codes: pd.Series, semantics: pd.Series) -> tuple[list[str], list[str], list[str]]:
    """Split codes into stages in progress, won and lost."""
    stages, won, lost = (list(codes[semantics.to_numpy() == letter]) for letter in "PSF")
    return stages, won, lost


def _last_values(rows: pd.DataFrame, key: str, column: str) -> dict[str, str]:
    """Return the last value of a column for each key; the BI Builder writes names on every row."""
    if column not in rows:
        return {}
    last = rows.dropna(subset=[column]).drop_duplicates(key, keep="last")
    return dict(zip(last[key], last[column], strict=True))
