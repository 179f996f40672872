"""Items that count together, such as those of an account: the worked example, the reference, each alone."""

# The worked example and the random logs of all questions share the helpers of this file.

import itertools
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import assert_frame_equal, frame_of, items_of, log_of, pipeline_of, plain
from questions.scope.test_selection import arguments_of, parts
from reference.units import (
    Report,
    unit_amounts,
    unit_funnel,
    unit_losses,
    unit_outcomes,
    unit_report,
)
from stagefunnel import plots
from strategies import UNLISTED, Case, cases

PIPELINE = sf.Pipeline(["New", "Offer", "Delivery"], won="Won", lost="Lost")
JOURNEYS = {
    1: [("New", 0), ("Offer", 2), ("Lost", 5)],
    2: [("New", 3), ("Won", 10)],
    3: [("New", 1), ("Offer", 4)],
    4: [("New", 6), ("Lost", 9)],
    5: [("New", 2), ("Lost", 7)],
    6: [("Offer", 4), ("Lost", 12)],
    7: [("New", 5), ("Lost", 6), ("Won", 11)],
    8: [("New", 7), ("Lost", 9)],
    9: [("Delivery", 9)],
}
ACCOUNTS = ["Acme", "Acme", "Birch", "Birch", "Cedar", "Cedar", "Dune", None, None]
ROWS = [(item, stage, time) for item, path in JOURNEYS.items() for stage, time in path]
ITEMS = pd.DataFrame(
    {
        "item": [*JOURNEYS],
        "account": ACCOUNTS,
        "manager": ["Ann", "Bob", "Bob", "Ann", "Cid", "Cid", "Ann", "Ann", None],
        "worth": [10, 20, 30, None, 50, 60, 70, 80, 90],
        "reason": ["a", "b", "c", "d", "e", "f", "g", "h", "i"],
    }
)


def worked(**options: Any) -> sf.StageLog:
    who = ["Eve", "Fay"] * len(ROWS)
    frame = frame_of(ROWS).assign(who=who[: len(ROWS)])
    return sf.StageLog(frame, items=ITEMS, columns="who", **options)


def column(table: pd.DataFrame, name: str) -> list[Any]:
    return plain(table[name])


def standing(**options: Any) -> list[int]:
    """Return base, won, lost and open."""
    table = sf.outcomes(worked(), PIPELINE, unit="account", **options)
    return [int(table[name].iloc[0]) for name in ("base", "won", "lost", "open")]


def test_the_example_of_the_definitions() -> None:
    classic = sf.funnel(worked(), PIPELINE, unit="account")
    assert column(classic, "base") == [6] * 5
    assert column(classic, "passed") == [5, 3, 1, 2, 5]
    assert column(classic, "assumed") == [0] * 5
    assert column(classic, "skipped") == [1, 2, 2, 0, 0]
    assert column(classic, "began_beyond") == [1, 1, 0, 0, 0]
    assert column(classic, "open_at") == [0, 1, 1, 0, 0]
    assert column(classic, "lost_from") == [1, 1, 0, 0, 0]
    assert classic.attrs["stagefunnel"]["unit"] == "account"
    assert classic.attrs["stagefunnel"]["without_unit"] == 2
    filled = sf.funnel(worked(), PIPELINE, unit="account", kind="conversions")
    assert column(filled, "reached") == [4, 3, 2, 1, 4]
    assert column(filled, "assumed") == [0, 0, 1, 0, 0]
    assert (column(filled, "base")[0], column(filled, "left_out")[0]) == (5, 1)


def test_the_periods_of_the_example() -> None:
    assert standing() == [6, 2, 2, 2]
    assert standing(period=(8, 11)) == [5, 1, 1, 3]
    assert standing(period=(8, 11), basis="created") == [1, 0, 0, 1]
    assert standing(period=(8, 11), basis="closed") == [2, 1, 1, 0]
    assert standing(basis="closed") == [4, 2, 2, 0]
    assert standing(within=5) == [4, 0, 1, 3]
    assert column(sf.outcomes(worked(), PIPELINE, unit="account", within=5), "too_recent") == [2]


def test_the_losses_of_the_example() -> None:
    table = sf.losses(worked(), PIPELINE, unit="account", amount="worth", reason="reason")
    assert column(table, "from_stage") == ["New", "Offer"]
    assert column(table, "reason") == ["h", "f"]  # of Cedar's items 6 closes last
    assert column(table, "mean_until_lost") == [2.0, 10.0]
    assert column(table, "mean_in_stage") == [2.0, 8.0]
    assert column(table, "amount") == [80.0, 110.0]  # of both items of Cedar


