"""An export that says when it was made says until when its items were observed."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf


def answer(*times: str, made_at: Any = None) -> dict[str, Any]:
    """Make a page of Bitrix24's history with one deal."""
    stages = ["C1:NEW", "C1:WON"]
    history = [
        {"ID": number, "TYPE_ID": 1 + number, "OWNER_ID": 7, "CREATED_TIME": time, "CATEGORY_ID": 1}
        | {"STAGE_SEMANTIC_ID": "PS"[number], "STAGE_ID": stages[number]}
        for number, time in enumerate(times)
    ]
    clock = {} if made_at is None else {"time": {"start": 1.0, "date_start": made_at}}
    return {"result": {"items": history}, "total": len(history), **clock}


ROWS = ("2026-03-02T10:00:00+03:00", "2026-03-09T10:00:00+03:00")


def test_the_stamp_of_the_first_page_is_the_end_of_observation() -> None:
    pages = [answer(*ROWS, made_at="2026-04-01T09:00:00+03:00"), answer(made_at="2026-04-01T09:00:05+03:00")]
    assert sf.read(pages).log.observed_until == pd.Timestamp("2026-04-01 06:00", tz="UTC")


def test_without_a_stamp_it_is_the_last_row() -> None:
    assert sf.read(answer(*ROWS)).log.observed_until == pd.Timestamp("2026-03-09 07:00", tz="UTC")


@pytest.mark.parametrize("stamp", ["yesterday", "2026-03-05T10:00:00+03:00", 5])
def test_a_stamp_that_cannot_be_is_passed_over(stamp: Any) -> None:
    read = sf.read(answer(*ROWS, made_at=stamp))
    assert read.log.observed_until == pd.Timestamp("2026-03-09 07:00", tz="UTC")


def test_a_given_end_comes_before_the_stamp() -> None:
    read = sf.read(answer(*ROWS, made_at="2026-04-01T09:00:00+03:00"), observed_until="2026-05-01")
    assert read.log.observed_until == pd.Timestamp("2026-05-01", tz="UTC")
    with pytest.raises(sf.SchemaError, match=r"observed_until='2026-03-09' is before the log's last row"):
        sf.read(answer(*ROWS), observed_until="2026-03-09")
