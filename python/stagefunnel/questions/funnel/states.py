"""What a scan of a log found for a pipeline, kept for the next question as long as the log lives."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from ... import _core
from ...log.data import LogData
from ...log.stage_log import StageLog

_Lookup = tuple[int, int, tuple[int, ...]]
_kept: WeakKeyDictionary[LogData, dict[_Lookup, _core.Digest | None]] = WeakKeyDictionary()


def digest_of(log: StageLog, lookup: _core.Pipeline, with_items: bool) -> _core.Digest | None:
    """Scan the log for a pipeline, or look up what the scan found last time.

    Parameters
    ----------
    with_items
        Whether the state of each item is wanted, as groups and amounts need it.
    """
    digests, key = _place_of(log, lookup)
    found = digests.get(key)
    if key not in digests or (with_items and found is not None and not found.has_items):
        scan = _core.digest_of_items if with_items else _core.digest_of
        digests[key] = found = scan(log._data.journeys, lookup, log._data.threads)
    return found


def kept_digest(log: StageLog, lookup: _core.Pipeline) -> _core.Digest | None:
    """Look up what a scan found; ``None`` if there was none, or it found no digest worth its memory."""
    digests, key = _place_of(log, lookup)
    return digests.get(key)


def keep_digest(log: StageLog, lookup: _core.Pipeline, digest: _core.Digest | None) -> None:
    """Keep what a scan for all questions found."""
    digests, key = _place_of(log, lookup)
    digests[key] = digest


def _place_of(log: StageLog, lookup: _core.Pipeline) -> tuple[dict[_Lookup, _core.Digest | None], _Lookup]:
    return _kept.setdefault(log._data, {}), (lookup.n_open, lookup.n_won, tuple(lookup.rows))
