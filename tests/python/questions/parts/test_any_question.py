"""Every question of partials answers parts, cut and merged in any way, as it answers the whole log."""

import json
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal, frame_of, pipeline_of
from stagefunnel.questions.parts.mergeable import BY_NAME
from strategies import cases

BY = ["group", "who", "outcome", "last_stage", "created:month", ["who", "group"]]
SHARED: dict[str, Any] = {
    "by": st.sampled_from([None, *BY]),
    "period": st.none() | st.just(("2026-01-02", "2026-01-05")),
    "basis": st.sampled_from(["active", "created", "closed"]),
    "where": st.none() | st.just({"who": ["a", "c"]}) | st.just({"size": ">=2"}),
}
# An account's items are in one part, so that its values may be counted.
UNITS: dict[str, Any] = {"unit": st.none() | st.just("account")}
AMOUNTS: dict[str, Any] = {
    "amount": st.sampled_from([None, "exact", "float", "whole"]),
    "currency": st.booleans(),
}
# The sides are two groups of a column, or two periods.
SIDES: dict[str, Any] = {
    **SHARED,
    **UNITS,
    "by": st.sampled_from([None, "who"]),
    "a": st.just("a"),
    "at": st.sampled_from(["first", "last"]),
    "within": st.none() | st.just("2d"),
}
WORK = sf.WorkingHours({"mon-fri": [("09:00", "17:00")]})
PERIODS = {"a": ("2026-01-02", "2026-01-04"), "b": ("2026-01-03", "2026-01-07")}
STEPS = [
    lambda pipeline: list(pipeline.labels[:3]),
    lambda pipeline: [pipeline.labels[0], list(pipeline.labels[1:])],
    lambda pipeline: ["*", sf.Step(pipeline.labels[-1], where={"who": ["a", "b"]}), pipeline.labels[0]],
    lambda pipeline: {"one": pipeline.labels[0], "two": {"absent", pipeline.labels[-1]}},
    lambda pipeline: sf.Steps([sf.Step("*", where={"size": "<2"}), sf.Step("absent", where={"size": ">9"})]),
    lambda pipeline: sf.Steps(list(pipeline.labels[-2:]), timing="first_entry"),
]
MODES = ["ordered", "ordered", "increase", "strict", "unordered", "hybrid", "open"]
SEQUENCE: dict[str, Any] = {
    "by": st.sampled_from([None, "group", "who", "created:month", ["who", "group"]]),
    "where": SHARED["where"],
    "steps": st.sampled_from(STEPS),
    "mode": st.sampled_from(MODES),
    "window": st.sampled_from([None, "2d", "1 month"]),
    "max_gap": st.sampled_from([None, None, "36h"]),
    "exclude": st.none() | st.just(lambda pipeline: [sf.Exclusion(pipeline.labels[-1])]),
    "hold": st.none() | st.just("who"),
    "entries": st.none() | st.just("all"),
    "missing": st.sampled_from(["near", "error", "ignore", "ignore"]),
    "as_of": st.none() | st.just("2026-01-05"),
    "attribution": st.sampled_from(["first_touch", "last_touch", "step", "all_events"]),
}
# What is drawn for each question; an option that is `None` or idle is left out.
OPTIONS: dict[str, dict[str, Any]] = {
    "summary": {
        **SHARED,
        "per": st.sampled_from(["visit", "item", "longest"]),
        "fill": st.sampled_from(["won", "moves"]),
        "lost_then_won": st.sampled_from([None, "include", "exclude"]),
        "limits": st.none() | st.just(lambda pipeline: {pipeline.stages[0]: "1d"}),
        "calendar": st.none() | st.just(WORK),
    },
    "funnel": {
        **SHARED,
        **AMOUNTS,
        **UNITS,
        "kind": st.sampled_from(["classic", "conversions", "furthest", "strict", "both"]),
        "fill": st.sampled_from(["won", "moves"]),
        "lost_then_won": st.sampled_from([None, "include", "exclude", "exclude_reopened"]),
        "at": st.sampled_from(["first", "last", "stage"]),
        "amount_at": st.sampled_from(["last", "last_known", "first_known", "stage"]),
        "within": st.none() | st.just("2d"),
        "confidence": st.none() | st.just(0.9),
    },
    "outcomes": {
        **SHARED,
        **AMOUNTS,
        **UNITS,
        "at": st.sampled_from(["first", "last"]),
        "lost_then_won": st.sampled_from(["include", "exclude"]),
        "within": st.none() | st.just("2d"),
        "confidence": st.none() | st.just(0.9),
    },
    "funnel_by_period": {
        **SHARED,
        **AMOUNTS,
        **UNITS,
        "every": st.sampled_from(["day", "week"]),
        "kind": st.sampled_from(["classic", "conversions", "furthest", "strict", "both"]),
        "lost_then_won": st.sampled_from([None, "include", "exclude", "exclude_reopened"]),
        "period": st.sampled_from([None, None, ("2026-01-02", "2026-01-05"), ("2026-01-05", None)]),
        "as_of": st.sampled_from([None, None, "2026-01-05", "2026-01-20"]),
        "within": st.none() | st.just("2d"),
        "confidence": st.none() | st.just(0.9),
    },
    "compare_periods": {
        **SHARED,
        **AMOUNTS,
        **UNITS,
        "period": st.sampled_from(
            [("2026-01-03", "2026-01-05"), ("2026-01-02", "2026-01-09"), ("2026-01-03", "2026-03-01")]
        ),
        "as_of": st.sampled_from([None, None, "2026-01-05"]),
        "against": st.sampled_from(["previous", "last_year", (None, "2026-01-04")]),
        "kind": st.sampled_from(["classic", "conversions", "furthest", "strict", "both"]),
        "lost_then_won": st.sampled_from([None, "include", "exclude", "exclude_reopened"]),
        "within": st.none() | st.just("2d"),
        "same_part": st.booleans(),
        "confidence": st.none() | st.just(0.9),
    },
    "compare_groups": {
        **SHARED,
        **UNITS,
        "by": st.sampled_from(BY),
        "at": st.sampled_from(["first", "last", "stage"]),
        "within": st.none() | st.just("2d"),
        "adjust": st.sampled_from(["holm", "bh"]),
        "a": st.sampled_from([None, "a", "south"]),
        "confidence": st.just(0.9),
    },
    "decompose": {**SIDES, "b": st.sampled_from(["b", None])},
    "mix_rate": {**SIDES, "b": st.just("b"), "mix": st.sampled_from(["group", "size"])},
    "drivers": {
        **{name: SHARED[name] for name in ("period", "basis", "where")},
        **UNITS,
        "columns": st.sampled_from(["who", ["who", "size"], ["group", "who"]]),
        "static": st.sampled_from([None, "group"]),
        "within": st.none() | st.just("2d"),
        "adjust": st.sampled_from(["holm", "bh"]),
    },
    "transitions": {
        **SHARED,
        "at": st.sampled_from(["first", "last"]),
        "confidence": st.none() | st.just(0.9),
    },
    "losses": {
        **SHARED,
        **AMOUNTS,
        "at": st.sampled_from([None, "loss", "stage", "first", "last"]),
        "reason": st.sampled_from([None, "size"]),
        "within": st.none() | st.just("2d"),
        "confidence": st.none() | st.just(0.9),
    },
    "skips": {
        **SHARED,
        "by": st.sampled_from(BY),
        "at": st.sampled_from([None, "first", "last"]),
        "within": st.none() | st.just("2d"),
        "confidence": st.none() | st.just(0.9),
    },
    "time_in_stage": {
        **SHARED,
        "per": st.sampled_from(["visit", "visit", "item", "longest"]),
        "limits": st.none() | st.just(lambda pipeline: {pipeline.stages[0]: "1d"}),
        "calendar": st.none() | st.just(WORK),
        "open_visits": st.sampled_from(["apart", "censored"]),
    },
    "flow": {
        **{name: SHARED[name] for name in ("by", "where")},
        **AMOUNTS,
        "period": st.sampled_from(
            [None, ("2026-01-02", "2026-01-05"), ("2026-01-04", None), ("2026-02-02", None)]
        ),
        "as_of": st.none() | st.just("2026-01-05"),
        "every": st.sampled_from([None, "day", "day", "week"]),
    },
    "absorption": {
        **SHARED,
        "method": st.sampled_from(["visits", "aalen_johansen"]),
        "within": st.none() | st.just("2d"),
        "calendar": st.none() | st.just(WORK),
        "confidence": st.just(0.9),
    },
    "quality": {},
    "bottlenecks": {
        **{name: SHARED[name] for name in ("period", "where")},
        "by": st.sampled_from([None, "group", "who", "created:month"]),
        "benchmark": st.sampled_from([None, "who", "group"]),
    },
    "cohort_maturity": {
        **SHARED,
        "by": st.sampled_from([None, "group", "who", "created:month"]),
        "every": st.sampled_from(["day", "week"]),
        "tau": st.sampled_from(["1d", "36h", "30d"]),
    },
    "sales_velocity": {
        **{name: SHARED[name] for name in ("period", "where")},
        **AMOUNTS,
        "by": st.sampled_from([None, "group", "who", "created:month"]),
        "amount": st.sampled_from(["exact", "float", "whole"]),
        "every": st.none() | st.just("day"),
    },
    "variants": SHARED,
    "cumulative_incidence": {
        **SHARED,
        "stage": st.none() | st.just(lambda pipeline: pipeline.stages[0]),
        "times": st.none() | st.just(["1d", "36h", "5d"]),
        "reopen": st.sampled_from(["last", "first"]),
        "observed": st.sampled_from([None, None, ("2026-01-03", "2026-01-06"), ("2026-01-03", None)]),
        "calendar": st.none() | st.just(WORK),
        "min_at_risk": st.none() | st.just(2),
        "within": st.none() | st.just("2d"),
    },
    "sequence_funnel": {
        **SEQUENCE,
        "mode": st.sampled_from(["clickhouse", *MODES]),
        "quantiles": st.none() | st.just([0.1]),
        "confidence": st.none() | st.just(0.9),
    },
    "sequence_trend": {
        **SEQUENCE,
        "every": st.sampled_from(["day", "week", "month"]),
        "confidence": st.none() | st.just(0.9),
    },
    "time_to_convert": {
        **SEQUENCE,
        "bins": st.none() | st.just(3),
    },
    "sequence_paths": {
        **{name: of for name, of in SEQUENCE.items() if name != "mode"},
        "mode": st.sampled_from(MODES[:4]),
        "max_stages": st.sampled_from([1, 10]),
    },
    "time_to": {
        **SHARED,
        "to_stage": st.just(lambda pipeline: pipeline.labels[-1]),
        "open_visits": st.sampled_from(["apart", "censored"]),
    },
}
# Rules that have no meaning in a mode.
LACKING = {
    "unordered": ("max_gap", "entries"),
    "hybrid": ("max_gap", "exclude", "entries"),
    "open": ("max_gap", "exclude", "hold", "entries"),
    "clickhouse": ("max_gap", "exclude", "hold", "entries"),
}
RATES = {"EUR": 1.0, "USD": 0.9, "JPY": 0.01}


