"""Every public question, for what must hold for all of them: what each needs beside a log."""

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import stagefunnel as sf
from helpers import assert_frame_equal

# What each question needs beside the log and the pipeline; a new question belongs here or takes nothing.
NEEDS: Mapping[str, Mapping[str, Any]] = {
    "cohort_maturity": {"every": "month", "tau": "30d"},
    "check": {"fail_if": ["won >= 0"]},
    "decompose": {"a": "2026-03", "b": "2026-02"},
    "drivers": {"columns": "created:month"},
    "explain": {"item": "D-1"},
    "flow": {"period": "2026-03"},
    "compare_groups": {"by": "manager"},
    "compare_periods": {"period": "2026-03"},
    "backtest": {"horizon": "30d", "draws": 100, "static": ["manager", "amount"]},
    "forecast": {"draws": 100},
    "item_features": {"as_of": "2026-03-15", "horizon": "10d", "static": ["manager", "amount"]},
    "state_occupation": {"times": ["10d"]},
    "win_within": {"horizon": "10d"},
    "mix_rate": {"mix": "manager", "a": "2026-03", "b": "2026-02"},
    "pipelines_of_log": {"pipelines": {}},
    "sales_velocity": {"amount": "amount"},
    "skips": {"by": "manager"},
    "time_to": {"to_stage": "Won"},
}
STEPS = ["New", "Offer", "Won"]
PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def questions() -> dict[str, Callable[..., Any]]:
    """Find the public functions whose first argument is a log."""
    functions = {name: value for name in sf.__all__ if inspect.isfunction(value := getattr(sf, name))}
    takes_a_log = {name for name, one in functions.items() if next(iter(parameters_of(one)), None) == "log"}
    return {name: functions[name] for name in sorted(takes_a_log - {"bind"})}


def parameters_of(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def answers(log: sf.StageLog, directory: Path | None = None) -> dict[str, Any]:
    """Ask every question of a log; the page, which takes long, only where there is a directory for it."""
    return {
        name: asked(question, name, log, directory)
        for name, question in questions().items()
        if name != "report" or directory is not None
    }


def asked(
    question: Callable[..., Any],
    name: str,
    log: sf.StageLog,
    directory: Path | None = None,
    /,
    **options: Any,
) -> Any:
    second = parameters_of(question)[1:2]
    arguments = {"pipeline": [PIPELINE], "steps": [STEPS]}.get(second[0] if second else "", [])
    return as_data(question(log, *arguments, **needs_of(name, directory) | options))


def needs_of(name: str, directory: Path | None = None) -> dict[str, Any]:
    if name == "report" and directory is not None:
        return {"path": directory / "report.html"}
    return dict(NEEDS.get(name, {}))


def as_data(answer: Any) -> Any:
    """Turn an answer into what can be compared and sent."""
    if isinstance(answer, Path):
        return answer.read_text(encoding="utf-8")
    return answer.summary() if isinstance(answer, sf.Partial) else answer


def assert_equal_answers(found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert list(found) == list(expected)
    for name, answer in expected.items():
        if isinstance(answer, pd.DataFrame):
            assert_frame_equal(found[name], answer)
            assert json.dumps(found[name].attrs) == json.dumps(answer.attrs), name
        elif isinstance(answer, sf.Summary):
            for table, frame in answer.tables.items():
                assert_frame_equal(found[name].tables[table], frame)
        else:
            assert found[name] == answer, name


def rich_rows() -> pd.DataFrame:
    """Make rows that have all that a log may have beside items, stages and times."""
    day = pd.Timestamp("2026-03-02")
    path = {
        "D-1": ["New", "Offer", "Won"],
        "D-2": ["New", "Lost"],
        "D-3": ["Offer"],
        "D-4": ["New", "Won"],
        "D-5": ["New", "Offer", "New", "Lost"],
    }
    return pd.DataFrame(
        {
            "item": item,
            "stage": stage,
            "time": day + pd.Timedelta(days=number + 3 * step),
            "left": day + pd.Timedelta(days=number + 3 * step, hours=5) if stage == "Offer" else pd.NaT,
            "unsure": item == "D-3",
            "owner": ["ann", "bob"][step % 2],
            "value": 100.5 * number + step,
        }
        for number, (item, stages) in enumerate(path.items())
        for step, stage in enumerate(stages)
    )


def rich_log(rows: pd.DataFrame | None = None, **options: Any) -> sf.StageLog:
    """Make a log that has all that a log may have beside its rows."""
    items = pd.DataFrame(
        {"item": ["D-1", "D-2", "D-4", "D-5"], "manager": ["eve", "dan", "eve", None], "amount": [5, 7, 8, 9]}
    )
    return sf.StageLog(
        rich_rows() if rows is None else rows,
        **{
            "exited": "left",
            "start_unknown": "unsure",
            "columns": ["owner", "value"],
            "zone": "Europe/Berlin",
            "items": items,
            "observed_until": "2026-05-01",
            **options,
        },
    )
