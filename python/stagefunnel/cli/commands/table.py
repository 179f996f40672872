"""The table of commands: what each command does, what it reads, and which options it has."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .. import options
from . import chain as chains
from . import questions as commands
from . import read as exports
from . import report as pages
from . import sequence as sequences


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes
    ----------
    summary
        What the command does, as the start of a sentence.
    run
        Function that answers; it returns the answer to be written, or ``None`` if it has written by itself.
    adds
        Functions that add the options of this command alone.
    example
        Text below the help.
    files
        How many files it takes; a command that takes none reads nothing.
    asks_log
        Whether it asks a question of a log, and so has the options that say how a log is made.
    has_pipeline
        Whether there is one pipeline, which ``--pipeline`` names.
    has_output
        Whether it gives tables, which ``--format`` and ``--out`` write.
    has_several_tables
        Whether its answer is more than one table.
    other_names
        Names on the command line for options of Python that go by their own names in other commands.
    """

    summary: str
    run: Callable[[argparse.Namespace, argparse.ArgumentParser], Any]
    adds: tuple[Callable[[argparse.ArgumentParser], None], ...]
    example: str
    files: Literal["one or more", "any", "none"] = "one or more"
    asks_log: bool = True
    has_pipeline: bool = True
    has_output: bool = True
    has_several_tables: bool = False
    other_names: Mapping[str, str] = field(default_factory=dict)


_FUNNEL = (options.fill, options.flips, options.groups, options.amount, options.part)
COMMANDS: Final = {
    "funnel": Command(
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
    "trend": Command(
        "count the funnel of every month, week or day on its own",
        commands.trend,
        (options.every, options.kind, *_FUNNEL),
        """\
example:
  stagefunnel trend deals.csv --pipeline pipeline.toml --every month --basis created
""",
    ),
    "compare": Command(
        "put the funnels of two periods side by side",
        commands.compare,
        (options.with_, options.kind, *_FUNNEL),
        """\
example:
  stagefunnel compare deals.csv --pipeline pipeline.toml --period 2026-03 --with last_year
""",
    ),
    "chain": Command(
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
        files="any",
        has_pipeline=False,
        other_names={"basis": "--count", "period_basis": "--basis"},
    ),
    "losses": Command(
        "count the items lost, by where they were lost from and why",
        commands.losses,
        (options.groups, options.reason, options.amount, options.part),
        """\
example:
  stagefunnel losses deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "skips": Command(
        "rank who skips which stage",
        commands.skips,
        (options.groups, options.part),
        """\
example:
  stagefunnel skips deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "flow": Command(
        "balance what came into each stage, what left and what is still there",
        commands.flow,
        (options.part,),
        """\
example:
  stagefunnel flow deals.csv --pipeline pipeline.toml --period 2026-03
""",
    ),
    "time-in-stage": Command(
        "summarise how long items stay in each stage",
        commands.time_in_stage,
        (options.per, options.part),
        """\
example:
  stagefunnel time-in-stage 'deals*.csv' --pipeline pipeline.toml --per item
""",
    ),
    "transitions": Command(
        "count the moves from stage to stage",
        commands.transitions,
        (options.part,),
        """\
example:
  stagefunnel transitions deals.csv --pipeline pipeline.toml --period 2026-03
""",
    ),
    "items": Command(
        "list the items with their outcome and what their journey was like",
        commands.items,
        (options.part,),
        """\
example:
  stagefunnel items deals.csv --pipeline pipeline.toml --period 2026-03 --basis closed --out closed.csv
""",
    ),
    "summary": Command(
        "both funnels, time in stage, moves and quality together",
        commands.summary,
        (options.fill, options.flips, options.groups, options.per, options.part),
        """\
examples:
  stagefunnel summary deals.csv --pipeline pipeline.toml
  stagefunnel summary deals.csv --pipeline pipeline.toml --out summary.json
""",
        has_several_tables=True,
    ),
    "sequence": Command(
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
    "report": Command(
        "write one page that tells all of it, for those who open no notebook",
        pages.report,
        (options.report, options.groups, options.reason, options.part),
        """\
example:
  stagefunnel report deals.csv --pipeline pipeline.toml --items items.csv --by manager --out report.html
""",
        has_output=False,
    ),
    "demo": Command(
        "write a sample export, ask both funnels of it and write the report",
        pages.demo,
        (options.demo,),
        """\
example:
  stagefunnel demo stagefunnel-demo
""",
        files="none",
        asks_log=False,
        has_pipeline=False,
        has_output=False,
        other_names={"path": "DIR"},
    ),
    "quality": Command(
        "count what is unusual in the rows",
        commands.quality,
        (),
        """\
examples:
  stagefunnel quality deals.csv --item deal_id --stage stage --time entered_at
  stagefunnel quality deals.csv --export
""",
    ),
    "read": Command(
        "read a CRM's export once and write it as plain tables",
        exports.read,
        (options.to,),
        """\
examples:
  stagefunnel read deals.csv --to log.parquet
  stagefunnel read deals.csv items.csv --to .
""",
        asks_log=False,
        has_pipeline=False,
        has_output=False,
        other_names={"path": "--to"},
    ),
}
