"""The commands that ask one question of a log."""

from __future__ import annotations

import argparse
from typing import Any, TypeAlias

import pandas as pd

import stagefunnel as sf

from ..asking import ask
from ..inputs import Inputs, open_inputs, open_log_and_pipeline
from ..values import read_length, read_limits, read_period, read_stage, split_names

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def funnel(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count the funnel."""
    with open_inputs(args, parser) as inputs:
        money = {"amount_at": args.amount_at, **currency_of(args, parser)}
        options = _funnel_options(args, inputs)
        options |= {"at": args.at, "top": args.top, "confidence": args.confidence}
        return inputs.ask(args, sf.funnel, **money, **options)


def funnel_by_period(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count a funnel for each period."""
    with open_inputs(args, parser) as inputs:
        money = {"amount_at": args.amount_at, **currency_of(args, parser)}
        options = _funnel_options(args, inputs)
        options |= {"every": args.every, "top": args.top, "confidence": args.confidence}
        return inputs.ask(args, sf.funnel_by_period, **money, **options)


def compare_periods(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count the funnels of two periods side by side."""
    if args.period is None:
        parser.error("compare-periods needs --period, the period to compare")
    with open_inputs(args, parser) as inputs:
        options = _funnel_options(args, inputs)
        is_word = args.against in ("previous", "last_year")
        against = args.against if is_word else read_period(args.against, inputs.log)
        return inputs.ask(
            args,
            sf.compare_periods,
            options.pop("period"),
            against=against,
            same_part=args.same_part,
            confidence=args.confidence,
            amount_at=args.amount_at,
            **currency_of(args, parser),
            **options,
        )


def outcomes(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count how the items stand."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.outcomes,
            lost_then_won=args.lost_then_won or "include",
            **_groups(args),
            amount=args.amount,
            amount_at=args.amount_at,
            **currency_of(args, parser),
            unit=args.unit,
            confidence=args.confidence,
            **inputs.cohort(args),
        )


def explain(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Explain one item."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.explain,
            item=args.item_key,
            kind=args.kind,
            fill=args.fill,
            lost_then_won=args.lost_then_won,
            **inputs.scope(args),
        )


def time_in_stage(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Summarise how long items stay in each stage."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.time_in_stage,
            per=args.per,
            calendar=inputs.calendar,
            **_groups(args),
            limits=read_limits(args.limits, inputs.log, inputs.pipeline, parser),
            open_visits=args.open_visits,
            confidence=args.confidence,
            tau=read_length(args.tau, inputs.log),
            **inputs.scope(args),
        )


def time_to(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Summarise how long items take to a stage."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.time_to,
            read_stage(args.to_stage, inputs.pipeline),
            start=read_stage(args.start, inputs.pipeline),
            by=split_names(args.by),
            top=args.top,
            calendar=inputs.calendar,
            open_visits=args.open_visits,
            **inputs.scope(args),
        )


def cohort_maturity(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Say of each cohort how much of its answer is in."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.cohort_maturity,
            every=args.every,
            tau=read_length(args.tau, inputs.log),
            by=split_names(args.by),
            top=args.top,
            calendar=inputs.calendar,
            **inputs.scope(args) | {"basis": args.basis},
        )


def absorption(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Estimate where the moves from each stage end."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.absorption,
            by=split_names(args.by),
            top=args.top,
            method=args.method,
            se=args.se,
            calendar=inputs.calendar,
            confidence=args.confidence,
            **inputs.cohort(args),
        )


def cumulative_incidence(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Estimate how many items are won and lost by each age."""
    with open_inputs(args, parser) as inputs:
        log, pipeline = inputs.log, inputs.pipeline
        times = split_names(args.times)
        return ask(
            args,
            sf.cumulative_incidence,
            log,
            pipeline,
            to=args.to if args.to == "outcome" else read_stage(args.to, pipeline),
            clock=args.clock,
            stage=None if args.of_stage is None else read_stage(args.of_stage, pipeline),
            times=None if times is None else [read_length(time, log) for time in times],
            by=split_names(args.by),
            top=args.top,
            observed=read_period(args.observed, log),
            calendar=inputs.calendar,
            confidence=args.confidence,
            se=args.se,
            min_at_risk=args.min_at_risk,
            reopen=args.reopen,
            **inputs.cohort(args),
        )


def visits(args: _Args, parser: _Parser) -> pd.DataFrame:
    """List the visits, one row each."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.visits,
            by=split_names(args.by),
            at=args.at,
            columns=split_names(args.columns) or (),
            calendar=inputs.calendar,
            **inputs.scope(args),
        )


def variants(args: _Args, parser: _Parser) -> pd.DataFrame:
    """List the variants of whole journeys."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.variants,
            top=args.top,
            by=split_names(args.by),
            at=args.at,
            calendar=inputs.calendar,
            **inputs.scope(args),
        )


def transitions(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count the transitions."""
    with open_inputs(args, parser) as inputs:
        options = {**_groups(args), "confidence": args.confidence}
        return inputs.ask(args, sf.transitions, **options, **inputs.scope(args))


def item_table(args: _Args, parser: _Parser) -> pd.DataFrame:
    """List the items, one row each."""
    with open_inputs(args, parser) as inputs:
        cells = ("open_at", "skipped", "lost_from", "reached", "passed", "assumed", "began_beyond")
        of_cells = {
            name: read_stage(label, inputs.pipeline)
            for name in cells
            if (label := getattr(args, name)) is not None
        }
        return inputs.ask(
            args,
            sf.item_table,
            by=split_names(args.by),
            at=args.at,
            kind=args.kind,
            fill=args.fill,
            lost_then_won=args.lost_then_won,
            columns=split_names(args.columns) or (),
            calendar=inputs.calendar,
            **of_cells,
            **inputs.scope(args),
        )


def open_items(args: _Args, parser: _Parser) -> pd.DataFrame:
    """List the items that are open now, the stuck ones first."""
    with open_inputs(args, parser) as inputs:
        options = inputs.stretch(args)
        options.pop("period")  # what is open is open now
        return inputs.ask(
            args,
            sf.open_items,
            columns=split_names(args.columns) or (),
            top=args.top,
            limits=read_limits(args.limits, inputs.log, inputs.pipeline, parser),
            calendar=inputs.calendar,
            **options,
        )


def losses(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count where items are lost, and why."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.losses,
            by=split_names(args.by),
            at=args.at,
            top=args.top,
            reason=args.reason,
            amount=args.amount,
            unit=args.unit,
            confidence=args.confidence,
            calendar=inputs.calendar,
            **inputs.cohort(args),
        )


def skips(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count which stages are skipped, by group."""
    with open_inputs(args, parser) as inputs:
        scope = inputs.cohort(args)
        options = {**_groups(args), "unit": args.unit, "confidence": args.confidence}
        return inputs.ask(args, sf.skips, **options, **scope)


def flow(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Balance every stage."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.flow,
            every=args.every,
            amount=args.amount,
            **currency_of(args, parser),
            **_groups(args),
            **inputs.stretch(args),
        )


def sales_velocity(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Say what the open items are worth a day."""
    if args.amount is None:
        parser.error("sales-velocity needs --amount, the column of amounts")
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.sales_velocity,
            amount=args.amount,
            amount_at=args.amount_at,
            **currency_of(args, parser),
            every=args.every,
            by=split_names(args.by),
            top=args.top,
            **inputs.stretch(args),
        )


def summary(args: _Args, parser: _Parser) -> sf.Summary:
    """Answer the usual questions at once."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.summary,
            fill=args.fill,
            lost_then_won=args.lost_then_won,
            **_groups(args),
            per=args.per,
            calendar=inputs.calendar,
            limits=read_limits(args.limits, inputs.log, inputs.pipeline, parser),
            **inputs.scope(args),
        )


def quality(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Count what is unusual in the rows."""
    with open_log_and_pipeline(args, parser) as (log, pipeline):
        return ask(args, type(log).quality, log, pipeline)


def _groups(args: _Args) -> dict[str, Any]:
    return {"by": split_names(args.by), "at": args.at, "top": args.top}


def _funnel_options(args: _Args, inputs: Inputs) -> dict[str, Any]:
    return {
        "kind": args.kind,
        "fill": args.fill,
        "lost_then_won": args.lost_then_won,
        "by": split_names(args.by),
        "amount": args.amount,
        "unit": args.unit,
        **inputs.cohort(args),
    }


def currency_of(args: _Args, parser: _Parser) -> dict[str, Any]:
    """Read the currency of an amount, and what each is worth."""
    return {"currency": args.currency, "rates": _rates_of(args, parser)}


def _rates_of(args: _Args, parser: _Parser) -> dict[str, float] | None:
    """Read rates such as ``EUR=1.08,GBP=1.27``."""
    if args.rates is None:
        return None
    rates = {}
    for text in [one for texts in args.rates for one in texts.split(",")]:
        name, equals, number = text.partition("=")
        try:
            rates[name] = float(number if equals else "")
        except ValueError:
            parser.error(f"--rates {text}: expected a currency and its rate, such as EUR=1.08")
    return rates
