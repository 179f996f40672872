"""Keys of items that were rounded, so that several items share one."""

from __future__ import annotations

from typing import Final

import pandas as pd

from ...errors import ReaderError
from ..sources.cells import MOST_EXACT
from ..sources.places import Place, first_row

_BY_A_SPREADSHEET: Final = r"^-?\d(?:[.,]\d+)?E\+\d+$"
_FLOAT: Final = r"^-?\d(?:\.\d+)?e\+\d+$"
_LONG_FLOAT: Final = r"^-?[0-9]{16,}\.0+$"


def refuse_rounded_keys(keys: pd.Series, place: Place) -> None:
    """Refuse keys that many items may share: ``1,23E+11`` of a spreadsheet, and floats beyond 2^53.

    Parameters
    ----------
    keys
        Keys as text.
    place
        Function that says where a row stands in the input.

    Raises
    ------
    ReaderError
        With the place of the first such key.
    """
    texts = keys.astype("string")
    long = texts.where(texts.str.match(_LONG_FLOAT, na=False))
    is_float = texts.str.match(_FLOAT, na=False) | long.astype(float).abs().ge(MOST_EXACT).fillna(False)
    if is_float.any():
        row = first_row(is_float)
        raise ReaderError(
            f"{place(row)}: the key {keys.iloc[row]!r} is a floating-point number of more digits than it "
            "holds exactly, so that several items may share it; export or read the keys as whole numbers or "
            "as text"
        )
    is_rounded = texts.str.match(_BY_A_SPREADSHEET, na=False)
    if is_rounded.any():
        row = first_row(is_rounded)
        raise ReaderError(
            f"{place(row)}: a spreadsheet has rounded the key {keys.iloc[row]!r}; export it again, or "
            f"format its column as text in the spreadsheet first"
        )
