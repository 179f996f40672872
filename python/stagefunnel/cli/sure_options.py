"""The options of how sure a number is."""

from __future__ import annotations

import argparse


def confidence(parser: argparse.ArgumentParser) -> None:
    """Add how sure the bounds of shares are."""
    parser.add_argument(
        "--confidence",
        type=float,
        metavar="SHARE",
        help="add bounds to shares, which are this sure, e.g. 0.95",
    )
