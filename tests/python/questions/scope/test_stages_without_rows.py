"""Stages of a pipeline, or of steps, that no row has; and rows of stages that were ignored."""

# One rule in every question, command, table and chart: the list of faces is what the file is about.

import pickle
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import frame_of, journeys_log
from stagefunnel.pipeline import made_by_reader

PIPELINE = sf.Pipeline(["New", "Discussion", "Offer"], won="Won", lost="Lost")
# The stage is called otherwise in the log: two rows, the first of them in row 1.
TYPO = ("New > Discusion > Offer > Won", "New > Discusion > Lost", "New > Offer")
# Nothing in the log is like the discussion.
OTHER = ("New > Call > Offer > Won", "New > Call > Call > Lost", "New > Offer")
IGNORE: dict[str, Any] = {"unlisted": "ignore"}
QUESTIONS: dict[str, Callable[..., Any]] = {
    "funnel": sf.funnel,
    "both": lambda *both, **more: sf.funnel(*both, kind="both", **more),
    "outcomes": sf.outcomes,
    "skips": lambda *both, **more: sf.skips(*both, by=None, **more),
    "losses": sf.losses,
    "flow": lambda *both, **more: sf.flow(*both, period=None, **more),
    "time_in_stage": sf.time_in_stage,
    "transitions": sf.transitions,
    "item_table": sf.item_table,
    "explain": lambda *both, **more: sf.explain(*both, item=1, **more),
    "compare": lambda log, pipeline, **more: sf.compare_periods(log, pipeline, (1, 3), **more),
    "summary": sf.summary,
}
FIRST_ROW = "the log has 'Discusion' (2 rows, first at row 1)"
NEAR = (
    f"no row is of 'Discussion', but {FIRST_ROW}, which the pipeline does not list; write them alike, or "
    'pass missing="ignore" if they are different stages'
)


