"""Other names of stages, stages ignored by name and short visits, in every question."""

# What a pipeline of rules reads of a log is what one without rules reads of the rows that the reference
# rewrites; so all questions are held to it alike.

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal, assert_same, assert_summary, frame_of, items_of
from stagefunnel.log import short_visits
from strategies import Case, cases

PIPELINE = sf.Pipeline(["New", "Offer", "Delivery"], won="Won", lost="Lost")
RULED = PIPELINE.replace(aliases={"Proposal": "Offer"}, ignore="Note", ignore_shorter=2)

# The worked example of definitions.md, section 1: journeys, and the visits that they are read as.
EXAMPLE = {
    "New 0, Proposal 3, Offer 5, Won 9": "New 0, Offer 3, Won 9",
    "New 0, Note 2, New 4, Offer 6": "New 0, Offer 6",
    "New 0, Delivery 5, Offer 6, Won 9": "New 0, Offer 6, Won 9",
    "New 0, Offer 1, Lost 9": "New 0, Offer 1, Lost 9",
    "New 0, Offer 5, New 6, Offer 7, Won 9": "New 0, Offer 7, Won 9",
    "New 0, Lost 5, Won 6": "New 0, Lost 5, Won 6",
    "New 0, Proposal 5, Offer 6, Won 7": "New 0, Offer 5, Won 7",
    "New 0, Offer 5, Note 6, Won 8": "New 0, Offer 5, Won 8",
    "New 0, Delivery 5": "New 0, Delivery 5",
}


def rows_of(journey: str, item: int = 1) -> list[reference.Row]:
    entries = [entry.rsplit(" ", 1) for entry in journey.split(", ")]
    return [(item, stage, int(time)) for stage, time in entries]


def visits_of(rows: list[reference.Row], pipeline: sf.Pipeline) -> list[tuple[Any, Any]]:
    """Return the stage and the start of the visits of one item, moment by moment."""
    log, visits = sf.StageLog(frame_of(rows)), []
    for moment in sorted({time for _, _, time in rows}):
        flow = sf.flow(log, pipeline, period=(moment, moment + 1), unlisted="ignore", missing="ignore")
        entered = flow.loc[flow["entered"] > 0, "stage"].tolist()
        visits += [(stage, moment) for stage in entered]
    return visits


def counts(log: sf.StageLog, pipeline: sf.Pipeline) -> dict[str, int]:
    table = log.quality(pipeline)
    return dict(zip(table["check"], table["count"], strict=True))


def note(log: sf.StageLog, pipeline: sf.Pipeline, check: str) -> str:
    return str(log.quality(pipeline).set_index("check").loc[check, "note"])


@pytest.mark.parametrize(("journey", "visits"), EXAMPLE.items())
def test_the_worked_example_is_read_as_the_definitions_say(journey: str, visits: str) -> None:
    expected = [(stage, time) for _, stage, time in rows_of(visits)]
    assert visits_of(rows_of(journey), RULED) == expected
    read = reference.as_read(rows_of(journey), PIPELINE, RULED.rules).rows
    own = reference.visits([(stage, time) for _, stage, time in read], PIPELINE, "ignore")
    assert [(visit.stage, visit.start) for visit in own] == expected


def example_log() -> sf.StageLog:
    rows = [row for item, journey in enumerate(EXAMPLE, start=1) for row in rows_of(journey, item)]
    return sf.StageLog(frame_of(rows))


def test_quality_counts_what_the_rules_did_in_the_worked_example() -> None:
    found = counts(example_log(), RULED)
    assert (found["renamed_rows"], found["ignored_rows"], found["short_visits"]) == (2, 2, 3)
    assert (found["unlisted_rows"], found["bridged_visits"]) == (0, 1)
    assert note(example_log(), RULED, "renamed_rows").endswith(": Proposal as Offer")
    assert note(example_log(), RULED, "ignored_rows").endswith(": Note")


def test_lengths_of_single_stages_are_about_these_alone() -> None:
    pipeline = RULED.replace(ignore_shorter={"Lost": 2})
    journeys = list(EXAMPLE)
    assert visits_of(rows_of(journeys[5]), pipeline) == [("New", 0), ("Won", 6)]
    for journey in (journeys[2], journeys[4]):
        own = [(stage, time) for _, stage, time in rows_of(journey)]
        assert visits_of(rows_of(journey), pipeline) == own
    assert counts(example_log(), pipeline)["short_visits"] == 1


