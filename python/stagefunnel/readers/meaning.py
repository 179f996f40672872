"""What stages mean where an export does not say it: told by their names, and said so."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..pipeline import Pipeline
from .build import StageList, make_pipelines
from .export import Notes
from .protocol import Options

_NAME = "Pipeline"
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
    won = [stage for stage in stages if _plain(stage) in _WON]
    lost = [stage for stage in stages if _plain(stage) in _LOST]
    final = {*won, *lost}
    notes.add(
        "guessed_stages",
        len(stages),
        "stages in the order in which they first appear, won and lost told by their names; pass pipeline= to "
        "say it",
    )
    return make_pipelines([StageList(_NAME, [stage for stage in stages if stage not in final], won, lost)])


def _plain(label: str) -> str:
    return " ".join(label.lower().replace("_", " ").replace("-", " ").split())
