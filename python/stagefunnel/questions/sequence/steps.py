"""The steps of a sequence as people write them, with the rules that decide what a match is."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, Unpack, cast

from ...errors import Option, SchemaError, given, named
from ...naming import public
from ...tables.options import EntriesName, MissingStages, SequenceMode, TimingName, WindowFunnelMode
from ...times.lengths import LengthLike
from .rules import (
    DEFAULTS,
    Exclusion,
    GapsLike,
    SequenceRules,
    checked_rules,
    lists_rules,
    stages_of_step,
)
from .step import StageLike, Step, name_of, parts_of, written

_SUCH_AS: Final = "such as ['visit', 'cart']"


@public
@dataclass(frozen=True, init=False, repr=False)
class Steps:
    """The steps of a sequence, with the rules that decide what a match of them is.

    Every function that takes steps takes such a value in their place, so that the rules are written once.
    A **match** is step 1 and further steps, each in a row of its own. The deepest match of an item counts,
    whichever entry it starts from. Rows of equal time may be taken in the order of the steps.

    Parameters
    ----------
    steps
        Steps in order: each a stage, a list of stages any of which fills it, or ``"*"`` for any stage; a
        :class:`Step` is one with conditions on the row, such as ``Step("order", where={"amount": ">100"})``.
        A mapping names its steps by its keys. ``Steps`` are taken over with their rules.
    window
        Longest time from the first step to the last one, inclusive: text such as ``"7d"`` or ``"1 month"``,
        a timedelta, or a number where the log's times are plain integers.
    mode
        ``"ordered"``: other rows may lie between. ``"increase"``: each step later than the one before.
        ``"strict"``: no other row of the item between. ``"first_entry"``: from the first step-1 row only.
        ``"unordered"``: the most distinct steps inside one window. ``"hybrid"``: step 1, then the others
        in any order. ``"open"``: whether an item has each step at all. ``"clickhouse"``: the level that
        ClickHouse's windowFunnel gives.
    modes
        Modes of windowFunnel, with ``mode="clickhouse"``: ``"strict_order"``, ``"strict_deduplication"``,
        ``"strict_increase"``, ``"strict_once"``, ``"allow_reentry"``.
    max_gap, min_gap
        Bounds of the time from the step done before, inclusive: one for all steps, or a mapping of step
        numbers.
    timing
        Which of the deepest matches is timed. ``"last_entry"``: the match that ends first, each earlier step
        as late as it can be. ``"first_entry"``: the match that begins first, each step as early as it can be.
    exclude
        :class:`Exclusion` or a list of them: stages that must not come between two steps.
    optional
        Numbers of the steps that may be skipped; not step 1.
    first_time
        Numbers of the steps that only an item's first such row fills.
    hold
        Columns of the log, kept with ``columns=``, whose values must be equal throughout a match.
    entries
        ``"best"``: the deepest match of each item. ``"all"``: one match after another. The first step-1 row
        opens a match; the next match is opened by the first step-1 row after this one is completed or its
        window is over.
    missing
        What happens to a stage that the log does not have. ``"near"``: it is refused where the log has a
        stage with a near label that no step names, such as the one that was misspelled. ``"error"``: it is
        always refused. ``"ignore"``: it is never refused. A stage that is not refused is named under the
        table.

    Attributes
    ----------
    steps
        Stages of each step: a label or a :class:`Step`, or a tuple or frozenset of these.
    labels
        Names of the steps.

    Raises
    ------
    SchemaError
        If there are no steps, a rule has a value that is wrong for every log, two rules do not go together,
        or `steps` are ``Steps`` that have one of the rules already.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 1, 2], "stage": ["visit", "cart", "order", "visit"], "time": [0, 2, 9, 4]}
    >>> log = sf.StageLog(rows)
    >>> steps = sf.Steps(["visit", "cart", "order"], window=8)
    >>> steps
    Steps(['visit', 'cart', 'order'], window=8)
    >>> list(sf.sequence_funnel(log, steps)["reached"])
    [2, 1, 0]
    >>> list(sf.sequence_items(log, steps.replace(window=9))["level"])
    [3, 1]

    A rule is given in one place:

    >>> sf.sequence_funnel(log, steps, window=9)
    Traceback (most recent call last):
    stagefunnel.SchemaError: window=9 is given beside Steps that have window=8; give window= in one place
    """

    steps: tuple[Hashable, ...]
    labels: tuple[str, ...]
    window: LengthLike | None
    mode: SequenceMode
    modes: frozenset[WindowFunnelMode]
    max_gap: GapsLike
    min_gap: GapsLike
    timing: TimingName
    exclude: tuple[Exclusion, ...]
    optional: frozenset[int]
    first_time: frozenset[int]
    hold: tuple[str, ...]
    entries: EntriesName
    missing: MissingStages
    # The rules that were given, a default among them too, so that none can be given a second time.
    _given: frozenset[str] = field(compare=False)

    @lists_rules
    def __init__(self, steps: StepsLike, **rules: Unpack[SequenceRules]) -> None:
        if isinstance(steps, Steps):
            rules = _joined(steps, rules)
            labels, stages = steps.labels, steps.steps
        else:
            labels, stages = _named_steps(steps)
        self._hold(labels, stages, rules)

    def _hold(self, labels: tuple[str, ...], stages: tuple[Hashable, ...], rules: SequenceRules) -> None:
        unknown = next((name for name in rules if name not in DEFAULTS), None)
        if unknown is not None:
            raise TypeError(f"Steps() got an unexpected keyword argument {unknown!r}")
        checked = checked_rules({**DEFAULTS, **rules}, len(stages))
        for name, value in {"steps": stages, "labels": labels, **checked, "_given": frozenset(rules)}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def of_checked(cls, labels: tuple[str, ...], stages: tuple[Hashable, ...], rules: SequenceRules) -> Steps:
        """Make steps of what other steps hold."""
        steps = object.__new__(cls)
        steps._hold(labels, stages, rules)
        return steps

    @property
    def rules(self) -> SequenceRules:
        """The rules that were given, in the order in which rules are listed."""
        return _rules_of(self)

    def replace(self, steps: StepsLike | None = None, **rules: Unpack[SequenceRules]) -> Steps:
        """Make steps that differ in some rules, or rules for other steps.

        Parameters
        ----------
        steps
            Other steps; by default the same ones.
        **rules
            Rules that change, as for :class:`Steps`.

        Returns
        -------
        Steps

        Examples
        --------
        >>> import stagefunnel as sf
        >>> sf.Steps(["visit", "order"], window="7d", mode="strict").replace(window="1d")
        Steps(['visit', 'order'], window='1d', mode='strict')
        """
        other = self if steps is None else Steps(steps)
        changed = object.__new__(Steps)
        changed._hold(other.labels, other.steps, {**_rules_of(self), **_rules_of(other), **rules})
        return changed

    def __hash__(self) -> int:
        # The gaps may be a mapping, which has no hash; equal steps have equal labels and stages.
        return hash((self.labels, self.steps))

    def __repr__(self) -> str:
        stages = list(map(written, self.steps))
        if self.labels == tuple(map(name_of, self.steps)):
            steps = f"[{', '.join(stages)}]"
        else:
            pairs = zip(self.labels, stages, strict=True)
            steps = f"{{{', '.join(f'{label!r}: {stage}' for label, stage in pairs)}}}"
        rules = [f"{name}={written(value)}" for name, value in _rules_of(self).items()]
        return f"Steps({', '.join([steps, *rules])})"


StepsLike: TypeAlias = Steps | Mapping[Any, StageLike] | Iterable[StageLike]


def _named_steps(steps: Any) -> tuple[tuple[str, ...], tuple[Hashable, ...]]:
    """Read the names of the steps and their stages; a step without a name is called by its stages."""
    if isinstance(steps, str | set | frozenset) or not isinstance(steps, Iterable):
        raise SchemaError(given("steps", steps), f" is not a list of stages in order, {_SUCH_AS}")
    names, listed = (list(steps), list(steps.values())) if isinstance(steps, Mapping) else (None, list(steps))
    if not listed:
        raise SchemaError(named("steps"), f" is empty; give the stages in order, {_SUCH_AS}")
    stages = tuple(
        stages_of_step(stage, f"step {number}", "steps") for number, stage in enumerate(listed, start=1)
    )
    labels = tuple(map(name_of, stages) if names is None else map(str, names))
    _refuse_like_names(labels, stages)
    return labels, stages


def _refuse_like_names(labels: Sequence[str], stages: Sequence[Hashable]) -> None:
    """Refuse two steps that only their conditions tell apart, if people could not tell them apart by name."""
    first: dict[str, int] = {}
    for number, label in enumerate(labels, start=1):
        before = first.setdefault(label, number)
        pair = stages[before - 1], stages[number - 1]
        parts = [parts_of(stage) for stage in pair]
        is_same = all(part in parts[1] for part in parts[0]) and all(part in parts[0] for part in parts[1])
        if not is_same and any(isinstance(part, Step) for some in parts for part in some):
            raise SchemaError(
                named("steps"),
                f" has two different steps that are both called {label!r}: step {before}, "
                f"{written(pair[0])}, and step {number}, {written(pair[1])}; "
                "give them names: {'first': …, 'second': …}",
            )


def _joined(steps: Steps, rules: SequenceRules) -> SequenceRules:
    """Join the rules of some steps with rules that are given beside them."""
    held = _rules_of(steps)
    for name, value in rules.items():
        if name in held:
            raise SchemaError(
                *(given(name, value), " is given beside Steps that have "),
                *(Option(name, written(getattr(steps, name))), "; give ", named(name), " in one place"),
            )
    return {**held, **rules}


def _rules_of(steps: Steps) -> SequenceRules:
    """Return the rules that steps were given, in the order in which rules are listed."""
    return cast(SequenceRules, {name: getattr(steps, name) for name in DEFAULTS if name in steps._given})
