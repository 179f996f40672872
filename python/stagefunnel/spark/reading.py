"""Which columns of a DataFrame make a log, and how its rows go to the executors by item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ..errors import SchemaError, check_flag, check_option, check_whole, given, named
from ..log.columns.kept import column_names
from ..log.data import Empty, Invalid
from ..log.number_dates import format_of_dates
from ..log.stage_log import StageLog
from .kept import WrittenAs
from .named_columns import columns_of
from .names import sent
from .session import checked_frame, column, is_of_spark, is_spark, shuffle_partitions, zone_of_session
from .types import empty_table

#: Columns of rows of the items table stand behind those of the log, under names that no other has.
OF_TABLE: Final = "items table: "
IS_OF_TABLE: Final = "is a row of the items table"
_ROLES: Final = ("item", "stage", "time", "exited", "start_unknown", "order")
_MOST_PARTITIONS: Final = 1_000_000
#: So many numbers of which each is a date by chance are not found: most numbers are none.
_LOOKED_AT: Final = 1_000
_UNIT: Final = "unit of the item"


@dataclass(frozen=True)
class Reading:
    """How the rows of a partition are read; all of it goes to the executors.

    Attributes
    ----------
    options
        Options of :meth:`stagefunnel.StageLog.from_batches`, without the columns.
    order, columns
        The column that orders rows of equal time, and the further ones.
    items
        The items table where it goes to every executor whole; ``None`` where its rows come with those of the
        log, or there is none.
    table
        Columns of the items table whose rows come with those of the log.
    items_key
        The key column of the items table.
    invalid, observed_until
        As for the log.
    """

    options: Mapping[str, Any]
    order: str | None
    columns: tuple[str, ...]
    items: Any
    table: tuple[str, ...]
    items_key: str
    invalid: Invalid
    observed_until: Any

    @property
    def kept(self) -> list[str]:
        """All further columns that are read, the one that orders rows included."""
        names = list(self.columns)
        return names if self.order is None or self.order in names else [*names, self.order]


@dataclass(frozen=True)
class Source:
    """A DataFrame of rows, and how a log is made of it.

    Attributes
    ----------
    rows, items
        The DataFrames; `items` is ``None`` where the items table is not one of Spark.
    reading
        What goes to the executors.
    empty
        What to do without any row.
    partitions
        Number of partitions by item; ``None`` leaves it to Spark.
    partitioned
        Whether all rows of an item are in one partition already.
    zone
        Zone in which the session shows moments.
    """

    rows: Any
    items: Any
    reading: Reading
    empty: Empty
    partitions: int | None
    partitioned: bool
    zone: str
    unit: str | None = field(default=None)

    @property
    def n_partitions(self) -> int:
        """The number of partitions, as far as it is known: what is merged in steps."""
        return self.partitions or shuffle_partitions(self.rows)

    def empty_log(self) -> StageLog:
        """Make the log of no rows, which finds what is wrong with columns and options before Spark runs."""
        reading = self.reading
        names = [
            *(str(reading.options[role]) for role in _ROLES[:5] if reading.options.get(role) is not None),
            *reading.kept,
        ]
        table = reading.items
        if self.items is not None:
            table = empty_table(self.items, self.items.columns, self.zone, "the items table")
        return StageLog(
            empty_table(self.rows, names, self.zone),
            **reading.options,
            order=reading.order,
            columns=reading.columns,
            items=table,
            items_key=reading.items_key,
            invalid=reading.invalid,
            empty="allow",
            observed_until=reading.observed_until,
        )

    @property
    def types(self) -> dict[str, str]:
        """The types of Spark of all columns, those of the rows before those of the items table."""
        frames = [self.items, self.rows] if self.items is not None else [self.rows]
        types = {one.name: one.dataType.simpleString() for frame in frames for one in frame.schema.fields}
        return types | {role: types[self.reading.options[role]] for role in ("item", "stage")}

    def written_as(self) -> WrittenAs:
        """Look at some times that are whole numbers: in which format they read as dates, and the first."""
        name = str(self.reading.options["time"])
        if not re.fullmatch(r"int|bigint|decimal\(\d+,0\)", self.types[name]):
            return {}
        rows = self.rows.select(column(name)).where(column(name).isNotNull()).limit(_LOOKED_AT).collect()
        times = [int(row[0]) for row in rows]
        if not times or not all(-(2**63) <= time < 2**63 for time in times):
            return {}
        return {format_of_dates(np.array(times)): min(times)}

    def refuse_shared_items(self) -> None:
        """Refuse rows that stay where they are, and of which an item has some in two partitions.

        Raises
        ------
        SchemaError
            If there is such an item.
        """
        from pyspark.sql import functions

        item = column(str(self.reading.options["item"])).alias("item")
        places = self.rows.select(item, functions.spark_partition_id().alias("place")).distinct()
        shared = (
            places.where("item is not null").groupBy("item").count().where("count > 1").limit(1).collect()
        )
        if shared:
            raise SchemaError(
                given("partitioned", True),
                f" says that all rows of an item are in one partition, and item {shared[0][0]!r} has rows in "
                f"{shared[0][1]:,} of them; leave it out",
            )

    def by_item(self) -> Any:
        """Return the rows, those of the items table among them, so that an item has all in one partition."""
        reading = self.reading
        options = reading.options
        names = [str(options[role]) for role in _ROLES[:5] if options.get(role) is not None]
        names = list(dict.fromkeys([*names, *reading.kept]))
        rows = self.rows.select(*map(column, names))
        item = str(options["item"])
        if self.items is not None:
            rows = _with_table(rows, self.items, item, reading)
        if self.partitioned:
            return sent(rows)
        by = [column(item)]
        if self.unit is not None:
            rows, by = _by_unit(rows, self.items, item, reading.items_key, self.unit)
        spread = rows.repartition(*by) if self.partitions is None else rows.repartition(self.partitions, *by)
        return sent(spread.drop(_UNIT) if self.unit is not None else spread)


def source_of(
    rows: Any,
    named_columns: Iterable[str],
    *,
    item: str,
    stage: str,
    time: str,
    order: str | None,
    exited: str | None,
    start_unknown: str | None,
    stages: Any,
    columns: Any,
    time_format: str | None,
    zone: str | None,
    items: Any,
    items_key: str | None,
    invalid: Invalid,
    empty: Empty,
    observed_until: Any,
    partitions: int | None,
    partitioned: bool,
    unit: str | None = None,
    whole_table: bool = True,
) -> Source:
    """Read what says how a log is made of a DataFrame.

    Parameters
    ----------
    named_columns
        What options of questions name; those that are columns are kept too.
    whole_table
        Whether all columns of an items table of Spark are moved, or its key and those in `named_columns`.
    """
    checked_frame(rows, "rows")
    check_flag("partitioned", partitioned)
    check_option("empty", empty, ("error", "allow"))
    if partitions is not None:
        check_whole("partitions", partitions, _MOST_PARTITIONS)
        if partitioned:
            raise SchemaError(
                given("partitions", partitions),
                " makes partitions anew; leave it out with ",
                given("partitioned", True),
            )
    if partitioned and is_spark(items):
        raise SchemaError(
            given("partitioned", True),
            " keeps the rows where they are, and the rows of the items table have to go to theirs; leave it "
            "out, or pass a small table as a pandas DataFrame to ",
            named("items"),
        )
    key = items_key or item
    of_spark = checked_frame(items, "items") if is_of_spark(items) else None
    named_columns = list(named_columns)
    table = () if of_spark is None else tuple(of_spark.columns)
    if not whole_table:
        table = tuple(name for name in table if name == key or name in named_columns)
    known_of_items = columns_of(items)
    others = [*known_of_items, item, stage, time]
    found = [name for name in named_columns if name in rows.columns and name not in others]
    kept = tuple(dict.fromkeys([*column_names(columns), *found]))
    if of_spark is not None:
        _refuse_own_names([item, stage, time, exited, start_unknown, order, *kept])
    if unit is not None and of_spark is None and items is not None:
        raise SchemaError(
            given("unit", unit),
            " brings the items of a unit together, which needs ",
            named("items"),
            " as a DataFrame of Spark",
        )
    return Source(
        rows=rows,
        items=of_spark,
        reading=Reading(
            options={
                "item": item,
                "stage": stage,
                "time": time,
                "exited": exited,
                "start_unknown": start_unknown,
                "stages": None if stages is None else list(stages),
                "time_format": time_format,
                "zone": zone,
            },
            order=order,
            columns=kept,
            items=None if of_spark is not None else items,
            table=table,
            items_key=key,
            invalid=invalid,
            observed_until=observed_until,
        ),
        empty=empty,
        partitions=partitions,
        partitioned=partitioned,
        zone=zone_of_session(rows),
        unit=unit if of_spark is not None else None,
    )


def of_saved_logs() -> Reading:
    """Return what stands for how rows are read, where they were read before."""
    return Reading(
        options={},
        order=None,
        columns=(),
        items=None,
        table=(),
        items_key="item",
        invalid="error",
        observed_until=None,
    )


def _refuse_own_names(names: Iterable[str | None]) -> None:
    """Refuse columns with the names of those that stand beside them while the items table is moved."""
    own = {IS_OF_TABLE, _UNIT, f"{_UNIT} (item)"}
    for name in names:
        # Spark reads no letter case.
        if name is not None and (name.lower() in own or name.lower().startswith(OF_TABLE)):
            raise SchemaError(
                f"column {name!r} of the DataFrame has a name that is used here to bring the items table to "
                "its rows; rename the column"
            )


def _with_table(rows: Any, items: Any, item: str, reading: Reading) -> Any:
    """Put the rows of the items table behind those of the log, with its key in the column of the items."""
    from pyspark.sql import functions

    fields = {one.name: one.dataType for one in rows.schema.fields}
    of_items = {one.name: one.dataType for one in items.schema.fields}
    if of_items[reading.items_key] != fields[item]:
        raise SchemaError(
            f"column {reading.items_key!r} of the items table is of type "
            f"{of_items[reading.items_key].simpleString()}, and {item!r} of the rows of type "
            f"{fields[item].simpleString()}; make them one type"
        )
    nothing = functions.lit(None)
    of_log = [column(name) for name in fields]
    of_log += [nothing.cast(of_items[name]).alias(OF_TABLE + name) for name in reading.table]
    of_table = [
        column(reading.items_key).alias(name) if name == item else nothing.cast(fields[name]).alias(name)
        for name in fields
    ]
    of_table += [column(name).alias(OF_TABLE + name) for name in reading.table]
    return rows.select(*of_log, functions.lit(False).alias(IS_OF_TABLE)).union(
        items.select(*of_table, functions.lit(True).alias(IS_OF_TABLE))
    )


def _by_unit(rows: Any, items: Any, item: str, key: str, unit: str) -> tuple[Any, list[Any]]:
    """Give each row the unit of its item, by which it is put into a partition."""
    from pyspark.sql import functions

    units = items.select(column(key).alias(_UNIT + " (item)"), column(unit).alias(_UNIT))
    joined = rows.join(units, column(item) == column(_UNIT + " (item)"), "left")
    joined = joined.drop(_UNIT + " (item)")
    of_unit = column(_UNIT)
    return joined, [of_unit, functions.when(of_unit.isNull(), column(item))]
