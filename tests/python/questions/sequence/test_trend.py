"""The trend of a sequence: the worked examples, equal to the plain reference, a log counted apart."""

# The worked examples and the random journeys share the strategies and the helpers of this file.

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import ROOT, assert_frame_equal, frame_of, items_of
from questions.sequence.test_sequences import log_of, options_of
from reference.sequence_steps import fits
from reference.sequence_touches import observed, value_by_value
from reference.sequence_trend import Entered, entered_in_periods, first_value, trend_of
from sequence_cases import Question, questions

FREQ = {"day": "D", "week": "W-SUN", "month": "M", "year": "Y-DEC"}
PERIOD_OF = ("entered", "converted", "mature")
END = pd.Timestamp("2026-03-31")


def rows_of(text: str) -> list[Any]:
    """Read rows such as ``A 5 Jan, B 6 Jan``: one item's stages and days of 2026."""
    return [
        (1, stage, pd.Timestamp(f"2026-{month}-{int(day):02d}"))
        for stage, day, name in (part.split() for part in text.split(", "))
        for month in [{"Jan": "01", "Feb": "02", "Mar": "03"}[name]]
    ]


def worked(text: str, steps: str = "AB", **options: Any) -> dict[str, tuple[int, ...]]:
    """Return what entered, converted and is mature in each month in which something entered."""
    log = sf.StageLog(frame_of(rows_of(text)))
    asked = {"window": "7d", "as_of": END, "missing": "ignore", **options}
    table = sf.sequence_trend(log, list(steps), **asked)
    assert (table["converted_mature"] <= table["mature"]).all()
    return {
        f"{row['period']:%b}": tuple(row[name] for name in PERIOD_OF)
        for row in table[table["entered"] > 0].to_dict("records")
    }


# Worked out from the definitions: entered, converted, mature.
EXAMPLES: list[tuple[str, dict[str, Any], dict[str, tuple[int, int, int]]]] = [
    ("A 5 Jan, B 6 Jan, A 3 Mar", {}, {"Jan": (1, 1, 1), "Mar": (1, 0, 1)}),
    ("A 30 Jan, A 1 Feb, B 2 Feb", {}, {"Jan": (1, 1, 1), "Feb": (1, 1, 1)}),
    ("A 30 Jan, A 1 Feb, B 2 Feb", {"entries": "all"}, {"Jan": (1, 1, 1)}),
    ("A 30 Jan, A 1 Feb, B 2 Feb", {"mode": "first_entry"}, {"Jan": (1, 1, 1)}),
    ("A 30 Jan, A 1 Feb, B 2 Feb", {"mode": "hybrid"}, {"Jan": (1, 1, 1)}),
    ("A 30 Jan, A 1 Feb, B 2 Feb", {"mode": "open", "window": None}, {"Jan": (1, 1, 0)}),
    ("A 30 Jan, A 1 Feb, B 2 Feb", {"mode": "strict"}, {"Jan": (1, 0, 1), "Feb": (1, 1, 1)}),
    ("A 30 Jan, B 8 Feb", {}, {"Jan": (1, 0, 1)}),
    ("A 30 Jan, B 6 Feb", {}, {"Jan": (1, 1, 1)}),
    ("A 2 Mar, B 3 Mar, A 24 Mar", {}, {"Mar": (1, 1, 0)}),
    ("A 23 Mar", {}, {"Mar": (1, 0, 1)}),
    ("A 24 Mar", {}, {"Mar": (1, 0, 0)}),
    ("A 24 Mar, B 25 Mar", {"entries": "all"}, {"Mar": (1, 1, 0)}),
    ("A 5 Jan, B 2 Mar", {"window": None}, {"Jan": (1, 1, 0)}),
    # Calendar months: a month from 31 January is the last tick of February.
    ("A 31 Jan, B 28 Feb", {"window": "1 month", "as_of": "2026-03-01"}, {"Jan": (1, 1, 1)}),
    ("A 1 Feb", {"window": "1 month", "as_of": "2026-03-01"}, {"Feb": (1, 0, 0)}),
    ("A 1 Feb", {"window": "1 month", "as_of": "2026-03-01 00:00:01"}, {"Feb": (1, 0, 1)}),
]


