"""The command that reads leads, deals and their links as one chain."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from copy import copy
from typing import Any

import pandas as pd

import stagefunnel as sf

from ...files import expand, read_tables
from ..progress import progress_bars
from ..reading import Asked, read_export, reading, settings_of
from .questions import moment_of, period_of


def chain(args: argparse.Namespace, parser: argparse.ArgumentParser) -> pd.DataFrame:
    """Ask for the funnel of the chain, of an export or of three tables."""
    given = [name for name in ("leads", "deals", "links") if getattr(args, name) is not None]
    if args.files and given:
        parser.error(f"give the files of an export, or --leads, --deals and --links, not both (--{given[0]})")
    if args.files:
        export = read_export(args, parser)
        return sf.chain_funnel(
            export,
            lead_pipeline=args.lead_pipeline,
            deal_pipeline=args.deal_pipeline,
            **_options(args, export.log),
        )
    if len(given) < 3:
        parser.error("chain needs the files of an export, or all of --leads, --deals and --links")
    with ExitStack() as stack:
        leads, deals = (_part(args, parser, part, stack) for part in ("lead", "deal"))
        files = _files(args.links, parser)
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
            **_options(args, deals.log),
        )


def _part(args: argparse.Namespace, parser: argparse.ArgumentParser, part: str, stack: ExitStack) -> Asked:
    """Read one of the two logs as its pipeline file says."""
    option = f"--{part}-pipeline"
    path = getattr(args, f"{part}_pipeline")
    if path is None:
        parser.error(f"{option} says what the stages are")
    settings = settings_of(path, parser, option)
    own = copy(args)
    own.files = [getattr(args, f"{part}s")]
    log = stack.enter_context(reading(own, parser, settings))
    return Asked(log, settings.pipeline, args.unlisted or settings.unlisted)


def _files(pattern: str, parser: argparse.ArgumentParser) -> list[str]:
    try:
        return expand([pattern])
    except OSError as error:
        parser.error(str(error))


def _options(args: argparse.Namespace, log: sf.StageLog) -> dict[str, Any]:
    return {
        "kind": args.kind,
        "fill": args.fill,
        "lost_then_won": args.lost_then_won,
        "basis": args.count,
        "amount": args.amount,
        "unlisted": args.unlisted or "error",
        "period": period_of(args.period, log),
        "period_basis": args.basis,
        "as_of": moment_of(args.as_of, log),
    }
