"""The sentences of forecasts: what is expected, how sure that is, and what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ..tables.labels import columns_before
from ..tables.schema import (
    BACKTEST,
    BOTTLENECKS,
    FORECAST,
    ITEM_FEATURES,
    MARKOV_CHECK,
    OCCUPATION,
    WIN_PROBABILITY,
    WIN_WITHIN,
)
from ..words import tr, trn
from .backtest_sentences import USUAL_CONFIDENCE, is_cut, of_backtest
from .bottleneck_sentences import of_bottlenecks
from .crm_sentences import crm_total, without_crm
from .extremes import group_name
from .fit_sentences import of_fit
from .given import of_moment
from .markov_sentences import of_markov_check
from .new_item_sentences import of_a_short_log, of_new_items
from .numbers import counted, more_groups, number, part_of, percent, so_many, tenths
from .period_sentences import NameOf
from .things import open_things, thing_of, things_of

#: The first columns of each table.
FORECAST_TABLES: Final[Mapping[str, Sequence[str]]] = {
    "forecast": FORECAST,
    "win_probability": WIN_PROBABILITY,
    "backtest": BACKTEST,
    "bottlenecks": BOTTLENECKS,
    "markov_check": MARKOV_CHECK,
    "item_features": ITEM_FEATURES,
    "state_occupation": OCCUPATION,
    "win_within": WIN_WITHIN,
}
_MOST_GROUPS: Final = 5  # whose answers are written out
_LEAST_SHARE: Final = 0.01  # of the draws that is written as it is


def forecast_title(remembered: Mapping[str, Any]) -> str:
    """Say what is forecast, and until when."""
    until = remembered.get("until")
    return tr(
        "Expected wins of open {things}{word}",
        things=things_of(remembered),
        word=tr(", won before {day_text}", day_text=day_text(until)) if until else "",
    )


def win_within_title(remembered: Mapping[str, Any]) -> str:
    """Say until when an item has to be won."""
    return tr("Chance to be won{until}, by stage and time in it", until=_until(remembered))


def of_forecast(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say how many open items are expected to be won, which are too old for that, and what is not in it."""
    if is_cut(table, remembered):
        return []
    by = columns_before(table, "line")
    blocks = [table] if not by else [rows for _, rows in table.groupby(by, sort=False, dropna=False)]
    sentences = []
    for rows in blocks[:_MOST_GROUPS]:
        prefix = tr("{rows}: ", rows=group_name(rows, by)) if by else ""
        sentences += [f"{prefix}{one}" for one in _of_group(rows, remembered)]
    if len(blocks) > _MOST_GROUPS:
        sentences.append(more_groups(len(blocks) - _MOST_GROUPS))
    if table.loc[table["line"] == "new_items", "expected_wins"].notna().any() and table["n_open"].any():
        sentences += of_a_short_log(remembered)
    if by and not remembered.get("fit_by"):
        sentences.append(tr("The chances are those of all groups together; fit_by has each group's own."))
    if remembered.get("amount_missing"):
        n = remembered["amount_missing"]
        sentences.append(
            trn(
                "{n_open_items} without an amount adds nothing to amounts.",
                "{n_open_items} without an amount add nothing to amounts.",
                n,
                n_open_items=counted(n, "open item"),
            )
        )
    about_fit = of_fit(remembered)
    if remembered.get("nothing_won"):
        first = about_fit.pop(0)
        sentences = [first, *sentences] if table["n_open"].any() else sentences
    return [
        *sentences,
        *without_crm(remembered),
        *_of_target(remembered),
        *_of_chain(remembered),
        *about_fit,
    ]


