"""Open items and limits: the worked example, what is refused, and random logs against the reference."""

# The list, its limits and their TOML are one answer to one question; they share the log worked out by hand.

import datetime as dt
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import frame_of, items_of, pipeline_of, plain
from marked import MarkedCase, marked_cases
from reference.durations import ticks_between, unit_of
from reference.working_time import working_time
from stagefunnel.questions.scope.selection import selection_of
from stagefunnel.questions.scope.working import Lengths
from stagefunnel.questions.stages.limits import limits_of
from stagefunnel.questions.stages.stays import stays_of
from strategies import UNLISTED, Times

PIPELINE = sf.Pipeline(
    ["New", "Waiting", "Offer"], won="Won", lost="Lost", paused="Waiting", limits={"Offer": 5}
)
# The worked example of definitions.md, section 5: item, stage, start, end, unknown start.
ROWS: list[tuple[int, str, int, int | None, bool]] = [
    *[(1, "New", 0, None, False), (1, "Offer", 3, None, False), (1, "Won", 6, None, False)],
    *[(2, "New", 0, None, False), (2, "Offer", 2, None, False), (2, "Won", 9, None, False)],
    *[(3, "New", 0, None, False), (3, "Offer", 4, None, False), (3, "Lost", 6, None, False)],
    *[(4, "New", 10, None, False), (4, "Offer", 15, None, False)],
    *[(5, "New", 4, None, False), (5, "Waiting", 6, None, False), (5, "Offer", 13, None, False)],
    *[(6, "New", 18, None, False), (7, "Waiting", 12, None, False), (8, "Offer", 9, None, True)],
    (9, "New", 8, 11, False),
]
EXPECTED: list[list[Any]] = [
    [5, "Offer", 13, 7, 9, 1.0, True],
    [9, "New", 8, 3, 12, 1.0, None],
    [4, "Offer", 15, 5, 10, 0.5, False],
    [6, "New", 18, 2, 2, 0.5, None],
    [7, "Waiting", 12, 8, 0, None, None],
    [8, "Offer", None, None, None, None, None],
]
COLUMNS = ["item", "stage", "entered", "in_stage", "age", "quantile", "over_limit"]


def example(**options: Any) -> sf.StageLog:
    frame = pd.DataFrame(ROWS, columns=["item", "stage", "time", "left", "unknown"])
    frame["left"] = frame["left"].astype("Int64")
    options = {"observed_until": 20, **options}
    return sf.StageLog(frame, exited="left", start_unknown="unknown", **options)


def rows_of(table: pd.DataFrame) -> list[list[Any]]:
    return [list(row) for row in zip(*[plain(table[name]) for name in COLUMNS], strict=True)]


def test_the_worked_example_is_met() -> None:
    table = sf.open_items(example(), PIPELINE)
    assert list(table.columns) == COLUMNS
    assert rows_of(table) == EXPECTED
    assert table["over_limit"].dtype == "boolean"
    times = sf.time_in_stage(example(), PIPELINE)
    assert list(times.columns)[-1] == "over_limit"
    assert plain(times["over_limit"]) == [None, None, 0.4, None, None]


def test_the_reference_meets_the_worked_example() -> None:
    rows = [row[:3] for row in ROWS]
    stays = reference.stays_by_item(
        rows, PIPELINE, reference.Marks([row[3] for row in ROWS], [row[4] for row in ROWS])
    )
    options: dict[str, Any] = {"until": 20, "limits": {"Offer": 5}, "measure": lambda one, other: other - one}
    found = reference.open_items(stays, PIPELINE, paused=["Waiting"], **options)
    assert [list(one) for one in found] == EXPECTED
    assert reference.shares_over_limit(stays, **options) == {"Offer": Fraction(2, 5)}


def test_the_argument_goes_before_the_pipeline_stage_by_stage() -> None:
    table = sf.open_items(example(), PIPELINE, limits={"New": 2}).set_index("item")
    assert plain(table["over_limit"].sort_index()) == [False, True, False, None, None, True]
    off = sf.open_items(example(), PIPELINE, limits={"Offer": None})
    assert off["over_limit"].isna().all()
    times = sf.time_in_stage(example(), PIPELINE, limits={"Offer": None})
    assert "over_limit" not in times
    assert "over_limit" not in sf.time_in_stage(example(), PIPELINE.replace(limits=None))
    # New is 3, 2, 4, 5, 2, 2 and 3 long.
    assert sf.time_in_stage(example(), PIPELINE, limits={"New": 2})["over_limit"][0] == 4 / 7
    assert sf.time_in_stage(example(), PIPELINE, limits={"New": 0})["over_limit"][0] == 1


