"""A step of a sequence that only some rows of its event fill: those that fulfil conditions."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from ...errors import SchemaError, given, named
from ...naming import public
from ..scope.conditions import Conditions, Where, conditions_of, key_of, text_of

#: One stage or several, each with conditions or without.
StageLike: TypeAlias = Hashable | Collection[Hashable]
SEVERAL: Final = (list, tuple, set, frozenset)


@public
@dataclass(frozen=True, init=False, repr=False, eq=False)
class Step:
    """An event of a sequence, with conditions that its row must fulfil.

    It stands wherever a stage can stand in the steps of a sequence: as a step, as one of several stages of a
    step, and in an :class:`Exclusion`. A row of the event that does not fulfil the conditions is, for the
    step, a row like any other.

    Parameters
    ----------
    event
        Stage, a list of stages any of which will do, or ``"*"`` for any stage.
    where
        Conditions on columns, as ``where=`` of :func:`funnel` takes them, but read in the row itself:
        ``{"amount": ">100"}``, ``{"page": ["home", "start"]}``, ``{"coupon": None}`` for no value, or the
        name of a column of true and false. Several must all hold. They are columns that the log keeps of its
        rows (``columns=``); a column of the items table holds for all rows of an item.

    Attributes
    ----------
    event
        The stage, or a tuple or frozenset of stages.
    conditions
        The conditions, as pairs of a column and what its value must be.

    Raises
    ------
    SchemaError
        If there is no event, or the conditions cannot be read.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.Step("purchase", where={"amount": ">100"})
    Step('purchase', where={'amount': '>100'})
    >>> print(sf.Step("purchase", where={"amount": ">100", "source": ["web", "app"]}))
    purchase (amount > 100, source is web or app)

    Item 1 buys for 20 at first, and for 150 at last:

    >>> rows = {"item": [1, 1, 1, 2], "stage": ["visit", "purchase", "purchase", "visit"]}
    >>> rows |= {"time": [0, 2, 9, 4], "amount": [None, 20, 150, None]}
    >>> log = sf.StageLog(rows, columns="amount")
    >>> steps = ["visit", sf.Step("purchase", where={"amount": ">100"})]
    >>> sf.sequence_items(log, steps)[["item", "level", "time_2"]]
       item  level  time_2
    0     1      2       9
    1     2      1    <NA>
    """

    event: Hashable
    conditions: Conditions

    def __init__(self, event: StageLike, *, where: Where | None = None) -> None:
        object.__setattr__(self, "event", _event_of(event))
        object.__setattr__(self, "conditions", _conditions_of(where))

    @classmethod
    def of_conditions(cls, event: Hashable, conditions: Conditions) -> Step:
        """Make a step of conditions that are read already."""
        step = object.__new__(cls)
        object.__setattr__(step, "event", event)
        object.__setattr__(step, "conditions", conditions)
        return step

    @property
    def where(self) -> Where | None:
        """The conditions as they are given: a mapping, or a list of mappings that share a column."""
        if not self.conditions:
            return None
        pairs: list[tuple[str, Any]] = [
            (column, list(one) if isinstance(one, tuple) else one) for column, one in self.conditions
        ]
        by_column = dict(pairs)
        if len(by_column) == len(pairs):
            return by_column
        return [{column: wanted} for column, wanted in pairs]

    @property
    def key(self) -> Hashable | None:
        """What equal conditions share, in whatever order; ``None`` where a value has no hash."""
        keys = [key_of((one,), is_part=False) for one in self.conditions]
        return None if None in keys else frozenset(keys)

    @property
    def labels(self) -> tuple[Hashable, ...]:
        """The stages of the event."""
        return tuple(self.event) if isinstance(self.event, tuple | frozenset) else (self.event,)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Step):
            return NotImplemented  # as Python asks of __eq__, so that the other side is asked
        if self.event != other.event:
            return False
        if self.key is None or other.key is None:
            return self.conditions == other.conditions
        return self.key == other.key

    def __hash__(self) -> int:
        if self.key is None:
            raise TypeError(f"{self!r} has a condition without a hash")
        return hash((self.event, self.key))

    def __str__(self) -> str:
        event = name_of(self.event)
        if not self.conditions:
            return event
        # Without brackets the conditions would seem to be those of the last stage alone.
        return (
            f"[{event}] ({text_of(self.conditions)})"
            if len(self.labels) > 1
            else f"{event} ({text_of(self.conditions)})"
        )

    def __repr__(self) -> str:
        where = f", where={self.where!r}" if self.conditions else ""
        return f"Step({written(self.event)}{where})"


def _event_of(event: Any) -> Hashable:
    several = tuple(event) if isinstance(event, SEVERAL) else (event,)
    if not several:
        raise SchemaError(given("event", event), " names no stage")
    for label in several:
        if isinstance(label, Step):
            raise SchemaError(
                *(
                    given("event", event),
                    " has a Step in it, and conditions do not nest; put all of them into ",
                ),
                *(named("where"), f" of one Step, or list {label!r} beside others: [Step(…), Step(…)]"),
            )
        if not isinstance(label, Hashable) or label is None:
            raise SchemaError(given("event", event), " is not a stage; give a label, a list of labels or '*'")
    if not isinstance(event, SEVERAL):
        return cast(Hashable, event)
    return frozenset(several) if isinstance(event, set | frozenset) else several


def _conditions_of(where: Any) -> Conditions:
    if where is None:
        return ()
    if isinstance(where, list | tuple | Mapping) and not where:
        raise SchemaError(given("where", where), " has no condition; leave it out for all rows of the event")
    # Tuples, which nobody can change: equal steps stay equal.
    pairs = conditions_of(where)
    return tuple((column, tuple(one) if isinstance(one, list) else one) for column, one in pairs)


def parts_of(stage: StageLike) -> tuple[Hashable, ...]:
    """Return the stages of a step, each a label or a :class:`Step` with conditions."""
    return tuple(stage) if isinstance(stage, tuple | frozenset) else (cast(Hashable, stage),)


def labels_of(stage: StageLike) -> tuple[Hashable, ...]:
    """Return the labels of a step, whatever their conditions."""
    return tuple(
        label for part in parts_of(stage) for label in (part.labels if isinstance(part, Step) else (part,))
    )


def name_of(stage: Hashable) -> str:
    """Name a step by its stages."""
    if isinstance(stage, frozenset):
        # A set has no order of its own, and that of its hashes differs from run to run.
        return " | ".join(sorted(map(str, stage)))
    return " | ".join(map(str, stage)) if isinstance(stage, tuple) else str(stage)


def written(value: Any) -> str:
    """Write a value as code; a set in an order that does not differ from run to run."""
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(repr, value)))}}}" if value else "()"
    return repr(list(value)) if isinstance(value, tuple) else repr(value)
