"""A result table after what was done to it: sorted, filtered, put under another, or read back from a file.

Rows belong together by what stands in them, never by their places. A table that does not say any more what a
picture needs is refused, with what to do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

import numpy as np
import pandas as pd

from ..errors import SchemaError, quoted
from ..tables.labels import columns_behind, value_label
from ..tables.schema import AMOUNTS, BOTH, LOSSES, LOST_LENGTHS, MOVED_OUT, PARTS, VALUE_SHARES
from ..words import mark, tr

_KEYS: Final = (
    *("from_stage", "to_stage", "stage", "lost_stage"),
    *("step", "start", "period", "variant", "path"),
    *("cause", "time", "column", "value"),
    *("line", "date"),
)
_OPTIONAL: Final = mark(" (optional)")
_MAY_MISS: Final = ("from_stage",)  # of an item that was lost before any stage
# What is not estimable, as every bound may be.
_ESTIMATES: Final = {
    *("incidence", "se", "open", "naive", "survival", "low", "high"),
    *("difference", "p_value", "p_adjusted", "ratio", "effect", "effect_se", "value"),
    *("win", "win_if_closed", "expected_wins", "expected_wins_if_closed", "expected_amount"),
    *("expected", "inside", "brier", "bias"),
    *("share_of_time", "share_of_losses", "loss_probability", "forgone_wins"),
    *("sensitivity", "elasticity", "removal_gain", "benchmark_gain"),
}
_LENGTHS: Final = re.compile(
    r"((median|mean)_)?cycle_time|median_time|in_stage|age|mean|median|start|end|q\d+(\.\d+)?|(mean|median|q\d+(\.\d+)?)_from_\w+"
)


def restored(table: pd.DataFrame, columns: Sequence[str], made_by: str, *, sort: bool = True) -> pd.DataFrame:
    """Put a table back into the order of the pipeline, its groups in the order in which they come.

    Parameters
    ----------
    table
        A table with these columns, wherever they stand.
    columns
        Columns that the function `made_by` gives; the first of them say what a row is about.
    made_by
        Name of the function, for messages.
    sort
        Whether rows go by stages; those of a ranking stay where they are.

    Raises
    ------
    SchemaError
        If a row lacks its stage or a number, or if two rows are about one thing.
    """
    table = remembering(table)
    return _restored(table, table.attrs.get("stagefunnel", {}), columns, made_by, sort=sort)


class _Remembered(dict[str, Any]):
    """What a table remembers, which is only read."""

    def __deepcopy__(self, _: Any) -> _Remembered:
        return self


def remembering(table: pd.DataFrame) -> pd.DataFrame:
    """Copy a table, so that pandas passes on what it remembers, which it else copies at every step."""
    attrs = {**table.attrs}
    if attrs.get("stagefunnel"):
        attrs["stagefunnel"] = _Remembered(attrs["stagefunnel"])
    copied = table.copy(deep=False)
    copied.attrs = attrs
    return copied


def _restored(
    table: pd.DataFrame, remembered: Mapping[str, Any], columns: Sequence[str], made_by: str, *, sort: bool
) -> pd.DataFrame:
    table = with_lengths(filled_rows(table).reset_index(drop=True))
    if table.empty:
        raise SchemaError(f"the table of {made_by} has no rows to draw")
    keys = list(takewhile(_KEYS.__contains__, columns))
    table = _with_whole_numbers(table, keys)
    by = groups_of(table, columns, remembered)
    may_be_missing = _may_be_missing(table)
    _refuse_gaps(table, [name for name in columns if name not in may_be_missing], made_by)
    own = _columns_of_a_row(table, by, keys, remembered)
    _refuse_twins(table, own, made_by)
    _refuse_mixed_groups(table, by, remembered)
    wanted = list(dict.fromkeys([*own, *columns, *table.columns]))
    if wanted != list(table.columns):
        table = table[wanted]
    if not sort:
        return _with_order(table, keys, remembered)
    places = pd.DataFrame(
        {
            **{f"group {at}": _first_places(table[name]) for at, name in enumerate(by)},
            **{name: places_of(table[name], table, remembered) for name in keys},
        },
        index=table.index,
    )
    ordered = places.sort_values(list(places.columns), kind="stable").index
    if not ordered.is_monotonic_increasing:
        table = table.loc[ordered].reset_index(drop=True)
    return _with_order(table, keys, remembered)


def filled_rows(table: pd.DataFrame, columns: Collection[str] | None = None) -> pd.DataFrame:
    """Leave out rows that hold nothing, as ``reindex`` makes them, or nothing in some columns."""
    # To look for them takes long, and beside a whole number there are none.
    gaps = _may_have_gaps(table)
    if columns is None:
        return table if len(gaps) < table.shape[1] else table.dropna(how="all")
    return table.dropna(subset=[*columns], how="all") if {*columns} <= {*gaps} else table


def named_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Give back the columns that were made the index."""
    names = [name for name in table.index.names if name is not None]
    return table.reset_index(level=names) if names and not {*names} & {*table.columns} else table


