"""HubSpot's pipelines: from the REST interface, a warehouse, or the names of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ...build.log import StageList, distinct_names
from ...build.pipelines import list_by_names
from ...notes import Notes
from ...sources.cells import as_text, is_true, refuse_nested
from ...sources.nested import objects, plain
from ...sources.source import Table

# What every account starts with.
DEFAULT_STAGES = {
    "appointmentscheduled": "Appointment Scheduled",
    "qualifiedtobuy": "Qualified To Buy",
    "presentationscheduled": "Presentation Scheduled",
    "decisionmakerboughtin": "Decision Maker Bought-In",
    "contractsent": "Contract Sent",
    "closedwon": "Closed Won",
    "closedlost": "Closed Lost",
}
_OF_WAREHOUSE = (
    *("pipeline_id", "stage_id", "label", "display_order", "probability", "is_closed", "closed_won"),
    "_fivetran_deleted",
)
_COLUMNS = ("pipeline", "code", "name", "order", "closed", "won", "probability", "deleted")
_WITH_PIPELINE = re.compile(r"^(?P<stage>.+) \((?P<pipeline>[^()]+)\)$")


@dataclass(frozen=True)
class Stages:
    """The stages that an account lists: one row per stage, and the names of the pipelines by id."""

    frame: pd.DataFrame
    pipelines: Mapping[str, str]

    def lists(self, used: Sequence[str], notes: Notes) -> list[StageList]:
        """List the stages of each pipeline in their order; deleted ones only where the log has them."""
        kept = self.frame[~self.frame["deleted"] | self.frame["code"].isin(used)]
        notes.add(
            "deleted_stages", int(kept["deleted"].sum()), "stages that are deleted, kept for their rows"
        )
        doubtful = ~kept["closed"] & kept["probability"].eq(0)
        notes.add(
            "open_at_zero",
            int(doubtful.sum()),
            "stages with a probability of 0 that are not marked as closed: taken as in progress, not lost",
        )
        return [
            _stage_list(name, kept[kept["pipeline"] == pipeline]) for pipeline, name in self.pipelines.items()
        ]

    def name_of(self, pipelines: pd.Series) -> pd.Series:
        """Name pipelines by id; what is no id is taken as the name."""
        return pipelines.map(lambda one: self.pipelines.get(one, one)).astype(object)

    def codes(self, said: Sequence[str]) -> dict[str, str]:
        """Find the codes of stages as names of properties or headers have them; others stay as they are."""
        names = self.frame["pipeline"].map(dict(self.pipelines)).astype(object)
        known: dict[str, str] = {}
        for texts in (self.frame["code"], self.frame["name"] + " (" + names + ")", self.frame["name"]):
            for text, code in zip(texts, self.frame["code"], strict=True):
                known.setdefault(_plain(text), code)
        return {text: known.get(_plain(text), text) for text in said}


def _plain(text: str) -> str:
    return re.sub(r"[^0-9a-z]+", "_", text.lower())


def _stage_list(name: str, own: pd.DataFrame) -> StageList:
    lost = own["closed"] & ~own["won"]
    return StageList(
        name,
        list(own["code"][~own["closed"]]),
        list(own["code"][own["won"]]),
        list(own["code"][lost]),
        dict(zip(own["code"], own["name"], strict=True)),
    )


def stages_of(tables: Mapping[str, Table], notes: Notes) -> Stages:
    """Collect the stages out of whatever lists them: an answer with pipelines, or tables of a warehouse."""
    frames, names = [], {}
    if "pipelines" in tables:
        answer = plain(tables["pipelines"], ["id", "label", "displayOrder"])
        names.update(_names(answer.frame, "id"))
        frames.append(_from_answer(answer))
    if "pipeline names" in tables:
        table = plain(tables["pipeline names"], ["pipeline_id", "label", "display_order"])
        names.update(_names(table.frame, "pipeline_id"))
    if "stages" in tables:
        frames.append(_from_warehouse(plain(tables["stages"], _OF_WAREHOUSE).frame))
    if not frames:
        return Stages(pd.DataFrame(columns=list(_COLUMNS)).astype({"deleted": bool}), names)
    frame = pd.concat(frames, ignore_index=True).sort_values("order", kind="stable")
    of_stages = dict.fromkeys(pd.unique(frame["pipeline"]))
    ids = [*(one for one in names if one in of_stages), *(one for one in of_stages if one not in names)]
    notes.add(
        "names_without_stages",
        len(set(names) - set(of_stages)),
        "pipelines with a name and no stage: the two tables may be of different accounts",
    )
    named = distinct_names({one: names.get(one, one) for one in ids})
    return Stages(frame.drop_duplicates(["pipeline", "code"]), named)


def _names(frame: pd.DataFrame, key: str) -> dict[str, str]:
    """Name pipelines in the order in which the account shows them."""
    order = next((name for name in ("displayOrder", "display_order") if name in frame), None)
    if order is not None:
        frame = frame.iloc[pd.to_numeric(frame[order], errors="coerce").argsort(kind="stable")]
    return dict(zip(frame[key], frame["label"].fillna(frame[key]), strict=True))


def _from_answer(answer: Table) -> pd.DataFrame:
    listed = answer.frame["stages"].explode().dropna()
    stages = objects(listed, answer.place, ["id"], ["label", "displayOrder", "metadata", "archived"])
    refuse_nested(
        stages, lambda row: answer.place(int(stages["origin"].iloc[row])), ["label", "displayOrder"]
    )
    meta = stages["metadata"].map(lambda value: value if isinstance(value, dict) else {})
    return _stages(
        pipeline=answer.frame["id"].loc[stages["origin"]],
        code=stages["id"],
        name=stages["label"],
        order=stages["displayOrder"],
        probability=meta.map(lambda value: value.get("probability")),
        closed=as_text(meta.map(lambda value: value.get("isClosed"))),
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
    """Bring stages under common names; a stage is closed where it says so, else by its probability."""
    frame = pd.DataFrame({"pipeline": list(pipeline), "code": list(code)}, dtype=object)
    nothing = pd.Series(None, index=frame.index, dtype=object)

    def column(given: pd.Series | None) -> pd.Series:
        return nothing if given is None else given.reset_index(drop=True)

    frame["name"] = column(name).fillna(frame["code"])
    frame["order"] = pd.to_numeric(column(order), errors="coerce")
    frame["probability"] = pd.to_numeric(column(probability), errors="coerce")
    by_probability = frame["probability"].isin([0.0, 1.0])
    frame["closed"] = (
        is_true(column(closed)) if closed is not None and closed.notna().any() else by_probability
    )
    certain = is_true(column(won)) if won is not None else frame["probability"].eq(1)
    frame["won"] = frame["closed"] & certain
    frame["deleted"] = is_true(column(deleted))
    return frame


def lists_of_headers(said: Sequence[str]) -> list[StageList]:
    """Group stages of headers like ``Contract Sent (Sales)`` by pipeline, in the order of the columns."""
    by_pipeline: dict[str, dict[str, str]] = {}
    for text in said:
        found = _WITH_PIPELINE.match(text)
        pipeline, name = (found["pipeline"], found["stage"]) if found else ("Pipeline", _default_name(text))
        by_pipeline.setdefault(pipeline, {})[text] = name
    return [
        list_by_names(pipeline, in_default_order(list(names)), names)
        for pipeline, names in by_pipeline.items()
    ]


def in_default_order(codes: Sequence[str]) -> list[str]:
    """Put the codes that every account starts with in their order; others keep theirs, behind."""
    known = list(DEFAULT_STAGES)
    return sorted(codes, key=lambda code: known.index(code) if code in known else len(known))


def _default_name(code: str) -> str:
    return DEFAULT_STAGES.get(code, code)
