"""Reading an export of any known format: each file is recognised by its content."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from ..errors import ReaderError, SchemaError, check_option, did_you_mean, quoted
from ..files import Progress
from ..pipeline import Pipeline
from .crm import kommo
from .crm.bitrix24 import history as bitrix24
from .crm.hubspot import history as hubspot
from .crm.pipedrive import history as pipedrive
from .crm.salesforce import history as salesforce
from .export import Export
from .notes import Notes
from .options import Options
from .protocol import Reader
from .shapes import events, from_to, stays, wide
from .shapes.items import LIST_OF_ITEMS
from .sources.opening import sources_of
from .sources.source import Source

# The formats of CRMs, and the shapes that any table may have, in the order of asking.
OWN: tuple[Reader, ...] = (hubspot, salesforce, pipedrive, kommo, bitrix24)
GENERAL: tuple[Reader, ...] = (stays, from_to, events, wide)
READERS = OWN + GENERAL
_COLUMN_OPTIONS = ("item", "stage", "time", "order", "from_stage", "created", "entered", "exited")


def read(
    paths_or_records: Any,
    *,
    format: str | None = None,
    pipeline: Pipeline | None = None,
    item: str | None = None,
    stage: str | None = None,
    time: str | None = None,
    order: str | None = None,
    from_stage: str | None = None,
    created: str | None = None,
    entered: str | None = None,
    exited: str | None = None,
    dayfirst: bool | None = None,
    time_format: str | None = None,
    zone: str | None = None,
    decimal: Literal[".", ","] | None = None,
    encoding: str | None = None,
    invalid: Literal["error", "drop"] = "error",
    progress: Progress | None = None,
) -> Export:
    """Read a CRM's export: files, or what a REST client returns.

    The files of one export (history, stages, items, pages of each) are given together, in any order; what
    each is, is told by its columns or keys, not by its name.

    Parameters
    ----------
    paths_or_records
        A path or a glob, a DataFrame, a dict or a list of dicts as a REST client returns them, or several
        of these in a list. Files are CSV (``,`` ``;`` or tab), .xlsx, JSON, JSON lines and Parquet, also
        with .gz; text is UTF-8, UTF-16 or the Cyrillic cp1251.
    format
        Name of the format; by default it is recognised.
    pipeline
        The stages, for formats that do not tell their order and meaning.
    item, stage, time, order, from_stage, created, entered, exited
        Names of columns, for tables whose columns do not go by usual names; formats of CRMs have their own.
    dayfirst
        How to read dates like ``03/04/2026``; needed where a column could be read both ways.
    time_format
        The format of times that are written in another way.
    zone
        Zone of times without one, for example ``"Europe/Berlin"``; times with one are converted to it.
    decimal
        The mark before the decimals of amounts; needed where ``1,234`` could be read both ways.
    encoding
        Encoding of text files that are neither UTF-8 nor UTF-16, for example ``"cp1252"``; cp1251 is told
        by its Cyrillic words.
    invalid
        What to do with a row that misses its item, stage or time: ``"error"`` (default), or ``"drop"``,
        which leaves it out and counts it.
    progress
        Called while files are read, with the rows so far and those that all files seem to have; ``None``
        until one of them is done.

    Returns
    -------
    Export

    Raises
    ------
    ReaderError
        For input that is of no known format, is damaged, or misses what an export needs.
    FileNotFoundError
        If a path or a glob matches no file.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = [
    ...     {"deal_id": 7, "stage": "New", "changed_at": "2026-03-02 10:15"},
    ...     {"deal_id": 7, "stage": "Won", "changed_at": "2026-03-09 08:00"},
    ... ]
    >>> sf.read(rows).log.n_rows
    2
    """
    check_option("invalid", invalid, ("error", "drop"))
    check_option("decimal", decimal or ".", (".", ","))
    options = Options(
        pipeline=pipeline,
        item=item,
        stage=stage,
        time=time,
        order=order,
        from_stage=from_stage,
        created=created,
        entered=entered,
        exited=exited,
        dayfirst=dayfirst,
        time_format=time_format,
        zone=zone,
        decimal=decimal,
        invalid=invalid,
    )
    readers = _asked(format, options)
    sources = sources_of(paths_or_records, encoding=encoding, progress=progress)
    _check_names(sources, options)
    reader, roles = _recognised(sources, readers, options)
    left_out = [source for source, role in zip(sources, roles, strict=True) if role is None]
    by_role: dict[str, list[Source]] = {}
    for source, role in zip(sources, roles, strict=True):
        if role is not None:
            by_role.setdefault(role, []).append(source)
    for same in by_role.values():
        if not any(len(source.frame) for source in same):
            raise ReaderError(f"{same[0].name}: there is a header and no rows; export it again")
    export = reader.read(by_role, options)
    notes = Notes()
    notes.add("sheets_left_out", len(left_out), f"sheets that {reader.FORMAT} does not know, left out")
    return replace(export, quality=notes.below(export.quality))


def _asked(format: str | None, options: Options) -> tuple[Reader, ...]:
    """Choose the readers that are asked: columns are named for tables that no CRM's format describes."""
    named = [role for role in _COLUMN_OPTIONS if getattr(options, role) is not None]
    if format is None:
        return GENERAL if named else READERS
    reader = _reader(format)
    if named and reader in OWN:
        raise SchemaError(f"format={format!r} has its own columns; leave out {named[0]}=")
    return (reader,)


