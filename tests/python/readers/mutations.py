"""Changes to a valid export: rows shuffled, cells swapped, other types and encodings."""

import csv
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from readers.exports import EXPORTS, REAL

CASE = "case:concept:name"
Files = dict[str, bytes]
Rows = list[dict[str, Any]]
Change = Callable[[list[str], Rows, random.Random], None]

# The files of every format that are read together.
VALID: dict[str, list[Path]] = {
    "bitrix24": sorted((EXPORTS / "bitrix24").glob("*.json")),
    "bitrix24 builder": [EXPORTS / "bitrix24" / "crm_deal_stage_history.csv"],
    "hubspot": [EXPORTS / "hubspot" / "deals.json", EXPORTS / "hubspot" / "pipelines.json"],
    "hubspot wide": [EXPORTS / "hubspot" / "deals_wide.csv"],
    "hubspot warehouse": sorted(REAL.glob("hubspot_*.csv")),
    "salesforce": [EXPORTS / "salesforce" / f"Opportunity{part}.csv" for part in ("History", "", "Stage")],
    "salesforce fields": [EXPORTS / "salesforce" / f"Opportunity{part}.csv" for part in ("FieldHistory", "")],
    "salesforce versions": [REAL / "salesforce_opportunity_history_scd2.csv"],
    "salesforce real": [REAL / f"salesforce_Opportunity{part}.csv" for part in ("History", "")],
    "salesforce leads": sorted((EXPORTS / "salesforce_leads").glob("*.csv")),
    "hubspot contacts": [EXPORTS / "hubspot_contacts" / f"{part}.json" for part in ("contacts", "deals")],
    "pipedrive": [
        EXPORTS / "pipedrive" / f"{part}.json" for part in ("flow", "deals", "stages", "pipelines")
    ],
    "kommo": sorted((EXPORTS / "kommo").glob("*.json")),
    "xes": [EXPORTS / "xes" / "orders.xes"],
    "xes table": [EXPORTS / "xes" / "orders.csv"],
    **{f"web {path.stem}": [path] for path in sorted((EXPORTS / "web").iterdir())},
    **{path.stem: [path] for path in sorted((EXPORTS / "boards").iterdir())},
    "events": [EXPORTS / "tables" / "events.csv"],
    "moves": [EXPORTS / "tables" / "moves.csv", EXPORTS / "tables" / "deals.csv"],
    "stays": [EXPORTS / "tables" / "stays.csv"],
    "wide": [EXPORTS / "tables" / "wide.csv"],
}


def files_of(name: str) -> Files:
    """Read the files of a valid export."""
    return {path.name: path.read_bytes() for path in VALID[name]}


def _csv(data: bytes) -> tuple[list[str], Rows]:
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=_delimiter(data))
    rows = list(reader)
    return list(reader.fieldnames or []), rows


def _delimiter(data: bytes) -> str:
    header = data.split(b"\n", 1)[0].decode("utf-8-sig")
    return max(",;\t", key=header.count)


def _to_csv(names: list[str], rows: Rows, delimiter: str) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, names, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _event_log(data: bytes) -> tuple[list[str], Rows]:
    """Turn an event log in XES into rows, one for each event, with the name of its case."""
    rows = [
        {CASE: trace.find("{*}string").get("value")}  # type: ignore[union-attr]  # each case has a name
        | {one.get("key"): one.get("value") for one in event}
        for trace in ElementTree.fromstring(data).iterfind("{*}trace")
        for event in trace.iterfind("{*}event")
    ]
    return list(dict.fromkeys(name for row in rows for name in row)), rows


def _to_event_log(rows: Rows) -> bytes:
    """Write rows as an event log, each as a case of its own: cases of one name are one item."""
    log = ElementTree.Element("log")
    for row in rows:
        trace = ElementTree.SubElement(log, "trace")
        event = ElementTree.Element("event")
        for name, value in row.items():
            if value is not None:
                home, key = (trace, "concept:name") if name == CASE else (event, name)
                text = re.sub("[\x00-\x08\x0b-\x1f]", "", str(value))
                ElementTree.SubElement(home, "string", key=str(key), value=text)
        trace.append(event)
    return ElementTree.tostring(log, encoding="utf-8")


