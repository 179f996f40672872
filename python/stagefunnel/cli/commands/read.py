"""The command that reads an export and writes it as plain tables."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable
from dataclasses import replace

import stagefunnel as sf

from ...clean import clean
from ...display.formats import choose_format
from ...display.standard_output import to_standard_output
from ...display.write import names_directory, write_file
from ..database_options import names_database
from ..database_output import write_export
from ..inputs import read_export
from ..spelling import speller, with_options


def read(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Write the log of an export to a file, or the whole export to a directory or a database."""
    export = read_export(args, parser)
    if names_database(args.to):
        write_export(export, args)
    elif os.path.isdir(args.to) or names_directory(args.to):
        _write_all(export, args.to)
    else:
        write_file(sf.row_table(export.log), _table_format(args.to), args.to)
    spell = speller(vars(args), args.command.other_names)
    to_standard_output(f"{clean(with_options(repr(export), spell), lines=True)}\n")


def _table_format(path: str) -> str:
    form = choose_format(None, path)
    if form not in ("csv", "parquet"):
        raise sf.ReaderError(
            f"--to {path}: a log is written as .csv or .parquet, or all to a directory, which needs no ending"
        )
    return form


def _write_all(export: sf.Export, directory: str) -> None:
    for name, part in [("leads", export.leads), ("deals" if export.leads else "log", export.deals or export)]:
        if part is None:
            continue
        rows = sf.row_table(part.log)
        write_file(rows, "parquet", os.path.join(directory, f"{name}.parquet"))
        # The columns that every log has go by their own names; the others are read where a file names them.
        columns = {column: column for column in ("exited", "start_unknown") if column in rows}
        write_file(part.items, "parquet", os.path.join(directory, f"{name}_items.parquet"))
        write_file(part.quality, "csv", os.path.join(directory, f"{name}_quality.csv"))
        suggestion = sf.suggest(part)
        for file, title in zip(_file_names(part.pipelines), part.pipelines, strict=True):
            # What reads a pipeline file says why its stages stand as they do, as init writes it.
            own = suggestion.others.get(title, suggestion)
            own = replace(own, settings=replace(own.settings, columns=columns))
            write_file(own.to_toml(), "toml", os.path.join(directory, f"{name}_{file}.toml"))
    if export.links is not None:
        write_file(export.links, "parquet", os.path.join(directory, "links.parquet"))


def _file_names(titles: Iterable[str]) -> list[str]:
    """Turn each title into the name of a file; names that would be equal get a number."""
    names: list[str] = []
    for title in titles:
        name = re.sub(r"[^\w-]+", "_", title).strip("_") or "pipeline"
        taken = sum(re.fullmatch(rf"{re.escape(name)}(_\d+)?", known) is not None for known in names)
        names.append(f"{name}_{taken + 1}" if taken else name)
    return names
