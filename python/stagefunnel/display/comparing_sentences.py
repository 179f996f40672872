"""The sentences of comparisons of groups: who gets more on at which step, and whether that is clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ..tables.labels import MISSING, columns_before
from ..words import tr, trn
from .extremes import group_name, group_names
from .heads import label
from .numbers import count, counted, more_differences, percent, plural, points, without_points
from .period_sentences import NameOf
from .things import things_of
from .unlike import LEAST_BASE, Side, unlike_notes

_MOST_NAMED: Final = 5


def is_clear(
    table: pd.DataFrame, remembered: Mapping[str, Any], sizes: Sequence[str] = ("n_a", "n_b")
) -> pd.Series:
    """Flag the rows whose difference chance alone does not make, and whose sides have 30 items or more."""
    is_large = (table[[*sizes]] >= LEAST_BASE).all(axis="columns")
    if "clear" in remembered:
        return is_large & _is_named(table, remembered)
    level = 1 - float(remembered.get("confidence", 0.95))
    return is_large & table["p_adjusted"].notna() & (table["p_adjusted"] < level)


def _is_named(table: pd.DataFrame, remembered: Mapping[str, Any]) -> pd.Series:
    """Flag the rows of which the question says that they are more than chance."""
    known = {tuple(one) for one in remembered["clear"]}
    if "column" in table:
        pairs = zip(table["column"].astype(str), table["value"].astype(str), strict=True)
    else:
        by = columns_before(table, "stage")
        names = group_names(table, by) if by else [remembered["sides"][0][0]] * len(table)
        pairs = zip(names, table["stage"].astype(str), strict=True)
    return pd.Series([pair in known for pair in pairs], index=table.index, dtype=bool)


def of_compared_groups(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Say which groups differ at which step, those of unlike age first."""
    if len(table) != remembered.get("rows"):
        return []  # rows were taken out, and the p-values are of all of them
    if remembered.get("of_report"):
        return [tr("Groups are read at the stages and share items, so that no difference is tested.")]
    things = things_of(remembered)
    clear = table[is_clear(table, remembered)].sort_values("p_adjusted", kind="stable")
    before = _stages_before(table, remembered)
    # Of two groups each is the rest of the other: what is said of one is said of both.
    is_pair = bool(columns_before(table, "stage")) and len(remembered.get("sides", ())) == 2
    named = clear.drop_duplicates("stage") if is_pair else clear
    sentences = []
    for at in named.index[:_MOST_NAMED]:
        sentences.append(_difference(table.loc[[at]], before[at], name_of, remembered, things))
    if len(named) > _MOST_NAMED:
        sentences.append(more_differences(len(named) - _MOST_NAMED))
    if table["p_value"].isna().all():
        sentences.append(tr("There is nothing to compare."))
    elif not len(clear):
        sentences.append(tr("No step shows a clear difference."))
    elif len(clear) < table["p_value"].notna().sum():
        sentences.append(tr("No other step shows a clear difference."))
    return [
        *_age(remembered),
        *sentences,
        *too_recent_note(remembered),
        *passed_over(name_of, remembered),
    ]


