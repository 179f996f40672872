"""What a reader can choose on the page, and its numbers as JSON that fits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final, TypeAlias

from ..display.titles import KIND_TITLES
from ..tables.schema import BOTH
from ..words import tr
from .words import NO_ROOM

#: A count is a number, which the browser writes; all else is text, as the tables of the page have it.
Value: TypeAlias = int | str
Rows: TypeAlias = list[list[Value]]


@dataclass(frozen=True)
class Cell:
    """What the page shows of one choice.

    Attributes
    ----------
    tiles
        Value and detail of each tile.
    funnel, losses
        The rows of both tables.
    changes
        What is said of each tile since the period before, and whether that is clear.
    note
        Why something is not compared.
    """

    tiles: list[tuple[str, str]]
    funnel: Rows
    losses: Rows
    changes: list[tuple[str, bool]] = field(default_factory=list)
    note: str = ""


#: The choice of all groups, or of all periods.
ALL: Final = -1
_MOST_WORDS: Final = 2_000  # bytes of what is said of what has no room


@dataclass(frozen=True)
class Filters:
    """What a reader can choose, and the numbers of each choice.

    Attributes
    ----------
    by, groups
        What the groups are of, and their names.
    periods
        The periods, the last one first.
    columns
        Kind and name of each column of the funnels' table, but that of the stages.
    outcomes
        What each stage of the table means: ``"open"``, ``"won"`` or ``"lost"``.
    tile_names
        Names of the tiles, of all periods and of one.
    loss_texts
        How many columns of the losses are text, those before the numbers.
    cells
        The numbers by the places of the group and the period, `ALL` for all of them. A choice without items
        is not there.
    nothing
        The numbers of no item.
    left_out
        What cannot be chosen, as sentences.
    """

    by: str
    groups: list[str]
    periods: list[str]
    columns: list[tuple[str, str]]
    outcomes: list[str]
    tile_names: tuple[list[str], list[str]]
    loss_texts: int
    cells: dict[tuple[int, int], Cell]
    nothing: Cell
    left_out: list[str] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        """What people call the two kinds."""
        return [KIND_TITLES[kind] for kind in BOTH]

    def as_json(self, room: int) -> str:
        """Write what the browser needs, in at most so many bytes, and what is left out for that.

        All groups come first, then each period, then the groups of a period, the last period first.
        """
        names = [*dict.fromkeys(str(text) for cell in self.cells.values() for text in self._loss_names(cell))]
        place = {name: at for at, name in enumerate(names)}
        head: dict[str, Any] = {
            "groups": self.groups,
            "periods": self.periods,
            "columns": self.columns,
            "outcomes": self.outcomes,
            "tiles": self.tile_names,
            "loss_texts": self.loss_texts,
            "names": names,
            "nothing": self._packed(self.nothing, place),
        }
        left = room - len(_dumped(head)) - _MOST_WORDS
        kept: dict[str, Any] = {}

        def fits(cells: Sequence[tuple[int, int]]) -> bool:
            nonlocal left
            packed = {
                f"{group},{period}": self._packed(self.cells[group, period], place)
                for group, period in cells
                if (group, period) in self.cells
            }
            left -= len(_dumped(packed))
            is_kept = left >= 0 or (ALL, ALL) in cells  # with the kinds alone there is something to choose
            kept.update(packed if is_kept else {})
            return is_kept

        groups, every = range(len(self.groups)), range(len(self.periods))
        fits([(ALL, ALL)])
        has_groups = fits([(group, ALL) for group in groups])
        n_periods = sum(1 for _ in takewhile(lambda period: fits([(ALL, period)]), every))
        n_pairs = sum(
            1 for _ in takewhile(lambda period: fits([(group, period) for group in groups]), range(n_periods))
        )
        head |= {
            "n_groups": len(groups) if has_groups else 0,
            "n_periods": n_periods,
            "n_pairs": n_pairs,
            "cells": kept,
        }
        return _dumped(head | {"left_out": [*self.left_out, *self._without(has_groups, n_periods, n_pairs)]})

    def _without(self, has_groups: bool, n_periods: int, n_pairs: int) -> list[str]:
        """Name what has no room."""
        without = []
        if not has_groups:
            without.append(", ".join(self.groups))
        if n_periods < len(self.periods):
            without.append(range_of(self.periods[n_periods:]))
        if self.groups and has_groups and n_pairs < n_periods:
            without.append(tr("one group in {range_of}", range_of=range_of(self.periods[n_pairs:n_periods])))
        return [tr(NO_ROOM, what=tr("; ").join(without))] if without else []

    def _loss_names(self, cell: Cell) -> list[Value]:
        return [text for row in cell.losses for text in row[: self.loss_texts]]

    def _packed(self, cell: Cell, place: dict[str, int]) -> list[Any]:
        """Put the places of names in place of the names, which come again and again."""
        n = self.loss_texts
        losses = [[*(place[str(text)] for text in row[:n]), *row[n:]] for row in cell.losses]
        changes = [[text, int(is_clear)] for text, is_clear in cell.changes]
        return [cell.tiles, cell.funnel, losses, changes, cell.note]


def range_of(names: Sequence[str]) -> str:
    """Name some periods, of which the last one comes first."""
    return names[0] if len(names) == 1 else tr("{names} to {names_2}", names=names[-1], names_2=names[0])


def _dumped(value: Any) -> str:
    """Write plain ASCII, in which nothing ends the element that holds it."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
