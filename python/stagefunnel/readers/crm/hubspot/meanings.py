"""Which stages of HubSpot are closed, which of them are won, and what that rests on."""

from __future__ import annotations

from typing import Final

import pandas as pd

from ...build.meanings import meaning_of
from ...sources.columns import is_true

# What a meaning rests on where it is less than a flag or a probability of 1.
ZERO, NAME, UNKNOWN, NOTHING = "zero", "name", "unknown", ""
_PERCENT: Final = 100.0


def with_meanings(
    stages: pd.DataFrame, *, probability: pd.Series, is_closed: pd.Series, closed_won: pd.Series
) -> pd.DataFrame:
    """Add ``closed``, ``won``, ``basis`` and ``named`` to stages.

    Closed is what ``is_closed`` says, else a stage whose ``closed_won`` is true or whose probability is 0 or
    1. Of the closed, a probability of 1 is won and less is lost; without one ``closed_won`` decides, then
    label and code. Connectors also write into ``closed_won`` whether a stage is closed: then it says no more.

    Parameters
    ----------
    stages
        Columns ``pipeline``, ``code``, ``name`` and ``order``.
    probability, is_closed, closed_won
        Text of these columns, missing where a stage has none.

    Returns
    -------
    DataFrame
        The stages with ``probability`` as a share; ``named`` is the meaning of label or code.
    """
    frame = stages.assign(probability=shares(probability))
    share = frame["probability"]
    named = pd.Series(
        [meaning_of(str(name), str(code)) for name, code in zip(frame["name"], frame["code"], strict=True)],
        index=frame.index,
        dtype=object,
    )
    flagged_won = is_true(closed_won)
    says_closed = is_closed.notna() & bool(is_true(is_closed).any())
    has_share = share.notna()
    unflagged = is_true(is_closed) & closed_won.notna() & ~flagged_won
    only_closed = _says_only_closed(frame["pipeline"], flagged_won, unflagged, share, named)
    by_zero = share.eq(0) & ~_is_early(frame, named)
    if only_closed:
        by_zero &= closed_won.isna() | named.eq("lost")
    is_found = flagged_won | share.eq(1) | by_zero
    is_unsaid = ~says_closed & ~has_share & ~flagged_won
    closed = is_true(is_closed).where(says_closed, is_found | (is_unsaid & named.notna()))
    tells = bool(flagged_won.any()) and not only_closed
    by_flag = closed_won.notna() & ~(is_unsaid & named.notna()) & tells
    won = closed & share.eq(1).where(has_share, flagged_won.where(by_flag, named.eq("won")))
    basis = pd.Series(NOTHING, index=frame.index, dtype=object)
    basis = basis.mask(closed & ~has_share & ~by_flag, NAME)
    basis = basis.mask(basis.eq(NAME) & named.isna(), UNKNOWN)
    basis = basis.mask(closed & ~says_closed & ~flagged_won & by_zero, ZERO)
    return frame.assign(closed=closed.astype(bool), won=won.astype(bool), basis=basis, named=named)


def shares(probability: pd.Series) -> pd.Series:
    """Read probabilities as shares; above 1 they are percents.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.crm.hubspot.meanings import shares
    >>> shares(pd.Series(["20", "100", "0", None])).tolist()
    [0.2, 1.0, 0.0, nan]
    """
    texts = probability.astype("string").str.strip().str.replace(",", ".", regex=False)
    is_percent = texts.str.endswith("%").fillna(False).any()
    numbers = pd.to_numeric(texts.str.rstrip("% \u00a0"), errors="coerce").astype(float)
    return numbers / _PERCENT if is_percent or (numbers > 1).any() else numbers


def _says_only_closed(
    pipeline: pd.Series, flagged: pd.Series, unflagged: pd.Series, share: pd.Series, named: pd.Series
) -> bool:
    """Check whether the column ``closed_won`` is true for lost stages too.

    A lost stage with the flag is proof, and a closed stage without it is proof of the contrary. Otherwise
    several flagged stages of one pipeline are taken so, unless shares tell them apart.
    """
    is_lost = share.lt(1).where(share.notna(), named.eq("lost"))
    several = flagged[share.isna()].groupby(pipeline).sum().gt(1)
    return bool((flagged & is_lost).any() or (several.any() and not unflagged.any()))


def _is_early(frame: pd.DataFrame, named: pd.Series) -> pd.Series:
    """Flag stages that stand before one in progress: a probability of 0 is not a loss there."""
    in_progress = frame["order"].where(frame["probability"].between(0, 1, inclusive="neither"))
    last = in_progress.groupby(frame["pipeline"]).transform("max")
    return frame["order"].lt(last) & named.ne("lost")
