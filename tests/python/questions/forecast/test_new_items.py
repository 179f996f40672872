"""What items bring that are not there yet, where it was never seen that some came, or that some were won."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from reference.incidence import Spell
from reference.new_items import at_most, items_behind
from stagefunnel.questions.forecast import new_items
from stagefunnel.questions.stages.lives import LogSpells

OFFER = sf.Pipeline("Offer", won="Won", lost="Lost")
NAMES = ["expected_wins", "expected_wins_low", "expected_wins_high"]


def deals(lives: Sequence[tuple[int, int | None, str]], **options: Any) -> sf.StageLog:
    """Return deals with the day on which each came, how long it took, and its end."""
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": []}
    for item, (began, length, end) in enumerate(lives):
        path = [("Offer", began)] + ([] if length is None else [(end, began + length)])
        for stage, time in path:
            for name, value in zip(rows, (item, stage, time), strict=True):
                rows[name].append(value)
    return sf.StageLog(rows, observed_until=50, **options)


def half_won(n: int, length: int, n_late: int, **options: Any) -> sf.StageLog:
    """Return deals of day 0 half of which are won after so long, and some that came late."""
    old = [(0, length, "Won" if item % 2 else "Lost") for item in range(n)]
    return deals([*old, *[(45, None, "")] * n_late], **options)


def new_of(log: sf.StageLog, **options: Any) -> pd.Series:
    table = sf.forecast(log, OFFER, horizon=10, **{"draws": 20_000, **options})
    return table[table["line"] == "new_items"].iloc[0]


def high_of(confidence: float, created: int, share: Fraction, behind: int | None) -> int:
    tail = (1 + confidence) / 2
    number = None if behind is None else Fraction(behind)
    return next(k for k in range(1000) if at_most(k, created, share, number) >= tail)


def test_the_reference_has_the_examples_of_the_definitions() -> None:
    # No win has 4/5, at most one 24/25, in every second draw.
    assert at_most(0, 0, Fraction(1, 4), None) == pytest.approx(0.9)
    assert at_most(1, 0, Fraction(1, 4), None) == pytest.approx(0.98)
    assert round(at_most(1, 3, Fraction(0), Fraction(4)), 2) == 0.93
    assert round(at_most(2, 3, Fraction(0), Fraction(4)), 2) == 0.97
    # Of six, two are gone and one is no longer watched on day 20: 3 / (2/3) at risk at the beginning.
    spells = [Spell(5, "lost"), Spell(5, "won"), Spell(19), Spell(20, "won"), Spell(30), Spell(30)]
    assert items_behind(spells, Fraction(10)) == Fraction(9, 2)
    assert items_behind(spells, Fraction(90)) == Fraction(9, 2)
    assert items_behind(spells, Fraction(3)) == 6


def test_that_none_came_lately_has_an_upper_bound() -> None:
    row = new_of(half_won(4000, 5, 0))
    assert row["win"] == pytest.approx(1 / 4, abs=1 / 64)
    assert row[NAMES].tolist() == [0, 0, 1]
    # Half are won at once: 1/2 + 1/2 · 2/3 have none, 1/2 + 1/2 · 8/9 = 0.94 one, and 0.98 at most two.
    assert new_of(half_won(4000, 0, 0))[["win", *NAMES]].tolist() == [1 / 2, 0, 0, 2]
    # Nor is it certain that each is won: as many as 2.3 come at 90%, and 1/2 + 1/2 (1 - 1/16) = 0.97 have 3.
    assert new_of(deals([(0, 0, "Won")] * 4000))[["win", *NAMES]].tolist() == [1, 0, 0, 3]


def test_that_none_was_won_so_soon_has_an_upper_bound_too() -> None:
    assert new_of(half_won(4, 40, 3))[["win", *NAMES]].tolist() == [0, 0, 0, 2]


@cache
def none_won_at_most(wins: int, n_late: int, n: int) -> float:
    """Ask the reference once for any confidence."""
    return at_most(wins, n_late, Fraction(0), Fraction(n))


def short(n_late: int) -> sf.StageLog:
    """Return a log of ten days: deals of its first day, half won after 5, and some that are open."""
    first = [(40, 5, "Won" if item % 2 else "Lost") for item in range(4000)]
    return deals([*first, (40, None, ""), *[(45, None, "")] * n_late])


def test_a_log_that_is_shorter_than_the_horizon_has_a_rate_and_not_a_number() -> None:
    table = sf.forecast(short(3), OFFER, horizon=20, draws=20_000)
    row = table[table["line"] == "new_items"].iloc[0]
    # Three came in 10 days after the first row: six in 20, of which (20 - 5) / 20 · 1/2 are won.
    assert row["win"] == pytest.approx(3 / 8, abs=1 / 64)
    assert row["expected_wins"] == pytest.approx(2.25, abs=6 / 64)
    assert table.attrs["stagefunnel"]["log_length"] == 10
    # A gamma number of three, twice as many: as if each were worth 3/4.
    tails = [next(k for k in range(99) if at_most(k, 3, Fraction(3, 4), None) >= p) for p in (0.05, 0.95)]
    assert row[NAMES[1:]].tolist() == tails
    assert "The log begins only 10 before the end of observation, less than the horizon" in " ".join(
        str(sf.show(table)).split()
    )
    # Where none came after the first row, none is expected, and up to 2 · 2.3 are possible.
    none = sf.forecast(short(0), OFFER, horizon=20, draws=20_000)
    high = next(k for k in range(99) if at_most(k, 0, Fraction(3, 4), None) >= 0.95)
    assert none.loc[none["line"] == "new_items", NAMES].iloc[0].tolist() == [0, 0, high]
    assert "none were created after the first row of the log" in " ".join(str(sf.show(none)).split())
    assert "log_length" not in sf.forecast(short(3), OFFER, horizon=10).attrs["stagefunnel"]


def test_dates_have_the_length_of_a_short_log_in_words() -> None:
    times = pd.to_datetime(["2026-01-01", "2026-01-03", "2026-01-01", "2026-01-06"])
    stages = ["Offer", "Won", "Offer", "Offer"]
    rows: dict[str, Any] = {"item": [1, 1, 2, 3], "stage": stages, "time": times}
    table = sf.forecast(sf.StageLog(rows, observed_until="2026-01-11"), OFFER, horizon="30d")
    assert table.attrs["stagefunnel"]["log_length"] == "10 days 00:00:00"
    text = " ".join(str(sf.show(table)).replace("\xa0", " ").split())
    assert "The log begins only 10 d before the end of observation" in text
    # One came in ten days, so that three come in 30.
    row = table[table["line"] == "new_items"].iloc[0]
    assert row["expected_wins"] == pytest.approx(3 * row["win"])


def test_a_short_log_may_be_longer_than_nanoseconds_reach() -> None:
    first, last = "1677-09-22", "2262-04-11"
    rows = {
        "item": [1, 1, 2, 3],
        "stage": ["Offer", "Won", "Offer", "Lost"],
        "time": [first, last, first, last],
    }
    text = str(sf.show(sf.forecast(sf.StageLog(rows), OFFER, horizon="9999 months")))
    assert "The log begins only 213,502 d before the end of observation" in " ".join(text.split())


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9, 0.99])
@pytest.mark.parametrize(("n", "n_late"), [(2, 0), (2, 2), (4, 8), (30, 0), (30, 30)])
def test_the_bounds_are_those_of_the_reference(n: int, n_late: int, confidence: float) -> None:
    # All deals that ended took 40 days, so that as many say that none is won by day 10.
    row = new_of(half_won(n, 40, n_late), confidence=confidence, draws=40_000)
    for name, far in (("expected_wins_low", 1 - confidence), ("expected_wins_high", 1 + confidence)):
        tails = [
            next(k for k in range(1000) if none_won_at_most(k, n_late, n) >= far / 2 + slack)
            for slack in (-0.005, 0.005)
        ]
        assert tails[0] <= row[name] <= tails[1]


def test_that_each_is_won_is_not_certain_either() -> None:
    # Four were won at once; three came lately, so all seven say that each is won.
    row = new_of(deals([(0, 0, "Won")] * 4 + [(45, 0, "Won")] * 3), draws=40_000)
    assert row[["win", "expected_wins"]].tolist() == [1, 3]
    low = next(k for k in range(99) if at_most(k, 3, Fraction(1), Fraction(7)) >= 0.05)
    assert row[NAMES[1:]].tolist() == [low, high_of(0.9, 3, Fraction(1), 7)]


def test_what_is_taken_as_known_has_no_range() -> None:
    for log in (half_won(4, 40, 3), half_won(40, 5, 0)):
        assert new_of(log, interval="outcome")[NAMES].tolist() == [0, 0, 0]


def test_amounts_of_what_may_come_have_the_same_range() -> None:
    items = pd.DataFrame({"item": range(7), "amount": [10.0] * 7})
    log = half_won(4, 40, 3, items=items)
    row = new_of(log, amount="amount")
    assert row[["expected_amount", "expected_amount_low", "expected_amount_high"]].tolist() == [0, 0, 20]


def test_a_target_takes_what_comes_in_all_groups() -> None:
    # Of 200 sources one has the deals that came lately, and that no other has any adds nothing.
    lives = [(0, 5, "Won") for _ in range(400)] + [(45, None, "")]
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": [], "source": []}
    for item, (began, length, end) in enumerate(lives):
        for stage, time in [("Offer", began), *([] if length is None else [(end, began + length)])]:
            for name, value in zip(rows, (item, stage, time, item % 200), strict=True):
                rows[name].append(value)
    log = sf.StageLog(rows, columns=["source"], observed_until=50)
    options: dict[str, Any] = {"horizon": (0, 60), "target": 405}
    whole = sf.forecast(log, OFFER, **options).attrs["stagefunnel"]["target"]
    parts = sf.forecast(log, OFFER, by="source", draws=2000, **options).attrs["stagefunnel"]["target"]
    assert parts["expected"] == pytest.approx(whole["expected"])
    assert parts["probability"] == pytest.approx(whole["probability"], abs=0.02)
    assert parts["probability"] < 0.1


@pytest.mark.parametrize("seed", range(8))
def test_the_items_behind_are_those_of_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 30))
    exits, cause = rng.integers(0, 12, n), rng.integers(-2, 2, n).astype(np.int32)
    cause[0] = 0
    spells = LogSpells(
        exit=exits, cause=cause, entry=None, followed=exits, item=None, causes=["won", "lost"], n_unknown=0
    )
    kinds = {-1: None, 0: "won", 1: "lost"}
    slow = [Spell(int(time), kinds[int(code)]) for time, code in zip(exits, cause, strict=True) if code != -2]
    for horizon in (Fraction(1, 3), Fraction(4), Fraction(19, 2), Fraction(40)):
        assert new_items.items_behind(spells, horizon, 1) == pytest.approx(float(items_behind(slow, horizon)))
