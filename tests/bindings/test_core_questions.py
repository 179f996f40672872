"""Questions of the compiled module: types and shapes of the answers, and input that is refused."""

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from stagefunnel import _core

HASH = _core.columns.TextHash.of_process()


def column(values: Any) -> _core.columns.Column:
    return _core.columns.column_from_array(np.asarray(values, dtype=np.int64), None, "l")


def encoded(values: Any) -> _core.columns.ItemKeys:
    return _core.columns.encode_items(column(values), 1, HASH)


def no_rows() -> Any:
    return np.zeros(0, dtype=np.uint64)


def journeys(
    items: Any = (7, 7, 8), stages: Any = (0, 2, 1), times: Any = (0, 1, 2)
) -> _core.journeys.Journeys:
    return _core.journeys.build_journeys(
        encoded(items),
        _core.columns.encode_stages(column(stages), 1),
        _core.columns.encode_times(column(times), 1),
        _core.columns.RowOrder(),
        no_rows(),
        1,
    )


# The rows of the pipeline for the labels 0, 2, 1 in their order of appearance: New, Won, Offer.
PIPELINE = _core.scan.Pipeline(2, 1, 0, [0, 2, 1])


def funnel(**options: Any) -> _core.funnel.Counts:
    arguments = {"group": None, "n_groups": 1, "amount": None, "threads": 1} | options
    return _core.funnel.count_funnel(
        arguments.pop("journeys", journeys()),
        arguments.pop("pipeline", PIPELINE),
        _core.funnel.Kind.classic,
        _core.funnel.LostThenWon.include,
        *(arguments[name] for name in ("group", "n_groups", "amount", "threads")),
    )


def test_journeys_are_flat_arrays() -> None:
    built = journeys()
    assert (built.n_items, built.n_rows, built.hashed) == (2, 3, False)
    types = {name: getattr(built, name).dtype for name in ("offsets", "stage", "time", "first_row")}
    assert types == {"offsets": np.uint64, "stage": np.uint8, "time": np.int64, "first_row": np.uint32}
    assert built.offsets.shape == (3,)
    assert built.stage.shape == built.time.shape == (3,)
    assert _core.journeys.time_range(built, 2) == (0, 2)


def test_the_keys_of_the_items_are_read_back_in_the_order_of_the_journeys() -> None:
    rows = np.array([7, -1, 7, 8])
    built = journeys(rows, (0, 1, 2, 0), (0, 1, 2, 3))
    low, high = built.common_keys
    assert low.view(np.int64).tolist() == rows[built.first_row].tolist()
    assert (low.dtype, high.shape) == (np.uint64, (0,))


def test_text_keys_are_two_words_and_equal_for_equal_text() -> None:
    def words(*texts: str) -> set[tuple[int, int]]:
        text = _core.columns.column_from_objects([*texts], np.zeros(len(texts), dtype=np.uint8))
        assert isinstance(text, _core.columns.Column)
        numbers = column(range(len(texts)))
        built = _core.journeys.build_journeys(
            _core.columns.encode_items(text, 1, HASH),
            _core.columns.encode_stages(numbers, 1),
            _core.columns.encode_times(numbers, 1),
            _core.columns.RowOrder(),
            no_rows(),
            1,
        )
        return set(zip(*(words.tolist() for words in built.common_keys), strict=True))

    assert len(words("a", "b", "")) == 3
    assert words("a", "b") < words("b", "", "a")


def test_stage_codes_are_as_narrow_as_they_can_be() -> None:
    many = np.arange(300)
    assert journeys(many, many, many).stage.dtype == np.uint16


def test_the_counts_of_a_funnel_have_a_row_per_group_and_a_column_per_stage() -> None:
    counts = funnel(group=np.array([0, 2], dtype=np.int32), n_groups=3, amount=np.array([1.5, np.nan]))
    tables = [
        "passed",
        "assumed",
        "visited",
        "skipped",
        "began_beyond",
        "beyond",
        "lost_from",
        "open_at",
        "amount_missing",
    ]
    for name in tables:
        table = getattr(counts, name)
        assert (table.dtype, table.shape) == (np.int64, (3, 3)), name
    sums = counts.rounded_sums(np.arange(3), np.zeros(0, dtype=np.int64), 0)
    assert (sums.dtype, sums.shape) == (np.float64, (3, 3))
    for name in ["won", "lost", "open", "left_out", "reopened_won"]:
        totals = getattr(counts, name)
        assert (totals.dtype, totals.shape) == (np.int64, (3,)), name


