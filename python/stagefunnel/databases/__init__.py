"""Rows of a database: connections of several kinds, queries in batches, and tables written back."""

from .opening import open_database
from .queries import QueryBatches, frame_of_query, queries_by_name
from .secrets import masked

__all__ = ["QueryBatches", "frame_of_query", "masked", "open_database", "queries_by_name"]
