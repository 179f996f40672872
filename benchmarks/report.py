"""The tables of the measurements, one per comparison."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Measured
from peers import OURS

_COLUMNS = (
    "",
    *("first call, s", "steady, s", "best, s", "ratio, steady", "ratio, best"),
    *("peak extra, B/row", "held, B/row"),
)


def table(measured: Sequence[Measured]) -> str:
    """Write the table of one comparison; ratios are to the package, and above 1 where it is faster."""
    ours = next((candidate for candidate in measured if candidate.name in OURS), None)
    lines = [
        f"### {measured[0].case}",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        "|---" * len(_COLUMNS) + "|",
    ]
    for candidate in measured:
        ratios = ["", ""]
        if ours is not None:
            ratios = [f"{candidate.median / ours.median:.1f}", f"{candidate.best / ours.best:.1f}"]
        cells = [
            candidate.name,
            *(f"{seconds:.4f}" for seconds in (candidate.median_first, candidate.median, candidate.best)),
            *ratios,
            *(f"{max(bytes_a_row):.1f}" for bytes_a_row in (candidate.extra, candidate.held)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
