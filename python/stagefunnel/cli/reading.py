"""What the command reads: the pipeline file, the log and the table of items, with a bar on a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pandas as pd

import stagefunnel as sf
from stagefunnel.files import FileTable, expand, kind_of, read_tables, split_columns

from .progress import progress_bars


def names_of(text: str | None) -> list[str] | None:
    """Split a list of names."""
    return None if text is None else text.split(",")


@dataclass(frozen=True)
class Asked:
    """What a command asks its question of."""

    log: sf.StageLog
    pipeline: sf.Pipeline
    unlisted: str


@contextmanager
def asking(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Iterator[Asked]:
    """Read the log and the pipeline; an error about a row says in which file and line it stands."""
    if args.export:
        yield of_export(args, parser)
        return
    if args.pipeline is None:
        parser.error("--pipeline TOML says what the stages are; a CRM's own export is read with --export")
    settings = settings_of(args.pipeline, parser)
    with reading(args, parser, settings) as log:
        yield Asked(log, settings.pipeline, args.unlisted or settings.unlisted)


def of_export(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Asked:
    """Read a CRM's export and choose one of its pipelines."""
    if args.items:
        parser.error("an export has its own table of items; leave out --items")
    export = read_export(args, parser)
    part = export.leads if args.of == "leads" else export
    if part is None:
        raise sf.ReaderError("the export has no leads; leave out --of leads")
    pipelines = part.pipelines
    known = ", ".join(map(repr, pipelines))
    if args.pipeline is None and len(pipelines) > 1:
        parser.error(f"the export has several pipelines; choose one with --pipeline: {known}")
    name = args.pipeline or next(iter(pipelines))
    if name not in pipelines:
        parser.error(f"--pipeline {name}: the export has no such pipeline; it has {known}")
    return Asked(part.log, pipelines[name], args.unlisted or "error")


def read_export(args: argparse.Namespace, parser: argparse.ArgumentParser) -> sf.Export:
    """Read the files as one export."""
    given = {
        "item": args.item,
        "stage": args.stage,
        "time": args.time,
        "order": args.order,
        "time_format": args.time_format,
        "format": args.crm,
        "dayfirst": {None: None, "day": True, "month": False}[args.dates],
        "zone": args.zone,
        "decimal": args.decimal,
        "encoding": args.encoding,
    }
    if args.invalid == "keep_stage":
        parser.error("--invalid keep_stage is not for exports; give drop")
    try:
        files = expand(args.files)
    except OSError as error:
        parser.error(str(error))
    known = {name: value for name, value in given.items() if value is not None}
    with progress_bars(quiet=args.quiet) as bar:
        return sf.read(files, invalid=args.invalid, progress=bar(files), **known)


def settings_of(path: str, parser: argparse.ArgumentParser, option: str = "--pipeline") -> sf.Settings:
    """Read a pipeline file."""
    try:
        return sf.Settings.from_toml(path)
    except OSError as error:
        parser.error(f"{option} {path}: {error.strerror}")


@contextmanager
def checking(
    args: argparse.Namespace, parser: argparse.ArgumentParser
) -> Iterator[tuple[sf.StageLog, sf.Pipeline | None]]:
    """Read the log, and the pipeline where one is named."""
    if args.pipeline is not None and not args.export:
        with asking(args, parser) as asked:
            yield asked.log, asked.pipeline
    elif args.export:
        asked = of_export(args, parser)
        yield asked.log, asked.pipeline
    else:
        with reading(args, parser, None) as log:
            yield log, None


