"""The options of ways: from where to where a time runs, and which ways of items are listed."""

from __future__ import annotations

import argparse
from typing import get_args

from ..tables.options import SkipAtName
from .typed_values import whole


def way(parser: argparse.ArgumentParser) -> None:
    """Add the stage to which a time runs, and what it runs from."""
    parser.add_argument(
        "--to-stage", metavar="STAGE", required=True, help="the stage to which the time runs, e.g. Offer"
    )
    parser.add_argument(
        "--start",
        metavar="STAGE",
        default="created",
        help="the stage from whose first entry it runs (default: from the item's first row)",
    )


def variants(parser: argparse.ArgumentParser) -> None:
    """Add how many variants are listed, and where columns of the log are read."""
    parser.add_argument(
        "--top", type=whole, metavar="N", default=20, help="variants to list of each group (default: 20)"
    )
    parser.add_argument(
        "--at",
        choices=get_args(SkipAtName),
        default="first",
        help="where --by reads a column of the log: an item's first or last row",
    )
