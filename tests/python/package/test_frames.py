"""Answers as frames of polars and Arrow: their types, what they remember, and for whom the choice holds."""

import asyncio
import datetime
import enum
import gc
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import stagefunnel as sf
from stagefunnel.cli import main
from stagefunnel.plots import plot_funnel, plot_time_in_stage
from stagefunnel.tables.frames import as_pandas, to_arrow, to_polars

EXAMPLE = sf.datasets.worked_example()
SHOP = sf.datasets.furniture_shop()
STAGES = ["New", "Discussion", "Prepayment invoice", "Delivery", "Won", "Lost"]
QUESTIONS: dict[str, Callable[[], Any]] = {
    "funnel": lambda: sf.funnel(SHOP.log, SHOP.pipeline, kind="both"),
    "groups": lambda: sf.funnel(SHOP.log, SHOP.pipeline, by=SHOP.log.items.columns[1], top=2),
    "trend": lambda: sf.funnel_by_period(SHOP.log, SHOP.pipeline, every="quarter"),
    "comparison": lambda: sf.compare_periods(SHOP.log, SHOP.pipeline, "2025-03"),
    "outcomes": lambda: sf.outcomes(SHOP.log, SHOP.pipeline),
    "times": lambda: sf.time_in_stage(SHOP.log, SHOP.pipeline),
    "visits": lambda: sf.visits(SHOP.log, SHOP.pipeline, period="2025-03"),
    "transitions": lambda: sf.transitions(SHOP.log, SHOP.pipeline),
    "losses": lambda: sf.losses(SHOP.log, SHOP.pipeline),
    "skips": lambda: sf.skips(SHOP.log, SHOP.pipeline),
    "flow": lambda: sf.flow(SHOP.log, SHOP.pipeline, period="2025-03"),
    "velocity": lambda: sf.sales_velocity(SHOP.log, SHOP.pipeline, amount="amount", every="quarter"),
    "money": lambda: sf.flow(SHOP.log, SHOP.pipeline, period="2025-03", amount="amount"),
    "items": lambda: sf.item_table(SHOP.log, SHOP.pipeline),
    "explanation": lambda: sf.explain(SHOP.log, SHOP.pipeline, item=1),
    "rows": lambda: sf.row_table(SHOP.log),
    "quality": lambda: SHOP.log.quality(SHOP.pipeline),
    "check": lambda: sf.check(SHOP.log, SHOP.pipeline, ["rows < 1", "last_row < 2026-01-01"]),
    "sequence": lambda: sf.sequence_funnel(SHOP.log, ["New", "Won"], window="60d"),
    "sequence items": lambda: sf.sequence_items(SHOP.log, ["New", "Won"]),
    "sequence trend": lambda: sf.sequence_trend(SHOP.log, ["New", "Won"], window="60d"),
    "time to convert": lambda: sf.time_to_convert(SHOP.log, ["New", "Won"]),
    "paths": lambda: sf.sequence_paths(SHOP.log, ["New", "Won"]),
}


def outcomes_type() -> str:
    return type(sf.outcomes(EXAMPLE.log, EXAMPLE.pipeline)).__module__.partition(".")[0]


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize(("frames", "kind"), [("polars", pl.DataFrame), ("arrow", pa.Table)])
def test_an_answer_is_shown_alike_whatever_frame_it_is(question: Any, frames: Any, kind: type) -> None:
    plain = question()
    with sf.options(frames=frames):
        answer = question()
        assert type(answer) is kind
        assert str(sf.show(answer)) == str(sf.show(plain))
    names = answer.columns if kind is pl.DataFrame else answer.column_names
    assert [str(name) for name in names] == [str(name) for name in plain.columns]
    assert len(answer) == len(plain)


