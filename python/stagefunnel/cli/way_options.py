"""The options that say from where to where a time runs."""

from __future__ import annotations

import argparse


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
