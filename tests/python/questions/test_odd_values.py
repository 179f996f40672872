"""Options that make no sense end in an answer or in an error of the package, whatever they are."""

import datetime
import decimal
import inspect
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stagefunnel as sf
from asked import asked, needs_of, parameters_of, questions

ODD: Final[dict[str, Any]] = {
    repr(value)[:40]: value
    for value in [
        *(None, True, 0, -1, 1.5, 10**30, -(2**63), float("nan"), float("inf"), 1e308, complex(1)),
        *("", "x", "now", "9999", "9999-12-31", "\x1b[31m", "A" * 300, "30d", "1000000000d", "P1D", "month"),
        *("manager", "amount:[0, 10]", "created:month", "outcome", "2026-03", b"x"),
        *([], [None], ["x"], ["manager", "manager"], ["0d", "1d"], [0.5, 0.9], (), (1, 2), set(), {1}),
        *({}, {"x": 1}, {"manager": "A"}, range(3), slice(1, 2), object, Exception("x"), pd),
        *(pd.NA, pd.NaT, np.datetime64("NaT"), pd.Timestamp("2026-03-02"), pd.Period("2026-03")),
        *(pd.Timestamp("2026-03-02", tz="UTC"), datetime.date(2026, 3, 2), datetime.timedelta(days=10**6)),
        *(pd.Timedelta(-1, "s"), np.int64(3), np.array([1, 2]), np.array([]), pd.Series([1]), pd.DataFrame()),
        *(decimal.Decimal("sNaN"), decimal.Decimal("1e999999"), np.timedelta64("NaT"), 10**400, "\ud800"),
        *(np.array("manager"), np.array(1.5), np.array([[1], [2]]), [{}], [[]], [float("nan")], [10**30]),
        *({"manager": len}, {"manager": [1, {}]}, {1: 2}, {"manager": None}, pd.Index(["manager"]), len),
        *(datetime.datetime.min, datetime.timedelta.max, datetime.timedelta.min, datetime.time(1)),
        *(("0001-01-01", "9999-12-31"), ("2026-03-01", None), (None, None), "9999-12-31T23:59:59-05:00"),
        *(b"\xff" * 16, bytearray(b"x"), memoryview(b"x"), Path("x"), iter([1]), frozenset({1}), Ellipsis),
    ]
}
# Neither can be written in full.
ODD |= {"a number of 5,000 digits": 10**5_000, "5,000 digits": "9" * 5_000}
JOURNEYS = ["New Won", "New Offer Lost", "New", "New Offer Won", "Offer"] * 6
ROWS = [
    (f"D-{item}", stage, pd.Timestamp("2026-02-20") + pd.Timedelta(days=item + 3 * at))
    for item, stages in enumerate(JOURNEYS)
    for at, stage in enumerate(stages.split())
]
ITEMS = pd.DataFrame(
    {"item": [f"D-{at}" for at in range(30)], "manager": ["A", "B", "C"] * 10, "amount": np.arange(30.0)}
)
LOG = sf.StageLog(pd.DataFrame(ROWS, columns=["item", "stage", "time"]), items=ITEMS)
ASKED = {name: question for name, question in questions().items() if name != "report"}
# Where a question needs an option, leaving it out is an error of Python.
OPTIONS: Final = [
    (name, option)
    for name, question in ASKED.items()
    for option, one in inspect.signature(question).parameters.items()
    if option not in ("log", "pipeline", "steps", "missing") and one.kind is not one.VAR_KEYWORD
]


def ask(name: str, **options: Any) -> None:
    """Ask a question of the log; show its answer where there is one."""
    known = {"missing": "ignore"} if "missing" in parameters_of(ASKED[name]) else {}
    try:
        answer = asked(ASKED[name], name, LOG, None, **known | needs_of(name) | options)
    except sf.StageFunnelError:
        return
    if isinstance(answer, pd.DataFrame):
        str(sf.show(answer))


@given(
    chosen=st.lists(st.tuples(st.sampled_from(OPTIONS), st.sampled_from([*ODD])), min_size=20, max_size=40)
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_an_odd_value_has_an_answer_or_an_error_of_the_package(chosen: list[Any]) -> None:
    for (name, option), value in chosen:
        ask(name, **{option: ODD[value]})


@given(
    name=st.sampled_from([*ASKED]),
    values=st.lists(st.tuples(st.integers(0, 30), st.sampled_from([*ODD])), min_size=2, max_size=3),
)
@settings(deadline=None)
def test_odd_values_of_several_options_have_one_too(name: str, values: list[tuple[int, str]]) -> None:
    own = [option for one, option in OPTIONS if one == name]
    ask(name, **{own[place % len(own)]: ODD[value] for place, value in values})


# Each was another error once.
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("funnel", {"at": np.array([1, 2])}),
        ("losses", {"basis": pd.NA}),
        ("item_table", {"kind": pd.Series([1])}),
        ("item_table", {"skipped": pd.NA}),
        ("outcomes", {"amount": pd.NA}),
        ("decompose", {"b": np.array([1, 2]), "by": "manager"}),
        ("variants", {"by": slice(1, 2)}),
        ("compare_periods", {"same_part": pd.NA}),
        ("cohort_maturity", {"tau": "1000000000d"}),
        ("item_features", {"windows": [None]}),
        ("cumulative_incidence", {"min_at_risk": 10**30}),
        ("forecast", {"horizon": "9999"}),
        ("backtest", {"amount": pd.DataFrame()}),
        ("time_to_convert", {"attribution_step": pd.NA}),
        ("outcomes", {"confidence": 10**5_000}),
        ("win_probability", {"amount": decimal.Decimal("sNaN")}),
        ("explain", {"item": decimal.Decimal("1e999999")}),
        ("time_to", {"quantiles": np.array("manager")}),
        ("forecast", {"seed": np.timedelta64("NaT")}),
        ("time_to_convert", {"hold": "9" * 5_000}),
        ("time_to_convert", {"min_gap": 10**400}),
        ("sequence_items", {"modes": [{}]}),
        ("open_items", {"where": {"manager": len}}),
        ("sequence_trend", {"where": {"manager": [1, {}]}}),
        ("check", {"unlisted": pd.Index(["manager"])}),
        ("pipelines_of_log", {"pipelines": {1: 2}}),
        ("funnel", {"period": "9999"}),
        ("funnel", {"as_of": "9999-12-31T23:59:59-05:00"}),
        ("funnel", {"by": 7}),
        ("visits", {"period": ("0001-01-01", "9999-12-31")}),
    ],
)
def test_values_that_compare_with_nothing_are_refused_or_read(name: str, options: dict[str, Any]) -> None:
    ask(name, **options)


@pytest.mark.parametrize("path", [{"a": 1}, 1.5, None, pd.Timestamp("2026-03-01")])
def test_a_page_needs_a_path(path: Any) -> None:
    with pytest.raises(sf.SchemaError, match="is not the path of a file"):
        sf.report(LOG, sf.Pipeline(["New", "Offer"], won="Won", lost="Lost"), path)


@pytest.mark.parametrize("options", [{"items": pd.NA}, {"progress": "x"}])
def test_options_of_the_page_are_checked_before_it_is_made(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(sf.SchemaError):
        sf.report(LOG, sf.Pipeline(["New", "Offer"], won="Won", lost="Lost"), tmp_path / "a.html", **options)
    assert not [*tmp_path.iterdir()]
