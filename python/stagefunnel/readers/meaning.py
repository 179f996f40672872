"""What stages mean where an export does not say it: told by their names, and said so."""

from __future__ import annotations

from ..log import StageLog
from ..pipeline import Pipeline
from .build import StageList, make_pipelines
from .export import Notes
from .protocol import Options

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


def guessed_pipelines(log: StageLog, options: Options, notes: Notes) -> dict[str, Pipeline]:
    """Make the pipeline of a log: the one that was given, or its stages in order of first appearance."""
    if options.pipeline is not None:
        return {"Pipeline": options.pipeline}
    labels = [str(label) for label in log.stages["stage"]]
    won = [label for label in labels if _plain(label) in _WON]
    lost = [label for label in labels if _plain(label) in _LOST]
    stages = [label for label in labels if label not in won and label not in lost]
    notes.add(
        "guessed_stages",
        len(labels),
        "stages in order of first appearance, won and lost told by their names; pass pipeline= to say it",
    )
    return make_pipelines([StageList("Pipeline", stages, won, lost)])


def _plain(label: str) -> str:
    return " ".join(label.lower().replace("_", " ").replace("-", " ").split())
