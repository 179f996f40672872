"""Working hours: what a calendar takes, how it is refused, and how it travels."""

import copy
import datetime as dt
import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

OFFICE = {"mon-fri": [("09:00", "17:00")]}


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        ({"mon": [("09:00", "17:00")]}, ["mon"]),
        ({"Monday": ("09:00", "17:00")}, ["mon"]),
        ({"mon-wed": [("9:00", "17:00")]}, ["mon", "tue", "wed"]),
        ({"mon, fri": [(dt.time(9), dt.time(17))]}, ["mon", "fri"]),
        ({"sat-mon": [["09:00", "17:00"]]}, ["mon", "sat", "sun"]),
    ],
)
def test_days_and_spans_are_written_in_several_ways(hours: Any, days: list[str]) -> None:
    assert sf.WorkingHours(hours).hours == {day: [("09:00", "17:00")] for day in days}


def test_a_working_day_is_as_long_as_the_days_are_on_average() -> None:
    assert sf.WorkingHours(OFFICE).day == 8 * 3600
    assert sf.WorkingHours({"mon-thu": [("09:00", "17:00")], "fri": [("09:00", "13:00")]}).day == 36 * 720
    assert sf.WorkingHours({"mon": [("22:00", "06:00")]}).day == 8 * 3600
    assert sf.WorkingHours({"mon": [("00:00", "24:00")]}).day == 24 * 3600


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        ({}, "leaves no time to work in"),
        ({"mon": []}, "leaves no time to work in"),
        ({"mno": [("09:00", "17:00")]}, "'mno' is not a day of the week; did you mean 'mon'?"),
        ({1: [("09:00", "17:00")]}, "has? the key 1"),
        ({"mon": [("09:00", "25:00")]}, "hours of 'mon': '25:00' is not a time of day such as '09:00'"),
        ({"mon": [(9, 17)]}, "hours of 'mon': 9 is not a time of day"),
        ({"mon": [("24:00", "06:00")]}, "no span begins at 24:00"),
        ({"mon": "09:00"}, "'09:00' is not a span"),
        ({"mon": [("09:00", "12:00", "17:00")]}, "is not a span"),
        ({"mon": [("09:00", "12:00"), ("11:00", "13:00")]}, "on Monday at 11:00 overlap"),
        ({"sun": [("22:00", "10:00")], "mon": [("09:00", "12:00")]}, "on Monday at 09:00 overlap"),
        ({"mon": [("09:00", "09:00"), ("12:00", "13:00")]}, "overlap"),
        ({"mon-fri": [("09:00", "17:00")], "wed": [("09:00", "10:00")]}, "name Wednesday twice"),
        (["mon"], "is not a table of days"),
    ],
)
def test_hours_that_are_none_are_refused_by_what_is_wrong(hours: Any, text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text.replace("has?", "have").replace("?", r"\?")):
        sf.WorkingHours(hours)


@pytest.mark.parametrize(
    "holidays", [["2026-05-01"], [dt.date(2026, 5, 1)], [pd.Timestamp("2026-05-01")], {dt.date(2026, 5, 1)}]
)
def test_holidays_are_days_by_hand(holidays: Any) -> None:
    calendar = sf.WorkingHours(OFFICE, holidays=holidays)
    assert calendar.holidays == {dt.date(2026, 5, 1)}
    assert calendar == sf.WorkingHours(OFFICE, holidays=["2026-05-01"])


@pytest.mark.parametrize(
    ("holidays", "text"),
    [
        (["2026-02-30"], "the holiday '2026-02-30' is not a day"),
        ([pd.Timestamp("2026-05-01 10:00")], "is not a day"),
        ([20260501], "the holiday 20260501 is not a day"),
        (7, "holidays=7 is not a list of days"),
    ],
)
def test_holidays_that_are_no_days_are_refused(holidays: Any, text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text):
        sf.WorkingHours(OFFICE, holidays=holidays)


def test_holidays_of_a_country_are_those_of_the_package() -> None:
    package = pytest.importorskip("holidays")
    by_code = sf.WorkingHours(OFFICE, holidays="DE-BY")
    by_table = sf.WorkingHours(OFFICE, holidays=package.country_holidays("DE", subdiv="BY"))
    log = sf.StageLog(
        {
            "item": [1, 1],
            "stage": ["New", "Won"],
            "time": pd.to_datetime(["2026-06-03 09:00", "2026-06-05 17:00"]),
        }
    )
    for calendar in (by_code, by_table):
        # Corpus Christi, 4 June 2026, is a holiday in Bavaria: two days of work.
        times = sf.time_in_stage(log, sf.Pipeline("New", won="Won"), calendar=calendar)
        assert times["mean"].iloc[0] == pd.Timedelta(hours=16)
    assert by_code.holidays == "DE-BY"
    with pytest.raises(sf.SchemaError, match="holidays='XX' is not in the holidays package"):
        sf.WorkingHours(OFFICE, holidays="XX")


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(sf.SchemaError, match="zone='Berlin' is not a time zone"):
        sf.WorkingHours(OFFICE, zone="Berlin")


def test_a_calendar_is_copied_and_pickled() -> None:
    calendar = sf.WorkingHours(OFFICE, holidays=["2026-05-01"], zone="Europe/Paris")
    assert copy.deepcopy(calendar) == calendar == pickle.loads(pickle.dumps(calendar))
    assert hash(copy.copy(calendar)) == hash(calendar)
    assert calendar != sf.WorkingHours(OFFICE, zone="Europe/Paris")


TOML = """\
[pipeline]
stages = ["New"]
won = "Won"
[calendar]
zone = "Europe/Paris"
holidays = [2026-05-01, "2026-12-25"]
[calendar.hours]
mon-thu = [["09:00", "12:00"], ["13:00", "17:00"]]
fri = [["22:00", "06:00"]]
"""


def test_a_toml_file_holds_a_calendar_and_gets_it_back(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.toml"
    file.write_text(TOML)
    settings = sf.Settings.from_toml(file)
    assert settings.calendar == sf.WorkingHours.from_toml(file)
    assert settings.calendar == sf.WorkingHours(
        {"mon-thu": [("09:00", "12:00"), ("13:00", "17:00")], "fri": [("22:00", "06:00")]},
        holidays=["2026-05-01", "2026-12-25"],
        zone="Europe/Paris",
    )
    file.write_text(settings.to_toml())
    assert sf.Settings.from_toml(file) == settings


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[calendar]\n", r"\[calendar\] has no hours"),
        ('[calendar]\nhours = {mon = ["9"]}\n', r"calendar.toml: hours of 'mon'"),
        ("[calendar]\nhuors = 1\n", r"\[calendar\] has no key 'huors'.*did you mean 'hours'"),
        ("[pipeline]\nstages = ['New']\n", r"there is no \[calendar\] table"),
    ],
)
def test_a_calendar_of_a_file_is_refused_with_the_name_of_the_file(
    text: str, wrong: str, tmp_path: Path
) -> None:
    file = tmp_path / "calendar.toml"
    file.write_text(text)
    with pytest.raises(sf.SchemaError, match=wrong):
        sf.WorkingHours.from_toml(file)
