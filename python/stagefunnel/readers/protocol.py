"""What a reader of a format is, and the options that all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from ..pipeline import Pipeline
from .export import Export
from .sources import Source

Sources = Mapping[str, list[Source]]


@dataclass(frozen=True)
class Options:
    """The options of :func:`stagefunnel.read`, as every reader gets them."""

    pipeline: Pipeline | None = None
    item: str | None = None
    stage: str | None = None
    time: str | None = None
    order: str | None = None
    from_stage: str | None = None
    created: str | None = None
    entered: str | None = None
    exited: str | None = None
    dayfirst: bool | None = None
    time_format: str | None = None
    zone: str | None = None
    decimal: Literal[".", ","] | None = None
    invalid: Literal["error", "drop"] = "error"


class Reader(Protocol):
    """A reader of one format; a module with these four names is one."""

    @property
    def FORMAT(self) -> str:
        """Name of the format, as `format=` takes it."""

    @property
    def ROLES(self) -> Mapping[str, str]:
        """The files of an export, the history first, and by what each is recognised."""

    def sniff(self, source: Source, options: Options) -> str | None:
        """Tell which of the format's files a source is by its columns, or that it is none of them."""

    def read(self, sources: Sources, options: Options) -> Export:
        """Read the files of one export, by role."""