def groups_of(table: pd.DataFrame, columns: Sequence[str], remembered: Mapping[str, Any]) -> list[Any]:
    """List the columns of the breakdown: those before the table's own, and those that it remembers."""
    own = {*columns, *AMOUNTS, *VALUE_SHARES, MOVED_OUT, *(remembered.get("reason") or ())} - {"period"}
    ahead = takewhile(lambda name: name not in columns or name == "period", table.columns)
    before = [name for name in ahead if name not in own]
    known = remembered.get("by") or []
    return [*before, *(name for name in known if name in table.columns and name not in before)]


def with_lengths(table: pd.DataFrame) -> pd.DataFrame:
    """Read lengths of time that a file has as text, such as ``9 days 12:00:00``."""
    texts = {
        name: table[name]
        for name in map(str, table.columns)
        if (_LENGTHS.fullmatch(name) or name in LOST_LENGTHS)
        and name in table.columns
        and (table[name].dtype == object or pd.api.types.is_string_dtype(table[name]))
        and table[name].notna().any()
    }
    lengths = {}
    for name, column in texts.items():
        read = pd.to_timedelta(column, errors="coerce")
        if (read.notna() == column.notna()).all():
            lengths[name] = read
    return table.assign(**lengths) if lengths else table


def labels_in_order(
    part: pd.DataFrame, remembered: Mapping[str, Any], name: str = "stage"
) -> list[str] | None:
    """List all stages that rows of one funnel may be about, in the order of the pipeline, if it is known."""
    names = remembered.get("stages") or remembered.get("names") or {}
    if has_parts(names):
        parts = [str(value) for value in part["part"].unique()] if "part" in part.columns else []
        return list(map(str, names[parts[0]])) if len(parts) == 1 and parts[0] in names else None
    if names:
        return list(map(str, names))
    dtype = part[name].dtype
    return (
        list(map(str, dtype.categories)) if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered else None
    )


def has_parts(names: Mapping[str, Any]) -> bool:
    """Check for the names of a chain, whose parts have their own."""
    return bool(names) and not any(isinstance(name, str) for name in names.values())


def marked_optional(names: Mapping[Any, str], remembered: Mapping[str, Any]) -> dict[Any, str]:
    """Mark the names of optional stages, which nothing skips."""
    optional, sign = remembered.get("optional", ()), tr(_OPTIONAL)
    return {
        label: f"{name}{sign}" if str(label) in optional and not name.endswith(sign) else name
        for label, name in names.items()
    }


def parted(name: str) -> tuple[str, str]:
    """Part the mark of an optional stage from its name; it is empty where there is none."""
    sign = tr(_OPTIONAL)
    return (name.removesuffix(sign), sign.strip()) if name.endswith(sign) else (name, "")


def named_parts(table: pd.DataFrame, remembered: Mapping[str, Any]) -> tuple[pd.DataFrame, Mapping[str, Any]]:
    """Name the stages of a chain, each as its part does, and what the table remembers with them."""
    names = remembered.get("names", {})
    if not has_parts(names) or "part" not in table.columns:
        return table, remembered
    optional = remembered.get("optional", {})
    names = {
        part: marked_optional(of_part, {"optional": optional.get(part, ())})
        for part, of_part in names.items()
    }
    parts, labels = table["part"].astype(str), table["stage"].astype(str)
    named = [names.get(part, {}).get(label, label) for part, label in zip(parts, labels, strict=True)]
    stages = {part: [*of_part.values()] for part, of_part in names.items()}
    return table.assign(stage=pd.Series(named, index=table.index, dtype=object)), {
        **remembered,
        "names": {},
        "stages": stages,
        "optional": {
            name for part in names for label, name in names[part].items() if label in optional.get(part, ())
        },
    }


