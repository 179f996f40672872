"""The order of stages from their moves: by hand, against all orders, and out of noisy logs."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from stagefunnel.suggesting.pipeline import _listed
from stagefunnel.suggesting.stage_order import moves_back, order_by_moves


@pytest.mark.parametrize(
    ("moves", "start", "order"),
    [
        # All moves one way, whatever the start.
        ([[0, 5, 0], [0, 0, 5], [0, 0, 0]], [2, 1, 0], [0, 1, 2]),
        ([[0, 0, 0], [7, 0, 1], [0, 0, 0]], [0, 1, 2], [1, 0, 2]),
        # No moves, and as many one way as the other: the start stands.
        ([[0, 0], [0, 0]], [1, 0], [1, 0]),
        ([[0, 4], [4, 0]], [1, 0], [1, 0]),
        # A side stage: work waits and goes on, so that only the moves on decide.
        ([[0, 9, 6], [9, 0, 0], [0, 0, 0]], [0, 1, 2], [0, 1, 2]),
        # A circle is cut where the fewest moves are.
        ([[0, 9, 0], [0, 0, 9], [2, 0, 0]], [2, 0, 1], [0, 1, 2]),
    ],
)
def test_orders_by_hand(moves: list[list[int]], start: list[int], order: list[int]) -> None:
    assert order_by_moves(np.array(moves), start) == order


def test_some_of_the_stages_are_ordered_by_the_moves_between_them() -> None:
    moves = np.array([[0, 0, 9], [0, 0, 0], [0, 5, 0]])
    assert order_by_moves(moves, [1, 2]) == [2, 1]


@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.integers(0, 9), min_size=n * n, max_size=n * n)))
def test_no_stage_has_a_better_place_and_few_orders_are_better(numbers: list[int]) -> None:
    n = int(len(numbers) ** 0.5)
    moves = np.array(numbers).reshape(n, n)
    np.fill_diagonal(moves, 0)
    order = order_by_moves(moves, range(n))
    back = moves_back(moves, order)
    assert sorted(order) == list(range(n))
    for stage in order:
        others = [one for one in order if one != stage]
        for place in range(n):
            assert back <= moves_back(moves, [*others[:place], stage, *others[place:]])
    # Half of all moves go back in an order or in its reverse, so no order found is worse than half.
    assert 2 * back <= moves.sum()


@given(st.integers(2, 6), st.randoms(use_true_random=False))
def test_an_order_in_which_each_pair_goes_mostly_forwards_is_found(n: int, random: object) -> None:
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    truth = [int(stage) for stage in rng.permutation(n)]
    moves = np.zeros((n, n), dtype=np.int64)
    for place, earlier in enumerate(truth):
        for later in truth[place + 1 :]:
            moves[later, earlier] = rng.integers(0, 5)
            moves[earlier, later] = moves[later, earlier] + rng.integers(1, 5)
    best = min(permutations(range(n)), key=lambda order: moves_back(moves, order))
    assert order_by_moves(moves, [int(stage) for stage in rng.permutation(n)]) == list(best) == truth


def noisy_log(rng: np.random.Generator, stages: list[str], won: str, lost: str, n_items: int) -> sf.StageLog:
    """Draw journeys through known stages: some are skipped, under a tenth of the moves go back."""
    skip, back, lose = rng.uniform(0, 0.3), rng.uniform(0, 0.09), rng.uniform(0.02, 0.2)
    rows = []
    for item in range(n_items):
        place, time = 0, int(rng.integers(0, 10**6))
        for _ in range(40):
            rows.append((item, stages[place], time))
            time += int(rng.integers(1, 10**4))
            drawn = rng.random()
            if drawn < back and place > 0:
                place -= 1
                continue
            if drawn < back + lose:
                rows.append((item, lost, time))
                break
            place += 2 if rng.random() < skip else 1
            if place >= len(stages):
                rows.append((item, won, time))
                break
    item, stage, time = zip(*(rows[row] for row in rng.permutation(len(rows))), strict=True)
    return sf.StageLog({"item": list(item), "stage": list(stage), "time": list(time)})


@given(st.integers(0, 2**32 - 1), st.sampled_from([60, 200, 800]))
@examples(ci=25, night=300)
def test_a_noisy_log_of_a_known_pipeline_gives_it_back(seed: int, n_items: int) -> None:
    rng = np.random.default_rng(seed)
    stages = [f"Step {number}" for number in rng.permutation(60)[: rng.integers(2, 9)]]
    won, lost = rng.permutation(
        np.array([("Gewonnen", "Verloren"), ("Ganado", "Perdido"), ("受注", "失注")])
    )[0]
    log = noisy_log(rng, stages, str(won), str(lost), n_items)
    seen = set(log.stages["stage"])
    found = sf.suggest(log)
    if not found.is_safe:  # a proposal is right, or names where it is not
        assert found.doubts
        return
    assert found.pipeline.stages == tuple(stage for stage in stages if stage in seen)
    assert found.pipeline.won == tuple({won} & seen)
    assert found.pipeline.lost == tuple({lost} & seen)


def test_most_noisy_logs_are_safe_and_right() -> None:
    stages = ["Step 9", "Step 3", "Step 7", "Step 1", "Step 5"]
    found = [
        sf.suggest(noisy_log(np.random.default_rng(seed), stages, "Won", "Lost", 300)) for seed in range(20)
    ]
    assert sum(one.is_safe and one.pipeline.stages == tuple(stages) for one in found) >= 18


@given(st.integers(0, 2**32 - 1), st.sampled_from(["days", "newest first", "hours"]), st.booleans())
@examples(ci=25, night=300)
def test_whatever_a_log_is_like_a_safe_suggestion_is_right(seed: int, times: str, has_names: bool) -> None:
    rng = np.random.default_rng(seed)
    stages = [f"Step {number}" for number in rng.permutation(60)[: rng.integers(2, 7)]]
    ends = ("Won", "Lost") if has_names else ("Omega", "Psi")
    frame = noisy_frame(rng, stages, *ends, n_items=int(rng.choice([12, 60, 300])), side="Legal")
    frame = frame.sort_values("at", kind="stable")
    frame["at"] = frame["at"].dt.strftime("%Y-%m-%d %H:%M" if times == "hours" else "%Y-%m-%d")
    found = sf.suggest(frame.iloc[::-1] if times == "newest first" else frame)
    seen = set(frame["stage"])
    if found.is_safe:
        expected = tuple(stage for stage in stages if stage in seen)
        assert tuple(stage for stage in found.pipeline.stages if stage != "Legal") == expected
        assert (found.pipeline.won, found.pipeline.lost) == (tuple({"Won"} & seen), tuple({"Lost"} & seen))
    else:
        assert found.doubts


def noisy_frame(
    rng: np.random.Generator, stages: list[str], won: str, lost: str, *, n_items: int, side: str
) -> pd.DataFrame:
    """Draw journeys of which up to a fifth of the moves go back, some of them through a side stage."""
    skip, back, lose, aside = (
        rng.uniform(0, 0.3),
        rng.uniform(0, 0.2),
        rng.uniform(0, 0.2),
        rng.uniform(0, 0.3),
    )
    rows = []
    for item in range(n_items):
        place, hours = 0, int(rng.integers(0, 2_000))
        for _ in range(30):
            rows.append((f"D{item}", stages[place], hours))
            hours += int(rng.integers(1, 60))
            if place == 1 and rng.random() < aside:
                rows += [(f"D{item}", side, hours), (f"D{item}", stages[place], hours + 5)]
                hours += 10
            drawn = rng.random()
            if drawn < back and place > 0:
                place -= 1
            elif drawn < back + lose:
                rows.append((f"D{item}", lost, hours))
                break
            else:
                place += 2 if rng.random() < skip else 1
            if place >= len(stages):
                rows.append((f"D{item}", won, hours))
                break
    frame = pd.DataFrame(rows, columns=["deal", "stage", "hours"])
    frame["at"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(frame.pop("hours"), unit="h")
    return frame


@pytest.mark.parametrize(
    ("n", "text"), [(1, "0"), (6, "0, 1, 2, 3, 4, 5"), (7, "0, 1, 2, 3, 4, 5, … (1 more)")]
)
def test_of_many_stages_six_are_named_and_the_others_counted(n: int, text: str) -> None:
    assert _listed(range(n)) == text
