"""A pipeline for a log: the order of the stages, what ends an item, and what stands aside."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd

from ..errors import counted
from ..log.data import LogData
from ..log.stage_places import StagePlaces, moments
from ..log.stage_signs import UseOfStages
from ..pipeline import Pipeline
from ..times.stamps import NAT
from .doubts import Doubt
from .finals import Finals, by_position, find_finals
from .stage_order import moves_back, order_by_moves

# More moves back than this share of all are no order of stages.
_UNORDERED: Final = 0.25
# Two neighbours whose moves go one way less than this are in doubt.
_CLEAR: Final = 2 / 3
_RARE: Final = 0.001
_PASSED_BY_FEW: Final = 0.1
_ENOUGH: Final = 30
# A log of fewer moves says nothing of an order.
_FEWEST: Final = 3


@dataclass(frozen=True)
class SuggestedStages:
    """A pipeline, with what was seen of each stage.

    Attributes
    ----------
    pipeline
        The stages; those aside are optional.
    table
        One row per stage, in the order of the pipeline.
    comments
        What to say of each stage beside its label, and of the pipeline's keys.
    dated
        Stages that came or went, by ``"since"`` and ``"until"``, each with its day.
    aside
        Stages that may be optional and are not taken as such.
    doubts
        What may be otherwise.
    """

    pipeline: Pipeline
    table: pd.DataFrame
    comments: Mapping[str, str]
    dated: Mapping[str, Mapping[Hashable, str]]
    aside: tuple[Hashable, ...]
    doubts: tuple[Doubt, ...]


def suggest_stages(data: LogData, known: Pipeline | None = None) -> SuggestedStages:
    """Make a pipeline of the moves of a log.

    Parameters
    ----------
    data
        The log.
    known
        A pipeline whose stages are meant, where a log has several: its names and other pipelines stay.
    """
    names = {} if known is None else known.names
    places = StagePlaces.of(data, None if known is None else {*known.labels})
    finals = find_finals(places, lambda label: names.get(label, str(label)))
    inner = [stage for stage in by_position(places) if stage not in finals.why]
    if not inner:  # names of results alone: what begins most journeys is in progress
        first = int(np.argmax(places.started))
        inner = [first]
        finals = _without(finals, first)
    order = order_by_moves(places.moves, inner)
    own: dict[str, Any] = {
        "stages": [places.labels[stage] for stage in order],
        "won": [places.labels[stage] for stage in finals.won],
        "lost": [places.labels[stage] for stage in finals.lost],
    }
    pipeline = Pipeline(**own) if known is None else known.replace(**own)
    return described(data, pipeline, places=places, order=order, finals=finals)


def described(
    data: LogData,
    pipeline: Pipeline,
    *,
    places: StagePlaces,
    order: Sequence[int],
    finals: Finals,
) -> SuggestedStages:
    """Look at the stages of a pipeline in the order that the moves gave."""
    uses = UseOfStages.of(data, pipeline)
    is_ordered = moves_back(places.moves, order) <= _UNORDERED * places.moves[np.ix_(order, order)].sum()
    aside, perhaps, rarely = _aside(uses, order) if is_ordered else ([], [], [])
    doubts = [*finals.doubts, *_order_doubts(places, order, {*aside, *perhaps})]
    labels = places.labels
    if aside:
        pipeline = pipeline.replace(optional=[labels[stage] for stage in order if stage in aside])
        for stage in aside:
            use = uses.uses[order.index(stage)]
            doubts.append(
                Doubt(
                    f"{labels[stage]} stands aside: {use.passed / use.beyond:.0%} of the items pass it, "
                    f"and {use.left_back / use.left:.0%} of its visits are left backwards; it is optional."
                )
            )
    if perhaps:
        doubts.append(
            Doubt(
                f"{_listed([labels[stage] for stage in perhaps])}: half of the visits or more are left "
                "backwards; list them as optional if items wait there and go on where they were."
            )
        )
    if rarely:
        doubts.append(
            Doubt(
                f"{_listed([labels[stage] for stage in rarely])}: less than a tenth of the items that get "
                "past were there, and a conversion assumes it of all won ones; list them as optional if they "
                "are a side road.",
                decides=False,
            )
        )
    rare = [stage for stage in range(len(labels)) if _is_rare(places, stage)]
    if rare:
        named = ", ".join(f"{labels[stage]} ({counted(int(places.rows[stage]), 'row')})" for stage in rare)
        doubts.append(Doubt(f"These stages have hardly a row, and may be slips of the pen: {named}."))
    dated = _dates(data, uses, pipeline)
    for name, days in dated.items():
        for label, day in days.items():
            what = "appears from" if name == "since" else "was last entered on"
            on = f"{day} on" if name == "since" else day
            doubts.append(
                Doubt(
                    f"{label} {what} {on}, and items pass it by at other times; {name} says so to the "
                    "pipeline."
                )
            )
    for old, new in _renamed(places, dated):
        doubts.append(
            Doubt(
                f"{old} ends before {new} begins, and no item moves between them: if one became the other, "
                f"list {new} alone and read {old} as {new} with aliases."
            )
        )
    n_moves = int(places.moves.sum())
    if places.items.sum() and n_moves < _ENOUGH:
        text = f"All of it rests on {counted(n_moves, 'move')} between stages."
        doubts.append(Doubt(text, decides=n_moves < _FEWEST))
    roles = _roles(places, finals, aside, {*perhaps, *rarely})
    return SuggestedStages(
        pipeline,
        table_of(data, places, pipeline.labels, {labels[stage]: role for stage, role in roles.items()}),
        _comments(places, [*order, *finals.won, *finals.lost], roles, finals),
        dated,
        tuple(labels[stage] for stage in order if stage in {*perhaps, *rarely}),
        tuple(doubts),
    )


def _without(finals: Finals, stage: int) -> Finals:
    return Finals(
        tuple(one for one in finals.won if one != stage),
        tuple(one for one in finals.lost if one != stage),
        {one: why for one, why in finals.why.items() if one != stage},
        finals.doubts,
    )


def _aside(uses: UseOfStages, order: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """List the stages that stand aside, those that may, and those that few items pass."""
    aside, perhaps, rarely = [], [], []
    for stage, use in zip(order, uses.uses, strict=False):
        if use.is_aside:
            aside.append(stage)
        elif use.is_left_back and stage != order[0]:
            perhaps.append(stage)
        elif use.beyond >= _ENOUGH and use.passed < _PASSED_BY_FEW * use.beyond and stage != order[0]:
            rarely.append(stage)
    return aside, perhaps, rarely


def _is_rare(places: StagePlaces, stage: int) -> bool:
    total = int(places.rows.sum())
    return total >= 1_000 and places.rows[stage] < _RARE * total and places.items[stage] < 10


def _order_doubts(places: StagePlaces, order: Sequence[int], aside: set[int]) -> list[Doubt]:
    """Doubt the places of stages that the moves do not decide."""
    doubts: list[Doubt] = []
    on_the_way = [stage for stage in order if stage not in aside]
    moves = places.moves
    inside = moves[np.ix_(on_the_way, on_the_way)]
    back, n_moves = moves_back(moves, on_the_way), int(inside.sum())
    if n_moves and back > _UNORDERED * n_moves:
        doubts.append(
            Doubt(
                f"{back / n_moves:.0%} of the moves go back in the best order of these stages: they may be "
                "events of a click stream, which sequence_funnel counts, and not stages."
            )
        )
    unclear, untravelled = [], []
    for here, there in pairwise(on_the_way):
        forward, backward = int(moves[here, there]), int(moves[there, here])
        pair = f"{places.labels[here]} and {places.labels[there]}"
        if forward + backward == 0:
            untravelled.append(pair)
        elif forward < _CLEAR * (forward + backward):
            unclear.append(f"{pair} ({forward:,} moves one way, {backward:,} the other)")
    if unclear:
        doubts.append(Doubt(f"The order of these neighbours is unclear: {_some(unclear)}."))
    if untravelled:
        doubts.append(
            Doubt(
                "No item moves directly between these neighbours, whose order comes from their places in the "
                f"journeys: {_some(untravelled)}."
            )
        )
    return doubts


def _dates(data: LogData, uses: UseOfStages, pipeline: Pipeline) -> dict[str, dict[Hashable, str]]:
    """Return the stages that came and went, each with its day."""
    dated: dict[str, dict[Hashable, str]] = {}
    if uses.ends is None or data.unit is None:
        return dated
    for label, use in zip(pipeline.stages, uses.uses, strict=False):
        if label in pipeline.rules.optional:
            continue
        for name, moment in (("since", use.came(*uses.ends)), ("until", use.went(*uses.ends))):
            if moment is not None:
                day = moments(data, np.array([moment], dtype=np.int64)).iloc[0]
                dated.setdefault(name, {})[label] = f"{day:%Y-%m-%d}"
    return dated


def _renamed(
    places: StagePlaces, dated: Mapping[str, Mapping[Hashable, str]]
) -> Iterator[tuple[Hashable, Hashable]]:
    """List the pairs of a stage that went and one that came, which may be two names of one stage."""
    number = {label: stage for stage, label in enumerate(places.labels)}
    for old, until in dated.get("until", {}).items():
        for new, since in dated.get("since", {}).items():
            one, other = number[old], number[new]
            if until <= since and not places.moves[one, other] and not places.moves[other, one]:
                yield old, new


def _roles(places: StagePlaces, finals: Finals, aside: Sequence[int], perhaps: set[int]) -> dict[int, str]:
    roles = dict.fromkeys(range(len(places.labels)), "in order")
    roles |= dict.fromkeys(finals.won, "won") | dict.fromkeys(finals.lost, "lost")
    return roles | dict.fromkeys(aside, "side") | dict.fromkeys(perhaps, "optional?")


def table_of(
    data: LogData, places: StagePlaces | None, labels: Sequence[Hashable], roles: Mapping[Hashable, str]
) -> pd.DataFrame:
    """Build the table of a suggestion; stages without rows have no times and no shares."""
    row_of = {label: row for row, label in enumerate(() if places is None else places.labels)}
    at = np.array([row_of.get(label, -1) for label in labels], dtype=np.int64)

    def taken(values: Any, missing: Any) -> Any:
        padded = np.append(values, missing)
        return padded[at]

    table: dict[str, Any] = {
        "stage": pd.Series(list(labels), dtype=object),
        "role": pd.Series([roles[label] for label in labels], dtype=object),
    }
    counts = {"rows": 0, "items": 0, "position": np.nan, "share_ending": np.nan, "share_coming_back": np.nan}
    for name, missing in counts.items():
        values = [] if places is None else getattr(places, name)
        column = taken(np.asarray(values, dtype=type(missing)), missing)
        table["median_position" if name == "position" else name] = column
    for name in ("first_seen", "last_seen"):
        values = [] if places is None else getattr(places, name)
        table[name] = data.times_or_missing(taken(np.asarray(values, dtype=np.int64), NAT))
    return pd.DataFrame(table)


def _comments(
    places: StagePlaces, order: Sequence[int], roles: Mapping[int, str], finals: Finals
) -> dict[str, str]:
    """Say of each stage what it was seen to be."""
    comments = {}
    for stage in order:
        words = [counted(int(places.items[stage]), "item")]
        if stage in finals.why:
            words.append(finals.why[stage])
        elif not np.isnan(places.position[stage]):
            words.append(f"median position {places.position[stage]:.2f}")
        if roles[stage] in ("side", "optional?"):
            words.append("optional" if roles[stage] == "side" else "optional?")
        comments[str(places.labels[stage])] = ", ".join(words)
    return comments


def _listed(labels: Sequence[Hashable]) -> str:
    return _some([str(label) for label in labels])


def _some(texts: Sequence[str], most: int = 6) -> str:
    rest = len(texts) - most
    return ", ".join(texts[:most]) + (f", … ({rest:,} more)" if rest > 0 else "")
