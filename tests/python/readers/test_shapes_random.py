"""Random journeys, written in every shape: each shape makes the log of their rows."""

from typing import NamedTuple

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal

SHOP = sf.Pipeline(["New", "Offer", "Prépaiement"], won="Won", lost=["Lost", "Spam"])


class Row(NamedTuple):
    item: str
    stage: str
    time: pd.Timestamp


@st.composite
def journeys(draw: st.DrawFn, *, again: bool = True) -> list[Row]:
    """Draw rows in random order; the times of an item differ, and no stage follows itself."""
    rows = []
    for item in range(draw(st.integers(1, 6))):
        path = draw(st.lists(st.sampled_from(SHOP.labels), min_size=1, max_size=8, unique=not again))
        path = [stage for at, stage in enumerate(path) if not at or stage != path[at - 1]]
        minutes = draw(st.lists(st.integers(0, 10**6), min_size=len(path), max_size=len(path), unique=True))
        start = pd.Timestamp("2026-03-14")
        rows += [
            Row(str(item), str(stage), start + pd.Timedelta(minutes=minute))
            for stage, minute in zip(path, sorted(minutes), strict=True)
        ]
    return draw(st.permutations(rows))


def assert_says_the_same(export: sf.Export, rows: list[Row]) -> None:
    log = sf.StageLog(pd.DataFrame(rows))
    assert_frame_equal(sf.funnel(export.log, SHOP, kind="both"), sf.funnel(log, SHOP, kind="both"))
    assert_frame_equal(sf.time_in_stage(export.log, SHOP), sf.time_in_stage(log, SHOP))
    assert_frame_equal(sf.transitions(export.log, SHOP), sf.transitions(log, SHOP))


@examples(ci=20, night=150)
@given(journeys())
def test_events_say_what_their_rows_say(rows: list[Row]) -> None:
    written = [
        {"Deal ID": row.item, "Stage": row.stage, "Changed at": row.time.strftime("%d.%m.%Y %H:%M")}
        for row in rows
    ]
    assert_says_the_same(sf.read(written, pipeline=SHOP), rows)


@examples(ci=20, night=150)
@given(journeys())
def test_moves_say_what_their_rows_say(rows: list[Row]) -> None:
    frame = pd.DataFrame(rows).sort_values("time")
    frame["from_stage"] = frame.groupby("item")["stage"].shift()
    created = frame.groupby("item", as_index=False)["time"].min().rename(columns={"time": "created_at"})
    moves = frame.dropna(subset=["from_stage"]).rename(columns={"stage": "to_stage", "time": "moved_at"})
    # An item that never moved has no row among moves; the row of its creation stands for it.
    lone = frame[~frame["item"].isin(moves["item"])].rename(columns={"stage": "to_stage", "time": "moved_at"})
    given = pd.concat([moves, lone])[["item", "from_stage", "to_stage", "moved_at"]]
    assert_says_the_same(
        sf.read([given.sample(frac=1, random_state=1), created.assign(note="x")], pipeline=SHOP), rows
    )


@examples(ci=20, night=150)
@given(journeys(), st.sampled_from([None, "2050-01-01 00:00:00", "9999-12-31 23:59:59"]))
def test_stays_say_what_their_rows_say(rows: list[Row], never: str | None) -> None:
    frame = pd.DataFrame(rows).sort_values("time")
    exits = frame.groupby("item")["time"].shift(-1).dt.strftime("%Y-%m-%d %H:%M:%S")
    given = frame.rename(columns={"time": "entered_at"}).assign(
        exited_at=exits.fillna(never) if never else exits
    )
    export = sf.read(given.sample(frac=1, random_state=1), pipeline=SHOP)
    assert_says_the_same(export, rows)
    counted = set(export.quality["check"])
    assert not {"gaps", "overlaps", "left_for_nothing", "open_before_next"} & counted


@examples(ci=20, night=150)
@given(journeys(again=False))
def test_wide_tables_say_what_their_rows_say(rows: list[Row]) -> None:
    wide = pd.DataFrame(rows).pivot(index="item", columns="stage", values="time").reset_index()
    wide = wide.rename_axis(columns=None).rename(columns={"item": "deal_id"})
    export = sf.read(wide, pipeline=SHOP)
    assert export.format == "wide"
    assert_says_the_same(export, rows)


@pytest.mark.parametrize("order", ["time", "row"])
def test_the_written_order_of_rows_does_not_matter(order: str) -> None:
    rows = [Row("1", "New", pd.Timestamp("2026-03-14")), Row("1", "Won", pd.Timestamp("2026-03-15"))]
    export = sf.read(pd.DataFrame(rows if order == "time" else rows[::-1]), pipeline=SHOP)
    assert_says_the_same(export, rows)
