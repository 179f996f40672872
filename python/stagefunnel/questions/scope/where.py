"""Which items a question is about: those whose columns fulfil some conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import SchemaError, did_you_mean, given, quoted
from ...log.columns.items import ItemsTable
from ...log.data import LogData
from ...log.stage_log import StageLog, with_items_at
from ...pipeline import Pipeline
from .columns import source_of
from .remarks import Remarks, remark
from .selection import core_pipeline, data_of

#: A condition on a column: a value, a list of values, or text that compares, such as ``">100"``.
Condition: TypeAlias = Hashable | Sequence[Hashable]
#: Conditions by column, all of which an item must fulfil, or the name of a column of true and false.
Where: TypeAlias = Mapping[str, Condition] | str

_Flags: TypeAlias = npt.NDArray[np.bool_]
_Key: TypeAlias = tuple[Hashable, ...]
_COMPARES: Final = re.compile(r"\s*(>=|<=|!=|==|>|<)\s*(.*?)\s*", re.DOTALL)
_ORDERS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}
#: Logs of chosen items that are kept for the next question, for each log.
_MOST_KEPT: Final = 4
_YES_NO: Final = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


@dataclass(frozen=True)
class Asked:
    """The log that a question is asked of, once `where` has chosen its items.

    Attributes
    ----------
    log
        A log of the chosen items, observed as long as the whole one.
    missing
        What happens to stages without rows; the whole log was looked at where there are conditions.
    remarks
        What tables remember of the conditions.
    places
        Places of the chosen items in the journeys of the whole log; ``None`` without conditions.
    """

    log: StageLog
    missing: Any
    remarks: Remarks = field(default_factory=dict)
    places: npt.NDArray[np.int64] | None = None

    def remarked(self, table: pd.DataFrame) -> pd.DataFrame:
        """Let a table remember the conditions, and return it."""
        return remark(table, self.remarks)


_kept: WeakKeyDictionary[LogData, dict[_Key | None, Asked]] = WeakKeyDictionary()


def asked_of(
    log: StageLog,
    pipeline: Pipeline | None,
    where: Where | None,
    *,
    unlisted: str,
    missing: Any,
    is_part: bool = False,
) -> Asked:
    """Choose the items of a log that fulfil some conditions.

    The stages are checked against the whole log: a stage that the chosen items alone lack is no slip of the
    pen. Columns of the log are read in the first row of an item. Where the log `is_part` of one, another
    part may have a value that it lacks, so that a near one is not taken for it.

    Raises
    ------
    SchemaError
        If a column does not exist, cannot be compared, or has only near values for one that is wanted.
    """
    data_of(log)
    if where is None:
        return Asked(log, missing)
    if pipeline is not None:
        core_pipeline(log, pipeline, unlisted, missing)
    return _chosen(log, conditions_of(where), is_part=is_part)


def _chosen(log: StageLog, conditions: Mapping[str, Any], *, is_part: bool) -> Asked:
    """Choose the items, or take those of an earlier question with the same conditions."""
    kept, key = _kept.setdefault(log._data, {}), _key(conditions, is_part)
    earlier = kept.get(key)
    if earlier is not None:
        return earlier
    fulfilled = np.ones(log.n_items, dtype=bool)
    for column, condition in conditions.items():
        fulfilled &= _fulfil(log, column, condition, is_part=is_part)
    places = np.flatnonzero(fulfilled)
    remarks = {"where": {"text": _text(conditions), "items": len(places), "of": log.n_items}}
    chosen = Asked(with_items_at(log, places), "ignore", remarks, places)
    if key is not None:
        kept[key] = chosen
        if len(kept) > _MOST_KEPT:
            kept.pop(next(iter(kept)), None)
    return chosen


def _key(conditions: Mapping[str, Any], is_part: bool) -> _Key | None:
    """Make a key of conditions; ``None`` where a value has no hash. ``True`` and ``1`` are two conditions."""
    key: list[Hashable] = [is_part]
    for column, wanted in conditions.items():
        values = wanted if _is_list(wanted) else [wanted]
        key += [column, _is_list(wanted), *((type(one), one) for one in values)]
    try:
        hash(tuple(key))
    except TypeError:
        return None
    return tuple(key)


def conditions_of(where: Any) -> dict[str, Any]:
    """Check conditions, and write them by column; several values become a list."""
    if isinstance(where, str):
        return {where: True}
    if not isinstance(where, Mapping):
        raise SchemaError(given("where", where), " is not conditions by column, such as {'source': 'web'}")
    if not where:
        raise SchemaError(given("where", where), " has no condition; leave it out for all items")
    return {column: list(wanted) if _is_list(wanted) else wanted for column, wanted in where.items()}


def _fulfil(log: StageLog, column: str, condition: Any, *, is_part: bool) -> _Flags:
    """Find the items whose value of a column fulfils a condition."""
    source = source_of(log, column, "where")
    if isinstance(source, ItemsTable):
        values, rows = source.series(column, "where")
        fulfils = _flags_of(values, column, condition, is_part=is_part)
        # An item that the table does not have has no value.
        return np.where(rows < 0, _keeps_missing(condition), fulfils[np.maximum(rows, 0)])
    first = log._data.journeys.offsets[:-1].astype(np.int64)
    return _flags_of(source.values_at(column, first), column, condition, is_part=is_part)


def _keeps_missing(condition: Any) -> bool:
    if _is_missing(condition):
        return True
    if _is_list(condition):
        return any(map(_is_missing, condition))
    compares = _COMPARES.fullmatch(condition) if isinstance(condition, str) else None
    return compares is not None and compares[1] == "!="


def _flags_of(values: pd.Series, column: str, condition: Any, *, is_part: bool) -> _Flags:
    """Find the values that fulfil a condition; a missing value fulfils ``None`` and ``"!=…"`` alone."""
    values = values.reset_index(drop=True)
    is_missing = values.isna().to_numpy(dtype=bool)
    compares = _COMPARES.fullmatch(condition) if isinstance(condition, str) else None
    if compares is None or compares[1] == "==":
        wanted = list(condition) if _is_list(condition) else [compares[2] if compares else condition]
        fulfils = _are_any_of(values, column, wanted, is_part=is_part)
    elif compares[1] == "!=":
        fulfils = ~_are_any_of(values, column, [compares[2]], is_part=is_part)
    else:
        fulfils = _in_order(values, column, compares[1], compares[2])
    return np.where(is_missing, _keeps_missing(condition), fulfils)


def _are_any_of(values: pd.Series, column: str, wanted: Sequence[Any], *, is_part: bool) -> _Flags:
    fulfils = np.zeros(len(values), dtype=bool)
    for one in wanted:
        if _is_missing(one):
            continue
        equal = (values == _as_type_of(values, one)).fillna(False).to_numpy(dtype=bool)
        if not is_part and not equal.any():
            _refuse_near(values, column, one)
        fulfils |= equal
    return fulfils


def _refuse_near(values: pd.Series, column: str, wanted: Any) -> None:
    """Refuse a value that no item has where another one is near it: that is a slip of the pen."""
    known = [str(value) for value in values.dropna().unique()]
    hint = did_you_mean(str(wanted), known)
    if hint:
        raise SchemaError(
            given("where", {column: wanted}), f": no item has {wanted!r} in column {column!r}{hint}"
        )


def _as_type_of(values: pd.Series, wanted: Any) -> Any:
    """Read text, as a command has it, as what the column holds; numbers as text where it holds text."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return _YES_NO.get(str(wanted).lower(), wanted)
    if isinstance(wanted, str):
        if pd.api.types.is_numeric_dtype(values.dtype):
            number = pd.to_numeric(wanted, errors="coerce")
            return wanted if pd.isna(number) else number
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            return _moment(values, wanted)
        return wanted
    if isinstance(wanted, int | float) and pd.api.types.is_string_dtype(values.dtype):
        return str(wanted)
    return wanted


