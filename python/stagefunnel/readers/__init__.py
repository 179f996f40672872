"""Readers of what CRMs export: one file per format, recognised by content, see :func:`stagefunnel.read`."""

from .export import Export
from .reading import read

__all__ = ["Export", "read"]
