"""Durations of a stage as the compiled module returns them and takes them back."""

import gc
from typing import Any

import numpy as np
import pytest

from stagefunnel import _core

HASH = _core.columns.TextHash.of_process()
MEDIAN = [_core.stages.Quantile(1, 2)]
TWO = _core.scan.Pipeline(1, 1, 0, [0, 1])


def journeys(items: Any, stages: Any, times: Any) -> _core.journeys.Journeys:
    item, stage, time = (
        _core.columns.column_from_array(np.asarray(values, dtype=np.int64), None, "l")
        for values in (items, stages, times)
    )
    return _core.journeys.build_journeys(
        _core.columns.encode_items(item, 1, HASH),
        _core.columns.encode_stages(stage, 1),
        _core.columns.encode_times(time, 1),
        _core.columns.RowOrder(),
        np.zeros(0, dtype=np.uint64),
        1,
    )


def stay(*lengths: int, first_item: int = 1) -> _core.journeys.Journeys:
    """Build journeys of items that stay in the first of two stages for these lengths of time."""
    items = first_item + np.arange(len(lengths)).repeat(2)
    times = np.stack([np.zeros(len(lengths)), lengths], axis=1).ravel()
    return journeys(items, [0, 1] * len(lengths), times)


def test_a_stage_has_its_durations_as_an_array_that_outlives_it() -> None:
    durations = _core.stages.stage_durations(stay(4, 9), TWO, _core.stages.Per.visit, 1, None)[0].durations
    gc.collect()
    assert durations.dtype == np.uint64
    assert sorted(durations.tolist()) == [4, 9]


def test_the_durations_are_read_only() -> None:
    durations = _core.stages.stage_durations(stay(4, 9), TWO, _core.stages.Per.visit, 1, None)[0].durations
    with pytest.raises(ValueError, match="read-only"):
        durations[0] = 1


def test_the_durations_of_two_logs_are_summarised_as_those_of_one() -> None:
    parts = [
        _core.stages.stage_durations(log, TWO, _core.stages.Per.visit, 1, None)[0]
        for log in (stay(4, 9), stay(20, 30, 50, first_item=3))
    ]
    counts = _core.stages.VisitCounts(
        *(sum(getattr(part, name) for part in parts) for name in ("visits", "completed", "open", "items")), 0
    )
    merged = _core.stages.summarise_durations(counts, [part.durations for part in parts], MEDIAN)
    assert (merged.visits, merged.completed, merged.open, merged.items) == (5, 5, 0, 5)
    assert (merged.quantiles[0].whole, merged.quantiles[0].rest) == (20, 0)
    assert (merged.mean.whole, merged.mean.rest, merged.mean.of) == (22, 3, 5)  # 113 / 5


def test_durations_longer_than_an_int64_are_summarised() -> None:
    longest = np.array([2**64 - 1], dtype=np.uint64)
    time = _core.stages.summarise_durations(_core.stages.VisitCounts(1, 1, 0, 1, 0), [longest], MEDIAN)
    assert time.quantiles[0].whole == time.mean.whole == 2**64 - 1


@pytest.mark.parametrize(
    "sample", [np.array([1]), np.array([1.0]), np.ones((1, 1), dtype=np.uint64)], ids=["int", "float", "2-d"]
)
def test_a_sample_is_one_array_of_unsigned_words(sample: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        _core.stages.summarise_durations(_core.stages.VisitCounts(1, 1, 0, 1, 0), [sample], MEDIAN)


def test_samples_that_do_not_fit_the_counts_are_refused() -> None:
    sample = np.array([1, 2], dtype=np.uint64)
    with pytest.raises(ValueError, match="1 completed visits cannot have 2 durations"):
        _core.stages.summarise_durations(_core.stages.VisitCounts(1, 1, 0, 1, 0), [sample], MEDIAN)


def test_a_pipeline_of_another_log_is_refused() -> None:
    with pytest.raises(ValueError, match="labels"):
        _core.stages.stage_durations(
            stay(4), _core.scan.Pipeline(1, 1, 1, [0, 1, 2]), _core.stages.Per.visit, 1, None
        )
