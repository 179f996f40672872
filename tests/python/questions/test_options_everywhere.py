"""Every question with every option: the answer is that of a smaller log, or the pages say why there is none.

The smaller log has the items and rows that an option chooses, found here row by row.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from asked import as_data, parameters_of, questions
from helpers import ROOT, assert_frame_equal

OPTIONS = ["by", "where", "top", "amount", "period", "basis", "as_of", "within"]
PIPELINE = sf.Pipeline(["New", "Offer", "Deal"], won="Won", lost="Lost")
STAGES = ["New", "Offer", "Deal", "Won", "Lost"]
FINAL = ["Won", "Lost"]
SEEN_UNTIL = pd.Timestamp("2026-06-10")
NEEDS: dict[str, dict[str, Any]] = {
    "backtest": {"horizon": "10d", "draws": 100},
    "forecast": {"draws": 100},
    "item_features": {"as_of": "2026-04-01", "horizon": "10d"},
    "state_occupation": {"times": ["10d"]},
    "win_within": {"horizon": "10d"},
    "check": {"fail_if": ["won > 12", "open > 3", "win_rate < 0.5"]},
    "cohort_maturity": {"every": "month", "tau": "30d"},
    "compare_groups": {"by": "team"},
    "compare_periods": {"period": "2026-03"},
    "cumulative_incidence": {"times": ["5d", "20d", "28d"]},
    "decompose": {"by": "team", "a": "ann", "b": "cid"},
    "drivers": {"columns": "team", "static": "team"},
    "flow": {"period": ("2026-02", "2026-03")},
    "funnel_by_period": {"period": ("2026-01", "2026-05")},
    "mix_rate": {"mix": "outcome", "by": "team", "a": "ann", "b": None},
    "sales_velocity": {"amount": "value"},
    "skips": {"by": "team"},
    "time_to": {"to_stage": "Deal"},
}
# In these groups are compared with each other, and what is too recent is said below the table.
COMPARING = {"compare_groups", "decompose", "drivers", "markov_check", "mix_rate"}
# Groups split what one fit of all items says.
OF_ONE_FIT = {"forecast", "state_occupation"}
# Items are described at moments, and what came later is their label.
WITH_LABELS = {"item_features"}
# The values of an items table are of today: who asks of past dates vouches for them.
OF_PAST_DATES = {"backtest", "item_features"}
# A page is made of tables that are walked here, and its own tests hold them against each other.
NOT_WALKED = {"report", "explain", "pipelines_of_log", "row_table"}


def made() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the rows of ninety items, with ends of some visits, and the table of all but a few."""
    random = np.random.default_rng(20260301)
    rows = []
    for item in range(90):
        time = pd.Timestamp("2026-01-02") + pd.Timedelta(hours=int(random.integers(0, 24 * 140)))
        for _ in range(int(random.integers(1, 6))):
            left = time + pd.Timedelta(hours=int(random.integers(1, 200)))
            stage = STAGES[int(random.choice(5, p=[0.35, 0.2, 0.15, 0.15, 0.15]))]
            rows.append((item, stage, time, left if random.random() < 0.2 else pd.NaT, "ab"[item % 2]))
            time = left + pd.Timedelta(hours=int(random.integers(0, 300)))
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "left", "side"])
    frame = frame[frame["time"] < SEEN_UNTIL].reset_index(drop=True)
    team = [["ann", "bob", "cid", None][item % 4] for item in range(85)]
    value = [None if item % 7 == 0 else 100 + item / 4 for item in range(85)]
    return frame, pd.DataFrame({"item": range(85), "team": team, "value": value})


FRAME, ITEMS = made()


def log_of(frame: pd.DataFrame, seen_until: Any = SEEN_UNTIL) -> sf.StageLog:
    return sf.StageLog(
        frame, exited="left", columns=["side"], items=ITEMS, observed_until=seen_until, empty="allow"
    )


LOG = log_of(FRAME)


def cut(frame: pd.DataFrame, until: Any) -> pd.DataFrame:
    """Keep what was known before a moment, one for all rows or one for each."""
    kept = frame.assign(left=frame["left"].where(frame["left"] < until))
    return kept[frame["time"] < until]


def facts(frame: pd.DataFrame) -> pd.DataFrame:
    """Find when each item began, and when it closed, if it did: with the first of its last final rows."""
    found = {}
    for item, rows in frame.groupby("item"):
        is_final = rows["stage"].isin(FINAL).tolist()
        n_last = len(is_final) - (len(is_final) - is_final[::-1].index(False) if False in is_final else 0)
        closed = rows["time"].iloc[-n_last] if n_last else pd.NaT
        found[item] = (rows["time"].iloc[0], closed)
    return pd.DataFrame.from_dict(found, orient="index", columns=["began", "closed"])


