"""A pipeline with rules of single stages goes through every question, its displays and the command."""

import inspect
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import reference
import stagefunnel as sf
from helpers import assert_frame_equal, assert_same, frame_of, run_python
from stagefunnel import plots

ROWS: list[reference.Row] = [
    (item, stage, pd.Timestamp(day))
    for item, moves in {
        1: [("New", "2026-04-01"), ("Offer", "2026-04-09")],
        2: [("New", "2026-06-01"), ("Wait", "2026-06-02"), ("Demo", "2026-06-03"), ("Won", "2026-06-09")],
        3: [("New", "2026-06-01"), ("Offer", "2026-06-09"), ("Lost", "2026-06-12")],
        4: [("Wait", "2026-04-03"), ("Offer", "2026-04-20"), ("Won", "2026-06-20")],
        5: [("Demo", "2026-04-30"), ("Lost", "2026-05-02")],
    }.items()
    for stage, day in moves
]
RULES: dict[str, Any] = {"optional": "Wait", "since": {"Demo": "2026-05-01"}, "until": {"New": "2026-05-31"}}
PLAIN = sf.Pipeline(["New", "Wait", "Demo", "Offer"], won="Won", lost="Lost")
PIPELINE = PLAIN.replace(**RULES)
SENTENCE = (
    "No conversion from the stage before, because some got past a stage while it was not there: "
    "New (until 2026-05-31), Demo (since 2026-05-01)"
)


def log() -> sf.StageLog:
    items = pd.DataFrame({"item": [1, 2, 3, 4, 5], "team": ["a", "b", "a", "b", "a"]})
    return sf.StageLog(frame_of(ROWS), items=items)


def of_plain(question: Any, **options: Any) -> None:
    """Check that a question has the answer that it has without the rules."""
    assert_frame_equal(question(log(), PIPELINE, **options), question(log(), PLAIN, **options))


def compared() -> None:
    table = sf.compare_periods(log(), PIPELINE, "2026-06", against="2026-04", kind="furthest")
    for column, period in (("reached", "2026-06"), ("reached_before", "2026-04")):
        kept = reference.kept_rows(
            ROWS, PIPELINE, start=pd.Timestamp(period), end=pd.Timestamp(period) + pd.DateOffset(months=1)
        )
        expected = reference.funnel([ROWS[row] for row in kept], PIPELINE, kind="furthest")
        assert table[column].tolist() == expected["reached"].tolist()


def groups_compared() -> None:
    table = sf.compare_groups(log(), PIPELINE, by="team", a="a")
    teams = {1: "a", 2: "b", 3: "a", 4: "b", 5: "a"}
    assert table["stage"].tolist() == ["Won"]  # New and Demo have dates, and Wait is optional
    for side in "ab":
        rows = [row for row in ROWS if teams[row[0]] == side]
        reached = reference.funnel(rows, PIPELINE, kind="furthest").set_index("stage")["reached"]
        assert table[f"n_{side}"].tolist() == [reached["Offer"]]
        assert table[f"conversion_{side}"].tolist() == [reached["Won"] / reached["Offer"]]
    assert table.attrs["stagefunnel"]["passed_over"] == ["New", "Wait", "Demo"]


def decomposed() -> None:
    table = sf.decompose(log(), PIPELINE, by="team", a="a", b="b")
    assert table["stage"].tolist() == ["Offer", "Won"]
    teams = {1: "a", 2: "b", 3: "a", 4: "b", 5: "a"}
    for side in "ab":
        rows = [row for row in ROWS if teams[row[0]] == side]
        counts = reference.funnel(rows, PIPELINE, kind="furthest").set_index("stage")
        offers, won, base = counts["reached"]["Offer"], counts["reached"]["Won"], counts["base"]["Won"]
        assert table[f"conversion_{side}"].tolist() == [offers / base, won / offers]


def explained() -> None:
    reasons = sf.explain(log(), PIPELINE, item=1, kind="furthest").set_index("stage")["reason"]
    assert reasons["Wait"] == "not counted: no visit, and the stage is optional"
    assert reasons["Demo"] == "not counted: no visit, and it was not there before 2026-05-01"
    reasons = sf.explain(log(), PIPELINE, item=4, kind="conversions").set_index("stage")["reason"]
    assert reasons["New"] == "not counted: no visit, and it was not there after 2026-05-31"
    assert reasons["Demo"].startswith("assumed: Won at 2026-06-20")


