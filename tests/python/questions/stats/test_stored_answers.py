"""Curves against the stored answers of software that cannot be installed beside this package.

lifelines 0.30.3 needs a pandas below 3. The calls are written with each answer.
"""

import numpy as np
import pytest

import stagefunnel as sf
from questions.stats.test_array_survival import RELAPSED, TREATED

AT = [6, 7, 10, 13, 16, 22, 23]
ENTRY = [0, 0, 2, 1, 3, 0, 0, 5, 4, 0, 9, 0, 3, 0, 0, 12, 0, 0, 1, 0, 0]


def test_log_log_bounds_of_a_survival() -> None:
    """``KaplanMeierFitter().fit(TREATED, RELAPSED).confidence_interval_.loc[AT]``."""
    stored = [
        (0.6197179552659838, 0.9515517476469969),
        (0.5631465646222333, 0.9228090192028802),
        (0.5031995107999564, 0.8893618351692651),
        (0.4316102224861839, 0.8490659633494505),
        (0.36751085598750194, 0.8049121894718411),
        (0.26777893676713493, 0.7467907176353943),
        (0.18805200595923233, 0.6801426284952412),
    ]
    table = sf.stats.kaplan_meier(TREATED, RELAPSED)
    np.testing.assert_allclose(table[["low", "high"]], stored, rtol=1e-9)


def test_a_survival_with_delayed_entry() -> None:
    """``KaplanMeierFitter().fit(TREATED, RELAPSED, entry=ENTRY).survival_function_.loc[AT]``."""
    stored = [
        *(0.8421052631578948, 0.7859649122807016, 0.7298245614035088, 0.6690058479532165),
        *(0.6081871345029242, 0.5213032581453636, 0.4344193817878029),
    ]
    table = sf.stats.kaplan_meier(TREATED, RELAPSED, entry=ENTRY)
    np.testing.assert_allclose(table["survival"], stored, rtol=1e-9)


def test_an_incidence_without_ties() -> None:
    """``AalenJohansenFitter().fit(times, codes, event_of_interest=1)``, whose ties would be jittered."""
    stored = [
        *(0.1, 0.1, 0.1, 0.21428571428571425, 0.21428571428571425),
        *(0.3285714285714285, 0.3285714285714285, 0.3285714285714285, 0.4809523809523808, 0.4809523809523808),
    ]
    stored_variance = [
        *(0.009, 0.009, 0.009, 0.018236151603498535, 0.018236151603498535, 0.02439358600583088),
        *(0.02439358600583088, 0.024393586005830886, 0.031684375337436566, 0.031684375337436566),
    ]
    event = ["won", "lost", None, "won", "lost", "won", None, "lost", "won", None]
    table = sf.stats.cumulative_incidence(range(1, 11), event, times=range(1, 11))
    won = table[table["cause"] == "won"]
    np.testing.assert_allclose(won["incidence"], stored, rtol=1e-9)
    np.testing.assert_allclose(won["se"] ** 2, stored_variance, rtol=1e-9)


def test_a_log_rank_test_of_three_groups() -> None:
    """``multivariate_logrank_test(TREATED, [0, 1, 2] * 7, RELAPSED)``."""
    found = sf.stats.logrank(TREATED, RELAPSED, [0, 1, 2] * 7).iloc[0]
    assert found["statistic"] == pytest.approx(0.9124382560922805, rel=1e-9)
    assert found["p_value"] == pytest.approx(0.633674965926649, rel=1e-9)
    assert found["df"] == 2
