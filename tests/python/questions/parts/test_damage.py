"""Stored partials whose fields were damaged: each is refused, whatever the field."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
LOG = sf.StageLog(
    {
        "item": [1, 1, 2, 3],
        "stage": ["New", "Won", "Offer", "New"],
        "time": ["2026-01-01", "2026-01-05", "2026-01-02", "2026-01-03"],
    },
    items={"item": [1, 2, 3], "manager": ["A", "B", "A"]},
)
PART = sf.partial(LOG, PIPELINE, by="manager", limits={"New": "2D"})
State = dict[str, Any]


def restored(state: State) -> sf.Partial:
    part = sf.Partial.__new__(sf.Partial)
    part.__setstate__(state)
    return part


def of_counts(name: str, value: Any) -> Callable[[State], None]:
    def change(state: State) -> None:
        state["_counts"]["classic"] = replace(state["_counts"]["classic"], **{name: value})

    return change


def of_field(field: str, **values: Any) -> Callable[[State], None]:
    return lambda state: state.update({field: replace(state[field], **values)})


def of_sample(**values: Any) -> Callable[[State], None]:
    def change(state: State) -> None:
        state["_samples"][0] = replace(state["_samples"][0], **values)

    return change


def to(field: str, value: Any) -> Callable[[State], None]:
    return lambda state: state.update({field: value})


NONE = np.zeros(0, dtype=np.int64)
ONE_KEY = np.zeros((1, 1), dtype=np.uint64)
DAMAGED: dict[str, Callable[[State], None]] = {
    "an option that there is not": to("fill", "all"),
    "an option that is a number": to("per", 1),
    "a unit of days": to("unit", "D"),
    "a moment beyond 64 bits": to("as_of", 2**63),
    "a moment that is true": to("_observed", True),
    "starts below zero": to("_start_unknown", -1),
    "limits that are texts": to("limits", {"New": "2D"}),
    "checks without rows": to("_found", {"dropped": 0}),
    "more rows than a log has": to("_found", {"rows": 2**53 + 1, "dropped": 0}),
    "lines of two texts": to("_reader_lines", {("a", "b"): 1}),
    "no pipeline": to("pipeline", "New"),
    "no counts": to("_counts", {}),
    "counts of another shape": of_counts("passed", np.zeros((2, 3), dtype=np.int64)),
    "counts of fewer groups": of_counts("won", np.zeros(1, dtype=np.int64)),
    "counts below zero": of_counts("won", np.array([-1, 0])),
    "counts of more items than there are": of_counts("won", np.array([4, 0])),
    "counts that are fractions": of_counts("won", np.array([0.5, 0.0])),
    "amounts of another shape": of_counts("amount", np.zeros((1, 4))),
    "absent stages of another shape": of_counts("beyond_absent", np.zeros((2, 1), dtype=np.int64)),
    "too few samples": lambda state: state["_samples"].pop(),
    "a sample that is none": lambda state: state["_samples"].__setitem__(0, None),
    "more visits than rows": of_sample(visits=5),
    "visits without lengths": of_sample(durations=np.zeros(0, dtype=np.uint64)),
    "lengths with a sign": of_sample(durations=np.zeros(1, dtype=np.int64)),
    "lengths that fall": of_sample(completed=2, durations=np.array([2, 1], dtype=np.uint64)),
    "a move of a group beyond the last": of_field("_moves", group=np.array([2])),
    "a move to a stage beyond the last": of_field("_moves", to_stage=np.array([4])),
    "a move from a stage below the first": of_field("_moves", from_stage=np.array([-1])),
    "moves without items": of_field("_moves", items=NONE),
    "moves in a table": of_field("_moves", group=np.zeros((1, 1), dtype=np.int64)),
    "limits of fewer stages": of_field("_limited", known=np.zeros((2, 3), dtype=np.int64)),
    "starts of a stage beyond the last": of_field("_limited", stage=np.array([4])),
    "starts without moments": of_field("_limited", started=NONE),
    "sizes of more groups": of_field("_groups", sizes=np.array([1, 1, 1])),
    "sizes of more items than there are": of_field("_groups", sizes=np.array([4, 1])),
    "stages without numbers": of_field("_stages", rows={"New": "2"}),
    "a word in place of yes or no": of_field("_stages_of_all", has_pipelines="no"),
    "ends of one moment": of_field("_ends", log=(1,)),
    "a period that is a number": of_field("_ends", period=2026),
    "uses that are none": of_field("_use", uses=(None,)),
    "ends of a use that are texts": of_field("_use", ends=("a", "b")),
    "no keys": of_field("_keys", words={}),
    "keys with a sign": of_field("_keys", words={"integers": ONE_KEY.astype(np.int64)}),
    "keys of three words": of_field("_keys", words={"integers": np.zeros((1, 3), dtype=np.uint64)}),
    "keys in one row": of_field("_keys", words={"integers": np.zeros(1, dtype=np.uint64)}),
    "two kinds of keys of two numbers": of_field(
        "_keys", words={"text": ONE_KEY, "other": np.zeros((2, 1), dtype=np.uint64)}
    ),
    "a kind of keys without a name": of_field("_keys", words={1: ONE_KEY}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_field_is_refused(name: str) -> None:
    state = copy.deepcopy(PART.__getstate__())
    DAMAGED[name](state)
    with pytest.raises(sf.SchemaError, match=r"^the stored partial is damaged: "):
        restored(state)


@pytest.mark.parametrize("field", PART.__getstate__())
def test_a_field_that_is_not_there_is_refused(field: str) -> None:
    state = copy.deepcopy(PART.__getstate__())
    del state[field]
    # Without a version it is one of the first version, which had other fields.
    with pytest.raises(sf.SchemaError, match=r"^the stored partial is damaged: "):
        restored(state)


def test_a_sound_partial_is_taken() -> None:
    found = sf.merge([restored(copy.deepcopy(PART.__getstate__()))]).summary()
    pd.testing.assert_frame_equal(found.funnel, PART.summary().funnel)
