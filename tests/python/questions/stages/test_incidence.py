"""Cumulative incidence over a log: by hand, against curves of plain arrays, and under every rule."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

import reference
import stagefunnel as sf
from examples import examples
from helpers import journeys_log, log_of, pipeline_of
from strategies import Case, cases

SMALL = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
COLUMNS = [
    *("cause", "time", "at_risk", "events", "incidence", "se", "incidence_low", "incidence_high"),
    *("open", "naive", "beyond_horizon"),
]


def log_from(*journeys: str, **options: Any) -> sf.StageLog:
    """Make a log of journeys such as ``New 0, Won 5``, item 1 first."""
    rows = [
        (item, part.rpartition(" ")[0], int(part.rpartition(" ")[2]))
        for item, journey in enumerate(journeys, start=1)
        for part in journey.split(", ")
    ]
    columns = dict(zip(("item", "stage", "time"), map(list, zip(*rows, strict=True)), strict=True))
    return sf.StageLog(columns, **options)


def incidence(log: sf.StageLog, times: Any, pipeline: sf.Pipeline = SMALL, **options: Any) -> pd.DataFrame:
    return sf.cumulative_incidence(log, pipeline, times=times, **options)


def of(table: pd.DataFrame, cause: str, column: str = "incidence") -> list[Any]:
    return table.loc[table["cause"] == cause, column].tolist()


# The four deals of the definitions: won after 2, lost after 4, open since 5, won after 8.
FOUR = log_from("New 0, Won 2", "New 0, Lost 4", "New 3", "New 0, Won 8")


def test_the_four_deals_of_the_definitions() -> None:
    table = incidence(FOUR, [0, 2, 4, 5, 8])
    assert list(table) == COLUMNS
    assert of(table, "won") == [0, 0.25, 0.25, 0.25, 0.75]
    assert of(table, "lost") == [0, 0, 0.25, 0.25, 0.25]
    assert of(table, "won", "open") == [1, 0.75, 0.5, 0.5, 0]
    assert of(table, "won", "at_risk") == [4, 4, 3, 2, 1]
    assert of(table, "won", "events") == [0, 1, 0, 0, 1]
    assert of(table, "won", "naive") == [0, 0.25, 0.25, 0.25, 0.5]
    assert table["cause"].cat.categories.tolist() == ["won", "lost"]


def test_an_open_item_is_censored_at_the_end_of_observation() -> None:
    assert of(incidence(FOUR, [6]), "won", "at_risk") == [1]
    later = log_from("New 0, Won 2", "New 0, Lost 4", "New 3", "New 0, Won 8", observed_until=20)
    assert of(incidence(later, [6]), "won", "at_risk") == [2]
    # As of 6 the fourth deal is open and the third 3 old.
    earlier = incidence(FOUR, [2, 4, 6], as_of=6)
    assert of(earlier, "won", "at_risk") == [4, 2, 1]
    assert of(earlier, "won") == [0.25, 0.25, 0.25]


def test_without_open_items_the_end_is_won_of_all() -> None:
    log = journeys_log("New > Won", "New > Offer > Lost", "New > Offer > Won", "New > Lost")
    table = incidence(log, [5])
    assert of(table, "won") == [0.5]
    assert of(table, "won", "se") == pytest.approx([math.sqrt(0.25 / 4)])


def test_a_closing_that_does_not_stand_is_passed_through_and_counted() -> None:
    """Lost at 3 and won at 9; the first closing is the loss."""
    log = log_from("New 0, Lost 3, Offer 5, Won 9", "New 0, Lost 4", "New 0, Won 9")
    last = incidence(log, [3, 9])
    assert of(last, "won") == pytest.approx([0, 2 / 3])
    assert of(last, "lost") == pytest.approx([0, 1 / 3])
    remembered = last.attrs["stagefunnel"]
    assert (remembered["passed_through"], remembered["ever_lost"], remembered["reopened"]) == (1, 2, 1)
    first = incidence(log, [3, 9], reopen="first")
    assert of(first, "lost") == pytest.approx([1 / 3, 2 / 3])
    assert of(first, "lost", "naive") == pytest.approx([1 / 3, 2 / 3])
    assert "50% of lost items were worked on again" in str(sf.show(last))


def test_the_flip_rule_takes_nothing_out() -> None:
    assert of(incidence(log_from("New 0, Lost 3, Won 5"), [3, 5]), "won") == [1, 1]


def test_a_target_is_reached_by_a_stage_beyond_it_and_missed_by_a_loss() -> None:
    log = log_from("New 0, Offer 2, Lost 9", "New 0, Won 4", "New 0, Lost 6", "New 0, Lost 1, Offer 8")
    table = incidence(log, [2, 4, 6, 8], to="Offer")
    assert table["cause"].cat.categories.tolist() == ["reached", "lost"]
    assert of(table, "reached") == pytest.approx([0.25, 0.5, 0.5, 0.75])
    assert of(table, "lost") == pytest.approx([0, 0, 0.25, 0.25])
    first = incidence(log, [2, 8], to="Offer", reopen="first")
    assert of(first, "reached") == pytest.approx([0.25, 0.5])
    assert of(incidence(log, [9], to="Won"), "reached") == pytest.approx([0.25])


def test_visits_of_a_stage_go_on_to_the_next_one() -> None:
    """Offer took 3 until New and 2 until Won, 4 until Lost, and one is still there after 5."""
    log = log_from("Offer 0, New 3, Offer 5, Won 7", "Offer 1, Lost 5", "Offer 2", observed_until=7)
    table = incidence(log, [2, 3, 4, 5], clock="stage", stage="Offer")
    assert table["cause"].cat.categories.tolist() == ["New", "Won", "Lost"]
    assert of(table, "Won") == pytest.approx([0.25, 0.25, 0.25, 0.25])
    assert of(table, "New") == pytest.approx([0, 0.25, 0.25, 0.25])
    assert of(table, "Lost") == pytest.approx([0, 0, 0.25, 0.25])
    assert of(table, "Lost", "open") == pytest.approx([0.75, 0.5, 0.25, 0.25])


def test_a_visit_that_ended_with_nothing_after_it_is_censored_at_its_end() -> None:
    rows = {"item": [1, 2, 2], "stage": ["Offer", "Offer", "Won"], "time": [0, 0, 6], "left": [4, None, None]}
    log = sf.StageLog(pd.DataFrame(rows), exited="left", observed_until=9)
    table = incidence(log, [4, 5, 6], clock="stage", stage="Offer")
    assert of(table, "Won", "at_risk") == [2, 1, 1]
    assert of(table, "Won") == [0, 0, 1]


def test_a_period_of_the_calendar_takes_old_items_from_the_age_that_they_have_then() -> None:
    """From 10 to 20: won at 10 counts, won at 20 does not; one was over before, one came after.

    Item 1 is at risk from age 10 on, item 2 from age 8 on, item 3 from its creation.
    """
    log = log_from("New 0, Won 10", "New 2, Won 20", "New 12, Lost 15", "New 0, Won 9", "New 21, Won 22")
    table = incidence(log, [3, 8, 9, 10, 18], observed=(10, 20))
    assert of(table, "won", "at_risk") == [1, 1, 1, 2, 1]
    assert of(table, "lost", "events") == [1, 0, 0, 0, 0]
    assert of(table, "won", "events") == [0, 0, 0, 1, 0]
    assert table.attrs["stagefunnel"]["n"] == [3]


def test_to_observe_all_is_to_observe_as_always() -> None:
    whole = incidence(FOUR, [2, 4, 8])
    pd.testing.assert_frame_equal(incidence(FOUR, [2, 4, 8], observed=(-100, 9)), whole)
    pd.testing.assert_frame_equal(incidence(FOUR, [2, 4, 8], observed=(None, None)), whole)


def test_an_item_that_moved_to_another_pipeline_is_a_cause_of_its_own() -> None:
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", elsewhere="Ordered", moved_out="include")
    log = log_from("New 0, Ordered 4", "New 0, Won 2", "New 0, Ordered 3, Offer 5, Lost 6", "New 0")
    table = incidence(log, [2, 4, 6], pipeline)
    assert table["cause"].cat.categories.tolist() == ["won", "lost", "moved_out"]
    assert of(table, "moved_out") == pytest.approx([0, 0.25, 0.25])
    assert of(table, "lost") == pytest.approx([0, 0, 0.25])
    left_out = incidence(log, [6], pipeline.replace(moved_out="exclude"))
    assert left_out.attrs["stagefunnel"]["n"] == [3]
    assert left_out["cause"].cat.categories.tolist() == ["won", "lost"]


def test_items_with_an_unknown_start_are_left_out_and_counted() -> None:
    rows = {
        "item": [1, 1, 2, 2, 3],
        "stage": ["New", "Won", "New", "Won", "New"],
        "time": [0, 4, 0, 2, 1],
        "unsure": [True, False, False, True, False],
    }
    table = incidence(sf.StageLog(pd.DataFrame(rows), start_unknown="unsure"), [4])
    remembered = table.attrs["stagefunnel"]
    assert (remembered["n"], remembered["start_unknown"]) == ([1], 2)


def test_within_watches_each_item_for_so_long() -> None:
    log = log_from("New 0, Won 4", "New 0, Won 12", "New 15, Won 16", observed_until=20)
    table = incidence(log, [4, 10], within=10)
    assert of(table, "won") == [0.5, 0.5]
    assert of(table, "won", "at_risk") == [2, 1]
    assert table.attrs["stagefunnel"]["n"] == [2]


def test_paused_stages_are_no_part_of_an_age() -> None:
    """Won at 9 after 4 in Waiting: 5; open until 10 with 6 in Waiting: 4."""
    pipeline = sf.Pipeline(["New", "Waiting", "Offer"], won="Won", lost="Lost", paused="Waiting")
    log = log_from(
        "New 0, Waiting 2, Offer 6, Won 9", "New 0, Waiting 4", "New 0, Offer 8", observed_until=10
    )
    table = incidence(log, [4, 5, 6, 10], pipeline)
    assert of(table, "won", "at_risk") == [3, 2, 1, 1]
    assert of(table, "won", "events") == [0, 1, 0, 0]
    ages = sf.open_items(log, pipeline)
    assert sorted(ages["age"].tolist()) == [4, 10]


def test_working_hours_measure_ages() -> None:
    """New on Friday at noon, won on Monday at 10: 5 hours of Friday and one of Monday."""
    times = pd.to_datetime(["2026-05-08 12:00", "2026-05-11 10:00", "2026-05-08 12:00"])
    log = sf.StageLog(
        {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": times}, observed_until="2026-05-11 12:00"
    )
    calendar = sf.WorkingHours({"mon-fri": [("09:00", "17:00")]})
    table = incidence(log, ["5h", "6h", "8h"], calendar=calendar)
    assert of(table, "won", "at_risk") == [2, 2, 1]
    assert of(table, "won") == [0, 0.5, 0.5]


def test_the_steps_are_fifty_up_to_the_horizon_and_beyond_it_is_flagged() -> None:
    """Of 20 items created at 0, 1, … 19 and seen until 20, ten are 11 or older."""
    log = log_from(*[f"New {day}" for day in range(20)], observed_until=20)
    table = sf.cumulative_incidence(log, SMALL)
    assert len(table) == 100
    assert of(table, "won", "time")[-1] == 11
    assert of(table, "won", "time")[0] == pytest.approx(11 / 50)
    assert not table["beyond_horizon"].any()
    assert table.attrs["stagefunnel"]["horizon"] == [11]
    flagged = incidence(log, [11, 11.5, 12])
    assert of(flagged, "won", "beyond_horizon") == [False, True, True]


def test_closed_items_count_for_the_horizon_as_old_as_they_would_be() -> None:
    log = log_from(*[f"New {day}, Won {day}" for day in range(20)], observed_until=20)
    assert sf.cumulative_incidence(log, SMALL).attrs["stagefunnel"]["horizon"] == [11]


def test_fewer_than_ten_items_have_no_horizon() -> None:
    table = sf.cumulative_incidence(FOUR, SMALL)
    assert table["beyond_horizon"].all()
    assert table.attrs["stagefunnel"]["horizon"] == [None]
    assert of(table, "won", "time")[-1] == 8


def grouped_log() -> sf.StageLog:
    journeys = ["New 0, Won 2", "New 0, Lost 4", "New 3", "New 0, Won 8", "New 1, Lost 2", "New 6, Won 7"]
    items = pd.DataFrame({"item": range(1, 7), "team": ["A", "B", "A", "B", "A", None]})
    return log_from(*journeys, items=items)


def test_groups_are_as_separate_calls_and_come_before_the_columns() -> None:
    log = grouped_log()
    table = incidence(log, [1, 2, 4], by="team")
    assert list(table) == ["team", *COLUMNS]
    for team in ("A", "B"):
        own = table[table["team"] == team].drop(columns="team").reset_index(drop=True)
        alone = incidence(log, [1, 2, 4], where={"team": team})
        pd.testing.assert_frame_equal(own, alone)
    assert table["team"].isna().sum() == 6
    folded = incidence(log, [4], by="team", top=1)
    assert folded["team"].dropna().unique().tolist() == ["A", "other (1 group)"]


def test_the_adjusted_win_rate_is_of_the_incidences_and_has_an_error() -> None:
    """Without open items it is won of closed, with the error of a proportion of these."""
    log = log_from(*["New 0, Won 2"] * 6, *["New 0, Lost 4"] * 6, observed_until=9)
    remembered = sf.cumulative_incidence(log, SMALL).attrs["stagefunnel"]
    assert remembered["adjusted_win_rate"] == pytest.approx([0.5])
    assert remembered["adjusted_win_rate_se"] == pytest.approx([math.sqrt(0.25 / 12)])
    assert remembered["naive_win_rate"] == [0.5]


def test_robust_errors_take_the_visits_of_an_item_together() -> None:
    log = log_from("Offer 0, New 3, Offer 5, New 8, Offer 9, Won 12", "Offer 1, Lost 5", "Offer 2, Won 4")
    plain = incidence(log, [3], clock="stage", stage="Offer")
    robust = incidence(log, [3], clock="stage", stage="Offer", se="robust")
    assert of(plain, "New") == of(robust, "New")
    # Of five visits three went on to New by 3, two of them of item 1: its influence is 2·(1−0.4)−0.4 of 5.
    influence = np.array([2 * 0.6 - 0.4, -0.4, -0.4]) / 5
    assert of(robust, "New", "se") == pytest.approx([math.sqrt((influence**2).sum())])


def test_an_empty_selection_has_no_item() -> None:
    log = journeys_log("New > Won")
    table = incidence(log, [1], period=(100, 200))
    assert table["incidence"].isna().all()
    assert "No item is counted." in str(sf.show(table))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": "Lost"}, "to='Lost' is a lost stage; name one in progress or a won one"),
        ({"to": "Ofer"}, "to='Ofer' is not a stage of the pipeline; did you mean 'Offer'?"),
        ({"times": []}, "times=[] has no age; leave it out for fifty steps up to the horizon"),
        ({"clock": "stage"}, 'clock="stage" needs stage='),
        ({"stage": "Offer"}, "stage='Offer' is where ages run from with clock=\"stage\"; pass that"),
        ({"clock": "stage", "stage": "New", "to": "Offer"}, "to='Offer' is where an item gets to"),
        ({"clock": "birth"}, "clock='birth' is not one of 'created', 'stage'"),
        ({"reopen": "never"}, "reopen='never' is not one of 'last', 'first'"),
        ({"times": "30d"}, "times='30d' is not a list of ages"),
        ({"confidence": 2}, "confidence=2 is not a share"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError) as error:
        sf.cumulative_incidence(FOUR, SMALL, **options)
    assert message in str(error.value)


def test_the_sentence_sets_the_estimate_beside_what_is_counted() -> None:
    log = log_from(*["New 0, Won 2"] * 6, *["New 0, Lost 4"] * 6, *["New 9"] * 8, observed_until=10)
    lines = str(sf.show(sf.cumulative_incidence(log, SMALL))).splitlines()
    assert "Won and lost, by age" in lines[0]
    assert any("of created items are won within" in line and "So far: 30%." in line for line in lines)
    assert any(line.startswith("Win rate of closed items, adjusted for open ones: 50%") for line in lines)


@pytest.mark.parametrize(("end", "rate"), [("Lost 4", "0%"), ("Won 4", "100%")])
def test_a_win_rate_of_items_that_all_ended_alike_has_no_error_of_0(end: str, rate: str) -> None:
    log = log_from(f"New 0, {end}", *["New 0"] * 30, observed_until=100)
    lines = str(sf.show(sf.cumulative_incidence(log, SMALL))).splitlines()
    assert f"Win rate of closed items, adjusted for open ones: {rate}; counted: {rate}." in lines


def told(table: pd.DataFrame) -> list[str]:
    return [line for line in str(sf.show(table)).splitlines() if line.endswith(".")]


def test_what_a_period_of_the_calendar_shows_is_its_pace() -> None:
    """Two enter at age 3, one of them is lost at 4; what was counted so far is of items of any age."""
    table = incidence(FOUR, [4], observed=(3, 9))
    few = "too few items are that old to rely on it"
    assert told(table)[0] == f"0% of created items are won within 4, at the pace of 3 to 9; {few}."
    days = log_from("New 0, Won 2", observed_until=5)
    assert "at the pace of … to 5" in told(incidence(days, [2], observed=(None, 5)))[0]


@pytest.mark.parametrize("basis", ["created", "closed", "active"])
def test_the_sentence_names_the_items_by_their_basis(basis: Any) -> None:
    assert f" of {basis} items are won within 8" in told(incidence(FOUR, [8], period=(0, 9), basis=basis))[0]


def test_what_is_passed_over_has_happened() -> None:
    """Of the four deals one is at risk at 8: with at least two, its win is no part of the curve."""
    for options in ({}, {"observed": (0, 9)}, {"se": "robust"}):
        table = incidence(FOUR, [2, 8], min_at_risk=2, **options)
        assert of(table, "won") == [0.25, 0.25]
        assert of(table, "won", "events") == [1, 0]
        assert of(table, "won", "naive") == [0.25, 0.5]
        assert "Events passed over, because fewer than 2 were at risk: 1." in told(table)
    assert not any("passed over" in line for line in told(incidence(FOUR, [2, 8], min_at_risk=1)))


def test_what_lies_outside_the_log_is_named() -> None:
    assert "Outside the log, which runs from 0 to 8: observed 50 to 60" in str(
        sf.show(incidence(FOUR, [2], observed=(50, 60)))
    )
    both = str(sf.show(incidence(FOUR, [2], observed=(50, 60), period=(90, 99))))
    assert ": period 90 to 99, observed 50 to 60" in both
    assert "Outside" not in str(sf.show(incidence(FOUR, [2], observed=(3, 60))))


def test_a_stage_that_nothing_follows_has_no_curve() -> None:
    table = sf.cumulative_incidence(FOUR, SMALL, clock="stage", stage="Won")
    assert list(table) == COLUMNS
    assert told(table) == ["No visit of Won was followed by another stage."]


def test_what_is_certain_has_no_bounds_in_the_sentence() -> None:
    table = incidence(log_from(*["New 0, Won 2"] * 10), [2])
    assert told(table)[0].startswith("100% of created items are won within 2.")
    # One at each of 49 ages: the sum of as many shares is 1, and not 0.9999999999999999.
    table = incidence(log_from(*[f"New 0, Won {age}" for age in range(1, 50)]), [49])
    assert of(table, "won") == [1.0]
    arrays = sf.stats.cumulative_incidence(range(1, 50), ["won"] * 49, times=[49])
    assert arrays["incidence"].tolist() == [1.0]


@given(case=cases(times="integer"))
@examples(ci=40, night=300)
def test_it_is_the_curve_of_the_lives_of_the_items(case: Case) -> None:
    """Each item by its visits: created at the first, over at the closing that stands, else open."""
    if not case.rows:
        return
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    end = max(time for _, _, time in case.rows)
    times, events = [], []
    for visits in reference.visits_by_item(case.rows, case.pipeline, "ignore").values():
        if not visits:
            continue
        outcome = reference.outcome(visits, case.pipeline)
        closed = reference.closed_at(visits, case.pipeline)
        times.append((end if closed is None else closed) - visits[0].start)
        events.append(None if outcome == "open" else outcome)
    ages = sorted(set(times)) or [0]
    table = sf.cumulative_incidence(log, pipeline, times=ages, unlisted="ignore", missing="ignore")
    expected = sf.stats.cumulative_incidence(times, events, times=ages)
    for cause in sorted({event for event in events if event is not None}):
        own, other = (one[one["cause"] == cause].reset_index(drop=True) for one in (table, expected))
        np.testing.assert_array_equal(own["at_risk"], other["at_risk"])
        np.testing.assert_allclose(own["incidence"], other["incidence"], atol=1e-12)
        np.testing.assert_allclose(own["incidence_high"], other["high"], atol=1e-12)
