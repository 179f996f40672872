"""The stages of Pipedrive, with won and lost, which are statuses, as the last stages of each pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ...build.log import StageList, distinct_names
from ...build.pipelines import in_time
from ...notes import Notes
from ...sources.cells import is_true
from ...sources.nested import plain
from ...sources.source import Table

_CLOSED = ("won", "lost")
_READ = ("id", "name", "order_nr", "pipeline_id", "is_deleted", "active_flag")


@dataclass(frozen=True)
class Stages:
    """What is known of stages: a list in order, the pipeline of each, and names."""

    listed: pd.DataFrame  # code, pipeline, deleted; in order
    pipeline_of: Mapping[str, str]
    names: Mapping[str, str]
    pipelines: Mapping[str, str]

    def seen(self, stage: pd.Series, status: pd.Series) -> pd.Series:
        """Tell in which stage a deal is seen: won and lost as ``1:won`` and ``1:lost`` of pipeline 1."""
        prefixes = {code: f"{pipeline}:" for code, pipeline in self.pipeline_of.items()}
        final = stage.map(prefixes).astype(object).fillna("") + status.astype(object)
        return stage.where(~status.isin(_CLOSED), final).astype(object)

    def name_of(self, pipeline: str) -> str:
        """Name a pipeline."""
        return self.pipelines.get(pipeline, f"Pipeline {pipeline}")

    def lists(self, rows: pd.DataFrame, notes: Notes) -> list[StageList]:
        """List the stages of each pipeline; deleted ones only where the log has them."""
        used = in_time(rows)
        kept = self.listed[~self.listed["deleted"] | self.listed["code"].isin(used)]
        if not len(self.listed):
            open_stages = [code for code in used if code.rpartition(":")[2] not in _CLOSED]
            notes.add(
                "stages_not_listed",
                len(open_stages),
                "stages in the order in which they first appear, because /stages is not given",
            )
            kept = pd.DataFrame({"code": open_stages, "deleted": False})
            kept["pipeline"] = kept["code"].map(self.pipeline_of)
        notes.add(
            "deleted_stages", int(kept["deleted"].sum()), "stages that are deleted, kept for their rows"
        )
        ids = [one for one in self.pipelines if kept["pipeline"].eq(one).any()]
        ids += [one for one in kept["pipeline"].dropna().unique() if one not in ids]
        lists = [self._list(one, list(kept["code"][kept["pipeline"].eq(one)])) for one in ids]
        homeless = list(kept["code"][kept["pipeline"].isna()])
        return [*lists, StageList("Pipeline", homeless, *_CLOSED_ALONE, self.names)] if homeless else lists

    def _list(self, pipeline: str, codes: list[str]) -> StageList:
        won, lost = (f"{pipeline}:{status}" for status in _CLOSED)
        names = {**self.names, won: "Won", lost: "Lost"}
        return StageList(self.name_of(pipeline), codes, [won], [lost], names)


_CLOSED_ALONE = (["won"], ["lost"])


def stages_of(tables: Mapping[str, Table]) -> Stages:
    """Collect stages from their list, else what deals and changes tell of them."""
    pipelines: dict[str, str] = {}
    if "pipelines" in tables:
        frame = _in_order(plain(tables["pipelines"], _READ).frame)
        pipelines = distinct_names(dict(zip(frame["id"], frame["name"].fillna(frame["id"]), strict=True)))
    pipeline_of: dict[str, str] = {}
    if "deals" in tables and "pipeline_id" in tables["deals"].frame:
        pairs = tables["deals"].frame[["stage_id", "pipeline_id"]].dropna()
        pipeline_of.update(zip(pairs["stage_id"], pairs["pipeline_id"], strict=True))
    if "stages" not in tables:
        nothing = pd.DataFrame(columns=["code", "pipeline", "deleted"]).astype({"deleted": bool})
        return Stages(nothing, pipeline_of, _names_in(tables), pipelines)
    frame = _in_order(plain(tables["stages"], _READ).frame).drop_duplicates("id")
    pipeline_of.update(zip(frame["id"], frame["pipeline_id"], strict=True))
    listed = pd.DataFrame(
        {"code": frame["id"], "pipeline": frame["pipeline_id"], "deleted": _is_deleted(frame)}
    )
    names = {**_names_in(tables), **dict(zip(frame["id"], frame["name"].fillna(frame["id"]), strict=True))}
    return Stages(listed, pipeline_of, names, pipelines)


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[pd.to_numeric(frame["order_nr"], errors="coerce").argsort(kind="stable")]


def _is_deleted(stages: pd.DataFrame) -> pd.Series:
    if "is_deleted" in stages:
        return is_true(stages["is_deleted"])
    if "active_flag" in stages:
        return ~is_true(stages["active_flag"])
    return pd.Series(False, index=stages.index)


def _names_in(tables: Mapping[str, Table]) -> dict[str, str]:
    """Take the names of stages that changes write beside their ids."""
    names: dict[str, str] = {}
    for entry in tables["flow"].frame["data"] if "flow" in tables else ():
        if isinstance(entry, dict) and entry.get("field_key") == "stage_id":
            beside = entry.get("additional_data")
            for value in ("old_value", "new_value"):
                said = beside.get(f"{value}_formatted") if isinstance(beside, dict) else None
                if entry.get(value) is not None and said:
                    names[str(entry[value])] = str(said)
    return names