def test_the_types_of_polars() -> None:
    with sf.options(frames="polars"):
        items = sf.item_table(SHOP.log, SHOP.pipeline)
        times = sf.time_in_stage(SHOP.log, SHOP.pipeline)
        trend = sf.funnel_by_period(SHOP.log, SHOP.pipeline, every="quarter")
    assert items.schema["first_time"] == pl.Datetime("us", "UTC")
    assert items.schema["last_stage"] == pl.Enum(STAGES)
    assert items.schema["item"] == items.schema["visits"] == pl.Int64
    assert times.schema["median"] == pl.Duration("us")
    assert trend["period"][0] == "2025Q1"
    assert trend.schema["conversion_from_all"] == pl.Float64


def test_the_types_of_arrow() -> None:
    with sf.options(frames="arrow"):
        items = sf.item_table(SHOP.log, SHOP.pipeline)
        times = sf.time_in_stage(SHOP.log, SHOP.pipeline)
    assert items.schema.field("first_time").type == pa.timestamp("us", "UTC")
    assert items.schema.field("last_stage").type == pa.dictionary(pa.int32(), pa.string(), ordered=True)
    assert items.schema.field("visits").type == pa.int64()
    assert times.schema.field("median").type == pa.duration("us")


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "+05:30"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_keep_their_moment_and_their_zone(zone: str | None, unit: Any) -> None:
    times = pd.Series(pd.to_datetime(["2026-02-01 10:30", None])).dt.as_unit(unit).dt.tz_localize(zone)
    table = pd.DataFrame({"time": times, "length": times - times.iloc[0]})
    arrow, polars = to_arrow(table), to_polars(table)
    assert arrow.schema.field("time").type == pa.timestamp(unit, zone)
    # polars has no seconds, and knows zones by their names alone.
    of_polars = "ms" if unit == "s" else unit
    assert polars.schema["time"] == pl.Datetime(of_polars, "UTC" if zone == "+05:30" else zone)
    assert polars.schema["length"] == pl.Duration(of_polars)
    for back in (as_pandas(arrow), as_pandas(polars)):
        assert back["time"].iloc[0] == times.iloc[0]
        assert pd.isna(back["time"].iloc[1])
        assert back["length"].iloc[0] == pd.Timedelta(0)


class Grade(enum.Enum):
    A = 1


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        ([1, "a", None], ["1", "a", None]),
        ([1, 2, None], [1, 2, None]),
        ([Grade.A], ["Grade.A"]),
        ([uuid.UUID(int=1)], ["00000000-0000-0000-0000-000000000001"]),
        ([datetime.date(2026, 1, 1)], [datetime.date(2026, 1, 1)]),
        ([b"ab"], [b"ab"]),
        ([pd.Period("2026-01")], ["2026-01"]),
        ([True, False, None], [True, False, None]),
        ([pd.Timestamp("2026-01-01"), 3.5], ["2026-01-01 00:00:00", "3.5"]),
    ],
)
def test_values_of_several_types_are_text(values: list[Any], listed: list[Any]) -> None:
    table = pd.DataFrame({"value": pd.Series(values, dtype=object)})
    assert to_arrow(table)["value"].to_pylist() == listed
    assert to_polars(table)["value"].to_list() == listed
    labels = pd.Series([value for value in values if value is not None], dtype=object)
    categories = pd.DataFrame({"value": pd.Categorical(labels, categories=labels, ordered=True)})
    assert to_polars(categories)["value"].to_list() == [one for one in listed if one is not None]


def test_a_missing_value_is_null() -> None:
    table = pd.DataFrame({"share": [0.5, np.nan], "stage": pd.Categorical(["New", None], ordered=True)})
    assert to_arrow(table).to_pydict() == {"share": [0.5, None], "stage": ["New", None]}
    assert to_polars(table).null_count().row(0) == (1, 1)


def test_numbers_are_not_copied() -> None:
    table = pd.DataFrame({"reached": np.arange(1000)}, copy=False)
    values = table["reached"].to_numpy()
    column = to_arrow(table)["reached"].chunk(0)
    assert column.buffers()[1].address == values.__array_interface__["data"][0]
    assert np.shares_memory(to_polars(table)["reached"].to_numpy(), values)


