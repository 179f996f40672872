"""Amounts: read where the form is certain, else missing and counted; they refuse no funnel without any."""

import math
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

# Each stands beside 7,50 or 7.50 where the decimal mark would not be certain otherwise.
CERTAIN: dict[str, float] = {
    "R$ 1.234,56": 1234.56,
    "R$ 99,00": 99,
    "1,23,456.00": 123456,
    "₹1,23,456": 123456,
    "12,34,56,789": 123456789,
    "Rs. 1,23,456.50": 123456.5,
    "(1,200.00)": -1200,
    "($1,200.00)": -1200,
    "1,200.00-": -1200,
    "-$1,200.00": -1200,
    "$-1,200.00": -1200,
    "−1 200,50": -1200.5,
    "1.200,-": 1200,
    "CHF 1'200.–": 1200,
    "CHF 1’200.50": 1200.5,
    "US$ 1,200.50": 1200.5,
    "1 234 567,50 zł": 1234567.5,
    "1.234,50 EUR": 1234.5,
    "EUR 1.234,50": 1234.5,
    "kr 12,50": 12.5,
    "S/ 1,200.50": 1200.5,
    "１，２３４．５０": 1234.5,
    "1.5e3": 1500,
    "1.2M": 1_200_000,
    "$2.5k": 2500,
    "1,2 Mio. €": 1_200_000,
    "1,5 тыс. руб.": 1500,
    "1.5 млн": 1_500_000,
    "120万円": 1_200_000,
    "5k€": 5000,
    "2.5 M$": 2_500_000,
    "3.5 crore": 35_000_000,
}
UNREADABLE = [
    "10 20",
    "1,2,3",
    "12 34.5.6",
    "50%",
    "1.2 mil",
    "ca. 500.5",
    "INV001",
    "--5",
    "(5",
    "1200 a month",
    "M$ 5",
    "5 kEUR",
    "5 TEUR",
]
BLANK = ["-", "–", "n/a", "N/A", "none", "abc", "?", "#N/A", "TBD"]


def read(*texts: Any, **options: Any) -> sf.Export:
    rows = [
        {"deal_id": row, "stage": "New", "changed_at": "2026-01-05", "amount": text}
        for row, text in enumerate(texts)
    ]
    return sf.read(rows, **options)


def line(export: sf.Export, check: str) -> tuple[int, str]:
    lines = export.quality.set_index("check")
    return (
        (int(lines.loc[check, "count"]), str(lines.loc[check, "level"])) if check in lines.index else (0, "")
    )


@pytest.mark.parametrize(("text", "amount"), CERTAIN.items())
def test_an_amount_of_a_certain_form_is_read(text: str, amount: float) -> None:
    export = read(text)
    assert export.items["amount"].tolist() == [amount]
    assert line(export, "unreadable_amounts") == (0, "")


def test_thousands_and_millions_are_a_guess() -> None:
    export = read("1.2M", "950K", "3")
    assert export.items["amount"].tolist() == [1_200_000, 950_000, 3]
    assert line(export, "amounts_in_units") == (2, "guess")


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_cannot_be_read_is_missing_and_warned_of(text: str) -> None:
    export = read("7", text, "7")
    assert export.items["amount"].isna().tolist() == [False, True, False]
    assert line(export, "unreadable_amounts") == (1, "warning")
    note = export.quality.set_index("check").loc["unreadable_amounts", "note"]
    assert repr(text) in note
    assert sf.funnel(export.log, export.pipelines["Pipeline"])["reached"].tolist() == [3]


@pytest.mark.parametrize("text", BLANK)
def test_words_and_dashes_are_missing_amounts_and_counted(text: str) -> None:
    export = read("7", text)
    assert export.items["amount"].isna().tolist() == [False, True]
    assert line(export, "amounts_left_blank") == (1, "note")
    assert line(export, "unreadable_amounts") == (0, "")


def test_decimals_after_a_comma_and_after_a_point_are_each_read_and_a_doubtful_one_is_missing() -> None:
    export = read("1,50", "1.50", "1,234", "1.234,50", "7")
    amounts = export.items["amount"].tolist()
    assert [amounts[0], amounts[1], amounts[3], amounts[4]] == [1.5, 1.5, 1234.5, 7]
    assert math.isnan(amounts[2])
    assert line(export, "mixed_decimal_marks") == (3, "guess")
    assert line(export, "unreadable_amounts") == (1, "warning")


def test_a_number_that_could_be_two_asks_for_the_decimal_mark_whatever_stands_around_it() -> None:
    for text in ("1,234", "$1,234", "(1.234)", "1.234 €"):
        with pytest.raises(sf.ReaderError, match="may be thousands or decimals; pass decimal="):
            read(text)
    assert read("(1.234)", decimal=",").items["amount"].tolist() == [-1234]
    assert read("(1.234)", decimal=".").items["amount"].tolist() == [-1.234]


def test_amounts_of_a_list_of_items_do_not_refuse_the_history_either() -> None:
    history = [{"deal_id": 1, "stage": "New", "changed_at": "2026-01-05"}]
    export = sf.read([history, pd.DataFrame({"deal_id": ["1"], "amount": ["5 or 6"], "owner": ["Ann"]})])
    assert export.items["amount"].isna().tolist() == [True]
    assert line(export, "unreadable_amounts") == (1, "warning")
