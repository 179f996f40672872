"""Whether chances held: items of past dates by the chance that they had, and how many of them were won."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ... import _core
from ...tables.build import share
from ..stats.proportions import wilson_bounds_of

N_CLASSES: Final = 10  # 0 to 10%, and so on; a chance of 1 is in the last one


class Calibration:
    """Items by the class of the chance that they had at each of several dates."""

    def __init__(self, n_items: int) -> None:
        self._n = np.zeros(N_CLASSES, dtype=np.int64)
        self._expected = np.zeros(N_CLASSES)
        self._won = np.zeros(N_CLASSES, dtype=np.int64)
        self._seen = np.zeros(n_items, dtype=np.uint16)  # by item the classes that it was in, a bit for each
        self._beyond, self._beyond_won = 0, 0
        self._unwon, self._unwon_won = 0, 0

    def add(
        self,
        item: npt.NDArray[np.uint32],
        win: npt.NDArray[np.float64],
        is_won: npt.NDArray[np.bool_],
        *,
        beyond: npt.NDArray[np.bool_],
        unwon: npt.NDArray[np.bool_],
    ) -> float:
        """Add the open items of one date: the chance of each, whether it was won, and which had none.

        Those `beyond` support were too old, and of the stages of those `unwon` nothing had been won yet. It
        returns the mean squared error of the chances.
        """
        found = _core.stats.calibrate(
            chance=win, is_won=is_won.view(np.uint8), item=item, n_classes=N_CLASSES, seen=self._seen
        )
        self._n += found.n
        self._expected += found.expected
        self._won += found.won
        self._beyond += int(np.count_nonzero(beyond))
        self._beyond_won += int(np.count_nonzero(is_won & beyond))
        self._unwon += int(np.count_nonzero(unwon))
        self._unwon_won += int(np.count_nonzero(is_won & unwon))
        return float(share(found.squared, int(found.n.sum())))

    def remembered(self, confidence: float) -> dict[str, Any]:
        """Return what a table remembers: the classes that have items, and what became of the others.

        An item that is open at several dates counts at each of them; the bounds take it for one item, for
        what becomes of it is one event.
        """
        classes = []
        for at in np.flatnonzero(self._n).tolist():
            n, items = int(self._n[at]), int(np.count_nonzero(self._seen & (1 << at)))
            share = self._won[at] / n
            low, high = wilson_bounds_of(np.array([share]), np.array([float(items)]), confidence)
            classes.append(
                {
                    "from": at / N_CLASSES,
                    "to": (at + 1) / N_CLASSES,
                    "n": n,
                    "items": items,
                    "expected": float(self._expected[at] / n),
                    "won": float(share),
                    "won_low": float(low[0]),
                    "won_high": float(high[0]),
                }
            )
        return {
            "calibration": classes,
            "too_old": {"n": self._beyond, "won": self._beyond_won},
            **({"not_won_before": {"n": self._unwon, "won": self._unwon_won}} if self._unwon else {}),
        }
