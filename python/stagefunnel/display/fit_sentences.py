"""What the chances of open items are read off, and where nothing can be read off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .numbers import count, counted

_MOST_STAGES: Final = 5  # that are written out


def of_fit(remembered: Mapping[str, Any]) -> list[str]:
    """Say what the chances of open items are read off, and for which there are none."""
    unknown, fell_back = remembered.get("start_unknown", 0), remembered.get("fell_back", 0)
    common = []
    if "working_day" in remembered:
        common.append("How long items have been in their stages is measured in working hours.")
    if fell_back:
        common.append(
            f"{counted(fell_back, 'stage')} of groups with too few visits that ended "
            f"{'takes' if fell_back == 1 else 'take'} the fit of all."
        )
    if never_left := remembered.get("never_left"):
        stages = " or ".join(never_left[:_MOST_STAGES])
        what = _of_training(remembered) or "Nothing ever"
        common.append(f"{what} left {stages}: for open items there no chance can be read off.")
    if remembered.get("young_log"):
        common.append(
            "The log is young or small: few visits could have lasted longer yet, and what is too old to "
            "forecast need not be dead."
        )
    wins = _without_a_win(remembered)
    # That nothing was won yet comes first, for then nothing else matters much.
    common = [*wins, *common] if remembered.get("nothing_won") else [*common, *wins]
    if not unknown:
        return common
    are = "is one open item" if unknown == 1 else f"are {counted(unknown, 'open item')}"
    return [*common, f"There {are} without a chance: nobody knows since when they are in their stage."]


def _without_a_win(remembered: Mapping[str, Any]) -> list[str]:
    """Say of which open items nothing is known about wins, because none was seen yet."""
    n = remembered.get("without_win", 0)
    has_or_have = "has" if n == 1 else "have"
    if remembered.get("nothing_won"):
        trained = _of_training(remembered)
        before = f"{trained} was won" if trained else "Nothing was won before this date"
        if remembered.get("won_at_once"):
            before = "What was won before this date never was in a stage in progress"
        return [f"{before}: nothing can be forecast."]
    stages = remembered.get("never_won", [])
    if not stages:
        return []
    names = " or ".join(stages[:_MOST_STAGES])
    names += f" or {count(len(stages) - _MOST_STAGES)} more stages" if len(stages) > _MOST_STAGES else ""
    so = f": {counted(n, 'open item')} there {has_or_have} no chance that can be read off" if n else ""
    groups = " in some groups" if remembered.get("fitted_apart") else ""
    what = _of_training(remembered) or "Nothing"
    return [f"{what} was won from {names} yet{groups}{so}."]


def _of_training(remembered: Mapping[str, Any]) -> str:
    """Name what chances are read off, where that is a part of the items."""
    return "Nothing created in the training period" if remembered.get("trained") else ""