def test_top_shows_the_worst_and_columns_are_read_in_the_last_row() -> None:
    items = items_of({4: "Ann", 5: "Bob", 6: None}, "owner", [1]).assign(amount=[2**60 + 1, 7, 8])
    frame = frame_of([row[:3] for row in ROWS]).assign(who=[str(number) for number in range(len(ROWS))])
    log = sf.StageLog(frame, items=items, columns="who", observed_until=20)
    table = sf.open_items(log, PIPELINE, columns=["owner", "amount", "who"])
    assert list(table.columns) == [*COLUMNS, "owner", "amount", "who"]
    found = table.set_index("item")
    assert plain(found["owner"].loc[[4, 5, 6, 7]]) == ["Ann", "Bob", None, None]
    assert plain(found["amount"].loc[[4, 5, 7]]) == [2**60 + 1, 7, None]
    assert plain(found["who"].loc[[4, 5, 6]]) == ["10", "13", "14"]
    first = sf.open_items(log, PIPELINE, columns="owner", top=2)
    pd.testing.assert_frame_equal(first, table[[*COLUMNS, "owner"]].head(2))
    assert len(sf.open_items(log, PIPELINE, top=99)) == len(table)


def test_as_of_is_the_end_of_observation() -> None:
    table = sf.open_items(example(), PIPELINE, as_of=6)
    # Before 6: 1 to 3 are in Offer, since 3, 2 and 4, and 5 is in New since 4; nobody is won.
    assert table["item"].tolist() == [2, 1, 3, 5]
    assert plain(table["in_stage"]) == [4, 3, 2, 2]
    assert plain(table["age"]) == [6, 6, 6, 2]
    assert table["quantile"].isna().all()


def test_ties_stand_in_the_order_of_the_first_rows() -> None:
    rows = {"item": [30, 10, 20], "stage": ["New"] * 3, "time": [5, 5, 5]}
    table = sf.open_items(sf.StageLog(rows), sf.Pipeline("New", won="Won"))
    assert table["item"].tolist() == [30, 10, 20]


def test_where_compares_with_the_won_items_that_it_chooses() -> None:
    items = items_of({1: "a", 2: "b", 4: "a", 5: "b"}, "team", [1])
    table = sf.open_items(example(items=items), PIPELINE, where={"team": "a"})
    assert rows_of(table) == [[4, "Offer", 15, 5, 10, 1.0, False]]
    assert table.attrs["stagefunnel"]["where"]["text"] == "team is a"


def test_nobody_is_open() -> None:
    rows = [(1, "New", 0), (1, "Won", 2)]
    table = sf.open_items(sf.StageLog(frame_of(rows)), sf.Pipeline("New", won="Won"))
    assert table.empty
    assert list(table.columns) == COLUMNS
    empty = sf.StageLog(frame_of(rows).head(0), empty="allow")
    assert sf.open_items(empty, sf.Pipeline("New", won="Won"), missing="ignore").empty
    times = sf.time_in_stage(empty, sf.Pipeline("New", won="Won"), missing="ignore", limits={"New": 1})
    assert times["over_limit"].isna().all()


HOURS = sf.WorkingHours({"mon-fri": [("09:00", "17:00")]})


@pytest.mark.parametrize(
    ("limit", "over"),
    [
        ("8h", True),  # New on Friday at 16:00, seen on Tuesday at 10:00: 1 + 8 + 1 working hours
        ("10h", False),
        ("1d", True),
        ("1.25d", False),
        ("1.2d", True),
        ("2 days", False),
        ("1w", False),
        ("0.2w", True),
        ("0.25w", False),  # ten of forty hours
        (dt.timedelta(days=1), True),
        (np.timedelta64(2, "D"), False),
        (dt.timedelta(hours=9), True),
    ],
)
def test_days_of_a_limit_are_working_days(limit: Any, over: bool) -> None:
    rows = [(1, "New", pd.Timestamp("2026-05-08 16:00"))]
    log = sf.StageLog(frame_of(rows), observed_until="2026-05-12 10:00")
    pipeline = sf.Pipeline("New", won="Won", limits={"New": limit})
    table = sf.open_items(log, pipeline, calendar=HOURS, missing="ignore")
    assert plain(table["in_stage"]) == plain(table["age"]) == [pd.Timedelta("10h")]
    assert plain(table["over_limit"]) == [over]
    times = sf.time_in_stage(log, pipeline, calendar=HOURS, missing="ignore")
    assert plain(times["over_limit"]) == [float(over), None]
    # In plain time it was there for 3 days and 18 hours.
    assert plain(sf.open_items(log, pipeline, missing="ignore", limits={"New": "90h"})["over_limit"]) == [
        False
    ]


