"""The pipelines of a log: as an export lists them, or guessed from the names of stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ...errors import ReaderError, named, quoted
from ...log.columns.stage_labels import qualified
from ...pipeline import Pipeline
from ..notes import Notes
from ..options import Options
from .meanings import meaning_of
from .stage_lists import StageList, make_pipelines

_NAME = "Pipeline"
UNLISTED = "Stages of no pipeline"


def guessed_pipelines(
    rows: pd.DataFrame, options: Options, notes: Notes, *, first_by: str = "time"
) -> tuple[pd.DataFrame, dict[str, Pipeline]]:
    """Return the pipeline that was passed, or make pipelines of the stages by their names.

    Parameters
    ----------
    rows
        Columns ``item``, ``stage``, ``time`` and others. If a column ``pipeline`` has several values, each
        value becomes a pipeline.
    first_by
        Column whose order decides which stage comes first.

    Returns
    -------
    rows, pipelines
        The rows without ``pipeline``. If there are several pipelines, their stages are labelled
        ``"pipeline / stage"``.
    """
    if options.pipeline is not None:
        return rows.drop(columns="pipeline", errors="ignore"), {_NAME: options.pipeline}
    if pd.api.types.is_datetime64_any_dtype(rows["stage"].dtype):
        example = quoted([str(time) for time in rows["stage"].dropna().head(1)])
        raise ReaderError(
            f"the column of stages holds times ({example or 'all missing'}) and no names of stages; name the "
            "column of the stage: ",
            named("stage"),
            option="stage",
        )
    pipeline = rows["pipeline"].fillna(_NAME) if "pipeline" in rows else pd.Series(_NAME, index=rows.index)
    rows = rows.drop(columns="pipeline", errors="ignore")
    stage = rows["stage"]
    if pipeline.nunique() > 1:
        labels = [qualified(*names) for names in zip(pipeline, stage, strict=True)]
        rows = rows.assign(stage=pd.Series(labels, index=rows.index, dtype=object).where(stage.notna(), None))
    first = _in_order(rows, first_by)["stage"].drop_duplicates().dropna()
    stages = pd.DataFrame(
        {"pipeline": pipeline.loc[first.index], "label": first, "name": stage.loc[first.index]}
    )
    lists = [
        list_by_names(str(name), list(own["label"]), dict(zip(own["label"], own["name"], strict=True)))
        for name, own in stages.groupby("pipeline", sort=False)
    ]
    won = quoted([code for listed in lists for code in listed.won], most=6) or "none"
    lost = quoted([code for listed in lists for code in listed.lost], most=6) or "none"
    notes.add(
        "guessed_stages",
        len(stages),
        f"stages in the order in which they first appear; by their names won: {won}; lost: {lost}. Pass "
        "pipeline= for other stages, order or meaning",
    )
    return rows, make_pipelines(lists)


def _in_order(rows: pd.DataFrame, first_by: str) -> pd.DataFrame:
    """Sort rows by a column; those that are equal in it by their numbers, where they have some."""
    has_numbers = first_by != "order" and "order" in rows and pd.api.types.is_integer_dtype(rows["order"])
    if has_numbers:
        return rows.sort_values([first_by, "order"], kind="stable")
    is_sorted = rows[first_by].is_monotonic_increasing
    return rows if is_sorted else rows[["stage", first_by]].sort_values(first_by, kind="stable")


def in_time(rows: pd.DataFrame) -> list[str]:
    """List the stages of rows in order of their first appearance in time."""
    return [str(stage) for stage in pd.unique(rows.sort_values("time", kind="stable")["stage"].dropna())]


def list_by_names(name: str, codes: Sequence[str], names: Mapping[str, str] | None = None) -> StageList:
    """List stages in the given order; those with a usual name for won or lost are final.

    Parameters
    ----------
    name
        Name of the pipeline.
    codes
        Codes of the stages.
    names
        Names that people read for the codes; a code without a name stands for itself.
    """
    names = names or {}
    meanings = [meaning_of(names.get(code, code)) for code in codes]
    won, lost = ([meaning == usual for meaning in meanings] for usual in ("won", "lost"))
    return StageList.by_meaning(name, codes, won=won, lost=lost, names=names)


def listed_pipelines(
    lists: Sequence[StageList], rows: pd.DataFrame, options: Options, notes: Notes
) -> dict[str, Pipeline]:
    """Return the pipeline that was passed, or make those that an export lists.

    Stages of the log that no list has become a pipeline of their own, so that no row is lost.

    Parameters
    ----------
    lists
        Stages of each pipeline that the export lists.
    rows
        Columns ``item``, ``stage`` and ``time`` of the log.
    """
    if options.pipeline is not None:
        return {_NAME: options.pipeline}
    home = {stage: number for number, listed in enumerate(lists) for stage in listed.labels}
    note_changed_pipeline(rows["item"], rows["stage"].map(home), notes)
    note_idle(lists, notes)
    unlisted = [stage for stage in in_time(rows) if stage not in home]
    if not unlisted:
        return make_pipelines(lists)
    notes.add(
        "stages_of_no_pipeline",
        int(rows["stage"].isin(unlisted).sum()),
        f"rows of stages that no pipeline lists, deleted ones perhaps: {quoted(unlisted, most=6)}; they make "
        f"the pipeline {UNLISTED!r}, with the meaning of their names, and are elsewhere to the others",
    )
    pipelines = make_pipelines([*lists, list_by_names(UNLISTED, unlisted)])
    if UNLISTED in pipelines:
        # Most of these items are in a listed pipeline by now; they count here nevertheless.
        pipelines[UNLISTED] = pipelines[UNLISTED].replace(moved_out="include")
    return pipelines


def note_changed_pipeline(items: pd.Series, pipelines: pd.Series, notes: Notes) -> None:
    """Count the items that have rows in several pipelines."""
    notes.add(
        "changed_pipeline",
        int((pipelines.groupby(items).nunique() > 1).sum()),
        "items with rows in several pipelines; they count in the one where they are now",
    )


def note_idle(lists: Sequence[StageList], notes: Notes) -> None:
    """Count the pipelines that are left out because they have no stage in progress."""
    idle = [listed.name for listed in lists if not listed.stages]
    notes.add(
        "pipelines_left_out",
        len(idle),
        f"pipelines without a stage in progress, left out: {quoted(idle, most=6)}",
    )


def without_deleted(stages: pd.DataFrame, used: Sequence[str], notes: Notes) -> pd.DataFrame:
    """Drop deleted stages that the log does not use, and count those that it uses.

    Parameters
    ----------
    stages
        Columns ``code`` and ``deleted``.
    used
        Stages of the log.
    """
    kept = stages[~stages["deleted"] | stages["code"].isin(used)]
    notes.add("deleted_stages", int(kept["deleted"].sum()), "stages that are deleted, kept for their rows")
    return kept
