"""The command of scheduled jobs: conditions that fail, as an exit code."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

import pandas as pd

import stagefunnel as sf

from ...clean import clean
from ...display.checks import failures
from ..inputs import open_inputs
from ..values import read_moment, read_period, read_where

FAILED: Final = 3  # as 1 is an error in the data, and 2 wrong usage


def check(args: argparse.Namespace, parser: argparse.ArgumentParser) -> pd.DataFrame:
    """Check a log against the conditions."""
    with open_inputs(args, parser) as inputs:
        # What a file or the command says of unlisted stages stands; else a condition about them judges them.
        unlisted: Any = args.unlisted or (inputs.unlisted if inputs.unlisted == "ignore" else None)
        return sf.check(
            inputs.log,
            inputs.pipeline,
            args.fail_if,
            unlisted=unlisted,
            missing=args.missing,
            period=read_period(args.period, inputs.log),
            basis=args.basis,
            as_of=read_moment(args.as_of, inputs.log),
            now=read_moment(args.now, inputs.log),
            where=read_where(args),
        )


def verdict(table: pd.DataFrame) -> int:
    """Say on the standard error which conditions failed, and return the exit code."""
    failed = failures(table)
    for line in failed:
        if sys.stderr is not None:  # it is None if the standard error is closed
            sys.stderr.write(f"stagefunnel: failed: {clean(line)}\n")
    return FAILED if failed else 0
