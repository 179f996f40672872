"""The options of scheduled jobs."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from typing import Final

from .typed_values import condition, moment

SETTINGS: Final = "--settings"


def conditions(parser: argparse.ArgumentParser) -> None:
    """Add the conditions of a check, and the moment that it is made at."""
    parser.add_argument(
        "--fail-if",
        action="append",
        required=True,
        type=condition,
        metavar="CONDITION",
        help="a check of quality, a column of outcomes, hours_since_last_row or last_row, compared with a "
        "number, a percentage or a date: 'unlisted_rows > 0', 'win_rate < 10%%'; for several more than once",
    )
    parser.add_argument(
        "--now",
        type=moment,
        metavar="TIME",
        help="to when the hours since the last row count (default: --as-of, or now)",
    )
    parser.add_argument(
        "--json", dest="format", action="store_const", const="json", help="the same as --format json"
    )


def settings(parser: argparse.ArgumentParser) -> None:
    """Add the file of the options of a page, and what the page says of the last one."""
    parser.add_argument(
        SETTINGS,
        metavar="TOML",
        help="file with these options as keys, for a job that nobody watches; what is typed wins",
    )
    parser.add_argument(
        "--since-last",
        action=argparse.BooleanOptionalAction,
        help="say what changed since the last page of this name, and save the numbers for the next one "
        "(default: with --settings)",
    )


def settings_in(words: Sequence[str], known: Collection[str]) -> str | None:
    """Return the file that ``--settings`` names, if these words have the option, and the command knows it."""
    if SETTINGS not in known:
        return None
    for at, word in enumerate(words):
        if word == "--":
            return None
        name, sign, value = word.partition("=")
        is_short = name.startswith("--") and [one for one in known if one.startswith(name)] == [SETTINGS]
        if name == SETTINGS or is_short:
            return value if sign else next(iter(words[at + 1 : at + 2]), None)
    return None
