"""The options that all readers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..pipeline import Pipeline


@dataclass(frozen=True)
class Options:
    """The options of :func:`stagefunnel.read`, as every reader gets them.

    `serial_epoch` is none of them: it is the day from which the workbooks of the input count their dates.
    """

    format: str | None = None
    pipeline: Pipeline | None = None
    item: str | None = None
    stage: str | None = None
    time: str | None = None
    order: str | None = None
    from_stage: str | None = None
    created: str | None = None
    entered: str | None = None
    exited: str | None = None
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dayfirst: bool | None = None
    time_format: str | None = None
    zone: str | None = None
    decimal: Literal[".", ","] | None = None
    merged: Literal["keep", "join"] = "keep"
    invalid: Literal["error", "drop"] = "error"
    serial_epoch: str | None = None
