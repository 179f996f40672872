"""Steps and their rules as one value: the answers of the plain arguments, and each rule in one place."""

import inspect
import pickle
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import assert_frame_equal
from questions.sequence.test_sequences import ROWS, STEPS, log_of, options_of, shop
from sequence_cases import Question, questions
from stagefunnel.questions.sequence.rules import DEFAULTS, SequenceRules

FUNCTIONS = [
    sf.sequence_funnel,
    sf.sequence_items,
    sf.sequence_trend,
    sf.time_to_convert,
    sf.sequence_paths,
]
# A value of each rule that is not its default, and another one.
VALUES: dict[str, tuple[Any, Any]] = {
    "window": ("7d", "1d"),
    "mode": ("strict", "increase"),
    "modes": (["strict_order"], ["strict_once"]),
    "max_gap": ("3d", {2: "4d"}),
    "min_gap": ("1h", "2h"),
    "timing": ("first_entry", "last_entry"),
    "exclude": (sf.Exclusion("ad"), sf.Exclusion("ad", effect="stop")),
    "optional": ({2}, {3}),
    "first_time": ({1}, {2}),
    "hold": ("basket", ["basket"]),
    "entries": ("all", "best"),
    "missing": ("ignore", "error"),
}


def days() -> sf.StageLog:
    frame = pd.DataFrame(ROWS, columns=["item", "stage", "time"])
    times = pd.Timestamp("2026-03-01") + pd.to_timedelta(frame["time"], unit="h")
    return sf.StageLog(frame.assign(time=times, basket="a"), columns="basket")


@given(questions(), st.data())
def test_steps_answer_as_the_plain_arguments_do(question: Question, data: st.DataObject) -> None:
    log, options = log_of(question), options_of(question)
    as_of = {"as_of": options.pop("as_of")} if "as_of" in options else {}
    # Some rules in the value, the others beside it.
    beside = {name: options[name] for name in options if data.draw(st.booleans())}
    held = {name: value for name, value in options.items() if name not in beside}
    functions: list[Any] = [sf.sequence_items, sf.sequence_funnel]
    if len(question.steps) > 1:
        functions.append(sf.time_to_convert)
        functions += (
            [sf.sequence_paths] if question.options["mode"] not in ("open", "hybrid", "unordered") else []
        )
    for ask in functions:
        plain = ask(log, question.steps, **options, **as_of)
        for found in (
            ask(log, sf.Steps(question.steps, **options), **as_of),
            ask(log, sf.Steps(question.steps, **held), **beside, **as_of),
        ):
            assert_frame_equal(found, plain, check_exact=True)
            assert found.attrs == plain.attrs


def test_a_trend_of_steps_is_that_of_the_plain_arguments() -> None:
    steps = sf.Steps(STEPS, window="8h", timing="first_entry")
    found = sf.sequence_trend(days(), steps, every="day", by="basket")
    plain = sf.sequence_trend(days(), STEPS, every="day", by="basket", window="8h", timing="first_entry")
    assert_frame_equal(found, plain)
    assert list(found["entered"]) == [2]


@pytest.mark.parametrize("ask", FUNCTIONS, ids=lambda ask: ask.__name__)
@pytest.mark.parametrize("rule", DEFAULTS)
def test_a_rule_that_is_given_in_both_places_is_refused(ask: Any, rule: str) -> None:
    held, beside = VALUES[rule]
    clickhouse = {"mode": "clickhouse", "window": "7d"} if rule == "modes" else {}
    steps = sf.Steps(STEPS, **{**clickhouse, rule: held})
    for value in (beside, held):
        with pytest.raises(sf.SchemaError) as raised:
            ask(days(), steps, **{rule: value})
        message = str(raised.value)
        assert raised.value.option == rule
        assert message.startswith(f"{rule}={value!r} is given beside Steps that have {rule}=")
        assert message.endswith(f"; give {rule}= in one place")
    assert raised.value.spelled(lambda option: f"--{option.name} {option.plain}").startswith(f"--{rule} ")


def test_a_refusal_shows_both_values() -> None:
    with pytest.raises(sf.SchemaError) as raised:
        sf.sequence_funnel(shop(), sf.Steps(STEPS, window=8), window=9)
    message = "window=9 is given beside Steps that have window=8; give window= in one place"
    assert str(raised.value) == message


def test_a_default_that_is_given_counts_as_given() -> None:
    with pytest.raises(sf.SchemaError, match="mode='ordered' is given beside Steps that have mode='strict'"):
        sf.sequence_items(shop(), sf.Steps(STEPS, mode="strict"), mode="ordered")
    with pytest.raises(sf.SchemaError, match="mode='strict' is given beside Steps that have mode='ordered'"):
        sf.sequence_items(shop(), sf.Steps(STEPS, mode="ordered"), mode="strict")
    with pytest.raises(sf.SchemaError, match="window=9 is given beside Steps that have window=None"):
        sf.sequence_items(shop(), sf.Steps(STEPS, window=None), window=9)


def test_steps_of_steps_add_rules() -> None:
    assert sf.Steps(sf.Steps({"came": "visit"}, window=8), mode="strict") == sf.Steps(
        {"came": "visit"}, window=8, mode="strict"
    )


