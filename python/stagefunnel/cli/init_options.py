"""The options of the command that suggests a pipeline."""

from __future__ import annotations

import argparse

from . import options


def suggesting(parser: argparse.ArgumentParser) -> None:
    """Add the place of a suggested pipeline, and what is known of the files."""
    parser.add_argument(
        "--out", dest="toml", metavar="TOML", default="pipeline.toml", help="default: pipeline.toml"
    )
    parser.add_argument("--force", action="store_true", help="overwrite a file that is there")
    options.columns(parser)
    reading = parser.add_argument_group("reading")
    reading.add_argument("--quiet", action="store_true", help="show no progress on a terminal")
    reading.add_argument("--zone", metavar="ZONE", help="of times without one, e.g. Europe/Berlin")
    reading.add_argument(
        "--dayfirst",
        action=argparse.BooleanOptionalAction,
        help="dates such as 03/04/2026 have the day first, or with --no-dayfirst the month",
    )
    reading.add_argument("--encoding", metavar="NAME", help="of text files, e.g. cp1252")
