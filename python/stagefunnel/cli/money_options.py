"""The options about amounts: which column, where it is read, in which currency."""

from __future__ import annotations

import argparse
from typing import get_args

from ..tables.options import AmountAtName, EveryName


def amount(parser: argparse.ArgumentParser) -> None:
    """Add the amount."""
    parser.add_argument("--amount", metavar="NAME", help="column to add up, of --items or of the log")


def money(parser: argparse.ArgumentParser) -> None:
    """Add where an amount is read and what it is worth."""
    parser.add_argument(
        "--amount-at",
        choices=get_args(AmountAtName),
        default="last",
        help="where an amount of the log is read: an item's last row, its last or first row that has one, or "
        "where it enters the stage",
    )
    currency(parser)


def currency(parser: argparse.ArgumentParser) -> None:
    """Add the currency of an amount, and what each is worth."""
    parser.add_argument("--currency", metavar="NAME", help="column with the currency of the amount")
    parser.add_argument(
        "--rates",
        action="append",
        metavar="NAME=RATE[,NAME=RATE]",
        help="what one of a currency is worth, e.g. EUR=1.08",
    )


def every_of_balance(parser: argparse.ArgumentParser) -> None:
    """Add the periods of a balance, which has one stretch of time without them."""
    parser.add_argument(
        "--every",
        choices=get_args(EveryName),
        help="the balance of each of these periods (default: one of all)",
    )
