"""Items that are followed for a length of time, and the end of observation: the reference, and by hand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SHOP, SMALL, assert_frame_equal, frame_of, items_of, journeys_log, log_of, pipeline_of
from questions.scope.test_selection import log_of_rows, parts
from stagefunnel.questions.scope.within import partly_covered
from strategies import UNLISTED, Case, cases

ANALYSES: dict[str, Callable[..., pd.DataFrame]] = {
    "funnel": lambda log, pipeline, **part: sf.funnel(log, pipeline, kind="both", **part),
    "moves": lambda log, pipeline, **part: sf.funnel(log, pipeline, kind="conversions", fill="moves", **part),
    "outcomes": sf.outcomes,
    "losses": sf.losses,
    "skips": lambda log, pipeline, **part: sf.skips(log, pipeline, by=None, **part),
}


def length_of(data: st.DataObject, case: Case) -> Any:
    ticks = data.draw(st.sampled_from([0, 1, 2, 5, 20, 10_000]))
    return ticks if isinstance(case.rows[0][2], int) else timedelta(hours=ticks)


def followed_rows(
    case: Case, within: Any, part: dict[str, Any], elsewhere: tuple[str, ...] = ()
) -> tuple[list[int], int]:
    """Return the places of the rows that the reference keeps, and the number of items that are too recent."""
    until, too_recent = reference.followed(case.rows, case.pipeline, within, as_of=part["as_of"])
    options = {**part, "basis": "created", "elsewhere": elsewhere}
    in_cohort = [
        place
        for place, (item, _, time) in enumerate(case.rows)
        if item in until and (item in too_recent or time <= until[item])
    ]
    rows = [case.rows[place] for place in in_cohort]
    kept = [in_cohort[place] for place in reference.kept_rows(rows, case.pipeline, **options)]
    left_out = {case.rows[place][0] for place in kept} & too_recent
    return [place for place in kept if case.rows[place][0] not in too_recent], len(left_out)


@given(data=st.data(), times=st.sampled_from(["integer", "naive", "zoned"]), away=st.booleans())
def test_items_that_are_followed_are_those_of_the_reference(
    data: st.DataObject, times: Any, away: bool
) -> None:
    case = data.draw(cases(unlisted="some", times=times))
    part, within = data.draw(parts(case)), length_of(data, case)
    elsewhere = UNLISTED if away else ()
    kept, n_too_recent = followed_rows(case, within, part, elsewhere)
    pipeline = pipeline_of(case.pipeline)
    ends = (part["start"], part["end"])
    options = {"period": None if ends == (None, None) else ends, "as_of": part["as_of"], "within": within}
    alone = log_of_rows(case, kept, ordered=False)
    for name, analysis in ANALYSES.items():
        found = analysis(log_of(case), pipeline.replace(elsewhere=elsewhere), unlisted="ignore", **options)
        assert found.columns[-1] == "too_recent"
        assert (found["too_recent"] == n_too_recent).all(), name
        expected = analysis(alone, pipeline, unlisted="ignore")
        assert_frame_equal(found.drop(columns="too_recent"), expected, check_exact=True)


@given(data=st.data())
def test_groups_add_up_to_all_items(data: st.DataObject) -> None:
    case = data.draw(cases())
    within = length_of(data, case)
    items = items_of(case.groups, "group", [item for item, _, _ in case.rows])
    log, pipeline = log_of(case, items=items), pipeline_of(case.pipeline)
    whole = sf.outcomes(log, pipeline, within=within)
    groups = sf.outcomes(log, pipeline, within=within, by="group")
    counts = ["base", "won", "lost", "open", "too_recent"]
    assert groups[counts].sum().tolist() == whole[counts].iloc[0].tolist()


@given(data=st.data(), within=st.sampled_from(["1d", "40d", "1 month", "1 quarter"]))
def test_a_trend_has_the_funnel_of_each_period(data: st.DataObject, within: str) -> None:
    case = data.draw(cases(times="naive"))
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    trend = sf.funnel_by_period(log, pipeline, every="year", within=within)
    for period, rows in trend.groupby("period", sort=False):
        alone = sf.funnel(log, pipeline, period=str(period), within=within)
        assert_frame_equal(rows.drop(columns="period").reset_index(drop=True), alone, check_exact=True)


ROWS = [
    *[(1, "New", 0), (1, "Won", 10)],
    *[(2, "New", 0), (2, "Won", 11)],
    *[(3, "New", 9), (3, "Lost", 20)],
    *[(4, "New", 10), (4, "Won", 11)],
]


def standing(rows: list[Any], **options: Any) -> list[int]:
    """Return base, won, lost, open and too recent."""
    table = sf.outcomes(sf.StageLog(frame_of(rows), **options.pop("log", {})), SMALL, **options)
    return [int(table[name].iloc[0]) for name in ("base", "won", "lost", "open", "too_recent")]


def test_the_example_of_the_definitions() -> None:
    assert standing(ROWS, within=10) == [3, 1, 0, 2, 1]


def test_the_end_of_observation_is_the_moment_of_the_report_then_that_of_the_log_then_its_last_row() -> None:
    assert standing(ROWS, within=10, log={"observed_until": 21}) == [4, 2, 0, 2, 0]
    assert standing(ROWS, within=10, log={"observed_until": 21}, as_of=20) == [3, 1, 0, 2, 1]
    assert standing(ROWS, within=10, as_of=21) == [4, 2, 0, 2, 0]  # later than the last row
    assert standing(ROWS, within=10, as_of=10) == [0, 0, 0, 0, 3]  # the fourth item has no row yet
    # A row of a stage that the pipeline does not list was observed as well.
    assert standing([*ROWS, (9, "Note", 30)], within=10, unlisted="ignore") == [4, 2, 0, 2, 0]


def test_months_end_where_the_calendar_has_them_end() -> None:
    rows = [
        *[(1, "New", pd.Timestamp("2026-01-31")), (1, "Won", pd.Timestamp("2026-02-28"))],
        *[(2, "New", pd.Timestamp("2026-01-31")), (2, "Won", pd.Timestamp("2026-03-01"))],
        (3, "New", pd.Timestamp("2026-03-15")),
    ]
    assert standing(rows, within="1 month") == [2, 1, 0, 1, 1]


def test_a_group_whose_items_are_all_too_recent_is_shown() -> None:
    log = sf.StageLog(frame_of(ROWS), items=items_of({1: "a", 2: "a", 3: "a", 4: "b"}, "team", [1]))
    table = sf.funnel(log, SMALL, within=10, by="team")
    assert table.groupby("team")["too_recent"].first().to_dict() == {"a": 0, "b": 1}
    assert table.loc[table["team"] == "b", "base"].tolist() == [0] * 4


def test_a_column_of_the_log_is_read_in_the_rows_of_items_that_are_too_recent_too() -> None:
    frame = frame_of(ROWS).assign(who=list("aaaabbcd"))
    log = sf.StageLog(frame, columns=["who"])
    first = sf.outcomes(log, SMALL, within=10, by="who")
    last = sf.outcomes(log, SMALL, within=10, by="who", at="last")
    assert first.set_index("who")["too_recent"].to_dict() == {"a": 0, "b": 0, "c": 1}
    assert last.set_index("who")["too_recent"].to_dict() == {"a": 0, "b": 0, "d": 1}
    stages = sf.funnel(log, SMALL, within=10, by="who", at="stage")
    assert set(stages["too_recent"]) == {1}  # as the base, that of the whole report


def test_a_loss_after_its_length_is_no_loss() -> None:
    losses = sf.losses(sf.StageLog(frame_of(ROWS)), SMALL, within=11, as_of=40)
    assert losses[["from_stage", "items", "too_recent"]].astype(str).values.tolist() == [["New", "1", "0"]]
    assert sf.losses(sf.StageLog(frame_of(ROWS)), SMALL, within=10, as_of=40).empty


@pytest.mark.parametrize("basis", ["active", "closed"])
@pytest.mark.parametrize(
    "ask",
    [
        sf.funnel,
        sf.outcomes,
        sf.losses,
        lambda log, pipeline, **options: sf.skips(log, pipeline, by=None, **options),
        lambda log, pipeline, **options: sf.compare_periods(log, pipeline, (0, 5), **options),
    ],
)
def test_another_basis_is_refused(ask: Callable[..., pd.DataFrame], basis: str) -> None:
    with pytest.raises(sf.SchemaError, match=rf"basis='{basis}' does not go with within="):
        ask(sf.StageLog(frame_of(ROWS)), SMALL, within=10, basis=basis)
    assert len(ask(sf.StageLog(frame_of(ROWS)), SMALL, within=15, basis="created", as_of=40))


@pytest.mark.parametrize("within", ["10d", -1, float("nan"), "soon", timedelta(1)])
def test_a_length_that_the_log_cannot_have_is_refused(within: Any) -> None:
    with pytest.raises(sf.SchemaError, match="within"):
        sf.funnel(sf.StageLog(frame_of(ROWS)), SMALL, within=within)


@pytest.mark.parametrize("until", [19, "2026-01-01", pd.NaT])
def test_an_end_of_observation_that_the_log_cannot_have_is_refused(until: Any) -> None:
    with pytest.raises(sf.SchemaError, match=r"observed_until|plain integers|NaT"):
        sf.StageLog(frame_of(ROWS), observed_until=until)


def test_every_constructor_takes_the_end_of_observation(tmp_path: Any) -> None:
    frame = frame_of([(str(item), stage, time) for item, stage, time in ROWS])
    frame.to_csv(tmp_path / "log.csv", index=False)
    frame.to_parquet(tmp_path / "log.parquet", index=False)
    logs = [
        sf.StageLog(frame, observed_until=21),
        sf.StageLog.from_batches([frame], observed_until=21),
        sf.StageLog.from_csv(tmp_path / "log.csv", observed_until=21),
        sf.StageLog.from_parquet(tmp_path / "log.parquet", observed_until=21),
    ]
    assert [log.observed_until for log in logs] == [21] * 4
    assert sf.StageLog(frame).observed_until == 20
    assert "until   21 (end of observation)" in repr(logs[0])


def test_sequences_are_mature_by_the_same_end() -> None:
    rows = frame_of([(1, "A", 0), (2, "A", 12), (2, "B", 13)])
    short, long = sf.StageLog(rows), sf.StageLog(rows, observed_until=40)
    for log, immature in ((short, 0), (long, 0)):
        table = sf.sequence_funnel(log, ["A", "B"], window=10)
        assert table["immature"].tolist() == [immature, 0]
    late = frame_of([(1, "A", 0), (2, "A", 12)])
    assert (
        sf.sequence_funnel(sf.StageLog(late), ["A", "B"], window=15, missing="ignore")["immature"].tolist()[0]
        == 2
    )
    until = sf.StageLog(late, observed_until=16)
    assert sf.sequence_funnel(until, ["A", "B"], window=15, missing="ignore")["immature"].tolist()[0] == 1


def test_a_comparison_to_date_cuts_both_periods_at_the_same_place() -> None:
    days = pd.to_datetime(
        ["2026-02-03", "2026-02-17 12:00", "2026-02-17 12:01", "2026-03-02", "2026-03-17 12:00"],
        format="ISO8601",
    )
    log = sf.StageLog(frame_of([(item, "New", day) for item, day in enumerate(days)]))
    table = sf.compare_periods(log, SMALL, "2026-03", basis="created", same_part=True)
    assert (table["base"].iloc[0], table["base_before"].iloc[0]) == (2, 2)
    whole = sf.compare_periods(log, SMALL, "2026-03", basis="created")
    assert (whole["base"].iloc[0], whole["base_before"].iloc[0]) == (2, 3)
    over = sf.compare_periods(log, SMALL, "2026-02", basis="created", same_part=True)
    assert over.attrs["stagefunnel"]["called"] == ["2026-02", "2026-01"]


@pytest.mark.parametrize(
    ("period", "as_of", "against", "ends"),
    [
        ("2026-Q2", "2026-05-18", "previous", ["2026-05-18", "2026-02-18"]),
        ("2026-03", "2026-03-31", "previous", ["2026-03-31", "2026-03-01"]),
        ("2026-03", "2026-03-10", "last_year", ["2026-03-10", "2025-03-10"]),
        ("2026-W11", "2026-03-12", "previous", ["2026-03-12", "2026-03-05"]),
        ("2026", "2026-03-10", "2025", ["2026-03-10", "2025-03-10"]),
    ],
)
def test_where_the_parts_of_periods_end(period: str, as_of: str, against: str, ends: list[str]) -> None:
    log = sf.StageLog(frame_of([(1, "New", pd.Timestamp("2026-01-05"))]))
    table = sf.compare_periods(log, SMALL, period, against=against, as_of=as_of, same_part=True)
    found = [text.split(" … ")[1] for text in table.attrs["stagefunnel"]["periods"]]
    assert found == ends


def test_a_period_that_has_not_begun_has_no_part() -> None:
    log = sf.StageLog(frame_of([(1, "New", pd.Timestamp("2026-01-05"))]))
    with pytest.raises(sf.SchemaError, match="needs a period that has begun"):
        sf.compare_periods(log, SMALL, "2026-03", same_part=True)


def test_a_comparison_shows_what_is_still_open_in_both() -> None:
    log = journeys_log("New > Won", "New", "New > Discussion")
    table = sf.compare_periods(log, SHOP, (0, 10), against=(0, 1))
    assert table["open_at"].tolist()[:2] == [1, 1]
    assert table["open_at_before"].tolist()[:2] == [3, 0]


def test_what_is_left_out_is_counted_once_for_all_groups() -> None:
    frame = frame_of(ROWS).assign(who=list("aaaabbcd"))
    log = sf.StageLog(frame, columns=["who"])
    expected = "Each item is followed for 10 from its first row; observed until 20, so that 1 item too recent"
    for options in ({}, {"by": "who"}, {"by": "who", "at": "stage"}, {"kind": "both"}):
        assert expected in str(sf.show(sf.funnel(log, SMALL, within=10, **options))), options


def test_a_period_that_begins_or_ends_with_the_log_is_covered() -> None:
    data = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [10, 20]})._data
    assert partly_covered(data, None, np.array([5, 10, 15, 20, 21, 25]), list("abcde")) == []
    assert partly_covered(data, None, np.array([9, 11, 20, 22]), list("abc")) == ["a", "c"]
    # A row at the moment of a report is not read.
    assert partly_covered(data, 20, np.array([10, 20, 25]), list("ab")) == []
    assert partly_covered(data, 20, np.array([10, 21, 25]), list("ab")) == ["a"]