def _lists(value: Any) -> Iterator[list[Any]]:
    """Find the lists of records in an answer."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _lists(one)


def changed(data: bytes, change: Change, luck: random.Random) -> bytes:
    """Change the rows of a table, or the records of one list in an answer."""
    if data.lstrip()[:1] == b"<":
        names, rows = _event_log(data)
        change(names, rows, luck)
        return _to_event_log(rows)
    if data.count(b"\n{"):
        rows = [json.loads(line) for line in data.splitlines() if line.strip()]
        change(list(dict.fromkeys(name for row in rows for name in row)), rows, luck)
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    if data.lstrip()[:1] in (b"{", b"["):
        value = json.loads(data)
        rows = luck.choice(list(_lists(value)))
        change(list(dict.fromkeys(name for row in rows for name in row)), rows, luck)
        return json.dumps(value, ensure_ascii=False).encode()
    names, table = _csv(data)
    change(names, table, luck)
    return _to_csv(names, table, _delimiter(data))


def shuffle(names: list[str], rows: Rows, luck: random.Random) -> None:
    """Put the rows in any order."""
    luck.shuffle(rows)


def swap(names: list[str], rows: Rows, luck: random.Random) -> None:
    """Let two rows exchange their cells of a column."""
    name, (one, other) = luck.choice(names), luck.choices(rows, k=2)
    one[name], other[name] = other.get(name), one.get(name)


def swap_across(names: list[str], rows: Rows, luck: random.Random) -> None:
    """Let two cells of one row change places."""
    row, (one, other) = luck.choice(rows), luck.choices(names, k=2)
    row[one], row[other] = row.get(other), row.get(one)


def blank(names: list[str], rows: Rows, luck: random.Random) -> None:
    """Empty a cell, or write one of the words for nothing."""
    luck.choice(rows)[luck.choice(names)] = luck.choice(["", " ", None, "n/a", "-", "NULL", "\u00a0"])


def pad(names: list[str], rows: Rows, luck: random.Random) -> None:
    """Put blanks around a cell, or write it in other letters."""
    row, name = luck.choice(rows), luck.choice(names)
    if isinstance(row.get(name), str):
        row[name] = luck.choice([" {}", "{} ", "\u200b{}", "{}\u00a0", "'{}", "{}\t"]).format(row[name])


def retype(names: list[str], rows: Rows, luck: random.Random) -> None:
    """Write the cells of a column as another type: numbers as floats or text, times as days."""
    name = luck.choice(names)
    how = luck.choice(
        [_as_float, str, lambda text: text[:10] if isinstance(text, str) else text, lambda _: 7]
    )
    for row in rows:
        row[name] = how(row.get(name)) if row.get(name) is not None else None


def _as_float(value: Any) -> Any:
    is_number = isinstance(value, str) and value.isdecimal() and len(value) < 15
    return f"{value}.0" if is_number else float(value) if isinstance(value, int) else value


def odd(names: list[str], rows: Rows, luck: random.Random) -> None:
    """Write something strange into a cell."""
    strange = ["é", "0", "-1", "1e400", "9" * 40, "2026-02-30", "31/12/99", "12:00", "R$ 1.234,56"]
    strange += ["1,23,456.00", "(1,200.00)", "{}", "[]", '"', "=1+1", "\x00", "\U0001f600"]
    luck.choice(rows)[luck.choice(names)] = luck.choice(strange)


def drop(names: list[str], rows: Rows, luck: random.Random) -> None:
    """Take a row out."""
    if len(rows) > 1:
        del rows[luck.randrange(len(rows))]


def double(names: list[str], rows: Rows, luck: random.Random) -> None:
    """Write a row twice."""
    rows.insert(luck.randrange(len(rows)), dict(luck.choice(rows)))


def rename(names: list[str], rows: Rows, luck: random.Random) -> None:
    """Give a column another name, or that of another column."""
    name = luck.choice(names)
    new = luck.choice([name.upper(), f" {name}", f"{name}_", "x", *names])
    for row in rows:
        if name in row:
            row[new] = row.pop(name)
    names[:] = list(dict.fromkeys(new if one == name else one for one in names))


KEEPING = (shuffle, swap, swap_across, blank, pad, retype, odd)  # as many rows as before
CHANGING = (drop, double, rename)


def encoded(data: bytes, luck: random.Random) -> bytes:
    """Write a file in another encoding, with other ends of lines, or with lines of blanks below it."""
    text = data.decode("utf-8-sig")
    encoding = luck.choice(["utf-16", "utf-16-le", "utf-8-sig", "cp1251", "cp1252", "koi8-r"])
    text = luck.choice([text, text.replace("\n", "\r\n"), text + "\n\n", text.rstrip("\n")])
    return text.encode(encoding, "ignore")


def cut(data: bytes, luck: random.Random) -> bytes:
    """Cut a file short."""
    return data[: luck.randrange(len(data))]
