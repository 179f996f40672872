"""The options of the commands about sequences; each function adds some of them to a parser."""

from __future__ import annotations

import argparse
from typing import get_args

from ..tables.options import AttributionName, EntriesName, SequenceMode, TimingName
from .typed_values import length, moment, whole


def sequence(parser: argparse.ArgumentParser) -> None:
    """Add the steps of a sequence and its rules."""
    parser.add_argument(
        "--steps",
        required=True,
        metavar="STAGE,STAGE",
        help="the steps in order; a|b is a step that either stage fills, * any stage; 'order[amount>100]' "
        "are the rows that fulfil conditions, as --where has them, with commas between several",
    )
    rules = parser.add_argument_group("rules of a match")
    rules.add_argument(
        "--window", type=length, metavar="TIME", help="the longest from the first step, e.g. 7d or 1month"
    )
    rules.add_argument("--mode", choices=get_args(SequenceMode), default="ordered")
    rules.add_argument("--modes", metavar="NAME,NAME", help="those of windowFunnel, for --mode clickhouse")
    rules.add_argument("--max-gap", type=length, metavar="TIME", help="the longest from the step before")
    rules.add_argument("--min-gap", type=length, metavar="TIME", help="the shortest from the step before")
    rules.add_argument("--timing", choices=get_args(TimingName), default="last_entry")
    rules.add_argument("--optional", metavar="N,N", help="numbers of steps that may be skipped")
    rules.add_argument("--first-time", metavar="N,N", help="numbers of steps of an item's first such row")
    rules.add_argument("--hold", metavar="NAME,NAME", help="columns that must be equal throughout a match")
    rules.add_argument("--entries", choices=get_args(EntriesName), default="best")
    rules.add_argument(
        "--exclude",
        action="append",
        metavar="STAGE[:AFTER[:BEFORE[:EFFECT]]]",
        help="a stage that must not come between two steps, such as 'refund[amount>50]'; the effect is drop, "
        "stop or reset",
    )
    rules.add_argument(
        "--as-of", type=moment, metavar="TIME", help="as it would have looked then, e.g. 2026-04-01"
    )


def touches(parser: argparse.ArgumentParser) -> None:
    """Add the row of a match at which groups are read."""
    parser.add_argument("--attribution", choices=get_args(AttributionName), default="first_touch")
    parser.add_argument("--attribution-step", type=whole, metavar="N", default=1)


def between(parser: argparse.ArgumentParser) -> None:
    """Add the two steps that a question is about."""
    parser.add_argument("--from-step", type=whole, metavar="N", help="number of the step (default: 1)")
    parser.add_argument("--to-step", type=whole, metavar="N", help="likewise (default: the last)")


def bins(parser: argparse.ArgumentParser) -> None:
    """Add the number of bins."""
    parser.add_argument(
        "--bins", type=whole, metavar="N", help="number of bins (default: as the matches ask)"
    )


def paths(parser: argparse.ArgumentParser) -> None:
    """Add the number of paths."""
    parser.add_argument("--top", type=whole, metavar="N", default=20, help="paths to list")
