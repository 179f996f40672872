"""Nothing of an erased item is left in the files of a saved log, in partitions or not."""

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal
from stagefunnel.log.spilled.budget import Budget

N = 30
KEYS = ["ann@x.org", *(f"a long name of item {number}" for number in range(1, N))]
ROWS = pd.DataFrame(
    {
        "item": KEYS * 2,
        "stage": ["New"] * N + ["Won"] * N,
        "time": range(2 * N),
        "note": ["ann called", *(f"note {number}" for number in range(2 * N - 1))],
        "level": pd.Categorical(
            ["ann's", *["p", "q", "r"] * 20][: 2 * N], categories=["r", "q", "p", "ann's"]
        ),
    }
)
ROWS.loc[0, "stage"] = "Call ann"
ITEMS = pd.DataFrame({"item": [*KEYS, "ann's ghost"], "phone": ["ann 1", *map(str, range(N))]})
ITEMS["tier"] = pd.Categorical(["ann's tier", *["b", "a"] * 15], categories=["b", "a", "ann's tier"])
DAY = pd.DataFrame({"item": [KEYS[0], KEYS[4]], "stage": ["Lost", "Offer"], "time": [90, 91]})
DAY["note"] = ["ann again", "nothing"]
DAY["level"] = pd.Categorical(["p", "q"], dtype=ROWS["level"].dtype)
PIPELINE = sf.Pipeline(["New"], won="Won", lost="Lost")
READ = {"columns": ["note", "level"]}


