"""Of which kind values are, so that those of other kinds are refused before they join a saved log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...errors import SchemaError
from ..data import LogData

_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal")
_NAMES = {"string": "text", "boolean": "true and false", "datetime64": "times", "datetime": "times"}


def refuse_other_kinds(
    saved: Sequence[Mapping[str, Any]], tables: Callable[[], Iterable[pd.DataFrame]], later: LogData
) -> None:
    """Refuse rows whose items, further columns or table of items hold values of other kinds than a saved log.

    Parameters
    ----------
    saved
        The kinds of each part, as its header says them.
    tables
        Function that gives the tables of items of the parts, one after the other.

    Raises
    ------
    SchemaError
        For the first such column. A column without values fits all kinds.
    """
    if later.journeys.n_rows:
        _refuse("items", (kinds["items"] for kinds in saved), _of_keys(later))
    for name in [] if later.columns is None else later.columns.names:
        known = (kinds["columns"].get(name) for kinds in saved)
        _refuse(f"column {name!r}", known, _of_column(later, name))
    if later.items_table is None:
        return
    for at, name in enumerate(later.items_table.frame.columns):
        # Mostly the first one says it, and no other is read.
        known = (kind_of(frame[name]) for frame in tables() if name in frame)
        _refuse(f"column {name!r} of the items table", known, kind_of(later.items_table.frame.iloc[:, at]))


def _refuse(what: str, saved: Iterable[str | None], later: str | None) -> None:
    known = next((kind for kind in saved if kind is not None), None)
    if None not in (known, later) and known != later:
        raise SchemaError(
            f"{what}: the new rows have {later}, and the saved log has {known}; make them one type"
        )


def _of_keys(data: LogData) -> str | None:
    if data.keys_of is None or not data.journeys.n_items:
        return None
    return kind_of(data.keys_of(data.journeys.first_row[:1].copy()))


def _of_column(data: LogData, name: str) -> str | None:
    if data.columns is None or not data.journeys.n_rows:
        return None
    part = data.columns.parts[name]
    if "dtype" in part:
        return "numbers" if np.isfinite(part["values"]).any() else None
    # Categories are listed, and values of other partitions, also where no row has them.
    has_value = int(part["code"].max(initial=-1)) >= 0
    return kind_of(part["values"]) if has_value else None


def kinds_of(data: LogData) -> dict[str, Any]:
    """Name the kinds of the items and the further columns of a log, for the header of its part."""
    names = [] if data.columns is None else data.columns.names
    return {"items": _of_keys(data), "columns": {name: _of_column(data, name) for name in names}}


def kind_of(values: pd.Series) -> str | None:
    """Return the kind of some values in a word; ``None`` where all are missing.

    Examples
    --------
    >>> import pandas as pd
    >>> kind_of(pd.Series([1, 2])), kind_of(pd.Series(["a", None])), kind_of(pd.Series([None]))
    ('numbers', 'text', None)
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = pd.Series(values.cat.categories)
    known = values.dropna()
    if not len(known):
        return None
    if isinstance(known.dtype, pd.DatetimeTZDtype):
        return "times with a zone"
    kind = pd.api.types.infer_dtype(known)
    if kind in _NUMBERS:
        return "numbers"
    first: Any = known.iloc[0]
    if kind in ("datetime64", "datetime") and getattr(first, "tzinfo", None) is not None:
        return "times with a zone"
    return _NAMES.get(kind, f"values of type {type(first).__name__}")
