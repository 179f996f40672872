"""Curves against the answers of R, which `tests/golden/r` keeps: each file has its call and the versions.

`Rscript tests/golden/r/make.R` makes them anew; the tests need no R.
"""

import numpy as np
import pytest

import stagefunnel as sf
from answers_of_r import answer, same, spells


def test_kaplan_meier_with_bounds() -> None:
    table = spells()
    found = sf.stats.kaplan_meier(table["time"], table["cause"].notna())
    same(found, answer("kaplan_meier"), "time", "at_risk", "events", "survival", "se", "low", "high")


def test_kaplan_meier_of_groups() -> None:
    table = spells()
    found = sf.stats.kaplan_meier(table["time"], table["cause"].notna(), group=table["group"])
    stored = answer("kaplan_meier_of_groups")
    assert found["group"].tolist() == stored["group"].tolist()
    same(found, stored, "time", "at_risk", "events", "survival", "low", "high")
    # R multiplies the survival by the error of its logarithm: where nothing is left that is 0 times infinity.
    is_over = stored["survival"] == 0
    assert is_over.any()
    assert stored["se"][is_over].isna().all()
    assert (found["se"][is_over] == 0).all()
    same(found[~is_over], stored[~is_over], "se")


def test_kaplan_meier_with_delayed_entry() -> None:
    table = spells()
    found = sf.stats.kaplan_meier(table["time"], table["cause"].notna(), entry=table["entry"], confidence=0.9)
    same(found, answer("kaplan_meier_delayed"), "time", "at_risk", "events", "survival", "se", "low", "high")


def test_quantiles_with_bounds() -> None:
    table = spells()
    shares = [0.1, 0.25, 0.5, 0.75, 0.9]
    ended = table["cause"].notna()
    found = sf.stats.survival_quantiles(table["time"], ended, group=table["group"], quantiles=shares)
    stored = answer("survival_quantiles")
    assert found["group"].tolist() == stored["group"].tolist()
    same(found, stored, "quantile", "value", "low", "high")
    late = sf.stats.survival_quantiles(table["time"], ended, entry=table["entry"], quantiles=shares)
    same(late, answer("survival_quantiles_delayed"), "quantile", "value", "low", "high")


def test_quantiles_where_the_curve_is_flat_at_the_share() -> None:
    shares = [0.1, 0.25, 0.5, 0.75, 0.9]
    found = sf.stats.survival_quantiles(range(2, 18, 2), [1, 1, 1, 1, 1, 1, 0, 1], quantiles=shares)
    same(found, answer("survival_quantiles_of_a_flat_curve"), "quantile", "value", "low", "high")


@pytest.mark.parametrize("tau", [5, 12, 15])
def test_restricted_means(tau: int) -> None:
    table = spells()
    found = sf.stats.restricted_mean(table["time"], table["cause"].notna(), tau=tau, group=table["group"])
    stored = answer("restricted_mean")
    same(found, stored[stored["tau"] == tau], "mean", "se")


def test_a_restricted_mean_with_delayed_entry() -> None:
    table = spells()
    found = sf.stats.restricted_mean(table["time"], table["cause"].notna(), tau=13, entry=table["entry"])
    same(found, answer("restricted_mean_delayed"), "mean", "se")


def test_logrank() -> None:
    table = spells()
    stored = answer("logrank").set_index("groups")
    some = table[table["group"] != "c"]
    asked = {
        "abc": (table["time"], table["cause"].notna(), table["group"]),
        "ab": (some["time"], some["cause"].notna(), some["group"]),
        "won": (table["time"], table["cause"] == "won", table["group"]),
    }
    for name, arrays in asked.items():
        same(sf.stats.logrank(*arrays), stored.loc[[name]], "statistic", "df", "p_value")


def test_incidence_with_errors() -> None:
    table = spells()
    stored = answer("incidence")
    found = sf.stats.cumulative_incidence(table["time"], table["cause"], times=stored["time"].unique())
    assert found["cause"].tolist() == stored["cause"].tolist()
    same(found, stored, "time", "incidence", "se", "open")


def test_incidence_of_groups() -> None:
    table = spells()
    stored = answer("incidence_of_groups")
    found = sf.stats.cumulative_incidence(
        table["time"], table["cause"], group=table["group"], times=stored["time"].unique()
    )
    assert found[["group", "cause"]].astype(str).values.tolist() == stored[["group", "cause"]].values.tolist()
    same(found, stored, "time", "incidence", "se", "open")


def test_incidence_with_delayed_entry() -> None:
    """The errors of etm are Greenwood's; survfit has those of the infinitesimal jackknife."""
    table = spells()
    arrays = (table["time"], table["cause"])
    stored = answer("incidence_delayed")
    found = sf.stats.cumulative_incidence(*arrays, entry=table["entry"], times=stored["time"].unique())
    same(found, stored, "time", "incidence", "se", "open")
    stored = answer("incidence_delayed_robust")
    found = sf.stats.cumulative_incidence(
        *arrays, entry=table["entry"], times=stored["time"].unique(), se="robust"
    )
    same(found, stored, "time", "incidence", "se", "open")


def test_other_packages_agree_on_the_estimate() -> None:
    table = spells()
    for name in ("incidence_of_cmprsk", "incidence_of_prodlim"):
        stored = answer(name)
        found = sf.stats.cumulative_incidence(table["time"], table["cause"], times=stored["time"].unique())
        assert found["cause"].tolist() == stored["cause"].tolist()
        same(found, stored, "time", "incidence")


def test_cmprsk_has_another_variance() -> None:
    """Its manual gives Aalen's, which is not Greenwood's: the errors differ by less than one in twenty."""
    table, stored = spells(), answer("incidence_of_cmprsk")
    found = sf.stats.cumulative_incidence(table["time"], table["cause"], times=stored["time"].unique())
    np.testing.assert_allclose(found["se"], stored["se"], rtol=0.05)
