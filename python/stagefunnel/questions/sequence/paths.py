"""The stages between two steps of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, advised, check_whole, counted, is_whole_number
from ...log.stage_log import StageLog
from ...tables.build import label_rows, share
from ...tables.options import AttributionName
from ...tables.schema import SEQUENCE_PATHS
from ...times.periods import MomentLike
from ...times.stamps import to_durations
from ..scope.medians import medians_of_lines
from ..scope.where import Where
from .attribution import grouped_by, touch_of
from .matches import matches_of
from .question import question_of, steps_between
from .rows import LogRows
from .rules import SequenceRules, lists_rules
from .steps import StepsLike

_ARROW, _MORE, _NOTHING = " → ", "…", "(nothing)"
_MOST_PATHS, _MOST_STAGES = 1_000_000, 100


@lists_rules
def sequence_paths(
    log: StageLog,
    steps: StepsLike,
    *,
    from_step: int | None = None,
    to_step: int | None = None,
    top: int = 20,
    max_stages: int = 10,
    by: str | Sequence[str] | None = None,
    attribution: AttributionName = "first_touch",
    attribution_step: int = 1,
    as_of: MomentLike | None = None,
    where: Where | None = None,
    **rules: Unpack[SequenceRules],
) -> pd.DataFrame:
    """List what came between two steps of a sequence, the most frequent first.

    Parameters
    ----------
    log, steps
        Stage history, and the steps or :class:`Steps`.
    from_step, to_step
        Step numbers, by default those of the first and the last step.
    top
        Number of paths to list, of each group of `by`; all others share one line.
    max_stages
        Number of stages to list of a path; longer paths that begin alike count as one.
    by, attribution, attribution_step, as_of
        As for :func:`sequence_funnel`; ``attribution="all_events"`` is refused, because between the rows of
        one value come those of others.
    where
        As for :func:`funnel`.
    **rules
        Rules that decide what a match is, as for :class:`Steps`: ``window=``, ``mode=`` and so on.

    Returns
    -------
    DataFrame
        One row per path, and per group of `by` that has matches of both steps: ``path`` (the stages of the
        rows between the two steps, a stage that comes several times in a row once; ``(nothing)`` if there are
        none), ``items`` (matches), ``share`` of the matches that did both steps, ``median`` of their time
        between the two. Among rows of equal time those count that the journey has between the two. Equally
        frequent paths are in the sorted order of their stages.

    Raises
    ------
    SchemaError
        As for :func:`sequence_funnel`; also for a mode without an order of steps.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> stages = ["visit", "help", "help", "order", "visit", "order"]
    >>> log = sf.StageLog({"item": [1, 1, 1, 1, 2, 2], "stage": stages, "time": [0, 1, 2, 3, 0, 9]})
    >>> sf.sequence_paths(log, ["visit", "order"])
            path  items  share  median
    0  (nothing)      1    0.5     9.0
    1       help      1    0.5     3.0
    """
    check_whole("top", top, _MOST_PATHS)
    check_whole("max_stages", max_stages, _MOST_STAGES)
    question = question_of(log, steps, as_of, rules, where)
    log = question.log
    plan = question.plan
    if plan.mode in ("open", "hybrid", "unordered"):
        raise SchemaError(
            advised("mode", plan.mode), " has no order of steps, between which a stage could come"
        )
    start, end = steps_between(question, from_step, to_step)
    touch = touch_of(attribution, attribution_step, plan, by)
    if touch.name == "all_events":
        raise SchemaError(
            advised("attribution", "all_events"),
            " reads the rows of each value alone, between which come rows of others; choose one row of an "
            "item",
        )
    groups = grouped_by(question, by, touch, reserved=SEQUENCE_PATHS).groups
    matches = matches_of(log, plan, question.as_of)
    both = matches.done[:, start - 1] & matches.done[:, end - 1]
    item, time = matches.item[both].astype(np.int64), matches.time[both]
    rows = LogRows(log, question.as_of)
    begin = rows.of_step(item, time[:, start - 1], plan.steps[start - 1].stages)
    finish = rows.of_step(item, time[:, end - 1], plan.steps[end - 1].stages)
    # The stages of a path are those of the log, whatever conditions their rows fulfil.
    labels = question.asked._data.labels
    codes = _stages_between(rows, begin, finish, max_stages, plan.stage_of)
    group = np.zeros(len(item), dtype=np.int64) if groups is None else groups.code[item].astype(np.int64)
    paths, group_of_path, path = _most_frequent_first(codes, group, labels)
    # The place of each path in its group; those beyond `top` share one line.
    _, first, n_paths = np.unique(group_of_path, return_index=True, return_counts=True)
    place = np.arange(len(paths)) - np.repeat(first, n_paths)
    line_of_path = np.cumsum(place <= top) - 1
    is_listed, is_other = place < top, place == top
    names = np.empty(len(paths), dtype=object)
    names[is_listed] = [_name(codes_of_path, labels) for codes_of_path in paths[is_listed]]
    names[is_other] = [f"other ({counted(int(n) - top, 'path')})" for n in n_paths[n_paths > top]]
    is_line = is_listed | is_other
    line = line_of_path[path]
    counts = np.bincount(line, minlength=is_line.sum()).astype(np.int64)
    of_group = np.bincount(group, minlength=1)[group_of_path[is_line]]
    lengths = time[:, end - 1] - time[:, start - 1]
    columns: dict[str, Any] = {
        "path": pd.Series(names[is_line], dtype="str"),
        "items": counts,
        "share": share(counts, of_group),
        "median": to_durations(medians_of_lines(lengths, line, len(counts)), log.unit),
    }
    table = pd.DataFrame({name: columns[name] for name in SEQUENCE_PATHS})
    by_columns: list[str] = []
    if groups is not None:
        table = label_rows(table, groups.values, group_of_path[is_line])
        by_columns = list(map(str, groups.names))
    question.about.remember(table, "sequence_paths", from_step=start, to_step=end, by=by_columns)
    return table


def _most_frequent_first(
    codes: npt.NDArray[np.int64], group: npt.NDArray[np.int64], labels: Sequence[Any]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """List the distinct paths of each group, its most frequent first.

    Returns the paths, their groups, and the place of each match's path. Equally frequent paths are in the
    sorted order of their stages, which does not depend on other rows.
    """
    in_order = sorted(range(len(labels)), key=lambda code: _sort_key(labels[code]))
    # A missing stage comes after all labels, further stages after it, and the end of a path before all. The
    # last two entries of each array are those of the codes -2 and -1, and of the ranks -2 and -1.
    missing = len(labels)
    code_of = np.array([*in_order, missing, -2, -1], dtype=np.int64)
    rank_of = np.empty(len(code_of), dtype=np.int64)
    rank_of[code_of] = [*range(missing + 2), -1]
    ranks, path, n_matches = np.unique(
        np.column_stack([group, rank_of[codes]]), axis=0, return_inverse=True, return_counts=True
    )
    order = np.lexsort((-n_matches, ranks[:, 0]))  # a stable sort
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return code_of[ranks[order, 1:]], ranks[order, 0], place[path.reshape(-1)]


def _sort_key(label: Any) -> Any:
    """Sort numbers by their value, and all other labels by their text."""
    return label if is_whole_number(label) else str(label)


def _stages_between(
    rows: LogRows,
    begin: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
    most: int,
    stage_of: npt.NDArray[np.int64] | None,
) -> npt.NDArray[np.int64]:
    """Put the stages between two rows of each match in a line of a matrix.

    -1 fills a line up; -2 in the last column stands for further stages.
    """
    lengths = np.maximum(end - begin - 1, 0)
    match = np.repeat(np.arange(len(begin)), lengths)
    place = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    code = rows.stage(begin[match] + 1 + place)
    if stage_of is not None:
        code = stage_of[code]
    is_new = np.ones(len(code), dtype=bool)
    is_new[1:] = (code[1:] != code[:-1]) | (match[1:] != match[:-1])
    match, code = match[is_new], code[is_new]
    n_stages = np.bincount(match, minlength=len(begin))
    place = np.arange(len(code)) - np.repeat(np.cumsum(n_stages) - n_stages, n_stages)
    lines = np.full((len(begin), most + 1), -1, dtype=np.int64)
    kept = place < most
    lines[match[kept], place[kept]] = code[kept]
    lines[n_stages > most, most] = -2
    return lines


def _name(codes: npt.NDArray[np.int64], labels: Any) -> str:
    names = [
        _MORE if code == -2 else "(missing)" if code >= len(labels) else str(labels[code])
        for code in codes.tolist()
        if code != -1
    ]
    return _ARROW.join(names) or _NOTHING
