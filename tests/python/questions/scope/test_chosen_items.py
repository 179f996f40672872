"""What is kept of chosen items and of accounts: it answers as new, and does not keep the log."""

import gc
import weakref
from typing import Any

import numpy as np
import pandas as pd

import stagefunnel as sf
from helpers import assert_frame_equal

N = 4_000
PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
OTHERS = {
    "dated": PIPELINE.replace(since={"Offer": 20_000}),
    "optional": PIPELINE.replace(optional=["Offer"]),
    "two lost": sf.Pipeline(["New", "Offer"], won="Won", lost=["Lost", "Gone"]),
}


def rows_and_items() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make a log that is large enough for states: ``New``, some ``Offer``, and an end for some."""
    random = np.random.default_rng(20_261_130)
    item = np.repeat(np.arange(N), 3)
    stage = np.tile(["New", "Offer", "Won"], N)
    stage[2::3] = random.choice(["Won", "Lost", "Offer", "New"], N)
    time = np.repeat(random.integers(0, 40_000, N), 3) + np.tile([0, 300, 600], N)
    kept = np.ones(3 * N, dtype=bool)
    kept[1::3] = random.random(N) < 0.6
    rows = pd.DataFrame({"item": item, "stage": stage, "time": time})[kept]
    source = random.choice(["web", "fair", "call"], N)
    items = pd.DataFrame({"item": range(N), "source": source, "account": random.integers(0, 900, N)})
    return rows, items


ROWS, ITEMS = rows_and_items()


def fresh_log(source: Any = None) -> sf.StageLog:
    """Make a log of which nothing is kept yet, of the items of one source or of some where they are given."""
    sources = [source] if isinstance(source, str) else source
    items = ITEMS if source is None else ITEMS[ITEMS["source"].isin(sources)]
    rows = ROWS if source is None else ROWS[ROWS["item"].isin(items["item"])]
    return sf.StageLog(rows, items=items)


def test_a_filter_on_kept_states_answers_as_a_log_of_these_items():
    for pipeline in (PIPELINE, *OTHERS.values()):
        log = fresh_log()
        sf.funnel(log, pipeline, by="source")  # the states of all items are kept now
        for source in ("web", "fair"):
            alone = fresh_log(source)
            for kind in ("both", "furthest", "strict"):
                found = sf.funnel(log, pipeline, kind=kind, where={"source": source}, missing="ignore")
                assert_frame_equal(found, sf.funnel(alone, pipeline, kind=kind, missing="ignore"))
            found = sf.skips(log, pipeline, by=None, where={"source": source}, missing="ignore")
            assert_frame_equal(found, sf.skips(alone, pipeline, by=None, missing="ignore"))


def test_a_filter_of_most_items_on_a_fresh_log_answers_as_a_log_of_these_items():
    sources = ["web", "fair"]  # two thirds of the items: they are counted while all are
    alone = fresh_log(sources)
    for pipeline in (PIPELINE, *OTHERS.values()):
        log = fresh_log()
        for where in ({"source": sources}, {"source": ["fair", "call"]}):  # the second one finds kept states
            for options in ({}, {"kind": "furthest"}, {"by": "source"}, {"unit": "account"}):
                own = alone if where["source"] == sources else fresh_log(["fair", "call"])
                found = sf.funnel(log, pipeline, where=where, missing="ignore", **options)
                expected = sf.funnel(own, pipeline, missing="ignore", **options)
                assert_frame_equal(found, expected)
        whole, fresh = (sf.funnel(one, pipeline, missing="ignore") for one in (log, fresh_log()))
        assert_frame_equal(whole, fresh)  # the counts of the whole log that were kept beside the others


def test_an_item_without_a_row_in_the_table_has_no_value():
    log = sf.StageLog(ROWS, items=ITEMS.iloc[1:])  # the first item has none; the first row has a source
    known = ROWS[ROWS["item"] > 0]
    for missing_too in (False, True):
        where = {"source": ["web", "fair", "call", *([None] if missing_too else [])]}
        found = sf.funnel(log, PIPELINE, where=where)
        assert_frame_equal(found, sf.funnel(sf.StageLog(ROWS if missing_too else known), PIPELINE))


def test_accounts_answer_as_new_when_they_are_asked_again():
    log = fresh_log()
    for _ in range(2):
        for pipeline in (PIPELINE, *OTHERS.values()):
            for kind in ("both", "furthest", "strict"):
                again = sf.funnel(log, pipeline, kind=kind, unit="account", missing="ignore")
                new = sf.funnel(fresh_log(), pipeline, kind=kind, unit="account", missing="ignore")
                assert_frame_equal(again, new)
            grouped = sf.funnel(log, pipeline, unit="account", by="source", missing="ignore")
            whole = sf.funnel(log, pipeline, unit="account", missing="ignore")
            sums = grouped.groupby("stage", observed=True, sort=False)[["passed", "skipped", "open_at"]].sum()
            assert sums.to_numpy().tolist() == whole[["passed", "skipped", "open_at"]].to_numpy().tolist()


def test_what_is_kept_does_not_keep_the_log():
    log = fresh_log()
    sf.funnel(log, PIPELINE, where={"source": "web"})
    sf.funnel(log, PIPELINE, unit="account")
    sf.time_in_stage(log, PIPELINE, where={"source": "fair"})
    inside = weakref.ref(log._data)
    gc.disable()
    try:
        del log
        assert inside() is None
    finally:
        gc.enable()