def _in_order(values: pd.Series, column: str, order: str, wanted: str) -> _Flags:
    """Compare numbers or moments with text."""
    compare = _ORDERS[order]
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        moment = _moment(values, wanted)
        if moment is not None:
            return np.asarray(compare(values, moment), dtype=bool)
    else:
        numbers = _numbers(values)
        number = pd.to_numeric(wanted, errors="coerce")
        if numbers is not None and not pd.isna(number):
            return np.asarray(compare(numbers, number).fillna(False), dtype=bool)
    example = values.dropna().head(1).tolist()
    raise SchemaError(
        given("where", {column: f"{order}{wanted}"}),
        f" compares numbers or moments, and {wanted!r} and column {column!r}, which holds "
        f"{quoted(example) or 'nothing'}, are not both of one kind; for this text itself pass a list, as in ",
        given("where", {column: [f"{order}{wanted}"]}),
    )


def _numbers(values: pd.Series) -> pd.Series | None:
    """Return a column as numbers; text too where each value is a number."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return None
    numbers = pd.to_numeric(values.astype(object), errors="coerce")
    is_whole = bool((numbers.isna() == values.isna()).all())
    return pd.Series(numbers).astype(float) if is_whole else None


def _moment(values: pd.Series, text: str) -> pd.Timestamp | None:
    try:
        moment = pd.Timestamp(text)
    except ValueError:
        return None
    if pd.isna(moment):
        return None
    zone = values.dt.tz
    if zone is None:
        return moment if moment.tzinfo is None else None
    return moment.tz_localize(zone) if moment.tzinfo is None else moment


def _is_list(condition: Any) -> bool:
    return isinstance(condition, Iterable) and not isinstance(condition, str | bytes | Mapping)


def _is_missing(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _text(conditions: Mapping[str, Any]) -> str:
    """Write conditions as people read them: ``source is web, amount > 100``."""
    return ", ".join(f"{column} {_written(condition)}" for column, condition in conditions.items())


def _written(condition: Any) -> str:
    if _is_list(condition):
        return f"is {' or '.join(str(one) for one in condition)}"
    if _is_missing(condition):
        return "is missing"
    if isinstance(condition, bool | np.bool_):
        return "is true" if condition else "is false"
    compares = _COMPARES.fullmatch(condition) if isinstance(condition, str) else None
    if compares is None:
        return f"is {condition}"
    return {"==": "is", "!=": "is not"}.get(compares[1], compares[1]) + f" {compares[2]}"
