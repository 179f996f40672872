"""What conditions mean: which values of a column fulfil them, and how people write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import Option, SchemaError, did_you_mean, given, quoted

#: A condition on a column: a value, a list of values, or text that compares, such as ``">100"``.
Condition: TypeAlias = Hashable | Sequence[Hashable]
#: Conditions by column, all of which an item must fulfil; or the name of a column of true and false; or
#: several of these, as one column may have several conditions.
Where: TypeAlias = Mapping[str, Condition] | str | Sequence[Mapping[str, Condition] | str]
#: Conditions as pairs of a column and what its value must be.
Conditions: TypeAlias = tuple[tuple[str, Any], ...]

Flags: TypeAlias = npt.NDArray[np.bool_]
Key: TypeAlias = tuple[Hashable, ...]
_COMPARES: Final = re.compile(r"\s*(>=|<=|!=|==|>|<)\s*(.*?)\s*", re.DOTALL)
_ORDERS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}
_YES_NO: Final = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


def key_of(conditions: Conditions, is_part: bool) -> Key | None:
    """Make a key of conditions; ``None`` where a value has no hash. ``True`` and ``1`` are two conditions."""
    key: list[Hashable] = [is_part]
    for column, wanted in conditions:
        values = wanted if _is_list(wanted) else [wanted]
        key += [column, _is_list(wanted), *((type(one), one) for one in values)]
    try:
        hash(tuple(key))
    except TypeError:
        return None
    return tuple(key)


def conditions_of(where: Any) -> Conditions:
    """Check conditions, and write them as pairs of a column and its condition; values become a list."""
    every = list(where) if isinstance(where, list | tuple) else [where]
    pairs = [pair for one in every for pair in _pairs_of(one)]
    if not pairs:
        raise SchemaError(given("where", where), " has no condition; leave it out for all items")
    return tuple((column, list(wanted) if _is_list(wanted) else wanted) for column, wanted in pairs)


def columns_of_where(where: Any) -> list[str]:
    """List the columns that conditions are about."""
    return [] if where is None else [column for column, _ in conditions_of(where)]


def _pairs_of(where: Any) -> list[tuple[str, Any]]:
    if isinstance(where, str):
        return [(where, True)]
    if not isinstance(where, Mapping):
        raise SchemaError(given("where", where), " is not conditions by column, such as {'source': 'web'}")
    return list(where.items())


def condition_option(column: str, condition: Any) -> Option:
    """Name a condition, which a command writes in one word: ``amount>100``, ``source=web``."""
    plain = f"{column}={'' if condition is None else condition}"
    if isinstance(condition, bool):
        plain = column if condition else f"{column}=false"
    elif isinstance(condition, str) and (compares := _COMPARES.fullmatch(condition)):
        plain = f"{column}{compares[1].replace('==', '=')}{compares[2]}"
    elif _is_list(condition):
        plain = f"{column}={next(iter(condition), '')}"
    return Option("where", repr({column: condition}), plain)


def keeps_missing(condition: Any) -> bool:
    """Return whether an item without a value fulfils a condition."""
    if _is_missing(condition):
        return True
    if _is_list(condition):
        return any(map(_is_missing, condition))
    compares = _COMPARES.fullmatch(condition) if isinstance(condition, str) else None
    return compares is not None and (compares[1] == "!=") == bool(compares[2]) and compares[1] in ("==", "!=")


def flags_of(values: pd.Series, column: str, condition: Any, *, is_part: bool, of: str = "item") -> Flags:
    """Find the values that fulfil a condition; a missing value fulfils ``None`` and ``"!=…"`` alone.

    An error says of what the values are: of an ``"item"`` or a ``"row"``.
    """
    values = values.reset_index(drop=True)
    is_missing = values.isna().to_numpy(dtype=bool)
    compares = _COMPARES.fullmatch(condition) if isinstance(condition, str) else None
    if compares is None or compares[1] == "==":
        wanted = list(condition) if _is_list(condition) else [compares[2] if compares else condition]
        fulfils = _are_any_of(values, column, wanted, is_part=is_part, of=of)
    elif compares[1] == "!=" and not compares[2]:
        return ~is_missing
    elif compares[1] == "!=":
        fulfils = ~_are_any_of(values, column, [compares[2]], is_part=is_part, of=of)
    else:
        fulfils = _in_order(values, column, compares[1], compares[2])
    return np.where(is_missing, keeps_missing(condition), fulfils) if is_missing.any() else fulfils


def _are_any_of(values: pd.Series, column: str, wanted: Sequence[Any], *, is_part: bool, of: str) -> Flags:
    fulfils = np.zeros(len(values), dtype=bool)
    for one in wanted:
        if _is_missing(one):
            continue
        equal = _are(values, column, one)
        if not is_part and not equal.any():
            _refuse_near(values, column, one, of)
        fulfils |= equal
    return fulfils


def _are(values: pd.Series, column: str, wanted: Any) -> Flags:
    """Find the values that are equal to one, as what the column holds."""
    if isinstance(wanted, bool | np.bool_) and not pd.api.types.is_bool_dtype(values.dtype):
        truths = values.map(_truth_of)
        if truths[values.notna()].isna().any():
            example = quoted(values[values.notna() & truths.isna()].head(1).tolist())
            raise SchemaError(
                condition_option(column, bool(wanted)),
                f" is true or false, and column {column!r} holds {example}; name the wanted value, as in ",
                condition_option(column, [values.dropna().iloc[0]]),
            )
        return (truths == wanted).to_numpy(dtype=bool)
    try:
        equal = (values == _as_type_of(values, wanted)).fillna(False).to_numpy(dtype=bool)
    except (NotImplementedError, TypeError, ValueError, ArithmeticError) as error:
        raise _incomparable(column, wanted) from error
    number = pd.to_numeric(wanted, errors="coerce") if isinstance(wanted, str | int | float) else np.nan
    if pd.isna(number) or not pd.api.types.is_string_dtype(values.dtype):
        return np.asarray(equal)
    # Text of a file that holds numbers: 10 is 10.0. Digits after a zero are codes, such as 007.
    numbers = _numbers(values)
    if numbers is None or values.astype(str).str.match(r"\s*[+-]?0\d").any():
        return np.asarray(equal)
    return np.asarray(equal | (numbers == float(number)).fillna(False).to_numpy(dtype=bool))


def _incomparable(column: str, wanted: Any) -> SchemaError:
    return SchemaError(
        condition_option(column, wanted), f" is not a value that column {column!r} can be compared with"
    )


def _truth_of(value: Any) -> bool | None:
    return _YES_NO.get(str(value).strip().lower().removesuffix(".0"))


def _refuse_near(values: pd.Series, column: str, wanted: Any, of: str) -> None:
    """Refuse a value that nothing has where another one is near it: that is a slip of the pen."""
    if not pd.isna(pd.to_numeric(str(wanted), errors="coerce")):
        return  # 2026 is no misspelled 2025
    try:
        known = [str(value) for value in values.dropna().unique()]
    except TypeError as error:  # such as lists
        raise _incomparable(column, wanted) from error
    hint = did_you_mean(str(wanted), known)
    if hint:
        raise SchemaError(
            condition_option(column, wanted), f": no {of} has {wanted!r} in column {column!r}{hint}"
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


def _in_order(values: pd.Series, column: str, order: str, wanted: str) -> Flags:
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
            if isinstance(numbers.dtype, np.dtype):  # pandas looks at millions of values several times
                return np.asarray(compare(numbers.to_numpy(), number))
            return np.asarray(compare(numbers, number).fillna(False), dtype=bool)
    example = values.dropna().head(1).tolist()
    raise SchemaError(
        condition_option(column, f"{order}{wanted}"),
        f" compares numbers or moments, and {wanted!r} and column {column!r}, which holds "
        f"{quoted(example) or 'nothing'}, are not both of one kind; this text itself is meant by ",
        condition_option(column, [f"{order}{wanted}"]),
    )


def _numbers(values: pd.Series) -> pd.Series | None:
    """Return a column as numbers; text too where each value is a number."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return None
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values
    numbers = pd.to_numeric(values.astype(object), errors="coerce")
    is_whole = bool((numbers.isna() == values.isna()).all())
    return pd.Series(numbers).astype(float) if is_whole else None


def _moment(values: pd.Series, text: str) -> pd.Timestamp | None:
    if not any(letter.isdigit() for letter in text):
        return None  # pandas reads "now" and "today" off the clock
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


def text_of(conditions: Conditions) -> str:
    """Write conditions as people read them: ``source is web, amount > 100``."""
    return ", ".join(f"{column} {_written(condition)}" for column, condition in conditions)


def _written(condition: Any) -> str:
    if _is_list(condition):
        return f"is {' or '.join('missing' if _is_missing(one) else str(one) for one in condition)}"
    if _is_missing(condition):
        return "is missing"
    if isinstance(condition, bool | np.bool_):
        return "is true" if condition else "is false"
    compares = _COMPARES.fullmatch(condition) if isinstance(condition, str) else None
    if compares is None:
        return f"is {condition}"
    return {"==": "is", "!=": "is not"}.get(compares[1], compares[1]) + f" {compares[2] or 'missing'}"