def is_whole(part: pd.DataFrame, remembered: Mapping[str, Any]) -> bool:
    """Check that the rows of one funnel have every stage of its pipeline."""
    labels = labels_in_order(part, remembered)
    return labels is not None and {*labels} == {*map(str, part["stage"])}


def follows(part: pd.DataFrame, remembered: Mapping[str, Any]) -> list[bool]:
    """Flag the rows of one funnel that stand right below the stage before theirs, and the first stage."""
    return each_follows(list(map(str, part["stage"])), labels_in_order(part, remembered))


def each_follows(stages: Sequence[str], labels: Sequence[str] | None) -> list[bool]:
    """Flag the stages that stand right below the stage before theirs, in the order of the pipeline."""
    if labels is None or not {*stages} <= {*labels}:
        return [False] * len(stages)
    places = [labels.index(stage) for stage in stages]
    return [place - 1 == above for place, above in zip(places, [-1, *places], strict=False)]


def compared_stages(
    part: Mapping[str, Iterable[Any]] | pd.DataFrame, remembered: Mapping[str, Any], names: Mapping[Any, str]
) -> list[str]:
    """Name the stage with which each row's conversion compares it, where optional stages lie between.

    `names` has the stages of the rows. The text is empty where it is the row above, and where it is none.
    """
    optional = remembered.get("optional", ())
    labels, outcomes = list(part["stage"]), list(part["outcome"])
    compared = []
    last = ""
    for at, label in enumerate(labels):
        is_passed_over = at > 0 and str(labels[at - 1]) in optional
        compared.append(last if is_passed_over and outcomes[at] != "lost" else "")
        if outcomes[at] == "open" and str(label) not in optional:
            last = names[label]
    return compared


def places_of(values: pd.Series, table: pd.DataFrame, remembered: Mapping[str, Any]) -> pd.Series:
    """Return the place of each value: of a stage in its pipeline, of a number or period among others."""
    if str(values.name) in ("step", "start"):
        return values.rank(method="dense")
    if values.name == "period":
        return values.astype(str).rank(method="dense")
    of_part = [table] if "part" not in table.columns else [rows for _, rows in _parts(table)]
    places: dict[Any, float] = {}
    for rows in of_part:
        labels = labels_in_order(rows, remembered, str(values.name))
        shown = values.loc[rows.index].tolist()
        texts = [None if pd.isna(value) else str(value) for value in shown]
        order = labels or list(dict.fromkeys(text for text in texts if text is not None))
        rank: dict[str | None, int] = {label: place for place, label in enumerate(order)}
        # A stage that the pipeline does not have, and a missing one, come last.
        places |= {row: rank.get(text, len(rank)) for row, text in zip(rows.index, texts, strict=True)}
    return pd.Series(places).reindex(values.index)


def _parts(table: pd.DataFrame) -> Iterable[tuple[Any, pd.DataFrame]]:
    return table.groupby(table["part"].astype(str), sort=False)


def _first_places(values: pd.Series) -> pd.Series:
    """Return the place of each group; the kinds and the parts of a chain have an order of their own."""
    for order in (BOTH, PARTS):
        if values.name in ("kind", "part") and {*values.astype(str)} <= {*order}:
            return values.astype(str).map(order.index)
    if values.name == "period":
        return values.astype(str).rank(method="dense")
    return pd.Series(pd.factorize(values, use_na_sentinel=False)[0], index=values.index)


