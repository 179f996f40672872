"""Infinite timestamps and days of PostgreSQL, which Python has no value for, as missing ones."""

from __future__ import annotations

from typing import Any, Final

from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader

_INFINITE: Final = (b"infinity", b"-infinity")


class _Date(DateLoader):
    def load(self, data: Any) -> Any:
        return None if bytes(data) in _INFINITE else super().load(data)


class _Timestamp(TimestampLoader):
    def load(self, data: Any) -> Any:
        return None if bytes(data) in _INFINITE else super().load(data)


class _Timestamptz(TimestamptzLoader):
    def load(self, data: Any) -> Any:
        return None if bytes(data) in _INFINITE else super().load(data)


def read_infinite_as_missing(cursor: Any) -> None:
    """Let a cursor, and no other, give nothing for the infinite ones."""
    for name, loader in (("date", _Date), ("timestamp", _Timestamp), ("timestamptz", _Timestamptz)):
        cursor.adapters.register_loader(name, loader)
