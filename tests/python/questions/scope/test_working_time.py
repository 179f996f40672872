"""Lengths of time in working hours: by hand, and as the reference adds them up day by day."""

import datetime as dt
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from drawn import words_of
from reference.working_time import working_time

OFFICE = {"mon-fri": [("09:00", "17:00")]}
NIGHTS = {"mon-sun": [("22:00", "06:00")]}
PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
BERLIN = "Europe/Berlin"


def log_of(*pairs: tuple[Any, Any], zone: str | None = None, stages: tuple[str, str] = ("New", "Won")) -> Any:
    times = pd.to_datetime([time for pair in pairs for time in pair])
    items = np.repeat(np.arange(len(pairs)), 2)
    frame = pd.DataFrame({"item": items, "stage": list(stages) * len(pairs), "time": times})
    return sf.StageLog(frame, zone=zone)


def mean_in_new(log: sf.StageLog, calendar: sf.WorkingHours) -> Any:
    return sf.time_in_stage(log, PIPELINE, calendar=calendar)["mean"].iloc[0]


# The worked example of definitions.md, section 5: begin, end, hours of work.
@pytest.mark.parametrize(
    ("begin", "end", "hours", "worked"),
    [
        ("2026-04-30 16:00", "2026-05-04 10:00", OFFICE, 2),  # Friday is a holiday
        ("2026-05-08 12:00", "2026-05-12 12:00", OFFICE, 16),  # 5 on Friday, 8 on Monday, 3 on Tuesday
        ("2026-05-09 10:00", "2026-05-10 20:00", OFFICE, 0),  # a weekend
        ("2026-05-05 11:30", "2026-05-05 13:30", {"tue": [("09:00", "12:00"), ("13:00", "17:00")]}, 1),
        ("2026-03-28 20:00", "2026-03-29 12:00", NIGHTS, 7),  # the clocks go forward
        ("2026-10-24 20:00", "2026-10-25 12:00", NIGHTS, 9),  # the clocks go back
        ("2026-04-30 20:00", "2026-05-02 12:00", NIGHTS, 8),  # no night begins on the holiday
    ],
)
def test_worked_example(begin: str, end: str, hours: Any, worked: int) -> None:
    calendar = sf.WorkingHours(hours, holidays=["2026-05-01"], zone=BERLIN)
    for log in (log_of((begin, end)), log_of((begin, end), zone=BERLIN)):
        assert mean_in_new(log, calendar) == pd.Timedelta(hours=worked)


def test_zones_of_the_log_and_of_the_calendar_differ() -> None:
    log = log_of(("2026-05-05 00:00", "2026-05-05 12:00"), zone="America/New_York")
    # From 6:00 to 18:00 in Berlin.
    assert mean_in_new(log, sf.WorkingHours(OFFICE, zone=BERLIN)) == pd.Timedelta(hours=8)
    assert mean_in_new(log, sf.WorkingHours(OFFICE)) == pd.Timedelta(hours=3)


def test_dates_are_days_from_midnight() -> None:
    frame = pd.DataFrame(
        {
            "item": [1, 1],
            "stage": ["New", "Won"],
            "time": np.array(["2026-05-08", "2026-05-12"], dtype="datetime64[D]").astype(object),
        }
    )
    log = sf.StageLog(frame)
    assert mean_in_new(log, sf.WorkingHours(OFFICE)) == pd.Timedelta(hours=16)


CALENDARS = st.builds(
    lambda chosen, spans, holidays: (dict.fromkeys(chosen, spans), holidays),
    st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1, unique=True),
    st.sampled_from(
        [
            [("09:00", "17:00")],
            [("08:30", "12:00"), ("13:15", "16:45")],
            [("22:00", "06:00")],
            [("00:00", "24:00")],
            [("02:30", "03:30"), ("23:00", "02:15")],
        ]
    ),
    st.lists(st.dates(dt.date(2026, 3, 20), dt.date(2026, 4, 5)), max_size=4),
)
# Both changes of the clocks of a year in Berlin and New York, and that of Lord Howe by half an hour.
MOMENTS = st.one_of(
    st.datetimes(dt.datetime(2026, 3, 5), dt.datetime(2026, 4, 12)),
    st.datetimes(dt.datetime(2026, 10, 1), dt.datetime(2026, 11, 5)),
)
PAIRS = st.lists(
    st.tuples(MOMENTS, st.timedeltas(dt.timedelta(0), dt.timedelta(days=20))), min_size=1, max_size=5
)


