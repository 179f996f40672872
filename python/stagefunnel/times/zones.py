"""Time zones by one name each, whatever a library calls them."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from functools import cache

import numpy as np
import pandas as pd

from ..errors import SchemaError, given

UTC = "UTC"
_MINUTE = datetime.timedelta(minutes=1)
_OFFSET = re.compile(r"(?:UTC)?(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?")
_OF_DATEUTIL = re.compile(r"tzfile\('(?:.*zoneinfo/)?(?P<name>.+)'\)")


def zone_name(zone: datetime.tzinfo | str) -> str:
    """Name a time zone: ``UTC``, an offset such as ``+05:30``, or a name of the time zone database.

    A zone whose offset never changes is called by it, and ``UTC`` if it is zero.

    Raises
    ------
    SchemaError
        If the time zone database does not have the zone.
    """
    if isinstance(zone, str):
        return _name_of_text(zone)
    offset = zone.utcoffset(None)
    if offset is not None and offset % _MINUTE == 0 * _MINUTE:
        minutes = offset // _MINUTE
        sign = "-" if minutes < 0 else "+"
        return _name_of_text(f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}")
    if isinstance(zone, zoneinfo.ZoneInfo) and zone.key is not None:
        return zone.key
    file = _OF_DATEUTIL.fullmatch(str(zone))
    return _name_of_text(file["name"] if file else str(zone))


def checked_zone(zone: str | None) -> str | None:
    """Read the option ``zone=``; ``None`` leaves times as they are.

    Raises
    ------
    SchemaError
        If it is not the name of a time zone.
    """
    if zone is None:
        return None
    if isinstance(zone, str):
        try:
            return zone_name(zone)
        except SchemaError:
            pass  # the text of this error advises what a caller with an option need not do
    raise SchemaError(given("zone", zone), " is not a time zone; names are like 'Europe/Berlin'")


def localized(times: pd.DatetimeIndex, zone: str) -> tuple[pd.DatetimeIndex, int]:
    """Read times without a zone as local times of one.

    Returns
    -------
    times, doubtful
        The moments, and the number of local times that a change of the clocks has twice, of which the second
        is meant (winter time), or not at all, for which the first moment after stands.
    """
    is_summer = np.zeros(len(times), dtype=bool)
    moments = times.tz_localize(zone, ambiguous=is_summer, nonexistent="NaT")
    is_left_out = np.asarray(moments.isna()) & np.asarray(times.notna())
    if is_left_out.any():
        after = {time: first_shown(time, zone) for time in times[is_left_out].unique()}
        moments = moments.where(~is_left_out, pd.DatetimeIndex(times.map(after)).as_unit(moments.unit))
    certain = times.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    return moments, int(np.sum(np.asarray(certain.isna()) & np.asarray(times.notna())))


def first_shown(start: pd.Timestamp, zone: str) -> pd.Timestamp:
    """Find the first moment at which a zone's clocks show a time that they pass over, or a later one.

    pandas' own way forward misses it where the gap is not of an hour, or a whole day is left out.
    """
    moment = start.tz_localize("UTC")
    # Clocks are at most 14 hours from UTC, so that `low` is before and `high` past it.
    low, high = -26 * 3_600, 26 * 3_600
    while high - low > 1:
        middle = (low + high) // 2
        shown = (moment + pd.Timedelta(seconds=middle)).tz_convert(zone).tz_localize(None)
        low, high = (low, middle) if shown >= start else (middle, high)
    return (moment + pd.Timedelta(seconds=high)).tz_convert(zone)


@cache
def _name_of_text(text: str) -> str:
    if text.upper() in ("Z", UTC):
        return UTC
    offset = _OFFSET.fullmatch(text)
    if offset is not None:
        shown = f"{offset['hours']}:{offset['minutes'] or '00'}"
        return UTC if shown == "00:00" else offset["sign"] + shown
    try:
        return zone_name(zoneinfo.ZoneInfo(text))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SchemaError(
            f"{text!r} is not a time zone of the database; convert the times to one, for example with "
            f'tz_convert("Europe/Berlin")'
        ) from error
