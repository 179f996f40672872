"""Rows that are more than fit in memory: what is refused, what is left behind, and what goes on."""

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal
from stagefunnel.log.columns.inputs import read_input
from stagefunnel.log.saved.folder import read_parts_and_partitions, writing
from stagefunnel.log.spilled import regrouped
from stagefunnel.log.spilled.budget import Budget
from stagefunnel.log.spilled.placing import hashes_of_column

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
ROWS = pd.DataFrame(
    {
        "item": [f"deal {number % 40} of many" for number in range(200)],
        "stage": ["New", "Offer", "Won", "Lost", "New"] * 40,
        "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(200) * 7 % 191, unit="h"),
        "owner": [f"owner {number % 3}" for number in range(200)],
    }
)
ITEMS = pd.DataFrame({"item": ROWS["item"].unique(), "team": ["x", "y"] * 20})
FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave so little room that there are several partitions, and several logs of units."""
    monkeypatch.setattr(Budget, "room", property(lambda _: 4_000))
    monkeypatch.setattr(regrouped, "LEAST_ROWS", 20)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is lost here


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    ROWS.iloc[:90].to_csv(paths[0], index=False)
    ROWS.iloc[90:].to_csv(paths[1], index=False)
    return paths


def spilled(files: Any, folder: Path, **options: Any) -> Any:
    return sf.StageLog.from_csv(files, spill=folder, columns=["owner"], items=ITEMS, **options)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*")) if folder.exists() else []


def test_a_spilled_file_is_the_log_of_its_rows(files: list[Path], tmp_path: Path) -> None:
    whole = sf.StageLog.from_csv(files, columns=["owner"], items=ITEMS)
    log = spilled(files, tmp_path / "log.sf")
    assert isinstance(log, sf.PartitionedLog)
    assert log.n_partitions > 3
    for one in (log, sf.StageLog.load(tmp_path / "log.sf"), pickle.loads(pickle.dumps(log))):
        assert (one.n_rows, one.n_items, len(one)) == (200, 40, 200)
        assert (one.unit, one.zone, one.observed_until) == (whole.unit, whole.zone, whole.observed_until)
        assert_frame_equal(one.stages, whole.stages)
        assert_frame_equal(one.quality(PIPELINE), whole.quality(PIPELINE))
        for by in (None, "owner", "team"):
            assert_frame_equal(sf.funnel(one, PIPELINE, by=by), sf.funnel(whole, PIPELINE, by=by))
    assert repr(log).splitlines()[0] == f"PartitionedLog: 200 rows, 40 items, {log.n_partitions} partitions"
    assert repr(log).splitlines()[1:4] == repr(whole).splitlines()[1:4]
    assert not list((tmp_path / "log.sf").glob("spill-*"))


def test_partitions_share_no_item_and_are_observed_alike(files: list[Path], tmp_path: Path) -> None:
    log = spilled(files, tmp_path / "log.sf", keys="keep")
    parts = list(log.partitions())
    keys = [set(sf.item_table(part, PIPELINE, unlisted="ignore")["item"]) for part in parts if part.n_rows]
    assert sum(map(len, keys)) == len(set.union(*keys)) == 40
    assert {part.observed_until for part in parts} == {log.observed_until}


@pytest.mark.parametrize(
    "keys",
    [
        ["ab", "c"],
        pd.Series(["ab", "c"], dtype="category"),
        np.array(["ab", "c"], dtype=object),
        [b"ab", b"c"],
    ],
)
def test_texts_lie_in_one_place_whatever_column_holds_them(keys: Any) -> None:
    found = hashes_of_column(read_input(keys, "item").column).tolist()
    # Stored logs rely on these numbers.
    assert found == [10947895160195951509, 7495636976068855352]


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float64, "Int32"])
def test_integers_lie_in_one_place_whatever_column_holds_them(dtype: Any) -> None:
    found = hashes_of_column(read_input(pd.Series([7, -1], dtype=dtype), "item").column).tolist()
    assert found == [1346066267577507604, 13029008266876403067]


def test_a_question_that_needs_all_rows_is_refused_by_name(files: list[Path], tmp_path: Path) -> None:
    log = spilled(files, tmp_path / "log.sf")
    with pytest.raises(sf.SchemaError, match=r"^item_table\(\) lists single items.*filter\(items"):
        sf.item_table(log, PIPELINE)
    with pytest.raises(sf.SchemaError, match=r"^forecast\(\) is fitted"):
        sf.forecast(log, PIPELINE, horizon="30d")
    with pytest.raises(sf.SchemaError, match=r"^chain_funnel\(\) joins two logs.*spill="):
        sf.chain_funnel(log, PIPELINE, deals=log, links=ROWS, deal_pipeline=PIPELINE)
    with pytest.raises(sf.SchemaError, match="needs all rows of the log at once"):
        log._data  # noqa: B018 - to read it is what is refused
    with pytest.raises(sf.SchemaError, match=r"from_parquet.*spill="):
        sf.PartitionedLog(ROWS)


def test_units_are_counted_with_the_items_of_all_partitions(files: list[Path], tmp_path: Path) -> None:
    log = spilled(files, tmp_path / "log.sf", keys="keep")
    whole = sf.StageLog.from_csv(files, columns=["owner"], items=ITEMS)
    for by in (None, "owner"):
        expected = sf.funnel(whole, PIPELINE, unit="team", by=by)
        assert_frame_equal(sf.funnel(log, PIPELINE, unit="team", by=by), expected)
        for check in ("keys", "sketch", "none"):
            part = sf.partial(log, PIPELINE, sf.funnel, unit="team", by=by, check=check)
            assert_frame_equal(part.table(), expected)
            assert (part.n_items, part.n_rows) == (40, 200)
    questions = {"funnel": sf.funnel, "losses": (sf.losses, {"unit": "team"})}
    of_both = sf.partial(log, PIPELINE, questions=questions).tables
    assert_frame_equal(of_both["funnel"], sf.funnel(whole, PIPELINE))
    assert_frame_equal(of_both["losses"], sf.losses(whole, PIPELINE, unit="team"))


def test_the_first_item_of_a_unit_is_that_of_the_whole_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget, "room", property(lambda _: 900))
    # All are created at one time, so the first row of the input says which item stands for the account.
    rows = pd.DataFrame(
        {"item": range(40), "stage": "New", "time": 0, "owner": [f"o{n:02}" for n in range(40)]}
    )
    items = pd.DataFrame({"item": range(40), "account": ["a", "b"] * 20})
    for order, first in ((range(40), ["o00", "o01"]), (range(39, -1, -1), ["o38", "o39"])):
        path = tmp_path / f"{first[0]}.sf"
        shuffled = rows.iloc[list(order)]
        log = sf.StageLog.from_batches([shuffled], columns=["owner"], items=items, spill=path)
        assert isinstance(log, sf.PartitionedLog)
        assert log.n_partitions > 1
        found = sf.funnel(log, PIPELINE, unit="account", by="owner")
        assert found.loc[found["reached"] > 0, "owner"].tolist() == first
        # What is appended comes later, whatever partition it joins.
        more = rows.assign(item=rows["item"] + 100, owner="later")
        sf.StageLog.append(path, more, columns=["owner"], items=items.assign(item=items["item"] + 100))
        grown = sf.StageLog.load(path)
        assert_frame_equal(sf.funnel(grown, PIPELINE, unit="account", by="owner"), found)


@pytest.mark.parametrize(("least", "n_logs"), [(70, 3), (199, 2), (200, 1), (10**6, 1)])
def test_units_are_put_together_by_the_number_of_rows(
    least: int, n_logs: int, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regrouped, "LEAST_ROWS", least)
    log = spilled(files, tmp_path / "log.sf")
    assert log.n_partitions > 3
    hashes = np.arange(40, dtype=np.uint64)
    parts = list(regrouped.regrouped(log, lambda part: hashes[: part.n_items]))
    assert len(parts) == n_logs
    assert (sum(part.n_rows for part in parts), sum(part.n_items for part in parts)) == (200, 40)


def test_a_partial_counts_one_unit(files: list[Path], tmp_path: Path) -> None:
    log = spilled(files, tmp_path / "log.sf")
    questions = {"a": (sf.losses, {"unit": "team"}), "b": (sf.losses, {"unit": "item"})}
    with pytest.raises(
        sf.SchemaError, match=r"^unit= is 'team' and 'item' in one partial.*a partial for each"
    ):
        sf.partial(log, PIPELINE, questions=questions, check="none")
    with pytest.raises(sf.SchemaError, match="not a column"):
        sf.funnel(log, PIPELINE, unit="teams")


def test_units_need_the_order_that_older_folders_do_not_have(files: list[Path], tmp_path: Path) -> None:
    spilled(files, tmp_path / "log.sf", keys="keep")
    parts, places = read_parts_and_partitions(str(tmp_path / "log.sf"))
    with writing(str(tmp_path / "log.sf")) as writer:
        writer.commit(
            [{name: of for name, of in part.items() if name != "rows_end"} for part in parts], places
        )
    sf.StageLog.append(tmp_path / "log.sf", ROWS.assign(item="new"), columns=["owner"])
    log = sf.StageLog.load(tmp_path / "log.sf")
    whole = sf.StageLog(pd.concat([ROWS, ROWS.assign(item="new")]))
    assert_frame_equal(sf.funnel(log, PIPELINE), sf.funnel(whole, PIPELINE))
    with pytest.raises(sf.SchemaError, match=r"^unit= needs the order.*read the rows again"):
        sf.funnel(log, PIPELINE, unit="team")


def test_unlisted_stages_are_refused_with_the_row_of_the_file(files: list[Path], tmp_path: Path) -> None:
    log = spilled(files, tmp_path / "log.sf")
    whole = sf.StageLog.from_csv(files)
    other = sf.Pipeline(["New"], won="Won")
    with pytest.raises(sf.UnknownStageError) as expected:
        sf.funnel(whole, other)
    with pytest.raises(sf.UnknownStageError) as found:
        sf.funnel(log, other)
    assert str(found.value) == str(expected.value)


def test_some_items_are_a_log_in_memory(files: list[Path], tmp_path: Path) -> None:
    log = spilled(files, tmp_path / "log.sf")
    keys = ROWS["item"].unique()[[3, 17, 20, 31]]
    whole = sf.StageLog.from_csv(files, columns=["owner"], items=ITEMS, keys="keep").filter(items=keys)
    some = spilled(files, tmp_path / "kept.sf", keys="keep").filter(items=keys)
    found, expected = (sf.item_table(one, PIPELINE) for one in (some, whole))
    assert_frame_equal(found, expected)
    assert some.observed_until == whole.observed_until
    with pytest.raises(sf.UnknownItemError, match="deal 99"):
        log.filter(items=["deal 99 of many"])


def test_partials_of_partitions_merge_with_others(files: list[Path], tmp_path: Path) -> None:
    log = spilled(files, tmp_path / "log.sf", keys="keep")
    part = sf.partial(log, PIPELINE, sf.outcomes, check="keys")
    assert_frame_equal(part.table(), sf.outcomes(log, PIPELINE))
    assert part.n_items == 40
    with pytest.raises(sf.SchemaError, match="40 items are in more than one partial"):
        sf.merge([part, part])


CHANGES: dict[str, Callable[[Path], object]] = {
    "append": lambda path: sf.StageLog.append(path, ROWS.iloc[80:], columns=["owner"], items=ITEMS),
    "compact": lambda path: sf.StageLog.compact(path),
    "erase": lambda path: sf.StageLog.erase(path, ["deal 3 of many", "deal 4 of many"]),
    "copy": lambda path: sf.StageLog.load(path).save(path.with_name("copy.sf")),
}


def test_days_are_appended_erased_and_compacted_in_their_partitions(tmp_path: Path) -> None:
    path = tmp_path / "log.sf"
    first = [ROWS.iloc[:100]]
    sf.StageLog.from_batches(first, spill=path, columns=["owner"], items=ITEMS, keys="keep")
    added = sf.StageLog.append(path, ROWS.iloc[80:], columns=["owner"])
    assert added.to_dict() == {"added": 100, "known": 20}
    whole = sf.StageLog(ROWS, columns=["owner"], items=ITEMS)
    for change in (None, "compact", "copy"):
        if change is not None:
            CHANGES[change](path)
        log = sf.StageLog.load(path.with_name("copy.sf") if change == "copy" else path)
        assert (log.n_rows, log.n_items) == (200, 40)
        assert_frame_equal(
            sf.funnel(log, PIPELINE, by=["owner", "team"]), sf.funnel(whole, PIPELINE, by=["owner", "team"])
        )
    CHANGES["erase"](path)
    rest = ROWS[~ROWS["item"].isin(["deal 3 of many", "deal 4 of many"])].reset_index(drop=True)
    found = sf.time_in_stage(sf.StageLog.load(path), PIPELINE)
    assert_frame_equal(found, sf.time_in_stage(sf.StageLog(rest), PIPELINE))
    with pytest.raises(sf.SchemaError, match="remove its folder"):
        sf.StageLog.erase(path, rest["item"].unique())
    assert sf.StageLog.load(path).n_items == 38


def test_columns_of_a_day_are_named_as_those_that_were_spilled(tmp_path: Path) -> None:
    rows = ROWS.rename(columns={"item": "deal", "time": "at"})
    names = {"item": "deal", "time": "at"}
    sf.StageLog.from_batches([rows.iloc[:100]], **names, spill=tmp_path / "log.sf", keys="keep")
    assert sf.StageLog.append(tmp_path / "log.sf", rows.iloc[90:])["added"] == 100


def test_stages_of_a_day_stand_behind_those_that_were_there(tmp_path: Path) -> None:
    # The day begins with what was seen last, and has a stage that nothing had.
    path = tmp_path / "log.sf"
    sf.StageLog.from_batches([ROWS.iloc[:100]], spill=path, keys="keep")
    day = ROWS.iloc[[103, 101]].assign(stage=["Paid", "Lost"])
    sf.StageLog.append(path, day)
    assert sf.StageLog.load(path).stages["stage"].tolist() == ["New", "Offer", "Won", "Lost", "Paid"]


def test_an_opened_log_stays_as_it_was_when_its_folder_changes(tmp_path: Path) -> None:
    path = tmp_path / "log.sf"
    sf.StageLog.from_batches([ROWS.iloc[:100]], spill=path, columns=["owner"], keys="keep")
    sf.StageLog.append(path, ROWS.iloc[100:150])
    log = sf.StageLog.load(path)
    expected = sf.losses(log, PIPELINE, by="owner")
    sf.StageLog.append(path, ROWS.iloc[150:])
    for change in (sf.StageLog.compact, lambda path: sf.StageLog.erase(path, ROWS["item"].unique()[:9])):
        change(path)
        assert_frame_equal(sf.losses(log, PIPELINE, by="owner"), expected)
        assert (log.n_rows, log.n_items) == (150, 40)
    assert sf.StageLog.load(path).n_items == 31


@pytest.mark.parametrize("most", [0, 30, 10**6])
def test_what_came_later_is_kept_for_later_questions_or_not(
    most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stagefunnel.log.spilled.kept_later.MOST_ROWS", most)
    path = tmp_path / "log.sf"
    sf.StageLog.from_batches([ROWS.iloc[:100]], spill=path, columns=["owner"], keys="keep")
    for first in range(100, 200, 20):
        sf.StageLog.append(path, ROWS.iloc[first : first + 20])
    log, whole = sf.StageLog.load(path), sf.StageLog(ROWS, columns=["owner"])
    assert log.n_items == whole.n_items
    assert log.stages["stage"].tolist() == whole.stages["stage"].tolist()
    for _ in range(2):
        for by in (None, "owner"):
            assert_frame_equal(sf.losses(log, PIPELINE, by=by), sf.losses(whole, PIPELINE, by=by))
            assert_frame_equal(
                sf.time_in_stage(log, PIPELINE, by=by), sf.time_in_stage(whole, PIPELINE, by=by)
            )
    kept = log._whole.later._of.values()
    assert sum(later.n_rows for later in kept) <= most
    assert bool(kept) == (most > 0)


def test_some_keys_that_are_not_kept_are_warned_of(files: list[Path], tmp_path: Path) -> None:
    rows = ROWS.assign(item=ROWS["item"].str[5:7])  # "3 " and so on, but for one
    rows.loc[7, "item"] = "a key that is too long"
    with pytest.warns(sf.StageFunnelWarning, match=r"^some keys are too long.*of \d+ items? only hashes"):
        log = sf.StageLog.from_batches([rows], spill=tmp_path / "log.sf")
    assert log.filter(items=["a key that is too long"]).n_rows == 1
    # Where all of them are too long, only hashes are kept, as in memory.
    assert sf.StageLog.from_csv(files, spill=tmp_path / "log.sf").hash_key is not None


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (ROWS.assign(time=ROWS["time"].astype(str).where(ROWS.index != 150, "soon")), {}),
        (ROWS.assign(stage=ROWS["stage"].where(ROWS.index != 3)), {}),
        (ROWS, {"items": pd.concat([ITEMS, ITEMS.iloc[:1]], ignore_index=True)}),
        (ROWS, {"observed_until": "2020"}),
        (ROWS.iloc[:0], {}),
        (ROWS, {"columns": ["nobody"]}),
    ],
)
def test_rows_are_refused_as_they_are_in_memory(
    rows: pd.DataFrame, options: dict[str, Any], tmp_path: Path
) -> None:
    batches = [rows.iloc[:100], rows.iloc[100:].reset_index(drop=True)]
    with pytest.raises(sf.StageFunnelError) as expected:
        sf.StageLog.from_batches(batches, **options)
    with pytest.raises(sf.StageFunnelError) as found:
        sf.StageLog.from_batches(batches, spill=tmp_path / "log.sf", **options)
    assert str(found.value) == str(expected.value)
    assert type(found.value) is type(expected.value)
    assert not (tmp_path / "log.sf").exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"memory": "lots"}, "memory='lots' is not an amount of memory"),
        ({"memory": "1MB"}, "memory='1MB' leaves no room for rows"),
        ({"memory": 0}, "memory=0 is not an amount"),
        ({"spill": None, "memory": "1GB"}, "memory= is for spill="),
        ({"spill": "\0"}, "spill='\\x00' is not the path of a folder"),
        ({"spill": __file__}, "is a file; give the name of a folder"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(sf.StageFunnelError) as error:
        sf.StageLog.from_batches([ROWS], **{"spill": tmp_path / "log.sf", **options})
    assert text in str(error.value)
    assert not names_in(tmp_path)


def test_an_error_of_the_input_is_its_own(tmp_path: Path) -> None:
    def rows() -> Iterator[pd.DataFrame]:
        yield ROWS
        raise ConnectionError("the line is dead")

    with pytest.raises(ConnectionError, match="the line is dead"):
        sf.StageLog.from_batches(rows(), spill=tmp_path / "log.sf")
    assert not (tmp_path / "log.sf").exists()


def test_what_was_there_stays_until_the_new_log_is_done(files: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "log.sf"
    sf.StageLog({"item": [1], "stage": ["New"], "time": [0]}).save(path)
    with pytest.raises(sf.StageFunnelError):
        spilled(files, path, observed_until="2020")
    assert sf.StageLog.load(path).n_rows == 1
    assert len(names_in(path)) == len(names_in(path / next(path.glob("part-*")).name)) + 3
    spilled(files, path)
    assert sf.StageLog.load(path).n_rows == 200


def test_one_large_item_is_warned_of_and_not_divided(tmp_path: Path) -> None:
    rows = pd.DataFrame({"item": ["one"] * 300 + ["two"], "stage": "New", "time": range(301)})
    with pytest.warns(sf.StageFunnelWarning, match="one item has 300 rows"):
        log = sf.StageLog.from_batches([rows], spill=tmp_path / "log.sf")
    assert sf.outcomes(log, PIPELINE)["open"].tolist() == [2]
    assert sorted(part.n_rows for part in log.partitions() if part.n_rows) == [1, 300]
