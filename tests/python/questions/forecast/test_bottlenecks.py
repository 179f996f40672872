"""What a stage costs, against chains that are solved again with fewer losses."""

from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from stagefunnel import _core

STAGES = ["New", "Offer", "Terms"]
PIPELINE = sf.Pipeline(STAGES, won="Won", lost="Lost")
SMALL = sf.Pipeline("New", won="Won")


def columns_of(paths: list[list[str]]) -> dict[str, Any]:
    rows = [(item, stage, time) for item, path in enumerate(paths) for time, stage in enumerate(path)]
    return dict(zip(("item", "stage", "time"), map(list, zip(*rows, strict=True)), strict=True))


def test_most_losses_is_not_most_leverage() -> None:
    # Of 100 deals 40 are lost in New; of the 60 in Offer 30 are lost, and 30 won.
    paths = [["New", "Lost"]] * 40 + [["New", "Offer", "Lost"]] * 30 + [["New", "Offer", "Won"]] * 30
    table = sf.bottlenecks(
        sf.StageLog(columns_of(paths)), sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    )
    assert table["n_lost"].tolist() == [40, 30]
    assert table["share_of_losses"].tolist() == pytest.approx([4 / 7, 3 / 7])
    assert table["loss_probability"].tolist() == pytest.approx([0.4, 0.5])
    # Saved in New half would be won: 20. Saved in Offer all are won: 30.
    assert table["forgone_wins"].tolist() == pytest.approx([20, 30])
    assert table["removal_gain"].tolist() == pytest.approx([0.5 - 0.3, 0.6 - 0.3])
    # A point less lost in New brings 0.5/0.6 × 0.6 of a point; in Offer 0.6 × 0.5 / 0.5.
    assert table["sensitivity"].tolist() == pytest.approx([0.5, 0.6])
    assert table["elasticity"].tolist() == pytest.approx([0.5 * 0.4 / 0.3, 0.6 * 0.5 / 0.3])


@examples(ci=40, night=200)
@given(seed=st.integers(0, 2**32))
def test_gains_are_those_of_a_chain_that_is_solved_again(seed: int) -> None:
    random = Random(seed)
    paths = [path(random) for _ in range(random.randrange(4, 30))]
    # So that every stage has a way to be won and to be lost.
    paths += [[stage, end] for stage in STAGES for end in ("Won", "Lost")]
    table = sf.bottlenecks(sf.StageLog(columns_of(paths)), PIPELINE, benchmark={"Offer": 0.1}).set_index(
        "stage"
    )
    counts: dict[str, dict[str, float]] = {stage: {} for stage in STAGES}
    for own in paths:
        for stage, after in pairwise(own):
            if stage in counts:
                counts[stage][after] = counts[stage].get(after, 0) + 1
    begun = [sum(own[0] == stage for own in paths) for stage in STAGES]
    for stage in STAGES:
        loss = counts[stage].get("Lost", 0) / sum(counts[stage].values())
        assert table.loc[stage, "loss_probability"] == pytest.approx(loss)
        for name, target in (("removal_gain", 0.0), ("benchmark_gain", min(0.1, loss))):
            if name == "benchmark_gain" and stage != "Offer":
                assert pd.isna(table.loc[stage, name])
                continue
            before, after = win_rate(counts, begun, stage, loss), win_rate(counts, begun, stage, target)
            assert table.loc[stage, name] == pytest.approx(after - before, abs=1e-9)
        # A small step down the slope.
        step = 1e-6
        slope = (win_rate(counts, begun, stage, loss - step) - win_rate(counts, begun, stage, loss)) / step
        assert table.loc[stage, "sensitivity"] == pytest.approx(slope, rel=1e-4)


def path(random: Random) -> list[str]:
    own = [random.choice(STAGES)]
    while own[-1] in STAGES and random.random() < 0.9:
        own.append(random.choice([stage for stage in (*STAGES, "Won", "Lost") if stage != own[-1]]))
    return own


def win_rate(counts: dict[str, dict[str, float]], begun: list[int], stage: str, loss: float) -> float:
    """Solve the chain in which ``stage`` has another loss, and its other ways on grow alike."""
    chances = {one: {to: n / sum(row.values()) for to, n in row.items()} for one, row in counts.items()}
    row = chances[stage]
    scale = (1 - loss) / (1 - row.get("Lost", 0))
    chances[stage] = {to: p * scale for to, p in row.items() if to != "Lost"} | {"Lost": loss}
    ends = {end: {end: 1.0} for end in ("Won", "Lost")}
    step = pd.DataFrame(chances | ends).reindex([*STAGES, *ends]).fillna(0).to_numpy().T
    wins = np.linalg.matrix_power(step, 5000)[:, len(STAGES)]
    return float(wins[: len(STAGES)] @ begun / sum(begun))


