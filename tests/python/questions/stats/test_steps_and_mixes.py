"""Which step made a difference, and whether the mix did: by hand, the slow way, and what must add up."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples


def slow_shapley(a: list[float], b: list[float]) -> list[float]:
    """Let the steps change from b to a in every order, and take the mean of what each changes."""
    effects = [0.0] * len(a)
    orders = list(itertools.permutations(range(len(a))))
    for order in orders:
        now = list(b)
        for step in order:
            before = math.prod(now)
            now[step] = a[step]
            effects[step] += (math.prod(now) - before) / len(orders)
    return effects


def test_two_steps_by_hand() -> None:
    """Step 1 from 25% to 50%: +0.25 × 0.6 first or × 0.4 last; step 2 from 60% to 40%: −0.2 × .25 or × .5."""
    table = sf.stats.shapley([0.5, 0.4], [0.25, 0.6])
    assert list(table.columns) == ["step", "effect", "se", "share"]
    assert table["step"].tolist() == [1, 2]
    assert table["effect"].tolist() == pytest.approx([0.25 * 0.5, -0.2 * 0.375])
    assert table["share"].tolist() == pytest.approx([0.125 / 0.05, -0.075 / 0.05])
    assert table["se"].isna().all()


def test_counts_are_conversions_with_an_error_by_hand() -> None:
    """100 → 50 → 20 against 80 → 20 → 12; the slopes are those of phi_1 = (a1 − b1)(a2 + b2)/2."""
    table = sf.stats.shapley([100, 50, 20], [80, 20, 12])
    assert table["effect"].tolist() == pytest.approx([0.125, -0.075])
    spread = [0.25 / 100, 0.24 / 50, 0.1875 / 80, 0.24 / 20]  # of a1, a2, b1, b2
    first = 0.5**2 * (spread[0] + spread[2]) + 0.125**2 * (spread[1] + spread[3])
    second = 0.375**2 * (spread[1] + spread[3]) + 0.1**2 * (spread[0] + spread[2])
    assert table["se"].tolist() == pytest.approx([math.sqrt(first), math.sqrt(second)])


_CHANCE = st.floats(0, 1) | st.sampled_from([0.0, 1.0])


@given(pairs=st.lists(st.tuples(_CHANCE, _CHANCE), min_size=1, max_size=6))
@examples(ci=60, night=600)
def test_it_is_the_mean_of_all_orders(pairs: list[tuple[float, float]]) -> None:
    a, b = ([*side] for side in zip(*pairs, strict=True))
    effects = sf.stats.shapley(a, b)["effect"]
    assert effects.tolist() == pytest.approx(slow_shapley(a, b), abs=1e-12)
    assert effects.sum() == pytest.approx(math.prod(a) - math.prod(b), abs=1e-12)
    assert sf.stats.shapley(b, a)["effect"].tolist() == pytest.approx((-effects).tolist(), abs=1e-12)


def test_errors_are_those_of_simulated_funnels() -> None:
    random = np.random.default_rng(5)
    a, b = [400, 200, 120, 30], [500, 200, 150, 60]
    found = []
    for _ in range(400):
        drawn = []
        for side in (a, b):
            counts = [side[0]]
            for before, after in itertools.pairwise(side):
                counts.append(int(random.binomial(counts[-1], after / before)))
            drawn.append(counts)
        found.append(sf.stats.shapley(*drawn)["effect"].to_numpy())
    expected = np.std(found, axis=0)
    np.testing.assert_allclose(sf.stats.shapley(a, b)["se"], expected, rtol=0.12)


def test_steps_that_nobody_got_to_have_no_effect_and_the_rest_adds_up() -> None:
    table = sf.stats.shapley([10, 0, 0], [10, 5, 4])
    assert table["effect"].isna().tolist() == [False, True]
    assert table["effect"].sum() == pytest.approx(-0.4)
    assert sf.stats.shapley([0, 0], [10, 5])[["effect", "se", "share"]].isna().all(axis=None)
    assert sf.stats.shapley([5, 5], [10, 10])["share"].isna().all()


def test_many_steps_take_no_power() -> None:
    random = np.random.default_rng(3)
    a, b = random.uniform(0.9, 1, (2, 60))
    assert sf.stats.shapley(a, b)["effect"].sum() == pytest.approx(a.prod() - b.prod(), abs=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "text"),
    [
        ([100], [50], "a= is one number of items, 100; give those that got past each step too"),
        ([1, 2], [1], "give as many"),
        ([10, 20], [10, 5], "which is more than"),
        ([10, 2.5], [10, 5], "whole numbers"),
        ([-0.5], [0.5], "neither a conversion"),
        ("ab", [0.5], "'a'|a"),
    ],
)
def test_what_is_no_funnel_is_refused(a: Any, b: Any, text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text):
        sf.stats.shapley(a, b)


def test_a_mix_by_hand() -> None:
    """Of 100 each: web 80 at 20% and fair 20 at 60% (28%); before web 20 at 20% and fair 80 at 60% (52%)."""
    table = sf.stats.mix_rate(["web", "fair"], [80, 20], [16, 12], [20, 80], [4, 48])
    assert list(table.columns) == ["group", "share_a", "share_b", "rate_a", "rate_b", "mix", "rate"]
    # The mean of both rates is 40%: 0.6 × (0.2 − 0.4), and −0.6 × (0.6 − 0.4).
    assert table["mix"].tolist() == pytest.approx([-0.12, -0.12])
    assert table["rate"].tolist() == pytest.approx([0, 0])


def test_the_other_half_is_the_rates() -> None:
    table = sf.stats.mix_rate(["x", "y"], [50, 50], [30, 10], [50, 50], [20, 10])
    assert table["mix"].tolist() == pytest.approx([0, 0])
    assert table["rate"].tolist() == pytest.approx([0.1, 0])


def test_a_group_of_one_side_is_all_mix() -> None:
    """60 of 100 against 10 of 50: the mean is 40%; y is there on one side alone, with 80%."""
    table = sf.stats.mix_rate(["x", "y"], [50, 50], [20, 40], [50, 0], [10, 0])
    assert table["rate_b"].isna().tolist() == [False, True]
    assert table["rate"].tolist() == pytest.approx([0.2 * 0.75, 0])
    assert table["mix"].tolist() == pytest.approx([-0.5 * (0.3 - 0.4), 0.5 * (0.8 - 0.4)])
    assert table[["mix", "rate"]].sum().sum() == pytest.approx(0.6 - 0.2)


_SIDE = st.tuples(st.integers(0, 50), st.floats(0, 1)).map(lambda one: (one[0], int(one[0] * one[1])))


@given(groups=st.lists(st.tuples(_SIDE, _SIDE), min_size=1, max_size=8))
@examples(ci=60, night=600)
def test_mix_and_rate_add_up(groups: list[Any]) -> None:
    nobs_a, count_a = ([*column] for column in zip(*(a for a, _ in groups), strict=True))
    nobs_b, count_b = ([*column] for column in zip(*(b for _, b in groups), strict=True))
    table = sf.stats.mix_rate(range(len(groups)), nobs_a, count_a, nobs_b, count_b)
    if not sum(nobs_a) or not sum(nobs_b):
        assert table[["mix", "rate"]].isna().all(axis=None)
        return
    total = sum(count_a) / sum(nobs_a) - sum(count_b) / sum(nobs_b)
    assert table[["mix", "rate"]].sum().sum() == pytest.approx(total, abs=1e-12)


def test_a_group_stands_there_once() -> None:
    with pytest.raises(sf.SchemaError, match="twice"):
        sf.stats.mix_rate(["x", "x"], [1, 1], [1, 1], [1, 1], [1, 1])
    with pytest.raises(sf.SchemaError, match="give as many"):
        sf.stats.mix_rate(["x"], [1, 1], [1, 1], [1, 1], [1, 1])
