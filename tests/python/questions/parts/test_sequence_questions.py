"""Questions about sequences of parts, worked out by hand."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf


def part_of(*journeys: tuple[Any, str], **options: Any) -> sf.StageLog:
    """Make a log of items, each with rows such as ``A0 B1``: a stage and a time."""
    rows = [(item, row[0], int(row[1:]), item) for item, text in journeys for row in text.split()]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "who"])
    return sf.StageLog(frame, columns=["who"], empty="allow", **options)


def merged(question: Any, *logs: sf.StageLog, **options: Any) -> sf.Partial:
    parts = [sf.partial(log, None, question, **options) for log in logs]
    return sf.merge(sf.Partial.from_bytes(part.to_bytes()) for part in reversed(parts))


def table_of(question: Any, *logs: sf.StageLog, **options: Any) -> pd.DataFrame:
    return merged(question, *logs, **options).table()


def test_steps_of_parts_have_the_times_of_all_also_backwards() -> None:
    one = part_of((1, "A0 C2 B6"), (2, "A0 B1 C3"))
    other = part_of((3, "A0 B1 C6"), (4, "A5"))
    whole = merged(sf.sequence_funnel, one, other, steps=["A", "B", "C"], mode="hybrid")
    table = whole.table(quantiles=[0.25], confidence=0.9)
    assert table["reached"].tolist() == [4, 3, 3]
    # From B to C: -4, 2 and 5; from A to C: 2, 3 and 6.
    assert table["mean_from_previous"].iloc[2] == 1.0
    assert table["median_from_previous"].iloc[2] == 2.0
    assert table["q25_from_previous"].iloc[2] == -1.0
    assert table["median_from_first"].iloc[2] == 3.0
    assert "conversion_from_first_low" in table
    bounded = merged(
        sf.sequence_funnel, one, other, steps=["A", "B", "C"], mode="hybrid", precision="bounded"
    ).table()
    assert bounded["median_from_previous"].iloc[2] == 2.0
    assert bounded.attrs["stagefunnel"]["quantile_error"] == 1 / 2048


def test_a_window_needs_the_end_of_observation_and_no_window_does_not() -> None:
    one, other = part_of((1, "A0 B9")), part_of((2, "A8"))
    options: dict[str, Any] = {"steps": sf.Steps(["A", "B"], missing="ignore")}
    table = table_of(sf.sequence_funnel, one, other, **options)
    whole = sf.sequence_funnel(part_of((1, "A0 B9"), (2, "A8")), **options)
    pd.testing.assert_frame_equal(table, whole)
    with pytest.raises(sf.SchemaError, match="window= depends on the end of observation"):
        sf.partial(one, None, sf.sequence_funnel, steps=["A", "B"], window=5)
    with pytest.raises(sf.SchemaError, match="window= depends on the end of observation"):
        sf.partial(one, None, sf.sequence_funnel, steps=sf.Steps(["A", "B"], window=5))
    seen = table_of(sf.sequence_funnel, one, other, steps=["A", "B"], window=5, as_of=11)
    assert seen[["dropped", "immature"]].to_numpy().tolist() == [[1, 1], [0, 0]]
    ends = [part_of((1, "A0"), observed_until=20), part_of((2, "A0"), observed_until=30)]
    with pytest.raises(sf.SchemaError, match="observed until different moments: '30' in number 0 and '20'"):
        table_of(sf.sequence_funnel, *ends, steps=["A"], window=5)


def test_stages_and_conditions_are_judged_by_all_parts() -> None:
    one, other, neither = part_of((1, "A0")), part_of((2, "A0 B1")), part_of((3, "A0"))
    steps = ["A", sf.Step("B", where={"who": 2})]
    table = table_of(sf.sequence_funnel, one, other, steps=steps, missing="error")
    assert table["reached"].tolist() == [2, 1]
    assert "empty_steps" not in table.attrs["stagefunnel"]
    with pytest.raises(sf.SchemaError, match="step 2: the log has no stage 'B'"):
        table_of(sf.sequence_funnel, one, neither, steps=steps, missing="error")
    lacking = table_of(sf.sequence_funnel, other, neither, steps=["A", sf.Step("B", where={"who": 3})])
    assert lacking.attrs["stagefunnel"]["unfulfilled"] == ["B (who is 3)"]
    assert lacking.attrs["stagefunnel"]["empty_steps"] == [2]


def test_parts_with_other_steps_or_rules_are_refused() -> None:
    log = part_of((1, "A0 B1"))
    parts = [
        sf.partial(log, None, sf.sequence_funnel, steps=["A", "B"], mode=mode, check="none")
        for mode in ("ordered", "strict")
    ]
    with pytest.raises(sf.SchemaError, match="the partials differ in steps="):
        sf.merge(parts)
    given_beside = sf.partial(log, None, sf.sequence_funnel, steps=["A", "B"], mode="strict", check="none")
    assert sf.merge([parts[1], given_beside]).table()["reached"].tolist() == [2, 2]


def test_a_trend_of_parts_has_the_periods_of_all() -> None:
    # Item 1 enters in January and March, and goes on in January; item 2 enters in February of another part.
    days = {1: ["2026-01-05", "2026-01-06", "2026-03-02"], 2: ["2026-02-27"]}
    stages = {1: ["A", "B", "A"], 2: ["A"]}
    logs = [
        sf.StageLog(
            pd.DataFrame({"item": item, "stage": stages[item], "time": pd.to_datetime(days[item])}),
            observed_until="2026-03-05",
        )
        for item in (1, 2)
    ]
    whole = merged(sf.sequence_trend, *logs, steps=["A", "B"], window="7d")
    table = whole.table(confidence=0.9)
    assert list(map(str, table["period"])) == ["2026-01", "2026-02", "2026-03"]
    counted = ["entered", "converted", "mature", "converted_mature"]
    assert table[counted].to_numpy().tolist() == [[1, 1, 1, 1], [1, 0, 0, 0], [1, 0, 0, 0]]
    remembered = table.attrs["stagefunnel"]
    assert remembered["shared_items"] == 1
    assert remembered["partly_covered"] == ["2026-01", "2026-03"]
    unseen = sf.StageLog({"item": [1], "stage": ["A"], "time": [pd.Timestamp("2026-01-05")]})
    with pytest.raises(sf.SchemaError, match="sequence_trend\\(\\) depends on the end of observation"):
        sf.partial(unseen, None, sf.sequence_trend, steps=["A", "B"])


def test_the_bins_of_parts_are_those_of_all_times() -> None:
    one, other = part_of((1, "A0 B2"), (2, "A0 B3")), part_of((3, "A0 B9"), (4, "A0"))
    whole = merged(sf.time_to_convert, one, other, steps=["A", "B"])
    # Three times are two bins: (9 - 2) / 2 is 4 ticks, rounded up.
    assert whole.table()[["start", "end", "count"]].to_numpy().tolist() == [[2, 6, 2], [6, 9, 1]]
    assert whole.table(bins=1)[["start", "end", "count"]].to_numpy().tolist() == [[2, 9, 3]]
    assert whole.table().attrs["stagefunnel"]["median"] == 3.0


def test_the_paths_of_parts_are_ranked_together() -> None:
    one, other = part_of((1, "A0 D1 B2"), (2, "A0 B5")), part_of((3, "A0 D4 D5 B8"), (4, "A0 C1 D2 B3"))
    whole = merged(sf.sequence_paths, one, other, steps=["A", "B"], max_stages=1)
    table = whole.table()
    assert table["path"].tolist() == ["D", "(nothing)", "C → …"]
    assert table["items"].tolist() == [2, 1, 1]
    assert table["median"].tolist() == [5.0, 5.0, 3.0]
    assert whole.table(top=1)["path"].tolist() == ["D", "other (2 paths)"]
