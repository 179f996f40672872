"""The pipeline: which stages there are, in what order, and what they mean."""

from __future__ import annotations

import datetime
import enum
import os
import warnings
from collections.abc import Hashable, Iterable, KeysView, Mapping, Sequence, Set
from typing import Any, Final, Literal, Protocol, get_args

import numpy as np
import pandas as pd

from .clean import clean
from .errors import (
    SchemaError,
    StageFunnelWarning,
    check_option,
    counted,
    did_you_mean,
    given,
    is_whole_number,
    quoted,
)
from .naming import public
from .pipeline_file import read_pipeline_file
from .stage_rules import Label, Shorter, StageRules
from .times.lengths import LengthLike
from .times.periods import MomentLike
from .toml_file import errors_name_the_file

# What no column of stages holds.
_NEVER_STAGES: Final = (
    *(complex, frozenset),
    *(datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64),
)

MovedOut = Literal["exclude", "include"]


class HasStages(Protocol):
    """What :meth:`Pipeline.check` reads of a log."""

    @property
    def stages(self) -> pd.DataFrame:
        """One row per stage: ``stage``, ``rows``."""


@public
class Pipeline:
    """The stages of a process: in progress in their order, then won, then lost.

    A pipeline is an argument of an analysis, not a part of a log: one log can be read through several.

    Parameters
    ----------
    stages
        Labels of the in-progress stages, in their order; at least one.
    won, lost
        Labels of the stages that end an item with success or failure: one label or several, or none
        (without a won stage nothing is ever won).
    names
        What people read in place of a label, for example the names of a CRM's stage codes. Labels
        without an entry are shown as they are; tables keep the labels.
    elsewhere
        Labels of other pipelines' stages that the log has too. Their rows are not an error and are taken out
        before visits are formed; they only show that an item has moved to another pipeline.
    moved_out
        What becomes of an item whose last row is elsewhere: ``"exclude"`` leaves it out of every table,
        as a CRM that shows an item where it is now; ``"include"`` counts it in the stages that it passed
        here, and as ``moved_out`` in place of won, lost or open.
    optional
        Which of `stages` nothing skips: they count where they are passed, and are never assumed and never
        required.
    aliases
        Other names of stages, each with the stage as which it is read: ``{"Proposal": "Offer"}``. Rows are
        read under the other name before visits are formed; a name that a log does not have is no error.
    since, until
        When a stage of `stages` came and went, as moments: from the begin of the one span to the end of the
        other. A move made at another time neither skips the stage nor fills it in.
    ignore
        Labels of the log that are meant to be ignored, as ``unlisted="ignore"`` does for all.
    ignore_shorter
        A length of time, such as ``"2min"``: a visit that is shorter and followed by another is read as if
        it had not been, but the first one and final ones. Each is judged by its own length, in the whole
        log. With a length for each of some stages, ``{"Lost": "10min"}``, it is about these alone, final
        ones too. For logs of plain integers it is a number; calendar months are refused.
    paused
        Which of `stages` stop the clock of an item, such as a wait for the customer: the times of
        :func:`time_to` and those until a loss leave them out. The time in the stages themselves still
        counts.
    limits
        How long an item should be in a stage of `stages` at most: ``{"Offer": "14d"}``, for
        :func:`open_items` and :func:`time_in_stage`. With a calendar days are working days. For logs of
        plain integers these are numbers; calendar months are refused.

    Raises
    ------
    SchemaError
        If a stage is listed twice or missing, is both won and lost, labels are of mixed types, or
        `names` has a label that is not a stage. The error lists all problems at once.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> sf.Pipeline(["New", "Offer"], won="Won", lost=["Lost", "Spam"])
    Pipeline: New → Offer | won: Won | lost: Lost, Spam
    """

    def __init__(
        self,
        stages: Label | Sequence[Label],
        *,
        won: Label | Sequence[Label] | None = (),
        lost: Label | Sequence[Label] | None = (),
        names: Mapping[Any, str] | None = None,
        elsewhere: Label | Sequence[Label] | None = (),
        moved_out: MovedOut = "exclude",
        optional: Label | Sequence[Label] | None = (),
        aliases: Mapping[Any, Any] | None = None,
        since: Mapping[Any, MomentLike] | None = None,
        until: Mapping[Any, MomentLike] | None = None,
        ignore: Label | Sequence[Label] | None = (),
        ignore_shorter: Shorter | None = None,
        paused: Label | Sequence[Label] | None = (),
        limits: Mapping[Any, LengthLike] | None = None,
    ) -> None:
        check_option("moved_out", moved_out, get_args(MovedOut))
        self._stages = _in_order("stages", stages)
        self._won = _in_order("won", _listed(won))
        self._lost = _in_order("lost", _listed(lost))
        self._elsewhere = _labels(_listed(elsewhere))
        self._moved_out: MovedOut = moved_out
        self._names = {label: str(name) for label, name in (names or {}).items()}
        self._rules = StageRules(
            optional=_labels(_listed(optional)),
            aliases=_by_label("aliases", aliases),
            since=_by_label("since", since),
            until=_by_label("until", until),
            ignore=_labels(_listed(ignore)),
            ignore_shorter=ignore_shorter,
            paused=_labels(_listed(paused)),
            limits=_by_label("limits", limits),
        )
        self._is_from_export = False
        problems = _problems(self._stages, self._won, self._lost, self._names)
        problems += _elsewhere_problems(self.labels, self._elsewhere)
        problems += self._rules.problems(self._stages, self._won + self._lost, self._elsewhere)
        if problems:
            raise SchemaError("invalid pipeline: " + "; ".join(problems))

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Pipeline:
        """Read the ``[pipeline]`` table of a TOML file; :meth:`Settings.from_toml` reads all of it.

        Parameters
        ----------
        path
            A file with ``stages``, ``won`` and ``lost`` under ``[pipeline]`` and, if labels are codes,
            their names under ``[pipeline.names]``.

        Returns
        -------
        Pipeline

        Raises
        ------
        SchemaError
            If the file is not TOML, lacks the table, or has a key that is not known.

        Warns
        -----
        StageFunnelWarning
            If the file has more than a pipeline, which is not taken: names of columns, ``unlisted``,
            ``observed_until``, a calendar.
        """
        file = read_pipeline_file(path)
        if file.beside_the_pipeline:
            more = " and ".join(file.beside_the_pipeline)
            warnings.warn(
                f"{os.fspath(path)}: a Pipeline does not take {more} of the file; Settings.from_toml reads "
                "all of it, and its pipeline is settings.pipeline",
                StageFunnelWarning,
                stacklevel=2,
            )
        with errors_name_the_file(path):
            return cls(**file.pipeline)

    @property
    def stages(self) -> tuple[Label, ...]:
        """Labels of the in-progress stages, in order."""
        return self._stages

    @property
    def won(self) -> tuple[Label, ...]:
        """Labels of the won stages."""
        return self._won

    @property
    def lost(self) -> tuple[Label, ...]:
        """Labels of the lost stages."""
        return self._lost

    @property
    def elsewhere(self) -> tuple[Label, ...]:
        """Labels of other pipelines' stages."""
        return self._elsewhere

    @property
    def moved_out(self) -> MovedOut:
        """What becomes of items that moved to another pipeline."""
        return self._moved_out

    @property
    def rules(self) -> StageRules:
        """What holds for single stages: ``optional``, ``aliases``, ``since``, ``until`` and the rest."""
        return self._rules

    @property
    def labels(self) -> tuple[Label, ...]:
        """All labels: in progress, won, lost. The rows of every table."""
        return self._stages + self._won + self._lost

    @property
    def is_from_export(self) -> bool:
        """Whether a reader made it of an export, where a stage without rows is not a slip of the pen."""
        return self._is_from_export

    @property
    def names(self) -> dict[Label, str]:
        """What people read, for every label."""
        return {label: self._names.get(label, str(label)) for label in self.labels}

    def replace(self, **changes: Any) -> Pipeline:
        """Make a pipeline that differs in some arguments.

        Parameters
        ----------
        **changes
            Arguments as for :class:`Pipeline`.

        Returns
        -------
        Pipeline

        Examples
        --------
        >>> import stagefunnel as sf
        >>> sf.Pipeline(["New", "Offer"], won="Won").replace(lost="Lost")
        Pipeline: New → Offer | won: Won | lost: Lost
        """
        same = {
            "stages": self._stages,
            "won": self._won,
            "lost": self._lost,
            "names": self._names,
            "elsewhere": self._elsewhere,
            "moved_out": self._moved_out,
            **self._rules.given,
        }
        changed = Pipeline(**(same | changes))
        changed._is_from_export = self._is_from_export and changed.labels == self.labels
        return changed

    def check(self, log: HasStages) -> pd.DataFrame:
        """List what of a log's stages and this pipeline's does not fit together.

        Parameters
        ----------
        log
            The log to be read through this pipeline.

        Returns
        -------
        DataFrame
            ``problem`` (``"unlisted"``: the log has it, the pipeline does not; ``"never reached"``:
            the other way round), ``stage``, ``rows`` of the log, ``hint``. Empty if all is well.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> log = sf.StageLog({"item": [1, 1], "stage": ["New", "Ofer"], "time": [0, 1]})
        >>> sf.Pipeline(["New", "Offer"], won="Won").check(log)["stage"].tolist()
        ['Ofer', 'Offer', 'Won']
        """
        known = getattr(log, "stages", None)
        if not isinstance(known, pd.DataFrame):
            raise SchemaError(f"expected a StageLog, got {type(log).__name__}")
        listed = {*self.labels, *self._elsewhere, *self._rules.aliases, *self._rules.ignore}
        seen = set(known["stage"])
        # Of bools also where there are none: an empty list would choose no columns instead of no rows.
        is_unlisted = pd.Series([label not in listed for label in known["stage"]], dtype=bool)
        unlisted = known[is_unlisted]
        seen |= {label for other, label in self._rules.aliases.items() if other in seen}
        never = [label for label in self.labels if label not in seen]
        hints = [did_you_mean(label, never).lstrip("; ") for label in unlisted["stage"]]
        return pd.DataFrame(
            {
                "problem": ["unlisted"] * len(unlisted) + ["never reached"] * len(never),
                "stage": pd.Series([*unlisted["stage"], *never], dtype=object),
                "rows": pd.Series([*unlisted["rows"], *([0] * len(never))], dtype="int64"),
                "hint": pd.Series([*hints, *([""] * len(never))], dtype=object),
            }
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pipeline):
            return NotImplemented  # so that Python asks the other side
        return self._key() == other._key() and self.names == other.names and self._rules == other._rules

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[tuple[Label, ...], ...]:
        return self._stages, self._won, self._lost, self._elsewhere, (self._moved_out,)

    def __repr__(self) -> str:
        names = self.names
        parts = [" → ".join(_shortened([names[label] for label in self._stages]))]
        for word, labels in (("won", self._won), ("lost", self._lost)):
            if labels:
                parts.append(f"{word}: " + ", ".join(_shortened([names[label] for label in labels])))
        if self._elsewhere:
            parts.append(f"elsewhere: {counted(len(self._elsewhere), 'stage')}")
        parts += self._rules.words(names)
        return clean("Pipeline: " + " | ".join(parts))