def test_a_breakdown_is_read_on_the_first_item() -> None:
    # Acme's first item is 1 (Ann), Birch's 3 (Bob), Cedar's 5 (Cid), Dune's 7 (Ann), and 8 is Ann's.
    table = sf.outcomes(worked(), PIPELINE, unit="account", by="manager")
    assert column(table, "manager") == ["Ann", "Bob", "Cid", None]
    assert column(table, "base") == [3, 1, 1, 1]
    assert column(table, "won") == [2, 0, 0, 0]
    lost = sf.losses(worked(), PIPELINE, unit="account", by="manager")
    assert column(lost, "manager") == ["Ann", "Cid"]
    left_out = sf.funnel(worked(), PIPELINE, unit="account", by="manager", kind="conversions")
    assert left_out.groupby("manager", dropna=False)["left_out"].first().tolist() == [1, 0, 0, 0]
    recent = sf.outcomes(worked(), PIPELINE, unit="account", by="manager", within=5)
    assert column(recent, "manager") == ["Ann", "Bob", "Cid", None]
    assert column(recent, "too_recent") == [1, 0, 0, 1]


def test_a_column_of_the_log_is_read_in_the_rows_of_the_first_item() -> None:
    # Rows are Eve's and Fay's in turn: first rows of 1, 3, 5, 7, 8 and 9 are the places 0, 5, 9, 13, 16, 18.
    first = sf.outcomes(worked(), PIPELINE, unit="account", by="who")
    assert column(first, "base") == [3, 3]
    last = sf.outcomes(worked(), PIPELINE, unit="account", by="who", at="last")
    assert column(last, "base") == [4, 2]  # places 2, 6, 10, 15, 17 and 18
    lost = sf.losses(worked(), PIPELINE, unit="account", by=["who", "manager"])
    # Who closed it, of item 8 (place 17) and of Cedar's item 6 (place 12); the managers of their first items.
    assert lost[["who", "manager"]].values.tolist() == [["Eve", "Cid"], ["Fay", "Ann"]]


def test_amounts_are_those_of_the_items_that_reach() -> None:
    table = sf.funnel(worked(), PIPELINE, unit="account", amount="worth")
    # New: all items but 6 and 9; Offer: 1, 3, 6; Delivery: 9; Won: 2, 7; Lost: 1, 4 to 8.
    assert column(table, "amount") == [260.0, 100.0, 90.0, 90.0, 270.0]
    assert column(table, "amount_missing") == [1, 0, 0, 0, 1]


def test_a_won_account_closed_when_its_first_won_item_did_and_a_lost_one_when_its_last_item_did() -> None:
    rows = [
        *[(1, "Won", 4), (2, "New", 0), (2, "Won", 9), (3, "Lost", 11)],
        *[(4, "Lost", 5), (5, "New", 1), (5, "Lost", 8)],
    ]
    items = pd.DataFrame({"item": [1, 2, 3, 4, 5], "account": ["a", "a", "a", "b", "b"]})
    log = sf.StageLog(frame_of(rows), items=items)
    closed = [
        sf.outcomes(log, PIPELINE, unit="account", period=(day, day + 1), basis="closed") for day in range(12)
    ]
    assert [
        (day, *table.loc[0, ["won", "lost"]]) for day, table in enumerate(closed) if table.loc[0, "base"]
    ] == [
        (4, 1, 0),
        (8, 0, 1),
    ]


def test_the_flip_rule_takes_items_out_before_it_is_asked_when_an_account_closed() -> None:
    # Item 1 was won right after a loss, on day 4: without it the account is open, and began on day 5.
    rows = [
        *[(1, "New", 0), (1, "Lost", 2), (1, "Won", 4), (2, "New", 5)],
        *[(3, "New", 1), (3, "Lost", 2), (3, "Won", 3)],
    ]
    items = pd.DataFrame({"item": [1, 2, 3], "account": ["a", "a", "b"], "manager": ["Ann", "Bob", "Cid"]})
    log = sf.StageLog(frame_of(rows), items=items)

    def counts(flips: Any, **options: Any) -> list[int]:
        table = sf.outcomes(log, PIPELINE, unit="account", lost_then_won=flips, **options)
        return [int(table[name].sum()) for name in ("base", "won", "open", "left_out")]

    assert counts("include", basis="closed") == [2, 2, 0, 0]
    assert counts("exclude", basis="closed") == [0, 0, 0, 1]
    assert counts("include", period=(0, 5), basis="created") == [2, 2, 0, 0]
    assert counts("exclude", period=(0, 5), basis="created") == [0, 0, 0, 1]
    assert counts("exclude", period=(5, 9)) == [1, 0, 1, 0]
    both = sf.funnel(log, PIPELINE, unit="account", kind="both", basis="closed").groupby(
        "kind", observed=True
    )
    assert both["base"].first().tolist() == [2, 0]
    groups = sf.outcomes(log, PIPELINE, unit="account", lost_then_won="exclude", by="manager")
    assert column(groups, "manager") == ["Bob", "Cid"]


