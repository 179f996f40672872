"""The commands that compare groups."""

from __future__ import annotations

import argparse
from typing import Any, TypeAlias

import pandas as pd

import stagefunnel as sf

from ..inputs import Inputs, open_inputs
from ..typed_values import period
from ..values import read_period, read_stage, split_names

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def compare_groups(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Compare groups step by step."""
    if args.by is None:
        parser.error("compare-groups needs --by, the columns whose groups are compared")
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.compare_groups,
            by=split_names(args.by) or [],
            **_sides(args),
            adjust=args.adjust,
            confidence=args.confidence,
            at=args.at,
            top=args.top,
            unit=args.unit,
            **inputs.cohort(args),
        )


def _sides(args: _Args) -> dict[str, Any]:
    """Read the groups, which have as many values as there are columns."""
    columns = split_names(args.by) or []
    return {
        name: value if value is None or len(columns) < 2 else tuple(split_names(value) or ())
        for name, value in (("a", args.a), ("b", args.b))
    }


def decompose(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Say which step made a difference."""
    _check_sides(args, parser)
    with open_inputs(args, parser) as inputs:
        return inputs.ask(args, sf.decompose, **_two_sides(args, parser, inputs))


def mix_rate(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Say whether the mix made a difference."""
    _check_sides(args, parser)
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.mix_rate,
            mix=split_names(args.mix) or [],
            stage=None if args.of_stage is None else read_stage(args.of_stage, inputs.pipeline),
            top=args.top,
            **_two_sides(args, parser, inputs),
        )


def _check_sides(args: _Args, parser: _Parser) -> None:
    """End with wrong usage if a side is missing, or neither a group nor a period, before rows are read."""
    if args.a is None or (args.by is None and args.b is None):
        command = parser.prog.split()[-1]
        parser.error(f"{command} needs --a and --b: two groups of --by, or two periods without it")
    if args.by is not None:
        return
    for name, value in (("a", args.a), ("b", args.b)):
        try:
            period(value)
        except argparse.ArgumentTypeError as error:
            parser.error(f"argument --{name}: {error}")


def _two_sides(args: _Args, parser: _Parser, inputs: Inputs) -> dict[str, Any]:
    """Read the two sides: groups of ``--by``, or periods without it."""
    sides = _sides(args)
    if args.by is None:
        sides = {name: read_period(value, inputs.log) for name, value in sides.items()}
    return {"by": split_names(args.by), **sides, "at": args.at, "unit": args.unit, **inputs.cohort(args)}


def drivers(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Rank the values of columns."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.drivers,
            split_names(args.columns) or [],
            static=split_names(args.static),
            adjust=args.adjust,
            confidence=args.confidence,
            top=args.top,
            unit=args.unit,
            **inputs.cohort(args),
        )