def test_a_stage_that_has_rows_under_another_name_has_rows() -> None:
    log = sf.StageLog(frame_of(rows_of("New 0, Proposal 1, Won 2")))
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", aliases={"Proposal": "Offer", "Quote": "Offer"})
    assert pipeline.check(log).empty
    assert sf.funnel(log, pipeline, missing="error")["reached"].tolist() == [1, 1, 1]
    assert counts(log, pipeline)["stages_without_rows"] == 0
    merged = sf.merge([sf.partial(log, pipeline, missing="error")]).summary()
    assert_frame_equal(merged.quality, log.quality(pipeline))


def test_a_new_stage_is_still_an_error() -> None:
    log = sf.StageLog(frame_of(rows_of("New 0, Note 1, Review 2")))
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", ignore="Note")
    with pytest.raises(sf.UnknownStageError, match="unknown stage 'Review'"):
        sf.funnel(log, pipeline)
    assert sf.funnel(log, pipeline, unlisted="ignore")["reached"].tolist() == [1, 0, 0]
    found = counts(log, pipeline)
    assert (found["ignored_rows"], found["unlisted_rows"], found["unlisted_stages"]) == (1, 1, 1)


def test_tables_say_which_stages_were_ignored_by_name() -> None:
    log = sf.StageLog(frame_of(rows_of("New 0, Note 1, Call 2, Review 3, Review 4")))
    pipeline = sf.Pipeline(["New"], won="Won", ignore=["Note", "Review", "Fax"])
    shown = str(sf.show(sf.funnel(log, pipeline, unlisted="ignore")))
    assert "Ignored: 3 rows of stages that the pipeline ignores by name (Review 2, Note 1)" in shown
    assert "Ignored: 1 row of stages that the pipeline does not list (Call 1)" in shown
    assert "by name" not in str(sf.show(sf.funnel(log, pipeline.replace(ignore=()), unlisted="ignore")))


def test_rows_left_out_under_another_name_are_refused() -> None:
    log = sf.StageLog(frame_of(rows_of("New 0, Proposal 1, Won 2")), stages=["New", "Offer", "Won"])
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", aliases={"Proposal": "Offer"})
    with pytest.raises(sf.SchemaError, match="without stages of the pipeline: 'Proposal'"):
        sf.funnel(log, pipeline)


def test_a_visit_is_judged_in_the_whole_log() -> None:
    log = sf.StageLog(frame_of(rows_of("New 0, Offer 10, New 11, Won 30")))
    pipeline = PIPELINE.replace(ignore_shorter=2)
    for options in ({"as_of": 11}, {"period": (0, 11)}, {"within": 10}):
        table = sf.funnel(log, pipeline, missing="ignore", **options)
        assert table["reached"].tolist() == [1, 0, 0, 0, 0]


def test_an_item_whose_visit_was_too_short_is_explained() -> None:
    log = sf.StageLog(frame_of(rows_of("New 0, Offer 10, New 11, Won 30")))
    reasons = sf.explain(log, PIPELINE.replace(ignore_shorter=2), item=1, kind="classic", missing="ignore")[
        "reason"
    ]
    assert reasons[1] == "not counted: entered at 10, and left sooner than ignore_shorter says"
    assert reasons[2] == "not counted: no visit"


def test_pipelines_with_and_without_rules_do_not_mix() -> None:
    log = sf.StageLog(frame_of(rows_of("New 0, Offer 10, New 11, Won 30")))
    short = PIPELINE.replace(ignore_shorter=2)
    reached = [sf.funnel(log, one, missing="ignore")["reached"].tolist() for one in (PIPELINE, short) * 2]
    assert reached == [[1, 1, 0, 1, 0], [1, 0, 0, 1, 0]] * 2


def test_of_many_lengths_few_logs_are_kept() -> None:
    log = sf.StageLog(frame_of(rows_of("New 0, Offer 10, New 11, Won 30")))
    for shorter in [2, 3, 4, 5, 2]:
        table = sf.funnel(log, PIPELINE.replace(ignore_shorter=shorter), missing="ignore")
        assert table["reached"].tolist() == [1, 0, 0, 1, 0]
    assert len(short_visits._kept[log._data]) == 2


@pytest.mark.parametrize(
    ("shorter", "says"),
    [
        ("1 month", "is in calendar months, which differ in length; give days"),
        ({"Won": "a while"}, "is not a length of time"),
        ("2", "has no unit"),
        (-1, "is negative"),
        ({"Sold": "2min"}, "names 'Sold', which it does not list"),
    ],
)
def test_what_is_no_length_is_refused(shorter: Any, says: str) -> None:
    with pytest.raises(sf.SchemaError, match=says):
        PIPELINE.replace(ignore_shorter=shorter)


