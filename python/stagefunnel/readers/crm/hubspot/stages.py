"""HubSpot's pipelines: from the REST interface, a warehouse, or the names of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ....errors import ReaderError, named, quoted
from ...build.pipelines import list_by_names, without_deleted
from ...build.stage_lists import StageList, distinct_names, in_listed_order, names_by_id
from ...notes import Notes
from ...sources.cells import as_text, refuse_nested
from ...sources.columns import is_true, sorted_by_numbers
from ...sources.nested import objects, plain
from ...sources.places import place_of
from ...sources.source import Table
from .meanings import NAME, UNKNOWN, ZERO, with_meanings

# The stages that every new account has.
DEFAULT_STAGES = {
    "appointmentscheduled": "Appointment Scheduled",
    "qualifiedtobuy": "Qualified To Buy",
    "presentationscheduled": "Presentation Scheduled",
    "decisionmakerboughtin": "Decision Maker Bought-In",
    "contractsent": "Contract Sent",
    "closedwon": "Closed Won",
    "closedlost": "Closed Lost",
}
_WAREHOUSE_COLUMNS = (
    *("pipeline_id", "stage_id", "label", "display_order", "probability", "is_closed", "closed_won"),
    "_fivetran_deleted",
)
_COLUMNS = (
    *("pipeline", "code", "name", "order", "deleted", "probability", "closed", "won", "basis", "named"),
)
# A ticket that is closed is done; its stages have no probability.
_SHARE = {"CLOSED": "1"}
_CLOSED = {"CLOSED": "true", "OPEN": "false"}
_WITH_PIPELINE = re.compile(r"^(?P<stage>.+) \((?P<pipeline>[^()]+)\)$")


@dataclass(frozen=True)
class Stages:
    """The stages that an account lists.

    Attributes
    ----------
    frame
        One row per stage, in the order of display: ``pipeline``, ``code``, ``name``, ``order``,
        ``deleted``, and what :func:`with_meanings` adds.
    pipelines
        Names of the pipelines, by id.
    """

    frame: pd.DataFrame
    pipelines: Mapping[str, str]

    def lists(self, used: Sequence[str], notes: Notes) -> list[StageList]:
        """List the stages of each pipeline; deleted ones only if they are among the `used` ones."""
        kept = without_deleted(self.frame, used, notes)
        self._refuse_unknown(kept[kept["basis"].eq(UNKNOWN) & kept["code"].isin(used)])
        _note_guesses(kept, notes)
        return [
            _stage_list(name, kept[kept["pipeline"] == pipeline]) for pipeline, name in self.pipelines.items()
        ]

    def _refuse_unknown(self, stages: pd.DataFrame) -> None:
        """Refuse closed stages of which nothing says whether they are won or lost."""
        if len(stages):
            pipeline = stages["pipeline"].iloc[0]
            names = stages["name"][stages["pipeline"].eq(pipeline)]
            raise ReaderError(
                f"pipeline {self.pipelines.get(pipeline, pipeline)!r}: {quoted(names)} are closed, and "
                "neither a probability nor a name says whether that is won or lost; fetch the stages with "
                "their probability, or pass the stages with their meaning: ",
                named("pipeline"),
                option="pipeline",
            )

    def name_of(self, pipelines: pd.Series) -> pd.Series:
        """Return the names of pipelines by id; an unlisted id stands for itself, as a name does."""
        return pipelines.map(lambda pipeline: self.pipelines.get(pipeline, pipeline)).astype(object)

    def codes(self, texts: Sequence[str]) -> dict[str, str]:
        """Return the codes of stages that headers or properties name; unlisted texts stand for themselves."""
        names = self.frame["pipeline"].map(dict(self.pipelines)).astype(object)
        code_of: dict[str, str] = {}
        for column in (self.frame["code"], self.frame["name"] + " (" + names + ")", self.frame["name"]):
            for text, code in zip(column, self.frame["code"], strict=True):
                code_of.setdefault(_slug(text), code)
        return {text: code_of.get(_slug(text), text) for text in texts}


def _note_guesses(stages: pd.DataFrame, notes: Notes) -> None:
    """Count the stages whose meaning rests on little, or may be another one."""
    notes.add(
        "open_at_zero",
        int((~stages["closed"] & stages["probability"].eq(0)).sum()),
        "stages with a probability of 0 that are not marked as closed: taken as in progress, not lost",
    )
    for basis, check, why in (
        (ZERO, "lost_by_zero", "taken as lost, because their probability is 0"),
        (NAME, "meaning_by_name", "won or lost by their names, because nothing else says which"),
        (
            UNKNOWN,
            "closed_unknown",
            "closed and without rows, taken as lost: nothing says whether they are won",
        ),
    ):
        names = stages["name"][stages["basis"].eq(basis)]
        notes.add(check, len(names), f"stages {why}: {quoted(names, most=6)}")
    meaning = stages["closed"].map({True: "lost", False: "open"}).mask(stages["won"], "won")
    differs = stages["named"].notna() & stages["named"].ne(meaning)
    listed = [
        f"{name} ({is_now})" for name, is_now in zip(stages["name"][differs], meaning[differs], strict=True)
    ]
    notes.add(
        "meaning_differs_from_name",
        len(listed),
        f"stages whose flags or probability say another meaning than their names: {', '.join(listed[:6])}",
    )


def _slug(text: str) -> str:
    """Write a label as HubSpot does in the name of a property."""
    return re.sub(r"[^0-9a-z]+", "_", text.lower())


def _stage_list(name: str, own: pd.DataFrame) -> StageList:
    return StageList.by_meaning(
        name,
        list(own["code"]),
        won=list(own["won"]),
        lost=list(own["closed"] & ~own["won"]),
        names=dict(zip(own["code"], own["name"], strict=True)),
    )


def stages_of(tables: Mapping[str, Table], notes: Notes) -> Stages:
    """Collect the stages from the tables that list them: pipelines of the interface or of a warehouse."""
    frames, names = [], {}
    if "pipelines" in tables:
        answer = plain(tables["pipelines"], ["id", "label", "displayOrder"])
        frame = sorted_by_numbers(answer.frame, "displayOrder")
        names.update(names_by_id(frame["id"], frame["label"]))
        frames.append(_from_answer(answer))
    if "pipeline names" in tables:
        frame = plain(tables["pipeline names"], ["pipeline_id", "label", "display_order"]).frame
        frame = sorted_by_numbers(frame, "display_order")
        names.update(names_by_id(frame["pipeline_id"], frame["label"]))
    if "stages" in tables:
        frames.append(_from_warehouse(plain(tables["stages"], _WAREHOUSE_COLUMNS).frame))
    if not frames:
        return Stages(pd.DataFrame(columns=list(_COLUMNS)).astype({"deleted": bool}), names)
    stages = pd.concat(frames, ignore_index=True).sort_values("order", kind="stable")
    ids = in_listed_order(names, pd.unique(stages["pipeline"]))
    notes.add(
        "names_without_stages",
        len(set(names) - set(ids)),
        "pipelines with a name and no stage: the two tables may be of different accounts",
    )
    distinct = distinct_names({pipeline: names.get(pipeline, pipeline) for pipeline in ids})
    return Stages(stages.drop_duplicates(["pipeline", "code"]), distinct)


def _from_answer(answer: Table) -> pd.DataFrame:
    nested = answer.frame["stages"].explode().dropna()
    stages = objects(nested, answer.place, ["id"], ["label", "displayOrder", "metadata", "archived"])
    origins = stages["origin"].to_numpy()
    refuse_nested(stages, place_of(answer.place, origins), ["label", "displayOrder"])
    metadata = stages["metadata"].map(lambda value: value if isinstance(value, dict) else {})
    return _stages(
        pipeline=answer.frame["id"].loc[origins],
        code=stages["id"],
        name=stages["label"],
        order=stages["displayOrder"],
        probability=metadata.map(
            lambda value: value.get("probability", _SHARE.get(value.get("ticketState")))
        ),
        closed=as_text(
            metadata.map(lambda value: value.get("isClosed", _CLOSED.get(value.get("ticketState"))))
        ),
        deleted=stages["archived"],
    )


def _from_warehouse(table: pd.DataFrame) -> pd.DataFrame:
    return _stages(
        pipeline=table["pipeline_id"],
        code=table["stage_id"],
        name=table.get("label"),
        order=table["display_order"],
        probability=table.get("probability"),
        closed=table.get("is_closed"),
        won=table.get("closed_won"),
        deleted=table.get("_fivetran_deleted"),
    )


def _stages(
    *,
    pipeline: pd.Series,
    code: pd.Series,
    name: pd.Series | None,
    order: pd.Series | None,
    probability: pd.Series | None,
    closed: pd.Series | None,
    won: pd.Series | None = None,
    deleted: pd.Series | None,
) -> pd.DataFrame:
    """Bring stages to one set of columns."""
    frame = pd.DataFrame({"pipeline": list(pipeline), "code": list(code)}, dtype=object)
    missing = pd.Series(None, index=frame.index, dtype=object)

    def aligned(column: pd.Series | None) -> pd.Series:
        return missing if column is None else column.reset_index(drop=True)

    frame["name"] = aligned(name).fillna(frame["code"])
    frame["order"] = pd.to_numeric(aligned(order), errors="coerce")
    frame["deleted"] = is_true(aligned(deleted))
    return with_meanings(
        frame, probability=aligned(probability), is_closed=aligned(closed), closed_won=aligned(won)
    )


def lists_of_headers(headers: Sequence[str]) -> list[StageList]:
    """Group stages of headers like ``Contract Sent (Sales)`` by pipeline, in the order of the columns."""
    by_pipeline: dict[str, dict[str, str]] = {}
    for header in headers:
        parts = _WITH_PIPELINE.match(header)
        pipeline = parts["pipeline"] if parts else "Pipeline"
        name = parts["stage"] if parts else DEFAULT_STAGES.get(header, header)
        by_pipeline.setdefault(pipeline, {})[header] = name
    return [
        list_by_names(pipeline, in_default_order(list(names)), names)
        for pipeline, names in by_pipeline.items()
    ]


def in_default_order(codes: Sequence[str]) -> list[str]:
    """Put the default stages first, in their order; the others follow in theirs."""
    default = list(DEFAULT_STAGES)
    return sorted(codes, key=lambda code: default.index(code) if code in default else len(default))
