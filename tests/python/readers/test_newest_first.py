"""Files that list the newest row first: rows of one time are turned round in every reader."""

import io
import random
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal
from readers.exports import count

SHOP = sf.Pipeline(["New", "Talk", "Offer"], won="Won", lost="Lost")


def table(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype=str)


def outcomes(export: sf.Export, pipeline: str = "Pipeline") -> list[int]:
    found = sf.outcomes(export.log, export.pipelines[pipeline])
    return [int(found[name].iloc[0]) for name in ("won", "lost", "open")]


# Deal 1 was new on the 5th, had its offer and its win on the 7th; deal 2 was lost on its first day.
EVENTS = """deal_id,stage,date
1,Won,2026-01-07
1,Offer,2026-01-07
2,Lost,2026-01-06
2,New,2026-01-06
1,New,2026-01-05
"""
MOVES = """deal_id,from,to,moved_at,created
1,Offer,Won,2026-01-07,2026-01-05
1,New,Offer,2026-01-07,2026-01-05
2,New,Lost,2026-01-06,2026-01-06
"""
STAYS = """deal_id,stage,entered_at,exited_at
1,Won,2026-01-07,
1,Offer,2026-01-07,2026-01-07
2,Lost,2026-01-06,
2,New,2026-01-06,2026-01-06
1,New,2026-01-05,2026-01-07
"""


@pytest.mark.parametrize("text", [EVENTS, MOVES, STAYS], ids=["events", "moves", "stays"])
def test_rows_of_one_day_are_turned_round(text: str) -> None:
    export = sf.read(table(text))
    assert outcomes(export) == [1, 1, 0]
    assert list(export.pipelines["Pipeline"].labels) == ["New", "Offer", "Won", "Lost"]
    levels = export.quality.set_index("check")["level"]
    assert levels["newest_first"] == "guess"


def test_the_rows_that_were_turned_are_counted() -> None:
    assert count(sf.read(table(EVENTS)), "newest_first") == 4
    assert count(sf.read(table(MOVES)), "newest_first") == 2  # the first stages come from the moves


@pytest.mark.parametrize("text", [EVENTS, STAYS], ids=["events", "stays"])
def test_files_that_run_forwards_stay_as_they_are(text: str) -> None:
    export = sf.read(table(text)[::-1])
    assert outcomes(export) == [1, 1, 0]
    assert count(export, "newest_first") == 0


def test_without_ties_nothing_is_turned() -> None:
    rows = table("deal_id,stage,date\n1,Won,2026-01-07\n1,Offer,2026-01-06\n1,New,2026-01-05\n")
    assert count(sf.read(rows), "newest_first") == 0


def test_an_item_of_one_day_follows_the_others() -> None:
    backwards = (
        "deal_id,stage,date\n1,Won,2026-01-07\n1,New,2026-01-05\n2,Talk,2026-01-06\n2,New,2026-01-06\n"
    )
    export = sf.read(table(backwards))
    stages = sf.item_table(export.log, export.pipelines["Pipeline"]).set_index("item")["last_stage"]
    assert stages.astype(str).to_dict() == {"1": "Won", "2": "Talk"}


def test_items_may_run_in_different_directions() -> None:
    # Deal 1 goes back in time, deal 2 forwards: each is read in its own way.
    text = """deal_id,stage,date
1,Won,2026-01-07
1,Offer,2026-01-07
1,New,2026-01-05
2,New,2026-01-05
2,Offer,2026-01-06
2,Lost,2026-01-06
"""
    assert outcomes(sf.read(table(text))) == [1, 1, 0]


def test_where_every_item_has_one_day_its_final_stage_shows_the_direction() -> None:
    text = "deal_id,stage,date\n1,Won,2026-01-07\n1,New,2026-01-07\n2,Lost,2026-01-07\n2,New,2026-01-07\n"
    assert outcomes(sf.read(table(text))) == [1, 1, 0]
    assert outcomes(sf.read(table(text)[::-1])) == [1, 1, 0]
    # A pipeline that is passed says which stages are final.
    named = table(text.replace("Won", "Signed").replace("Lost", "Gone"))
    own = sf.Pipeline("New", won="Signed", lost="Gone")
    assert outcomes(sf.read(named, pipeline=own)) == [1, 1, 0]


