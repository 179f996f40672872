"""Steps with conditions: the worked example, and equal to the plain reference in every mode."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from condition_cases import ConditionCase, condition_cases
from examples import examples
from helpers import assert_frame_equal
from reference.clickhouse import MODES
from reference.sequence_steps import Conditional, Seen
from reference.sequence_touches import counted_paths, paths, touched, value_by_value

BIG = sf.Step("B", where={"amount": ">100"})
SMALL = sf.Step("B", where={"amount": "<=100"})
FREE = sf.Step("B", where={"amount": None})
BIG_X = sf.Step("X", where={"amount": ">100"})


def log_of(text: str, **options: Any) -> sf.StageLog:
    """Read rows such as ``A0 B2:20``: the amount stands behind the time."""
    parts = [word.partition(":") for word in text.split()]
    return sf.StageLog(
        {
            "item": [1] * len(parts),
            "stage": [word[0] for word, _, _ in parts],
            "time": [int(word[1:]) for word, _, _ in parts],
            "amount": pd.Series([float(amount) if amount else None for _, _, amount in parts], dtype=float),
        },
        columns="amount",
        **options,
    )


def match_of(text: str, steps: list[Any], **options: Any) -> str:
    """Write the match of a journey as the definitions do: ``"2: 0, 5"``."""
    asked = {"window": 10, "missing": "ignore", **options}
    items = sf.sequence_items(log_of(text), steps, **asked)
    if sf.sequence_funnel(log_of(text), steps, **asked).attrs["stagefunnel"]["left_out"]:
        return "left out"
    level = int(items["level"].iloc[0])
    times = [items[f"time_{number}"].iloc[0] for number in range(1, len(steps) + 1)]
    done = [str(time) for time in times if not pd.isna(time)]
    return f"{level}: " + ", ".join(done) if level else "0"


def in_plain_python(text: str, steps: list[Any], **options: Any) -> str:
    """Write the match that the reference finds; an item that is left out has level 0, and its rows."""
    parts = [word.partition(":") for word in text.split()]
    seen = [(word[0], int(amount) if amount else None, int(word[1:])) for word, _, amount in parts]
    exclude = options.pop("exclude", [])
    hold = {"hold": [amount for _, amount, _ in seen]} if options.pop("hold", None) else {}
    match = reference.sequence(
        [(Seen(stage, amount), time) for stage, amount, time in seen],
        [plain(step) for step in steps],
        window=10,
        exclude=[
            reference.Exclusion(plain(one.stage), one.after, one.before, one.effect)
            for one in (exclude if isinstance(exclude, list) else [exclude])
        ],
        **hold,
        **options,
    )
    done = [str(time) for time in match.times if time is not None]
    if match.level:
        return f"{match.level}: " + ", ".join(done)
    return "left out" if any(row is not None for row in match.rows) else "0"


def plain(step: Any) -> Any:
    if isinstance(step, list):
        return [plain(one) for one in step]
    return (
        Conditional(step.event, MEANS[step.where["amount"]], str(step)) if isinstance(step, sf.Step) else step
    )


MEANS: dict[Any, Callable[[Any], bool]] = {
    ">100": lambda amount: amount is not None and amount > 100,
    "<=100": lambda amount: amount is not None and amount <= 100,
    None: lambda amount: amount is None,
}


# The table of definitions.md, section 10, worked out by hand.
WORKED: list[tuple[str, list[Any], dict[str, Any], str]] = [
    ("A0 B2:20 B5:200", ["A", BIG], {}, "2: 0, 5"),
    ("A0 B2:20 B5:200", ["A", BIG], {"mode": "strict"}, "1: 0"),
    ("A0 B2", ["A", BIG], {}, "1: 0"),
    ("A0 B2", ["A", FREE], {}, "2: 0, 2"),
    ("A0 B1:20 B2:200", ["A", BIG], {"first_time": {2}}, "2: 0, 2"),
    ("B0:20 B3:200", [SMALL, BIG], {}, "2: 0, 3"),
    ("B0:200 B3:20", [SMALL, BIG], {}, "1: 3"),
    ("B0:200 B3:20", [SMALL, BIG], {"mode": "unordered"}, "2: 0, 3"),
    ("B0:200 B3:300", [BIG, BIG], {}, "2: 0, 3"),
    ("B0:200", ["B", BIG], {}, "1: 0"),
    ("B0:200 B0:20", ["B", BIG], {}, "2: 0, 0"),
    ("B0:200 B0:20", ["B", BIG], {"mode": "strict"}, "1: 0"),
    ("A0 B2:20 C3 B5:200", ["A", ["C", BIG]], {}, "2: 0, 3"),
    ("A0:200 B2:300 B5:200", ["A", BIG], {}, "2: 0, 2"),
    ("A0:200 B2:300 B5:200", ["A", BIG], {"hold": "amount"}, "2: 0, 5"),
    ("A0 X1:20 B2", ["A", "B"], {"exclude": sf.Exclusion(BIG_X)}, "2: 0, 2"),
    ("A0 X1:200 B2", ["A", "B"], {"exclude": sf.Exclusion(BIG_X)}, "left out"),
    ("A0 X1:200 B2", ["A", "B"], {"exclude": sf.Exclusion(BIG_X, effect="stop")}, "1: 0"),
    ("A0 X1:200 B2", ["A", "B"], {"exclude": sf.Exclusion(BIG_X, effect="reset")}, "0"),
    (
        "A0 X1:20 B2",
        ["A", "B"],
        {"exclude": [sf.Exclusion("X", effect="stop"), sf.Exclusion(BIG_X)]},
        "1: 0",
    ),
    (
        "A0 X1:200 B2",
        ["A", "B"],
        {"exclude": [sf.Exclusion("X", effect="stop"), sf.Exclusion(BIG_X)]},
        "left out",
    ),
]


@pytest.mark.parametrize(("rows", "steps", "options", "match"), WORKED)
def test_the_worked_example_of_the_definitions(
    rows: str, steps: list[Any], options: dict[str, Any], match: str
) -> None:
    assert match_of(rows, steps, **options) == match
    assert in_plain_python(rows, steps, **options) == match


def assert_same_tables(case: ConditionCase, **more: Any) -> None:
    log = case.log()
    for function, plain in (
        (sf.sequence_items, reference.sequence_items),
        (sf.sequence_funnel, reference.sequence_funnel),
    ):
        found = function(log, case.steps, **case.options | more)
        expected = plain(case.seen, case.question.steps, **case.question.options | more)
        assert_frame_equal(found, expected, check_exact=True)


@examples(ci=25, night=300)
@given(condition_cases())
def test_items_and_funnel_match_the_reference(case: ConditionCase) -> None:
    assert_same_tables(case)


@examples(ci=25, night=300)
@given(condition_cases(times="zoned"))
def test_times_of_a_zone_and_its_months_match_the_reference(case: ConditionCase) -> None:
    assert_same_tables(case)


@examples(ci=25, night=300)
@given(condition_cases())
def test_entries_one_after_another_match_the_reference(case: ConditionCase) -> None:
    assume(case.question.options["mode"] in ("ordered", "increase", "strict"))
    assert_same_tables(case, entries="all")


WINDOW_FUNNEL_MODES = [
    modes
    for size in range(len(MODES) + 1)
    for modes in combinations(MODES, size)
    if "allow_reentry" not in modes or "strict_order" in modes
]


@examples(ci=25, night=300)
@given(condition_cases(max_rows=9), st.sampled_from(WINDOW_FUNNEL_MODES), st.integers(0, 30))
def test_the_levels_of_windowfunnel_match_the_reference(
    case: ConditionCase, modes: tuple[str, ...], window: int
) -> None:
    kept = {name: value for name, value in case.question.options.items() if name == "as_of"}
    options = {"mode": "clickhouse", "window": window, "modes": modes, **kept}
    assert_same_tables(case._replace(question=case.question._replace(options=options)))


@examples(ci=25, night=300)
@given(condition_cases(times="zoned"), st.sampled_from(["day", "month"]), st.data())
def test_a_trend_matches_the_reference(case: ConditionCase, every: Any, data: st.DataObject) -> None:
    n = len(case.steps)
    assume(n > 1 and case.question.options["mode"] != "unordered")
    start = data.draw(st.integers(1, n - 1))
    end = data.draw(st.integers(start + 1, n))
    table = sf.sequence_trend(
        case.log(), case.steps, every=every, from_step=start, to_step=end, **case.options
    )
    freq = {"day": "D", "month": "M"}[every]
    expected = reference.sequence_trend(
        case.seen, case.question.steps, freq=freq, start=start, end=end, **case.question.options
    )
    assert_frame_equal(table, expected, check_exact=True)


@examples(ci=25, night=300)
@given(condition_cases(), st.sampled_from(["first_touch", "last_touch", "step"]), st.integers(1, 4))
def test_a_touch_is_a_row_that_fulfils_the_condition(
    case: ConditionCase, attribution: Any, step: int
) -> None:
    step = min(step, len(case.steps)) if attribution == "step" else 1
    table = sf.sequence_funnel(
        case.log(),
        case.steps,
        by="page",
        attribution=attribution,
        attribution_step=step,
        **case.options,
    )
    pages = [value.page for value in case.values]
    groups = touched(case.seen, case.question.steps, pages, attribution, step, **case.question.options)
    items = reference.sequence_items(case.seen, case.question.steps, **case.question.options)
    done = dict(zip(items["item"], items["time_1"].notna(), strict=True))
    for page in set(groups.values()):
        rows = table[(table["page"].isna() if page is None else table["page"] == page) & (table["step"] == 1)]
        assert int(rows["reached"].iloc[0]) == sum(done[item] for item, own in groups.items() if own == page)


@examples(ci=25, night=300)
@given(condition_cases())
def test_all_events_reads_each_value_by_itself(case: ConditionCase) -> None:
    assume("hold" not in case.question.options)
    until = {"as_of": case.question.options.get("as_of", 99)}
    table = sf.sequence_funnel(
        case.log(), case.steps, by="page", attribution="all_events", **case.options | until
    )
    pages = [value.page for value in case.values]
    for page, rows in value_by_value(case.seen, pages).items():
        expected = reference.sequence_funnel(rows, case.question.steps, **case.question.options | until)
        found = table[table["page"].isna() if page is None else table["page"] == page]
        if any(time < until["as_of"] for _, _, time in rows):
            found = found.drop(columns="page").reset_index(drop=True)
            assert_frame_equal(found, expected, check_exact=True)


@examples(ci=25, night=300)
@given(condition_cases())
def test_paths_name_the_stages_of_the_log(case: ConditionCase) -> None:
    n = len(case.steps)
    assume(n > 1 and case.question.options["mode"] in ("ordered", "increase", "strict", "first_entry"))
    table = sf.sequence_paths(case.log(), case.steps, **case.options)
    times_of = paths(case.seen, case.question.steps, 1, n, **case.question.options)
    expected = [(path, n_items, middle) for path, middle, n_items in counted_paths(times_of)]
    found = [
        (tuple(path.split(" → ")) if path != "(nothing)" else (), n_items, middle)
        for path, n_items, middle in zip(table["path"], table["items"], table["median"], strict=True)
    ]
    assert sorted(found) == sorted(expected)


@examples(ci=25, night=300)
@given(condition_cases())
def test_a_chosen_log_answers_as_the_whole_log_of_these_items(case: ConditionCase) -> None:
    chosen = [
        item
        for (item, _, _), value in zip(case.question.rows, case.values, strict=True)
        if value.region == "south"
    ]
    assume(chosen)
    whole = sf.sequence_items(case.log(), case.steps, **case.options)
    south = sf.sequence_items(case.log(), case.steps, where={"region": "south"}, **case.options)
    expected = whole[whole["item"].isin(chosen)].reset_index(drop=True)
    assert_frame_equal(south, expected, check_exact=True)