def test_the_other_answers_have_a_row_or_an_entry_per_stage_or_item() -> None:
    counts = _core.stages.count_transitions(journeys(), PIPELINE, 1)
    assert (counts.moves.dtype, counts.moves.shape, counts.items.shape) == (
        np.int64,
        (3, 3),
        (3, 3),
    )
    stages = _core.stages.time_in_stage(
        journeys(), PIPELINE, _core.stages.Per.visit, [_core.stages.Quantile(1, 2)], 1, None
    )
    assert [len(stage.quantiles) for stage in stages] == [1, 1, 1]
    assert (stages[0].mean.whole, stages[0].mean.rest, stages[0].mean.of) == (1, 0, 1)
    facts = _core.stages.item_facts(journeys(), PIPELINE, 1)
    types = {
        **dict.fromkeys(["first_time", "closed_at", "visits", "back_moves", "skipped"], np.int64),
        **dict.fromkeys(["last_stage", "furthest_stage", "lost_from"], np.int32),
        "first_row": np.uint32,
        "outcome": np.uint8,
    }
    assert {name: getattr(facts, name).dtype for name in types} == types
    assert {getattr(facts, name).shape for name in types} == {(2,)}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"group": np.array([0, 0])}, TypeError, "incompatible function arguments"),
        ({"group": np.array([0], dtype="i4")}, ValueError, "groups must be one per item"),
        ({"group": np.array([0, 3], dtype="i4"), "n_groups": 3}, ValueError, "a group lies out of range"),
        ({"group": np.array([0, -1], dtype="i4"), "n_groups": 3}, ValueError, "a group lies out of range"),
        ({"group": np.zeros((2, 1), dtype="i4")}, ValueError, "expected an array of one dimension"),
        ({"amount": np.array([1, 2])}, TypeError, "incompatible function arguments"),
        ({"amount": np.array([1.0])}, ValueError, "amounts must be one per item"),
        ({"amount": np.zeros(4)[::2]}, TypeError, "incompatible function arguments"),
        ({"threads": -1}, TypeError, "incompatible function arguments"),
        ({"n_groups": 0}, ValueError, "there must be a group"),
        ({"pipeline": _core.scan.Pipeline(1, 0, 0, [0, -1])}, ValueError, "made for 2 labels, the log has 3"),
    ],
)
def test_a_funnel_of_arguments_that_do_not_fit_is_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        funnel(**options)


@pytest.mark.parametrize(
    "ask",
    [
        lambda pipeline: _core.stages.count_transitions(journeys(), pipeline, 1),
        lambda pipeline: _core.stages.time_in_stage(
            journeys(), pipeline, _core.stages.Per.visit, [], 1, None
        ),
        lambda pipeline: _core.stages.item_facts(journeys(), pipeline, 1),
        lambda pipeline: _core.stages.pipeline_quality(journeys(), pipeline, 1),
    ],
)
def test_every_question_refuses_a_pipeline_of_another_log(ask: Callable[[_core.scan.Pipeline], Any]) -> None:
    assert ask(PIPELINE) is not None
    for labels in ([0, 1], [0, 1, 2, -1]):
        message = f"the pipeline was made for {len(labels)} labels, the log has 3"
        with pytest.raises(ValueError, match=message):
            ask(_core.scan.Pipeline(2, 1, 0, labels))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0, 0, [1]), "row 1 lies outside a pipeline of 1 stage"),
        ((1, 0, 0, [-2]), "row -2 lies outside a pipeline of 1 stage"),
        ((-1, 1, 1, [0]), "a number of stages is negative"),
    ],
)
def test_a_pipeline_with_rows_outside_it_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        _core.scan.Pipeline(*arguments)


