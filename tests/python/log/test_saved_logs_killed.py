"""A process that is ended while it writes a saved log leaves the log as it was, or as it was to be."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import stagefunnel as sf
from killed import ended_at

FIRST = {"item": [1, 2], "stage": ["New", "New"], "time": [0, 1]}
DAY = {"item": [1, 3], "stage": ["Won", "New"], "time": [4, 5]}
CHANGES: dict[str, tuple[Callable[[Path], object], int, int]] = {
    "append": (lambda path: sf.StageLog.append(path, DAY), 2, 4),
    "save": (lambda path: sf.StageLog(DAY).save(path), 2, 2),
    "compact": (lambda path: sf.StageLog.compact(path), 2, 2),
    "erase": (lambda path: sf.StageLog.erase(path, [1]), 2, 1),
}


def parts_of(path: Path) -> set[str]:
    header = json.loads((path / "log.json").read_text(encoding="utf-8").partition("\n")[2])
    return {part["folder"] for part in header["parts"]}


def stages_of(path: Path) -> dict[str, int]:
    stages = sf.StageLog.load(path).stages
    return dict(zip(stages["stage"], stages["rows"], strict=True))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize("change", CHANGES)
def test_a_kill_leaves_the_old_or_the_new(change: str, tmp_path: Path) -> None:
    make, n_old, n_new = CHANGES[change]
    found = set()
    for event in range(200):
        path = tmp_path / f"{event}.sf"
        sf.StageLog(FIRST).save(path)
        if change == "compact":  # of two parts
            sf.StageLog.append(path, DAY)
            n_old = n_new = 4
        was_ended = ended_at(make, path, event)
        n_rows = sf.StageLog.load(path).n_rows
        assert n_rows in (n_old, n_new)
        found.add((was_ended, n_rows == n_new, stages_of(path)["New"]))
        # The next one that writes removes what was left, and the log goes on.
        sf.StageLog.append(path, {"item": [7], "stage": ["New"], "time": [9]})
        assert sf.StageLog.load(path).n_rows == n_rows + 1
        assert {part.name for part in path.glob("part-*")} == parts_of(path)
        assert not [*path.glob(".stagefunnel*")]
        if not was_ended:
            break
    assert not was_ended
    assert len(found) > 1
    assert {was_new for ended, was_new, _ in found if not ended} == {True}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_kill_while_a_log_is_saved_for_the_first_time_leaves_no_log_or_the_log(tmp_path: Path) -> None:
    for event in range(200):
        path = tmp_path / f"{event}.sf"
        if not ended_at(lambda place: sf.StageLog(FIRST).save(place), path, event):
            break
        if not (path / "log.json").exists():
            with pytest.raises(sf.SchemaError, match=r"no saved log|not there"):
                sf.StageLog.load(path)
        sf.StageLog(FIRST).save(path)
        assert sf.StageLog.load(path).n_rows == 2
        assert len([*path.glob("part-*")]) == 1
    assert event > 5