def test_a_length_has_to_fit_the_times_of_the_log() -> None:
    with pytest.raises(
        sf.SchemaError, match="ignore_shorter='2min' has a unit, and the log's times are plain"
    ):
        sf.funnel(example_log(), RULED.replace(ignore_shorter="2min"))
    log = sf.StageLog({"item": [1], "stage": ["New"], "time": ["2026-01-01"]})
    with pytest.raises(sf.SchemaError, match="ignore_shorter=2 has no unit"):
        sf.funnel(log, RULED)


def test_a_least_length_between_two_ticks_is_rounded_up() -> None:
    times = pd.to_datetime(["2026-01-01 00:00:00", "2026-01-01 00:00:05", "2026-01-01 00:00:06"])
    log = sf.StageLog({"item": [1] * 3, "stage": ["New", "Offer", "Won"], "time": times.as_unit("s")})
    for least, reached in (("1s", 1), ("1001ms", 0)):
        table = sf.funnel(log, PIPELINE.replace(ignore_shorter=least), missing="ignore")
        assert table["reached"].tolist() == [1, reached, 0, 1, 0]


def test_the_names_of_pipelines_in_one_log_are_theirs() -> None:
    log = sf.StageLog(
        {
            "item": [1] * 5,
            "pipeline": ["Sales"] * 3 + ["Renewals"] * 2,
            "stage": ["Fresh", "Note", "Won", "New", "Won"],
            "time": [0, 1, 2, 3, 4],
        },
        pipeline="pipeline",
    )
    sales = sf.Pipeline("New", won="Won", aliases={"Fresh": "New"}, ignore="Note", ignore_shorter={"New": 1})
    fitted = sf.pipelines_of_log(
        log, {"Sales": sales, "Renewals": sf.Pipeline("New", won="Won")}, moved_out="include"
    )
    assert fitted["Sales"].rules.aliases == {"Sales / Fresh": "Sales / New"}
    assert fitted["Sales"].rules.ignore_shorter == {"Sales / New": 1}
    for pipeline in fitted.values():
        assert sf.funnel(log, pipeline)["reached"].tolist() == [1, 1]


def test_two_pipelines_do_not_share_a_name() -> None:
    log = sf.StageLog(frame_of(rows_of("New 0, Offer 1")))
    one = sf.Pipeline("New", aliases={"Proposal": "New"})
    with pytest.raises(sf.SchemaError, match="stage 'Proposal' is in two pipelines"):
        sf.pipelines_of_log(log, {"a": one, "b": sf.Pipeline("Offer", aliases={"Proposal": "Offer"})})


class Ruled(NamedTuple):
    """A log with a pipeline of rules, and the rows that these make of it with one without."""

    rows: list[reference.Row]
    stages: reference.Stages
    log: sf.StageLog
    pipeline: sf.Pipeline
    read: reference.AsRead
    plain_log: sf.StageLog
    plain: sf.Pipeline


def log_with_columns(case: Case, rows: list[reference.Row], seed: int) -> sf.StageLog:
    """Read rows with columns of the log and of the items, which are the same for the same seed."""
    random = Random(seed)
    who = [random.choice(["Ann", "Bob", None]) for _ in rows]
    worth = [random.choice([None, 1.0, 2.5]) for _ in rows]
    frame = frame_of(rows).assign(who=who, worth=pd.Series(worth, dtype="float64"))
    items = items_of(case.groups, "region", [row[0] for row in rows])
    return sf.StageLog(frame, columns=["who", "worth"], items=items)


