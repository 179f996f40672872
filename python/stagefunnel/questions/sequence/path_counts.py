"""What came between two steps: everything that the table of paths is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, advised, check_whole
from ...log.stage_log import StageLog
from ...tables.options import AttributionName
from ...tables.schema import SEQUENCE_PATHS
from ...times.periods import MomentLike
from ..counted import fields
from ..counted.code_cells import Cells
from ..counted.folding import added_up
from ..counted.samples import Binned, Samples
from ..scope.groups import ONE_GROUP, Groups
from ..scope.where import Where, is_read_as_part
from .about import SequenceAbout
from .attribution import grouped_by, touch_of
from .counts import NO_RULES
from .matches import matches_of
from .question import question_of, steps_between
from .rows import LogRows
from .rules import SequenceRules
from .steps import StepsLike

Integers: TypeAlias = npt.NDArray[np.int64]
_MOST_STAGES: Final = 100


@dataclass(frozen=True, eq=False)
class PathRows:
    """The paths of each group of a part.

    Attributes
    ----------
    group
        The group.
    path
        The stages, ``None`` for a missing one, and whether further ones follow.
    items
        The matches.
    lengths
        Their times between the two steps.
    """

    group: Integers = fields.key_of_group()
    path: Sequence[tuple[tuple[Any, ...], bool]] = fields.key_of_label()
    items: Integers = fields.value()
    lengths: Samples | Binned = fields.samples()


@dataclass(frozen=True, eq=False)
class Paths:
    """The paths of some matches, one line each.

    Attributes
    ----------
    codes
        The stages as places in `labels`: -1 fills a line up, -2 in the last column stands for further stages,
        and the number of labels for a missing stage.
    labels
        The stages.
    group, items
        The group of each line, and how many matches it stands for; ``None``: each for one.
    lengths
        The time of each line, or the times of all its matches.
    """

    codes: Integers
    labels: Sequence[Any]
    group: Integers
    items: Integers | None
    lengths: Integers | Samples | Binned

    def total(self, code: npt.NDArray[np.integer[Any]], n: int) -> Integers:
        """Add up the matches; `code` says where each line goes."""
        if self.items is None:
            return np.bincount(code, minlength=n).astype(np.int64)
        total: Integers = added_up(self.items, code, n)
        return total


@dataclass(frozen=True, eq=False)
class PathsCounted:
    """What :func:`sequence_paths` counts.

    Attributes
    ----------
    groups, about
        The groups, and what the table remembers.
    rows
        The paths of a part.
    steps
        Numbers of the two steps.
    paths
        The paths of one log.
    """

    groups: Groups = fields.groups()
    about: SequenceAbout = fields.about()
    rows: PathRows | None = fields.rows(PathRows)
    steps: tuple[int, int] = fields.same()
    paths: Paths | None = fields.of_whole(default=None)

    def listed(self, max_stages: int) -> Paths:
        """Return all paths."""
        if self.paths is not None:
            return self.paths
        rows = self.rows
        assert rows is not None  # a part has rows
        labels = list({label: None for stages, _ in rows.path for label in stages if label is not None})
        code_of: dict[Any, int] = {**{label: code for code, label in enumerate(labels)}, None: len(labels)}
        codes = np.full((len(rows.path), max_stages + 1), -1, dtype=np.int64)
        for line, (stages, has_more) in enumerate(rows.path):
            codes[line, : len(stages)] = [code_of[label] for label in stages]
            if has_more:
                codes[line, max_stages] = -2
        return Paths(codes, labels, rows.group, rows.items, rows.lengths)


def count_paths(
    log: StageLog,
    steps: StepsLike,
    *,
    from_step: int | None = None,
    to_step: int | None = None,
    max_stages: int = 10,
    by: str | Sequence[str] | None = None,
    attribution: AttributionName = "first_touch",
    attribution_step: int = 1,
    as_of: MomentLike | None = None,
    where: Where | None = None,
    rules: SequenceRules = NO_RULES,
) -> PathsCounted:
    """Count what :func:`sequence_paths` shows."""
    check_whole("max_stages", max_stages, _MOST_STAGES)
    question = question_of(log, steps, as_of, rules, where)
    log, plan = question.log, question.plan
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
    group = np.zeros(len(item), dtype=np.int64) if groups is None else groups.code[item].astype(np.int64)
    # The stages of a path are those of the log, whatever conditions their rows fulfil.
    paths = Paths(
        _stages_between(rows, begin, finish, max_stages, plan.stage_of),
        question.asked._data.labels,
        group,
        None,
        time[:, end - 1] - time[:, start - 1],
    )
    is_part = is_read_as_part()
    return PathsCounted(
        groups=ONE_GROUP if groups is None else groups.alone(),
        about=question.about,
        rows=_rows(paths) if is_part else None,
        steps=(start, end),
        paths=None if is_part else paths,
    )


def _rows(paths: Paths) -> PathRows:
    """Put matches of one group and path together."""
    columns = [paths.group, *np.moveaxis(paths.codes, 1, 0)]
    cells = Cells.of(columns)
    group, *codes = cells.keys
    labels = [*paths.labels, None]
    lines = np.stack(codes, axis=-1).tolist()
    assert not isinstance(paths.lengths, Samples | Binned)  # of a log each match has a time
    return PathRows(
        group=group,
        path=[(tuple(labels[code] for code in line if code >= 0), line[-1] == -2) for line in lines],
        items=cells.sizes(),
        lengths=Samples.of(paths.lengths.view(np.uint64), cells.of_each, cells.n),
    )


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
