"""The options of scheduled jobs."""

from __future__ import annotations

import argparse


def conditions(parser: argparse.ArgumentParser) -> None:
    """Add the conditions of a check, and the moment that it is made at."""
    parser.add_argument(
        "--fail-if",
        action="append",
        required=True,
        metavar="CONDITION",
        help="a check of quality, a column of outcomes, hours_since_last_row or last_row, compared with a "
        "number, a percentage or a date: 'unlisted_rows > 0', 'win_rate < 10%%'; for several more than once",
    )
    parser.add_argument(
        "--now", metavar="TIME", help="to when the hours since the last row count (default: --as-of, or now)"
    )
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="the same as --format json"
    )
