"""What the bytes of JSON lines show before they are parsed: how many lines there are, and how they differ."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt

# pyarrow builds types of nested values by recursion, which a value of many levels takes too far.
_MOST_OPENED: Final = 250
_KEY: Final = re.compile(rb'"([^"]*)"\s*:')
_LOOKS, _LONGEST_LOOK, _FEW_KEYS = 500, 1 << 14, 200
_PART, _TAIL = 1 << 19, 1 << 10
_NEWLINE, _RETURN, _OPEN, _CLOSE = b"\n\r{}"
_BRACE_OF_BRACKET: Final = np.uint8(0x20)  # the bit that makes a bracket a brace


def number_of_lines(data: bytes) -> int:
    r"""Count the lines; 0 if one of them is not an object from end to end, or may be nested deeply.

    Examples
    --------
    >>> from stagefunnel.readers.sources.json_bytes import number_of_lines
    >>> number_of_lines(b'{"id": 7}\n{"id": 8}\n'), number_of_lines(b'{"id": 7}\n\n{"id": 8}\n')
    (2, 0)
    """
    tail = data[-_TAIL:]
    end = len(data) - len(tail) + len(tail.rstrip(b" \t\r\n"))
    if not data.startswith(b"{") or not data.endswith(b"}", 0, end):
        return 0
    signs: npt.NDArray[np.uint8] = np.frombuffer(data, dtype=np.uint8, count=end)
    n_ends = 0
    begun = 0  # where the line that goes on has begun, as seen from the part
    n_before = 0  # signs that open something in it so far
    for start in range(0, end, _PART):
        part = signs[start : start + _PART]
        ends = np.flatnonzero(part == _NEWLINE)
        if not _are_between_objects(signs, ends + start):
            return 0
        bounds = np.concatenate(([begun], ends, [len(part)]))
        last = max(int(bounds[-2]), 0)
        if np.diff(bounds).max() > _MOST_OPENED:  # a shorter line cannot open as many
            opened = np.flatnonzero(_opens(part))
            per_line = np.diff(np.searchsorted(opened, [0, *ends, len(part)]))
            per_line[0] += n_before
            if per_line.max() > _MOST_OPENED:
                return 0
            n_before = int(per_line[-1])
        else:
            n_before = int(np.count_nonzero(_opens(part[last:])))
        n_ends += len(ends)
        begun = int(bounds[-2]) - len(part)
    return n_ends + 1


def _are_between_objects(signs: npt.NDArray[np.uint8], ends: npt.NDArray[np.intp]) -> bool:
    """Check that an object ends before each end of a line, and another begins behind it."""
    before = signs[ends - 1]
    if not (before == _CLOSE).all():
        before = np.where(before == _RETURN, signs[ends - 2], before)
    return bool((before == _CLOSE).all() and (signs[ends + 1] == _OPEN).all())


def _opens(signs: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    opens: npt.NDArray[np.bool_] = (signs | _BRACE_OF_BRACKET) == _OPEN
    return opens


def keys_of_first_line(data: bytes) -> int:
    """Count what may be a key in the first line."""
    return data.count(b'":', 0, data.find(b"\n") + 1 or len(data))


def has_ever_other_keys(data: bytes) -> bool:
    """Look at lines all through the data: where each has keys of its own, a table would be mostly gaps."""
    keys, most = set[bytes](), 0
    for at in range(0, len(data), max(1, len(data) // _LOOKS)):
        start = data.find(b"\n", at) + 1
        end = data.find(b"\n", start, start + _LONGEST_LOOK)
        own = {*_KEY.findall(data, start, end if end >= 0 else start + _LONGEST_LOOK)}
        keys |= own
        most = max(most, len(own))
    return len(keys) > 4 * most + _FEW_KEYS


def are_plain(data: bytes) -> bool:
    """Check for bytes that are text in any encoding: ASCII without a NUL near the begin.

    Examples
    --------
    >>> from stagefunnel.readers.sources.json_bytes import are_plain
    >>> are_plain(b'{"id": 7}'), are_plain("{}".encode("utf-16-le")), are_plain('{"né": 7}'.encode())
    (True, False, False)
    """
    return data.isascii() and not data.count(0, 0, _TAIL)
