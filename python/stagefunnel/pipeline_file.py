"""The TOML file beside an export: which stages there are, and how the columns are named."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .errors import SchemaError, did_you_mean, quoted

_PIPELINE_KEYS = ("stages", "won", "lost", "names", "elsewhere", "moved_out", "unlisted")
_COLUMN_KEYS = ("item", "stage", "time", "order", "time_format", "zone")


@dataclass(frozen=True)
class PipelineFile:
    """The content of a pipeline file.

    Attributes
    ----------
    pipeline
        Arguments of :class:`stagefunnel.Pipeline`.
    columns
        Names of the columns, by role.
    unlisted
        What to do with stages that the pipeline does not list.
    """

    pipeline: dict[str, Any]
    columns: dict[str, str]
    unlisted: str


def read_pipeline_file(path: str | os.PathLike[str]) -> PipelineFile:
    """Read a file and check its keys; an unknown key is an error."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            content = tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{name} is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise SchemaError(f"{name} is not UTF-8 text: {error}") from error
    with errors_name_the_file(path):
        return _checked(content)


@contextmanager
def errors_name_the_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the name of the file before the text of an error."""
    try:
        yield
    except SchemaError as error:
        raise error.within(f"{os.fspath(path)}: ") from error


def _checked(content: Mapping[str, Any]) -> PipelineFile:
    _check_keys("the file", content, ("pipeline", "columns"))
    if "pipeline" not in content:
        raise SchemaError("there is no [pipeline] table")
    table = content["pipeline"]
    columns = content.get("columns", {})
    _check_keys("[pipeline]", table, _PIPELINE_KEYS)
    _check_keys("[columns]", columns, _COLUMN_KEYS)
    if "stages" not in table:
        raise SchemaError("[pipeline] has no stages")
    unlisted = table.get("unlisted", "error")
    if unlisted not in ("error", "ignore"):
        raise SchemaError(f"unlisted = {unlisted!r} is not one of 'error', 'ignore'")
    for key, name in columns.items():
        if not isinstance(name, str):
            raise SchemaError(f"[columns] {key} = {name!r} is not text")
    given_names = table.get("names", {})
    if not isinstance(given_names, Mapping):
        raise SchemaError("[pipeline.names] is not a table")
    stages = table["stages"] if isinstance(table["stages"], list) else [table["stages"]]
    labels_are_integers = all(isinstance(label, int) for label in stages)
    names = {
        # A TOML key is always text, also where the label it names is a number.
        int(label) if labels_are_integers and label.lstrip("-").isdigit() else label: name
        for label, name in given_names.items()
    }
    others = {key: table[key] for key in ("won", "lost", "elsewhere", "moved_out") if key in table}
    return PipelineFile({"stages": stages, "names": names, **others}, dict(columns), unlisted)


def _check_keys(where: str, table: object, known: Iterable[str]) -> None:
    if not isinstance(table, Mapping):
        raise SchemaError(f"{where} is not a table")
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known)
            raise SchemaError(f"{where} has no key {key!r}; it knows {quoted(known)}{hint}")
