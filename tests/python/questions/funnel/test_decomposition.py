"""Which step made a difference and whether the mix did, over a log: by hand, and what must add up."""

import math
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import SMALL, frame_of, journeys_log, pipeline_of
from strategies import Case, cases

NOW = ["New > Offer > Won"] * 20 + ["New > Offer > Lost"] * 30 + ["New > Lost"] * 50
THEN = ["New > Offer > Won"] * 12 + ["New > Offer > Lost"] * 8 + ["New > Lost"] * 60


def log_of(paths: dict[str, list[str]], **more: Any) -> sf.StageLog:
    pairs = [(who, path) for who, own in paths.items() for path in own]
    items = {"item": list(range(1, len(pairs) + 1)), "who": [who for who, _ in pairs], **more}
    return journeys_log(*[path for _, path in pairs], items=items)


def test_two_steps_by_hand() -> None:
    """100 → 50 → 20 against 80 → 20 → 12: +12.5 points by the offer, −7.5 by the win, as over arrays."""
    table = sf.decompose(log_of({"Ann": NOW, "Bob": THEN}), SMALL, by="who", a="Ann", b="Bob")
    assert list(table.columns) == ["stage", "conversion_a", "conversion_b", "effect", "effect_se", "share"]
    assert table["stage"].tolist() == ["New", "Offer", "Won"]
    assert table["conversion_a"].tolist() == [1, 0.5, 0.4]
    assert table["conversion_b"].tolist() == [1, 0.25, 0.6]
    assert table["effect"].tolist() == pytest.approx([0, 0.125, -0.075])
    assert table["share"].tolist() == pytest.approx([0, 2.5, -1.5])
    alone = sf.stats.shapley([100, 100, 50, 20], [80, 80, 20, 12])
    assert table["effect_se"].tolist() == pytest.approx(alone["se"].tolist())
    rest = sf.decompose(log_of({"Ann": NOW, "Bob": THEN}), SMALL, by="who", a="Ann", b=None)
    pd.testing.assert_frame_equal(rest, table)
    text = str(sf.show(table)).replace("\xa0", " ")
    # 20 of 100 against 12 of 80: p = 0.38.
    assert "Ever won: 20% in Ann, 15% in Bob (+5 points), which may be chance." in text
    assert "The step to Offer made the largest part of it: +12 points." in text
    assert "The step to Won works against it: -7 points" in text


def test_steps_that_cancel_each_other_did_not_make_the_difference() -> None:
    """100 → 50 → 30 against 100 → 60 → 29: 10 points less get an offer, of which more are won."""
    now = ["New > Offer > Won"] * 30 + ["New > Offer > Lost"] * 20 + ["New > Lost"] * 50
    then = ["New > Offer > Won"] * 29 + ["New > Offer > Lost"] * 31 + ["New > Lost"] * 40
    text = str(sf.show(sf.decompose(log_of({"Ann": now, "Bob": then}), SMALL, by="who", a="Ann", b="Bob")))
    assert "(+1 point), which may be chance." in text
    assert "The steps work against each other: the step to Won +6 points, which may be chance; " in text
    assert "the step to Offer -5 points, which may be chance." in text


def test_of_few_items_everything_may_be_chance() -> None:
    """Both of Ann's deals got an offer and none of Bob's: of 0 and 1 the binomial spread is 0."""
    few = log_of({"Ann": ["New > Offer > Won"] * 2, "Bob": ["New > Lost"] * 2})
    text = str(sf.show(sf.decompose(few, SMALL, by="who", a="Ann", b="Bob")))
    assert "The step to Offer made the largest part of it: +100 points, which may be chance." in text


def test_what_is_clear_is_not_called_chance() -> None:
    """300 of 1,000 against 200 of 1,000; the step to Offer alone differs."""
    now = ["New > Offer > Won"] * 300 + ["New > Offer > Lost"] * 300 + ["New > Lost"] * 400
    then = ["New > Offer > Won"] * 200 + ["New > Offer > Lost"] * 200 + ["New > Lost"] * 600
    text = str(sf.show(sf.decompose(log_of({"Ann": now, "Bob": then}), SMALL, by="who", a="Ann", b="Bob")))
    assert "Ever won: 30% in Ann, 20% in Bob (+10 points)." in text
    assert "The step to Offer made the largest part of it: +10 points." in text
    assert "against it" not in text


def dated(stages: str, day: str, item: int) -> list[tuple[int, str, pd.Timestamp]]:
    start = pd.Timestamp(day)
    return [(item, name, start + pd.Timedelta(days=at)) for at, name in enumerate(stages.split(" > "))]


