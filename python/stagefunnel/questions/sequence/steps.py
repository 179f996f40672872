"""The steps of a sequence as people write them, and the stages of a log that fill them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import SchemaError, did_you_mean, quoted
from ...tables.options import MissingStages

ANY: Final = "*"
_SEVERAL: Final = (list, tuple, set, frozenset)

Flags: TypeAlias = npt.NDArray[np.uint8]


def named_steps(steps: Any) -> list[tuple[str, Any]]:
    """List the steps with what they are called: by their stages, or as a mapping calls them."""
    if isinstance(steps, Mapping):
        named = [(str(name), stage) for name, stage in steps.items()]
    elif isinstance(steps, str | set | frozenset) or not isinstance(steps, Iterable):
        raise SchemaError(f"steps={steps!r} is not a list of stages in order, such as ['visit', 'cart']")
    else:
        named = [(_label(stage), stage) for stage in steps]
    if not named:
        raise SchemaError("steps= is empty; give the stages in order, such as ['visit', 'cart']")
    return named


def _label(stage: Any) -> str:
    return " | ".join(map(str, stage)) if isinstance(stage, _SEVERAL) else str(stage)


class StageReader:
    """Finds stages in a log by their labels.

    Parameters
    ----------
    labels
        The log's stages by their codes.
    missing
        Whether a stage that the log does not have is an error, or matches nothing.
    left_out
        Stages that the log was read without, which nobody may ask for.
    """

    def __init__(
        self, labels: Sequence[Any], missing: MissingStages, left_out: Collection[Hashable] = ()
    ) -> None:
        self._code_of: dict[Hashable, int] = {label: code for code, label in enumerate(labels)}
        self._left_out = left_out
        self._missing = missing

    def flags(self, stage: Any, where: str) -> Flags:
        """Tell of each of the log's stages whether it is one of those that a step names."""
        named = list(stage) if isinstance(stage, _SEVERAL) else [stage]
        if not named:
            raise SchemaError(f"{where} names no stage")
        flags = np.zeros(len(self._code_of), dtype=np.uint8)
        for one in named:
            if isinstance(one, str) and one == ANY:
                flags[:] = 1
            else:
                flags[self._codes(one, where)] = 1
        return flags

    def _codes(self, label: Any, where: str) -> list[int]:
        if not isinstance(label, Hashable):
            raise SchemaError(f"{where}: {label!r} is not a stage; give a label, a list of them or '*'")
        if label in self._code_of:
            return [self._code_of[label]]
        if label in self._left_out:
            raise SchemaError(f"{where}: the log was read without stage {label!r}; name it in stages= too")
        if self._missing == "ignore":
            return []
        known = list(self._code_of)
        hint = did_you_mean(label, [*known, *self._left_out])
        raise SchemaError(
            f"{where}: the log has no stage {label!r}{hint}; it has: {quoted(known)}; pass "
            f'missing="ignore" for stages that may have no rows'
        )
