"""What a pipeline says of single stages: optional, renamed, dated, ignored, short, paused or limited."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeAlias

import numpy as np

from .errors import SchemaError, did_you_mean, is_whole_number, quoted, written
from .times.lengths import LengthLike, Months, length_of
from .times.periods import Clock, MomentLike

Label: TypeAlias = Hashable
_DATES: Final = ("since", "until")
# One least length for all stages in progress, or one for each of some stages.
Shorter: TypeAlias = LengthLike | Mapping[Any, LengthLike]


@dataclass(frozen=True)
class StageRules:
    """The rules of single stages, as arguments of :class:`stagefunnel.Pipeline`, which explains them.

    Attributes
    ----------
    optional
        Stages in progress that nothing skips, fills in or requires.
    aliases
        Other names of stages: what is read as what.
    since, until
        Moments from which on, or up to whose end, a stage in progress is there.
    ignore
        Stages of the log that are no part of the pipeline, and are meant to be.
    ignore_shorter
        Visits shorter than this are read as if they had not been; ``None``: none are.
    paused
        Stages in progress during which the clock of an item stands still.
    limits
        How long an item should be in a stage in progress at most.
    """

    optional: tuple[Label, ...] = ()
    aliases: Mapping[Label, Label] = field(default_factory=dict)
    since: Mapping[Label, MomentLike] = field(default_factory=dict)
    until: Mapping[Label, MomentLike] = field(default_factory=dict)
    ignore: tuple[Label, ...] = ()
    ignore_shorter: Shorter | None = None
    paused: tuple[Label, ...] = ()
    limits: Mapping[Label, LengthLike] = field(default_factory=dict)

    @property
    def given(self) -> dict[str, Any]:
        """The rules that are not as by default, by name."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: value
            for name, value in values.items()
            if value is not None and (value or not isinstance(value, tuple | Mapping))
        }

    def dates_of(self, label: Label) -> str:
        """Say when a stage is there: ``since 2026-06-01``; empty text where it always is."""
        dates = [
            f"{name} {written(getattr(self, name)[label], str)}"
            for name in _DATES
            if label in getattr(self, name)
        ]
        return " ".join(dates)

    def relabelled(self, label_of: Callable[[Label], Label]) -> dict[str, Any]:
        """Return the rules that are not as by default, by name, with other labels."""
        changed: dict[str, Any] = {}
        for name, value in self.given.items():
            if isinstance(value, tuple):
                changed[name] = tuple(label_of(label) for label in value)
            elif isinstance(value, Mapping):
                changed[name] = {
                    label_of(label): label_of(one) if name == "aliases" else one
                    for label, one in value.items()
                }
            else:
                changed[name] = value
        return changed

    def words(self, names: Mapping[Label, str]) -> list[str]:
        """Say the rules in the words that people read for the stages."""
        words = []
        if self.optional:
            words.append("optional: " + ", ".join(names[label] for label in self.optional))
        for name in _DATES:
            words += [
                f"{names[label]} {name} {written(moment, str)}"
                for label, moment in getattr(self, name).items()
            ]
        words += [f"{other} is read as {names[label]}" for other, label in self.aliases.items()]
        if self.ignore:
            words.append("ignored: " + ", ".join(written(label, str) for label in self.ignore))
        if isinstance(self.ignore_shorter, Mapping):
            words += [
                f"{names[label]} shorter than {least} ignored" for label, least in self.ignore_shorter.items()
            ]
        elif self.ignore_shorter is not None:
            words.append(f"shorter than {self.ignore_shorter} ignored")
        if self.paused:
            words.append("paused: " + ", ".join(names[label] for label in self.paused))
        words += [f"{names[label]} limited to {limit}" for label, limit in self.limits.items()]
        return words

    def problems(
        self, stages: Sequence[Label], final: Sequence[Label], elsewhere: Collection[Label]
    ) -> list[str]:
        """List what does not fit the labels of a pipeline: those in progress, the final ones, and others'."""
        # A look-up takes as long however many there are.
        listed = dict.fromkeys(label for label in (*stages, *final) if isinstance(label, Hashable))
        problems = _not_in("optional", self.optional, stages, final)
        problems += _not_in("paused", self.paused, stages, final)
        for name in (*_DATES, "limits"):
            problems += _not_in(name, getattr(self, name), stages, final)
        if isinstance(self.ignore_shorter, Mapping):
            strangers = [label for label in self.ignore_shorter if label not in listed]
            if strangers:
                problems.append(f"ignore_shorter names {quoted(strangers)}, which it does not list")
        shorter = self.ignore_shorter
        by_stage = shorter if isinstance(shorter, Mapping) else {}
        of_stages = (("ignore_shorter", by_stage), ("limits", self.limits))
        problems += _not_lengths(
            "ignore_shorter", by_stage.values() if isinstance(shorter, Mapping) else [shorter]
        )
        problems += _not_lengths("limits", self.limits.values())
        problems += [
            f"{name} has no length for {written(label)}"
            for name, lengths in of_stages
            for label, length in lengths.items()
            if length is None
        ]
        for other, label in self.aliases.items():
            if other in listed:
                problems.append(
                    f"{written(other)} is listed as a stage and read as {written(label)} by aliases"
                )
            elif label not in listed:
                hint = did_you_mean(label, listed)
                problems.append(
                    f"aliases read {written(other)} as {written(label)}, which it does not list{hint}"
                )
        both = [
            label for label in self.ignore if label in listed or label in self.aliases or label in elsewhere
        ]
        if both:
            problems.append(f"{quoted(both)} cannot be both ignored and read")
        away = [label for label in self.aliases if label in elsewhere]
        if away:
            problems.append(f"{quoted(away)} cannot be both another name of its own stages and elsewhere")
        return problems


def _not_lengths(name: str, lengths: Iterable[LengthLike | None]) -> list[str]:
    """List the lengths that no log could have; whether times are numbers only a log knows."""
    problems = []
    for length in lengths:
        # NumPy's lengths of time are integers too.
        is_number = is_whole_number(length) or isinstance(length, float)
        has_unit = isinstance(length, np.timedelta64) or not is_number
        try:
            read = length_of(length, Clock("ns" if has_unit else None, None), name)
        except SchemaError as error:
            problems.append(str(error))
        else:
            if isinstance(read, Months):
                problems.append(
                    f"{name}={written(length)} is in calendar months, which differ in length; give days"
                )
    return problems


def _is_hashable(label: object) -> bool:
    return isinstance(label, Hashable)


def _not_in(
    name: str, given: Collection[Label], stages: Sequence[Label], final: Sequence[Label]
) -> list[str]:
    """List the labels that are no stages in progress."""
    problems = []
    in_progress, at_the_end = ({*filter(_is_hashable, labels)} for labels in (stages, final))
    for label in given:
        if label in at_the_end:
            problems.append(
                f"{name} names {written(label)}, which is a final stage; it is about stages in progress"
            )
        elif label not in in_progress:
            problems.append(
                f"{name} names {written(label)}, which is not one of its stages{did_you_mean(label, stages)}"
            )
    return problems
