"""The options of how sure a number is."""

from __future__ import annotations

import argparse
from typing import get_args

from ..tables.options import (
    AdjustName,
    ChainErrorName,
    ChainMethodName,
    ErrorName,
    LifeClockName,
    OpenVisitsName,
    ReopenName,
)
from .typed_values import length, lengths, number, period, whole


def confidence(parser: argparse.ArgumentParser) -> None:
    """Add how sure the bounds of shares are."""
    parser.add_argument(
        "--confidence",
        type=number,
        metavar="SHARE",
        help="add bounds to shares, which are this sure, e.g. 0.95",
    )


def incidence(parser: argparse.ArgumentParser) -> None:
    """Add what happens, from when on ages run, and how it is estimated."""
    what_happens(parser, "--to")
    lives(parser)


def what_happens(parser: argparse.ArgumentParser, option: str) -> None:
    """Add what happens to items."""
    parser.add_argument(
        option,
        dest="to",
        metavar="STAGE",
        default="outcome",
        help="what happens: outcome (default), won or lost; or the stage that an item gets to",
    )


def lives(parser: argparse.ArgumentParser) -> None:
    """Add from when on ages run, and how what happens is estimated."""
    parser.add_argument(
        "--clock",
        choices=get_args(LifeClockName),
        default="created",
        help="from when ages run: an item's first row (default), or each entry into --of-stage",
    )
    parser.add_argument("--of-stage", metavar="STAGE", help="the stage from whose entry ages run")
    parser.add_argument(
        "--times", type=lengths, metavar="TIMES", help="the ages of the rows, e.g. 30d,60d,90d"
    )
    parser.add_argument(
        "--observed",
        type=period,
        metavar="PERIOD",
        help="what happened in this period alone, e.g. 2026-Q1; older items count from their age then",
    )
    parser.add_argument("--se", choices=get_args(ErrorName), default="greenwood", help="the kind of errors")
    parser.add_argument(
        "--min-at-risk", type=whole, metavar="N", help="pass over events at ages at which fewer are at risk"
    )
    parser.add_argument(
        "--reopen",
        choices=get_args(ReopenName),
        default="last",
        help="which closing ends an item that was worked on again (default: last)",
    )
    sure(parser)


def chain(parser: argparse.ArgumentParser) -> None:
    """Add how a chain of moves is estimated."""
    parser.add_argument(
        "--method",
        choices=get_args(ChainMethodName),
        default="visits",
        help="chances of the next stage: shares of the visits that have ended (default), or those of curves "
        "in which open visits count for as long as they were seen",
    )
    parser.add_argument("--se", choices=get_args(ChainErrorName), default="delta", help="the kind of errors")
    sure(parser)


def sure(parser: argparse.ArgumentParser) -> None:
    """Add how sure bounds are that a table always has."""
    parser.add_argument(
        "--confidence", type=number, metavar="SHARE", default=0.95, help="how sure the bounds are (0.95)"
    )


def sides(parser: argparse.ArgumentParser) -> None:
    """Add what is looked at, and what it is compared with."""
    parser.add_argument(
        "--a", metavar="GROUP", help="what is looked at: a group of --by (A,B of two columns), or a period"
    )
    parser.add_argument(
        "--b", metavar="GROUP", help="what it is compared with (default with --by: all that is not --a)"
    )


def mix(parser: argparse.ArgumentParser) -> None:
    """Add the groups that may be mixed otherwise, and what is a success."""
    parser.add_argument(
        "--mix", metavar="NAME[,NAME]", required=True, help="columns whose groups may be mixed otherwise"
    )
    parser.add_argument(
        "--of-stage", metavar="STAGE", help="the rate is of items that reached it (default: won now)"
    )


def drivers(parser: argparse.ArgumentParser) -> None:
    """Add the columns whose values are compared."""
    parser.add_argument(
        "--columns",
        metavar="NAME[,NAME]",
        required=True,
        help="columns of --items or the log, read in an item's first row, or created:month",
    )
    parser.add_argument(
        "--static",
        metavar="NAME[,NAME]",
        help="those of --items whose values were there before an item was won or lost",
    )


def adjust(parser: argparse.ArgumentParser) -> None:
    """Add how p-values are adjusted for their number."""
    parser.add_argument(
        "--adjust",
        choices=get_args(AdjustName),
        default="holm",
        help="p-values for their number: holm (default) lets nearly no false alarm through, bh some",
    )


def maturity(parser: argparse.ArgumentParser) -> None:
    """Add the age up to which wins are expected."""
    parser.add_argument(
        "--tau",
        type=length,
        metavar="TIME",
        required=True,
        help="the age up to which wins are expected, e.g. 180d",
    )


def open_visits(parser: argparse.ArgumentParser) -> None:
    """Add what is made of what is still open."""
    parser.add_argument(
        "--open-visits",
        choices=get_args(OpenVisitsName),
        default="apart",
        help="what goes on: counted apart (default), or censored: taken for as long as it was seen",
    )


def censored(parser: argparse.ArgumentParser) -> None:
    """Add the same with bounds and a restricted mean."""
    open_visits(parser)
    parser.add_argument(
        "--confidence", type=number, metavar="SHARE", help="with censored: bounds of the quantiles, e.g. 0.95"
    )
    parser.add_argument(
        "--tau",
        type=length,
        metavar="TIME",
        help="with censored: the length up to which a mean is taken, e.g. 90d",
    )
