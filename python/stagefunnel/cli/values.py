"""Values of options: texts of a command line as the values that Python takes."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping
from typing import Any

import stagefunnel as sf

from .where_options import WhereCondition


def split_names(text: str | None) -> list[str] | None:
    """Split a list of names; commas inside brackets are of one name, such as ``amount:[0, 1000]``."""
    return None if text is None else re.split(r",(?![^\[\]]*\])", text)


def read_period(text: str | None, log: sf.StageLog) -> Any:
    """Read ``START..END`` as a pair; both are numbers if the times of the log are plain integers."""
    if text is None:
        return None
    start, dots, end = text.partition("..")
    return (read_moment(start, log), read_moment(end, log)) if dots else text


def read_moment(text: str | None, log: sf.StageLog) -> Any:
    """Read a moment; it is a number if the times of the log are plain integers."""
    if not text:
        return None
    return int(text) if log.unit is None and re.fullmatch(r"-?[0-9]+", text) else text


def read_length(text: str | None, log: sf.StageLog) -> Any:
    """Read a length of time; it is a number if the times of the log are plain integers."""
    if text is None:
        return None
    return int(text) if log.unit is None and text.isdecimal() else text


def read_stage(text: str, pipeline: sf.Pipeline) -> Any:
    """Read a stage: its label, which may be a number, or the one name that people read in its place."""
    by_label = [label for label in pipeline.labels if str(label) == text]
    by_name = [label for label, name in pipeline.names.items() if name == text]
    found = by_label or by_name
    return found[0] if len(found) == 1 else text


def read_where(args: argparse.Namespace) -> list[Mapping[str, Any]] | None:
    """Read the conditions of a command, if it has some."""
    return where_of(args.where) if args.where else None


def where_of(typed: Iterable[WhereCondition]) -> list[Mapping[str, Any]]:
    """Read conditions: all must hold, and of several values of one column any."""
    values: dict[str, list[Any]] = {}
    conditions: list[Mapping[str, Any]] = []
    for column, order, value in typed:
        if order != "=":
            conditions.append({column: f"{order}{value}" if order else True})
        elif column in values:
            values[column].append(value or None)
        else:
            values[column] = [value or None]
            conditions.append({column: values[column]})
    return conditions


def read_limits(
    texts: list[str] | None, log: sf.StageLog, pipeline: sf.Pipeline, parser: argparse.ArgumentParser
) -> dict[Any, Any] | None:
    """Read ``STAGE=TIME`` texts as the limit of each stage; ``none`` takes one off."""
    if texts is None:
        return None
    limits = {}
    for text in [one for some in texts for one in some.split(",")]:
        stage, equals, length = text.rpartition("=")
        if not (stage and equals and length):
            parser.error(f"--limits {text}: it is a stage and a length of time, e.g. --limits Offer=14d")
        limits[read_stage(stage, pipeline)] = None if length == "none" else read_length(length, log)
    return limits


def read_only(texts: list[str] | None, parser: argparse.ArgumentParser) -> dict[str, list[str]] | None:
    """Read ``COLUMN=VALUE`` texts as the values of each column; a column may have several."""
    if texts is None:
        return None
    chosen: dict[str, list[str]] = {}
    for text in texts:
        column, equals, value = text.partition("=")
        if not (column and equals and value):
            parser.error(f"--only {text}: it is a column and one of its values, e.g. --only field=status")
        chosen.setdefault(column, []).append(value)
    return chosen