def _with_whole_numbers(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Make numbers of steps and stages whole again, which were floats beside a missing one."""
    whole = {
        name: table[name].astype("int64")
        for name in keys
        if name != "start"
        and pd.api.types.is_float_dtype(table[name])
        and (table[name] == table[name].round()).all()
    }
    return table.assign(**whole) if whole else table


def _may_be_missing(table: pd.DataFrame) -> set[str]:
    """List columns in which a value may be missing: shares of nothing, and lengths of no visit."""
    return {
        str(name)
        for name in table.columns
        if name in _MAY_MISS
        or name in _ESTIMATES
        or (name == "stage" and "line" in table.columns)  # a line of all stages
        or str(name).startswith(("conversion", "mean", "median"))
        or str(name).endswith(("rate", "share", "_change", "_difference", "rework", "_low", "_high"))
    }


def _may_have_gaps(table: pd.DataFrame) -> list[Any]:
    """List the columns of types that have missing values: whole numbers and truths of NumPy have none."""
    return [
        name
        for name, dtype in zip(table.columns, table.dtypes, strict=True)
        if not (isinstance(dtype, np.dtype) and dtype.kind in "iub")
    ]


def _refuse_gaps(table: pd.DataFrame, columns: Sequence[str], made_by: str) -> None:
    missing = table[[name for name in _may_have_gaps(table) if name in columns]].isna()
    if not missing.to_numpy().any():
        return
    row = int(missing.any(axis="columns").to_numpy().argmax())
    lacking = [name for name in columns if name in missing and missing[name].iloc[row]]
    raise SchemaError(
        f"row {row:,} of the table has no {quoted(lacking)}, which every row of {made_by} has; show or draw "
        f"each table for itself, or leave such rows out with table.dropna(subset={lacking[:1]})"
    )


def _columns_of_a_row(
    table: pd.DataFrame, by: Sequence[Any], keys: Sequence[str], remembered: Mapping[str, Any]
) -> list[Any]:
    """List the columns that say what a row is about: groups, stages and, of losses, their reasons."""
    names = list(table.columns)
    if "lost_stage" not in keys:
        return [*by, *keys]
    reasons = remembered.get("reason")
    if reasons is None:  # a file does not say which they are: they stand behind the stages
        behind = takewhile(lambda name: name != "items", columns_behind(table, "lost_stage"))
        known = {*LOSSES, *LOST_LENGTHS, *AMOUNTS, *by}
        reasons = [name for name in behind if name not in known]
    return [*by, *keys, *(name for name in reasons if name in names)]


def _refuse_twins(table: pd.DataFrame, columns: Sequence[Any], made_by: str) -> None:
    twins = table.duplicated(subset=list(columns)) if columns else pd.Series(range(len(table))) > 0
    if not twins.any():
        return
    row = table[twins].iloc[0]
    about = ", ".join(f"{name} {value_label(row[name])}" for name in columns) or "all items"
    raise SchemaError(
        f"the table has two rows of {about}: tables of {made_by} stand under one another. "
        f"Name each, so that it is a group: "
        f'pd.concat({{"first": one, "second": other}}, names=["which"]).reset_index(level="which")'
    )


def _refuse_mixed_groups(table: pd.DataFrame, by: Sequence[Any], remembered: Mapping[str, Any]) -> None:
    """Refuse rows of several groups without the column of the groups, where their numbers show it."""
    lacking = [name for name in remembered.get("by") or () if name not in table.columns]
    if not lacking:
        return
    # A share of moves is one of those out of a stage.
    by = [*by, *(["from_stage"] if "to_stage" in table.columns else [])]
    groups = [rows for _, rows in table.groupby(by, dropna=False, observed=True)] if by else [table]
    has_bases = "base" in table.columns and any(rows["base"].nunique() > 1 for rows in groups)
    has_shares = "items" in table.columns and "share" in table.columns
    if has_bases or (has_shares and any(rows["share"].sum() > 1 + 1e-9 for rows in groups)):
        raise SchemaError(
            f"the table has rows of several groups, and not the column {quoted(lacking)} that tells them "
            f"apart; keep it, or leave it out of the rows of one group"
        )


def _with_order(table: pd.DataFrame, keys: Sequence[str], remembered: Mapping[str, Any]) -> pd.DataFrame:
    """Give the columns of stages the pipeline's order, where it is known and a file has lost it."""
    if "part" in table.columns:
        return table
    order = {}
    for name in keys:
        if not name.endswith("stage") or isinstance(table[name].dtype, pd.CategoricalDtype):
            continue
        labels = labels_in_order(table, remembered, name)
        if labels is not None and {*table[name].dropna().astype(str)} <= {*labels}:
            texts = table[name].where(table[name].isna(), table[name].astype(str))
            order[name] = pd.Categorical(texts, categories=labels, ordered=True)
    return table.assign(**order) if order else table
