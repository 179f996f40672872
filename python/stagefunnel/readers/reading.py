"""Reading an export of any known format: each file is recognised by its content."""

from __future__ import annotations

from typing import Any, Literal

from ..errors import ReaderError, SchemaError, check_option, quoted
from ..pipeline import Pipeline
from . import events
from .export import Export
from .protocol import Options, Reader
from .sources import Source, sources_of

# In the order of asking: a CRM's own formats before the shapes that any table may have.
READERS: tuple[Reader, ...] = (events,)


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
    invalid: Literal["error", "drop"] = "error",
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
        Names of columns, for tables whose columns do not go by usual names.
    dayfirst
        How to read dates like ``03/04/2026``; needed where a column could be read both ways.
    time_format
        The format of times that are written in another way.
    zone
        Zone of times without one, for example ``"Europe/Berlin"``; times with one are converted to it.
    invalid
        What to do with a row that misses its item, stage or time: ``"error"`` (default), or ``"drop"``,
        which leaves it out and counts it.

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
    options = Options(
        pipeline,
        item,
        stage,
        time,
        order,
        from_stage,
        created,
        entered,
        exited,
        dayfirst,
        time_format,
        zone,
        invalid,
    )
    readers = READERS if format is None else (_reader(format),)
    found: dict[str, dict[str, list[Source]]] = {}
    for source in sources_of(paths_or_records):
        reader, role = _recognised(source, readers, options)
        if reader is not None:
            found.setdefault(reader.FORMAT, {}).setdefault(role, []).append(source)
    if not found:
        raise ReaderError("no sheet of the workbook is an export that is known")
    if len(found) > 1:
        said = "; ".join(f"{name}: {quoted(_names(roles))}" for name, roles in found.items())
        raise ReaderError(f"the input is of several formats ({said}); read each export by itself")
    name, sources = next(iter(found.items()))
    return _reader(name).read(sources, options)


def _recognised(source: Source, readers: tuple[Reader, ...], options: Options) -> tuple[Reader | None, str]:
    for reader in readers:
        role = reader.sniff(source, options)
        if role is not None:
            return reader, role
    if source.optional:
        return None, ""
    known = "; ".join(
        f"{reader.FORMAT} ({', '.join(f'{role}: {what}' for role, what in reader.ROLES.items())})"
        for reader in readers
    )
    raise ReaderError(
        f"{source.name}: not an export that is known; it has the columns {quoted(source.columns)}. "
        f"Known are: {known}. For another table name its columns: item=, stage=, time="
    )


def _reader(name: str) -> Reader:
    for reader in READERS:
        if name == reader.FORMAT:
            return reader
    check_option("format", name, [reader.FORMAT for reader in READERS])
    raise SchemaError(f"format={name!r} is not known")


def _names(roles: dict[str, list[Source]]) -> list[str]:
    return [source.name for sources in roles.values() for source in sources]
