"""The items of a log counted by state: one scan counts them, and they are kept for the next question."""

from __future__ import annotations

from typing import Final, cast
from weakref import WeakKeyDictionary

from ... import _core
from ...log.chosen_data import Choice, ChosenData, choice_of
from ...log.data import LogData
from ..scope.selection import Selection
from .kinds import Rule

Lookup = tuple[int, int, tuple[tuple[int, ...], ...]]
_Owner = _core.journeys.Journeys | ChosenData
# States belong to journeys, which several logs may share; to a log of chosen items before these are made.
_kept: WeakKeyDictionary[_Owner, dict[Lookup, _core.funnel.ItemStates | None]] = WeakKeyDictionary()
#: Where less than one in so many items is chosen, their rows alone are read: those of the whole log would
#: serve other choices too, and take as long as two of these.
_FEW: Final = 2


def item_states(
    data: LogData, lookup: _core.scan.Pipeline, with_items: bool
) -> _core.funnel.ItemStates | None:
    """Count the items of a log by state, or return the counts of an earlier question.

    Parameters
    ----------
    data
        The inside of the log.
    lookup
        The table by which the core reads the log's codes as stages.
    with_items
        Whether the state of each item is needed too, as groups and amounts need it.
    """
    states_of, key = _kept_of(data, lookup)
    states = states_of.get(key)
    if key not in states_of or (with_items and states is not None and not states.has_items):
        states_of[key] = states = _found(data, lookup, with_items)
    return states


def _found(data: LogData, lookup: _core.scan.Pipeline, with_items: bool) -> _core.funnel.ItemStates | None:
    choice = choice_of(data)
    if choice is not None:
        whole = kept_item_states(choice.whole, lookup)
        is_known = whole is not None and whole.has_items
        is_most = choice.n_items * _FEW > choice.whole.n_items
        if is_most and whole is None and not with_items and choice.flags is not None:
            return _found_at_once(choice, lookup)
        if is_known or is_most:
            whole = item_states(choice.whole, lookup, with_items=True)
            return whole and _core.funnel.states_of_chosen(whole, choice.places, data.threads)
        of_chosen = _core.funnel.find_states_of_chosen(
            choice.whole.journeys, lookup, choice.places, data.threads
        )
        if of_chosen is not None:
            return of_chosen
    scan = _core.funnel.find_states_of_items if with_items else _core.funnel.find_states
    return scan(data.journeys, lookup, data.threads)


def _found_at_once(choice: Choice, lookup: _core.scan.Pipeline) -> _core.funnel.ItemStates | None:
    """Count most of the items where nothing is known of the whole log, whose counts are kept too."""
    whole = choice.whole
    assert choice.flags is not None
    found = _core.funnel.find_states_of_flagged(whole.journeys, lookup, choice.flags, whole.threads)
    of_whole, of_chosen = found or (None, None)
    keep_item_states(whole, lookup, of_whole)
    return of_chosen


def states_of_items(selection: Selection, rule: Rule) -> _core.funnel.ItemStates | None:
    """Return the state of each item of a selection; ``None`` where the kind does not count by state.

    They are kept for the next question where the selection is the whole log.
    """
    if not rule.counts_by_state:
        return None
    if selection.is_whole:
        return item_states(selection.data, selection.lookup, with_items=True)
    return _core.funnel.find_states_of_items(
        journeys=selection.journeys, pipeline=selection.lookup, threads=selection.data.threads
    )


def kept_item_states(data: LogData, lookup: _core.scan.Pipeline) -> _core.funnel.ItemStates | None:
    """Return the states of an earlier scan; ``None`` if no scan was made, or they were too many to keep."""
    states_of, key = _kept_of(data, lookup)
    return states_of.get(key)


def keep_item_states(
    data: LogData, lookup: _core.scan.Pipeline, states: _core.funnel.ItemStates | None
) -> None:
    """Keep the states that the scan of a summary found."""
    states_of, key = _kept_of(data, lookup)
    states_of[key] = states


def _kept_of(
    data: LogData, lookup: _core.scan.Pipeline
) -> tuple[dict[Lookup, _core.funnel.ItemStates | None], Lookup]:
    owner: _Owner = data.journeys if choice_of(data) is None else cast(ChosenData, data)
    return _kept.setdefault(owner, {}), key_of(lookup)


def key_of(lookup: _core.scan.Pipeline) -> Lookup:
    """Return all of a lookup that the states depend on."""
    lists = (lookup.rows, lookup.optional, lookup.since, lookup.until)
    return lookup.n_open, lookup.n_won, tuple(map(tuple, lists))
