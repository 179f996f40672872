"""Options of questions about parts that need more than counts by stage, worked out by hand."""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import SMALL, assert_frame_equal

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
VALUE = ["amount_conversion", "amount_conversion_low", "amount_conversion_high", "amount_n_eff", "top_share"]
WORK = sf.WorkingHours({"mon-fri": [("09:00", "17:00")]})


def log_of(rows: list[tuple[Any, str, Any]], **options: Any) -> sf.StageLog:
    return sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]), **options)


def merged(question: Any, *logs: sf.StageLog, pipeline: sf.Pipeline = PIPELINE, **options: Any) -> sf.Partial:
    parts = [sf.partial(log, pipeline, question, **options) for log in logs]
    return sf.merge(reversed([sf.Partial.from_bytes(part.to_bytes()) for part in parts]))


def deals(*amounts: tuple[int, Any, str]) -> sf.StageLog:
    """Make a log of items with an amount each that went from New to a stage."""
    rows = [(item, stage, time) for item, _, last in amounts for time, stage in enumerate(["New", last])]
    table = pd.DataFrame({"item": [item for item, _, _ in amounts], "worth": [one for _, one, _ in amounts]})
    return log_of(rows, items=table)


def test_the_share_of_the_value_of_two_parts_is_that_of_the_definitions() -> None:
    logs = [
        deals((1, 100, "Won"), (2, 200, "Lost")),
        deals((3, 300, "New"), (4, 400, "Won"), (5, None, "Won")),
    ]
    whole = merged(sf.funnel, *logs, pipeline=SMALL, amount="worth")
    table = whole.table(confidence=0.95)
    won = table[table["stage"] == "Won"].iloc[0]
    np.testing.assert_allclose(won[VALUE].astype(float), [0.5, 0.1108, 0.8892, 2.5, 0.4], rtol=0, atol=5e-5)
    assert table.attrs["stagefunnel"]["value_missing"] == 1
    assert VALUE[0] not in whole.table()


def test_squares_of_decimals_of_other_places_are_those_of_one_log() -> None:
    logs = [
        deals((1, Decimal("90071992547409.1"), "Won"), (2, Decimal("0.1"), "Lost")),
        deals((3, Decimal("0.37"), "Won"), (4, Decimal("12345678.05"), "Lost")),
    ]
    one = deals(
        (1, Decimal("90071992547409.1"), "Won"),
        (2, Decimal("0.1"), "Lost"),
        (3, Decimal("0.37"), "Won"),
        (4, Decimal("12345678.05"), "Lost"),
    )
    found = merged(sf.funnel, *logs, pipeline=SMALL, amount="worth", confidence=0.9).table()
    assert_frame_equal(found, sf.funnel(one, SMALL, amount="worth", confidence=0.9), check_exact=True)


def test_amounts_of_stages_have_no_bounds_in_parts_either() -> None:
    rows = {"item": [1, 1], "stage": ["New", "Won"], "time": [0, 1], "worth": [5, 6]}
    log = sf.StageLog(rows, columns=["worth"])
    whole = merged(sf.funnel, log, pipeline=SMALL, amount="worth", amount_at="stage")
    with pytest.raises(sf.SchemaError, match="reads an amount for each stage"):
        whole.table(confidence=0.9)


@pytest.mark.parametrize(("limit", "share"), [("1h", 1.0), ("2h", 0.0)])
@pytest.mark.parametrize("question", [sf.time_in_stage, sf.summary])
def test_a_visit_that_goes_on_is_as_long_as_the_working_hours_until_the_last_row_of_all(
    question: Any, limit: str, share: float
) -> None:
    # From Friday at four, one hour until five, and one on Monday from nine to ten.
    friday = log_of([(1, "New", pd.Timestamp("2026-01-02 16:00"))])
    monday = log_of([(2, "Offer", pd.Timestamp("2026-01-05 10:00"))])
    found = merged(question, friday, monday, limits={"New": limit}, calendar=WORK).table()
    table = found.time_in_stage if isinstance(found, sf.Summary) else found
    assert table["over_limit"].tolist()[0] == share


def test_lives_are_watched_from_an_age_of_their_own() -> None:
    # Watched from 4 on: the first is won at the age of 6, when both are at risk; the other began at 3.
    logs = [
        log_of([(1, "New", 0), (1, "Won", 6)], observed_until=20),
        log_of([(2, "New", 3), (2, "Lost", 12)], observed_until=20),
    ]
    table = merged(sf.cumulative_incidence, *logs, observed=(4, None), times=[6, 9]).table()
    assert table["at_risk"].tolist() == [2, 1, 2, 1]
    assert table["incidence"].tolist() == [0.5, 0.5, 0.0, 0.5]
    assert table.attrs["stagefunnel"]["observed"] == "4 to …"


