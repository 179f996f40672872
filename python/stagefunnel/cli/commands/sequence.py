"""The commands that ask about sequences of stages."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import pandas as pd

import stagefunnel as sf

from ..asking import ask
from ..inputs import open_log_alone
from ..typed_steps import TypedSteps, check_steps
from ..values import read_length, read_moment, read_where, split_names

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def sequence_funnel(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count how far items come through steps."""
    with _opened(args, parser) as (log, typed, _):
        options = {**_groups(args), "confidence": args.confidence, **_rules(args, log, typed, parser)}
        return ask(args, sf.sequence_funnel, log, steps=typed.steps(), **options)


def sequence_items(args: _Args, parser: _Parser) -> pd.DataFrame:
    """List the items, one row each."""
    with _opened(args, parser) as (log, typed, _):
        return ask(args, sf.sequence_items, log, steps=typed.steps(), **_rules(args, log, typed, parser))


def sequence_trend(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count conversions by the period in which items entered."""
    with _opened(args, parser) as (log, typed, _):
        options = _between(args) | _groups(args) | _rules(args, log, typed, parser)
        options |= {"every": args.every, "confidence": args.confidence}
        return ask(args, sf.sequence_trend, log, steps=typed.steps(), **options)


def time_to_convert(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Summarise how long items take from one step to another."""
    with _opened(args, parser) as (log, typed, calendar):
        options = _between(args) | _groups(args) | _rules(args, log, typed, parser)
        return ask(
            args, sf.time_to_convert, log, steps=typed.steps(), bins=args.bins, calendar=calendar, **options
        )


def sequence_paths(args: _Args, parser: _Parser) -> pd.DataFrame:
    """List what comes between two steps."""
    with _opened(args, parser) as (log, typed, _):
        options = _between(args) | _groups(args) | _rules(args, log, typed, parser)
        return ask(args, sf.sequence_paths, log, steps=typed.steps(), **options)


@contextmanager
def _opened(args: _Args, parser: _Parser) -> Iterator[tuple[sf.StageLog, TypedSteps, sf.WorkingHours | None]]:
    """Read the log and its calendar, and what reads the steps then."""
    check_steps(args, parser)
    with open_log_alone(args, parser) as (log, calendar):
        yield log, TypedSteps(args, parser, log), calendar


def _between(args: _Args) -> dict[str, Any]:
    return {"from_step": args.from_step, "to_step": args.to_step}


def _groups(args: _Args) -> dict[str, Any]:
    return {
        "top": args.top,
        "by": split_names(args.by),
        "attribution": args.attribution,
        "attribution_step": args.attribution_step,
    }


def _rules(args: _Args, log: sf.StageLog, typed: TypedSteps, parser: _Parser) -> dict[str, Any]:
    return {
        "window": read_length(args.window, log),
        "mode": args.mode,
        "modes": split_names(args.modes) or (),
        "max_gap": read_length(args.max_gap, log),
        "min_gap": read_length(args.min_gap, log),
        "timing": args.timing,
        "exclude": typed.exclusions(),
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
