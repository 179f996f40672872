"""A step with conditions as a value: what is equal, how it is written, and what is refused where."""

import copy
import json
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal, items_of
from stagefunnel.errors import SchemaError

BIG = sf.Step("order", where={"amount": ">100"})
ROWS = {
    "item": [1, 1, 1, 2, 2, 3],
    "stage": ["visit", "order", "order", "visit", "order", "visit"],
    "time": [0, 2, 9, 4, 6, 7],
    "amount": [None, 20.0, 150.0, None, 300.0, None],
    "page": ["home", "pay", "pay", "price", "pay", "home"],
    "vip": [True, False, True, False, False, True],
}
REGIONS = items_of({1: "south", 2: "abroad"}, "region", [1, 2])


def shop(**options: Any) -> sf.StageLog:
    return sf.StageLog(ROWS, **{"columns": ["amount", "page", "vip"], "items": REGIONS, **options})


def levels(*steps: Any, **options: Any) -> list[int]:
    found: list[int] = sf.sequence_items(shop(), list(steps), **options)["level"].tolist()
    return found


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"amount": ">100"}, [2, 2, 1]),
        ({"amount": ">150"}, [1, 2, 1]),
        ({"amount": 20}, [2, 1, 1]),
        ({"amount": [20, 300]}, [2, 2, 1]),
        ({"amount": "!="}, [2, 2, 1]),
        ({"amount": None}, [1, 1, 1]),
        ({"page": "pay", "amount": "<100"}, [2, 1, 1]),
        ([{"amount": ">20"}, {"amount": "<300"}], [2, 1, 1]),
        ("vip", [2, 1, 1]),
        ({"vip": False}, [2, 2, 1]),
        ({"region": "south"}, [2, 1, 1]),
        ({"region": None}, [1, 1, 1]),
        (["vip", {"region": ["south", "abroad"]}], [2, 1, 1]),
    ],
)
def test_a_condition_is_read_in_the_row_itself(where: Any, expected: list[int]) -> None:
    assert levels("visit", sf.Step("order", where=where)) == expected


def test_two_steps_of_one_event_are_told_apart_by_their_conditions() -> None:
    home, price = (sf.Step("visit", where={"page": page}) for page in ("home", "price"))
    table = sf.sequence_funnel(shop(), [home, price], mode="open")
    assert list(table["label"]) == ["visit (page is home)", "visit (page is price)"]
    assert list(table["reached"]) == [2, 1]
    assert table.attrs["stagefunnel"]["steps"] == list(table["label"])
    assert json.loads(json.dumps(table.attrs["stagefunnel"])) == table.attrs["stagefunnel"]


def test_steps_are_equal_if_they_mean_the_same_and_true_is_not_one() -> None:
    assert sf.Step("order", where={"amount": ">100"}) == BIG
    assert hash(sf.Step("order", where={"amount": ">100"})) == hash(BIG)
    assert sf.Step("order", where={"a": 1, "b": 2}) == sf.Step("order", where=[{"b": 2}, {"a": 1}])
    assert sf.Step("order", where={"a": 1}) != sf.Step("order", where={"a": True})
    assert sf.Step("order", where={"a": ">1"}) != sf.Step("order", where={"a": [">1"]})
    assert sf.Step("order", where={"a": 1}) != sf.Step("visit", where={"a": 1})
    assert BIG != "order"
    assert len({BIG, sf.Step("order", where={"amount": ">100"}), sf.Step("order")}) == 2
    odd = sf.Step("order", where={"a": {"b": 1}})
    assert odd == sf.Step("order", where={"a": {"b": 1}})
    with pytest.raises(TypeError, match="has a condition without a hash"):
        hash(odd)


@pytest.mark.parametrize(
    ("step", "written", "label"),
    [
        (sf.Step("order"), "Step('order')", "order"),
        (BIG, "Step('order', where={'amount': '>100'})", "order (amount > 100)"),
        (sf.Step("order", where="vip"), "Step('order', where={'vip': True})", "order (vip is true)"),
        (
            sf.Step(["a", "b"], where=[{"x": ">1"}, {"x": "<9"}]),
            "Step(['a', 'b'], where=[{'x': '>1'}, {'x': '<9'}])",
            "[a | b] (x > 1, x < 9)",
        ),
        (
            sf.Step({"b", "a"}, where={"x": ["p", None]}),
            "Step({'a', 'b'}, where={'x': ['p', None]})",
            "[a | b] (x is p or missing)",
        ),
    ],
)
def test_a_step_is_written_as_code_and_named_by_its_conditions(
    step: sf.Step, written: str, label: str
) -> None:
    assert repr(step) == written
    assert str(step) == label
    assert eval(written, {"Step": sf.Step}) == step
    for again in (pickle.loads(pickle.dumps(step)), copy.deepcopy(step)):
        assert (again, repr(again)) == (step, written)