@st.composite
def ruled_cases(draw: st.DrawFn, times: Any = "integer") -> Ruled:
    """Draw a log whose stages have other names here and there, and a pipeline with all rules together."""
    case = draw(cases(unlisted="some", times=times))
    stages = reference.labels(case.pipeline)
    renamed = draw(st.lists(st.sampled_from(stages), max_size=3, unique=True))
    aliases = {f"Old {stage}": stage for stage in renamed} | {"Nowhere": stages[0]}
    rows = [
        (item, f"Old {stage}" if stage in renamed and draw(st.booleans()) else stage, time)
        for item, stage, time in case.rows
    ]
    lengths = (
        st.integers(0, 6) if times == "integer" else st.integers(0, 6).map(lambda n: pd.Timedelta(n, "us"))
    )
    some = st.dictionaries(st.sampled_from(stages), lengths, max_size=3)
    away = draw(st.sampled_from([(), ("Archive",)]))
    options: dict[str, Any] = {
        "won": case.pipeline.won,
        "lost": case.pipeline.lost,
        "elsewhere": away,
        "moved_out": draw(st.sampled_from(["exclude", "include"])),
    }
    rules = {
        "aliases": aliases,
        "ignore": [label for label in ("Transferred", "Archive") if label not in away],
        "ignore_shorter": draw(st.one_of(lengths, some)),
    }
    pipeline = sf.Pipeline(case.pipeline.stages, **options, **rules)
    plain = sf.Pipeline(case.pipeline.stages, **options)
    read = reference.as_read(rows, case.pipeline, pipeline.rules)
    seed = draw(st.integers(0, 2**32 - 1))
    logs = [log_with_columns(case, one, seed) for one in (rows, read.rows)]
    return Ruled(rows, case.pipeline, logs[0], pipeline, read, logs[1], plain)


Question = Callable[..., pd.DataFrame]
QUESTIONS: dict[str, tuple[Question, dict[str, Any]]] = {
    "funnel": (sf.funnel, {"kind": "both"}),
    "funnel by moves": (sf.funnel, {"kind": "conversions", "fill": "moves"}),
    "furthest": (sf.funnel, {"kind": "furthest", "by": "region"}),
    "strict": (sf.funnel, {"kind": "strict", "by": "who", "at": "first"}),
    "funnel at stages": (sf.funnel, {"kind": "both", "by": "who", "at": "stage"}),
    "amounts": (sf.funnel, {"amount": "worth", "amount_at": "last_known"}),
    "first amounts": (sf.funnel, {"amount": "worth", "amount_at": "first_known"}),
    "amounts at stages": (sf.funnel, {"amount": "worth", "amount_at": "stage"}),
    "outcomes": (sf.outcomes, {"by": "who", "at": "last"}),
    "items": (sf.item_table, {}),
    "losses": (sf.losses, {"reason": "who", "by": "region"}),
    "losses by who closed": (sf.losses, {"by": "who", "at": "stage", "amount": "worth"}),
    "skips": (sf.skips, {"by": "who"}),
    "transitions": (sf.transitions, {}),
    "time": (sf.time_in_stage, {}),
    "time of items": (sf.time_in_stage, {"per": "item"}),
    "longest time": (sf.time_in_stage, {"per": "longest"}),
}


def assert_alike(found: pd.DataFrame, expected: pd.DataFrame, what: str) -> None:
    try:
        assert_frame_equal(found, expected, check_exact=True)
    except AssertionError as error:
        error.add_note(f"in {what}")
        raise


CUTS: list[dict[str, Any]] = [
    {},
    {"as_of": 2},
    {"period": (-2, 3)},
    {"period": (-2, 3), "basis": "created"},
    {"period": (0, 4), "basis": "closed"},
]


@examples(ci=40, night=300)
@given(ruled=ruled_cases(), cut=st.sampled_from(CUTS))
def test_questions_read_what_the_reference_reads(ruled: Ruled, cut: dict[str, Any]) -> None:
    for name, (question, options) in QUESTIONS.items():
        options = {**options, **cut, "unlisted": "ignore", "missing": "ignore"}
        found = question(ruled.log, ruled.pipeline, **options)
        assert_alike(found, question(ruled.plain_log, ruled.plain, **options), name)


@given(ruled=ruled_cases(), within=st.integers(0, 8))
def test_items_followed_equally_long_are_read_as_the_reference_reads_them(ruled: Ruled, within: int) -> None:
    for question in (sf.funnel, sf.outcomes, sf.losses, sf.skips):
        options = {"within": within, "unlisted": "ignore", "missing": "ignore"}
        options |= {"by": "who"} if question is sf.skips else {}
        found = question(ruled.log, ruled.pipeline, **options)
        assert_alike(found, question(ruled.plain_log, ruled.plain, **options), question.__name__)


@given(ruled=ruled_cases(), period=st.sampled_from([(None, None), (-2, 3), (0, None)]))
def test_the_flow_is_what_the_reference_reads(ruled: Ruled, period: Any) -> None:
    options = {"period": period, "unlisted": "ignore", "missing": "ignore"}
    found = sf.flow(ruled.log, ruled.pipeline, **options)
    assert_alike(found, sf.flow(ruled.plain_log, ruled.plain, **options), "flow")


