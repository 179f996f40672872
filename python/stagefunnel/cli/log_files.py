"""A log from files of rows: which columns are read, in which way, and of which types their values are."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import pandas as pd

import stagefunnel as sf
from stagefunnel.files import FileTable, column_names, expand, kind_of, read_tables, split_columns

from ..tables.group_names import column_behind
from ..tables.schema import MADE_OF_ITEMS
from .progress import Bars, progress_bars
from .saved_files import Kept, as_files, convert_numbers, saved_log_in
from .sql_inputs import bar_for, columns_in, has_queries, query_of
from .typed_steps import columns_in_brackets
from .values import split_names

_ROLES: Final = ("item", "stage", "time")
_MORE_ROLES: Final = ("exited", "start_unknown")  # columns that few logs have
_COLUMNS_HINT: Final = "columns of other names are given with --item, --stage and --time"
_KEY_HINT: Final = "its key is given with --items-key"


def expand_files(patterns: list[str], parser: argparse.ArgumentParser) -> list[str]:
    """Find the files that patterns match; a pattern that matches none is wrong usage."""
    as_files(patterns, parser)
    try:
        return expand(patterns)
    except OSError as error:
        parser.error(str(error))


@contextmanager
def open_log(
    args: argparse.Namespace,
    parser: argparse.ArgumentParser,
    settings: sf.Settings | None,
    keep: Kept | None = None,
) -> Iterator[sf.StageLog]:
    """Read the log; an error about a row, now or while the log is in use, names its file and line.

    It has the columns that options name, or those to `keep`.
    """
    saved = saved_log_in(args)
    if saved is not None:
        yield _opened(saved, args, settings)
        return
    named = _named_columns(args, settings)
    if has_queries(args):
        yield _log_of_query(args, parser, settings, named, keep)
        return
    files = expand_files(args.files, parser)
    item_files = expand_files([args.items], parser) if args.items else []
    numbers: list[str] = []
    if keep is None:
        by, numbers = _columns_of_groups(args, [*item_files, files[0]])
        of_items, of_log = split_columns([*by, *_further_columns(args)], item_files, files)
    else:
        of_items, of_log = _all_of_items(args, item_files), split_columns(keep.columns, (), files)[1]
    if args.unit in of_log:
        parser.error(f"--unit {args.unit} is a column of the log; name a column of --items")
    if item_files and not of_items and not args.command.counts_quality:
        parser.error(f"--items {args.items} has no column that another option names; leave it out")
    columns = {role: named.get(role, role) for role in _ROLES}
    columns |= {role: named[role] for role in ("order", *_MORE_ROLES) if role in named}
    from_files = _batch_reader(files, "order" in named, settings) if args.spill or not of_log else None
    if args.spill is not None and from_files is None:
        parser.error(
            "rows that are put on disk come from CSV files or from Parquet files, have no --order and stages "
            "that are text; write the others as one of these"
        )
    with progress_bars(quiet=args.quiet) as bar:
        options: dict[str, Any] = {
            **columns,
            "time_format": named.get("time_format"),
            "zone": named.get("zone"),
            "items": _read_items(args, item_files, columns["item"], of_items, numbers, bar, keep)
            if item_files
            else None,
            "items_key": args.items_key,
            "invalid": args.invalid,
            "empty": args.empty,
            "observed_until": _observed_until(args, settings),
            "threads": args.threads,
        }
        of_saved = getattr(args, "saved_names", ())  # names that the saved log has of its own columns
        with _hint_at_columns([*of_saved, *(role for role in _ROLES if role not in named)], _COLUMNS_HINT):
            source: sf.StageLog | FileTable
            if from_files is not None:
                spilled = (
                    {"columns": of_log, "spill": args.spill, "memory": args.memory} if args.spill else {}
                )
                source = from_files(files, **options, **spilled, keys="keep", progress=bar(files))
            else:
                source = read_tables(files, [*columns.values(), *of_log], progress=bar(files))
    if isinstance(source, sf.StageLog):
        yield source
        return
    frame = _typed(source.frame, columns, named.get("time_format"), settings)
    _convert_amounts(frame, numbers)
    if keep is not None:
        convert_numbers(frame, keep.numbers, of_log)
    with _naming_lines(source):
        yield sf.StageLog(frame, **options, columns=of_log)


def _log_of_query(
    args: argparse.Namespace,
    parser: argparse.ArgumentParser,
    settings: sf.Settings | None,
    named: Mapping[str, str],
    keep: Kept | None,
) -> sf.StageLog:
    """Read the log out of a database; a table of items is a file here too."""
    if "order" in named:
        parser.error("--order is for files; let the query give its rows in order, with ORDER BY")
    item_files = expand_files([args.items], parser) if args.items else []
    of_items = {name for file in item_files for name in column_names(file)}
    if keep is None:
        by, numbers = _columns_of_groups(args, item_files, columns_in(args, parser))
        wanted = list(dict.fromkeys([*by, *_further_columns(args)]))
    else:
        numbers, wanted = [], [*_all_of_items(args, item_files), *keep.columns]
    if args.unit is not None and args.unit not in of_items:
        parser.error(f"--unit {args.unit} is a column of the log; name a column of --items")
    columns = {role: named.get(role, role) for role in _ROLES}
    with progress_bars(quiet=args.quiet) as bar:
        items = [name for name in wanted if name in of_items]
        with _hint_at_columns([role for role in _ROLES if role not in named], _COLUMNS_HINT):
            return sf.StageLog.from_sql(
                query_of(args, parser),
                args.connection,
                item=columns["item"],
                stage=columns["stage"],
                time=columns["time"],
                exited=named.get("exited"),
                start_unknown=named.get("start_unknown"),
                columns=[name for name in wanted if name not in of_items],
                time_format=named.get("time_format"),
                zone=named.get("zone"),
                items=_read_items(args, item_files, columns["item"], items, numbers, bar, keep)
                if item_files
                else None,
                items_key=args.items_key,
                invalid=args.invalid,
                empty=args.empty,
                observed_until=_observed_until(args, settings),
                threads=args.threads,
                keys="keep",
                progress=bar_for(bar),
            )


def _opened(path: str, args: argparse.Namespace, settings: sf.Settings | None) -> sf.StageLog:
    """Open a saved log; its columns and the table of items are those that were saved."""
    log = sf.StageLog.load(path, threads=args.threads)
    until = _observed_until(args, settings)
    return log if until is None else log.with_observed_until(until)


def _all_of_items(args: argparse.Namespace, item_files: Sequence[str]) -> list[str]:
    """List the columns of the table of items but its key, where that is named."""
    names = dict.fromkeys(name for file in item_files for name in column_names(file))
    return [name for name in names if name != args.items_key]


def _observed_until(args: argparse.Namespace, settings: sf.Settings | None) -> Any:
    """Take the end of observation from the option, else from the pipeline file."""
    if args.observed_until is None:
        return settings.observed_until if settings else None
    return args.observed_until


def _named_columns(args: argparse.Namespace, settings: sf.Settings | None) -> dict[str, str]:
    """Collect the names of columns, the format of times and their zone, from the options and the TOML."""
    of_file: Mapping[str, str] = settings.columns if settings else {}
    roles = (*_ROLES, *_MORE_ROLES, "order", "time_format", "zone")
    names = {role: getattr(args, role) or of_file.get(role) for role in roles}
    return {role: name for role, name in names.items() if name}


def _columns_of_groups(
    args: argparse.Namespace, files: Sequence[str], more: Callable[[], Sequence[str]] = tuple
) -> tuple[list[str], list[str]]:
    """List the columns that groups need, and those whose values are numbers.

    Numbers are amounts and what has bands. A column of a file, or of `more`, goes before a group that the
    log itself knows.
    """
    by, numbers = [], [] if args.amount is None else [args.amount]
    # The groups of a sequence are columns alone.
    knows_groups = not hasattr(args, "attribution")
    compared = args.columns if hasattr(args, "static") else None
    own = [getattr(args, name, None) for name in ("mix", "fit_by", "benchmark")]
    named = [one for names in (args.by, *own, compared) for one in split_names(names) or ()]
    for name in [one for one in named if "=" not in one]:  # --benchmark may name losses
        behind = column_behind(name) if knows_groups else name
        if behind != name and not any(name in column_names(file) for file in files) and name not in more():
            by += [] if behind is None else [behind]
            numbers += [] if behind is None else [behind]
        else:
            by.append(name)
    return by, numbers


def _further_columns(args: argparse.Namespace) -> list[str]:
    """List the columns beside those of every log that the other options name."""
    columns = None if hasattr(args, "static") else args.columns  # there they are groups
    several = [name for names in (args.hold, columns) for name in split_names(names) or ()]
    conditions = [condition.column for condition in args.where or ()]
    if hasattr(args, "lost_from"):
        several = [name for name in several if name not in MADE_OF_ITEMS]
    named = (args.unit, args.reason, args.amount, args.currency, getattr(args, "probability", None))
    single = [name for name in named if name is not None]
    return list(dict.fromkeys([*several, *single, *conditions, *columns_in_brackets(args)]))


def _read_items(
    args: argparse.Namespace,
    files: list[str],
    item: str,
    columns: Sequence[str],
    numbers: Sequence[str],
    bar: Bars,
    keep: Kept | None,
) -> pd.DataFrame:
    """Read the key and some further columns of the table of items."""
    key = args.items_key or item
    columns = [name for name in columns if name != key]
    with _hint_at_columns([] if args.items_key else [key], _KEY_HINT):
        frame = read_tables(files, [key, *columns], progress=bar(files)).frame
    _convert_amounts(frame, numbers)
    if keep is not None:
        convert_numbers(frame, keep.item_numbers, columns)
    return frame


@contextmanager
def _hint_at_columns(unnamed: Sequence[str], hint: str) -> Iterator[None]:
    """Add a hint to the error about a missing column whose name is only the usual one."""
    try:
        yield
    except sf.MissingColumnError as error:
        if error.column in unnamed:
            error.add_note(hint)
        raise


@contextmanager
def _naming_lines(table: FileTable) -> Iterator[None]:
    """Put the file and the line of a row before an error about it."""
    try:
        yield
    except (sf.InvalidRowError, sf.UnknownStageError) as error:
        raise error.within(f"{table.locate(error.row)}: ") from error


def _batch_reader(
    files: list[str], has_order: bool, settings: sf.Settings | None
) -> Callable[..., sf.StageLog] | None:
    """Choose what reads the files batch by batch; ``None`` where they have to be read as a whole.

    Batches take less time and memory. They need pyarrow, and have neither an order nor stages that are
    integers.
    """
    if has_order or _has_integer_stages(settings) or not _has_pyarrow():
        return None
    kinds = {kind_of(file) for file in files}
    if kinds == {"csv"}:
        return sf.StageLog.from_csv
    return sf.StageLog.from_parquet if kinds == {"parquet"} else None


def _has_integer_stages(settings: sf.Settings | None) -> bool:
    return settings is not None and isinstance(settings.pipeline.labels[0], int)


def _has_pyarrow() -> bool:
    try:
        import_module("pyarrow")
    except ImportError:
        return False
    return True


def _typed(
    frame: pd.DataFrame, columns: Mapping[str, str], time_format: str | None, settings: sf.Settings | None
) -> pd.DataFrame:
    """Copy the columns of a text file with the types that their values have."""
    typed = frame.copy(deep=False)
    if not time_format:
        for role in ("time", "exited"):
            if role in columns:
                typed[columns[role]] = _as_integers(typed[columns[role]])
    if _has_integer_stages(settings):
        typed[columns["stage"]] = _as_integers(typed[columns["stage"]])
    return typed


def _as_integers(values: pd.Series) -> pd.Series:
    """Read text as integers if each value is an integer of 64 bits; otherwise leave it as text."""
    if not pd.api.types.is_string_dtype(values):
        return values
    if not values.dropna().str.fullmatch(r"-?[0-9]{1,19}").all():
        return values
    try:
        return values.astype("Int64")
    except (ValueError, OverflowError):
        return values


def _convert_amounts(frame: pd.DataFrame, amounts: Sequence[str]) -> None:
    """Read text as numbers in the columns of amounts that are the frame's."""
    for amount in amounts:
        if amount in frame:
            frame[amount] = _as_numbers(frame[amount])


def _as_numbers(values: pd.Series) -> pd.Series:
    """Read text as numbers if each value is a number; otherwise the log names the first bad value."""
    try:
        return pd.Series(pd.to_numeric(values))
    except (ValueError, TypeError):
        return values