@given(
    calendar=CALENDARS,
    pairs=PAIRS,
    zone=st.sampled_from([None, BERLIN, "America/New_York", "Australia/Lord_Howe"]),
    of_log=st.sampled_from([None, "UTC", BERLIN]),
)
def test_lengths_are_those_of_the_reference(
    calendar: Any, pairs: list[tuple[dt.datetime, dt.timedelta]], zone: str | None, of_log: str | None
) -> None:
    hours, holidays = calendar
    written_as = dt.UTC if of_log else None
    begins = [begin.replace(microsecond=0, tzinfo=written_as) for begin, _ in pairs]
    moments = [
        (begin, begin + dt.timedelta(length.days, length.seconds))
        for begin, (_, length) in zip(begins, pairs, strict=True)
    ]
    log = log_of(*moments, zone=of_log)
    worked = [
        working_time(*pair, hours, holidays=holidays, zone=zone or of_log).total_seconds() for pair in moments
    ]
    made = sf.WorkingHours(hours, holidays=holidays, zone=zone)
    mean = sum(map(Fraction, worked)) / len(worked)
    times = sf.time_in_stage(log, PIPELINE, calendar=made, quantiles=[])
    assert times["mean"].iloc[0] == pd.Timedelta(microseconds=round(mean * 10**6))
    assert times["median"].iloc[0] == pd.Timedelta(seconds=float(np.median(worked)))
    in_bins = sf.time_to_convert(log, ["New", "Won"], calendar=made, bins=1)
    assert in_bins["start"].min() == pd.Timedelta(seconds=min(worked))
    assert in_bins["end"].max() == pd.Timedelta(seconds=max(worked))
    lost = log_of(*moments, zone=of_log, stages=("New", "Lost"))
    losses = sf.losses(lost, PIPELINE, calendar=made)
    assert losses["mean_until_lost"].tolist() == losses["mean_in_stage"].tolist() == [times["mean"].iloc[0]]


def stays_of(*stays: tuple[str, str | None], zone: str | None = None) -> sf.StageLog:
    """One item in New, Offer and Won, with the ends of its stays."""
    frame = pd.DataFrame(
        {
            "item": 1,
            "stage": ["New", "Offer", "Won"][: len(stays)],
            "time": pd.to_datetime([begin for begin, _ in stays]),
            "left": pd.to_datetime([end for _, end in stays]),
        }
    )
    return sf.StageLog(frame, exited="left", zone=zone)


@pytest.mark.parametrize("zone", [None, BERLIN])
def test_ends_of_visits_are_measured_in_working_hours_too(zone: str | None) -> None:
    # New ends on Friday at noon, and Offer begins on Monday: the pause belongs to no stage. The last visit
    # of Offer ended, and its end is known only to who looks after it.
    log = stays_of(
        ("2026-05-07 15:00", "2026-05-08 12:00"), ("2026-05-11 10:00", "2026-05-12 10:00"), zone=zone
    )
    calendar = sf.WorkingHours(OFFICE, zone=BERLIN)
    times = sf.time_in_stage(log, PIPELINE, missing="ignore", calendar=calendar, as_of="2026-06-01")
    assert times["mean"].tolist()[:2] == [pd.Timedelta(hours=5), pd.Timedelta(hours=8)]
    assert times["open"].tolist()[:2] == [0, 0]
    listed = sf.visits(log, PIPELINE, missing="ignore", calendar=calendar, as_of="2026-06-01")
    assert listed["duration"].tolist() == [pd.Timedelta(hours=5), pd.Timedelta(hours=8)]
    early = {"missing": "ignore", "calendar": calendar, "as_of": "2026-05-12"}
    assert sf.time_in_stage(log, PIPELINE, **early)["open"].tolist()[:2] == [0, 1]
    assert sf.visits(log, PIPELINE, **early)["duration"].isna().tolist() == [False, True]


