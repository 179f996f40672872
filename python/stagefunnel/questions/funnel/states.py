"""The items counted by state, which a scan finds once and a log keeps for the next question."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from ... import _core
from ...log.data import LogData

_Lookup = tuple[int, int, tuple[int, ...]]
_kept: WeakKeyDictionary[LogData, dict[_Lookup, _core.funnel.ItemStates | None]] = WeakKeyDictionary()


def item_states(
    data: LogData, lookup: _core.scan.Pipeline, with_items: bool
) -> _core.funnel.ItemStates | None:
    """Count the items of a log by state, or return the counts of an earlier question.

    Parameters
    ----------
    with_items
        Whether the state of each item is needed too, as groups and amounts need it.
    """
    states_of, key = _place_of(data, lookup)
    states = states_of.get(key)
    if key not in states_of or (with_items and states is not None and not states.has_items):
        scan = _core.funnel.find_states_of_items if with_items else _core.funnel.find_states
        states_of[key] = states = scan(data.journeys, lookup, data.threads)
    return states


def kept_item_states(data: LogData, lookup: _core.scan.Pipeline) -> _core.funnel.ItemStates | None:
    """Return the states of an earlier scan; ``None`` if there was none, or they were too many to keep."""
    states_of, key = _place_of(data, lookup)
    return states_of.get(key)


def keep_item_states(
    data: LogData, lookup: _core.scan.Pipeline, states: _core.funnel.ItemStates | None
) -> None:
    """Keep the states that the scan of a summary found."""
    states_of, key = _place_of(data, lookup)
    states_of[key] = states


def _place_of(
    data: LogData, lookup: _core.scan.Pipeline
) -> tuple[dict[_Lookup, _core.funnel.ItemStates | None], _Lookup]:
    return _kept.setdefault(data, {}), (lookup.n_open, lookup.n_won, tuple(lookup.rows))
