"""What is said of periods and groups side by side: only what can be compared is compared."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import marks_of, sentences_of, title_of
from helpers import SMALL, frame_of
from stagefunnel import plots
from stagefunnel.display.period_sentences import immature
from stagefunnel.display.unlike import Side


def cohort(month: str, won: int, lost: int, still_open: int, *, after: str = "3D") -> list[Any]:
    """Make items that are created on the second of a month, and closed some days later."""
    day = pd.Timestamp(f"{month}-02")
    rows: list[Any] = []
    for stage, number in (("Won", won), ("Lost", lost), ("", still_open)):
        for at in range(number):
            item = f"{month} {stage} {at}"
            rows.append((item, "New", day))
            if stage:
                rows.append((item, stage, day + pd.Timedelta(after)))
    return rows


# The log covers January to May whole: a row stands at each end.
ENDS = [
    ("first", "New", pd.Timestamp("2026-01-01")),
    ("last", "New", pd.Timestamp("2026-05-31 23:59:59.999999")),
]
ROWS = [
    *ENDS,
    *cohort("2026-01", 6, 74, 0),
    *cohort("2026-02", 9, 71, 0),
    *cohort("2026-03", 12, 20, 48),
    *cohort("2026-04", 2, 3, 0),
]


def log_of(rows: list[Any], **options: Any) -> sf.StageLog:
    return sf.StageLog(frame_of(rows).astype({"time": "datetime64[us]"}), **options)


def below(table: pd.DataFrame) -> list[str]:
    """Return the sentences below a table that are not about one group of it."""
    lines = str(sf.show(table)).splitlines()
    bottom = max((at for at, line in enumerate(lines) if line.startswith("─")), default=0)
    words = (
        "Win rate",
        "Won within",
        "Not ",
        "Covered",
        "Fewer",
        "Biggest",
        "Largest",
        "No clear",
        "Furthest",
        "The same",
        "Too few",
        "No group",
        "Each item",
    )
    return [line for line in lines[bottom + 1 :] if line.startswith(words)]


def test_a_trend_of_created_items_is_not_compared_without_a_length() -> None:
    assert below(sf.funnel_by_period(log_of(ROWS), SMALL, basis="created")) == [
        "Not compared: younger items have had less time; follow all of them for the same time (within)",
        "Not alike in age: 60% of 2026-03 is still open, 0% of 2026-02",
        "Fewer than 30 items: 2026-04, 2026-05",
    ]


def test_items_of_equal_age_are_compared_over_whole_and_large_periods() -> None:
    # Of 81, 80 and 80 items 6, 9 and 12 are won; April has five items.
    table = sf.funnel_by_period(log_of(ROWS), SMALL, within="10d")
    assert (
        below(table)[0]
        == "Won within 10d, of all created: 15.0% in 2026-03 after 7.4% in 2026-01 (+7.6 points)"
    )
    cut = sf.funnel_by_period(log_of([*ROWS, *cohort("2026-06", 40, 0, 0)]), SMALL, within="10d")
    assert "in 2026-03 after" in below(cut)[0]
    assert below(cut)[1].startswith("Covered only in part: 2026-05, 2026-06 (observed until 2026-06-05)")


def test_a_length_turns_what_age_alone_made() -> None:
    # Of January 8 are won within 10 days and 22 later; of February 9, and nobody has had the time for more.
    rows = [*ENDS[:1], *cohort("2026-01", 8, 22, 28), *cohort("2026-02", 9, 0, 71)]
    late = [
        (f"late {at}", stage, pd.Timestamp(day))
        for at in range(22)
        for stage, day in (("New", "2026-01-02"), ("Won", "2026-02-27"))
    ]
    log = log_of([*rows, *late], observed_until="2026-03-01")
    plain = sf.funnel_by_period(log, SMALL, basis="created")
    shares = plain.loc[plain["stage"] == "Won", "conversion_from_all"]
    assert shares.iloc[0] > shares.iloc[1]
    assert "points" not in "".join(below(plain))
    same = sf.funnel_by_period(log, SMALL, within="10d")
    assert (
        below(same)[0]
        == "Won within 10d, of all created: 11.2% in 2026-02 after 9.9% in 2026-01 (+1.4 points)"
    )


def test_a_trend_of_active_items_says_what_was_closed() -> None:
    table = sf.funnel_by_period(log_of(ROWS), SMALL)
    # January 6 of 80, February 9 of 80, March 12 of 32, April 2 of 5. In March 48 are still open.
    assert below(table)[:2] == [
        "Win rate of what was closed in the period: 11.2% in 2026-02 after 7.5% in 2026-01 (+3.8 points)",
        "Not compared, with more still open than in earlier periods: 2026-03",
    ]
    chart = plots.plot_trend(table)
    assert title_of(chart) == below(table)[0]
    assert {"Won, of what was closed in the period", below(table)[1]} <= {*sentences_of(chart)}
    rates = {one["period"]: one["value"] for one in marks_of(chart, "point") if "period" in one}
    assert rates == {"2026-01": "8%", "2026-02": "11%", "2026-03": "38%", "2026-04": "40%"}


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({"basis": "created"}, "Of all items created in the period"),
        ({"within": "10d"}, "Of all items created in the period, within 10d"),
        ({"basis": "closed"}, "Of all items closed in the period"),
    ],
)
def test_the_sentences_of_a_trend_name_the_basis(options: dict[str, Any], title: str) -> None:
    assert title in sentences_of(plots.plot_trend(sf.funnel_by_period(log_of(ROWS), SMALL, **options)))
    forced = sf.funnel_by_period(log_of(ROWS), SMALL)
    active = plots.plot_trend(forced, value="conversion_from_all")
    assert "Of all items active in the period" in sentences_of(active)


def test_a_period_that_the_log_covers_in_part_is_named_and_drawn_hollow() -> None:
    table = sf.funnel_by_period(log_of(ROWS[2:]), SMALL, within="1d")
    assert below(table)[1].startswith("Covered only in part: 2026-01, 2026-04 (observed until 2026-04-05)")
    dots = [one for one in marks_of(plots.plot_trend(table), "point") if one.get("stage") == "Won"]
    hollow = {one["period"]: one["fill"] == "#FFFFFF" for one in dots}
    assert hollow == {"2026-01": True, "2026-02": False, "2026-03": False, "2026-04": True}


def test_two_periods_are_compared_if_they_are_alike() -> None:
    log = log_of(ROWS)
    alike = sf.compare_periods(log, SMALL, "2026-02", basis="created")
    assert below(alike) == [
        "No clear change between 2026-01 and 2026-02",
        "Largest difference: Won, 11% in 2026-02 against 7% in 2026-01 (+3.8 points), which may be chance",
    ]
    younger = sf.compare_periods(log, SMALL, "2026-03", basis="created")
    assert below(younger) == ["Not alike in age: 60% of 2026-03 is still open, 0% of 2026-02"]
    small = sf.compare_periods(log, SMALL, "2026-04", basis="created", against="2026-02")
    assert below(small) == ["Fewer than 30 items: 2026-04"]
    partial = sf.compare_periods(log_of(ROWS[2:]), SMALL, "2026-02", basis="created")
    assert below(partial)[0] == "Covered only in part: 2026-01 (observed until 2026-04-05)"
    chart = plots.plot_compare(alike)
    assert below(alike)[0] == title_of(chart)
    assert below(alike)[1] in sentences_of(chart)


def log_of_two_months(won_before: int, won_now: int, of: int = 100) -> sf.StageLog:
    """Build a log of two months with as many closed items each."""
    rows = []
    for month, won in (("2026-01", won_before), ("2026-02", won_now)):
        end = pd.Period(month).end_time.floor("us")  # the log covers both whole
        for at in range(of):
            item = f"{month} {at}"
            rows += [(item, "New", pd.Timestamp(month)), (item, "Won" if at < won else "Lost", end)]
    return log_of(rows)


@pytest.mark.parametrize(
    ("won", "of", "found"),
    [
        # Score test of 60 and 40 of 100: 0.2 / sqrt(0.5 * 0.5 * 2 / 100) = 2.83, p = 0.0047, two stages.
        ((60, 40), 100, ["Biggest change: Won, 40% in 2026-02 against 60% in 2026-01 (−20.0 points)"]),
        # 60 and 47: 0.13 / sqrt(0.535 * 0.465 * 2 / 100) = 1.84, p = 0.065.
        (
            (60, 47),
            100,
            [
                "No clear change between 2026-01 and 2026-02",
                "Largest difference: Won, 47% in 2026-02 against 60% in 2026-01 (−13.0 points), which may be "
                "chance",
            ],
        ),
        ((20, 20), 50, ["The same share of all reached each stage."]),
    ],
)
@pytest.mark.parametrize("confidence", [None, 0.95])
def test_a_change_is_named_where_chance_does_not_make_it(
    won: tuple[int, int], of: int, found: list[str], confidence: float | None
) -> None:
    log = log_of_two_months(*won, of)
    table = sf.compare_periods(log, SMALL, "2026-02", basis="created", confidence=confidence)
    chart = plots.plot_compare(table)
    assert title_of(chart) == found[0]
    assert {*found[1:]} <= {*sentences_of(chart)}
    if confidence is None:
        assert below(table) == found


def test_a_chart_of_periods_that_are_unlike_warns_in_its_title() -> None:
    log = log_of(ROWS)

    def warning(log: sf.StageLog, *periods: str) -> str:
        now, before = periods
        return title_of(
            plots.plot_compare(sf.compare_periods(log, SMALL, now, basis="created", against=before))
        )

    assert warning(log, "2026-03", "2026-02") == (
        "Not to be compared yet: 60% of 2026-03 is still open, 0% of 2026-02"
    )
    assert warning(log, "2026-04", "2026-02") == "Too few to compare: 2026-04 (fewer than 30 items)"
    partial = log_of(ROWS[2:])
    assert warning(partial, "2026-02", "2026-01") == "Not to be compared: the log covers 2026-01 only in part"


def test_items_without_a_value_are_not_ranked_among_the_groups() -> None:
    """Two teams that chance parts, all closed, and items of nobody, of which 16 of 40 are open."""
    nobody = cohort("2026-03", 14, 10, 16)
    rows = [*cohort("2026-01", 48, 52, 0), *cohort("2026-02", 52, 48, 0), *nobody]
    teams = {item: "A" if item.startswith("2026-01") else "B" for item, *_ in rows[: -len(nobody)]}
    items = pd.DataFrame({"item": [*teams], "team": [*teams.values()]})
    chart = plots.plot_compare(sf.funnel(log_of(rows, items=items), SMALL, by="team"))
    assert title_of(chart) == "Won: 48% to 52%, no further apart than by chance"
    assert "Not alike in age: 40% of (missing) is still open, 0% of A" in sentences_of(chart)


def test_periods_that_may_share_items_are_not_tested() -> None:
    table = sf.compare_periods(log_of_two_months(60, 40), SMALL, "2026-02", basis="active")
    found = [
        "Largest difference: Won, 40% in 2026-02 against 60% in 2026-01 (−20.0 points)",
        "Not tested: items may be in both periods",
    ]
    assert below(table) == found
    assert title_of(plots.plot_compare(table)) == found[0]


def test_two_groups_that_chance_parts_are_not_said_to_be_apart() -> None:
    frame = frame_of(ROWS)
    teams = {item: "A" if at % 2 else "B" for at, item in enumerate(sorted({*frame["item"]}))}
    items = pd.DataFrame({"item": list(teams), "team": list(teams.values())})
    chart = plots.plot_compare(sf.funnel(log_of(ROWS, items=items), SMALL, by="team"))
    assert "chance" in title_of(chart)
    assert not [line for line in sentences_of(chart) if line.startswith(("Furthest", "Biggest"))]


def test_groups_of_different_age_are_said_to_be_unlike() -> None:
    frame = frame_of(ROWS)
    teams = {item: "young" if item.startswith("2026-03") else "old" for item in frame["item"]}
    items = pd.DataFrame({"item": list(teams), "team": list(teams.values())})
    table = sf.funnel(log_of(ROWS, items=items), SMALL, by="team")
    expected = "Not alike in age: 60% of young is still open, 1% of old"
    assert below(table) == [expected]
    assert expected in str(sf.show(sf.outcomes(log_of(ROWS, items=items), SMALL, by="team")))
    title = "Not to be compared yet: 60% of young is still open, 1% of old"
    assert title_of(plots.plot_compare(table)) == title
    assert expected not in sentences_of(plots.plot_compare(table))
    # What holds inside of each group is said whatever their ages are.
    assert title_of(plots.plot_funnel(table)) == "Most are lost from New in both groups"
    assert expected in sentences_of(plots.plot_funnel(table))


def test_a_comparison_by_groups_names_a_group_that_is_alike_in_both() -> None:
    frame = frame_of(ROWS)
    teams = {item: "B" if item.endswith("5") else "A" for item in frame["item"]}
    items = pd.DataFrame({"item": list(teams), "team": list(teams.values())})
    table = sf.compare_periods(log_of(ROWS, items=items), SMALL, "2026-02", basis="created", by="team")
    assert below(table)[0] == "No clear change between 2026-01 and 2026-02"
    assert below(table)[1].startswith("Largest difference: Won, A, ")
    assert below(table[table["team"] == "B"])[0].startswith("No group has two periods that are alike")


def test_who_follows_items_reads_until_when_they_were_observed() -> None:
    table = sf.funnel(log_of(ROWS), SMALL, within="60d", as_of="2026-05-01")
    assert below(table)[-1] == (
        "Each item is followed for 60d from its first row; observed until 2026-05-01, so that 85 items too "
        "recent for that are left out"
    )


def months_with(open_items: list[int]) -> pd.DataFrame:
    """Count months of 100 items each, of which so many are still open at its end, half of the others won."""
    rows: list[Any] = [*ENDS]
    for month, n in enumerate(open_items, start=1):
        # Items of the month before are closed on its first day, so that none is open in two months.
        name, following = f"2026-{month:02d}", pd.Timestamp(f"2026-{month + 1:02d}-01")
        won = (100 - n) // 2
        rows += cohort(name, won, 100 - n - won, 0)
        rows += [(f"{name} open {at}", "New", pd.Timestamp(f"{name}-03")) for at in range(n)]
        if month < len(open_items):
            rows += [(f"{name} open {at}", "Lost", following) for at in range(n)]
    return sf.funnel_by_period(log_of(rows), SMALL, basis="active")


def test_a_headline_is_of_mature_periods() -> None:
    frame = pd.DataFrame({"stage": ["New"], "base": [1], "open_at": [0]})
    assert Side.of_rows("x", frame, {}).open_share == 0
    # The median of what comes before: 10, then 11, 11, 11.5.
    sides = [Side(str(at), 100, n) for at, n in enumerate([10, 12, 11, 16, 15])]
    assert immature(sides, {}) == [False, False, False, True, False]
    assert immature(sides, {"within": "30d"}) == [False] * 5
    # A period of fewer than 30 items is in no median.
    small = [Side("0", 10, 0), *sides]
    assert immature(small, {}) == [False, False, False, False, True, False]
    assert immature([Side("0", 100, 10), Side("1", 1000, 150)], {}) == [False, True]
    assert immature([Side("0", 100, 10), Side("1", 1000, 149)], {}) == [False, False]


@pytest.mark.parametrize(("second", "skipped"), [(14, []), (60, ["2026-02"])])
def test_a_period_with_more_open_than_before_is_not_compared(second: int, skipped: list[str]) -> None:
    lines = below(months_with([10, second, 12]))
    assert lines[0].startswith("Win rate of what was closed in the period: ")
    named = [line for line in lines if line.startswith("Not compared")]
    words = "Not compared, with more still open than in earlier periods: "
    assert named == [f"{words}{name}" for name in skipped]


def test_periods_of_a_trend_side_by_side_are_compared_by_the_same_rule() -> None:
    table = sf.funnel_by_period(log_of(ROWS[2:]), SMALL, basis="created")
    two = table[table["period"].astype(str) <= "2026-02"]
    for plot in (plots.plot_compare, plots.plot_funnel):
        assert "Covered only in part: 2026-01 (observed until 2026-04-05)" in sentences_of(plot(two))


def test_a_period_whose_items_are_in_part_too_recent_is_not_compared() -> None:
    # Of May 40 items are of the second, and 40 of the 28th, three days before the end.
    late = [(f"late {at}", "New", pd.Timestamp("2026-05-28")) for at in range(40)]
    log = log_of([*ROWS, *cohort("2026-05", 20, 20, 0), *late])
    table = sf.compare_periods(log, SMALL, "2026-05", against="2026-02", within="10d")
    assert below(table)[0] == "Covered only in part: 2026-05 (observed until 2026-05-31 23:59:59.999999)"
    assert not [line for line in below(table) if line.startswith("Furthest")]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "Period: 2026-02"),
        ({"basis": "created"}, "Period: 2026-02, items created in it"),
        ({"basis": "closed"}, "Period: 2026-02, items closed in it"),
        ({"within": "10d"}, "Period: 2026-02, items created in it; each is followed for 10d"),
    ],
)
def test_a_chart_of_a_period_says_which_items_it_has(options: Any, line: str) -> None:
    log = log_of(ROWS)
    charts = [
        plots.plot_funnel(sf.funnel(log, SMALL, period="2026-02", **options)),
        plots.plot_losses(sf.losses(log, SMALL, period="2026-02", **options)),
    ]
    assert [line in sentences_of(chart) for chart in charts] == [True, True]


def test_charts_of_two_periods_say_which_items_these_have() -> None:
    log = log_of_two_months(60, 40)
    table = sf.compare_periods(log, SMALL, "2026-02", basis="closed", confidence=0.95)
    for plot in (plots.plot_compare, plots.plot_differences):
        assert "Of all items closed in the period" in sentences_of(plot(table))
    followed = sf.decompose(log, SMALL, a="2026-02", b="2026-01", within="10d")
    assert "Each of the items is followed for 10d" in sentences_of(plots.plot_decomposition(followed))


@pytest.mark.parametrize(
    ("by", "text"),
    [
        ("created:month", "by time of creation"),
        ("last_stage", "by last stage"),
        ("amount:[0, 100]", "by amount"),
    ],
)
def test_titles_name_what_the_log_knows_as_people_do(by: str, text: str) -> None:
    rows = cohort("2026-01", 48, 52, 0)
    items = pd.DataFrame({"item": [item for item, *_ in rows]}).drop_duplicates().assign(amount=50)
    table = sf.funnel(log_of(rows, items=items), SMALL, by=by)
    for plot in (plots.plot_funnel, plots.plot_compare):
        assert any(line.endswith(f", {text}") for line in [title_of(plot(table)), *sentences_of(plot(table))])


def test_a_chart_of_groups_that_were_known_later_says_so_first() -> None:
    table = sf.funnel(log_of(cohort("2026-01", 48, 52, 40)), SMALL, by="outcome")
    title = "Groups by outcome say what became of the items later, not what was known before."
    assert title_of(plots.plot_compare(table)) == title
    assert title in sentences_of(plots.plot_funnel(table))