def _of_group(rows: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    total = rows[rows["line"] == "total"]
    all_of_them = total.iloc[0]
    n_open, beyond = int(all_of_them["n_open"]), int(all_of_them["n_beyond_support"])
    if not n_open:
        return [tr("No {thing} is open.", thing=thing_of(remembered))]
    sentences = []
    if not pd.isna(all_of_them["expected_wins"]):
        expected = tenths(all_of_them["expected_wins"])
        between = _range(all_of_them, "expected_wins", remembered)
        known = number_known(all_of_them)
        of = f"{open_things(known, remembered)}{_that_can(n_open - known)}"
        sentences.append(
            trn(
                "About {expected} of {of} is expected to be won{until} ({between}).",
                "About {expected} of {of} are expected to be won{until} ({between}).",
                known,
                expected=expected,
                of=of,
                until=_until(remembered),
                between=between,
            )
        )
        if "expected_amount" in rows and not pd.isna(all_of_them["expected_amount"]):
            expected = number(round(all_of_them["expected_amount"]))
            between = _range(all_of_them, "expected_amount", remembered)
            sentences.append(
                tr("Amount expected of them: {expected} ({between}).", expected=expected, between=between)
            )
    if not pd.isna(all_of_them.get("crm_wins")):
        sentences.append(crm_total(all_of_them, tenths(all_of_them["crm_wins"])))
    stuck = rows[in_never_left(rows, remembered)]
    too_old = beyond - int(stuck["n_beyond_support"].sum())
    if too_old:
        amount = all_of_them.get("amount_beyond_support")
        if len(stuck) and amount is not None:
            amount -= stuck["amount_beyond_support"].sum()
        worth = "" if pd.isna(amount) else f" ({number(round(amount))})"
        sentences.append(
            trn(
                "{n_open_items}{worth} has been in the stage longer than any item that ever left "
                "it: too old to forecast.",
                "{n_open_items}{worth} have been in the stage longer than any item that ever "
                "left it: too old to forecast.",
                too_old,
                n_open_items=counted(too_old, "open item"),
                worth=worth,
            )
        )
    new = rows[rows["line"] == "new_items"]
    if len(new) and not pd.isna(new.iloc[0]["expected_wins"]):
        between = _range(new.iloc[0], "expected_wins", remembered)
        sentences.append(
            of_new_items(new.iloc[0], between, things_of(remembered), is_short="log_length" in remembered)
        )
    return sentences


def in_never_left(rows: pd.DataFrame, remembered: Mapping[str, Any]) -> pd.Series:
    """Flag the rows of stages that nothing ever left: open items there are not too old, nothing is known."""
    return rows["stage"].astype("string").isin(remembered.get("never_left", [])).fillna(False).astype(bool)


def number_known(row: Any) -> int:
    """Return how many open items of a row have a chance: its sum has the mean chance of each."""
    if pd.isna(row["win"]):
        return 0
    most = int(row["n_open"]) - int(row["n_beyond_support"])
    return min(most, round(row["expected_wins"] / row["win"])) if row["win"] > 0 else most


def _that_can(others: int) -> str:
    return tr(" that can be forecast") if others else ""


def _until(remembered: Mapping[str, Any]) -> str:
    until = remembered.get("until")
    return tr(" before {day_text}", day_text=day_text(until)) if until else tr(" some day")


def day_text(until: Any) -> str:
    """Write a moment: its day alone where it is midnight, and a number as it is."""
    text = str(until)
    if text.lstrip("-").isdigit():
        return text
    try:
        moment = pd.Timestamp(text)
    except ValueError:  # a year of five digits, which pandas writes and does not read
        return text
    return of_moment(moment)


def _range(row: Any, name: str, remembered: Mapping[str, Any]) -> str:
    low, high = (number(round(row[f"{name}_{end}"])) for end in ("low", "high"))
    return tr(
        "{low}–{high}, the {get} range",
        low=low,
        high=high,
        get=percent(remembered.get("confidence", USUAL_CONFIDENCE)),
    )


def _of_target(remembered: Mapping[str, Any]) -> list[str]:
    target = remembered.get("target")
    if not target:
        return []
    value, so_far = number(round(target["value"])), number(round(target["so_far"]))
    if not target["missing"]:
        return [tr("The target of {value} is reached: {so_far} so far.", value=value, so_far=so_far)]
    parts = [tr("Of the target of {value}, {so_far} are won so far", value=value, so_far=so_far)]
    if target["expected"] is not None:
        parts.append(
            tr("{round} are expected in all, new items included", round=number(round(target["expected"])))
        )
    if target["coverage"] is not None:
        parts.append(
            tr("what is open is {coverage} times what is missing", coverage=tenths(target["coverage"]))
        )
    sentences = [tr("; ").join(parts) + "."]
    if target["probability"] is not None:
        sentences.append(
            tr(
                "The target is reached with a probability of {probability}.",
                probability=_of_draws(target["probability"]),
            )
        )
    return sentences


def _of_draws(share: float) -> str:
    """Write a share of draws, none or all of which are no certainty."""
    if share < _LEAST_SHARE:
        return tr("less than {percent}", percent=percent(_LEAST_SHARE))
    if share > 1 - _LEAST_SHARE:
        return tr("more than {percent}", percent=percent(1 - _LEAST_SHARE))
    return percent(share)


def _of_chain(remembered: Mapping[str, Any]) -> list[str]:
    differs = remembered.get("by_age")
    if differs is None:
        return []
    return [
        tr(
            "How long an item has been in its stage matters here: the method semi_markov, which "
            "sees that, expects {differs} wins.",
            differs=tenths(differs),
        )
    ]


def of_win_probability(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say how many wins the chances add up to."""
    numbers = remembered.get("counted")
    if not numbers or numbers["listed"] != len(table):
        return [f"{counted(len(table), 'open item')}"]
    if not numbers["open"]:
        return [tr("No item is open.")]
    beyond = numbers["beyond_support"] - numbers.get("never_left", 0)
    about = tr("none with a chance that can be read off")
    if numbers["with_chance"]:
        about = tr(
            "of which about {expected} are expected to be won", expected=tenths(remembered["expected"])
        )
    until = _until(remembered) if numbers["with_chance"] and remembered.get("until") else ""
    parts = [f"{counted(numbers['open'], 'open item')}, {about}{until}"]
    if beyond:
        parts.append(
            so_many("{n} longer in the stage than any that ever left it: too old to forecast", beyond)
        )
    return [tr("; ").join(parts), *of_fit(remembered)]


def of_features(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say how many rows there are, and how many labels are missing."""
    moments = remembered.get("moments", 1)
    items = counted(table["item"].nunique(), "item")
    first = tr(
        "{n_rows} of {items} at {n_moments}.",
        n_rows=counted(len(table), "row"),
        items=items,
        n_moments=counted(moments, "moment"),
    )
    missing = int(table["label"].isna().sum())
    sentences = [first]
    if missing:
        sentences.append(
            trn(
                "{part_of} has no label: the log ends before the moment + {get}.",
                "{part_of} have no label: the log ends before the moment + {get}.",
                missing,
                part_of=part_of(missing, len(table)),
                get=remembered.get("horizon", tr("the horizon")),
            )
        )
    if n_before := remembered.get("moments_before"):
        sentences.append(
            tr(
                "At {n_moments} the log has not begun, so that nothing is open.",
                n_moments=counted(n_before, "moment"),
            )
        )
    if n_after := remembered.get("moments_after"):
        sentences.append(
            trn(
                "{n_moments} is after the end of the log: what happened in between is not known.",
                "{n_moments} are after the end of the log: what happened in between is not known.",
                n_after,
                n_moments=counted(n_after, "moment"),
            )
        )
    if moments > 1 and len(table) > table["item"].nunique():
        sentences.append(tr("An item has a row at each moment: split rows by item, not by chance."))
    return sentences


def of_occupation(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say how many of the open items have no forecast, and so stay where they are."""
    if is_cut(table, remembered):
        return []
    beyond = remembered.get("beyond_support", 0)
    if not beyond:
        return of_fit(remembered)
    return [
        *of_fit(remembered),
        trn(
            "{n_open_items} without a chance is counted where it is now.",
            "{n_open_items} without a chance are counted where they are now.",
            beyond,
            n_open_items=counted(beyond, "open item"),
        ),
    ]


_Compose = Callable[[pd.DataFrame, NameOf, Mapping[str, Any]], list[str]]
#: For each table: the columns that its sentences need, and the function that composes them.
FORECAST_SENTENCES: Final[Mapping[str, tuple[Sequence[str], _Compose]]] = {
    "forecast": (FORECAST, lambda table, _, remembered: of_forecast(table, remembered)),
    "win_probability": (WIN_PROBABILITY, lambda table, _, remembered: of_win_probability(table, remembered)),
    "backtest": (BACKTEST, lambda table, _, remembered: of_backtest(table, remembered)),
    "bottlenecks": (BOTTLENECKS, of_bottlenecks),
    "markov_check": (MARKOV_CHECK, lambda table, _, remembered: of_markov_check(table, remembered)),
    "item_features": (ITEM_FEATURES, lambda table, _, remembered: of_features(table, remembered)),
    "win_within": (WIN_WITHIN, lambda table, _, remembered: of_fit(remembered)),
    "state_occupation": (OCCUPATION, lambda table, _, remembered: of_occupation(table, remembered)),
}
