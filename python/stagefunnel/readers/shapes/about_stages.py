"""The rows of a history that are about stages; the others are left out and counted, or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import ReaderError, named, quoted
from ..build.items import note_stageless
from ..notes import Notes
from ..options import Options
from ..sources.places import rows_at
from ..sources.selection import left_out, option_only
from ..sources.source import Source, Table
from .stage_words import is_creation, is_of_any_row, names_of_stages, words
from .subjects import Kind, has_any_ids, is_perhaps_entity, subject_columns

_BLANK: Final = "(blank)"


@dataclass(frozen=True, eq=False)
class StageRows:
    """The rows of a history that are about stages.

    Attributes
    ----------
    table
        These rows, without the columns that say what a row is about.
    names
        Columns of the table by role.
    creations
        Rows that say when an item was created; ``None`` if there are none.
    """

    table: Table
    names: Mapping[str, str]
    creations: Table | None


def about_stages(table: Table, names: Mapping[str, str], options: Options, notes: Notes) -> StageRows:
    """Take the rows that are about stages, where columns say what a row is about.

    A column with one value that is a usual name of a stage decides; so does ``only=``.

    Parameters
    ----------
    table
        Rows of the history.
    names
        Columns of the history by role: ``item``, and ``stage`` or ``to_stage``.

    Raises
    ------
    ReaderError
        With the values of a column that says what a row is about and does not decide.
    """
    log = _Log(table, names, options, notes)
    log.choose_by_hand()
    log.choose_field()
    for column in log.columns("action", "type"):
        log.choose_action(column)
    for column in log.columns("entity"):
        log.refuse_several_entities(column)
    return log.result()


class _Log:
    """A history in the course of being narrowed to the rows about stages."""

    def __init__(self, table: Table, names: Mapping[str, str], options: Options, notes: Notes) -> None:
        self._table = table
        self._frame = table.frame
        self._names = names
        self._item = names["item"]
        self._stage = names.get("stage") or names["to_stage"]
        self._roles = {*names.values()}
        self._from = names.get("from_stage")
        self._options = options
        self._notes = notes
        self._rows = np.arange(len(table.frame), dtype=np.intp)
        self._creations: npt.NDArray[np.intp] = np.array([], dtype=np.intp)
        self._dropped: list[str] = []

    def columns(self, *kinds: Kind) -> list[str]:
        """List the columns of these kinds that are not in use as something else."""
        found = [column for kind in kinds for column in subject_columns(self._table.columns, kind)]
        return [column for column in dict.fromkeys(found) if column not in self._roles]

    def _values(self, column: str) -> pd.Series:
        return self._frame[column].iloc[self._rows].fillna(_BLANK).astype(str)

    def _is_chosen(self, column: str) -> bool:
        return column in self._options.only

    def choose_by_hand(self) -> None:
        """Take the rows that ``only=`` names."""
        for column, values in self._options.only.items():
            if column in self._frame:
                self._keep(column, values, keeps_creations=False)
                self._drop_if_constant(column)
        if not len(self._rows):
            raise ReaderError("no row of the history has all that ", named("only"), " names", option="only")

    def _drop_if_constant(self, column: str) -> None:
        """Leave out a column that has one value in the rows that are left."""
        if column not in self._roles and self._frame[column].iloc[self._rows].nunique(dropna=False) <= 1:
            self._dropped.append(column)

    def choose_field(self) -> None:
        """Take the rows of the one field that is a stage."""
        columns = self.columns("field")
        several = [column for column in columns if self._values(column).nunique() > 1]
        for column in several:
            found = names_of_stages([str(value) for value in self._values(column).unique()])
            if len(found) == 1:
                self._keep(column, found[0], keeps_creations=False)
                break
        else:
            if several and not any(map(self._is_chosen, columns)):
                raise self._undecided(max(several, key=self._has_words))  # names before ids
            self._note_one_field(columns)
        for column in columns:
            self._drop_if_constant(column)

    def _has_words(self, column: str) -> bool:
        return any(words(str(value)) for value in self._values(column).unique())

    def _note_one_field(self, columns: Sequence[str]) -> None:
        for column in columns:
            values = [str(value) for value in self._values(column).unique()]
            if self._is_chosen(column) or names_of_stages(values):
                return
        for column in columns:
            values = [str(value) for value in self._values(column).unique()]
            if len(values) == 1:
                self._notes.add(
                    "rows_of_one_field",
                    len(self._rows),
                    f"rows that are all about {values[0]!r} ({column}): its values are taken as stages",
                )
                return

    def choose_action(self, column: str) -> None:
        """Take the rows of the one action that moves an item, where actions differ in what they are about."""
        actions = self._values(column)
        values = [str(value) for value in actions.unique()]
        found = names_of_stages(values)
        if len(values) > 1 and len(found) == 1:
            self._keep(column, found[0], keeps_creations=True)
        elif len(values) > 1 and not self._is_settled(column) and self._is_unclear(column, actions, values):
            raise self._undecided(column)
        self._drop_if_constant(column)

    def _is_settled(self, column: str) -> bool:
        """Check whether the caller has chosen the rows, or the stages of a stream of events."""
        return self._is_chosen(column) or self._options.stage is not None

    def _is_unclear(self, column: str, actions: pd.Series, values: Sequence[str]) -> bool:
        if all(is_of_any_row(value) for value in values):
            if not self._has_stages_by_name():
                self._notes.add(
                    "rows_of_any_action",
                    len(self._rows),
                    f"rows of {quoted(values, most=6)} ({column}): all are taken as entries into stages",
                )
            return False
        is_action = column in self.columns("action")
        if is_action and not self._has_stages_by_name():
            return True
        items = self._frame[self._item].iloc[self._rows]
        is_of_item = bool((actions.groupby(items).nunique() <= 1).all())
        return not is_of_item and not self._share_stages(actions)

    def _has_stages_by_name(self) -> bool:
        return bool(names_of_stages([self._stage]))

    def _share_stages(self, actions: pd.Series) -> bool:
        """Check whether rows of different actions have stages in common, as moves of different kinds do."""
        columns = [self._stage, *([self._from] if self._from else [])]
        stages = [
            set(self._frame[columns].iloc[self._rows][(actions == action).to_numpy()].stack())
            for action in actions.unique()
        ]
        joined, left = stages[0], stages[1:]
        while near := [labels for labels in left if labels & joined]:
            joined = joined.union(*near)
            left = [labels for labels in left if not labels & joined]
        return not any(left)

    def refuse_several_entities(self, column: str) -> None:
        """Refuse items of several kinds, whose ids may be equal."""
        kinds = self._values(column)
        if kinds.nunique() <= 1:
            self._drop_if_constant(column)
        elif self._is_chosen(column):
            return
        elif has_any_ids(self._item) and not (is_perhaps_entity(column) and self._are_of_one_kind(kinds)):
            raise self._undecided(column)

    def _are_of_one_kind(self, kinds: pd.Series) -> bool:
        items = self._frame[self._item].iloc[self._rows]
        return bool((kinds.groupby(items).nunique() <= 1).all())

    def _keep(self, column: str, kept: Sequence[str], *, keeps_creations: bool) -> None:
        """Keep the rows of some values, and those of creations that name a stage."""
        values = self._values(column)
        is_kept = values.isin(kept).to_numpy()
        if column in self.columns("field", "action", "type"):
            creating = [str(other) for other in values.unique() if is_creation(str(other))]
            is_birth = values.isin(creating).to_numpy()
            if is_birth.any():
                self._creations = self._rows[is_birth]
            if keeps_creations:
                is_kept = is_kept | self._name_stages(column, is_birth, is_kept)
        others = [str(other) for other in values[~is_kept].unique()]
        self._notes.add("other_fields", int((~is_kept).sum()), left_out(column, kept, others))
        self._rows = self._rows[is_kept]

    def _name_stages(
        self, column: str, is_birth: npt.NDArray[np.bool_], is_move: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Flag the rows of creations that name the stage in which an item began."""
        stage = self._frame[self._stage].iloc[self._rows]
        is_filled = is_birth & stage.notna().to_numpy()
        if self._has_stages_by_name() or not is_filled.any():
            return is_filled
        columns = [self._stage, *([self._from] if self._from else [])]
        known = self._frame[columns].iloc[self._rows[is_move]].stack()
        if stage[is_filled].isin(known).any():
            return is_filled
        if self._from:
            return np.zeros_like(is_filled)  # the first move names the stage in which an item began
        if not stage[is_filled].duplicated().any():
            raise self._undecided(column)  # a title perhaps
        self._notes.add(
            "rows_of_any_action",
            int(is_filled.sum()),
            f"rows of creations, whose {self._stage} is taken as the stage in which an item began",
        )
        return is_filled

    def _undecided(self, column: str) -> ReaderError:
        found = [str(value) for value in self._values(column).unique()]
        values = [value for value in found if value != _BLANK]
        return ReaderError(
            f"{self._table.sources[0].name}: column {column!r} says what a row is about, and has several "
            f"values: {quoted(found)}. Name those whose rows are about the stages of one kind of item, as "
            "in ",
            option_only({column: [*names_of_stages(values), values][0][:1]}),
            option="only",
        )

    def result(self) -> StageRows:
        """Return the rows that are left, and count the items that have none."""
        table = self._table
        if len(self._rows) < len(self._frame):
            items = self._frame[self._item]
            note_stageless(items, items.iloc[self._rows].to_frame("item"), self._notes)
            table = self._part(self._rows)
        if self._dropped:
            table = Table(table.frame.drop(columns=self._dropped), table.sources, table.starts)
        creations = self._part(self._creations) if len(self._creations) else None
        return StageRows(table, self._names, creations)

    def _part(self, rows: npt.NDArray[np.intp]) -> Table:
        frame, place = rows_at(self._frame, self._table.place, rows)
        return Table.of([Source(self._table.sources[0].name, frame, place)])