def test_without_groups_the_sides_are_periods() -> None:
    paths = [("2026-01-31", "New > Offer > Won"), ("2026-01-02", "New > Lost"), ("2026-02-03", "New > Offer")]
    rows = [row for item, (day, path) in enumerate(paths) for row in dated(path, day, item)]
    log = sf.StageLog(frame_of(rows))
    table = sf.decompose(log, SMALL, a="2026-02", b="2026-01", missing="ignore")
    assert table["conversion_a"].tolist() == [1, 1, 0]
    assert table["conversion_b"].tolist() == [1, 0.5, 1]
    assert table["effect"].sum() == pytest.approx(0 - 0.5)
    assert table.attrs["stagefunnel"]["sides"] == ["2026-02", "2026-01"]
    # The first is still open in February, and so on both sides of what is active.
    active = sf.decompose(log, SMALL, a="2026-02", b="2026-01", basis="active", missing="ignore")
    assert active["effect_se"].isna().all()
    assert active.attrs["stagefunnel"]["shared_items"] == 1
    assert "1 item is on both sides" in str(sf.show(active))
    closed = sf.decompose(log, SMALL, a="2026-02", b="2026-01", basis="closed", missing="ignore")
    assert closed["effect"].sum() == pytest.approx(1)


WEB, FAIR = ["New > Won"] * 4 + ["New > Lost"] * 16, ["New > Won"] * 3 + ["New > Lost"] * 2


def test_a_mix_by_hand() -> None:
    """Ann has 80 of the web and 20 of fairs, Bob 20 and 80; won are 20% of the web and 60% of fairs."""
    paths = {"Ann": WEB * 4 + FAIR * 4, "Bob": WEB + FAIR * 16}
    source = ["web"] * 80 + ["fair"] * 20 + ["web"] * 20 + ["fair"] * 80
    log = log_of(paths, source=source)
    table = sf.mix_rate(log, SMALL, mix="source", by="who", a="Ann", b="Bob", missing="ignore")
    assert list(table.columns) == ["group", "share_a", "share_b", "rate_a", "rate_b", "mix", "rate"]
    assert table["group"].tolist() == ["fair", "web"]
    few = log_of({"Ann": WEB, "Bob": FAIR * 2}, amount=[*"x" * 20, *"y" * 10])
    chance = sf.mix_rate(few, SMALL, mix="amount", by="who", a="Ann", b="Bob", missing="ignore")
    assert chance["group"].tolist() == ["x", "y"]  # no name of a column of the result
    assert "(-40 points)." in str(sf.show(chance))  # 4 of 20 against 6 of 10: z = 2.19
    few = log_of({"Ann": WEB, "Bob": FAIR}, source=["x"] * 25)
    chance = sf.mix_rate(few, SMALL, mix="source", by="who", a="Ann", b="Bob", missing="ignore")
    assert "(-40 points), which may be chance." in str(sf.show(chance))  # 4 of 20 against 3 of 5: z = 1.79
    assert table["share_a"].tolist() == [0.2, 0.8]
    assert table["rate_a"].tolist() == pytest.approx([0.6, 0.2])
    assert table["mix"].tolist() == pytest.approx([-0.12, -0.12])
    assert table["rate"].tolist() == pytest.approx([0, 0])
    text = str(sf.show(table)).replace("\xa0", " ")
    assert "Won of all: 28% in Ann, 52% in Bob (-24 points)." in text
    assert "Which items came accounts for -24 points of it" in text
    folded = sf.mix_rate(log, SMALL, mix="source", by="who", a="Ann", b=None, top=1, missing="ignore")
    assert folded["group"].tolist() == ["fair", "other (1 group)"]


def test_a_reversal_is_flagged() -> None:
    """Ann is better with each source, 30% and 70% against 20% and 60%; in all 34% and 52%."""
    ann = ["New > Won"] * 27 + ["New > Lost"] * 63 + ["New > Won"] * 7 + ["New > Lost"] * 3
    bob = ["New > Won"] * 4 + ["New > Lost"] * 16 + ["New > Won"] * 48 + ["New > Lost"] * 32
    source = ["web"] * 90 + ["fair"] * 10 + ["web"] * 20 + ["fair"] * 80
    log = log_of({"Ann": ann, "Bob": bob}, source=source)
    table = sf.mix_rate(log, SMALL, mix="source", by="who", a="Ann", b=None, missing="ignore")
    assert (table["rate"] > 0).all()
    assert table[["mix", "rate"]].sum().sum() == pytest.approx(0.34 - 0.52)
    text = str(sf.show(table))
    assert "Simpson's reversal: no group has a lower rate in Ann than in the rest" in text


def test_a_rate_may_be_of_items_that_got_to_a_stage() -> None:
    log = log_of({"Ann": NOW, "Bob": THEN}, source=["web"] * 180)
    table = sf.mix_rate(log, SMALL, mix="source", by="who", a="Ann", b=None, stage="Offer")
    assert table[["rate_a", "rate_b"]].to_numpy().tolist() == [[0.5, 0.25]]
    assert table["rate"].tolist() == pytest.approx([0.25])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"a": (0, 5)}, "b.* is missing"),
        ({}, "a.* is missing"),
        ({"by": "who"}, "a.* is missing"),
        ({"by": "who", "a": "Cid"}, "not a group"),
        ({"by": "who", "a": "Ann", "b": "Ann"}, "name another one"),
        ({"by": "who", "a": "Ann", "at": "stage"}, "stage"),
    ],
)
def test_what_has_no_two_sides_is_refused(options: dict[str, Any], text: str) -> None:
    log = log_of({"Ann": NOW, "Bob": THEN})
    with pytest.raises(sf.SchemaError, match=text):
        sf.decompose(log, SMALL, **{"a": None, "b": None, **options})
    with pytest.raises(sf.SchemaError, match=text):
        sf.mix_rate(log, SMALL, mix="outcome", **{"a": None, "b": None, **options})


