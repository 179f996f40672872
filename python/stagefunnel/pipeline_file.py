"""The TOML file beside an export: which stages there are, and how the columns are named."""

from __future__ import annotations

import datetime
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from .errors import SchemaError, did_you_mean, quoted

Observed: TypeAlias = str | int | datetime.date  # what TOML has for a moment
_FILE_KEYS = ("observed_until", "pipeline", "columns")
_TABLES = ("names", "aliases", "since", "until")
_PIPELINE_KEYS = (
    *("stages", "won", "lost", "names", "elsewhere", "moved_out", "unlisted"),
    *("optional", "aliases", "since", "until", "ignore", "ignore_shorter"),
)
# How files begin that are no text, and what the columns of a header stand between.
_OTHER_FILES = {
    b"\x1f\x8b": "packed with gzip",
    b"PK\x03\x04": "a workbook or a zip file",
    b"PAR1": "a Parquet file",
    b"{": "JSON",
    b"[{": "JSON",
}
_SEPARATORS = {b",": "a CSV file", b";": "a CSV file", b"\t": "a CSV file"}
_COLUMN_KEYS = ("item", "stage", "time", "exited", "start_unknown", "order", "time_format", "zone")


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
    observed_until
        Moment until which the items were observed.
    """

    pipeline: dict[str, Any]
    columns: dict[str, str]
    unlisted: str
    observed_until: Observed | None = None


def read_pipeline_file(path: str | os.PathLike[str]) -> PipelineFile:
    """Read a file and check its keys; an unknown key is an error."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            raw = file.read()
        content = tomllib.loads(raw.decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{name} is not valid TOML: {error}{_hint_at(raw)}") from error
    except UnicodeDecodeError as error:
        raise SchemaError(f"{name} is not UTF-8 text: {error}{_hint_at(raw)}") from error
    with errors_name_the_file(path):
        return _checked(content)


def _hint_at(raw: bytes) -> str:
    """Say what a file is that looks like the log, in the place of the file of the pipeline."""
    begin = b"".join(raw[:200].split())
    what = next((what for start, what in _OTHER_FILES.items() if begin.startswith(start)), None)
    first_line = raw.partition(b"\n")[0]
    if what is None and not first_line.lstrip().startswith((b"[", b"#")) and b"=" not in first_line:
        what = next((what for mark, what in _SEPARATORS.items() if mark in first_line), None)
    return f"; it is {what}: is it the log, in the place of the pipeline?" if what else ""


@contextmanager
def errors_name_the_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the name of the file before the text of an error."""
    try:
        yield
    except SchemaError as error:
        raise error.within(f"{os.fspath(path)}: ") from error


def _checked(content: Mapping[str, Any]) -> PipelineFile:
    _check_keys("the file", content, _FILE_KEYS)
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
    for key in _TABLES:
        if not isinstance(table.get(key, {}), Mapping):
            raise SchemaError(f"[pipeline.{key}] is not a table")
    stages = table["stages"] if isinstance(table["stages"], list) else [table["stages"]]
    labels_are_integers = all(isinstance(label, int) for label in stages)

    def by_label(values: Any) -> Any:
        """Read the keys of a table as labels: a TOML key is always text, also where its label is a number."""
        if not isinstance(values, Mapping):
            return values
        return {
            int(label) if labels_are_integers and label.lstrip("-").isdigit() else label: value
            for label, value in values.items()
        }

    given = {key: by_label(value) for key, value in table.items() if key not in ("stages", "unlisted")}
    observed_until = content.get("observed_until")
    if not isinstance(observed_until, str | int | datetime.date | None) or isinstance(observed_until, bool):
        raise SchemaError(f"observed_until = {observed_until!r} is not a moment")
    return PipelineFile({"stages": stages, **given}, dict(columns), unlisted, observed_until)


def _check_keys(where: str, table: object, known: Iterable[str]) -> None:
    if not isinstance(table, Mapping):
        raise SchemaError(f"{where} is not a table")
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known)
            raise SchemaError(f"{where} has no key {key!r}; it knows {quoted(known)}{hint}")
