"""Sums of squares of amounts are exact, and those of many large amounts are no error."""

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from stagefunnel import _core
from stagefunnel.questions.counted.exact_sums import ExactSums
from stagefunnel.questions.funnel.squares import exact_of_words, windows_of, words_of

WHOLE = st.integers(-(2**53) + 1, 2**53 - 1).map(float)
FLOATS = st.floats(2.0**-15, 1e9)


def sum_of_squares(values: list[float]) -> Fraction:
    """Add up squares by the windows, as a question does."""
    amounts = np.array([*values, np.nan])
    sums: list[ExactSums | None] = []
    for window in windows_of(amounts):
        if window is None:
            sums.append(None)
            continue
        assert np.isnan(window[-1])
        found = _core.funnel.sums_of_cells(
            amount=window, cell=np.zeros(len(amounts), dtype=np.int64), n_cells=1, scale=0
        )
        sums.append(ExactSums(found.whole, found.fraction, 0))
    (words,) = words_of(sums).tolist()
    return exact_of_words(words)


@examples(ci=25, night=300)
@given(values=st.lists(WHOLE | st.integers(0, 2**27).map(float), max_size=20))
def test_squares_of_whole_numbers_are_exact(values: list[float]) -> None:
    assert sum_of_squares(values) == sum(int(value) ** 2 for value in values)


@examples(ci=25, night=300)
@given(values=st.lists(FLOATS, max_size=20))
def test_squares_of_floats_are_rounded_once_and_added_up_exactly(values: list[float]) -> None:
    rounded = [value * value if value % 1 or value < 2**26 else Fraction(value) ** 2 for value in values]
    assert sum_of_squares(values) == sum(map(Fraction, rounded))


@pytest.mark.parametrize("amount", [100.5, 7, 1e9])
def test_the_value_of_many_items_of_one_amount_is_that_of_so_many(amount: Any) -> None:
    n = 5_000
    rows = {"item": range(n), "stage": ["New"] * n, "time": [0] * n}
    items = pd.DataFrame({"item": range(n), "worth": [amount] * n})
    table = sf.funnel(
        sf.StageLog(rows, items=items),
        sf.Pipeline("New", won="Won"),
        amount="worth",
        confidence=0.9,
        missing="ignore",
    )
    assert table["amount_n_eff"].tolist() == [n, n]
    assert table["top_share"].tolist() == [1 / n, 1 / n]
