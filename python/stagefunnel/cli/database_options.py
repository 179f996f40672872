"""The options of databases: where rows come from in place of files, and where answers go."""

from __future__ import annotations

import argparse
from typing import Any


def names_database(place: str | None) -> bool:
    """Check whether a place is the URI of a database, and not a path."""
    return "://" in (place or "")


def source(parser: argparse.ArgumentParser) -> None:
    """Add the database and the queries that stand in the place of files."""
    group = parser.add_argument_group("a database, in place of files")
    group.add_argument(
        "--connect",
        dest="connection",
        metavar="URI",
        help="e.g. postgresql://user@host/database, sqlite:///file.db or duckdb:///file.duckdb",
    )
    group.add_argument(
        "--sql",
        action="append",
        metavar="FILE|TEXT",
        help="a query, or a file that holds one; of an export several, each as NAME=FILE|TEXT",
    )


def target(parser: argparse.ArgumentParser) -> None:
    """Add the table of a database that the answer is written to, if `--out` names one."""
    group = parser.add_argument_group("a table of a database, where --out is a URI as --connect has it")
    of_table(group, "the table; a summary writes several: NAME_funnel, NAME_outcomes, …")


def of_table(group: Any, text: str) -> None:
    """Add the name of a table, its schema, and what happens to one that is there."""
    group.add_argument("--into", metavar="NAME", help=text)
    group.add_argument(
        "--if-exists",
        choices=("error", "append", "replace"),
        help="a table that is there: refused (default), given more rows, or these rows alone",
    )
    group.add_argument("--schema", metavar="NAME", help="the schema of the table")


def to(parser: argparse.ArgumentParser) -> None:
    """Add the place that an export is written to."""
    parser.add_argument(
        "--to",
        metavar="PATH",
        required=True,
        help=".parquet or .csv for the log, or a directory for log, items, pipelines and quality; it is "
        "made; or the URI of a database, in which tables are made",
    )
    of_table(parser, "the table of the log in a database; NAME_items and NAME_quality (default: log)")
