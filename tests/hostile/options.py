"""Odd values of the options of questions: an answer, or an error that names the option."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd

import stagefunnel as sf

Case: TypeAlias = Callable[[Path], None]
ODD: Final[dict[str, Any]] = {
    "a number": 7,
    "a long number": 10**5_000,
    "many digits": "9" * 5_000,
    "a late year": "9999",
    "the last moment": "9999-12-31T23:59:59-05:00",
    "the first moment": datetime.datetime.min,
    "the longest time": datetime.timedelta.max,
    "no zone": "Mars/Olympus",
    "now": "now",
    "not a number": float("nan"),
    "a decimal": decimal.Decimal("sNaN"),
    "a large decimal": decimal.Decimal("1e999999"),
    "missing": pd.NA,
    "no moment": pd.NaT,
    "a missing length": np.timedelta64("NaT"),
    "an array of nothing": np.array("x"),
    "an array": np.array([1, 2]),
    "a frame": pd.DataFrame(),
    "a list of a dict": [{}],
    "a function": {"manager": len},
    "bytes": b"\xff",
    "half a letter": "\ud800",
    "escape": "\x1b]0;x\x07",
    "nothing": "",
    "a generator": (number for number in range(3)),
}
OPTIONS: Final = {
    "funnel": ("kind", "by", "at", "period", "as_of", "within", "where", "confidence", "fill", "unlisted"),
    "time_in_stage": ("quantiles", "calendar", "per"),
    "item_table": ("columns", "skipped"),
    "open_items": ("limits", "top", "as_of"),
    "flow": ("every", "period"),
    "forecast": ("horizon", "draws", "seed"),
    "cumulative_incidence": ("times", "by"),
    "check": ("conditions", "now"),
}


def _log() -> sf.StageLog:
    rows = {
        "item": [1, 1, 2, 3],
        "stage": ["New", "Won", "New", "New"],
        "time": ["2026-01-01", "2026-01-05", "2026-01-02", "2026-02-01"],
    }
    return sf.StageLog(rows, items={"item": [1, 2, 3], "manager": ["A", "B", "A"]})


def asked(question: str, option: str, value: Any, _: Path) -> None:
    given: dict[str, Any] = {"missing": "ignore", option: value}
    if question == "check":
        conditions = given.pop("conditions", ["rows > 1"])
        sf.check(_log(), sf.Pipeline("New", won="Won", lost="Lost"), conditions, **given)
        return
    if question == "flow" and option != "every":
        given["every"] = "month"
    answer = getattr(sf, question)(_log(), sf.Pipeline("New", won="Won", lost="Lost"), **given)
    if isinstance(answer, pd.DataFrame):
        assert repr(sf.show(answer))


def cases() -> Iterator[tuple[str, Case]]:
    places = [(question, option) for question, options in OPTIONS.items() for option in options]
    for at, (question, option) in enumerate(places):
        for number, (name, value) in enumerate(ODD.items()):
            if (at + number) % 3 == 0:
                yield f"{question}({option}=) is {name}", partial(asked, question, option, value)