def test_dates_without_times_are_measured_in_working_days() -> None:
    frame = pd.DataFrame({"item": [1], "stage": "New", "time": pd.array([dt.date(2026, 5, 8)], dtype=object)})
    frame["time"] = frame["time"].to_numpy().astype("datetime64[D]").astype("datetime64[s]")
    log = sf.StageLog(frame, observed_until="2026-06-12")
    pipeline = sf.Pipeline("New", won="Won", limits={"New": "24d"})
    assert plain(sf.open_items(log, pipeline, missing="ignore", calendar=HOURS)["over_limit"]) == [True]
    assert plain(
        sf.open_items(log, pipeline, missing="ignore", calendar=HOURS, limits={"New": "25d"})["over_limit"]
    ) == [False]


def test_a_pipeline_keeps_its_limits(tmp_path: Path) -> None:
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", names={"Offer": "Quote"}, limits={"Offer": "14d"})
    assert repr(pipeline) == "Pipeline: New → Quote | won: Won | Quote limited to 14d"
    assert pipeline != pipeline.replace(limits=None)
    assert pipeline != pipeline.replace(limits={"Offer": "15d"})
    assert pickle.loads(pickle.dumps(pipeline)) == pipeline
    assert pipeline.replace(won="Sold").rules.limits == {"Offer": "14d"}
    (tmp_path / "p.toml").write_text(sf.Settings(pipeline).to_toml(), encoding="utf-8")
    assert "[pipeline.limits]\n" in (tmp_path / "p.toml").read_text(encoding="utf-8")
    assert sf.Pipeline.from_toml(tmp_path / "p.toml") == pipeline
    numbers = sf.Pipeline([1, 2], won=3, limits={2: 7})
    (tmp_path / "n.toml").write_text(sf.Settings(numbers).to_toml(), encoding="utf-8")
    assert sf.Pipeline.from_toml(tmp_path / "n.toml") == numbers


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"Won": 5}, "limits names 'Won', which is a final stage"),
        ({"Ofer": 5}, "limits names 'Ofer', which is not one of its stages; did you mean 'Offer'"),
        ({"Offer": "14"}, "limits='14' has no unit"),
        ({"Offer": "soon"}, "limits='soon' is not a length of time"),
        ({"Offer": -1}, "limits=-1 is negative"),
        ({"Offer": "1 month"}, "limits='1 month' is in calendar months, which differ in length; give days"),
        ({"Offer": None}, "limits has no length for 'Offer'"),
        ("14d", "limits='14d' is not a mapping of stages"),
    ],
)
def test_limits_of_a_pipeline_that_cannot_be_are_refused(limits: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        PIPELINE.replace(limits=limits)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limits": {"Won": 5}}, "limits='Won' is a final stage"),
        ({"limits": {"Ofer": 5}}, "limits='Ofer' is not a stage of the pipeline; did you mean 'Offer'"),
        ({"limits": {"Offer": "14d"}}, "limits='14d' has a unit, and the log's times are plain integers"),
        ({"limits": {"Offer": -2}}, "limits=-2 is negative"),
        ({"limits": 5}, "limits=5 is not a mapping of stages"),
        ({"top": 0}, "top=0 is not a whole number of at least 1"),
        ({"top": True}, "top=True is not a whole number"),
        ({"columns": "owner"}, "columns= names a column of the items table, and the log has none"),
        ({"columns": "age"}, "columns= names 'age', which is a column of the result"),
        ({"calendar": HOURS}, "plain integers"),
    ],
)
def test_what_has_no_answer_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError, match=message):
        sf.open_items(example(), PIPELINE, **options)
    if "limits" in options:
        with pytest.raises(sf.SchemaError, match=message):
            sf.time_in_stage(example(), PIPELINE, **options)


def test_a_limit_in_months_is_refused_of_a_log_of_dates() -> None:
    log = sf.StageLog(frame_of([(1, "New", pd.Timestamp("2026-05-08"))]))
    with pytest.raises(sf.SchemaError, match="is in calendar months"):
        sf.open_items(log, sf.Pipeline("New", won="Won"), missing="ignore", limits={"New": "1 month"})