def test_an_account_moved_out_where_one_item_has_and_none_is_here() -> None:
    rows = [
        *[(1, "New", 0), (1, "Ordered", 7), (2, "Offer", 1), (2, "Lost", 3)],
        *[(3, "New", 0), (3, "Ordered", 4), (4, "New", 2), (4, "Ordered", 6)],
    ]
    items = pd.DataFrame({"item": [1, 2, 3, 4], "account": ["a", "a", "b", "b"]})
    log = sf.StageLog(frame_of(rows), items=items)
    keeping = PIPELINE.replace(elsewhere="Ordered", moved_out="include")
    table = sf.funnel(log, keeping, unit="account")
    assert column(table, "passed") == [2, 1, 0, 0, 1]
    assert column(table, "lost_from") == [0, 1, 0, 0, 0]
    assert (column(table, "base")[0], column(table, "moved_out")[0]) == (2, 1)
    # It left with its last item, on day 6.
    moved = [
        sf.outcomes(log, keeping, unit="account", period=(day, 9))["moved_out"].iloc[0] for day in (6, 7)
    ]
    assert moved == [1, 0]
    excluding = PIPELINE.replace(elsewhere="Ordered")
    assert column(sf.outcomes(log, excluding, unit="account"), "base") == [1]


Tables = Mapping[str, Callable[..., pd.DataFrame]]
TABLES: Tables = {
    **{
        f"{kind} {fill}": lambda log, pipeline, kind=kind, fill=fill, **options: sf.funnel(
            log, pipeline, kind=kind, fill=fill, **options
        )
        for kind, fill in [
            *itertools.product(["classic", "furthest", "strict", "both"], ["won"]),
            ("conversions", "moves"),
        ]
    },
    "outcomes": sf.outcomes,
    "losses": sf.losses,
}
FLIPS = [None, "include", "exclude", "exclude_reopened"]


@st.composite
def scopes(draw: st.DrawFn, case: Case) -> dict[str, Any]:
    """Draw a period and its basis, or a length of time, for the reference."""
    part = draw(parts(case))
    if draw(st.booleans()):
        return part | {"within": None}
    ticks = draw(st.sampled_from([0, 1, 2, 5, 20, 10_000]))
    is_integer = isinstance(case.rows[0][2], int)
    return part | {"basis": "created", "within": ticks if is_integer else timedelta(hours=ticks)}


def options_of(scope: dict[str, Any]) -> dict[str, Any]:
    options = arguments_of(scope)
    return options if scope["within"] is None else options | {"within": scope["within"], "basis": None}


def with_units(data: st.DataObject, case: Case) -> tuple[dict[Any, Any], sf.StageLog]:
    """Draw the unit of each item, and read the log with them."""
    items = [*dict.fromkeys(item for item, _, _ in case.rows)]
    names = data.draw(
        st.lists(st.sampled_from(["a", "b", "c", None]), min_size=len(items), max_size=len(items))
    )
    units = dict(zip(items, names, strict=True))
    table = items_of(units, "account", items)
    table["group"] = [case.groups.get(item) for item in units]
    table["worth"] = pd.Series([case.amounts.get(item) for item in units], dtype="float64")
    return units, log_of(case, items=table)


def away_of(data: st.DataObject) -> dict[str, Any]:
    moved_out = data.draw(st.sampled_from([None, "exclude", "include"]))
    return {} if moved_out is None else {"elsewhere": UNLISTED, "moved_out": moved_out}


def expected_funnel(
    report: Report, case: Case, scope: dict[str, Any], away: dict[str, Any], **options: Any
) -> pd.DataFrame:
    table = unit_funnel(report, case.pipeline, **options, amounts=case.amounts)
    dropped = [] if away.get("moved_out") == "include" else ["moved_out"]
    dropped += ["too_recent"] if scope["within"] is None else []
    ends = [name for name in ("amount", "amount_missing") if name in table]
    assert ends
    return table.drop(columns=dropped)


