"""The options of questions about sequences of parts: the rules are kept in the steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from ..sequence.about import has_end
from ..sequence.rules import DEFAULTS, SequenceRules
from ..sequence.steps import Steps


def rules_in_steps(options: Mapping[str, Any], given: Collection[str]) -> dict[str, Any]:
    """Put the rules that are given beside steps into them; none is left beside."""
    rules = cast(SequenceRules, {name: options[name] for name in DEFAULTS if name in given})
    kept = {name: value for name, value in options.items() if name not in DEFAULTS}
    return {**kept, "steps": Steps(options["steps"], **rules)}


def ends_of_steps(options: Mapping[str, Any]) -> Sequence[str]:
    """Name the rules of steps that need the end of observation."""
    return ["window"] if has_end(options["steps"]) else []
