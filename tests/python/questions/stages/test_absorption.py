"""Where moves end, over a log: by hand, against the slow reference, and what must hold for any log."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from examples import examples
from helpers import items_of, journeys_log, log_of, pipeline_of
from reference.absorption import absorption, moves_of, squared_influence
from strategies import Case, cases

SMALL = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
METHODS = ["visits", "aalen_johansen"]
COLUMNS = [
    *("stage", "items_in", "win", "win_se", "win_low", "win_high", "lost", "undetermined"),
    *("win_if_closed", "win_if_won", "expected_visits", "expected_time", "expected_time_se"),
]


def example() -> sf.StageLog:
    """Make the 100 visits of New and 60 of Offer of the definitions: each visit takes 10 days."""
    paths = [
        *["New > Offer > Won"] * 27,
        *["New > Offer > Lost"] * 17,
        *["New > Offer > New > Offer > Won"] * 3,
        *["New > Offer > New > Offer > Lost"] * 3,
        *["New > Offer > New > Lost"] * 4,
        *["New > Lost"] * 36,
    ]
    rows = [
        (item, stage, 10 * step)
        for item, path in enumerate(paths)
        for step, stage in enumerate(path.split(" > "))
    ]
    return sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))


def by_stage(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(table["stage"].astype(str))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("se", ["delta", "robust"])
def test_the_example_of_the_definitions(method: Any, se: Any) -> None:
    table = sf.absorption(example(), SMALL, method=method, se=se)
    assert list(table) == COLUMNS
    found = by_stage(table)
    assert found["items_in"].to_dict() == {"New": 90, "Offer": 54}
    np.testing.assert_allclose(found["win"], [1 / 3, 5 / 9], rtol=1e-12)
    np.testing.assert_allclose(found["lost"], [2 / 3, 4 / 9], rtol=1e-12)
    np.testing.assert_allclose(found["undetermined"], 0, atol=1e-12)
    np.testing.assert_allclose(found["expected_visits"], [10 / 9, 2 / 3], rtol=1e-12)
    np.testing.assert_allclose(found["expected_time"], [160 / 9, 10 + 160 / 54], rtol=1e-12)
    overall = table.attrs["stagefunnel"]["overall"]
    assert overall[0][0] == pytest.approx(1 / 3)


def test_the_error_of_the_example_is_that_of_the_formula() -> None:
    """Rows spread 0.6 (5/9)² − (1/3)² and 1/2 + (1/3)²/6 − (5/9)²; N is 10/9, 2/3 and 5/27, 10/9."""
    new, offer = 0.6 * 25 / 81 - 1 / 9, 1 / 2 + 1 / 54 - 25 / 81
    of_new = math.sqrt((10 / 9) ** 2 * new / 100 + (2 / 3) ** 2 * offer / 60)
    of_offer = math.sqrt((5 / 27) ** 2 * new / 100 + (10 / 9) ** 2 * offer / 60)
    table = sf.absorption(example(), SMALL)
    np.testing.assert_allclose(table["win_se"], [of_new, of_offer], rtol=1e-12)
    theirs = sf.stats.absorbing_chain(
        {"New": {"Offer": 60, "Lost": 40}, "Offer": {"Won": 30, "Lost": 20, "New": 10}},
        states=["New", "Offer"],
        absorbing=["Won", "Lost"],
        exposure=[1000, 600],
        start=[90, 0],
    )
    np.testing.assert_allclose(table["win_se"], theirs["se"], rtol=1e-12)
    np.testing.assert_allclose(table["expected_time_se"], theirs["expected_time_se"], rtol=1e-12)
    np.testing.assert_allclose(
        table.attrs["stagefunnel"]["overall"][0], theirs.attrs["chain"]["overall"], rtol=1e-12
    )
    low, high = theirs.attrs["chain"]["low"], theirs.attrs["chain"]["high"]
    np.testing.assert_allclose(table["win_low"], list(low.values()), rtol=1e-12)
    np.testing.assert_allclose(table["win_high"], list(high.values()), rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@examples(ci=12, night=150)
@given(case=cases(unlisted="some", times="integer"))
def test_the_answer_is_that_of_the_reference(method: Any, case: Case) -> None:
    case = _few(case)
    assume(case.rows)
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    by_item = reference.visits_by_item(case.rows, case.pipeline, "ignore", case.order)
    end = max((time for _, _, time in case.rows), default=0)
    moves = moves_of(by_item, case.pipeline, end)
    expected = absorption(moves, case.pipeline, method)
    for se in ("delta", "robust"):
        table = by_stage(
            sf.absorption(log, pipeline, method=method, se=se, unlisted="ignore", missing="ignore")
        )
        for stage in case.pipeline.stages:
            row = table.loc[stage]
            assert row["items_in"] == len({move.item for move in moves if move.stage == stage})
            chances = (expected.win, expected.lost, expected.undetermined)
            for name, value in zip(("win", "lost", "undetermined"), chances, strict=True):
                assert row[name] == pytest.approx(value[stage].real, abs=1e-9), (stage, name)
            if stage not in expected.has_way_out:
                assert math.isnan(row["win_se"])
                continue
            error = math.sqrt(
                squared_influence(moves, case.pipeline, method, se, lambda one, s=stage: one.win[s])
            )
            assert row["win_se"] == pytest.approx(error, abs=1e-7), stage
            assert row["expected_visits"] == pytest.approx(expected.visits[stage].real, abs=1e-9)
            if row["undetermined"] < 1e-9 and not math.isnan(row["expected_time"]):
                assert row["expected_time"] == pytest.approx(expected.time[stage].real, rel=1e-9)
                if se == "robust" or method == "aalen_johansen":
                    spread = squared_influence(
                        moves, case.pipeline, method, se, lambda one, s=stage: one.time[s]
                    )
                    assert row["expected_time_se"] == pytest.approx(math.sqrt(spread), rel=1e-7, abs=1e-6)
        overall = table.attrs["stagefunnel"]["overall"][0] if len(moves) else None
        if overall is not None and overall[1] is not None:
            spread = squared_influence(moves, case.pipeline, method, se, lambda one: one.overall)
            assert overall[0] == pytest.approx(expected.overall.real, abs=1e-9)
            assert overall[1] == pytest.approx(math.sqrt(spread), abs=1e-7)


def _few(case: Case) -> Case:
    """Keep the first items: the reference solves the chain once for each visit."""
    kept = list(dict.fromkeys(item for item, _, _ in case.rows))[:8]
    places = [place for place, row in enumerate(case.rows) if row[0] in kept]
    stages = case.pipeline.stages[:6]
    used = set(case.pipeline.stages[6:])
    places = [place for place in places if case.rows[place][1] not in used]
    return case._replace(
        rows=[case.rows[place] for place in places],
        order=list(range(len(places))),
        pipeline=case.pipeline._replace(stages=stages),
    )


@pytest.mark.parametrize("method", METHODS)
@given(case=cases(unlisted="some", times="integer"))
def test_the_three_ends_add_up(method: Any, case: Case) -> None:
    log = log_of(case, items=items_of(case.groups, "group", [row[0] for row in case.rows]))
    table = sf.absorption(log, pipeline_of(case.pipeline), by="group", method=method, unlisted="ignore")
    np.testing.assert_allclose(table[["win", "lost", "undetermined"]].sum(axis=1), 1, rtol=1e-9)
    np.testing.assert_allclose(table["win_if_won"], table["win"] + table["undetermined"], rtol=1e-9)


@examples(ci=25, night=200)
@given(case=cases(unlisted="some", times="integer"), method=st.sampled_from(METHODS))
def test_over_closed_items_the_chance_is_the_win_rate_and_the_visits_are_those_seen(
    case: Case, method: Any
) -> None:
    case = case._replace(order=list(range(len(case.rows))))
    by_item = reference.visits_by_item(case.rows, case.pipeline, "ignore", case.order)
    closed = {item for item, visits in by_item.items() if reference.outcome(visits, case.pipeline) != "open"}
    places = [place for place, row in enumerate(case.rows) if row[0] in closed]
    case = case._replace(rows=[case.rows[place] for place in places], order=list(range(len(places))))
    if not closed:
        return
    log, pipeline = log_of(case), pipeline_of(case.pipeline)
    options: dict[str, Any] = {"unlisted": "ignore", "missing": "ignore"}
    table = sf.absorption(log, pipeline, method=method, **options)
    now = sf.outcomes(log, pipeline, **options)
    assert table.attrs["stagefunnel"]["overall"][0][0] == pytest.approx(now["win_rate"].iloc[0])
    n_visits = [
        sum(visit.stage == stage for item in closed for visit in by_item[item])
        for stage in case.pipeline.stages
    ]
    seen = np.array(n_visits) > 0
    np.testing.assert_allclose(
        table["expected_visits"][seen], np.array(n_visits)[seen] / len(closed), rtol=1e-9
    )


def test_forward_only_the_error_is_that_of_a_share() -> None:
    log = journeys_log(*["New > Offer > Won"] * 3, *["New > Offer > Lost"] * 4, *["New > Lost"] * 5)
    table = sf.absorption(log, SMALL)
    assert table["win"].iloc[0] == pytest.approx(3 / 12)
    assert table["win_se"].iloc[0] == pytest.approx(math.sqrt(0.25 * 0.75 / 12))


def test_a_stage_that_nobody_left_is_undetermined_and_nothing_is_expected_of_it() -> None:
    log = journeys_log("New > Won", "New > Offer", "New > Offer", "New > Lost")
    found = by_stage(sf.absorption(log, SMALL))
    assert found.loc["Offer", ["win", "lost", "undetermined"]].tolist() == [0, 0, 1]
    assert found.loc["New", ["win", "lost", "undetermined"]].tolist() == [0.25, 0.25, 0.5]
    assert found.loc["New", ["win_if_closed", "win_if_won"]].tolist() == [0.5, 0.75]
    assert found[["expected_time", "expected_time_se"]].isna().all(axis=None)
    assert math.isnan(found.loc["Offer", "win_se"])


def test_of_a_stage_that_nobody_was_in_all_is_undetermined_and_a_sentence_says_so() -> None:
    table = sf.absorption(journeys_log("New > Won", "New > Lost"), SMALL, missing="ignore")
    row = by_stage(table).loc["Offer"]
    assert row["items_in"] == 0
    assert row[["win", "lost", "undetermined"]].tolist() == [0, 0, 1]
    assert row[["win_se", "win_low", "win_high", "win_if_closed", "expected_visits"]].isna().all()
    shown = str(sf.show(table))
    assert "No item was ever in Offer: nothing is known of it" in shown
    assert "Undetermined: nobody was seen to leave" not in shown  # nobody was there to leave
    full = sf.absorption(journeys_log("New > Won", "New > Offer > Lost"), SMALL)
    assert "nothing is known" not in str(sf.show(full))


@pytest.mark.parametrize("method", METHODS)
def test_what_is_certain_is_one_and_not_almost_one(method: Any) -> None:
    """All are won, after circles whose chances are no short binary fractions."""
    paths = ["New > Offer > Talk > New > Offer > Won", "New > Talk > Offer > Won", "Talk > New > Won"]
    pipeline = sf.Pipeline(["New", "Offer", "Talk"], won="Won", lost="Lost")
    for times in range(1, 6):
        log = journeys_log(*paths * times, "New > Offer > New > Won")
        found = sf.absorption(log, pipeline, method=method, missing="ignore")
        assert found["win"].tolist() == [1, 1, 1]
        assert found["win_high"].tolist() == [1, 1, 1]
        assert found.attrs["stagefunnel"]["overall"][0][0] == 1
    counts = {
        "a": {"b": 3, "c": 7, "won": 6},
        "b": {"a": 5, "c": 1, "won": 1},
        "c": {"a": 1, "b": 1, "won": 9},
    }
    chain = sf.stats.absorbing_chain(counts, states=[*"abc"], absorbing=["won"], start=[3, 3, 1])
    assert chain["won"].tolist() == [1, 1, 1]
    assert chain.attrs["chain"]["overall"][0] == 1


def test_a_circle_that_nobody_left_is_undetermined() -> None:
    log = journeys_log("New > Offer > New > Offer", "Talk > Won", "Talk > New")
    found = by_stage(sf.absorption(log, sf.Pipeline(["Talk", "New", "Offer"], won="Won")))
    assert found["undetermined"].tolist() == [0.5, 1, 1]


def test_a_visit_that_was_never_seen_to_leave_is_not_won_with_curves() -> None:
    """Won after 2, lost after 4, open since 6: 1/3 and 1/3; by visits 1/2 and 1/2."""
    rows = {"item": [1, 1, 2, 2, 3], "stage": ["New", "Won", "New", "Lost", "New"], "time": [0, 2, 0, 4, 0]}
    log = sf.StageLog(rows, observed_until=6)
    pipeline = sf.Pipeline("New", won="Won", lost="Lost")
    seen = sf.absorption(log, pipeline, method="aalen_johansen").iloc[0]
    assert seen[["win", "lost", "undetermined"]].tolist() == pytest.approx([1 / 3] * 3)
    counted = sf.absorption(log, pipeline).iloc[0]
    assert counted[["win", "lost", "undetermined"]].tolist() == [0.5, 0.5, 0]
    # The time in New, that of the open deal too, by the visits that have ended.
    assert counted["expected_time"] == (2 + 4 + 6) / 2


def test_a_loss_that_does_not_stand_is_passed_through() -> None:
    """One of three deals that were lost was won later; New is lost in 2 of 3, and Lost stands in 2 of 3."""
    log = journeys_log("New > Lost > New > Won", "New > Lost", "New > Lost")
    table = sf.absorption(log, sf.Pipeline("New", won="Won", lost="Lost"))
    # From New: 1/4 won, 3/4 to Lost, from where a third comes back: b = 1/4 + 3/4 · 1/3 · b = 1/3.
    assert table["win"].iloc[0] == pytest.approx(1 / 3)
    assert table["expected_visits"].iloc[0] == pytest.approx(4 / 3)
    assert table["expected_time"].iloc[0] == pytest.approx((3 + 1 + 1) / 3)


@pytest.mark.parametrize("method", METHODS)
def test_items_that_moved_out_and_are_kept_are_neither_won_nor_lost(method: Any) -> None:
    log = journeys_log("New > Won", "New > Other", "New > Lost", "New > Won")
    pipeline = sf.Pipeline("New", won="Won", lost="Lost", elsewhere=["Other"], moved_out="include")
    row = sf.absorption(log, pipeline, method=method).iloc[0]
    assert row[["win", "lost", "undetermined"]].tolist() == pytest.approx([0.5, 0.25, 0.25])


def test_groups_are_separate_and_top_puts_the_others_together() -> None:
    items = pd.DataFrame({"item": range(1, 7), "who": [*"aaabbc"]})
    paths = ["New > Won", "New > Lost", "New", "New > Won", "New > Offer > Won", "New > Lost"]
    log = journeys_log(*paths, items=items)
    table = sf.absorption(log, SMALL, by="who")
    for who in "abc":
        own = sf.absorption(log, SMALL, where={"who": who}, missing="ignore")
        part = table[table["who"] == who].drop(columns="who").reset_index(drop=True)
        pd.testing.assert_frame_equal(part, own, check_exact=True)
    top = sf.absorption(log, SMALL, by="who", top=1)
    assert top["who"].unique().tolist() == ["a", "other (2 groups)"]
    assert top["items_in"].tolist() == [3, 0, 3, 1]


def test_robust_errors_see_that_the_visits_of_an_item_depend_on_each_other() -> None:
    """Whoever goes back is lost: what a visit of Offer leads to says where the item ends.

    From Offer 10 of 20 are won and the others go back to New, from which 10 of 30 are lost.
    """
    log = journeys_log(*["New > Offer > New > Lost"] * 10, *["New > Offer > Won"] * 10)
    delta, robust = (by_stage(sf.absorption(log, SMALL, se=se)) for se in ("delta", "robust"))
    assert delta.loc["Offer", "win"] == robust.loc["Offer", "win"] == pytest.approx(0.75)
    assert robust.loc["Offer", "win_se"] > 1.1 * delta.loc["Offer", "win_se"]


def test_paused_stages_take_no_time() -> None:
    log = journeys_log("New > Offer > Won", "New > Offer > Won")
    paused = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", paused=["Offer"])
    found = by_stage(sf.absorption(log, paused, missing="ignore"))
    assert found["expected_time"].tolist() == [1, 0]
    assert by_stage(sf.absorption(log, SMALL, missing="ignore"))["expected_time"].tolist() == [2, 1]


def test_visits_of_unknown_start_move_on_and_have_no_length() -> None:
    """Item 1 was in Offer already when it was seen there first, and item 3 was so in New."""
    rows = {
        "item": [1, 1, 1, 2, 2, 2, 3, 3],
        "stage": ["New", "Offer", "Won", "New", "Offer", "Lost", "New", "Lost"],
        "time": [0, 2, 4, 0, 2, 8, 0, 5],
        "guessed": [False, True, False, False, False, False, True, False],
    }
    log = sf.StageLog(rows, start_unknown="guessed")
    found = by_stage(sf.absorption(log, SMALL))
    assert found["items_in"].tolist() == [2, 2]  # item 3 is in no created cohort
    assert found.loc["Offer", ["win", "expected_time"]].tolist() == [0.5, 6]
    assert "A visit of unknown start has no length: 1 item" in str(sf.show(sf.absorption(log, SMALL)))
    curves = by_stage(sf.absorption(log, SMALL, method="aalen_johansen"))
    assert curves.loc["Offer", ["win", "lost"]].tolist() == [0, 1]
    every = by_stage(sf.absorption(log, SMALL, basis="active"))
    assert every.loc["New", "items_in"] == 3
    assert every.loc["New", "lost"] == pytest.approx(1 / 3 + 2 / 3 / 2)
    unknown = [False, True, False, False, True, False, False, False]
    both = sf.StageLog({**rows, "guessed": unknown}, start_unknown="guessed")
    assert sf.absorption(both, SMALL)["expected_time"].isna().all()


def test_each_item_is_watched_for_a_length_of_time() -> None:
    """Seen for 5: the first is won at 3, the second is still open, as is the third, which is lost at 9."""
    rows = {"item": [1, 1, 2, 3, 3], "stage": ["New", "Won", "New", "New", "Lost"], "time": [0, 3, 0, 0, 9]}
    row = sf.absorption(
        sf.StageLog(rows, observed_until=20), sf.Pipeline("New", won="Won", lost="Lost"), within=5
    )
    assert row[["win", "lost", "undetermined"]].iloc[0].tolist() == [1, 0, 0]
    assert row["expected_time"].iloc[0] == 3 + 5 + 5


def test_what_people_read() -> None:
    text = str(sf.show(sf.absorption(example(), SMALL)))
    assert "Where moves end, by stage" in text
    assert "Won in the end, if open items move on as the others did: 33" in text
    curves = str(sf.show(sf.absorption(example(), SMALL, method="aalen_johansen")))
    assert "Won in the end, as the moves so far say: 33" in curves
    assert "Best chance to win: from Offer (56" in text
    nobody = str(sf.show(sf.absorption(journeys_log("New", "New"), SMALL, missing="ignore")))
    assert "Won in the end" not in nobody
    assert "Undetermined: nobody was seen to leave" in nobody
    some = str(sf.show(sf.absorption(journeys_log("New > Won", "Offer"), SMALL, missing="ignore")))
    assert "Won in the end: at least 50" in some
    open_log = journeys_log("New > Won", "New > Offer", "New > Lost")
    assert "Undetermined: nobody was seen to leave" in str(sf.show(sf.absorption(open_log, SMALL)))


@pytest.mark.parametrize("options", [{"method": "markov"}, {"se": "greenwood"}, {"confidence": 2}])
def test_values_that_are_none_are_refused(options: Any) -> None:
    with pytest.raises(sf.SchemaError, match=next(iter(options))):
        sf.absorption(example(), SMALL, **options)


def test_a_log_without_items_has_no_answer() -> None:
    empty = sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow")
    table = sf.absorption(empty, SMALL, missing="ignore")
    assert table["items_in"].tolist() == [0, 0]
    assert table["undetermined"].tolist() == [1, 1]
    assert table["win_low"].isna().all()
    assert str(sf.show(table))
