"""The columns of journeys, handed out and taken back."""

from typing import Any

import numpy as np
import pytest

import stagefunnel as sf
from stagefunnel import _core

LOG = sf.StageLog({"item": ["D-1", "D-1", "D-2"], "stage": ["New", "Won", "New"], "time": [1, 3, 2]})


def parts() -> dict[str, Any]:
    return _core.journeys.parts_of(LOG._data.journeys)


def test_parts_make_the_journeys_again() -> None:
    again = _core.journeys.parts_of(_core.journeys.journeys_of_parts(**parts()))
    assert again.keys() == parts().keys()
    for name, part in parts().items():
        assert np.array_equal(again[name], part), name
    assert parts()["prefix"].startswith(b"D-")


def test_parts_are_views_that_nobody_writes_to_and_that_keep_the_journeys_alive() -> None:
    log = sf.StageLog({"item": [7] * 9, "stage": ["New"] * 9, "time": list(range(9))})
    time = _core.journeys.parts_of(log._data.journeys)["time"]
    assert not time.flags.writeable
    assert not time.flags.owndata
    del log
    assert time.tolist() == list(range(9))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("offsets", np.zeros(3, dtype=np.int64)),
        ("stage", np.zeros(3, dtype=np.int8)),
        ("time", np.zeros(3, dtype=np.float64)),
        ("first_row", np.zeros(2, dtype=np.uint64)),
        ("key", [1, 2]),
        ("n_labels", -1),
        ("prefix", 5),
    ],
)
def test_parts_of_another_type_are_refused(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match="incompatible function arguments"):
        _core.journeys.journeys_of_parts(**{**parts(), name: value})


@pytest.mark.parametrize("name", ["offsets", "time", "first_row", "key"])
def test_parts_of_two_dimensions_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="one dimension"):
        _core.journeys.journeys_of_parts(**{**parts(), name: parts()[name].reshape(-1, 1)})
