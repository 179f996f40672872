"""What stages mean where an export does not say it: told by their names, and said so."""

from __future__ import annotations

import pandas as pd

from ..pipeline import Pipeline
from ..stage_labels import qualified
from .build import StageList, make_pipelines
from .export import Notes
from .protocol import Options

_NAME = "Pipeline"
_WON = {
    *(
        "won",
        "closed won",
        "closedwon",
        "deal won",
        "win",
        "success",
        "successful",
        "converted",
        "sold",
        "paid",
    ),
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
    lists = [_list(str(name), part) for name, part in seen.groupby("name", sort=False)]
    return rows, make_pipelines(lists)


def _list(name: str, seen: pd.DataFrame) -> StageList:
    meant = seen["stage"].map(_plain)
    won, lost = meant.isin(_WON), meant.isin(_LOST)
    names = dict(zip(seen["label"], seen["stage"], strict=True))
    stages, good, bad = (list(seen["label"][flags]) for flags in (~won & ~lost, won, lost))
    return StageList(name, stages, good, bad, names)


def _plain(label: str) -> str:
    return " ".join(label.lower().replace("_", " ").replace("-", " ").split())