def _recognised(
    sources: list[Source], readers: tuple[Reader, ...], options: Options
) -> tuple[Reader, list[str | None]]:
    """Find the format that knows all sources; where several do, the first that knows most sheets."""
    roles = {reader.FORMAT: [reader.sniff(source, options) for source in sources] for reader in readers}
    _give_way(roles, readers)
    fitting = [
        reader
        for reader in readers
        if {*roles[reader.FORMAT]} - {None, LIST_OF_ITEMS}
        and all(
            role is not None or source.optional
            for source, role in zip(sources, roles[reader.FORMAT], strict=True)
        )
    ]
    if fitting:
        best = max(fitting, key=lambda reader: sum(role is not None for role in roles[reader.FORMAT]))
        return best, roles[best.FORMAT]
    known_by = [
        [name for name, of_sources in roles.items() if of_sources[at] not in (None, LIST_OF_ITEMS)]
        for at in range(len(sources))
    ]
    for source, formats in zip(sources, known_by, strict=True):
        if not formats:
            raise ReaderError(_unknown(source, readers))
    said = "; ".join(
        f"{source.name}: {formats[0]}" for source, formats in zip(sources, known_by, strict=True)
    )
    raise ReaderError(f"the input is of several formats ({said}); read each export by itself")


def _give_way(roles: dict[str, list[str | None]], readers: tuple[Reader, ...]) -> None:
    """Leave a file that a CRM's own format knows to it: other tables may be shaped alike."""
    own = [roles[reader.FORMAT] for reader in readers if reader not in GENERAL]
    for reader in readers:
        if reader in GENERAL:
            roles[reader.FORMAT] = [
                None if any(known[at] is not None for known in own) else role
                for at, role in enumerate(roles[reader.FORMAT])
            ]


def _unknown(source: Source, readers: tuple[Reader, ...]) -> str:
    known = "".join(
        f"\n  {reader.FORMAT:<10} {role}: {what}"
        for reader in readers
        for role, what in list(reader.ROLES.items())[:1]
    )
    return (
        f"{source.name}: not an export that is known; it has the columns {quoted(source.columns)}. A list of "
        f"items with their current stage is not enough: a funnel needs the stages that they passed, and when "
        f"that was. Columns with other names can be named: item=, stage=, time=. Known formats:{known}"
    )


def _check_names(sources: list[Source], options: Options) -> None:
    """Refuse names of columns that no source has."""
    known = list(dict.fromkeys(column for source in sources for column in source.columns))
    for role in _COLUMN_OPTIONS:
        name = getattr(options, role)
        if name is not None and name not in known:
            hint = did_you_mean(name, known)
            raise SchemaError(
                f"{role}={name!r}: there is no such column; the input has: {quoted(known)}{hint}"
            )


def _reader(name: str) -> Reader:
    check_option("format", name, [reader.FORMAT for reader in READERS])
    return next(reader for reader in READERS if name == reader.FORMAT)
