"""Times of exports: read as they are written, and refused if they could be two days."""

from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

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
    "02/23/70 08:55 AM": "1970-02-23 08:55",
    "02/23/69 08:55 AM": "2069-02-23 08:55",
    "23/02/2026": "2026-02-23",
    "23.02.2026 9:05": "2026-02-23 09:05",
    "2026-02-23 09:05:01,5": "2026-02-23 09:05:01.5",
    "20260223090501": "2026-02-23 09:05:01",
    "20260223 0905": "2026-02-23 09:05",
    "23.2.2026 9.05": "2026-02-23 09:05",
    "23/02/2026 9h05": "2026-02-23 09:05",
}


@pytest.mark.parametrize(("text", "moment"), NEARLY_ISO.items())
def test_a_time_that_is_nearly_iso_is_read(text: str, moment: str) -> None:
    assert first_times(read(text)).tolist() == [pd.Timestamp(moment)]


UTC = {
    "2019-10-01 00:00:05 UTC": "2019-10-01 00:00:05",
    "2019-10-01 00:00:05.500 UTC": "2019-10-01 00:00:05.5",
    "2019-10-01 00:00:05 GMT": "2019-10-01 00:00:05",
    "2019-10-01T00:00:05 Z": "2019-10-01 00:00:05",
    "2019-10-01 00:00:05 +0000 UTC": "2019-10-01 00:00:05",
    "2019-10-01 03:00:05.25 +0300 MSK": "2019-10-01 00:00:05.25",
    "2019-10-01 03:00 GMT+3": "2019-10-01 00:00",
    "2019-10-01 03:00 UTC+03:00": "2019-10-01 00:00",
    "2019-10-01T03:00+03:00[Europe/Moscow]": "2019-10-01 00:00",
    "01.10.2019 00:00 UTC": "2019-10-01 00:00",
    "Tue, 01 Oct 2019 00:00:05 GMT": "2019-10-01 00:00:05",
    "Tue Oct 01 2019 03:00:05 GMT+0300 (Moscow Standard Time)": "2019-10-01 00:00:05",
    "Tue Oct  1 00:00:05 UTC 2019": "2019-10-01 00:00:05",
    "1569888005": "2019-10-01 00:00:05",
    "1569888005.5": "2019-10-01 00:00:05.5",
    "1569888005500": "2019-10-01 00:00:05.5",
    "1569888005500001": "2019-10-01 00:00:05.500001",
    "1569888005500001002": "2019-10-01 00:00:05.500001002",
    "1569888005500000000": "2019-10-01 00:00:05.5",
}


@pytest.mark.parametrize(("text", "moment"), UTC.items())
def test_a_moment_in_utc_is_read_whatever_says_so(text: str, moment: str) -> None:
    assert first_times(read(text)).tolist() == [pd.Timestamp(moment, tz="UTC")]


def test_moments_of_different_lengths_and_spellings_stand_in_one_column() -> None:
    found = first_times(read(*UTC)).tolist()
    assert found == [pd.Timestamp(moment, tz="UTC") for moment in UTC.values()]
    seconds = read("2019-10-01 00:00:00 UTC", "2019-10-01 00:01:00.500 UTC")
    assert first_times(seconds).diff()[1] == pd.Timedelta("60.5s")


@pytest.mark.parametrize("text", ["2019-10-01 00:00 EST", "2019-10-01 00:00 MSK", "2019-10-01 00:00 UTC?"])
def test_a_zone_that_is_only_a_name_is_not_guessed(text: str) -> None:
    with pytest.raises(sf.ReaderError, match="is not a date or time"):
        read(text)


def test_utc_and_no_zone_do_not_mix() -> None:
    with pytest.raises(sf.ReaderError, match="mixes times with a zone"):
        read("2019-10-01 00:00:00 UTC", "2019-10-01 00:00:00")


