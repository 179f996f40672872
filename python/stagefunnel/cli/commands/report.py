"""The commands that write a page: about a log, and about the sample."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import Any, TypeAlias

import stagefunnel as sf

from ...display.write import write_file
from ..inputs import open_inputs
from ..values import split_names

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def report(args: _Args, parser: _Parser) -> None:
    """Write the report."""
    with open_inputs(args, parser) as inputs:
        options: dict[str, Any] = {
            "title": args.title,
            "by": split_names(args.by),
            "top": args.top,
            "reason": args.reason,
            "every": args.every,
            **inputs.scope(args),
        }
        page = _written(inputs.log, inputs.pipeline, args.page, options)
    _print(f"wrote {page}")


def demo(args: _Args, parser: _Parser) -> None:
    """Write the files of the sample and its report, and print both funnels."""
    shop = sf.datasets.furniture_shop()
    directory = args.directory
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        parser.error(f"{directory}: {error.strerror}")
    files = _write_sample(shop, directory)
    sys.stdout.write(f"{sf.show(sf.funnel(shop.log, shop.pipeline, kind='both'))}\n\n")
    page = os.path.join(directory, "report.html")
    _written(shop.log, shop.pipeline, page, {"title": "Furniture shop", "by": "manager"})
    _print(
        f"wrote {', '.join(files)} and report.html to {directory}\n\n"
        f"Open {page} in a browser. What to type next:\n{_next_steps(directory)}"
    )


def _write_sample(shop: sf.datasets.Shop, directory: str) -> list[str]:
    """Write the tables and the pipelines of the sample; return the names of the files."""
    tables = {
        "deals.csv": shop.frame,
        "items.csv": shop.deals,
        "leads.csv": shop.lead_frame,
        "links.csv": shop.links,
    }
    for name, table in tables.items():
        write_file(table, "csv", os.path.join(directory, name))
    pipelines = {
        "pipeline.toml": (shop.pipeline, "deal_id"),
        "leads.toml": (shop.lead_pipeline, "lead_id"),
    }
    for name, (pipeline, key) in pipelines.items():
        columns = {"item": key, "stage": "stage", "time": "entered_at"}
        write_file(sf.Settings(pipeline, columns).to_toml(), "toml", os.path.join(directory, name))
    return [*tables, *pipelines]


def _next_steps(directory: str) -> str:
    """List commands that run as they stand, even if the name of the directory has spaces."""
    rows, items, pipeline = (
        shlex.quote(os.path.join(directory, name)) for name in ("deals.csv", "items.csv", "pipeline.toml")
    )
    return (
        f"  stagefunnel funnel {rows} --pipeline {pipeline} --kind both --items {items} --by source\n"
        f"  stagefunnel losses {rows} --pipeline {pipeline}\n"
        f"  stagefunnel report {rows} --pipeline {pipeline} --period 2026-Q1 --out quarter.html"
    )


def _written(log: sf.StageLog, pipeline: sf.Pipeline, path: str, options: dict[str, Any]) -> Path:
    """Write a page; the error for a missing library names the page."""
    try:
        return sf.report(log, pipeline, path, **options)
    except ImportError as error:
        raise sf.StageFunnelError(f"{path} is not written: {error}") from error


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
