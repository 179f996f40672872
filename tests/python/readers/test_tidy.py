"""Blanks, forms of letters and ways to write a key: what looks the same is one stage, item or column."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.readers.sources.tidy import tidy

Rows = Sequence[Mapping[str, Any]]


def event(item: Any, stage: Any, day: int) -> dict[str, Any]:
    return {"deal_id": item, "stage": stage, "changed_at": f"2026-01-{day:02d}"}


def reached(export: sf.Export) -> dict[str, int]:
    funnel = sf.funnel(export.log, next(iter(export.pipelines.values())))
    return dict(zip(funnel["stage"], funnel["reached"], strict=True))


def count(export: sf.Export, check: str) -> int:
    lines = export.quality.set_index("check")["count"]
    return int(lines.get(check, 0))


SAME = {
    "Closed won": ["Closed won ", " Closed won", "\tClosed won\r", "Closed won\u00a0", "Closed\u00a0won"],
    "Won": ["\ufeffWon", "Won\u200b", "Wo\u200bn", "Won\u2060", "\u200eWon\u200f", "Won\u3000", "Wo\u00adn"],
    "Gagné": ["Gagne\u0301", "Gagne\u0301 "],
    "Подписан": ["Подписан\u00a0", "\u00a0Подписан", "\u202fПодписан"],
    "Сделай": ["Сделаи\u0306"],
    "می‌شود": ["می‌شود\u200c", " می‌شود"],
    "新建": ["新建\u3000", "\u3000新建"],
}
# A no-break blank beside a digit is part of how numbers and times are written.
UNTOUCHED = ["1\u00a0234,50", "Step\u00a02", "Won", "won", "Closed  won", "👩‍💻 sale", "A\u00a0\u00a0B", ""]


@pytest.mark.parametrize(("plain", "other"), [(plain, text) for plain in SAME for text in SAME[plain]])
def test_texts_that_look_the_same_are_one_stage(plain: str, other: str) -> None:
    rows = [event(1, "New", 1), event(1, plain, 2), event(2, "New", 1), event(2, other, 3)]
    export = sf.read(rows)
    assert tidy(other) == plain
    assert reached(export) == {"New": 2, plain: 2}
    line = export.quality.set_index("check").loc["trimmed"]
    assert (line["count"], line["level"]) == (1, "note")
    assert line["note"].endswith(": 'stage'")


@pytest.mark.parametrize("text", UNTOUCHED)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert tidy(text) == text


@pytest.mark.parametrize("suffix", ["csv", "json", "xlsx", "parquet"])
def test_blanks_are_no_part_of_keys_stages_and_headers_in_any_file(suffix: str, tmp_path: Path) -> None:
    history = pd.DataFrame(
        [
            *[["7", "New", "2026-01-01"], ["7\u00a0", " Won", "2026-01-03"]],
            *[["8", "New ", "2026-01-01"], ["\u200b8", "Lost", "2026-01-02"]],
        ],
        columns=["deal_id\u200b", "stage", "changed_at\u00a0"],
    )
    deals = pd.DataFrame([[" 7", "Ann"], ["8 ", "Bob"]], columns=["\ufeffdeal_id", "owner"])
    files = [tmp_path / f"{name}.{suffix}" for name in ("history", "deals")]
    for file, frame in zip(files, (history, deals), strict=True):
        if suffix == "csv":
            frame.to_csv(file, index=False)
        elif suffix == "json":
            file.write_text(json.dumps(frame.to_dict("records")), encoding="utf-8")
        elif suffix == "xlsx":
            frame.to_excel(file, index=False)
        else:
            frame.to_parquet(file)
    export = sf.read(files)
    assert reached(export) == {"New": 2, "Won": 1, "Lost": 1}
    assert export.items[["item", "manager"]].values.tolist() == [["7", "Ann"], ["8", "Bob"]]
    # Of the history two keys and two stages, of the list two keys; headers where the file's reader left them.
    lines = export.quality.loc[export.quality["check"] == "trimmed", "count"]
    assert 6 <= lines.sum() <= 9
    assert count(export, "items_not_listed") == 0


def test_stages_of_moves_and_stays_are_trimmed_too() -> None:
    move = {"deal_id": 1, "from_stage": "New ", "to_stage": "Offer", "moved_at": "2026-01-02"}
    later = {"deal_id": 1, "from_stage": "Offer\u00a0", "to_stage": "Won", "moved_at": "2026-01-03"}
    export = sf.read([move, later])
    assert reached(export) == {"New": 1, "Offer": 1, "Won": 1}
    assert count(export, "broken_moves") == 0
    stays = [
        {"deal_id": 1, "stage": " New", "entered_at": "2026-01-01", "exited_at": "2026-01-02 "},
        {"deal_id": 1, "stage": "Won", "entered_at": " 2026-01-02", "exited_at": None},
    ]
    assert reached(sf.read(stays)) == {"New": 1, "Won": 1}


def test_a_column_may_be_named_with_its_blanks() -> None:
    rows = [{"Key ": 1, "Phase\u00a0": "New", "At": "2026-01-01"}]
    export = sf.read(rows, item="Key ", stage="Phase\u00a0", time="At")
    assert export.log.n_items == 1


def test_two_columns_that_differ_in_blanks_only_are_refused() -> None:
    with pytest.raises(sf.ReaderError, match="the header names 'stage' more than once"):
        sf.read([{**event(1, "New", 1), "stage ": "Old"}])


def test_stages_that_differ_in_case_or_inner_blanks_are_warned_of_and_stay_apart() -> None:
    rows = [event(1, "New", 1), event(1, "Closed won", 2), event(2, "new", 1), event(2, "Closed  won", 3)]
    export = sf.read(rows)
    assert set(reached(export)) == {"New", "new", "Closed won", "Closed  won"}
    line = export.quality.set_index("check").loc["stages_alike"]
    assert (line["count"], line["level"]) == (4, "warning")


WHOLE: list[tuple[list[Any], list[str]]] = [
    (["5.0", "6.0"], ["5", "6"]),
    (["5.0", "6"], ["5", "6"]),
    (["5.00", "6.0"], ["5", "6"]),
    ([5.0, 6.0], ["5", "6"]),
    ([Decimal("5.0"), Decimal("6.00")], ["5", "6"]),
    (["5.0", "A6"], ["5.0", "A6"]),
    (["5.0", "6.5"], ["5.0", "6.5"]),
    (["5.0", "06.0"], ["5.0", "06.0"]),
    (["-5.0", "6.0"], ["-5", "6"]),
]


@pytest.mark.parametrize(("keys", "items"), WHOLE)
def test_keys_that_a_frame_wrote_as_floats_are_whole_where_all_of_the_column_are(
    keys: list[Any], items: list[str]
) -> None:
    export = sf.read([event(keys[0], "New", 1), event(keys[1], "New", 2)])
    assert export.items["item"].tolist() == items


def test_a_key_is_one_in_the_history_and_the_list_whatever_wrote_it() -> None:
    history = [event(5, "New", 1), event(5, "Won", 2), event(6, "New", 1)]
    deals = [{"deal_id": "5.0", "owner": "Ann"}, {"deal_id": "6.0", "owner": "Bob"}]
    for first, second in (
        (history, deals),
        ([event(f"{row['deal_id']}.0", row["stage"], 1) for row in history], deals),
    ):
        export = sf.read([first, second])
        assert export.items[["item", "manager"]].values.tolist() == [["5", "Ann"], ["6", "Bob"]]


BEYOND: list[tuple[Any, bool]] = [
    (pd.Series([2.0**53, 1.0]), True),
    (pd.Series([2.0**53 - 1, 1.0]), False),
    (pd.Series([2**53 + 1, 1]), False),
    (pd.Series([2.0**24, 1.0], dtype="float32"), True),
    (pd.Series([2.0**24 - 1, 1.0], dtype="float32"), False),
    (pd.Series(["9007199254740993.0", "1.0"]), True),
    (pd.Series(["9007199254740991.0", "1.0"]), False),
    (pd.Series(["9007199254740993", "1"]), False),
    (pd.Series(["1.2345678901234568e+17", "1.0"]), True),
    (pd.Series(["1e+16", "1.0"]), True),
    (pd.Series([1e20, 1.0]), True),
    (pd.Series(["1.23E+11", "1"]), True),
    (pd.Series(["1e16", "abc"]), False),
    (pd.Series(["123456789012345000", "1"]), True),
    (pd.Series(["1234567890123450", "2345678901234560"]), False),
    (pd.Series(["123456789012345000", "123456789012345678"]), False),
]


@pytest.mark.parametrize(("keys", "refused"), BEYOND, ids=[f"{keys.dtype} {keys[0]}" for keys, _ in BEYOND])
def test_keys_that_floats_have_rounded_are_refused(keys: pd.Series, refused: bool) -> None:
    history = pd.DataFrame({"deal_id": keys, "stage": "New", "changed_at": ["2026-01-01", "2026-01-02"]})
    whole = pd.DataFrame({"deal_id": ["1"], "stage": ["New"], "changed_at": ["2026-01-01"]})
    inputs: list[Any] = [history, [whole, pd.DataFrame({"deal_id": keys, "owner": "Ann"})]]
    for given in inputs:
        if refused:
            with pytest.raises(sf.ReaderError, match=r"row 1: (the key|a spreadsheet has rounded)"):
                sf.read(given)
        else:
            assert sf.read(given).log.n_items == (2 if given is history else 1)


def test_amounts_may_be_floats_of_any_size() -> None:
    export = sf.read([{**event(1, "New", 1), "amount": 1e16}, {**event(2, "New", 1), "amount": 2.0**53}])
    assert export.items["amount"].tolist() == [1e16, 2.0**53]


LONG = ["0063000000ZCqXyAAL", "0063000000ZCqXzAAL"]  # the last letters are small ones: y and z are two ids


def test_ids_of_15_and_18_characters_are_one_key() -> None:
    short = [text[:15] for text in LONG]
    history = [
        {"OpportunityId": text, "StageName": stage, "CreatedDate": f"2026-01-0{day}T10:00:00Z"}
        for text, stage, day in [
            (LONG[0], "Prospecting", 1),
            (LONG[0], "Closed Won", 2),
            (LONG[1], "Prospecting", 1),
        ]
    ]
    listed = [
        {"Id": short[0], "StageName": "Closed Won", "IsClosed": True, "IsWon": True, "Amount": 5},
        {"Id": short[1], "StageName": "Prospecting", "IsClosed": False, "IsWon": False, "Amount": 7},
    ]
    export = sf.read([history, listed])
    assert export.items[["item", "amount"]].values.tolist() == [[LONG[0], 5.0], [LONG[1], 7.0]]
    assert (count(export, "short_ids"), count(export, "items_not_listed")) == (2, 0)


def test_ids_meet_in_one_column_and_in_any_table_but_only_the_same_ones() -> None:
    # The third id has no partner; the fourth ends in letters that are not its own.
    texts = [LONG[0], LONG[0][:15], LONG[1][:15], LONG[1][:15] + "AAA"]
    export = sf.read(
        [event(text, stage, 1) for text, stage in zip(texts, ["New", "Won", "New", "New"], strict=True)]
    )
    assert export.items["item"].tolist() == [LONG[0], LONG[1][:15], LONG[1][:15] + "AAA"]
    assert count(export, "short_ids") == 1


def test_missing_cells_stay_missing() -> None:
    rows = [event("1", "New ", 1), event(None, "\u200b", 2), event(np.nan, " ", 3)]
    export = sf.read(rows, invalid="drop")
    assert (export.log.n_rows, count(export, "dropped")) == (1, 2)


def test_blanks_inside_the_objects_of_an_answer_are_none_either() -> None:
    deal = {
        "id": "1",
        "properties": {"dealstage": "closedwon\u00a0", "createdate": "2026-01-05T00:00:00Z"},
        "propertiesWithHistory": {
            "dealstage": [
                {"value": " closedwon", "timestamp": "2026-01-06T00:00:00Z"},
                {"value": "appointmentscheduled", "timestamp": "2026-01-05T00:00:00Z"},
            ]
        },
    }
    export = sf.read([deal])
    assert sorted(export.log.stages["stage"]) == ["appointmentscheduled", "closedwon"]
    counts = export.quality.groupby("check")["count"].sum()
    assert counts["trimmed"] == 2
    assert "stage_differs_from_list" not in counts
