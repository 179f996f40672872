"""The stages of a log that fill the steps of a sequence."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, advised, did_you_mean, named, quoted
from ...log.near_labels import nearest
from ...tables.options import MissingStages
from .row_events import StageFlags as StageFlags
from .step import StageLike, labels_of

ANY: Final = "*"


class HasStages(Protocol):
    """What has stages: the inside of a log, or parts together."""

    @property
    def labels(self) -> Sequence[Hashable]:
        """The stages."""

    @property
    def label_rows(self) -> npt.NDArray[np.int64]:
        """Rows of each."""

    @property
    def other_labels(self) -> Collection[Hashable]:
        """Stages whose rows were left out."""

    @property
    def has_pipelines(self) -> bool:
        """Whether labels are a pipeline and a stage."""


class StageReader:
    """Finds stages in a log by their labels.

    Parameters
    ----------
    data
        The log.
    missing
        What happens to a stage that no row of the log has, see :class:`stagefunnel.Steps`.
    named
        Stages that steps and exclusions name.

    Attributes
    ----------
    without_rows
        Stages that were asked for and that no row has.
    """

    def __init__(self, data: HasStages, missing: MissingStages, named: Collection[Hashable]) -> None:
        self._code_of: dict[Hashable, int] = {label: code for code, label in enumerate(data.labels)}
        self._has_rows = data.label_rows > 0
        self._left_out, self._has_pipelines = data.other_labels, data.has_pipelines
        self._missing, self._named = missing, named
        self.without_rows: list[Hashable] = []

    def flags(self, stage: StageLike, where: str, option: str) -> StageFlags:
        """Mark the stages of the log that a step names, whatever conditions it has.

        Parameters
        ----------
        stage
            One label, or several, as :func:`stages_of_step` returns them.
        where
            Place that errors name.
        option
            Option that is wrong where the log does not have a stage.
        """
        flags = np.zeros(len(self._code_of), dtype=np.uint8)
        for label in labels_of(stage):
            if _is_any(label):
                flags[:] = 1
            else:
                flags[self._codes(label, where, option)] = 1
        return flags

    def _codes(self, label: Hashable, where: str, option: str) -> list[int]:
        if label in self._code_of and self._has_rows[self._code_of[label]]:
            return [self._code_of[label]]
        if label in self._left_out:
            raise SchemaError(
                *(f"{where}: the log was read without stage {label!r}; name it in ", named("stages"), " too"),
                option=option,
            )
        if label not in self.without_rows:
            self.without_rows.append(label)
        if self._missing != "ignore":
            self._refuse(label, where, option)
        return []

    def _refuse(self, label: Hashable, where: str, option: str) -> None:
        stages = [stage for stage, code in self._code_of.items() if self._has_rows[code]]
        others = [*stages, *self._left_out]
        if self._missing == "error":
            hint = did_you_mean(label, others)
            raise SchemaError(
                f"{where}: the log has no stage {label!r}{hint}; it has: {quoted(stages)}; pass ",
                *(advised("missing", "ignore"), " for stages that may have no rows"),
                option=option,
            )
        unnamed = [stage for stage in others if stage not in self._named]
        near = nearest(label, unnamed, has_pipelines=self._has_pipelines)
        if near is not None:
            what = "was read without" if near in self._left_out else "has"
            raise SchemaError(
                f"{where}: the log has no stage {label!r}, but {what} {near!r}, which no step names; write "
                "them alike, or pass ",
                *(advised("missing", "ignore"), " if they are different stages"),
                option=option,
            )


def _is_any(label: Hashable) -> bool:
    return isinstance(label, str) and label == ANY


def with_missing(flags: StageFlags) -> StageFlags:
    """Add a flag for rows without a stage, whose code comes after all others; they fill no step."""
    return np.append(flags, np.uint8(0))
