"""What is wrong with the fields of a partial that was pickled: each is held against the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any, Final, get_args

import numpy as np
import pandas as pd

from ...errors import SchemaError, quoted
from ...log.stage_signs import StageUse, UseOfStages
from ...pipeline import Pipeline
from ...tables.options import AtName, BasisName, Fill, LostThenWonName, MissingStages, PerName, Unlisted
from ...times.periods import Clock, Period
from ..funnel.counts import FunnelCounts
from ..scope.remarks import Ends
from .groups import PartGroups
from .item_keys import ItemIds
from .limited import Limited
from .moves import PartMoves
from .samples import Sample
from .stages import Stages

_OPTIONS: Final[Mapping[str, tuple[Any, ...]]] = {
    "fill": get_args(Fill),
    "lost_then_won": (None, *get_args(LostThenWonName)),
    "per": get_args(PerName),
    "unlisted": get_args(Unlisted),
    "missing": get_args(MissingStages),
    "unit": (None, "s", "ms", "us", "ns"),
    "basis": get_args(BasisName),
    "at": get_args(AtName),
}
_TYPES: Final[Mapping[str, Any]] = {
    "pipeline": Pipeline,
    "zone": str | None,
    "period": Period,
    "by": tuple | None,
    "where": tuple | None,
    "_chosen": Mapping,
    "_groups": PartGroups,
    "_moves": PartMoves,
    "_limited": Limited | None,
    "_stages": Stages,
    "_stages_of_all": Stages,
    "_use": UseOfStages,
    "_ends": Ends,
    "_keys": ItemIds,
}
_ONE_PER_GROUP: Final = ("won", "lost", "open", "left_out", "reopened_won", "moved_out", "too_recent")
_VISITS: Final = ("visits", "completed", "open", "items", "start_unknown")
_IN_64_BITS: Final = range(-(2**63), 2**63)
_MOST_ROWS: Final = 2**53


def refuse_damage(state: Mapping[str, Any]) -> None:
    """Refuse the state of a partial whose fields are of another type, length or range than it needs.

    Raises
    ------
    SchemaError
        If a field is wrong, naming it.
    """
    try:
        wrong = [name for name, is_right in _checked(state) if not is_right]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise SchemaError(f"the stored partial is damaged: {error}") from error
    if wrong:
        raise SchemaError(f"the stored partial is damaged: {quoted(wrong)} are not as a partial has them")


def _checked(state: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    # The types come first: what follows reads them.
    types = [(name, isinstance(state[name], kind)) for name, kind in _TYPES.items()]
    yield from types
    yield from ((name, _is_one_of(state[name], values)) for name, values in _OPTIONS.items())
    yield from ((name, state[name] is None or _is_number(state[name])) for name in ("as_of", "_observed"))
    yield "_start_unknown", _is_count(state["_start_unknown"])
    yield "limits", _maps(state["limits"], _is_number)
    yield "_found", _maps(state["_found"], _is_count) and {"rows", "dropped"} <= set(state["_found"])
    yield (
        "_reader_lines",
        _maps(state["_reader_lines"], _is_count) and all(map(_is_line, state["_reader_lines"])),
    )
    are_keys = isinstance(state["_keys"], ItemIds) and _are_keys(state["_keys"].words)
    yield "_keys", are_keys
    if not are_keys or not all(is_right for _, is_right in types):
        return
    yield "pipeline", _is_pipeline(state["pipeline"])
    start, end = state["period"].ticks(Clock(state["unit"], state["zone"]))
    yield "period", all(moment is None or _is_number(moment) for moment in (start, end))
    yield "_ends", _are_ends(state["_ends"])
    n_groups, n_stages = len(state["_groups"].groups.values), len(state["pipeline"].labels)
    n_items, n_rows = len(next(iter(state["_keys"].words.values()))), state["_found"]["rows"]
    yield "_found", n_rows <= _MOST_ROWS
    yield "_groups", _are_groups(state["_groups"], n_items)
    counts = state["_counts"]
    are_counts = isinstance(counts, Mapping) and "classic" in counts
    yield (
        "_counts",
        are_counts and all(_are_counts(one, (n_groups, n_stages), n_items) for one in counts.values()),
    )
    samples = state["_samples"]
    yield "_samples", isinstance(samples, list) and len(samples) == n_groups * n_stages
    yield (
        "_samples",
        isinstance(samples, list) and all(_is_sample(one, state["per"], n_rows) for one in samples),
    )
    yield (
        "_moves",
        _are_cells(state["_moves"], ("from_stage", "to_stage"), ("moves", "items"), n_groups, n_stages),
    )
    if state["_limited"] is not None:
        yield "_limited", _are_limited(state["_limited"], n_groups, n_stages)
    yield from ((name, _are_stages(state[name])) for name in ("_stages", "_stages_of_all"))
    uses = state["_use"].uses
    are_uses = isinstance(uses, tuple) and all(isinstance(use, StageUse) for use in uses)
    yield "_use", are_uses and _are_two_or_none(state["_use"].ends)


def _is_number(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) in _IN_64_BITS


def _is_count(value: object) -> bool:
    return _is_number(value) and int(value) >= 0  # type: ignore[call-overload]


def _is_one_of(value: object, values: tuple[Any, ...]) -> bool:
    return isinstance(value, str | None) and value in values


def _maps(value: object, is_right: Callable[[object], bool]) -> bool:
    return isinstance(value, Mapping) and all(map(is_right, value.values()))


def _is_line(line: object) -> bool:
    return isinstance(line, tuple) and len(line) == 3 and all(isinstance(text, str) for text in line)


def _are_whole(values: object, shape: Sequence[int], n: int | None = None, *, least: int = 0) -> bool:
    """Check an array of whole numbers of a shape: from the least one on, and below `n`."""
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iu" or values.shape != tuple(shape):
        return False
    return values.size == 0 or (int(values.min()) >= least and (n is None or int(values.max()) < n))


def _is_pipeline(pipeline: Pipeline) -> bool:
    """Check that what a pipeline is made of has the types that it has in any other."""
    known = {
        name: type(value) for name, value in vars(Pipeline("New", won="Won")).items() if value is not None
    }
    return all(isinstance(vars(pipeline)[name], kind) for name, kind in known.items())


def _are_two_or_none(ends: object) -> bool:
    return ends is None or (isinstance(ends, tuple) and len(ends) == 2 and all(map(_is_number, ends)))


def _are_ends(ends: Ends) -> bool:
    moments = (ends.start, ends.end, ends.seen_at)
    return (
        all(moment is None or _is_number(moment) for moment in moments)
        and _are_two_or_none(ends.log)
        and isinstance(ends.period, str)
        and isinstance(ends.as_of, str)
    )


def _are_stages(stages: Stages) -> bool:
    return (
        _maps(stages.rows, _is_count)
        and isinstance(stages.left_out, tuple)
        and isinstance(stages.has_pipelines, bool)
    )


def _are_groups(part: PartGroups, n_items: int) -> bool:
    values = part.groups.values
    return isinstance(values, pd.DataFrame) and _are_whole(part.sizes, (len(values),), n_items + 1)


def _are_counts(counts: object, shape: tuple[int, int], n_items: int) -> bool:
    if not isinstance(counts, FunnelCounts):
        return False
    fields = {name: value for name, value in vars(counts).items() if value is not None}
    amounts = fields.pop("amount", None)
    absent = fields.pop("beyond_absent")
    return (
        any(_are_whole(absent, (shape[0], n), n_items + 1) for n in (0, shape[1]))
        and (amounts is None or amounts.shape == shape)
        and all(
            _are_whole(value, shape[:1] if name in _ONE_PER_GROUP else shape, n_items + 1)
            for name, value in fields.items()
        )
    )


def _is_sample(sample: object, per: str, n_rows: int) -> bool:
    if not isinstance(sample, Sample):
        return False
    if not all(_is_count(n) and n <= n_rows for n in (getattr(sample, name) for name in _VISITS)):
        return False
    lengths = sample.durations
    if not isinstance(lengths, np.ndarray) or lengths.ndim != 1 or lengths.dtype != np.uint64:
        return False
    n, most = len(lengths), sample.completed
    are_all = n == most if per == "visit" else n <= most and (n > 0) == (most > 0)
    return are_all and bool((lengths[1:] >= lengths[:-1]).all())


def _are_cells(of: Any, stages: Sequence[str], counts: Sequence[str], n_groups: int, n_stages: int) -> bool:
    shape = np.shape(of.group)
    return (
        len(shape) == 1
        and _are_whole(of.group, shape, n_groups)
        and all(_are_whole(getattr(of, name), shape, n_stages) for name in stages)
        and all(_are_whole(getattr(of, name), shape) for name in counts)
    )


def _are_limited(limited: Limited, n_groups: int, n_stages: int) -> bool:
    shape = (n_groups, n_stages)
    return (
        _are_whole(limited.known, shape)
        and _are_whole(limited.beyond, shape)
        and _are_cells(limited, ("stage",), (), n_groups, n_stages)
        and _are_whole(limited.started, np.shape(limited.group), least=-(2**63))
    )


def _are_keys(words: object) -> bool:
    if not isinstance(words, Mapping) or not words:
        return False
    arrays = list(words.values())
    are_words = all(
        isinstance(one, np.ndarray) and one.dtype == np.uint64 and one.ndim == 2 and one.shape[1] in (1, 2)
        for one in arrays
    )
    return (
        are_words and all(isinstance(kind, str) for kind in words) and len({len(one) for one in arrays}) == 1
    )
