"""Groups compared step by step: by hand, against the slow way, and what must hold for any groups."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, frame_of, journeys_log, pipeline_of
from stagefunnel.questions.stats.adjusting import adjusted, surely_below
from stagefunnel.questions.stats.comparisons import score_tests
from strategies import Case, cases

COLUMNS = [
    *("stage", "n_a", "n_b", "conversion_a", "conversion_b", "difference", "difference_low"),
    *("difference_high", "p_value", "p_adjusted", "ratio", "ratio_low", "ratio_high"),
]
ANN = ["New > Offer > Won"] * 58 + ["New > Offer > Lost"] * 42
BOB = ["New > Offer > Won"] * 41 + ["New > Offer > Lost"] * 59 + ["New > Lost"] * 5


def log_of(paths: dict[str, list[str]], **more: Any) -> sf.StageLog:
    pairs = [(manager, path) for manager, own in paths.items() for path in own]
    items = {"item": list(range(1, len(pairs) + 1)), "manager": [manager for manager, _ in pairs], **more}
    return journeys_log(*[path for _, path in pairs], items=items)


def of_managers(paths: dict[str, list[str]], **options: Any) -> pd.DataFrame:
    return sf.compare_groups(log_of(paths), SMALL, **{"by": "manager", **options})


def test_two_managers_by_hand() -> None:
    """Of Ann's 100 deals all got an offer and 58 were won; of Bob's 105 there were 100 offers, 41 won."""
    table = of_managers({"Ann": ANN, "Bob": BOB}, a="Ann")
    assert list(table.columns) == COLUMNS
    assert table["stage"].tolist() == ["Offer", "Won"]
    assert table[["n_a", "n_b"]].to_numpy().tolist() == [[100, 105], [100, 100]]
    assert table["conversion_a"].tolist() == [1, 0.58]
    assert table["conversion_b"].tolist() == [100 / 105, 0.41]
    assert table["difference"].tolist() == pytest.approx([5 / 105, 0.17])
    # The score test of 58 and 41 of 100: z = 0.17 / √(.495 × .505 × 2/100).
    z = 0.17 / math.sqrt(0.495 * 0.505 * 0.02)
    p_won = math.erfc(z / math.sqrt(2))
    pooled = 200 / 205
    p_offer = math.erfc(5 / 105 / math.sqrt(pooled * (1 - pooled) * (1 / 100 + 1 / 105) * 2))
    assert table["p_value"].tolist() == pytest.approx([p_offer, p_won])
    assert table["p_adjusted"].tolist() == pytest.approx([max(2 * p_won, p_offer), 2 * p_won])
    alone = sf.stats.compare_proportions([100, 58], [100, 100], [100, 41], [105, 100])
    assert table["difference_low"].tolist() == alone["low"].tolist()
    assert table["difference_high"].tolist() == alone["high"].tolist()
    assert table["ratio_high"].tolist() == alone["ratio_high"].tolist()


def test_the_global_test_is_the_sum_of_the_steps() -> None:
    """G² of the furthest stages: New, Offer and won of Ann 0, 42 and 58, of Bob 5, 59 and 41."""
    found = of_managers({"Ann": ANN, "Bob": BOB}, a="Ann").attrs["stagefunnel"]["global_test"]
    from scipy.stats import chi2_contingency

    expected = chi2_contingency([[0, 42, 58], [5, 59, 41]], correction=False, lambda_="log-likelihood")
    assert found["statistic"] == pytest.approx(expected.statistic)
    assert found["df"] == 2
    assert found["p_value"] == pytest.approx(expected.pvalue)
    steps = 0.0
    for table in ([[100, 0], [100, 5]], [[58, 42], [41, 59]]):
        steps += chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert found["statistic"] == pytest.approx(steps)


def test_of_two_groups_the_sentence_is_said_once() -> None:
    """170 of 200 and 110 of 200 are won: what is more of Ann is fewer of Bob."""
    won, lost = ["New > Offer > Won"], ["New > Offer > Lost"]
    table = of_managers({"Ann": won * 170 + lost * 30, "Bob": won * 110 + lost * 90})
    text = str(sf.show(table))
    assert text.count("of the items that got to Offer") == 1
    three = of_managers({"Ann": won * 170 + lost * 30, "Bob": won * 110 + lost * 90, "Cid": won * 9})
    assert str(sf.show(three)).count("of the items that got to Offer") == 2


def test_every_group_is_compared_with_the_rest_and_two_are_one_comparison() -> None:
    both = of_managers({"Ann": ANN, "Bob": BOB})
    assert list(both.columns) == ["manager", *COLUMNS]
    ann, bob = (both[both["manager"] == name].reset_index(drop=True) for name in ("Ann", "Bob"))
    assert ann["difference"].tolist() == pytest.approx((-bob["difference"]).tolist())
    assert ann["difference_low"].tolist() == pytest.approx((-bob["difference_high"]).tolist())
    assert ann["p_value"].tolist() == pytest.approx(bob["p_value"].tolist())
    alone = of_managers({"Ann": ANN, "Bob": BOB}, a="Ann", b="Bob")
    names = [name for name in COLUMNS if name not in ("stage", "p_adjusted")]
    pd.testing.assert_frame_equal(ann[names], alone[names])
    assert both["p_adjusted"].tolist() == pytest.approx(sf.stats.adjust_p_values(both["p_value"]).tolist())


def test_bh_is_taken_on_request() -> None:
    table = of_managers({"Ann": ANN, "Bob": BOB}, adjust="bh")
    expected = sf.stats.adjust_p_values(table["p_value"], "bh")
    assert table["p_adjusted"].tolist() == pytest.approx(expected.tolist())


def test_a_side_without_items_is_missing_and_not_zero() -> None:
    table = of_managers({"Ann": ["New > Lost"] * 3, "Bob": BOB}, a="Ann")
    assert table["n_a"].tolist() == [3, 0]
    assert math.isnan(table["conversion_a"][1])
    assert table.loc[1, COLUMNS[5:]].isna().all()
    assert of_managers({"Ann": ANN}).loc[:, ["conversion_b", "p_value"]].isna().all(axis=None)


def test_won_stages_count_together_and_each_item_once() -> None:
    pipeline = sf.Pipeline(["New", "Offer"], won=["Signed", "Paid"], lost="Lost", names={"Paid": "Paid up"})
    log = journeys_log(
        *("New > Offer > Signed > Paid", "New > Offer > Paid", "New > Offer > Lost", "New > Offer > Signed"),
        items={"item": [1, 2, 3, 4], "manager": [*"AABB"]},
    )
    table = sf.compare_groups(log, pipeline, by="manager", a="A", b="B")
    assert len(table) == 2
    assert table["conversion_a"].tolist() == [1, 1]
    assert table["conversion_b"].tolist() == [1, 0.5]


def test_optional_stages_are_passed_over() -> None:
    pipeline = sf.Pipeline(["New", "Demo", "Offer"], won="Won", lost="Lost", optional="Demo")
    log = journeys_log(
        *("New > Demo > Offer > Won", "New > Offer > Lost", "New > Demo > Lost"),
        items={"item": [1, 2, 3], "manager": [*"AAB"]},
    )
    table = sf.compare_groups(log, pipeline, by="manager", a="A")
    assert table["stage"].tolist() == ["Offer", "Won"]
    assert "Demo is optional or has dates, and is passed over." in str(sf.show(table))


def test_sentences_name_what_is_clear_and_nothing_else() -> None:
    text = str(sf.show(of_managers({"Ann": ANN * 2, "Bob": BOB * 2}, a="Ann"))).replace("\xa0", " ")
    assert "Ann wins more of the items that got to Offer than the other managers: 58% against 41%" in text
    assert "(+17 points, +7 to +26)" in text
    noise = str(sf.show(of_managers({"Ann": ANN[30:70], "Bob": ANN[28:72]})))
    assert "No step shows a clear difference." in noise
    named = str(sf.show(of_managers({"Ann": ANN * 2, "Bob": BOB * 2}, a="Ann", b="Bob")))
    assert "than Bob: " in named


def test_groups_of_unlike_age_say_so_first() -> None:
    table = of_managers({"Ann": [*ANN, *["New > Offer"] * 100], "Bob": BOB * 2}, a="Ann")
    below = str(sf.show(table)).splitlines()
    first = next(at for at, line in enumerate(below) if "Not alike in age" in line)
    assert any("Ann" in line and " than " in line for line in below[first + 1 :])


def test_a_filtered_table_has_no_sentence() -> None:
    table = of_managers({"Ann": ANN, "Bob": BOB})
    assert "clear" not in str(sf.show(table[table["manager"] == "Ann"]))


def test_groups_at_the_stages_share_items_and_have_no_bounds() -> None:
    log = sf.StageLog(
        {"item": [1, 1, 2, 2], "stage": ["New", "Offer"] * 2, "time": [0, 1, 0, 1], "who": [*"ABAA"]},
        columns="who",
    )
    table = sf.compare_groups(log, SMALL, by="who", at="stage", missing="ignore")
    assert table[["difference_low", "p_value", "p_adjusted", "ratio_low"]].isna().all(axis=None)
    assert "share items" in str(sf.show(table))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"a": "Anne"}, "did you mean 'Ann'"),
        ({"b": "Bob"}, "to look at"),
        ({"a": "Ann", "b": "Ann"}, "name another one"),
        ({"a": ("Ann", "x")}, "give one for each"),
        ({"adjust": "none"}, "adjust"),
        ({"confidence": 95}, "confidence"),
        ({"by": None}, "by"),
    ],
)
def test_what_cannot_be_compared_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text):
        of_managers({"Ann": ANN, "Bob": BOB}, **options)


def test_groups_of_two_columns_and_of_numbers() -> None:
    log = log_of({"Ann": ANN, "Bob": BOB}, year=[2025, 2026] * 102 + [2025])
    table = sf.compare_groups(log, SMALL, by=["manager", "year"], a=("Ann", 2025))
    assert table["n_a"].tolist() == [50, 50]
    assert sf.compare_groups(log, SMALL, by="year", a="2025")["n_a"][0] == 103


def test_a_period_takes_the_items_created_in_it() -> None:
    days = pd.to_datetime(["2026-01-05", "2026-02-20", "2026-02-03", "2026-02-12", "2026-02-20"])
    rows = {"item": [1, 1, 2, 3, 3], "stage": ["New", "Offer", "New", "New", "Offer"], "time": days}
    log = sf.StageLog(rows, items=pd.DataFrame({"item": [1, 2, 3], "team": [*"ABA"]}))
    options: dict[str, Any] = {"by": "team", "a": "A", "missing": "ignore", "period": "2026-02"}
    assert sf.compare_groups(log, SMALL, **options)["n_a"][0] == 1
    assert sf.compare_groups(log, SMALL, basis="active", **options)["n_a"][0] == 2
    assert sf.compare_groups(log, SMALL, basis="active", **options)["difference"].notna()[0]


@given(case=cases(), data=st.data())
def test_counts_are_those_of_the_furthest_funnels(case: Case, data: st.DataObject) -> None:
    pipeline = pipeline_of(case.pipeline)
    keys = sorted({row[0] for row in case.rows})
    teams = {key: data.draw(st.sampled_from("xyz")) for key in keys}
    items = pd.DataFrame({"item": keys, "team": [teams[key] for key in keys]})
    log = sf.StageLog(frame_of(case.rows), items=items)
    table = sf.compare_groups(log, pipeline, by="team", missing="ignore", unlisted="ignore")
    plain = [*case.pipeline.stages]
    for team in table["team"].unique():
        own = table[table["team"] == team]
        for side, kept in (("a", [team]), ("b", [one for one in "xyz" if one != team])):
            rows = [row for row in case.rows if teams[row[0]] in kept]
            counts = reference.funnel(rows, case.pipeline, kind="furthest").set_index("stage")["reached"]
            before = [counts[stage] for stage in plain]
            n_steps = len(plain) - (not case.pipeline.won)
            assert own[f"n_{side}"].tolist() == before[:n_steps]
            got = (own[f"conversion_{side}"] * own[f"n_{side}"]).fillna(0).round().astype(int).tolist()
            assert got[: len(plain) - 1] == before[1:]


def test_thirty_equal_managers_name_one_in_at_most_one_run_of_twenty() -> None:
    """Each of 100 seeded runs draws 30 managers who sell alike, with 30 deals each or so."""
    random = np.random.default_rng(26)
    alarms, n_runs, n_items = 0, 100, 900
    stages = np.array(["New", "Offer", "Won"])
    for _ in range(n_runs):
        depth = (random.random(n_items) < 0.6).astype(int)
        depth += (depth == 1) & (random.random(n_items) < 0.4)
        item = np.repeat(np.arange(n_items), depth + 1)
        place = np.concatenate([np.arange(one + 1) for one in depth])
        items = pd.DataFrame({"item": np.arange(n_items), "manager": random.integers(0, 30, n_items)})
        log = sf.StageLog({"item": item, "stage": stages[place], "time": place}, items=items)
        text = str(sf.show(sf.compare_groups(log, SMALL, by="manager", missing="ignore")))
        alarms += "than the other managers" in text
    assert alarms <= 0.05 * n_runs


def test_thirty_equal_managers_of_a_hundred_deals_name_one_in_at_most_one_run_of_twenty() -> None:
    """Holm's method on the score test alone names one more often where a step is seldom taken."""
    random = np.random.default_rng(2026)
    n_runs, alarms = 1500, 0
    for _ in range(n_runs):
        reached = [random.integers(100, 200, 30)]
        for chance in (0.97, 0.5, 0.04):
            reached.append(random.binomial(reached[-1], chance))
        mine = np.array(reached).T
        rest = mine.sum(axis=0) - mine
        n_a, k_a, n_b, k_b = (
            one.reshape(-1) for one in (mine[:, :-1], mine[:, 1:], rest[:, :-1], rest[:, 1:])
        )
        p_values = score_tests(*(one.astype(float) for one in (k_a, n_a, k_b, n_b)))
        named = surely_below(p_values, (k_a, n_a, k_b, n_b), 0.05, "holm")
        alarms += bool((named & (n_a >= 30)).any())
        assert not (named & ~(adjusted(p_values, "holm") < 0.05)).any()
    assert alarms <= 0.05 * n_runs


def test_what_is_no_chance_is_still_named() -> None:
    """Of 30 managers one wins 60% of 150 deals, the others 40%: a difference of 5 errors."""
    counts = np.array([90, *[60] * 29]), np.full(30, 150)
    rest = counts[0].sum() - counts[0], counts[1].sum() - counts[1]
    p_values = score_tests(*(one.astype(float) for one in (*counts, *rest)))
    for method in ("holm", "bh", "bonferroni"):
        named = surely_below(p_values, (*counts, *rest), 0.05, method)
        assert named.tolist() == [True, *[False] * 29]


def test_items_that_are_too_recent_are_left_out_and_counted() -> None:
    rows = {"item": [1, 1, 2, 3], "stage": ["New", "Offer", "New", "New"], "time": [0, 2, 0, 9]}
    items = pd.DataFrame({"item": [1, 2, 3], "team": [*"ABA"]})
    log = sf.StageLog(rows, items=items, observed_until=10)
    table = sf.compare_groups(log, SMALL, by="team", a="A", within=5, missing="ignore")
    assert table[["n_a", "n_b"]].iloc[0].tolist() == [1, 1]
    assert "1 item is too recent to be followed for 5, and left out." in str(sf.show(table))
