"""The commands that save a log and change a saved one."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import stagefunnel as sf

from ...clean import clean
from ...display.standard_output import to_standard_output
from ...errors import counted
from ...log.saved.form import SavedForm, form_of
from ..inputs import part_of_export, read_settings
from ..log_files import open_log
from ..remarks import say_doubts
from ..saved_files import Kept
from ..values import split_names

_NAMED = ("item", "stage", "time", "order", "exited", "start_unknown")
_INTEGER = re.compile(r"-?[0-9]{1,19}")


def save(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Save a log, and print what it has."""
    if args.memory is not None:  # then its rows go to the folder while they are read
        args.spill = args.saved
    with _log(args, parser, Kept(split_names(args.columns) or [], {}, {})) as log:
        if args.spill is None:
            log.save(args.saved)
    _print_log(args.saved, "saved")


def append(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Add rows to a saved log, and print how many were new."""
    form = form_of(args.saved)
    keep = Kept([*form.columns], form.columns, form.items)
    with _log(args, parser, keep, form, ("one_row_items",)) as log:  # as a day's rows often are
        answer = sf.StageLog.append(args.saved, log)
    added, known = (counted(int(answer[name]), "row") for name in ("added", "known"))
    _print_log(args.saved, f"added {added}, and left out {known} that it had already")


def compact(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Make the parts of a saved log one."""
    sf.StageLog.compact(args.log)
    is_partitioned = getattr(sf.StageLog.load(args.log), "is_partitioned", False)
    _print_log(args.log, "one part in each partition" if is_partitioned else "one part")


def erase(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Take items out of a saved log, and print how many rows they had."""
    are_integers = not form_of(args.log).has_text_items and all(map(_INTEGER.fullmatch, args.item_key))
    n_rows = sf.StageLog.erase(args.log, [int(key) if are_integers else key for key in args.item_key])
    _print_log(args.log, f"erased {counted(n_rows, 'row')}")


def _take_from(form: SavedForm, args: argparse.Namespace, settings: sf.Settings | None) -> None:
    """Take the names of columns, the zone and the key of items from a saved log, where nothing else does."""
    of_file = settings.columns if settings is not None else {}
    args.saved_names = []
    if args.zone is None and settings is None:
        args.zone = form.zone
    for role, name in form.read_as.items():
        is_free = role in _NAMED and getattr(args, role) is None and role not in of_file
        if is_free and (role != "order" or args.sql is None):  # a query orders its rows itself
            setattr(args, role, name)
            args.saved_names.append(name)
    if args.items is not None and args.items_key is None and form.items_key is not None:
        args.items_key = form.items_key


@contextmanager
def _log(
    args: argparse.Namespace,
    parser: argparse.ArgumentParser,
    keep: Kept,
    form: SavedForm | None = None,
    without: Collection[str] = (),
) -> Iterator[sf.StageLog]:
    """Read the log whole; a pipeline file may name the columns."""
    if args.read:
        if args.pipeline is not None:
            parser.error("--pipeline names columns of tables, and an export has its own; leave it out")
        log = part_of_export(args, parser).log
        say_doubts(log, args, without)
        yield log
        return
    settings = read_settings(args.pipeline, parser) if args.pipeline is not None else None
    if form is not None:
        _take_from(form, args, settings)
    with open_log(args, parser, settings, keep) as log:
        say_doubts(log, args, without)
        yield log


def _print_log(path: str, done: str) -> None:
    """Say what was done, and what the saved log has now."""
    text = f"{path}: {done}\n{sf.StageLog.load(path)!r}\n"
    to_standard_output(clean(text, lines=True))
