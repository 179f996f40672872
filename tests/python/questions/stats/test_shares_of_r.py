"""Shares, comparisons, steps and chains of plain arrays against the answers of R in `tests/golden/r`."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from answers_of_r import EXACT, answer, same
from stagefunnel.questions.stats.significance import chi_square_tail

NAMES = {"wilson": "wilson", "clopper-pearson": "exact", "jeffreys": "jeffreys"}


@pytest.mark.parametrize("method", list(NAMES))
def test_bounds_of_proportions(method: Any) -> None:
    for confidence, stored in answer("proportions").groupby("confidence"):
        found = sf.stats.proportion_interval(
            stored["count"], stored["nobs"], confidence=float(str(confidence)), method=method
        )
        for bound in ("low", "high"):
            # R computes 0 and 1 with rounding errors.
            np.testing.assert_allclose(
                found[bound], stored[f"{NAMES[method]}_{bound}"], rtol=EXACT, atol=1e-12
            )


def test_two_shares() -> None:
    stored = answer("comparisons")
    counts = [stored[name] for name in ("count_a", "nobs_a", "count_b", "nobs_b")]
    found = sf.stats.compare_proportions(*counts)
    same(found, stored, "difference", "low", "high", "ratio", "ratio_low", "ratio_high")
    np.testing.assert_allclose(found["p_value"], stored["p_score"], rtol=EXACT)
    found = sf.stats.compare_proportions(*counts, test="fisher")
    np.testing.assert_allclose(found["p_value"], stored["p_fisher"], rtol=EXACT)


@pytest.mark.parametrize("method", ["holm", "bh", "bonferroni"])
def test_many_p_values(method: Any) -> None:
    stored = answer("adjusted")
    found = sf.stats.adjust_p_values(stored["p_value"], method=method)
    np.testing.assert_allclose(found, stored[method], rtol=EXACT)


def test_the_share_of_a_value() -> None:
    of = answer("value_share_input")
    found = sf.stats.weighted_conversion(of["amount"], of["success"])
    same(found, answer("value_share"), *found.columns)


def test_which_step_made_the_difference() -> None:
    found = sf.stats.shapley([400, 210, 150, 60, 51], [500, 330, 140, 90, 40])
    same(found, answer("shapley"), "step", "effect", "se", "share")


def test_whether_the_mix_did_it() -> None:
    group = ["web", "fair", "call", "mail"]
    found = sf.stats.mix_rate(group, [80, 20, 40, 0], [30, 12, 5, 0], [20, 80, 30, 10], [4, 48, 6, 3])
    stored = answer("mix_rate")
    assert found["group"].tolist() == stored["group"].tolist()
    same(found, stored, "share_a", "share_b", "rate_a", "rate_b", "mix", "rate")


def test_the_global_test_of_groups() -> None:
    """R fits a log-linear model of the furthest stages, and a logistic one of each step."""
    furthest = {"a": (30, 25, 20, 25), "b": (40, 20, 20, 12), "c": (15, 22, 9, 31)}
    path = [["New"], ["New", "Offer"], ["New", "Offer", "Deal"], ["New", "Offer", "Deal", "Won"]]
    rows: list[Any] = []
    items: dict[int, str] = {}
    for name, numbers in furthest.items():
        for stages, number in zip(path, numbers, strict=True):
            for _ in range(number):
                rows += [(len(items), stage, at) for at, stage in enumerate(stages)]
                items[len(items)] = name
    log = sf.StageLog(
        pd.DataFrame(rows, columns=["item", "stage", "time"]),
        items=pd.DataFrame({"item": list(items), "team": list(items.values())}),
    )
    pipeline = sf.Pipeline(["New", "Offer", "Deal"], won="Won", lost="Lost")
    test = sf.compare_groups(log, pipeline, by="team").attrs["stagefunnel"]["global_test"]
    stored = answer("global_test")
    assert [test["statistic"], test["df"], test["p_value"]] == pytest.approx(
        stored.iloc[0].tolist(), rel=EXACT
    )
    assert stored["statistic"][1:].sum() == pytest.approx(test["statistic"], rel=EXACT)
    fitted = answer("global_test_of_nnet")["statistic"][0]  # it iterates
    assert test["statistic"] == pytest.approx(fitted, rel=1e-6)
    for statistic, degrees, p_value in stored.itertuples(index=False):
        assert chi_square_tail(statistic, int(degrees)) == pytest.approx(p_value, rel=EXACT)


MOVES = {
    "New": {"Offer": 60, "Deal": 9, "Won": 3, "Lost": 40},
    "Offer": {"New": 12, "Deal": 45, "Won": 35, "Lost": 30},
    "Deal": {"New": 4, "Offer": 15, "Won": 40, "Lost": 16},
}


def test_an_absorbing_chain() -> None:
    found = sf.stats.absorbing_chain(
        MOVES,
        states=list(MOVES),
        absorbing=["Won", "Lost"],
        exposure=[1300, 2100, 415],
        start=[90, 12, 4],
    )
    stored = answer("absorbing_chain")
    assert found["state"].tolist() == stored["state"].tolist()
    same(found, stored, "Won", "Lost", "se", "expected_visits", "expected_time", "expected_time_se")
    same(found, answer("expected_time_of_msm"), "expected_time")
    overall = answer("absorbing_chain_overall")
    assert found.attrs["chain"]["overall"][:2] == pytest.approx(overall.iloc[0].tolist(), rel=EXACT)


def test_the_number_of_wins() -> None:
    found = sf.stats.poisson_binomial([0.02, 0.5, 0.5, 0.93, 0.31, 1, 0, 0.77, 0.005, 0.64])
    same(found, answer("poisson_binomial"), "wins", "probability", "cumulative")
