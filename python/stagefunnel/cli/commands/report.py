"""The command that writes a page about a log."""

from __future__ import annotations

import argparse
import sys
from typing import Any, TypeAlias

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
            **inputs.scope(args),
        }
        with page_bar(args.page, quiet=args.quiet) as progress:
            page = write_page(inputs.log, inputs.pipeline, args.page, progress=progress, **options)
    sys.stdout.write(f"wrote {page}\n")
