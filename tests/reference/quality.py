"""The counts of unusual rows of a log."""

from collections.abc import Hashable, Sequence
from itertools import pairwise

from reference.journeys import journeys
from reference.stages import Pipeline, Row, Stage, Time, labels, outcome_of


def quality(
    rows: Sequence[Row],
    pipeline: Pipeline | None = None,
    *,
    order: Sequence[Hashable] | None = None,
) -> dict[str, int]:
    """Count what is unusual in the rows and, with a pipeline, in the visits that it forms of them.

    A stage that is missing is None.
    """
    by_item = list(journeys(rows, order).values())
    neighbours = [pair for journey in by_item for pair in pairwise(journey)]
    counts = {
        "rows": len(rows),
        "items": len(by_item),
        "exact_duplicates": len(rows) - len(set(rows)),
        "repeats": sum(before[0] == after[0] and after[0] is not None for before, after in neighbours),
        "ties": sum(before[1] == after[1] for before, after in neighbours),
        "stages_alike": _alike([stage for stage in {row[1] for row in rows} if isinstance(stage, str)]),
        "one_row_items": len(by_item) if len(by_item) > 1 and all(len(rows) == 1 for rows in by_item) else 0,
    }
    if pipeline is None:
        return counts
    unlisted = [stage for _, stage, _ in rows if stage is not None and stage not in labels(pipeline)]
    return counts | {
        "unlisted_rows": len(unlisted),
        "unlisted_stages": len(set(unlisted)),
        "stages_without_rows": len(set(labels(pipeline)) - {stage for _, stage, _ in rows}),
        "bridged_visits": sum(_bridged_visits(journey, pipeline) for journey in by_item),
        "ties_deciding_outcome": sum(_tie_decides(journey, pipeline) for journey in by_item),
    }


def _alike(stages: Sequence[str]) -> int:
    """Count the stages that another one equals but for case and blanks."""
    plain = ["".join(stage.lower().split()) for stage in stages]
    return sum(plain.count(stage) > 1 for stage in plain)


def _bridged_visits(journey: Sequence[tuple[Stage, Time]], pipeline: Pipeline) -> int:
    """Count the places where two runs of a stage become one visit without the rows between."""
    listed = [place for place, (stage, _) in enumerate(journey) if stage in labels(pipeline)]
    return sum(
        after - before > 1 and journey[before][0] == journey[after][0] for before, after in pairwise(listed)
    )


def _tie_decides(journey: Sequence[tuple[Stage, Time]], pipeline: Pipeline) -> bool:
    """Return whether the listed rows at the last time have stages of more than one outcome."""
    listed = [(stage, time) for stage, time in journey if stage in labels(pipeline)]
    last = {outcome_of(stage, pipeline) for stage, time in listed if time == listed[-1][1]}
    return len(last) > 1
