"""The chance that an open item is won, from the visits of its stage, in plain fractions."""

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from reference.incidence import Spell, curve

Stage: TypeAlias = Hashable
Next: TypeAlias = Hashable
Exits: TypeAlias = Sequence[tuple[int, Next, Fraction]]  # when, in what, and what share of all
WON, OVER = "won", "over"  # what follows a stage that is not in progress


class Visit(NamedTuple):
    """A visit of a stage in progress: how long it was watched, and what followed; None: nothing did."""

    stage: Stage
    length: int
    following: Next | None


class Chance(NamedTuple):
    win: Fraction | None
    win_if_closed: Fraction | None
    beyond: bool


def chance(
    visits: Sequence[Visit], stages: Sequence[Stage], stage: Stage, age: int, horizon: int | None = None
) -> Chance:
    """Return the chance of an item that is in ``stage`` for ``age``, at any time or within ``horizon``."""
    exits = _exits_of(tuple(visits), tuple(stages))
    lengths = [visit.length for visit in visits if visit.stage == stage and visit.following is not None]
    if not lengths or age > max(lengths):
        return Chance(None, None, True)
    if is_unknown(visits, stages, stage):
        return Chance(None, None, False)
    left = Fraction(1) - sum((p for time, _, p in exits[stage] if time <= age), Fraction(0))
    ahead = [(time - age, to, p) for time, to, p in exits[stage] if time > age]
    closing = _closing(tuple(visits), tuple(stages))
    ahead_if = [(time - age, to, p) for time, to, p in closing[stage] if time > age]
    left_if = sum((p for _, _, p in ahead_if), Fraction(0))
    if horizon is None:
        won, won_if, lost_if_closed = _ends(tuple(visits), tuple(stages))
        win = _sum(ahead, won, WON) / left
        win_if, lost_if = _sum(ahead_if, won_if, WON), _sum(ahead_if, lost_if_closed, OVER)
        closed = None if win_if + lost_if == 0 else win_if / (win_if + lost_if)
        return Chance(win, closed, False)
    values = []
    by_time = _wins_by_time(tuple(visits), tuple(stages), horizon)
    for won_by, here, all_left in zip(by_time, (ahead, ahead_if), (left, left_if), strict=True):
        total = Fraction(0)
        for wait, to, p in here:
            if wait <= horizon:
                total += p * (1 if to == WON else 0 if to == OVER else won_by[horizon - wait][to])
        values.append(None if all_left == 0 else total / all_left)
    return Chance(values[0], values[1], False)


def visits_behind(
    visits: Sequence[Visit], stages: Sequence[Stage], stage: Stage, age: int, horizon: int | None = None
) -> float:
    """Count the visits that a chance of 0 or 1 stands on, of an item that is in ``stage`` for ``age``."""
    exits = _exits_of(tuple(visits), tuple(stages))
    left = 1 - sum((p for time, _, p in exits[stage] if time <= age), Fraction(0))
    least = float(left * _visits_at_end(visits, exits, stage, age, horizon))
    # How often the item comes to each stage: what has not ended yet goes on, again and again.
    coming = {
        one: float(sum((p for time, to, p in exits[stage] if time > age and to == one), Fraction(0)) / left)
        for one in stages
    }
    come = dict(coming)
    moves = {
        one: {to: float(sum((p for _, k, p in exits[one] if k == to), Fraction(0))) for to in stages}
        for one in stages
    }
    for _ in range(4000):
        coming = {to: sum(coming[one] * moves[one][to] for one in stages) for to in stages}
        come = {one: come[one] + coming[one] for one in stages}
    for one in stages:
        if come[one] > 0:
            n = float(_visits_at_end(visits, exits, one, 0, horizon)) if exits[one] else 1.0
            least = min(least, n / come[one])
    return least


def _visits_at_end(
    visits: Sequence[Visit], exits: Mapping[Stage, Exits], stage: Stage, age: int, horizon: int | None
) -> Fraction:
    """Return how many visits there were at the beginning, if none but the exits had gone by the end."""
    times = sorted(time for time, _, _ in exits[stage])
    until = times[-1] if horizon is None else min(age + horizon, times[-1])
    end = next(time for time in times if time >= until)
    at_risk = sum(visit.stage == stage and visit.length >= end for visit in visits)
    return at_risk / (1 - sum((p for time, _, p in exits[stage] if time < end), Fraction(0)))


# What follows from the visits alone is worked out once for all items of a history.


@lru_cache(maxsize=8)
def _exits_of(visits: tuple[Visit, ...], stages: tuple[Stage, ...]) -> Mapping[Stage, Exits]:
    return {one: _exits(visits, stages, one) for one in stages}


@lru_cache(maxsize=8)
def _closing(visits: tuple[Visit, ...], stages: tuple[Stage, ...]) -> Mapping[Stage, Exits]:
    return {one: _of_leaving(own) for one, own in _exits_of(visits, stages).items()}


@lru_cache(maxsize=8)
def _ends(visits: tuple[Visit, ...], stages: tuple[Stage, ...]) -> tuple[Mapping[Stage, Fraction], ...]:
    """Return the chance of a win, and of a win and of another end where each visit ends."""
    exits, closing = _exits_of(visits, stages), _closing(visits, stages)
    return _solved(exits, stages, WON), _solved(closing, stages, WON), _solved(closing, stages, OVER)


