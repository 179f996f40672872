"""Tests of order and homogeneity, against SciPy's on tables that are made by hand."""

from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import stagefunnel as sf
from examples import examples

STAGES = ["New", "Offer", "Terms"]
PIPELINE = sf.Pipeline(STAGES, won="Won", lost="Lost")


def log_of(paths: list[list[str]], groups: list[str] | None = None) -> sf.StageLog:
    rows = [(item, stage, time) for item, path in enumerate(paths) for time, stage in enumerate(path)]
    columns: dict[str, Any] = dict(
        zip(("item", "stage", "time"), map(list, zip(*rows, strict=True)), strict=True)
    )
    items = None if groups is None else pd.DataFrame({"item": range(len(paths)), "group": groups})
    return sf.StageLog(columns, items=items)


def test_where_a_deal_came_from_may_say_where_it_goes() -> None:
    # Of 40 in Offer 20 came from New, and 15 of these are won; 20 began there, and 5 are won.
    paths = [["New", "Offer", "Won"]] * 15 + [["New", "Offer", "Lost"]] * 5
    paths += [["Offer", "Won"]] * 5 + [["Offer", "Lost"]] * 15
    table = sf.markov_check(log_of(paths), PIPELINE, missing="ignore").set_index("stage")
    offer = table.loc["Offer"]
    # χ² of 15, 5 and 5, 15: 4 × 5² / 10.
    assert offer["pearson"] == pytest.approx(10)
    assert (offer["n"], offer["df"], offer["few_expected"]) == (40, 1, 0)
    assert offer["statistic"] == pytest.approx(2 * (30 * np.log(1.5) + 10 * np.log(0.5)))
    assert offer["p_value"] == pytest.approx(stats.chi2.sf(offer["statistic"], 1))
    # All came to New as they began, and all went on to Offer: there is nothing to compare.
    assert table.loc["New", "df"] == 0
    assert np.isnan(table.loc["New", "p_value"])


@examples(ci=30, night=150)
@given(seed=st.integers(0, 2**32))
def test_random_paths_agree_with_contingency_tables(seed: int) -> None:
    random = Random(seed)
    paths = [path(random) for _ in range(random.randrange(3, 40))]
    groups = [random.choice("ABC") for _ in paths]
    table = sf.markov_check(log_of(paths, groups), PIPELINE, by="group", missing="ignore")
    for name in ("order", "homogeneity"):
        own = table[table["test"] == name]
        totals = np.zeros(3)
        for stage in STAGES:
            pairs = [
                (path[at - 1] if at and name == "order" else "" if name == "order" else group, path[at + 1])
                for path, group in zip(paths, groups, strict=True)
                for at in range(len(path) - 1)
                if path[at] == stage
            ]
            row = own[own["stage"] == stage].iloc[0]
            assert row["n"] == len(pairs)
            counts = pd.crosstab(*np.array(pairs).T) if pairs else pd.DataFrame()
            if min(counts.shape, default=0) < 2:
                assert row["df"] == 0
                continue
            right = stats.chi2_contingency(counts, correction=False, lambda_="log-likelihood")
            pearson = stats.chi2_contingency(counts, correction=False)
            assert row["statistic"] == pytest.approx(right.statistic, abs=1e-9)
            assert row["pearson"] == pytest.approx(pearson.statistic, abs=1e-9)
            assert row["df"] == right.dof
            assert row["p_value"] == pytest.approx(right.pvalue, abs=1e-9)
            assert row["few_expected"] == pytest.approx((right.expected_freq < 5).mean())
            totals += [right.statistic, pearson.statistic, right.dof]
        together = own[own["stage"].isna()].iloc[0]
        assert [together["statistic"], together["pearson"], together["df"]] == pytest.approx(
            totals.tolist(), abs=1e-9
        )


def path(random: Random) -> list[str]:
    own = [random.choice(STAGES)]
    while own[-1] in STAGES and random.random() < 0.8:
        own.append(random.choice([stage for stage in (*STAGES, "Won", "Lost") if stage != own[-1]]))
    return own