@pytest.mark.parametrize(
    "text",
    [
        *("915148800", "7912345678", "12345678901", "123456", "46027", "46027.5"),
        *("4102444800", "4102444800000", "4999999999"),  # 2100 and later
    ],
)
def test_a_number_of_another_length_or_range_is_not_a_time(text: str) -> None:
    with pytest.raises(sf.ReaderError, match=f"'{text}' in column 'changed_at' is not a date or time"):
        read(text)


def test_the_last_second_before_2100_is_a_time() -> None:
    last = pd.Timestamp("2099-12-31 23:59:59", tz="UTC")
    assert first_times(read("4102444799", "4102444799000")).tolist() == [last, last]


@pytest.mark.parametrize("column", ["timestamp", "Event TS", "unix_time", "changed_epoch"])
def test_seconds_before_2001_are_read_where_the_header_says_so(column: str) -> None:
    rows = [{"deal_id": 1, "stage": "New", column: "915148800"}]
    assert first_times(sf.read(rows, time=column)).tolist() == [pd.Timestamp("1999-01-01", tz="UTC")]


WORDS = {
    "05/Jan/26 9:05 AM": "2026-01-05 09:05",
    "05/Jan/26 9:05 p. m.": "2026-01-05 21:05",
    "05-JAN-26 09.05.00.000000000 PM": "2026-01-05 21:05",
    "5Jan2026": "2026-01-05",
    "Oct 1, 2019": "2019-10-01",
    "Oct 1, 2019 9 PM": "2019-10-01 21:00",
    "October 1st, 2019 at 9:05 PM": "2019-10-01 21:05",
    "Sept. 2, 2019": "2019-09-02",
    "1 May 2026": "2026-05-01",
    "Jan-05-2026": "2026-01-05",
    "2019-Oct-01 10:05": "2019-10-01 10:05",
    "31 Dec 99": "1999-12-31",
    "1. Oktober 2019 um 10:05 Uhr": "2019-10-01 10:05",
    "5. März 2026": "2026-03-05",
    "1er février 2026": "2026-02-01",
    "15 août 2026 à 10h05": "2026-08-15 10:05",
    "jeudi 1 octobre 2019": "2019-10-01",
    "1 de octubre de 2019": "2019-10-01",
    "5 ene. 2026, 09:05": "2026-01-05 09:05",
    "1º de outubro de 2019 às 10:05": "2019-10-01 10:05",
    "5 fev 2026": "2026-02-05",
    "1 октября 2019 г., 10:05": "2019-10-01 10:05",
    "5 мая 2026": "2026-05-05",
    "5 янв. 2026": "2026-01-05",
    "5 stycznia 2026": "2026-01-05",
    "2019年10月1日": "2019-10-01",
    "2019年10月01日 10時05分30秒": "2019-10-01 10:05:30",
    "2019年10月1日 下午3:05": "2019-10-01 15:05",
    "2019年10月1日(火) 10:05": "2019-10-01 10:05",
    "2019년 10월 1일 오후 12:05": "2019-10-01 12:05",
    "2019. 10. 1. 오전 12:05": "2019-10-01 00:05",
    "2026. 01. 05.": "2026-01-05",
}


@pytest.mark.parametrize(("text", "moment"), WORDS.items())
def test_a_date_with_the_name_of_its_month_is_read(text: str, moment: str) -> None:
    assert first_times(read(text)).tolist() == [pd.Timestamp(moment)]


@pytest.mark.parametrize(
    "text", ["5 Jui 2026", "5 Ma 2026", "Jan 2026", "5 Foo 2026", "31 Feb 2026", "5 Jan"]
)
def test_a_name_that_is_of_no_month_or_of_several_is_not_a_time(text: str) -> None:
    with pytest.raises(sf.ReaderError, match=f"'{text}' in column 'changed_at' is not a date or time"):
        read(text)


def test_dates_in_words_are_the_stages_of_a_wide_table_too() -> None:
    rows = [
        {"deal_id": 1, "New": "05/Jan/26", "Won": "Feb 1, 2026"},
        {"deal_id": 2, "New": "06/Jan/26", "Won": None},
    ]
    export = sf.read(rows)
    assert (export.format, export.log.n_rows) == ("wide", 3)


