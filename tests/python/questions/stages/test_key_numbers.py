"""The numbers of the page's first screen against the reference, and when a stage is surely the slowest."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import pipeline_of
from questions.scope.test_selection import parts
from reference.key_numbers import key_numbers as reference_numbers
from stagefunnel.questions.stages.clearly_first import clearly_slowest
from stagefunnel.questions.stages.key_numbers import key_numbers
from strategies import UNLISTED, cases

DAY = pd.Timedelta(days=1)
NOW = {"unlisted": "ignore", "missing": "ignore"}


def numbers(log: sf.StageLog, pipeline: sf.Pipeline, period: Any, basis: Any, as_of: Any = None) -> pd.Series:
    scope = {**NOW, "as_of": as_of}
    options: dict[str, Any] = {"basis": basis, "confidence": 0.95, "money": {}, "calendar": None}
    return key_numbers(log, pipeline, [period], scope=scope, **options).iloc[0]


@given(data=st.data(), times=st.sampled_from(["naive", "zoned"]))
def test_the_key_numbers_are_those_of_the_reference(data: st.DataObject, times: Any) -> None:
    case = data.draw(cases(unlisted="some", times=times))
    part = data.draw(parts(case))
    elsewhere = data.draw(st.sampled_from([(), UNLISTED[:1]]))
    paused = data.draw(st.sampled_from([(), case.pipeline.stages[:1]]))
    log = sf.StageLog(pd.DataFrame(case.rows, columns=["item", "stage", "time"]))
    pipeline = pipeline_of(case.pipeline).replace(elsewhere=elsewhere, paused=list(paused))
    ends = (part["start"], part["end"])
    row = numbers(log, pipeline, None if ends == (None, None) else ends, part["basis"], part["as_of"])
    expected = reference_numbers(case.rows, case.pipeline, **part, elsewhere=elsewhere, paused=paused)
    for name in ("created", "won", "lost", "open"):
        assert row[name] == getattr(expected, name), name
    assert row["closed"] == expected.won + expected.lost
    for name in ("median", "median_low", "median_high"):
        micros = getattr(expected, name)
        found = row[name]
        assert pd.isna(found) if micros is None else abs(found / pd.Timedelta(microseconds=1) - micros) < 1


def test_the_reference_counts_an_example_by_hand() -> None:
    # In March a is won after 4 days, b lost, c created and open; d is won after 2 days in April.
    day = {name: pd.Timestamp(f"2026-{name}") for name in ("03-02", "03-06", "04-01", "04-03", "05-01")}
    rows = [
        *(("a", "New", day["03-02"]), ("a", "Won", day["03-06"]), ("b", "New", day["03-02"])),
        *(("b", "Lost", day["03-06"]), ("c", "New", day["03-06"]), ("d", "New", day["04-01"])),
        ("d", "Won", day["04-03"]),
    ]
    pipeline = sf.Pipeline("New", won="Won", lost="Lost")
    micros = Fraction(86_400 * 10**6)
    march: dict[str, Any] = {"start": pd.Timestamp("2026-03-01"), "end": day["04-01"]}
    assert reference_numbers(rows, pipeline)[:5] == (4, 2, 1, 1, 3 * micros)
    assert reference_numbers(rows, pipeline, **march)[:5] == (3, 1, 1, 1, 4 * micros)
    april: dict[str, Any] = {"start": day["04-01"], "end": day["05-01"]}
    # c is open in April too, and was not created in it.
    assert reference_numbers(rows, pipeline, **april)[:5] == (1, 1, 0, 1, 2 * micros)
    assert reference_numbers(rows, pipeline, basis="closed", **april)[:4] == (1, 1, 0, 0)
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))
    found = numbers(log, pipeline, "2026-04", "active")
    assert found[["created", "won", "lost", "open"]].tolist() == [1, 1, 0, 1]


def stays(of_a: Sequence[int], of_b: Sequence[int]) -> tuple[sf.StageLog, sf.Pipeline]:
    """Make visits of two stages, each of so many days."""
    rows: list[tuple[str, str, pd.Timestamp]] = []
    start = pd.Timestamp("2026-01-01")
    for stage, lengths in (("A", of_a), ("B", of_b)):
        for number, days in enumerate(lengths):
            rows += [(f"{stage}{number}", stage, start), (f"{stage}{number}", "Won", start + days * DAY)]
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))
    return log, sf.Pipeline(["A", "B"], won="Won")


@pytest.mark.parametrize(
    ("of_a", "of_b", "share"),
    [
        # Of 40 visits 20 ± 6.2 are below the median: the 13th and the 28th. 13 + 16 is above 28.
        (range(17, 57), range(1, 41), 36.5 / 57),
        (range(16, 56), range(1, 41), 0),
        # Of 30 the 9th and the 22nd: each stage has the ranks of its own visits. 9 + 19 is not above 28.
        (range(20, 50), range(1, 41), 0),
        (range(21, 51), range(1, 41), 35.5 / 56),
        (range(101, 130), range(1, 41), 0),  # 29 visits are too few
        (range(1, 41), range(1, 41), 0),
    ],
)
def test_a_stage_is_the_slowest_where_the_bounds_of_two_medians_do_not_meet(
    of_a: range, of_b: range, share: float
) -> None:
    log, pipeline = stays(of_a, of_b)
    times = sf.time_in_stage(log, pipeline)
    assert clearly_slowest(log, pipeline, times) == pytest.approx(share)
    # The rule is that of the tiles: of A alone, all visits of items that are won.
    alone = [numbers(stays(a, b)[0], pipeline, None, "active") for a, b in ((of_a, ()), ((), of_b))]
    is_apart = alone[0]["median_low"] > alone[1]["median_high"]
    assert bool(share) == (is_apart and len(of_a) >= 30)
