"""The tables made from the matches of a sequence: by group, by period, of times and of paths."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_frame_equal, frame_of, items_of
from questions.sequence.test_sequences import options_of
from reference.sequence_touches import both_steps, counted_paths, paths, touched, value_by_value
from sequence_cases import Question, questions

COLOURS = st.sampled_from(["red", "blue", None])


def with_colours(question: Question, colours: list[str | None]) -> sf.StageLog:
    frame = frame_of(question.rows).assign(shade=pd.Series(colours, dtype=object))
    if "hold" in question.options:
        frame = frame.assign(colour=question.options["hold"])
        return sf.StageLog(frame, invalid="keep_stage", columns=["shade", "colour"])
    return sf.StageLog(frame, invalid="keep_stage", columns="shade")


@st.composite
def coloured(draw: st.DrawFn) -> tuple[Question, list[str | None]]:
    question = draw(questions())
    return question, [draw(COLOURS) for _ in question.rows]


def without(table: pd.DataFrame, value: Any) -> pd.DataFrame:
    """Return the rows of one group without its column."""
    rows = table[table["shade"].isna() if value is None else table["shade"] == value]
    return rows.drop(columns="shade").reset_index(drop=True)


@given(coloured(), st.sampled_from(["first_touch", "last_touch", "step"]), st.integers(1, 4))
def test_each_group_has_the_funnel_of_the_items_that_are_attributed_to_it(
    drawn: tuple[Question, list[str | None]], attribution: Any, step: int
) -> None:
    question, colours = drawn
    step = min(step, len(question.steps)) if attribution == "step" else 1
    table = sf.sequence_funnel(
        with_colours(question, colours),
        question.steps,
        by="shade",
        attribution=attribution,
        attribution_step=step,
        **options_of(question),
    )
    groups = touched(question.rows, question.steps, colours, attribution, step, **question.options)
    for value in set(groups.values()):
        kept = [i for i, (item, _, _) in enumerate(question.rows) if groups.get(item, "later") == value]
        alone = [question.rows[i] for i in kept]
        options = dict(question.options)
        if "hold" in options:
            options["hold"] = [options["hold"][i] for i in kept]
        # The end of observation is that of the whole log.
        if "as_of" not in options:
            last = max(time for _, _, time in question.rows)
            assume(last == max(time for _, _, time in alone))
        expected = reference.sequence_funnel(alone, question.steps, **options)
        assert_frame_equal(without(table, value), expected, check_exact=True)
    assert len(table) == len(set(groups.values())) * len(question.steps)


@given(coloured())
def test_all_events_reads_each_value_by_itself(drawn: tuple[Question, list[str | None]]) -> None:
    question, colours = drawn
    assume("hold" not in question.options)
    options = {**options_of(question), "as_of": question.options.get("as_of", 99)}
    table = sf.sequence_funnel(
        with_colours(question, colours), question.steps, by="shade", attribution="all_events", **options
    )
    for value, rows in value_by_value(question.rows, colours).items():
        until = {**question.options, "as_of": options["as_of"]}
        expected = reference.sequence_funnel(rows, question.steps, **until)
        if all(time >= options["as_of"] for _, _, time in rows):
            assert len(without(table, value)) == 0
        else:
            assert_frame_equal(without(table, value), expected, check_exact=True)


@given(questions(max_items=12), st.none() | st.integers(1, 9))
def test_bins_hold_all_times_and_have_the_defined_number_and_width(
    question: Question, bins: int | None
) -> None:
    n = len(question.steps)
    assume(n > 1)
    log = sf.StageLog(frame_of(question.rows), invalid="keep_stage")
    plain = {name: value for name, value in question.options.items() if name != "hold"}
    options = {name: value for name, value in options_of(question).items() if name != "hold"}
    table = sf.time_to_convert(log, question.steps, bins=bins, **options)
    times: list[Any] = [
        one.match.times[n - 1] - one.match.times[0]  # type: ignore[operator]  # both steps have a time
        for one in both_steps(question.rows, question.steps, 1, n, **plain)
    ]
    assert table["count"].sum() == len(times)
    if not times:
        return
    n_bins = bins or next(k for k in range(1, 61) if k**3 >= len(times))
    width = max(1, -(-(max(times) - min(times)) // n_bins))
    assert len(table) <= n_bins
    assert (table["start"].iloc[0], table["end"].iloc[-1]) == (min(times), max(times))
    for place, (start, end, count) in enumerate(
        zip(table["start"], table["end"], table["count"], strict=True)
    ):
        is_last = place == len(table) - 1
        assert count == sum(start <= time < end or (is_last and time == end) for time in times)
        assert end - start == width or is_last
    assert table["share_to_date"].iloc[-1] == 1


@given(coloured(), st.sampled_from(["first_touch", "last_touch"]))
def test_the_times_of_a_group_are_those_of_its_items_in_the_bins_of_all(
    drawn: tuple[Question, list[str | None]], attribution: Any
) -> None:
    question, colours = drawn
    n = len(question.steps)
    assume(n > 1)
    log, options = with_colours(question, colours), options_of(question)
    table = sf.time_to_convert(log, question.steps, by="shade", attribution=attribution, bins=3, **options)
    whole = sf.time_to_convert(log, question.steps, bins=3, **options)
    groups = touched(question.rows, question.steps, colours, attribution, **question.options)
    times: dict[Any, list[Any]] = {}
    for one in both_steps(question.rows, question.steps, 1, n, **question.options):
        length = one.match.times[n - 1] - one.match.times[0]  # type: ignore[operator]  # both steps have a time
        times.setdefault(groups[one.item], []).append(length)
    assert len(table) == len(times) * len(whole)
    for value, own in times.items():
        rows = without(table, value)
        assert list(rows["start"]) == list(whole["start"])
        assert rows["count"].sum() == len(own)
        below = [sum(length < end for length in own) for end in whole["end"]]
        assert list(rows["count"].cumsum())[:-1] == below[:-1]


@given(questions())
def test_paths_are_what_lies_between_the_rows_of_two_steps(question: Question) -> None:
    assume(question.options["mode"] in ("ordered", "increase", "strict", "first_entry"))
    n = len(question.steps)
    assume(n > 1)
    log = sf.StageLog(frame_of(question.rows), invalid="keep_stage")
    plain = {name: value for name, value in question.options.items() if name != "hold"}
    options = {name: value for name, value in options_of(question).items() if name != "hold"}
    table = sf.sequence_paths(log, question.steps, top=1_000, **options)
    expected = counted_paths(paths(question.rows, question.steps, 1, n, **plain))
    assert expected == [
        (() if path == "(nothing)" else tuple(path.split(" → ")), median, items)
        for path, median, items in zip(table["path"], table["median"], table["items"], strict=True)
    ]


ROWS = [
    *((1, "visit", 0), (1, "help", 1), (1, "help", 2), (1, "order", 3)),
    *((2, "visit", 0), (2, "order", 9)),
    *((3, "visit", 0), (3, "order", 5)),
    *((4, "visit", 0), (4, "help", 1), (4, "ad", 2), (4, "order", 8)),
]


def test_rare_paths_are_one_line_and_long_ones_are_cut() -> None:
    log = sf.StageLog(frame_of(ROWS))
    table = sf.sequence_paths(log, ["visit", "order"], top=1)
    assert list(table["path"]) == ["(nothing)", "other (2 paths)"]
    assert list(table["items"]) == [2, 2]
    assert list(table["median"]) == [7, 5.5]
    cut = sf.sequence_paths(log, ["visit", "order"], max_stages=1)
    assert sorted(cut["path"]) == ["(nothing)", "help", "help → …"]


def test_without_a_match_of_both_steps_the_tables_are_empty() -> None:
    log = sf.StageLog({"item": [1], "stage": ["visit"], "time": pd.to_datetime(["2026-03-01"])})
    steps = ["visit", "order"]
    assert len(sf.time_to_convert(log, steps, missing="ignore")) == 0
    assert len(sf.sequence_paths(log, steps, missing="ignore")) == 0
    assert list(sf.sequence_trend(log, steps, missing="ignore")["converted"]) == [0]
    assert len(sf.sequence_trend(log, ["order", "visit"], missing="ignore")) == 0


def test_times_that_are_all_alike_are_one_bin() -> None:
    log = sf.StageLog({"item": [1, 1, 2, 2], "stage": ["a", "b"] * 2, "time": [0, 4, 1, 5]})
    table = sf.time_to_convert(log, ["a", "b"])
    assert table.to_dict("list") == {
        "start": [4.0],
        "end": [4.0],
        "count": [2],
        "share": [1.0],
        "share_to_date": [1.0],
    }


DAYS = sf.StageLog(
    {
        "item": [1, 1],
        "stage": ["visit", "order"],
        "time": pd.to_datetime(["2026-03-01", "2026-03-02"]),
        "ad": ["a", "b"],
    },
    columns="ad",
    items=items_of({1: "south"}, "region", [1]),
)


@pytest.mark.parametrize(
    ("ask", "options", "option", "message"),
    [
        (sf.sequence_trend, {"every": "hour"}, "every", "every='hour'"),
        (sf.sequence_trend, {"from_step": 2}, "from_step", "from_step=2 does not come before to_step=2"),
        (
            sf.sequence_trend,
            {"to_step": 3},
            "to_step",
            "to_step=3 is not a step; steps are numbered from 1 to 2",
        ),
        (sf.sequence_paths, {"from_step": True}, "from_step", "from_step=True is not a step"),
        (sf.time_to_convert, {"bins": 0}, "bins", "bins=0 is not a whole number from 1"),
        (sf.time_to_convert, {"mode": "clickhouse", "window": "1d"}, "mode", "gives no times of steps"),
        (sf.sequence_paths, {"top": 0}, "top", "top=0 is not a whole number"),
        (sf.sequence_paths, {"max_stages": 1_000}, "max_stages", "max_stages=1000 is not a whole number"),
        (sf.sequence_paths, {"mode": "open"}, "mode", 'mode="open" has no order of steps'),
        (sf.sequence_funnel, {"attribution": "last"}, "attribution", "attribution='last'"),
        (
            sf.sequence_funnel,
            {"attribution": "last_touch"},
            "attribution",
            "attribution='last_touch' says where by= is read, and there is no by=",
        ),
        (
            sf.sequence_funnel,
            {"by": "ad", "attribution_step": 2},
            "attribution_step",
            'attribution_step=2 goes with attribution="step" only',
        ),
        (
            sf.sequence_funnel,
            {"by": "ad", "attribution": "step", "attribution_step": 3},
            "attribution_step",
            "attribution_step=3 is not a step; steps are numbered from 1 to 2",
        ),
        (
            sf.sequence_funnel,
            {"by": "ad", "attribution": "step", "entries": "all"},
            "attribution",
            'leave out entries= and mode="clickhouse"',
        ),
        (
            sf.sequence_funnel,
            {"by": "ad", "attribution": "all_events", "hold": "ad"},
            "attribution",
            "does not go with hold=",
        ),
        (
            sf.sequence_funnel,
            {"by": "region", "attribution": "all_events"},
            "attribution",
            "'region' is a column of the items table",
        ),
        (sf.sequence_funnel, {"by": "shop"}, "by", "by='shop' is not a column"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    ask: Any, options: dict[str, Any], option: str | None, message: str
) -> None:
    with pytest.raises(sf.SchemaError) as raised:
        ask(DAYS, ["visit", "order"], **options)
    assert message in str(raised.value)
    # The error about `by` is raised and checked in another room.
    assert option in (None, raised.value.option)


def test_more_rows_than_a_trend_can_have_are_refused() -> None:
    days = pd.to_datetime(["1700-01-01", "2200-01-01"])
    log = sf.StageLog(
        {"item": range(400), "stage": ["visit"] * 400, "time": list(days) * 200, "ad": range(400)},
        columns="ad",
    )
    with pytest.raises(sf.SchemaError, match="choose longer periods with every=") as raised:
        sf.sequence_trend(log, ["visit", "visit"], every="day", by="ad")
    assert raised.value.option == "every"


def test_plain_integers_have_no_periods() -> None:
    with pytest.raises(sf.SchemaError, match="have no calendar"):
        sf.sequence_trend(sf.StageLog(frame_of(ROWS)), ["visit", "order"])
