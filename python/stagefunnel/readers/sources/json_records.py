"""Records inside a JSON value, as REST interfaces wrap them: pages, lists of pages, bare lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ...errors import ReaderError
from .cells import described

# Paths to the list of records in a page of an answer.
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
    ("values",),
    ("issues",),
    ("issueChangeLogs",),
)
# Lists of a whole that is exported as one object, as Trello does with a board.
_LISTS_OF_A_WHOLE = ("actions", "cards", "lists")
# Keys that together mark the error message of a CRM.
_ERRORS = (("error", "error_description"), ("errorCode", "message"), ("status", "message", "category"))


# A record without any of these keys is looked at no further.
OF_PAGES: Final = frozenset(
    {
        *(path[0] for path in _WRAPPERS),
        *(keys[0] for keys in _ERRORS),
        *("success", "actions"),
    }
)
_MOST_SHAPES = 1_000
_DEEPEST = 5


class Records(NamedTuple):
    """Records of one kind, and where each stands in the value.

    Attributes
    ----------
    records, places
        The records, and their places for messages.
    total
        Number of records that the answer promises; ``None`` if it does not say.
    goes_on
        Whether each page says that another one follows.
    made_at
        When the first of the pages was made, as text; ``None`` if they do not say.
    """

    records: list[dict[str, Any]]
    places: list[str]
    total: int | None
    goes_on: bool = False
    made_at: str | None = None


def records_in(value: Any, name: str) -> list[Records]:
    """Collect the records of a JSON value; pages with records of different kinds stay apart.

    Parameters
    ----------
    value
        Object or list of objects; each is a record itself, or a page that wraps a list of records.
    name
        Name of the value in messages.

    Raises
    ------
    ReaderError
        If the value holds anything but objects, or is the error message of a CRM.
    """
    if isinstance(value, list) and _are_records(value):
        return [Records(value, [f"record {number:,}" for number in range(1, len(value) + 1)], None)]
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
            # Objects of HubSpot have the same keys; the properties with a history tell them apart.
            histories = wrapped[0].get("propertiesWithHistory")
            own = frozenset(histories) if isinstance(histories, dict) else None
            kind = (wrapper, frozenset(wrapped[0]), own)
            _add(groups, kind, wrapped, places, page.get("total", page.get("totalSize")))
            so_far = groups[kind].goes_on or len(groups[kind].records) == len(wrapped)
            groups[kind] = groups[kind]._replace(
                goes_on=so_far and _goes_on(page), made_at=groups[kind].made_at or _made_at(page)
            )
    return list(groups.values())


def _are_records(values: list[Any]) -> bool:
    """Check by their keys alone that many objects are records, and neither pages nor errors."""
    if not values or {*map(type, values)} != {dict}:
        return False
    shapes = {*map(tuple, values)}
    return len(shapes) <= _MOST_SHAPES and not any({*shape} & OF_PAGES for shape in shapes)


def _pages(value: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk the objects of a value, with their places; the answers of a batch come one by one."""
    for number, page in enumerate(value if isinstance(value, list) else [value], start=1):
        where = f"record {number:,}" if isinstance(value, list) else ""
        if not isinstance(page, dict):
            position = f" as number {number:,} of the list" if where else ""
            raise ReaderError(f'{name}: expected objects like {{"ID": 1}}, got {described(page)}{position}')
        _refuse_error(page, name)
        if page.get("success") is True and page.get("data", page) is None:
            continue  # Pipedrive's answer without records
        batch = page.get("result")
        answers = batch.get("result") if isinstance(batch, dict) else None
        if isinstance(answers, dict | list):
            by_call = answers.items() if isinstance(answers, dict) else enumerate(answers, start=1)
            for call, answer in by_call:
                yield f"record {call}", {"result": answer}
        elif all(isinstance(page.get(key), list) for key in _LISTS_OF_A_WHOLE):
            for key in _LISTS_OF_A_WHOLE:
                yield f"record {key}", {"items": page[key]}
        else:
            nodes = _nodes(page) if {*page} <= {"data", "errors", "extensions"} else None
            yield where, page if nodes is None else {"items": nodes}


def _nodes(answer: Any, depth: int = 0) -> list[Any] | None:
    """Find the list of nodes in an answer of GraphQL; ``None`` if there is none."""
    if not isinstance(answer, dict) or depth > _DEEPEST:
        return None
    if isinstance(answer.get("nodes"), list):
        return [node for node in answer["nodes"] if node is not None]
    if isinstance(answer.get("edges"), list):
        return [edge.get("node") for edge in answer["edges"] if isinstance(edge, dict) and edge.get("node")]
    if "timelineItems" in answer:
        return [answer]
    found = (_nodes(value, depth + 1) for value in answer.values())
    return next((nodes for nodes in found if nodes is not None), None)


def _made_at(page: dict[str, Any]) -> str | None:
    """Return when a page was made, as Bitrix24 says it."""
    clock = page.get("time")
    made_at = clock.get("date_start") if isinstance(clock, dict) else None
    return made_at if isinstance(made_at, str) else None


def _goes_on(page: dict[str, Any]) -> bool:
    """Check whether a page names the next one, as HubSpot, Kommo, Salesforce and Pipedrive do."""
    links: dict[str, Any] = {}
    for key in ("paging", "_links", "additional_data"):
        links |= page[key] if isinstance(page.get(key), dict) else {}
    pagination = links.get("pagination")
    has_more = isinstance(pagination, dict) and pagination.get("more_items_in_collection") is True
    is_followed = any(page.get(key) for key in ("nextPageToken", "nextLink", "@odata.nextLink"))
    is_followed = is_followed or page.get("isLast") is False or page.get("isLastBatch") is False
    return bool(
        is_followed or links.get("next") or links.get("next_cursor") or has_more or page.get("done") is False
    )


def _unwrapped(page: dict[str, Any]) -> tuple[tuple[str, ...] | None, list[Any]]:
    """Return the path to a page's list of records, and the list; no path if the page is a record."""
    if any(key.lower().endswith("id") for key in map(str, page)):
        return None, []  # a record has an id, a page has none
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
    group = groups.setdefault(kind, Records([], [], None))
    group.records.extend(records)
    group.places.extend(places)
    if str(total).isdigit() and len(str(total)) < 16:
        groups[kind] = group._replace(total=max(int(total), group.total or 0))


def _refuse_error(page: dict[str, Any], name: str) -> None:
    has_error_keys = any(all(page.get(key) for key in keys) for keys in _ERRORS)
    is_refusal = page.get("success") is False and "error" in page
    if has_error_keys or is_refusal or set(page) == {"error"}:
        keys = ("error", "errorCode", "error_description", "message")
        message = ": ".join(str(page[key]) for key in keys if page.get(key))
        raise ReaderError(f"{name}: this is an error of the CRM, not an export: {message or page}")