def of_items(frame: pd.DataFrame, items: Any) -> pd.DataFrame:
    return frame[frame["item"].isin(list(items))]


def with_option(option: str) -> list[str]:
    return [
        name
        for name, question in questions().items()
        if option in parameters_of(question) and name not in NOT_WALKED
    ]


def ask(name: str, log: sf.StageLog, **options: Any) -> Any:
    question = questions()[name]
    second = parameters_of(question)[1]
    arguments = [["New", "Offer", "Won"]] if second == "steps" else [PIPELINE]
    return as_data(question(log, *arguments, **NEEDS.get(name, {}) | options))


def tables_of(answer: Any) -> Iterator[pd.DataFrame]:
    if isinstance(answer, sf.Summary):
        # What the rows were like is asked of the whole log.
        yield from (table for name, table in answer.tables.items() if name != "quality")
    else:
        yield answer


def assert_same(found: Any, expected: Any, *, without: tuple[str, ...] = ()) -> None:
    pairs = list(zip(tables_of(found), tables_of(expected), strict=True))
    assert pairs
    for one, other in pairs:
        assert_frame_equal(
            *(
                table.drop(columns=[*without], errors="ignore").reset_index(drop=True)
                for table in (one, other)
            )
        )


# ---- options that choose rows


def expected_rows(option: str) -> tuple[dict[str, Any], pd.DataFrame, Any]:
    """Return an option, the rows that it leaves, and until when these were seen."""
    start, end = pd.Timestamp("2026-02-01"), pd.Timestamp("2026-04-01")
    known, before = facts(FRAME), cut(FRAME, end)
    if option == "as_of":
        return {"as_of": "2026-04-01"}, before, end
    if option == "created":
        is_in = (known["began"] >= start) & (known["began"] < end)
        return {"basis": "created"}, of_items(FRAME, known.index[is_in]), SEEN_UNTIL
    if option == "closed":
        is_in = (known["closed"] >= start) & (known["closed"] < end)
        return {"basis": "closed"}, of_items(FRAME, known.index[is_in]), SEEN_UNTIL
    if option == "active":
        then = facts(before)
        is_in = then["closed"].isna() | (then["closed"] >= start)
        return {"basis": "active"}, of_items(before, then.index[is_in]), end
    length = pd.Timedelta("30D")
    old = known.index[known["began"] + length < SEEN_UNTIL]
    rows = of_items(FRAME, old)
    until = rows["item"].map(known["began"]) + length
    return {"within": "30d"}, cut(rows, until + pd.Timedelta(1, "us")), SEEN_UNTIL


WITH_MONTHS = ("funnel_by_period", "compare_periods", "flow")


@pytest.mark.parametrize("name", [one for one in with_option("as_of") if one not in WITH_LABELS])
def test_as_of_asks_the_rows_before(name: str) -> None:
    options, rows, until = expected_rows("as_of")
    assert_same(ask(name, LOG, **options), ask(name, log_of(rows, until)))


@pytest.mark.parametrize("basis", ["created", "closed", "active"])
@pytest.mark.parametrize("name", [one for one in with_option("basis") if one not in WITH_MONTHS])
def test_a_period_asks_the_items_of_its_basis(name: str, basis: str) -> None:
    options, rows, until = expected_rows(basis)
    found = ask(name, LOG, period=("2026-02", "2026-03"), **options)
    if (
        name == "visits" and basis == "active"
    ):  # these are never cut: those that overlap the period are listed
        kept = ask(name, LOG.filter(items=rows["item"].unique()))
        overlaps = (kept["entered"] < until) & ~(kept["exited"] <= pd.Timestamp("2026-02-01"))
        assert_same(found, kept[overlaps])
    else:
        assert_same(found, ask(name, log_of(rows, until)))


@pytest.mark.parametrize("name", [one for one in with_option("within") if one not in WITH_MONTHS])
def test_a_length_of_time_asks_the_rows_within_it(name: str) -> None:
    options, rows, until = expected_rows("within")
    found = ask(name, LOG, **options)
    # An open visit of the smaller log goes on to its end, and here for the length of time alone.
    times = ("expected_time", "expected_time_se") if name == "absorption" else ()
    assert_same(found, ask(name, log_of(rows, until)), without=("too_recent", *times))


