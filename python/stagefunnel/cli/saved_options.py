"""The options of the commands that write saved logs."""

from __future__ import annotations

import argparse
from typing import Any, Final

#: Commands whose questions a log in partitions takes.
OF_PARTITIONS: Final = frozenset(
    (
        *("summary", "funnel", "outcomes", "funnel-by-period", "compare-periods", "compare-groups"),
        *("decompose", "mix-rate", "drivers", "transitions", "losses", "skips", "time-in-stage", "flow"),
        *(
            "variants",
            "absorption",
            "cumulative-incidence",
            "bottlenecks",
            "cohort-maturity",
            "sales-velocity",
        ),
        *("sequence-funnel", "sequence-trend", "time-to-convert", "sequence-paths", "time-to"),
        *("quality", "partial"),
    )
)


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


def spilled(parser: argparse.ArgumentParser) -> None:
    """Add where rows go that are more than fit in memory."""
    spilling = parser.add_argument_group("rows that are more than fit in memory (CSV or Parquet)")
    spilling.add_argument(
        "--spill", metavar="FOLDER", help="put them there as a saved log; later commands take the folder"
    )
    memory(spilling)


def memory(parser: Any) -> None:
    """Add the memory that rows may take while they are put on disk."""
    parser.add_argument(
        "--memory",
        metavar="SIZE",
        help="put the rows on disk in partitions, and take no more memory than this, e.g. 500MB",
    )