@pytest.mark.parametrize(("text", "options", "expected"), EXAMPLES)
def test_the_worked_examples(
    text: str, options: dict[str, Any], expected: dict[str, tuple[int, int, int]]
) -> None:
    as_of = options.get("as_of", END)
    if isinstance(as_of, str):
        options = {**options, "as_of": pd.Timestamp(as_of)}
    assert worked(text, **options) == expected


def test_a_period_in_which_nothing_entered_stands_between_two_others() -> None:
    log = sf.StageLog(frame_of(rows_of("A 5 Jan, B 6 Jan, A 3 Mar")))
    table = sf.sequence_trend(log, ["A", "B"], window="7d", as_of=END)
    assert table.to_dict("list") == {
        "period": list(pd.period_range("2026-01", "2026-03", freq="M")),
        "entered": [1, 0, 1],
        "converted": [1, 0, 0],
        "conversion": [1.0, pytest.approx(float("nan"), nan_ok=True), 0.0],
        "mature": [1, 0, 1],
        "converted_mature": [1, 0, 0],
        "conversion_mature": [1.0, pytest.approx(float("nan"), nan_ok=True), 0.0],
    }


BOTH = "A 5 Jan, X 6 Jan, B 7 Jan, A 3 Feb, B 4 Feb"
ACROSS = "A 30 Jan, X 31 Jan, A 1 Feb, B 2 Feb"
AGAIN = "A 5 Jan, X 6 Jan, A 8 Jan, B 9 Jan"


@pytest.mark.parametrize(
    ("text", "effect", "expected"),
    [
        (BOTH, "drop", {"Feb": (1, 1, 1)}),
        (BOTH, "reset", {"Feb": (1, 1, 1)}),
        (BOTH, "stop", {"Jan": (1, 0, 1), "Feb": (1, 1, 1)}),
        (AGAIN, "drop", {"Jan": (1, 1, 1)}),
        (AGAIN, "reset", {"Jan": (1, 1, 1)}),
        (AGAIN, "stop", {"Jan": (1, 1, 1)}),
        (ACROSS, "drop", {"Feb": (1, 1, 1)}),
        (ACROSS, "reset", {"Feb": (1, 1, 1)}),
        (ACROSS, "stop", {"Jan": (1, 0, 1), "Feb": (1, 1, 1)}),
        # The last entry is undone, and yet it is the latest of the period.
        ("A 2 Mar, B 3 Mar, A 25 Mar, X 26 Mar", "reset", {"Mar": (1, 1, 0)}),
    ],
)
def test_exclusions_are_judged_among_the_matches_of_the_period(
    text: str, effect: Any, expected: dict[str, tuple[int, int, int]]
) -> None:
    assert worked(text, exclude=[sf.Exclusion("X", effect=effect)]) == expected


def test_a_match_that_is_stopped_does_not_enter_at_a_later_step_but_counts_for_the_window() -> None:
    stop = {"exclude": [sf.Exclusion("X", effect="stop")], "from_step": 2, "missing": "ignore"}
    assert worked("A 5 Jan, X 6 Jan, B 7 Jan", "ABC", **stop) == {}
    text = "A 2 Mar, B 3 Mar, C 4 Mar, A 25 Mar, X 26 Mar, B 27 Mar"
    assert worked(text, "ABC", **stop) == {"Mar": (1, 1, 0)}


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("A 5 Jan, B 6 Jan, A 12 Jan, C 13 Jan", {"to_step": 2}, {"Jan": (1, 0, 1)}),
        (
            "A 30 Jan, B 31 Jan, A 7 Feb, C 8 Feb",
            {"to_step": 2},
            {"Jan": (1, 1, 1), "Feb": (1, 0, 1)},
        ),
        (
            "A 30 Jan, B 31 Jan, A 7 Feb, C 8 Feb",
            {"to_step": 3},
            {"Jan": (1, 0, 1), "Feb": (1, 1, 1)},
        ),
        (
            "A 30 Jan, B 31 Jan, B 2 Feb, C 3 Feb",
            {"from_step": 2, "optional": ()},
            {"Jan": (1, 1, 1), "Feb": (1, 1, 1)},
        ),
        ("B 1 Jan, A 30 Jan, C 2 Feb", {"from_step": 2}, {}),
        # The entry, not the row of from_step, has the window: 24 March + 7 days is the end.
        ("A 24 Mar, B 25 Mar", {"from_step": 2, "optional": ()}, {"Mar": (1, 0, 0)}),
        ("A 23 Mar, B 30 Mar", {"from_step": 2, "optional": ()}, {"Mar": (1, 0, 1)}),
    ],
)
def test_optional_steps_and_a_later_first_step(
    text: str, options: dict[str, Any], expected: dict[str, tuple[int, int, int]]
) -> None:
    assert worked(text, "ABC", **{"optional": {2}, **options}) == expected


