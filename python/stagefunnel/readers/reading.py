"""Reading an export of any known format, recognised by the content of its files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

import pandas as pd

from ..databases.connection import Connection
from ..errors import Parts, ReaderError, SchemaError, check_option, did_you_mean, given, named, quoted
from ..files import Progress
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..renamed import renamed
from ..times.periods import MomentLike
from .boards import azure, github, jira, trello
from .crm import close, dynamics, kommo, zoho
from .crm.bitrix24 import history as bitrix24
from .crm.hubspot import history as hubspot
from .crm.pipedrive import history as pipedrive
from .crm.salesforce import history as salesforce
from .export import Export
from .logs import process, web
from .notes import Notes
from .options import Options
from .protocol import Reader
from .refused import refusal_of
from .shapes import events, from_to, stays, wide
from .shapes.items import LIST_OF_ITEMS
from .sources.opening import Inputs, sources_of, with_objects
from .sources.queries import tables_of
from .sources.selection import Only, check_only, selected, values_by_column
from .sources.source import Source
from .sources.tidy import tidy

# The formats of programs, and the shapes of any table; of several that fit, the first is taken.
OWN: tuple[Reader, ...] = (
    *(hubspot, salesforce, pipedrive, kommo, bitrix24, close, zoho, dynamics),
    *(jira, azure, trello, github, process, web),
)
GENERAL: tuple[Reader, ...] = (stays, from_to, events, wide)
READERS = OWN + GENERAL
_NARROWED: tuple[Reader, ...] = (stays, from_to, events)
_COLUMN_OPTIONS = ("item", "stage", "time", "order", "from_stage", "created", "entered", "exited")


# Columns of CRMs that identify something or say when it was; in lower case.
_KEYS: Final = {
    *("id", "owner_id", "type_id", "stage_id", "status_id", "category_id", "pipeline_id", "lead_id"),
    *("deal_id", "dealid", "leadid", "opportunityid", "entity_id", "object_id", "hs_object_id"),
    *("stagename", "createddate", "created_time", "created_at", "timestamp"),
}


@renamed(format="crm")
def read(
    paths_or_records: Inputs | None = None,
    *,
    sql: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]] | None = None,
    connection: Connection | None = None,
    crm: str | None = None,
    pipeline: Pipeline | None = None,
    item: str | None = None,
    stage: str | None = None,
    time: str | None = None,
    order: str | None = None,
    from_stage: str | None = None,
    created: str | None = None,
    entered: str | None = None,
    exited: str | None = None,
    only: Only | None = None,
    dayfirst: bool | None = None,
    time_format: str | None = None,
    zone: str | None = None,
    decimal: Literal[".", ","] | None = None,
    encoding: str | None = None,
    merged: Literal["keep", "join"] = "keep",
    invalid: Literal["error", "drop"] = "error",
    observed_until: MomentLike | None = None,
    progress: Progress | None = None,
) -> Export:
    """Read a CRM's export: files, or what a REST client returns.

    The files of one export (history, stages, items, pages of each) are passed together, in any order. Each
    file is recognised by its columns or keys, not by its name.

    Parameters
    ----------
    paths_or_records
        Path or glob, DataFrame, dict or list of dicts as a REST client returns them, or a list of several
        of these. Files are CSV (``,``, ``;`` or tab), .xlsx, JSON, JSON lines, Parquet or XES, also packed
        with gzip; text is UTF-8, UTF-16 or the Cyrillic cp1251. May be left out beside `sql`.
    sql
        A query of a database, or several by names, such as ``{"moves": "SELECT …", "deals": "SELECT …"}``:
        text, or the path of a file. Each is recognised by its columns, as a file is.
    connection
        Where the queries run: a URI or an open connection, as :meth:`StageLog.from_sql` takes it.
    crm
        Name of the format; by default it is recognised.
    pipeline
        Stages of the log, for formats that do not say their order and meaning.
    item, stage, time, order, from_stage, created, entered, exited
        Names of columns, for tables whose columns have no usual names. The formats of CRMs do not take
        them: they have columns of their own. Rows of one item and one time are ordered by `order`; without
        such a column by their position, turned round in files that list the newest row first.
    only
        Values of columns of which only the rows are read, for tables whose rows are also about other things
        than stages: ``{"field": "status"}``, or several values in a list. By default a column such as
        ``field`` or ``action`` decides if one of its values is a usual name of a stage; otherwise it is
        refused with its values.
    dayfirst
        Whether dates like ``03/04/2026`` have the day first; needed if a column could be read both ways, and
        where a year of two digits could stand first.
    time_format
        Format of times that are neither ISO 8601 nor close to it, with the codes of ``strptime``, for
        example ``"%d %b %Y"``.
    zone
        Time zone of times without one, for example ``"Europe/Berlin"``; times with another zone are
        converted to it.
    decimal
        Decimal mark of amounts; needed if a number like ``1,234`` could be read both ways.
    encoding
        Encoding of text files that are neither UTF-8 nor UTF-16, for example ``"cp1252"``; cp1251 is
        recognised by its Cyrillic words, where no other encoding of one byte a letter is as likely.
    merged
        What happens to deals that were merged into another one, whose rows HubSpot's warehouses keep:
        ``"keep"`` (default) leaves both and counts them, ``"join"`` gives their rows to that deal.
    invalid
        What happens to a row without item, stage or time, to a row of the list of items without a key, and
        to a row of a CSV file with more or fewer fields than the header: ``"error"`` (default), or
        ``"drop"``, which leaves the row out and counts it.
    observed_until
        Moment until which the items were observed, as :class:`StageLog` takes it. By default that is when the
        export was made, if it says so (Bitrix24's REST answers do), else its last row.
    progress
        Function that is called while files are read, with the number of rows so far and an estimate of
        all rows, which is ``None`` until the first file is done.

    Returns
    -------
    Export
        Log, pipelines, table of items and quality table.

    Raises
    ------
    ReaderError
        If the input has no known format, is damaged, or lacks a part that an export needs.
    SchemaError
        If an option does not fit the input.
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
    check_option("merged", merged, ("keep", "join"))
    check_option("decimal", decimal or ".", (".", ","))
    names = {
        "item": item,
        "stage": stage,
        "time": time,
        "order": order,
        "from_stage": from_stage,
        "created": created,
        "entered": entered,
        "exited": exited,
    }
    options = Options(
        format=crm,
        pipeline=pipeline,
        **{role: tidy(name) if isinstance(name, str) else name for role, name in names.items()},
        only=values_by_column(only),
        dayfirst=dayfirst,
        time_format=time_format,
        zone=zone,
        decimal=decimal,
        merged=merged,
        invalid=invalid,
    )
    readers = _candidates(crm, options)
    tables = tables_of(sql, connection, progress)
    if paths_or_records is None and not tables:
        raise SchemaError(
            named("paths_or_records"), " is missing; give files, records, or a query with ", named("sql")
        )
    sources = sources_of(
        () if paths_or_records is None else paths_or_records,
        encoding=encoding,
        progress=progress,
        drop=invalid == "drop",
        tables=tables,
    )
    _check_names(sources, options)
    check_only(sources, options.only)
    epochs = [source.serial_epoch for source in sources if source.serial_epoch]
    options = replace(options, serial_epoch=next(iter(epochs), None))
    reader, roles = recognised(sources, readers, options)
    if reader is not web and any(source.inside for source in sources):
        sources = with_objects(sources)
        reader, roles = recognised(sources, readers, options)
    if reader in OWN:
        for source in sources:
            source.refuse_nested([name for name in source.nested if name.lower() in _KEYS])
    if merged != "keep" and reader is not hubspot:
        raise SchemaError(given("merged", merged), f" is for hubspot, and the input is {reader.FORMAT}")
    by_role: dict[str, list[Source]] = {}
    for source, role in zip(sources, roles, strict=True):
        if role is not None:
            # A history of rows takes the creations of items out of the rows that are not chosen.
            is_history = reader in _NARROWED and role != LIST_OF_ITEMS
            by_role.setdefault(role, []).append(source if is_history else selected(source, options.only))
    for of_role in by_role.values():
        if not any(len(source.frame) for source in of_role):
            raise ReaderError(f"{of_role[0].name}: there is a header and no rows; export it again")
    export = reader.read(by_role, options)
    notes = Notes()
    notes.add("sheets_left_out", roles.count(None), f"sheets that {reader.FORMAT} does not know, left out")
    return _observed(
        notes.on(export), observed_until, [source.made_at for source in sources if source.made_at]
    )


def _observed(export: Export, until: MomentLike | None, made_at: Sequence[str]) -> Export:
    """Set the end of observation of the logs of an export."""
    if until is None and not made_at:
        return export
    return replace(
        export,
        log=_observed_log(export.log, until, made_at),
        leads=None if export.leads is None else _observed(export.leads, until, made_at),
        deals=None if export.deals is None else _observed(export.deals, until, made_at),
    )


def _observed_log(log: StageLog, until: MomentLike | None, made_at: Sequence[str]) -> StageLog:
    if until is not None:
        return log.with_observed_until(until)
    first = pd.to_datetime(pd.Series(made_at), errors="coerce", format="ISO8601", utc=True).min()
    last = log.observed_until
    if log.zone is None or not isinstance(last, pd.Timestamp) or not first >= last:
        return log  # rows may be later than the first page, which was made before the last one
    return log.with_observed_until(first)


def _candidates(crm: str | None, options: Options) -> tuple[Reader, ...]:
    """Return the readers to try; names of columns exclude the formats of CRMs, which have their own."""
    roles = [role for role in _COLUMN_OPTIONS if getattr(options, role) is not None]
    if crm is None:
        return GENERAL if roles else READERS
    check_option("crm", crm, [reader.FORMAT for reader in READERS])
    reader = next(reader for reader in READERS if crm == reader.FORMAT)
    if roles and reader in OWN:
        raise SchemaError(given("crm", crm), " has its own columns; leave out ", named(roles[0]))
    return (reader,)


def _check_names(sources: list[Source], options: Options) -> None:
    """Refuse names of columns that no source has."""
    columns = list(dict.fromkeys(column for source in sources for column in source.columns))
    for role in _COLUMN_OPTIONS:
        name = getattr(options, role)
        if name is not None and name not in columns:
            hint = did_you_mean(name, columns)
            raise SchemaError(
                given(role, name), f": there is no such column; the input has: {quoted(columns)}{hint}"
            )


def recognised(
    sources: list[Source], readers: tuple[Reader, ...], options: Options
) -> tuple[Reader, list[str | None]]:
    """Return the format with a role for every source, and the roles.

    Optional sources need no role. Of several such formats, the one with a role for the most sources wins,
    then the first. A list of items alone is not an export.
    """
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
    formats_of = [
        [name for name, of_sources in roles.items() if of_sources[number] not in (None, LIST_OF_ITEMS)]
        for number in range(len(sources))
    ]
    for source, formats in zip(sources, formats_of, strict=True):
        if not formats:
            if (refusal := refusal_of(source)) is not None:
                raise refusal
            raise _unknown(source, readers, wide.date_columns(source, options))
    first_formats = "; ".join(
        f"{source.name}: {formats[0]}" for source, formats in zip(sources, formats_of, strict=True)
    )
    raise ReaderError(f"the input has several formats ({first_formats}); read each export by itself")


def _give_way(roles: dict[str, list[str | None]], readers: tuple[Reader, ...]) -> None:
    """Take from the general shapes the sources that a CRM's format recognises."""
    own = [roles[reader.FORMAT] for reader in readers if reader in OWN]
    for reader in readers:
        if reader in GENERAL:
            roles[reader.FORMAT] = [
                None if any(of_crm[number] not in (None, LIST_OF_ITEMS) for of_crm in own) else role
                for number, role in enumerate(roles[reader.FORMAT])
            ]


def _unknown(source: Source, readers: tuple[Reader, ...], dated: Sequence[str]) -> ReaderError:
    """Make the error for a source that no format recognises.

    Parameters
    ----------
    dated
        Columns of dates that could be stages.
    """
    may_be_wide: Parts = (
        (
            f" If the columns of dates are stages ({quoted(dated, most=6)}), pass ",
            given("crm", wide.FORMAT),
            ".",
        )
        if len(dated) > 1
        else ()
    )
    histories = [(reader.FORMAT, *next(iter(reader.ROLES.items()))) for reader in readers]
    formats = "".join(f"\n  {name:<10} {role}: {columns}" for name, role, columns in histories)
    return ReaderError(
        f"{source.name}: not an export of a known format; it has the columns {quoted(source.columns)}. A "
        "list of items with their current stage is not enough: a funnel needs the stages that they passed, "
        "and when. Columns with other names can be named: ",
        named("item"),
        ", ",
        named("stage"),
        ", ",
        named("time"),
        ".",
        *may_be_wide,
        f" Known formats:{formats}",
    )
