"""The table of visits: the worked example, its columns, and random logs against the reference."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, frame_of, pipeline_of, plain
from marked import MarkedCase, marked_cases
from strategies import Times

JOURNEY = [(1, "New", 0), (1, "Offer", 5), (1, "Won", 12), (1, "Lost", 25)]
COLUMNS = [
    *["item", "visit", "stage", "visit_of_stage", "stage_outcome", "item_outcome"],
    *["entered", "exited", "duration", "open", "next_stage"],
]


def spans(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    names = ["stage", "entered", "exited"]
    return list(zip(*(plain(table[name]) for name in names), strict=True))


@pytest.mark.parametrize(
    ("period", "basis", "stages"),
    [
        ((3, 6), "active", ["New", "Offer"]),
        ((5, 6), "active", ["Offer"]),
        ((0, 5), "active", ["New"]),
        ((8, 13), "active", ["Offer", "Won"]),
        ((15, 30), "active", []),
        ((0, 1), "created", ["New", "Offer", "Won", "Lost"]),
        ((12, 13), "closed", ["New", "Offer", "Won", "Lost"]),
        (None, "active", ["New", "Offer", "Won", "Lost"]),
    ],
)
def test_a_period_lists_the_visits_that_overlap_it(period: Any, basis: Any, stages: list[str]) -> None:
    table = sf.visits(sf.StageLog(frame_of(JOURNEY)), SMALL, period=period, basis=basis)
    whole = {"New": (0, 5), "Offer": (5, 12), "Won": (12, 25), "Lost": (25, None)}
    assert spans(table) == [(stage, *whole[stage]) for stage in stages]
    assert set(table["item_outcome"]) <= {"lost"}
    assert not table["open"].any()  # nothing is waited for in Lost


def test_the_columns_and_their_types_are_the_same_for_any_rows() -> None:
    table = sf.visits(sf.StageLog(frame_of(JOURNEY)), SMALL)
    assert list(table.columns) == COLUMNS
    empty = sf.visits(sf.StageLog(frame_of(JOURNEY)), SMALL, period=(90, 99), basis="created")
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, table.dtypes)
    times = pd.to_datetime(["2026-01-05", "2026-01-07"], utc=True)
    dated = sf.visits(sf.StageLog({"item": ["a", "a"], "stage": ["New", "Won"], "time": times}), SMALL)
    assert dated["duration"].dtype == "timedelta64[us]"
    assert dated["duration"][0] == pd.Timedelta(days=2)
    assert dated["entered"].tolist() == list(times)
    assert dated["exited"][1] is pd.NaT


@pytest.mark.parametrize(("unit", "shown"), [("s", "us"), ("ms", "us"), ("us", "us"), ("ns", "ns")])
def test_durations_are_in_the_units_of_time_in_stage(unit: str, shown: str) -> None:
    times = pd.to_datetime(["2026-01-01", "2026-01-03"]).as_unit(unit)
    table = sf.visits(sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": times}), SMALL)
    assert table["duration"].dtype == f"timedelta64[{shown}]"
    assert table["duration"][0] == pd.Timedelta(days=2)


def test_a_visit_that_no_length_holds_is_refused() -> None:
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [-(2**62), 2**62]})
    with pytest.raises(sf.SchemaError, match="are the times right"):
        sf.visits(log, SMALL)


def test_a_visit_of_one_moment_is_in_the_period_of_this_moment() -> None:
    log = sf.StageLog(frame_of([(1, "New", 5), (1, "Offer", 5), (1, "Won", 9)]))
    assert spans(sf.visits(log, SMALL, period=(5, 6))) == [("New", 5, 5), ("Offer", 5, 9)]
    assert spans(sf.visits(log, SMALL, period=(4, 5))) == []
    assert spans(sf.visits(log, SMALL, period=(6, 7))) == [("Offer", 5, 9)]


def test_an_as_of_hides_what_comes_later() -> None:
    table = sf.visits(sf.StageLog(frame_of(JOURNEY)), SMALL, as_of=12)
    assert spans(table) == [("New", 0, 5), ("Offer", 5, None)]
    assert table["open"].tolist() == [False, True]
    assert set(table["item_outcome"]) == {"open"}


def test_an_item_that_moved_out_is_nowhere_next() -> None:
    log = sf.StageLog(frame_of([(1, "New", 0), (1, "Ordered", 7), (2, "New", 1)]))
    pipeline = sf.Pipeline(["New", "Offer"], elsewhere=["Ordered"])
    kept = sf.visits(log, pipeline.replace(moved_out="include"))
    assert spans(kept) == [("New", 0, 7), ("New", 1, None)]
    assert kept["item_outcome"].tolist() == ["moved_out", "open"]
    assert plain(kept["next_stage"]) == [None, None]
    assert kept["open"].tolist() == [False, True]
    assert spans(sf.visits(log, pipeline)) == [("New", 1, None)]
    # At the end of the period the item was here; its visit is that of the whole log.
    assert spans(sf.visits(log, pipeline, period=(0, 5))) == [("New", 0, 7), ("New", 1, None)]


def log_with_columns() -> sf.StageLog:
    frame = frame_of([(2, "New", 1), (1, "New", 0), (1, "New", 2), (1, "Won", 5)])
    frame["who"] = ["Bob", "Ann", "Cid", None]
    frame["sum"] = [1.5, 2.0, 3.0, None]
    frame["n"] = [10**7, 20, 30, 40]
    items = pd.DataFrame({"item": [1, 2], "team": ["south", "north"]})
    return sf.StageLog(frame, columns=["who", "sum", "n"], items=items)


def test_columns_are_read_in_the_first_row_of_a_visit() -> None:
    table = sf.visits(log_with_columns(), SMALL, columns=["who", "sum", "n"])
    assert list(table.columns) == [*COLUMNS, "who", "sum", "n"]
    assert table["item"].tolist() == [2, 1, 1]
    assert plain(table["who"]) == ["Bob", "Ann", None]
    assert plain(table["sum"]) == [1.5, 2.0, None]
    assert table["n"].tolist() == [10**7, 20, 40]
    assert table["n"].dtype == "int64"


def test_groups_stand_first() -> None:
    log = log_with_columns()
    table = sf.visits(log, SMALL, by=["team", "who"])
    assert list(table.columns) == ["team", "who", *COLUMNS]
    assert table["team"].tolist() == ["north", "south", "south"]
    assert plain(table["who"]) == ["Bob", "Ann", "Ann"]
    assert plain(sf.visits(log, SMALL, by="who", at="last")["who"]) == ["Bob", None, None]
    assert plain(sf.visits(log, SMALL, by="who", at="stage")["who"]) == ["Bob", "Ann", None]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": "whom"}, "columns='whom' is not a column that the log keeps.*did you mean 'who'"),
        ({"columns": ["who", "who"]}, "names a column twice"),
        ({"columns": "who", "by": "who"}, "columns= names 'who', which by= has too"),
        ({"by": "duration"}, "duration"),
        ({"at": "last"}, "there is no by="),
    ],
)
def test_columns_that_do_not_go_are_refused(options: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        sf.visits(log_with_columns(), SMALL, **options)


def test_a_log_without_columns_says_so() -> None:
    with pytest.raises(sf.SchemaError, match="which keeps none"):
        sf.visits(sf.StageLog(frame_of(JOURNEY)), SMALL, columns="who")


@given(data=st.data(), times=st.sampled_from(["integer", "naive", "zoned"]))
def test_visits_are_those_of_the_reference(data: st.DataObject, times: Times) -> None:
    marked = data.draw(marked_cases(unlisted="some", times=times))
    case = marked.case
    known = sorted({time for _, _, time in case.rows} | {end for end in marked.ended if end is not None})
    start, end, as_of = (data.draw(st.none() | st.sampled_from(known)) for _ in range(3))
    if start is not None and end is not None and end <= start:
        start = None
    basis = data.draw(st.sampled_from(["active", "created", "closed"]))
    elsewhere = data.draw(st.sampled_from([(), ("Archive",)]))
    moved_out = data.draw(st.sampled_from(["exclude", "include"]))
    expected = expected_visits(marked, start, end, as_of, basis, elsewhere, moved_out)
    pipeline = pipeline_of(case.pipeline).replace(elsewhere=elsewhere, moved_out=moved_out)
    period = None if start is None and end is None else (start, end)
    log = marked.log(columns=["order"])
    found = sf.visits(
        log, pipeline, period=period, as_of=as_of, basis=basis, unlisted="ignore", columns="order"
    )
    assert list(found.columns) == [*COLUMNS, "order"]
    for name in COLUMNS:
        assert plain(found[name]) == [record[name] for record in expected], name
    assert found["order"].tolist() == [case.order[record["row"]] for record in expected]


def expected_visits(
    marked: MarkedCase,
    start: Any,
    end: Any,
    as_of: Any,
    basis: Any,
    elsewhere: tuple[str, ...],
    moved_out: Any,
) -> list[dict[str, Any]]:
    case = marked.case
    of_others = {"elsewhere": elsewhere, "moved_out": moved_out}
    part = reference.kept_rows(
        case.rows, case.pipeline, start=start, end=end, as_of=as_of, basis=basis, **of_others
    )
    items = {case.rows[row][0] for row in part}
    if basis == "created":
        all_stays = reference.stays_by_item(case.rows, case.pipeline, marked.marks(), unlisted="ignore")
        items -= {item for item, own in all_stays.items() if own[0].start_unknown}
    early = [row for row, (_, _, time) in enumerate(case.rows) if as_of is None or time < as_of]
    stays = reference.stays_by_item(
        case.rows,
        case.pipeline,
        marked.marks(ended_before=as_of),
        unlisted="ignore",
        elsewhere=elsewhere,
        kept=set(early),
    )
    moved = reference.moved_items([case.rows[row] for row in early], case.pipeline, elsewhere)
    return reference.visit_records(
        {item: own for item, own in stays.items() if item in items},
        case.pipeline,
        overlapping=(start, end) if basis == "active" else (None, None),
        moved=moved,
    )


@given(marked=marked_cases(times="naive"))
def test_the_table_agrees_with_time_in_stage(marked: MarkedCase) -> None:
    log, pipeline = marked.log(), pipeline_of(marked.case.pipeline)
    table, times = sf.visits(log, pipeline), sf.time_in_stage(log, pipeline)
    by_stage = table.groupby("stage", observed=False)
    assert by_stage.size().tolist() == times["visits"].tolist()
    assert by_stage["duration"].count().tolist() == times["completed"].tolist()
    assert table["entered"].isna().groupby(table["stage"], observed=False).sum().tolist() == (
        times["start_unknown"].tolist()
    )
    items = sf.item_table(log, pipeline)
    assert table.groupby("item", sort=False).size().tolist() == items["visits"].tolist()


def test_the_number_of_threads_does_not_show() -> None:
    rows = [(item, stage, time) for item in range(20_000) for time, stage in enumerate(("New", "Won"))]
    tables = [sf.visits(sf.StageLog(frame_of(rows), threads=threads), SMALL) for threads in (1, 7)]
    pd.testing.assert_frame_equal(*tables)
