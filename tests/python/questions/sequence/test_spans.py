"""Lengths of time are counted in spans with round ends."""

import itertools

import numpy as np

from stagefunnel.questions.sequence.spans import spans_of


def test_numbers_are_cut_at_round_ends_of_one_width() -> None:
    spans = spans_of(np.arange(1, 101), None)
    assert spans == [(0, 10, 9), *((at, at + 10, 10) for at in range(10, 100, 10)), (100, 110, 1)]


def test_numbers_far_above_the_median_are_cut_wider_and_wider() -> None:
    ends = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000)
    expected = [(start, end, 0) for start, end in itertools.pairwise(ends)]
    expected[0], expected[-1] = (1, 2, 9), (1_000, 2_000, 1)
    assert spans_of(np.array([1] * 9 + [1_000]), None) == expected
