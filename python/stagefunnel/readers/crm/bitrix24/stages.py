"""The pipelines of Bitrix24: stages in their order, by what they mean, with their names."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ....errors import quoted
from ....pipeline import Pipeline
from ...build.log import StageList, make_pipelines
from ...notes import Notes
from ...sources.cells import as_text
from ...sources.source import Table


class Entity(enum.Enum):
    """What a history is about."""

    LEADS = "leads"
    DEALS = "deals"


# What the codes of stages mean that every Bitrix24 has, behind the pipeline's own "C3:".
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
    """Tell in which pipeline each row is: by the code of its stage, or by ``CATEGORY_ID``."""
    by_code = rows["stage"].str.extract(r"^(?:C|DT\d+_)(\d+):", expand=False)
    given = rows.get("CATEGORY_ID", pd.Series(None, index=rows.index, dtype=object))
    return by_code.where(by_code.notna(), given).fillna("0").astype(object)


def pipelines_of(
    rows: pd.DataFrame, statuses: Table | None, categories: Table | None, entity: Entity, notes: Notes
) -> Stages:
    """Make the pipelines of a history.

    Parameters
    ----------
    rows
        The history with ``stage``, ``category`` and ``semantic``, in order of time.
    statuses, categories
        ``crm.status.list`` and ``crm.category.list``, where they are given. The stages of a pipeline that
        the first does not have come in order of first appearance.
    entity
        What the history is about.
    """
    seen = rows.drop_duplicates("stage", keep="last").set_index("stage")[["category", "semantic"]]
    seen = seen.reindex(pd.unique(rows["stage"].dropna()))
    seen["semantic"] = _filled(seen["semantic"], seen.index, notes)
    listed = _listed(statuses, rows, entity, seen["semantic"])
    names = _pipeline_names(rows, categories, entity)
    ids = list(dict.fromkeys([*names, *sorted({*listed["category"], *seen["category"]}, key=_by_number)]))
    lists: list[StageList] = []
    name_of: dict[str, str] = {}
    for category in ids:
        own = listed[listed["category"] == category]
        used = seen[seen["category"] == category]
        if not len(own) and not len(used):
            continue
        name = names.get(category) or f"Pipeline {category}"
        name_of[category] = f"{name} ({category})" if name in name_of.values() else name
        lists.append(_stage_list(name_of[category], own, used, rows, notes))
    idle = [one.name for one in lists if not one.stages]
    notes.add(
        "pipelines_left_out",
        len(idle),
        f"pipelines without a stage in progress, left out: {quoted(idle, most=6)}",
    )
    return Stages(make_pipelines(lists, also=seen.index), name_of)


def _by_number(category: str) -> tuple[int, str]:
    return (int(category), "") if category.isdigit() else (-1, category)


def _filled(semantics: pd.Series, codes: pd.Index, notes: Notes) -> pd.Series:
    """Take what the system's own codes mean where rows do not tell."""
    unknown = ~semantics.isin(["P", "S", "F"])
    notes.add(
        "meaning_by_code",
        unknown.sum(),
        "stages whose rows do not tell P, S or F: WON, LOSE and the like by their codes, others in progress",
    )
    by_code = [_SYSTEM_CODES.get(str(code).rpartition(":")[2], "P") for code in codes]
    return semantics.where(~unknown, pd.Series(by_code, index=semantics.index, dtype=object))


def _listed(statuses: Table | None, rows: pd.DataFrame, entity: Entity, seen: pd.Series) -> pd.DataFrame:
    """Take the stages of one entity out of ``crm.status.list``, in their order."""
    columns = ["category", "code", "name", "semantic"]
    if statuses is None:
        return pd.DataFrame(columns=columns, dtype=object)
    frame = statuses.frame
    found = frame["ENTITY_ID"].str.extract(_entity_pattern(rows, entity))
    frame = frame[found[0].notna()]
    own = pd.DataFrame(
        {
            "category": found.loc[frame.index, 1].fillna("0").astype(object),
            "code": frame["STATUS_ID"],
            "name": frame.get("NAME", frame["STATUS_ID"]).fillna(frame["STATUS_ID"]),
            "semantic": _semantics(frame, seen),
        }
    )
    numbers = [pd.to_numeric(frame[name], errors="coerce") for name in ("SORT", "ID") if name in frame]
    keys = pd.DataFrame({str(at): column for at, column in enumerate(numbers)}, index=frame.index)
    own = (
        own.loc[keys.sort_values([str(at) for at in range(len(numbers))], kind="stable").index]
        if numbers
        else own
    )
    return own.drop_duplicates("code")