@pytest.mark.parametrize("basis", ["created", "closed", "active", "within"])
def test_a_trend_asks_for_each_month_and_a_comparison_for_two(basis: str) -> None:
    options, _, _ = expected_rows(basis)
    trend = sf.funnel_by_period(LOG, PIPELINE, period=("2026-02", "2026-03"), by="team", **options)
    compared = sf.compare_periods(LOG, PIPELINE, "2026-03", **options)
    for month in ("2026-02", "2026-03"):
        own = trend[trend["period"].astype(str) == month].drop(columns="period")
        assert_same(own, sf.funnel(LOG, PIPELINE, period=month, by="team", **options))
        whole = sf.funnel(LOG, PIPELINE, period=month, **options)
        side = "reached" if month == "2026-03" else "reached_before"
        assert compared[side].tolist() == whole["reached"].tolist()


# ---- options that choose items


def test_a_flow_has_the_balance_of_its_period() -> None:
    table = sf.flow(LOG, PIPELINE, period=("2026-02", "2026-03"))
    before = cut(FRAME, pd.Timestamp("2026-02-01")).groupby("item")["stage"].last().value_counts()
    assert table["at_start"].tolist() == [before.get(stage, 0) for stage in STAGES]
    after = cut(FRAME, pd.Timestamp("2026-04-01")).groupby("item")["stage"].last().value_counts()
    assert table["at_end"].tolist() == [after.get(stage, 0) for stage in STAGES]


TEAM_OF = {
    item: None if pd.isna(team) else team for item, team in zip(ITEMS["item"], ITEMS["team"], strict=True)
}
TEAMS = ["ann", "bob", "cid", None]


def items_of_team(teams: list[str | None]) -> list[int]:
    return [item for item in FRAME["item"].unique().tolist() if TEAM_OF.get(item) in teams]


@pytest.mark.parametrize("name", with_option("where"))
def test_conditions_ask_the_items_that_fulfil_them(name: str) -> None:
    kept = LOG.filter(items=items_of_team(["ann", "cid"]))
    vouched = {"static": "team"} if name in OF_PAST_DATES else {}
    assert_same(ask(name, LOG, where={"team": ["ann", "cid"]}, **vouched), ask(name, kept))


def of_group(table: pd.DataFrame, value: Any) -> pd.DataFrame:
    is_in = table["team"].isna() if value is None else table["team"].astype(object) == value
    return table[is_in].drop(columns="team")


@pytest.mark.parametrize("name", [one for one in with_option("by") if one not in COMPARING | OF_ONE_FIT])
def test_a_group_asks_its_items(name: str) -> None:
    answer = ask(name, LOG, by="team")
    for team in TEAMS:
        kept = LOG.filter(items=items_of_team([team]))
        expected = ask(name, kept, **({"by": "team"} if name == "skips" else {}))
        if name == "time_to_convert":  # the bins are those of all groups together
            assert of_group(answer, team)["count"].sum() == expected["count"].sum()
            continue
        for found, other in zip(tables_of(answer), tables_of(expected), strict=True):
            own = other.drop(columns="team", errors="ignore")
            assert_same(of_group(found, team), own)
    # A group without a match has no bins and no paths.
    for table in tables_of(answer) if name not in ("time_to_convert", "sequence_paths") else ():
        seen = {None if pd.isna(team) else team for team in table["team"].astype(object)}
        assert seen == {*TEAMS}


# In these `top` is the number of lines, and in the last of items.
LINES = {"sequence_paths", "variants", "open_items", "win_probability"}


@pytest.mark.parametrize(
    "name", [one for one in with_option("top") if one not in LINES | COMPARING | OF_ONE_FIT]
)
def test_other_groups_together_ask_their_items(name: str) -> None:
    answer = ask(name, LOG, by="team", top=1)
    if name == "time_to_convert":  # a group without a match has no bins
        assert answer["count"].sum() == ask(name, LOG, by="team")["count"].sum()
        return
    for table in tables_of(answer):
        labels = list(table["team"].dropna().astype(object).unique())
        (other,) = [one for one in labels if str(one).startswith("other")]
        (first,) = [one for one in labels if one != other]
        rest = [team for team in ("ann", "bob", "cid") if team != first]
        kept = log_of(of_items(FRAME, items_of_team([*rest])))
        expected = ask(
            name, kept, **({"where": {"team": rest}, "by": "team", "top": 1} if name == "skips" else {})
        )
        if name != "skips":
            for own in tables_of(expected):
                if list(own.columns) == list(table.columns.drop("team")):
                    assert_same(of_group(table, other), own)
        whole = ask(name, LOG, by="team")
        for one in tables_of(whole):
            if list(one.columns) == list(table.columns):
                assert_same(of_group(table, first), of_group(one, first))


@pytest.mark.parametrize("name", sorted(LINES))
def test_a_number_of_lines_leaves_out_none_in_silence(name: str) -> None:
    all_lines, few = (ask(name, LOG, top=top) for top in (10_000, 3))
    if name in ("open_items", "win_probability"):
        assert_same(few, all_lines.head(3))
        return
    counts = [column for column in ("items", "matches", "converted") if column in few][:1] or ["items"]
    assert few[counts[0]].sum() == all_lines[counts[0]].sum()


