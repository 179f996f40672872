"""The sentence of open items: how many there are, are over their limit, and are slower than the won were."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
MORE = [["c"], ["New"], [8]]  # an item that is in New for 1
SLOWER = "longer than 90% of won items' visits there lasted"


def log_of(*, won: int = 10, still_open: tuple[int, ...] = (), until: int = 100) -> sf.StageLog:
    """Make won items whose visit of New took 1, 2, 3 …, and items that are in New for some lengths."""
    rows = [row for item in range(won) for row in ((f"w{item}", "New", 0), (f"w{item}", "Won", item + 1))]
    rows += [(f"o{item}", "New", until - length) for item, length in enumerate(still_open)]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    return sf.StageLog(frame, observed_until=until)


def sentence(log: sf.StageLog, **options: Any) -> str:
    lines = repr(sf.show(sf.open_items(log, PIPELINE, missing="ignore", **options))).splitlines()
    return next(line for line in lines if "open item" in line or "is open" in line)


def test_an_item_is_slow_that_is_there_longer_than_nine_of_ten_visits() -> None:
    # The visits of the won took 1 to 10: 9 is not longer than 90% of them … it is as long as 9 of 10.
    found = sentence(log_of(still_open=(9, 10, 30, 2)))
    assert found == f"4 open items; 2 of them (50%) have been in their stage {SLOWER}"


def test_one_item_is_spoken_of_as_one() -> None:
    assert sentence(log_of(still_open=(1,))) == f"1 open item; it has not been in its stage {SLOWER}"
    assert sentence(log_of(still_open=(30,))) == f"1 open item; it has been in its stage {SLOWER}"


def test_all_none_and_one_of_several_are_said_in_words() -> None:
    # Visits of the won took 1 to 10.
    all_of = sentence(log_of(still_open=(20, 30, 40)))
    assert all_of == f"3 open items; all of them have been in their stage {SLOWER}"
    none = sentence(log_of(still_open=(1, 2, 3)))
    assert none == f"3 open items; none of them has been in its stage {SLOWER}"
    one = sentence(log_of(still_open=(1, 2, 3, 40)))
    assert one == f"4 open items; 1 of them (25%) has been in its stage {SLOWER}"


def test_limits_stand_before() -> None:
    found = sentence(log_of(still_open=(3, 20)), limits={"New": 5})
    slow = f"1 of them (50%) has been in its stage {SLOWER}"
    assert found == f"2 open items; 1 of the 2 with a limit (50%) is over it; {slow}"


@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        ((3, 4), "none of the 2 with a limit is over it"),
        ((6, 7), "all 2 with a limit are over it"),
        ((3, 6, 7, 8), "3 of the 4 with a limit (75%) are over it"),
        ((6,), "the one with a limit is over it"),
        ((3,), "the one with a limit is not over it"),
    ],
)
def test_every_number_of_items_over_their_limit_has_its_words(lengths: tuple[int, ...], said: str) -> None:
    assert f"; {said}; " in sentence(log_of(still_open=lengths), limits={"New": 5})


def test_a_stage_without_a_limit_is_not_counted_with_one() -> None:
    rows = {"item": ["a", "b"], "stage": ["New", "Offer"], "time": [0, 0]}
    found = sentence(sf.StageLog(rows, observed_until=9), limits={"Offer": 5})
    assert found.startswith("2 open items; the one with a limit is over it; ")


def test_without_a_won_item_there_is_nothing_to_compare_with() -> None:
    found = sentence(log_of(won=0, still_open=(3,)))
    assert found == "1 open item; it cannot be compared with a won one"
    two = sentence(log_of(won=0, still_open=(3, 4)))
    assert two == "2 open items; none of them can be compared with a won one"


def test_only_visits_of_the_same_stage_are_compared() -> None:
    # Nobody that is won was in Offer, so its item is not among the compared.
    rows = {"item": ["w", "w", "a", "b"], "stage": ["New", "Won", "New", "Offer"], "time": [0, 5, 0, 0]}
    found = sentence(sf.StageLog(rows, observed_until=9))
    assert found == f"2 open items; 1 can be compared with won ones: it has been in its stage {SLOWER}"
    rows = {name: [*values, *more] for (name, values), more in zip(rows.items(), MORE, strict=True)}
    found = sentence(sf.StageLog(rows, observed_until=9))
    said = f"1 of them (50%) has been in its stage {SLOWER}"
    assert found == f"3 open items; 2 can be compared with won ones: {said}"


def test_no_open_item_is_said() -> None:
    assert sentence(log_of()) == "No item is open."


def test_the_first_rows_alone_are_about_all_that_are_open() -> None:
    log = log_of(still_open=(9, 10, 30, 2))
    assert sentence(log, top=1) == sentence(log)


def test_rows_that_were_chosen_are_about_themselves() -> None:
    table = sf.open_items(log_of(still_open=(9, 10, 30, 2)), PIPELINE, missing="ignore")
    lines = repr(sf.show(table[table["in_stage"] < 10])).splitlines()
    assert f"2 open items; none of them has been in its stage {SLOWER}" in lines


@pytest.mark.parametrize("where", [{"size": "big"}])
def test_conditions_choose_the_won_that_are_compared_with(where: dict[str, str]) -> None:
    rows = {
        "item": ["w", "w", "v", "v", "a"],
        "stage": ["New", "Won", "New", "Won", "New"],
        "time": [0, 50, 0, 1, 80],
    }
    items = {"item": ["w", "v", "a"], "size": ["big", "small", "big"]}
    log = sf.StageLog(rows, items=items, observed_until=100)
    # 20 is longer than the 1 of v, and not than the 50 of w.
    assert sentence(log, where=where) == f"1 open item; it has not been in its stage {SLOWER}"
