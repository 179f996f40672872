"""The tests of significance against tables of textbooks, R's answers and their textbook forms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import standouts as reference
from stagefunnel.questions.stats.significance import (
    chi_square_tail,
    exact_test,
    holm,
    likelihood_ratio_test,
    score_test,
)


@pytest.mark.parametrize(
    ("statistic", "degrees", "tail"),
    [  # from the tables of the chi-square distribution that every textbook has
        (3.841459, 1, 0.05),
        (5.991465, 2, 0.05),
        (7.814728, 3, 0.05),
        (18.307038, 10, 0.05),
        (23.209251, 10, 0.01),
        (43.772972, 30, 0.05),
        (67.504807, 50, 0.05),
        (124.342113, 100, 0.05),
    ],
)
def test_the_tail_of_chi_square_is_that_of_the_tables(statistic: float, degrees: int, tail: float) -> None:
    assert chi_square_tail(statistic, degrees) == pytest.approx(tail, rel=1e-6)


@given(statistic=st.floats(0.01, 300), degrees=st.integers(1, 60))
def test_the_tail_of_chi_square_is_the_integral_of_its_density(statistic: float, degrees: int) -> None:
    expected = reference.chi_square_tail(statistic, degrees)
    assert chi_square_tail(statistic, degrees) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("degrees", [1, 2, 999, 1000, 5000])
def test_the_tail_of_many_degrees_neither_overflows_nor_vanishes(degrees: int) -> None:
    assert chi_square_tail(0, degrees) == 1
    assert 0.4 < chi_square_tail(degrees, degrees) < 0.6 or degrees < 3
    assert 0 <= chi_square_tail(100 * degrees, degrees) < 1e-20


def test_two_proportions_are_compared_as_r_does() -> None:
    # prop.test(c(15, 25), c(50, 50), correct = FALSE): X-squared = 4.1667, p-value = 0.04123
    assert score_test(15, 50, 25, 50) == pytest.approx(0.04122683, abs=1e-8)
    assert score_test(25, 50, 15, 50) == score_test(15, 50, 25, 50)


@pytest.mark.parametrize("numbers", [(0, 0, 3, 9), (3, 9, 0, 0), (0, 5, 0, 9), (5, 5, 9, 9)])
def test_what_cannot_be_compared_has_no_p_value(numbers: tuple[int, int, int, int]) -> None:
    assert math.isnan(score_test(*numbers))


@pytest.mark.parametrize(
    "numbers",
    [(8, 10, 1, 10), (0, 5, 5, 5), (3, 7, 3, 7), (58, 100, 41, 100), (2, 1000, 300, 40000), (0, 3, 0, 4)],
)
def test_the_exact_test_is_fishers(numbers: tuple[int, int, int, int]) -> None:
    from scipy.stats import fisher_exact

    k_a, n_a, k_b, n_b = numbers
    expected = fisher_exact([[k_a, n_a - k_a], [k_b, n_b - k_b]]).pvalue
    assert exact_test(*numbers) == pytest.approx(expected, rel=1e-9)


def test_the_exact_test_by_hand() -> None:
    """Of 4 and 4 items 3 and 1 succeeded: 16 + 1 of 70 tables on either side are as unlikely."""
    assert exact_test(3, 4, 1, 4) == pytest.approx(34 / 70)


def test_holm_by_hand() -> None:
    # p.adjust(c(0.01, 0.04, 0.03), "holm"): 0.03 0.06 0.06
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    adjusted = holm([math.nan, 0.02])
    assert math.isnan(adjusted[0])
    assert adjusted[1] == 0.02
    assert holm([]) == []


def test_several_proportions_by_hand() -> None:
    # Two groups of 40 with 10 and 20: of each 15 would be expected, and 25 others.
    g2 = 2 * (
        10 * math.log(10 / 15) + 30 * math.log(30 / 25) + 20 * math.log(20 / 15) + 20 * math.log(20 / 25)
    )
    assert g2 == pytest.approx(5.4115, abs=1e-4)
    assert likelihood_ratio_test([10, 20], [40, 40]) == pytest.approx(math.erfc(math.sqrt(g2 / 2)))
    assert likelihood_ratio_test([10, 10, 10], [40, 40, 40]) == 1
    assert math.isnan(likelihood_ratio_test([10], [40]))
    assert math.isnan(likelihood_ratio_test([0, 0], [40, 40]))
