"""How the values of a column are written, by its name and its type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import pandas as pd

from ..tables.labels import MISSING
from ..words import current_catalogue, mark, tr
from .given import of_moment
from .heads import WORDS_OF, label, word_of
from .numbers import (
    change,
    count,
    difference,
    error_points,
    length,
    number,
    p_value,
    percent,
    percents,
    points,
    without_points,
)
from .period_sentences import NameOf

NO_STAGE: Final = mark("no earlier stage")
NO_REASON: Final = mark("no reason")
_P_VALUES: Final = ("p_value", "p_adjusted")
# Names that are of shares in some kinds of table alone: elsewhere they are of counts.
_SHARES_OF: Final = {
    "absorption": ("win", "lost", "undetermined"),
    **dict.fromkeys(("forecast", "win_probability", "win_within"), ("win",)),
}
_ERRORS_OF_SHARES: Final = ("effect_se", "win_se")
_DIFFERENCES: Final = (  # of shares
    *("difference", "effect", "mix", "rate"),
    *("removal_gain", "benchmark_gain"),
)
_SHARES: Final = (
    *("conversion", "share", "rate_", "over_limit", "incidence", "naive", "maturity", "win_if"),
    *("amount_conversion", "top_share", "loss_probability", "few_expected"),
)


def is_number(column: pd.Series) -> bool:
    """Check for numbers and lengths of time, which stand to the right."""
    return pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind == "m"


def absent_words(remembered: Mapping[str, Any]) -> dict[str, str]:
    """Say what a missing value means in columns where an empty cell would look as one of the row above."""
    words = dict.fromkeys(map(str, remembered.get("by") or ()), label(MISSING))
    if remembered.get("table") != "losses":
        return words
    reasons = dict.fromkeys(map(str, remembered.get("reason") or ()), tr(NO_REASON))
    return {**words, **reasons, "from_stage": tr(NO_STAGE)}


def cell_writer(
    name: str, column: pd.Series, name_of: NameOf, working_day: float | None, of_table: str = ""
) -> Callable[[Any], str]:
    """Choose how the values of a column are written, by its name in some kind of table and its type."""
    kind = column.dtype.kind
    if kind == "m" or name in ("mean", "median"):
        return partial(length, working_day=working_day)
    if name in _P_VALUES:
        return p_value
    if name in _ERRORS_OF_SHARES or (name == "se" and of_table == "cumulative_incidence"):
        return error_points
    if name in _DIFFERENCES and kind == "f":
        return points
    if name.endswith("_difference") and kind in "if":
        return points if is_share(name.removesuffix("_difference")) else difference
    if kind == "f":
        if name.endswith("_change"):
            return change
        return percent if is_share(name) or name in _SHARES_OF.get(of_table, ()) else number
    if kind == "i" and name != "item":
        return count
    if kind == "M" and current_catalogue() is not None:
        return lambda value: "" if pd.isna(value) else of_moment(pd.Timestamp(value))
    if kind == "M" and _is_of_days(column):
        return lambda value: "" if pd.isna(value) else str(pd.Timestamp(value).date())
    if kind == "b":
        return lambda value: tr("yes") if not pd.isna(value) and value else ""
    if name == "label" and of_table == "item_features":
        return lambda value: "" if pd.isna(value) else word_of("outcome", value)
    if name in WORDS_OF:
        return lambda value: "" if pd.isna(value) else _vocabulary(name, value, name_of)
    return lambda value: _word(value, name_of)


def _is_of_days(column: pd.Series) -> bool:
    """Check for moments that are all midnights where their zone is: they stand for their days."""
    known = column.dropna()
    return bool(len(known) and (known == known.dt.normalize()).all())


def without_bounds(names: Sequence[str]) -> list[str]:
    """Leave out the columns of bounds, which stand in brackets behind what they bound."""
    present = {*names}
    bounded = {name for name in names if {f"{name}_low", f"{name}_high"} <= present}
    bounds = {f"{name}_{side}" for name in bounded for side in ("low", "high")}
    return [name for name in names if name not in bounds]


def with_bounds(write: Callable[[Any], str], table: pd.DataFrame, name: str) -> list[str]:
    """Write the cells of a column, with their bounds where there are some: ``42% (38–46%)``."""
    values = table[name].tolist()
    if not (f"{name}_low" in table.columns and f"{name}_high" in table.columns):
        return [write(value) for value in values]
    low, high = (table[f"{name}_{side}"].tolist() for side in ("low", "high"))
    return [
        write(value) if pd.isna(least) or pd.isna(most) else f"{write(value)} {between(write, least, most)}"
        for value, least, most in zip(values, low, high, strict=True)
    ]


def between(write: Callable[[Any], str], low: Any, high: Any) -> str:
    """Write two bounds in brackets: ``(38–46%)``, ``(-2 to +12)`` points."""
    if write is percent:
        return f"({percents(low, high)})"
    least, most = write(low), write(high)
    if write is points:  # a dash between signs would be one of them
        return tr("({low} to {high})", low=without_points(least), high=without_points(most))
    return f"({least}–{most})"


def is_share(name: str) -> bool:
    """Check by its name for a column of shares, or of bounds of shares."""
    name = name.removesuffix("_low").removesuffix("_high")
    return name.startswith(_SHARES) or name.endswith("rate")


def _vocabulary(name: str, value: Any, name_of: NameOf) -> str:
    """Write a value that is a word of the package, unless it is a stage with a name."""
    if value is False:
        return ""
    named = name_of(value)
    return word_of(name, value) if named == str(value) else named


def _word(value: Any, name_of: NameOf) -> str:
    if pd.isna(value) or value is False:
        return ""
    return tr("yes") if value is True else label(name_of(value))
