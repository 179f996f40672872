"""The command that writes a sample and its page."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import TypeAlias

import stagefunnel as sf

from ...display.standard_output import to_standard_output
from ...reports.painter import painter_ready
from ..pages import write_page
from ..progress import page_bar

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def demo(args: _Args, parser: _Parser) -> None:
    """Write the files of the sample and its report, and print both funnels."""
    directory = args.directory
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        parser.error(f"{directory}: {error.strerror}")
    with painter_ready():
        _write(directory)


def _write(directory: str) -> None:
    # The first names that are read load pandas, while the bar is on the screen already.
    with page_bar(directory, quiet=False):
        shop = sf.datasets.furniture_shop()
        files = _write_sample(shop, directory)
        funnel = sf.show(sf.funnel(shop.log, shop.pipeline, kind="both"))
    to_standard_output(f"{funnel}\n\n")
    page = os.path.join(directory, "report.html")
    with page_bar(page, quiet=False) as progress:
        options = {"title": "Furniture shop", "by": "manager"}
        write_page(shop.log, shop.pipeline, page, progress=progress, **options)
    to_standard_output(
        f"wrote {', '.join(files)} and report.html to {directory}\n\n"
        f"Open {page} in a browser. What to type next:\n{_next_steps(directory)}\n"
    )


def _write_sample(shop: sf.datasets.Shop, directory: str) -> list[str]:
    """Write the tables and the pipelines of the sample; return the names of the files."""
    from ...display.write import write_file

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