def test_the_stage_before_a_loss_is_measured_to_its_end() -> None:
    frame = pd.DataFrame(
        {
            "item": 1,
            "stage": ["New", "Lost"],
            "time": pd.to_datetime(["2026-05-07 15:00", "2026-05-12 10:00"]),
            "left": pd.to_datetime(["2026-05-08 12:00", None]),
        }
    )
    log = sf.StageLog(frame, exited="left")
    lost = sf.losses(log, PIPELINE, missing="ignore", calendar=sf.WorkingHours(OFFICE))
    assert lost["mean_in_stage"].tolist() == [pd.Timedelta(hours=5)]
    assert lost["mean_until_lost"].tolist() == [pd.Timedelta(hours=19)]


def test_units_are_lost_after_working_hours_too() -> None:
    rows = {
        "item": [1, 1, 2, 2],
        "stage": ["New", "Lost"] * 2,
        "time": pd.to_datetime(
            ["2026-05-07 15:00", "2026-05-08 12:00", "2026-05-11 10:00", "2026-05-12 10:00"]
        ),
    }
    items = pd.DataFrame({"item": [1, 2], "account": ["A", "A"]})
    lost = sf.losses(
        sf.StageLog(rows, items=items),
        PIPELINE,
        missing="ignore",
        unit="account",
        calendar=sf.WorkingHours(OFFICE),
    )
    # From Thursday at 15:00 to Tuesday at 10:00: 2, 8, 8 and 1 hours.
    assert lost["mean_until_lost"].tolist() == [pd.Timedelta(hours=19)]
    assert lost["mean_in_stage"].tolist() == [pd.Timedelta(hours=8)]


def test_a_summary_measures_as_time_in_stage_does() -> None:
    log = log_of(("2026-05-08 12:00", "2026-05-12 12:00"))
    calendar = sf.WorkingHours(OFFICE)
    times = sf.summary(log, PIPELINE, calendar=calendar).time_in_stage
    pd.testing.assert_frame_equal(times, sf.time_in_stage(log, PIPELINE, calendar=calendar))


def test_working_time_is_shown_in_working_days_of_the_calendar() -> None:
    log = log_of(("2026-05-04 09:00", "2026-05-06 17:00"), ("2026-05-04 09:00", "2026-05-04 14:30"))
    times = sf.time_in_stage(log, PIPELINE, calendar=sf.WorkingHours(OFFICE), quantiles=[0, 1])
    text = str(sf.show(times))
    assert "3 working days" in text
    assert "5 working hours 30 min" in text
    assert " d " not in text


def test_an_axis_of_working_time_counts_working_days() -> None:
    pytest.importorskip("altair")
    from stagefunnel.plots import plot_time_in_stage, plot_time_to_convert

    log = log_of(("2026-05-04 09:00", "2026-05-06 17:00"), ("2026-05-04 09:00", "2026-05-08 17:00"))
    calendar = sf.WorkingHours(OFFICE)
    for chart in (
        plot_time_in_stage(sf.time_in_stage(log, PIPELINE, calendar=calendar)),
        plot_time_to_convert(sf.time_to_convert(log, ["New", "Won"], calendar=calendar)),
    ):
        assert "working days" in str(chart.to_dict())
    words = words_of(plot_time_in_stage(sf.time_in_stage(log, PIPELINE, calendar=calendar)))
    assert "4 working days" in words  # of 3 and 5 days


@pytest.mark.parametrize("ask", [sf.time_in_stage, sf.visits, sf.losses, sf.summary])
def test_a_log_of_integers_has_no_working_time(ask: Any) -> None:
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Lost"], "time": [1, 5]})
    with pytest.raises(sf.SchemaError, match=r"calendar=WorkingHours: .* the log's times are plain integers"):
        ask(log, PIPELINE, calendar=sf.WorkingHours(OFFICE))
    with pytest.raises(sf.SchemaError, match="calendar='mon' is not a calendar"):
        ask(log, PIPELINE, calendar="mon")


def test_an_empty_log_has_empty_answers() -> None:
    log = sf.StageLog(
        pd.DataFrame({"item": [1], "stage": ["New"], "time": pd.to_datetime(["2026-05-04"])}).head(0),
        empty="allow",
    )
    times = sf.time_in_stage(log, PIPELINE, missing="ignore", calendar=sf.WorkingHours(OFFICE))
    assert times["completed"].sum() == 0
