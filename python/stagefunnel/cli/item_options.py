"""The options of lists of items: limits, cells of a funnel, and columns to add."""

from __future__ import annotations

import argparse
from typing import Final, get_args

from ..tables.options import Fill, LostThenWonName
from .typed_values import lengths_of_stages, moment, whole
from .where_options import items_file

_KINDS: Final = ("classic", "conversions", "furthest", "strict")  # two at once have a base each


def limits(parser: argparse.ArgumentParser) -> None:
    """Add the longest that an item should be in a stage."""
    parser.add_argument(
        "--limits",
        action="append",
        type=lengths_of_stages,
        metavar="STAGE=TIME[,STAGE=TIME]",
        help="how long an item should be in a stage at most, e.g. Offer=14d (with --calendar working days), "
        "or Offer=none",
    )


def items_table(parser: argparse.ArgumentParser) -> None:
    """Add the table of items, and the columns of it or of the log to show."""
    items_file(parser)
    more_columns(parser)


def more_columns(parser: argparse.ArgumentParser) -> None:
    """Add the columns of the table of items or of the log to show."""
    parser.add_argument(
        "--columns",
        metavar="NAME[,NAME]",
        help="columns to add, of --items or of the log in an item's last row; the item table also has "
        "last_time, cycle_time, in_stage and age",
    )


def worst(parser: argparse.ArgumentParser) -> None:
    """Add the number of rows, and the moment."""
    parser.add_argument("--top", type=whole, metavar="N", help="the N worst items")
    parser.add_argument(
        "--as-of", type=moment, metavar="TIME", help="as it would have looked then, e.g. 2026-04-01"
    )


def cells(parser: argparse.ArgumentParser) -> None:
    """Add the cells of a funnel behind which the items are."""
    group = parser.add_argument_group("items behind a number of the funnel (several: behind all of them)")
    texts = {
        "--open-at": "open there now",
        "--skipped": "got past it without a visit",
        "--lost-from": "lost now, from there",
        "--reached": "reached it, with --kind conversions also where that is assumed",
        "--passed": "counted there for rows of their own",
        "--assumed": "counted there because the kind fills the stage in",
        "--began-beyond": "skipped it, and began beyond it",
    }
    for option, text in texts.items():
        group.add_argument(option, metavar="STAGE", help=text)
    group.add_argument("--kind", choices=_KINDS, default="classic", help="the kind of that funnel")
    group.add_argument("--fill", choices=get_args(Fill), default="won", help="what its conversions fill in")
    group.add_argument(
        "--lost-then-won",
        choices=get_args(LostThenWonName),
        help="its items lost before they were won (default: exclude for conversions, else include)",
    )


def no_items(parser: argparse.ArgumentParser) -> None:
    """Add a page without keys of items."""
    parser.add_argument("--no-items", action="store_true", help="name no item on the page")
