"""Times of exports: read as they are written, and refused if they could be two days."""

from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2069, 12, 31), allow_imaginary=False).map(
    lambda time: time.replace(microsecond=0)
)
# Ways to write a moment, and the options that each needs.
WRITTEN: dict[str, dict[str, Any]] = {
    "%Y-%m-%d %H:%M:%S": {},
    "%Y-%m-%dT%H:%M:%S": {},
    "%Y/%m/%d %H:%M:%S": {},
    "%d.%m.%Y %H:%M:%S": {},
    "%d/%m/%Y %H:%M:%S": {"dayfirst": True},
    "%d-%m-%y %H:%M:%S": {"dayfirst": True},
    "%m/%d/%Y %I:%M:%S %p": {"dayfirst": False},
    "%m/%d/%y, %I:%M:%S %p": {"dayfirst": False},
    "%d %b %Y %H:%M:%S": {"time_format": "%d %b %Y %H:%M:%S"},
}


def read(*times: Any, **options: Any) -> sf.Export:
    rows = [{"deal_id": row, "stage": "New", "changed_at": time} for row, time in enumerate(times)]
    return sf.read(rows, **options)


def first_times(export: sf.Export) -> pd.Series:
    pipeline = export.pipelines["Pipeline"]
    return sf.item_table(export.log, pipeline)["first_time"]


@examples(ci=100, night=1_000)
@given(times=st.lists(MOMENTS, min_size=1), form=st.sampled_from(list(WRITTEN)))
def test_a_moment_is_read_however_it_is_written(times: list[datetime], form: str) -> None:
    export = read(*(time.strftime(form) for time in times), **WRITTEN[form])
    assert first_times(export).tolist() == times


@examples(ci=100, night=1_000)
@given(times=st.lists(MOMENTS, min_size=1))
def test_seconds_and_milliseconds_since_1970_are_moments_in_utc(times: list[datetime]) -> None:
    seconds = [round((time - datetime(1970, 1, 1)).total_seconds()) for time in times]
    seconds = [second for second in seconds if second >= 1_000_000_000] or [1_772_435_700]
    expected = pd.to_datetime(pd.Series(seconds), unit="s", utc=True).tolist()
    assert first_times(read(*seconds)).tolist() == expected
    assert first_times(read(*(second * 1000 for second in seconds))).tolist() == expected


NEARLY_ISO = {
    "2021-01-07 6:49:18": "2021-01-07 06:49:18",
    "2021-1-7": "2021-01-07",
    "02/23/26 08:55 PM": "2026-02-23 20:55",
    "02/23/26 12:05 AM": "2026-02-23 00:05",
    "02/23/26 12:05 p.m.": "2026-02-23 12:05",
    "23/02/2026": "2026-02-23",
    "23.02.2026 9:05": "2026-02-23 09:05",
    "2026-02-23 09:05:01,5": "2026-02-23 09:05:01.5",
}


@pytest.mark.parametrize(("text", "moment"), NEARLY_ISO.items())
def test_a_time_that_is_nearly_iso_is_read(text: str, moment: str) -> None:
    assert first_times(read(text)).tolist() == [pd.Timestamp(moment)]


@pytest.mark.parametrize("text", ["03/04/2026", "03-04-26 10:15", "3/4/2026 1:05 PM"])
def test_a_date_that_could_be_two_days_asks_which(text: str) -> None:
    with pytest.raises(
        sf.ReaderError, match=r"record 2: '.*' in column 'changed_at' could be two days; pass dayfirst"
    ):
        read(None, text, invalid="drop")
    assert first_times(read(text, dayfirst=True))[0].month == 4
    assert first_times(read(text, dayfirst=False))[0].month == 3


def test_one_date_of_a_column_decides_for_all_and_a_note_says_so() -> None:
    export = read("03/04/2026", "13/04/2026")
    assert first_times(export).dt.month.tolist() == [4, 4]
    line = export.quality.set_index("check").loc["day_first_dates"]
    assert (line["count"], line["note"]) == (
        2,
        "dates with the day first, as one with a number above 12 shows",
    )
    assert first_times(read("03/04/2026", "03/13/2026")).dt.month.tolist() == [3, 3]


def test_dates_that_contradict_each_other_or_the_option_are_refused() -> None:
    with pytest.raises(
        sf.ReaderError, match=r"record 2: '13/04/2026' .* has the day first, '04/13/2026' \(.*record 1\)"
    ):
        read("04/13/2026", "13/04/2026")
    with pytest.raises(sf.ReaderError, match=r"record 1: '04/13/2026' .* cannot be read with dayfirst=True"):
        read("04/13/2026", dayfirst=True)


def test_a_text_that_is_not_a_time_is_refused_with_its_place_or_counted() -> None:
    with pytest.raises(
        sf.ReaderError, match=r"record 2: 'soon' in column 'changed_at' is not a date or time \(1 row\)"
    ):
        read("2026-01-01", "soon")
    export = read("2026-01-01", "soon", invalid="drop")
    counts = export.quality.set_index("check")["count"]
    assert (export.log.n_rows, counts["unreadable_times"], counts["dropped"]) == (1, 1, 1)
    with pytest.raises(sf.ReaderError, match="'2026-13-01' in column 'changed_at' is not a date or time"):
        read("2026-13-01")


def test_a_row_without_a_time_is_refused_with_its_place() -> None:
    with pytest.raises(sf.ReaderError, match=r"the input, record 2: .*time"):
        read("2026-01-01", None)


def test_times_with_and_without_a_zone_do_not_mix() -> None:
    with pytest.raises(sf.ReaderError, match="mixes times with a zone"):
        read("2026-01-01T00:00:00Z", "2026-01-01T00:00:00")


def test_a_zone_is_given_to_times_without_one_and_converts_others() -> None:
    naive, zoned = (
        read("2026-07-01 12:00", zone="Europe/Berlin"),
        read("2026-07-01T12:00:00Z", zone="Europe/Berlin"),
    )
    assert first_times(naive)[0] == pd.Timestamp("2026-07-01 12:00", tz="Europe/Berlin")
    assert first_times(zoned)[0] == pd.Timestamp("2026-07-01 14:00", tz="Europe/Berlin")
    assert naive.log.zone == zoned.log.zone == "Europe/Berlin"
    with pytest.raises(sf.SchemaError, match="zone='Mars' is not a time zone"):
        read("2026-07-01", zone="Mars")


def test_local_times_that_a_change_of_the_clocks_has_twice_or_not_at_all_are_counted() -> None:
    # In Berlin the clock shows 02:30 twice on 25 October 2026, and never on 29 March.
    export = read("2026-10-25 02:30", "2026-03-29 02:30", "2026-05-01 02:30", zone="Europe/Berlin")
    assert export.quality.set_index("check").loc["doubtful_local_times", "count"] == 2
    moments = first_times(export).dt.tz_convert("UTC").dt.strftime("%m-%d %H:%M").tolist()
    assert moments == ["10-25 01:30", "03-29 01:00", "05-01 00:30"]
