"""A log that the first version saved is read for ever: its folder is never made anew.

Item D-1 has New 2 March, Offer 4 to 8 March and Won 9 March; D-2 has New 3 March and Lost 6 March; D-3 has
Offer 5 March; a fourth, of a long name, New 7 March. A second part brings D-2's Lost again, which is known,
and its Offer of 5 March; and D-3's row of the table of items, with West in place of East.
"""

import shutil
from pathlib import Path

import pandas as pd

import stagefunnel as sf
from helpers import ROOT

GOLDEN = ROOT / "tests/golden/saved/version_1.sf"
PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def test_the_first_version_is_read() -> None:
    log = sf.StageLog.load(GOLDEN)
    assert (log.n_rows, log.n_items, log.zone) == (8, 4, "Europe/Berlin")
    assert log.observed_until == pd.Timestamp("2026-03-31", tz="Europe/Berlin")
    funnel = sf.funnel(log, PIPELINE)
    # New: D-1, D-2 and the long one. Offer: D-1, D-2, D-3.
    assert funnel["reached"].tolist() == [3, 3, 1, 1]  # and Won, Lost
    now = sf.outcomes(log, PIPELINE).iloc[0]
    assert (now["won"], now["lost"], now["open"]) == (1, 1, 2)


def test_its_columns_ends_and_items_are_read() -> None:
    log = sf.StageLog.load(GOLDEN, mmap=False)
    visits = sf.visits(log, PIPELINE, columns=["owner", "value"]).set_index(["item", "stage"])
    assert visits.loc[("D-1", "Offer"), "exited"] == pd.Timestamp("2026-03-08 09:00", tz="Europe/Berlin")
    assert visits.loc[("D-1", "Won"), ["owner", "value"]].tolist() == ["bob", 12.5]
    assert pd.isna(visits.loc[("D-3", "Offer"), "value"])
    assert pd.isna(visits.loc[("D-2", "Lost"), "owner"])
    assert log.items is not None
    items = log.items.set_index("deal")
    assert items["team"].to_dict() == {"D-1": "East", "D-2": "West", "D-3": "West"}
    assert items["size"].to_dict() == {"D-1": 3, "D-2": 1, "D-3": 5}
    assert items["since"].isna().tolist().count(True) == 1


def test_it_is_changed_as_one_of_today(tmp_path: Path) -> None:
    path = shutil.copytree(GOLDEN, tmp_path / "log.sf")
    sf.StageLog.append(path, sf.StageLog.load(GOLDEN))
    assert sf.StageLog.load(path).n_rows == 8
    # It does not say how its columns were named.
    row = {"item": ["D-3"], "stage": ["Won"], "time": [pd.Timestamp("2026-03-20", tz="Europe/Berlin")]}
    assert sf.StageLog.append(path, pd.DataFrame({**row, "owner": "al", "value": 1.0}))["added"] == 1
    sf.StageLog.erase(path, ["D-3"])
    path = shutil.copytree(GOLDEN, tmp_path / "again.sf")
    sf.StageLog.compact(path)
    assert sf.StageLog.erase(path, ["a long name of a deal"]) == 1
    assert sf.StageLog.load(path).n_rows == 7


def test_the_first_log_in_partitions_is_read(tmp_path: Path) -> None:
    # Items 1 to 6 are New at 1 to 6; 1 and 2 are Won at 10, and 3 is Lost at 11. Appended was Offer 12 of
    # item 4. Item 3's loss was recorded by d, and items 1 and 3 are of team x.
    path = shutil.copytree(GOLDEN.with_name("partitions_1.sf"), tmp_path / "log.sf")
    log = sf.StageLog.load(path)
    assert isinstance(log, sf.PartitionedLog)
    assert (log.n_rows, log.n_items, log.n_partitions) == (10, 6, 4)
    assert sf.funnel(log, PIPELINE)["reached"].tolist() == [6, 1, 2, 1]
    assert sf.losses(log, PIPELINE, by="who", at="loss")["who"].tolist() == ["d"]
    teams = sf.outcomes(log, PIPELINE, by="team")
    assert teams.loc[teams["team"] == "x", ["won", "lost", "open"]].to_numpy().tolist() == [[1, 1, 0]]
    # Each item is still found in its partition.
    added = sf.StageLog.append(
        path, {"item": [6, 4], "stage": ["Won", "Offer"], "time": [20, 12], "who": ["f", "e"]}
    )
    assert added.to_dict() == {"added": 1, "known": 1}
    assert sf.StageLog.load(path).filter(items=[6]).n_rows == 2