YEAR_FIRST = [
    ["26/01/05"],
    ["26/01/05", "26/01/06"],
    ["23/02/26"],
    ["26-01-05 10:00"],
    ["05/01/26", "13/01/26"],
    ["26.01.05"],
    ["26.01.05", "26.02.17"],
]


@pytest.mark.parametrize("texts", YEAR_FIRST)
def test_a_year_of_two_digits_that_could_stand_first_is_asked_for(texts: list[str]) -> None:
    with pytest.raises(
        sf.ReaderError,
        match=r'could be two days; pass dayfirst=True .*if the year is first, time_format="%y.%m.%d',
    ):
        read(*texts)
    assert first_times(read(*texts, dayfirst=True)).dt.year.max() < 2027
    mark, clock = texts[0][2], " %H:%M" if ":" in texts[0] else ""
    years = first_times(read(*texts, time_format=mark.join(("%y", "%m", "%d")) + clock)).dt.year
    assert years.tolist() == [2000 + int(text[:2]) for text in texts]


@pytest.mark.parametrize(
    ("texts", "first", "check"),
    [
        (["02/23/26", "03/04/26"], "2026-02-23", "month_first_dates"),
        (["05.01.26", "17.02.26"], "2026-01-05", "day_first_dates"),
        (["05.01.26"], "2026-01-05", "day_first_dates"),
        (["99/12/31", "00/01/05"], "1999-12-31", "year_first_dates"),
        (["05/04/99", "13/04/99"], "1999-04-05", "day_first_dates"),
        (["26/01/05", "05/02/2026"], "2005-01-26", "day_first_dates"),
    ],
)
def test_numbers_that_are_no_day_or_no_month_decide_which_is_the_year(
    texts: list[str], first: str, check: str
) -> None:
    export = read(*texts)
    assert first_times(export)[0] == pd.Timestamp(first)
    assert export.quality.set_index("check").loc[check, ["count", "level"]].tolist() == [len(texts), "guess"]


@pytest.mark.parametrize("mac", [False, True], ids=["1900", "1904"])
def test_the_numbers_of_days_in_a_workbook_are_dates(mac: bool, tmp_path: Path) -> None:
    # 46027 days after 30 December 1899, as 44565 after the begin of 1904, are the 5th of January 2026.
    day = 44565 if mac else 46027
    book = openpyxl.Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    rows = [
        ["deal_id", "stage", "changed_at"],
        [1, "New", day],
        [1, "Won", day + 2.4375],
        [2, "New", datetime(2026, 1, 6)],
    ]
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "history.xlsx")
    export = sf.read(tmp_path / "history.xlsx")
    assert first_times(export).tolist() == [pd.Timestamp("2026-01-05"), pd.Timestamp("2026-01-06")]
    assert export.log.observed_until == pd.Timestamp("2026-01-07 10:30")
    line = export.quality.set_index("check").loc["serial_dates"]
    assert (line["count"], line["level"]) == (2, "guess")


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


def test_a_date_of_zeros_is_a_missing_one() -> None:
    stays = [
        {"deal_id": 1, "stage": "New", "entered": "2026-01-05", "exited": "2026-01-06"},
        {"deal_id": 1, "stage": "Won", "entered": "2026-01-06", "exited": "0000-00-00 00:00:00"},
        {"deal_id": 2, "stage": "New", "entered": "2026-01-06", "exited": "0000-00-00"},
    ]
    export = sf.read(stays)
    assert export.quality.set_index("check").loc["zero_dates", "count"] == 2
    assert sf.visits(export.log, export.pipelines["Pipeline"])["exited"].isna().tolist() == [
        False,
        True,
        True,
    ]
    with pytest.raises(sf.ReaderError, match="missing time"):
        read("2026-01-05", "0000-00-00")
    with pytest.raises(sf.ReaderError, match="'0000-00-01' in column 'changed_at' is not a date"):
        read("2026-01-05", "0000-00-01")


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
