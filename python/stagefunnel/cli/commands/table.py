"""The table of commands: what each command does, what it reads, and which options it has."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, Literal

from .. import options
from ..init_options import suggesting


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes
    ----------
    summary
        What the command does, as the start of a sentence.
    function
        Function that answers, by its module here and its name; see :meth:`run`.
    adds
        Functions that add the options of this command alone.
    example
        Text below the help.
    files
        How many files it takes; a command that takes none reads nothing.
    asks_log
        Whether it asks a question of a log, and so has the options that say how a log is made.
    chooses_part
        Whether it is about one of the two parts of an export that has both leads and deals.
    reads_stages
        Whether it reads the stages of a pipeline, so that it matters what happens to unlisted ones.
    counts_quality
        Whether its answer says how well the items of the log and of the table of items fit.
    has_reading
        Whether it has the options that say how rows and exports are read.
    has_pipeline
        Whether there is one pipeline, which ``--pipeline`` names.
    has_output
        Whether it gives tables, which ``--format`` and ``--out`` write.
    has_several_tables
        Whether its answer is more than one table.
    shows_quality
        Whether its answer has the quality table, so that its warnings are not said beside it.
    other_names
        Names on the command line for options of Python that go by their own names in other commands.
    """

    summary: str
    function: str
    adds: tuple[Callable[[argparse.ArgumentParser], None], ...]
    example: str
    files: Literal["one or more", "any", "none"] = "one or more"
    asks_log: bool = True
    chooses_part: bool = True
    reads_stages: bool = True
    counts_quality: bool = False
    has_reading: bool = True
    has_pipeline: bool = True
    has_output: bool = True
    has_several_tables: bool = False
    shows_quality: bool = False
    other_names: Mapping[str, str] = field(default_factory=dict)

    def run(self, args: argparse.Namespace, parser: argparse.ArgumentParser) -> Any:
        """Answer; the answer is to be written, or it is ``None`` where it is written already.

        Only this imports the function: help and errors of arguments do not wait for pandas.
        """
        module, _, name = self.function.partition(".")
        return getattr(import_module(f".{module}", __package__), name)(args, parser)


