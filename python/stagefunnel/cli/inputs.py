"""The log and the pipeline that a command asks about, from files of rows or from the export of a CRM."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import stagefunnel as sf

from ..display.formats import choose_format
from .asking import Answer, ask
from .log_files import expand_files, open_log
from .progress import progress_bars
from .remarks import say_doubts
from .saved_files import saved_log_in
from .sql_inputs import read_of_export
from .suggestions import safe_suggestion, say_assumed, with_reading
from .values import read_length, read_moment, read_only, read_period, read_where


@dataclass(frozen=True)
class Inputs:
    """A log, its pipeline, and what happens to stages that the pipeline does not list."""

    log: sf.StageLog
    pipeline: sf.Pipeline
    unlisted: str
    missing: str | None
    calendar: sf.WorkingHours | None = None
    has_guessed_stages: bool = True  # where the reader of an export guessed them, and nothing says otherwise

    def ask(
        self, args: argparse.Namespace, question: Callable[..., Answer], *rest: Any, **options: Any
    ) -> Answer:
        """Ask a question of the log; ``stagefunnel partial`` gets what it counts of the log."""
        return ask(args, question, self.log, self.pipeline, *rest, **options)

    def scope(self, args: argparse.Namespace) -> dict[str, Any]:
        """Return the options that say which part of the log a question is about, and which items."""
        return {**self.stretch(args), "basis": args.basis or "active"}

    def stretch(self, args: argparse.Namespace) -> dict[str, Any]:
        """Return the options that say which part of the log a question is about."""
        where = read_where(args)
        return {
            "unlisted": self.unlisted,
            "missing": self.missing or "near",
            "period": read_period(getattr(args, "period", None), self.log),
            "as_of": read_moment(args.as_of, self.log),
            **({} if where is None else {"where": where}),
        }

    def cohort(self, args: argparse.Namespace) -> dict[str, Any]:
        """Return the same for a question that can follow items for a length of time."""
        return self.scope(args) | {"basis": args.basis, "within": read_length(args.within, self.log)}


@contextmanager
def open_inputs(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Iterator[Inputs]:
    """Read the log and the pipeline; an error about a row then names its file and line."""
    if args.read:
        inputs = inputs_of_export(args, parser)
        _say_doubts(inputs.log, args, has_guessed_stages=inputs.has_guessed_stages)
        yield inputs
        return
    if args.pipeline is None:
        is_saved = saved_log_in(args) is not None
        suggestion = safe_suggestion(args, parser, expand_files([] if is_saved else args.files, parser))
        say_assumed(suggestion, args, choose_format(args.format, args.out))
        if suggestion.source not in ("table", "log"):
            part = part_of_export(with_reading(args, suggestion), parser)
            calendar = calendar_of(args, parser, None)
            missing = "ignore" if "missing" not in args.given else args.missing
            yield Inputs(part.log, suggestion.pipeline, args.unlisted or "error", missing, calendar)
            return
        settings = suggestion.settings
    else:
        settings = read_settings(args.pipeline, parser)
    with open_log(args, parser, settings) as log:
        _say_doubts(log, args)
        calendar = calendar_of(args, parser, settings)
        yield Inputs(log, settings.pipeline, args.unlisted or settings.unlisted, args.missing, calendar)


@contextmanager
def open_log_alone(
    args: argparse.Namespace, parser: argparse.ArgumentParser
) -> Iterator[tuple[sf.StageLog, sf.WorkingHours | None]]:
    """Read the log for a question without stages, and its calendar; a pipeline file may name the columns."""
    if args.read:
        if args.pipeline is not None:
            parser.error("--pipeline chooses stages, and a sequence has steps; leave it out")
        log = part_of_export(args, parser).log
        _say_doubts(log, args)
        yield log, calendar_of(args, parser, None)
        return
    settings = read_settings(args.pipeline, parser) if args.pipeline is not None else None
    with open_log(args, parser, settings) as log:
        _say_doubts(log, args)
        yield log, calendar_of(args, parser, settings)


@contextmanager
def open_log_and_pipeline(
    args: argparse.Namespace, parser: argparse.ArgumentParser
) -> Iterator[tuple[sf.StageLog, sf.Pipeline | None]]:
    """Read the log, and the pipeline if there is one."""
    if args.read or args.pipeline is not None:
        with open_inputs(args, parser) as inputs:
            yield inputs.log, inputs.pipeline
    else:
        with open_log(args, parser, None) as log:
            _say_doubts(log, args)
            yield log, None


def _say_doubts(log: sf.StageLog, args: argparse.Namespace, *, has_guessed_stages: bool = True) -> None:
    if not args.command.shows_quality:
        say_doubts(log, args, () if has_guessed_stages else ("guessed_stages",))


def inputs_of_export(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Inputs:
    """Read a CRM's export and choose one of its pipelines."""
    part = part_of_export(args, parser)
    pipelines = part.pipelines
    known = ", ".join(map(repr, pipelines))
    if args.pipeline is None and len(pipelines) > 1:
        parser.error(f"the export has several pipelines; choose one with --pipeline: {known}")
    name = args.pipeline or next(iter(pipelines))
    if name not in pipelines and os.path.isfile(name):
        return _as_file_says(part, args, parser)
    if name not in pipelines:
        parser.error(
            f"--pipeline {name}: the export has no such pipeline; it has {known}, and there is no such file"
        )
    calendar = calendar_of(args, parser, None)
    return Inputs(part.log, pipelines[name], args.unlisted or "error", args.missing, calendar)