def test_a_table_of_arrow_remembers_after_a_filter_and_in_a_file(tmp_path: Any) -> None:
    ignoring = sf.Pipeline(["New"], won="Won")
    with sf.options(frames="arrow"):
        funnel = sf.funnel(SHOP.log, ignoring, unlisted="ignore")
    assert "Ignored: " in str(sf.show(funnel))
    pq.write_table(funnel, tmp_path / "funnel.parquet")
    assert str(sf.show(pq.read_table(tmp_path / "funnel.parquet"))) == str(sf.show(funnel))
    assert "Ignored: " in str(sf.show(funnel.slice(0, 1)))


def test_a_frame_of_polars_remembers_as_it_is_and_is_shown_from_its_columns_after_a_change() -> None:
    ignoring = sf.Pipeline(["New"], won="Won")
    with sf.options(frames="polars"):
        funnel = sf.funnel(SHOP.log, ignoring, unlisted="ignore")
    assert "Ignored: " in str(sf.show(funnel))
    changed = funnel.filter(pl.col("reached") > 0).sort("stage", descending=True)
    shown = str(sf.show(changed))
    assert shown.startswith("Funnel")
    assert "Ignored" not in shown
    assert shown.index("New") < shown.index("Won")  # in the order of the pipeline
    assert "Ignored" not in str(sf.show(pl.DataFrame({"a": [1]})))


def test_nothing_is_remembered_of_frames_that_are_gone() -> None:
    from stagefunnel.tables import frames

    gc.collect()
    before = len(frames._beside)
    with sf.options(frames="polars"):
        kept = [sf.outcomes(EXAMPLE.log, EXAMPLE.pipeline) for _ in range(5)]
    assert len(frames._beside) == before + 5
    del kept
    gc.collect()
    assert len(frames._beside) == before


@pytest.mark.parametrize("frames", ["polars", "arrow"])
def test_a_summary_has_such_tables(frames: Any) -> None:
    plain = sf.summary(EXAMPLE.log, EXAMPLE.pipeline)
    with sf.options(frames=frames):
        summary = sf.summary(EXAMPLE.log, EXAMPLE.pipeline)
        of_parts = sf.partial(EXAMPLE.log, EXAMPLE.pipeline).summary()
    for one in (summary, of_parts):
        assert {type(table).__module__.partition(".")[0] for table in one.tables.values()} <= {
            "polars",
            "pyarrow",
        }
        assert repr(one) == repr(plain)
        assert str(sf.show(one)) == str(sf.show(plain))


@pytest.mark.parametrize("frames", ["polars", "arrow"])
def test_charts_take_them_and_draw_the_same(frames: Any) -> None:
    with sf.options(frames=frames):
        funnel = sf.funnel(EXAMPLE.log, EXAMPLE.pipeline, kind="both")
        times = sf.time_in_stage(SHOP.log, SHOP.pipeline)
    assert plot_funnel(funnel).to_dict() == plot_funnel(as_pandas(funnel)).to_dict()
    plain = plot_funnel(sf.funnel(EXAMPLE.log, EXAMPLE.pipeline, kind="both")).to_dict()
    assert plot_funnel(table=funnel, theme="light").to_dict().keys() == plain.keys()
    assert plot_time_in_stage(times).to_dict()["layer"]


