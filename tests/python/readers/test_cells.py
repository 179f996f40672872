"""Cells: keys that are one key, columns by their usual names, amounts to the cent."""

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from stagefunnel.readers.notes import Notes
from stagefunnel.readers.sources.amounts import amounts
from stagefunnel.readers.sources.cells import as_text
from stagefunnel.readers.sources.columns import find_column, is_true

CENTS = st.integers(-(10**12), 10**12)


def english(cents: int) -> str:
    return f"{Decimal(cents) / 100:,.2f}"


STYLES: dict[str, Callable[[int], str]] = {
    "1,234.50": english,
    "1234.50": lambda cents: english(cents).replace(",", ""),
    "1234,50": lambda cents: english(cents).replace(",", "").replace(".", ","),
    "1 234,50": lambda cents: english(cents).replace(",", " ").replace(".", ","),
    "1\u00a0234,50 €": lambda cents: english(cents).replace(",", "\u00a0").replace(".", ",") + " €",
    "1.234,50": lambda cents: english(cents).translate(str.maketrans(",.", ".,")),
    "1'234.50": lambda cents: english(cents).replace(",", "'"),
    "$1,234.50": lambda cents: english(cents).replace("-", "-$", 1) if cents < 0 else "$" + english(cents),
    "1 234,50 руб.": lambda cents: english(cents).replace(",", " ").replace(".", ",") + " руб.",
}


def place(row: int) -> str:
    return f"line {row + 2}"


def read(*texts: str | None) -> pd.Series:
    return amounts(pd.Series(texts, name="sum", dtype=object), place, Notes())


@examples(ci=100, night=1_000)
@given(values=st.lists(CENTS, min_size=1), style=st.sampled_from(list(STYLES)))
def test_an_amount_is_read_to_the_cent_however_it_is_written(values: list[int], style: str) -> None:
    found = read(*map(STYLES[style], values))
    assert found.tolist() == [float(Decimal(cents) / 100) for cents in values]


def test_missing_amounts_stay_missing_and_whole_ones_need_no_decimals() -> None:
    np.testing.assert_array_equal(read(None, "7", "1.5", "2e3"), [np.nan, 7, 1.5, 2000])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["1,234"], "line 2: '1,234' in column 'sum' may be thousands or decimals"),
        (["1.234"], "line 2: '1.234' in column 'sum' may be thousands or decimals"),
    ],
)
def test_an_amount_that_could_be_two_is_refused(texts: list[str], message: str) -> None:
    with pytest.raises(sf.ReaderError, match=message):
        read(*texts)


def test_what_other_rows_tell_decides_about_one_that_could_be_two() -> None:
    assert read("1,234", "1,234,567").tolist() == [1234, 1234567]
    assert read("1,234", "7,50").tolist() == [1.234, 7.5]
    assert read("1,234", "7.50").tolist() == [1234, 7.5]
    assert read("1.234", "7,50").tolist() == [1234, 7.5]
    assert read("1.234", "7.5").tolist() == [1.234, 7.5]


def test_the_option_decides_what_the_column_leaves_open() -> None:
    column = pd.Series(["1,234", "2,345"])
    assert amounts(column, place, Notes(), decimal=",").tolist() == [1.234, 2.345]
    assert amounts(column, place, Notes(), decimal=".").tolist() == [1234, 2345]
    rows = [{"deal_id": 1, "stage": "New", "changed_at": "2026-03-02", "amount": "1,234"}]
    assert sf.read(rows, decimal=",").items["amount"].tolist() == [1.234]
    with pytest.raises(sf.SchemaError, match="decimal=';' is not one of"):
        sf.read(rows, decimal=";")  # type: ignore[arg-type]  # wrong on purpose


def test_numbers_and_texts_of_one_key_are_one_text() -> None:
    for values in ([77, None], ["77", ""], [77.0, np.nan], [Decimal(77), None], [np.int64(77), pd.NaT]):
        assert as_text(pd.Series(values, dtype=object)).tolist() == ["77", None]
    assert as_text(pd.Series([77, 78])).tolist() == ["77", "78"]
    assert as_text(pd.Series([True, False])).tolist() == ["true", "false"]
    assert as_text(pd.Series([0.5, 1e300])).tolist() == ["0.5", "1e+300"]
    assert as_text(pd.Series([" a ", "NA"])).tolist() == [" a ", "NA"]


def test_lists_and_dicts_become_json_unless_a_reader_keeps_them() -> None:
    column = pd.Series([{"b": 1, "a": "é"}, [1], "x", 5])
    assert as_text(column).tolist() == ['{"a": "é", "b": 1}', "[1]", "x", "5"]
    assert as_text(column, nested=True).tolist() == [{"b": 1, "a": "é"}, [1], "x", "5"]


def test_the_first_usual_name_that_a_table_has_is_its_column() -> None:
    assert find_column(["Stage", "Deal ID", "id"], ["deal_id", "id"]) == "Deal ID"
    assert find_column(["Stage", "ID"], ["deal_id", "id"]) == "ID"
    assert find_column(["Stage"], ["deal_id", "id"]) is None


def test_several_words_mean_yes() -> None:
    texts = pd.Series(["true", "TRUE", "1", "Y", "yes", "t", "false", "0", "N", None], dtype=object)
    assert is_true(texts).tolist() == [True] * 6 + [False] * 4