_FUNNEL = (options.fill, options.flips, options.groups, options.unit, options.amount, options.cohort)
COMMANDS: Final = {
    "funnel": Command(
        "count the items that reach each stage",
        "questions.funnel",
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
        "questions.trend",
        (options.every, options.kind, *_FUNNEL),
        """\
example:
  stagefunnel trend deals.csv --pipeline pipeline.toml --every month --basis created
""",
    ),
    "compare": Command(
        "put the funnels of two periods side by side",
        "questions.compare",
        (options.with_, options.same_part, options.kind, *_FUNNEL),
        """\
example:
  stagefunnel compare deals.csv --pipeline pipeline.toml --period 2026-03 --with last_year
""",
    ),
    "chain": Command(
        "count leads, and then the deals that came of them, as one funnel",
        "chain.chain",
        (options.chain, options.kind, options.fill, options.flips, options.amount, options.cohort),
        """\
examples:
  stagefunnel chain --leads leads.csv --deals deals.csv --links links.csv \\
      --lead-pipeline leads.toml --deal-pipeline pipeline.toml --kind both
  stagefunnel chain --leads leads.csv --deals deals.csv --links links.csv \\
      --lead-pipeline leads.toml --deal-pipeline pipeline.toml --count origin
""",
        files="any",
        chooses_part=False,
        has_pipeline=False,
        other_names={"basis": "--count", "period_basis": "--basis"},
    ),
    "losses": Command(
        "count the items lost, by where they were lost from and why",
        "questions.losses",
        (
            *(options.groups, options.unit, options.at_loss, options.reason, options.amount),
            *(options.calendar, options.marks, options.cohort),
        ),
        """\
example:
  stagefunnel losses deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "skips": Command(
        "rank who skips which stage",
        "questions.skips",
        (options.groups, options.unit, options.at_move, options.cohort),
        """\
example:
  stagefunnel skips deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "flow": Command(
        "balance what came into each stage, what left and what is still there",
        "questions.flow",
        (options.stretch,),
        """\
example:
  stagefunnel flow deals.csv --pipeline pipeline.toml --period 2026-03
""",
    ),
    "time-in-stage": Command(
        "summarise how long items stay in each stage",
        "questions.time_in_stage",
        (options.per, options.calendar, options.marks, options.part),
        """\
example:
  stagefunnel time-in-stage 'deals*.csv' --pipeline pipeline.toml --per item
""",
    ),
    "visits": Command(
        "list the visits: which item was in which stage, from when to when",
        "questions.visits",
        (options.groups, options.at_visit, options.calendar, options.marks, options.part),
        """\
examples:
  stagefunnel visits deals.csv --pipeline pipeline.toml --period 2026-03 --out visits.csv
  stagefunnel visits deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "transitions": Command(
        "count the moves from stage to stage",
        "questions.transitions",
        (options.part,),
        """\
example:
  stagefunnel transitions deals.csv --pipeline pipeline.toml --period 2026-03
""",
    ),
    "items": Command(
        "list the items with their outcome and what their journey was like",
        "questions.items",
        (options.part,),
        """\
example:
  stagefunnel items deals.csv --pipeline pipeline.toml --period 2026-03 --basis closed --out closed.csv
""",
    ),
    "summary": Command(
        "both funnels, time in stage, moves and quality together",
        "questions.summary",
        (
            *(options.fill, options.flips, options.groups, options.per),
            *(options.calendar, options.marks, options.part),
        ),
        """\
examples:
  stagefunnel summary deals.csv --pipeline pipeline.toml
  stagefunnel summary deals.csv --pipeline pipeline.toml --out summary.json
""",
        counts_quality=True,
        has_several_tables=True,
        shows_quality=True,
    ),
    "sequence": Command(
        "count the items that come through steps inside a window",
        "sequence.sequence",
        (
            options.sequence,
            options.calendar,
            options.missing,
            options.observed,
            options.every,
            options.groups,
        ),
        """\
examples:
  stagefunnel sequence deals.csv --item deal_id --stage stage --time entered_at \\
      --steps New,Delivery,Won --window 60d
  stagefunnel sequence deals.csv --pipeline pipeline.toml --steps New,Won --window 60d --table times
""",
        reads_stages=False,
    ),
    "report": Command(
        "write one page that tells all of it, for those who open no notebook",
        "report.report",
        (
            *(options.report, options.observed, options.groups, options.reason),
            *(options.calendar, options.marks, options.part),
        ),
        """\
example:
  stagefunnel report deals.csv --pipeline pipeline.toml --items items.csv --by manager --out report.html
""",
        counts_quality=True,
        has_output=False,
    ),
    "init": Command(
        "look at files and write a first pipeline.toml for them, with what is in doubt",
        "init.init",
        (suggesting,),
        """\
examples:
  stagefunnel init deals.csv --out suggested.toml
  stagefunnel init leads.csv --out suggested_leads.toml --item lead_id
""",
        asks_log=False,
        chooses_part=False,
        reads_stages=False,
        has_reading=False,
        has_pipeline=False,
        has_output=False,
        other_names={"path": "--out"},
    ),
    "demo": Command(
        "write a sample export, ask both funnels of it and write the report",
        "demo.demo",
        (options.demo,),
        """\
example:
  stagefunnel demo stagefunnel-demo
""",
        files="none",
        asks_log=False,
        reads_stages=False,
        has_pipeline=False,
        has_output=False,
        other_names={"path": "DIR"},
    ),
    "quality": Command(
        "count what is unusual in the rows",
        "questions.quality",
        (options.marks,),
        """\
examples:
  stagefunnel quality deals.csv --item deal_id --stage stage --time entered_at
  stagefunnel quality deals.csv --export
""",
        shows_quality=True,
        reads_stages=False,
    ),
    "read": Command(
        "read a CRM's export once and write it as plain tables",
        "read.read",
        (options.to,),
        """\
examples:
  stagefunnel read deals.csv --to log.parquet
  stagefunnel read deals.csv items.csv --to .
""",
        asks_log=False,
        chooses_part=False,
        reads_stages=False,
        has_pipeline=False,
        has_output=False,
        other_names={"path": "--to"},
    ),
}
