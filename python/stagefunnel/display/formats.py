"""The formats that tables are written in, and the endings of files that stand for them."""

from __future__ import annotations

import os
from typing import Final, get_args

from ..errors import StageFunnelError, given, named, quoted
from ..tables.options import FormatName

_ENDINGS: Final = {
    "": "table",
    ".txt": "table",
    ".csv": "csv",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".md": "markdown",
}
_NOT_TEXT: Final = {"parquet": "Parquet", "xlsx": "A workbook"}


def choose_format(form: str | None, path: str | None) -> str:
    """Return the format, by default the one that the ending of the file stands for."""
    if form in _NOT_TEXT and path is None:
        raise StageFunnelError(f"{_NOT_TEXT[form]} is not text: name a file with ", named("path"))
    ending = os.path.splitext(path or "")[1].lower()
    formats = quoted(get_args(FormatName))
    if ending == ".gz":
        raise StageFunnelError(given("path", path), ": tables are not written compressed; leave the .gz off")
    if form is None and ending not in _ENDINGS:
        raise StageFunnelError(
            given("path", path),
            f": the ending {ending!r} does not stand for a format; give one of {formats} with ",
            named("form"),
        )
    return form or _ENDINGS[ending]
