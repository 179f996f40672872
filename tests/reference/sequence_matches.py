"""Every match that the rules of a sequence allow, one by one."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from reference.sequence_steps import Event, Exclusion, Rules, after, fillers, fits, is_within, keeps_gaps
from reference.stages import Time


class FilledStep(NamedTuple):
    """A step of a match and the row that fills it.

    ``number`` is the step's own number, but with steps in any order it is the step's place in order of time.
    """

    number: int
    step: int
    event: Event

    @property
    def time(self) -> Time:
        """The row's time."""
        return self.event.time


FilledSteps: TypeAlias = tuple[FilledStep, ...]


def level_of(match: FilledSteps) -> int:
    """Return the deepest step that a match did."""
    return max((filled.number for filled in match), default=0)


def all_matches(events: Sequence[Event], rules: Rules, entry: Time | None = None) -> list[FilledSteps]:
    """Return every match of at least one step, or every such match whose entry is at a time."""
    can_fill = fillers(events, rules)
    if rules.mode == "hybrid":
        return list(_hybrid(can_fill, rules))
    first_steps = range(1, rules.n + 1) if rules.mode == "unordered" else [1]
    matches = [
        match
        for step in first_steps
        for event in can_fill[step]
        for match in _with_longer((FilledStep(1, step, event),), can_fill, rules)
    ]
    if rules.mode == "first_entry":
        # Rows of equal time are equally early.
        first = min((event.time for event in can_fill[1]), default=None)
        matches = [match for match in matches if match[0].time == first]
    if entry is not None:
        matches = [match for match in matches if match[0].time == entry]
    if rules.mode == "strict":
        matches = [match for match in matches if is_adjacent([filled.event.row for filled in match])]
    return matches


def _with_longer(match: FilledSteps, can_fill: dict[int, list[Event]], rules: Rules) -> Iterator[FilledSteps]:
    """Yield a match, and every match that continues it."""
    yield match
    for step in next_steps(match, rules):
        number = len(match) + 1 if rules.mode == "unordered" else step
        for event in can_fill[step]:
            filled = FilledStep(number, step, event)
            if may_follow(match, filled, rules):
                yield from _with_longer((*match, filled), can_fill, rules)


def next_steps(match: FilledSteps, rules: Rules) -> list[int]:
    """Return the steps that can come next: those up to the first that is not optional."""
    if rules.mode == "unordered":
        done = {filled.step for filled in match}
        return [step for step in range(1, rules.n + 1) if step not in done]
    steps = []
    for step in range(level_of(match) + 1, rules.n + 1):
        steps.append(step)
        if step not in rules.optional:
            break
    return steps


def may_follow(match: FilledSteps, filled: FilledStep, rules: Rules) -> bool:
    """Return whether a match can go on with a step filled by a row."""
    entry, last = match[0], match[-1]
    in_order = filled.time > last.time if rules.mode == "increase" else filled.time >= last.time
    return (
        filled.event.row not in [done.event.row for done in match]
        and filled.event.held == entry.event.held
        and in_order
        and is_within(entry.time, filled.time, rules.window)
        and keeps_gaps(last.time, filled.time, filled.number, rules)
    )


def is_adjacent(rows: Sequence[int]) -> bool:
    """Return whether each of these rows of a journey directly follows the row before it."""
    return all(following == row + 1 for row, following in pairwise(rows))


def _hybrid(can_fill: dict[int, list[Event]], rules: Rules) -> Iterator[FilledSteps]:
    first = min((event.time for event in can_fill[1]), default=None)
    for entry in can_fill[1]:
        if entry.time == first:
            yield from _any_time_after((FilledStep(1, 1, entry),), can_fill, rules)


def _any_time_after(
    match: FilledSteps, can_fill: dict[int, list[Event]], rules: Rules
) -> Iterator[FilledSteps]:
    """Yield a match, and its continuations by rows at any time from the entry to the window's end."""
    yield match
    entry, step = match[0], len(match) + 1
    for event in can_fill.get(step, []):
        is_free = event.row not in [done.event.row for done in match] and event.held == entry.event.held
        if is_free and event.time >= entry.time and is_within(entry.time, event.time, rules.window):
            yield from _any_time_after((*match, FilledStep(step, step, event)), can_fill, rules)


def is_hit(match: FilledSteps, exclusion: Exclusion, events: Sequence[Event], rules: Rules) -> bool:
    """Return whether an excluded row lies between the two steps of a match that the exclusion names."""
    return any(_hits(match, event, exclusion, rules) for event in events)


def goes_past(match: FilledSteps, exclusion: Exclusion, events: Sequence[Event], rules: Rules) -> bool:
    """Return whether a match goes on after an excluded row."""
    return any(_hits(match, event, exclusion, rules) for event in events if event.time < match[-1].time)


def _hits(match: FilledSteps, event: Event, exclusion: Exclusion, rules: Rules) -> bool:
    if exclusion.after > level_of(match):
        return False
    # The step done before a skipped step, or after it, stands for the skipped step.
    begin = [filled.time for filled in match if filled.number <= exclusion.after][-1]
    end = next((filled.time for filled in match if filled.number >= rules.ending(exclusion)), None)
    return (
        fits(event.stage, exclusion.stage)
        and event.held == match[0].event.held
        and event.time > begin
        and (end is None or event.time < end)
        and event.time not in [filled.time for filled in match]
        and (rules.window is None or event.time <= after(match[0].time, rules.window))
    )
