"""The queries that a command reads in place of files."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ..databases.opening import open_database
from ..databases.queries import columns_of_query, frame_of_query, queries_by_name, query_text
from ..databases.secrets import masked_uri
from .progress import Bars

_NAMED: Final = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_SOURCE: Final = "the query"


def has_queries(args: argparse.Namespace) -> bool:
    """Check whether rows come of a database."""
    return bool(getattr(args, "sql", None))


def queries_of(args: argparse.Namespace, parser: argparse.ArgumentParser) -> dict[str, str]:
    """Return the texts of the queries by their names; one without a name is ``query``."""
    queries: dict[str, Any] = {}
    for typed in args.sql:
        found = _NAMED.fullmatch(typed)
        name, text = (found[1], found[2]) if found else ("query", typed)
        if name in queries:
            parser.error(f"--sql has two queries named {name}; write --sql NAME=FILE or --sql NAME=TEXT")
        if os.path.isfile(text) or (text.lower().endswith(".sql") and not any(map(str.isspace, text))):
            text = _text_of(text, parser)
        queries[name] = text
    return queries_by_name(queries)


def _text_of(path: str, parser: argparse.ArgumentParser) -> str:
    try:
        return query_text(Path(path))
    except (OSError, UnicodeDecodeError) as error:
        parser.error(f"--sql {path}: {getattr(error, 'strerror', None) or 'the file is not UTF-8'}")


def query_of(args: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """Return the one query that gives a log."""
    queries = queries_of(args, parser)
    if len(queries) > 1:
        parser.error("several queries are the parts of an export; add --read, or give one --sql")
    return next(iter(queries.values()))


def read_of_export(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Mapping[str, Any]:
    """Return the options of ``read`` that say what it reads of a database."""
    return {"sql": queries_of(args, parser), "connection": args.connection} if has_queries(args) else {}


def columns_in(args: argparse.Namespace, parser: argparse.ArgumentParser) -> Callable[[], list[str]]:
    """Return a function that asks, once and only where it matters, which columns the query has."""

    @cache
    def columns() -> list[str]:
        with open_database(args.connection) as database:
            return columns_of_query(database, query_of(args, parser), _SOURCE)

    return columns


def frames_of(args: argparse.Namespace, parser: argparse.ArgumentParser) -> pd.DataFrame | list[pd.DataFrame]:
    """Read the rows of the queries, to look at them: one frame, or several."""
    with open_database(args.connection) as database:
        frames = [frame_of_query(database, query, name) for name, query in queries_of(args, parser).items()]
    return frames[0] if len(frames) == 1 else frames


def bar_for(bar: Bars) -> Any:
    """Make a bar for a query."""
    return bar([_SOURCE])


def shown_inputs(args: argparse.Namespace) -> list[str]:
    """Return the words that name the input, as they can be typed again but for a password."""
    if not has_queries(args):
        return list(args.files)
    queries = [word for query in args.sql for word in ("--sql", query)]
    return [*args.files, "--connect", masked_uri(args.connection), *queries]


def joined_inputs(args: argparse.Namespace) -> str:
    """Write the words that name the input."""
    return shlex.join(shown_inputs(args))