@pytest.fixture(autouse=True)
def _little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave so little room that there are several partitions."""
    monkeypatch.setattr(Budget, "room", property(lambda _: 2_500))
    monkeypatch.setattr(os, "fsync", lambda _: None)


MADE: dict[str, Callable[[Path], object]] = {
    "one part": lambda path: sf.StageLog(ROWS, items=ITEMS, **READ).save(path),
    "partitions": lambda path: sf.StageLog.from_batches([ROWS], items=ITEMS, spill=path, keys="keep", **READ),
    "hashes": lambda path: sf.StageLog.from_batches([ROWS], items=ITEMS, spill=path, **READ),
}


def names_of_ann(path: Path) -> list[str]:
    files = [file for file in path.rglob("*") if file.is_file()]
    return [file.name for file in files if b"ann" in file.read_bytes()]


@pytest.mark.parametrize("compacts", [False, True])
@pytest.mark.parametrize("grows", [False, True])
@pytest.mark.parametrize("made", MADE)
@pytest.mark.filterwarnings("ignore:some keys are too long")
def test_no_byte_of_an_erased_item_is_left(made: str, grows: bool, compacts: bool, tmp_path: Path) -> None:
    path = tmp_path / "log.sf"
    MADE[made](path)
    if grows:  # a row of the table of items takes the place of that of the same key
        more = ITEMS.iloc[:1].assign(phone="ann 2", tier=pd.Categorical(["a"], dtype=ITEMS["tier"].dtype))
        sf.StageLog.append(path, DAY, items=more)
    if compacts:
        sf.StageLog.compact(path)
    assert "items_table.arrow" in names_of_ann(path)
    assert sf.StageLog.erase(path, ["ann@x.org", "ann's ghost"]) == (3 if grows else 2)
    assert names_of_ann(path) == []
    log = sf.StageLog.load(path)
    rest = ROWS[ROWS["item"] != "ann@x.org"].copy()
    if grows:
        rest = pd.concat([rest, DAY.iloc[1:]], ignore_index=True)
    # Its values are no categories any more.
    rest["level"] = rest["level"].cat.set_categories(["r", "q", "p"])
    tier = ITEMS["tier"].cat.set_categories(["b", "a"])
    whole = sf.StageLog(rest, items=ITEMS.assign(tier=tier).iloc[1:-1], **READ)
    for by in (None, "level", "tier"):
        found, expected = (sf.funnel(one, PIPELINE, by=by, unlisted="ignore") for one in (log, whole))
        assert_frame_equal(found, expected)
    assert set(log.stages["stage"]) == set(whole.stages["stage"])


@pytest.mark.parametrize("made", ["one part", "partitions"])
def test_a_key_that_the_table_of_items_alone_has_is_erased(made: str, tmp_path: Path) -> None:
    path = tmp_path / "log.sf"
    MADE[made](path)
    assert sf.StageLog.erase(path, ["ann's ghost"]) == 0
    log = sf.StageLog.load(path)
    assert log.n_rows == 2 * N
    assert log.items is not None
    assert len(log.items) == N
    with pytest.raises(sf.UnknownItemError, match="ann's ghost"):
        sf.StageLog.erase(path, ["ann's ghost"])
    with pytest.raises(sf.SchemaError, match="all items of the saved log"):
        sf.StageLog.erase(path, KEYS)


ODD = {
    "drop": pd.DataFrame(
        {
            "item": [None, KEYS[0], KEYS[1], KEYS[2]],
            "stage": ["New", "New", None, "Won"],
            "time": [1, None, 3, 70],
        }
    ),
    "keep_stage": pd.DataFrame({"item": [KEYS[0], KEYS[3]], "stage": [None, None], "time": [1, 70]}),
}


@pytest.mark.parametrize("invalid", ODD)
@pytest.mark.parametrize("then", ["asked", "compacted", "another day"])
@pytest.mark.parametrize("in_partitions", [False, True])
def test_what_was_left_out_of_the_input_stays_counted(
    in_partitions: bool, then: str, invalid: str, tmp_path: Path
) -> None:
    path = tmp_path / "log.sf"
    rows = pd.concat([ODD[invalid], ROWS[["item", "stage", "time"]], ROWS.iloc[:1, :3]])
    more: dict[str, object] = {"invalid": invalid}
    if invalid == "drop":
        more["items"] = pd.DataFrame({"item": [None, *KEYS[:3]], "size": range(4)})
    if in_partitions:
        sf.StageLog.from_batches([rows], spill=path, keys="keep", **more)
    else:
        sf.StageLog(rows, **more).save(path)
    sf.StageLog.erase(path, [KEYS[0], KEYS[2]])
    # Rows that were left out are counted still, whosever they were.
    was_left_out = (invalid == "drop") & rows[["item", "stage", "time"]].isna().any(axis=1)
    rest = rows[was_left_out | ~rows["item"].isin([KEYS[0], KEYS[2]])]
    if then == "another day":
        sf.StageLog.append(path, DAY[["item", "stage", "time"]].iloc[1:])
        rest = pd.concat([rest, DAY[["item", "stage", "time"]].iloc[1:]])
    elif then == "compacted":
        sf.StageLog.append(path, rest[rest["item"] == KEYS[5]], invalid="error")
        sf.StageLog.compact(path)
    if invalid == "drop":
        more["items"] = pd.DataFrame({"item": [None, KEYS[1]], "size": [0, 2]})
    assert_frame_equal(sf.StageLog.load(path).quality(), sf.StageLog(rest, **more).quality())


@pytest.mark.parametrize("in_partitions", [False, True])
def test_a_log_without_its_last_row_is_observed_as_long_as_before(
    in_partitions: bool, tmp_path: Path
) -> None:
    path = tmp_path / "log.sf"
    rows = ROWS[["item", "stage", "time"]].replace("Call ann", "New")
    if in_partitions:
        sf.StageLog.from_batches([rows], spill=path, keys="keep")
    else:
        sf.StageLog(rows).save(path)
    sf.StageLog.erase(path, [KEYS[-1]])  # which is won at 59
    log = sf.StageLog.load(path)
    rest = sf.StageLog(rows[rows["item"] != KEYS[-1]])
    assert log.observed_until == 59
    assert "until   59 (end of observation)" in repr(log)
    expected = rest.with_observed_until(59)
    assert_frame_equal(sf.time_in_stage(log, PIPELINE), sf.time_in_stage(expected, PIPELINE))
    # A late row leaves that as it is, also when all is compacted, and a later one ends it.
    for time, end in ((3, 59), (61, 61)):
        sf.StageLog.append(path, {"item": ["new"], "stage": ["New"], "time": [time]})
        assert sf.StageLog.load(path).observed_until == end
        sf.StageLog.compact(path)
        assert sf.StageLog.load(path).observed_until == end


def test_only_the_partition_of_the_item_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "log.sf"
    rows = ROWS[["item", "stage", "time", "level"]].replace("Call ann", "New")
    sf.StageLog.from_batches([rows], spill=path, columns=["level"], keys="keep")
    before = {file.parent.name for file in path.rglob("rows.arrow")}
    assert len(before) > 2
    sf.StageLog.erase(path, [KEYS[4]])
    after = {file.parent.name for file in path.rglob("rows.arrow")}
    assert len(after - before) == len(before - after) == 1
    # A value that ann alone has is listed everywhere.
    sf.StageLog.erase(path, [KEYS[0]])
    assert not after & {file.parent.name for file in path.rglob("rows.arrow")}


@pytest.mark.parametrize("made", ["one part", "partitions"])
def test_keys_that_are_not_there_are_counted_over_all_partitions(made: str, tmp_path: Path) -> None:
    path = tmp_path / "log.sf"
    MADE[made](path)
    not_there = [f"nobody {number}" for number in range(30)]
    # Among keys that are there; the first one that was given is named.
    given = [KEYS[3], *not_there, KEYS[4]]
    log = sf.StageLog.load(path)
    for ask in (lambda: sf.StageLog.erase(path, given), lambda: log.filter(items=given)):
        with pytest.raises(sf.UnknownItemError, match=r"has 'nobody 0' and 29 more, which the log"):
            ask()
    with pytest.raises(sf.SchemaError, match="has no key in place 1"):
        sf.StageLog.erase(path, [KEYS[3], None])  # type: ignore[list-item]
    assert sf.StageLog.load(path).n_rows == 2 * N


@pytest.mark.parametrize("other", range(5, 10))  # of the partition of the erased item, or of another one
@pytest.mark.parametrize("made", ["one part", "partitions"])
def test_numbers_that_days_hold_in_other_ways_stay(made: str, other: int, tmp_path: Path) -> None:
    """Erase the one item that has a number among few large ones, which another day holds as a float."""
    path = tmp_path / "log.sf"
    rows = ROWS[["item", "stage", "time"]].replace("Call ann", "New").iloc[:N]
    large = [2**53 + 1 + number for number in range(N)]
    days = [rows.assign(size=large), rows.assign(stage="Won", time=100, size=[*large[:3], 3, *large[4:]])]
    days += [rows.iloc[[other]].assign(stage="Lost", time=200, size=3.0)]
    if made == "partitions":
        sf.StageLog.from_batches(days[:1], columns=["size"], keys="keep", spill=path)
    else:
        sf.StageLog(days[0], columns=["size"]).save(path)
    for day in days[1:]:
        sf.StageLog.append(path, day)
    sf.StageLog.erase(path, [KEYS[3]])
    rest = [day[day["item"] != KEYS[3]] for day in days]
    whole = sf.StageLog.from_batches(rest, columns=["size"], keys="keep")
    assert (sf.outcomes(sf.StageLog.load(path), PIPELINE, by="size", at="last")["size"] == 3).sum() == 1
    for at in ("first", "last"):
        found, expected = (
            sf.funnel(one, PIPELINE, by="size", at=at) for one in (sf.StageLog.load(path), whole)
        )
        assert_frame_equal(found, expected)


#: Each deal comes of the lead with its number, whose key stands in the table of the deals as their origin.
LEADS = ["zoe@x.org", *(f"a long name of lead {number}" for number in range(1, N))]
LEAD_ROWS = pd.DataFrame({"item": LEADS * 2, "stage": ["In"] * N + ["Deal"] * N, "time": range(2 * N)})
ORIGINS = pd.DataFrame({"item": KEYS, "origin": LEADS, "team": ["x", "y"] * (N // 2)})


@pytest.mark.parametrize("compacts", [False, True])
@pytest.mark.parametrize("partitions", [False, True])
def test_a_lead_and_its_deal_are_erased_each_with_what_names_it(
    partitions: bool, compacts: bool, tmp_path: Path
) -> None:
    """Erase a lead alone, and then its deal too, in whose table of items the lead's key stands."""
    paths = [tmp_path / "leads.sf", tmp_path / "deals.sf"]
    deals = ROWS[["item", "stage", "time"]].replace("Call ann", "New")
    for path, rows, items in zip(paths, (LEAD_ROWS, deals), (None, ORIGINS), strict=True):
        if partitions:
            sf.StageLog.from_batches([rows.iloc[:N]], items=items, spill=path, keys="keep")
        else:
            sf.StageLog(rows.iloc[:N], items=items).save(path)
        sf.StageLog.append(path, rows.iloc[N:])  # so that each item is in two parts
        if compacts:
            sf.StageLog.compact(path)
    keys = [b"name of lead 7", b"name of item 7"]

    def names_of_files(key: bytes) -> set[str]:
        files = [file for path in paths for file in path.rglob("*") if file.is_file()]
        return {str(file.relative_to(tmp_path)).split("/")[0] for file in files if key in file.read_bytes()}

    assert [names_of_files(key) for key in keys] == [{"leads.sf", "deals.sf"}, {"deals.sf"}]
    links = ORIGINS.rename(columns={"item": "deal_id", "origin": "lead_id"})
    assert sf.StageLog.erase(paths[0], [LEADS[7]]) == 2
    # The deal stays, and its table of items names the lead until the deal is erased, or its row is replaced.
    assert names_of_files(keys[0]) == {"deals.sf"}
    if not partitions:
        leads, of_deals = map(sf.StageLog.load, paths)
        of_leads = sf.Pipeline(["In"], won="Deal")
        chain = sf.chain_funnel(
            leads, of_deals, links.drop(index=7), lead_pipeline=of_leads, deal_pipeline=PIPELINE
        )
        assert chain.iloc[0]["reached"] == N - 1  # leads
    if compacts:
        row = ORIGINS.iloc[[7]].assign(origin=None)
        sf.StageLog.append(paths[1], deals.iloc[:0], items=row)
        sf.StageLog.compact(paths[1])
        assert names_of_files(keys[0]) == set()
    assert sf.StageLog.erase(paths[1], [KEYS[7]]) == 2
    assert [names_of_files(key) for key in keys] == [set(), set()]
    log = sf.StageLog.load(paths[1])
    assert (log.n_items, log.n_rows) == (N - 1, 2 * N - 2)
    assert log.items is not None
    assert log.items["origin"].isin(LEADS[:7] + LEADS[8:]).all()


@pytest.mark.parametrize("made", MADE)
@pytest.mark.filterwarnings("ignore:some keys are too long")
def test_an_item_of_many_parts_is_erased_with_all_its_rows(made: str, tmp_path: Path) -> None:
    path = tmp_path / "log.sf"
    MADE[made](path)
    for number in range(5):
        day = pd.DataFrame({"item": [KEYS[0], KEYS[number + 2]], "stage": "Offer", "time": 100 + number})
        day["note"] = [f"ann {number}", f"day {number}"]
        day["level"] = pd.Categorical(["ann's", "p"], dtype=ROWS["level"].dtype)
        items = ITEMS.iloc[[0]].assign(phone=f"ann, day {number}")
        sf.StageLog.append(path, day, items=items, keys="keep")
    assert sf.StageLog.erase(path, [KEYS[0], "ann's ghost"]) == 7
    assert names_of_ann(path) == []
    log = sf.StageLog.load(path)
    assert (log.n_items, log.n_rows) == (N - 1, 2 * N - 2 + 5)
    assert "Call ann" not in set(log.stages["stage"])
    # The key is free again.
    sf.StageLog.append(path, ROWS.iloc[[0]], columns=["note", "level"])
    assert sf.StageLog.load(path).n_items == N