@pytest.mark.parametrize(
    ("attribution", "expected"),
    [
        ("first_touch", [("2026-01", "x", 1), ("2026-02", "z", 0)]),
        ("last_touch", [("2026-01", "y", 1), ("2026-02", "z", 0)]),
        ("step", [("2026-01", "y", 1), ("2026-02", "z", 0)]),
        ("all_events", [("2026-01", "x", 0), ("2026-01", "y", 0), ("2026-02", "z", 0)]),
    ],
)
def test_a_column_of_the_log_is_read_among_the_matches_of_the_period(
    attribution: Any, expected: list[Any]
) -> None:
    frame = frame_of(rows_of("A 5 Jan, A 8 Jan, B 9 Jan, A 3 Feb")).assign(ad=["x", "y", None, "z"])
    log = sf.StageLog(frame, columns="ad")
    asked: dict[str, Any] = {"window": "7d", "by": "ad", "attribution": attribution}
    table = sf.sequence_trend(log, ["A", "B"], **asked)
    assert [
        (str(row["period"]), row["ad"], row["converted"])
        for row in table.to_dict("records")
        if row["entered"]
    ] == expected


def test_a_column_of_the_items_table_beside_one_of_the_log_is_equal_in_all_periods() -> None:
    frame = frame_of(rows_of("A 5 Jan, B 6 Jan, A 3 Feb")).assign(ad=["x", None, "z"])
    log = sf.StageLog(frame, columns="ad", items=items_of({1: "south"}, "region", [1]))
    table = sf.sequence_trend(log, ["A", "B"], window="7d", by=["region", "ad"])
    assert table[["region", "ad", "converted"]].to_numpy().tolist() == [["south", "x", 1], ["south", "z", 0]]


@pytest.mark.parametrize("entries", ["best", "all"])
def test_the_clicks_of_the_shop_convert_as_counted_month_by_month(entries: Any) -> None:
    clicks = pd.read_csv(
        ROOT / "notebooks/data/ecom_clicks/clicks.csv.gz",
        usecols=["user_id", "event", "timestamp"],
        parse_dates=["timestamp"],
    )
    log = sf.StageLog(clicks, item="user_id", stage="event", time="timestamp")
    table = sf.sequence_trend(log, ["product_view", "purchase"], window="7d", entries=entries)
    if entries == "all":
        # An entry is a view after the window before it, or after its purchase, so there are more of them.
        assert (table["entered"] > counted_apart(clicks)["entered"].to_numpy()).all()
        return
    expected = counted_apart(clicks)
    assert list(table["period"]) == list(expected.index)
    for name in ("entered", "converted", "mature", "converted_mature"):
        assert list(table[name]) == list(expected[name])
    rates = [f"{rate:.0%}" for rate in table["conversion"]]
    assert (rates[0], rates[-1]) == ("20%", "28%")


def counted_apart(clicks: pd.DataFrame) -> pd.DataFrame:
    """Count users by the months of their views, by a join of views and purchases."""
    views = clicks[clicks["event"] == "product_view"]
    views = views.assign(month=views["timestamp"].dt.to_period("M"))
    pairs = views.merge(clicks[clicks["event"] == "purchase"], on="user_id", suffixes=("", "_bought"))
    took = pairs["timestamp_bought"] - pairs["timestamp"]
    bought = pairs[(took >= timedelta(0)) & (took <= timedelta(days=7))]
    users = views.groupby(["month", "user_id"])["timestamp"].max().rename("latest").reset_index()
    users["converted"] = pd.MultiIndex.from_frame(users[["month", "user_id"]]).isin(
        pd.MultiIndex.from_frame(bought[["month", "user_id"]])
    )
    users["mature"] = users["latest"] + timedelta(days=7) < clicks["timestamp"].max()
    users["converted_mature"] = users["converted"] & users["mature"]
    return users.groupby("month").agg(
        entered=("user_id", "size"),
        converted=("converted", "sum"),
        mature=("mature", "sum"),
        converted_mature=("converted_mature", "sum"),
    )


