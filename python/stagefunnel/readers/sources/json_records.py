"""Records inside a JSON value, as REST interfaces wrap them: pages, lists of pages, bare lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ...errors import ReaderError
from .cells import described

# Where a page of an answer keeps its records.
_WRAPPERS = (
    ("result", "items"),
    ("result", "categories"),
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
# What the CRMs answer in place of records: keys that come together.
_ERRORS = (("error", "error_description"), ("errorCode", "message"), ("status", "message", "category"))


class Records(NamedTuple):
    """Records of one kind, and where each stood in the value.

    `total` is how many there are to be, `goes_on` whether each page says that another one follows.
    """

    records: list[dict[str, Any]]
    places: list[str]
    total: int | None
    goes_on: bool = False


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
    for where, page in _pages(value, name):
        wrapper, wrapped = _unwrapped(page)
        if wrapper is None:
            _add(groups, (None,), [page], [where or "record 1"], None)
        elif wrapped:
            page_name = where.replace("record", "page") + ", " if where else ""
            places = [f"{page_name}record {number:,}" for number in range(1, len(wrapped) + 1)]
            for place, record in zip(places, wrapped, strict=True):
                if not isinstance(record, dict):
                    raise ReaderError(f"{name}, {place}: expected an object, got {described(record)}")
            kind = (wrapper, frozenset(wrapped[0]))
            _add(groups, kind, wrapped, places, page.get("total", page.get("totalSize")))
            so_far = groups[kind].goes_on or len(groups[kind].records) == len(wrapped)
            groups[kind] = groups[kind]._replace(goes_on=so_far and _goes_on(page))
    return list(groups.values())


def _pages(value: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, page in enumerate(value if isinstance(value, list) else [value], start=1):
        where = f"record {number:,}" if isinstance(value, list) else ""
        if not isinstance(page, dict):
            among = f" as number {number:,} of the list" if where else ""
            raise ReaderError(f'{name}: expected objects like {{"ID": 1}}, got {described(page)}{among}')
        _refuse_error(page, name)
        if page.get("success") is True and page.get("data", page) is None:
            continue  # how an answer without records says so
        batch = page.get("result")
        answers = batch.get("result") if isinstance(batch, dict) else None
        if isinstance(answers, dict | list):  # of several calls in one
            named = answers.items() if isinstance(answers, dict) else enumerate(answers, start=1)
            for call, answer in named:
                yield f"record {call}", {"result": answer}
        else:
            yield where, page


def _goes_on(page: dict[str, Any]) -> bool:
    """Say whether a page names the next one, in the ways of HubSpot, Kommo, Salesforce and Pipedrive."""
    beside: dict[str, Any] = {}
    for key in ("paging", "_links", "additional_data"):
        beside |= page[key] if isinstance(page.get(key), dict) else {}
    pagination = beside.get("pagination")
    more = isinstance(pagination, dict) and pagination.get("more_items_in_collection") is True
    return bool(beside.get("next") or beside.get("next_cursor") or more or page.get("done") is False)


def _unwrapped(page: dict[str, Any]) -> tuple[tuple[str, ...] | None, list[Any]]:
    if any(key.lower().endswith("id") for key in map(str, page)):
        return None, []  # a record, whatever lists it has
    for wrapper in _WRAPPERS:
        inner: Any = page
        for key in wrapper:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, list):
            return wrapper, inner
    return None, []


def _add(
    groups: dict[tuple[Any, ...], Records],
    kind: tuple[Any, ...],
    records: list[dict[str, Any]],
    places: list[str],
    total: Any,
) -> None:
    known = groups.setdefault(kind, Records([], [], None))
    known.records.extend(records)
    known.places.extend(places)
    if str(total).isdigit() and len(str(total)) < 16:
        groups[kind] = known._replace(total=max(int(total), known.total or 0))


def _refuse_error(page: dict[str, Any], name: str) -> None:
    error = next((keys for keys in _ERRORS if all(page.get(key) for key in keys)), None)
    refused = page.get("success") is False and "error" in page
    if error or refused or set(page) == {"error"}:
        said = [page[key] for key in ("error", "errorCode", "error_description", "message") if page.get(key)]
        raise ReaderError(
            f"{name}: this is an error of the CRM, not an export: {': '.join(map(str, said)) or page}"
        )
