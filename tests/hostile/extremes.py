"""Values at the ends of their types, and lists that are none: an answer, or an error that names them."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import inspect
import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd

import stagefunnel as sf
from stagefunnel import cli, stats

Case: TypeAlias = Callable[[Path], None]
PIPELINE: Final = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
LOWEST, HIGHEST = -(2**63), 2**63 - 1
TIMES: Final[dict[str, tuple[Any, Any]]] = {
    "the lowest and the highest integer": (LOWEST + 1, HIGHEST),
    "the lowest integer, which is that of none": (LOWEST, 0),
    "integers about 0": (-1, 0),
    "all of the nanoseconds": ("1677-09-22", "2262-04-11"),
    "all of the calendar": ("0001-01-01", "9999-12-31T23:59:59"),
    "the first days of 1677": ("1677-01-01", "1677-01-02"),
    "the last days of 9999": ("9999-12-30", "9999-12-31T23:59:59.999999"),
}
QUESTIONS: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "funnel": ({}, {"as_of": "9999-12-31"}, {"period": "1677"}, {"period": "9999-Q4"}),
    "open_items": ({}, {"as_of": "0001-01-01"}, {"limits": {"New": "999999999 days"}}),
    "time_in_stage": ({}, {"period": "9999-W52"}, {"as_of": "1677-01-01"}),
    "item_table": ({}, {"period": "9999-12"}),
    "forecast": ({}, {"horizon": "10000 years"}, {"horizon": "9999 months"}),
    "win_probability": ({}, {"horizon": "10000 years"}),
    "backtest": ({}, {"horizon": "1 second"}, {"as_of": "9999"}),
    "item_features": ({"as_of": "9999-12-31", "horizon": "10000 years"}, {"as_of": "1677", "horizon": 1}),
    "win_within": ({"horizon": "9999 months"},),
    "state_occupation": ({"times": ["10000 years"]}, {"times": (one for one in ["1 day"])}),
    "flow": ({"every": "year"},),
    "losses": ({}, {"within": "10000 years"}),
    "summary": ({},),
}
LISTS: Final[dict[str, Any]] = {
    "lists of a list": [[1, 2], [3, 4]],
    "lists of several lengths": [[1], [1, 2]],
    "a number": 3,
    "a text": "ab",
    "objects": [object(), 1],
    "an array with a mask": np.ma.MaskedArray([1, 2], mask=[False, True]),
    "a frame": pd.DataFrame({"a": [1, 2]}),
    "a mapping": {"a": 1},
    "infinity": [1, float("inf")],
    "no number": [decimal.Decimal("sNaN"), decimal.Decimal(1)],
    "a long number": [10**400, 1],
    "the lowest and the highest integer": [LOWEST, HIGHEST],
    "complex numbers": [1j, 2],
    "nothing": [],
}
LENGTHS: Final[dict[str, Any]] = {
    "a number of thousands of digits": 10**5_000,
    "missing": None,
    "no moment": pd.NaT,
    "no number": float("nan"),
    "infinity": float("inf"),
    "the longest time": datetime.timedelta.max,
    "escape": "\x1b]0;x\x07",
    "nul": "\x00",
    "below 0": "-1 day",
    "a billion years": "999999999 years",
}
RULES: Final = ("since", "until", "limits", "ignore_shorter", "aliases", "optional", "paused", "ignore")
# Words of a command that end it with wrong usage, and what it says.
USAGE: Final[dict[str, tuple[list[str], str]]] = {
    "a side that is no period": (["decompose", "--a", "2026-99", "--b", "2026"], "--a '2026-99'"),
    "another side that is none": (["decompose", "--a", "2026", "--b", "now"], "--b now is not a period"),
    "half a period": (
        ["mix-rate", "--mix", "who", "--a", "2026..2025", "--b", "2026"],
        "--a 2026..2025 ends before",
    ),
    "one side": (["decompose", "--a", "2026"], "needs --a and --b"),
    "a condition without a limit": (
        ["check", "--fail-if", "rows"],
        "--fail-if the condition 'rows'",
    ),
    "two conditions": (["check", "--fail-if", "rows > 1 and won > 1"], "--fail-if the condition"),
    "a share above all": (["check", "--fail-if", "win_rate > 200%"], "--fail-if the condition"),
    "a moment that is none": (["check", "--fail-if", "last_row < now"], "--fail-if the condition"),
    "a condition of 100,000 letters": (["check", "--fail-if", "x" * 100_000], "(100,0"),
    "a condition with escape": (["check", "--fail-if", "\x1b]0;x\x07 > 1"], "--fail-if"),
}


def _asked(question: str, given: dict[str, Any], times: tuple[Any, Any], _: Path) -> None:
    first, last = times
    log = sf.StageLog(
        {"item": [1, 1, 2, 3], "stage": ["New", "Won", "New", "Lost"], "time": [first, last, first, last]}
    )
    answer = getattr(sf, question)(log, PIPELINE, missing="ignore", **given)
    assert repr(sf.show(answer))


def _counted(question: str, argument: str, value: Any, _: Path) -> None:
    function = getattr(stats, question)
    needed = [
        name for name, one in inspect.signature(function).parameters.items() if one.default is one.empty
    ]
    function(**{name: [1, 2] for name in needed} | {argument: value})


def _ruled(rule: str, value: Any, of_stage: bool, _: Path) -> None:
    rules: dict[str, Any] = {rule: {"New": value} if of_stage else value}
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", **rules)
    text = repr(pipeline)
    assert len(text) < 5_000
    assert "\x1b" not in text
    rows: dict[str, Any] = {"item": [1, 1], "stage": ["New", "Won"], "time": ["2026-01-01", "2026-01-05"]}
    for question in (sf.funnel, sf.open_items, sf.item_table):
        assert repr(sf.show(question(sf.StageLog(rows), pipeline, missing="ignore")))


def _used(words: list[str], text: str, folder: Path) -> None:
    """Run a command whose log is not there: what is wrong with the words comes first."""
    (folder / "p.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')
    err = io.StringIO()
    command = [words[0], str(folder / "nowhere.csv"), "--pipeline", str(folder / "p.toml"), *words[1:]]
    status: Any = 0
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        try:
            status = cli.main(command)
        except SystemExit as ended:
            status = ended.code
    assert status == 2, (status, err.getvalue())
    assert text in err.getvalue(), err.getvalue()[:1_000]
    assert "\x1b" not in err.getvalue()
    assert len(err.getvalue()) < 10_000


def _long_keys(n: int, folder: Path) -> None:
    """Read items whose keys have a million letters, and find one."""
    keys = [f"{'k' * 1_000_000}{number}" for number in range(n)]
    log = sf.StageLog({"item": keys, "stage": ["New"] * n, "time": ["2026-01-01"] * n})
    table = sf.item_table(log, PIPELINE, missing="ignore")
    assert table["item"].tolist() == keys
    log.save(folder / "log.sf")
    assert sf.StageLog.load(folder / "log.sf").n_items == n
    assert repr(sf.show(table))


def _many_stages(n: int, _: Path) -> None:
    stages = [f"stage {number}" for number in range(n)]
    pipeline = sf.Pipeline(stages, won="Won", since={stages[-1]: "2026-01-01"}, limits={stages[0]: "1 day"})
    log = sf.StageLog({"item": [1, 1], "stage": [stages[0], "Won"], "time": ["2026-01-01", "2026-01-05"]})
    assert sf.funnel(log, pipeline, missing="ignore")["reached"].iloc[0] == 1
    assert len(repr(pipeline)) < 10_000


def _letters_of_duckdb(folder: Path) -> None:
    """A file of text that has the letters of DuckDB where a database has them."""
    file = folder / "rows.json"
    for blanks in range(12):
        text = f'[{" " * blanks}{{"x":"DUCK","item":"1","stage":"New","time":"2026-01-01"}}]'
        file.write_text(text)
        assert sf.read(file).log.n_rows == 1


def _amounts(value: Any, _: Path) -> None:
    log = sf.StageLog(
        {
            "item": [1, 1, 2],
            "stage": ["New", "Won", "New"],
            "time": ["2026-01-01", "2026-01-05", "2026-01-02"],
        },
        items={"item": [1, 2], "amount": [value, 1], "currency": ["EUR", "USD"]},
    )
    for question in (sf.losses, sf.forecast, sf.win_probability):
        sf.show(question(log, PIPELINE, amount="amount", missing="ignore"))
        sf.show(
            question(
                log,
                PIPELINE,
                amount="amount",
                currency="currency",
                rates={"EUR": 1, "USD": 2},
                missing="ignore",
            )
        )


def cases() -> Iterator[tuple[str, Case]]:
    for number, (name, times) in enumerate(TIMES.items()):
        for at, (question, all_given) in enumerate(QUESTIONS.items()):
            for given in all_given[:: 1 if (number + at) % 2 else 2]:
                options = ", ".join(f"{option}={str(value)[:20]}" for option, value in given.items())
                yield f"{question}({options}) of {name}", partial(_asked, question, given, times)
    yield (
        "forecast(horizon=1 second) of all of the calendar",
        partial(_asked, "forecast", {"horizon": "1 second"}, TIMES["all of the calendar"]),
    )
    for question in stats.__all__:
        for argument, one in inspect.signature(getattr(stats, question)).parameters.items():
            if one.annotation not in ("Any", "Sequence[Any]"):
                continue
            for name, value in LISTS.items():
                yield f"stats.{question}({argument}=) is {name}", partial(_counted, question, argument, value)
    for rule in RULES:
        for name, value in LENGTHS.items():
            yield f"Pipeline({rule}=) has {name}", partial(_ruled, rule, value, rule not in RULES[5:])
    for name, (words, text) in USAGE.items():
        yield f"{words[0]} with {name}", partial(_used, words, text)
    yield "keys of a million letters", partial(_long_keys, 20)
    yield "a pipeline of 100,000 stages", partial(_many_stages, 100_000)
    yield "text with the letters of DuckDB", _letters_of_duckdb
    for amount in (float("inf"), float("nan"), LOWEST, HIGHEST, 1e308, -1e308, 10**400, "1e400", -0.0, None):
        yield f"an amount of {str(amount)[:30]}", partial(_amounts, amount)