@given(questions(times="zoned"), st.sampled_from(list(FREQ)), st.booleans(), st.data())
def test_a_trend_matches_the_reference(
    question: Question, every: Any, every_entry: bool, data: st.DataObject
) -> None:
    start, end = between(question, data)
    assume(question.options["mode"] != "unordered")
    all_entries: Any = {}
    if every_entry and question.options["mode"] in ("ordered", "increase", "strict"):
        all_entries = {"entries": "all"}
    table = sf.sequence_trend(
        log_of(question),
        question.steps,
        every=every,
        from_step=start,
        to_step=end,
        **all_entries,
        **options_of(question),
    )
    expected = reference.sequence_trend(
        question.rows,
        question.steps,
        freq=FREQ[every],
        start=start,
        end=end,
        **all_entries,
        **question.options,
    )
    assert_frame_equal(table, expected, check_exact=True)


def between(question: Question, data: st.DataObject) -> tuple[int, int]:
    n = len(question.steps)
    assume(n > 1)
    start = data.draw(st.integers(1, n - 1))
    return start, data.draw(st.integers(start + 1, n))


ATTRIBUTIONS = st.sampled_from(["first_touch", "last_touch", "step"])


@given(questions(times="zoned"), st.sampled_from(["day", "week", "month"]), ATTRIBUTIONS, st.data())
def test_the_groups_of_a_trend_match_the_reference(
    question: Question, every: Any, attribution: Any, data: st.DataObject
) -> None:
    start, end = between(question, data)
    assume(question.options["mode"] in ("ordered", "increase", "strict", "first_entry"))
    step = data.draw(st.integers(1, len(question.steps))) if attribution == "step" else 1
    shades = [data.draw(st.sampled_from(["red", "blue", None])) for _ in question.rows]
    frame = frame_of(question.rows).assign(shade=pd.Series(shades, dtype=object))
    columns = ["shade"]
    if "hold" in question.options:
        frame, columns = frame.assign(colour=question.options["hold"]), ["shade", "colour"]
    table = sf.sequence_trend(
        sf.StageLog(frame, invalid="keep_stage", columns=columns),
        question.steps,
        every=every,
        from_step=start,
        to_step=end,
        by="shade",
        attribution=attribution,
        attribution_step=step,
        **options_of(question),
    )
    freq = FREQ[every]
    entered = entered_in_periods(
        question.rows,
        question.steps,
        lambda time: pd.Timestamp(time).tz_localize(None).to_period(freq),
        start,
        end,
        **question.options,
    )
    journeys = observed(question.rows, shades, question.options.get("as_of"))
    by_group: dict[Any, list[Entered]] = {}
    for one in entered:
        journey = journeys[one.item].rows
        values = [value for _, value, _ in journey]
        if attribution == "step":
            time = one.match.times[step - 1]
            rows = [
                row
                for row, (stage, _, when) in enumerate(journey)
                if when == time and fits(stage, question.steps[step - 1])
            ]
            value = values[rows[0]] if time is not None else None
        else:
            touches = one.touches if attribution == "first_touch" else one.touches[::-1]
            value = first_value(touches, values)
        by_group.setdefault(value, []).append(one)
    assert len(table) == sum(len({one.period for one in some}) for some in by_group.values())
    for value, some in by_group.items():
        rows_of_group = table[table["shade"].isna() if value is None else table["shade"] == value]
        expected = trend_of(some, freq)
        expected = expected[expected["entered"] > 0].reset_index(drop=True)
        assert_frame_equal(
            rows_of_group.drop(columns="shade").reset_index(drop=True), expected, check_exact=True
        )


@given(questions(times="zoned"), st.data())
def test_all_events_judges_each_value_by_itself(question: Question, data: st.DataObject) -> None:
    start, end = between(question, data)
    assume(question.options["mode"] != "unordered" and "hold" not in question.options)
    shades = [data.draw(st.sampled_from(["red", "blue", None])) for _ in question.rows]
    frame = frame_of(question.rows).assign(shade=pd.Series(shades, dtype=object))
    latest = pd.Timestamp("2027-01-01", tz="Europe/Berlin")
    plain = {"as_of": latest, **question.options}
    table = sf.sequence_trend(
        sf.StageLog(frame, invalid="keep_stage", columns="shade"),
        question.steps,
        every="day",
        from_step=start,
        to_step=end,
        by="shade",
        attribution="all_events",
        **{"as_of": latest, **options_of(question)},
    )
    for value, rows in value_by_value(question.rows, shades).items():
        expected = reference.sequence_trend(rows, question.steps, freq="D", start=start, end=end, **plain)
        expected = expected[expected["entered"] > 0].reset_index(drop=True)
        of_value = table[table["shade"].isna() if value is None else table["shade"] == value]
        assert_frame_equal(of_value.drop(columns="shade").reset_index(drop=True), expected, check_exact=True)


