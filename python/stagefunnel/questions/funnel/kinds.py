"""The kinds of funnels: which options each has, and what they are when none is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from ... import _core
from ...errors import check_option
from ...tables.options import Fill, KindName, LostThenWonName
from ...tables.schema import BOTH


@dataclass(frozen=True)
class Rule:
    """How one kind of funnel counts, with the core's names for it."""

    kind: str
    core_kind: _core.funnel.Kind
    lost_then_won: _core.funnel.LostThenWon

    @property
    def counts_by_state(self) -> bool:
        """Whether items of one state count alike."""
        return self.core_kind not in (_core.funnel.Kind.conversions_moves, _core.funnel.Kind.strict)


def rules_of(kind: str, fill: str, lost_then_won: str | None) -> list[Rule]:
    """Check the options and resolve them: two rules for ``"both"``, each with its own default."""
    check_option("kind", kind, get_args(KindName))
    check_option("fill", fill, get_args(Fill))
    if lost_then_won is not None:
        check_option("lost_then_won", lost_then_won, get_args(LostThenWonName))
    rules = []
    for one in BOTH if kind == "both" else (kind,):
        with_conversions = one == "conversions"
        flip = lost_then_won or ("exclude" if with_conversions else "include")
        core_kind = _core.funnel.Kind[f"conversions_{fill}" if with_conversions else one]
        rules.append(Rule(one, core_kind, _core.funnel.LostThenWon[flip]))
    return rules
