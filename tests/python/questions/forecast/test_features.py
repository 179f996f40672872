"""Features are what was known at the moment, and labels what came by the end of the horizon."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from stagefunnel.questions.forecast import features

SHOP = sf.datasets.furniture_shop()
NAMES = {"item": "deal_id", "stage": "stage", "time": "entered_at"}
PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")


def shop(frame: pd.DataFrame | None = None, **options: Any) -> sf.StageLog:
    return sf.StageLog(SHOP.frame if frame is None else frame, **NAMES, items=SHOP.deals, **options)


def moments(n: int) -> list[pd.Timestamp]:
    times = SHOP.frame["entered_at"]
    return [times.quantile(share).normalize() for share in np.linspace(0.3, 0.98, n)]


def test_rows_are_those_of_open_items_and_the_item_table_then() -> None:
    at = moments(3)
    table = sf.item_features(SHOP.log, SHOP.pipeline, as_of=at, horizon="60d")
    assert table["moment"].nunique() == 3
    for moment, rows in table.groupby("moment"):
        own = rows.set_index("item")
        then = sf.open_items(SHOP.log, SHOP.pipeline, as_of=moment).set_index("item")
        facts = sf.item_table(SHOP.log, SHOP.pipeline, as_of=moment).set_index("item")
        assert set(own.index) == set(then.index)
        then, facts = then.loc[own.index], facts.loc[own.index]
        day = pd.Timedelta(days=1)
        assert own["in_stage"].to_numpy() == pytest.approx((then["in_stage"] / day).to_numpy())
        assert own["age"].to_numpy() == pytest.approx((then["age"] / day).to_numpy())
        assert own["stage"].astype(str).tolist() == then["stage"].astype(str).tolist()
        for name in ("visits", "back_moves", "skipped"):
            assert own[name].tolist() == facts[name].tolist()
        spent = own[[f"time_in_{stage}" for stage in SHOP.pipeline.stages]].sum(axis=1)
        # An item that was closed and worked on again was in no stage in progress for a while.
        was_closed = own.index.isin(_closed_before(moment))
        assert spent[~was_closed].to_numpy() == pytest.approx(own["age"][~was_closed].to_numpy())
        assert (spent[was_closed] < own["age"][was_closed]).all()
        visits = sf.visits(SHOP.log, SHOP.pipeline, as_of=moment)
        moves = visits[visits["visit"] > 1]
        for days in (7, 30, 90):
            late = moves[moves["entered"] >= moment - pd.Timedelta(days=days)].groupby("item").size()
            assert own[f"moves_{days}d"].tolist() == late.reindex(own.index, fill_value=0).tolist()


def _closed_before(moment: pd.Timestamp) -> "pd.Series[int]":
    closed = SHOP.frame["stage"].isin(["Won", "Lost"]) & (SHOP.frame["entered_at"] < moment)
    return SHOP.frame.loc[closed, "deal_id"]


def test_labels_are_the_outcomes_at_the_end_of_the_horizon_and_missing_where_the_log_ends_before() -> None:
    at = moments(4)
    table = sf.item_features(SHOP.log, SHOP.pipeline, as_of=at, horizon="45d")
    last = SHOP.frame["entered_at"].max()
    for moment, rows in table.groupby("moment"):
        end = moment + pd.Timedelta(days=45)
        if end > last:
            # Some are closed by the end of the log, and are missing like the others.
            assert rows["label"].isna().all()
            continue
        then = sf.item_table(SHOP.log, SHOP.pipeline, as_of=end).set_index("item")["outcome"]
        assert rows["label"].astype(str).tolist() == then.loc[rows["item"]].astype(str).tolist()
    assert table["label"].isna().any()
    assert table.attrs["stagefunnel"]["without_label"] == table["label"].isna().sum()


def test_nothing_that_happened_later_is_in_a_row() -> None:
    moment = moments(1)[0]
    frame = SHOP.frame.assign(note=np.arange(len(SHOP.frame)))
    options: dict[str, Any] = {"as_of": moment, "horizon": "30d", "columns": "note"}
    before = sf.item_features(shop(frame, columns=["note"]), SHOP.pipeline, **options)
    later = frame["entered_at"] >= moment
    changed = frame.copy()
    rng = np.random.default_rng(5)
    for name in ("stage", "deal_id", "note"):
        changed.loc[later, name] = rng.permutation(changed.loc[later, name].to_numpy())
    after = sf.item_features(shop(changed, columns=["note"]), SHOP.pipeline, **options)
    same = before.columns.drop("label")
    in_order = [one.sort_values("item").reset_index(drop=True) for one in (before[same], after[same])]
    pd.testing.assert_frame_equal(*in_order)
    assert not before.sort_values("item")["label"].equals(after.sort_values("item")["label"])


def test_columns_of_today_have_to_be_vouched_for() -> None:
    moment = moments(1)[0]
    with pytest.raises(sf.SchemaError, match=r"columns='manager' is a column of the items table.*static"):
        sf.item_features(shop(), SHOP.pipeline, as_of=moment, horizon="30d", columns="manager")
    table = sf.item_features(
        shop(), SHOP.pipeline, as_of=moment, horizon="30d", columns="manager", static="manager"
    )
    managers = SHOP.deals.set_index("deal_id")["manager"]
    assert table["manager"].tolist() == managers.loc[table["item"]].tolist()


def test_a_start_that_is_not_known_is_missing_and_the_rest_is_there() -> None:
    rows = {
        "item": [1, 1, 2],
        "stage": ["New", "Offer", "New"],
        "time": [0, 4, 2],
        "unknown": [True, False, False],
    }
    log = sf.StageLog(rows, start_unknown="unknown", observed_until=20)
    table = sf.item_features(log, PIPELINE, as_of=10, horizon=5, missing="ignore", windows=[7, 3])
    assert table["age"].isna().tolist() == [True, False]
    assert table["in_stage"].tolist() == [6.0, 8.0]
    assert table["time_in_New"].isna().tolist() == [True, False]
    assert table["moves_7"].tolist() == [1, 0]
    assert table["moves_3"].tolist() == [0, 0]
    assert table["label"].tolist() == ["open", "open"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"as_of": []}, r"as_of=\[\] has no moment"),
        ({"as_of": None}, "as_of= has None in place 0, which is no moment"),
        ({"as_of": [None, "2026-01-01"]}, "as_of= has None in place 0, which is no moment"),
        ({"as_of": "soon"}, "as_of='soon'"),
        ({"horizon": "0d"}, "horizon='0d' is not above 0"),
        ({"windows": "7d"}, "windows='7d' is not a list"),
        ({"windows": ["0d"]}, r"windows=\['0d'\] has a length that is not above 0"),
        ({"columns": "stage"}, "columns"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], says: str) -> None:
    right: dict[str, Any] = {"as_of": moments(1)[0], "horizon": "30d"}
    with pytest.raises(sf.StageFunnelError, match=says):
        sf.item_features(shop(), SHOP.pipeline, **right | options)


@examples(ci=10, night=100)
@given(seed=st.integers(0, 2**32))
def test_one_walk_says_what_was_known_at_each_moment_alone(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = int(random.integers(3, 120))
    rows = {
        "item": random.integers(0, 20, n),
        "stage": random.choice(["New", "Offer", "Terms", "Won", "Lost", "Other"], n),
        "time": random.integers(0, 60, n),
        "unknown": random.random(n) < 0.1,
        "note": random.choice(["a", "b", None], n),
        "number": np.arange(n),
    }
    log = sf.StageLog(rows, start_unknown="unknown", columns=["note", "number"], observed_until=60)
    pipeline = sf.Pipeline(["New", "Offer", "Terms"], won="Won", lost="Lost")
    options: dict[str, Any] = {
        "as_of": sorted({int(one) for one in random.integers(0, 60, 4)}),
        "horizon": int(random.integers(1, 20)),
        "columns": ["note", "number"],
        "windows": [3, 10],
        "unlisted": "ignore",
        "missing": "ignore",
    }
    walked = sf.item_features(log, pipeline, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "can_walk", lambda *_: False)
        alone = sf.item_features(log, pipeline, **options)
    pd.testing.assert_frame_equal(walked, alone, check_exact=True)
    assert walked.attrs == alone.attrs
