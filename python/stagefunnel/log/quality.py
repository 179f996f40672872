"""The quality table: counts of unusual rows of a log."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final

import pandas as pd

from .. import _core
from ..pipeline import Pipeline
from ..tables.schema import QUALITY
from .columns.marks import RowMarks
from .data import LogData, ReaderLines
from .fit import Fit
from .near_labels import alike
from .number_dates import read_as_dates
from .short_visits import without_short_visits
from .stage_signs import UseOfStages

# Each check with its level and what it counts; the levels are explained in docs/definitions.md, section 9.
_CHECKS: Final[Mapping[str, tuple[str, str]]] = {
    "rows": ("fact", "rows of the input"),
    "items": ("fact", "distinct items"),
    "stages": ("fact", "distinct stages"),
    "dropped": ("note", 'invalid rows left out, as invalid="drop" says'),
    "other_stages": ("note", "rows of stages that stages= does not name, left out"),
    "missing_item": ("note", "rows without an item"),
    "missing_stage": ("note", "rows without a stage"),
    "missing_time": ("note", "rows without a time"),
    "unparsed_time": ("note", "rows whose time is a text that is not a time"),
    "unparsed_end": ("note", "rows whose end is a text that is not a time"),
    "ended_before_start": ("note", "rows that end before they begin"),
    "doubtful_local_times": (
        "guess",
        "local times that the clocks show twice (read as winter time) or never",
    ),
    "ragged_rows": (
        "note",
        "rows of CSV files with more or fewer fields than the header, left out and not in rows",
    ),
    "exact_duplicates": ("note", "rows equal in item, stage and time to an earlier row"),
    "repeats": ("note", "rows of the stage that the item is in already; one visit with the row before"),
    "ties": ("note", "rows of an item at the time of its row before; they keep the order of the input"),
    "pauses": ("fact", "rows that end before the item's next row begins"),
    "cut_ends": ("note", "rows that end after the item's next row begins, cut there"),
    "start_unknown": ("note", "rows that begin at an unknown time: their visits are in no time in stage"),
    "one_row_items": (
        "warning",
        "items, and each has one row: a list of items as they stand, not their history; read() takes one row "
        'per item with a date for each stage (format "wide")',
    ),
    "dates_as_numbers": (
        "warning",
        "rows, and every time is a number that reads as a date, such as 20260331: lengths of time are wrong; "
        "turn them into dates, or name the format of text (%Y%m%d)",
    ),
    "stages_alike": ("warning", "stages that differ from another one only in case or blanks"),
    "table_rows_without_item": ("note", "rows of the items table that have no key, left out"),
    "items_not_in_table": ("note", "items that the items table does not have"),
    "elsewhere_rows": ("fact", "rows of other pipelines' stages"),
    "renamed_rows": ("fact", "rows of stages that the pipeline reads as others, as aliases= says"),
    "ignored_rows": ("fact", "rows of stages that the pipeline ignores by name, as ignore= says"),
    "short_visits": ("note", "visits shorter than ignore_shorter= says, read as if they had not been"),
    "unlisted_stages": ("note", "stages of the log that the pipeline does not list"),
    "unlisted_rows": ("note", "rows of these stages"),
    "stages_without_rows": ("note", "stages of the pipeline that no row has"),
    "items_without_rows": ("note", "items that have no row of a stage of the pipeline: they are in no base"),
    "bridged_visits": (
        "note",
        "places where two visits become one because rows between them are not listed",
    ),
    "rows_outside_dates": (
        "note",
        "rows of a stage before its since or after its until; they are read as any other",
    ),
    "ties_deciding_outcome": (
        "warning",
        "items whose last time has rows of several outcomes: their order decides",
    ),
    "stages_that_came": (
        "note",
        "stages that items passed by before they were there; since= says so to the pipeline",
    ),
    "stages_that_went": (
        "note",
        "stages that items pass by since they are not there any more; until= says so to the pipeline",
    ),
    "side_stages": (
        "note",
        "stages that few items pass and most leave backwards; optional= says so to the pipeline",
    ),
}
CHECKS: Final = tuple(_CHECKS)
ABOUT_THE_ITEMS_TABLE: Final = ("table_rows_without_item", "items_not_in_table")


def quality_of(
    data: LogData,
    pipeline: Pipeline | None,
    known: _core.summary.Summary | None = None,
    read: _core.summary.Summary | None = None,
) -> pd.DataFrame:
    """Make the table of :meth:`stagefunnel.StageLog.quality`.

    A summary spares scans: `known` of all rows of the log, `read` of those that the pipeline reads of it.
    """
    counts = quality_counts(data, pipeline, known)
    stages = data.stage_labels
    if pipeline is None:
        return quality_table(counts, stages, reader_lines=data.reader_lines)
    signs = UseOfStages.of(data, pipeline, read).signs(pipeline, data.clock)
    return quality_table(counts, stages, data.fit(pipeline), data.reader_lines, signs)


def quality_counts(
    data: LogData, pipeline: Pipeline | None, known: _core.summary.Summary | None = None
) -> dict[str, int]:
    """Count the rows of :meth:`stagefunnel.StageLog.quality`, by check; `known` spares the scan."""
    found = data.log_quality if known is None else known.log_quality
    n_rows, n_items = int(data.journeys.n_rows), int(data.journeys.n_items)
    stages = data.stage_labels
    counts = {
        "rows": data.n_input_rows,
        "items": n_items,
        "stages": len(stages),
        **data.found,
        "exact_duplicates": found.exact_duplicates,
        "repeats": found.repeats,
        "ties": found.ties,
        "one_row_items": one_row_items(n_rows, n_items),
        "dates_as_numbers": n_rows if read_as_dates(data) else 0,
        "stages_alike": len(alike(stages)),
    }
    if data.marks is not None:
        counts |= _marks_counts(data, data.marks)
    if data.items_table is not None:
        counts["table_rows_without_item"] = data.items_table.n_keyless
        counts["items_not_in_table"] = data.items_table.n_unmatched
    if pipeline is not None:
        lookup = data.lookup(pipeline, "ignore", "ignore")
        if known is None:
            read = _core.stages.pipeline_quality(data.journeys, lookup, data.threads)
        else:
            read = known.pipeline_quality
        counts |= stage_counts(data.fit(pipeline))
        if pipeline.rules.ignore_shorter is not None:
            counts["short_visits"] = without_short_visits(data, pipeline, lookup).n_visits
        counts["items_without_rows"] = read.items_without_rows
        counts["bridged_visits"] = read.bridged_visits
        if pipeline.rules.since or pipeline.rules.until:
            counts["rows_outside_dates"] = read.rows_outside_dates
        counts["ties_deciding_outcome"] = read.ties_deciding_outcome
    return counts


def ties_deciding_outcome(data: LogData, pipeline: Pipeline) -> int:
    """Count the items whose last time has rows of several outcomes of a pipeline."""
    lookup = data.lookup(pipeline, "ignore", "ignore")
    return int(_core.stages.pipeline_quality(data.journeys, lookup, data.threads).ties_deciding_outcome)


def _marks_counts(data: LogData, marks: RowMarks) -> dict[str, int]:
    """Count pauses, ends that are cut and unknown starts."""
    counts: dict[str, int] = {}
    if marks.ended is not None:
        ends = _core.stages.check_ends(data.journeys, marks.ended, data.threads)
        counts |= {"pauses": ends.pauses, "cut_ends": ends.cut_ends}
    if marks.start_unknown is not None:
        counts["start_unknown"] = marks.n_start_unknown
    return counts


def one_row_items(n_rows: int, n_items: int) -> int:
    """Count the items if each of several has one row."""
    return n_items if n_rows == n_items > 1 else 0


def stage_counts(fit: Fit) -> dict[str, int]:
    """Count the stages that only one of a log and a pipeline has, and the rows of stages elsewhere."""
    elsewhere = set(fit.pipeline.elsewhere)
    unlisted = fit.unlisted
    counts = {
        "unlisted_stages": len(unlisted),
        "unlisted_rows": sum(unlisted.values()),
        "stages_without_rows": len(fit.without_rows),
    }
    if elsewhere:
        counts["elsewhere_rows"] = sum(rows for label, rows in fit.rows.items() if label in elsewhere)
    if fit.pipeline.rules.aliases:
        counts["renamed_rows"] = sum(fit.renamed.values())
    if fit.pipeline.rules.ignore:
        counts["ignored_rows"] = sum(fit.ignored.values())
    return counts


def quality_table(
    counts: Mapping[str, int],
    stages: Iterable[Hashable],
    fit: Fit | None = None,
    reader_lines: ReaderLines | None = None,
    signs: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Build the table of :meth:`stagefunnel.StageLog.quality`.

    Parameters
    ----------
    counts
        Counts by check.
    stages
        Stages of the log; those that are alike are named.
    fit
        How the pipeline fits the log: stages that only one of them has are named.
    reader_lines
        Lines of the reader that made the log, which stand below, but for those of a check that `counts` has.
    signs
        What the log shows of stages that came, went or stand aside, by check; without such a check is silent.
    """
    seen = {check: listed for check, listed in (signs or {}).items() if listed}
    counts = {**counts, **{check: len(listed) for check, listed in seen.items()}}
    names: dict[str, Sequence[str]] = {"stages_alike": list(map(repr, alike(stages))), **seen}
    if fit is not None:
        names["unlisted_stages"] = [str(label) for label, _ in fit.unlisted_by_size]
        names["renamed_rows"] = [
            f"{other} as {fit.pipeline.names[fit.pipeline.rules.aliases[other]]}" for other in fit.renamed
        ]
        names["ignored_rows"] = [str(label) for label, _ in fit.ignored_by_size]
        names["stages_without_rows"] = [fit.pipeline.names[label] for label in fit.without_rows]
    lines = [
        (check, counts[check], level, f"{note}{_listed(names.get(check, ()))}")
        for check, (level, note) in _CHECKS.items()
        if check in counts
    ]
    of_reader = (reader_lines or {}).items()
    lines += [(check, n, level, note) for (check, level, note), n in of_reader if check not in counts]
    checks, numbers, levels, notes = ([line[place] for line in lines] for place in range(4))
    return pd.DataFrame(
        {"check": checks, "count": pd.Series(numbers, dtype="int64"), "level": levels, "note": notes},
        columns=list(QUALITY),
    )


def _listed(names: Sequence[str], most: int = 6) -> str:
    rest = len(names) - most
    listed = ", ".join([*names[:most], *([f"… ({rest:,} more)"] if rest > 0 else [])])
    return f": {listed}" if listed else ""