@given(data=st.data(), times=st.sampled_from(["integer", "naive", "zoned"]), grouped=st.booleans())
def test_units_are_those_of_the_reference(data: st.DataObject, times: Any, grouped: bool) -> None:
    case = data.draw(cases(unlisted="some", times=times))
    units, log = with_units(data, case)
    scope, away = data.draw(scopes(case)), away_of(data)
    pipeline = pipeline_of(case.pipeline).replace(**away)
    kind, fill = data.draw(
        st.sampled_from(
            [
                ("classic", "won"),
                ("conversions", "won"),
                ("conversions", "moves"),
                ("furthest", "won"),
                ("strict", "won"),
            ]
        )
    )
    flips = data.draw(st.sampled_from(FLIPS))
    rule_of_kind = flips or ("exclude" if kind == "conversions" else "include")
    report = unit_report(case.rows, case.pipeline, units, **scope, **away, lost_then_won=rule_of_kind)
    asked = {"unlisted": "ignore", "unit": "account", **options_of(scope)}
    rule = {"kind": kind, "fill": fill, "lost_then_won": flips}
    found = sf.funnel(log, pipeline, **rule, **asked, amount="worth", by="group" if grouped else None)
    groups = case.groups if grouped else None
    expected = expected_funnel(report, case, scope, away, **rule, groups=groups)
    if grouped:
        assert plain(found.pop("group")) == plain(expected.pop("group"))
    sums = found.pop("amount"), expected.pop("amount")
    pd.testing.assert_series_equal(*sums, rtol=1e-12, atol=1e-9)
    assert_frame_equal(found, expected, check_exact=True)

    report = unit_report(case.rows, case.pipeline, units, **scope, **away, lost_then_won=flips or "include")
    counts = unit_outcomes(report, case.pipeline, flips or "include")
    totals = sf.outcomes(log, pipeline, **asked, lost_then_won=flips or "include", amount="worth").iloc[0]
    money = unit_amounts(report, case.pipeline, flips or "include", case.amounts)
    assert {name: totals[name] for name in money} == pytest.approx(money, nan_ok=True)
    assert {name: totals[name] for name in counts if name in totals} == {
        name: count for name, count in counts.items() if name in totals
    }


@given(data=st.data(), away=st.booleans())
def test_lost_units_are_those_of_the_reference(data: st.DataObject, away: bool) -> None:
    case = data.draw(cases(unlisted="some"))
    units, log = with_units(data, case)
    scope, moved = data.draw(scopes(case)), away_of(data)
    report = unit_report(case.rows, case.pipeline, units, **scope, **moved)
    losses = unit_losses(report, case.pipeline)
    found = sf.losses(
        log,
        pipeline_of(case.pipeline).replace(**moved),
        unlisted="ignore",
        unit="account",
        by="group",
        reason="account",
        amount="worth",
        **options_of(scope),
    )
    expected: dict[Any, list[Any]] = {}
    for loss in losses:
        cell = (case.groups.get(loss.first), loss.from_stage, loss.lost_stage, units[loss.decides])
        expected.setdefault(cell, []).append(loss)
    leading = ["group", "from_stage", "lost_stage", "account"]
    cells = [tuple(row) for row in zip(*(plain(found[name]) for name in leading), strict=True)]
    assert {*cells} == {*expected}
    for cell, row in zip(cells, found.itertuples(index=False), strict=True):
        of_cell = expected[cell]
        assert row.items == len(of_cell)
        lengths = [loss.until_lost for loss in of_cell]
        assert row.mean_until_lost == pytest.approx(sum(lengths) / len(lengths))
        values = [case.amounts.get(item) for loss in of_cell for item in loss.lost_items]
        assert row.amount == pytest.approx(sum(value for value in values if value is not None))
        assert row.amount_missing == values.count(None)


