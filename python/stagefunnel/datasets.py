"""Small data sets: the worked example of the definitions and a simulated shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from .errors import SchemaError, given
from .log.stage_log import StageLog
from .pipeline import Pipeline

__all__ = ["Dataset", "Shop", "furniture_shop", "worked_example"]

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float64]

_WORKED_JOURNEYS = (
    "New > Delivery > Won",
    "New > Won",
    "Won",
    "Prepayment",
    "New > Lost",
    "Lost",
    "New > Prepayment > Lost",
    "New > Lost > Won",
    "New > Won > Lost",
    "New > Delivery > Discussion",
    "New > Prepayment > Lost > Discussion > Won",
    "Delivery > Won",
    "New > Lost > Won > Lost",
)

_DAY = 86_400
_START = int(np.datetime64("2025-01-01", "s").astype(np.int64))
_END = int(np.datetime64("2026-07-01", "s").astype(np.int64))

# Chances. A row is the stage of an item, a column the stage that it enters next, in the same order. The last
# column is nowhere: an open item is forgotten, and a closed one stays closed.
_DEAL_STAGES = ("New", "Discussion", "Prepayment invoice", "Delivery", "Won", "Lost")
_DEAL_FIRST = (0.88, 0.05, 0.05, 0.01, 0.01, 0.00)
_DEAL_DAYS = np.array([3.0, 8.0, 6.0, 12.0, 25.0, 18.0])
_CAREFUL = np.array(
    [
        [0.00, 0.72, 0.10, 0.01, 0.00, 0.14, 0.03],
        [0.02, 0.00, 0.72, 0.02, 0.01, 0.19, 0.04],
        [0.00, 0.08, 0.00, 0.52, 0.03, 0.33, 0.04],
        [0.00, 0.01, 0.03, 0.00, 0.86, 0.07, 0.03],
        [0.00, 0.00, 0.00, 0.00, 0.00, 0.04, 0.96],
        [0.00, 0.05, 0.01, 0.00, 0.02, 0.00, 0.92],
    ]
)
_HASTY = np.array(
    [
        [0.00, 0.14, 0.52, 0.05, 0.04, 0.21, 0.04],
        [0.02, 0.00, 0.56, 0.08, 0.06, 0.24, 0.04],
        [0.00, 0.03, 0.00, 0.27, 0.19, 0.47, 0.04],
        [0.00, 0.01, 0.02, 0.00, 0.86, 0.08, 0.03],
        [0.00, 0.00, 0.00, 0.00, 0.00, 0.05, 0.95],
        [0.00, 0.04, 0.02, 0.00, 0.05, 0.00, 0.89],
    ]
)
_HASTE = {
    "Anna Schmidt": 0.0,
    "Émilie Durand": 0.2,
    "Олена Коваль": 0.45,
    "Γιώργος Παππάς": 0.7,
    "ნინო ბერიძე": 1.0,
}
_SOURCES = ("Web form", "Phone call", "Recommendation", "Exhibition", None)
_SOURCE_SHARES = (0.38, 0.27, 0.21, 0.11, 0.03)

_LEAD_STAGES = ("New", "In work", "Converted", "Junk")
_LEAD_FIRST = (0.90, 0.06, 0.04, 0.00)
_LEAD_DAYS = np.array([2.0, 5.0, 1.0, 20.0])
_LEAD = np.array(
    [
        [0.00, 0.62, 0.22, 0.13, 0.03],
        [0.02, 0.00, 0.62, 0.30, 0.06],
        [0.00, 0.00, 0.00, 0.00, 1.00],
        [0.00, 0.06, 0.03, 0.00, 0.91],
    ]
)
_FIRST_LEAD_ID = 10_001
_SECOND_DEAL = 0.08


@dataclass(frozen=True)
class Dataset:
    """A log, its pipeline, and the rows of the log as a frame."""

    log: StageLog
    pipeline: Pipeline
    frame: pd.DataFrame


@dataclass(frozen=True)
class Shop:
    """Deals and leads of a shop, each with a log and a pipeline, and the links between them.

    Attributes
    ----------
    log, pipeline
        The deals' stage log, with ``deals`` as its items table, and their pipeline.
    frame
        The rows of ``log`` in order of time: ``deal_id``, ``stage``, ``entered_at``.
    deals
        One row per deal: ``deal_id``, ``manager``, ``source`` and ``amount`` (both are missing for a few
        deals), ``lead_id`` (missing if the deal has no lead).
    leads, lead_pipeline
        The leads' stage log and their pipeline.
    lead_frame
        The rows of ``leads`` in order of time: ``lead_id``, ``stage``, ``entered_at``.
    links
        One row per pair of a deal and its lead: ``deal_id``, ``lead_id``.
    """

    log: StageLog
    pipeline: Pipeline
    frame: pd.DataFrame
    deals: pd.DataFrame
    leads: StageLog
    lead_pipeline: Pipeline
    lead_frame: pd.DataFrame
    links: pd.DataFrame


class _Rows(NamedTuple):
    item: _Ints
    stage: _Ints
    time: _Ints


def worked_example() -> Dataset:
    """Return the thirteen journeys of the worked example in the definitions.

    The items of a furniture shop are numbered 1 to 13, as the rows of that table. Every journey starts on
    2026-03-02 and takes one step a day.

    Returns
    -------
    Dataset
        The log and its pipeline: New, Discussion, Prepayment, Delivery, Won and Lost.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel import datasets
    >>> example = datasets.worked_example()
    >>> sf.funnel(example.log, example.pipeline)["reached"].tolist()
    [9, 2, 3, 3, 8, 7]
    """
    start = pd.Timestamp("2026-03-02")
    rows = [
        (item, stage, start + pd.Timedelta(days=step))
        for item, journey in enumerate(_WORKED_JOURNEYS, start=1)
        for step, stage in enumerate(journey.split(" > "))
    ]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    pipeline = Pipeline(["New", "Discussion", "Prepayment", "Delivery"], won=["Won"], lost=["Lost"])
    log = StageLog(frame, item="item", stage="stage", time="time")
    return Dataset(log, pipeline, frame)


def furniture_shop(deals: int = 2_000, *, seed: int = 2026) -> Shop:
    """Simulate a furniture shop from January 2025 to June 2026.

    The shop is invented, to show what the two funnels are for: Discussion is skipped most often, most deals
    are lost from the prepayment invoice, and many never reach the delivery. Its managers differ in how often
    they skip. Some deals go back, start in a later stage, are lost and then won (with or without further
    work), or are won and then lost; some are still open.

    Parameters
    ----------
    deals
        Number of deals.
    seed
        Seed of the random numbers; equal seeds make equal shops.

    Returns
    -------
    Shop
        The deals, the leads from which many of them come, and the links between the two. Times are UTC.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel import datasets
    >>> shop = datasets.furniture_shop()
    >>> table = sf.funnel(shop.log, shop.pipeline)
    >>> table["stage"][table["skipped"].idxmax()]
    'Discussion'
    >>> table["stage"][table["lost_from"].idxmax()]
    'Prepayment invoice'
    """
    frame, items, lead_frame, links = _simulate(deals, seed)
    return Shop(
        log=StageLog(frame, item="deal_id", stage="stage", time="entered_at", items=items),
        pipeline=Pipeline(list(_DEAL_STAGES[:4]), won=["Won"], lost=["Lost"]),
        frame=frame,
        deals=items,
        leads=StageLog(lead_frame, item="lead_id", stage="stage", time="entered_at"),
        lead_pipeline=Pipeline(list(_LEAD_STAGES[:2]), won=["Converted"], lost=["Junk"]),
        lead_frame=lead_frame,
        links=links,
    )


def _simulate(n_deals: int, seed: int) -> tuple[pd.DataFrame, ...]:
    """Return the rows of the deals, the deals, the rows of the leads and the links."""
    if n_deals < 1:
        raise SchemaError(given("deals", n_deals), ": a shop has at least one deal")
    rng = np.random.default_rng(seed)
    lead_rows = _walk(rng, _moments(rng, n_deals), _LEAD_FIRST, _LEAD_DAYS, _LEAD)
    lead, created = _origins(rng, lead_rows, n_deals)
    manager = rng.integers(len(_HASTE), size=n_deals)
    haste = np.array(list(_HASTE.values()))[manager, None, None]
    chances = (1 - haste) * _CAREFUL + haste * _HASTY
    deal_rows = _walk(rng, created, _DEAL_FIRST, _DEAL_DAYS, chances)
    deals = pd.DataFrame(
        {
            "deal_id": np.arange(1, n_deals + 1),
            "manager": np.array(list(_HASTE), dtype=object)[manager],
            "source": rng.choice(np.array(_SOURCES, dtype=object), size=n_deals, p=_SOURCE_SHARES),
            "amount": _amounts(rng, n_deals),
            "lead_id": pd.Series(lead + _FIRST_LEAD_ID, dtype="Int64").mask(lead < 0),
        }
    )
    links = deals.loc[deals["lead_id"].notna(), ["deal_id", "lead_id"]]
    frame = _frame("deal_id", 1, _DEAL_STAGES, deal_rows)
    lead_frame = _frame("lead_id", _FIRST_LEAD_ID, _LEAD_STAGES, lead_rows)
    return frame, deals, lead_frame, links.astype({"lead_id": "int64"}).reset_index(drop=True)


def _moments(rng: np.random.Generator, size: int) -> _Ints:
    return np.sort(rng.integers(_START, _END, size=size))


def _walk(
    rng: np.random.Generator,
    created: _Ints,
    first: tuple[float, ...],
    typical_days: _Floats,
    chances: _Floats,
) -> _Rows:
    """Let all items take their next step at once, until every item rests or the time is over."""
    item = np.arange(len(created))
    stage = rng.choice(len(first), size=len(created), p=first)
    time = created
    bounds = np.broadcast_to(np.cumsum(chances, axis=-1), (len(item), *chances.shape[-2:]))
    steps = []
    while len(item):
        steps.append((item, stage, time))
        # The last bound is left out: even if it rounds to just below 1, the last column is nowhere.
        following = (rng.random((len(item), 1)) >= bounds[item, stage, :-1]).sum(axis=1)
        stay = rng.gamma(2.0, typical_days[stage] * _DAY / 2.0).astype(np.int64)
        # A step takes at least a minute, so that the rows of an item have different times.
        time = time + np.maximum(60, stay)
        moves = (following < len(first)) & (time < _END)
        item, stage, time = item[moves], following[moves], time[moves]
    return _Rows(*(np.concatenate(column) for column in zip(*steps, strict=True)))


def _origins(rng: np.random.Generator, lead_rows: _Rows, n_deals: int) -> tuple[_Ints, _Ints]:
    """Return the lead of each deal (-1 for none) and the creation of the deal, in order of time.

    A lead that is converted makes one deal or two at that moment; the other deals have no lead.
    """
    converted = lead_rows.stage == _LEAD_STAGES.index("Converted")
    made = 1 + (rng.random(converted.sum()) < _SECOND_DEAL)
    lead = np.repeat(lead_rows.item[converted], made)[:n_deals]
    created = np.repeat(lead_rows.time[converted], made)[:n_deals]
    n_others = n_deals - len(lead)
    lead = np.concatenate([lead, np.full(n_others, -1)])
    created = np.concatenate([created, _moments(rng, n_others)])
    order = np.argsort(created, kind="stable")
    return lead[order], created[order]


def _amounts(rng: np.random.Generator, size: int) -> _Floats:
    amounts = np.round(rng.lognormal(mean=6.8, sigma=0.7, size=size), 2)
    return np.where(rng.random(size) < 0.02, np.nan, amounts)


def _frame(key: str, first_id: int, stages: tuple[str, ...], rows: _Rows) -> pd.DataFrame:
    """Make the rows as a CRM exports them: with labels, in order of time."""
    order = np.lexsort((rows.item, rows.time))
    entered_at = pd.Series(rows.time[order].astype("datetime64[s]")).dt.as_unit("us")
    return pd.DataFrame(
        {
            key: rows.item[order] + first_id,
            "stage": np.array(stages, dtype=object)[rows.stage[order]],
            "entered_at": entered_at.dt.tz_localize("UTC"),
        }
    )


def __dir__() -> list[str]:
    """List the data sets and their types alone, which Tab offers."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
