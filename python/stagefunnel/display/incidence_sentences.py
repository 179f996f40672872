"""The sentences of cumulative incidence: what the open items hide, and how much of it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ..tables.labels import columns_before
from ..words import tr, trc, trn
from ..words.forms import written
from .extremes import are_largest, group_name
from .lost_stage import can_lose
from .numbers import count, counted, length, more_groups, percent, percents
from .period_sentences import NameOf

_MOST_GROUPS: Final = 5  # whose answers are written out


def incidence_title(remembered: Mapping[str, Any]) -> str:
    """Name what happens, and from when on ages run."""
    names = remembered.get("names", {})
    if remembered.get("clock") == "stage":
        stage = remembered.get("stage", "")
        return tr("What follows {get}, by time since it was entered", get=names.get(stage, stage))
    to = remembered.get("to", "outcome")
    return tr(
        "{word}, by age",
        word=tr("Won and lost") if to == "outcome" else tr("Reached {get}", get=names.get(to, to)),
    )


def of_incidence(table: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> list[str]:
    """Say which share is won by the horizon and which share so far, and what is known of reopened losses."""
    if not sum(remembered.get("n", ())):
        return [tr("No item is counted.")]
    if len(table) != remembered.get("rows"):
        return []  # rows were taken out, and a sentence about a whole needs the whole
    if table.empty:
        stage = remembered.get("stage")
        return (
            [tr("No visit of {stage} was followed by another stage.", stage=name_of(stage))] if stage else []
        )
    by = columns_before(table, "cause")
    first = told_cause(table, remembered)
    blocks = [table] if not by else [rows for _, rows in table.groupby(by, sort=False, dropna=False)]
    sentences = []
    for rows in blocks[:_MOST_GROUPS]:
        prefix = tr("{rows}: ", rows=group_name(rows, by)) if by else ""
        sentences.append(f"{prefix}{answer_of_rows(rows[rows['cause'] == first], name_of, remembered)}")
    if len(blocks) > _MOST_GROUPS:
        sentences.append(more_groups(len(blocks) - _MOST_GROUPS))
    sentences += _as_frequent(table, remembered)
    return [*sentences, *_passed_over(remembered), *_win_rate(remembered, by), *_reopened(remembered)]


def told_cause(table: pd.DataFrame, remembered: Mapping[str, Any]) -> Any:
    """Return the cause that the sentences are about: the first one, or the most frequent next stage."""
    if remembered.get("clock") != "stage":
        return table["cause"].iloc[0]
    moves = _moves_to(table)
    return moves.index[int(moves.argmax())]


def _moves_to(table: pd.DataFrame) -> pd.Series:
    return table.groupby("cause", sort=False, observed=True)["events"].sum()


def _as_frequent(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say how many other stages are next as often as the one that is named."""
    if remembered.get("clock") != "stage":
        return []
    n = int(are_largest(_moves_to(table)).sum()) - 1
    text = trn("{n} more stage follows as often.", "{n} more stages follow as often.", n, n=count(n))
    return [text] if n else []


def of_maturity(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Say how many wins the open items of all cohorts may still bring."""
    expected = table["expected_more_wins"]
    if not len(table) or expected.isna().all():
        return [tr("No item was watched for so long, so that nothing is expected of the open ones.")]
    more, n_open = float(expected.sum()), int(table["n_open"].sum())
    if not n_open:
        return [tr("No item is open, so that no win is still to come.")]
    tau = remembered.get("tau", "")
    return [
        tr(
            "Still to come within {tau} of creation: about {wins} of {n_open}; those older than {tau} "
            "add nothing.",
            tau=tau,
            wins=counted(round(more), "win"),
            n_open=counted(n_open, "open item"),
        )
    ]


def answer_of_rows(rows: pd.DataFrame, name_of: NameOf, remembered: Mapping[str, Any]) -> str:
    """Write the answer of the rows of one cause: 22% are won within 180 d (18–27%), and 17% so far."""
    known = rows[rows["incidence"].notna() & ~rows["beyond_horizon"].astype(bool)]
    is_young = not len(known)
    known = rows[rows["incidence"].notna()] if is_young else known
    if not len(known):
        return tr("Nothing is known yet: no item was watched for so long.")
    last = known.iloc[-1]
    what = _what_happened(str(last["cause"]), name_of, remembered)
    sure = ""
    if not pd.isna(last["incidence_low"]) and not pd.isna(last["incidence_high"]):
        sure = f" ({percents(last['incidence_low'], last['incidence_high'])})"
    age = length(last["time"], remembered.get("working_day"))
    few = tr("; too few items are that old to rely on it") if is_young else ""
    answer = tr(
        "{incidence} {what} within {age}{sure}",
        incidence=percent(last["incidence"]),
        what=what,
        age=age,
        sure=sure,
    )
    if remembered.get("observed"):
        # What is counted of items that were older when the period began is no share of this age.
        return tr(
            "{answer}, at the pace of {observed}{few}.",
            answer=answer,
            observed=remembered["observed"],
            few=few,
        )
    return tr("{answer}{few}. So far: {naive}.", answer=answer, few=few, naive=percent(last["naive"]))


def _what_happened(cause: str, name_of: NameOf, remembered: Mapping[str, Any]) -> str:
    if remembered.get("clock") == "stage":
        return tr(
            "of visits of {stage} go on to {cause}", stage=name_of(remembered["stage"]), cause=name_of(cause)
        )
    items = tr("{basis} items", basis=trc("basis", remembered.get("basis") or "created"))
    if remembered.get("to", "outcome") != "outcome":
        return tr("of {items} reach {to}", items=items, to=name_of(remembered["to"]))
    return tr("of {items} are {cause}", items=items, cause=trc("fate", str(cause)))


def _passed_over(remembered: Mapping[str, Any]) -> list[str]:
    """Say how much a curve leaves out because too few were at risk."""
    if not remembered.get("passed_over"):
        return []
    few, events = count(remembered["min_at_risk"]), count(remembered["passed_over"])
    return [
        tr("Events passed over, because fewer than {few} were at risk: {events}.", few=few, events=events)
    ]


def _win_rate(remembered: Mapping[str, Any], by: Sequence[Any]) -> list[str]:
    """Set the win rate of closed items that open ones do not distort beside the counted one.

    Without a lost stage both are 100%, and neither is said.
    """
    adjusted, naive = remembered.get("adjusted_win_rate"), remembered.get("naive_win_rate")
    if by or not can_lose(remembered) or not adjusted or adjusted[0] is None or not naive or naive[0] is None:
        return []
    error = (remembered.get("adjusted_win_rate_se") or [None])[0]
    # Where all closed items ended alike the formula gives an error of 0, however few they are.
    is_known = error is not None and 0 < adjusted[0] < 1
    sure = tr(" (standard error {error} points)", error=written(f"{100 * error:.1f}")) if is_known else ""
    return [
        tr(
            "Win rate of closed items, adjusted for open ones: {adjusted}{sure}; counted: {naive}.",
            adjusted=percent(adjusted[0]),
            sure=sure,
            naive=percent(naive[0]),
        )
    ]


def _reopened(remembered: Mapping[str, Any]) -> list[str]:
    """Say which share of losses did not stand."""
    lost, reopened = remembered.get("ever_lost", 0), remembered.get("reopened", 0)
    if not reopened:
        return []
    of = tr("{reopened} of {lost}", reopened=count(reopened), lost=count(lost))
    return [
        tr(
            "{reopened} of lost items were worked on again or won later ({of}).",
            reopened=percent(reopened / lost),
            of=of,
        )
    ]