@pytest.mark.parametrize("of_item", [False, True])
def test_the_amount_of_an_item_stands_until_the_last_period_of_all(of_item: bool) -> None:
    def part(item: int, time: str, amount: Any) -> sf.StageLog:
        amounts: dict[str, Any] = {"worth": [amount]}
        rows = {"item": [item], "stage": ["New"], "time": pd.to_datetime([time])}
        if of_item:
            return sf.StageLog(rows, items={"item": [item], **amounts})
        return sf.StageLog({**rows, **amounts}, columns=["worth"])

    logs = [part(1, "2026-01-10", 100.0), part(2, "2026-03-05", 50.5), part(3, "2026-01-20", float("nan"))]
    table = merged(sf.flow, *logs, every="month", amount="worth", missing="ignore").table()
    new = table[table["stage"] == "New"].set_index("period").loc["2026-03"]
    names = ["amount_at_start", "amount_entered", "amount_at_end", "amount_missing"]
    assert new[names].tolist() == [100, 50.5, 150.5, 1]
    assert table.attrs["stagefunnel"].get("amounts_of_today", False) == of_item


def test_a_stretch_outside_all_parts_is_noted_once() -> None:
    logs = [log_of([(key, "New", key)], observed_until=50) for key in (1, 2)]
    table = merged(sf.cumulative_incidence, *logs, observed=(30, 40), times=[1]).table()
    assert table.attrs["stagefunnel"]["outside"] == ["observed 30 to 40"]


@pytest.mark.parametrize(
    ("method", "won", "lost"), [("visits", 1 / 2, 1 / 2), ("aalen_johansen", 1 / 3, 1 / 3)]
)
def test_where_the_moves_of_two_parts_end_is_that_of_the_definitions(
    method: str, won: float, lost: float
) -> None:
    logs = [
        log_of([(1, "New", 0), (1, "Won", 2), (3, "New", 0)], observed_until=6),
        log_of([(2, "New", 0), (2, "Lost", 4)], observed_until=6),
    ]
    row = merged(sf.absorption, *logs, method=method).table().iloc[0]
    assert row["items_in"] == 3
    np.testing.assert_allclose([row["win"], row["lost"]], [won, lost], rtol=1e-12)


def test_the_time_to_the_end_is_that_of_sums_beyond_64_bits() -> None:
    # 200 items of 100 years in nanoseconds make 6e20.
    begin, end = pd.Timestamp("2000-01-01"), pd.Timestamp("2100-01-01")
    frame = pd.DataFrame(
        {"item": np.repeat(range(200), 2), "stage": ["New", "Won"] * 200, "time": [begin, end] * 200}
    )
    frame["time"] = frame["time"].astype("datetime64[ns]")
    log = sf.StageLog(frame)
    assert sf.absorption(log, SMALL, missing="ignore")["expected_time"].tolist()[0] == end - begin


def test_robust_errors_are_refused_because_they_follow_items() -> None:
    log = log_of([(1, "New", 0)], observed_until=9)
    for question in (sf.absorption, sf.cumulative_incidence):
        with pytest.raises(sf.SchemaError, match='se="robust" '):
            sf.partial(log, PIPELINE, question, se="robust")


def test_the_quality_of_two_parts_counts_stages_once() -> None:
    logs = [
        log_of([(1, "New", 0), (1, "New", 0), (1, "Won", 3)]),
        log_of([(2, "New", 1), (2, "Odd", 1)]),
    ]
    for pipeline in (None, PIPELINE):
        parts = [sf.partial(log, pipeline, sf.StageLog.quality) for log in logs]
        found = sf.merge(parts).table().set_index("check")["count"]
        assert found[["rows", "items", "stages", "exact_duplicates", "ties"]].tolist() == [5, 2, 3, 1, 2]
        assert ("unlisted_rows" in found.index) == (pipeline is not None)
    assert found[["unlisted_stages", "unlisted_rows", "stages_without_rows"]].tolist() == [1, 1, 2]


def test_quality_goes_with_questions_about_a_pipeline() -> None:
    log = log_of([(1, "New", 0), (1, "Won", 3)])
    part = sf.partial(
        log, PIPELINE, questions={"rows": sf.StageLog.quality, "funnel": sf.funnel}, missing="ignore"
    )
    assert part.questions == {"rows": "quality", "funnel": "funnel"}
    assert_frame_equal(part.tables["rows"], log.quality(PIPELINE))
    with pytest.raises(sf.SchemaError, match="expected a Pipeline, got str"):
        sf.partial(log, "New", sf.StageLog.quality)  # type: ignore[arg-type]  # a wrong one
