"""Whether groups differ in how long it takes until something happens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...errors import SchemaError, named
from .significance import chi_square_tail
from .spell_arrays import read_spells
from .spells import Scale, Wanted


def logrank(time: Any, event: Any, group: Any) -> pd.DataFrame:
    """Test whether groups differ in how long something takes, by the log-rank test.

    At each event the groups should have events as they have spells at risk. The statistic compares all that
    happened with what should have happened.

    Parameters
    ----------
    time, event
        As for :func:`kaplan_meier`.
    group
        A label for each spell.

    Returns
    -------
    DataFrame
        One row: ``statistic``, ``df`` (groups less one), ``p_value``. All but ``df`` are NaN where there is
        nothing to test: fewer than two groups, or no event while two of them are at risk.

    Raises
    ------
    SchemaError
        As for :func:`kaplan_meier`; also without groups.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.stats.logrank([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 0], list("aaabbb")).round(4)
       statistic  df  p_value
    0     5.0517   1   0.0246
    """
    if group is None:
        raise SchemaError(named("group"), " is missing; the test compares groups")
    spells = read_spells(time, event, None, group, one_event=True)
    n_groups = 0 if spells.groups is None else len(spells.groups)
    ticks = spells.event_ticks
    # All groups are counted at the events of all.
    counts = spells.curves(Wanted(Scale("integer").times(ticks), ticks, ticks))
    shape = (max(n_groups, 1), len(ticks))
    at_risk = counts.at_risk.reshape(shape).astype(np.float64)
    events = counts.events.reshape(shape).astype(np.float64)
    everyone, happened = at_risk.sum(axis=0), events.sum(axis=0)
    share = at_risk / everyone
    excess = events.sum(axis=1) - (share * happened).sum(axis=1)
    spread = happened * np.divide(
        everyone - happened, everyone - 1, out=np.zeros(len(ticks)), where=everyone > 1
    )
    variance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    # A group that is never at risk beside another has no part in the test.
    counted = np.diag(variance) > 1e-12
    statistic, p_value = np.nan, np.nan
    degrees = int(counted.sum()) - 1
    if degrees > 0:
        kept = np.flatnonzero(counted)[:-1]
        statistic = float(excess[kept] @ np.linalg.pinv(variance[np.ix_(kept, kept)]) @ excess[kept])
        p_value = chi_square_tail(statistic, degrees)
    degrees = max(n_groups - 1, 0) if degrees <= 0 else degrees
    return pd.DataFrame({"statistic": [statistic], "df": [degrees], "p_value": [p_value]})