def refused(error: type[Exception], message: str) -> Any:
    """Expect exactly this message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


@pytest.fixture
def typo() -> sf.StageLog:
    return journeys_log(*TYPO)


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_a_stage_whose_rows_have_a_near_label_is_refused_also_where_these_are_ignored(
    typo: sf.StageLog, ask: Callable[..., Any]
) -> None:
    with refused(sf.UnknownStageError, NEAR) as caught:
        ask(typo, PIPELINE, **IGNORE)
    assert caught.value.row == 1
    ask(typo, PIPELINE, **IGNORE, missing="ignore")


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_a_stage_without_rows_is_refused_where_that_is_asked(ask: Callable[..., Any]) -> None:
    log = journeys_log(*OTHER)
    message = (
        "the log has no row of 'Discussion', which the pipeline lists; it has: 'New', 'Call', 'Offer', "
        "'Won', 'Lost'; pass missing=\"ignore\" for stages that may have no rows"
    )
    for pipeline in (PIPELINE, made_by_reader(PIPELINE.replace())):
        with refused(sf.SchemaError, message) as caught:
            ask(log, pipeline, **IGNORE, missing="error")
        assert caught.value.option == "pipeline"


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_every_table_says_what_was_ignored_and_which_stages_have_no_rows(ask: Callable[..., Any]) -> None:
    lines = repr(sf.show(ask(journeys_log(*OTHER), PIPELINE, **IGNORE))).splitlines()
    ignored = "Ignored: 3 rows of stages that the pipeline does not list (Call 3)"
    assert [lines.count(line) for line in (ignored, "Stages without rows: Discussion")] == [1, 1]


def test_a_table_without_such_stages_says_nothing_of_them() -> None:
    log = journeys_log("New > Discussion > Offer > Won", "New > Lost")
    for unlisted in ("error", "ignore"):
        table = sf.funnel(log, PIPELINE, unlisted=unlisted)
        assert not {"ignored", "without_rows", "outside"} & set(table.attrs["stagefunnel"])
    assert "Ignored" not in repr(sf.show(table))


def test_of_many_ignored_stages_the_largest_are_named() -> None:
    log = journeys_log("New > a > b > b > c > d > e > f > Won")
    lines = repr(sf.show(sf.funnel(log, PIPELINE, **IGNORE))).splitlines()
    assert lines[-2:] == [
        "Ignored: 7 rows of stages that the pipeline does not list (b 2, a 1, c 1, d 1, e 1, … (1 more))",
        "Stages without rows: Discussion, Offer, Lost",
    ]


def test_without_ignoring_the_unknown_stage_is_refused_with_the_near_one_as_a_hint(typo: sf.StageLog) -> None:
    with pytest.raises(sf.UnknownStageError, match=r"unknown stage 'Discusion'.* did you mean 'Discussion'"):
        sf.funnel(typo, PIPELINE)


def test_a_near_label_that_the_pipeline_lists_is_another_stage() -> None:
    pipeline = sf.Pipeline(["New", "Discussion", "Discusion"], won="Won", lost="Lost")
    table = sf.funnel(journeys_log(*TYPO), pipeline, **IGNORE)
    assert table["reached"].tolist() == [3, 0, 2, 1, 1]
    elsewhere = PIPELINE.replace(elsewhere=["Discusion"])
    assert sf.funnel(journeys_log(*TYPO), elsewhere, **IGNORE)["reached"].tolist() == [3, 0, 2, 1, 1]


def test_a_won_and_a_lost_stage_are_stages_too() -> None:
    for label in ("WON", "lost."):
        log = journeys_log("New > Discussion > Offer", f"New > {label}")
        with pytest.raises(sf.UnknownStageError, match=f"but the log has '{label}'"):
            sf.funnel(log, PIPELINE, **IGNORE)


def test_a_stage_that_only_dropped_rows_have_has_no_rows() -> None:
    rows = {"item": [1, 1, None], "stage": ["New", "Won", "Offer"], "time": [0, 1, 2]}
    log = sf.StageLog(rows, invalid="drop")
    table = sf.funnel(log, sf.Pipeline(["New", "Offer"], won="Won"))
    assert table.attrs["stagefunnel"]["without_rows"] == ["Offer"]
    with pytest.raises(sf.SchemaError, match="no row of 'Offer'"):
        sf.funnel(log, sf.Pipeline(["New", "Offer"], won="Won"), missing="error")
    steps = sf.sequence_funnel(log, ["New", "Offer"])
    assert steps.attrs["stagefunnel"]["without_rows"] == ["Offer"]


def test_what_a_reader_made_is_spared_and_what_was_written_from_it_is_not(
    typo: sf.StageLog, tmp_path: Any
) -> None:
    made = made_by_reader(PIPELINE.replace())
    assert made == PIPELINE
    spared = [made, made.replace(moved_out="include"), made.replace(names={"New": "Neu"})]
    for pipeline in [*spared, pickle.loads(pickle.dumps(made))]:
        assert pipeline.is_from_export
        assert sf.funnel(typo, pipeline, **IGNORE)["reached"].tolist() == [3, 0, 2, 1, 1]
    file = tmp_path / "pipeline.toml"
    file.write_text(sf.Settings(made).to_toml())
    for pipeline in (sf.Pipeline.from_toml(file), made.replace(lost=["Lost", "Bad"]), PIPELINE):
        assert not pipeline.is_from_export
        with pytest.raises(sf.UnknownStageError, match="no row is of 'Discussion'"):
            sf.funnel(typo, pipeline, **IGNORE)


def test_pipelines_of_an_export_are_made_by_a_reader() -> None:
    export = sf.read("tests/data/exports/bitrix24/*.json")
    assert all(pipeline.is_from_export for pipeline in export.pipelines.values())
    lines = repr(sf.show(sf.funnel(export.log, export.pipelines["Sales"]))).splitlines()
    assert lines[-1] == "Stages without rows: Discussion, Delivery"


def test_a_pipeline_that_was_passed_to_read_is_not_made_by_it() -> None:
    rows = [
        {"deal_id": 7, "stage": stage, "changed_at": f"2026-03-0{day}"}
        for day, stage in enumerate(["New", "Discusion"], 1)
    ]
    export = sf.read(rows, pipeline=PIPELINE)
    with pytest.raises(sf.UnknownStageError, match="no row is of 'Discussion'"):
        sf.funnel(export.log, export.pipelines["Pipeline"], **IGNORE)


def test_the_error_names_the_file_and_the_line(tmp_path: Any) -> None:
    file = tmp_path / "log.csv"
    file.write_text("item,stage,time\n1,New,2026-01-01\n1,Discusion,2026-01-02\n")
    with pytest.raises(sf.UnknownStageError, match=r"log\.csv, line 3: no row is of 'Discussion', but"):
        sf.funnel(sf.StageLog.from_csv(file), PIPELINE, **IGNORE)


def test_stages_of_a_log_with_pipelines_are_near_in_both_halves() -> None:
    rows = {
        "item": [1, 1, 2],
        "pipeline": ["EU", "EU", "EU"],
        "stage": ["New", "Last", "Discusion"],
        "time": [0, 1, 2],
    }
    log = sf.StageLog(rows, pipeline="pipeline")
    own = sf.pipelines_of_log(log, {"EU": sf.Pipeline(["New"], won="Won", lost="Lost")})["EU"]
    assert sf.funnel(log, own, **IGNORE)["reached"].tolist() == [1, 0, 0]
    talks = sf.pipelines_of_log(log, {"EU": sf.Pipeline(["New", "Discussion"], won="Won")})["EU"]
    with pytest.raises(
        sf.UnknownStageError, match="no row is of 'EU / Discussion', but the log has 'EU / Discusion'"
    ):
        sf.funnel(log, talks, **IGNORE)


def test_parts_are_judged_when_they_are_together() -> None:
    logs = [
        sf.StageLog({"item": [1, 1], "stage": ["New", "Discusion"], "time": [0, 1]}),
        sf.StageLog({"item": [2, 2], "stage": ["New", "Discussion"], "time": [0, 1]}),
        sf.StageLog({"item": [3, 3, 3], "stage": ["New", "Offer", "Call"], "time": [0, 1, 2]}),
    ]
    parts = [sf.partial(log, PIPELINE, **IGNORE) for log in logs]
    for order in (parts, parts[::-1]):
        table = sf.merge([sf.merge(order[:2]), order[2]]).summary().funnel
        assert table.attrs["stagefunnel"]["without_rows"] == ["Won", "Lost"]
        assert table.attrs["stagefunnel"]["ignored"] == {
            "rows": 2,
            "stages": 2,
            "largest": {"Call": 1, "Discusion": 1},
        }
    without = sf.merge([parts[0], parts[2]])
    message = NEAR.replace(" (2 rows, first at row 1)", " (1 row)")
    with refused(sf.SchemaError, message):
        without.summary()
    with pytest.raises(sf.SchemaError, match="the log has no row of 'Won', 'Lost', which the pipeline lists"):
        sf.merge([sf.partial(log, PIPELINE, **IGNORE, missing="error") for log in logs]).summary()
    quality = sf.merge(parts).summary().quality.set_index("check")
    assert quality.loc["stages_without_rows", ["count", "note"]].tolist() == [
        2,
        "stages of the pipeline that no row has: Won, Lost",
    ]


def test_of_parts_with_a_written_pipeline_and_one_that_a_reader_made_the_written_one_stays() -> None:
    made = made_by_reader(PIPELINE.replace())
    logs = [
        sf.StageLog({"item": [item], "stage": [stage], "time": [0]})
        for item, stage in ((1, "New"), (2, "Discusion"))
    ]
    for pipelines in ((made, PIPELINE), (PIPELINE, made)):
        parts = [sf.partial(log, one, **IGNORE) for log, one in zip(logs, pipelines, strict=True)]
        with pytest.raises(sf.SchemaError, match="no row is of 'Discussion'"):
            sf.merge(parts).summary()
    spared = sf.merge([sf.partial(log, made, **IGNORE) for log in logs]).summary()
    assert spared.funnel["reached"].tolist() == [1, 0, 0, 0, 0] * 2


def test_a_chain_names_the_part() -> None:
    leads = journeys_log("New > Converted", "New > Spam")
    deals = journeys_log("New > Offers > Won")
    stages: dict[str, Any] = {"lead_pipeline": sf.Pipeline(["New"], won="Converted", lost="Junk")}
    links = {"deal_id": [1], "lead_id": [1]}
    with pytest.raises(sf.UnknownStageError, match="no row is of 'Offer'") as caught:
        sf.chain_funnel(
            leads, deals, links, **stages, deal_pipeline=PIPELINE.replace(stages=["New", "Offer"]), **IGNORE
        )
    assert caught.value.__notes__ == ["in the deals"]
    for basis in ("entity", "origin"):
        table = sf.chain_funnel(
            leads,
            deals,
            links,
            **stages,
            deal_pipeline=sf.Pipeline(["New", "Talk"], won="Won"),
            basis=basis,
            **IGNORE,
        )
        lines = repr(sf.show(table)).splitlines()
        assert lines[-4:] == [
            "Ignored: 1 row of stages that the pipeline does not list (Spam 1) (leads)",
            "Stages without rows: Junk (leads)",
            "Ignored: 1 row of stages that the pipeline does not list (Offers 1) (deals)",
            "Stages without rows: Talk (deals)",
        ]
        assert not any("Most often skipped: Talk" in line for line in lines)


MANY = ("New > Offer > Won", "New > Offer > Lost", "New > Won") * 20


def test_superlatives_pass_over_a_stage_nobody_was_in() -> None:
    # All skip the discussion, which nobody was in; half of those that were won skip the offer.
    log = journeys_log(*MANY)
    table = sf.funnel(log, PIPELINE)
    assert table["skipped"].tolist() == [0, 60, 20, 0, 0]
    expected = "Most often skipped: Offer (20 of 40 that got past it, 50%)"
    assert expected in repr(sf.show(table))
    assert expected in repr(sf.show(sf.skips(log, PIPELINE, by=None)))
    only = sf.funnel(journeys_log("New > Offer > Won > Lost"), PIPELINE)
    assert "No stage that has rows was skipped." in repr(sf.show(only))
    skips = sf.skips(journeys_log("New > Offer > Won > Lost"), PIPELINE, by=None)
    assert "No stage that has rows was skipped." in repr(sf.show(skips))


def test_two_funnels_are_not_furthest_apart_at_a_stage_nobody_was_in() -> None:
    rows = [(9_999, "New", 9)]
    for at in range(0, 160, 4):
        rows += [(at, "New", 0), (at, "Won", 1), (at + 1, "New", 0), (at + 1, "Lost", 1)]
        rows += [(at + 2, "New", 5), (at + 2, "Offer", 6), (at + 2, "Lost", 7)]
        rows += [(at + 3, "New", 5), (at + 3, "Lost", 6)]
    log = sf.StageLog(frame_of(rows))
    table = sf.compare_periods(log, PIPELINE, (5, 9), against=(0, 5), kind="conversions", basis="created")
    # Half of the earlier ones are assumed in the discussion, none of the later ones; nobody was there.
    assert table["conversion_from_all_difference"].tolist() == [0, -0.5, 0, -0.5, 0.5]
    assert "Biggest change: Won, " in repr(sf.show(table))


def test_a_chart_passes_over_it_too() -> None:
    pytest.importorskip("altair")
    from stagefunnel import plots

    log = journeys_log(*MANY)
    for chart in (
        plots.plot_funnel(sf.funnel(log, PIPELINE)),
        plots.plot_skips(sf.skips(log, PIPELINE, by=None)),
    ):
        said = " ".join(chart.to_dict()["usermeta"]["sentences"])
        assert "Most often skipped: Offer" in said


def test_the_chart_of_two_kinds_is_not_furthest_apart_there() -> None:
    pytest.importorskip("altair")
    from stagefunnel.plots import plot_compare

    # With conversions two of three are in the discussion, and in the offer; one really was in the offer.
    log = journeys_log("New > Offer > Won", "New > Won", "New > Lost")
    said = plot_compare(sf.funnel(log, PIPELINE, kind="both")).to_dict()["usermeta"]["sentences"]
    assert said[0] == "Furthest apart at Offer: 67% (with conversions), 33% (classic)"


def test_a_trend_is_about_the_first_won_stage_that_has_rows() -> None:
    pytest.importorskip("altair")
    from stagefunnel.plots import plot_trend

    rows = [(-1, "New", "2025-12-31"), (-1, "Note", "2026-04-01")]
    for item in range(40):
        rows += [(item, "New", "2026-01-05"), (item, "Paid", "2026-01-06"), (item + 40, "New", "2026-02-01")]
    log = sf.StageLog(frame_of(rows))
    options = {"within": "9d", "unlisted": "ignore"}
    table = sf.funnel_by_period(log, sf.Pipeline(["New"], won=["Signed", "Paid"]), **options)
    expected = "Paid within 9d, of all created: 0.0% in 2026-02 after 100.0% in 2026-01 (−100.0 points)"
    lines = repr(sf.show(table)).splitlines()
    assert expected in lines
    assert "Stages without rows: Signed" in lines
    assert expected in plot_trend(table).to_dict()["usermeta"]["sentences"]
    nothing = sf.funnel_by_period(log, sf.Pipeline(["New", "Paid"], won="Signed"), **options)
    assert "Signed within 9d, of all created: 0.0% in 2026-02 after 0.0% in 2026-01" in repr(sf.show(nothing))


def test_no_group_is_the_best_at_a_step_without_rows() -> None:
    owners = pd.DataFrame({"item": ["a", "b", "c"], "who": ["Ann", "Bob", "Bob"]})
    log = sf.StageLog(CLICKS, items=owners)
    shown = repr(sf.show(sf.sequence_funnel(log, ["visit", "refund"], by="who")))
    assert "No rank" not in shown
    assert "Stages without rows: refund" in shown
    assert "No rank" in repr(sf.show(sf.sequence_funnel(log, ["visit", "purchase"], by="who")))


CLICKS = pd.DataFrame(
    {
        "item": ["a", "a", "a", "b", "b", "c"],
        "stage": ["visit", "card", "purchase", "visit", "card", "visit"],
        "time": [0, 1, 2, 0, 1, 0],
    }
)
ASK_STEPS: dict[str, Callable[..., pd.DataFrame]] = {
    "funnel": sf.sequence_funnel,
    "items": sf.sequence_items,
    "times": sf.time_to_convert,
    "paths": sf.sequence_paths,
}


@pytest.mark.parametrize("ask", ASK_STEPS.values(), ids=ASK_STEPS)
def test_a_step_whose_rows_have_a_near_label_is_refused(ask: Callable[..., pd.DataFrame]) -> None:
    log = sf.StageLog(CLICKS)
    message = (
        "step 2: the log has no stage 'purchase!', but has 'purchase', which no step names; write them "
        'alike, or pass missing="ignore" if they are different stages'
    )
    with refused(sf.SchemaError, message) as caught:
        ask(log, ["visit", "purchase!"])
    assert caught.value.option == "steps"
    with pytest.raises(
        sf.SchemaError, match=r"^exclusion of 'Card': the log has no stage 'Card', but has 'card'"
    ):
        ask(log, ["visit", "purchase"], exclude=sf.Exclusion("Card"))
    ask(log, ["visit", "purchase!"], missing="ignore")
    # Both ways of writing are named: the one without rows is no slip of the pen.
    ask(log, ["visit", ["purchase", "Purchase"]])
    ask(log, ["visit", "purchase", "PURCHASE"])


@pytest.mark.parametrize("ask", ASK_STEPS.values(), ids=ASK_STEPS)
def test_a_step_without_rows_is_named_under_the_table(ask: Callable[..., pd.DataFrame]) -> None:
    log = sf.StageLog(CLICKS)
    table = ask(log, ["visit", "refund"])
    assert repr(sf.show(table)).splitlines()[-1] == "Stages without rows: refund"
    with pytest.raises(sf.SchemaError, match="step 2: the log has no stage 'refund'; it has"):
        ask(log, ["visit", "refund"], missing="error")


def test_nobody_drops_out_before_a_step_without_rows() -> None:
    # Two drop out before the refund, because it has no rows; one before the card.
    table = sf.sequence_funnel(sf.StageLog(CLICKS), ["visit", "card", "refund"])
    assert table["dropped"].tolist() == [1, 2, 0]
    assert "Most drop out after visit (1 of 3, 33%)." in repr(sf.show(table))


def test_a_label_of_another_type_is_near() -> None:
    log = sf.StageLog({"item": [1, 1], "stage": [1, 2], "time": [0, 1]})
    with pytest.raises(
        sf.UnknownStageError, match=re.escape("no row is of '1', but the log has 1 (1 row, first")
    ):
        sf.funnel(log, sf.Pipeline(["1", "2"]), **IGNORE)
    with pytest.raises(
        sf.SchemaError, match="step 1: the log has no stage '1', but has 1, which no step names"
    ):
        sf.sequence_funnel(log, ["1", "2"])


def test_an_empty_log_has_no_near_labels() -> None:
    empty = sf.StageLog({"item": [], "stage": [], "time": []}, empty="allow")
    assert sf.funnel(empty, PIPELINE, **IGNORE)["base"].tolist() == [0] * 5
    assert sf.sequence_funnel(empty, ["visit"])["reached"].tolist() == [0]
