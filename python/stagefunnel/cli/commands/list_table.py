"""The commands that list what single items did: visits, moves, ways, and the items themselves."""

from __future__ import annotations

from typing import Final

from .. import item_options, options, sure_options, way_options, where_options
from .command import Command

_GROUPS = (options.groups, where_options.where)
LIST_COMMANDS: Final = {
    "visits": Command(
        "list the visits: which item was in which stage, from when to when",
        "questions.visits",
        (*_GROUPS, options.at_visit, options.calendar, options.marks, options.part),
        """\
examples:
  stagefunnel visits deals.csv --pipeline pipeline.toml --period 2026-03 --out visits.csv
  stagefunnel visits deals.csv --pipeline pipeline.toml --items items.csv --by manager
""",
    ),
    "variants": Command(
        "list whole journeys as the stages that they passed, the most frequent first",
        "questions.variants",
        (way_options.variants, *_GROUPS, options.calendar, options.marks, options.part),
        """\
example:
  stagefunnel variants deals.csv --pipeline pipeline.toml --top 10
""",
    ),
    "transitions": Command(
        "count the moves from stage to stage",
        "questions.transitions",
        (*_GROUPS, options.at_item, options.largest, options.part, sure_options.confidence),
        """\
examples:
  stagefunnel transitions deals.csv --pipeline pipeline.toml --period 2026-03
  stagefunnel transitions deals.csv --pipeline pipeline.toml --by created:month
""",
    ),
    "item-table": Command(
        "list the items with their outcome and what their journey was like",
        "questions.item_table",
        (
            *(*_GROUPS, options.at_item, item_options.more_columns, item_options.cells),
            *(options.calendar, options.part),
        ),
        """\
examples:
  stagefunnel item-table deals.csv --pipeline pipeline.toml --items items.csv --by manager
  stagefunnel item-table deals.csv --pipeline pipeline.toml --skipped Discussion
  stagefunnel item-table deals.csv --pipeline pipeline.toml --period 2026-03 --basis closed \\
      --out closed.csv
""",
    ),
    "open-items": Command(
        "list the items that are open now, the stuck ones first",
        "questions.open_items",
        (
            *(item_options.limits, item_options.items_table, where_options.where),
            *(item_options.worst, options.observed),
            *(options.calendar, options.marks),
        ),
        """\
examples:
  stagefunnel open-items deals.csv --pipeline pipeline.toml --limits Delivery=14d --top 10
  stagefunnel open-items deals.csv --pipeline pipeline.toml --items items.csv --columns manager
""",
    ),
}
