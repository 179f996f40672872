"""Records inside a JSON value, as REST interfaces wrap them: pages, lists of pages, bare lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..errors import ReaderError

# Where a page of an answer keeps its records.
_WRAPPERS = (
    ("result", "items"),
    ("result", "categories"),
    ("result", "types"),
    ("result",),
    ("_embedded", "events"),
    ("_embedded", "pipelines"),
    ("_embedded", "leads"),
    ("data",),
    ("results",),
    ("records",),
    ("items",),
    ("categories",),
    ("value",),
)


class Records(NamedTuple):
    """Records of one kind, and where each stood in the value."""

    records: list[dict[str, Any]]
    places: list[str]


def records_in(value: Any, name: str) -> list[Records]:
    """Collect the records of a JSON value; pages whose records are of different kinds stay apart.

    Parameters
    ----------
    value
        An object or a list of objects; each is a record itself, or a page that wraps a list of them.
    name
        What the value is called in messages.

    Raises
    ------
    ReaderError
        If there is something else than objects, or the answer is an error of the CRM.
    """
    groups: dict[tuple[Any, ...], Records] = {}
    many = isinstance(value, list)
    for number, page in enumerate(value if many else [value], start=1):
        if not isinstance(page, dict):
            raise ReaderError(
                f'{name}: expected objects like {{"ID": 1}}, got {type(page).__name__} '
                f"{repr(page)[:60]}" + (f" as number {number:,} of the list" if many else "")
            )
        _refuse_error(page, name)
        wrapper, wrapped = _unwrapped(page)
        if wrapper is None:
            groups.setdefault((None,), Records([], [])).records.append(page)
            groups[None,].places.append(f"record {number:,}" if many else "record 1")
            continue
        for place, record in _numbered(wrapped, f"page {number:,}, " if many else "", name):
            kind = (wrapper, frozenset(wrapped[0]))
            group = groups.setdefault(kind, Records([], []))
            group.records.append(record)
            group.places.append(place)
    return list(groups.values())


def _unwrapped(page: dict[str, Any]) -> tuple[tuple[str, ...] | None, list[Any]]:
    for wrapper in _WRAPPERS:
        inner: Any = page
        for key in wrapper:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, list):
            return wrapper, inner
    return None, []


def _numbered(records: list[Any], page: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, record in enumerate(records, start=1):
        if not isinstance(record, dict):
            raise ReaderError(
                f"{name}, {page}record {number:,}: expected an object, got {type(record).__name__} "
                f"{repr(record)[:60]}"
            )
        yield f"{page}record {number:,}", record


def _refuse_error(page: dict[str, Any], name: str) -> None:
    said = page.get("error_description") or page.get("error") or page.get("errorCode")
    failed = page.get("success") is False or page.get("status") == "error" or "errorCode" in page
    if failed or (isinstance(page.get("error"), str) and "result" not in page):
        said = said or page.get("message") or page
        raise ReaderError(f"{name}: this is an error of the CRM, not an export: {said}")
