"""The commands that write a page: of a log, and of the sample."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any, TypeAlias

import stagefunnel as sf

from ...display.write import write_file
from ..reading import asking, names_of
from .questions import moment_of, period_of

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def report(args: _Args, parser: _Parser) -> None:
    """Write the report."""
    with asking(args, parser) as asked:
        options: dict[str, Any] = {
            "title": args.title,
            "by": names_of(args.by),
            "top": args.top,
            "reason": args.reason,
            "every": args.every,
            "unlisted": asked.unlisted,
            "period": period_of(args.period, asked.log),
            "basis": args.basis,
            "as_of": moment_of(args.as_of, asked.log),
        }
        page = _written(asked.log, asked.pipeline, args.page, options)
    _say(f"wrote {page}")


def demo(args: _Args, parser: _Parser) -> None:
    """Write the sample's files, print both funnels and write the report."""
    shop = sf.datasets.furniture_shop()
    directory = args.directory
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        parser.error(f"{directory}: {error.strerror}")
    tables = {
        "deals.csv": shop.frame,
        "items.csv": shop.deals,
        "leads.csv": shop.lead_frame,
        "links.csv": shop.links,
    }
    for name, table in tables.items():
        write_file(table, "csv", os.path.join(directory, name))
    parts = {
        "pipeline.toml": (shop.pipeline, "deal_id"),
        "leads.toml": (shop.lead_pipeline, "lead_id"),
    }
    for name, (pipeline, key) in parts.items():
        columns = {"item": key, "stage": "stage", "time": "entered_at"}
        write_file(sf.Settings(pipeline, columns).to_toml(), "toml", os.path.join(directory, name))
    sys.stdout.write(f"{sf.show(sf.funnel(shop.log, shop.pipeline, kind='both'))}\n\n")
    page = os.path.join(directory, "report.html")
    _written(shop.log, shop.pipeline, page, {"title": "Furniture shop", "by": "manager"})
    _say(
        f"wrote {', '.join([*tables, *parts])} and report.html to {directory}\n\n"
        f"Open {page} in a browser. What to type next:\n{_next_steps(directory)}"
    )


def _next_steps(directory: str) -> str:
    """List commands that run as they stand, also where the directory's name has spaces."""
    rows, items, pipeline = (
        shlex.quote(os.path.join(directory, name)) for name in ("deals.csv", "items.csv", "pipeline.toml")
    )
    return (
        f"  stagefunnel funnel {rows} --pipeline {pipeline} --kind both --items {items} --by source\n"
        f"  stagefunnel losses {rows} --pipeline {pipeline}\n"
        f"  stagefunnel report {rows} --pipeline {pipeline} --period 2026-Q1 --out quarter.html"
    )


def _written(log: sf.StageLog, pipeline: sf.Pipeline, path: str, options: dict[str, Any]) -> Path:
    """Write a page, or say what has to be installed for it."""
    try:
        return sf.report(log, pipeline, path, **options)
    except ImportError as error:
        raise sf.StageFunnelError(f"{path} is not written: {error}") from error


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
