"""Steps of a horizon are exact, also where their products no longer fit into 64 bits."""

from fractions import Fraction

import numpy as np
import pytest

from stagefunnel.questions.forecast.within import Grid


@pytest.mark.parametrize("step", [Fraction(1), Fraction(3), Fraction(3, 2), Fraction(512, 7), Fraction(5, 4)])
@pytest.mark.parametrize("age", [0, 1, 2, 3, 1_000, 2**61, 2**62 - 1, 2**62, 2**62 + 1, 2**63 - 1])
def test_the_step_of_an_age_is_exact(step: Fraction, age: int) -> None:
    if Fraction(age) / step >= 2**63:
        return
    grid, ages = Grid(step, 512), np.array([age], dtype=np.int64)
    assert grid.down(ages).tolist() == [Fraction(age) // step]
    assert grid.up(ages).tolist() == [-(-Fraction(age) // step)]
