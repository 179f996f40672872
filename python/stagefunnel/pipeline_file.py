"""The TOML file beside an export: which stages there are, and how the columns are named."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from .errors import SchemaError
from .toml_file import check_keys, errors_name_the_file, read_toml
from .working_hours import WorkingHours, calendar_in

Observed: TypeAlias = str | int | datetime.date  # what TOML has for a moment
_FILE_KEYS = ("observed_until", "pipeline", "columns", "calendar")
_TABLES = ("names", "aliases", "since", "until", "limits")
_PIPELINE_KEYS = (
    *("stages", "won", "lost", "names", "elsewhere", "moved_out", "unlisted"),
    *("optional", "aliases", "since", "until", "ignore", "ignore_shorter", "paused", "limits"),
)
_INTEGER: Final = re.compile("-?[0-9]{1,19}")
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
    calendar
        Working hours; ``None`` where the file has none.
    """

    pipeline: dict[str, Any]
    columns: dict[str, str]
    unlisted: str
    observed_until: Observed | None = None
    calendar: WorkingHours | None = None

    @property
    def beside_the_pipeline(self) -> list[str]:
        """What the file says beside the pipeline, as it stands there."""
        says = {
            f"[columns] ({', '.join(self.columns)})": bool(self.columns),
            f"unlisted = {self.unlisted!r}": self.unlisted != "error",
            "observed_until": self.observed_until is not None,
            "[calendar]": self.calendar is not None,
        }
        return [what for what, is_there in says.items() if is_there]


def read_pipeline_file(path: str | os.PathLike[str]) -> PipelineFile:
    """Read a file and check its keys; an unknown key is an error."""
    content = read_toml(path)
    with errors_name_the_file(path):
        return _checked(content)


def _checked(content: Mapping[str, Any]) -> PipelineFile:
    check_keys("the file", content, _FILE_KEYS)
    if "pipeline" not in content:
        raise SchemaError("there is no [pipeline] table")
    table = content["pipeline"]
    columns = content.get("columns", {})
    check_keys("[pipeline]", table, _PIPELINE_KEYS)
    check_keys("[columns]", columns, _COLUMN_KEYS)
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
            int(label) if labels_are_integers and _INTEGER.fullmatch(label) else label: value
            for label, value in values.items()
        }

    given = {key: by_label(value) for key, value in table.items() if key not in ("stages", "unlisted")}
    observed_until = content.get("observed_until")
    if not isinstance(observed_until, str | int | datetime.date | None) or isinstance(observed_until, bool):
        raise SchemaError(f"observed_until = {observed_until!r} is not a moment")
    return PipelineFile(
        {"stages": stages, **given},
        dict(columns),
        unlisted,
        observed_until,
        calendar_in(content) if "calendar" in content else None,
    )