def velocity_of_plain() -> None:
    answers = []
    for pipeline in (PIPELINE, PLAIN):
        items = pd.DataFrame({"item": [1, 2, 3, 4, 5], "worth": [10.0, 20.0, None, 40.0, 50.0]})
        table = sf.sales_velocity(sf.StageLog(frame_of(ROWS), items=items), pipeline, amount="worth")
        answers.append(table)
    assert_frame_equal(*answers)
    assert answers[0]["mean_amount"].tolist() == [30.0]
    assert answers[0]["mean_cycle_time"].tolist() == [pd.Timedelta(days=43)]  # 8 and 78 days


def described() -> None:
    options: dict[str, Any] = {"as_of": "2026-07-01", "horizon": "20d"}
    table = sf.item_features(log(), PIPELINE, **options)
    facts = sf.item_table(log(), PIPELINE, as_of="2026-07-01").set_index("item")
    assert table["skipped"].tolist() == facts["skipped"].loc[table["item"]].tolist()
    plain = sf.item_features(log(), PLAIN, **options)
    assert_frame_equal(table.drop(columns="skipped"), plain.drop(columns="skipped"))


def summarised() -> None:
    found = sf.summary(log(), PIPELINE)
    assert_same(found.funnel, reference.funnel(ROWS, PIPELINE, kind="both"))
    assert found.quality.set_index("check").loc["rows_outside_dates", "count"] == 3


def checked() -> None:
    table = sf.check(log(), PIPELINE, ["rows_outside_dates > 2", "win_rate < 50%"])
    assert table["value"].tolist() == [3, 0.5]
    assert table["failed"].tolist() == [True, False]


def reported(directory: Path) -> None:
    page = directory / "page.html"
    sf.report(log(), PIPELINE, path=page, by="team")
    text = page.read_text(encoding="utf-8").replace("\N{WORD JOINER}", "")
    assert SENTENCE in text
    assert "Wait (optional)" in text


CHECKS: dict[str, Any] = {
    "absorption": lambda: of_plain(sf.absorption, by="team"),
    "backtest": lambda: of_plain(sf.backtest, horizon="20d", draws=100, fit_by="team", static="team"),
    "bottlenecks": lambda: of_plain(sf.bottlenecks, by="team", benchmark={"Offer": 0.1}),
    "check": checked,
    "cohort_maturity": lambda: of_plain(sf.cohort_maturity, every="month", tau="30d", by="team"),
    "compare_groups": groups_compared,
    "compare_periods": compared,
    "cumulative_incidence": lambda: of_plain(sf.cumulative_incidence, times=["5d", "30d"], by="team"),
    "decompose": decomposed,
    "drivers": lambda: of_plain(sf.drivers, columns="team", static="team"),
    "explain": explained,
    "flow": lambda: of_plain(sf.flow, period="2026-06", by="team"),
    "forecast": lambda: of_plain(sf.forecast, by="team", horizon="30d", draws=100),
    "funnel": lambda: assert_same(
        sf.funnel(log(), PIPELINE, kind="strict"), reference.funnel(ROWS, PIPELINE, kind="strict")
    ),
    "funnel_by_period": lambda: assert_same(
        sf.funnel_by_period(log(), PIPELINE, every="year", basis="created").drop(columns="period"),
        reference.funnel(ROWS, PIPELINE),
    ),
    "item_features": described,
    "item_table": lambda: assert_same(sf.item_table(log(), PIPELINE), reference.item_table(ROWS, PIPELINE)),
    "losses": lambda: of_plain(sf.losses),
    "markov_check": lambda: of_plain(sf.markov_check, by="team"),
    "mix_rate": lambda: of_plain(sf.mix_rate, mix="outcome", by="team", a="a", b=None),
    "open_items": lambda: of_plain(sf.open_items, columns="team", limits={"Offer": "3d"}),
    "outcomes": lambda: of_plain(sf.outcomes, by="team"),
    "partial": lambda: assert_same(
        sf.partial(log(), PIPELINE).summary().funnel, reference.funnel(ROWS, PIPELINE, kind="both")
    ),
    "sales_velocity": velocity_of_plain,
    "skips": lambda: assert_same(
        sf.skips(log(), PIPELINE, by=None),
        reference.skips_at_moves(ROWS, PIPELINE, ["all"] * len(ROWS)).drop(columns="group"),
    ),
    "state_occupation": lambda: of_plain(sf.state_occupation, times=["30d"], by="team"),
    "summary": summarised,
    "time_in_stage": lambda: of_plain(sf.time_in_stage, by="team"),
    "time_to": lambda: of_plain(sf.time_to, to_stage="Won", start="New"),
    "variants": lambda: of_plain(sf.variants, by="team"),
    "transitions": lambda: of_plain(sf.transitions, by="outcome"),
    "visits": lambda: of_plain(sf.visits),
    "win_probability": lambda: of_plain(sf.win_probability, columns="team", horizon="30d"),
    "win_within": lambda: of_plain(sf.win_within, horizon="30d", ages=["1d", "5d"]),
}


