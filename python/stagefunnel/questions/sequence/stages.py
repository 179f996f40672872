"""The stages of a log that fill the steps of a sequence."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, advised, did_you_mean, named, quoted
from ...tables.options import MissingStages
from .rules import StageLike

ANY: Final = "*"

# One for each stage of a log that fills a step, else zero; places are the codes of the stages.
StageFlags: TypeAlias = npt.NDArray[np.uint8]


class StageReader:
    """Finds stages in a log by their labels.

    Parameters
    ----------
    labels
        Stages of the log by their codes.
    missing
        Whether a stage that the log does not have is an error or matches nothing.
    left_out
        Stages that the log was read without; a step that names one is an error.
    """

    def __init__(
        self, labels: Sequence[Any], missing: MissingStages, left_out: Collection[Hashable] = ()
    ) -> None:
        self._code_of: dict[Hashable, int] = {label: code for code, label in enumerate(labels)}
        self._left_out = left_out
        self._missing = missing

    def flags(self, stage: StageLike, where: str, option: str) -> StageFlags:
        """Mark the stages of the log that a step names.

        Parameters
        ----------
        stage
            One label, or a tuple or frozenset of labels, as :func:`stages_of_step` returns them.
        where
            Place that errors name.
        option
            Option that is wrong where the log does not have a stage.
        """
        flags = np.zeros(len(self._code_of), dtype=np.uint8)
        for label in stage if isinstance(stage, tuple | frozenset) else (stage,):
            if isinstance(label, str) and label == ANY:
                flags[:] = 1
            else:
                flags[self._codes(label, where, option)] = 1
        return flags

    def _codes(self, label: Any, where: str, option: str) -> list[int]:
        if label in self._code_of:
            return [self._code_of[label]]
        if label in self._left_out:
            raise SchemaError(
                *(f"{where}: the log was read without stage {label!r}; name it in ", named("stages"), " too"),
                option=option,
            )
        if self._missing == "ignore":
            return []
        stages = list(self._code_of)
        hint = did_you_mean(label, [*stages, *self._left_out])
        raise SchemaError(
            f"{where}: the log has no stage {label!r}{hint}; it has: {quoted(stages)}; pass ",
            *(advised("missing", "ignore"), " for stages that may have no rows"),
            option=option,
        )


def with_missing(flags: StageFlags) -> StageFlags:
    """Add a flag for rows without a stage, whose code comes after all others; they fill no step."""
    return np.append(flags, np.uint8(0))