def of_period_differences(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Say at which stages two periods clearly differ; the table has the bounds of its differences."""
    if table["p_adjusted"].isna().all():
        n = remembered.get("shared_items", 0)
        shared = trn(
            "{n_items} is in both periods", "{n_items} are in both periods", n, n_items=counted(n, "item")
        )
        text = tr("{shared}, so that no difference is tested.", shared=shared)
        return [text] if n else [tr("There is nothing to compare.")]
    now, before = map(str, remembered.get("called", ("now", "before")))
    by = columns_before(table, "stage")
    clear = table[is_clear(table, remembered, ["base", "base_before"])]
    clear = clear.sort_values("p_adjusted", kind="stable")
    sentences = []
    for at in clear.index[:_MOST_NAMED]:
        one = clear.loc[at]
        of_group = tr("{loc}: ", loc=group_name(clear.loc[[at]], by)) if by else ""
        name = "conversion_from_all"
        low, high = (without_points(points(one[f"{name}_difference_{end}"])) for end in ("low", "high"))
        sentences.append(
            tr(
                "{of_group}{stage}: {one} of all in {now}, {one_2} in {before} ({one_3}, {low} to {high}).",
                of_group=of_group,
                stage=name_of(one["stage"]),
                one=percent(one[name]),
                now=now,
                one_2=percent(one[f"{name}_before"]),
                before=before,
                one_3=points(one[f"{name}_difference"]),
                low=low,
                high=high,
            )
        )
    if len(clear) > _MOST_NAMED:
        sentences.append(more_differences(len(clear) - _MOST_NAMED))
    if not len(clear):
        return [tr("No stage shows a clear difference between {now} and {before}.", now=now, before=before)]
    rest = len(clear) < table["p_adjusted"].notna().sum()
    return [*sentences, *([tr("No other stage shows a clear difference.")] if rest else [])]


def of_drivers(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say which values clearly go with winning; that they cause it, nobody knows."""
    if len(table) != remembered.get("rows"):
        return []
    clear = table[is_clear(table, remembered, ["n"])]
    sentences = [_goes_with(clear.loc[at]) for at in clear.index[:_MOST_NAMED]]
    if len(clear) > _MOST_NAMED:
        sentences.append(tr("… and {n} more.", n=count(len(clear) - _MOST_NAMED)))
    sentences = sentences or [tr("No value clearly goes with winning or losing.")]
    return [*age_of_two(remembered), *sentences, *too_recent_note(remembered)]


def _goes_with(one: Any) -> str:
    low, high = (without_points(points(one[f"difference_{side}"])) for side in ("low", "high"))
    what = tr("winning") if one["difference"] > 0 else tr("not winning")
    return tr(
        "{column} {value} goes with {what}: {conversion} against {conversion_rest} of the "
        "rest ({difference}, {low} to {high}).",
        column=one["column"],
        value=one["value"],
        what=what,
        conversion=percent(one["conversion"]),
        conversion_rest=percent(one["conversion_rest"]),
        difference=points(one["difference"]),
        low=low,
        high=high,
    )


def age_of_two(remembered: Mapping[str, Any]) -> list[str]:
    """Say what makes the two sides unlike."""
    parts = zip(remembered["sides"], remembered["items"], remembered["open"], strict=True)
    return [f"{note}." for note in unlike_notes([Side(*part) for part in parts], remembered)]


def too_recent_note(remembered: Mapping[str, Any]) -> list[str]:
    """Say how many items were left out because nobody can follow them for so long yet."""
    n = remembered.get("too_recent", 0)
    return (
        [
            trn(
                "{n_items} is too recent to be followed for {within}, and left out.",
                "{n_items} are too recent to be followed for {within}, and left out.",
                n,
                n_items=counted(n, "item"),
                within=remembered["within"],
            )
        ]
        if n
        else []
    )


def _stages_before(table: pd.DataFrame, remembered: Mapping[str, Any]) -> dict[Any, str]:
    """Find the stage at which the step of each row begins."""
    stages = remembered.get("steps", [""])
    before = dict(zip(stages[1:], stages[:-1], strict=True))
    return {at: before.get(str(stage), "") for at, stage in zip(table.index, table["stage"], strict=True)}


def _difference(
    row: pd.DataFrame, before: Any, name_of: NameOf, remembered: Mapping[str, Any], things: str
) -> str:
    """Write one difference: Ann wins more of the deals that got to Offer than the other managers."""
    one = row.iloc[0]
    by = columns_before(row, "stage")
    sides = remembered.get("sides", [["", ""]])
    name = group_name(row, by) if by else sides[0][0]
    more = tr("more") if one["difference"] > 0 else tr("fewer")
    of = tr("of the {things} that got to {before}", things=things, before=name_of(before))
    stage = one["stage"]
    if str(stage) in remembered.get("won", ()):
        does = tr("{name} wins {more} {of}", name=name, more=more, of=of)
    else:
        does = tr("{name} gets {more} {of} on to {stage}", name=name, more=more, of=of, stage=name_of(stage))
    low, high = (without_points(points(one[f"difference_{side}"])) for side in ("low", "high"))
    than = sides[0][1] or _others(remembered, name, things)
    return tr(
        "{does} than {than}: {conversion_a} against {conversion_b} ({difference}, {low} to {high}).",
        does=does,
        than=than,
        conversion_a=percent(one["conversion_a"]),
        conversion_b=percent(one["conversion_b"]),
        difference=points(one["difference"]),
        low=low,
        high=high,
    )


def _others(remembered: Mapping[str, Any], name: str, things: str) -> str:
    """Name the rest: the other managers, where a group is a value of one plain column.

    Items without a value are a group too, and part of the rest of all others.
    """
    columns = [str(column) for column in remembered.get("columns", ())]
    called = columns[0].replace("_", " ") if len(columns) == 1 else ""
    if not called.replace(" ", "").isalpha():
        return tr("the rest")
    if name == MISSING:
        article = "an" if called[0].lower() in "aeiou" else "a"
        return tr("{things} with {article} {column}", things=things, article=article, column=called)
    others = tr("the other {replace}", replace=plural(called))
    return others + (tr(" and {things} without one", things=things) if remembered.get("has_missing") else "")


def _age(remembered: Mapping[str, Any]) -> list[str]:
    """Say that groups are unlike in age, which may be all of a difference."""
    names: Sequence[Sequence[str]] = remembered.get("sides", ())
    items, still_open = remembered.get("items", ()), remembered.get("open", ())
    parts = zip(names, items, still_open, strict=True)
    sides = [Side(label(name[0]), n[0], n_open[0]) for name, n, n_open in parts]
    if len(sides) == 1:
        rest = names[0][1] or _others(remembered, names[0][0], things_of(remembered))
        sides.append(Side(rest, items[0][1], still_open[0][1]))
    return [f"{note}." for note in unlike_notes(sides, remembered)]


def passed_over(name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Name the stages to which no step leads: they are optional or have dates."""
    labels = remembered.get("passed_over", ())
    if not labels:
        return []
    what = (
        tr("is optional or has dates, and is")
        if len(labels) == 1
        else tr("are optional or have dates, and are")
    )
    return [tr("{labels} {what} passed over.", labels=", ".join(map(name_of, labels)), what=what)]
