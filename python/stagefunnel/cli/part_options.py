"""The options of the commands about parts of a log."""

from __future__ import annotations

import argparse

from .sure_options import lives, what_happens


def part(parser: argparse.ArgumentParser) -> None:
    """Add the question of a part, how it is counted, and its file."""
    parser.add_argument(
        "--question",
        metavar="COMMAND",
        default="summary",
        help="the command whose question it is (default: summary); its options are options here too, and "
        "'stagefunnel partial --question COMMAND --help' lists them",
    )
    parser.add_argument(
        "--precision",
        choices=("exact", "bounded"),
        default="exact",
        help="quantiles of all lengths, or within 0.05%% of counts that do not grow with the rows",
    )
    parser.add_argument(
        "--check",
        choices=("keys", "sketch", "none"),
        default="keys",
        help="how an item that is in two parts is found: by all keys, by short hashes, or not at all",
    )
    parser.add_argument("--to", dest="part", metavar="FILE", required=True, help="the part, e.g. part.bin")


def parts(parser: argparse.ArgumentParser) -> None:
    """Add the files of the parts, and that of all of them as one part."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="files of 'partial'; or a quoted glob")
    parser.add_argument(
        "--to",
        dest="part",
        metavar="FILE",
        help="write the parts as one, e.g. whole.bin, in place of the answer",
    )


def incidence_of_part(parser: argparse.ArgumentParser) -> None:
    """Add the options of a cumulative incidence whose ``--to`` is the file of the part."""
    what_happens(parser, "--to-stage")
    lives(parser)