@given(ruled=ruled_cases("naive"), basis=st.sampled_from(["active", "created", "closed"]))
def test_periods_are_what_the_reference_reads(ruled: Ruled, basis: Any) -> None:
    options = {"basis": basis, "unlisted": "ignore", "missing": "ignore", "kind": "both"}
    for every in ("day", "month"):
        pair = [
            sf.funnel_by_period(log, pipeline, every=every, by="region", **options)
            for log, pipeline in ((ruled.log, ruled.pipeline), (ruled.plain_log, ruled.plain))
        ]
        assert_alike(*pair, f"the trend by {every}")
    pair = [
        sf.compare_periods(log, pipeline, "2026-03", against="previous", **options)
        for log, pipeline in ((ruled.log, ruled.pipeline), (ruled.plain_log, ruled.plain))
    ]
    assert_alike(*pair, "the comparison")


@given(data=st.data(), basis=st.sampled_from(["entity", "origin"]))
def test_a_chain_is_what_the_reference_reads(data: st.DataObject, basis: Any) -> None:
    leads, deals = data.draw(ruled_cases()), data.draw(ruled_cases())
    keys = [[item for item, _, _ in part.read.rows] for part in (deals, leads)]
    pairs = data.draw(st.lists(st.tuples(*map(st.sampled_from, keys)), min_size=1, max_size=8, unique=True))
    links = pd.DataFrame(pairs, columns=["deal_id", "lead_id"])
    options = {"kind": "both", "basis": basis, "unlisted": "ignore", "missing": "ignore"}
    if basis == "origin":
        options["within"] = data.draw(st.sampled_from([None, 3]))
    found = sf.chain_funnel(
        leads.log,
        deals.log,
        links,
        lead_pipeline=leads.pipeline,
        deal_pipeline=deals.pipeline,
        **options,
    )
    expected = sf.chain_funnel(
        leads.plain_log,
        deals.plain_log,
        links,
        lead_pipeline=leads.plain,
        deal_pipeline=deals.plain,
        **options,
    )
    assert_alike(found, expected, "the chain")


@given(ruled=ruled_cases())
def test_explanations_count_what_the_reference_reads(ruled: Ruled) -> None:
    for item in dict.fromkeys(item for item, _, _ in ruled.read.rows):
        found, expected = (
            sf.explain(log, pipeline, item=item, unlisted="ignore", missing="ignore")
            for log, pipeline in ((ruled.log, ruled.pipeline), (ruled.plain_log, ruled.plain))
        )
        counted = ["kind", "stage", "outcome", "passed", "assumed"]
        assert_alike(found[counted], expected[counted], "the explanation")


@given(ruled=ruled_cases(), several=st.integers(1, 3))
def test_summaries_whole_and_in_parts_are_what_the_reference_reads(ruled: Ruled, several: int) -> None:
    options: dict[str, Any] = {"unlisted": "ignore", "missing": "ignore"}
    whole = sf.summary(ruled.log, ruled.pipeline, **options)
    expected = sf.summary(ruled.plain_log, ruled.plain, **options)
    for name in ("funnel", "outcomes", "time_in_stage", "transitions"):
        assert_alike(whole.tables[name], expected.tables[name], name)
    assert_alike(whole.quality, ruled.log.quality(ruled.pipeline), "quality")
    items = list(dict.fromkeys(item for item, _, _ in ruled.rows))
    parts = [{*items[place::several]} for place in range(several)]
    logs = [sf.StageLog(frame_of([row for row in ruled.rows if row[0] in part])) for part in parts if part]
    merged = sf.merge([sf.partial(log, ruled.pipeline, **options) for log in logs])
    alone = sf.summary(sf.StageLog(frame_of(ruled.rows)), ruled.pipeline, **options)
    assert_summary(merged.summary(), alone.tables)


@given(ruled=ruled_cases())
def test_the_reference_counts_the_rows_that_the_core_counts(ruled: Ruled) -> None:
    found = counts(ruled.log, ruled.pipeline)
    assert found["renamed_rows"] == ruled.read.renamed_rows
    assert found.get("ignored_rows", 0) == ruled.read.ignored_rows
    assert found["short_visits"] == ruled.read.short_visits
    if not ruled.pipeline.elsewhere:
        funnel = sf.funnel(ruled.log, ruled.pipeline, unlisted="ignore", missing="ignore")
        assert_same(funnel, reference.funnel(ruled.read.rows, ruled.stages, unlisted="ignore"))
