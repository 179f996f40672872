"""Cumulative incidence of plain arrays: by hand, against the reference and against other software."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from reference.incidence import Spell, curve, robust_variance

COLUMNS = ["cause", "time", "at_risk", "events", "incidence", "se", "low", "high", "open"]


@st.composite
def spell_lists(draw: st.DrawFn, late: bool = True) -> list[Spell]:
    """Draw spells of a few causes, some open, some watched from later on."""
    found = []
    for _ in range(draw(st.integers(1, 25))):
        end = draw(st.integers(0, 12))
        entry = draw(st.none() | st.integers(-2, end - 1)) if late and end > 0 else None
        found.append(Spell(end, draw(st.sampled_from(["won", "lost", "moved", None])), entry))
    return found


def columns_of(spells: list[Spell]) -> dict[str, Any]:
    return {
        "time": [spell.exit for spell in spells],
        "event": [spell.cause for spell in spells],
        "entry": [np.nan if spell.entry is None else spell.entry for spell in spells],
    }


def causes_of(spells: list[Spell]) -> list[str]:
    return sorted({spell.cause for spell in spells if spell.cause is not None})


def test_the_columns_stand_in_their_order_behind_the_group() -> None:
    table = sf.stats.cumulative_incidence([1, 2], ["won", None])
    assert list(table) == COLUMNS
    grouped = sf.stats.cumulative_incidence([1, 2], ["won", None], group=["a", "b"])
    assert list(grouped) == ["group", *COLUMNS]


def test_four_deals_by_hand() -> None:
    """Won at 2, lost at 4, open until 5, won at 8.

    At 2 one of four; at 4 one of three of the 3/4 that are left: 1/4; at 8 the last of the 1/2 that are left.
    """
    table = sf.stats.cumulative_incidence([2, 4, 5, 8], ["won", "lost", None, "won"])
    assert table["cause"].tolist() == ["lost"] * 3 + ["won"] * 3
    assert table["time"].tolist() == [2, 4, 8] * 2
    assert table["at_risk"].tolist() == [4, 3, 1] * 2
    assert table["events"].tolist() == [0, 1, 0, 1, 0, 1]
    assert table["incidence"].tolist() == [0, 0.25, 0.25, 0.25, 0.25, 0.75]
    assert table["open"].tolist() == [0.75, 0.5, 0] * 2


def test_a_day_without_events_has_what_was_before_and_nothing_is_known_after_the_last_spell() -> None:
    table = sf.stats.cumulative_incidence([2, 4, 5], ["won", "won", None], times=[1, 3.5, 5, 5.5])
    assert table["at_risk"].tolist() == [3, 2, 1, 0]
    assert table["events"].tolist() == [0, 1, 1, 0]
    assert table["incidence"].tolist()[:2] == pytest.approx([0, 1 / 3])
    assert table["incidence"].tolist()[2] == pytest.approx(2 / 3)
    assert table[["incidence", "se", "low", "high", "open"]].iloc[3].isna().all()


def test_what_has_ended_for_all_is_known_for_ever() -> None:
    table = sf.stats.cumulative_incidence([2, 4], ["won", "lost"], times=[10])
    assert table["incidence"].tolist() == [0.5, 0.5]
    assert table["open"].tolist() == [0, 0]


def test_an_incidence_of_nothing_has_the_low_bound_0_and_no_high_one() -> None:
    lost = sf.stats.cumulative_incidence([2, 4], ["won", "lost"]).iloc[0]
    assert (lost["incidence"], lost["low"]) == (0, 0)
    assert math.isnan(lost["high"])


def test_a_spell_is_at_risk_after_its_entry() -> None:
    """Three wins at 2, 4 and 6; the second is watched from after 2, the third from after 3."""
    table = sf.stats.cumulative_incidence([2, 4, 6], ["won"] * 3, entry=[None, 2, 3])
    assert table["at_risk"].tolist() == [1, 2, 1]
    # The first alone ends the curve; unless times at which fewer than two are at risk are passed over.
    assert table["incidence"].tolist() == [1, 1, 1]
    passed = sf.stats.cumulative_incidence([2, 4, 6], ["won"] * 3, entry=[None, 2, 3], min_at_risk=2)
    assert passed[["time", "incidence"]].to_numpy().tolist() == [[4, 0.5]]


def test_lengths_of_time_stay_lengths_of_time() -> None:
    lengths = pd.to_timedelta(["2D", "4D", "36h"])
    table = sf.stats.cumulative_incidence(lengths, ["won", "lost", "won"], times=pd.to_timedelta(["2D"]))
    assert table["time"].tolist() == [pd.Timedelta("2D")] * 2
    assert table["events"].tolist() == [0, 2]
    as_text = sf.stats.cumulative_incidence(lengths, ["won", "lost", "won"], times=["48h"])
    pd.testing.assert_frame_equal(as_text, table)
    at_events = sf.stats.cumulative_incidence(lengths, ["won", "lost", "won"])
    assert at_events["time"].tolist()[:2] == [pd.Timedelta("36h"), pd.Timedelta("2D")]


def test_a_missing_group_comes_last_and_categories_keep_their_order() -> None:
    event = pd.Categorical(["won", "lost", "won"], categories=["won", "never", "lost"])
    table = sf.stats.cumulative_incidence([1, 2, 3], event, group=["b", None, "a"])
    assert table["group"].fillna("-").tolist() == ["a", "a", "b", "b", "-", "-"]
    assert table["cause"].tolist() == ["won", "lost"] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": [1, 2, 3]}, "event= has 2 values and time= has 3; give as many"),
        ({"time": [1, np.nan]}, "time= is missing at place 1"),
        ({"time": [1, np.inf]}, "time= is infinite at place 1"),
        ({"time": ["1", "2"]}, "time= has text, such as '1'; give numbers, or lengths as of pandas"),
        ({"time": ["a", 2]}, "time= has text, such as 'a'"),
        ({"time": [1, -2]}, "time= is -2 at place 1; a spell ends when it begins, or later"),
        ({"time": [1, -0.5]}, "time= is -0.5 at place 1"),
        ({"time": pd.to_timedelta(["1D", "-1h"])}, "time= is -1 days +23:00:00 at place 1"),
        ({"event": [True, False]}, "event= has False, which is not a cause; give its label, such as 'won'"),
        ({"event": np.array([True, True])}, "event= has True, which is not a cause"),
        ({"times": ["1 month"]}, "times='1 month' is not the same length everywhere; give days"),
        ({"times": ["x"]}, "times='x' is not a length of time"),
        ({"times": ["36h"]}, "times= and time= are not of one kind"),
        ({"time": [True, False]}, "time= has values of type bool; give numbers or lengths of time"),
        ({"time": [1, None]}, "time= is missing at place 1"),
        ({"time": pd.to_datetime(["2026-01-01"] * 2)}, "time= has moments; give lengths of time"),
        ({"entry": [0, 2]}, "entry= is 2 and time= is 2 at place 1; a spell is watched from before its end"),
        ({"confidence": 95}, "confidence=95 is not a share between 0 and 1"),
        ({"se": "delta"}, "se='delta' is not one of 'greenwood', 'robust'"),
        ({"min_at_risk": -1}, "min_at_risk=-1 is not a whole number"),
        ({"times": pd.to_timedelta(["1D"])}, "times= and time= are not of one kind"),
        ({"group": ["a"]}, "group= has 1 values and time= has 2"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    arguments = {"time": [1, 2], "event": ["won", None], **options}
    with pytest.raises(sf.SchemaError) as error:
        sf.stats.cumulative_incidence(arguments.pop("time"), arguments.pop("event"), **arguments)
    assert message in str(error.value)


def test_no_spells_make_no_rows() -> None:
    assert sf.stats.cumulative_incidence([], []).empty
    assert list(sf.stats.cumulative_incidence([], [])) == COLUMNS


@given(spells=spell_lists(), least=st.integers(0, 3))
@examples(ci=60, night=600)
def test_it_is_the_reference(spells: list[Spell], least: int) -> None:
    causes = causes_of(spells)
    expected = curve(spells, causes, least)
    for scale in (1, 10**9, 0.37):  # counted, sorted, and as real numbers
        columns = columns_of(spells)
        columns["time"] = np.array(columns["time"]) * scale
        columns["entry"] = np.array(columns["entry"]) * scale
        table = sf.stats.cumulative_incidence(**columns, min_at_risk=least)
        assert len(table) == len(expected) * len(causes)
        for place, (cause, point) in enumerate((cause, point) for cause in causes for point in expected):
            row = table.iloc[place]
            assert (row["cause"], row["at_risk"], row["events"]) == (
                cause,
                point.at_risk,
                point.events[cause],
            )
            assert row["time"] == pytest.approx(point.time * scale)
            assert row["incidence"] == pytest.approx(float(point.incidence[cause]), abs=1e-12)
            assert row["open"] == pytest.approx(float(point.survival), abs=1e-12)
            assert row["se"] ** 2 == pytest.approx(float(point.variance[cause]), abs=1e-12)


@given(spells=spell_lists())
@examples(ci=40, night=400)
def test_robust_errors_are_the_squared_influence_of_each_spell(spells: list[Spell]) -> None:
    table = sf.stats.cumulative_incidence(**columns_of(spells), se="robust")
    for _, row in table.iterrows():
        expected = robust_variance(spells, row["cause"], row["time"])
        assert row["se"] ** 2 == pytest.approx(expected, abs=1e-12)


@given(spells=spell_lists(), seed=st.integers(0, 99))
@examples(ci=25, night=300)
def test_the_order_of_the_spells_and_their_groups_change_nothing(spells: list[Spell], seed: int) -> None:
    table = sf.stats.cumulative_incidence(**columns_of(spells))
    order = np.random.default_rng(seed).permutation(len(spells))
    other = [spells[place] for place in order]
    pd.testing.assert_frame_equal(sf.stats.cumulative_incidence(**columns_of(other)), table)
    both = columns_of(spells + other)
    group = ["a"] * len(spells) + ["b"] * len(other)
    grouped = sf.stats.cumulative_incidence(**both, group=group)
    for label in "ab":
        own = grouped[grouped["group"] == label].drop(columns="group").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, table, check_dtype=False)


@given(spells=spell_lists(late=False), copies=st.integers(2, 5))
@examples(ci=25, night=300)
def test_copies_of_all_keep_the_curve_and_shrink_the_error(spells: list[Spell], copies: int) -> None:
    once = sf.stats.cumulative_incidence(**columns_of(spells))
    many = sf.stats.cumulative_incidence(**columns_of(spells * copies))
    np.testing.assert_allclose(many["incidence"], once["incidence"], atol=1e-12)
    np.testing.assert_allclose(many["se"] * math.sqrt(copies), once["se"], atol=1e-9)


@given(spells=spell_lists())
@examples(ci=25, night=300)
def test_causes_that_are_merged_add_up(spells: list[Spell]) -> None:
    merged = [spell._replace(cause="closed" if spell.cause else None) for spell in spells]
    apart = sf.stats.cumulative_incidence(**columns_of(spells))
    together = sf.stats.cumulative_incidence(**columns_of(merged))
    sums = apart.groupby("time")["incidence"].sum()
    np.testing.assert_allclose(together["incidence"], sums, atol=1e-12)
    np.testing.assert_allclose(together["open"], 1 - sums, atol=1e-12)


@given(spells=spell_lists(late=False))
@examples(ci=25, night=300)
def test_without_open_ones_it_is_a_proportion(spells: list[Spell]) -> None:
    closed = [spell for spell in spells if spell.cause is not None]
    table = sf.stats.cumulative_incidence(**columns_of(closed))
    for cause in causes_of(closed):
        last = table[table["cause"] == cause].iloc[-1]
        share = sum(spell.cause == cause for spell in closed) / len(closed)
        assert last["incidence"] == pytest.approx(share)
        assert last["se"] == pytest.approx(math.sqrt(share * (1 - share) / len(closed)), abs=1e-9)
        assert last["open"] == pytest.approx(0, abs=1e-12)


def random_spells(n: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    spells = pd.DataFrame({"time": random.integers(1, 40, n), "code": random.integers(0, 3, n)})
    spells.loc[0] = (40, 0)  # statsmodels divides by zero where the last one is not open
    return spells


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_statsmodels(seed: int) -> None:
    """The class is right without delayed entry; it lists every time, and the incidences as columns."""
    from statsmodels.duration.survfunc import CumIncidenceRight

    spells = random_spells(150, seed)
    other = CumIncidenceRight(spells["time"].to_numpy(), spells["code"].to_numpy())
    table = sf.stats.cumulative_incidence(
        spells["time"], spells["code"].map({1: "a", 2: "b"}), times=other.times
    )
    for place, cause in enumerate("ab"):
        own = table[table["cause"] == cause]
        np.testing.assert_allclose(own["incidence"], other.cinc[place], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(own["se"], other.cinc_se[place], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_scikit_survival(seed: int) -> None:
    from sksurv.nonparametric import cumulative_incidence_competing_risks

    spells = random_spells(150, seed)
    times, incidence = cumulative_incidence_competing_risks(spells["code"], spells["time"])
    table = sf.stats.cumulative_incidence(spells["time"], spells["code"].map({1: "a", 2: "b"}), times=times)
    for place, cause in enumerate("ab", start=1):
        own = table[table["cause"] == cause]
        np.testing.assert_allclose(own["incidence"], incidence[place], rtol=1e-9, atol=1e-12)


@given(
    spells=spell_lists(late=False),
    kind=st.sampled_from(["int64", "int32", "uint8", "float64", "float32", "m8[D]", "m8[h]", "m8[ns]"]),
)
@examples(ci=25, night=300)
def test_times_of_any_type_are_counted_alike(spells: list[Spell], kind: str) -> None:
    """Whole numbers, real ones that are whole and lengths of time have one curve, and each keeps its type."""
    time = np.array([spell.exit for spell in spells])
    event = [spell.cause for spell in spells]
    expected = sf.stats.cumulative_incidence(time + 0.5, event)
    found = sf.stats.cumulative_incidence(time.astype(kind), event)
    is_length = kind.startswith("m")
    assert found["time"].dtype.kind == ("m" if is_length else "f" if kind.startswith("f") else "i")
    unit = np.timedelta64(1, kind[3:-1]) if is_length else 1
    assert (found["time"] / unit).tolist() == (expected["time"] - 0.5).tolist()
    columns = [name for name in COLUMNS if name != "time"]
    pd.testing.assert_frame_equal(found[columns], expected[columns], check_exact=True)


@pytest.mark.parametrize("se", ["greenwood", "robust"])
@pytest.mark.parametrize("step", [1, 60, 86_400])
def test_a_step_of_the_times_changes_no_estimate(step: int, se: Any) -> None:
    random = np.random.default_rng(step)
    time = random.integers(0, 300, 2000)
    event = np.array([None, "won", "lost"], dtype=object)[random.integers(0, 3, 2000)]
    group = random.integers(-3, 3, 2000)
    expected = sf.stats.cumulative_incidence(time + 0.25, event, group=group, se=se)
    found = sf.stats.cumulative_incidence(time * step, event, group=group, se=se)
    assert (found["time"] / step).tolist() == (expected["time"] - 0.25).tolist()
    columns = ["group", *(name for name in COLUMNS if name != "time")]
    pd.testing.assert_frame_equal(found[columns], expected[columns], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("se", ["greenwood", "robust"])
def test_spells_that_enter_later_have_one_curve_whole_or_not(se: Any) -> None:
    random = np.random.default_rng(3)
    time = random.integers(1, 60, 400)
    entry = np.where(random.integers(0, 2, 400) == 1, np.nan, random.integers(0, 60, 400) % time)
    event = np.array([None, "won", "lost"], dtype=object)[random.integers(0, 3, 400)]
    expected = sf.stats.cumulative_incidence(time / 4, event, entry=entry / 4, times=[1, 7.5, 14], se=se)
    found = sf.stats.cumulative_incidence(time, event, entry=entry, times=[4, 30, 56], se=se)
    columns = [name for name in COLUMNS if name != "time"]
    pd.testing.assert_frame_equal(found[columns], expected[columns], rtol=1e-12, atol=1e-15)


LABELS: dict[str, Any] = {
    "int8": np.array([3, -2, 3, 5], dtype=np.int8),
    "uint64": np.array([3, 1, 3, 5], dtype=np.uint64),
    "far": np.array([3, 10**15, 3, -(10**15)]),
    "float": np.array([1.5, np.nan, 1.5, 2.0]),
    "text": np.array(["b", None, "b", "a"], dtype=object),
    "str": np.array(["b", "c", "b", "a"]),
    "mixed": np.array(["b", 2, "b", None], dtype=object),
    "column": pd.Series(["b", None, "b", "a"], dtype="str"),
    "tuple": ("b", pd.NA, "b", "a"),
    "list that begins with a missing one": [None, np.nan, "b", "a"],
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_of_any_type_are_those_of_a_list_of_them(name: str) -> None:
    labels = LABELS[name]
    found = sf.stats.cumulative_incidence([1, 2, 3, 4], labels, group=labels)
    expected = sf.stats.cumulative_incidence([1, 2, 3, 4], list(labels), group=list(labels))
    pd.testing.assert_frame_equal(found, expected)


def test_a_group_of_whole_numbers_may_be_missing() -> None:
    group = pd.Categorical([2, None, 1], categories=[1, 2, 3])
    table = sf.stats.cumulative_incidence([1, 2, 3], ["won"] * 3, group=group)
    assert table["group"].tolist()[:2] == [1, 2]
    assert math.isnan(table["group"].iloc[2])


def test_times_beyond_all_whole_numbers_are_after_the_last_spell() -> None:
    table = sf.stats.cumulative_incidence([2, 4, 5], ["won", None, "won"], times=[4.5, 1e300])
    assert table["at_risk"].tolist() == [1, 0]
    assert table["incidence"].tolist() == pytest.approx([1 / 3, 1])


def test_an_array_that_is_asked_about_is_neither_changed_nor_kept() -> None:
    time, event = np.array([2, 4, 5]), pd.Categorical(["won", None, "won"])
    table = sf.stats.cumulative_incidence(time, event)
    before = table.copy()
    time[:] = 0
    assert time.flags.writeable
    pd.testing.assert_frame_equal(table, before)