def _entity_pattern(rows: pd.DataFrame, entity: Entity) -> str:
    if entity is Entity.LEADS:
        return r"^(STATUS)(\d+)?$"
    other = rows["stage"].str.extract(r"^DT(\d+)_", expand=False).dropna()
    if not len(other):
        return r"^(DEAL_STAGE)(?:_(\d+))?$"
    kind = str(other.iloc[0])
    return r"^(SMART_INVOICE_STAGE)_(\d+)$" if kind == "31" else rf"^(DYNAMIC_{kind}_STAGE)_(\d+)$"


def _semantics(statuses: pd.DataFrame, seen: pd.Series) -> pd.Series:
    """Read P, S or F; a list without the column is helped out by the history and the system's codes."""
    if "SEMANTICS" in statuses:
        said = statuses["SEMANTICS"]
        if "EXTRA" in statuses:
            said = said.where(said.notna(), _extra(statuses["EXTRA"]))
        return said.where(said.isin(["P", "S", "F"]), "P")
    if "EXTRA" in statuses:
        return _extra(statuses["EXTRA"]).fillna("P")
    codes = statuses["STATUS_ID"]
    by_code = codes.str.rpartition(":")[2].map(_SYSTEM_CODES)
    return codes.map(seen).fillna(by_code).fillna("P")


def _extra(extra: pd.Series) -> pd.Series:
    said = extra.map(lambda value: value.get("SEMANTICS") if isinstance(value, dict) else None)
    return as_text(said).map(_SEMANTICS).astype(object)


def _pipeline_names(rows: pd.DataFrame, categories: Table | None, entity: Entity) -> dict[str, str]:
    """Name pipelines by id, in their order; deals have them in a list, BI Builder in its rows."""
    if entity is Entity.LEADS:
        return {"0": "Leads"}
    if categories is not None:
        frame = categories.frame
        if "SORT" in frame:
            frame = frame.iloc[pd.to_numeric(frame["SORT"], errors="coerce").argsort(kind="stable")]
        return dict(zip(frame["ID"], frame["NAME"], strict=True))
    if "CATEGORY_NAME" in rows:
        known = rows.dropna(subset=["CATEGORY_NAME"]).drop_duplicates("category", keep="last")
        return dict(zip(known["category"], known["CATEGORY_NAME"], strict=True))
    return {}


def _stage_list(
    name: str, listed: pd.DataFrame, used: pd.DataFrame, rows: pd.DataFrame, notes: Notes
) -> StageList:
    if not len(listed):
        notes.add(
            "stages_not_listed",
            len(used),
            "stages in order of first appearance, because crm.status.list with their order is not given",
        )
        by = {kind: list(used.index[used["semantic"] == kind]) for kind in "PSF"}
        return StageList(name, by["P"], by["S"], by["F"], _names_in(rows))
    by = {kind: list(listed["code"][listed["semantic"] == kind]) for kind in "PSF"}
    gone = used[~used.index.isin(listed["code"])]
    count = int(rows["stage"].isin(gone.index).sum())
    notes.add(
        "deleted_stages",
        count,
        f"rows of stages that crm.status.list no longer has ({', '.join(map(str, gone.index))}): final ones "
        f"count as such, others as stages elsewhere",
    )
    won, lost = (list(gone.index[gone["semantic"] == kind]) for kind in "SF")
    names = {**_names_in(rows), **dict(zip(listed["code"], listed["name"], strict=True))}
    return StageList(name, by["P"], by["S"] + won, by["F"] + lost, names)


def _names_in(rows: pd.DataFrame) -> Mapping[str, str]:
    """Take the names of stages out of the rows, where BI Builder writes them."""
    column = "STAGE_NAME"
    if column not in rows:
        return {}
    known = rows.dropna(subset=[column]).drop_duplicates("stage", keep="last")
    return dict(zip(known["stage"], known[column], strict=True))