def test_without_final_stages_a_file_whose_days_fall_goes_back_in_time() -> None:
    text = "deal_id,stage,date\n2,Talk,2026-01-08\n2,New,2026-01-08\n1,Talk,2026-01-07\n1,New,2026-01-07\n"
    export = sf.read(table(text))
    stages = sf.item_table(export.log, export.pipelines["Pipeline"])["last_stage"].astype(str)
    assert set(stages) == {"Talk"}


def test_one_late_entry_does_not_turn_an_item_of_a_file_that_runs_forwards() -> None:
    rows = [
        f"{deal},{stage},2026-02-{day:02d}" for deal in range(20) for stage, day in (("New", 1), ("Won", 9))
    ]
    rows += ["20,Offer,2026-02-07", "20,Won,2026-02-07", "20,New,2026-02-05"]
    export = sf.read(table("\n".join(["deal_id,stage,date", *rows])))
    assert outcomes(export) == [21, 0, 0]


def test_every_file_has_its_own_direction() -> None:
    january = table(
        "deal_id,stage,date\n1,Talk,2026-01-07\n1,New,2026-01-07\n2,Talk,2026-01-03\n2,New,2026-01-02\n"
    )
    february = table(
        "deal_id,stage,date\n1,Won,2026-02-09\n1,Offer,2026-02-09\n2,Lost,2026-02-08\n2,Offer,2026-02-05\n"
    )
    for files in ([january, february], [february, january]):
        export = sf.read(files, pipeline=SHOP)
        assert outcomes(export) == [1, 1, 0]
        assert sf.transitions(export.log, SHOP)["moves"].sum() == 6
        assert count(export, "newest_first") == 4


def test_a_column_that_orders_the_rows_decides() -> None:
    rows = table(EVENTS).assign(seq=["3", "2", "5", "4", "1"])
    export = sf.read(rows)
    assert outcomes(export) == [1, 1, 0]
    assert count(export, "newest_first") == 0


def test_numbers_that_fall_with_time_are_turned_round() -> None:
    rows = table(EVENTS)[::-1].assign(row_number=["3", "2", "1", "2", "1"])  # 1 is the newest of an item
    export = sf.read(rows)
    assert outcomes(export) == [1, 1, 0]
    assert count(export, "newest_first") == 5


@pytest.mark.parametrize(
    "ids",
    [
        ["9f0c2d1e-0000-4000-8000-00000000000a", "1f0c2d1e-0000-4000-8000-00000000000b"] * 2
        + ["5f0c2d1e-0000-4000-8000-00000000000c"],
        ["4", "1", "3", "2", None],
    ],
    ids=["random", "with a gap"],
)
def test_ids_that_order_nothing_are_left_out_and_counted(ids: list[Any]) -> None:
    export = sf.read(table(EVENTS).assign(event_id=ids))
    assert outcomes(export) == [1, 1, 0]
    assert count(export, "order_left_out") == 5


def test_a_column_that_is_named_as_the_order_is_taken_as_it_is() -> None:
    rows = table(EVENTS).assign(rank=["1", "2", "1", "2", "3"])
    assert outcomes(sf.read(rows, order="rank")) == [0, 0, 2]


def test_moves_of_one_day_stand_in_the_order_in_which_one_leads_to_the_next() -> None:
    text = """deal_id,from,to,moved_at
1,Offer,Won,2026-01-07
1,New,Talk,2026-01-07
1,Talk,Offer,2026-01-07
2,New,Talk,2026-01-06
2,Lost,Talk,2026-01-07
2,Talk,New,2026-01-07
2,New,Lost,2026-01-07
2,Talk,Won,2026-01-08
"""
    export = sf.read(table(text))
    assert outcomes(export) == [2, 0, 0]
    assert count(export, "broken_moves") == 0
    # Of deal 1 all three change places; of deal 2 the three of the 7th do.
    assert count(export, "ties_by_chain") == 6
    assert list(export.pipelines["Pipeline"].stages) == ["New", "Talk", "Offer"]


