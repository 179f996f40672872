"""The sentences of a flow balance: what was in work, came and left, in items and in money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from ..tables.labels import columns_before, period_label
from ..tables.schema import FLOW, FLOW_AMOUNTS
from ..words import Words, mark, tr
from .group_findings import of_each_group
from .numbers import count, number, so_many

_CHANGED: Final = Words({"raised": mark("raised"), "lowered": mark("lowered")})


def of_flow(table: pd.DataFrame) -> list[str]:
    """Say how many items were in work, came and left, group by group; of several periods, in all of them."""
    if "period" not in columns_before(table, "stage") or table.empty:
        return of_each_group(table, "stage", _of_group)
    periods = [*dict.fromkeys(map(period_label, table["period"]))]
    stretch = (
        periods[0]
        if len(periods) == 1
        else tr("{periods} to {periods_2}", periods=periods[0], periods_2=periods[-1])
    )
    return [
        tr("{stretch}: {line}", stretch=stretch, line=line)
        for line in of_each_group(_of_all_periods(table), "stage", _of_group)
    ]


def flow_title(title: str, remembered: Mapping[str, Any]) -> str:
    """Say in the title where amounts do not change."""
    return (
        tr("{title}, with the amounts of today", title=title) if remembered.get("amounts_of_today") else title
    )


def _of_all_periods(table: pd.DataFrame) -> pd.DataFrame:
    """Put the periods of each group and stage together: the first start, the last end, sums of the rest."""
    # After pandas, rows may have any order, and columns of the balance may stand before the stage.
    keys = [name for name in columns_before(table, "stage") if name not in ("period", *FLOW, *FLOW_AMOUNTS)]
    table = table.sort_values("period", key=lambda periods: periods.astype(str), kind="stable")
    names = [name for name in (*FLOW[2:], *FLOW_AMOUNTS[:-1]) if name in table.columns]
    how = {
        name: {"at_start": "first", "at_end": "last"}.get(name.removeprefix("amount_"), "sum")
        for name in names
    }
    rows = table.groupby([*keys, "stage", "outcome"], sort=False, dropna=False, observed=True)
    return rows.agg(how).reset_index()


def _of_group(table: pd.DataFrame) -> list[str]:
    """Say it of the stages of one group; nothing if the rows do not balance."""
    open_stages = table[table["outcome"] == "open"]
    total = {name: int(open_stages[name].sum()) for name in FLOW[2:]}
    came = total["created"] + total["from_closed"] + total["moved_in"]
    left = total["won"] + total["lost"] + total["moved_out"]
    if total["at_start"] + came - left != total["at_end"]:
        return []
    away = [so_many("{n} moved to another pipeline", total["moved_out"])] if total["moved_out"] else []
    parts = [
        tr("{at_start} at the start", at_start=count(total["at_start"])),
        so_many("{n} came in", came),
        so_many("{n} won", total["won"]),
        so_many("{n} lost", total["lost"]),
        *away,
        tr("{at_end} at the end", at_end=count(total["at_end"])),
    ]
    return [tr("In work: {parts}", parts=", ".join(parts)), *_in_money(open_stages)]


def _in_money(open_stages: pd.DataFrame) -> list[str]:
    """Say the same of the amounts, where there are some and they balance."""
    if not {*FLOW_AMOUNTS[:-1]} <= {*open_stages.columns}:
        return []
    total = {name.removeprefix("amount_"): float(open_stages[name].sum()) for name in FLOW_AMOUNTS[:-1]}
    came = total["created"] + total["from_closed"] + total["moved_in"]
    left = total["won"] + total["lost"] + total["moved_out"]
    ends = total["at_start"] + came + total["raised"] - left - total["lowered"]
    if not np.isclose(ends, total["at_end"], rtol=1e-9, atol=1e-6):
        return []
    changed = [f"{number(total[name])} {word}" for name, word in _CHANGED.items() if total[name]]
    away = (
        [tr("{moved_out} moved to another pipeline", moved_out=number(total["moved_out"]))]
        if total["moved_out"]
        else []
    )
    parts = [
        tr("{at_start} at the start", at_start=number(total["at_start"])),
        tr("{came} came in", came=number(came)),
        *changed,
        tr("{won} won", won=number(total["won"])),
        tr("{lost} lost", lost=number(total["lost"])),
        *away,
        tr("{at_end} at the end", at_end=number(total["at_end"])),
    ]
    return [tr("In work, in money: {parts}", parts=", ".join(parts))]
