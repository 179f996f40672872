"""What stages mean where an export does not say it: told by their names, and said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ...errors import quoted
from ...log.columns.stage_labels import qualified
from ...pipeline import Pipeline
from ..notes import Notes
from ..options import Options
from .log import StageList, make_pipelines

_NAME = "Pipeline"
UNLISTED = "Stages of no pipeline"
_WON = {
    *("won", "closed won", "closedwon", "deal won", "win", "success", "successful"),
    *("converted", "sold", "paid"),
    *("успех", "успешно", "сделка успешна", "выиграна", "продано", "gewonnen", "ganado", "gagné"),
}
_LOST = {
    *("lost", "closed lost", "closedlost", "deal lost", "lose", "loss", "failed", "failure", "junk", "spam"),
    *("rejected", "cancelled", "canceled", "disqualified", "churned", "apology"),
    *("провал", "проиграна", "отказ", "не реализована", "verloren", "perdido", "perdu"),
}


def guessed_pipelines(
    rows: pd.DataFrame, options: Options, notes: Notes, *, first_by: str = "time"
) -> tuple[pd.DataFrame, dict[str, Pipeline]]:
    """Make the pipelines of a log: the one that was given, or the stages by what their names say.

    Parameters
    ----------
    rows
        ``item``, ``stage``, ``time`` and more. If a column ``pipeline`` has several values, each is a
        pipeline of its own.
    first_by
        The column that tells which stage appears first.

    Returns
    -------
    rows, pipelines
        The rows without ``pipeline``; of several, stages are labelled ``"pipeline / stage"``.
    """
    if options.pipeline is not None:
        return rows.drop(columns="pipeline", errors="ignore"), {_NAME: options.pipeline}
    apart = rows.get("pipeline", pd.Series(None, index=rows.index, dtype=object)).fillna(_NAME)
    rows = rows.drop(columns="pipeline", errors="ignore")
    plain = rows["stage"]
    several = apart.nunique() > 1
    if several:
        both = [qualified(name, stage) for name, stage in zip(apart, plain, strict=True)]
        rows = rows.assign(stage=pd.Series(both, index=rows.index, dtype=object).where(plain.notna(), None))
    seen = pd.DataFrame({"name": apart, "label": rows["stage"], "stage": plain})
    seen = seen.loc[rows[first_by].sort_values(kind="stable").index].dropna().drop_duplicates("label")
    notes.add(
        "guessed_stages",
        len(seen),
        "stages in the order in which they first appear, won and lost told by their names; pass pipeline= to "
        "say it",
    )
    lists = [
        list_by_names(str(name), list(part["label"]), dict(zip(part["label"], part["stage"], strict=True)))
        for name, part in seen.groupby("name", sort=False)
    ]
    return rows, make_pipelines(lists)


def in_time(rows: pd.DataFrame) -> list[str]:
    """List the stages of rows in order of their first appearance in time."""
    return [str(stage) for stage in pd.unique(rows.sort_values("time", kind="stable")["stage"].dropna())]


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
        ``item``, ``stage`` and ``time`` of the log.
    """
    if options.pipeline is not None:
        return {_NAME: options.pipeline}
    home = {stage: at for at, one in enumerate(lists) for stage in (*one.stages, *one.won, *one.lost)}
    notes.add(
        "changed_pipeline",
        int((rows["stage"].map(home).groupby(rows["item"]).nunique() > 1).sum()),
        "items with rows in several pipelines; they count in the one where they are now",
    )
    idle = [one.name for one in lists if not one.stages]
    notes.add(
        "pipelines_left_out",
        len(idle),
        f"pipelines without a stage in progress, left out: {quoted(idle, most=6)}",
    )
    unlisted = [stage for stage in in_time(rows) if stage not in home]
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
