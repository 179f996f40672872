"""Paused stages: the worked example, what they leave alone, and random logs against the reference."""

import datetime as dt
import pickle
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_frame_equal, items_of, plain
from marked import MarkedCase, marked_cases
from reference.working_time import working_time

PLAIN = sf.Pipeline(["New", "Waiting", "Legal", "Offer"], won="Won", lost="Lost")
PAUSED = PLAIN.replace(paused=["Waiting", "Legal"])
OFFICE = {"mon-fri": [("09:00", "17:00")]}

# The worked example of definitions.md, section 5: stays, the time until lost, and that without pauses.
Stays = list[tuple[str, int, int | None]]
EXAMPLE: list[tuple[Stays, int | None, int | None]] = [
    ([("New", 0, None), ("Waiting", 2, None), ("Offer", 7, None), ("Lost", 10, None)], 5, 10),
    ([("New", 0, None), ("Waiting", 2, None), ("Lost", 10, None)], 2, 10),
    (
        [
            *[("Waiting", 0, None), ("Legal", 4, None), ("Offer", 5, None), ("Waiting", 6, None)],
            ("Lost", 9, None),
        ],
        1,
        9,
    ),
    ([("New", 0, None), ("Waiting", 2, 5), ("Offer", 7, None), ("Lost", 10, None)], 7, 10),
    ([("New", 0, None), ("Lost", 3, None), ("Waiting", 4, None), ("Lost", 9, None)], 4, 9),
    ([("Waiting", 0, None), ("Offer", 3, None), ("Won", 4, None)], None, None),
]


def log_of_stays(*journeys: Stays, **options: Any) -> sf.StageLog:
    rows = [(item, *stay) for item, journey in enumerate(journeys, start=1) for stay in journey]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "left"])
    return sf.StageLog(frame.astype({"left": "Int64"}), exited="left", **options)


def until_lost(log: sf.StageLog, pipeline: sf.Pipeline, **options: Any) -> Any:
    table = sf.losses(log, pipeline, missing="ignore", **options)
    if table.empty:
        return None
    assert table["mean_until_lost"].tolist() == table["median_until_lost"].tolist()
    return table["mean_until_lost"].tolist()[0]


@pytest.mark.parametrize(("journey", "paused", "without"), EXAMPLE)
def test_the_worked_example_is_met(journey: Stays, paused: int | None, without: int | None) -> None:
    log = log_of_stays(journey)
    assert until_lost(log, PAUSED) == paused
    assert until_lost(log, PLAIN) == without
    to_lost = sf.time_to(log, PAUSED, "Lost", missing="ignore", quantiles=[])
    if journey is not EXAMPLE[4][0]:  # whose first loss is not the one that counts
        assert plain(to_lost["mean"]) == [paused]


def test_the_stage_of_a_loss_keeps_its_own_time() -> None:
    log = log_of_stays(EXAMPLE[1][0])
    lost = sf.losses(log, PAUSED, missing="ignore")
    assert (lost["mean_until_lost"][0], lost["mean_in_stage"][0]) == (2, 8)


def working_log(*times: str, zone: str | None = None) -> sf.StageLog:
    stages = ["New", "Waiting", "Offer", "Lost"]
    return sf.StageLog({"item": [1] * 4, "stage": stages, "time": pd.to_datetime(times)}, zone=zone)


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_a_pause_is_measured_in_working_time_too(zone: str | None) -> None:
    log = working_log(
        "2026-05-07 16:00", "2026-05-08 12:00", "2026-05-11 10:00", "2026-05-11 12:00", zone=zone
    )
    calendar = sf.WorkingHours(OFFICE)
    assert until_lost(log, PAUSED, calendar=calendar) == pd.Timedelta(hours=6)
    assert until_lost(log, PLAIN, calendar=calendar) == pd.Timedelta(hours=12)
    assert until_lost(log, PAUSED) == pd.Timedelta(hours=22)  # 20 until Waiting, 2 after it
    to_offer = sf.time_to(log, PAUSED, "Offer", missing="ignore", calendar=calendar)
    assert to_offer["mean"].tolist() == [pd.Timedelta(hours=4)]


def test_only_the_pauses_on_the_way_are_taken_off() -> None:
    log = log_of_stays(
        [
            ("Waiting", 0, None),
            ("New", 4, None),
            ("Legal", 6, None),
            ("Offer", 9, None),
            ("Waiting", 12, None),
        ]
    )
    ask = {"missing": "ignore", "quantiles": []}
    assert sf.time_to(log, PAUSED, "Offer", **ask)["mean"].tolist() == [2]
    assert sf.time_to(log, PAUSED, "Offer", start="Legal", **ask)["mean"].tolist() == [0]
    assert sf.time_to(log, PAUSED, "Waiting", start="New", **ask)["mean"].tolist() == [5]  # 2 and 3


