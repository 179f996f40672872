"""Bounds of forecasts of many visits, which follow the law of large samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

import stagefunnel as sf

_PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
_NOW = 1_000_000


def _drawn(
    random: np.random.Generator, n: int
) -> tuple[dict[str, npt.NDArray[np.generic]], npt.NDArray[np.int64]]:
    """Draw deals that go New, Offer, Won or Lost; return the rows, and when each is won, else never.

    Quick visits of Offer are won more often, so that the age counts.
    """
    item = np.arange(n)
    created = random.integers(0, _NOW, n)
    offered = created + 1 + random.gamma(2, 60_000, n).astype(np.int64)
    is_lost = random.random(n) < 0.4
    is_won = random.random(n) < 0.5
    length = np.where(is_won, random.gamma(2, 50_000, n), random.gamma(3, 70_000, n))
    closed = np.where(is_lost, offered, offered + 1 + length.astype(np.int64))
    rows = {
        "item": np.concatenate([item, item[~is_lost], item]),
        "stage": np.concatenate(
            [
                np.repeat("New", n),
                np.repeat("Offer", int((~is_lost).sum())),
                np.where(~is_lost & is_won, "Won", "Lost"),
            ]
        ),
        "time": np.concatenate([created, offered[~is_lost], closed]),
    }
    return rows, np.where(~is_lost & is_won, closed, np.iinfo(np.int64).max)


@pytest.mark.parametrize("horizon", [None, 120_000])
def test_bounds_of_many_visits_hold_the_wins_that_come_in_85_to_95_percent(horizon: int | None) -> None:
    random = np.random.default_rng(5)
    inside, errors = [], []
    for _ in range(150):
        rows, won_at = _drawn(random, 4_000)
        log = sf.StageLog(rows, observed_until=int(rows["time"].max()))
        total = sf.forecast(log, _PIPELINE, as_of=_NOW, horizon=horizon, draws=500).iloc[-1]
        created = rows["time"][:4_000]
        closed = rows["time"][-4_000:]
        is_open = (created < _NOW) & (closed >= _NOW)
        assert total["n_open"] == is_open.sum()
        until = np.iinfo(np.int64).max if horizon is None else _NOW + horizon
        actual = int((is_open & (won_at < until)).sum())
        inside.append(total["expected_wins_low"] <= actual <= total["expected_wins_high"])
        errors.append(total["expected_wins"] - actual)
    assert 0.85 <= np.mean(inside) <= 0.95
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(len(errors)) + 1


def test_wins_are_drawn_alike_whatever_else_is_wanted() -> None:
    rows, _ = _drawn(np.random.default_rng(1), 6_000)
    amount = np.random.default_rng(2).integers(-20, 100, len(rows["item"])).astype(np.float64)
    log = sf.StageLog({**rows, "amount": amount}, columns=["amount"], observed_until=int(rows["time"].max()))
    bare = sf.forecast(log, _PIPELINE, as_of=_NOW, draws=400)
    rich = sf.forecast(log, _PIPELINE, as_of=_NOW, draws=400, amount="amount")
    names = ["expected_wins", "expected_wins_low", "expected_wins_high", "expected_wins_if_closed_low"]
    assert bare[names].equals(rich[names])
    tested = sf.backtest(log, _PIPELINE, dates=[_NOW], horizon=120_000, draws=400).iloc[-1]
    then = sf.forecast(log, _PIPELINE, as_of=_NOW, horizon=120_000, draws=400).iloc[-1]
    assert [tested.expected_low, tested.expected_high] == then[
        ["expected_wins_low", "expected_wins_high"]
    ].tolist()


def test_bounds_of_many_visits_are_near_those_that_are_drawn_bin_by_bin() -> None:
    # With a stage that nothing ever left the bins are drawn; it has no items, and changes nothing else.
    rows, _ = _drawn(np.random.default_rng(3), 6_000)
    log = sf.StageLog(rows, observed_until=int(rows["time"].max()))
    aside = sf.Pipeline(["New", "Aside", "Offer"], won="Won", lost="Lost")
    for horizon in (None, 120_000):
        options = {"as_of": _NOW, "horizon": horizon, "draws": 4000}
        law = sf.forecast(log, _PIPELINE, **options).iloc[-1]
        bins = sf.forecast(log, aside, missing="ignore", **options).iloc[-1]
        assert law["expected_wins"] == pytest.approx(bins["expected_wins"])
        for kind in ("expected_wins", "expected_wins_if_closed"):
            width = bins[f"{kind}_high"] - bins[f"{kind}_low"]
            assert law[f"{kind}_high"] - law[f"{kind}_low"] == pytest.approx(width, rel=0.08)
            assert law[f"{kind}_low"] == pytest.approx(bins[f"{kind}_low"], abs=0.05 * width)
