"""The table of a chain, put together from the tables of its parts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...pipeline import Pipeline
from ...tables.build import kind_values, remember, row_outcomes, rows_before, share, stage_names
from ...tables.options import KindName
from ...tables.schema import BOTH, MOVED_OUT, PARTS, TOO_RECENT
from ..funnel.bounds import with_funnel_bounds
from ..funnel.counts import FunnelCounts
from ..funnel.table import funnel_table, outcome_table
from ..stats.proportions import wilson_bounds


@dataclass(frozen=True, eq=False)
class Part:
    """The funnel of one part under one kind.

    Attributes
    ----------
    pipeline
        The stages of the part.
    table
        The funnel of the part.
    outcomes
        The columns of the part's table of outcomes.
    """

    pipeline: Pipeline
    table: pd.DataFrame
    outcomes: dict[str, list[Any]]

    @classmethod
    def of(cls, pipeline: Pipeline, counts: FunnelCounts, kind: str, confidence: float | None = None) -> Part:
        """Build the funnel of a part from its counts."""
        table = funnel_table(pipeline, "classic", {"classic": counts})
        table = with_funnel_bounds(table, pipeline, {kind: counts}, confidence)
        outcomes = outcome_table(pipeline, counts)
        return cls(pipeline, table, {name: outcomes[name].tolist() for name in outcomes.columns})


def of_origin(deals: Part, leads: Part, converted: int) -> Part:
    """Compute the shares of a deal part whose counts are leads: they are shares of leads."""
    table = deals.table.copy()
    for name in ("base", "left_out", TOO_RECENT):
        if name in leads.table:
            table[name] = leads.table[name].iloc[0]
    previous = share(table["reached"], table["base"])
    is_lost = row_outcomes(deals.pipeline) == 2
    kept = table["conversion_from_previous"].to_numpy()
    absent = table["stage"].astype(str).isin(deals.table.attrs["stagefunnel"].get("absent", ()))
    comes_first = np.zeros(len(table), dtype=bool)
    comes_first[: rows_before(deals.pipeline).count(-1)] = True
    first = np.where(absent, np.nan, share(table["reached"], converted))
    table["conversion_from_all"] = previous
    table["conversion_from_previous"] = np.select([is_lost, comes_first], [previous, first], kept)
    if "conversion_from_all_low" in table:
        _put_new_bounds(table, is_lost)
    same = {name: leads.outcomes[name] for name in ("base", "left_out")}
    return Part(deals.pipeline, table, deals.outcomes | same)


def _put_new_bounds(table: pd.DataFrame, is_lost: npt.NDArray[np.bool_]) -> None:
    """Bound the shares of leads; a stage after the first is compared with the one before it, as before."""
    confidence = table.attrs["stagefunnel"]["confidence"]
    base = table["base"].where(table["reached"] <= table["base"], 0)
    bounds = wilson_bounds(table["reached"].where(base > 0, 0), base, confidence)
    for side, of_all in zip(("low", "high"), bounds, strict=True):
        of_previous = table[f"conversion_from_previous_{side}"].to_numpy()
        table[f"conversion_from_all_{side}"] = of_all
        # Missing where the bars are not nested.
        table[f"conversion_from_previous_{side}"] = np.where(
            is_lost & ~np.isnan(of_previous), of_all, of_previous
        )


def chain_table(parts: Mapping[str, tuple[Part, Part]], kind: KindName, **more: Any) -> pd.DataFrame:
    """Put the parts of each kind under one another; the table remembers `more`."""
    (leads, deals) = next(iter(parts.values()))
    labels = list(dict.fromkeys([*leads.pipeline.labels, *deals.pipeline.labels]))
    tables = [
        _with_part(part, name, labels)
        for both in parts.values()
        for part, name in zip(both, PARTS, strict=True)
    ]
    table = pd.concat(tables, ignore_index=True)
    if MOVED_OUT in table:
        table[MOVED_OUT] = table[MOVED_OUT].fillna(0).astype("int64")
    if TOO_RECENT in table:
        table[TOO_RECENT] = table.pop(TOO_RECENT)
    if kind == "both":
        table.insert(0, "kind", kind_values(len(table) // len(BOTH)))
    pipelines = dict(zip(PARTS, (leads.pipeline, deals.pipeline), strict=True))
    said = dict(zip(PARTS, zip(*([*both] for both in parts.values()), strict=True), strict=True))
    remember(
        table,
        "chain",
        leads.pipeline,
        names={name: stage_names(pipeline) for name, pipeline in pipelines.items()},
        kind=kind,
        by=["part"],
        outcomes=json.dumps({one: _under_one_another(both) for one, both in parts.items()}),
        groups=json.dumps({one: [[name] for name in PARTS] for one in parts}),
        **more,
    )
    # Each part has rules of its own, which its remarks name.
    remembered = table.attrs["stagefunnel"]
    remembered.pop("optional", None)
    optional = {name: [str(one) for one in of.rules.optional] for name, of in pipelines.items()}
    if any(optional.values()):
        remembered["optional"] = optional
    for name, of_kinds in said.items():
        absent: dict[str, str] = {}
        for part in of_kinds:
            absent |= part.table.attrs["stagefunnel"].get("absent", {})
        if absent:
            remarks = remembered.get("parts_remarks", {})
            remembered["parts_remarks"] = {**remarks, name: {**remarks.get(name, {}), "absent": absent}}
    return table


def _with_part(part: Part, name: str, labels: list[Any]) -> pd.DataFrame:
    table = part.table.copy()
    table.attrs = {}
    place = {label: code for code, label in enumerate(labels)}
    codes = [place[label] for label in part.pipeline.labels]
    # The categories have no order, because a label may be a stage of both parts.
    table["stage"] = pd.Categorical.from_codes(codes, categories=pd.Index(labels, dtype=object))
    where = pd.Categorical.from_codes([PARTS.index(name)] * len(table), categories=pd.Index(PARTS))
    table.insert(0, "part", pd.Series(where))
    return table


def _under_one_another(parts: tuple[Part, Part]) -> dict[str, list[Any]]:
    leads, deals = (part.outcomes for part in parts)
    return {name: [*leads.get(name, [0]), *deals.get(name, [0])] for name in {**leads, **deals}}
