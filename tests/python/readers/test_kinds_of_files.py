"""Files that are no export are refused as what they are, with what to do."""

import io
import sqlite3
import zipfile
from pathlib import Path

import pytest

import stagefunnel as sf

openpyxl = pytest.importorskip("openpyxl")

SPREADSHEET_ML = """<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>
"""


def packed(**parts: str) -> bytes:
    """Make a ZIP file of texts by their names."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name, text in parts.items():
            file.writestr(name, text)
    return data.getvalue()


SHEET = "application/vnd.oasis.opendocument.spreadsheet"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
REFUSED = {
    "XML": (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<deals><deal id="1"/></deals>',
        ["XML", "'deals'", "CSV"],
    ),
    "XML without a header": (b"<rows><row><id>1</id></row></rows>", ["XML", "'rows'", "CSV"]),
    "Excel 2003": (SPREADSHEET_ML.encode(), ["Excel workbook of 2003 in XML", "save it as .xlsx"]),
    "XHTML": (
        b'<?xml version="1.0"?><!DOCTYPE html><html><head><title>Log in</title>',
        ["web page", "'Log in'"],
    ),
    "a table in HTML": (b"<table><tr><td>1</td></tr></table>", ["a table in HTML", "save it as .xlsx"]),
    "ODS": (
        packed(mimetype=SHEET, **{"content.xml": "<office/>"}),
        ["OpenDocument spreadsheet (.ods)", "save it as .xlsx or CSV"],
    ),
    "XLSB": (packed(**{"xl/workbook.bin": ""}), ["(.xlsb)", "save it as .xlsx"]),
    "XLS": (OLE, ["an old Excel file (.xls)", "save it as .xlsx or CSV"]),
    "a password": (OLE + "EncryptedPackage".encode("utf-16-le"), ["with a password", "save it without one"]),
    "ZIP": (
        packed(**{"exports/": "", "exports/deals.csv": "id", "exports/stages.csv": "id"}),
        ["a ZIP file", "unpack it first", "'exports/deals.csv', 'exports/stages.csv'"],
    ),
    "an empty ZIP": (b"PK\x03\x04", ["a ZIP file", "unpack it first"]),
    "Access": (b"\x00\x01\x00\x00Standard ACE DB\x00rest", ["an Access database", "CSV"]),
    "7-Zip": (b"7z\xbc\xaf\x27\x1crest", ["7-Zip", "unpack it first"]),
    "Feather": (b"ARROW1\x00\x00rest", ["Feather", "pandas.read_feather"]),
    "RTF": (rb"{\rtf1 deal_id}", ["RTF", "CSV"]),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("name", ["deals.csv", "deals.xlsx", "deals"])
def test_what_is_no_export_is_named(kind: str, name: str, tmp_path: Path) -> None:
    data, parts = REFUSED[kind]
    if name == "deals.xlsx" and kind == "an empty ZIP":
        parts = ["not a valid .xlsx file"]
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(sf.ReaderError) as refused:
        sf.read(file)
    assert [part for part in [str(file), *parts] if part not in str(refused.value)] == []


def test_a_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "crm.csv"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE deals (deal_id, stage, changed_at)")
    database.close()
    with pytest.raises(sf.ReaderError, match="this is a SQLite database; read it by a query: sql="):
        sf.read(file)


@pytest.mark.parametrize("name", ["deals.xls", "deals.zip", "deals"])
def test_a_workbook_is_read_whatever_its_name(name: str, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["deal_id", "stage", "changed_at"], [1, "New", "2026-01-05"], [1, "Won", "2026-01-06"]):
        book.active.append(row)
    book.save(tmp_path / name)
    assert sf.read(tmp_path / name).log.n_rows == 2


def test_columns_in_angle_brackets_are_no_markup(tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    file.write_text("<id>,stage,changed_at\n1,New,2026-01-05\n1,Won,2026-01-06\n")
    assert sf.read(file, item="<id>").log.n_rows == 2
