"""The command that counts leads and their deals as one chain."""

from __future__ import annotations

import argparse
import shlex
from contextlib import ExitStack
from copy import copy
from typing import Any

import pandas as pd

import stagefunnel as sf

from ...files import read_tables
from ..inputs import Inputs, read_export, read_settings
from ..log_files import expand_files, open_log
from ..progress import progress_bars
from ..remarks import say_doubts
from ..values import read_length, read_moment, read_period, read_where, split_names


def chain_funnel(args: argparse.Namespace, parser: argparse.ArgumentParser) -> pd.DataFrame:
    """Count the funnel of a chain, from an export or from three tables."""
    given = [name for name in ("leads", "deals", "links") if getattr(args, name) is not None]
    if args.files and given:
        parser.error(f"give the files of an export, or --leads, --deals and --links, not both (--{given[0]})")
    if args.files:
        export = read_export(args, parser)
        for part in filter(None, (export.leads, export.deals)):
            say_doubts(part.log, args)
        return sf.chain_funnel(
            export,
            lead_pipeline=args.lead_pipeline,
            deal_pipeline=args.deal_pipeline,
            **_options(args, export.log, args.unlisted or "error"),
        )
    if len(given) < 3:
        parser.error("chain-funnel needs the files of an export, or all of --leads, --deals and --links")
    with ExitStack() as stack:
        leads, deals = (_part(args, parser, part, stack) for part in ("lead", "deal"))
        files = expand_files([args.links], parser)
        with progress_bars(quiet=args.quiet) as bar:
            links = read_tables(files, [args.deal, args.lead], progress=bar(files)).frame
        return sf.chain_funnel(
            leads.log,
            deals.log,
            links,
            lead_pipeline=leads.pipeline,
            deal_pipeline=deals.pipeline,
            deal=args.deal,
            lead=args.lead,
            **_options(
                args, deals.log, "ignore" if "ignore" in (leads.unlisted, deals.unlisted) else "error"
            ),
        )


def _part(args: argparse.Namespace, parser: argparse.ArgumentParser, part: str, stack: ExitStack) -> Inputs:
    """Read one of the two logs by its own pipeline file."""
    option = f"--{part}-pipeline"
    path = getattr(args, f"{part}_pipeline")
    if path is None:
        rows = shlex.quote(getattr(args, f"{part}s"))
        parser.error(
            f"{option} says what the stages are; `stagefunnel init {rows} --out {part}s.toml` writes one"
        )
    settings = read_settings(path, parser, option)
    own = copy(args)
    own.files = [getattr(args, f"{part}s")]
    if part == "deal":
        own.where = own.by = None  # their columns are those of the leads
    log = stack.enter_context(open_log(own, parser, settings))
    say_doubts(log, args)
    return Inputs(log, settings.pipeline, args.unlisted or settings.unlisted, args.missing)


def _options(args: argparse.Namespace, log: sf.StageLog, unlisted: str) -> dict[str, Any]:
    return {
        "kind": args.kind,
        "fill": args.fill,
        "lost_then_won": args.lost_then_won,
        "basis": args.basis,
        "amount": args.amount,
        "unlisted": unlisted,
        "missing": args.missing,
        "period": read_period(args.period, log),
        "period_basis": args.period_basis,
        "as_of": read_moment(args.as_of, log),
        "within": read_length(args.within, log),
        "confidence": args.confidence,
        "where": read_where(args),
        "by": split_names(args.by),
        "top": args.top,
    }
