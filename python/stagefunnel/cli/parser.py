"""The command line: its commands, their options and what each says of itself."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import stagefunnel as sf

from ..display.write import FORMATS
from . import options
from .commands import chain as chains
from .commands import questions as commands
from .commands import read as exports
from .commands import report as pages
from .commands import sequence as sequences


class _Command(NamedTuple):
    """One command: what it does, which options it has beside those of all, and an example."""

    summary: str
    run: Callable[[argparse.Namespace, argparse.ArgumentParser], Any]
    adds: tuple[Callable[[argparse.ArgumentParser], None], ...]
    example: str
    is_several: bool = False  # tables


class _PrintCompletion(argparse.Action):
    """Prints a script for a shell, and ends."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Print the script."""
        try:
            import shtab
        except ImportError:
            parser.error("--print-completion needs shtab: pip install shtab")
        sys.stdout.write(shtab.complete(parser, values) + "\n")
        parser.exit()


def command_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="stagefunnel",
        description="Sales funnels over files of item, stage and time.",
        epilog="'stagefunnel demo' writes sample files; the examples of every --help run beside them.",
    )
    parser.add_argument("--version", action="version", version=f"stagefunnel {sf.__version__}")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=("bash", "zsh", "tcsh"),
        help="print what makes a shell complete commands and options; see its manual for where that goes",
    )
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
        run=command.run,
        items=None,
        items_key=None,
        by=None,
        reason=None,
        amount=None,
        currency=None,
        hold=None,
        format=None,
        out=None,
    )
    if name == "demo":
        options.demo(parser)
        return
    parser.add_argument(
        "files",
        nargs="*" if name == "chain" else "+",
        metavar="FILE",
        help="CSV, JSON lines (both also .gz) or Parquet; several, or a quoted glob",
    )
    for add in command.adds:
        add(parser)
    options.columns(parser)
    options.reading(parser)
    if name == "read":
        return
    if name != "chain":
        parser.add_argument(
            "--pipeline",
            metavar="TOML",
            help="file that names the stages and the columns; with --export the name of a pipeline",
        )
    parser.add_argument("--unlisted", choices=("error", "ignore"), help="stages not in the pipeline")
    parser.add_argument("--empty", choices=("error", "allow"), default="error")
    parser.add_argument("--threads", type=int, metavar="N")
    if name == "report":
        return
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=FORMATS, help="default: as --out ends, else table")
    several = "; tables as csv or parquet go to a directory, a file each" if command.is_several else ""
    output.add_argument("--out", metavar="FILE", help=f"write to a file in place of the screen{several}")


_FUNNEL = (options.fill, options.flips, options.groups, options.amount, options.part)
COMMANDS: Final = {
    "funnel": _Command(
        "count the items that reach each stage",
        commands.funnel,
        (options.kind, *_FUNNEL, options.where),
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
        (options.every, options.kind, *_FUNNEL),
        """\
example:
  stagefunnel trend deals.csv --pipeline pipeline.toml --every month --basis created
""",
    ),
    "compare": _Command(
        "put the funnels of two periods side by side",
        commands.compare,
        (options.with_, options.kind, *_FUNNEL),
        """\
example:
  stagefunnel compare deals.csv --pipeline pipeline.toml --period 2026-03 --with last_year
""",
    ),
    "chain": _Command(
        "count leads, and then the deals that came of them, as one funnel",
        chains.chain,
        (options.chain, options.kind, options.fill, options.flips, options.amount, options.part),
        """\
examples:
  stagefunnel chain --leads leads.csv --deals deals.csv --links links.csv \\
      --lead-pipeline leads.toml --deal-pipeline pipeline.toml --kind both
  stagefunnel chain --leads leads.csv --deals deals.csv --links links.csv \\
      --lead-pipeline leads.toml --deal-pipeline pipeline.toml --count origin
""",
    ),
    "losses": _Command(
        "count the items lost, by where they were lost from and why",
        commands.losses,
        (options.groups, options.reason, options.amount, options.part),
        """\
example:
  stagefunnel losses deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "skips": _Command(
        "rank who skips which stage",
        commands.skips,
        (options.groups, options.part),
        """\
example:
  stagefunnel skips deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "flow": _Command(
        "balance what came into each stage, what left and what is still there",
        commands.flow,
        (options.part,),
        """\
example:
  stagefunnel flow deals.csv --pipeline pipeline.toml --period 2026-03
""",
    ),
    "time-in-stage": _Command(
        "summarise how long items stay in each stage",
        commands.time_in_stage,
        (options.per, options.part),
        """\
example:
  stagefunnel time-in-stage 'deals*.csv' --pipeline pipeline.toml --per item
""",
    ),
    "transitions": _Command(
        "count the moves from stage to stage",
        commands.transitions,
        (options.part,),
        """\
example:
  stagefunnel transitions deals.csv --pipeline pipeline.toml --period 2026-03
""",
    ),
    "items": _Command(
        "list the items with their outcome and what their journey was like",
        commands.items,
        (options.part,),
        """\
example:
  stagefunnel items deals.csv --pipeline pipeline.toml --period 2026-03 --basis closed --out closed.csv
""",
    ),
    "summary": _Command(
        "both funnels, time in stage, moves and quality together",
        commands.summary,
        (options.fill, options.flips, options.groups, options.per, options.part),
        """\
examples:
  stagefunnel summary deals.csv --pipeline pipeline.toml
  stagefunnel summary deals.csv --pipeline pipeline.toml --out summary.json
""",
        is_several=True,
    ),
    "sequence": _Command(
        "count the items that come through steps inside a window",
        sequences.sequence,
        (options.sequence, options.every, options.groups),
        """\
examples:
  stagefunnel sequence deals.csv --item deal_id --stage stage --time entered_at \\
      --steps New,Delivery,Won --window 60d
  stagefunnel sequence deals.csv --pipeline pipeline.toml --steps New,Won --window 60d --table times
""",
    ),
    "report": _Command(
        "write one page that tells all of it, for those who open no notebook",
        pages.report,
        (options.report, options.groups, options.reason, options.part),
        """\
example:
  stagefunnel report deals.csv --pipeline pipeline.toml --items items.csv --by manager --out report.html
""",
    ),
    "demo": _Command(
        "write a sample export, ask both funnels of it and write the report",
        pages.demo,
        (),
        """\
example:
  stagefunnel demo stagefunnel-demo
""",
    ),
    "quality": _Command(
        "count what is unusual in the rows",
        commands.quality,
        (),
        """\
examples:
  stagefunnel quality deals.csv --item deal_id --stage stage --time entered_at
  stagefunnel quality deals.csv --export
""",
    ),
    "read": _Command(
        "read a CRM's export once and write it as plain tables",
        exports.read,
        (options.to,),
        """\
examples:
  stagefunnel read deals.csv --to log.parquet
  stagefunnel read deals.csv items.csv --to .
""",
    ),
}