def test_a_benchmark_is_the_best_group_of_those_with_thirty_visits() -> None:
    rows: dict[str, list[Any]] = {"item": [], "stage": [], "time": [], "manager": []}
    # Ann loses 10 of 40, Bob 20 of 40, and Cid 0 of 5, which are too few.
    for item in range(85):
        manager = "Ann" if item < 40 else "Bob" if item < 80 else "Cid"
        is_lost = item < 10 or 40 <= item < 60
        for time, stage in enumerate(["New", "Lost" if is_lost else "Won"]):
            for name, value in zip(rows, (item, stage, time, manager), strict=True):
                rows[name].append(value)
    log = sf.StageLog(rows, columns=["manager"])
    pipeline = sf.Pipeline("New", won="Won", lost="Lost")
    table = sf.bottlenecks(log, pipeline, benchmark="manager")
    # 30 of 85 are lost; with Ann's quarter it would be 10 points less.
    assert table["benchmark_gain"][0] == pytest.approx(30 / 85 - 0.25)
    by = sf.bottlenecks(log, pipeline, by="manager", benchmark="manager").set_index("manager")
    assert by["benchmark_gain"].tolist() == pytest.approx([0, 0.25, 0])


def test_open_visits_count_in_the_median_and_in_the_time() -> None:
    rows = {
        "item": [1, 1, 2, 2, 3, 3, 4, 5],
        "stage": ["New", "Won"] * 3 + ["New", "New"],
        "time": [0, 2, 0, 4, 0, 8, 3, 0],
    }
    table = sf.bottlenecks(sf.StageLog(rows, observed_until=8), sf.Pipeline("New", won="Won"))
    # 4/5 are left after 2 and 3/5 after 4; one is seen no longer after 5, and one of two ends at 8.
    assert table["median_time"].tolist() == [8]
    assert table["n_open"].tolist() == [2]
    censored = sf.time_in_stage(sf.StageLog(rows, observed_until=8), SMALL, open_visits="censored")
    assert table["median_time"].tolist() == censored["median"].head(1).tolist()


def test_medians_are_those_of_time_in_stage_with_open_visits() -> None:
    shop = sf.datasets.furniture_shop()
    censored = sf.time_in_stage(shop.log, shop.pipeline, open_visits="censored")
    table = sf.bottlenecks(shop.log, shop.pipeline)
    assert table["median_time"].tolist() == censored["median"].head(len(table)).tolist()
    # One of two visits ended, and the curve is flat at a half until the other one is seen no longer.
    log = sf.StageLog(
        {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 4, 0]}, observed_until=10
    )
    assert sf.bottlenecks(log, SMALL)["median_time"].tolist() == [7]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"benchmark": {"Oferr": 0.2}}, "benchmark='Oferr' is not a stage in progress"),
        ({"benchmark": {"Offer": 2}}, "benchmark=2 of 'Offer' is not a share from 0 to below 1"),
        ({"benchmark": 3}, "benchmark=3 is neither a column nor losses"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], says: str) -> None:
    log = sf.StageLog(columns_of([["New", "Offer", "Terms", "Won"], ["New", "Lost"]]))
    with pytest.raises(sf.StageFunnelError, match=says):
        sf.bottlenecks(log, PIPELINE, **options)


def test_what_the_core_found_is_copied_once_for_all_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    estimate = _core.stats.estimate_incidence
    copied: list[str] = []

    class Watched:
        """An answer of the core of which each array is copied when it is asked for."""

        def __init__(self, found: Any) -> None:
            self.found = found

        def __getattr__(self, name: str) -> Any:
            copied.append(name)
            return getattr(self.found, name)

    monkeypatch.setattr(_core.stats, "estimate_incidence", lambda **asked: Watched(estimate(**asked)))
    of_groups = {}
    for n_groups in (2, 20):
        rows = [
            (item, stage, time)
            for item in range(2 * n_groups)
            for time, stage in enumerate(["New", "Won" if item % 2 else "Lost"])
        ]
        items = pd.DataFrame({"item": range(2 * n_groups), "who": [at // 2 for at in range(2 * n_groups)]})
        log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]), items=items)
        copied.clear()
        table = sf.bottlenecks(log, sf.Pipeline("New", won="Won", lost="Lost"), by="who")
        assert table["loss_probability"].tolist() == [0.5] * n_groups
        of_groups[n_groups] = sorted(copied)
    assert of_groups[20] == of_groups[2]
