"""A suggestion for a plain table: its columns, how its times are written, and its stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pandas as pd

from ..errors import InvalidRowError, SchemaError, quoted
from ..log.stage_log import StageLog
from ..readers.sources.date_formats import TimesAsWritten
from ..settings import Settings
from .columns import FoundColumns
from .doubts import Doubt
from .of_export import made
from .pipeline import suggest_stages
from .suggestion import Suggestion

_ZONE: Final = "Europe/Berlin"


def suggest_for_log(log: StageLog) -> Suggestion:
    """Suggest a pipeline for a log that is there."""
    stages = suggest_stages(log._data)
    heads = ["Written by stagefunnel from a log: the order of the stages comes from the moves between them."]
    return made(stages, Settings(stages.pipeline), list(stages.doubts), "log", heads)


def suggest_for_table(frame: pd.DataFrame, found: FoundColumns, zone: str | None) -> Suggestion:
    """Suggest a pipeline for a table whose columns are known, and whose rows run forwards."""
    log, dropped = _log_of(frame, _settings_columns(found, zone), found.times)
    return suggest_for_columns(log, found, zone, dropped)


def has_ties(frame: pd.DataFrame, found: FoundColumns, zone: str | None) -> bool:
    """Check for rows of one item and one time, whose order in the table decides."""
    log, _ = _log_of(frame, _settings_columns(found, zone), found.times)
    return bool(log._data.log_quality.ties)


def _settings_columns(found: FoundColumns, zone: str | None) -> dict[str, str]:
    """Return the columns as a pipeline file has them, with the format and the zone of the times."""
    more = {"time_format": found.times.time_format, "zone": zone}
    return {**found.names, **{name: value for name, value in more.items() if value is not None}}


def suggest_for_columns(log: StageLog, found: FoundColumns, zone: str | None, dropped: int = 0) -> Suggestion:
    """Suggest a pipeline for the log of a table; some rows of it may be left out because they are invalid."""
    names, times, columns = found.names, found.times, _settings_columns(found, zone)
    stages = suggest_stages(log._data)
    doubts = [*found.doubts, *_time_doubts(names["time"], times), *stages.doubts]
    if dropped:
        doubts.append(
            Doubt(
                f"Rows without item, stage or a time that can be read: {dropped:,}. They are an error unless "
                "invalid says drop."
            )
        )
    keys = {f"columns.{role}": [f"{role}: {why}."] for role, why in found.reasons.items()}
    more: dict[str, list[str]] = {}
    if times.time_format is not None:
        keys["columns.time_format"] = [
            "Every time reads so." if not times.n_unread else "Nearly every time reads so."
        ]
        more["columns"] = [line for other in times.others for line in ("Or:", f'time_format = "{other}"')]
    if zone is None and log.unit not in (None, "D"):
        why = (
            "The times name their offset and are read in UTC"
            if times.has_offset
            else "The times name no zone"
        )
        more.setdefault("columns", []).extend(
            [f"{why}; a zone cuts periods in its local time:", f'zone = "{_ZONE}"']
        )
    heads = [
        "Written by stagefunnel from the rows: the order of the stages comes from the moves between them,",
        "won and lost from names and from the ends of journeys. Check it, and change what is otherwise.",
    ]
    suggestion = made(
        stages, Settings(stages.pipeline, columns), doubts, "table", heads, keys=keys, more=more
    )
    return replace(suggestion, reading={"invalid": "drop"}) if dropped else suggestion


def _log_of(frame: pd.DataFrame, columns: Mapping[str, Any], times: TimesAsWritten) -> tuple[StageLog, int]:
    """Make the log, without the rows that cannot be read; return how many these are."""
    rows = frame[
        list(dict.fromkeys(columns[role] for role in ("item", "stage", "time", "order") if role in columns))
    ]
    rows = rows.copy(deep=False)
    if times.kind == "numbers" and not pd.api.types.is_integer_dtype(rows[columns["time"]].dtype):
        rows[columns["time"]] = pd.to_numeric(rows[columns["time"]], errors="coerce").astype("Int64")
    options = dict(columns)
    try:
        return StageLog(rows, **options), 0
    except InvalidRowError as error:
        try:
            log = StageLog(rows, **options, invalid="drop")
        except SchemaError:
            raise error from None  # no row can be read, and the first one says why
        return log, int(log._data.found.get("dropped", 0))


def _time_doubts(name: str, times: TimesAsWritten) -> list[Doubt]:
    doubts = []
    if times.others:
        doubts.append(
            Doubt(
                f"The dates of {name!r} could have the day first or the month first: they are read as "
                f"{times.time_format!r}, and {quoted(times.others)} fits as well."
            )
        )
    if times.has_offset:
        doubts.append(
            Doubt(
                "The times name their offset: periods are cut in UTC unless a zone is given.", decides=False
            )
        )
    if times.kind == "day numbers":
        doubts.append(
            Doubt(
                f"The numbers of {name!r} look like days, such as 20260331, and are read as plain numbers: "
                "lengths of time are wrong until they are turned into dates."
            )
        )
    if times.kind == "counted":
        doubts.append(
            Doubt(
                f"The numbers of {name!r} look like seconds or milliseconds since 1970, and are read as "
                "plain numbers; turn them into times first."
            )
        )
    return doubts