@contextmanager
def reading(
    args: argparse.Namespace, parser: argparse.ArgumentParser, settings: sf.Settings | None
) -> Iterator[sf.StageLog]:
    """Read the log; an error about a row says in which file and line it stands."""
    named = dict(settings.columns) if settings else {}
    given = {
        role: getattr(args, role) or named.get(role)
        for role in ("item", "stage", "time", "order", "time_format")
    }
    columns: dict[str, Any] = {role: given[role] or role for role in ("item", "stage", "time")}
    if given["order"]:
        columns["order"] = given["order"]
    try:
        files = expand(args.files)
        item_files = expand([args.items]) if args.items else []
    except OSError as error:
        parser.error(str(error))
    several = [*(names_of(args.by) or ()), *(names_of(args.hold) or ())]
    asked = [name for name in (*several, args.reason, args.amount, args.currency) if name is not None]
    of_items, of_log = split_columns(list(dict.fromkeys(asked)), item_files, files)
    options: dict[str, Any] = {
        **columns,
        "time_format": given["time_format"],
        "items_key": args.items_key,
        "invalid": args.invalid,
        "empty": args.empty,
        "threads": args.threads,
    }
    with progress_bars(quiet=args.quiet) as bar:
        item_table = None
        if item_files:
            key = args.items_key or columns["item"]
            with _hinting([] if args.items_key else [key], "its key is given with --items-key"):
                item_table = read_tables(item_files, [key, *of_items], progress=bar(item_files)).frame
            _number_amounts(item_table, args.amount)
        stream = None if of_log else _stream_of(files, given["order"], settings)
        unnamed = [role for role in ("item", "stage", "time") if not given[role]]
        with _hinting(unnamed, "columns of other names are given with --item, --stage and --time"):
            if stream is not None:
                log = stream(files, **options, items=item_table, keys="keep", progress=bar(files))
            else:
                table = read_tables(files, [*columns.values(), *of_log], progress=bar(files))
    if stream is not None:
        yield log
        return
    frame = _typed(table, columns, given["time_format"], settings)
    _number_amounts(frame, args.amount)
    try:
        yield sf.StageLog(frame, **options, columns=of_log, items=item_table)
    except (sf.InvalidRowError, sf.UnknownStageError) as error:
        raise sf.StageFunnelError(f"{table.locate(error.row)}: {error}") from error


@contextmanager
def _hinting(unnamed: Sequence[str], hint: str) -> Iterator[None]:
    """Say how columns are named that nobody named, where they do not go by their usual names."""
    try:
        yield
    except sf.MissingColumnError as error:
        if error.column in unnamed:
            error.add_note(hint)
        raise


def _stream_of(
    files: list[str], order: str | None, settings: sf.Settings | None
) -> Callable[..., sf.StageLog] | None:
    """Choose how files are read batch by batch, which takes less time and memory, where that can be."""
    has_integers = settings is not None and isinstance(settings.pipeline.labels[0], int)
    if order or has_integers or not _has_pyarrow():
        return None
    kinds = {kind_of(file) for file in files}
    if kinds == {"csv"}:
        return sf.StageLog.from_csv
    return sf.StageLog.from_parquet if kinds == {"parquet"} else None


def _has_pyarrow() -> bool:
    try:
        import_module("pyarrow")
    except ImportError:
        return False
    return True


def _number_amounts(frame: pd.DataFrame, amount: str | None) -> None:
    if amount is not None and amount in frame:
        frame[amount] = _as_numbers(frame[amount])


def _typed(
    table: FileTable, columns: dict[str, str], time_format: str | None, settings: sf.Settings | None
) -> pd.DataFrame:
    """Give the columns of a text file the types that their values have."""
    frame = table.frame.copy(deep=False)
    time = columns["time"]
    if not time_format:
        frame[time] = _as_integers(frame[time])
    if settings is not None and isinstance(settings.pipeline.labels[0], int):
        frame[columns["stage"]] = _as_integers(frame[columns["stage"]])
    return frame


def _as_integers(values: pd.Series) -> pd.Series:
    """Read text as integers where every value is one that 64 bits hold."""
    if not pd.api.types.is_string_dtype(values):
        return values
    if not values.dropna().str.fullmatch(r"-?[0-9]{1,19}").all():
        return values
    try:
        return values.astype("Int64")
    except (ValueError, OverflowError):
        return values


def _as_numbers(values: pd.Series) -> pd.Series:
    """Read text as numbers where every value is one; the library says which is not."""
    try:
        return pd.Series(pd.to_numeric(values))
    except (ValueError, TypeError):
        return values