def test_rules_of_both_places_are_checked_together() -> None:
    with pytest.raises(sf.SchemaError, match='max_gap= has no meaning with mode="open"') as raised:
        sf.sequence_items(shop(), sf.Steps(STEPS, max_gap=8), mode="open")
    assert raised.value.option == "max_gap"


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'windows'"):
        sf.Steps(STEPS, windows=8)  # type: ignore[call-arg]  # wrong on purpose
    with pytest.raises(TypeError, match="unexpected keyword argument 'windows'"):
        sf.sequence_trend(days(), STEPS, windows=8)  # type: ignore[call-arg]  # wrong on purpose


@pytest.mark.parametrize(
    ("steps", "labels", "shown"),
    [
        (["visit", "cart"], ["visit", "cart"], "Steps(['visit', 'cart'])"),
        (iter(["visit", "cart"]), ["visit", "cart"], "Steps(['visit', 'cart'])"),
        (["visit", ["cart", "order"]], ["visit", "cart | order"], "Steps(['visit', ['cart', 'order']])"),
        (["visit", {"order", "cart"}], ["visit", "cart | order"], "Steps(['visit', {'cart', 'order'}])"),
        (["visit", "visit", "*"], ["visit", "visit", "*"], "Steps(['visit', 'visit', '*'])"),
        ([1, 2], ["1", "2"], "Steps([1, 2])"),
        (
            {"came": "visit", "went on": ["cart", "order"]},
            ["came", "went on"],
            "Steps({'came': 'visit', 'went on': ['cart', 'order']})",
        ),
    ],
)
def test_steps_are_a_list_or_a_mapping_of_names(steps: Any, labels: list[str], shown: str) -> None:
    made = sf.Steps(steps)
    assert list(made.labels) == labels
    assert repr(made) == shown
    assert eval(shown, {"Steps": sf.Steps}) == made


def test_a_repr_shows_the_rules_that_were_given() -> None:
    steps = sf.Steps(
        STEPS, window="7d", optional=[3, 2], exclude=sf.Exclusion("ad"), hold="basket", max_gap={2: "1d"}
    )
    assert repr(steps) == (
        "Steps(['visit', 'cart', 'order'], window='7d', max_gap={2: '1d'}, exclude=[Exclusion(stage='ad', "
        "after=1, before=None, effect='drop')], optional={2, 3}, hold=['basket'])"
    )
    assert eval(repr(steps), {"Steps": sf.Steps, "Exclusion": sf.Exclusion}) == steps


def test_equal_steps_are_equal_however_they_are_written() -> None:
    one = sf.Steps(STEPS, optional=[2], hold="basket", exclude=sf.Exclusion(["ad"]), mode="ordered")
    other = sf.Steps(tuple(STEPS), optional={2}, hold=["basket"], exclude=[sf.Exclusion(("ad",))])
    assert one == other
    assert hash(one) == hash(other)
    assert {one: 1}[other] == 1
    assert one != other.replace(optional={3})
    assert sf.Steps(["visit"]) != sf.Steps({"came": "visit"})


def test_steps_cannot_be_changed_and_keep_no_hold_of_what_they_were_made_of() -> None:
    stages, gaps = ["visit", "cart", "order"], {2: 5}
    steps = sf.Steps(stages, max_gap=gaps)
    stages.append("ad")
    gaps[3] = 1
    assert steps == sf.Steps(STEPS, max_gap={2: 5})
    with pytest.raises(FrozenInstanceError):
        steps.window = 8  # type: ignore[misc]  # wrong on purpose


def test_a_copy_differs_in_what_is_replaced() -> None:
    steps = sf.Steps({"came": "visit", "bought": "order"}, window=8, mode="strict")
    assert steps.replace(window=9) == sf.Steps({"came": "visit", "bought": "order"}, window=9, mode="strict")
    assert steps.replace(["ad", "cart"]) == sf.Steps(["ad", "cart"], window=8, mode="strict")
    with pytest.raises(sf.SchemaError, match="window=-1 is negative"):
        steps.replace(window=-1)
    assert steps == sf.Steps({"came": "visit", "bought": "order"}, window=8, mode="strict")


def test_steps_survive_a_pickle() -> None:
    steps = sf.Steps(STEPS, window="7d", max_gap={2: "1d"})
    back = pickle.loads(pickle.dumps(steps))
    assert back == steps
    with pytest.raises(sf.SchemaError, match="window="):
        sf.Steps(back, window="1d")


@pytest.mark.parametrize("ask", [*FUNCTIONS, sf.Steps], ids=lambda ask: ask.__name__)
def test_the_signature_lists_every_rule_with_its_default(ask: Any) -> None:
    parameters = inspect.signature(ask).parameters
    assert {name: parameters[name].default for name in DEFAULTS} == DEFAULTS
    assert {parameters[name].kind for name in DEFAULTS} == {inspect.Parameter.KEYWORD_ONLY}
    assert not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())


def test_every_rule_has_a_type_a_default_and_a_field() -> None:
    assert list(SequenceRules.__annotations__) == list(DEFAULTS) == list(VALUES)
    assert set(DEFAULTS) <= {field.name for field in fields(sf.Steps)}
    assert all(f"{name}\n" in (sf.Steps.__doc__ or "").replace(", ", "\n") for name in DEFAULTS)
