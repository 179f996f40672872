"""Whether chances held: items of past dates by the chance that they had, and how many of them were won."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..stats.proportions import wilson_bounds_of

N_CLASSES: Final = 10  # 0 to 10%, and so on; a chance of 1 is in the last one


class Calibration:
    """Items by the class of the chance that they had at each of several dates."""

    def __init__(self, n_items: int) -> None:
        self._n = np.zeros(N_CLASSES, dtype=np.int64)
        self._expected = np.zeros(N_CLASSES)
        self._won = np.zeros(N_CLASSES, dtype=np.int64)
        self._seen = np.zeros((N_CLASSES, n_items), dtype=np.bool_)
        self._beyond, self._beyond_won = 0, 0
        self._unwon, self._unwon_won = 0, 0

    def add(
        self,
        item: npt.NDArray[np.integer[Any]],
        win: npt.NDArray[np.float64],
        is_won: npt.NDArray[np.bool_],
        *,
        beyond: npt.NDArray[np.bool_],
        unwon: npt.NDArray[np.bool_],
    ) -> None:
        """Add the open items of one date: the chance of each, whether it was won, and which had none.

        Those `beyond` support were too old, and of the stages of those `unwon` nothing had been won yet.
        """
        known = ~np.isnan(win)
        place = np.minimum((win[known] * N_CLASSES).astype(np.int64), N_CLASSES - 1)
        self._n += np.bincount(place, minlength=N_CLASSES)
        self._expected += np.bincount(place, weights=win[known], minlength=N_CLASSES)
        self._won += np.bincount(place, weights=is_won[known], minlength=N_CLASSES).astype(np.int64)
        self._seen[place, item[known]] = True
        self._beyond += int(beyond.sum())
        self._beyond_won += int(is_won[beyond].sum())
        self._unwon += int(unwon.sum())
        self._unwon_won += int(is_won[unwon].sum())

    def remembered(self, confidence: float) -> dict[str, Any]:
        """Return what a table remembers: the classes that have items, and what became of the others.

        An item that is open at several dates counts at each of them; the bounds take it for one item, for
        what becomes of it is one event.
        """
        classes = []
        for at in np.flatnonzero(self._n).tolist():
            n, items = int(self._n[at]), int(self._seen[at].sum())
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
