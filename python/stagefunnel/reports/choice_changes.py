"""What changed since the period before in what a reader chose: one group, one period, or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import pandas as pd

from ..questions.stages.group_numbers import Label
from ..questions.stages.key_numbers import is_partial
from ..times.periods import PeriodLike
from ..words import tr
from .choice_questions import Asked
from .filter_data import ALL, Cell
from .page import kept_together
from .tiles import changes_of_choice
from .words import NO_PERIOD_BEFORE

#: Two periods, the later one first, each with its name; none where there is nothing to compare.
Pair: TypeAlias = Sequence[tuple[PeriodLike, str]]
_MEDIANS: Final = ("median", "median_low", "median_high")


class ChoiceNumbers:
    """The numbers of all groups and of each in single periods, each of them asked for once."""

    def __init__(self, asked: Asked, labels: Sequence[Label]) -> None:
        self.asked = asked
        self.labels = labels
        self._of: dict[str, dict[Label, pd.Series]] = {}
        self._partial: dict[str, bool] = {}

    @property
    def questions(self) -> list[tuple[Any, Sequence[Label]]]:
        """The breakdowns to ask for, each with the groups that are wanted of it."""
        of_groups: list[tuple[Any, Sequence[Label]]] = [(self.asked.by, self.labels)] if self.labels else []
        return [(None, [()]), *of_groups]

    def of(self, period: PeriodLike | None) -> Mapping[Label, pd.Series]:
        """Return the numbers of a period by group; those of all groups have no label."""
        key = repr(period)
        if key not in self._of:
            found: dict[Label, pd.Series] = {}
            for by, wanted in self.questions:
                found |= self.asked.numbers(by, period, wanted)
            self._of[key] = found
        return self._of[key]

    def both(self, label: Label, pair: Pair) -> pd.DataFrame | None:
        """Return the numbers of a group in two periods; ``None`` where it has nothing in both."""
        rows = [self.of(period).get(label) for period, _ in pair]
        known = next((row for row in rows if row is not None), None)
        if known is None:
            return None
        filled = [_nothing_like(known) if row is None else row for row in rows]
        partial = [self._is_partial(period) for period, _ in pair]
        return pd.DataFrame(filled).assign(is_partial=partial).infer_objects()

    def _is_partial(self, period: PeriodLike) -> bool:
        key = repr(period)
        if key not in self._partial:
            self._partial[key] = is_partial(self.asked.log, period, self.asked.scope["as_of"])
        return self._partial[key]


def _nothing_like(row: pd.Series) -> pd.Series:
    """Make the numbers of no item, of the types of others."""
    no_length = pd.NaT if isinstance(row["median"], pd.Timedelta) or row["median"] is pd.NaT else float("nan")
    unknown = {name: float("nan") for name in row.index if str(name).startswith("win_rate")}
    missing = {**unknown, **dict.fromkeys(_MEDIANS, no_length)}
    return pd.Series({name: missing.get(str(name), 0) for name in row.index}, dtype=object)


def pair_of(periods: Sequence[str], at: int) -> Pair:
    """Pair a period of the page with the one before; the last period comes first."""
    names = periods[at : at + 2]
    return [(name, name) for name in names] if len(names) == 2 else []


def with_changes(
    cells: Mapping[tuple[int, int], Cell],
    choice: tuple[int, int],
    known: ChoiceNumbers,
    pair: Pair,
    n_choices: tuple[int, int],
    *,
    is_of_page: bool,
) -> dict[tuple[int, int], Cell]:
    """Add to the cell of a choice what changed since the period before, or why that is not known.

    Parameters
    ----------
    cells
        All cells; of a choice without items there is none.
    choice
        The places of the group and of the period.
    known
        The numbers.
    pair
        What is compared.
    n_choices
        How many groups and periods there are: a reader may look at all of them.
    is_of_page
        Whether the page compares these periods too: they were not chosen among others then.
    """
    group, period = choice
    cell = cells.get(choice)
    if cell is None or (group == ALL and period == ALL):  # the page has its own tiles then
        return {}
    if not pair:
        return {choice: replace(cell, note=tr(NO_PERIOD_BEFORE))} if period != ALL else {}
    both = known.both(() if group == ALL else known.labels[group], pair)
    if both is None:
        return {}
    (_, now), (_, before) = pair
    found = changes_of_choice(
        both,
        (now, before),
        known.asked.pipeline,
        basis=known.asked.basis,
        calendar=known.asked.calendar,
        n_choices=(1 if group == ALL else n_choices[0]) * (1 if is_of_page else n_choices[1]),
    )
    texts = [(kept_together(text), is_clear) for text, is_clear in found.texts]
    return {choice: replace(cell, changes=texts, note=kept_together(found.note))}
