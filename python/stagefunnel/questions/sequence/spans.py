"""Spans in which people count lengths of time, for a picture of how they are spread."""

from __future__ import annotations

from itertools import dropwhile, pairwise
from typing import Any, Final

import numpy as np

_MOST: Final = 14
_SKEWED: Final = 8  # times the longest is of the median: then spans become wider and wider
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
#: Seconds of widths and of ends that people count in.
_WIDTHS: Final = (
    *(1, 2, 5, 10, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR),
    *(6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 5 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 60 * _DAY, 90 * _DAY),
    *(180 * _DAY, 365 * _DAY),
)
_ENDS: Final = (
    *(1, 10, _MINUTE, 10 * _MINUTE, _HOUR, 6 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY),
    *(60 * _DAY, 90 * _DAY, 180 * _DAY, 365 * _DAY, 730 * _DAY, 1_825 * _DAY, 3_650 * _DAY),
)


def spans_of(lengths: Any, a_second: float | None) -> list[tuple[int, int, int]]:
    """Cut lengths of time at round ends; return the start, the end and the number of each span.

    Spans are equally wide, unless the longest length is many times the median one. A span has its start and
    not its end.

    Parameters
    ----------
    lengths
        Lengths in ticks.
    a_second
        Ticks of a second; ``None`` if a tick is not a time, and round ends are those of decimal numbers.
    """
    if not len(lengths):
        return []
    longest, middle = float(lengths.max()), float(np.median(lengths))
    unit = 1.0 if a_second is None else a_second
    powers = tuple(times * 10**power for power in range(16) for times in (1, 2, 5))
    widths = [width * unit for width in (powers if a_second is None else _WIDTHS)]
    if longest <= _SKEWED * max(middle, 1):
        first = float(lengths.min())
        width = next((one for one in widths if (longest - first) / one <= _MOST - 2), widths[-1])
        start = width * (first // width)
        edges = np.arange(start, longest + width, width)
        edges = edges if edges[-1] > longest else np.append(edges, edges[-1] + width)
    else:
        ends = [end * unit for end in (powers if a_second is None else _ENDS)]
        edges = np.array([0.0, *(end for end in ends if end <= longest)])
        edges = np.append(edges, next((end for end in ends if end > longest), longest + 1))
    counts, _ = np.histogram(lengths, edges)
    found = [(int(start), int(end), int(n)) for (start, end), n in zip(pairwise(edges), counts, strict=True)]
    return list(dropwhile(lambda span: not span[2], found))
