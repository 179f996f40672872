"""What the chances of open items are read off, and where nothing can be read off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..words import tr, trn
from .numbers import counted, more_stages

_MOST_STAGES: Final = 5  # that are written out


def of_fit(remembered: Mapping[str, Any]) -> list[str]:
    """Say what the chances of open items are read off, and for which there are none."""
    unknown, fell_back = remembered.get("start_unknown", 0), remembered.get("fell_back", 0)
    common = []
    if "working_day" in remembered:
        common.append(tr("How long items have been in their stages is measured in working hours."))
    if fell_back:
        common.append(
            trn(
                "{n_stages} of groups with too few visits that ended takes the fit of all.",
                "{n_stages} of groups with too few visits that ended take the fit of all.",
                fell_back,
                n_stages=counted(fell_back, "stage"),
            )
        )
    if never_left := remembered.get("never_left"):
        stages = tr(" or ").join(never_left[:_MOST_STAGES])
        what = _of_training(remembered) or tr("Nothing ever")
        common.append(
            tr(
                "{what} left {stages}: for open items there no chance can be read off.",
                what=what,
                stages=stages,
            )
        )
    if remembered.get("young_log"):
        common.append(
            tr(
                "The log is young or small: few visits could have lasted longer yet, and what is too "
                "old to forecast need not be dead."
            )
        )
    common += _none_won(remembered)
    wins = _without_a_win(remembered)
    # That nothing was won yet comes first, for then nothing else matters much.
    common = [*wins, *common] if remembered.get("nothing_won") else [*common, *wins]
    if not unknown:
        return common
    are = (
        tr("is one open item")
        if unknown == 1
        else tr("are {n_open_items}", n_open_items=counted(unknown, "open item"))
    )
    return [
        *common,
        tr("There {are} without a chance: nobody knows since when they are in their stage.", are=are),
    ]


def _none_won(remembered: Mapping[str, Any]) -> list[str]:
    """Say how many open items have a chance of 0, and that this is not certain."""
    n = remembered.get("none_won", 0)
    if not n:
        return []
    zero = trn(
        "{n_open_items} has a chance of 0: no visit that lasted as long led to a win{in_time}.",
        "{n_open_items} have a chance of 0: no visit that lasted as long led to a win{in_time}.",
        n,
        n_open_items=counted(n, "open item"),
        in_time=tr(" in that time") if "until" in remembered else "",
    )
    # Bounds of luck alone take chances as known.
    known = remembered.get("interval") == "outcome"
    return [zero] if known else [zero, tr("The ranges allow for how many visits say so.")]


def _without_a_win(remembered: Mapping[str, Any]) -> list[str]:
    """Say of which open items nothing is known about wins, because none was seen yet."""
    n = remembered.get("without_win", 0)
    has_or_have = tr("has") if n == 1 else tr("have")
    if remembered.get("nothing_won"):
        trained = _of_training(remembered)
        before = (
            tr("{trained} was won", trained=trained) if trained else tr("Nothing was won before this date")
        )
        if remembered.get("won_at_once"):
            before = tr("What was won before this date never was in a stage in progress")
        return [tr("{before}: nothing can be forecast.", before=before)]
    stages = remembered.get("never_won", [])
    if not stages:
        return []
    names = tr(" or ").join(stages[:_MOST_STAGES])
    names += more_stages(len(stages) - _MOST_STAGES) if len(stages) > _MOST_STAGES else ""
    so = (
        tr(
            ": {n_open_items} there {has_or_have} no chance that can be read off",
            n_open_items=counted(n, "open item"),
            has_or_have=has_or_have,
        )
        if n
        else ""
    )
    groups = tr(" in some groups") if remembered.get("fitted_apart") else ""
    what = _of_training(remembered) or tr("Nothing")
    return [tr("{what} was won from {names} yet{groups}{so}.", what=what, names=names, groups=groups, so=so)]


def _of_training(remembered: Mapping[str, Any]) -> str:
    """Name what chances are read off, where that is a part of the items."""
    return tr("Nothing created in the training period") if remembered.get("trained") else ""
