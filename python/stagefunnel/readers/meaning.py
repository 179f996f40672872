"""What stages mean where an export does not say it: told by their names, and said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ..errors import quoted
from ..pipeline import Pipeline
from .build import StageList, make_pipelines
from .export import Notes
from .protocol import Options

_NAME = "Pipeline"
UNLISTED = "Stages of no pipeline"
_WON = {
    "won",
    "closed won",
    "closedwon",
    "win",
    "success",
    "successful",
    "deal won",
    "converted",
    "sold",
    "paid",
    "успех",
    "успешно",
    "сделка успешна",
    "выиграна",
    "продано",
    "gewonnen",
    "ganado",
    "gagné",
}
_LOST = {
    "lost",
    "closed lost",
    "closedlost",
    "lose",
    "loss",
    "failed",
    "failure",
    "junk",
    "rejected",
    "cancelled",
    "canceled",
    "disqualified",
    "churned",
    "deal lost",
    "apology",
    "spam",
    "провал",
    "проиграна",
    "отказ",
    "не реализована",
    "verloren",
    "perdido",
    "perdu",
}


def in_time(rows: pd.DataFrame) -> list[str]:
    """List the stages of rows in order of their first appearance in time."""
    return [str(stage) for stage in pd.unique(rows.sort_values("time", kind="stable")["stage"].dropna())]


def guessed_pipelines(stages: Sequence[str], options: Options, notes: Notes) -> dict[str, Pipeline]:
    """Make the pipeline of a log: the one that was given, or its stages by what their names say.

    Parameters
    ----------
    stages
        The stages in the order that is likely theirs.
    """
    if options.pipeline is not None:
        return {_NAME: options.pipeline}
    notes.add(
        "guessed_stages",
        len(stages),
        "stages in the order in which they first appear, won and lost told by their names; pass pipeline= to "
        "say it",
    )
    return make_pipelines([list_by_names(_NAME, stages)])


def list_by_names(name: str, stages: Sequence[str], names: Mapping[str, str] | None = None) -> StageList:
    """List stages in the order given, won and lost told by what people read for them."""
    names = names or {}
    said = {stage: _plain(names.get(stage, stage)) for stage in stages}
    final = _WON | _LOST
    return StageList(
        name,
        [stage for stage in stages if said[stage] not in final],
        [stage for stage in stages if said[stage] in _WON],
        [stage for stage in stages if said[stage] in _LOST],
        names,
    )


def listed_pipelines(
    lists: Sequence[StageList], rows: pd.DataFrame, options: Options, notes: Notes
) -> dict[str, Pipeline]:
    """Make the pipelines that an export lists, and one of the stages that it does not, so that none is lost.

    Parameters
    ----------
    lists
        The pipelines that the export tells.
    rows
        ``stage`` and ``time`` of the log.
    """
    if options.pipeline is not None:
        return {_NAME: options.pipeline}
    idle = [one.name for one in lists if not one.stages]
    notes.add(
        "pipelines_left_out",
        len(idle),
        f"pipelines without a stage in progress, left out: {quoted(idle, most=6)}",
    )
    known = {stage for one in lists for stage in (*one.stages, *one.won, *one.lost)}
    unlisted = [stage for stage in in_time(rows) if stage not in known]
    if not unlisted:
        return make_pipelines(lists)
    notes.add(
        "stages_of_no_pipeline",
        int(rows["stage"].isin(unlisted).sum()),
        f"rows of stages that no pipeline lists, deleted ones perhaps: {quoted(unlisted, most=6)}; they make "
        f"the pipeline {UNLISTED!r}, their meaning told by their names, and are elsewhere to the others",
    )
    made = make_pipelines([*lists, list_by_names(UNLISTED, unlisted)])
    if UNLISTED in made:
        # Items have mostly moved on from there, and are to be seen in it all the same.
        made[UNLISTED] = made[UNLISTED].replace(moved_out="include")
    return made


def _plain(label: str) -> str:
    return " ".join(label.lower().replace("_", " ").replace("-", " ").split())
