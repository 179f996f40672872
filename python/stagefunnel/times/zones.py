"""Time zones by one name each, whatever a library calls them."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from functools import cache

from ..errors import SchemaError

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
