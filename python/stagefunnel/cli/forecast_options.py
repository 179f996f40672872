"""The options of forecasts: what they are fitted on, until when, and how sure."""

from __future__ import annotations

import argparse
from typing import get_args

from ..tables.options import EveryName, ForecastIntervalName, ForecastName
from . import typed_values
from .typed_values import number, whole


def method(parser: argparse.ArgumentParser) -> None:
    """Add whether the time in a stage counts."""
    parser.add_argument(
        "--method",
        choices=get_args(ForecastName),
        default="semi_markov",
        help="semi_markov (default): how long an item has been in its stage counts; markov: the stage alone",
    )


def fit(parser: argparse.ArgumentParser) -> None:
    """Add what a forecast is fitted on."""
    method(parser)
    train(parser)
    fit_by(parser)


def train(parser: argparse.ArgumentParser) -> None:
    """Add the items that a forecast is fitted on."""
    parser.add_argument(
        "--train",
        type=typed_values.period,
        metavar="PERIOD",
        help="fit on items created in this period alone",
    )


def fit_by(parser: argparse.ArgumentParser) -> None:
    """Add the groups that are fitted apart."""
    parser.add_argument(
        "--fit-by",
        metavar="NAME[,NAME]",
        help="fit each group on its own visits; a stage with fewer than 30 exits takes the common fit",
    )


def horizon(parser: argparse.ArgumentParser) -> None:
    """Add until when an item has to be won."""
    parser.add_argument(
        "--horizon",
        type=typed_values.horizon,
        metavar="TIME",
        help="won within this time, e.g. 90d, or by the end of a period, e.g. 2026-Q3 (default: some day)",
    )


def horizon_needed(parser: argparse.ArgumentParser) -> None:
    """Add the same where there is no answer without it."""
    parser.add_argument(
        "--horizon",
        type=typed_values.horizon,
        metavar="TIME",
        required=True,
        help="won within this time, e.g. 90d, or by the end of a period, e.g. 2026-Q3",
    )


def length(parser: argparse.ArgumentParser) -> None:
    """Add after how long what came is looked at."""
    parser.add_argument(
        "--horizon",
        type=typed_values.length,
        metavar="TIME",
        default="90d",
        help="what came within this time (90d)",
    )


def confidence(parser: argparse.ArgumentParser) -> None:
    """Add how sure bounds are."""
    parser.add_argument(
        "--confidence", type=number, metavar="SHARE", default=0.9, help="how sure the bounds are (0.9)"
    )


def bounds(parser: argparse.ArgumentParser) -> None:
    """Add what bounds allow for, and how they are drawn."""
    parser.add_argument(
        "--interval",
        choices=get_args(ForecastIntervalName),
        default="total",
        help="bounds for chances that are estimated and for luck (total), or for luck alone (outcome)",
    )
    confidence(parser)
    parser.add_argument(
        "--draws", type=whole, metavar="N", default=2000, help="how often bounds are drawn (2000)"
    )


def seed(parser: argparse.ArgumentParser) -> None:
    """Add where random numbers begin."""
    parser.add_argument("--seed", type=whole, metavar="N", default=0, help="where random numbers begin (0)")


def probability(parser: argparse.ArgumentParser) -> None:
    """Add the chances that the CRM gives."""
    parser.add_argument(
        "--probability",
        metavar="NAME",
        help="column with the CRM's own chances, as shares or percents, to set beside the forecast",
    )


def target(parser: argparse.ArgumentParser) -> None:
    """Add what is to be reached."""
    parser.add_argument(
        "--target",
        type=number,
        metavar="NUMBER",
        help="wins, or with --amount an amount, to be reached in a --horizon that is a period",
    )


def now(parser: argparse.ArgumentParser) -> None:
    """Add the moment that is taken for now."""
    parser.add_argument(
        "--as-of",
        type=typed_values.moment,
        metavar="TIME",
        help="as it would have looked then, e.g. 2026-04-01",
    )


def likeliest(parser: argparse.ArgumentParser) -> None:
    """Add the number of rows."""
    parser.add_argument("--top", type=whole, metavar="N", help="the N likeliest items")


def dates(parser: argparse.ArgumentParser) -> None:
    """Add the dates of past forecasts."""
    parser.add_argument(
        "--every",
        choices=get_args(EveryName),
        default="month",
        help="forecasts begin at the end of each (default: month)",
    )
    parser.add_argument(
        "--from-dates",
        type=typed_values.moments,
        metavar="TIMES",
        help="dates in the place of --every, e.g. 2026-01-01,2026-04-01",
    )


def static(parser: argparse.ArgumentParser) -> None:
    """Add the columns of today that were the same then."""
    parser.add_argument(
        "--static",
        metavar="NAME[,NAME]",
        help="columns of --items whose values were the same at each date",
    )


def benchmark(parser: argparse.ArgumentParser) -> None:
    """Add what losses could be had."""
    parser.add_argument(
        "--benchmark",
        metavar="NAME|STAGE=SHARE[,…]",
        help="a column whose best group shows which losses could be had, or the losses: Delivery=0.1",
    )


def moments(parser: argparse.ArgumentParser) -> None:
    """Add the moments at which items are described."""
    parser.add_argument(
        "--as-of",
        type=typed_values.moments,
        metavar="TIMES",
        required=True,
        help="the moments, e.g. 2026-01-01,2026-04-01",
    )
    parser.add_argument(
        "--horizon",
        type=typed_values.length,
        metavar="TIME",
        required=True,
        help="the outcome is read so long after each moment",
    )
    parser.add_argument(
        "--windows",
        type=typed_values.lengths,
        metavar="TIMES",
        help="moves are counted so long before it (default: 7d,30d,90d)",
    )


def times(parser: argparse.ArgumentParser) -> None:
    """Add the times after which items are looked for."""
    parser.add_argument(
        "--times",
        type=typed_values.lengths,
        metavar="TIMES",
        required=True,
        help="how long after now, e.g. 30d,90d",
    )


def ages(parser: argparse.ArgumentParser) -> None:
    """Add how long items have been in their stage."""
    parser.add_argument(
        "--ages",
        type=typed_values.lengths,
        metavar="TIMES",
        help="how long in the stage, e.g. 0d,30d (default: tenths of the longest)",
    )


def created(parser: argparse.ArgumentParser) -> None:
    """Add the items that are looked at."""
    parser.add_argument(
        "--period", type=typed_values.period, metavar="PERIOD", help="items created in it, e.g. 2026-Q1"
    )
    now(parser)
