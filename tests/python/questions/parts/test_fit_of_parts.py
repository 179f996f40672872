"""Open items of parts have the chances of one log, for the visits of all parts are fitted together."""

from random import Random
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import assert_frame_equal
from stagefunnel.questions.forecast.shared_chances import SharedChances, listed_chances
from stagefunnel.questions.parts.fit_counts import FIT, OF_FIT
from stagefunnel.questions.parts.partial import Partial, counted_part, merge
from stagefunnel.questions.scope.where import read_as_part

PIPELINE = sf.Pipeline(["New", "Offer", "Demo"], won="Won", lost=["Lost", "Gone"])
END = 40_000
WEEK = sf.WorkingHours({"mon-fri": [("08:00", "16:00")]})
OPTIONS: list[dict[str, Any]] = [
    {},
    {"method": "markov", "seed": 3},
    {"horizon": 2_000, "confidence": 0.5},
    {"horizon": 2_000, "method": "markov"},
    {"fit_by": "who"},
    {"fit_by": ["who", "size"], "horizon": 5_000},
    {"fit_by": "size", "method": "markov", "columns": ["who"], "amount": "size"},
    {"train": (0, 15_000), "fit_by": "who"},
    {"where": {"size": ">=1"}, "horizon": (40_000, 41_999)},
]


def made_rows(seed: int, n_items: int = 900) -> pd.DataFrame:
    """Make items that move at random at times of any tick, so that hardly two visits are equally long."""
    random = Random(seed)
    rows = []
    for item in range(n_items):
        time = random.randrange(END)
        for number in range(random.randint(1, 5)):
            stage = random.choice(["New", "Offer", "Offer", "Demo", "Won", "Lost", "Gone"])
            who = random.choice(["a", "a", "b", None])
            rows.append((item, stage, time, who, random.randrange(2 + item % 2), random.random() < 0.05))
            if number and stage in ("Won", "Lost", "Gone"):
                break
            time += int(random.expovariate(1 / 3_000))
    return pd.DataFrame(rows, columns=["item", "stage", "time", "who", "size", "unsure"])


def log_of(rows: pd.DataFrame, end: Any = END + 100_000) -> sf.StageLog:
    return sf.StageLog(rows, columns=["who", "size"], start_unknown="unsure", observed_until=end)


def fitted(logs: list[sf.StageLog], pipeline: sf.Pipeline, **options: Any) -> SharedChances:
    asked = {name: value for name, value in options.items() if name in OF_FIT} | {"missing": "ignore"}
    parts = [counted_part(log, pipeline, {"fit": (FIT, asked)}, "exact", "keys") for log in logs]
    found = merge([Partial.from_bytes(part.to_bytes()) for part in parts]).tables["fit"]
    assert isinstance(found, SharedChances)
    return found


def listed(log: sf.StageLog, pipeline: sf.Pipeline, chances: SharedChances, **options: Any) -> pd.DataFrame:
    own = {name: value for name, value in options.items() if name not in FIT.at_the_end}
    with read_as_part():
        return listed_chances(log, pipeline, chances, **own, missing="ignore")


def assert_same_rows(logs: list[sf.StageLog], whole: sf.StageLog, **options: Any) -> None:
    chances = fitted(logs, PIPELINE, **options)
    found = pd.concat([listed(log, PIPELINE, chances, **options) for log in logs])
    expected = sf.win_probability(whole, PIPELINE, **options)
    assert len(expected) > 10
    assert expected["win"].notna().any()
    found, expected = (table.sort_values("item", ignore_index=True) for table in (found, expected))
    # A part without missing values has other types than one with some.
    assert_frame_equal(found, expected, check_exact=True, check_dtype=False, check_categorical=False)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_row_is_that_of_one_log(options: dict[str, Any]) -> None:
    rows = made_rows(len(str(options)))
    # Parts of different sizes: the last one has a single item.
    of_part = rows["item"].map(lambda item: 3 if item == 17 else min(item % 5, 2))
    logs = [log_of(own) for _, own in rows.groupby(of_part)]
    assert len(logs) == 4
    assert_same_rows(logs, log_of(rows), as_of=END, **options)


@pytest.mark.parametrize("horizon", [None, "3d"])
def test_working_hours_pass_alike_in_all_parts(horizon: str | None) -> None:
    rows = made_rows(5)
    rows["time"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(rows["time"], unit="min")
    logs = [log_of(own, "2027-01-01") for _, own in rows.groupby(rows["item"] % 3)]
    whole = log_of(rows, "2027-01-01")
    assert_same_rows(logs, whole, as_of="2026-01-28 12:00", calendar=WEEK, horizon=horizon, fit_by="size")


def six(items: list[int]) -> sf.StageLog:
    """Some of the deals of section 13 of the definitions."""
    rows = pd.DataFrame(
        {
            "item": [1, 1, 2, 2, 3, 3, 4, 4, 5, 6],
            "stage": ["Offer", "Won", "Offer", "Lost", "Offer", "Won", "Offer", "Lost", "Offer", "Offer"],
            "time": [0, 10, 0, 20, 0, 30, 0, 40, 35, 0],
        }
    )
    return sf.StageLog(rows[rows["item"].isin(items)], observed_until=50)


def test_the_example_of_the_definitions_in_two_parts() -> None:
    pipeline = sf.Pipeline("Offer", won="Won", lost="Lost")
    closed, open_ones = six([1, 3]), six([2, 4, 5, 6])
    chances = fitted([closed, open_ones], pipeline)
    assert listed(closed, pipeline, chances).empty
    table = listed(open_ones, pipeline, chances).sort_values("item")
    assert table["in_stage"].tolist() == [15, 50]
    assert table["win"].iloc[0] == pytest.approx(1 / 4)
    assert table["win_if_closed"].iloc[0] == pytest.approx(1 / 3)
    assert table["beyond_support"].tolist() == [False, True]


def test_rows_that_were_not_fitted_are_an_error() -> None:
    pipeline = sf.Pipeline("Offer", won="Won", lost="Lost")
    chances = fitted([six([1, 2, 3, 4, 5])], pipeline)
    with pytest.raises(sf.StageFunnelError, match="the rows are other ones than those that were fitted"):
        listed(six([5, 6]), pipeline, chances)
    rows = made_rows(2)
    of_a, of_b = (log_of(rows[rows["who"] == who]) for who in "ab")
    chances = fitted([of_a], PIPELINE, fit_by="who", as_of=END)
    with pytest.raises(sf.StageFunnelError, match="the rows are other ones than those that were fitted"):
        listed(of_b, PIPELINE, chances, fit_by="who", as_of=END)


def test_an_item_in_two_parts_is_an_error() -> None:
    pipeline = sf.Pipeline("Offer", won="Won", lost="Lost")
    with pytest.raises(sf.SchemaError, match="in more than one partial"):
        fitted([six([1, 2]), six([2, 3])], pipeline)
