"""The frame of a chart of curves: shares of all over the age that items have reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..numbers import percent
from .frame import ticks_of
from .letters import width_of
from .sheet import Sheet
from .style import SMALL

_SHARES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
HEIGHT: Final = 250
FAINT: Final = 0.35  # opacity of what too few items are old enough for


@dataclass(frozen=True)
class AgeFrame:
    """A rectangle on a sheet, from age 0 to the longest one and from none to all of the items.

    Attributes
    ----------
    left, top, width, height
        The rectangle.
    longest
        The age at its right edge.
    """

    left: float
    top: float
    width: float
    height: float
    longest: float

    def x(self, age: float) -> float:
        """Return where an age stands."""
        return self.left + self.width * age / (self.longest or 1)

    def y(self, share: float) -> float:
        """Return where a share stands."""
        return self.top + self.height * (1 - share)


def draw_age_frame(
    sheet: Sheet, x: float, y: float, width: float, height: float, *, longest: float, title: str, right: float
) -> tuple[AgeFrame, float]:
    """Draw the grid, the shares at the left and the ages below; return the frame and where it ends.

    Parameters
    ----------
    sheet, x, y, width, height
        The sheet, and the place of the frame without what stands below it.
    longest, title
        The largest age, and what ages are called: ``days since creation``.
    right
        Pixels that stay free at the right, for names of curves.
    """
    look = sheet.look
    left = x + width_of("100%", SMALL) + 8
    frame = AgeFrame(left, y + 6, width - (left - x) - right, height, longest)
    for share in _SHARES:
        at = frame.y(share)
        sheet.rule(left, at, left + frame.width, at, look.line, thick=1, grid=True)
        sheet.text(left - 6, at + 4, percent(share), colour=look.quiet, align="right")
    below = frame.top + height
    free = x
    for tick in ticks_of(0, longest or 1):
        text, place = f"{tick:,g}", frame.x(tick)
        half = width_of(text, SMALL) / 2
        if tick > longest or place - half < free or place + half > x + width:
            continue
        sheet.rule(place, below, place, below + 4, look.line, thick=1)
        sheet.text(place, below + 16, text, colour=look.quiet, align="center")
        free = place + half + 8
    sheet.text(x + width, below + 32, title, colour=look.quiet, align="right", room=width)
    return frame, below + 40