def test_every_question_that_reads_a_pipeline_is_asked_here() -> None:
    questions = {name: getattr(sf, name) for name in sf.__all__ if inspect.isfunction(getattr(sf, name))}
    reading = {
        name
        for name, question in questions.items()
        if any("pipeline" in parameter for parameter in inspect.signature(question).parameters)
    }
    # Chains have pipelines of their own, a page is a file, a reader's pipelines have no rules, and bind hands
    # the pipeline on.
    assert reading - {"bind", "chain_funnel", "pipelines_of_log", "report", "read"} == set(CHECKS)


@pytest.mark.parametrize("question", CHECKS)
def test_a_question_honours_the_rules(question: str) -> None:
    CHECKS[question]()


@pytest.mark.parametrize("basis", ["entity", "origin"])
def test_a_chain_honours_the_rules_of_both_parts(basis: Any) -> None:
    links = pd.DataFrame({"deal_id": [1, 2, 4], "lead_id": [1, 2, 4]})
    table = sf.chain_funnel(
        log(), log(), links, lead_pipeline=PIPELINE, deal_pipeline=PIPELINE, kind="furthest", basis=basis
    )
    expected = reference.chain_funnel(
        ROWS,
        ROWS,
        [(1, 1), (2, 2), (4, 4)],
        PIPELINE,
        PIPELINE,
        kind="furthest",
        fill="won",
        lost_then_won="include",
        basis=basis,
        amounts={},
    )
    assert table["reached"].tolist() == expected["reached"].tolist()
    assert table["conversion_from_previous"].equals(expected["conversion_from_previous"])
    shown = str(sf.show(table))
    assert f"{SENTENCE} (leads)" in shown
    assert f"{SENTENCE} (deals)" in shown
    assert shown.count("Wait (optional)") == 2


def test_parts_with_other_rules_are_refused() -> None:
    other = PIPELINE.replace(since={"Demo": "2026-05-02"})
    with pytest.raises(sf.SchemaError, match=r"since is .*2026-05-01.* and .*2026-05-02"):
        sf.merge([sf.partial(log(), PIPELINE), sf.partial(log(), other)])
    with pytest.raises(sf.SchemaError, match="optional is"):
        sf.merge([sf.partial(log(), PIPELINE), sf.partial(log(), PIPELINE.replace(optional=()))])


def test_what_some_got_past_in_its_absence_is_named_and_has_no_conversion() -> None:
    table = sf.funnel(log(), PIPELINE, kind="conversions")
    shown = str(sf.show(table))
    assert SENTENCE in shown
    assert "Wait (optional)" in shown
    drawn = json.dumps(plots.plot_funnel(table).to_dict(), ensure_ascii=False)
    assert "Wait (optional)" in drawn
    assert "\N{DOWNWARDS ARROW}" in drawn  # of the won stage, which compares with Offer
    since = sf.funnel(log(), PIPELINE, kind="conversions", period="2026-05", basis="created")
    assert "absent" not in since.attrs["stagefunnel"]


def test_a_chart_names_the_stage_with_which_one_below_an_optional_stage_is_compared() -> None:
    pipeline = PLAIN.replace(optional="Wait")
    drawn = json.dumps(plots.plot_funnel(sf.funnel(log(), pipeline, kind="furthest")).to_dict())
    assert "% of New" in drawn or "%\\u00a0of New" in drawn or "\\u00a0% of New" in drawn