def test_of_an_account_the_pauses_of_the_item_that_decides_are_taken_off() -> None:
    log = log_of_stays(
        [("New", 0, None), ("Waiting", 1, None), ("Lost", 5, None)],
        [("New", 2, None), ("Waiting", 4, None), ("Lost", 10, None)],
        items=items_of({1: "Acme", 2: "Acme"}, "account", [1]),
    )
    # 10 from the first row of item 1, less the 6 of item 2.
    assert until_lost(log, PAUSED, unit="account") == 4
    assert until_lost(log, PLAIN, unit="account") == 10


def test_other_questions_know_no_pause() -> None:
    journeys = [journey for journey, _, _ in EXAMPLE]
    log = log_of_stays(*journeys)
    asked: list[tuple[Any, dict[str, Any]]] = [
        (sf.time_in_stage, {}),
        (sf.visits, {}),
        (sf.funnel, {"within": 5, "kind": "both"}),
        (sf.outcomes, {}),
        (sf.transitions, {}),
        (sf.item_table, {}),
        (sf.flow, {"period": (2, 6)}),
    ]
    for ask, options in asked:
        assert_frame_equal(ask(log, PAUSED, **options), ask(log, PLAIN, **options))
    counted = ["items", "share", "mean_in_stage"]
    for options in ({"within": 9}, {"period": (0, 10), "basis": "closed"}):
        one, other = (sf.losses(log, pipeline, **options) for pipeline in (PAUSED, PLAIN))
        assert_frame_equal(one[counted], other[counted])
    one, other = (sf.visits(log, pipeline.replace(ignore_shorter=3)) for pipeline in (PAUSED, PLAIN))
    assert_frame_equal(one, other)


def test_a_pipeline_keeps_its_paused_stages() -> None:
    assert PAUSED != PLAIN
    assert (
        sf.Pipeline(["New", "Waiting", "Legal", "Offer"], won="Won", lost="Lost", paused=("Waiting", "Legal"))
        == PAUSED
    )
    assert pickle.loads(pickle.dumps(PAUSED)) == PAUSED
    assert PAUSED.replace(won="Sold").rules.paused == ("Waiting", "Legal")
    assert PAUSED.replace(paused=()) == PLAIN
    assert repr(PAUSED).endswith(" | paused: Waiting, Legal")
    assert sf.Pipeline([1, 2], won=3, paused=2).rules.paused == (2,)


def test_a_file_holds_paused_stages(tmp_path: Any) -> None:
    path = tmp_path / "pipeline.toml"
    text = sf.Settings(PAUSED).to_toml()
    assert 'paused = ["Waiting", "Legal"]' in text
    path.write_text(text)
    assert sf.Pipeline.from_toml(path) == PAUSED
    path.write_text("[pipeline]\nstages = [1, 2]\nwon = 3\npaused = 2\n")
    assert sf.Pipeline.from_toml(path) == sf.Pipeline([1, 2], won=3, paused=2)
    path.write_text('[pipeline]\nstages = ["New", "Waiting"]\nwon = "Won"\npaused = ["Waitingg"]\n')
    with pytest.raises(
        sf.SchemaError, match=r"pipeline.toml.*paused names 'Waitingg'.*did you mean 'Waiting'"
    ):
        sf.Pipeline.from_toml(path)


