"""The options of all commands that give tables: their format and their place."""

from __future__ import annotations

import argparse
from typing import get_args

from ..tables.options import FormatName, LanguageName


def output(parser: argparse.ArgumentParser, *, has_several_tables: bool) -> None:
    """Add the format and the place of the answer."""
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=get_args(FormatName), help="default: as --out ends, else table")
    several = "; csv and parquet: a directory, a file each; .xlsx: a sheet each" if has_several_tables else ""
    output.add_argument("--language", choices=get_args(LanguageName), help="of tables for people")
    output.add_argument(
        "--wide", action="store_true", help="on a terminal, all columns, also those that have no room"
    )
    output.add_argument(
        "--no-csv-safe",
        dest="csv_safe",
        action="store_false",
        help="CSV with text as it is; else an apostrophe stands before text that a spreadsheet would run",
    )
    output.add_argument(
        "--out",
        metavar="FILE",
        help=f"write to a file in place of the screen{several}; or to the URI of a database",
    )
