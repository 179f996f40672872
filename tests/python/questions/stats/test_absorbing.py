"""Absorbing chains: by hand, against powers of the matrix, and what must hold for closed histories."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples

MOVES = {"New": {"Offer": 60, "Lost": 40}, "Offer": {"Won": 30, "Lost": 20, "New": 10}}


def chain(moves: Any = None, **options: Any) -> pd.DataFrame:
    moves = MOVES if moves is None else moves
    return sf.stats.absorbing_chain(moves, states=["New", "Offer"], absorbing=["Won", "Lost"], **options)


def test_two_stages_by_hand() -> None:
    """Offer is won with b = 1/2 + 1/6 × 0.6 b, so b = 5/9; New with 0.6 × 5/9."""
    table = chain(exposure=[1000, 600])
    columns = ["state", "Won", "Lost", "undetermined", "se", "expected_visits", "expected_time"]
    assert list(table.columns) == [*columns, "expected_time_se"]
    assert table["Won"].tolist() == pytest.approx([1 / 3, 5 / 9])
    assert table["Lost"].tolist() == pytest.approx([2 / 3, 4 / 9])
    assert table["undetermined"].tolist() == [0, 0]
    assert table["expected_visits"].tolist() == pytest.approx([10 / 9, 2 / 3])
    # A visit of either takes 10: New 10 × (10/9 + 6/9), Offer 10 × (1/6 × 10/9 + 10/9).
    assert table["expected_time"].tolist() == pytest.approx([160 / 9, 10 * (10 / 54 + 10 / 9)])
    # Var(b) = Σ N² (Σ P b² − b²) / n, with 0.6 × 25/81 − 1/9 and 1/2 + 1/6 × 1/9 − 25/81.
    spread = [(0.6 * 25 / 81 - 1 / 9) / 100, (1 / 2 + 1 / 54 - 25 / 81) / 60]
    new = (10 / 9) ** 2 * spread[0] + (2 / 3) ** 2 * spread[1]
    offer = (10 / 54) ** 2 * spread[0] + (10 / 9) ** 2 * spread[1]
    assert table["se"].tolist() == pytest.approx([math.sqrt(new), math.sqrt(offer)])


def test_the_overall_chance_and_its_bounds_by_hand() -> None:
    remembered = chain(start={"New": 30, "Offer": 10}).attrs["chain"]
    chance, error, low, high = remembered["overall"]
    assert chance == pytest.approx(0.75 / 3 + 0.25 * 5 / 9)
    odds = math.log(chance / (1 - chance))
    half = 1.959964 * error / (chance * (1 - chance))
    assert (low, high) == pytest.approx(
        [1 / (1 + math.exp(-odds + side * half)) for side in (1, -1)], rel=1e-6
    )
    assert remembered["low"]["New"] < 1 / 3 < remembered["high"]["New"]


def test_states_without_a_way_out_are_undetermined() -> None:
    moves = {"New": {"Offer": 5, "Won": 5}, "Offer": {"Legal": 4}, "Legal": {"Offer": 4}}
    table = sf.stats.absorbing_chain(
        moves, states=["New", "Offer", "Legal", "Idle"], absorbing=["Won", "Lost"], exposure=[1, 1, 1, 1]
    )
    assert table["Won"].tolist() == [0.5, 0, 0, 0]
    assert table["undetermined"].tolist() == [0.5, 1, 1, 1]
    assert table["se"].isna().tolist() == [False, True, True, True]
    assert table["se"][0] == pytest.approx(math.sqrt(0.25 / 10))
    assert table["expected_time"].isna().all()
    assert table[["Won", "Lost", "undetermined"]].sum(axis=1).tolist() == [1] * 4


def test_a_frame_is_as_good_as_a_mapping() -> None:
    names = ["New", "Offer", "Won", "Lost"]
    frame = pd.DataFrame(0, index=names, columns=names)
    for begin, row in MOVES.items():
        for end, count in row.items():
            frame.loc[begin, end] = count
    pd.testing.assert_frame_equal(chain(frame), chain())


def test_it_is_the_limit_of_powers() -> None:
    random = np.random.default_rng(11)
    counts = random.integers(0, 20, (5, 7))
    names = [*"abcdexy"]
    frame = pd.DataFrame(counts, index=names[:5], columns=names)
    table = sf.stats.absorbing_chain(frame, states=names[:5], absorbing=["x", "y"])
    whole = np.eye(7)
    whole[:5] = counts / counts.sum(axis=1, keepdims=True)
    limit = np.linalg.matrix_power(whole, 4096)
    np.testing.assert_allclose(table[["x", "y"]], limit[:5, 5:], rtol=1e-9)


_JOURNEY = st.tuples(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), st.sampled_from("WL"))


@given(journeys=st.lists(_JOURNEY, min_size=1, max_size=25))
@examples(ci=60, night=400)
def test_closed_histories_give_what_was_observed(journeys: list[Any]) -> None:
    moves: dict[str, Counter[str]] = {}
    for stages, end in journeys:
        for begin, then in zip(stages, [*stages[1:], end], strict=True):
            moves.setdefault(begin, Counter())[then] += 1
    states = sorted(moves)
    begun = Counter(stages[0] for stages, _ in journeys)
    table = sf.stats.absorbing_chain(moves, states=states, absorbing=["W", "L"], start=begun)
    chance, _, _, _ = table.attrs["chain"]["overall"]
    n = len(journeys)
    assert chance == pytest.approx(sum(end == "W" for _, end in journeys) / n, abs=1e-12)
    visits = [sum(stages.count(state) for stages, _ in journeys) / n for state in states]
    assert table["expected_visits"].tolist() == pytest.approx(visits, abs=1e-12)
    assert table[["W", "L", "undetermined"]].sum(axis=1).tolist() == pytest.approx(
        [1] * len(states), abs=1e-12
    )


def test_forward_only_the_error_is_that_of_a_proportion() -> None:
    moves = {"New": {"Offer": 60, "Lost": 40}, "Offer": {"Won": 36, "Lost": 24}}
    chance, error, _, _ = chain(moves, start=[100, 0]).attrs["chain"]["overall"]
    assert chance == pytest.approx(0.36)
    assert error == pytest.approx(math.sqrt(0.36 * 0.64 / 100), rel=1e-12)


@pytest.mark.parametrize(
    ("moves", "options", "text"),
    [
        ({"New": {"Gone": 1}}, {}, "Gone"),
        ({"Won": {"New": 1}}, {}, "absorbing"),
        ({"New": {"Won": -1}}, {}, "not a number of moves"),
        ({"New": {"Won": 1.5}}, {}, "not a number of moves"),
        ([1, 2], {}, "nested mapping"),
        (MOVES, {"exposure": [1]}, "2 states"),
        (MOVES, {"start": {"Won": 1}}, "not one of the states"),
        (MOVES, {"start": [-1, 1]}, "negative"),
        (MOVES, {"confidence": 1}, "confidence"),
    ],
)
def test_what_is_no_chain_is_refused(moves: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text):
        chain(moves, **options)
