"""Files that are no export: what they are by their first bytes, and what to do with them."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final

from ...errors import ReaderError, quoted

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_SAVE_AS: Final = "open it in a spreadsheet program and save it as .xlsx or CSV"
_EXPORT: Final = "export CSV, .xlsx or JSON"
_UNPACK: Final = "unpack it first"
# First bytes of files, what they are, and what to do.
_BY_START: Final = (
    (b"SQLite format 3\x00", "a SQLite database", "read it by a query: sql=, with this file as connection="),
    (b"\x00\x01\x00\x00Standard ", "an Access database", "export its table as CSV"),
    (b"%PDF", "a PDF", _EXPORT),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"BZh", "a file packed with bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "a file packed with xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a file packed with Zstandard", _UNPACK),
    (b"ARROW1\x00\x00", "an Arrow (Feather) file", "read it with pandas.read_feather and pass the frame"),
    (b"FEA1", "a Feather file", "read it with pandas.read_feather and pass the frame"),
    (b"ORC", "an ORC file", "read it with pandas.read_orc and pass the frame"),
    (b"Obj\x01", "an Avro file", "write it as Parquet or CSV"),
    (b"\x89HDF", "an HDF5 file", "read it with pandas.read_hdf and pass the frame"),
    (b"\x89PNG", "a picture (PNG)", _EXPORT),
    (b"\xff\xd8\xff", "a picture (JPEG)", _EXPORT),
    (b"{\\rtf", "a text document (RTF)", _EXPORT),
    (b"MIME-Version:", "a saved web page (MHTML)", _SAVE_AS),
)
# Files inside a ZIP file that say what it is.
_BY_PART: Final = (
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)", _SAVE_AS),
    ("word/document.xml", "a Word document (.docx)", _EXPORT),
    ("ppt/presentation.xml", "a presentation (.pptx)", _EXPORT),
    ("Index/Document.iwa", "an Apple Numbers or Pages document", "export it as .xlsx or CSV"),
)
_BY_MIMETYPE: Final = (
    ("application/vnd.oasis.opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", _SAVE_AS),
    ("application/vnd.oasis.opendocument", "an OpenDocument file", _EXPORT),
)


def is_workbook(data: bytes, name: str) -> bool:
    """Check whether a file is an .xlsx workbook, whatever its name; a damaged one is known by it."""
    if not data.startswith(_ZIP):
        return False
    parts = _parts(data)
    return "xl/workbook.xml" in parts or (not parts and name.lower().endswith((".xlsx", ".xlsm")))


def is_duckdb(head: bytes) -> bool:
    """Check for the header of DuckDB: a checksum, a mark and a version in eight bytes, unlike any text."""
    return head[8:12] == b"DUCK" and head[16:20] == bytes(4)


def refuse_other_kinds(data: bytes, name: str) -> None:
    """Refuse a file that is neither text nor a table, with what it is and what to do.

    Raises
    ------
    ReaderError
        For databases, archives, documents, pictures, and spreadsheets of other kinds than .xlsx.
    """
    found = next(((kind, remedy) for start, kind, remedy in _BY_START if data.startswith(start)), None)
    if data.startswith(_OLE):
        found = _ole(data)
    elif data.startswith(_ZIP):
        found = _zip(data)
    elif is_duckdb(data):
        found = "a DuckDB database", "write its table to CSV, or pass a relation: duckdb.table(…)"
    elif data[257:262] == b"ustar":
        found = "a TAR archive", _UNPACK
    if found is not None:
        kind, remedy = found
        raise ReaderError(f"{name}: this is {kind}; {remedy}")


def refuse_markup(text: str, name: str) -> None:
    """Refuse XML and web pages: a login or error page that was saved in place of an export.

    Raises
    ------
    ReaderError
        With what it is, its title if it has one, and what to do.
    """
    start = text[:2_000].lstrip("\ufeff \t\r\n").lower()
    is_element = re.match(r"<!--|<[a-z][\w.-]*(:[\w.-]+)?[\s>/]", start) and "</" in text[:20_000]
    if not is_element and not re.match(
        r"<\?xml|<\?mso|<!doctype|<(html|head|body|table|meta|script|div)", start
    ):
        return
    if "urn:schemas-microsoft-com:office:spreadsheet" in start or 'progid="excel.sheet"' in start:
        raise ReaderError(f"{name}: this is an Excel workbook of 2003 in XML; {_SAVE_AS}")
    if "urn:oasis:names:tc:opendocument" in start:
        raise ReaderError(f"{name}: this is an OpenDocument spreadsheet in XML (.fods); {_SAVE_AS}")
    if re.search(r"<(!doctype html|html|head|body|table|meta|script|div)", start) is None:
        root = re.search(r"<([a-z][\w:.-]*)", text[:2_000].lstrip("\ufeff \t\r\n"), re.IGNORECASE)
        of_what = f" with the element {root[1]!r}" if root else ""
        raise ReaderError(f"{name}: this is XML{of_what}; of XML only event logs (XES) are read: {_EXPORT}")
    match = re.search(r"<title[^>]*>(.*?)</title>", text[:20_000], re.IGNORECASE | re.DOTALL)
    title = f" with the title {' '.join(match[1].split())!r}" if match else ""
    if "<table" in text[:20_000].lower() and not match:
        raise ReaderError(
            f"{name}: this is a table in HTML (HTML), not an export, though its name may end in .xls; "
            f"{_SAVE_AS}"
        )
    raise ReaderError(
        f"{name}: this is a web page (HTML){title}, not an export; a login or an error page is often saved "
        f"so: export again, as CSV, .xlsx or JSON"
    )


def _ole(data: bytes) -> tuple[str, str]:
    """Tell an old Excel file from one with a password, and from other documents of its container."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "an Excel workbook with a password", "save it without one"
    if "WordDocument".encode("utf-16-le") in data:
        return "an old Word document (.doc)", _EXPORT
    return "an old Excel file (.xls)", "save it as .xlsx or CSV"


def _parts(data: bytes) -> list[str]:
    """List the names inside a ZIP file; none if it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return packed.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return []  # cut or packed in an unknown way: the file is named by its first bytes alone


def _zip(data: bytes) -> tuple[str, str]:
    parts = _parts(data)
    mimetype = data[30:130].decode("latin-1") if "mimetype" in parts else ""
    for name, kind, remedy in _BY_MIMETYPE:
        if name in mimetype:
            return kind, remedy
    for part, kind, remedy in _BY_PART:
        if part in parts:
            return kind, remedy
    files = [part for part in parts if not part.endswith("/")]
    if not files:
        return "a ZIP file", _UNPACK
    return "a ZIP file", f"{_UNPACK} and give the files in it: {quoted(files, most=4)}"