def test_the_mix_is_not_what_the_sides_are_made_of() -> None:
    log = log_of({"Ann": NOW, "Bob": THEN})
    with pytest.raises(sf.SchemaError, match="another column"):
        sf.mix_rate(log, SMALL, mix="who", by="who", a="Ann", b=None)
    with pytest.raises(sf.SchemaError, match="stage"):
        sf.mix_rate(log, SMALL, mix="outcome", by="who", a="Ann", b=None, stage="Gone")


def test_a_side_without_items_leaves_nothing_to_split() -> None:
    days = pd.to_datetime(["2026-01-05", "2026-01-09"])
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Offer"], "time": days})
    table = sf.decompose(log, SMALL, a="2026-03", b="2026-01", missing="ignore")
    assert table[["effect", "effect_se", "share"]].isna().all(axis=None)
    assert "nothing to split" in str(sf.show(table))


@given(case=cases(), data=st.data())
def test_both_add_up_to_the_difference_that_is_counted(case: Case, data: st.DataObject) -> None:
    keys = sorted({row[0] for row in case.rows})
    side = {key: data.draw(st.sampled_from("ab")) for key in keys}
    if len(set(side.values())) < 2:
        return
    items = {"item": keys, "side": [side[key] for key in keys]}
    items["sort"] = [data.draw(st.sampled_from("xyz")) for _ in keys]
    log = sf.StageLog(frame_of(case.rows), items=pd.DataFrame(items))
    options: dict[str, Any] = {"missing": "ignore", "unlisted": "ignore", "by": "side", "a": "a", "b": "b"}
    pipeline = pipeline_of(case.pipeline)
    ever, now = [], []
    for name in "ab":
        rows = [row for row in case.rows if side[row[0]] == name]
        table = reference.funnel(rows, case.pipeline, kind="furthest", unlisted="ignore")
        if not len(table) or not table["base"].iloc[0]:
            return
        stands = sf.outcomes(log, pipeline, where={"side": name}, missing="ignore", unlisted="ignore").iloc[0]
        now.append(stands["won"] / stands["base"])
        counts = table.set_index("stage")
        last = counts.loc[case.pipeline.won[0] if case.pipeline.won else case.pipeline.stages[-1]]
        ever.append(last["reached"] / last["base"])
    parts = sf.mix_rate(log, pipeline, mix="sort", **options)
    assert parts[["mix", "rate"]].sum().sum() == pytest.approx(now[0] - now[1], abs=1e-12)
    steps = sf.decompose(log, pipeline, **options)
    if len(case.pipeline.won) < 2:
        assert steps["effect"].sum() == pytest.approx(ever[0] - ever[1], abs=1e-12)
    assert math.isfinite(steps["effect"].sum())


def test_two_periods_have_bounds_where_they_share_no_item() -> None:
    """Of February's 3 deals 2 got an offer, of January's 4 one did."""
    paths = [*[("2026-02-03", "New > Offer")] * 2, ("2026-02-05", "New > Lost")]
    paths += [
        ("2026-01-03", "New > Offer > Lost"),
        *[("2026-01-05", "New > Lost")] * 2,
        ("2026-01-28", "New"),
    ]
    rows = [row for item, (day, path) in enumerate(paths) for row in dated(path, day, item)]
    log = sf.StageLog(frame_of(rows))
    options: dict[str, Any] = {"missing": "ignore", "kind": "furthest"}
    plain = sf.compare_periods(log, SMALL, "2026-02", basis="created", **options)
    table = sf.compare_periods(log, SMALL, "2026-02", basis="created", confidence=0.9, **options)
    names = ["conversion_from_all_difference_low", "conversion_from_all_difference_high"]
    names += ["p_value", "p_adjusted"]
    pd.testing.assert_frame_equal(table.drop(columns=names), plain)
    at = [*table.columns].index("conversion_from_all_difference")
    assert [*table.columns][at + 1 : at + 5] == names
    offer = table.set_index("stage").loc["Offer"]
    alone = sf.stats.compare_proportions(2, 3, 1, 4, confidence=0.9).iloc[0]
    assert offer[names[:3]].tolist() == pytest.approx(alone[["low", "high", "p_value"]].tolist())
    assert table["p_adjusted"].tolist() == pytest.approx(
        sf.stats.adjust_p_values(table["p_value"]).tolist(), nan_ok=True
    )
    # The deal of 28 January is still open in February.
    active = sf.compare_periods(log, SMALL, "2026-02", confidence=0.9, **options)
    assert active[names].isna().all(axis=None)
    assert active.attrs["stagefunnel"]["shared_items"] == 1
    assert "Offer" in str(sf.show(table))
