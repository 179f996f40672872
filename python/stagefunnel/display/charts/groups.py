"""What a chart of groups says first: how far apart they are, and whether chance alone could do that."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from ...tables.labels import MISSING
from ...words import begins, tr
from ..chance import TwoShares, clear_differences
from ..extremes import with_ties
from ..numbers import percent, points, so_many
from ..remarks import of_later
from ..standouts import are_unlike
from ..things import things_of
from ..unlike import AGE, LEAST_BASE, NOT_COVERED, NOT_YET, why_not_compared
from .canvas import Panels
from .style import inert

_MOST_NAMED: Final = 2
_SURE: Final = 1.645  # standard deviations that chance exceeds once in twenty times


def goal_of(series: Panels) -> tuple[Any, list[tuple[str, int, int]]]:
    """Return the first won stage, or the last stage there is, and how far each group comes to it.

    A group is its name, how many reached that stage and of how many, the largest share first.
    """
    stages, ends = (series[0][1][name].tolist() for name in ("stage", "outcome"))
    label = stages[ends.index("won")] if "won" in ends else stages[-1]
    found = []
    for group, rows in series:
        at = next((at for at, stage in enumerate(rows["stage"].tolist()) if stage == label), None)
        if at is not None:
            reached, base = (int(rows[name].iloc[at]) for name in ("reached", "base"))
            found.append((inert(group), reached, base))
    return label, sorted(found, key=lambda one: -(one[1] / one[2] if one[2] else -1))


class _Group(NamedTuple):
    """A group: how many of it reached the stage that is compared, of how many, and how many are open."""

    name: str
    n: int
    of: int
    still_open: int

    @property
    def share(self) -> float:
        return self.n / self.of if self.of else math.nan

    @property
    def open_share(self) -> float:
        return self.still_open / self.of if self.of else math.nan


def finding_of_groups(series: Panels, names: Mapping[Hashable, str], remembered: Mapping[str, Any]) -> str:
    """Say which groups come further than the rest, where they can be compared; see "What stands out".

    It is about the share of all that reached the first won stage, or the last stage there is. Nothing is said
    of fewer than two groups with 30 items, and where those that would be named are unlike.
    """
    if remembered.get("later"):
        return ""  # who was won reached a won stage: that is no finding
    label, groups = _groups_of(series)
    # Items without a value are nobody's: they are drawn, and are a part of the rest.
    large = [one for one in groups if one.of >= LEAST_BASE and one.name != MISSING]
    if len(large) < 2:
        return ""
    best, worst = large[0], large[-1]
    if percent(best.share) == percent(worst.share):
        return tr(
            "{names}: {share} in every group with {least_base}",
            names=names[label],
            share=percent(best.share),
            least_base=LEAST_BASE,
        )
    clear = _standing_out(large, groups)
    alike = [one for one in clear if not _is_unlike(one, _rest_of(one, groups), remembered)]
    if alike and len(groups) == 2:
        apart = points(best.share - worst.share).removeprefix("+")
        shares = tr(
            "{share} in {name}, {share_2} in {name_2}",
            share=percent(best.share),
            name=best.name,
            share_2=percent(worst.share),
            name_2=worst.name,
        )
        return tr("{names}: {shares}, {apart} apart", names=names[label], shares=shares, apart=apart)
    if alike:
        sides = [
            tr("{word} in {named}", word=word, named=_named(side, groups))
            for word, side in (
                (tr("higher"), [one for one in alike if one.share > _rest_of(one, groups).share]),
                (tr("lower"), [one for one in alike[::-1] if one.share < _rest_of(one, groups).share]),
            )
            if side
        ]
        return tr("{names}: {sides}", names=names[label], sides=tr("; ").join(sides))
    if clear or _is_unlike(best, worst, remembered):
        return ""
    shares = tr(
        "{names}: {share} to {share_2}",
        names=names[label],
        share=percent(worst.share),
        share_2=percent(best.share),
    )
    if is_chance([(one.n, one.of) for one in large]):
        return tr("{shares}, no further apart than by chance", shares=shares)
    return tr("{shares}: groups differ overall, and no single one stands out", shares=shares)


def why_groups_are_not_compared(
    series: Panels, notes: Sequence[str], remembered: Mapping[str, Any]
) -> tuple[str, list[str]]:
    """Say why groups may not be compared; return it with the notes that it does not repeat."""
    later = of_later(remembered)
    if later:
        return later[0], [note for note in notes if not begins(note, AGE)]
    warned = why_not_compared(notes)
    if warned and begins(warned[0], NOT_YET, NOT_COVERED):
        return warned
    large = [one.name for one in _groups_of(series)[1] if one.of >= LEAST_BASE]
    which = tr("only {large} has", large=large[0]) if len(large) == 1 else tr("no group has")
    enough = f"{LEAST_BASE} {things_of(remembered)}"
    if len(large) > 1:
        return tr("Groups of unlike age are not compared"), [*notes]
    return tr("Too few to compare: {which} {enough}", which=which, enough=enough), [*notes]


def loss_in_groups(series: Panels, names: Mapping[Hashable, str]) -> str:
    """Say from which stage most are lost inside of the groups, which holds whether they are alike or not.

    Nothing is said where nothing is lost.
    """
    most = {
        inert(group): [stage for stage, n in zip(stages, lost, strict=True) if n == max(lost)]
        for group, rows in series
        for stages, lost in [(rows["stage"].tolist(), rows["lost_from"].tolist())]
        if any(lost)
    }
    if not most:
        return ""
    # Of several stages that lose as many, each is one from which most are lost.
    groups_of = Counter(stage for stages in most.values() for stage in stages)
    n_groups = pd.Series([*groups_of.values()])
    if len(most) == 1:
        ((group, stages),) = most.items()
        only = tr("Only {group} has losses, most from {names}", group=group, names=names[stages[0]])
        return with_ties(only, n_groups)
    (stage, n), *_ = groups_of.most_common()
    total = len(most)
    if n == 1:
        return tr("Each group loses most from another stage")
    everywhere = tr("both groups") if total == 2 else tr("all {total} groups", total=total)
    where = everywhere if n == total else tr("{n} of {total} groups", n=n, total=total)
    of_losing = tr(" with losses") if total < len(series) else ""
    sentence = tr(
        "Most are lost from {names} in {where}{of_losing}",
        names=names[stage],
        where=where,
        of_losing=of_losing,
    )
    return with_ties(sentence, n_groups)


def _groups_of(series: Panels) -> tuple[Any, list[_Group]]:
    label, found = goal_of(series)
    still_open = {inert(group): int(rows["open_at"].sum()) for group, rows in series}
    return label, [_Group(*one, still_open[one[0]]) for one in found]


def _rest_of(one: _Group, groups: Sequence[_Group]) -> _Group:
    """Put all other groups together."""
    return _Group(
        tr("the rest"),
        sum(other.n for other in groups) - one.n,
        sum(other.of for other in groups) - one.of,
        sum(other.still_open for other in groups) - one.still_open,
    )


def _standing_out(large: Sequence[_Group], groups: Sequence[_Group]) -> list[_Group]:
    """Choose the groups that differ from all others by more than chance: score tests, adjusted by Holm."""
    rests = [_rest_of(one, groups) for one in large]
    pairs = [TwoShares(one.n, one.of, rest.n, rest.of) for one, rest in zip(large, rests, strict=True)]
    return [one for one, is_clear in zip(large, clear_differences(pairs), strict=True) if is_clear]


def _is_unlike(one: _Group, other: _Group, remembered: Mapping[str, Any]) -> bool:
    has_had_the_same_time = "within" in remembered
    return not has_had_the_same_time and are_unlike(one.open_share, other.open_share)


def _named(side: Sequence[_Group], groups: Sequence[_Group]) -> str:
    shown = [
        tr(
            "{name} ({share}, the rest {share_2})",
            name=one.name,
            share=percent(one.share),
            share_2=percent(_rest_of(one, groups).share),
        )
        for one in side
    ]
    more = so_many(" and {n} more", len(shown) - _MOST_NAMED) if len(shown) > _MOST_NAMED else ""
    return ", ".join(shown[:_MOST_NAMED]) + more


def is_chance(groups: Sequence[tuple[int, int]]) -> bool:
    """Check whether chance alone puts shares that far apart: Pearson's chi-squared test at 5%.

    The distribution is taken as normal by the cube root of Wilson and Hilferty (1931).
    """
    total = sum(of for _, of in groups)
    share = sum(n for n, _ in groups) / total
    freedom = len(groups) - 1
    if share in (0, 1) or freedom < 1:
        return True
    statistic = sum((n - of * share) ** 2 / (of * share * (1 - share)) for n, of in groups)
    spread = 2 / (9 * freedom)
    deviations: float = ((statistic / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return deviations <= _SURE
