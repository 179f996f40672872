"""Event logs of process mining: XES, and tables with the columns of its tools; starts and ends as stays."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf
from readers.exports import EXPORTS, count, noted, reached

FILE = EXPORTS / "xes" / "orders.xes"
TABLE = EXPORTS / "xes" / "orders.csv"
# By hand: O1 and O2 are paid and cancelled, O3 is checked still, and O4 has no event.
REACHED = {"Check order": 3, "Pack": 1, "Paid": 1, "Cancelled": 1}


def log_of(*events: str, head: str = "", case: str = '<string key="concept:name" value="1"/>') -> bytes:
    """Write a log of one case."""
    return f"{head}<log xes.version='1.0'><trace>{case}{''.join(events)}</trace></log>".encode()


def event(stage: str, time: str, state: str | None = None, more: str = "") -> str:
    lifecycle = f'<string key="lifecycle:transition" value="{state}"/>' if state else ""
    return (
        f'<event><string key="concept:name" value="{stage}"/>{lifecycle}{more}'
        f'<date key="time:timestamp" value="{time}"/></event>'
    )


def saved(folder: Path, data: bytes, name: str = "log.xes") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def visits(export: sf.Export) -> list[tuple[str, str, str]]:
    """List the entries with the time of day at which each began and ended, in UTC."""
    rows = sf.row_table(export.log).sort_values(["item", "time"], kind="stable")
    ends = rows["exited"] if "exited" in rows else pd.Series(pd.NaT, index=rows.index)
    return [
        (stage, f"{begin:%H:%M}", "" if pd.isna(end) else f"{end:%H:%M}")
        for stage, begin, end in zip(rows["stage"].astype(str), rows["time"], ends, strict=True)
    ]


def test_starts_and_ends_of_a_file_are_stays() -> None:
    export = sf.read(FILE)
    assert export.format == "xes"
    assert (export.log.n_rows, export.log.n_items) == (6, 3)
    assert reached(export, "Pipeline") == REACHED
    assert visits(export) == [
        ("Check order", "09:00", "11:00"),
        ("Pack", "12:00", "12:30"),
        ("Paid", "08:00", ""),
        ("Check order", "09:00", "09:20"),
        ("Cancelled", "10:00", ""),
        ("Check order", "09:00", ""),
    ]
    assert export.items[["item", "amount", "region"]].to_dict("list") == {
        "item": ["O1", "O2", "O3"],
        "amount": [120.5, 80.0, 40.0],
        "region": ["North & West", None, None],
    }


def test_what_a_file_has_and_the_log_does_not_take_is_counted() -> None:
    found = noted(sf.read(FILE))
    assert found["joined_states"] == 3
    assert found["other_states"] == 1  # scheduled
    assert found["ends_without_start"] == 2
    assert found["starts_without_end"] == 1
    assert found["items_without_stage"] == 1
    assert found["nested_attributes"] == 1
    assert found["columns_left_out"] == 1  # org:resource
    assert found["gaps"] == 3  # 11 to 12, 12:30 to the 5th, 9:20 to 10
    assert "from_last_rows" not in found


def test_a_packed_file_of_any_name_and_encoding_is_read(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    packed = saved(tmp_path, gzip.compress(text.encode()), "orders.xes.gz")
    unnamed = saved(tmp_path, text.encode(), "orders.txt")
    marked = saved(tmp_path, text.encode("utf-8-sig"), "marked.xes")
    wide = saved(tmp_path, text.replace("UTF-8", "UTF-16").encode("utf-16"), "wide.xes")
    western = text.replace("UTF-8", "ISO-8859-1").replace("Check order", "Prüfen").encode("latin-1")
    with_prefix = text.replace("<log", "<x:log").replace("</log", "</x:log").replace("xmlns=", "xmlns:x=")
    with_prefix = with_prefix.replace("<event", "<x:event").replace("</event", "</x:event")
    for path in (packed, unnamed, marked, wide, saved(tmp_path, with_prefix.encode(), "prefix.xes")):
        assert reached(sf.read(path), "Pipeline") == REACHED, path.name
    assert reached(sf.read(saved(tmp_path, western)), "Pipeline")["Prüfen"] == 3


def test_a_table_of_events_in_csv_parquet_or_memory_is_read(tmp_path: Path) -> None:
    frame = pd.read_csv(TABLE)
    frame.to_parquet(tmp_path / "orders.parquet")
    timed = frame.assign(**{"time:timestamp": pd.to_datetime(frame["time:timestamp"])})
    upper = frame.rename(columns=str.upper)
    for given in (TABLE, tmp_path / "orders.parquet", timed, upper, frame[::-1]):
        export = sf.read(given)
        assert export.format == "xes"
        assert reached(export, "Pipeline") == REACHED
        assert sorted(export.items["amount"]) == [40.0, 80.0, 120.5]


@pytest.mark.parametrize(
    "header",
    [
        "Case ID,Activity,Complete Timestamp",  # Disco
        "_CASE_KEY,ACTIVITY_EN,EVENTTIME",  # Celonis
        "case_id,activity,timestamp",  # bupaR and home-made
        "case_concept_name,concept_name,time_timestamp",  # a warehouse, which has no colons
        "Case ID;Activity;End Time",
    ],
)
def test_the_columns_of_other_tools_are_known(header: str, tmp_path: Path) -> None:
    mark = ";" if ";" in header else ","
    lines = [
        header,
        *(mark.join(row) for row in [("1", "New", "2026-03-02 10:00"), ("1", "Won", "2026-03-03 10:00")]),
    ]
    export = sf.read(saved(tmp_path, "\n".join(lines).encode(), "log.csv"))
    assert (export.format, export.log.n_rows) == ("xes", 2)


def test_a_table_with_a_stage_is_not_taken_for_a_log_of_activities() -> None:
    rows = [{"case_id": 1, "status": "New", "activity": "update", "changed_at": "2026-03-02"}]
    assert sf.read([*rows, {**rows[0], "status": "Won", "changed_at": "2026-03-03"}]).format == "events"


def test_a_table_with_two_times_has_stays() -> None:
    rows = [
        {
            "case id": 1,
            "activity": "A",
            "start_timestamp": "2026-03-02 09:00",
            "time:timestamp": "2026-03-02 10:00",
        },
        {"case id": 1, "activity": "B", "start_timestamp": None, "time:timestamp": "2026-03-02 11:00"},
        {
            "case id": 1,
            "activity": "C",
            "start_timestamp": "2026-03-02 13:00",
            "time:timestamp": "2026-03-02 12:00",
        },
    ]
    export = sf.read(rows)
    assert visits(export) == [("A", "09:00", "10:00"), ("B", "11:00", ""), ("C", "12:00", "")]
    assert (count(export, "entered_at_end"), count(export, "starts_after_end")) == (1, 1)


def state_rows(*states: tuple[str, str, str]) -> list[dict[str, str]]:
    return [
        {"case id": "1", "activity": stage, "lifecycle": state, "timestamp": f"2026-03-02 {time}"}
        for stage, state, time in states
    ]


def test_an_activity_twice_at_once_ends_in_the_order_of_its_starts() -> None:
    rows = state_rows(
        ("A", "start", "09:00"),
        ("A", "start", "10:00"),
        ("A", "complete", "11:00"),
        ("A", "complete", "12:00"),
    )
    for given in (rows, rows[::-1]):
        assert visits(sf.read(given)) == [("A", "09:00", "11:00"), ("A", "10:00", "12:00")]


def test_an_end_before_any_start_closes_nothing_later() -> None:
    rows = state_rows(
        ("A", "complete", "08:00"),
        ("A", "start", "09:00"),
        ("A", "complete", "10:00"),
        ("A", "complete", "11:00"),
    )
    assert visits(sf.read(rows)) == [("A", "08:00", ""), ("A", "09:00", "10:00"), ("A", "11:00", "")]


def test_instances_decide_which_end_is_that_of_a_start() -> None:
    rows = state_rows(
        ("A", "start", "09:00"),
        ("A", "start", "10:00"),
        ("A", "complete", "11:00"),
        ("A", "complete", "12:00"),
    )
    for row, instance in zip(rows, "xyyx", strict=True):
        row["concept:instance"] = instance
    assert visits(sf.read(rows)) == [("A", "09:00", "12:00"), ("A", "10:00", "11:00")]


def test_a_start_and_an_end_at_one_time_are_one_visit_in_any_order() -> None:
    rows = state_rows(
        ("A", "complete", "09:00"),
        ("A", "start", "09:00"),
        ("B", "start", "10:00"),
        ("B", "complete", "10:30"),
    )
    assert visits(sf.read(rows))[0] == ("A", "09:00", "09:00")


def test_a_log_of_ends_or_of_starts_alone_is_a_log_of_entries() -> None:
    ends = sf.read(state_rows(("A", "complete", "09:00"), ("B", "Complete", "10:00")))
    assert visits(ends) == [("A", "09:00", ""), ("B", "10:00", "")]
    assert count(ends, "entered_at_end") == 2
    starts = sf.read(state_rows(("A", "start", "09:00"), ("B", "start", "10:00"), ("B", "suspend", "11:00")))
    assert visits(starts) == [("A", "09:00", ""), ("B", "10:00", "")]
    assert (count(starts, "entered_at_end"), count(starts, "other_states")) == (0, 1)
    unknown = sf.read(state_rows(("A", "x", "09:00"), ("B", "y", "10:00")))
    assert (unknown.log.n_rows, count(unknown, "rows_of_any_action")) == (2, 2)


def test_cases_without_a_name_and_events_without_a_case_are_counted(tmp_path: Path) -> None:
    first = event("A", "2026-03-02T09:00:00Z")
    data = f"<log><trace>{first}</trace><trace>{first}</trace>{first}</log>".encode()
    export = sf.read(saved(tmp_path, data))
    assert list(export.items["item"]) == ["1", "2"]
    assert (count(export, "items_by_position"), count(export, "events_without_case")) == (2, 1)


DOCTYPE = '<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (FILE.read_bytes()[:1500], ["log.xes, line ", "cut short"]),
        (log_of(event("A", "2026-03-02")).replace(b"</trace>", b"</trac>"), ["line 1", "mismatched tag"]),
        (
            b"<!-- x -->\n"
            + log_of(event("A", "2026-03-02"), head="").replace(b"<log", DOCTYPE.encode() + b"<log"),
            ["XML"],
        ),
        (b"<log>" + DOCTYPE.encode() + b"</log>", ["not well-formed"]),
        (b"<log></log>", ["no event", "'log'"]),
        (b"<log><logentry revision='1'><author>x</author></logentry></log>", ["no event", "XES"]),
        (log_of("<event><string value='A'/></event>"), ["line 1", "has no key", "concept:name"]),
        (log_of(event("A", "yesterday")), ["log.xes, line 1", "'yesterday'", "time:timestamp"]),
        (log_of('<event><string key="concept:name" value="A"/></event>'), ["'concept:name'", "time"]),
        (log_of(event("", "2026-03-02")), ["stage", "line 1"]),
    ],
)
def test_a_damaged_log_is_refused_with_its_place(data: bytes, parts: list[str], tmp_path: Path) -> None:
    with pytest.raises(sf.ReaderError) as refused:
        sf.read(saved(tmp_path, data))
    assert all(part in str(refused.value) for part in parts), str(refused.value)


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    data = f"<?xml version='1.0'?>{DOCTYPE}".encode() + log_of(event("&b;", "2026-03-02"))
    with pytest.raises(sf.ReaderError, match="XML"):
        sf.read(saved(tmp_path, data))
    late = f"<?xml version='1.0'?>\n<!-- {'x' * 20_000} -->{DOCTYPE}".encode() + log_of(
        event("&b;", "2026-03-02")
    )
    with pytest.raises(sf.ReaderError, match="XML"):
        sf.read(saved(tmp_path, late))


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY x "X">',
        '<!ENTITY x SYSTEM "file:///etc/hostname">',
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY x "&a;&a;&a;&a;">',
        f'<!ENTITY x "{"a" * 100_000}">',
    ],
)
def test_entities_are_refused_by_their_name(tmp_path: Path, declared: str) -> None:
    path = tmp_path / "log.xes"
    path.write_text(f'<?xml version="1.0"?>\n<!DOCTYPE log [{declared}]>\n<log><trace/></log>')
    with pytest.raises(sf.ReaderError, match=r"log\.xes: this XML declares a document type"):
        sf.read(path)