@examples(ci=10, night=300)
@given(data=st.data())
def test_each_item_by_itself_counts_as_without_units(data: st.DataObject) -> None:
    case = data.draw(cases(unlisted="some"))
    items = [*dict.fromkeys(item for item, _, _ in case.rows)]
    table = items_of({item: f"unit {place}" for place, item in enumerate(items)}, "account", items)
    table["group"] = [case.groups.get(item) for item in items]
    table["nobody"] = pd.Series([None] * len(items), dtype=object)
    table["worth"] = pd.Series([case.amounts.get(item) for item in items], dtype="float64")
    frame = frame_of(case.rows).assign(who=[case.order[0]] * len(case.rows))
    log = sf.StageLog(frame, items=table, columns="who")
    scope = data.draw(scopes(case))
    pipeline = pipeline_of(case.pipeline).replace(**away_of(data))
    asked = {
        "unlisted": "ignore",
        **options_of(scope),
        "by": data.draw(st.sampled_from([None, "group", "who"])),
    }
    for unit, (name, ask) in itertools.product(("account", "nobody"), TABLES.items()):
        more = {"amount": "worth"}
        more |= {} if name == "losses" else {"lost_then_won": data.draw(st.sampled_from(FLIPS[1:]))}
        more |= {"reason": "account"} if name == "losses" else {}
        alone = ask(log, pipeline, **asked, **more)
        assert_frame_equal(ask(log, pipeline, **asked, **more, unit=unit), alone, check_exact=True)
    at = {} if asked["by"] != "who" else {"at": "first"}
    alone = sf.skips(log, pipeline, **asked, **at)
    assert_frame_equal(sf.skips(log, pipeline, **asked, unit="account"), alone, check_exact=True)


@given(data=st.data(), every=st.sampled_from(["day", "week", "month", "year"]))
def test_a_trend_has_the_units_of_each_period(data: st.DataObject, every: Any) -> None:
    case = data.draw(cases(unlisted="some", times="naive"))
    _, log = with_units(data, case)
    pipeline = pipeline_of(case.pipeline).replace(**away_of(data))
    moments = [None, *(time for _, _, time in case.rows)]
    options: dict[str, Any] = {
        "kind": data.draw(st.sampled_from(["both", "classic", "strict", "furthest"])),
        "lost_then_won": data.draw(st.sampled_from(FLIPS)),
        "unlisted": "ignore",
        "unit": "account",
        "as_of": data.draw(st.sampled_from(moments)),
        # Amounts are added up from rows that are read again for each period, units without from steps.
        "amount": data.draw(st.sampled_from([None, "worth"])),
    }
    options |= data.draw(
        st.sampled_from([{"basis": "active"}, {"basis": "created"}, {"basis": "closed"}, {"within": "1d"}])
    )
    grouped = data.draw(st.booleans()) and options.get("basis") != "active"
    by = {"by": "group"} if grouped else {}
    trend = sf.funnel_by_period(log, pipeline, every=every, **options, **by)
    for period, rows in trend.groupby("period", sort=False):
        alone = sf.funnel(log, pipeline, **options, **by, period=period)
        own = rows.drop(columns="period").reset_index(drop=True)
        assert_frame_equal(own, alone, check_exact=True)


@examples(ci=10, night=300)
@given(data=st.data())
def test_a_trend_of_single_items_is_the_trend_of_items(data: st.DataObject) -> None:
    case = data.draw(cases(times="naive"))
    items = [*dict.fromkeys(item for item, _, _ in case.rows)]
    table = items_of({item: f"unit {place}" for place, item in enumerate(items)}, "account", items)
    table["group"] = [case.groups.get(item) for item in items]
    table["worth"] = pd.Series([case.amounts.get(item) for item in items], dtype="float64")
    log, pipeline = log_of(case, items=table), pipeline_of(case.pipeline)
    options: dict[str, Any] = {"every": "week", "kind": "both", "by": "group"}
    for basis, amount in itertools.product(("active", "created", "closed"), (None, "worth")):
        asked = {**options, "basis": basis, "amount": amount}
        alone = sf.funnel_by_period(log, pipeline, **asked)
        found = sf.funnel_by_period(log, pipeline, **asked, unit="account")
        assert_frame_equal(found, alone, check_exact=True)
    first, last = min(time for _, _, time in case.rows), max(time for _, _, time in case.rows)
    period = (first, last + timedelta(days=1))
    compared = [
        sf.compare_periods(log, pipeline, period, by="group", amount="worth", **more)
        for more in ({}, {"unit": "account"})
    ]
    assert_frame_equal(*compared, check_exact=True)


