"""The command: read files, ask one question or all, print or write the tables."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, get_args

import pandas as pd

import stagefunnel as sf
from stagefunnel.files import FileTable, Watch, expand, read_tables
from stagefunnel.output import FORMATS, choose_format, write
from stagefunnel.schema import Fill, KindName, LostThenWonName, PerName

_FUNNEL_EXAMPLE = """\
example:
  stagefunnel funnel deals.csv --item deal_id --stage stage --time entered_at \\
      --pipeline pipeline.toml --kind both
"""
_TIME_EXAMPLE = """\
example:
  stagefunnel time-in-stage 'export/*.parquet' --pipeline pipeline.toml --per item
"""
_SUMMARY_EXAMPLE = """\
examples:
  stagefunnel summary deals.csv --pipeline pipeline.toml
  stagefunnel summary deals.csv --pipeline pipeline.toml --out tables --format csv
"""
_QUALITY_EXAMPLE = """\
example:
  stagefunnel quality deals.csv.gz --item deal_id --stage stage --time entered_at
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0, 1 for bad data or 130 where it was interrupted. Bad usage exits with 2."""
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        form = choose_format(args.format, args.out)
        write(args.run(args, parser), form=form, path=args.out)
    except sf.StageFunnelError as error:
        return _complain(_as_options(str(error)))
    except KeyboardInterrupt:
        return 130  # as a shell says of what Ctrl-C has ended
    except BrokenPipeError:
        # The reader of a pipe has seen enough; say nothing, also not at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        return _complain(str(error))
    return 0


def _complain(message: str) -> int:
    if sys.stderr is not None:  # None where it is closed
        sys.stderr.write(f"stagefunnel: error: {message}\n")
    return 1


def _as_options(message: str) -> str:
    """Say ``--invalid drop`` where the Python face says ``invalid="drop"``."""
    message = re.sub(r'\btime_format="([^"]+)"', r"--time-format '\1'", message)
    return re.sub(r'\b(invalid|unlisted|empty)="(\w+)"', r"--\1 \2", message)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stagefunnel", description="Sales funnels over files of item, stage and time."
    )
    parser.add_argument("--version", action="version", version=f"stagefunnel {sf.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    funnel = _command(commands, "funnel", "count the items that reach each stage", _FUNNEL_EXAMPLE)
    funnel.set_defaults(run=_funnel)
    funnel.add_argument("--kind", choices=get_args(KindName), default="classic")
    _add_funnel_options(funnel)
    funnel.add_argument("--amount", metavar="NAME", help="column of --items to add up")

    times = _command(commands, "time-in-stage", "summarise how long items stay in each stage", _TIME_EXAMPLE)
    times.set_defaults(run=_time_in_stage)
    times.add_argument("--per", choices=get_args(PerName), default="visit")

    summary = _command(
        commands, "summary", "both funnels, time in stage, moves and quality together", _SUMMARY_EXAMPLE
    )
    summary.set_defaults(run=_summary, amount=None)
    _add_funnel_options(summary)
    summary.add_argument("--per", choices=get_args(PerName), default="visit")

    quality = _command(commands, "quality", "count what is unusual in the rows", _QUALITY_EXAMPLE)
    quality.set_defaults(run=_quality)
    return parser


def _add_funnel_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--fill", choices=get_args(Fill), default="won", help="what conversions fill in")
    command.add_argument(
        "--lost-then-won",
        choices=get_args(LostThenWonName),
        help="items lost before they were won (default: exclude for conversions, else include)",
    )
    command.add_argument("--items", metavar="FILE", help="a file with one row per item")
    command.add_argument("--items-key", metavar="NAME", help="its key column (default: as --item)")
    command.add_argument(
        "--by", metavar="NAME[,NAME]", help="one funnel per value of these columns of --items"
    )


def _command(commands: Any, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="CSV, JSON lines (both also .gz) or Parquet; several, or a quoted glob",
    )
    columns = command.add_argument_group("columns (default: as the pipeline file says, else their own name)")
    for role in ("item", "stage", "time", "order"):
        columns.add_argument(f"--{role}", metavar="NAME")
    columns.add_argument(
        "--time-format",
        metavar="FORMAT",
        help="of times that are not ISO 8601, e.g. %%d/%%m/%%Y or, for digits only, %%Y%%m%%d",
    )
    command.add_argument(
        "--pipeline",
        metavar="TOML",
        required=name != "quality",
        help="file that names the stages, won, lost and the columns",
    )
    command.add_argument("--unlisted", choices=("error", "ignore"), help="stages not in the pipeline")
    command.add_argument("--invalid", choices=("error", "drop", "keep_stage"), default="error")
    command.add_argument("--empty", choices=("error", "allow"), default="error")
    command.add_argument("--threads", type=int, metavar="N")
    output = command.add_argument_group("output")
    output.add_argument("--format", choices=FORMATS, help="default: as --out ends, else table")
    several = "; tables as csv or parquet go to a directory, a file each" if name == "summary" else ""
    output.add_argument("--out", metavar="FILE", help=f"write to a file in place of the screen{several}")
    return command


def _funnel(args: argparse.Namespace, parser: argparse.ArgumentParser) -> pd.DataFrame:
    _check_items(args, parser)
    settings = _settings(args, parser)
    with _reading(args, parser, settings) as log:
        return sf.funnel(
            log,
            settings.pipeline,
            kind=args.kind,
            fill=args.fill,
            lost_then_won=args.lost_then_won,
            by=_by(args),
            amount=args.amount,
            unlisted=args.unlisted or settings.unlisted,
        )


def _summary(args: argparse.Namespace, parser: argparse.ArgumentParser) -> sf.Summary:
    _check_items(args, parser)
    settings = _settings(args, parser)
    with _reading(args, parser, settings) as log:
        return sf.summary(
            log,
            settings.pipeline,
            fill=args.fill,
            lost_then_won=args.lost_then_won,
            by=_by(args),
            per=args.per,
            unlisted=args.unlisted or settings.unlisted,
        )


def _check_items(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    if (args.by is not None or args.amount is not None) and not args.items:
        parser.error("--by and --amount name columns of the table of items: give it with --items FILE")


def _by(args: argparse.Namespace) -> list[str] | None:
    return None if args.by is None else args.by.split(",")


def _time_in_stage(args: argparse.Namespace, parser: argparse.ArgumentParser) -> pd.DataFrame:
    settings = _settings(args, parser)
    with _reading(args, parser, settings) as log:
        return sf.time_in_stage(
            log, settings.pipeline, per=args.per, unlisted=args.unlisted or settings.unlisted
        )


def _quality(args: argparse.Namespace, parser: argparse.ArgumentParser) -> pd.DataFrame:
    settings = _settings(args, parser) if args.pipeline else None
    with _reading(args, parser, settings) as log:
        return log.quality(settings.pipeline if settings else None)


def _settings(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Any:
    try:
        return sf.Settings.from_toml(args.pipeline)
    except OSError as error:
        parser.error(f"--pipeline {args.pipeline}: {error.strerror}")


@contextmanager
def _reading(
    args: argparse.Namespace, parser: argparse.ArgumentParser, settings: Any
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
    items = getattr(args, "items", None)
    try:
        files = expand(args.files)
        item_files = expand([items]) if items else []
    except OSError as error:
        parser.error(str(error))
    with _progress() as watch:
        table = read_tables(files, list(columns.values()), watch=watch)
        item_table = _read_items(args, item_files, columns["item"], watch) if item_files else None
    frame = _typed(table, columns, given["time_format"], settings)
    try:
        yield sf.StageLog(
            frame,
            **columns,
            time_format=given["time_format"],
            items=item_table,
            items_key=getattr(args, "items_key", None),
            invalid=args.invalid,
            empty=args.empty,
            threads=args.threads,
        )
    except (sf.InvalidRowError, sf.UnknownStageError) as error:
        raise sf.StageFunnelError(f"{table.locate(error.row)}: {error}") from error


def _read_items(
    args: argparse.Namespace, files: Sequence[str], item: str, watch: Watch | None
) -> pd.DataFrame:
    """Read what is asked of the table of items; the rest of it may be as it likes."""
    amount = [] if args.amount is None else [args.amount]
    frame = read_tables(files, [args.items_key or item, *(_by(args) or ()), *amount], watch=watch).frame
    for name in amount:
        frame[name] = _as_numbers(frame[name])
    return frame


def _typed(table: FileTable, columns: dict[str, str], time_format: str | None, settings: Any) -> pd.DataFrame:
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


@contextmanager
def _progress() -> Iterator[Watch | None]:
    """Show how far reading is, on a terminal only."""
    if sys.stderr is None or not sys.stderr.isatty():  # None where it is closed
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:

        def watch(file: BinaryIO, name: str, size: int) -> BinaryIO:
            task = progress.add_task(escape(os.path.basename(name)), total=size)
            return progress.wrap_file(file, task_id=task)

        yield watch


if __name__ == "__main__":
    sys.exit(main())