class Split(NamedTuple):
    """A log, some logs of its items, and the pipeline; also the rows and the table that it is made of."""

    whole: sf.StageLog
    parts: list[sf.StageLog]
    pipeline: sf.Pipeline
    random: Random
    frame: pd.DataFrame
    table: pd.DataFrame


@st.composite
def splits(draw: st.DrawFn) -> Split:
    """Draw a log with columns, and deal its items out; some parts lack a stage, a group or all rows."""
    case = draw(cases(unlisted="some", max_items=8))
    random = Random(draw(st.integers(0, 2**32 - 1)))
    frame = frame_of(case.rows)
    n = len(frame)
    frame["time"] = pd.Timestamp("2026-01-01") + frame["time"].mod(16) * pd.Timedelta("12h")
    frame["who"] = [random.choice("abc") for _ in range(n)]
    frame["size"] = [random.randrange(4) for _ in range(n)]
    frame["currency"] = [random.choice(["EUR", "EUR", "USD", "JPY"]) for _ in range(n)]
    places = random.choice([0, 2, 2, 4])
    frame["exact"] = [
        None
        if random.random() < 0.2
        else Decimal(random.randrange(-500, 10**6)).scaleb(-random.randint(0, places))
        for _ in range(n)
    ]
    frame["float"] = [random.choice([0.1, 0.2, 0.3, 1e9 + 0.1, None]) for _ in range(n)]
    frame["whole"] = [random.randrange(100) for _ in range(n)]
    items = list(dict.fromkeys(row[0] for row in case.rows))
    keys = pd.Series(items, dtype=frame["item"].dtype)
    groups = [random.choice(["south", "north", None, "other (2 groups)"]) for _ in items]
    table = pd.DataFrame({"item": keys, "group": pd.Series(groups, dtype=object)})
    accounts = [random.choice(["x", "y", "z", None]) for _ in items]
    table["account"] = pd.Series(accounts, dtype=object)
    part_of = {account: random.randrange(4) for account in "xyz"}
    dealt = {
        item: part_of.get(account, random.randrange(4)) for item, account in zip(items, accounts, strict=True)
    }
    number = frame["item"].map(dealt)

    def read(rows: pd.DataFrame) -> sf.StageLog:
        return sf.StageLog(
            rows,
            items=table,
            columns=["who", "size", "currency", "exact", "float", "whole"],
            observed_until="2026-02-01",
            empty="allow",
        )

    pipeline = pipeline_of(case.pipeline)
    parts = [read(frame[number == part]) for part in range(4)]
    return Split(read(frame), parts, pipeline, random, frame, table)


