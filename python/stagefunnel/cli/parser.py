"""The command line: its commands, their options and what each says of itself."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Final, NamedTuple, get_args

import stagefunnel as sf
from stagefunnel.output import FORMATS
from stagefunnel.schema import BasisName, EveryName, Fill, KindName, LostThenWonName, PerName

from . import commands, exports


class _Command(NamedTuple):
    """One command: what it does, which options it has beside those of all, and an example."""

    summary: str
    run: Callable[[argparse.Namespace, argparse.ArgumentParser], Any]
    options: tuple[Callable[[argparse.ArgumentParser], None], ...]
    example: str
    is_several: bool = False  # tables


def command_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="stagefunnel", description="Sales funnels over files of item, stage and time."
    )
    parser.add_argument("--version", action="version", version=f"stagefunnel {sf.__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        _add(subparsers, name, command)
    return parser


def _add(subparsers: Any, name: str, command: _Command) -> None:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=command.summary,
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        epilog=command.example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(
        run=command.run, items=None, items_key=None, by=None, amount=None, format=None, out=None
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="CSV, JSON lines (both also .gz) or Parquet; several, or a quoted glob",
    )
    for add in command.options:
        add(parser)
    _add_columns(parser)
    _add_reading(parser)
    if name == "read":
        return
    parser.add_argument(
        "--pipeline",
        metavar="TOML",
        help="file that names the stages, won, lost and the columns; with --export the name of a pipeline",
    )
    parser.add_argument("--unlisted", choices=("error", "ignore"), help="stages not in the pipeline")
    parser.add_argument("--empty", choices=("error", "allow"), default="error")
    parser.add_argument("--threads", type=int, metavar="N")
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=FORMATS, help="default: as --out ends, else table")
    several = "; tables as csv or parquet go to a directory, a file each" if command.is_several else ""
    output.add_argument("--out", metavar="FILE", help=f"write to a file in place of the screen{several}")


def _add_columns(parser: argparse.ArgumentParser) -> None:
    columns = parser.add_argument_group("columns (default: as the pipeline file says, else their own name)")
    for role in ("item", "stage", "time", "order"):
        columns.add_argument(f"--{role}", metavar="NAME")
    columns.add_argument(
        "--time-format",
        metavar="FORMAT",
        help="of times that are not ISO 8601, e.g. %%d/%%m/%%Y or, for digits only, %%Y%%m%%d",
    )


def _add_reading(parser: argparse.ArgumentParser) -> None:
    reading = parser.add_argument_group("reading")
    reading.add_argument("--invalid", choices=("error", "drop", "keep_stage"), default="error")
    export = parser.add_argument_group("a CRM's export (JSON, CSV, .xlsx; its files together, in any order)")
    export.add_argument("--export", action="store_true", help="read the files as one export of a CRM")
    export.add_argument(
        "--of", choices=("deals", "leads"), default="deals", help="which part, if it has both"
    )
    export.add_argument(
        "--crm", metavar="NAME", help="its format, e.g. bitrix24; by default it is recognised"
    )
    export.add_argument("--dates", choices=("day", "month"), help="what dates such as 03/04/2026 have first")
    export.add_argument("--zone", metavar="ZONE", help="of times without one, e.g. Europe/Berlin")
    export.add_argument("--decimal", choices=(".", ","), help="the mark before the decimals of amounts")
    export.add_argument("--encoding", metavar="NAME", help="of text files, e.g. cp1252")


def _to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to",
        metavar="PATH",
        required=True,
        help=".parquet or .csv for the log, or a directory for log, items, pipelines and quality",
    )


def _kind(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", choices=get_args(KindName), default="classic")


def _fill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fill", choices=get_args(Fill), default="won", help="what conversions fill in")


def _flips(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--lost-then-won",
        choices=get_args(LostThenWonName),
        help="items lost before they were won (default: exclude for conversions, else include)",
    )


def _groups(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--items", metavar="FILE", help="a file with one row per item")
    parser.add_argument("--items-key", metavar="NAME", help="its key column (default: as --item)")
    parser.add_argument(
        "--by", metavar="NAME[,NAME]", help="one result per value of these columns of --items"
    )


def _amount(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--amount", metavar="NAME", help="column of --items to add up")


def _per(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--per", choices=get_args(PerName), default="visit")


def _part(parser: argparse.ArgumentParser) -> None:
    part = parser.add_argument_group("part of the log (default: all of it)")
    part.add_argument(
        "--period",
        metavar="PERIOD",
        help="2026, 2026-Q1, 2026-03, 2026-W09, 2026-03-31, or a pair START..END, both included",
    )
    part.add_argument(
        "--basis",
        choices=get_args(BasisName),
        default="active",
        help="items active, created or closed in the period",
    )
    part.add_argument("--as-of", metavar="TIME", help="as it would have looked then, e.g. 2026-04-01")


def _every(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--every", choices=get_args(EveryName), default="month")


def _with(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--with",
        dest="with_",
        metavar="PERIOD",
        default="previous",
        help="previous (default), last_year, or a period",
    )


_FUNNEL = (_fill, _flips, _groups, _amount, _part)
COMMANDS: Final = {
    "funnel": _Command(
        "count the items that reach each stage",
        commands.funnel,
        (_kind, *_FUNNEL),
        """\
