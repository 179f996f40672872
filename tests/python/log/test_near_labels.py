"""Labels that are likely to mean one stage, by the table in docs/definitions.md, and their neighbours."""

import enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagefunnel.log.near_labels import nearest

NEAR: list[tuple[Any, Any]] = [
    ("Offer", "OFFER"),
    ("In work", "in_work"),
    ("Won", " won "),
    ("Won", "WON!"),
    ("Prüfung", "Prufung"),
    ("Straße", "STRASSE"),
    ("Ёлка", "ёЛКА"),
    ("Ёлка", "Елка"),
    ("\uff37on", "Won"),
    ("Discussion", "Discusion"),
    ("Discussion", "Disccussion"),
    ("Prepayment", "Pre-paymnet"),
    ("Offer", "Offers"),
    ("Offers", "Offer"),
    ("Step 2: discussion", "Step 2 - discusion"),
    ("1", 1),
    ("1.1", "1,1"),
]
APART: list[tuple[Any, Any]] = [
    ("Lost", "Last"),
    ("Won", "Win"),
    ("Offer", "Other"),
    ("Negotiation 1", "Negotiation 2"),
    ("Negotiation", "Negotiation 2"),
    ("Negotiation 12", "Negotiation 1"),
    ("Phase 1.1", "Phase 11"),
    ("Phase 1 2", "Phase 12"),
    ("Closed won", "Closed lost"),
    ("C1:NEW", "C2:NEW"),
    ("A+", "A-"),
    ("?", "!"),
    (1, 2),
    (11, 12),
    ("Discussion", "Disccusssionn"),
]


@pytest.mark.parametrize(("one", "other"), NEAR)
def test_labels_that_are_near(one: Any, other: Any) -> None:
    assert nearest(one, ["something else", other]) == other
    assert nearest(other, ["something else", one]) == one


@pytest.mark.parametrize(("one", "other"), APART)
def test_labels_that_are_not_near(one: Any, other: Any) -> None:
    assert nearest(one, [other]) is None
    assert nearest(other, [one]) is None


def test_one_that_is_equal_in_form_comes_before_one_that_is_letters_off() -> None:
    assert nearest("Discussion", ["Discusion", "discussion"]) == "discussion"
    assert nearest("Discussion", ["Discusion", "Discussio"]) == "Discusion"


def test_members_of_an_enum_go_by_their_names() -> None:
    class Stage(enum.Enum):
        WON = "w"
        WIN = "i"
        DISCUSSION = "d"
        DISCUSION = "e"

    assert nearest(Stage.WON, [Stage.WIN]) is None
    assert nearest(Stage.DISCUSSION, [Stage.DISCUSION]) is Stage.DISCUSION


def test_both_halves_of_a_label_with_its_pipeline_are_near() -> None:
    both: dict[str, Any] = {"has_pipelines": True}
    assert nearest("Sales / Lost", ["Sales / Last"]) == "Sales / Last"
    assert nearest("Sales / Lost", ["Sales / Last"], **both) is None
    assert nearest("Sales / Lost", ["sales / LOST"], **both) == "sales / LOST"
    assert nearest("Renewals / Discussion", ["Renewal / Discusion"], **both) == "Renewal / Discusion"
    assert nearest("Sales / Lost", ["Lost"], **both) is None


def letters_off(one: str, other: str) -> int:
    """Count the edits, the slow and obvious way."""
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return letters_off(one[1:], other[1:])
    return 1 + min(letters_off(one[1:], other), letters_off(one, other[1:]), letters_off(one[1:], other[1:]))


@given(one=st.text("ab", min_size=1, max_size=8), other=st.text("ab", min_size=1, max_size=8))
def test_letters_are_counted_as_the_slow_way_counts_them(one: str, other: str) -> None:
    near = one == other or (max(len(one), len(other)) >= 6 and letters_off(one, other) <= 2)
    assert (nearest(one, [other]) == other) is near
