"""The questions on which engines of event sequences differ: the answers, and the option that decides each."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

# The steps are A, B, C, the window is 10, `A0` is a row of stage A at time 0; the answers are by hand.
QUESTIONS: list[tuple[str, str, dict[str, Any], list[int | None]]] = [
    ("the window runs from the first step", "A0 B5 C11", {}, [0, 5, None]),
    ("unless it is a gap from the step before", "A0 B5 C11", {"window": None, "max_gap": 6}, [0, 5, 11]),
    ("its bound is inside", "A0 B10", {}, [0, 10, None]),
    ("the best entry opens it", "A0 A4 B5 C12", {}, [4, 5, 12]),
    ("unless only the first may", "A0 A4 B5 C12", {"mode": "first_entry"}, [0, 5, None]),
    ("ties are in order", "A0 B0 C0", {}, [0, 0, 0]),
    ("unless times have to rise", "A0 B0 C0", {"mode": "increase"}, [0, None, None]),
    ("whatever the order of the rows", "B0 A0", {}, [0, 0, None]),
    ("unless the order of the rows decides", "B0 A0", {"mode": "strict"}, [0, None, None]),
    ("another row between does not matter", "A0 X1 B2", {}, [0, 2, None]),
    ("unless none may be there", "A0 X1 B2", {"mode": "strict"}, [0, None, None]),
    ("unless it is excluded", "A0 X1 B2", {"exclude": sf.Exclusion("X", effect="stop")}, [0, None, None]),
    ("nor does a later step that comes too early", "A0 C1 B2 C3", {}, [0, 2, 3]),
    ("unless rows are adjacent", "A0 C1 B2 C3", {"mode": "strict"}, [0, None, None]),
    ("nor does a repeat", "A0 B1 B2 C3", {}, [0, 2, 3]),
    ("unless rows are adjacent, again", "A0 B1 B2 C3", {"mode": "strict"}, [0, 1, None]),
    ("the time is from the last entry", "A0 A8 B9", {}, [8, 9, None]),
    ("unless it is to be from the first", "A0 A8 B9", {"timing": "first_entry"}, [0, 9, None]),
]


def log_of(rows: str) -> sf.StageLog:
    words = rows.split()
    return sf.StageLog(
        {
            "item": [1] * len(words),
            "stage": [word[0] for word in words],
            "time": [int(word[1:]) for word in words],
        }
    )


@pytest.mark.parametrize(
    ("question", "rows", "options", "times"), QUESTIONS, ids=[question for question, *_ in QUESTIONS]
)
def test_a_named_option_decides(
    question: str, rows: str, options: dict[str, Any], times: list[int | None]
) -> None:
    given = {"window": 10, "missing": "ignore", **options}
    items = sf.sequence_items(log_of(rows), ["A", "B", "C"], **given)
    found = [items[f"time_{step}"].iloc[0] for step in (1, 2, 3)]
    assert [None if pd.isna(time) else int(time) for time in found] == times


def test_one_row_fills_one_step() -> None:
    assert list(sf.sequence_items(log_of("A0"), ["A", "A"], window=10)["level"]) == [1]
    both: dict[str, Any] = {"mode": "clickhouse", "window": 10}
    assert list(sf.sequence_items(log_of("A0"), ["A", "A"], **both)["level"]) == [2]
    once = sf.sequence_items(log_of("A0"), ["A", "A"], modes=["strict_once"], **both)
    assert list(once["level"]) == [1]