def made_by_reader(pipeline: Pipeline) -> Pipeline:
    """Mark a pipeline as one that a reader made of an export; it stays one while its stages do."""
    pipeline._is_from_export = True
    return pipeline


def _by_label(name: str, values: Mapping[Any, Any] | None) -> dict[Label, Any]:
    if not isinstance(values, Mapping | None):
        raise SchemaError(
            given(name, values), " is not a mapping of stages, such as {'Offer': …}", option=name
        )
    return dict(values or {})


def _labels(listed: Label | Sequence[Label]) -> tuple[Label, ...]:
    if isinstance(listed, str | bytes) or not isinstance(listed, Iterable):
        listed = (listed,)
    return tuple(None if label is pd.NA else label for label in listed)  # pd.NA cannot be compared


def _listed(labels: Label | Sequence[Label] | None) -> Label | Sequence[Label]:
    """Read ``None`` as no label; among others it is a missing one."""
    return () if labels is None else labels


def _in_order(name: str, listed: Label | Sequence[Label]) -> tuple[Label, ...]:
    if isinstance(listed, Set) and not isinstance(listed, KeysView):
        raise SchemaError(given(name, listed), " is a set, which has no order; give a list", option=name)
    return _labels(listed)


def _may_be_stage(label: Any) -> bool:
    """Check whether a log can have a label; a missing one is another problem."""
    if isinstance(label, enum.Enum):
        return True
    if isinstance(label, float):
        return label != label or label.is_integer()
    return isinstance(label, Hashable) and not isinstance(label, _NEVER_STAGES)


