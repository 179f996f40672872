"""Four times as much of anything takes about four times as long: nothing grows with the square."""

import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from asked import PIPELINE, needs_of, parameters_of, questions

TIMES: Final = 4
# Four times where it grows with the number, sixteen times where it grows with the square.
MOST: Final = 9.0
TOO_SHORT: Final = 0.03  # seconds, in which nothing is measured


def log_of(stages: int, n_items: int = 300, **more: Any) -> tuple[sf.StageLog, sf.Pipeline]:
    labels = [f"Stage {number}" for number in range(stages)]
    rows = max(stages, n_items * 3)
    at = np.arange(rows)
    frame = pd.DataFrame(
        {
            "item": at // 3,
            "stage": np.array(labels, dtype=object)[at * 7 % stages],
            "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(at % 3 + at // 3 % 20, unit="D"),
        }
    )
    return sf.StageLog(frame, **more), sf.Pipeline(labels, won="Won", lost="Lost")


def of_stages(n: int) -> Callable[[], object]:
    log, pipeline = log_of(n)
    return lambda: repr(sf.show(sf.funnel(log, pipeline, kind="both", missing="ignore")))


def of_stages_in_a_summary(n: int) -> Callable[[], object]:
    log, pipeline = log_of(n)
    return lambda: repr(sf.show(sf.summary(log, pipeline, missing="ignore")))


def of_labels(n: int) -> Callable[[], object]:
    labels = [f"Stage {number}" for number in range(n)]
    log, _ = log_of(10)
    return lambda: sf.funnel(log, sf.Pipeline(labels, won="Won", lost="Lost"), missing="ignore")


def of_rules(n: int) -> Callable[[], object]:
    labels = [f"Stage {number}" for number in range(n)]
    rules: dict[str, Any] = {
        "optional": labels[::2],
        "paused": labels[::2],
        "limits": dict.fromkeys(labels, "3d"),
        "aliases": {f"Old {label}": label for label in labels},
        "names": {label: label.upper() for label in labels},
    }
    return lambda: repr(sf.Pipeline(labels, won="Won", lost="Lost", **rules))


def of_quantiles(n: int) -> Callable[[], object]:
    log, pipeline = log_of(20)
    shares = np.linspace(0.001, 0.999, n).tolist()
    return lambda: sf.time_in_stage(log, pipeline, quantiles=shares)


def of_groups(n: int) -> Callable[[], object]:
    items = pd.DataFrame({"item": np.arange(2 * n), "who": [f"P{number % n}" for number in range(2 * n)]})
    log, pipeline = log_of(5, 2 * n, items=items)
    return lambda: repr(sf.show(sf.funnel(log, pipeline, by="who", missing="ignore")))


def of_items(n: int) -> Callable[[], object]:
    log, pipeline = log_of(5, n)
    return lambda: sf.item_table(log, pipeline, missing="ignore")


def of_rows(n: int) -> Callable[[], object]:
    rows = [{"item": f"D-{number}", "stage": "New", "time": "2026-01-01"} for number in range(n)]
    return lambda: sf.StageLog(rows)


def of_periods(n: int) -> Callable[[], object]:
    at = np.arange(n)
    days = pd.Timestamp("1950-01-01") + pd.to_timedelta(at, unit="D")
    log = sf.StageLog(pd.DataFrame({"item": at, "stage": "New", "time": days}))
    pipeline = sf.Pipeline("New", won="Won")
    return lambda: repr(sf.show(sf.funnel_by_period(log, pipeline, every="day", missing="ignore")))


def of_columns(n: int) -> Callable[[], object]:
    frame = pd.DataFrame(
        {"deal_id": ["1", "1"], "stage": ["New", "Won"], "changed_at": ["2026-01-01", "2026-01-02"]}
    )
    more = pd.DataFrame({f"column {number}": ["x", "y"] for number in range(n)})
    whole = pd.concat([frame, more], axis=1)
    return lambda: sf.read(whole)


def of_unlisted(n: int) -> Callable[[], object]:
    log, pipeline = log_of(n)
    few = sf.Pipeline(pipeline.stages[:2], won="Won")

    def ask() -> None:
        with pytest.raises(sf.UnknownStageError):
            sf.funnel(log, few, missing="ignore")

    return ask


