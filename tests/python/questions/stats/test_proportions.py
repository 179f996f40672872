"""Confidence bounds of proportions: by hand, against statsmodels and SciPy, and at the ends."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

import stagefunnel as sf
from examples import examples
from helpers import run_python

METHODS = ["wilson", "clopper-pearson", "jeffreys", "agresti-coull"]


def test_eight_of_ten_by_hand() -> None:
    """Wilson with z² = 3.8415: (0.8 + 0.19207 ± 1.95996 √(0.016 + 0.0096037)) / 1.38415."""
    row = sf.stats.proportion_interval(8, 10).iloc[0]
    assert list(row.index) == ["estimate", "low", "high"]
    assert row["estimate"] == 0.8
    assert row["low"] == pytest.approx((0.99207 - 1.95996 * math.sqrt(0.0256037)) / 1.38415, abs=1e-5)
    assert row["high"] == pytest.approx((0.99207 + 1.95996 * math.sqrt(0.0256037)) / 1.38415, abs=1e-5)


def test_bounds_may_be_as_sure_as_a_float_can_say() -> None:
    """1 − 2⁻⁵³ leaves 5.6e-17 on either side: z = 8.2924 (SciPy's isf of the normal distribution)."""
    row = sf.stats.proportion_interval(8, 10, confidence=1 - 2**-53).iloc[0]
    square = norm.isf(2**-54) ** 2
    middle = (0.8 + square / 20) / (1 + square / 10)
    half = math.sqrt(square * (0.016 + square / 400)) / (1 + square / 10)
    assert row["low"] == pytest.approx(middle - half, rel=1e-9)
    assert row["high"] == pytest.approx(middle + half, rel=1e-9)


def test_the_table_of_newcombe_1998() -> None:
    """R. G. Newcombe, "Two-sided confidence intervals for the single proportion", table I, method 3."""
    table = sf.stats.proportion_interval([81, 15, 0, 1], [263, 148, 20, 29])
    assert table["low"].round(4).tolist() == [0.2553, 0.0624, 0, 0.0061]
    assert table["high"].round(4).tolist() == [0.3662, 0.1605, 0.1611, 0.1718]


@pytest.mark.parametrize("method", METHODS)
def test_nothing_of_nothing_is_missing_and_the_ends_are_exact(method: Any) -> None:
    table = sf.stats.proportion_interval([0, 0, 7, None], [0, 7, 7, 7], method=method)
    assert table.iloc[[0, 3]].isna().all().all()
    assert table["low"][1] == 0
    assert table["high"][2] == 1
    assert 0 < table["high"][1] < 1
    assert table["low"][2] == pytest.approx(1 - table["high"][1])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
def test_it_agrees_with_statsmodels(method: Any, confidence: float) -> None:
    from statsmodels.stats.proportion import proportion_confint

    names = {"clopper-pearson": "beta", "agresti-coull": "agresti_coull"}
    counts = np.arange(0, 41)
    other = proportion_confint(counts, 40, alpha=1 - confidence, method=names.get(method, method))
    table = sf.stats.proportion_interval(counts, 40, confidence=confidence, method=method)
    # Jeffreys' interval is one of 0 and 1 at the ends, which statsmodels leaves to the distribution.
    inside = slice(1, -1) if method == "jeffreys" else slice(None)
    for own, bounds in zip((table["low"], table["high"]), other, strict=True):
        np.testing.assert_allclose(own[inside], np.clip(bounds, 0, 1)[inside], rtol=1e-9, atol=1e-12)


def test_it_agrees_with_scipy() -> None:
    from scipy.stats import binomtest

    for count, n in ((0, 5), (3, 17), (81, 263), (9, 9)):
        wilson = binomtest(count, n).proportion_ci(0.95, method="wilson")
        exact = binomtest(count, n).proportion_ci(0.95, method="exact")
        for own, other in (("wilson", wilson), ("clopper-pearson", exact)):
            row = sf.stats.proportion_interval(count, n, method=own).iloc[0]  # type: ignore[arg-type]
            assert (row["low"], row["high"]) == pytest.approx((other.low, other.high), rel=1e-9, abs=1e-12)


@given(n=st.integers(1, 500), share=st.floats(0, 1), confidence=st.floats(0.01, 0.999))
@examples(ci=60, night=600)
def test_bounds_hold_the_estimate_and_turn_round_with_it(n: int, share: float, confidence: float) -> None:
    count = round(share * n)
    won, lost = (
        sf.stats.proportion_interval(k, n, confidence=confidence).iloc[0] for k in (count, n - count)
    )
    assert 0 <= won["low"] <= won["estimate"] <= won["high"] <= 1
    assert won["low"] == pytest.approx(1 - lost["high"], abs=1e-12)


def test_a_column_keeps_its_index() -> None:
    count = pd.Series([1, 2], index=["Ann", "Bob"])
    assert sf.stats.proportion_interval(count, [4, 4]).index.tolist() == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("count", "nobs", "options", "message"),
    [
        (5, 4, {}, "count= is 5 and nobs= is 4 at place 0; a count cannot be larger"),
        ([1, 2.5], 4, {}, "count= is 2.5 at place 1, which is not a whole number"),
        (1, [4, -1], {}, "nobs= is -1 at place 1, which is negative"),
        ("two", 4, {}, "count='two' is not a whole number"),
        ([1, 2], [4, 4, 4], {}, "count= has 2 values and nobs= has 3; give as many"),
        (1, 4, {"confidence": 1}, "confidence=1 is not a share between 0 and 1; 0.95 is the usual one"),
        (1, 4, {"confidence": True}, "confidence=True is not a share"),
        (1, 4, {"method": "wald"}, "method='wald' is not one of 'wilson', 'clopper-pearson'"),
    ],
)
def test_what_does_not_fit_is_refused(count: Any, nobs: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError) as error:
        sf.stats.proportion_interval(count, nobs, **options)
    assert message in str(error.value)


def test_the_default_needs_no_scipy_and_the_others_say_what_to_install() -> None:
    code = """
import sys
sys.modules["scipy"] = None
import stagefunnel as sf
print(sf.stats.proportion_interval(8, 10).round(3).to_numpy().tolist())
print(sf.stats.proportion_interval(8, 10, method="agresti-coull").round(3).to_numpy().tolist())
try:
    sf.stats.proportion_interval(8, 10, method="jeffreys")
except ImportError as error:
    print(error)
"""
    assert run_python("-c", code).stdout.splitlines() == [
        "[[0.8, 0.49, 0.943]]",
        "[[0.8, 0.479, 0.954]]",
        'method="jeffreys" needs SciPy, which is not installed; pip install "stagefunnel[stats]", '
        'or pass method="wilson"',
    ]