def test_a_trend_does_not_depend_on_the_number_of_threads() -> None:
    dice = np.random.default_rng(7)
    columns = {
        "item": dice.integers(0, 2_000, 20_000),
        "stage": dice.choice(["A", "B", "C", "X"], 20_000),
        "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(dice.integers(0, 200, 20_000), unit="D"),
        "ad": dice.choice(["x", "y", "z"], 20_000),
    }
    one, four = (
        sf.sequence_trend(
            sf.StageLog(columns, columns="ad", threads=threads),
            ["A", "B", "C"],
            window="30D",
            by="ad",
            exclude=[sf.Exclusion("X")],
        )
        for threads in (1, 4)
    )
    assert_frame_equal(one, four)
    assert one["converted"].sum() > 0


@pytest.mark.parametrize(
    ("options", "option", "message"),
    [
        ({"mode": "unordered"}, "mode", 'mode="unordered" has no trend'),
        ({"mode": "clickhouse", "window": "1d"}, "mode", "gives no times of steps"),
        ({"from_step": 2}, "from_step", "from_step=2 does not come before to_step=2"),
    ],
)
def test_modes_that_cannot_date_a_match_are_refused(
    options: dict[str, Any], option: str, message: str
) -> None:
    with pytest.raises(sf.SchemaError) as raised:
        sf.sequence_trend(sf.StageLog(frame_of(rows_of("A 5 Jan, B 6 Jan"))), ["A", "B"], **options)
    assert message in str(raised.value)
    assert raised.value.option == option


def test_groups_are_compared_in_a_period_that_the_log_covers_whole_if_there_is_one() -> None:
    rows = []
    for month in ("2026-01", "2026-02", "2026-03"):
        for team in ("Ann", "Bob"):
            entry = pd.Timestamp(f"{month}-05")
            rows += [(f"{team} {month}", "a", entry, team), (f"{team} {month}", "b", entry, team)]
    rows.append(("end", "c", pd.Timestamp("2026-03-10"), "Ann"))
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "team"])

    def lines(table: pd.DataFrame) -> list[str]:
        log = sf.StageLog(table, columns=["team"])
        shown = sf.show(sf.sequence_trend(log, ["a", "b"], by="team", window="1h"))
        return [line for line in shown._below if "entered" in line or "Covered" in line]

    # January begins before the log, March ends after it.
    assert not [line for line in lines(frame) if "Covered" in line]
    table = sf.sequence_trend(sf.StageLog(frame, columns=["team"]), ["a", "b"], by="team", window="1h")
    assert table.attrs["stagefunnel"]["compared"] == "2026-02"
    march = frame[frame["time"] >= pd.Timestamp("2026-03-01")]
    assert lines(march)[-1] == "Covered only in part: 2026-03"


def test_of_groups_those_are_named_that_stand_out_in_the_last_whole_period() -> None:
    rows = []
    for team, converted in (("Ann", 45), ("Bob", 30), ("Cid", 25)):
        for at in range(100):
            entry = pd.Timestamp("2026-01-05")
            rows.append((f"{team} {at}", "a", entry))
            if at < converted:
                rows.append((f"{team} {at}", "b", entry + pd.Timedelta("1h")))
    rows.append(("late", "a", pd.Timestamp("2026-02-20")))
    table = pd.DataFrame(rows, columns=["item", "stage", "time"])
    items = pd.DataFrame({"item": table["item"].unique()})
    items["team"] = items["item"].str[:3]
    trend = sf.sequence_trend(sf.StageLog(table, items=items), ["a", "b"], by="team", window="7d")
    expected = (
        "Higher conversion in 2026-01 than the rest: Ann (45%, 45 of 100 items that entered; the rest 28%)"
    )
    assert expected in str(sf.show(trend))
