"""The table of a chain, put together from the tables of its parts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...pipeline import Pipeline
from ...tables.build import (
    kind_values,
    label_rows,
    remember,
    row_outcomes,
    rows_before,
    share,
    stage_names,
)
from ...tables.options import KindName
from ...tables.schema import MOVED_OUT, PARTS, TOO_RECENT
from ..funnel.bounds import with_funnel_bounds
from ..funnel.counts import FunnelCounts
from ..funnel.table import MOST_RECORDED, funnel_table, labels_of, outcome_table
from ..scope.groups import ONE_GROUP, Groups
from ..stats.proportions import wilson_bounds


@dataclass(frozen=True, eq=False)
class Part:
    """The funnel of one part under one kind.

    Attributes
    ----------
    pipeline
        The stages of the part.
    table
        The funnel of the part, of one group of leads after another.
    outcomes
        The columns of the part's table of outcomes, one value per group.
    has_items
        Flag of each group: whether the part has something of it.
    is_absent
        Flag of each row: whether items of the group got past the stage while it was not there.
    """

    pipeline: Pipeline
    table: pd.DataFrame
    outcomes: dict[str, list[Any]]
    has_items: npt.NDArray[np.bool_]
    is_absent: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        pipeline: Pipeline,
        counts: FunnelCounts,
        kind: str,
        confidence: float | None = None,
        *,
        share_items: bool = False,
    ) -> Part:
        """Build the funnel of a part from its counts; groups that `share_items` have no bounds."""
        # Groups without a name: their rows get their labels when the parts stand under one another.
        every = replace(ONE_GROUP, values=pd.DataFrame(index=range(len(counts.base))))
        table = funnel_table(pipeline, "classic", {"classic": counts}, every)
        counted = {kind: counts}
        table = with_funnel_bounds(table, pipeline, counted, confidence, every, share_items=share_items)
        outcomes = outcome_table(pipeline, counts, every)
        columns = {name: outcomes[name].tolist() for name in outcomes.columns}
        absent = np.zeros(counts.passed.shape, dtype=bool)
        if counts.beyond_absent.size:
            absent = counts.beyond_absent > 0
        return cls(pipeline, table, columns, counts.counts_something("item"), absent.reshape(-1))


def of_origin(deals: Part, leads: Part, converted: npt.NDArray[np.int64]) -> Part:
    """Compute the shares of a deal part whose counts are leads: they are shares of leads."""
    table = deals.table.copy()
    n_groups, n_stages = len(converted), len(deals.pipeline.labels)
    of_group = leads.table.iloc[:: len(leads.pipeline.labels)]
    for name in ("base", "left_out", TOO_RECENT):
        if name in leads.table:
            table[name] = np.repeat(of_group[name].to_numpy(), n_stages)
    previous = share(table["reached"], table["base"])
    is_lost = np.tile(row_outcomes(deals.pipeline) == 2, n_groups)
    kept = table["conversion_from_previous"].to_numpy()
    comes_first = np.tile(np.arange(n_stages) < rows_before(deals.pipeline).count(-1), n_groups)
    first = np.where(deals.is_absent, np.nan, share(table["reached"], np.repeat(converted, n_stages)))
    table["conversion_from_all"] = previous
    table["conversion_from_previous"] = np.select([is_lost, comes_first], [previous, first], kept)
    if "conversion_from_all_low" in table:
        _put_new_bounds(table, is_lost)
    same = {name: leads.outcomes[name] for name in ("base", "left_out")}
    return replace(deals, table=table, outcomes=deals.outcomes | same)


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


def chain_table(
    parts: Mapping[str, tuple[Part, Part]], kind: KindName, groups: Groups, **more: Any
) -> pd.DataFrame:
    """Put the parts of each kind under one another, for each group; the table remembers `more`."""
    (leads, deals) = next(iter(parts.values()))
    labels = list(dict.fromkeys([*leads.pipeline.labels, *deals.pipeline.labels]))
    shown = {
        kind: groups.shown(np.any([part.has_items for part in both], axis=0)) for kind, both in parts.items()
    }
    tables = [_of_kind(both, shown[kind], groups, labels) for kind, both in parts.items()]
    table = pd.concat(tables, ignore_index=True)
    if MOVED_OUT in table:
        table[MOVED_OUT] = table[MOVED_OUT].fillna(0).astype("int64")
    if TOO_RECENT in table:
        table[TOO_RECENT] = table.pop(TOO_RECENT)
    if kind == "both":
        table.insert(0, "kind", kind_values([len(one) for one in tables]))
    pipelines = dict(zip(PARTS, (leads.pipeline, deals.pipeline), strict=True))
    said = dict(zip(PARTS, zip(*([*both] for both in parts.values()), strict=True), strict=True))
    remember(
        table,
        "chain",
        leads.pipeline,
        names={name: stage_names(pipeline) for name, pipeline in pipelines.items()},
        kind=kind,
        **groups.remembered | {"by": [*groups.names, "part"]},
        **_recorded(parts, shown, groups),
        **more,
    )
    # Each part has rules of its own, which its remarks name.
    remembered = table.attrs["stagefunnel"]
    remembered.pop("optional", None)
    remembered.pop("no_lost_stage", None)
    without_lost = [name for name, of in pipelines.items() if not of.lost]
    if without_lost:
        remembered["no_lost_stage"] = without_lost
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


def _of_kind(
    both: tuple[Part, Part], shown: npt.NDArray[np.intp], groups: Groups, labels: list[Any]
) -> pd.DataFrame:
    """Put the parts of each group under one another."""
    tables = [_with_part(part, name, labels) for part, name in zip(both, PARTS, strict=True)]
    group = np.concatenate(
        [np.repeat(np.arange(len(part.has_items)), len(part.pipeline.labels)) for part in both]
    )
    order = np.argsort(group, kind="stable")
    order = order[np.isin(group[order], shown)]
    table = pd.concat(tables, ignore_index=True).iloc[order].reset_index(drop=True)
    return label_rows(table, groups.values, group[order])


def _recorded(
    parts: Mapping[str, tuple[Part, Part]], shown: Mapping[str, npt.NDArray[np.intp]], groups: Groups
) -> dict[str, str]:
    """Return the outcomes and the labels of the parts of each group, which the table remembers as text."""
    if len(groups.values) > MOST_RECORDED:
        parts = {}
    labels = [[]] if groups.is_one else labels_of(groups)
    return {
        "outcomes": json.dumps({kind: _under_one_another(both, shown[kind]) for kind, both in parts.items()}),
        "groups": json.dumps(
            {kind: [[*labels[group], name] for group in shown[kind] for name in PARTS] for kind in parts}
        ),
    }


def _with_part(part: Part, name: str, labels: list[Any]) -> pd.DataFrame:
    table = part.table.copy()
    table.attrs = {}
    place = {label: code for code, label in enumerate(labels)}
    codes = [place[label] for label in part.pipeline.labels] * len(part.has_items)
    # The categories have no order, because a label may be a stage of both parts.
    table["stage"] = pd.Categorical.from_codes(codes, categories=pd.Index(labels, dtype=object))
    where = pd.Categorical.from_codes([PARTS.index(name)] * len(table), categories=pd.Index(PARTS))
    table.insert(0, "part", pd.Series(where))
    return table


def _under_one_another(parts: tuple[Part, Part], shown: npt.NDArray[np.intp]) -> dict[str, list[Any]]:
    leads, deals = (part.outcomes for part in parts)
    none = [0] * len(parts[0].has_items)
    return {
        name: [values[group] for group in shown for values in (leads.get(name, none), deals.get(name, none))]
        for name in {**leads, **deals}
    }
