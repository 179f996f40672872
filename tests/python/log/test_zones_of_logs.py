"""Logs in one zone under several names, and the zone of what DuckDB gives."""

from itertools import pairwise
from typing import Any

import dateutil.tz
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import stagefunnel as sf

PIPELINE = sf.Pipeline("New", won="Won")
# 23:30 of 31 January in London is February in Berlin and January in New York.
MOMENT = pd.Timestamp("2026-01-31T23:30Z")
NAMES = ["UTC", "Etc/UTC", "+00:00", "GMT", "Zulu"]


def rows_in(zone: str, item: int) -> pa.Table:
    """Return two rows of an item as a table of Arrow, which takes any text for a zone."""
    time = pa.array([MOMENT.value, MOMENT.value + 1], pa.int64()).view(pa.timestamp("ns", zone))
    return pa.table({"item": [item, item], "stage": ["New", "Won"], "time": time})


@pytest.mark.parametrize(("first", "second"), list(pairwise([*NAMES, "UTC"])))
def test_batches_and_parts_in_utc_go_together_whatever_it_is_called(first: str, second: str) -> None:
    tables = [rows_in(first, 1), rows_in(second, 2)]
    log = sf.StageLog.from_batches(tables)
    assert (log.zone, log.n_items) == ("UTC", 2)
    merged = sf.merge([sf.partial(sf.StageLog(table), PIPELINE) for table in tables])
    assert merged.summary().outcomes["won"].tolist() == [2]


@pytest.mark.parametrize(("first", "second"), [("+05:30", "UTC+05:30"), ("-03:30", "-0330")])
def test_so_do_those_of_one_offset(first: str, second: str) -> None:
    log = sf.StageLog.from_batches([rows_in(first, 1), rows_in(second, 2)])
    assert log.zone == first


def test_zones_that_differ_do_not_go_together() -> None:
    tables = [rows_in("UTC", 1), rows_in("Europe/London", 2)]
    with pytest.raises(sf.SchemaError, match=r"in Europe/London, the batches before have .* in UTC"):
        sf.StageLog.from_batches(tables)
    with pytest.raises(sf.SchemaError, match="the partials differ in zone"):
        sf.merge([sf.partial(sf.StageLog(table), PIPELINE) for table in tables])


def test_datetimes_of_several_names_of_a_zone_are_in_it() -> None:
    zones = ["Europe/Berlin", dateutil.tz.gettz("Europe/Berlin")]
    times = pd.Series([MOMENT.tz_convert(zone) for zone in zones], dtype=object)
    log = sf.StageLog({"item": [1, 2], "stage": ["New", "New"], "time": times})
    assert log.zone == "Europe/Berlin"
    assert sf.funnel_by_period(log, PIPELINE)["period"].astype(str).unique().tolist() == ["2026-02"]


def test_an_unknown_zone_is_refused_where_the_log_is_made() -> None:
    with pytest.raises(sf.SchemaError, match="'Europe/Berln' is not a time zone of the database"):
        sf.StageLog(rows_in("Europe/Berln", 1))


def relation_in(zone: str) -> Any:
    connection = duckdb.connect()
    connection.execute(f"set timezone = '{zone}'")
    return connection.sql(
        "select 1 as item, 'New' as stage, timestamptz '2026-01-31 23:30:00+00' as time, 'Ann' as who"
    )


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_a_relation_of_duckdb_is_in_utc_whatever_the_session_says(zone: str) -> None:
    relation = relation_in(zone)
    logs = [
        sf.StageLog(relation),
        sf.StageLog(relation, columns="who"),
        sf.StageLog.from_batches([relation]),
        sf.StageLog(relation, items=relation),
    ]
    for log in logs:
        assert log.zone == "UTC"
        assert sf.row_table(log)["time"].tolist() == [MOMENT]
        assert sf.funnel_by_period(log, PIPELINE)["period"].astype(str).unique().tolist() == ["2026-01"]
    assert logs[-1].items is not None
    assert str(logs[-1].items["time"].dt.tz) == "UTC"


def test_what_names_the_zone_of_the_session_is_in_that_zone() -> None:
    table = pl.from_arrow(pa.table(relation_in("Europe/Berlin")))
    log = sf.StageLog(table)
    assert log.zone == "Europe/Berlin"
    assert sf.funnel_by_period(log, PIPELINE)["period"].astype(str).unique().tolist() == ["2026-02"]