def test_a_step_cannot_be_changed_not_even_by_the_list_that_it_was_made_of() -> None:
    pages = ["home"]
    step = sf.Step("visit", where={"page": pages})
    pages.append("price")
    assert step == sf.Step("visit", where={"page": ["home"]})
    with pytest.raises(AttributeError):
        step.event = "order"  # type: ignore[misc]  # wrong on purpose


def test_a_step_without_conditions_is_its_event() -> None:
    assert sf.Steps([sf.Step("visit"), ["order", sf.Step("cart")]]) == sf.Steps(["visit", ["order", "cart"]])
    assert sf.Steps([sf.Step(["a", "b"])]) == sf.Steps([["a", "b"]])
    assert sf.Exclusion(sf.Step("refund")) != sf.Exclusion("refund")
    one, other = (sf.Steps(["a", "b"], exclude=sf.Exclusion(each)) for each in (sf.Step("x"), "x"))
    assert one == other


def test_steps_with_conditions_are_written_compared_and_sent_as_steps_are() -> None:
    steps = sf.Steps(["visit", BIG, ["help", BIG]], exclude=sf.Exclusion(BIG, effect="stop"), window=9)
    assert repr(steps) == (
        "Steps(['visit', Step('order', where={'amount': '>100'}), "
        "['help', Step('order', where={'amount': '>100'})]], window=9, "
        "exclude=[Exclusion(stage=Step('order', where={'amount': '>100'}), after=1, before=None, "
        "effect='stop')])"
    )
    assert pickle.loads(pickle.dumps(steps)) == steps
    assert hash(pickle.loads(pickle.dumps(steps))) == hash(steps)
    assert steps.labels == ("visit", "order (amount > 100)", "help | order (amount > 100)")
    assert steps.replace(window=10).steps == steps.steps


def test_a_mapping_names_its_steps_and_two_that_look_alike_need_that() -> None:
    one, text = (sf.Step("order", where={"amount": amount}) for amount in (20, "20"))
    with pytest.raises(sf.SchemaError, match="two different steps that are both called") as raised:
        sf.Steps([one, "visit", text])
    assert raised.value.option == "steps"
    assert "step 1, Step('order', where={'amount': 20}), and step 3, " in str(raised.value)
    assert sf.Steps({"one": one, "text": text}).labels == ("one", "text")
    with pytest.raises(sf.SchemaError, match="are both called 'order \\(amount > 100\\)'"):
        sf.Steps([BIG, "order (amount > 100)"])
    assert sf.Steps([BIG, [BIG]]).labels == ("order (amount > 100)",) * 2