def test_the_page_and_the_command_are_the_same_whatever_is_chosen(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    log = "item,stage,time\n1,New,2026-01-01\n1,Won,2026-01-05\n"
    tmp_path.joinpath("deals.csv").write_text(log)
    tmp_path.joinpath("pipeline.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')
    words = [str(tmp_path / "deals.csv"), "--pipeline", str(tmp_path / "pipeline.toml")]
    printed = []
    for frames in ("pandas", "polars"):
        with sf.options(frames=frames):  # type: ignore[arg-type]
            assert main(["summary", *words, "--format", "json"]) == 0
            assert main(["funnel", *words]) == 0
            printed.append(capsys.readouterr().out)
            export = sf.read([{"deal_id": 1, "stage": "New", "date": "2026-01-05"}])
            assert isinstance(export.quality, pd.DataFrame)
    assert printed[0] == printed[1]


@pytest.fixture
def whole_program() -> Any:
    yield
    sf.options(frames="pandas")


@pytest.mark.usefixtures("whole_program")
def test_a_choice_holds_for_the_program_in_all_threads() -> None:
    sf.options(frames="polars")
    assert outcomes_type() == "polars"
    with ThreadPoolExecutor() as pool:
        assert pool.submit(outcomes_type).result() == "polars"
    with sf.options(frames="arrow"):
        assert outcomes_type() == "pyarrow"
    assert outcomes_type() == "polars"
    sf.options(frames="pandas")
    assert outcomes_type() == "pandas"


def test_blocks_lie_in_each_other_and_end_after_errors() -> None:
    with sf.options(frames="polars"):
        with sf.options(frames="pandas"):
            assert outcomes_type() == "pandas"
        with sf.options():
            assert outcomes_type() == "polars"
        with pytest.raises(ZeroDivisionError), sf.options(frames="arrow"):
            1 / 0  # noqa: B018
        assert outcomes_type() == "polars"
    assert outcomes_type() == "pandas"


def test_one_object_may_be_entered_again() -> None:
    chosen = sf.options(frames="polars")
    with chosen, chosen:
        assert outcomes_type() == "polars"
    assert outcomes_type() == "pandas"
    with chosen:
        assert outcomes_type() == "polars"
    assert outcomes_type() == "pandas"


def test_a_block_is_of_its_own_thread() -> None:
    inside, go_on = threading.Event(), threading.Event()
    seen: list[str] = []

    def choose() -> None:
        with sf.options(frames="polars"):
            inside.set()
            go_on.wait(10)
            seen.append(outcomes_type())

    thread = threading.Thread(target=choose)
    thread.start()
    inside.wait(10)
    assert outcomes_type() == "pandas"
    go_on.set()
    thread.join()
    assert seen == ["polars"]


def test_a_block_is_of_its_own_task() -> None:
    async def ask(frames: Any, turns: list[asyncio.Event]) -> str:
        with sf.options(frames=frames):
            turns[0].set()
            await turns[1].wait()
            return outcomes_type()

    async def both() -> list[str]:
        first, second = asyncio.Event(), asyncio.Event()
        one = asyncio.create_task(ask("polars", [first, second]))
        two = asyncio.create_task(ask("arrow", [second, first]))
        found = [*await asyncio.gather(one, two), outcomes_type()]
        return found

    assert asyncio.run(both()) == ["polars", "pyarrow", "pandas"]


def test_many_threads_choose_at_once() -> None:
    def ask(frames: Any) -> bool:
        expected = {"polars": "polars", "arrow": "pyarrow", "pandas": "pandas"}[frames]
        for _ in range(30):
            with sf.options(frames=frames):
                if outcomes_type() != expected:
                    return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, ["polars", "arrow", "pandas"] * 6))
    assert outcomes_type() == "pandas"


def test_a_block_is_not_seen_by_other_threads_on_its_way_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagefunnel.tables.choices._SETTLES", 5)  # so that a busy machine is in time too
    made, go_on = threading.Event(), threading.Event()

    def choose() -> None:
        chosen = sf.options(frames="polars")
        made.set()
        go_on.wait(10)
        with chosen:
            pass

    thread = threading.Thread(target=choose)
    thread.start()
    made.wait(10)
    threading.Timer(0.005, go_on.set).start()
    assert outcomes_type() == "pandas"
    thread.join()


@pytest.mark.parametrize("frames", ["polar", "Polars", 3])
def test_an_unknown_library_is_refused(frames: Any) -> None:
    with pytest.raises(sf.SchemaError, match=f"frames={frames!r} is not one of 'pandas', 'polars', 'arrow'"):
        sf.options(frames=frames)
    assert outcomes_type() == "pandas"


def test_the_choice_is_shown() -> None:
    with sf.options(frames="arrow") as chosen:
        assert repr(chosen) == "options(frames='arrow')"
