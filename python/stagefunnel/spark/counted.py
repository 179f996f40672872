"""What came of partitions: their counts as bytes, what was wrong, and what is warned of."""

from __future__ import annotations

import inspect
import pickle
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..errors import StageFunnelError, StageFunnelWarning
from ..log.number_dates import read_as_dates, warn_of_format
from ..log.stage_log import StageLog
from ..questions.parts.partial import Partial, merge
from .kept import Kept, WrittenAs


@dataclass(frozen=True)
class Counted:
    """What came of a partition, or of several.

    Attributes
    ----------
    part
        The partial, as bytes where nobody has read it; ``None`` after an error.
    partition
        Number of the first partition.
    error
        What was wrong with its rows.
    warned
        Texts of warnings, each once.
    written_as
        How the times of logs read: all logs together say whether these are dates.
    kept
        The saved logs that it was counted of.
    """

    part: bytes | Partial | None
    partition: int
    error: StageFunnelError | None = None
    warned: tuple[str, ...] = field(default=())
    written_as: WrittenAs = field(default_factory=dict)
    kept: tuple[Kept, ...] = field(default=())


def counted_in(rows: Sequence[bytes]) -> list[Counted]:
    """Read what came of partitions; an executor without the package is an error of the first."""
    found = [pickle.loads(row) for row in rows]
    return [one if isinstance(one, Counted) else Counted(None, -1, StageFunnelError(one)) for one in found]


def merged(found: Sequence[Counted]) -> Counted:
    """Merge what came of several partitions; the error of the first of them goes before all else."""
    found = sorted(found, key=lambda counted: counted.partition)
    warned = tuple(dict.fromkeys(text for counted in found for text in counted.warned))
    written_as = _of_all(counted.written_as for counted in found)
    first = found[0].partition
    kept = tuple(one for counted in found for one in counted.kept)
    failed = next((counted for counted in found if counted.error is not None), None)
    if failed is not None:
        return Counted(None, failed.partition, failed.error, warned)
    try:
        whole = merge(map(_read, found)) if len(found) > 1 else found[0].part
        return Counted(whole, first, None, warned, written_as, kept)
    except StageFunnelError as error:
        return Counted(None, first, error, warned)


def _read(counted: Counted) -> Partial:
    """Return the partial of a partition, which may be bytes still."""
    assert counted.part is not None  # where there is no error
    return counted.part if isinstance(counted.part, Partial) else Partial.from_bytes(counted.part)


def written_as(log: StageLog) -> dict[str | None, int]:
    """Return the format in which the times of a log read as dates, ``None`` if they do not, and the first."""
    ends = log._data.time_range
    return {} if ends is None else {read_as_dates(log._data): int(ends[0])}


def _of_all(logs: Iterable[WrittenAs]) -> dict[str | None, int]:
    found: dict[str | None, int] = {}
    for one in logs:
        for form, first in one.items():
            found[form] = min(first, found.get(form, first))
    return found


def part_of(found: Counted) -> Partial:
    """Return the partial of all partitions with its warnings, or raise what was wrong with one of them."""
    for text in found.warned:
        warnings.warn(StageFunnelWarning(text), stacklevel=_level_of_caller())
    if found.error is not None:
        raise found.error
    warn_of_dates(found.written_as)
    return _read(found)


def warn_of_dates(written_as: WrittenAs) -> None:
    """Warn where the times of all logs are whole numbers that read as dates of one format."""
    forms = [*written_as]
    if len(forms) == 1 and forms[0] is not None:
        warn_of_format(forms[0], written_as[forms[0]], _level_of_caller())


def _level_of_caller() -> int:
    """Return the stack level, seen from who asks for it, of the first frame outside this room."""
    level, frame = 0, inspect.currentframe()
    while frame is not None and f"{frame.f_globals.get('__name__')}.".startswith(f"{__package__}."):
        level, frame = level + 1, frame.f_back
    return level