def _problems(
    stages: tuple[Label, ...],
    won: tuple[Label, ...],
    lost: tuple[Label, ...],
    names: Mapping[Label, str],
) -> list[str]:
    listed = stages + won + lost
    strange = [label for label in listed if not _may_be_stage(label)]
    if listed and all(isinstance(label, bool) for label in listed):
        strange = [*listed]
    if strange:
        return [f"{quoted(strange)} cannot be labels; use text, integers or enum members"]
    problems = []
    if not stages:
        problems.append("it has no in-progress stage")
    labels = stages + won + lost
    present = [label for label in labels if label is not None and label == label]  # NaN differs from itself
    if len(present) < len(labels):
        problems.append(f"{len(labels) - len(present)} of its labels are missing")
    types = sorted({_family(label) for label in present})
    if len(types) > 1:
        problems.append(f"its labels are of mixed types: {', '.join(types)}")
    where: dict[Label, list[str]] = {}
    for part, part_labels in (("in progress", stages), ("won", won), ("lost", lost)):
        for label in part_labels:
            where.setdefault(label, []).append(part)
    for label, parts in where.items():
        if len(parts) > 1:
            distinct = list(dict.fromkeys(parts))
            how = f"twice as {distinct[0]}" if len(distinct) == 1 else "as " + " and ".join(distinct)
            problems.append(f"{label!r} is listed {how}")
    strangers = [label for label in names if label not in where]
    if strangers:
        problems.append(f"names are given for labels that are not stages: {quoted(strangers)}")
    return problems


def _elsewhere_problems(labels: tuple[Label, ...], elsewhere: tuple[Label, ...]) -> list[str]:
    here = [label for label in elsewhere if label in labels]
    return [f"{quoted(here)} cannot be both its own and elsewhere"] if here else []


def _family(label: Label) -> str:
    if isinstance(label, str):
        return "text"
    if is_whole_number(label):
        return "integer"
    return type(label).__name__


def _shortened(words: list[str], most: int = 12) -> list[str]:
    if len(words) <= most:
        return words
    return [*words[: most - 2], f"… ({len(words) - most + 1} more)", words[-1]]
