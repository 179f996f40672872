"""All of a log's answers in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .durations import QUANTILES, time_in_stage
from .funnels import funnel, outcomes
from .log import StageLog
from .moves import transitions
from .overview import Summary
from .pipeline import Pipeline
from .schema import BasisName, Fill, LostThenWonName, PerName, Unlisted


def summary(
    log: StageLog,
    pipeline: Pipeline,
    *,
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | None = None,
    per: PerName = "visit",
    quantiles: Sequence[float] = QUANTILES,
    unlisted: Unlisted = "error",
    period: Any = None,
    basis: BasisName = "active",
    as_of: Any = None,
) -> Summary:
    """Answer all that is asked of most logs: both funnels, outcomes, times, moves and quality.

    Every table is the one that its own function returns with the same options.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    fill, lost_then_won, by
        As for :func:`funnel`; `lost_then_won` and `by` also as for :func:`outcomes`. Without
        `lost_then_won` each funnel keeps its own default and the outcomes include all items.
    per, quantiles
        As for :func:`time_in_stage`.
    unlisted, period, basis, as_of
        As for :func:`funnel`. The quality table is always about the whole log.

    Returns
    -------
    Summary
        The tables ``funnel``, ``outcomes``, ``time_in_stage``, ``transitions`` and ``quality``;
        :func:`show` prints them together.

    Raises
    ------
    UnknownStageError, SchemaError
        As for the functions of the tables.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> answers = sf.summary(shop.log, shop.pipeline)
    >>> answers
    Summary: 13 items: 6 won, 5 lost, 2 open
      tables  funnel, outcomes, time_in_stage, transitions, quality
    >>> answers.transitions.head(2)
      from_stage  to_stage  moves  items     share
    0        New  Prepayment      2      2  0.222222
    1        New    Delivery      2      2  0.222222
    """
    part: dict[str, Any] = {"unlisted": unlisted, "period": period, "basis": basis, "as_of": as_of}
    flip = lost_then_won or "include"
    return Summary(
        funnel=funnel(log, pipeline, kind="both", fill=fill, lost_then_won=lost_then_won, by=by, **part),
        outcomes=outcomes(log, pipeline, lost_then_won=flip, by=by, **part),
        time_in_stage=time_in_stage(log, pipeline, per=per, quantiles=quantiles, **part),
        transitions=transitions(log, pipeline, **part),
        quality=log.quality(pipeline),
    )