def options_of(name: str, drawn: dict[str, Any]) -> dict[str, Any]:
    """Leave out what has no meaning without another option."""
    options = {option: value for option, value in drawn.items() if value is not None}
    if options.get("by") is None or "who" not in options["by"]:
        options.pop("at", None)
    if not options.pop("currency", False) or "amount" not in options:
        options.pop("currency", None)
    else:
        options |= {"currency": "currency", "rates": RATES}
    if name in ("decompose", "mix_rate"):
        options.setdefault("b", None)
        if "by" not in options:
            options |= PERIODS
            options.pop("period", None)
    if name == "drivers" and "group" not in options["columns"]:
        options.pop("static", None)
    if "amount" not in options:
        options.pop("amount_at", None)
    if name == "flow":
        options.setdefault("period", None)
        options.pop("amount_at", None)
    if name == "outcomes" and options.get("amount_at") == "stage":
        options.pop("amount_at")
    if "within" in options:
        options.pop("basis", None)
    if name == "cumulative_incidence" and "stage" in options:
        options["clock"] = "stage"
    if options.get("open_visits") == "censored":
        options.pop("per", None)
    if name != "summary" and options.get("at") == "stage" and options.get("amount_at", "last") != "last":
        options.pop("amount_at")
    if "steps" in options:
        for rule in LACKING.get(options.get("mode"), ()):
            options.pop(rule, None)
        if options["mode"] == "clickhouse":
            options["window"] = "2d"
        if options.get("by", "group") in ("group", "created:month"):
            options.pop("attribution", None)
        return options
    return options | ({} if name == "quality" else {"unlisted": "ignore"})


