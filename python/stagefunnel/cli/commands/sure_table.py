"""The commands that say how sure an answer is: curves with open items, and comparisons of groups."""

from __future__ import annotations

from typing import Final

from .. import options, sure_options, where_options
from .command import Command

_GROUPS = (options.groups, where_options.where)
SURE_COMMANDS: Final = {
    "absorption": Command(
        "say of each stage how likely an item in it is won in the end, and how long it takes",
        "questions.absorption",
        (
            *(sure_options.chain, *_GROUPS, options.largest),
            *(options.calendar, options.marks, options.new_cohort),
        ),
        """\
examples:
  stagefunnel absorption deals.csv --pipeline pipeline.toml
  stagefunnel absorption deals.csv --pipeline pipeline.toml --method aalen_johansen --se robust \\
      --items items.csv --by manager
""",
    ),
    "cohort-maturity": Command(
        "say of each cohort how much of its answer is in, and how many wins are still to come",
        "questions.cohort_maturity",
        (
            *(options.every, sure_options.maturity, *_GROUPS, options.largest),
            *(options.calendar, options.marks, options.new_part),
        ),
        """\
example:
  stagefunnel cohort-maturity deals.csv --pipeline pipeline.toml --every month --tau 180d
""",
    ),
    "cumulative-incidence": Command(
        "estimate how many items are won and lost by each age, though some are open",
        "questions.cumulative_incidence",
        (
            *(sure_options.incidence, *_GROUPS, options.largest),
            *(options.calendar, options.marks, options.new_cohort),
        ),
        """\
examples:
  stagefunnel cumulative-incidence deals.csv --pipeline pipeline.toml --times 30d,60d,90d
  stagefunnel cumulative-incidence deals.csv --pipeline pipeline.toml --to Delivery \\
      --items items.csv --by manager
""",
        other_names={"stage": "--of-stage"},
    ),
    "compare-groups": Command(
        "compare groups step by step, and say whether they differ by more than chance",
        "comparing.compare_groups",
        (
            *(*_GROUPS, sure_options.sides, sure_options.adjust, sure_options.sure),
            *(options.unit, options.at_stage, options.largest, options.new_cohort),
        ),
        """\
examples:
  stagefunnel compare-groups deals.csv --pipeline pipeline.toml --items items.csv --by manager
  stagefunnel compare-groups deals.csv --pipeline pipeline.toml --items items.csv --by source \\
      --a Exhibition --b Recommendation
""",
    ),
    "drivers": Command(
        "rank the values of columns by how much they go with winning",
        "comparing.drivers",
        (
            *(where_options.items_file, where_options.where, sure_options.drivers, sure_options.adjust),
            *(sure_options.sure, options.unit, options.largest, options.new_cohort),
        ),
        """\
example:
  stagefunnel drivers deals.csv --pipeline pipeline.toml --items items.csv --columns source,manager \\
      --static source,manager
""",
    ),
    "decompose": Command(
        "split the difference of two funnels into what each step made of it",
        "comparing.decompose",
        (*_GROUPS, sure_options.sides, options.unit, options.at_item, options.new_cohort),
        """\
examples:
  stagefunnel decompose deals.csv --pipeline pipeline.toml --a 2026-03 --b 2026-02
  stagefunnel decompose deals.csv --pipeline pipeline.toml --items items.csv \\
      --by source --a Exhibition --b Recommendation
""",
    ),
    "mix-rate": Command(
        "say whether a rate differs because other items came, or because the same did otherwise",
        "comparing.mix_rate",
        (
            *(*_GROUPS, sure_options.mix, sure_options.sides, options.unit),
            *(options.at_item, options.largest, options.new_cohort),
        ),
        """\
example:
  stagefunnel mix-rate deals.csv --pipeline pipeline.toml --items items.csv --mix source \\
      --a 2026-03 --b 2026-02
""",
        other_names={"stage": "--of-stage"},
    ),
}
