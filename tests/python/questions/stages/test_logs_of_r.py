"""Questions over a log against the answers of R, which reads the same rows (`tests/golden/r/chains.R`)."""

import pytest

import stagefunnel as sf
from answers_of_r import EXACT, answer, moves, same


def test_the_outcomes_of_groups_by_age() -> None:
    log, pipeline = moves()
    stored = answer("outcomes")
    times = [float(time) for time in stored["time"].unique()]
    found = sf.cumulative_incidence(log, pipeline, by="team", times=times)
    assert found[["team", "cause"]].astype(str).values.tolist() == stored[["team", "cause"]].values.tolist()
    same(found, stored, "time", "incidence", "se", "open")


def test_the_win_rate_of_closed_items_adjusted_for_open_ones() -> None:
    """R adds up the influence of each item; without delayed entry that is the delta method."""
    log, pipeline = moves()
    found = sf.cumulative_incidence(log, pipeline).attrs["stagefunnel"]
    stored = answer("adjusted_rate").iloc[0]
    assert found["adjusted_win_rate"] == pytest.approx([stored["rate"]], rel=EXACT)
    assert found["adjusted_win_rate_se"] == pytest.approx([stored["se"]], rel=EXACT)


def test_what_is_seen_between_two_moments() -> None:
    log, pipeline = moves()
    stored = answer("outcomes_observed")
    times = [float(time) for time in stored["time"].unique()]
    found = sf.cumulative_incidence(log, pipeline, observed=(20, 45), times=times)
    assert found["cause"].astype(str).tolist() == stored["cause"].tolist()
    same(found, stored, "time", "incidence", "open")


def test_what_follows_a_stage_with_the_visits_of_an_item_together() -> None:
    log, pipeline = moves()
    stored = answer("next_stages_robust")
    times = [float(time) for time in stored["time"].unique()]
    found = sf.cumulative_incidence(log, pipeline, clock="stage", stage="Offer", se="robust", times=times)
    found = found.assign(cause=found["cause"].astype(str)).sort_values(["cause", "time"])
    same(found, stored.sort_values(["cause", "time"]), "time", "incidence", "se", "open")


def test_how_long_visits_last_with_open_ones() -> None:
    log, pipeline = moves()
    found = sf.time_in_stage(
        log, pipeline, open_visits="censored", quantiles=(0.25, 0.75), tau=10, confidence=0.95
    )
    stored = answer("stays")
    assert found["stage"].astype(str).tolist() == stored["stage"].tolist()
    same(found, stored, *stored.columns.drop("stage"))


def test_where_moves_end() -> None:
    log, pipeline = moves()
    stored = answer("absorption").rename(columns={"Won": "win", "Lost": "lost", "se": "win_se"})
    found = sf.absorption(log, pipeline)
    same(found, stored, "win", "win_se", "lost", "expected_visits", "expected_time", "expected_time_se")
    overall = found.attrs["stagefunnel"]["overall"][0]
    assert list(overall[:2]) == pytest.approx(answer("absorption_overall").iloc[0].tolist(), rel=EXACT)


def test_where_moves_end_by_curves() -> None:
    log, pipeline = moves()
    found = sf.absorption(log, pipeline, method="aalen_johansen")
    same(found, answer("absorption_by_curves"), "win", "lost", "undetermined", "expected_visits")


def test_whether_moves_are_those_of_a_chain() -> None:
    log, pipeline = moves()
    stored = answer("markov_check")
    found = sf.markov_check(log, pipeline, by="team")
    assert (
        found["stage"].astype(object).where(found["stage"].notna(), "all").tolist()
        == stored["stage"].tolist()
    )
    tests = stored["test"].replace({"before": "order", "team": "homogeneity"})
    assert found["test"].astype(str).tolist() == tests.tolist()
    same(found, stored, "n", "statistic", "pearson", "df", "p_value")
    within = stored["few"].notna()
    same(found[within], stored[within].rename(columns={"few": "few_expected"}), "few_expected")
