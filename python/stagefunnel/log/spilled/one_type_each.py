"""The further columns of all partitions have one type each, whichever days came to a partition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

import pandas as pd

from ..columns.joined_columns import samples_of_part
from ..columns.one_type import EXACT, few_of, kind_key, missing_values, type_of_all
from ..saved.part_reading import Part


def types_of_columns(parts: Sequence[Sequence[Part]]) -> dict[str, Any]:
    """Return the type of each further column of which not all parts have the same one.

    Headers say it of most columns, for which nothing is read; values that have codes lie in small files.
    """
    filled = [part for part in chain.from_iterable(parts) if part.about["n_rows"]]
    names = [column["name"] for column in filled[0].about["columns"]] if filled else []
    return {name: _type_of(filled, name) for name in names if _differ(filled, name)}


def _differ(parts: Sequence[Part], name: str) -> bool:
    forms = {_form_of(part, name) for part in parts}
    if len(forms) > 1 or "category" not in forms:
        return len(forms) > 1
    return len({kind_key(part.values_of_column(name).dtype) for part in parts}) > 1


def _form_of(part: Part, name: str) -> str:
    _, about = part.about_column(name)
    return str(about["dtype"] or about["values"]["dtypes"][0])


def _type_of(parts: Sequence[Part], name: str) -> Any:
    samples = list(chain.from_iterable(_samples(part, name) for part in parts))
    numbers = [sample for sample in samples if sample.dtype.kind in "iuf"]
    is_float = any(sample.dtype.kind == "f" and sample.notna().any() for sample in numbers)
    if is_float and any(abs(int(end)) > EXACT for one in numbers if one.dtype.kind in "iu" for end in one):
        samples = []  # what the floats are decides
        for part in parts:
            samples += samples_of_part(part.column_of_rows(name))
            part.release()
    return type_of_all(samples)


def _samples(part: Part, name: str) -> Iterator[pd.Series]:
    """Give few values of the type that a column has in a part, without a look at its rows."""
    _, about = part.about_column(name)
    if part.about["kinds"]["columns"].get(name) is None:
        yield missing_values(1)
    elif about["dtype"] is None:
        yield few_of(part.values_of_column(name).dropna())
    else:
        yield _any_number(about)


def _any_number(about: Mapping[str, Any]) -> pd.Series:
    dtype = pd.api.types.pandas_dtype(about["dtype"])
    return pd.Series([Decimal(0) if dtype.kind == "O" else 0], dtype=dtype)