@pytest.mark.parametrize("fraction", [(1, 0), (2, 1), (1, 10**9 + 1)])
def test_a_quantile_is_a_fraction_of_one(fraction: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a quantile must lie between 0 and 1"):
        _core.stages.time_in_stage(
            journeys(), PIPELINE, _core.stages.Per.visit, [_core.stages.Quantile(*fraction)], 1, None
        )


def test_columns_of_different_lengths_make_no_journeys() -> None:
    with pytest.raises(ValueError, match="length"):
        journeys(items=(7, 7))


def test_rows_to_leave_out_are_of_their_own_type() -> None:
    stages = _core.columns.encode_stages(column([0, 2, 1]), 1)
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _core.columns.leave_out(stages, np.array([1]))  # type: ignore[arg-type]  # wrong on purpose
    _core.columns.leave_out(stages, np.array([1], dtype=np.uint64))
    assert stages.rows.tolist() == [1, 0, 1]


def test_an_item_is_found_in_a_log_or_it_is_not() -> None:
    journey = _core.journeys.journey_of(journeys(), encoded([7]))
    assert journey is not None
    assert journey.time.tolist() == [0, 1]
    assert _core.journeys.journey_of(journeys(), encoded([9])) is None


def test_items_are_matched_with_a_table() -> None:
    rows, duplicate = _core.journeys.match_items(journeys(), encoded([8, 9]), 2)
    assert (rows.dtype, sorted(rows.tolist()), duplicate) == (np.int64, [-1, 0], None)
    assert _core.journeys.match_items(journeys(), encoded([8, 9, 8]), 2)[1] == (
        0,
        2,
    )


class Large(NamedTuple):
    """A log so large that every question takes longer than a busy machine keeps a thread waiting."""

    column: _core.columns.Column
    items: _core.columns.ItemKeys
    stages: _core.columns.StageCodes
    times: _core.columns.Times
    journeys: _core.journeys.Journeys


@pytest.fixture(scope="module")
def large() -> Large:
    n_rows = 5_000_000
    rng = np.random.default_rng(3)
    columns = [column(rng.integers(most, size=n_rows)) for most in (n_rows // 4, 3, 10**6)]
    keys = (
        _core.columns.encode_items(columns[0], 1, HASH),
        _core.columns.encode_stages(columns[1], 1),
        _core.columns.encode_times(columns[2], 1),
    )
    return Large(
        columns[1], *keys, _core.journeys.build_journeys(*keys, _core.columns.RowOrder(), no_rows(), 1)
    )


THREE = _core.scan.Pipeline(1, 1, 1, [0, 1, 2])


def marks_of(log: _core.journeys.Journeys) -> _core.scan.Marks:
    return _core.scan.Marks(log, None, None, None, None, np.zeros(0, dtype=np.uint8))


CALLS: dict[str, Callable[[Large], object]] = {
    "encode_stages": lambda log: _core.columns.encode_stages(log.column, 1),
    "encode_order": lambda log: _core.columns.encode_order(log.column),
    "build_journeys": lambda log: _core.journeys.build_journeys(
        *log[1:4], _core.columns.RowOrder(), no_rows(), 1
    ),
    "match_items": lambda log: _core.journeys.match_items(log.journeys, log.items, 1),
    "count_funnel": lambda log: funnel(journeys=log.journeys, pipeline=THREE),
    "count_transitions": lambda log: _core.stages.count_transitions(log.journeys, THREE, 1),
    "time_in_stage": lambda log: _core.stages.time_in_stage(
        log.journeys, THREE, _core.stages.Per.item, [], 1, None
    ),
    "item_facts": lambda log: _core.stages.item_facts(log.journeys, THREE, 1),
    "list_visits": lambda log: _core.stages.list_visits(
        log.journeys, THREE, marks_of(log.journeys), None, None, None, _core.stages.VisitRows.forget, 1
    ),
    "log_quality": lambda log: _core.stages.log_quality(log.journeys, 1),
    "pipeline_quality": lambda log: _core.stages.pipeline_quality(log.journeys, THREE, 1),
}


def share_waited(work: Callable[[], object]) -> float:
    """Return the longest wait of a thread that runs beside some work, as a share of the work's time."""
    waits: list[float] = []
    looking, done = threading.Event(), threading.Event()

    def look() -> None:
        last = time.perf_counter()
        while not done.is_set():
            looking.set()
            time.sleep(0.0002)
            now = time.perf_counter()
            waits.append(now - last)
            last = now

    looker = threading.Thread(target=look)
    looker.start()
    looking.wait()
    start = time.perf_counter()
    work()
    took = time.perf_counter() - start
    done.set()
    looker.join()
    return max(waits) / took


@pytest.mark.parametrize("name", CALLS)
def test_other_python_threads_run_while_the_core_works(large: Large, name: str) -> None:
    # A busy machine holds a thread up now and then; a lock that is never released does so every time.
    assert any(share_waited(lambda: CALLS[name](large)) < 0.5 for _ in range(20))


def test_a_call_that_keeps_the_lock_is_detected() -> None:
    locking, unlocking = ctypes.PyDLL(None), ctypes.CDLL(None)
    assert all(share_waited(lambda: locking.usleep(10_000)) > 0.5 for _ in range(20))
    assert any(share_waited(lambda: unlocking.usleep(10_000)) < 0.5 for _ in range(20))