def _as_file_says(part: sf.Export, args: argparse.Namespace, parser: argparse.ArgumentParser) -> Inputs:
    """Read an export by a pipeline file, as init writes one; stages of its own pipeline may have no rows."""
    settings = read_settings(args.pipeline, parser)
    is_own = any({*settings.pipeline.labels} == {*own.labels} for own in part.pipelines.values())
    missing = "ignore" if is_own and "missing" not in args.given else args.missing
    calendar = calendar_of(args, parser, settings)
    unlisted = args.unlisted or settings.unlisted
    return Inputs(part.log, settings.pipeline, unlisted, missing, calendar, has_guessed_stages=False)


def part_of_export(args: argparse.Namespace, parser: argparse.ArgumentParser) -> sf.Export:
    """Read a CRM's export and choose its deals or its leads."""
    export = read_export(args, parser)
    part = export.leads if args.of == "leads" else export
    if part is None:
        raise sf.ReaderError("the export has no leads; leave out --of leads")
    return part


def read_export(args: argparse.Namespace, parser: argparse.ArgumentParser) -> sf.Export:
    """Read the files as one export."""
    if args.invalid == "keep_stage":
        parser.error("--invalid keep_stage is not for exports; give drop")
    options = {
        "item": args.item,
        "stage": args.stage,
        "time": args.time,
        "exited": args.exited,
        "order": args.order,
        "time_format": args.time_format,
        "crm": args.crm,
        "only": read_only(args.only, parser),
        "merged": args.merged,
        "dayfirst": args.dayfirst,
        "zone": args.zone,
        "decimal": args.decimal,
        "encoding": args.encoding,
        "observed_until": args.observed_until,
    }
    given = {name: value for name, value in options.items() if value is not None}
    files = expand_files(args.files, parser)
    with progress_bars(quiet=args.quiet) as bar:
        return sf.read(
            files or None,
            **read_of_export(args, parser),
            invalid=args.invalid,
            progress=bar(files or ["the query"]),
            **given,
        )


def calendar_of(
    args: argparse.Namespace, parser: argparse.ArgumentParser, settings: sf.Settings | None
) -> sf.WorkingHours | None:
    """Read the working hours, if the command knows them: by default those of the pipeline file."""
    path = getattr(args, "calendar", None)
    if path is None:
        return settings.calendar if settings is not None and hasattr(args, "calendar") else None
    if path == "none":
        return None
    try:
        return sf.WorkingHours.from_toml(path)
    except OSError as error:
        parser.error(f"--calendar {path}: {error.strerror}; none is plain time")


def read_settings(path: str, parser: argparse.ArgumentParser, option: str = "--pipeline") -> sf.Settings:
    """Read a pipeline file."""
    try:
        return sf.Settings.from_toml(path)
    except OSError as error:
        parser.error(f"{option} {path}: {error.strerror}")
