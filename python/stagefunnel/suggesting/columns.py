"""Which column of a table is the item, the stage and the time: by its name, then by its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import SchemaError, did_you_mean, given, named, quoted
from ..log.stage_places import MOST_STAGES
from ..readers.options import Options
from ..readers.shapes.column_names import columns_of
from ..readers.shapes.stage_words import has_stage_word, names_of_stages, words
from ..readers.sources.cells import flat
from ..readers.sources.content import refuse_twice
from ..readers.sources.date_formats import TimesAsWritten, times_as_written
from .column_values import is_constant, is_nested, numbers_rows
from .doubts import Doubt

_ROLES: Final = ("item", "stage", "time")
# Rows that are looked at where only the values of columns can say which is which.
_SAMPLE: Final = 20_000
_KEY_WORDS: Final = {
    "id",
    "no",
    "nr",
    "number",
    "num",
    "key",
    "code",
    "ref",
    "uuid",
    "номер",
    "nummer",
    "numero",
}
# Two columns whose scores are nearer than this are in doubt.
_NEAR: Final = 0.25


@dataclass(frozen=True)
class FoundColumns:
    """The columns of a log in a table.

    Attributes
    ----------
    names
        Name of the column by role: ``item``, ``stage``, ``time`` and perhaps ``order``.
    times
        How the times are written.
    reasons
        Why each column was taken, by role.
    doubts
        What may be otherwise.
    """

    names: Mapping[str, str]
    times: TimesAsWritten
    reasons: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()


def find_columns(
    frame: pd.DataFrame, options: Mapping[str, str | None], dayfirst: bool | None, time_format: str | None
) -> FoundColumns:
    """Find the columns of item, stage and time.

    Parameters
    ----------
    frame
        All columns of a table.
    options
        Names that the caller gives, by role.

    Raises
    ------
    SchemaError
        If no column can be one of the three; the error says which, and what would be right.
    """
    return _Search(
        frame, {role: name for role, name in options.items() if name}, dayfirst, time_format
    ).found()


class _Search:
    def __init__(
        self,
        frame: pd.DataFrame,
        named_columns: Mapping[str, str],
        dayfirst: bool | None,
        time_format: str | None,
    ) -> None:
        columns = [str(name) for name in frame.columns]
        for role, name in named_columns.items():
            if name not in columns:
                raise SchemaError(
                    given(role, name),
                    f": there is no such column; the table has: {quoted(columns)}",
                    did_you_mean(name, columns),
                )
        refuse_twice(columns, "the table")
        # Lists and records are compared as texts.
        nested = {name: flat(frame[name]) for name in columns if is_nested(frame[name])}
        self._frame = frame.assign(**nested) if nested else frame
        self._listed = quoted(columns)
        self._given = dict(named_columns)
        self._dayfirst, self._time_format = dayfirst, time_format
        options: dict[str, Any] = dict(named_columns)
        usual = columns_of(columns, Options(**options), (*_ROLES, "order"))
        # A number of the row may be called as that of an item is; it is never both.
        self._usual = {role: name for role, name in usual.items() if role in named_columns or role in _ROLES}
        self._order = usual.get("order")
        self._written: dict[str, TimesAsWritten | None] = {}
        self._codes: dict[str, npt.NDArray[np.int64]] = {}
        self._distinct: dict[str, int] = {}
        self._reasons: dict[str, str] = {}
        self._doubts: list[Doubt] = []

    def found(self) -> FoundColumns:
        """Find the columns, those of good names first."""
        if not len(self._frame):
            raise SchemaError("the table has no rows; a pipeline is made of the stages of rows")
        names: dict[str, str] = dict(self._given)
        for role in names:
            self._reasons[role] = "it was given"
        if "stage" not in names:
            names |= self._stage_by_name(names)
        if "item" not in names:
            names |= self._item_by_name(names)
        if "time" not in names:
            names["time"] = self._time(names)
        if "item" not in names:
            names["item"] = self._item(names)
        if "stage" not in names:
            names["stage"] = self._stage(names)
        names = {role: names[role] for role in (*_ROLES, "order") if role in names}
        self._check(names)
        if (
            "order" not in names
            and self._order not in (None, *names.values())
            and numbers_rows(self._frame[str(self._order)])
        ):
            names["order"] = str(self._order)
            self._reasons["order"] = "it numbers the rows, and decides between rows of one time"
        times = self._times_of(names["time"])
        if self._time_format is not None:
            times = TimesAsWritten("format", self._time_format)
        if times is None:
            raise self._no_times(names["time"])
        return FoundColumns(names, times, self._reasons, tuple(self._doubts))

    # --- by name -------------------------------------------------------------------------------------------

    def _stage_by_name(self, names: Mapping[str, str]) -> dict[str, str]:
        usual = self._usual.get("stage")
        others = [name for name in self._free(names) if self._may_be_stage(name)]
        if usual in others:
            self._reasons["stage"] = "its name is a usual one for a stage"
            return {"stage": str(usual)}
        found = [alike[0] for alike in names_of_stages(others)] or [
            one for one in others if has_stage_word(one)
        ]
        if not found:
            return {}
        self._reasons["stage"] = "its name has a usual word for a stage"
        if len(found) > 1:
            self._doubts.append(
                Doubt(f"The stage is taken from {found[0]!r}; {quoted(found[1:])} may be stages as well.")
            )
        return {"stage": found[0]}

    def _item_by_name(self, names: Mapping[str, str]) -> dict[str, str]:
        usual = self._usual.get("item")
        if usual is not None and not self._repeats(usual) and len(self._frame) > 2 and len(words(usual)) > 1:
            raise self._no_items(names)  # a plain "id" may number the rows, a "deal id" is that of the deal
        if usual is None or usual in names.values() or not self._repeats(usual):
            return {}
        self._reasons["item"] = "its name is a usual one for an item, and its values repeat"
        return {"item": usual}

    # --- by values -----------------------------------------------------------------------------------------

    def _time(self, names: Mapping[str, str]) -> str:
        free = self._free(names)
        readable = [
            name for name in free if (one := self._times_of(name)) is not None and one.kind != "numbers"
        ]
        usual = self._usual.get("time")
        if usual in free and self._times_of(str(usual)) is not None:
            changing = [name for name in readable if self._changes(name, names)]
            if usual in readable and changing and usual not in changing:
                # The time of creation is the same in all rows of an item; that of the change differs.
                usual = changing[0]
                self._reasons["time"] = "it is a time that differs between the rows of an item"
                return str(usual)
            self._reasons["time"] = "its name is a usual one for a time"
            return str(usual)
        if not readable:
            raise SchemaError(
                f"no column holds times; the table has: {self._listed}; name the one with the time of each "
                "row with ",
                named("time"),
                option="time",
            )
        sizes = {name: self._n_distinct(name) for name in readable}
        best = max(readable, key=lambda name: (self._changes(name, names), sizes[name]))
        self._reasons["time"] = "no other column holds times"
        if len(readable) > 1:
            self._reasons["time"] = "of the columns that hold times, it differs most from row to row"
            rest = [name for name in readable if name != best]
            self._doubts.append(
                Doubt(
                    f"The time is taken from {best!r}, which differs most from row to row; "
                    f"times are also in {quoted(rest, most=4)}.",
                    decides=any(sizes[name] > 0.8 * sizes[best] for name in rest),
                )
            )
        return best

    def _item(self, names: Mapping[str, str]) -> str:
        candidates = [
            name
            for name in self._free(names)
            if self._repeats(name) and self._may_be_item(name) and self._times_of_texts(name) is None
        ]
        if not candidates:
            raise self._no_items(names)
        scores = {name: self._item_score(name, names) for name in candidates}
        best, *rest = sorted(candidates, key=lambda name: -scores[name])
        self._reasons["item"] = "its values repeat, and other columns stay the same within each of them"
        near = [name for name in rest if scores[best] - scores[name] < _NEAR]
        if near:
            self._doubts.append(
                Doubt(f"The item is taken from {best!r}; {quoted(near, most=4)} could be the items too.")
            )
        others = [name for name in rest if name not in near and _KEY_WORDS & {*words(name)}]
        if others:
            self._doubts.append(
                Doubt(
                    f"Items are those of {best!r}; {quoted(others, most=4)} repeat as well and could be "
                    "counted in their place.",
                    decides=False,
                )
            )
        return best

    def _stage(self, names: Mapping[str, str]) -> str:
        candidates = [
            name
            for name in self._free(names)
            if self._may_be_stage(name) and self._times_of(name) is None and self._changes(name, names)
        ]
        if not candidates:
            raise SchemaError(
                "no column looks like a stage, which has few values that change within an item; the table "
                f"has: {self._listed}; name it with ",
                named("stage"),
                option="stage",
            )
        scores = {name: self._stage_score(name, names) for name in candidates}
        best, *rest = sorted(candidates, key=lambda name: -scores[name])
        self._reasons["stage"] = "it has few values, and they change within an item"
        near = [name for name in rest if scores[best] - scores[name] < _NEAR]
        if near:
            self._doubts.append(
                Doubt(f"The stage is taken from {best!r}; {quoted(near, most=4)} could be the stage as well.")
            )
        return best

    def _item_score(self, name: str, names: Mapping[str, str]) -> float:
        """Rate a column: what else stays the same within its values, and whether journeys begin alike."""
        item = self._sample(name)
        others = [one for one in self._free(names) if one != name]
        constant = [is_constant(self._sample(other), item) for other in others]
        score = float(np.mean(constant)) if constant else 0.0
        if "stage" in names:
            score += self._begins_alike(names["stage"], name, names["time"])
        # A stage repeats as well, and has fewer values.
        return score + self._n_distinct(name) / len(self._frame) + 0.5 * bool(_KEY_WORDS & {*words(name)})

    def _stage_score(self, name: str, names: Mapping[str, str]) -> float:
        """Rate a column: whether journeys begin alike, and whether its values are words."""
        texts = self._frame[name].dropna().head(200)
        are_words = bool(len(texts)) and all(
            isinstance(text, str) and any(letter.isalpha() for letter in text) for text in texts
        )
        is_flag = self._n_distinct(name) < 3
        return self._begins_alike(name, names["item"], names["time"]) + 0.5 * are_words - 0.5 * is_flag

    def _begins_alike(self, stage: str, item: str, time: str) -> float:
        """Return the share of items that begin in the most usual stage."""
        rows = pd.DataFrame({"item": self._sample(item), "stage": self._sample(stage)})
        first = self._frame[time].head(len(rows)).reset_index(drop=True)
        written = self._times_of(time)
        if written is not None and written.kind in ("times", "iso"):  # others keep the order of the table
            rows = rows.iloc[np.argsort(first.fillna(first.min()).to_numpy(), kind="stable")]
        begins = rows.drop_duplicates("item")["stage"]
        return float(begins.value_counts(normalize=True).iloc[0])

    # --- what the values say -------------------------------------------------------------------------------

    def _free(self, names: Mapping[str, str]) -> list[str]:
        return [str(name) for name in self._frame.columns if name not in names.values()]

    def _times_of(self, name: str) -> TimesAsWritten | None:
        if name not in self._written:
            self._written[name] = times_as_written(self._frame[name], self._dayfirst)
        return self._written[name]

    def _times_of_texts(self, name: str) -> TimesAsWritten | None:
        """Return how the times of a column are written, but for numbers, which keys are as well."""
        written = self._times_of(name)
        return None if written is None or written.kind in ("numbers", "counted") else written

    def _n_distinct(self, name: str) -> int:
        if name not in self._distinct:
            self._distinct[name] = int(self._frame[name].nunique())
        return self._distinct[name]

    def _repeats(self, name: str) -> bool:
        n_distinct = self._n_distinct(name)
        return 1 <= n_distinct < int(self._frame[name].notna().sum())

    def _may_be_item(self, name: str) -> bool:
        n_distinct, n_rows = self._n_distinct(name), len(self._frame)
        is_number = pd.api.types.is_float_dtype(self._frame[name].dtype)
        return not is_number and n_distinct > 1 and (n_distinct * 200 >= n_rows or n_rows < 1_000)

    def _may_be_stage(self, name: str) -> bool:
        n_distinct, n_rows = self._n_distinct(name), len(self._frame)
        return 1 <= n_distinct <= MOST_STAGES and (n_distinct * 2 <= n_rows or n_rows < 20)

    def _sample(self, name: str) -> npt.NDArray[np.int64]:
        if name not in self._codes:
            codes = pd.factorize(self._frame[name].head(_SAMPLE), use_na_sentinel=False)[0]
            self._codes[name] = codes.astype(np.int64)
        return self._codes[name]

    def _changes(self, name: str, names: Mapping[str, str]) -> bool:
        """Check whether a column has several values within an item; without an item it may."""
        return "item" not in names or not is_constant(self._sample(name), self._sample(names["item"]))

    # --- what is wrong -------------------------------------------------------------------------------------

    def _check(self, names: Mapping[str, str]) -> None:
        if not self._repeats(names["item"]):
            raise self._no_items(names)

    def _no_items(self, names: Mapping[str, str]) -> SchemaError:
        return SchemaError(
            "each item has one row: this is a list of items as they stand, and a funnel needs their history, "
            "one row for each stage that an item entered and when; the table has: "
            f"{self._listed}; if there is a column of items whose values repeat, name it "
            "with ",
            named("item"),
            option="item",
        )

    def _no_times(self, name: str) -> SchemaError:
        example = self._frame[name].dropna().head(1).tolist()
        return SchemaError(
            f"column {name!r} holds no times ({quoted([str(one) for one in example]) or 'all missing'}); "
            "name the one with the time of each row with ",
            named("time"),
            option="time",
        )