@lru_cache(maxsize=8)
def _wins_by_time(
    visits: tuple[Visit, ...], stages: tuple[Stage, ...], horizon: int
) -> tuple[Sequence[Mapping[Stage, Fraction]], ...]:
    return tuple(
        _won_by(own, stages, horizon) for own in (_exits_of(visits, stages), _closing(visits, stages))
    )


LEAST = 30  # visits that have ended, of which none was won: then that is known


def is_unknown(visits: Sequence[Visit], stages: Sequence[Stage], stage: Stage) -> bool:
    """Say whether nothing is known of wins from a stage: none was seen, and few visits of it have ended."""
    if not any(visit.following == WON for visit in visits if visit.stage in stages):
        return True
    seen, waiting = {stage}, [stage]
    while waiting:
        here = waiting.pop()
        for visit in visits:
            if visit.stage == here and visit.following == WON:
                return False
            if visit.stage == here and visit.following in stages and visit.following not in seen:
                seen.add(visit.following)
                waiting.append(visit.following)
    return sum(visit.stage == stage and visit.following is not None for visit in visits) < LEAST


def _exits(
    visits: Sequence[Visit], stages: Sequence[Stage], stage: Stage
) -> list[tuple[int, Next, Fraction]]:
    """Return when the visits of a stage end, in what, and what share of them."""
    spells = [
        Spell(visit.length, None if visit.following is None else str(visit.following))
        for visit in visits
        if visit.stage == stage
    ]
    names = {str(one): one for one in [*stages, WON, OVER]}
    found, before = [], dict.fromkeys(names, Fraction(0))
    for point in curve(spells, list(names)):
        for name, label in names.items():
            if point.incidence[name] > before[name]:
                found.append((point.time, label, point.incidence[name] - before[name]))
        before = point.incidence
    return found


def _of_leaving(exits: Sequence[tuple[int, Next, Fraction]]) -> list[tuple[int, Next, Fraction]]:
    total = sum((p for _, _, p in exits), Fraction(0))
    return [(time, to, p / total) for time, to, p in exits]


def _sum(
    exits: Sequence[tuple[int, Next, Fraction]], chances: Mapping[Stage, Fraction], end: str
) -> Fraction:
    total = Fraction(0)
    for _, to, p in exits:
        total += p * (Fraction(int(to == end)) if to in (WON, OVER) else chances[to])
    return total


def _solved(
    exits: Mapping[Stage, Sequence[tuple[int, Next, Fraction]]], stages: Sequence[Stage], end: str
) -> dict[Stage, Fraction]:
    """Solve b = Σ F b by elimination; a stage from which the end cannot be reached has 0."""
    reaching: set[Stage] = set()
    while True:
        more = {
            one
            for one in stages
            if one not in reaching and any(to == end or to in reaching for _, to, _ in exits[one])
        }
        if not more:
            break
        reaching |= more
    order = [one for one in stages if one in reaching]
    rows = []
    for one in order:
        row = [Fraction(int(one == other)) for other in order]
        known = Fraction(0)
        for _, to, p in exits[one]:
            if to == end:
                known += p
            elif to in reaching:
                row[order.index(to)] -= p
        rows.append([*row, known])
    for at in range(len(order)):
        pivot = next(row for row in range(at, len(order)) if rows[row][at] != 0)
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for other in range(len(order)):
            if other != at and rows[other][at] != 0:
                factor = rows[other][at]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[at], strict=True)]
    return {one: Fraction(0) for one in stages} | {one: rows[at][-1] for at, one in enumerate(order)}


def _won_by(
    exits: Mapping[Stage, Sequence[tuple[int, Next, Fraction]]], stages: Sequence[Stage], horizon: int
) -> list[dict[Stage, Fraction]]:
    """Return by time the chance that one that has just come to a stage is won by then.

    What goes on at once is followed as often as there are stages, and a circle without time is passed
    through until nothing is left to add but what is too small to see.
    """
    won: list[dict[Stage, Fraction]] = []
    for time in range(horizon + 1):
        now: dict[Stage, Fraction] = dict.fromkeys(stages, Fraction(0))
        for _ in range(60):
            then = {}
            for one in stages:
                total = Fraction(0)
                for wait, to, p in exits[one]:
                    if wait > time or to == OVER:
                        continue
                    total += p * (1 if to == WON else now[to] if wait == 0 else won[time - wait][to])
                then[one] = total
            if then == now:
                break
            now = {one: value.limit_denominator(10**12) if _ > 20 else value for one, value in then.items()}
        won.append(now)
    return won


def occupation(
    visits: Sequence[Visit], stages: Sequence[Stage], stage: Stage, age: int, horizon: int
) -> dict[Next, float]:
    """Follow an item from visit to visit, share by share; return where its shares are after ``horizon``."""
    exits = _exits_of(tuple(visits), tuple(stages))
    found: dict[Next, float] = dict.fromkeys([*stages, WON, OVER], 0.0)
    left = float(1 - sum((p for time, _, p in exits[stage] if time <= age), Fraction(0)))
    ahead = [(time - age, to, float(p) / left) for time, to, p in exits[stage] if time > age]
    waiting: list[tuple[Next, list[tuple[int, Next, float]], int, float]] = [(stage, ahead, horizon, 1.0)]
    while waiting:
        here, ways, rest, share = waiting.pop()
        for wait, to, p in ways:
            if wait > rest:
                continue
            if to in (WON, OVER) or share * p < 1e-10:
                found[to] += share * p
            else:
                further = [(time, after, float(q)) for time, after, q in exits[to]]
                waiting.append((to, further, rest - wait, share * p))
        found[here] += share * (1 - sum(p for wait, _, p in ways if wait <= rest))
    return found
