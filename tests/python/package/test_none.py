"""``None`` in place of an option whose default is an empty list."""

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal

ROWS = {
    "item": [1, 1, 1, 2, 2, 3],
    "stage": ["New", "Offer", "Won", "New", "Offer", "New"],
    "time": [0, 4, 9, 2, 5, 6],
}
LOG = sf.StageLog(ROWS, observed_until=12)
PIPELINE = sf.Pipeline(["New", "Offer"], won="Won")
STEPS = ["New", "Offer"]
# These take what they are made of, not what a caller chooses.
NO_OPTIONS = {"InvalidRowError", "Suggestion"}
# What each answers with such an option; Spark takes its own way to the same function.
ASKED: dict[str, Callable[..., Any]] = {
    "Pipeline": lambda **option: sf.Pipeline(["New", "Offer"], **option),
    "StageLog": lambda **option: sf.item_table(sf.StageLog(ROWS, **option), PIPELINE),
    "StageLog.from_batches": lambda **option: sf.item_table(
        sf.StageLog.from_batches([ROWS], **option), PIPELINE
    ),
    "Steps": lambda **option: sf.Steps(STEPS, window=5, **option),
    "WorkingHours": lambda **option: sf.WorkingHours({"mon": [("09:00", "17:00")]}, **option),
    "item_features": lambda **option: sf.item_features(LOG, PIPELINE, as_of=7, horizon=3, **option),
    "item_table": lambda **option: sf.item_table(LOG, PIPELINE, **option),
    "open_items": lambda **option: sf.open_items(LOG, PIPELINE, **option),
    "sequence_funnel": lambda **option: sf.sequence_funnel(LOG, STEPS, window=5, **option),
    "sequence_items": lambda **option: sf.sequence_items(LOG, STEPS, window=5, **option),
    "sequence_paths": lambda **option: sf.sequence_paths(LOG, STEPS, window=5, **option),
    "sequence_trend": lambda **option: sf.sequence_trend(DATED, STEPS, window="5d", every="day", **option),
    "time_to_convert": lambda **option: sf.time_to_convert(LOG, STEPS, window=5, **option),
    "visits": lambda **option: sf.visits(LOG, PIPELINE, **option),
    "win_probability": lambda **option: sf.win_probability(LOG, PIPELINE, **option),
}
DATED = sf.StageLog({**ROWS, "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(ROWS["time"], unit="D")})


def empty_options(where: str, function: Any) -> dict[str, Any]:
    """Return the annotation of each option of a function whose default is an empty list."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a class of the language, or a value
        return {}
    return {f"{where}.{one.name}": one.annotation for one in parameters if one.default == ()}


def all_empty_options() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in sf.__all__:
        value = getattr(sf, name)
        if name in NO_OPTIONS or not callable(value):
            continue
        found |= empty_options(name, value)
        for member in vars(value) if inspect.isclass(value) and name != "Bound" else ():
            if not member.startswith("_"):
                found |= empty_options(f"{name}.{member}", getattr(value, member))
    return found


OPTIONS = all_empty_options()


def test_the_options_of_an_empty_list_are_those_that_are_tried() -> None:
    assert {option.rpartition(".")[0] for option in OPTIONS} - {"PartitionedLog.from_batches"} == {*ASKED}


@pytest.mark.parametrize("option", [one for one in OPTIONS if one.rpartition(".")[0] in ASKED])
def test_none_is_none(option: str) -> None:
    asked, _, name = option.rpartition(".")
    without, with_none = ASKED[asked](), ASKED[asked](**{name: None})
    if isinstance(without, pd.DataFrame):
        assert_frame_equal(with_none, without)
    else:
        assert with_none == without


@pytest.mark.parametrize("option", OPTIONS)
def test_a_type_checker_allows_none(option: str) -> None:
    assert "None" in str(OPTIONS[option])


def test_spark_allows_none() -> None:
    spark = importlib.import_module("stagefunnel.spark")
    for name in spark.__all__:
        for annotation in empty_options(name, getattr(spark, name)).values():
            assert "None" in str(annotation)


def test_none_among_labels_is_a_missing_one() -> None:
    with pytest.raises(sf.SchemaError, match="1 of its labels are missing"):
        sf.Pipeline(["New"], won=["Won", None])
    with pytest.raises(sf.SchemaError, match="1 of its labels are missing"):
        sf.Pipeline(None)


@pytest.mark.parametrize(("given", "message"), [({"columns": 3}, "columns=3"), ({"columns": [None]}, "None")])
def test_what_names_no_column_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError, match=f"{message}.* are not names of columns"):
        sf.StageLog(ROWS, **given)