@pytest.mark.parametrize(
    ("event", "where", "message"),
    [
        ([], {"a": 1}, "event=[] names no stage"),
        (None, {"a": 1}, "event=None is not a stage"),
        ({}, {"a": 1}, "event={} is not a stage"),
        (["a", BIG], {"a": 1}, "has a Step in it, and conditions do not nest"),
        (BIG, {"a": 1}, "has a Step in it, and conditions do not nest"),
        ("a", {}, "where={} has no condition; leave it out for all rows"),
        ("a", [], "where=[] has no condition; leave it out for all rows"),
        ("a", 5, "where=5 is not conditions by column"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(event: Any, where: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError) as raised:
        sf.Step(event, where=where)
    assert message in str(raised.value)


# What is wrong for this log: a column, a value, or what a column holds; in a step and in an exclusion.
WRONG: list[tuple[Any, str]] = [
    (
        {"amuont": ">100"},
        "where={'amuont': '>100'}: 'amuont' is not a column that the log keeps of its rows; it keeps: "
        "'amount', 'page', 'vip'; its items table has: 'item', 'region'; name it in columns= of StageLog; "
        "did you mean 'amount'?",
    ),
    ({"Page": "home"}, "did you mean 'page'?"),
    ({"rgion": "south"}, "did you mean 'region'?"),
    (
        {"page": "hone"},
        "where={'page': 'hone'}: no row has 'hone' in column 'page'; did you mean 'home'?",
    ),
    ({"page": ["home", "prise"]}, "no row has 'prise' in column 'page'; did you mean 'price'?"),
    ({"page": "!=hom"}, "no row has 'hom' in column 'page'; did you mean 'home'?"),
    ({"region": "sout"}, "no item has 'sout' in column 'region'; did you mean 'south'?"),
    ({"page": ">100"}, "where={'page': '>100'} compares numbers or moments"),
    ({"amount": ">many"}, "where={'amount': '>many'} compares numbers or moments, and 'many'"),
    ("page", "where={'page': True} is true or false, and column 'page' holds 'home'"),
]


@pytest.mark.parametrize(("where", "message"), WRONG)
def test_a_condition_that_makes_no_sense_for_the_log_is_refused(where: Any, message: str) -> None:
    step = sf.Step("order", where=where)
    asked: list[tuple[str, str, list[Any], dict[str, Any]]] = [
        ("steps", "step 2: ", ["visit", step], {}),
        ("steps", "step 1: ", [["visit", step]], {}),
        ("exclude", f"exclusion of {step!r}: ", ["visit", "order"], {"exclude": sf.Exclusion(step)}),
    ]
    for option, place, steps, options in asked:
        with pytest.raises(sf.SchemaError) as raised:
            sf.sequence_funnel(shop(), steps, **options)
        assert str(raised.value).startswith(place)
        assert message in str(raised.value)
        assert raised.value.option == option


@pytest.mark.parametrize("kept", [(), ["page"]])
def test_a_log_that_did_not_keep_the_column_says_how_to_keep_it(kept: Any) -> None:
    frame = pd.DataFrame(ROWS)
    logs = [
        sf.StageLog(frame, columns=kept),
        sf.StageLog.from_batches([frame, frame], columns=kept),
        sf.StageLog(frame, columns=kept, items=REGIONS),
    ]
    for log in logs:
        with pytest.raises(sf.SchemaError, match="name it in columns= of StageLog") as raised:
            sf.sequence_items(log, ["visit", BIG])
        assert "step 2: where={'amount': '>100'}: 'amount' is not a column that the log keeps" in str(
            raised.value
        )


def test_a_column_of_both_the_items_and_the_log_is_refused() -> None:
    log = shop(items=items_of({1: "x"}, "page", [1]))
    with pytest.raises(sf.SchemaError, match="'page' is a column of the items table and one of the log"):
        sf.sequence_items(log, [sf.Step("visit", where={"page": "home"})])


def test_a_step_that_no_row_fulfils_is_named_under_the_table() -> None:
    never = sf.Step("order", where={"amount": ">1000"})
    table = sf.sequence_funnel(shop(), ["visit", never])
    assert list(table["reached"]) == [3, 0]
    assert table.attrs["stagefunnel"]["unfulfilled"] == ["order (amount > 1000)"]
    shown = str(sf.show(table))
    assert "Steps whose condition no row fulfils: order (amount > 1000)" in shown
    # What all fail to do says nothing about the step before.
    assert "Most drop out" not in shown
    assert "unfulfilled" not in sf.sequence_funnel(shop(), ["visit", BIG]).attrs["stagefunnel"]


def test_the_event_of_a_step_is_looked_up_as_any_stage() -> None:
    with pytest.raises(sf.SchemaError, match="step 2: the log has no stage 'Order', but has 'order'"):
        sf.sequence_items(shop(), ["visit", sf.Step("Order", where={"amount": ">100"})])
    absent = sf.Step("refund", where={"amount": ">100"})
    table = sf.sequence_funnel(shop(), ["visit", absent])
    assert table.attrs["stagefunnel"]["without_rows"] == ["refund"]
    assert "unfulfilled" not in table.attrs["stagefunnel"]
    with pytest.raises(sf.SchemaError, match="has no stage 'refund'"):
        sf.sequence_funnel(shop(), ["visit", absent], missing="error")


@pytest.mark.parametrize(
    ("one", "other", "is_refused"),
    [
        (BIG, BIG, True),
        ("order", "order", True),
        (["order", "visit"], "order", True),
        (sf.Step("*", where={"amount": ">100"}), BIG, True),
        ("order", BIG, False),
        (BIG, sf.Step("order", where={"amount": "<50"}), False),
        (BIG, sf.Step("visit", where={"amount": ">100"}), False),
    ],
)
def test_two_effects_contradict_each_other_where_the_conditions_are_equal(
    one: Any, other: Any, is_refused: bool
) -> None:
    exclude = [sf.Exclusion(one), sf.Exclusion(other, effect="stop")]
    if is_refused:
        with pytest.raises(sf.SchemaError, match="contradicts itself"):
            sf.sequence_items(shop(), ["visit", "order"], exclude=exclude)
    else:
        sf.sequence_items(shop(), ["visit", "order"], exclude=exclude)


def test_every_question_of_steps_takes_them() -> None:
    days = {**ROWS, "time": pd.Timestamp("2026-03-01") + pd.to_timedelta(ROWS["time"], unit="D")}
    log = sf.StageLog(days, columns=["amount", "page"])
    steps = sf.Steps(["visit", BIG], window="7d")
    assert list(sf.sequence_funnel(log, steps)["reached"]) == [3, 1]
    assert list(sf.sequence_trend(log, steps)["converted"]) == [1]
    assert sf.time_to_convert(log, steps)["count"].tolist() == [1]
    assert sf.sequence_paths(log, ["visit", BIG])["path"].tolist() == ["(nothing)", "order"]
    bound = sf.bind(log, sf.Pipeline("visit", won="order"), steps=steps)
    assert_frame_equal(bound.sequence_items(), sf.sequence_items(log, steps))
    assert_frame_equal(
        bound.sequence_items(where={"page": "home"}), sf.sequence_items(log, steps, where={"page": "home"})
    )
    by = sf.sequence_funnel(log, ["visit", BIG], by="page", attribution="step", attribution_step=2)
    assert by.loc[by["page"] == "pay", "reached"].tolist() == [2, 2]


def test_a_question_leaves_the_log_as_it_is_and_asks_again_what_it_knows() -> None:
    log = shop()
    before = sf.sequence_paths(log, ["visit", "order"])
    stages = log.stages
    first = sf.sequence_items(log, ["visit", BIG])
    for limit in range(5):
        sf.sequence_items(log, ["visit", sf.Step("order", where={"amount": f">{limit}"})])
    assert_frame_equal(sf.sequence_items(log, ["visit", BIG]), first)
    assert_frame_equal(log.stages, stages)
    assert_frame_equal(sf.sequence_paths(log, ["visit", "order"]), before)


def test_more_kinds_of_rows_than_one_byte_holds_are_told_apart() -> None:
    n = 400
    log = sf.StageLog(
        {"item": np.arange(n), "stage": ["view"] * n, "time": np.arange(n), "page": np.arange(n)},
        columns="page",
    )
    for mode in ("open", "hybrid"):
        steps = [sf.Step("view", where={"page": page}) for page in range(60)]
        options: dict[str, Any] = {"mode": mode}
        assert int(sf.sequence_items(log, steps, **options)["level"].gt(0).sum()) == (
            60 if mode == "open" else 1
        )
    # 250 stages and 32 conditions are more than 255 codes.
    stages = [f"s{number % 250}" for number in range(n)]
    log = sf.StageLog(
        {"item": [1] * n, "stage": stages, "time": np.arange(n), "page": np.arange(n)}, columns="page"
    )
    many = [sf.Step("*", where={"page": page}) for page in range(0, 60, 2)]
    items = sf.sequence_items(log, [*many, "s3"])
    assert list(items["level"]) == [31]
    assert items["time_31"].tolist() == [253]
    assert items["time_30"].tolist() == [58]


def test_the_number_of_threads_changes_nothing() -> None:
    dice = np.random.default_rng(5)
    n = 30_000
    columns = {
        "item": dice.integers(0, 900, n),
        "stage": dice.choice(["visit", "order", "help"], n),
        "time": dice.integers(0, 10_000, n),
        "amount": dice.choice([np.nan, 20, 150], n),
    }
    one, four = (
        sf.sequence_items(
            sf.StageLog(columns, columns="amount", threads=threads),
            ["visit", BIG],
            window=500,
            exclude=sf.Exclusion(sf.Step("help", where={"amount": None}), effect="stop"),
        )
        for threads in (1, 4)
    )
    assert_frame_equal(one, four)
    assert one["level"].max() == 2


def test_an_error_of_a_step_is_a_schema_error_that_can_be_sent() -> None:
    with pytest.raises(SchemaError) as raised:
        sf.sequence_items(shop(), ["visit", sf.Step("order", where={"amuont": 1})])
    again = pickle.loads(pickle.dumps(raised.value))
    assert (str(again), again.option) == (str(raised.value), "steps")
