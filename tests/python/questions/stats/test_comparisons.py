"""Two proportions, many tests and weighted shares: by hand, against statsmodels, and at the ends."""

import itertools
import math
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import run_python


def test_two_managers_by_hand() -> None:
    """58 of 100 against 41 of 100, with Wilson's bounds .4821 and .6720, .3187 and .5080."""
    row = sf.stats.compare_proportions(58, 100, 41, 100).iloc[0]
    names = ["difference", "low", "high", "p_value", "ratio", "ratio_low", "ratio_high"]
    assert list(row.index) == names
    assert row["difference"] == pytest.approx(0.17)
    assert row["low"] == pytest.approx(0.17 - math.hypot(0.58 - 0.48208, 0.50799 - 0.41), abs=1e-4)
    assert row["high"] == pytest.approx(0.17 + math.hypot(0.67200 - 0.58, 0.41 - 0.31871), abs=1e-4)
    z = 0.17 / math.sqrt(0.495 * 0.505 * 2 / 100)
    assert row["p_value"] == pytest.approx(math.erfc(z / math.sqrt(2)))
    assert row["ratio"] == pytest.approx(58 / 41)
    error = math.sqrt(1 / 58 - 1 / 100 + 1 / 41 - 1 / 100)
    assert row["ratio_low"] == pytest.approx(58 / 41 * math.exp(-1.959964 * error), rel=1e-6)
    assert row["ratio_high"] == pytest.approx(58 / 41 * math.exp(1.959964 * error), rel=1e-6)


def test_the_examples_of_newcombe_1998() -> None:
    """R. G. Newcombe, "Interval estimation for the difference between independent proportions", method 10."""
    pairs = [(56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29), (0, 10, 0, 20), (10, 10, 0, 20)]
    table = sf.stats.compare_proportions(*map(list, zip(*pairs, strict=True)))
    bounds = [0.0524, 0.3339, 0.1705, 0.8090, 0.0582, 0.8062, -0.0381, 0.1926, -0.1611, 0.2775, 0.6791, 1.0]
    assert table[["low", "high"]].to_numpy().ravel().tolist() == pytest.approx(bounds, abs=5e-5)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_it_agrees_with_statsmodels(confidence: float) -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

    for a, b in itertools.product([(3, 17), (81, 263), (1, 9), (40, 41)], [(5, 12), (100, 900), (2, 2)]):
        row = sf.stats.compare_proportions(*a, *b, confidence=confidence).iloc[0]
        low, high = confint_proportions_2indep(*a, *b, method="newcomb", alpha=1 - confidence)
        assert (row["low"], row["high"]) == pytest.approx((low, high), rel=1e-9)
        low, high = confint_proportions_2indep(*a, *b, compare="ratio", method="log", alpha=1 - confidence)
        assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((low, high), rel=1e-9)
        _, p_value = proportions_ztest([a[0], b[0]], [a[1], b[1]])
        assert row["p_value"] == pytest.approx(p_value, rel=1e-9)


def test_fisher_is_that_of_the_lady_who_tastes_tea() -> None:
    """3 of 4 against 1 of 4: (1 + 16 + 16 + 1) / 70 of the tables are as unlikely."""
    exact = sf.stats.compare_proportions([3, 0, 2], [4, 0, 2], [1, 1, 0], [4, 2, 5], test="fisher")
    assert exact["p_value"].tolist() == pytest.approx([34 / 70, math.nan, 1 / 21], nan_ok=True)
    score = sf.stats.compare_proportions([3, 0, 2], [4, 0, 2], [1, 1, 0], [4, 2, 5])
    pd.testing.assert_frame_equal(exact.drop(columns="p_value"), score.drop(columns="p_value"))


def test_what_cannot_be_compared_is_missing() -> None:
    table = sf.stats.compare_proportions([0, 0, 4, 3], [0, 5, 4, 9], [2, 0, 7, 0], [4, 9, 7, 9])
    assert table.iloc[0].isna().all()
    assert table["p_value"].isna().tolist() == [True, True, True, False]
    assert table["difference"].tolist()[1:] == pytest.approx([0, 0, 1 / 3])
    assert table["ratio"].isna().tolist() == [True, True, False, True]
    assert table["low"].notna().tolist() == [False, True, True, True]
    # Nothing of five against two of four: the ratio is 0, and nobody knows how sure that is.
    none = sf.stats.compare_proportions(0, 5, 2, 4).iloc[0]
    assert none["ratio"] == 0
    assert math.isnan(none["ratio_low"])


@given(
    a=st.tuples(st.integers(0, 60), st.integers(1, 60)).map(lambda pair: (min(pair), pair[1])),
    b=st.tuples(st.integers(0, 60), st.integers(1, 60)).map(lambda pair: (min(pair), pair[1])),
    confidence=st.floats(0.05, 0.999),
)
@examples(ci=60, night=600)
def test_sides_can_be_swapped(a: Any, b: Any, confidence: float) -> None:
    one = sf.stats.compare_proportions(*a, *b, confidence=confidence).iloc[0]
    other = sf.stats.compare_proportions(*b, *a, confidence=confidence).iloc[0]
    assert one["difference"] == pytest.approx(-other["difference"])
    assert (one["low"], one["high"]) == pytest.approx((-other["high"], -other["low"]), abs=1e-12)
    assert one["low"] <= one["difference"] <= one["high"]
    assert one["p_value"] == pytest.approx(other["p_value"], nan_ok=True)
    if one["ratio"] > 0:
        assert one["ratio_low"] * other["ratio_high"] == pytest.approx(1)


