"""Keys of items that were rounded, so that several items share one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import pandas as pd

from ...errors import ReaderError
from ..sources.cells import MOST_EXACT
from ..sources.places import Place, first_row

_BY_A_SPREADSHEET: Final = re.compile(r"-?\d(?:[.,]\d+)?E\+\d+")
_FLOAT: Final = re.compile(r"-?\d(?:\.\d+)?e\+\d+")
_LONG_FLOAT: Final = re.compile(r"-?([0-9]{16,})\.0+")
_DIGITS_OF_SPREADSHEETS: Final = 15  # so many are kept, and zeros written behind them
_LONG: Final = re.compile(r"[1-9][0-9]{14}([0-9]+)")
_FEWEST_ZEROS: Final = 3


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
    texts = [*map(str, keys.dropna().unique().astype(object))]
    together = "\n".join(texts)  # most keys have none of these signs, which one search finds out
    has_floats = "e+" in together or ".0" in together
    floats = [text for text in texts if _is_long_float(text)] if has_floats else []
    if floats:
        row = first_row(keys.isin(floats))
        raise ReaderError(
            f"{place(row)}: the key {keys.iloc[row]!r} is a floating-point number of more digits than it "
            "holds exactly, so that several items may share it; export or read the keys as whole numbers or "
            "as text"
        )
    has_exponents = "E+" in together
    rounded = [text for text in texts if _BY_A_SPREADSHEET.fullmatch(text)] if has_exponents else []
    rounded = rounded or _with_zeros(texts)
    if rounded:
        row = first_row(keys.isin(rounded))
        raise ReaderError(
            f"{place(row)}: a spreadsheet has rounded the key {keys.iloc[row]!r}; export it again, or "
            f"format its column as text in the spreadsheet first"
        )


def _is_long_float(text: str) -> bool:
    if "e+" in text:
        return _FLOAT.fullmatch(text) is not None
    long = _LONG_FLOAT.fullmatch(text) if ".0" in text else None
    return long is not None and float(long[1]) >= MOST_EXACT


def _with_zeros(texts: Sequence[str]) -> list[str]:
    """Return the keys of 16 and more digits, if all of them have only zeros behind the 15th."""
    if max(map(len, texts), default=0) <= _DIGITS_OF_SPREADSHEETS:
        return []
    long: list[str] = []
    n_digits = 0
    for text in texts:
        if len(text) > _DIGITS_OF_SPREADSHEETS and (found := _LONG.fullmatch(text)):
            if found[1].strip("0"):
                return []
            long.append(text)
            n_digits += len(found[1])
    return long if n_digits >= _FEWEST_ZEROS else []
