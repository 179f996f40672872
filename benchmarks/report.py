"""The tables: one per comparison."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Measured
from peers import OURS

_COLUMNS = (
    "",
    *("first call, s", "steady, s", "best, s", "ratio, steady", "ratio, best"),
    *("peak extra, B/row", "held, B/row"),
)


def table(found: Sequence[Measured]) -> str:
    """Lay one comparison out; ratios are to our own candidate, and above 1 where we are faster."""
    ours = next((one for one in found if one.name in OURS), None)
    lines = [
        f"### {found[0].case}",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        "|---" * len(_COLUMNS) + "|",
    ]
    for one in found:
        ratios = ["", ""]
        if ours is not None:
            ratios = [f"{one.median / ours.median:.1f}", f"{one.best / ours.best:.1f}"]
        cells = [
            one.name,
            *(f"{seconds:.4f}" for seconds in (one.median_first, one.median, one.best)),
            *ratios,
            *(f"{max(bytes_a_row):.1f}" for bytes_a_row in (one.extra, one.held)),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
