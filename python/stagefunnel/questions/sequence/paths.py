"""The stages between two steps of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import check_whole, is_whole_number
from ...errors import counted as number_of
from ...log.stage_log import StageLog
from ...tables.build import label_rows, share
from ...tables.options import AttributionName
from ...tables.schema import SEQUENCE_PATHS
from ...times.periods import MomentLike
from ...times.stamps import to_durations
from ..counted.lengths import means_and_medians
from ..counted.samples import Binned, Samples
from ..scope.medians import medians_of_lines
from ..scope.where import Where
from .path_counts import Paths, PathsCounted, count_paths
from .rules import SequenceRules, lists_rules
from .steps import StepsLike

_ARROW, _MORE, _NOTHING = " → ", "…", "(nothing)"
_MOST_PATHS = 1_000_000


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
    counts = count_paths(
        log,
        steps,
        from_step=from_step,
        to_step=to_step,
        max_stages=max_stages,
        by=by,
        attribution=attribution,
        attribution_step=attribution_step,
        as_of=as_of,
        where=where,
        rules=rules,
    )
    return paths_table(counts, max_stages=max_stages, top=top)


def paths_table(counted: PathsCounted, *, max_stages: int = 10, top: int = 20) -> pd.DataFrame:
    """Make the table of :func:`sequence_paths`."""
    check_whole("top", top, _MOST_PATHS)
    about, groups, found = counted.about, counted.groups, counted.listed(max_stages)
    labels = found.labels
    paths, group_of_path, path = _most_frequent_first(found)
    # The place of each path in its group; those beyond `top` share one line.
    _, first, n_paths = np.unique(group_of_path, return_index=True, return_counts=True)
    place = np.arange(len(paths)) - np.repeat(first, n_paths)
    line_of_path = np.cumsum(place <= top) - 1
    is_listed, is_other = place < top, place == top
    names = np.empty(len(paths), dtype=object)
    names[is_listed] = [_name(codes_of_path, labels) for codes_of_path in paths[is_listed]]
    names[is_other] = [f"other ({number_of(int(n) - top, 'path')})" for n in n_paths[n_paths > top]]
    is_line = is_listed | is_other
    line = line_of_path[path]
    n_lines = int(is_line.sum())
    counts = found.total(line, n_lines)
    of_group = found.total(found.group, groups.n_groups)[group_of_path[is_line]]
    lengths = found.lengths
    medians = (
        means_and_medians(lengths.to(line, n_lines))[1]
        if isinstance(lengths, Samples | Binned)
        else medians_of_lines(lengths, line, n_lines)
    )
    columns: dict[str, Any] = {
        "path": pd.Series(names[is_line], dtype="str"),
        "items": counts,
        "share": share(counts, of_group),
        "median": to_durations(medians, about.unit),
    }
    table = pd.DataFrame({name: columns[name] for name in SEQUENCE_PATHS})
    if not groups.is_one:
        table = label_rows(table, groups.values, group_of_path[is_line])
    start, end = counted.steps
    about.remember(table, "sequence_paths", from_step=start, to_step=end, by=list(map(str, groups.names)))
    return table


def _most_frequent_first(
    found: Paths,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """List the distinct paths of each group, its most frequent first.

    Returns the paths, their groups, and the place of each match's path. Equally frequent paths are in the
    sorted order of their stages, which does not depend on other rows.
    """
    labels = found.labels
    in_order = sorted(range(len(labels)), key=lambda code: _sort_key(labels[code]))
    # A missing stage comes after all labels, further stages after it, and the end of a path before all. The
    # last two entries of each array are those of the codes -2 and -1, and of the ranks -2 and -1.
    missing = len(labels)
    code_of = np.array([*in_order, missing, -2, -1], dtype=np.int64)
    rank_of = np.empty(len(code_of), dtype=np.int64)
    rank_of[code_of] = [*range(missing + 2), -1]
    keys = np.column_stack([found.group, rank_of[found.codes]])
    ranks, path = np.unique(keys, axis=0, return_inverse=True)
    n_matches = found.total(path.reshape(-1), len(ranks))
    order = np.lexsort((-n_matches, ranks[:, 0]))  # a stable sort
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return code_of[ranks[order, 1:]], ranks[order, 0], place[path.reshape(-1)]


def _sort_key(label: Any) -> Any:
    """Sort numbers by their value, and all other labels by their text."""
    return label if is_whole_number(label) else str(label)


def _name(codes: npt.NDArray[np.int64], labels: Any) -> str:
    names = [
        _MORE if code == -2 else "(missing)" if code >= len(labels) else str(labels[code])
        for code in codes.tolist()
        if code != -1
    ]
    return _ARROW.join(names) or _NOTHING