def merged(parts: list[sf.Partial], random: Random) -> sf.Partial:
    """Merge in any order and tree, some on the way as bytes."""
    parts = [sf.Partial.from_bytes(part.to_bytes()) if random.random() < 0.5 else part for part in parts]
    random.shuffle(parts)
    while len(parts) > 1:
        n = random.randint(2, len(parts))
        parts = [*parts[n:], sf.merge(parts[:n])]
    return parts[0]


def tables_of(answer: Any) -> dict[str, pd.DataFrame]:
    if not isinstance(answer, sf.Summary):
        return {"table": about_rows(answer) if "check" in answer else answer}
    return {**answer.tables, "quality": about_rows(answer.quality)}


def about_rows(quality: pd.DataFrame) -> pd.DataFrame:
    """Leave the checks of items tables out, which parts do not have."""
    about_items = ["table_rows_without_item", "items_not_in_table"]
    kept = quality[~quality["check"].isin(about_items)].reset_index(drop=True)
    kept.attrs = quality.attrs
    return kept


@pytest.mark.parametrize("name", [name for name, kind in BY_NAME.items() if not kind.beside])
@examples(ci=6, night=300)
@given(split=splits(), data=st.data(), top=st.none() | st.integers(1, 2))
def test_parts_answer_as_the_whole(name: str, split: Split, data: st.DataObject, top: int | None) -> None:
    kind = BY_NAME[name]
    options = options_of(name, data.draw(st.fixed_dictionaries(OPTIONS[name])))
    options = {key: of(split.pipeline) if callable(of) else of for key, of in options.items()}
    question: Any = kind.question
    at_the_end = (
        {"top": top}
        if top is not None and {"by", "mix", "columns"} & options.keys() and "top" in kind.at_the_end
        else {}
    )
    is_read = kind.needs_pipeline or (kind.has_pipeline and split.random.random() < 0.8)
    arguments = (split.pipeline,) if is_read else (None,)
    try:
        expected = tables_of(question(split.whole, *filter(None, arguments), **options, **at_the_end))
    except sf.StageFunnelError:
        expected = None
    if expected is None:
        with pytest.raises(sf.StageFunnelError):
            answer_of(split, question, arguments, options, at_the_end)
        return
    found = tables_of(answer_of(split, question, arguments, options, at_the_end))
    for of_table, table in expected.items():
        assert_frame_equal(found[of_table], table, check_exact=True)
        assert json.dumps(found[of_table].attrs) == json.dumps(table.attrs)


def answer_of(split: Split, question: Any, arguments: Any, options: Any, at_the_end: Any) -> Any:
    parts = [sf.partial(log, *arguments, question, **options) for log in split.parts]
    return merged(parts, split.random).table(**at_the_end)
