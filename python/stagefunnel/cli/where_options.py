"""The options with the conditions that choose items, or leads."""

from __future__ import annotations

import argparse
import re
from typing import Final, NamedTuple

_PARTS: Final = re.compile(r"\s*([^<>=!]+?)\s*(?:(>=|<=|!=|==?|>|<)\s*(.*?)\s*)?", re.DOTALL)


class WhereCondition(NamedTuple):
    """A condition as it was typed; without an order its column holds true and false."""

    column: str
    order: str
    value: str


def condition(text: str) -> WhereCondition:
    """Read ``COLUMN``, ``COLUMN=VALUE`` or a comparison such as ``COLUMN>VALUE``."""
    parts = _PARTS.fullmatch(text)
    if parts is None or (parts[2] in (">", ">=", "<", "<=") and not parts[3]):
        raise argparse.ArgumentTypeError(
            f"{text} is not a condition, such as source=web, 'amount>100' or a column of true and false"
        )
    return WhereCondition(parts[1], (parts[2] or "").replace("==", "="), parts[3] or "")


def where(parser: argparse.ArgumentParser) -> None:
    """Add the conditions that choose items."""
    parser.add_argument(
        "--where",
        action="append",
        type=condition,
        metavar="CONDITION",
        help="only items that fulfil it, by a column of --items or of the log: source=web, 'amount>100', "
        "source= for no value; several: all must hold, one column with = twice: either",
    )


def items_file(parser: argparse.ArgumentParser) -> None:
    """Add the table of items to a command without groups."""
    parser.add_argument("--items", metavar="FILE", help="a file with one row per item")
    parser.add_argument("--items-key", metavar="NAME", help="its key column (default: as --item)")


def where_alone(parser: argparse.ArgumentParser) -> None:
    """Add the conditions to a command without groups, with the table of items."""
    items_file(parser)
    where(parser)


def leads_of_chain(parser: argparse.ArgumentParser) -> None:
    """Add the conditions of a chain, which choose its leads, and their groups."""
    parser.add_argument(
        "--where",
        action="append",
        type=condition,
        metavar="CONDITION",
        help="only leads that fulfil it, and their deals, by a column of the leads: source=web, 'value>100'",
    )
    parser.add_argument(
        "--by",
        metavar="NAME[,NAME]",
        help="groups of leads, with their deals: columns of the leads, created:month, outcome, last_stage",
    )