# ---- amounts


VALUE_OF = dict(zip(ITEMS["item"], ITEMS["value"], strict=True))


def summed(items: list[int]) -> tuple[float, int]:
    values = [VALUE_OF.get(item) for item in items]
    known = [value for value in values if value is not None and value == value]
    return sum(known), len(values) - len(known)


@pytest.mark.parametrize("kind", ["classic", "conversions", "furthest", "strict"])
def test_amounts_of_a_funnel_are_those_of_the_items_behind_its_bars(kind: Any) -> None:
    table = sf.funnel(LOG, PIPELINE, kind=kind, amount="value")
    for _, row in table.iterrows():
        behind = sf.item_table(LOG, PIPELINE, reached=str(row["stage"]), kind=kind)["item"].tolist()
        assert (pytest.approx(row["amount"]), row["amount_missing"]) == summed(behind)


def test_amounts_of_losses_are_those_of_the_items_lost_there() -> None:
    table = sf.losses(LOG, PIPELINE, amount="value")
    by_stage = table.groupby(table["from_stage"].astype(object), dropna=False)[
        ["amount", "amount_missing"]
    ].sum()
    for stage in ("New", "Offer", "Deal"):
        behind = sf.item_table(LOG, PIPELINE, lost_from=stage)["item"].tolist()
        row = by_stage.loc[stage]
        assert (pytest.approx(row["amount"]), row["amount_missing"]) == summed(behind)


def test_amounts_of_months_are_those_of_their_funnels() -> None:
    trend = sf.funnel_by_period(LOG, PIPELINE, period=("2026-02", "2026-03"), amount="value", basis="created")
    compared = sf.compare_periods(LOG, PIPELINE, "2026-03", amount="value", basis="created")
    for month, side in (("2026-02", "amount_before"), ("2026-03", "amount")):
        whole = sf.funnel(LOG, PIPELINE, period=month, amount="value", basis="created")
        assert trend[trend["period"].astype(str) == month]["amount"].tolist() == whole["amount"].tolist()
        assert compared[side].tolist() == whole["amount"].tolist()


def test_amounts_of_outcomes_are_those_of_the_items_of_each() -> None:
    row = sf.outcomes(LOG, PIPELINE, amount="value").iloc[0]
    table = sf.item_table(LOG, PIPELINE)
    for outcome in ("won", "lost", "open"):
        items = table.loc[table["outcome"].astype(str) == outcome, "item"].tolist()
        total, missing = summed(items)
        assert row[f"amount_{outcome}"] == pytest.approx(total)
        if outcome == "won":
            assert row["mean_amount"] == pytest.approx(total / (len(items) - missing))
    assert row["amount_missing"] == summed(table["item"].tolist())[1]


def test_amounts_of_a_flow_are_those_of_the_items_that_stood_there() -> None:
    table = sf.flow(LOG, PIPELINE, period=("2026-02", "2026-03"), amount="value")
    for moment, column in (("2026-02-01", "amount_at_start"), ("2026-04-01", "amount_at_end")):
        last = cut(FRAME, pd.Timestamp(moment)).groupby("item")["stage"].last()
        sums = [summed(last.index[last == stage].tolist())[0] for stage in STAGES]
        assert table[column].tolist() == pytest.approx(sums)


# ---- what the page says


PAGE = Path(ROOT / "docs/how_to/options.md")


def cells() -> Iterator[tuple[str, str, str]]:
    """Read the table of the page: a question, an option, and what stands there."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    heading = [name.strip(" `=") for name in lines[0].strip("|").split("|")]
    for line in lines[1:]:
        question, *marks = (cell.strip() for cell in line.strip("|").split("|"))
        for option, mark in zip(heading[1:], marks, strict=True):
            for name in re.findall(r"`(\w+)`", question):
                yield name, option, mark


def test_the_page_says_what_each_question_takes() -> None:
    said = {(name, option): mark for name, option, mark in cells()}
    names = [*questions(), "chain_funnel"]
    functions: dict[str, Callable[..., Any]] = {**questions(), "chain_funnel": sf.chain_funnel}
    assert {name for name, _ in said} == {*names}
    for name in names:
        for option in OPTIONS:
            takes = option in parameters_of(functions[name])
            assert (said[name, option] == "✓") == takes, f"{option} of {name}: {said[name, option]}"


def test_each_option_that_a_question_does_not_take_has_its_reason() -> None:
    reasons = set(re.findall(r"^- ([a-z]): ", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    marks = {mark for _, _, mark in cells()} - {"✓"}
    assert marks == reasons