def of_parts(n: int) -> Callable[[], object]:
    pipeline = sf.Pipeline("New", won="Won")
    rows = [{"item": [number], "stage": ["New"], "time": ["2026-01-01"]} for number in range(n)]
    parts = [sf.partial(sf.StageLog(row), pipeline, missing="ignore") for row in rows]
    return lambda: sf.merge(parts)


def of_files(n: int) -> Callable[[], object]:
    folder = Path(tempfile.mkdtemp())
    for number in range(n):
        (folder / f"{number}.csv").write_text(f"item,stage,time\n{number},New,2026-01-01\n")
    return lambda: sf.StageLog.from_csv(f"{folder}/*.csv")


SIZES: Final = {
    of_stages: 500,
    of_stages_in_a_summary: 100,
    of_labels: 5_000,
    of_rules: 500,
    of_quantiles: 100,
    of_groups: 300,
    of_items: 10_000,
    of_rows: 5_000,
    of_periods: 300,
    of_columns: 100,
    of_unlisted: 2_000,
    of_parts: 25,
    of_files: 20,
}


def seconds(ask: Callable[[], object]) -> float:
    begin = time.process_time()
    ask()
    return time.process_time() - begin


def grows_with_the_square(one: Callable[[], object], more: Callable[[], object]) -> str:
    """Take the least time of the few, and of the many the first one that is short enough, of three."""
    least = min(seconds(one), seconds(one))
    for _ in range(3):
        longer = seconds(more)
        if longer < TOO_SHORT or longer < MOST * least:
            return ""
    return f"{least:.3f} s became {longer:.3f} s"


@pytest.mark.parametrize("kind", SIZES, ids=lambda kind: kind.__name__)
def test_four_times_as_much_takes_about_four_times_as_long(
    kind: Callable[[int], Callable[[], object]],
) -> None:
    few = SIZES[kind]
    kind(2)  # what is loaded for it is loaded
    assert not grows_with_the_square(kind(few), kind(TIMES * few))


# Groups in which a question is asked first: more where a group costs little, or its share would not be seen.
GROUPS: Final = 2_500
DEAR_GROUPS: Final = {
    **dict.fromkeys(["absorption", "bottlenecks", "forecast", "summary", "time_in_stage"], 50),
    **dict.fromkeys(["cumulative_incidence", "sequence_funnel", "time_to"], 250),
}
OF_GROUPS: Final = {
    "decompose": {"a": "P0", "b": "P1"},
    "forecast": {"draws": 100},
    "mix_rate": {"mix": "team", "a": "P0", "b": "P1"},
}


@cache
def log_of_groups(n: int) -> sf.StageLog:
    """Make a log of some groups of ten items each, which stand differently."""
    paths = [["New", "Offer", "Won"], ["New", "Lost"], ["Offer", "Won"], ["New", "Offer"]]
    steps = [
        (item, stage, item % 60 + 3 * step)
        for item in range(10 * n)
        for step, stage in enumerate(paths[item % len(paths)])
    ]
    rows = pd.DataFrame(steps, columns=["item", "stage", "day"])
    rows["time"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(rows["day"], unit="D")
    at = np.arange(10 * n)
    items = pd.DataFrame(
        {
            "item": at,
            "who": [f"P{number}" for number in at % n],
            "team": [f"T{number}" for number in at % 7],
            "amount": at % 50 + 1.0,
        }
    )
    return sf.StageLog(rows, items=items, threads=1, observed_until="2026-05-01")


def by_groups(name: str, n: int) -> Callable[[], object]:
    question, log = questions()[name], log_of_groups(n)
    second = [PIPELINE] if "pipeline" in parameters_of(question) else [["New", "Offer", "Won"]]
    options = {**needs_of(name), **OF_GROUPS.get(name, {}), "by": "who"}
    return lambda: question(log, *second, **options)


@pytest.mark.parametrize(
    "name",
    [name for name, one in questions().items() if "by" in parameters_of(one) and name != "report"],
)
def test_every_question_takes_four_times_as_many_groups_in_four_times_as_long(name: str) -> None:
    few = DEAR_GROUPS.get(name, GROUPS)
    by_groups(name, 3)()
    assert not grows_with_the_square(by_groups(name, few), by_groups(name, TIMES * few))


def test_what_grows_with_the_square_is_found() -> None:
    def of_pairs(n: int) -> Callable[[], object]:
        return lambda: [one for one in range(n) for _ in range(n)]

    assert "became" in grows_with_the_square(of_pairs(500), of_pairs(TIMES * 500))
