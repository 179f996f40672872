"""Time zones have one name each."""

import datetime
import zoneinfo
from typing import Any

import dateutil.tz
import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.times.stamps import _put_together
from stagefunnel.times.zones import zone_name

HOURS = datetime.timedelta(hours=1)


@pytest.mark.parametrize(
    "zone",
    [
        *["UTC", "utc", "Etc/UTC", "Etc/UCT", "Zulu", "Z", "GMT", "Etc/GMT", "Etc/GMT0", "Universal"],
        *["+00:00", "-00:00", "+0000", "+00", "UTC+00:00"],
        *[datetime.UTC, datetime.timezone(0 * HOURS), zoneinfo.ZoneInfo("Etc/UTC"), dateutil.tz.tzutc()],
        pd.Timestamp("2026-03-01T00:00+00:00").tzinfo,
    ],
    ids=str,
)
def test_every_name_of_utc_is_utc(zone: Any) -> None:
    assert zone_name(zone) == "UTC"


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("+05:30", "+05:30"),
        ("UTC+05:30", "+05:30"),
        ("-0330", "-03:30"),
        ("+02", "+02:00"),
        (datetime.timezone(5.5 * HOURS), "+05:30"),
        (datetime.timezone(-3.5 * HOURS), "-03:30"),
        (dateutil.tz.tzoffset(None, 3_600), "+01:00"),
        ("Europe/Berlin", "Europe/Berlin"),
        (zoneinfo.ZoneInfo("Europe/Berlin"), "Europe/Berlin"),
        (dateutil.tz.gettz("Europe/Berlin"), "Europe/Berlin"),
        ("Etc/GMT-2", "+02:00"),
        (zoneinfo.ZoneInfo("Etc/GMT-2"), "+02:00"),
    ],
    ids=str,
)
def test_a_zone_is_called_by_its_offset_or_its_name(zone: Any, name: str) -> None:
    assert zone_name(zone) == name
    times = pd.DatetimeIndex(["2026-03-01T12:00Z"]).tz_convert(name)
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": times})
    assert log.zone == name
    assert sf.row_table(log)["time"].tolist() == [pd.Timestamp("2026-03-01T12:00Z")]


@pytest.mark.parametrize("zone", ["Europe/Berln", "tzlocal()", "../etc/passwd", ""])
def test_a_zone_that_nothing_knows_is_refused(zone: str) -> None:
    with pytest.raises(sf.SchemaError, match="is not a time zone of the database"):
        zone_name(zone)


@pytest.mark.parametrize(
    ("nanoseconds", "far", "is_fine", "unit"),
    [
        (0, False, False, "us"),
        (0, True, False, "us"),
        (0, True, True, "us"),
        (0, False, True, "ns"),
        (1, False, False, "ns"),
        (1, False, True, "ns"),
    ],
)
def test_times_are_as_fine_as_they_need_to_be_or_as_they_were(
    nanoseconds: int, far: bool, is_fine: bool, unit: str
) -> None:
    """Nanoseconds reach from 1677 to 2262; times that need none stay in them only if they were."""
    first = np.datetime64("2500-01-01" if far else "2026-01-01", "us").astype(np.int64)
    found = _put_together(
        np.array([first, 0]), np.array([0, nanoseconds]), pd.Series(["a", "b"]), "time", is_fine=is_fine
    )
    assert found.unit == unit
    assert found[0] == pd.Timestamp("2500-01-01" if far else "2026-01-01")
    assert found[1] == pd.Timestamp(nanoseconds, unit="ns")
