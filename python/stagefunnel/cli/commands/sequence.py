"""The commands that ask about sequences of stages."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import pandas as pd

import stagefunnel as sf

from ..inputs import open_log_alone
from ..values import read_length, read_moment, read_where, split_names

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def sequence_funnel(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count how far items come through steps."""
    with _opened(args, parser) as (log, steps, _):
        options = {**_groups(args), "confidence": args.confidence}
        return sf.sequence_funnel(log, steps, **options, **_rules(args, log, parser))


def sequence_items(args: _Args, parser: _Parser) -> pd.DataFrame:
    """List the items, one row each."""
    with _opened(args, parser) as (log, steps, _):
        return sf.sequence_items(log, steps, **_rules(args, log, parser))


def sequence_trend(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count conversions by the period in which items entered."""
    with _opened(args, parser) as (log, steps, _):
        options = _between(args) | _groups(args) | _rules(args, log, parser)
        return sf.sequence_trend(log, steps, every=args.every, confidence=args.confidence, **options)


def time_to_convert(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Summarise how long items take from one step to another."""
    with _opened(args, parser) as (log, steps, calendar):
        options = _between(args) | _groups(args) | _rules(args, log, parser)
        return sf.time_to_convert(log, steps, bins=args.bins, calendar=calendar, **options)


def sequence_paths(args: _Args, parser: _Parser) -> pd.DataFrame:
    """List what comes between two steps."""
    with _opened(args, parser) as (log, steps, _):
        return sf.sequence_paths(log, steps, top=args.top, **_between(args), **_rules(args, log, parser))


@contextmanager
def _opened(
    args: _Args, parser: _Parser
) -> Iterator[tuple[sf.StageLog, list[str | list[str]], sf.WorkingHours | None]]:
    """Read the steps, then the log and its calendar."""
    steps = [_step(text, parser) for text in args.steps.split(",")]
    with open_log_alone(args, parser) as (log, calendar):
        yield log, steps, calendar


def _between(args: _Args) -> dict[str, Any]:
    return {"from_step": args.from_step, "to_step": args.to_step}


def _groups(args: _Args) -> dict[str, Any]:
    return {
        "by": split_names(args.by),
        "attribution": args.attribution,
        "attribution_step": args.attribution_step,
    }


def _step(text: str, parser: _Parser) -> str | list[str]:
    """Read a step: one stage, as in ``cart``, or any of several stages, as in ``cart|basket``."""
    stages = text.split("|")
    if not all(stages):
        parser.error(
            f"--steps: {text!r} does not name a stage; separate steps by commas, stages of one step by |"
        )
    return stages if len(stages) > 1 else text


def _rules(args: _Args, log: sf.StageLog, parser: _Parser) -> dict[str, Any]:
    return {
        "window": read_length(args.window, log),
        "mode": args.mode,
        "modes": split_names(args.modes) or (),
        "max_gap": read_length(args.max_gap, log),
        "min_gap": read_length(args.min_gap, log),
        "timing": args.timing,
        "exclude": [_exclusion(text, parser) for text in args.exclude or ()],
        "optional": _numbers(args.optional, "--optional", parser),
        "first_time": _numbers(args.first_time, "--first-time", parser),
        "hold": split_names(args.hold) or (),
        "entries": args.entries,
        "missing": args.missing,
        "as_of": read_moment(args.as_of, log),
        "where": read_where(args),
    }


def _numbers(text: str | None, option: str, parser: _Parser) -> set[int]:
    try:
        return {int(one) for one in split_names(text) or ()}
    except ValueError:
        parser.error(f"{option} {text}: expected step numbers, such as 2,3")


def _exclusion(text: str, parser: _Parser) -> sf.Exclusion:
    """Read ``STAGE``, ``STAGE:AFTER``, ``STAGE:AFTER:BEFORE`` or ``STAGE:AFTER:BEFORE:EFFECT``."""
    stage, *rest = text.rsplit(":", text.count(":") if text.count(":") <= 3 else 3)
    try:
        after = int(rest[0]) if rest and rest[0] else 1
        before = int(rest[1]) if len(rest) > 1 and rest[1] else None
    except ValueError:
        parser.error(f"--exclude {text}: expected STAGE:AFTER:BEFORE:EFFECT with two step numbers")
    effect: Any = rest[2] if len(rest) > 2 else "drop"
    return sf.Exclusion(stage, after, before, effect)