def test_the_move_after_them_says_where_moves_that_lead_round_began() -> None:
    # From where the deal comes is not known; it is in Talk when it goes on, so it came back to Talk.
    text = "deal_id,from,to,moved_at\n1,New,Talk,2026-01-07\n1,Talk,New,2026-01-07\n1,Talk,Won,2026-01-08\n"
    export = sf.read(table(text))
    assert count(export, "broken_moves") == 0
    first = sf.row_table(export.log)["stage"].astype(str).tolist()
    assert first == ["Talk", "New", "Talk", "Won"]


def test_moves_that_lead_nowhere_stay_as_they_are_and_are_counted() -> None:
    text = "deal_id,from,to,moved_at\n1,New,Talk,2026-01-07\n1,Offer,Won,2026-01-07\n"
    export = sf.read(table(text))
    assert (count(export, "broken_moves"), count(export, "ties_by_chain")) == (1, 0)
    assert outcomes(export) == [1, 0, 0]


def test_stays_of_one_day_stand_in_the_order_in_which_they_end() -> None:
    text = """deal_id,stage,entered_at,exited_at
1,Won,2026-01-07,
2,New,2026-01-06,2026-01-06
1,Offer,2026-01-07,2026-01-07
3,New,2026-01-01,2026-01-02
1,New,2026-01-05,2026-01-07
2,Lost,2026-01-06,9999-12-31
3,Won,2026-01-02,
"""
    export = sf.read(table(text))
    assert outcomes(export) == [2, 1, 0]
    assert count(export, "open_before_next") == count(export, "overlaps") == 0


def test_field_histories_of_salesforce_are_chained_too() -> None:
    rows = [
        {
            "Id": f"017A{at}",
            "OpportunityId": "006A",
            "Field": "StageName",
            "CreatedDate": "2026-03-02T09:00:00Z",
        }
        | {"OldValue": old, "NewValue": new}
        for at, (old, new) in enumerate([("Offer", "Closed Won"), ("New", "Offer")])
    ]
    export = sf.read(rows)
    assert count(export, "ties_by_chain") == 2
    assert sf.row_table(export.log)["stage"].astype(str).tolist() == ["New", "Offer", "Closed Won"]


def test_items_whose_outcome_hangs_on_the_order_of_rows_are_a_warning_of_the_export() -> None:
    export = sf.read(table(EVENTS))
    line = export.quality.set_index("check").loc["ties_deciding_outcome"]
    assert (line["count"], line["level"]) == (2, "warning")
    # With a pipeline the log counts them itself: there are not two lines.
    assert (
        export.log.quality(export.pipelines["Pipeline"])["check"].tolist().count("ties_deciding_outcome") == 1
    )


def test_each_pipeline_has_its_own_line_of_such_items() -> None:
    rows = table(EVENTS).assign(pipeline=["A", "A", "B", "B", "A"])
    quality = sf.read(rows).quality
    notes = quality[quality["check"] == "ties_deciding_outcome"]
    assert notes["count"].tolist() == [1, 1]
    assert [name in note for name, note in zip(("'A'", "'B'"), sorted(notes["note"]), strict=True)] == [
        True,
        True,
    ]


Journeys = list[list[tuple[str, int]]]


@st.composite
def journeys(draw: st.DrawFn) -> Journeys:
    """Draw journeys with a few days, so that several stages are entered on one of them."""
    drawn = []
    for _ in range(draw(st.integers(1, 5))):
        path = draw(st.lists(st.sampled_from(SHOP.labels), min_size=1, max_size=6))
        path = [stage for at, stage in enumerate(path) if not at or stage != path[at - 1]]
        days = sorted(draw(st.lists(st.integers(1, 4), min_size=len(path), max_size=len(path))))
        drawn.append(list(zip(map(str, path), days, strict=True)))
    assume(any(visits[0][1] < visits[-1][1] for visits in drawn))  # a file of one day has no direction
    return drawn


