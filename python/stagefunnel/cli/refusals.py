"""Options that would change nothing where they are given: they are refused, with what they are for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from ..display.formats import choose_format
from .database_options import names_database
from .saved_files import asks_saved

_Args: TypeAlias = argparse.Namespace


class _Rule(NamedTuple):
    """Some options, when they change nothing, and what the error says; ``{}`` stands for the option."""

    options: tuple[str, ...]
    is_idle: Callable[[_Args], bool]
    text: str


def refuse_idle(args: _Args, parser: argparse.ArgumentParser) -> None:
    """End with wrong usage if an option that was typed, which ``args.given`` holds, changes nothing."""
    for rule in _RULES:
        for option in rule.options:
            if option in args.given and rule.is_idle(args):
                parser.error(rule.text.format(f"--{option.replace('_', '-')}"))


def _lacks(name: str) -> Callable[[_Args], bool]:
    return lambda args: getattr(args, name, None) is None


def _is_usual(option: str, about: str) -> Callable[[_Args], bool]:
    """Check for a default about an option that is not given; the question itself refuses other values."""
    usual = {"at": "first", "amount_at": "last", "attribution": "first_touch"}[option]
    return lambda args: getattr(args, about) is None and getattr(args, option) == usual


def _is_export(args: _Args) -> bool:
    """Check for a command about an export; to ``read``, and to a chain of files, nothing else is given.

    What ``init`` is given may be one.
    """
    if (hasattr(args, "to") and not hasattr(args, "clock")) or hasattr(args, "toml"):
        return True
    return bool(args.files) if hasattr(args, "links") else getattr(args, "read", False)


def _is_of_database(args: _Args) -> bool:
    return getattr(args, "sql", None) is not None


def _is_of_tables(args: _Args) -> bool:
    return not _is_export(args)


def _has_no_conversions(args: _Args) -> bool:
    return getattr(args, "kind", "both") not in ("conversions", "both")


def _keeps_all(option: str) -> Callable[[_Args], bool]:
    """Check for a basis that chooses nothing: without a period only closed items are a choice."""

    def is_idle(args: _Args) -> bool:
        if _follows_cohorts(args) and args.basis == "created":
            return True  # that is what it is anyway
        if hasattr(args, "every") and not hasattr(args, "page"):
            return False  # a trend has periods of its own
        if option == "basis" and hasattr(args, "period_basis"):
            return False  # that of a chain says in what it is counted
        chooses = getattr(args, "period", None) is not None or getattr(args, "within", None) is not None
        return not chooses and getattr(args, option) != "closed"

    return is_idle


def _follows_cohorts(args: _Args) -> bool:
    """Check for a question that follows items from their creation, unless something else is asked."""
    return hasattr(args, "clock") or (hasattr(args, "tau") and hasattr(args, "every"))


def _measures_nothing(args: _Args) -> bool:
    """Check for a question in which no item is too recent, and that has no periods of its own."""
    if _lists_open_items(args) or _looks_ahead(args):
        return False
    if hasattr(args, "window"):
        return args.window is None
    has_periods = hasattr(args, "every") or getattr(args, "same_part", False)
    return not has_periods and args.within is None


def _lists_open_items(args: _Args) -> bool:
    """Check for the question of which every answer is about the end of observation."""
    return hasattr(args, "limits") and not hasattr(args, "per")


def _looks_ahead(args: _Args) -> bool:
    """Check for a question about the time after the end of observation."""
    return any(hasattr(args, name) for name in ("horizon", "benchmark", "train"))


def _measures_no_item(args: _Args) -> bool:
    """Check for a list of items without a length of time."""
    wanted = (getattr(args, "columns", None) or "").split(",")
    return hasattr(args, "open_at") and not {"cycle_time", "in_stage", "age"} & {*wanted}


def _reads_step_1(args: _Args) -> bool:
    """Check for the default of an option that the question refuses elsewhere."""
    return bool(args.attribution != "step" and args.attribution_step == 1)


#: Options that say how rows are read: those of a saved log have been read.
_OF_ROWS: Final = (
    *("item", "stage", "time", "order", "exited", "start_unknown", "time_format", "zone", "invalid", "empty"),
    *("read", "of", "crm", "only", "merged", "dayfirst", "decimal", "encoding"),
)
_RULES: Final = (
    _Rule(_OF_ROWS, asks_saved, "{} says how rows are read, and a saved log has its own; leave it out"),
    _Rule(
        ("items", "items_key"),
        asks_saved,
        "{} is for files of rows, and a saved log has its own table of items; bring new rows of it with "
        "`stagefunnel append`, or leave it out",
    ),
    _Rule(
        ("spill", "memory"), asks_saved, "{} is for files of rows, and a saved log is on disk; leave it out"
    ),
    _Rule(
        ("spill", "memory"), _is_export, "{} is for tables of your own, and this is an export; leave it out"
    ),
    _Rule(("spill", "memory"), _is_of_database, "{} is for files, and these rows come from a database"),
    _Rule(
        ("memory",),
        lambda args: args.spill is None and not hasattr(args, "saved"),
        "{} is for rows that are put on disk, and there is no --spill; give it a folder",
    ),
    _Rule(("sql",), asks_saved, "{} stands in the place of files, and a saved log does too; leave out one"),
    _Rule(
        ("columns",),
        lambda args: hasattr(args, "saved") and (_is_export(args) or asks_saved(args)),
        "{} names columns of tables, and an export or a saved log brings its own; leave it out",
    ),
    _Rule(
        ("into", "if_exists", "schema"),
        lambda args: not names_database(getattr(args, "to", None) or args.out),
        "{} is about a table of a database, and the place of the answer is none; give its URI",
    ),
    _Rule(
        ("out",),
        lambda args: names_database(args.out) and args.into is None,
        "{} names a database, and there is no --into; give the name of the table",
    ),
    _Rule(
        ("format", "wide", "matrix"),
        lambda args: names_database(args.out),
        "{} is for a file or the screen, and --out names a database; leave out one of them",
    ),
    _Rule(("connection",), _lacks("sql"), "--connect names a database, and there is no --sql; give both"),
    _Rule(("sql",), _lacks("connection"), "{} is for a database, and there is no --connect; give both"),
    _Rule(
        ("sql",),
        lambda args: bool(args.files) and (hasattr(args, "toml") or not _is_export(args)),
        "{} stands in the place of files; leave out one of them, or add --read to read them together",
    ),
    _Rule(
        ("read",),
        lambda args: hasattr(args, "links") and not args.files,
        "{} is for the files of an export; --leads, --deals and --links are tables",
    ),
    _Rule(
        ("of", "crm", "only", "merged", "dayfirst", "decimal", "encoding"),
        _is_of_tables,
        "{} says how a CRM's export is read; add --read, or leave it out",
    ),
    _Rule(("items", "items_key"), _is_export, "an export has its own table of items; leave out {}"),
    _Rule(("start_unknown",), _is_export, "an export says itself which starts are unknown; leave out {}"),
    _Rule(
        ("calendar",),
        _measures_no_item,
        "{} measures cycle_time, in_stage and age; name one of them in --columns, or leave it out",
    ),
    _Rule(("items_key",), _lacks("items"), "{} names the key of --items, and there is no --items"),
    _Rule(("empty",), _is_export, "{} is for tables of your own: an export without rows is refused"),
    _Rule(("threads",), _is_export, "{} is for tables of your own; for an export set STAGEFUNNEL_THREADS"),
    _Rule(("lead", "deal"), _is_export, "{} names a column of --links; an export has its own links"),
    _Rule(
        ("top",),
        lambda args: hasattr(args, "page") and args.by is None,
        "{} is the number of groups to show, and there is no --by",
    ),
    _Rule(("at",), _is_usual("at", "by"), "{} says where --by is read, and there is no --by"),
    _Rule(("attribution",), _is_usual("attribution", "by"), "{} says how --by is read, and there is no --by"),
    _Rule(
        ("amount_at",),
        _is_usual("amount_at", "amount"),
        "{} says how --amount is read, and there is no --amount",
    ),
    _Rule(
        ("fill",),
        _has_no_conversions,
        "{} says what conversions fill in; ask for --kind conversions or --kind both",
    ),
    *(
        _Rule(
            (option,),
            _keeps_all(option),
            "{} says which items --period keeps, and there is no --period; only closed needs none",
        )
        for option in ("basis", "period_basis")
    ),
    _Rule(
        ("observed_until",),
        # Moments at which items are described are not the end of what is seen of them.
        lambda args: args.as_of is not None and not hasattr(args, "windows"),
        "{} is the end of observation where there is no --as-of; leave one of them out",
    ),
    _Rule(
        ("observed_until",),
        _measures_nothing,
        "{} is what --within or --window measures to, and there is none of them",
    ),
    _Rule(
        ("matrix", "language"),
        lambda args: (
            not hasattr(args, "page") and choose_format(args.format, args.out) not in ("table", "markdown")
        ),
        "{} is a look of tables for people; leave it out, or choose --format table or markdown",
    ),
    _Rule(("attribution_step",), _reads_step_1, "{} says which step --attribution step reads; ask for that"),
)
