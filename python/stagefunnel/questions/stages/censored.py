"""Times of which some are still open: quantiles and restricted means that count open ones as far as seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, advised, given, named
from ...pipeline import Pipeline
from ...tables.build import IntegerArray
from ...times.stamps import halves_to_durations, to_durations
from ..scope.item_groups import ItemGroups
from ..scope.selection import Selection
from ..scope.working import Lengths
from ..stats.bounds import Floats, check_confidence
from ..stats.spells import CurveSpells, Scale, Spells, Ticks
from ..stats.survival import crossings, curve_quantiles, restricted_means
from .censored_counts import Found
from .counted_lives import counted_visits
from .curves import CellCounts, horizons
from .limits import exact_ticks
from .lives import Watch, visit_spells


def read_options(open_visits: str, per: str, confidence: Any, tau: Any) -> float | None:
    """Check the options of open visits; return the confidence of bounds, if there are to be some."""
    if open_visits == "censored":
        if per != "visit":
            raise SchemaError(
                given("per", per),
                " puts visits of an item together, and ",
                advised("open_visits", "censored"),
                " follows each by itself; pass ",
                advised("per", "visit"),
            )
        return None if confidence is None else check_confidence(confidence)
    for option, value in (("confidence", confidence), ("tau", tau)):
        if value is not None:
            says = (" is for visits that go on to count too; pass ",)
            raise SchemaError(given(option, value), *says, advised("open_visits", "censored"))
    return None


def with_censored(
    table: pd.DataFrame,
    selection: Selection,
    lengths: Lengths,
    of_items: ItemGroups | None,
    watch: Watch,
    shares: Mapping[str, float],
    confidence: float | None,
    tau: Any,
) -> pd.DataFrame:
    """Put times that count open visits into a table of time in stage, whose final stages are left out.

    `shares` are the quantiles by the names of their columns.
    """
    n_open = len(selection.pipeline.stages)
    n_groups = 1 if of_items is None else of_items.groups.n_groups
    found = _counted(selection, lengths, watch, of_items, n_open, n_groups)
    if found is None:
        found = _listed(selection, lengths, watch, of_items, n_open, n_groups, with_horizon=tau is None)
    return with_censored_times(
        table,
        selection.pipeline,
        found,
        np.arange(1) if of_items is None else of_items.shown,
        n_groups,
        shares,
        confidence,
        None if tau is None else _positive(tau, lengths),
        lengths.unit,
    )


def with_censored_times(
    table: pd.DataFrame,
    pipeline: Pipeline,
    visits_of_cells: Found,
    shown: npt.NDArray[np.intp],
    n_groups: int,
    shares: Mapping[str, float],
    confidence: float | None,
    tau: Fraction | None,
    unit: str | None,
) -> pd.DataFrame:
    """Put the times of visits that are counted by group and stage into a table of the groups that are shown.

    Without `tau` each cell has the largest age that enough of its visits could have.
    """
    n_open, n_labels = len(pipeline.stages), len(pipeline.labels)
    visits, curves, horizon = visits_of_cells
    n_cells = n_groups * n_open
    cells = (shown[:, np.newaxis] * n_open + np.arange(n_open)).reshape(-1)
    found = curve_quantiles(visits, curves, np.array([*shares.values()], dtype=np.float64), confidence)
    if tau is None:
        # Unless all have ended nobody knows what comes after the last visit that was watched.
        ends, is_over = curves.bounds[1:], np.zeros(n_cells, dtype=bool)
        some = np.diff(curves.bounds) > 0
        is_over[some] = curves.survival[ends[some] - 1] <= 0
        horizon = np.where(is_over, horizon, np.minimum(horizon, np.maximum(visits.last_exit, 0)))
        limit = np.where(horizon <= 0, np.nan, horizon.astype(np.float64))
    else:
        limit = np.full(n_cells, float(tau))
    mean, error = restricted_means(visits, curves, limit)
    kept = np.flatnonzero(np.tile(np.arange(n_labels) < n_open, len(shown)))
    attrs, out = table.attrs, table.iloc[kept].reset_index(drop=True)

    def column(values: Floats) -> pd.Series:
        return lengths_of(values[cells], unit)

    out["mean"] = column(np.full(n_cells, np.nan))
    for place, name in enumerate(shares):
        out[name] = column(found["value"][:, place])
        if confidence is not None:
            at = [*out.columns].index(name) + 1
            out.insert(at, f"{name}_low", column(found["low"][:, place]))
            out.insert(at + 1, f"{name}_high", column(found["high"][:, place]))
    out["tau"] = column(limit)
    out["restricted_mean"], out["restricted_mean_se"] = column(mean), column(error)
    out.attrs = attrs
    sure = {} if confidence is None else {"confidence": confidence}
    out.attrs["stagefunnel"] = {**attrs["stagefunnel"], "open_visits": "censored", **sure}
    return out


def _counted(
    selection: Selection,
    lengths: Lengths,
    watch: Watch,
    of_items: ItemGroups | None,
    n_open: int,
    n_groups: int,
) -> Found | None:
    """Let the core count the visits by cell and age; ``None`` where they have to be listed."""
    code = None if of_items is None else np.ascontiguousarray(of_items.code, dtype=np.int32)
    cells = counted_visits(selection, lengths, watch, n_open, code, n_groups)
    if cells is None:
        return None
    counts = CellCounts.of(cells, n_groups * n_open, 1)
    curves = _core.stats.estimate_of_cells(
        cells=cells, below=None, above=None, min_at_risk=0, threads=selection.data.threads
    )
    return CurveSpells(Scale("integer"), n_groups * n_open, counts.last_exit), curves, counts.horizon


def _listed(
    selection: Selection,
    lengths: Lengths,
    watch: Watch,
    of_items: ItemGroups | None,
    n_open: int,
    n_groups: int,
    *,
    with_horizon: bool,
) -> Found:
    """List the visits, and estimate the curves of each cell from the list."""
    spells, stage = visit_spells(selection, lengths, watch, range(n_open), by_next=False)
    assert spells.item is not None  # they are of visits
    group = np.zeros(len(stage), dtype=np.int64) if of_items is None else of_items.code[spells.item]
    code = (group * n_open + stage).astype(np.int32)
    n_cells = n_groups * n_open
    arrays = Spells(
        Scale("integer"),
        np.ascontiguousarray(spells.exit),
        spells.cause,
        None,
        pd.Index([True]),
        code,
        pd.RangeIndex(n_cells),
        threads=selection.data.threads,
    )
    horizon = np.zeros(n_cells, dtype=np.int64)
    if with_horizon:
        horizon = horizons(spells.followed, spells.is_counted, code, n_cells)
    return CurveSpells(arrays.scale, n_cells, arrays.last_exit), arrays.curves(), horizon


def incidence_quantiles(
    exits: Ticks,
    cause: IntegerArray,
    code: IntegerArray,
    n_groups: int,
    shares: Sequence[float],
    threads: int,
) -> Floats:
    """Read quantiles off the incidence of cause 0, cause 1 competing: a row per group, a column per share."""
    arrays = Spells(
        Scale("integer"),
        np.ascontiguousarray(exits),
        np.ascontiguousarray(cause, dtype=np.int32),
        None,
        pd.Index([0, 1]),
        np.ascontiguousarray(code, dtype=np.int32),
        pd.RangeIndex(n_groups),
        threads=threads,
    )
    curves = arrays.curves()
    times, arrived = curves.time.astype(np.float64), curves.incidence.reshape(-1, 2)[:, 0]
    last = arrays.last_exit.astype(np.float64)
    found = [crossings(times, arrived, curves.bounds, float(share), last) for share in shares]
    return np.stack(found, axis=1) if found else np.zeros((n_groups, 0))


def lengths_of(values: Floats, unit: str | None) -> pd.Series:
    """Turn numbers of ticks into lengths of time; NaN is missing."""
    if (simple := halves_to_durations(values, unit)) is not None:
        return simple
    return to_durations([None if np.isnan(value) else Fraction(value) for value in values.tolist()], unit)


def _positive(tau: Any, lengths: Lengths) -> Fraction:
    ticks = exact_ticks(tau, lengths, "tau")
    if ticks <= 0:
        raise SchemaError(given("tau", tau), " is not a positive length of time")
    return ticks


def positive_length(tau: Any, lengths: Lengths) -> Fraction:
    """Read the length up to which a question looks."""
    if tau is None:
        raise SchemaError(named("tau"), " is missing; it is the age up to which wins are expected")
    return _positive(tau, lengths)