def rows_of(drawn: Journeys) -> pd.DataFrame:
    rows = [
        {"item": str(item), "stage": stage, "time": pd.Timestamp(2026, 3, day), "n": n}
        for item, visits in enumerate(drawn)
        for n, (stage, day) in enumerate(visits)
    ]
    return pd.DataFrame(rows)


def newest_first(rows: pd.DataFrame, seed: int | None) -> pd.DataFrame:
    """Turn rows round: item by item, or all of them by their days; items of one day are mixed by a seed."""
    if seed is None:
        return rows[::-1]
    items = rows["item"].drop_duplicates().tolist()
    random.Random(seed).shuffle(items)
    return rows.assign(place=rows["item"].map(items.index)).sort_values(
        ["time", "place", "n"], ascending=False
    )


def assert_says_the_same(export: sf.Export, rows: pd.DataFrame) -> None:
    log = sf.StageLog(rows, order="n")
    assert_frame_equal(sf.funnel(export.log, SHOP, kind="both"), sf.funnel(log, SHOP, kind="both"))
    assert_frame_equal(sf.transitions(export.log, SHOP), sf.transitions(log, SHOP))
    assert_frame_equal(sf.time_in_stage(export.log, SHOP), sf.time_in_stage(log, SHOP))


@examples(ci=20, night=300)
@given(journeys(), st.one_of(st.none(), st.integers(0, 9)))
def test_events_newest_first_say_what_their_rows_say(drawn: Journeys, seed: int | None) -> None:
    rows = rows_of(drawn)
    written = newest_first(rows, seed)[["item", "stage", "time"]]
    assert_says_the_same(sf.read(written, pipeline=SHOP), rows)


@examples(ci=20, night=300)
@given(journeys(), st.one_of(st.none(), st.integers(0, 9)))
def test_stays_newest_first_say_what_their_rows_say(drawn: Journeys, seed: int | None) -> None:
    rows = rows_of(drawn)
    written = rows.assign(exited_at=rows.groupby("item")["time"].shift(-1)).rename(
        columns={"time": "entered_at"}
    )
    written["time"] = written["entered_at"]
    written = newest_first(written, seed)[["item", "stage", "entered_at", "exited_at"]]
    assert_says_the_same(sf.read(written, pipeline=SHOP), rows)


@examples(ci=20, night=300)
@given(journeys(), st.randoms())
def test_moves_in_any_order_lead_from_one_to_the_next(drawn: Journeys, luck: random.Random) -> None:
    rows = rows_of(drawn)
    before = rows.groupby("item")["stage"].shift()
    written = rows.assign(from_stage=before, created=rows["item"].map(rows.groupby("item")["time"].min()))
    written = written.rename(columns={"stage": "to_stage", "time": "moved_at"}).drop(columns="n")
    shuffled = written.iloc[luck.sample(range(len(written)), len(written))]
    export = sf.read(shuffled, pipeline=SHOP)
    assert count(export, "broken_moves") == 0
    # Which of several ways through the moves of a day was gone is not known; each move is there once.
    log = sf.StageLog(rows, order="n")
    assert_frame_equal(sf.transitions(export.log, SHOP), sf.transitions(log, SHOP))


def test_a_first_move_that_does_not_say_what_it_leaves_is_counted() -> None:
    moves = [
        {"deal_id": 1, "from": None, "to": "Talk", "moved_at": "2026-01-07", "created": "2026-01-05"},
        {"deal_id": 1, "from": "Talk", "to": "Won", "moved_at": "2026-01-08", "created": "2026-01-05"},
        {"deal_id": 2, "from": None, "to": "New", "moved_at": "2026-01-06", "created": "2026-01-06"},
    ]
    assert count(sf.read(moves), "first_stage_unknown") == 1


def test_a_file_in_no_order_of_time_stays_as_it_is() -> None:
    days = [(7, "Won"), (7, "Offer"), (5, "Talk"), (6, "Call"), (4, "New"), (7, "Won")]
    rows = [
        {"deal_id": deal, "stage": stage, "date": f"2026-01-{day:02d}"}
        for deal in range(3)
        for day, stage in days
    ]
    assert count(sf.read(rows), "newest_first") == 0
