"""Which periods a trend has: with `as_of`, without rows, and where `period=` says it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf

PIPELINE = sf.Pipeline(["New"], won="Won")
DEALS = pd.DataFrame(
    {
        "item": [1, 1, 2, 2],
        "stage": ["New", "Won", "New", "Won"],
        "time": pd.to_datetime(["2026-01-05", "2026-02-05", "2026-02-10", "2026-06-05"]),
        "who": ["Ann", "Ann", "Bob", "Bob"],
    }
)
LOG = sf.StageLog(DEALS, columns="who")
EMPTY = sf.StageLog(DEALS.iloc[:0], columns="who", empty="allow")
BASES = ["active", "created", "closed"]


def won_in(table: pd.DataFrame) -> dict[str, int]:
    """Return the won items of each period."""
    won = table[table["stage"] == "Won"]
    return dict(zip(won["period"].astype(str), won["reached"].tolist(), strict=True))


def test_a_trend_as_of_a_moment_ends_with_the_last_row_before_it() -> None:
    assert won_in(sf.funnel_by_period(LOG, PIPELINE, as_of="2026-03-15")) == {"2026-01": 0, "2026-02": 1}
    # A row at the very moment is not before it.
    at_the_row = sf.funnel_by_period(LOG, PIPELINE, as_of=pd.Timestamp("2026-02-05"), basis="created")
    assert won_in(at_the_row) == {"2026-01": 0}
    after = sf.funnel_by_period(LOG, PIPELINE, as_of="2027")
    assert list(won_in(after)) == ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("by", [None, "who"])
def test_a_trend_as_of_a_moment_is_that_of_the_log_up_to_it(basis: Any, by: str | None) -> None:
    early = sf.StageLog(DEALS.iloc[:3], columns="who")
    found = sf.funnel_by_period(LOG, PIPELINE, as_of="2026-04", basis=basis, by=by)
    pd.testing.assert_frame_equal(found, sf.funnel_by_period(early, PIPELINE, basis=basis, by=by))


def test_the_open_side_of_a_period_ends_with_the_last_row_that_is_read() -> None:
    options: dict[str, Any] = {"as_of": "2026-04-01"}
    assert list(won_in(sf.funnel_by_period(LOG, PIPELINE, period=("2026-02", None), **options))) == [
        "2026-02"
    ]
    # A period that is given is shown as a whole: each is the funnel that `period=` gives for it.
    shown = sf.funnel_by_period(LOG, PIPELINE, period=("2026-02", "2026-04"), **options)
    assert won_in(shown) == {"2026-02": 1, "2026-03": 0, "2026-04": 0}
    with pytest.raises(sf.SchemaError, match="end before period= begins"):
        sf.funnel_by_period(LOG, PIPELINE, period=("2026-05", None), **options)


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("by", [None, "who"])
@pytest.mark.parametrize("kind", ["classic", "both"])
def test_a_trend_without_rows_has_no_periods(basis: Any, by: str | None, kind: Any) -> None:
    options: dict[str, Any] = {"basis": basis, "by": by, "kind": kind}
    columns = sf.funnel_by_period(LOG, PIPELINE, **options).columns.tolist()
    for log, more in ((EMPTY, {}), (LOG, {"as_of": "2025-12"}), (EMPTY, {"period": ("2026-01", None)})):
        table = sf.funnel_by_period(log, PIPELINE, **options, **more)
        assert table.empty
        assert table.columns.tolist() == columns
        assert "1970" not in str(sf.show(table))


def test_an_empty_log_has_the_periods_that_are_given() -> None:
    table = sf.funnel_by_period(EMPTY, PIPELINE, period=("2026-01", "2026-02"))
    assert won_in(table) == {"2026-01": 0, "2026-02": 0}
    assert table["base"].tolist() == [0, 0, 0, 0]


@pytest.mark.usefixtures("undrawn")
def test_a_sequence_trend_and_a_page_without_rows_show_no_1970(tmp_path: Path) -> None:
    trend = sf.sequence_trend(LOG, ["New", "Won"], as_of="2025-12")
    assert trend.empty
    sf.report(EMPTY, PIPELINE, tmp_path / "page.html")
    assert "1970" not in (tmp_path / "page.html").read_text(encoding="utf-8")