def as_plain(values: Any) -> list[Any]:
    return [None if value is None else float(value) for value in values]


@given(data=st.data(), times=st.sampled_from(["integer", "naive", "zoned"]))
def test_open_items_are_those_of_the_reference(data: st.DataObject, times: Times) -> None:
    marked: MarkedCase = data.draw(marked_cases(unlisted="some", times=times))
    rows, stages = marked.case.rows, marked.case.pipeline
    unit = unit_of(rows)
    in_progress = st.sampled_from(stages.stages)
    paused = data.draw(st.lists(in_progress, unique=True, max_size=2))
    elsewhere = data.draw(st.sampled_from([(), UNLISTED[:1]]))
    ticks = data.draw(st.dictionaries(in_progress, st.integers(0, 6), max_size=3))
    as_of = data.draw(st.none() | st.sampled_from([time for *_, time in rows]))
    limits = {stage: limit if unit is None else pd.Timedelta(limit, unit) for stage, limit in ticks.items()}
    pipeline = pipeline_of(stages).replace(paused=paused, elsewhere=elsewhere, moved_out="include")
    kept = [row for row in range(len(rows)) if as_of is None or rows[row][2] < as_of]
    order = marked.case.order
    stays = reference.stays_by_item(
        rows,
        stages,
        marked.marks(ended_before=as_of),
        unlisted="ignore",
        order=order,
        elsewhere=elsewhere,
        kept=kept,
    )
    seen = [rows[row] for row in kept]
    moved = reference.moved_items(seen, pipeline, elsewhere, order=[order[row] for row in kept])
    until = max(time for *_, time in rows) if as_of is None else as_of
    options: dict[str, Any] = {
        "until": until,
        "limits": ticks,
        "measure": lambda one, other: ticks_between(one, other, unit),
    }
    expected = reference.open_items(stays, stages, paused=paused, moved=moved if elsewhere else (), **options)
    log = marked.log(order="order")
    ignoring: dict[str, Any] = {"unlisted": "ignore", "missing": "ignore", "as_of": as_of}
    found = sf.open_items(log, pipeline, limits=limits, **ignoring)
    assert plain(found["item"]) == [one.item for one in expected]
    assert plain(found["stage"]) == [one.stage for one in expected]
    assert plain(found["entered"]) == [one.entered for one in expected]
    for name in ("in_stage", "age"):
        lengths = [getattr(one, name) for one in expected]
        in_unit = [
            length if length is None or unit is None else pd.Timedelta(length, unit) for length in lengths
        ]
        assert plain(found[name]) == in_unit
    assert as_plain(plain(found["quantile"])) == as_plain(one.quantile for one in expected)
    assert plain(found["over_limit"]) == [one.over_limit for one in expected]
    if limits:
        shares = reference.shares_over_limit(stays, **options)
        times_table = sf.time_in_stage(log, pipeline, limits=limits, **ignoring).set_index("stage")
        for stage, share in shares.items():
            found_share = times_table.loc[stage, "over_limit"]
            assert (np.isnan(found_share) and share is None) or found_share == float(share)


STAGES = st.lists(st.sampled_from(PIPELINE.labels), min_size=1, max_size=5)
SECONDS = st.integers(0, 4 * 86_400)


