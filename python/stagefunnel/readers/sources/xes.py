"""Event logs in XES, read as a stream of elements: one row per event, the tree is never in memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO, Any, Final
from xml.parsers import expat

import numpy as np
import pandas as pd

from ...errors import ReaderError, SchemaError, given
from .collection import no_collection
from .source import Note, Source

CASE: Final = "case:"  # what stands before the name of a trace's attribute, as in a table of events
NAME: Final = "concept:name"
HEAD: Final = 16_384  # bytes in which the first element must stand
_CHUNK: Final = 1 << 18
_ROWS_PER_BLOCK: Final = 10_000
_ATTRIBUTES: Final = frozenset(("string", "date", "int", "float", "boolean", "id", "list", "container"))
# A document type is refused where the file is read.
_ROOT: Final = re.compile(
    r"\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*)*<(?:(?:[\w.-]+:)?log[\s>]|!DOCTYPE\s+(?:[\w.-]+:)?log[\s>\[])",
    re.DOTALL,
)

_Attributes = dict[str, str | None]


def is_xes(head: bytes) -> bool:
    """Check whether the first bytes of a file are those of an event log in XES, in any encoding of XML.

    Examples
    --------
    >>> from stagefunnel.readers.sources.xes import is_xes
    >>> is_xes(b'<?xml version="1.0"?><!-- of a shop --><log xes.version="1.0">'), is_xes(b"<deals/>")
    (True, False)
    """
    text = head[:HEAD].replace(b"\x00", b"").decode("latin-1").lstrip("\ufeff\xef\xbb\xbf\xff\xfe")
    return _ROOT.match(text) is not None


def xes_source(file: IO[bytes], name: str, encoding: str | None, rows_read: Callable[[int], None]) -> Source:
    """Read an event log.

    Parameters
    ----------
    file
        The file, unpacked.
    name
        Name of the file, for messages.
    encoding
        Encoding of the file; by default it says so itself.
    rows_read
        Function that is called with the number of events of each block.

    Returns
    -------
    Source
        One row per event, a column for each attribute of events, and one for each attribute of traces, with
        ``case:`` before its name.

    Raises
    ------
    ReaderError
        If the file is not XML, is cut short, or declares entities, which may grow without limit.
    """
    log = _Log(name, rows_read)
    parser = _parser(encoding)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = log.refuse_doctype
    log.attach(parser)
    try:
        with no_collection():
            while chunk := file.read(_CHUNK):
                parser.Parse(chunk, False)
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _xml_error(error, name) from error
    except ReaderError:  # is a ValueError
        raise
    except (ValueError, UnicodeDecodeError, LookupError) as error:
        raise ReaderError(f"{name}: the file is in an encoding that XML cannot have here: {error}") from error
    return log.source()


def _parser(encoding: str | None) -> expat.XMLParserType:
    try:
        "".encode(encoding or "utf-8")
    except LookupError as error:
        raise SchemaError(given("encoding", encoding), " is not known; names are like 'cp1252'") from error
    return expat.ParserCreate(encoding)


def _xml_error(error: expat.ExpatError, name: str) -> ReaderError:
    problem = expat.ErrorString(error.code)
    if problem in ("no element found", "unclosed token", "unclosed CDATA section", "partial character"):
        return ReaderError(
            f"{name}, line {error.lineno:,}: the event log is cut short ({problem}); export it again"
        )
    return ReaderError(f"{name}, line {error.lineno:,}: the event log is not well-formed XML: {problem}")


class _Log:
    """The rows of a log in the course of being read.

    Attributes of attributes, and those of the log, of its extensions and classifiers, make no column.
    """

    def __init__(self, name: str, rows_read: Callable[[int], None]) -> None:
        self._name = name
        self._rows_read = rows_read
        self._events: list[_Attributes] = []
        self._lines: list[int] = []
        self._traces: list[tuple[_Attributes, int]] = []  # attributes, and the number of events
        self._n_traces = self._n_empty = self._n_nested = self._n_loose = self._n_unnamed = 0
        self._n_rows = 0
        self._columns: dict[str, list[np.ndarray[Any, Any]]] = {}
        self._all_lines: list[int] = []
        self._memo: dict[str | None, str | None] = {}

    def attach(self, parser: expat.XMLParserType) -> None:
        """Set the functions that take the elements, which share their state as plain variables."""
        events, lines, name = self._events, self._lines, self._name
        trace: _Attributes | None = None
        target: _Attributes | None = None  # of the event or trace that is open
        depth = before = 0  # of attributes inside each other; events before this trace

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal trace, target, depth, before
            if tag in _ATTRIBUTES:
                if depth:
                    self._n_nested += target is not None
                elif target is not None:
                    try:
                        target[attributes["key"]] = attributes.get("value")
                    except KeyError:
                        raise ReaderError(
                            f"{name}, line {parser.CurrentLineNumber:,}: an attribute of the event log has "
                            'no key; it must be like <string key="concept:name" value="Offer"/>'
                        ) from None
                depth += 1
            elif tag == "event":
                target = {}
                lines.append(parser.CurrentLineNumber)
            elif tag == "trace":
                trace = target = {}
                before = len(events)
            elif ":" in tag:
                start(tag.rpartition(":")[2], attributes)

        def end(tag: str) -> None:
            nonlocal trace, target, depth
            if tag in _ATTRIBUTES:
                depth -= 1
            elif tag == "event":
                if trace is None:
                    self._n_loose += 1
                    lines.pop()
                elif target is not None:
                    events.append(target)
                target = trace
            elif tag == "trace":
                if trace is not None:
                    self._close(trace, len(events) - before)
                trace = target = None
            elif ":" in tag:
                end(tag.rpartition(":")[2])

        parser.StartElementHandler = start
        parser.EndElementHandler = end

    def refuse_doctype(self, *_: Any) -> None:
        """Refuse a file that declares a document type, whose entities may grow without limit."""
        raise ReaderError(
            f"{self._name}: this XML declares a document type (<!DOCTYPE …>), which an event log does not "
            "have and which is not read; take the line out if you trust the file"
        )

    def _close(self, trace: _Attributes, n_events: int) -> None:
        self._n_traces += 1
        if trace.get(NAME) is None:
            trace[NAME] = str(self._n_traces)
            self._n_unnamed += 1
        self._n_empty += not n_events
        self._traces.append((trace, n_events))
        if len(self._events) >= _ROWS_PER_BLOCK:
            self._flush()

    def _flush(self) -> None:
        """Turn the events so far into columns, in which equal texts are one object."""
        events, remember = self._events, self._memo.setdefault
        n_rows = len(events)
        for key in dict.fromkeys(key for event in events for key in event):
            self._append(key, [remember(text, text) for text in [event.get(key) for event in events]], n_rows)
        counts = np.array([n_events for _, n_events in self._traces], dtype=np.intp)
        for key in dict.fromkeys(key for trace, _ in self._traces for key in trace):
            values = np.array([remember(trace.get(key), trace.get(key)) for trace, _ in self._traces], object)
            self._append(CASE + key, np.repeat(values, counts), n_rows)
        if len(self._memo) > 100_000:
            self._memo.clear()  # texts that hardly repeat, such as times, are not worth their place
        self._all_lines += self._lines
        self._n_rows += n_rows
        self._rows_read(n_rows)
        self._events.clear()
        self._lines.clear()
        self._traces.clear()

    def _append(self, key: str, values: Any, n_rows: int) -> None:
        parts = self._columns.setdefault(key, [])
        n_before = sum(map(len, parts))
        if n_before < self._n_rows:
            parts.append(np.full(self._n_rows - n_before, None, dtype=object))
        block = np.empty(n_rows, dtype=object)
        block[:] = values
        parts.append(block)

    def source(self) -> Source:
        """Return the rows of all events."""
        self._flush()
        columns: dict[str, pd.Series] = {}
        for key, parts in self._columns.items():
            missing = self._n_rows - sum(map(len, parts))
            whole = np.concatenate([*parts, np.full(missing, None, dtype=object)])
            whole[whole == ""] = None
            columns[key] = pd.Series(whole, dtype=object)
        if not self._n_rows:
            raise ReaderError(
                f"{self._name}: an XML file with the element 'log' is read as an event log (XES), and this "
                f"one has {self._n_traces:,} traces and no event in them; export it again"
            )
        lines = np.array(self._all_lines, dtype=np.int64)
        name = self._name
        notes: list[Note] = [
            ("items_by_position", self._n_unnamed, "cases without concept:name, which are named by position"),
            ("items_without_stage", self._n_empty, "cases without an event, which are not in the log"),
            ("events_without_case", self._n_loose, "events outside of a trace, left out"),
            ("nested_attributes", self._n_nested, "attributes of attributes, left out"),
        ]
        return Source(
            name,
            pd.DataFrame(columns),
            lambda row: f"{name}, line {lines[row]:,}",
            tuple(note for note in notes if note[1]),
        )