def test_every_chart_of_stages_marks_an_optional_one() -> None:
    trend = sf.funnel_by_period(log(), PIPELINE, every="month", kind="furthest")
    charts = [
        plots.plot_trend(trend, value="conversion_from_previous"),
        plots.plot_time_in_stage(sf.time_in_stage(log(), PIPELINE)),
        plots.plot_transitions(sf.transitions(log(), PIPELINE)),
        plots.plot_compare(sf.compare_periods(log(), PIPELINE, "2026-06")),
    ]
    for chart in charts:
        assert "Wait (optional)" in json.dumps(chart.to_dict())


@pytest.mark.usefixtures("undrawn")
def test_a_page_says_it(tmp_path: Path) -> None:
    reported(tmp_path)


def test_a_file_of_stages_has_the_rules(tmp_path: Path) -> None:
    frame_of(ROWS).to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "pipeline.toml").write_text(
        "[pipeline]\n"
        'stages = ["New", "Wait", "Demo", "Offer"]\nwon = "Won"\nlost = "Lost"\noptional = ["Wait"]\n'
        "[pipeline.since]\nDemo = 2026-05-01\n"
        '[pipeline.until]\nNew = "2026-05-31"\n'
    )
    settings = sf.Settings.from_toml(tmp_path / "pipeline.toml")
    read = sf.funnel(log(), settings.pipeline, kind="furthest")
    assert_frame_equal(read, sf.funnel(log(), PIPELINE, kind="furthest"))
    files = [str(tmp_path / "log.csv"), "--pipeline", str(tmp_path / "pipeline.toml")]
    done = run_python("-m", "stagefunnel", "funnel", *files, "--kind", "furthest")
    assert done.returncode == 0, done.stderr
    assert "Wait (optional)" in done.stdout
    assert SENTENCE in done.stdout.replace("\n  ", " ")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            {"since": {"Demo": "2026-13-01"}},
            "since of 'Demo' is '2026-13-01': '2026-13-01' is not in the cal",
        ),
        (
            {"until": {"Demo": "soon"}},
            "until of 'Demo' is 'soon': it is not a date or a time; give a timestamp",
        ),
        ({"since": {"Demo": 5}}, "since of 'Demo' is 5: 5 is a number, and the log's times are timestamps"),
        (
            {"since": {"Demo": "2026-06-01"}, "until": {"Demo": "2026-05-31"}},
            "'Demo' has since 2026-06-01 and until 2026-05-31, which is not later",
        ),
        (
            {"since": {"Demo": pd.Timestamp("2026-06-01", tz="UTC")}},
            "has a zone, and the log's times have none",
        ),
    ],
)
def test_dates_that_do_not_fit_the_log_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError) as caught:
        sf.funnel(log(), PLAIN.replace(**rules))
    assert message in str(caught.value)


def test_dates_of_a_log_of_integers_are_integers() -> None:
    rows = [(1, "New", 0), (1, "Offer", 5), (2, "New", 0), (2, "Offer", 6)]
    numbers = sf.StageLog(frame_of(rows))
    pipeline = sf.Pipeline(["New", "Demo", "Offer"], until={"Demo": 5})
    assert sf.funnel(numbers, pipeline)["skipped"].tolist() == [0, 1, 0]
    with pytest.raises(sf.SchemaError, match="the log's times are plain integers; give an integer"):
        sf.funnel(numbers, pipeline.replace(until={"Demo": "2026"}))


def test_dates_are_read_in_the_zone_of_the_log() -> None:
    times = pd.to_datetime(["2026-05-30T22:30Z", "2026-05-31T22:30Z"], utc=True)
    frame = pd.DataFrame({"item": [1, 2], "stage": "Offer", "time": times})
    pipeline = sf.Pipeline(["Demo", "Offer"], since={"Demo": "2026-06-01"})
    berlin = sf.StageLog(frame.assign(time=times.tz_convert("Europe/Berlin")))
    assert sf.funnel(berlin, pipeline)["skipped"].tolist() == [1, 0]
    assert sf.funnel(sf.StageLog(frame), pipeline)["skipped"].tolist() == [0, 0]