@given(
    journeys=st.lists(
        st.tuples(
            SECONDS,
            st.lists(st.tuples(st.sampled_from(PIPELINE.labels), SECONDS, st.none() | SECONDS), min_size=1),
        ),
        min_size=1,
        max_size=6,
    ),
    hours=st.sampled_from([{"mon-fri": [("09:00", "17:00")]}, {"mon-sun": [("22:00", "06:00")]}]),
    zone=st.sampled_from([None, "UTC", "Europe/Berlin"]),
    after=st.integers(0, 40),
)
def test_open_items_in_working_hours_are_those_of_the_reference(
    journeys: Any, hours: Any, zone: str | None, after: int
) -> None:
    rows, ends = [], []
    for item, (begin, moves) in enumerate(journeys):
        time = dt.datetime(2026, 3, 20) + dt.timedelta(seconds=begin)
        for stage, wait, end in moves:
            zoned = time.replace(tzinfo=dt.UTC) if zone else time
            rows.append((item, stage, zoned))
            ends.append(None if end is None else zoned + dt.timedelta(seconds=end))
            time += dt.timedelta(seconds=wait)
    until = max(time for *_, time in rows) + dt.timedelta(days=after)
    of_day = {
        day: spans
        for days, spans in hours.items()
        for day in ("mon", "tue", "wed", "thu", "fri", *(("sat", "sun") if days == "mon-sun" else ()))
    }

    def measure(begin: Any, end: Any) -> dt.timedelta:
        return working_time(begin, end, of_day, zone=zone)

    # What ended after the end of observation is not known.
    known = [end if end is not None and end <= until else None for end in ends]
    stays = reference.stays_by_item(rows, PIPELINE, reference.Marks(known, [False] * len(rows)))
    limits = {"New": dt.timedelta(hours=16), "Offer": dt.timedelta(hours=12)}
    options: dict[str, Any] = {"until": until, "limits": limits, "measure": measure}
    expected = reference.open_items(stays, PIPELINE, paused=["Waiting"], **options)
    frame = frame_of(rows).assign(left=pd.Series(ends))
    frame["left"] = frame["left"].astype(frame["time"].dtype)
    log = sf.StageLog(frame, exited="left", zone=zone, observed_until=until)
    asked: dict[str, Any] = {
        "calendar": sf.WorkingHours(hours),
        "limits": {"New": "2d", "Offer": "12h"},
        "missing": "ignore",
    }
    found = sf.open_items(log, PIPELINE.replace(limits=None), **asked)
    assert plain(found["item"]) == [one.item for one in expected]
    assert plain(found["in_stage"]) == [one.in_stage for one in expected]
    assert plain(found["age"]) == [one.age for one in expected]
    assert as_plain(plain(found["quantile"])) == as_plain(one.quantile for one in expected)
    assert plain(found["over_limit"]) == [one.over_limit for one in expected]
    times = sf.time_in_stage(log, PIPELINE.replace(limits=None), **asked).set_index("stage")["over_limit"]
    for stage, share in reference.shares_over_limit(stays, **options).items():
        assert plain(times.loc[[stage]]) == [None if share is None else float(share)]


@given(marked=marked_cases(), basis=st.sampled_from(["active", "created", "closed"]), data=st.data())
def test_the_share_over_a_limit_reads_what_time_in_stage_reads(
    marked: MarkedCase, basis: Any, data: st.DataObject
) -> None:
    rows, stages = marked.case.rows, marked.case.pipeline
    start, end = sorted(
        data.draw(st.lists(st.sampled_from([time for *_, time in rows]), min_size=2, max_size=2))
    )
    end += 1
    kept = reference.kept_rows(rows, stages, basis=basis, start=start, end=end, order=marked.case.order)
    of_period = {"ended_before": end} if basis == "active" else {}
    stays = reference.stays_by_item(
        rows, stages, marked.marks(**of_period), order=marked.case.order, kept=kept
    )
    if basis == "created":
        stays = {item: own for item, own in stays.items() if not own[0].start_unknown}
    last = max(time for *_, time in rows)
    limits = dict.fromkeys(stages.stages, 1)
    expected = reference.shares_over_limit(
        stays,
        until=min(last, end) if basis == "active" else last,
        limits=limits,
        measure=lambda one, other: other - one,
    )
    found = sf.time_in_stage(
        marked.log(order="order"),
        pipeline_of(stages),
        limits=limits,
        period=(start, end),
        basis=basis,
        missing="ignore",
    ).set_index("stage")["over_limit"]
    for stage, share in expected.items():
        assert plain(found.loc[[stage]]) == [None if share is None else float(share)]


def test_shares_over_a_limit_by_group_are_those_of_the_parts() -> None:
    log = example()
    selection = selection_of(log, PIPELINE)
    lengths = Lengths.of(selection.data, None)
    limit = limits_of({"New": 2}, PIPELINE, lengths)
    members = {0: [1, 4, 6, 7, 8], 1: [2, 3, 5, 9]}
    keys = selection.data.keys_at(selection.journeys.first_row)  # items have an order of their own inside
    group = np.array([int(key in members[1]) for key in keys], dtype=np.int32)
    shares = limit.shares_beyond(stays_of(selection, lengths, as_of=None), group, 3)
    for one, items in members.items():
        part = log.filter(items=items)
        of_part = sf.time_in_stage(part, PIPELINE, limits={"New": 2}, missing="ignore")
        assert plain(pd.Series(shares[one])) == plain(of_part["over_limit"])
    assert np.isnan(shares[2]).all()
