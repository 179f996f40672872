"""What each command asks of a log."""

from __future__ import annotations

import argparse
import re
from typing import Any, TypeAlias

import pandas as pd

import stagefunnel as sf

from .reading import names_of, reading, settings_of

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def funnel(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for the funnel."""
    settings = settings_of(args, parser)
    with reading(args, parser, settings) as log:
        return sf.funnel(log, settings.pipeline, **_funnel_options(args, settings, log))


def trend(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for the funnels of many periods."""
    settings = settings_of(args, parser)
    with reading(args, parser, settings) as log:
        options = _funnel_options(args, settings, log)
        return sf.funnel_by_period(log, settings.pipeline, every=args.every, **options)


def compare(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for the funnels of two periods side by side."""
    if args.period is None:
        parser.error("compare needs --period")
    settings = settings_of(args, parser)
    with reading(args, parser, settings) as log:
        options = _funnel_options(args, settings, log)
        with_ = args.with_ if args.with_ in ("previous", "last_year") else _period_of(args.with_, log)
        return sf.compare_periods(log, settings.pipeline, options.pop("period"), with_=with_, **options)


def time_in_stage(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask how long items stay in each stage."""
    settings = settings_of(args, parser)
    with reading(args, parser, settings) as log:
        return sf.time_in_stage(log, settings.pipeline, per=args.per, **_part_of(args, settings, log))


def transitions(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for the moves."""
    settings = settings_of(args, parser)
    with reading(args, parser, settings) as log:
        return sf.transitions(log, settings.pipeline, **_part_of(args, settings, log))


def items(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for one row per item."""
    settings = settings_of(args, parser)
    with reading(args, parser, settings) as log:
        return sf.item_table(log, settings.pipeline, **_part_of(args, settings, log))


def summary(args: _Args, parser: _Parser) -> sf.Summary:
    """Ask for all tables."""
    settings = settings_of(args, parser)
    with reading(args, parser, settings) as log:
        return sf.summary(
            log,
            settings.pipeline,
            fill=args.fill,
            lost_then_won=args.lost_then_won,
            by=names_of(args.by),
            per=args.per,
            **_part_of(args, settings, log),
        )


def quality(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask what is unusual."""
    settings = settings_of(args, parser) if args.pipeline else None
    with reading(args, parser, settings) as log:
        return log.quality(settings.pipeline if settings else None)


def _funnel_options(args: _Args, settings: sf.Settings, log: sf.StageLog) -> dict[str, Any]:
    return {
        "kind": args.kind,
        "fill": args.fill,
        "lost_then_won": args.lost_then_won,
        "by": names_of(args.by),
        "amount": args.amount,
        **_part_of(args, settings, log),
    }


def _part_of(args: _Args, settings: sf.Settings, log: sf.StageLog) -> dict[str, Any]:
    return {
        "unlisted": args.unlisted or settings.unlisted,
        "period": _period_of(args.period, log),
        "basis": args.basis,
        "as_of": _side(args.as_of, log),
    }


def _period_of(text: str | None, log: sf.StageLog) -> Any:
    """Read ``START..END`` as a pair; of a log of plain integers both are numbers."""
    if text is None:
        return None
    start, dots, end = text.partition("..")
    return (_side(start, log), _side(end, log)) if dots else text


def _side(text: str | None, log: sf.StageLog) -> Any:
    if not text:
        return None
    return int(text) if log.unit is None and re.fullmatch(r"-?[0-9]+", text) else text
