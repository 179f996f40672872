"""What a command takes for the pipeline where none is given, and how it says so."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
from collections.abc import Mapping

import stagefunnel as sf

from ..clean import clean
from ..display.assumed import assumed_lines
from ..display.standard_output import to_standard_output
from ..errors import counted
from .saved_files import saved_log_in
from .spelling import speller
from .sql_inputs import frames_of, has_queries, joined_inputs, shown_inputs


def suggestion_for(
    args: argparse.Namespace, parser: argparse.ArgumentParser, files: list[str]
) -> sf.Suggestion:
    """Suggest a pipeline for files, queries or a saved log, with the columns that the options name."""
    saved = saved_log_in(args)
    if saved is not None:
        return sf.suggest(sf.StageLog.load(saved))
    return sf.suggest(
        frames_of(args, parser) if has_queries(args) else files,
        item=args.item,
        stage=args.stage,
        time=args.time,
        order=args.order,
        time_format=args.time_format,
        dayfirst=args.dayfirst,
        zone=args.zone,
        encoding=args.encoding,
    )


def safe_suggestion(
    args: argparse.Namespace, parser: argparse.ArgumentParser, files: list[str]
) -> sf.Suggestion:
    """Suggest a pipeline for a command that has none; one that is in doubt is wrong usage, which says why."""
    init = f"`stagefunnel init {joined_inputs(args)}`"
    try:
        found = suggestion_for(args, parser, files)
    except sf.StageFunnelError as error:
        why = error.spelled(speller(vars(args), args.command.other_names))
        parser.error(f"--pipeline TOML says what the stages are; {init} cannot write one yet: {why}")
    if not found.is_safe:
        first, *more = found.deciding_doubts
        rest = f" ({counted(len(more), 'more doubt')})" if more else ""
        parser.error(
            f"--pipeline TOML says what the stages are; {init} writes one to check. In doubt: {first}{rest}"
        )
    return found


def say_assumed(suggestion: sf.Suggestion, args: argparse.Namespace, form: str) -> None:
    """Say what was assumed: above a table on the screen, else on the standard error."""
    init = f"`stagefunnel init {joined_inputs(args)}`"
    lines = assumed_lines(suggestion.assumed, suggestion.doubts, init, getattr(args, "language", None))
    if form == "table" and args.command.has_output and args.out is None and sys.stdout is not None:
        to_standard_output("\n".join([*map(clean, lines), "", ""]))
    elif sys.stderr is not None:  # it is None if the standard error is closed
        sys.stderr.write("".join(f"stagefunnel: note: {clean(line)}\n" for line in lines))


def with_reading(args: argparse.Namespace, suggestion: sf.Suggestion) -> argparse.Namespace:
    """Return the arguments with the columns that a suggestion found in a file that is read as an export."""
    found = {name: value for name, value in suggestion.reading.items() if hasattr(args, name)}
    return argparse.Namespace(**{**vars(args), **found})


def next_command(
    args: argparse.Namespace, suggestion: sf.Suggestion, path: str, of: str | None = None
) -> str:
    """Write the command that asks both funnels with a file that was just written."""
    words = ["stagefunnel", "funnel", *shown_inputs(args)]
    if suggestion.source not in ("table", "log"):
        words.append("--read")
    if of is not None:
        words += ["--of", of]
    for name, value in suggestion.reading.items():
        option = f"--{name.replace('_', '-')}"
        if isinstance(value, bool):
            words.append(option if value else f"--no-{name}")
        else:
            words += [option, value]
    return shlex.join([*words, "--pipeline", path, "--kind", "both"])


def files_of(suggestion: sf.Suggestion, path: str) -> dict[str, tuple[str, sf.Suggestion]]:
    """Name a file for a suggestion, and one for each further pipeline of its export, by the pipeline."""
    begin, end = os.path.splitext(path)
    files = {"": (path, suggestion)}
    taken = {path}
    for name, other in suggestion.others.items():
        plain = re.sub(r"[^\w-]+", "_", name).strip("_") or "pipeline"
        file, number = f"{begin}_{plain}{end}", 2
        while file in taken:
            file, number = f"{begin}_{plain}_{number}{end}", number + 1
        taken.add(file)
        files[name] = (file, other)
    return files


def part_of(name: str) -> str | None:
    """Return the part of an export that a further pipeline is of, as ``--of`` names it."""
    return "leads" if name.startswith("leads: ") else None


def already_there(files: Mapping[str, tuple[str, sf.Suggestion]]) -> list[str]:
    """List the names of files that are there already."""
    return [file for file, _ in files.values() if os.path.lexists(file)]
