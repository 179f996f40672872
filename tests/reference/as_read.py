"""The rows of a log as the rules of a pipeline read them: other names, ignored stages, short visits."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple, Protocol

from reference.journeys import journeys
from reference.stages import Pipeline, Row, Stage, labels

# The stage of a row that is read as if it were not there; no pipeline lists it.
LEFT_OUT = "(left out)"


class Rules(Protocol):
    """What a pipeline says of single stages, such as the package's own class."""

    @property
    def aliases(self) -> Mapping[Any, Any]:
        """Other names, each with the stage as which it is read."""

    @property
    def ignore(self) -> Collection[Any]:
        """Stages that are ignored."""

    @property
    def ignore_shorter(self) -> Any:
        """The least length of a visit, one for each of some stages, or None."""


class AsRead(NamedTuple):
    """The rows, in their places, and what the rules did."""

    rows: list[Row]
    renamed_rows: int
    ignored_rows: int
    short_visits: int


def as_read(
    rows: Sequence[Row], pipeline: Pipeline, rules: Rules, *, order: Sequence[Hashable] | None = None
) -> AsRead:
    """Read rows by the rules; a row that they take out has the stage LEFT_OUT."""
    renamed = [(item, rules.aliases.get(stage, stage), time) for item, stage, time in rows]
    read = [(item, LEFT_OUT if stage in rules.ignore else stage, time) for item, stage, time in renamed]
    numbered: list[Row] = [(item, place, time) for place, (item, _, time) in enumerate(read)]
    n_short = 0
    for journey in journeys(numbered, order).values():
        places: list[Any] = [place for place, _ in journey]
        listed = [place for place in places if read[place][1] in labels(pipeline)]
        visits = [list(run) for _, run in groupby(listed, key=lambda place: read[place][1])]
        short = [
            visit
            for visit, after in pairwise(visits[1:])  # the first one stays
            if _is_short(read[visit[0]], read[after[0]], pipeline, rules)
        ]
        for visit in short:
            for place in visit:
                item, _, time = read[place]
                read[place] = (item, LEFT_OUT, time)
        n_short += len(short)
    return AsRead(
        read,
        renamed_rows=sum(stage in rules.aliases for _, stage, _ in rows),
        ignored_rows=sum(stage in rules.ignore for _, stage, _ in rows),
        short_visits=n_short,
    )


def _is_short(start: Row, end: Row, pipeline: Pipeline, rules: Rules) -> bool:
    least = _least(start[1], pipeline, rules)
    return least is not None and bool(end[2] - start[2] < least)


def _least(stage: Stage, pipeline: Pipeline, rules: Rules) -> Any:
    if isinstance(rules.ignore_shorter, Mapping):
        return rules.ignore_shorter.get(stage)
    return rules.ignore_shorter if stage in pipeline.stages else None
