"""The names that a module must have to be the reader of a format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .export import Export
from .options import Options
from .sources.source import Source, Sources


class Reader(Protocol):
    """The reader of one format: a module with these four names."""

    @property
    def FORMAT(self) -> str:
        """Name of the format, as `crm=` takes it."""

    @property
    def ROLES(self) -> Mapping[str, str]:
        """Roles of the files in an export, the history first, with the columns that identify each."""

    def sniff(self, source: Source, options: Options) -> str | None:
        """Return the role of a source by its columns; ``None`` if the format has no such file."""

    def read(self, sources: Sources, options: Options) -> Export:
        """Read the files of one export, by role."""
