"""What the quality table sees of stages that came, went or stand aside."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal, frame_of

PIPELINE = sf.Pipeline(["New", "Demo", "Offer"], won="Won")
WAITING = sf.Pipeline(["New", "Offer", "Waiting"], won="Won")
STAGES = ["New", "Demo", "Offer", "Waiting"]
CHECKS = ("stages_that_came", "stages_that_went", "side_stages")


def daily(is_in_demo: Callable[[int], bool], items: Iterable[int] = range(100)) -> list[reference.Row]:
    """Make the example of definitions.md, section 9, with the items in Demo that are wanted."""
    rows: list[reference.Row] = []
    for item in items:
        rows.append((item, "New", item))
        if is_in_demo(item):
            rows.append((item, "Demo", item + 1))
        rows += [(item, "Offer", item + 2), (item, "Won", item + 3)]
    return rows


def waiting(entered: int, back: int, items: int = 100) -> list[reference.Row]:
    """Make items of which some are in Waiting, one every so many, and the first of these go back from it."""
    rows: list[reference.Row] = []
    for item in range(items):
        before, after = item * entered // items, (item + 1) * entered // items
        path = ["New", "Offer"]
        if after > before:
            path += ["Waiting"] if before >= back else ["Waiting", "Offer"]
        rows += [(item, stage, item + day) for day, stage in enumerate([*path, "Won"])]
    return rows


def signs(rows: list[reference.Row] | pd.DataFrame, pipeline: sf.Pipeline = PIPELINE) -> dict[str, str]:
    """Return what the quality table says of stages, by check."""
    log = sf.StageLog(rows if isinstance(rows, pd.DataFrame) else frame_of(rows))
    return said_in(log.quality(pipeline))


def said_in(quality: pd.DataFrame) -> dict[str, str]:
    found = quality[quality["check"].isin(CHECKS)]
    assert (found["level"] == "note").all()
    return {
        check: note.rpartition(": ")[2] for check, note in zip(found["check"], found["note"], strict=True)
    }


def test_the_examples_of_the_definitions() -> None:
    assert signs(daily(lambda item: item >= 50)) == {"stages_that_came": "Demo appears from 51 on"}
    assert signs(daily(lambda item: item < 50)) == {"stages_that_went": "Demo was last entered on 50"}
    assert signs(waiting(12, 9), WAITING) == {
        "side_stages": "Waiting is passed by 12% and left backwards in 75%"
    }


@pytest.mark.parametrize(
    "share", [lambda _: True, lambda _: False, lambda item: item % 2 == 0, lambda item: item % 10 == 9]
)
def test_a_stage_that_is_used_all_along_is_no_sign(share: Callable[[int], bool]) -> None:
    assert signs(daily(share)) == {}


def test_thirty_items_pass_by_before_a_stage_comes() -> None:
    # Of the items before, all but the last one came to Offer before the first visit of Demo.
    assert signs(daily(lambda item: item >= 31)) == {"stages_that_came": "Demo appears from 32 on"}
    assert signs(daily(lambda item: item >= 30)) == {}


def test_ten_of_the_latest_thirty_enter_a_stage_that_came() -> None:
    assert signs(daily(lambda item: item >= 90)) == {"stages_that_came": "Demo appears from 91 on"}
    assert signs(daily(lambda item: item >= 91)) == {}


def test_a_tenth_of_the_log_is_without_a_stage_that_came_or_went() -> None:
    # Sixty items a day: the first 30 arrive on day 2, and Demo is there from day 3 on.
    quick = [
        (item, stage, item // 60 + day)
        for item in range(3600)
        for day, stage in ((0, "New"), (1, "Demo"), (2, "Offer"))
        if stage != "Demo" or item >= 120
    ]
    last = max(time for *_, time in quick)
    assert last == 61
    assert signs(quick) == {}
    assert signs([row for row in quick if row[2] <= 30]) == {"stages_that_came": "Demo appears from 3 on"}


def test_a_cohort_that_moves_on_is_no_sign() -> None:
    # All enter Demo in the first days and stay there long: nobody passes it by since.
    rows = [
        (item, stage, time)
        for item in range(100)
        for stage, time in (("New", 0), ("Demo", 1 + item % 5), ("Offer", 50 + item))
    ]
    assert signs(rows) == {}


def test_items_that_begin_beyond_a_stage_pass_nothing_by() -> None:
    imported: list[reference.Row] = [(1000 + item, "Offer", 0) for item in range(200)]
    assert signs(imported + daily(lambda item: item >= 20)) == {}


@pytest.mark.parametrize(
    ("entered", "back", "items"),
    [
        (26, 26, 100),  # passed by more than a quarter
        (12, 5, 100),  # mostly left forwards
        (9, 9, 100),  # too few visits
        (10, 10, 29),  # too few items
    ],
)
def test_what_many_pass_or_leave_forwards_is_no_side_stage(entered: int, back: int, items: int) -> None:
    assert signs(waiting(entered, back, items), WAITING) == {}


def test_what_the_pipeline_says_itself_is_not_said_again() -> None:
    came, went = daily(lambda item: item >= 50), daily(lambda item: item < 50)
    assert signs(came, PIPELINE.replace(since={"Demo": 51})) == {}
    assert signs(came, PIPELINE.replace(until={"Demo": 200})) != {}
    assert signs(went, PIPELINE.replace(until={"Demo": 50})) == {}
    for rows, stage in ((came, "Demo"), (went, "Demo")):
        assert signs(rows, PIPELINE.replace(optional=stage)) == {}
    assert signs(waiting(12, 9), WAITING.replace(optional="Waiting")) == {}


def test_stages_are_seen_as_the_rules_read_them() -> None:
    rows = [
        (item, "Call" if stage == "Demo" and item < 50 else stage, time)
        for item, stage, time in daily(lambda _: True)
    ]
    assert signs(rows, PIPELINE.replace(ignore="Call")) == {"stages_that_came": "Demo appears from 51 on"}
    assert signs(rows, PIPELINE.replace(aliases={"Call": "Demo"})) == {}
    assert signs(daily(lambda _: True), PIPELINE.replace(ignore_shorter={"Demo": 2})) == {}


def test_days_are_those_of_the_zone() -> None:
    frame = frame_of(daily(lambda item: item >= 50))
    days = pd.to_datetime("2026-04-12 22:30", utc=True) + pd.to_timedelta(frame["time"], unit="D")
    frame["time"] = days.dt.tz_convert("Europe/Berlin")
    pipeline = PIPELINE.replace(names={"Demo": "Vorführung"})
    assert signs(frame, pipeline) == {"stages_that_came": "Vorführung appears from 2026-06-03 on"}
    frame["time"] = pd.to_datetime("2026-04-12 22:30") + pd.to_timedelta(
        frame_of(daily(lambda i: i >= 50))["time"], unit="h"
    )
    assert signs(frame) == {"stages_that_came": "Demo appears from 2026-04-15 01:30:00 on"}


def drawn(seed: int) -> list[reference.Row]:
    """Draw items of which each enters a stage with a chance that may be another one after some day."""
    random = Random(seed)
    chances = {stage: (random.choice([0, 0.1, 0.5, 1]), random.choice([0, 0.1, 0.5, 1])) for stage in STAGES}
    change = {stage: random.randrange(0, 200) for stage in STAGES}
    goes_back = {stage: random.choice([0, 0, 0.6]) for stage in STAGES}
    rows: list[reference.Row] = []
    for item in range(random.choice([40, 120])):
        day = random.randrange(0, 160)
        for place, stage in enumerate(STAGES):
            day += random.randrange(0, 9)
            if random.random() < chances[stage][day >= change[stage]]:
                rows.append((item, stage, day))
                if place and random.random() < goes_back[stage]:
                    rows.append((item, STAGES[place - 1], day + 1))
        rows.append((item, random.choice(["Won", "Lost", "New"]), day + 2))
    return rows


@examples(ci=60, night=400)
@given(seed=st.integers(0, 2**32 - 1), several=st.integers(1, 4))
def test_signs_are_those_of_the_reference(seed: int, several: int) -> None:
    rows = drawn(seed)
    pipeline = sf.Pipeline(STAGES, won="Won", lost="Lost")
    expected = reference.stage_signs(rows, pipeline)
    said = {
        "stages_that_came": [f"{stage} appears from {time} on" for stage, time in expected.came.items()],
        "stages_that_went": [f"{stage} was last entered on {time}" for stage, time in expected.went.items()],
        "side_stages": [
            f"{stage} is passed by {100 * passed:.0f}% and left backwards in {100 * back:.0f}%"
            for stage, (passed, back) in expected.aside.items()
        ],
    }
    log = sf.StageLog(frame_of(rows))
    quality = log.quality(pipeline)
    assert said_in(quality) == {check: ", ".join(texts) for check, texts in said.items() if texts}
    assert_frame_equal(sf.summary(log, pipeline, missing="ignore").quality, quality)
    parts = [[row for row in rows if row[0] % several == part] for part in range(several)]
    merged = sf.merge([sf.partial(sf.StageLog(frame_of(part)), pipeline) for part in parts if part])
    assert_frame_equal(merged.summary().quality, quality)


@pytest.mark.parametrize("several", [2, 3, 7])
@pytest.mark.parametrize("rows", [daily(lambda item: item >= 50), daily(lambda item: item < 50)])
def test_parts_say_together_what_the_whole_says(rows: list[Any], several: int) -> None:
    parts = [frame_of([row for row in rows if row[0] % several == part]) for part in range(several)]
    merged = sf.merge([sf.partial(sf.StageLog(part), PIPELINE) for part in parts])
    whole = sf.StageLog(frame_of(rows))
    assert said_in(merged.summary().quality) == signs(rows) != {}
    assert_frame_equal(merged.summary().quality, whole.quality(PIPELINE))
    assert_frame_equal(sf.summary(whole, PIPELINE).quality, whole.quality(PIPELINE))
