"""How the stages of a log and those of a pipeline fit together, and what is refused where they do not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field

from ..errors import SchemaError, UnknownStageError, advised, counted, did_you_mean, quoted
from ..pipeline import Pipeline
from .near_labels import nearest

_MOST_NAMED = 5


@dataclass(frozen=True)
class Fit:
    """A pipeline beside the stages of a log.

    Attributes
    ----------
    pipeline
        The pipeline.
    rows
        Rows of each stage of the log that has some.
    first_row
        The first row of each of them; empty where the log came in parts.
    left_out
        Stages whose rows were left out of the log.
    has_pipelines
        Whether labels are a pipeline and a stage.
    locate
        Function that returns the file and the line of a row; ``None`` if the rows did not come from files.
    """

    pipeline: Pipeline
    rows: Mapping[Hashable, int]
    first_row: Mapping[Hashable, int] = field(default_factory=dict)
    left_out: Collection[Hashable] = ()
    has_pipelines: bool = False
    locate: Callable[[int], str] | None = None

    @property
    def without_rows(self) -> list[Hashable]:
        """Stages of the pipeline that no row has, under no name."""
        seen = {*self.rows, *(self.pipeline.rules.aliases[other] for other in self.renamed)}
        return [label for label in self.pipeline.labels if label not in seen]

    @property
    def unlisted(self) -> dict[Hashable, int]:
        """Stages of the log that the pipeline does not list, with their rows."""
        rules = self.pipeline.rules
        listed = {*self.pipeline.labels, *self.pipeline.elsewhere, *rules.aliases, *rules.ignore}
        return {label: self.rows[label] for label in self.rows if label not in listed}

    @property
    def unlisted_by_size(self) -> list[tuple[Hashable, int]]:
        """The same, most rows first; of equal ones in an order that does not depend on that of the rows."""
        return _by_size(self.unlisted)

    @property
    def renamed(self) -> dict[Hashable, int]:
        """Stages of the log that the pipeline reads as others, with their rows."""
        return {label: self.rows[label] for label in self.pipeline.rules.aliases if label in self.rows}

    @property
    def ignored(self) -> dict[Hashable, int]:
        """Stages of the log that the pipeline ignores by name, with their rows."""
        return {label: self.rows[label] for label in self.pipeline.rules.ignore if label in self.rows}

    @property
    def ignored_by_size(self) -> list[tuple[Hashable, int]]:
        """The same, in the order of :attr:`unlisted_by_size`."""
        return _by_size(self.ignored)

    def refuse_unlisted(self) -> None:
        """Refuse rows of stages that the pipeline does not list."""
        unlisted = self.unlisted
        if not unlisted:
            return
        strangers = list(unlisted)
        hint = did_you_mean(strangers[0], self.without_rows)
        types = {type(label).__name__ for label in strangers}
        if len(unlisted) == len(self.rows) and types != {type(self.pipeline.labels[0]).__name__}:
            hint = f"; the log's labels are {', '.join(types)}, are the pipeline's the same type?"
        row = min(self.first_row[label] for label in strangers)
        raise UnknownStageError(
            f"{self._place(row)}unknown stage{'s' if len(strangers) > 1 else ''} "
            f"{_some([self._with_rows(label) for label in strangers], ', ')}; the pipeline has: "
            f"{quoted(self.pipeline.labels)}{hint}; pass ",
            advised("unlisted", "ignore"),
            " to leave such rows out",
            row=row,
        )

    def refuse_without_rows(self, missing: str) -> None:
        """Refuse stages of the pipeline that no row has.

        Parameters
        ----------
        missing
            ``"error"`` refuses all of them; ``"near"`` those that the log has under a near label, but none of
            a pipeline that a reader made; ``"ignore"`` none.
        """
        lacking = self.without_rows
        if missing == "ignore" or not lacking:
            return
        if missing == "error":
            hint = did_you_mean(lacking[0], [*self.unlisted, *self.left_out])
            raise SchemaError(
                f"the log has no row of {quoted(lacking)}, which the pipeline lists{hint}; it has: "
                f"{quoted(self.rows)}; pass ",
                *(advised("missing", "ignore"), " for stages that may have no rows"),
                option="pipeline",
            )
        if not self.pipeline.is_from_export:
            self._refuse_near(lacking)

    def _refuse_near(self, lacking: Collection[Hashable]) -> None:
        others = [*self.unlisted, *self.left_out]
        found = {label: nearest(label, others, has_pipelines=self.has_pipelines) for label in lacking}
        near = {label: other for label, other in found.items() if other is not None}
        if not near:
            return
        pairs = [
            f"no row is of {label!r}, but the log has {self._with_rows(other)}"
            for label, other in near.items()
        ]
        parts = (
            f"{_some(pairs, '; ')}, which the pipeline does not list; write them alike, or pass ",
            *(advised("missing", "ignore"), " if they are different stages"),
        )
        rows = [self.first_row[other] for other in near.values() if other in self.first_row]
        if not rows:
            raise SchemaError(*parts, option="pipeline")
        raise UnknownStageError(self._place(min(rows)), *parts, row=min(rows))

    def _place(self, row: int) -> str:
        return "" if self.locate is None else f"{self.locate(row)}: "

    def _with_rows(self, label: Hashable) -> str:
        if label not in self.rows:
            return f"{label!r} (whose rows were left out)"
        first = f", first at row {self.first_row[label]:,}" if label in self.first_row else ""
        return f"{label!r} ({counted(self.rows[label], 'row')}{first})"


def _by_size(rows: Mapping[Hashable, int]) -> list[tuple[Hashable, int]]:
    return sorted(rows.items(), key=lambda one: (-one[1], str(one[0])))


def _some(texts: list[str], between: str) -> str:
    """Join the first of some texts, and count the others."""
    rest = len(texts) - _MOST_NAMED
    return between.join([*texts[:_MOST_NAMED], *([f"… ({rest:,} more)"] if rest > 0 else [])])
