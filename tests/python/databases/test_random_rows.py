"""Any rows of a database are those of a frame, and any text of a query is an answer or an error of ours."""

import sqlite3
from contextlib import closing
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from stagefunnel.databases import results

ITEMS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.sampled_from(["a", "NA", "007", "ä", ""]))
TIMES = st.one_of(
    st.none(), st.sampled_from(["2026-01-01", "2026-01-02 10:30", "2026-03-29T02:30:00.5", "x"])
)
ROWS = st.lists(st.tuples(ITEMS, st.sampled_from(["New", "Won", None, ""]), TIMES), min_size=1, max_size=12)


def outcome(make: Any) -> Any:
    """Return the rows of a log, or the kind of error."""
    try:
        return sf.row_table(make())
    except sf.StageFunnelError as error:
        return type(error)


@pytest.mark.parametrize("invalid", ["error", "drop"])
@examples(ci=25, night=300)
@given(rows=ROWS)
def test_a_log_of_a_query_is_that_of_its_frame(rows: list[tuple[Any, ...]], invalid: Any) -> None:
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"], dtype=object)
    options: dict[str, Any] = {"invalid": invalid, "empty": "allow"}
    with closing(sqlite3.connect(":memory:")) as connection, pytest.MonkeyPatch.context() as patched:
        connection.execute("CREATE TABLE moves (item, stage, time)")
        connection.executemany("INSERT INTO moves VALUES (?, ?, ?)", rows)
        of_frame = outcome(lambda: sf.StageLog.from_batches([frame], **options, keys="keep"))
        for n_rows in (100, 3):
            patched.setattr(results, "PYTHON_ROWS", n_rows)
            found = outcome(
                lambda: sf.StageLog.from_sql("SELECT * FROM moves", connection, **options, keys="keep")
            )
            if n_rows == 100 or isinstance(of_frame, pd.DataFrame):
                assert type(found) is type(of_frame)
            if isinstance(found, pd.DataFrame) and isinstance(of_frame, pd.DataFrame):
                pd.testing.assert_frame_equal(found, of_frame)


@examples(ci=50, night=1000)
@given(query=st.one_of(st.text(), st.text("SELECT*,;-'\"1 \x00").map(lambda text: f"SELECT {text}")))
def test_any_text_of_a_query_is_answered_or_refused(query: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        found = outcome(lambda: sf.StageLog.from_sql(query, connection, empty="allow"))
        assert isinstance(found, pd.DataFrame) or issubclass(found, sf.StageFunnelError)