examples:
  stagefunnel funnel deals.csv --item deal_id --stage stage --time entered_at \\
      --pipeline pipeline.toml --kind both
  stagefunnel funnel deals.csv --pipeline pipeline.toml --period 2026-Q1 --basis created
""",
    ),
    "trend": _Command(
        "count the funnel of every month, week or day on its own",
        commands.trend,
        (_every, _kind, *_FUNNEL),
        """\
example:
  stagefunnel trend deals.csv --pipeline pipeline.toml --every month --basis created
""",
    ),
    "compare": _Command(
        "put the funnels of two periods side by side",
        commands.compare,
        (_with, _kind, *_FUNNEL),
        """\
example:
  stagefunnel compare deals.csv --pipeline pipeline.toml --period 2026-03 --with last_year
""",
    ),
    "time-in-stage": _Command(
        "summarise how long items stay in each stage",
        commands.time_in_stage,
        (_per, _part),
        """\
example:
  stagefunnel time-in-stage 'export/*.parquet' --pipeline pipeline.toml --per item
""",
    ),
    "transitions": _Command(
        "count the moves from stage to stage",
        commands.transitions,
        (_part,),
        """\
example:
  stagefunnel transitions deals.csv --pipeline pipeline.toml --period 2026-03
""",
    ),
    "items": _Command(
        "list the items with their outcome and what their journey was like",
        commands.items,
        (_part,),
        """\
example:
  stagefunnel items deals.csv --pipeline pipeline.toml --period 2026-03 --basis closed --out lost.csv
""",
    ),
    "summary": _Command(
        "both funnels, time in stage, moves and quality together",
        commands.summary,
        (_fill, _flips, _groups, _per, _part),
        """\
examples:
  stagefunnel summary deals.csv --pipeline pipeline.toml
  stagefunnel summary deals.csv --pipeline pipeline.toml --out tables --format csv
""",
        is_several=True,
    ),
    "quality": _Command(
        "count what is unusual in the rows",
        commands.quality,
        (),
        """\
examples:
  stagefunnel quality deals.csv.gz --item deal_id --stage stage --time entered_at
  stagefunnel quality 'export/*.json' --export --pipeline Sales
""",
    ),
    "read": _Command(
        "read a CRM's export once and write it as plain tables",
        exports.read,
        (_to,),
        """\
examples:
  stagefunnel read 'export/*.json' --to log.parquet
  stagefunnel read history.csv stages.csv deals.csv --to a_directory
""",
    ),
}
