"""What came between two steps of a sequence."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, counted
from ...log.stage_log import StageLog
from ...tables.build import share
from ...tables.schema import SEQUENCE_PATHS
from ...times.stamps import to_durations
from .matches import chains_of
from .rows import LogRows
from .rules import SequenceRules, question_of, remember_rules, steps_between

_ARROW, _MORE, _NOTHING = " → ", "…", "(nothing)"
_MOST_STAGES = 100


def sequence_paths(
    log: StageLog,
    steps: Any,
    *,
    from_step: int | None = None,
    to_step: int | None = None,
    top: int = 20,
    max_stages: int = 10,
    as_of: Any = None,
    **rules: Unpack[SequenceRules],
) -> pd.DataFrame:
    """List what came between two steps of a sequence, the most frequent first.

    Parameters
    ----------
    log, steps
        The stage history and the steps.
    from_step, to_step
        Step numbers, by default the first and the last one.
    top
        How many paths to list; the others are one line.
    max_stages
        Of longer paths so many stages are told, and paths that are alike so far are one.
    as_of
        As for :func:`sequence_funnel`.
    **rules
        What makes a chain, as for :func:`sequence_funnel`: ``window=``, ``mode=`` and so on.

    Returns
    -------
    DataFrame
        One row per path: ``path`` (the stages of the rows between the two steps, a stage that comes several
        times in a row once; ``(nothing)`` if there are none), ``items`` (chains), ``share`` of the chains
        that did both steps, ``median`` of their time between the two. Of rows of equal time those count
        that the journey has between the two.

    Raises
    ------
    SchemaError
        As for :func:`sequence_funnel`.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> stages = ["visit", "help", "help", "order", "visit", "order"]
    >>> log = sf.StageLog({"item": [1, 1, 1, 1, 2, 2], "stage": stages, "time": [0, 1, 2, 3, 0, 9]})
    >>> sf.sequence_paths(log, ["visit", "order"])
            path  items  share  median
    0       help      1    0.5     3.0
    1  (nothing)      1    0.5     9.0
    """
    _check(top, "top", 1_000_000)
    _check(max_stages, "max_stages", _MOST_STAGES)
    question = question_of(log, steps, as_of, rules)
    plan = question.plan
    if plan.mode in ("open", "hybrid", "unordered"):
        raise SchemaError(f'mode="{plan.mode}" has no order of steps, between which something could come')
    start, end = steps_between(question, from_step, to_step)
    chains = chains_of(log, plan, question.as_of)
    both = chains.done[:, start - 1] & chains.done[:, end - 1]
    item, time = chains.item[both].astype(np.int64), chains.time[both]
    rows = LogRows(log, question.as_of)
    begin = rows.of_step(item, time[:, start - 1], plan.steps[start - 1].matches)
    finish = rows.of_step(item, time[:, end - 1], plan.steps[end - 1].matches)
    codes = _stages_between(rows, begin, finish, max_stages)
    found, path, items = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    path = path.reshape(-1)
    # The first of those that are equally frequent is the one that comes first in the log.
    first = np.full(len(found), len(path))
    np.minimum.at(first, path, log._data.journeys.first_row[item].astype(np.int64))
    order = np.lexsort((first, -items))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    shown = min(top, len(found))
    line = np.minimum(rank[path], shown)
    lengths = time[:, end - 1] - time[:, start - 1]
    names = [_name(found[place], log._data.labels) for place in order[:shown]]
    if len(found) > shown:
        names.append(f"other ({counted(len(found) - shown, 'path')})")
    counts = np.bincount(line, minlength=len(names)).astype(np.int64)
    medians = pd.Series(lengths).groupby(line).median() if len(lengths) else pd.Series(dtype=float)
    columns: dict[str, Any] = {
        "path": pd.Series(names, dtype="str"),
        "items": counts,
        "share": share(counts, counts.sum()),
        "median": to_durations(medians.tolist(), log.unit),
    }
    table = pd.DataFrame({name: columns[name] for name in SEQUENCE_PATHS})
    remember_rules(table, "sequence_paths", question, from_step=start, to_step=end)
    return table


def _check(number: Any, name: str, most: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= most:
        raise SchemaError(f"{name}={number!r} is not a whole number from 1 to {most:,}")


def _stages_between(
    rows: LogRows, begin: npt.NDArray[np.int64], end: npt.NDArray[np.int64], most: int
) -> npt.NDArray[np.int64]:
    """Put the stages between rows into lines of a matrix, -1 behind the last, -2 where more would come."""
    lengths = np.maximum(end - begin - 1, 0)
    chain = np.repeat(np.arange(len(begin)), lengths)
    place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    code = rows.stage(begin[chain] + 1 + place)
    is_new = np.ones(len(code), dtype=bool)
    is_new[1:] = (code[1:] != code[:-1]) | (chain[1:] != chain[:-1])
    chain, code = chain[is_new], code[is_new]
    n_stages = np.bincount(chain, minlength=len(begin))
    place = np.arange(len(code)) - np.repeat(np.cumsum(n_stages) - n_stages, n_stages)
    lines = np.full((len(begin), most + 1), -1, dtype=np.int64)
    kept = place < most
    lines[chain[kept], place[kept]] = code[kept]
    lines[n_stages > most, most] = -2
    return lines


def _name(codes: npt.NDArray[np.int64], labels: Any) -> str:
    names = [
        _MORE if code == -2 else "(missing)" if code >= len(labels) else str(labels[code])
        for code in codes.tolist()
        if code != -1
    ]
    return _ARROW.join(names) or _NOTHING
