"""Answers of commands as tables of a database."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

import pandas as pd

import stagefunnel as sf

from ..databases.writing import write_tables
from ..display.write import with_seconds
from ..tables.summary import Summary


def write_answer(answer: pd.DataFrame | Summary, args: argparse.Namespace) -> None:
    """Write an answer: one table, or those of a summary, in one transaction."""
    if isinstance(answer, Summary):
        tables = {f"{args.into}_{name}": table for name, table in answer.tables.items()}
    else:
        tables = {args.into: answer}
    write_to_database(tables, args.out, args)


def write_export(export: sf.Export, args: argparse.Namespace) -> None:
    """Write an export: the log with its items and its quality; of leads and deals both."""
    parts = {"": export}
    if export.leads is not None and export.deals is not None:
        parts = {"leads": export.leads, "deals": export.deals}
    tables: dict[str, pd.DataFrame | None] = {}
    for part, one in parts.items():
        name = "_".join(filter(None, (args.into or ("" if part else "log"), part)))
        tables |= {name: sf.row_table(one.log), f"{name}_items": one.items, f"{name}_quality": one.quality}
    if export.links is not None:
        tables["_".join(filter(None, (args.into, "links")))] = export.links
    write_to_database({name: table for name, table in tables.items() if table is not None}, args.to, args)


def write_to_database(tables: Mapping[str, pd.DataFrame], uri: str, args: argparse.Namespace) -> None:
    """Write tables, in one transaction."""
    plain = {name: with_seconds(table) for name, table in tables.items()}
    write_tables(plain, uri, args.if_exists or "error", args.schema)
