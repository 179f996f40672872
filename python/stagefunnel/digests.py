"""What a scan of a log found for a pipeline, kept for the next question as long as the log lives."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from . import _core
from .log import StageLog

_Lookup = tuple[int, int, tuple[int, ...]]
_kept: WeakKeyDictionary[StageLog, dict[_Lookup, _core.Digest | None]] = WeakKeyDictionary()


def digest_of(log: StageLog, lookup: _core.Pipeline) -> _core.Digest | None:
    """Scan the log for a pipeline, or look up what the scan found last time."""
    digests = _kept.setdefault(log, {})
    key = (lookup.n_open, lookup.n_won, tuple(lookup.rows))
    if key not in digests:
        digests[key] = _core.digest_of(log._journeys, lookup, log._threads)
    return digests[key]
