"""Questions that cannot be answered: wrong stages, options and items tables, and logs without rows."""

import datetime
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL, journeys_log

ROWS = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 1, 2]}
ITEMS = pd.DataFrame({"item": [1, 2], "manager": ["Ada", None], "value": [5.0, np.nan], "note": ["7", "x"]})
QUESTIONS: list[Any] = [sf.funnel, sf.outcomes, sf.time_in_stage, sf.transitions, sf.item_table]


def refused(error: type[Exception], message: str) -> Any:
    """Expect exactly this message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def ask(items: Any = ITEMS, *, key: str | None = None, rows: Any = ROWS, **options: Any) -> pd.DataFrame:
    return sf.funnel(sf.StageLog(rows, items=items, items_key=key), SMALL, **options)


HAS = "the pipeline has: 'New', 'Offer', 'Won', 'Lost'"
IGNORE = 'pass unlisted="ignore" to leave such rows out'


@pytest.mark.parametrize(
    ("stages", "row", "message"),
    [
        (
            ["New", "Ofer", "Ofer"],
            1,
            f"unknown stage 'Ofer' (2 rows, first at row 1); {HAS}; did you mean 'Offer'?; {IGNORE}",
        ),
        (
            ["New", "New", "won"],
            2,
            f"unknown stage 'won' (1 row, first at row 2); {HAS}; did you mean 'Won'?; {IGNORE}",
        ),
        (
            ["New", "zzz", ""],
            1,
            f"unknown stages 'zzz' (1 row, first at row 1), '' (1 row, first at row 2); {HAS}; {IGNORE}",
        ),
        (
            [1, 2, 1],
            0,
            f"unknown stages 1 (2 rows, first at row 0), 2 (1 row, first at row 1); {HAS}; "
            f"the log's labels are int, are the pipeline's the same type?; {IGNORE}",
        ),
    ],
)
def test_unlisted_stages_are_refused_by_every_question(stages: list[Any], row: int, message: str) -> None:
    log = sf.StageLog({**ROWS, "stage": stages})
    for question in [*QUESTIONS, lambda *both: sf.explain(*both, item=1)]:
        with refused(sf.UnknownStageError, message) as found:
            question(log, SMALL)
        assert found.value.row == row


def test_a_stage_that_the_log_has_too_is_not_suggested() -> None:
    with refused(sf.UnknownStageError, f"unknown stage 'Ofer' (1 row, first at row 1); {HAS}; {IGNORE}"):
        sf.funnel(journeys_log("New > Ofer > Offer"), SMALL)


def test_many_unlisted_stages_are_named_in_part() -> None:
    log = sf.StageLog({"item": range(9), "stage": [*"abcdefgh", "New"], "time": range(9)})
    with pytest.raises(
        sf.UnknownStageError, match=r"'e' \(1 row, first at row 4\), … \(3 more\); the pipeline has"
    ):
        sf.funnel(log, SMALL)


def test_a_stage_that_only_dropped_rows_have_is_not_unlisted() -> None:
    rows = {"item": [1, None], "stage": ["New", "Ofer"], "time": [0, 1]}
    assert sf.funnel(sf.StageLog(rows, invalid="drop"), SMALL)["base"].tolist() == [1] * 4


OPTIONS: list[tuple[dict[str, Any], str]] = [
    (
        {"kind": "clasic"},
        "kind='clasic' is not one of 'classic', 'conversions', 'furthest', 'strict', 'both'; "
        "did you mean 'classic'?",
    ),
    ({"fill": True}, "fill=True is not one of 'won', 'moves'"),
    (
        {"lost_then_won": "drop"},
        "lost_then_won='drop' is not one of 'include', 'exclude', 'exclude_reopened'",
    ),
    ({"unlisted": "ignor"}, "unlisted='ignor' is not one of 'error', 'ignore'; did you mean 'ignore'?"),
]


@pytest.mark.parametrize(("options", "message"), OPTIONS)
def test_a_value_that_an_option_does_not_have_is_refused_with_those_it_has(
    options: dict[str, Any], message: str
) -> None:
    log = journeys_log("New")
    with refused(sf.SchemaError, message):
        sf.funnel(log, SMALL, **options)
    with refused(sf.SchemaError, message):
        sf.explain(log, SMALL, item=1, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"invalid": "drpo"},
            "invalid='drpo' is not one of 'error', 'drop', 'keep_stage'; did you mean 'drop'?",
        ),
        ({"empty": True}, "empty=True is not one of 'error', 'allow'"),
    ],
)
def test_a_log_refuses_a_value_that_its_option_does_not_have(options: dict[str, Any], message: str) -> None:
    with refused(sf.SchemaError, message):
        sf.StageLog(ROWS, **options)


def test_time_in_stage_refuses_an_unknown_unit_of_account() -> None:
    with refused(
        sf.SchemaError, "per='items' is not one of 'visit', 'item', 'longest'; did you mean 'item'?"
    ):
        sf.time_in_stage(journeys_log("New"), SMALL, per="items")  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_takes_a_log_and_a_pipeline(question: Any) -> None:
    with refused(sf.SchemaError, "expected a StageLog, got DataFrame; make one with StageLog(...)"):
        question(pd.DataFrame(ROWS), SMALL)
    with refused(sf.SchemaError, "expected a Pipeline, got dict"):
        question(journeys_log("New"), {"stages": ["New"]})


NO_TABLE = "names a column of the items table, and the log has none; pass items=your_table to StageLog"


@pytest.mark.parametrize("option", ["by", "amount"])
def test_columns_of_items_need_an_items_table(option: str) -> None:
    with refused(sf.SchemaError, f"{option}= {NO_TABLE}"):
        ask(None, **{option: "manager"})


@pytest.mark.parametrize(
    ("keys", "log_keys", "message"),
    [
        ([1, 2, 1], [1, 1, 2], "'item' = 1 (rows 0 and 2)"),
        (["a", "b", "b"], ["a", "a", "b"], "'item' = 'b' (rows 1 and 2)"),
        ([5.0, 5.0, 6.0], [1, 1, 2], "'item' = 5.0 (rows 0 and 1)"),
    ],
)
def test_two_rows_of_one_item_are_refused_with_key_and_rows(
    keys: list[Any], log_keys: list[Any], message: str
) -> None:
    items = pd.DataFrame({"item": keys})
    with refused(
        sf.SchemaError, f"the items table has two rows with {message}; it must have one row per item"
    ):
        ask(items, rows={**ROWS, "item": log_keys})


@pytest.mark.parametrize(
    ("items", "log_keys", "kinds"),
    [(["1", "2"], [1, 1, 2], ("text", "integers")), ([1, 2], ["1", "1", "2"], ("integers", "text"))],
)
def test_keys_of_another_type_than_the_logs_are_refused(
    items: list[Any], log_keys: list[Any], kinds: tuple[str, str]
) -> None:
    message = f"the items table's key column 'item' holds {kinds[0]}, the log's items are {kinds[1]}"
    with refused(sf.SchemaError, f"{message}; make them one type"):
        ask(pd.DataFrame({"item": items}), rows={**ROWS, "item": log_keys})


NOT_A_NUMBER = "in row 1 of the items table is not a number; convert column 'v' first"
COLUMNS = "it has: 'item', 'manager', 'value', 'note'"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"key": "itm"},
            f"items_key='itm' is not a column of the items table; {COLUMNS}; did you mean 'item'?",
        ),
        (
            {"by": "manger"},
            f"by='manger' is not a column of the items table; {COLUMNS}; did you mean 'manager'?",
        ),
        ({"amount": "zzz"}, f"amount='zzz' is not a column of the items table; {COLUMNS}"),
        ({"by": ["manager", "manager"]}, "by= names a column twice: 'manager', 'manager'"),
        ({"by": []}, "by= names no column"),
        (
            {"amount": "note"},
            "amount 'x' in row 1 of the items table is not a number; convert column 'note' first",
        ),
    ],
)
def test_a_column_that_the_items_table_does_not_have_as_needed_is_refused(options: Any, message: str) -> None:
    with refused(sf.SchemaError, message):
        ask(**options)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([True, False], "amount column 'v' is bool, not numbers"),
        (pd.to_datetime(["2026", "2027"]).as_unit("us"), "amount column 'v' is datetime64[us], not numbers"),
        (np.array([1j, 2]), "amount column 'v' is complex128, not numbers"),
        ([1.0, np.inf], "amount inf in row 1 of the items table is not a number; convert column 'v' first"),
        (
            pd.Series([[1], 2]),
            "amount [1] in row 0 of the items table is not a number; convert column 'v' first",
        ),
        (
            [4e18, 4e18],
            "amounts of column 'v' are infinite or add up beyond 4.6e18; give them in a larger unit, such as "
            "thousands",
        ),
        (
            pd.Series([1, True], dtype=object),
            "amount True in row 1 of the items table is not a number; convert column 'v' first",
        ),
        (
            pd.Series([1, 2 + 5j], dtype=object),
            "amount (2+5j) in row 1 of the items table is not a number; convert column 'v' first",
        ),
        (pd.Categorical([True, False]), "amount column 'v' is bool, not numbers"),
        (pd.period_range("2026", periods=2, freq="M"), "amount column 'v' is period[M], not numbers"),
    ],
)
def test_an_amount_is_a_number(values: Any, message: str) -> None:
    with refused(sf.SchemaError, message):
        ask(pd.DataFrame({"item": [1, 2], "v": values}), amount="v")


def test_the_sum_of_decimals_is_bounded_in_units_of_their_last_place() -> None:
    # Ten times 2^49, a thousand times, is more than 2^62.
    items, amounts = range(1_000), [Decimal(f"{2**49}.5")] * 1_000
    log = sf.StageLog({"item": items, "stage": ["New"] * 1_000, "time": items, "v": amounts}, columns="v")
    with pytest.raises(sf.SchemaError, match=r"^amounts of column 'v' .* beyond 4\.6e17; give them"):
        sf.funnel(log, SMALL, amount="v")


@pytest.mark.parametrize(
    ("values", "arrow_type", "message"),
    [
        (["1", "x"], "string", f"amount 'x' {NOT_A_NUMBER}"),
        ([b"1", b"x"], "binary", f"amount b'x' {NOT_A_NUMBER}"),
        ([datetime.time(1)] * 2, "time64[us]", "amount column 'v' is time64[us][pyarrow], not numbers"),
        ([True, None], "bool", "amount column 'v' is bool[pyarrow], not numbers"),
    ],
)
def test_an_amount_of_arrow_is_a_number(values: Any, arrow_type: str, message: str) -> None:
    pytest.importorskip("pyarrow")
    column = pd.Series(values, dtype=f"{arrow_type}[pyarrow]")
    with refused(sf.SchemaError, message):
        ask(pd.DataFrame({"item": [1, 2], "v": column}), amount="v")


def test_doubles_of_arrow_may_be_nan_or_missing() -> None:
    pa = pytest.importorskip("pyarrow")
    numbers = pd.Series(pd.arrays.ArrowExtensionArray(pa.array([1.5, float("nan")])))
    assert ask(pd.DataFrame({"item": [1, 2], "v": numbers}), amount="v")["amount_missing"].sum() == 1


@pytest.mark.parametrize(
    "values",
    [
        [1.5, None],
        ["1.5", None],
        pd.array([1.5, None], dtype="Float64"),
        pd.array(["1.5", ""], dtype=object)[:1],
    ],
)
def test_amounts_may_be_missing_or_text_that_is_a_number(values: Any) -> None:
    table = ask(pd.DataFrame({"item": [1, 2][: len(values)], "v": values}), amount="v")
    assert table["amount"].tolist() == [1.5, 0.0, 1.5, 0.0]
    assert table["amount_missing"].tolist() == [1, 0, 0, 0]


def test_a_breakdown_does_not_hide_a_column_of_the_result() -> None:
    items = pd.DataFrame({"item": [1], "base": [1], "stage": ["x"]})
    message = "by= names 'base', 'stage', which are columns of the result; rename them in the items table"
    with refused(sf.SchemaError, message):
        ask(items, by=["base", "stage"])


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([1, 2], "items=: row 0 of the list is a int, not a record"),
        (5, "items=: cannot read columns from int"),
        ("items.csv", "items=: 'items.csv' is a path, not a table"),
    ],
)
def test_what_is_not_an_items_table_is_refused(items: Any, problem: str) -> None:
    with pytest.raises(sf.SchemaError, match=problem) as caught:
        ask(items)
    assert caught.value.option == "items"
    with refused(sf.SchemaError, "items= is not a table: All arrays must be of the same length"):
        ask({"item": [1, 2], "group": ["a"]})


EMPTY: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}


def test_an_empty_log_is_refused_unless_that_is_expected() -> None:
    with refused(sf.SchemaError, 'the log has no rows; pass empty="allow" if that is expected'):
        sf.StageLog(EMPTY)
    missing = {**ROWS, "item": [None] * 3}
    message = 'no row is left after dropping 3 invalid rows; pass empty="allow" if that is expected'
    with refused(sf.SchemaError, message):
        sf.StageLog(missing, invalid="drop")
    assert sf.StageLog(missing, invalid="drop", empty="allow").n_items == 0


@pytest.mark.parametrize("kind", ["classic", "conversions", "furthest", "strict"])
def test_an_empty_log_gives_the_full_table_with_base_zero(kind: Any) -> None:
    log = sf.StageLog(EMPTY, empty="allow", items=ITEMS)
    table = sf.funnel(log, SMALL, kind=kind, amount="value")
    assert table["stage"].tolist() == ["New", "Offer", "Won", "Lost"]
    counts = table.select_dtypes("int64")
    assert list(counts) == [
        *["reached", "passed", "assumed", "skipped", "began_beyond", "lost_from", "open_at"],
        *["amount_missing", "base", "left_out"],
    ]
    assert (counts == 0).all(axis=None)
    assert table[["conversion_from_all", "skip_rate", "loss_rate"]].isna().all(axis=None)
    assert table["amount"].tolist() == [0.0] * 4


def test_an_empty_log_answers_every_other_question_too() -> None:
    log = sf.StageLog(EMPTY, empty="allow", items=ITEMS)
    assert sf.outcomes(log, SMALL)["base"].tolist() == [0]
    assert sf.outcomes(log, SMALL)["win_rate"].isna().tolist() == [True]
    assert sf.time_in_stage(log, SMALL)["visits"].tolist() == [0] * 4
    assert len(sf.transitions(log, SMALL)) == len(sf.item_table(log, SMALL)) == 0
    assert len(sf.funnel(log, SMALL, by="manager")) == 0
    quality = log.quality(SMALL).set_index("check")["count"]
    assert quality[quality > 0].to_dict() == {"stages_without_rows": 4}
    assert "Nothing was lost from a stage." in repr(sf.show(sf.funnel(log, SMALL, kind="both")))
    with refused(sf.UnknownItemError, "the log has no item 1"):
        sf.explain(log, SMALL, item=1)


def test_a_pipeline_without_a_won_or_a_lost_stage_is_allowed() -> None:
    log = journeys_log("New > Offer", "Offer")
    table = sf.funnel(log, sf.Pipeline(["New", "Offer"]), kind="both")
    assert table["reached"].tolist() == [1, 2, 1, 2]
    totals = sf.outcomes(log, sf.Pipeline(["New", "Offer"]))
    assert totals[["won", "lost", "open"]].to_numpy().tolist() == [[0, 0, 2]]
    assert "win rate –" in repr(sf.show(table))


def test_quantiles_are_a_list_of_shares() -> None:
    with pytest.raises(
        sf.SchemaError, match=r"quantiles=0\.5 is not a list of shares, such as \[0\.25, 0\.75\]"
    ):
        sf.time_in_stage(journeys_log("New"), SMALL, quantiles=0.5)  # type: ignore[arg-type]  # wrong on purpose


def test_a_row_of_the_items_table_without_a_key_is_refused_or_counted() -> None:
    items = pd.DataFrame({"item": [1, None, 2, None], "manager": ["Ada", "Bo", "Cy", "Di"]})
    message = (
        "the items table has no 'item' in row 1 (2 of 4 rows); fill it in, or pass invalid=\"drop\" to leave "
        "such rows out"
    )
    with refused(sf.SchemaError, message):
        sf.StageLog(ROWS, items=items)
    log = sf.StageLog(ROWS, items=items, invalid="drop")
    counts = log.quality().set_index("check")["count"]
    assert counts["table_rows_without_item"] == 2
    assert sf.funnel(log, SMALL, by="manager")["manager"].dropna().isin(["Ada", "Cy"]).all()
