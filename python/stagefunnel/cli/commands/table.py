"""The table of commands: what each command does, what it reads, and which options it has."""

from __future__ import annotations

from typing import Final

from .. import (
    item_options,
    job_options,
    money_options,
    options,
    sure_options,
    way_options,
    where_options,
)
from ..init_options import suggesting
from .command import Command
from .forecast_table import FORECAST_COMMANDS
from .list_table import LIST_COMMANDS
from .part_table import PART_COMMANDS
from .saved_table import SAVED_COMMANDS
from .sequence_table import SEQUENCE_COMMANDS
from .sure_table import SURE_COMMANDS

_GROUPS = (options.groups, where_options.where)
_FUNNEL = (options.fill, options.flips, *_GROUPS, options.unit, money_options.amount, options.cohort)
COMMANDS: Final = {
    "funnel": Command(
        "count the items that reach each stage",
        "questions.funnel",
        (
            *(options.kind, *_FUNNEL, options.at_stage, options.largest, money_options.money),
            sure_options.confidence,
        ),
        """\
examples:
  stagefunnel funnel deals.csv --item deal_id --stage stage --time entered_at \\
      --pipeline pipeline.toml --kind both
  stagefunnel funnel deals.csv --pipeline pipeline.toml --period 2026-Q1 --basis created
""",
    ),
    "outcomes": Command(
        "count the items that are won, lost and open now",
        "questions.outcomes",
        (
            *(options.flips, *_GROUPS, options.unit, options.at_stage, options.largest),
            *(money_options.amount, money_options.money, options.cohort, sure_options.confidence),
        ),
        """\
examples:
  stagefunnel outcomes deals.csv --pipeline pipeline.toml --items items.csv --by manager
  stagefunnel outcomes deals.csv --pipeline pipeline.toml --items items.csv --amount amount
""",
    ),
    "explain": Command(
        "say of one item in which stages it counts, and by which rule",
        "questions.explain",
        (options.key, options.kind_to_explain, options.fill, options.flips, options.part),
        """\
example:
  stagefunnel explain deals.csv --pipeline pipeline.toml --item-key 17
""",
        other_names={"item": "--item-key"},
    ),
    "funnel-by-period": Command(
        "count the funnel of every month, week or day on its own",
        "questions.funnel_by_period",
        (
            *(options.every, options.matrix, options.kind, *_FUNNEL, options.largest, money_options.money),
            sure_options.confidence,
        ),
        """\
examples:
  stagefunnel funnel-by-period deals.csv --pipeline pipeline.toml --every month --basis created
  stagefunnel funnel-by-period deals.csv --pipeline pipeline.toml --every quarter --matrix reached
""",
    ),
    "compare-periods": Command(
        "put the funnels of two periods side by side",
        "questions.compare_periods",
        (
            *(options.against, options.same_part, options.kind, *_FUNNEL, money_options.money),
            sure_options.confidence,
        ),
        """\
example:
  stagefunnel compare-periods deals.csv --pipeline pipeline.toml --period 2026-03 --against last_year
""",
    ),
    "chain-funnel": Command(
        "count leads, and then the deals that came of them, as one funnel",
        "chain.chain_funnel",
        (
            options.chain,
            where_options.leads_of_chain,
            options.largest,
            options.kind,
            options.fill,
            options.flips,
            money_options.amount,
            options.cohort_of_chain,
            sure_options.confidence,
        ),
        """\
examples:
  stagefunnel chain-funnel --leads leads.csv --deals deals.csv --links links.csv \\
      --lead-pipeline leads.toml --deal-pipeline pipeline.toml --kind both
  stagefunnel chain-funnel --leads leads.csv --deals deals.csv --links links.csv \\
      --lead-pipeline leads.toml --deal-pipeline pipeline.toml --basis origin
""",
        files="any",
        chooses_part=False,
        has_pipeline=False,
    ),
    "losses": Command(
        "count the items lost, by where they were lost from and why",
        "questions.losses",
        (
            *(*_GROUPS, options.unit, options.at_loss, options.largest, options.reason, money_options.amount),
            *(options.calendar, options.marks, options.cohort, sure_options.confidence),
        ),
        """\
example:
  stagefunnel losses deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "skips": Command(
        "rank who skips which stage",
        "questions.skips",
        (*_GROUPS, options.unit, options.at_move, options.largest, options.cohort, sure_options.confidence),
        """\
example:
  stagefunnel skips deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "flow": Command(
        "balance what came into each stage, what left and what is still there",
        "questions.flow",
        (
            *(money_options.every_of_balance, *_GROUPS, options.at_item, options.largest),
            *(money_options.amount, money_options.currency, options.stretch, options.matrix),
        ),
        """\
examples:
  stagefunnel flow deals.csv --pipeline pipeline.toml --period 2026-03
  stagefunnel flow deals.csv --pipeline pipeline.toml --every month --matrix entered
  stagefunnel flow deals.csv --pipeline pipeline.toml --items items.csv --every month --amount amount
  stagefunnel flow deals.csv --pipeline pipeline.toml --period 2026-03 --items items.csv --by manager
""",
    ),
    "sales-velocity": Command(
        "say what the open items are worth a day, as items were closed lately",
        "questions.sales_velocity",
        (
            *(money_options.every_of_balance, *_GROUPS, options.largest),
            *(money_options.amount, money_options.money, options.marks, options.stretch),
        ),
        """\
examples:
  stagefunnel sales-velocity deals.csv --pipeline pipeline.toml --items items.csv --amount amount
  stagefunnel sales-velocity deals.csv --pipeline pipeline.toml --items items.csv --amount amount \\
      --every quarter
""",
    ),
    "time-in-stage": Command(
        "summarise how long items stay in each stage",
        "questions.time_in_stage",
        (
            *(options.per, *_GROUPS, options.at_item, options.largest),
            *(item_options.limits, sure_options.censored, options.calendar, options.marks, options.part),
        ),
        """\
examples:
  stagefunnel time-in-stage 'deals*.csv' --pipeline pipeline.toml --per item
  stagefunnel time-in-stage deals.csv --pipeline pipeline.toml --by outcome
""",
    ),
    "time-to": Command(
        "summarise how long items take to a stage",
        "questions.time_to",
        (
            *(way_options.way, *_GROUPS, options.largest, sure_options.open_visits),
            *(options.calendar, options.marks, options.part),
        ),
        """\
examples:
  stagefunnel time-to deals.csv --pipeline pipeline.toml --to-stage Delivery
  stagefunnel time-to deals.csv --pipeline pipeline.toml --to-stage Won --start Delivery \\
      --items items.csv --by manager
""",
    ),
    **SURE_COMMANDS,
    **FORECAST_COMMANDS,
    **LIST_COMMANDS,
    "summary": Command(
        "both funnels, time in stage, moves and quality together",
        "questions.summary",
        (
            *(options.fill, options.flips, *_GROUPS, options.at_item, options.largest, options.per),
            *(item_options.limits, options.calendar, options.marks, options.part),
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
    **SEQUENCE_COMMANDS,
    **PART_COMMANDS,
    "report": Command(
        "write one page that tells all of it, for those who open no notebook",
        "report.report",
        (
            *(options.report, item_options.no_items, options.observed, *_GROUPS, options.reason),
            *(money_options.amount, money_options.currency, job_options.settings),
            *(item_options.limits, options.calendar, options.marks, options.part),
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
  stagefunnel quality deals.csv --read
""",
        shows_quality=True,
        reads_stages=False,
    ),
    "check": Command(
        "fail where a condition is met: stages that nobody listed, a low win rate, a stale file",
        "check.check",
        (job_options.conditions, where_options.where_alone, options.part),
        """\
examples:
  stagefunnel check deals.csv --pipeline pipeline.toml --fail-if "unlisted_rows > 0" \\
      --fail-if "win_rate < 10%"
  stagefunnel check deals.csv --pipeline pipeline.toml --fail-if "hours_since_last_row > 36" \\
      --now 2026-07-01 --json

The exit code is 3 if a condition is met or cannot be judged, else 0; 1 is an error in the data,
2 wrong usage.
""",
        shows_quality=True,
        judges=True,
        other_names={"conditions": "--fail-if"},
    ),
    **SAVED_COMMANDS,
}
