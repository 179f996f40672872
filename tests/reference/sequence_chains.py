"""Every chain that the rules of a sequence allow, one by one."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from reference.sequence_steps import Asked, Event, Exclusion, after, fillers, is_within, keeps_gaps, matches
from reference.stages import Time


class Link(NamedTuple):
    """A step of a chain and the row that fills it.

    ``number`` is the step's own, but with steps in any order its place in order of time.
    """

    number: int
    step: int
    event: Event

    @property
    def time(self) -> Time:
        """The row's time."""
        return self.event.time


Links: TypeAlias = tuple[Link, ...]


def level_of(chain: Links) -> int:
    """Return the deepest step done."""
    return max((link.number for link in chain), default=0)


def all_chains(events: Sequence[Event], asked: Asked, entry: Time | None = None) -> list[Links]:
    """Return every chain of at least one step, or every one that starts at a time."""
    can = fillers(events, asked)
    if asked.mode == "hybrid":
        return list(_hybrid(can, asked))
    starts = range(1, asked.n + 1) if asked.mode == "unordered" else [1]
    chains = [
        chain
        for step in starts
        for event in can[step]
        for chain in _longer((Link(1, step, event),), can, asked)
    ]
    if asked.mode == "first_entry":
        # Rows of equal time are equally early.
        first = min((event.time for event in can[1]), default=None)
        chains = [chain for chain in chains if chain[0].time == first]
    if entry is not None:
        chains = [chain for chain in chains if chain[0].time == entry]
    if asked.mode == "strict":
        chains = [chain for chain in chains if is_adjacent([link.event.row for link in chain])]
    return chains


def _longer(chain: Links, can: dict[int, list[Event]], asked: Asked) -> Iterator[Links]:
    """Yield a chain, and whatever it can become."""
    yield chain
    for step in next_steps(chain, asked):
        number = len(chain) + 1 if asked.mode == "unordered" else step
        for event in can[step]:
            link = Link(number, step, event)
            if may_follow(chain, link, asked):
                yield from _longer((*chain, link), can, asked)


def next_steps(chain: Links, asked: Asked) -> list[int]:
    """Return the steps that can come next: optional ones, up to the first that is not."""
    if asked.mode == "unordered":
        done = {link.step for link in chain}
        return [step for step in range(1, asked.n + 1) if step not in done]
    steps = []
    for step in range(level_of(chain) + 1, asked.n + 1):
        steps.append(step)
        if step not in asked.optional:
            break
    return steps


def may_follow(chain: Links, link: Link, asked: Asked) -> bool:
    """Tell whether a row may fill the next step of a chain."""
    entry, last = chain[0], chain[-1]
    in_order = link.time > last.time if asked.mode == "increase" else link.time >= last.time
    return (
        link.event.row not in [done.event.row for done in chain]
        and link.event.held == entry.event.held
        and in_order
        and is_within(entry.time, link.time, asked.window)
        and keeps_gaps(last.time, link.time, link.number, asked)
    )


def is_adjacent(rows: Sequence[int]) -> bool:
    """Tell whether each of these rows of a journey is the next one after that before it."""
    return all(following == row + 1 for row, following in pairwise(rows))


def _hybrid(can: dict[int, list[Event]], asked: Asked) -> Iterator[Links]:
    first = min((event.time for event in can[1]), default=None)
    for entry in can[1]:
        if entry.time == first:
            yield from _any_time_after((Link(1, 1, entry),), can, asked)


def _any_time_after(chain: Links, can: dict[int, list[Event]], asked: Asked) -> Iterator[Links]:
    """Yield a chain, and with every row for the next step, at any time from the entry to the window's end."""
    yield chain
    entry, step = chain[0], len(chain) + 1
    for event in can.get(step, []):
        free = event.row not in [done.event.row for done in chain] and event.held == entry.event.held
        if free and event.time >= entry.time and is_within(entry.time, event.time, asked.window):
            yield from _any_time_after((*chain, Link(step, step, event)), can, asked)


def is_hit(chain: Links, exclusion: Exclusion, events: Sequence[Event], asked: Asked) -> bool:
    """Tell whether an excluded row lies after the one step of a chain and before the other."""
    return any(_counts(chain, event, exclusion, asked) for event in events)


def goes_past(chain: Links, exclusion: Exclusion, events: Sequence[Event], asked: Asked) -> bool:
    """Tell whether a chain goes on after an excluded row."""
    return any(_counts(chain, event, exclusion, asked) for event in events if event.time < chain[-1].time)


def _counts(chain: Links, event: Event, exclusion: Exclusion, asked: Asked) -> bool:
    if exclusion.after > level_of(chain):
        return False
    # A skipped step is stood for by the one done before it, or after it.
    begin = [link.time for link in chain if link.number <= exclusion.after][-1]
    end = next((link.time for link in chain if link.number >= asked.ending(exclusion)), None)
    return (
        matches(event.stage, exclusion.stage)
        and event.held == chain[0].event.held
        and event.time > begin
        and (end is None or event.time < end)
        and event.time not in [link.time for link in chain]
        and (asked.window is None or event.time <= after(chain[0].time, asked.window))
    )