def test_a_column_keeps_its_index() -> None:
    count = pd.Series([3, 4], index=["Ann", "Bob"])
    assert list(sf.stats.compare_proportions(count, 9, 1, 5).index) == ["Ann", "Bob"]
    assert list(sf.stats.compare_proportions(3, 9, count, 5).index) == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((5, 4, 1, 2), "count_a"),
        ((1, 4, 3, 2), "count_b"),
        (([1, 2], [3, 3], [1, 2, 3], 9), "give as many"),
        ((1.5, 4, 1, 2), "not a whole number"),
    ],
)
def test_what_is_not_a_count_is_refused(arguments: tuple[Any, ...], text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text):
        sf.stats.compare_proportions(*arguments)
    with pytest.raises(sf.SchemaError, match="test"):
        sf.stats.compare_proportions(1, 2, 1, 2, test="exact")  # type: ignore[arg-type]  # wrong on purpose


def test_fisher_without_scipy_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['scipy.stats'] = None; import stagefunnel as sf\n"
        "try: sf.stats.compare_proportions(1, 2, 1, 2, test='fisher')\n"
        "except ImportError as error: print(error)"
    )
    assert "stagefunnel[stats]" in run_python("-c", code).stdout


def test_p_values_by_hand() -> None:
    values = [0.01, 0.04, math.nan, 0.03, 0.5]
    adjust = sf.stats.adjust_p_values
    assert adjust(values).tolist() == pytest.approx([0.04, 0.09, math.nan, 0.09, 0.5], nan_ok=True)
    assert adjust(values, "bh").tolist() == pytest.approx(
        [0.04, 0.16 / 3, math.nan, 0.16 / 3, 0.5], nan_ok=True
    )
    assert adjust(values, "bonferroni").tolist() == pytest.approx(
        [0.04, 0.16, math.nan, 0.12, 1], nan_ok=True
    )
    assert adjust([]).tolist() == []
    assert adjust(0.2).tolist() == [0.2]


@given(values=st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.05, 1.0]), min_size=1, max_size=30))
@examples(ci=60, night=600)
def test_p_values_agree_with_statsmodels(values: list[float]) -> None:
    from statsmodels.stats import multitest

    methods: list[tuple[Any, str]] = [("holm", "holm"), ("bh", "fdr_bh"), ("bonferroni", "bonferroni")]
    for own, other in methods:
        # It collects all garbage first, which takes a hundred times longer than its answer.
        with patch("gc.collect"):
            expected = multitest.multipletests(values, method=other)[1]
        np.testing.assert_allclose(sf.stats.adjust_p_values(values, own), expected, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("wrong", [[0.1, 1.2], [-0.1], "high", [[0.1]]])
def test_what_is_not_a_p_value_is_refused(wrong: Any) -> None:
    with pytest.raises(sf.SchemaError, match="p_value"):
        sf.stats.adjust_p_values(wrong)


def test_four_deals_of_a_thousand_by_hand() -> None:
    """R = 1/2; a(y − R) is 50, −100, −150 and 200, whose squares add up to 75,000; 4/3 of them 100,000."""
    row = sf.stats.weighted_conversion([100, 200, 300, 400], [True, False, False, True]).iloc[0]
    assert list(row.index) == ["estimate", "se", "n_eff", "low", "high", "top_share"]
    assert row["estimate"] == 0.5
    assert row["se"] == pytest.approx(math.sqrt(100_000) / 1000)
    assert row["n_eff"] == pytest.approx(0.25 / 0.1)  # less than 1,000² / 300,000
    z2 = 1.959964**2
    half = math.sqrt(z2 * 0.1 + z2 * z2 / (4 * 6.25))
    assert row["low"] == pytest.approx((0.5 + z2 / 5 - half) / (1 + z2 / 2.5), rel=1e-5)
    assert row["high"] == pytest.approx((0.5 + z2 / 5 + half) / (1 + z2 / 2.5), rel=1e-5)
    assert row["top_share"] == 0.4


@given(n=st.integers(2, 40), won=st.integers(0, 40))
@examples(ci=40, night=300)
def test_items_of_one_size_are_a_proportion(n: int, won: int) -> None:
    won = min(n, won)
    row = sf.stats.weighted_conversion([7.5] * n, [1] * won + [0] * (n - won)).iloc[0]
    plain = sf.stats.proportion_interval(won, n).iloc[0]
    assert row["estimate"] == pytest.approx(plain["estimate"])
    # Its own error divides by n − 1, and so its number is that much smaller inside.
    n_eff = n - 1 if 0 < won < n else n
    assert row["n_eff"] == pytest.approx(n_eff)
    assert row["low"] >= plain["low"] - 0.1
    if won in (0, n):
        assert (row["low"], row["high"]) == pytest.approx((plain["low"], plain["high"]))


def test_a_share_of_nothing_is_missing() -> None:
    assert sf.stats.weighted_conversion([], []).isna().all(axis=None)
    assert sf.stats.weighted_conversion([0, 0], [1, 0]).isna().all(axis=None)
    assert sf.stats.weighted_conversion([None, 5], [1, None]).isna().all(axis=None)
    one = sf.stats.weighted_conversion([5, None], [1, 1]).iloc[0]
    assert one[["estimate", "n_eff", "high", "top_share"]].tolist() == [1, 1, 1, 1]
    assert math.isnan(one["se"])


@pytest.mark.parametrize(
    ("amount", "success", "text"),
    [
        ([-1], [1], "negative"),
        ([1, 2], [1], "give as many"),
        ([1], ["yes"], "success"),
        (["x"], [1], "amount"),
    ],
)
def test_what_is_not_a_value_is_refused(amount: Any, success: Any, text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text):
        sf.stats.weighted_conversion(amount, success)
