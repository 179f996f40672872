"""What a reader chooses on the page: the numbers of each choice are those of the questions asked with it."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from examples import examples
from stagefunnel.display.numbers import percent
from stagefunnel.questions.stages.key_numbers import changes
from stagefunnel.reports.choice_questions import Asked
from stagefunnel.reports.filter_data import ALL, Cell, Filters
from stagefunnel.reports.filters import filters_of

PIPELINE = sf.Pipeline(["New", "Talk", "Offer"], won="Won", lost=["Lost", "Refused"])
SCOPE = {"unlisted": "error", "missing": "ignore", "as_of": None}
# A seed is not simpler for being smaller.
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
PEOPLE = ["Ann", "Bob", "Zoe", None]


def asked_of(log: sf.StageLog, pipeline: sf.Pipeline, by: Any, **options: Any) -> Asked:
    usual = {"reason": None, "period": None, "basis": "active", "money": {}, "calendar": None, "scope": SCOPE}
    return Asked(log, pipeline, by, **{**usual, **options})


def choices_of(
    log: sf.StageLog, pipeline: sf.Pipeline, by: Any = "manager", *, top: int = 10, **options: Any
) -> Filters:
    asked = asked_of(log, pipeline, by, **options)
    groups = sf.outcomes(log, pipeline, by=by, top=top, missing="ignore", basis=asked.basis)
    trend = sf.funnel_by_period(log, pipeline, every="month", missing="ignore")
    found = filters_of(asked, groups, trend, is_limited=False)
    assert found is not None
    return found


def drawn_log(seed: int) -> tuple[sf.StageLog, pd.DataFrame, list[Any]]:
    """Draw the days of twelve items over four months, and whose they are."""
    random = Random(seed)
    rows = []
    for item in range(12):
        day = random.randrange(0, 100)
        for _ in range(random.randrange(1, 6)):
            rows.append((item, random.choice(["New", "Talk", "Offer", "Won", "Lost", "Refused"]), day))
            day += random.randrange(0, 25)
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    frame["time"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(frame["time"], unit="D")
    people = [random.choice(PEOPLE) for _ in range(12)]
    items = pd.DataFrame({"item": range(12), "manager": people, "worth": random.choices(range(50), k=12)})
    return sf.StageLog(frame, items=items), frame, people


def counts(found: Filters, cell: Cell, kind: str) -> list[list[int]]:
    names = ["reached", "skipped", "lost_from", "open_at"]
    own = [kind if name == "reached" else "classic" for name in names]
    places = [found.columns.index((of, name)) for of, name in zip(own, names, strict=True)]
    return [[int(row[place]) for place in places] for row in cell.funnel]


@given(seed=st.integers(0, 2**32 - 1), basis=st.sampled_from(["active", "created", "closed"]))
@settings(examples(ci=6, night=100), phases=WITHOUT_SHRINKING)
def test_each_choice_has_the_numbers_of_the_questions_asked_with_it(seed: int, basis: Any) -> None:
    log, frame, people = drawn_log(seed)
    found = choices_of(log, PIPELINE, basis=basis, money={"amount": "worth"})
    if basis != "closed":
        assert found.groups == [one or "(missing)" for one in PEOPLE if one in people]
    choices = [(group, period) for group in (ALL, *range(len(found.groups))) for period in (ALL, 0, 1)]
    for group, period in Random(seed).sample(choices, 4):
        called = None if group == ALL else found.groups[group]
        chosen: dict[str, Any] = {"missing": "ignore", "basis": basis}
        if group != ALL:
            chosen["where"] = {"manager": None if called == "(missing)" else called}
        if period != ALL:
            chosen["period"] = found.periods[period]
        cell = found.cells.get((group, period), found.nothing)
        table = sf.funnel(log, PIPELINE, kind="both", amount="worth", confidence=0.95, **chosen)
        classic = table[table["kind"] == "classic"]
        for kind in ("classic", "conversions"):
            part = classic.assign(reached=table.loc[table["kind"] == kind, "reached"].to_numpy())
            names = ["reached", "skipped", "lost_from", "open_at"]
            assert counts(found, cell, kind) == part[names].to_numpy().tolist()
            share, place = table[table["kind"] == kind], found.columns.index((kind, "conversion_from_all"))
            for row, value in zip(cell.funnel, share["conversion_from_all"], strict=True):
                assert str(row[place]).split(" ")[0] == percent(value)
            place = found.columns.index((kind, "amount"))
            assert [row[place] for row in cell.funnel] == [f"{value:,.0f}" for value in share["amount"]]
        lost = sf.losses(log, PIPELINE, confidence=0.95, **chosen)
        assert [row[:2] for row in cell.losses] == [
            ["no earlier stage" if pd.isna(stage) else stage for stage in pair]
            for pair in zip(lost["from_stage"], lost["lost_stage"], strict=True)
        ]
        assert [row[2] for row in cell.losses] == lost["items"].tolist()
        assert [str(row[3]).split(" ")[0] for row in cell.losses] == [*map(percent, lost["share"])]
        outcome = sf.outcomes(log, PIPELINE, amount="worth", **chosen).iloc[0]
        assert cell.tiles[1][0] == f"{outcome['amount_won']:,.0f}"
        assert cell.tiles[2][0] == percent(outcome["win_rate"])
        assert cell.tiles[3][0] == f"{outcome['lost' if basis == 'closed' else 'open']:.0f}"
        if period == ALL and basis == "active":
            keys = [item for item in range(12) if group == ALL or (people[item] or "(missing)") == called]
            rows = frame[frame["item"].isin(keys)].to_dict("records")
            slow = reference.funnel([tuple(row.values()) for row in rows], PIPELINE, kind="classic")
            assert [row[0] for row in counts(found, cell, "classic")] == slow["reached"].tolist()


def small_log() -> sf.StageLog:
    """Ann wins 1 in ten days and loses 2; Bob wins 3 in two days, and 4 is open; 5 has nobody."""
    rows = [
        (1, "New", "2026-01-01"),
        (1, "Won", "2026-01-11"),
        (2, "New", "2026-01-05"),
        (2, "Lost", "2026-01-20"),
        (3, "New", "2026-02-01"),
        (3, "Won", "2026-02-03"),
        (4, "Talk", "2026-02-10"),
        (5, "New", "2026-02-28"),
    ]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    frame["time"] = pd.to_datetime(frame["time"])
    people = pd.DataFrame({"item": [1, 2, 3, 4], "manager": ["Ann", "Ann", "Bob", "Bob"]})
    return sf.StageLog(frame, items=people)


def test_the_tiles_of_a_group_and_a_period_by_hand() -> None:
    found = choices_of(small_log(), PIPELINE)
    assert (found.groups, found.periods) == (["Ann", "Bob", "(missing)"], ["2026-02", "2026-01"])
    assert found.tile_names[0] == ["items", "won", "win rate", "open", "median time to win"]
    assert found.tile_names[1][0] == "created"

    def values(group: int, period: int) -> list[str]:
        return [value.replace("\N{NO-BREAK SPACE}", " ") for value, _ in found.cells[group, period].tiles]

    assert values(ALL, ALL) == ["5", "2", "67%", "2", "6 d"]
    assert values(0, ALL) == ["2", "1", "50%", "0", "10 d"]
    assert values(1, 0) == ["2", "1", "100%", "1", "2 d"]
    assert values(2, 0) == ["1", "0", "–", "1", "–"]
    assert values(ALL, 1) == values(0, 1) == ["2", "1", "50%", "0", "10 d"]
    assert values(ALL, 0) == ["3", "1", "100%", "2", "2 d"]
    # All of Ann's items were closed before February.
    assert (0, 0) not in found.cells
    assert [value for value, _ in found.nothing.tiles] == ["0", "0", "–", "0", "–"]
    assert found.cells[0, ALL].losses[0][:4] == ["New", "Lost", 1, "100% (21–100%)"]


@pytest.mark.parametrize(
    ("period", "offered"), [("2026-01", ["2026-01"]), ("2026-Q1", ["2026-02", "2026-01"])]
)
def test_a_page_of_a_period_offers_what_lies_in_it(period: str, offered: list[str]) -> None:
    assert choices_of(small_log(), PIPELINE, period=period).periods == offered


def test_groups_beyond_the_largest_are_named_and_not_offered() -> None:
    found = choices_of(small_log(), PIPELINE, top=1)
    assert found.groups == ["Ann", "(missing)"]
    assert found.left_out == ["Not one group to choose: other (1 group)"]


def test_groups_by_what_is_the_reason_too_are_not_offered() -> None:
    found = choices_of(small_log(), PIPELINE, reason="manager")
    assert (found.groups, len(found.periods)) == ([], 2)
    assert found.left_out == ["Groups cannot be chosen: manager is the reason of losses too"]


def test_a_column_of_the_log_is_read_in_the_first_row_and_losses_with_it() -> None:
    rows = {"item": [1, 1, 2, 2], "stage": ["New", "Lost", "New", "Lost"], "who": ["a", "b", "b", "b"]}
    days = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-02-01", "2026-02-02"])
    log = sf.StageLog(pd.DataFrame({**rows, "time": days}), columns=["who"])
    found = choices_of(log, sf.Pipeline("New", lost="Lost"), "who")
    assert [found.cells[at, ALL].losses[0][2] for at in (0, 1)] == [1, 1]


def by_hand(n_groups: int, n_periods: int, text: str = "x" * 400) -> Filters:
    cell = Cell([("1", text)], [[1]], [["New", "Lost", 1]])
    places = [(g, p) for g in range(-1, n_groups) for p in range(-1, n_periods)]
    return Filters(
        "manager",
        [f"g{at}" for at in range(n_groups)],
        [f"p{at}" for at in range(n_periods)],
        [("classic", "reached")],
        ["open"],
        (["items"], ["created"]),
        2,
        dict.fromkeys(places, cell),
        cell,
    )


@pytest.mark.parametrize(
    ("room", "groups", "periods", "pairs", "left_out"),
    [
        (100_000, 3, 4, 4, []),
        (9_500, 3, 4, 2, ["No room on this page for: one group in p3 to p2"]),
        (5_500, 3, 2, 0, ["No room on this page for: p3 to p2; one group in p1 to p0"]),
        (3_000, 0, 0, 0, ["No room on this page for: g0, g1, g2; p3 to p0"]),
    ],
)
def test_what_has_no_room_is_named(
    room: int, groups: int, periods: int, pairs: int, left_out: list[str]
) -> None:
    text = by_hand(3, 4).as_json(room)
    found = json.loads(text)
    assert (found["n_groups"], found["n_periods"], found["n_pairs"]) == (groups, periods, pairs)
    assert found["left_out"] == left_out
    assert len(text) <= max(room, 3_400)
    assert "-1,-1" in found["cells"]


def test_a_name_does_not_end_the_data() -> None:
    text = by_hand(1, 1, "</script><script>alert(1)</script>").as_json(100_000)
    assert "<" not in text
    assert json.loads(text)["nothing"][0][0][1] == "</script><script>alert(1)</script>"


def data_of(page: Path) -> Any:
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < 3_000_000
    _, found, rest = text.partition('<script type="application/json" id="choices">')
    return json.loads(rest.partition("</script>")[0]) if found else None


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("options", "groups", "periods"),
    [
        ({}, None, None),
        ({"by": "manager", "filters": False}, None, None),
        ({"by": "manager"}, 3, 0),
        ({"every": "month"}, 0, 2),
        ({"by": "manager", "every": "month"}, 3, 2),
        ({"by": "manager", "filters": True}, 3, 9),
    ],
)
def test_what_can_be_chosen(tmp_path: Path, options: dict[str, Any], groups: Any, periods: Any) -> None:
    page = sf.report(
        small_log(), PIPELINE, tmp_path / "p.html", missing="ignore", sections="losses", **options
    )
    found = data_of(page)
    if groups is None:
        assert found is None
        assert "<form" not in page.read_text(encoding="utf-8")
    else:
        assert (len(found["groups"]), len(found["periods"])) == (groups, periods)


@pytest.mark.usefixtures("undrawn")
def test_letters_take_the_place_of_names_in_what_can_be_chosen(tmp_path: Path) -> None:
    options: dict[str, Any] = {"by": "manager", "missing": "ignore", "sections": "losses", "anonymous": True}
    page = sf.report(small_log(), PIPELINE, tmp_path / "p.html", **options)
    assert data_of(page)["groups"] == ["A", "B", "(missing)"]


def test_filters_are_true_or_false(tmp_path: Path) -> None:
    with pytest.raises(sf.SchemaError, match="filters='all' is not True or False"):
        sf.report(small_log(), PIPELINE, tmp_path / "p.html", filters="all")  # type: ignore[arg-type]


RULES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"optional": ["Discussion"]}, {"money": {"amount": "amount"}}),
    ({"since": {"Delivery": "2025-06"}, "until": {"Discussion": "2025-09"}}, {"reason": "source"}),
    ({"paused": ["Prepayment invoice"], "names": {"New": "Neu"}}, {"period": "2025-Q4", "basis": "created"}),
    ({"aliases": {"Discussion": "New"}, "stages": ["New", "Prepayment invoice", "Delivery"]}, {}),
    ({"ignore_shorter": "1h"}, {"calendar": sf.WorkingHours({"mon-fri": [("09:00", "17:00")]})}),
]


@pytest.mark.parametrize(("rules", "options"), RULES)
def test_what_is_shown_of_all_is_what_the_tables_of_the_page_show(
    rules: dict[str, Any], options: dict[str, Any]
) -> None:
    shop = sf.datasets.furniture_shop(150)
    stages = {"stages": ["New", "Discussion", "Prepayment invoice", "Delivery"], **rules}
    pipeline = sf.Pipeline(stages.pop("stages"), won="Won", lost="Lost", **stages)
    asked = asked_of(shop.log, pipeline, "manager", **options)
    groups = sf.outcomes(shop.log, pipeline, by="manager", period=asked.period, basis=asked.basis)
    found = filters_of(asked, groups, None, is_limited=False)
    assert found is not None
    of_page = {**asked.scope, **asked.money, "period": asked.period, "basis": asked.basis}
    funnel = sf.funnel(shop.log, pipeline, kind="both", confidence=0.95, **of_page)
    of_losses = {**of_page, "reason": asked.reason, "calendar": asked.calendar}
    losses = sf.losses(shop.log, pipeline, confidence=0.95, **of_losses)

    def written(rows: Any) -> list[list[str]]:
        return [[f"{value:,}" if isinstance(value, int) else value for value in row] for row in rows]

    assert written(found.cells[ALL, ALL].funnel) == [row[1:] for row in sf.show(funnel).grid.rows]
    assert written(found.cells[ALL, ALL].losses) == sf.show(losses).grid.rows
    assert len(found.groups) == 5
    for at, group in enumerate(found.groups):
        of_group = sf.losses(shop.log, pipeline, confidence=0.95, where={"manager": group}, **of_losses)
        assert written(found.cells[at, ALL].losses) == sf.show(of_group).grid.rows


def two_months(**of_people: tuple[int, int, int, int]) -> tuple[sf.StageLog, pd.DataFrame]:
    """Make what each person created and won in March, then in April; a win takes 10 days, and May is seen."""
    rows, people = [], []
    for person, numbers in of_people.items():
        for month, created, won in (("2026-03", *numbers[:2]), ("2026-04", *numbers[2:])):
            for place in range(created):
                key = f"{person} {month} {place}"
                people.append({"item": key, "manager": person})
                end = "Won" if place < won else "Lost"
                rows += [(key, "New", f"{month}-01"), (key, end, f"{month}-11")]
    rows.append(("last", "New", "2026-05-31"))
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    frame["time"] = pd.to_datetime(frame["time"])
    return sf.StageLog(frame, items=pd.DataFrame(people)), frame


APRIL = [("2026-04", "2026-04"), ("2026-03", "2026-03")]


def changed(found: Filters, group: int, period: int) -> list[tuple[str, bool]]:
    cell = found.cells[group, period]
    return [(text.replace("\N{NO-BREAK SPACE}", " "), is_clear) for text, is_clear in cell.changes]


def with_changes_of(log: sf.StageLog, *, is_limited: bool = False) -> Filters:
    groups = sf.outcomes(log, PIPELINE, by="manager", missing="ignore")
    trend = sf.funnel_by_period(log, PIPELINE, every="month", missing="ignore")
    found = filters_of(
        asked_of(log, PIPELINE, "manager"), groups, trend, is_limited=is_limited, compared=APRIL
    )
    assert found is not None
    return found


def test_a_group_has_the_changes_of_the_example() -> None:
    # The example of the first screen is Ann's; Bob has nothing to do with it.
    log, _ = two_months(Ann=(40, 20, 80, 50), Bob=(60, 30, 60, 30))
    found = with_changes_of(log)
    assert found.groups[:2] == ["Ann", "Bob"]
    of_ann = changed(found, 0, ALL)
    assert of_ann[0] == ("80 in 2026-04, 40 in 2026-03 (+100%, +37% to +192%)", True)
    assert of_ann[1] == ("50 in 2026-04, 20 in 2026-03 (+150%, +50% to +318%)", True)
    assert of_ann[2] == ("62% in 2026-04, 50% in 2026-03: no clear change (-6 to +30 points)", False)
    assert changed(found, 1, ALL)[0][0].startswith("60 in 2026-04, 60 in 2026-03: no clear change")
    # A page has the changes of all of its items itself.
    assert found.cells[ALL, ALL].changes == []
    assert found.periods == ["2026-05", "2026-04", "2026-03"]
    assert changed(found, 0, 1) == of_ann
    # The page says the same of these two months, so that no choice of a month makes it less clear.
    assert changed(found, ALL, 1)[0] == ("140 in 2026-04, 100 in 2026-03 (+40%, +8% to +81%)", True)
    first = found.cells[0, 2]
    assert first.changes == []
    assert first.note == "Not compared: the page has no numbers of the period before."


def test_a_group_with_nothing_before_began_with_nothing() -> None:
    log, _ = two_months(Ann=(40, 20, 40, 20), Zoe=(0, 0, 35, 31))
    found = with_changes_of(log)
    assert changed(found, found.groups.index("Zoe"), ALL)[:3] == [
        ("35 in 2026-04, 0 in 2026-03", True),
        ("31 in 2026-04, 0 in 2026-03", True),
        ("89% in 2026-04, – in 2026-03", False),
    ]


def test_too_few_closed_items_of_a_group_are_said() -> None:
    log, _ = two_months(Ann=(40, 20, 40, 20), Zoe=(10, 5, 12, 6))
    cell = with_changes_of(log).cells[1, ALL]
    assert cell.note.replace("\N{NO-BREAK SPACE}", " ") == (
        "Not compared: fewer than 30 closed items: 2026-03, 2026-04."
    )
    assert [bool(text) for text, _ in cell.changes] == [True, True, False, True, False]


def test_the_more_a_reader_can_look_at_the_surer_a_change_has_to_be() -> None:
    # 54 of 84 are 0.143 above a half, 2.62 errors of 0.0546; four tests ask for 2.50, sixteen for 2.96.
    numbers = {
        "won": 20,
        "lost": 20,
        "open": 0,
        "closed": 40,
        "win_rate": 0.5,
        "median": 1.0,
        "median_low": 1,
        "median_high": 1,
    }
    table = pd.DataFrame([{"created": 54, **numbers}, {"created": 30, **numbers}])
    assert bool(changes(table, 0.95).loc["created", "clear"])
    assert not bool(changes(table, 0.95, n_choices=4).loc["created", "clear"])


def test_a_log_with_too_many_rows_has_no_changes_of_groups_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stagefunnel.reports.filters._MOST_ROWS", 600)
    log, _ = two_months(Ann=(40, 20, 80, 50), Bob=(60, 30, 60, 30))  # 481 rows, read twice
    found = with_changes_of(log, is_limited=True)
    assert found.cells[0, ALL].changes == []
    assert "the log has too many rows" in " ".join(found.left_out)


def test_a_change_that_is_clear_alone_and_not_among_all_has_no_bounds() -> None:
    # 11 of 13: Wilson's bounds of 95% are above a half, those of 1 - 5% / 8 are not.
    log, _ = two_months(Ann=(40, 2, 40, 11), Bob=(40, 20, 40, 20))
    found = with_changes_of(log)
    assert changed(found, 0, ALL)[1] == ("11 in 2026-04, 2 in 2026-03: no clear change", False)
