"""What each command asks of a log."""

from __future__ import annotations

import argparse
import re
from typing import Any, TypeAlias

import pandas as pd

import stagefunnel as sf

from ..reading import Asked, asking, checking, names_of

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def funnel(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for the funnel."""
    with asking(args, parser) as asked:
        money = {"amount_at": args.amount_at, "currency": args.currency, "rates": _rates_of(args, parser)}
        options = _funnel_options(args, asked)
        return sf.funnel(asked.log, asked.pipeline, at=args.at, top=args.top, **money, **options)


def trend(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for the funnels of many periods."""
    with asking(args, parser) as asked:
        options = _funnel_options(args, asked)
        return sf.funnel_by_period(asked.log, asked.pipeline, every=args.every, **options)


def compare(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for the funnels of two periods side by side."""
    if args.period is None:
        parser.error("compare needs --period")
    with asking(args, parser) as asked:
        options = _funnel_options(args, asked)
        with_ = args.with_ if args.with_ in ("previous", "last_year") else period_of(args.with_, asked.log)
        return sf.compare_periods(asked.log, asked.pipeline, options.pop("period"), with_=with_, **options)


def time_in_stage(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask how long items stay in each stage."""
    with asking(args, parser) as asked:
        return sf.time_in_stage(asked.log, asked.pipeline, per=args.per, **_part_of(args, asked))


def transitions(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for the moves."""
    with asking(args, parser) as asked:
        return sf.transitions(asked.log, asked.pipeline, **_part_of(args, asked))


def items(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for one row per item."""
    with asking(args, parser) as asked:
        return sf.item_table(asked.log, asked.pipeline, **_part_of(args, asked))


def losses(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask where items are lost, and why."""
    with asking(args, parser) as asked:
        return sf.losses(
            asked.log,
            asked.pipeline,
            by=names_of(args.by),
            reason=args.reason,
            amount=args.amount,
            **_part_of(args, asked),
        )


def skips(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask who skips which stage."""
    with asking(args, parser) as asked:
        return sf.skips(asked.log, asked.pipeline, by=names_of(args.by), **_part_of(args, asked))


def flow(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask for the balance of every stage."""
    with asking(args, parser) as asked:
        part = _part_of(args, asked)
        del part["basis"]
        return sf.flow(asked.log, asked.pipeline, **part)


def summary(args: _Args, parser: _Parser) -> sf.Summary:
    """Ask for all tables."""
    with asking(args, parser) as asked:
        return sf.summary(
            asked.log,
            asked.pipeline,
            fill=args.fill,
            lost_then_won=args.lost_then_won,
            by=names_of(args.by),
            per=args.per,
            **_part_of(args, asked),
        )


def quality(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Ask what is unusual."""
    with checking(args, parser) as (log, pipeline):
        return log.quality(pipeline)


def _funnel_options(args: _Args, asked: Asked) -> dict[str, Any]:
    return {
        "kind": args.kind,
        "fill": args.fill,
        "lost_then_won": args.lost_then_won,
        "by": names_of(args.by),
        "amount": args.amount,
        **_part_of(args, asked),
    }


def _part_of(args: _Args, asked: Asked) -> dict[str, Any]:
    return {
        "unlisted": asked.unlisted,
        "period": period_of(args.period, asked.log),
        "basis": args.basis,
        "as_of": moment_of(args.as_of, asked.log),
    }


def _rates_of(args: _Args, parser: _Parser) -> dict[str, float] | None:
    """Read ``EUR=1.08`` and so on."""
    if args.rate is None:
        return None
    rates = {}
    for text in args.rate:
        name, equals, number = text.partition("=")
        try:
            rates[name] = float(number if equals else "")
        except ValueError:
            parser.error(f"--rate {text}: expected a currency and its rate, such as EUR=1.08")
    return rates


def period_of(text: str | None, log: sf.StageLog) -> Any:
    """Read ``START..END`` as a pair; of a log of plain integers both are numbers."""
    if text is None:
        return None
    start, dots, end = text.partition("..")
    return (moment_of(start, log), moment_of(end, log)) if dots else text


def moment_of(text: str | None, log: sf.StageLog) -> Any:
    """Read a moment; of a log of plain integers it is a number."""
    if not text:
        return None
    return int(text) if log.unit is None and re.fullmatch(r"-?[0-9]+", text) else text