@given(data=st.data())
def test_amounts_at_the_stages_are_those_of_the_items(data: st.DataObject) -> None:
    case = data.draw(cases())
    units, _ = with_units(data, case)
    items = items_of(units, "account", [item for item, _, _ in case.rows])
    items["group"] = [case.groups.get(item) for item in units]
    frame = frame_of(case.rows).assign(paid=[float(number) for number in case.order])
    log, pipeline = sf.StageLog(frame, items=items, columns="paid"), pipeline_of(case.pipeline)
    options: dict[str, Any] = {"amount": "paid", "amount_at": "stage", "kind": "conversions"}
    alone = sf.funnel(log, pipeline, **options)
    together = sf.funnel(log, pipeline, **options, unit="account")
    amounts = ["amount", "amount_missing"]
    assert_frame_equal(together[amounts], alone[amounts], check_exact=True)
    groups = sf.funnel(log, pipeline, **options, unit="account", by="group")
    totals = groups.groupby("stage", observed=False)[amounts].sum()
    assert totals["amount"].tolist() == alone["amount"].tolist()


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"unit": "akkount"}, "unit='akkount' is not a column of the items table, nor"),
    ({"unit": "who"}, "unit='who' is a column of the log, and the rows of one item could name several units"),
    ({"unit": ["account"]}, "unit=['account'] is not the name of a column of the items table"),
    ({"unit": "account", "by": "who", "at": "stage"}, "at='stage' reads by= where an item enters a stage"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_what_cannot_be_a_unit_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError) as caught:
        sf.funnel(worked(), PIPELINE, **options)
    assert message in str(caught.value)


def test_near_names_are_said_and_a_log_without_items_has_no_units() -> None:
    with pytest.raises(sf.SchemaError, match="did you mean 'account'"):
        sf.outcomes(worked(), PIPELINE, unit="akkount")
    with pytest.raises(sf.SchemaError, match="pass items=your_table to StageLog"):
        sf.losses(sf.StageLog(frame_of(ROWS)), PIPELINE, unit="account")
    items = ITEMS.drop(columns="reason")
    for question in (sf.funnel, sf.outcomes, sf.losses, sf.skips):
        with pytest.raises(sf.SchemaError, match="is not a column of the items table"):
            question(sf.StageLog(frame_of(ROWS), items=items), PIPELINE, unit="reason", by=None)


def test_a_table_says_what_it_counts() -> None:
    log = worked()
    shown = str(sf.show(sf.funnel(log, PIPELINE, unit="account")))
    assert "6 accounts now: 2 won, 2 lost, 2 open" in shown
    assert "2 items have no account; each counts as one of its own" in shown
    assert "Skipped, too few accounts to rank" in shown
    assert "How accounts stand" in str(sf.show(sf.outcomes(log, PIPELINE, unit="account")))
    lost = str(sf.show(sf.losses(log, PIPELINE, unit="account")))
    assert "Where accounts are lost" in lost
    assert "accounts" in lost.splitlines()[1]
    followed = str(sf.show(sf.funnel(log, PIPELINE, unit="account", within=5)))
    assert "Each account is followed for 5 from its first row" in followed
    assert "2 accounts too recent for that are left out" in followed
    one = sf.StageLog(frame_of(ROWS[:2]), items=ITEMS.assign(account=None))
    assert "1 item has no account; it counts as one of its own" in str(
        sf.show(sf.outcomes(one, PIPELINE, unit="account"))
    )
    compared = sf.compare_periods(log, PIPELINE, (6, 12), against=(0, 6), unit="account")
    assert "Items without an account: 2 in 6 … 12, 0 in 0 … 6" in str(sf.show(compared))


def test_charts_say_what_they_count() -> None:
    log = worked()
    days = frame_of(ROWS).assign(
        time=lambda rows: pd.Timestamp("2026-01-01") + pd.to_timedelta(rows["time"], "D")
    )
    dated = sf.StageLog(days, items=ITEMS)
    charts = {
        "all accounts": plots.plot_funnel(sf.funnel(log, PIPELINE, unit="account")),
        "accounts lost, by the stage before the loss": plots.plot_losses(
            sf.losses(log, PIPELINE, unit="account")
        ),
        "Of all accounts created in the period": plots.plot_trend(
            sf.funnel_by_period(dated, PIPELINE, every="week", basis="created", unit="account")
        ),
    }
    for words, chart in charts.items():
        assert words in json.dumps(chart.to_dict(), ensure_ascii=False)


def test_notes_about_groups_count_accounts() -> None:
    groups = str(sf.show(sf.outcomes(worked(), PIPELINE, unit="account", by="manager")))
    assert "Fewer than 30 accounts: (missing), Ann, Bob and 1 more" in groups


def test_a_partial_refuses_units() -> None:
    with pytest.raises(sf.SchemaError, match=r"summary\(\) has no option 'unit'"):
        sf.partial(worked(), PIPELINE, unit="account")
