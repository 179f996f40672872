"""Lives and visits that the core counts by group and age give the answer of their lists, bit for bit."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import SMALL, frame_of, items_of, log_of, pipeline_of
from stagefunnel.questions.stages import censored, counted_lives, incidence
from strategies import Case, cases

KINDS: list[dict[str, Any]] = [
    {},
    {"to": 1},
    {"reopen": "first"},
    {"by": "group"},
    {"by": "group", "top": 1},
    {"min_at_risk": 3},
    {"as_of": 9},
    {"period": (2, 8)},
    {"period": (2, 8), "basis": "closed"},
    {"observed": (3, 8), "by": "group"},
    {"observed": (3, None), "min_at_risk": 2},
    {"observed": (None, 7), "se": "robust"},
    {"within": 4, "observed": (2, 8)},
    {"within": 6, "se": "robust", "by": "group", "min_at_risk": 2},
]


def listed(ask: Any) -> pd.DataFrame:
    """Answer without counts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(incidence, "counted_lives", lambda *_, **__: None)
        patch.setattr(censored, "counted_visits", lambda *_, **__: None)
        return ask()


def log_with_groups(case: Case) -> sf.StageLog:
    return log_of(case, items=items_of(case.groups, "group", [row[0] for row in case.rows]))


def assert_alike(ask: Any, *, is_robust: bool = False) -> None:
    """Hold the answer against that of the lists, and what it remembers too.

    Robust errors are added up in another order, so that their last digits differ.
    """
    found, expected = ask(), listed(ask)
    rounded = ["se", "incidence_low", "incidence_high"] if is_robust else []
    pd.testing.assert_frame_equal(
        found.drop(columns=rounded), expected.drop(columns=rounded), check_exact=True
    )
    pd.testing.assert_frame_equal(found[rounded], expected[rounded], rtol=1e-9, atol=1e-12)
    assert found.attrs == expected.attrs


@pytest.mark.parametrize("options", KINDS, ids=str)
@examples(ci=15, night=200)
@given(case=cases(unlisted="some", times="integer"), times=st.sampled_from([None, [0, 1.5, 3, 7, 40]]))
def test_counted_lives_are_those_that_are_listed(options: Any, case: Case, times: Any) -> None:
    log, pipeline = log_with_groups(case), pipeline_of(case.pipeline)
    to = {} if "to" not in options else {"to": pipeline.stages[min(1, len(pipeline.stages) - 1)]}
    asked = {"unlisted": "ignore", "times": times, **options, **to}
    assert_alike(lambda: sf.cumulative_incidence(log, pipeline, **asked), is_robust="se" in options)


@pytest.mark.parametrize("options", [{}, {"by": "group"}, {"by": "group", "top": 1}, {"as_of": 9}], ids=str)
@examples(ci=15, night=200)
@given(case=cases(unlisted="some", times="integer"), tau=st.sampled_from([None, 5]))
def test_counted_visits_are_those_that_are_listed(options: Any, case: Case, tau: Any) -> None:
    log, pipeline = log_with_groups(case), pipeline_of(case.pipeline)
    asked = {"unlisted": "ignore", "open_visits": "censored", "confidence": 0.9, "tau": tau, **options}
    assert_alike(lambda: sf.time_in_stage(log, pipeline, **asked))


def dated(seconds: int, **options: Any) -> sf.StageLog:
    """Make a log of some hundred items whose times are so many seconds apart."""
    random = np.random.default_rng(20261130)
    rows = []
    for item in range(300):
        day = int(random.integers(0, 90))
        for stage in random.choice(["New", "Offer", "Won", "Lost", "Other"], int(random.integers(1, 5))):
            rows.append((item, stage, pd.Timestamp("2026-01-01") + pd.Timedelta(seconds=seconds * day)))
            day += int(random.integers(0, 20))
    items = pd.DataFrame({"item": range(300), "who": [*"abc"] * 100})
    return sf.StageLog(frame_of(rows), items=items, **options)


@pytest.mark.parametrize("seconds", [86_400, 3_600, 7, 1])
@pytest.mark.parametrize("options", [{}, {"by": "who"}, {"as_of": "2026-02-20 00:00:05"}], ids=str)
def test_steps_of_the_clock_are_found(seconds: int, options: Any) -> None:
    log = dated(seconds)
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    asked = {"unlisted": "ignore", **options}
    assert_alike(lambda: sf.cumulative_incidence(log, pipeline, **asked))
    assert_alike(lambda: sf.time_in_stage(log, pipeline, open_visits="censored", **asked))


@pytest.mark.parametrize("seconds", [86_400, 7])
def test_what_is_observed_may_begin_between_steps_of_the_clock(seconds: int) -> None:
    log, pipeline = dated(seconds), sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    times = [f"{step * seconds + rest}s" for step in (0, 3, 20, 60) for rest in (0, 1, seconds - 1)]
    for observed in [("2026-01-01 00:02:03", None), ("2026-01-20", "2026-02-03 12:00:00")]:
        for least in (None, 40):
            asked = {"unlisted": "ignore", "observed": observed, "times": times, "min_at_risk": least}
            assert_alike(lambda asked=asked: sf.cumulative_incidence(log, pipeline, by="who", **asked))


def test_what_is_observed_and_robust_errors_take_no_list() -> None:
    log = dated(86_400)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(incidence, "item_spells")
        for options in [{"observed": ("2026-01-20", "2026-02-10")}, {"within": "9d"}, {"se": "robust"}]:
            sf.cumulative_incidence(log, SMALL, unlisted="ignore", **options)


@pytest.mark.parametrize("moved_out", ["exclude", "include"])
def test_items_that_moved_to_another_pipeline_end_as_in_the_list(moved_out: Any) -> None:
    log = dated(86_400)
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", elsewhere=["Other"], moved_out=moved_out)
    assert_alike(lambda: sf.cumulative_incidence(log, pipeline, by="who"))
    assert_alike(lambda: sf.time_in_stage(log, pipeline, open_visits="censored"))
    assert_alike(lambda: sf.time_in_stage(log, pipeline, open_visits="censored", by="who"))


def test_lives_are_kept_and_answer_alike_when_they_are_asked_again() -> None:
    log = dated(86_400)
    first = sf.cumulative_incidence(log, SMALL, unlisted="ignore")
    assert len(counted_lives._kept_lives[log._data]) == 1
    for reopen in ("first", "last"):
        for to in ("outcome", "Offer", "Won"):
            sf.cumulative_incidence(log, SMALL, unlisted="ignore", to=to, reopen=reopen)
    assert len(counted_lives._kept_lives[log._data]) == 4  # the others made room
    pd.testing.assert_frame_equal(sf.cumulative_incidence(log, SMALL, unlisted="ignore"), first)


def test_a_clock_that_stands_still_is_read_from_lists() -> None:
    log = dated(86_400)
    paused = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", paused=["Offer"])
    plain = sf.cumulative_incidence(log, SMALL, unlisted="ignore", times=["5d", "20d"])
    still = sf.cumulative_incidence(log, paused, unlisted="ignore", times=["5d", "20d"])
    assert (still["incidence"] >= plain["incidence"]).all()
    assert not still["incidence"].equals(plain["incidence"])
