"""The options of the commands that write saved logs."""

from __future__ import annotations

import argparse


def to(parser: argparse.ArgumentParser) -> None:
    """Add the folder of a log to save."""
    parser.add_argument(
        "--to",
        dest="saved",
        metavar="FOLDER",
        required=True,
        help="a new folder, e.g. deals.sf, or that of a saved log, which is replaced",
    )


def onto(parser: argparse.ArgumentParser) -> None:
    """Add the folder of a log to append to."""
    parser.add_argument(
        "--to", dest="saved", metavar="FOLDER", required=True, help="the folder of the saved log"
    )


def of_items(parser: argparse.ArgumentParser) -> None:
    """Add the table of items, which is kept whole."""
    parser.add_argument("--items", metavar="FILE", help="a file with one row per item; all columns are kept")
    parser.add_argument("--items-key", metavar="NAME", help="its key column (default: as --item)")


def kept(parser: argparse.ArgumentParser) -> None:
    """Add the further columns of the log."""
    parser.add_argument(
        "--columns",
        metavar="NAME[,NAME]",
        help="further columns of the log to keep; one whose values are all numbers is kept as numbers",
    )


def folder(parser: argparse.ArgumentParser) -> None:
    """Add the folder of a saved log."""
    parser.add_argument("log", metavar="FOLDER", help="the folder of the saved log")


def erased(parser: argparse.ArgumentParser) -> None:
    """Add the keys of items to erase."""
    parser.add_argument(
        "--item-key",
        action="append",
        metavar="KEY",
        required=True,
        help="an item to erase; for several more than once",
    )
