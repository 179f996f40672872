"""The command that writes a page about a log."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import stagefunnel as sf

from ...clean import clean
from ...display.standard_output import to_standard_output
from ..inputs import open_inputs
from ..pages import write_page
from ..progress import page_bar
from ..values import read_length, read_limits, split_names
from .questions import currency_of

_Args: TypeAlias = argparse.Namespace
_Parser: TypeAlias = argparse.ArgumentParser


def report(args: _Args, parser: _Parser) -> None:
    """Write the report."""
    with open_inputs(args, parser) as inputs:
        options: dict[str, Any] = {
            "title": args.title,
            "sections": split_names(args.sections),
            "logo": args.logo,
            "anonymous": args.anonymous,
            "language": args.language,
            "by": split_names(args.by),
            "top": args.top,
            "reason": args.reason,
            "amount": args.amount,
            **currency_of(args, parser),
            "every": args.every,
            "within": read_length(args.within, inputs.log),
            "calendar": inputs.calendar,
            "limits": read_limits(args.limits, inputs.log, inputs.pipeline, parser),
            "items": not args.no_items,
            "since_last": args.settings is not None if args.since_last is None else args.since_last,
            "filters": args.filters,
            **inputs.scope(args),
        }
        with page_bar(args.page, quiet=args.quiet) as progress, _said_of_last_page():
            page = write_page(inputs.log, inputs.pipeline, args.page, progress=progress, **options)
    to_standard_output(f"wrote {clean(str(page))}\n")


@contextmanager
def _said_of_last_page() -> Iterator[None]:
    """Say what is wrong with the numbers of the last page; what else is warned of is on the page."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", sf.StageFunnelWarning)
        yield
    texts = [str(one.message) for one in caught if ".numbers.json" in str(one.message)]
    for text in texts:
        if sys.stderr is not None:  # it is None if the standard error is closed
            sys.stderr.write(f"stagefunnel: warning: {clean(text)}\n")
