"""The commands that compare groups."""

from __future__ import annotations

import argparse
from typing import Any, TypeAlias

import pandas as pd

import stagefunnel as sf

from ..inputs import open_inputs
from ..values import split_names

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def compare_groups(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Compare groups step by step."""
    if args.by is None:
        parser.error("compare-groups needs --by, the columns whose groups are compared")
    with open_inputs(args, parser) as inputs:
        return sf.compare_groups(
            inputs.log,
            inputs.pipeline,
            by=split_names(args.by),
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
