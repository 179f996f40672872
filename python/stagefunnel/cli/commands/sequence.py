"""The command that counts sequences of stages."""

from __future__ import annotations

import argparse
from typing import Any, TypeAlias

import pandas as pd

import stagefunnel as sf

from ..inputs import open_log_alone
from ..values import read_length, read_moment, split_names

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def sequence(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count how far items come through steps, or answer another question about these steps."""
    steps = [_step(text, parser) for text in args.steps.split(",")]
    with open_log_alone(args, parser) as (log, calendar):
        rules = _rules(args, log, parser)
        if args.table == "items":
            return sf.sequence_items(log, steps, **rules)
        between: dict[str, Any] = {"from_step": args.from_step, "to_step": args.to_step}
        if args.table == "paths":
            return sf.sequence_paths(log, steps, top=args.top, **between, **rules)
        by = split_names(args.by)
        groups: dict[str, Any] = {
            "by": by,
            "attribution": args.attribution,
            "attribution_step": args.attribution_step,
        }
        if args.table == "times":
            return sf.time_to_convert(
                log, steps, bins=args.bins, calendar=calendar, **between, **groups, **rules
            )
        if args.table == "trend":
            return sf.sequence_trend(log, steps, every=args.every, **between, **groups, **rules)
        return sf.sequence_funnel(log, steps, **groups, **rules)


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