@pytest.mark.parametrize(
    ("paused", "message"),
    [
        ("Waitingg", "paused names 'Waitingg', which is not one of its stages; did you mean 'Waiting'"),
        (["Waiting", "Lost"], "paused names 'Lost', which is a final stage; it is about stages in progress"),
        ("Won", "paused names 'Won', which is a final stage"),
        ([7], "paused names 7, which is not one of its stages"),
    ],
)
def test_a_stage_that_cannot_pause_is_refused(paused: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        PLAIN.replace(paused=paused)


STAGES = st.lists(st.sampled_from([*PLAIN.labels]), min_size=1, max_size=6)
SECONDS = st.integers(0, 4 * 86_400)


@st.composite
def stays_in_weeks(draw: st.DrawFn) -> list[tuple[int, str, dt.datetime, dt.datetime | None, bool]]:
    """Draw rows of stage, start, end and unknown start, around the changes of the clocks in spring."""
    rows = []
    for item in range(draw(st.integers(1, 4))):
        time = dt.datetime(2026, 3, 5) + dt.timedelta(seconds=draw(st.integers(0, 30 * 86_400)))
        for stage in draw(STAGES):
            wait, after = draw(st.none() | SECONDS), draw(SECONDS)
            end = None if wait is None else time + dt.timedelta(seconds=wait)
            rows.append((item, stage, time, end, draw(st.integers(0, 5)) == 5))
            time += dt.timedelta(seconds=after)
    return rows


@given(
    rows=stays_in_weeks(),
    hours=st.sampled_from(
        [
            None,
            {"mon-fri": [("09:00", "17:00")]},
            {"mon-sun": [("22:00", "06:00")]},
            {"tue": [("02:30", "03:30")], "sun": [("01:00", "12:00"), ("13:00", "24:00")]},
        ]
    ),
    zone=st.sampled_from([None, "Europe/Berlin", "America/New_York"]),
    of_log=st.sampled_from([None, "UTC", "Europe/Berlin"]),
    start=st.sampled_from([None, *PLAIN.labels]),
    to_stage=st.sampled_from(PLAIN.labels),
)
def test_times_in_working_hours_are_those_of_the_reference(
    rows: Any, hours: Any, zone: str | None, of_log: str | None, start: str | None, to_stage: str
) -> None:
    written_as = dt.UTC if of_log else None
    rows = [
        (item, stage, time.replace(tzinfo=written_as), end and end.replace(tzinfo=written_as), unknown)
        for item, stage, time, end, unknown in rows
    ]
    holidays = [dt.date(2026, 3, 30)]

    def measure(begin: Any, end: Any) -> dt.timedelta:
        if hours is None:
            passed: dt.timedelta = end - begin
            return passed
        of_day = {day: spans for days, spans in hours.items() for day in _days(days)}
        return working_time(begin, end, of_day, holidays=holidays, zone=zone or of_log)

    own = [row[:3] for row in rows]
    marks = reference.Marks([row[3] for row in rows], [row[4] for row in rows])
    stays = reference.stays_by_item(own, PLAIN, marks)
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "left", "unknown"])
    frame["left"] = frame["left"].astype(frame["time"].dtype)
    log = sf.StageLog(frame, exited="left", start_unknown="unknown", zone=of_log)
    calendar = None if hours is None else sf.WorkingHours(hours, holidays=holidays, zone=zone)
    if start != to_stage:
        expected = reference.time_to(
            stays, PLAIN, to_stage, start, paused=PAUSED.rules.paused, measure=measure
        )
        found = sf.time_to(
            log,
            PAUSED,
            to_stage,
            start="created" if start is None else start,
            missing="ignore",
            calendar=calendar,
            quantiles=[0, 1],
        )
        assert found.iloc[0, :4].tolist() == [*expected[:4]]
        if expected.times:
            assert found["q0"][0] == expected.times[0]
            assert found["q100"][0] == expected.times[-1]
            assert abs(found["mean"][0] * len(expected.times) - sum(expected.times, dt.timedelta(0))) <= (
                pd.Timedelta(len(expected.times), "us")
            )
    lost = sf.losses(log, PAUSED, missing="ignore", calendar=calendar, by=None)
    in_plain = sf.losses(log, PLAIN, missing="ignore", calendar=calendar)
    assert_frame_equal(lost[["items", "mean_in_stage"]], in_plain[["items", "mean_in_stage"]])
    for item, visits in stays.items():
        alone = sf.StageLog(frame[frame["item"] == item], exited="left", start_unknown="unknown", zone=of_log)
        table = sf.losses(alone, PAUSED, missing="ignore", calendar=calendar)
        assert len(table) == (visits[-1].stage == "Lost")
        if len(table) and not visits[0].start_unknown:
            place = len(visits) - 1
            expected_time = reference.passed(visits, 0, place, PAUSED.rules.paused, measure)
            assert table["mean_until_lost"][0] == expected_time


def _days(text: str) -> list[str]:
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    first, _, last = text.partition("-")
    return names[names.index(first) : names.index(last or first) + 1]


@given(marked=marked_cases(unlisted="some"), data=st.data())
def test_losses_with_pauses_are_those_of_the_reference(marked: MarkedCase, data: st.DataObject) -> None:
    case = marked.case
    paused = data.draw(st.lists(st.sampled_from(case.pipeline.stages), min_size=1, unique=True))
    pipeline = sf.Pipeline(
        case.pipeline.stages, won=case.pipeline.won, lost=case.pipeline.lost, paused=paused
    )
    stays = reference.stays_by_item(
        case.rows, case.pipeline, marked.marks(), unlisted="ignore", order=case.order
    )
    found = sf.losses(marked.log(order="order"), pipeline, unlisted="ignore", missing="ignore")
    expected = reference.losses(
        case.rows,
        case.pipeline,
        unlisted="ignore",
        groups={},
        reasons={},
        amounts={},
        order=case.order,
        stays=stays,
        paused=paused,
    )
    assert_frame_equal(found, expected[list(found.columns)])


def test_pauses_may_be_as_long_as_times_go() -> None:
    low, high = -(2**63) + 1, 2**63 - 1
    log = log_of_stays(
        [("New", low, None), ("Waiting", low + 5, None), ("Offer", high - 3, None), ("Lost", high, None)]
    )
    assert until_lost(log, PAUSED) == 8
