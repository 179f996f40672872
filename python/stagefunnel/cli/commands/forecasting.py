"""The commands about what will become of the open items."""

from __future__ import annotations

import argparse
from typing import Any, TypeAlias

import pandas as pd

import stagefunnel as sf

from ..inputs import Inputs, open_inputs
from ..values import read_length, read_moment, read_period, read_stage, split_names
from .questions import currency_of

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def forecast(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Forecast how many of the open items will be won."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.forecast,
            by=split_names(args.by),
            top=args.top,
            target=args.target,
            probability=args.probability,
            horizon=_horizon(args.horizon, inputs),
            interval=args.interval,
            confidence=args.confidence,
            draws=args.draws,
            seed=args.seed,
            **_money(args, parser),
            **_fit(args, inputs),
        )


def win_probability(args: _Args, parser: _Parser) -> pd.DataFrame:
    """List the open items with their chance to be won."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.win_probability,
            columns=split_names(args.columns) or (),
            top=args.top,
            horizon=_horizon(args.horizon, inputs),
            confidence=args.confidence,
            seed=args.seed,
            **_money(args, parser),
            **_fit(args, inputs),
        )


def backtest(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Compare forecasts of past dates with what came."""
    with open_inputs(args, parser) as inputs:
        dates = split_names(args.from_dates)
        options = _now(args, inputs)
        return inputs.ask(
            args,
            sf.backtest,
            every=args.every,
            horizon=read_length(args.horizon, inputs.log),
            dates=None if dates is None else [read_moment(date, inputs.log) for date in dates],
            static=split_names(args.static),
            probability=args.probability,
            fit_by=split_names(args.fit_by),
            method=args.method,
            interval=args.interval,
            confidence=args.confidence,
            draws=args.draws,
            seed=args.seed,
            **_money(args, parser),
            **options,
        )


def bottlenecks(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Say where items wait, are lost, and would be worth saving."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.bottlenecks,
            by=split_names(args.by),
            top=args.top,
            benchmark=_benchmark(args.benchmark, inputs, parser),
            calendar=inputs.calendar,
            **inputs.stretch(args),
        )


def markov_check(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Test whether the next stage depends on more than the present one."""
    with open_inputs(args, parser) as inputs:
        return inputs.ask(
            args,
            sf.markov_check,
            by=split_names(args.by),
            top=args.top,
            **inputs.stretch(args),
        )


def state_occupation(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Say where the open items are to be expected after some time."""
    with open_inputs(args, parser) as inputs:
        times = [read_length(time, inputs.log) for time in split_names(args.times) or []]
        return inputs.ask(
            args,
            sf.state_occupation,
            times=times,
            by=split_names(args.by),
            top=args.top,
            **_fit(args, inputs),
        )


def win_within(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Say how likely an item is won within a time."""
    with open_inputs(args, parser) as inputs:
        ages = split_names(args.ages)
        return inputs.ask(
            args,
            sf.win_within,
            horizon=_horizon(args.horizon, inputs),
            ages=None if ages is None else [read_length(age, inputs.log) for age in ages],
            method=args.method,
            confidence=args.confidence,
            seed=args.seed,
            train=read_period(args.train, inputs.log),
            **_now(args, inputs),
        )


def item_features(args: _Args, parser: _Parser) -> pd.DataFrame:
    """Describe open items by what was known at some moments."""
    with open_inputs(args, parser) as inputs:
        windows = split_names(args.windows)
        moments = [read_moment(moment, inputs.log) for moment in split_names(args.as_of) or []]
        args.as_of = None
        options = _now(args, inputs)
        options.pop("as_of")
        return inputs.ask(
            args,
            sf.item_features,
            as_of=moments,
            horizon=read_length(args.horizon, inputs.log),
            columns=split_names(args.columns) or (),
            static=split_names(args.static),
            windows=None if windows is None else [read_length(one, inputs.log) for one in windows],
            **options,
        )


def _horizon(text: str | None, inputs: Inputs) -> Any:
    """Read a length of time, such as ``90d`` or a number, or else a period or a date."""
    if text is None:
        return None
    is_length = text.isdigit() or (text[-1:].isalpha() and text[:1].isdigit())
    return read_length(text, inputs.log) if is_length else read_period(text, inputs.log)


def _now(args: _Args, inputs: Inputs) -> dict[str, Any]:
    options = inputs.stretch(args)
    options.pop("period")  # what is open is open now
    return {**options, "calendar": inputs.calendar}


def _fit(args: _Args, inputs: Inputs) -> dict[str, Any]:
    return {
        "fit_by": split_names(args.fit_by),
        "method": args.method,
        "train": read_period(args.train, inputs.log),
        **_now(args, inputs),
    }


def _money(args: _Args, parser: _Parser) -> dict[str, Any]:
    return {"amount": args.amount, "amount_at": args.amount_at, **currency_of(args, parser)}


def _benchmark(text: str | None, inputs: Inputs, parser: _Parser) -> Any:
    """Read a column, or losses of stages."""
    if text is None or "=" not in text:
        return text
    losses = {}
    for part in split_names(text) or []:
        stage, _, share = part.rpartition("=")
        try:
            losses[read_stage(stage, inputs.pipeline)] = float(share)
        except ValueError:
            parser.error(f"--benchmark {part} is not a stage and a share, such as Delivery=0.1")
    return losses
