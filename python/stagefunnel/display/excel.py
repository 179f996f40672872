"""The public way to a workbook."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..errors import SchemaError, StageFunnelError, given, named
from ..tables.frames import as_pandas
from ..tables.summary import Summary
from .write import write_file


def to_excel(
    tables: pd.DataFrame | Summary | Mapping[str, Any] | Sequence[Any], path: str | os.PathLike[str]
) -> None:
    """Write tables to an Excel workbook, a sheet a table.

    Shares are percents, lengths of time hours (``[h]:mm``), times real dates, the heading stays in view and
    columns are as wide as their content. Excel's dates have no zone: times are written as the clocks of their
    zone show them, and the heading names it. Text stays text, also where it begins like a formula, and so do
    whole numbers of more than fifteen digits, which Excel would round.

    Parameters
    ----------
    tables
        A table of pandas, polars or Arrow, a summary, or several: a mapping of the names of sheets to tables
        or summaries, or a list. Names that Excel does not take are shortened or changed; no two sheets have
        one name.
    path
        The file, which ends in ``.xlsx``. It is replaced when the workbook is complete; after an error it is
        what it was.

    Raises
    ------
    SchemaError
        If something is not a table, or there is none.
    StageFunnelError
        If a table has more rows than a sheet (1,048,575), the file cannot be written, or openpyxl is not
        installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "report.xlsx"
    >>> sf.to_excel(sf.summary(shop.log, shop.pipeline), file)
    >>> import openpyxl
    >>> openpyxl.load_workbook(file).sheetnames
    ['funnel', 'outcomes', 'time_in_stage', 'transitions', 'quality']
    """
    target = os.fspath(path)
    if os.path.splitext(target)[1].lower() != ".xlsx":
        raise StageFunnelError(given("path", target), ": a workbook is written to a file that ends in .xlsx")
    named_tables = tables_by_name(tables)
    if not named_tables:
        raise SchemaError(named("tables"), " has no table; give at least one")
    write_file(named_tables, "xlsx", target)


def tables_by_name(tables: Any) -> dict[str, pd.DataFrame]:
    """Return tables with the names of their sheets."""
    tables = as_pandas(tables)
    if isinstance(tables, Summary):
        return tables.tables
    if isinstance(tables, Mapping):
        found: dict[str, pd.DataFrame] = {}
        for name, table in tables.items():
            own = _frame(table, f"tables[{name!r}]")
            more = own if isinstance(own, dict) else {"": own}
            found |= {f"{name} {of_summary}".strip(): one for of_summary, one in more.items()}
        return found
    if isinstance(tables, list | tuple):
        several: dict[str, pd.DataFrame] = {}
        for place, table in enumerate(tables):
            own = _frame(table, f"tables[{place}]")
            for name, one in (own if isinstance(own, dict) else {_name_of(own): own}).items():
                number = sum(known == name or known.startswith(f"{name} ") for known in several)
                several[f"{name} {number + 1}" if number else name] = one
        return several
    own = _frame(tables, named("tables"))
    return own if isinstance(own, dict) else {_name_of(own): own}


def _frame(table: Any, where: Any) -> pd.DataFrame | dict[str, pd.DataFrame]:
    table = as_pandas(table)
    if isinstance(table, Summary):
        return table.tables
    if not isinstance(table, pd.DataFrame):
        raise SchemaError(where, f" is a {type(table).__name__}, not a table")
    return table


def _name_of(table: pd.DataFrame) -> str:
    return str(table.attrs.get("stagefunnel", {}).get("table", "table"))
