"""The stages of Pipedrive, with the statuses won and lost as the final stages of each pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from ...build.pipelines import in_time, without_deleted
from ...build.stage_lists import StageList, distinct_names, in_listed_order, names_by_id
from ...notes import Notes
from ...sources.columns import column_or_missing, is_true, sorted_by_numbers
from ...sources.nested import plain
from ...sources.source import Source, Table

_CLOSED = ("won", "lost")
_CLOSED_ALONE = (["won"], ["lost"])  # of deals whose pipeline is unknown
_OF_WAREHOUSE = {"stage_id": "id", "stage_name": "name"}
_COLUMNS = ("id", "name", "order_nr", "pipeline_id", "is_deleted", "active_flag")


@dataclass(frozen=True)
class Stages:
    """The stages of an account.

    Attributes
    ----------
    listed
        Listed stages in their order: ``code``, ``pipeline``, ``deleted``.
    pipeline_of
        Pipeline of each stage, by code; also of stages that only deals name.
    names
        Names of the stages, by code.
    pipelines
        Names of the pipelines, by id.
    """

    listed: pd.DataFrame
    pipeline_of: Mapping[str, str]
    names: Mapping[str, str]
    pipelines: Mapping[str, str]

    def visible(self, stage: pd.Series, status: pd.Series) -> pd.Series:
        """Return the stages of the log: won and lost of pipeline 1 are ``1:won`` and ``1:lost``."""
        prefixes = {code: f"{pipeline}:" for code, pipeline in self.pipeline_of.items()}
        final = stage.map(prefixes).astype(object).fillna("") + status.astype(object)
        return stage.where(~status.isin(_CLOSED), final).astype(object)

    def name_of(self, pipeline: str) -> str:
        """Return the name of a pipeline."""
        return self.pipelines.get(pipeline, f"Pipeline {pipeline}")

    def lists(self, rows: pd.DataFrame, notes: Notes) -> list[StageList]:
        """List the stages of each pipeline; deleted ones only if the log has them."""
        used = in_time(rows)
        kept = without_deleted(self.listed, used, notes)
        if not len(self.listed):
            open_stages = [code for code in used if code.rpartition(":")[2] not in _CLOSED]
            notes.add(
                "stages_not_listed",
                len(open_stages),
                "stages in the order in which they first appear, because /stages is not given",
            )
            kept = pd.DataFrame({"code": open_stages})
            kept["pipeline"] = kept["code"].map(self.pipeline_of)
        codes = {str(pipeline): list(own) for pipeline, own in kept.groupby("pipeline", sort=False)["code"]}
        won, lost = _CLOSED
        lists = [
            StageList.of_pipeline(
                self.name_of(pipeline), pipeline, codes[pipeline], won=won, lost=lost, names=self.names
            )
            for pipeline in in_listed_order(self.pipelines, codes)
        ]
        homeless = list(kept["code"][kept["pipeline"].isna()])
        return [*lists, StageList("Pipeline", homeless, *_CLOSED_ALONE, self.names)] if homeless else lists


def is_stage_list(source: Source) -> bool:
    """Check for a warehouse's list of stages: a name for each, without the order."""
    return (
        source.has("stage_id", "stage_name")
        and {*source.columns} <= {*_OF_WAREHOUSE, "pipeline_id", "order_nr", "is_deleted", "active_flag"}
        and bool(source.frame["stage_id"].is_unique)
    )


def stages_of(tables: Mapping[str, Table], notes: Notes) -> Stages:
    """Collect stages from their list, or else from the deals and changes that name them."""
    pipelines: dict[str, str] = {}
    if "pipelines" in tables:
        frame = sorted_by_numbers(plain(tables["pipelines"], _COLUMNS).frame, "order_nr")
        pipelines = distinct_names(names_by_id(frame["id"], frame["name"]))
    pipeline_of: dict[str, str] = {}
    if "deals" in tables and "pipeline_id" in tables["deals"].frame:
        pairs = tables["deals"].frame[["stage_id", "pipeline_id"]].dropna()
        pipeline_of.update(zip(pairs["stage_id"], pairs["pipeline_id"], strict=True))
    if "stages" not in tables:
        empty = pd.DataFrame(columns=["code", "pipeline", "deleted"]).astype({"deleted": bool})
        return Stages(empty, pipeline_of, _names_in_flow(tables), pipelines)
    listed_frame = tables["stages"].frame.rename(columns=_OF_WAREHOUSE)
    plain(replace(tables["stages"], frame=listed_frame), _COLUMNS)
    if "order_nr" not in listed_frame:
        notes.add(
            "stages_by_id",
            len(listed_frame),
            "stages in the order of their ids, as they are listed without an order",
        )
    by = "order_nr" if "order_nr" in listed_frame else "id"
    frame = sorted_by_numbers(listed_frame, by).drop_duplicates("id")
    frame = frame.assign(pipeline_id=column_or_missing(frame, "pipeline_id"))
    homes = frame[["id", "pipeline_id"]].dropna()
    pipeline_of.update(zip(homes["id"], homes["pipeline_id"], strict=True))
    listed = pd.DataFrame(
        {"code": frame["id"], "pipeline": frame["pipeline_id"], "deleted": _is_deleted(frame)}
    )
    names = {**_names_in_flow(tables), **names_by_id(frame["id"], frame["name"])}
    return Stages(listed, pipeline_of, names, pipelines)


def _is_deleted(stages: pd.DataFrame) -> pd.Series:
    if "is_deleted" in stages:
        return is_true(stages["is_deleted"])
    if "active_flag" in stages:
        return ~is_true(stages["active_flag"])
    return pd.Series(False, index=stages.index)


def _names_in_flow(tables: Mapping[str, Table]) -> dict[str, str]:
    """Return the names of stages that changes carry beside the codes."""
    names: dict[str, str] = {}
    for entry in tables["flow"].frame["data"] if "flow" in tables else ():
        if isinstance(entry, dict) and entry.get("field_key") == "stage_id":
            formatted = entry.get("additional_data")
            for value in ("old_value", "new_value"):
                name = formatted.get(f"{value}_formatted") if isinstance(formatted, dict) else None
                if entry.get(value) is not None and name:
                    names[str(entry[value])] = str(name)
    return names
