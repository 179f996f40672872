"""Sentences about the groups whose rate stands out, as a table remembers them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..words import tr
from ..words.forms import written
from .numbers import count, counted, percent, plural

_LEVEL: Final = 0.05
UNLIKE: Final = 0.05  # shares that differ by so much are not alike
_ROUNDING: Final = 1e-9
_NOUNS: Final = re.compile(
    "account|agent|branch|campaign|channel|customer|department|device|manager|market|office|owner|person|"
    "pipeline|plan|platform|product|region|rep|segment|seller|source|team|user"
)


def of_standouts(
    remembered: Mapping[str, Any], total: int, *, rate: str, trials: str, pending: str, things: str
) -> list[str]:
    """Say which groups have a higher or lower rate than all others, or that none has.

    Parameters
    ----------
    remembered
        What the table remembers; without a record of groups there are no sentences.
    total
        Number of items in the table; there are no sentences where the record has another number, because
        rows were filtered away.
    rate
        What the rate is called, for example ``"win rate"``.
    trials
        What its denominator counts, for example ``"closed items"``.
    pending
        What items are that may still succeed, for example ``"open"``.
    things
        What is counted, for example ``"items"``.
    """
    record = json.loads(remembered.get("standouts", "null"))
    if record is None or record["total"] != total:
        return []
    if record["n_groups"] and record["p_value"] is None:
        return []  # there is one group, or one result
    groups = plural(_noun(remembered.get("by", [])))
    if not record["n_groups"]:
        return [tr("No rank: none of the {groups} has 30 {trials}", groups=groups, trials=trials)]
    like = [one for one in record["named"] if not _is_unlike(one)]
    sentences = [
        tr(
            "{name}'s {things} are {age}",
            name=_name(one),
            things=things,
            age=_age(one, pending),
        )
        for one in record["named"]
        if _is_unlike(one)
    ]
    for word, is_side in ((tr("Higher"), _is_higher), (tr("Lower"), lambda one: not _is_higher(one))):
        side = [one for one in like if is_side(one)]
        if side:
            sentences.append(
                tr(
                    "{word} {rate} than the rest: {side}",
                    word=word,
                    rate=rate,
                    side=", ".join(_named(one, trials) for one in side),
                )
            )
    if record["named"]:
        return sentences
    n_groups = record["n_groups"]
    counted_groups = counted(n_groups, _noun(remembered.get("by", [])) if n_groups > 1 else "group")
    chance = f"(p = {_p_value(record['p_value'])}, {counted_groups})"
    subject = f"{rate[0].upper()}{rate[1:]}"
    if record["p_value"] < _LEVEL:
        return [
            tr(
                "{subject}: {groups} differ overall; no single one stands out {chance}",
                subject=subject,
                groups=groups,
                chance=chance,
            )
        ]
    return [
        tr(
            "{subject}: differences between {groups} are within chance {chance}",
            subject=subject,
            groups=groups,
            chance=chance,
        )
    ]


def _named(one: Mapping[str, Any], trials: str) -> str:
    share = percent(one["successes"] / one["trials"])
    numbers = tr(
        "{part} of {whole} {trials}",
        part=count(one["successes"]),
        whole=count(one["trials"]),
        trials=trials,
    )
    return tr(
        "{name} ({share}, {numbers}; the rest {rest_rate})",
        name=_name(one),
        share=share,
        numbers=numbers,
        rest_rate=percent(one["rest_rate"]),
    )


def _age(one: Mapping[str, Any], pending: str) -> str:
    younger = one["pending_share"] > one["rest_pending_share"]
    shares = tr(
        "{pending_share} still {pending}, against {rest_pending_share}",
        pending_share=percent(one["pending_share"]),
        pending=tr(pending),
        rest_pending_share=percent(one["rest_pending_share"]),
    )
    return tr("{word} ({shares})", word=tr("younger") if younger else tr("older"), shares=shares)


def _is_higher(one: Mapping[str, Any]) -> bool:
    return bool(one["successes"] / one["trials"] > one["rest_rate"])


def _is_unlike(one: Mapping[str, Any]) -> bool:
    return are_unlike(one["pending_share"], one["rest_pending_share"])


def are_unlike(share: float, other: float) -> bool:
    """Check whether two shares differ so much that what they belong to is not alike."""
    return exceeds(share, other) or exceeds(other, share)


def exceeds(share: float, other: float) -> bool:
    """Check whether a share is so much larger than another that what they belong to is not alike."""
    return share - other >= UNLIKE - _ROUNDING


def _name(one: Mapping[str, Any]) -> str:
    return ", ".join(one["group"])


def _noun(by: Sequence[Any]) -> str:
    """Name a group as people do where the column is called by a usual noun."""
    name = str(by[0]).lower() if len(by) == 1 else ""
    return name if _NOUNS.fullmatch(name) else "group"


def _p_value(p: float) -> str:
    return written(f"{p:.2f}") if p >= 0.01 else tr("below {n}", n=written("0.01"))
