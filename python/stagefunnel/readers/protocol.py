"""What a module must offer to be the reader of a format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .export import Export
from .options import Options
from .sources.source import Source, Sources


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
