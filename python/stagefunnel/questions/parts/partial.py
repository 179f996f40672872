"""Answers about parts of the items, which are merged into the answers about all items."""

# Making, merging, writing and asking a part share its fields; more than half of it is docstrings.

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial as partial_of
from types import EllipsisType
from typing import Any, Final, cast, get_args

from ...errors import SchemaError, amount_errors, check_option, counted, named, quoted
from ...log.stage_log import StageLog
from ...log.wrong_kinds import not_a_log, not_a_pipeline
from ...naming import public
from ...pipeline import Pipeline
from ...tables.frames import as_chosen
from ...tables.options import AtName, BasisName, Fill, LostThenWonName, MissingStages, PerName, Unlisted
from ...tables.summary import Summary
from ...times.periods import Clock, MomentLike, PeriodLike
from ...working_hours import WorkingHours
from ..counted.stages import Stages
from ..counted.stored import Stored
from ..scope.units import values_of_units
from ..scope.where import Where, read_as_part
from ..stages.limits import LimitsLike
from ..summary import summary as summary_question
from .answer import Answer
from .differences import refuse_option, refuse_pipelines
from .item_keys import ItemIds
from .item_sketch import ItemSketch
from .mergeable import mergeable_of
from .options import are_equal, call, known_option, one_of, read_options
from .part_bytes import Check, Precision, fits_its_question, from_bytes, to_bytes
from .question_kind import Mergeable

# A question, or a question and its options.
QuestionLike = Any
_ONLY: Final = "answer"
_OWN: Final = ("questions", "precision", "check")
_EXAMPLE: Final = "{'won': (sf.outcomes, {'by': 'manager'})}"


@public
@dataclass(frozen=True, eq=False, repr=False)
class Partial:
    """What questions count of some of the items; made by :func:`partial` and :func:`merge`.

    It holds counts, the lengths of completed visits (for exact quantiles) and the keys of its items, with
    text as hashes of 128 bits (to show that no item is in two partials): about 8 to 32 bytes per item and 8
    per completed visit, whatever the number of rows. With ``precision="bounded"`` and ``check="none"`` its
    size does not grow with the items. It can be pickled, or written by :meth:`to_bytes`, and sent.

    Attributes
    ----------
    pipeline
        The stages; ``None`` where no question has any.
    unit, zone
        Unit and zone of the log's times, see :class:`StageLog`.
    precision, check
        The arguments of :func:`partial`.
    """

    pipeline: Pipeline | None
    unit: str | None
    zone: str | None
    precision: Precision
    check: Check
    _answers: Mapping[str, Answer]
    _of_all: Stages  # of all items of the logs, which judge whether a stage has rows
    _n_rows: int
    _n_items: int
    _keys: ItemIds | ItemSketch | None
    _units: Mapping[str, ItemIds | ItemSketch]  # the values of each column whose values are counted
    _is_read: bool = False  # of bytes, whoever wrote them

    @property
    def n_items(self) -> int:
        """Number of distinct items of the log, whatever `where` chooses of them."""
        return self._n_items

    @property
    def n_rows(self) -> int:
        """Number of rows of the log, without dropped rows."""
        return self._n_rows

    @property
    def questions(self) -> dict[str, str]:
        """The name of the function of each question, by its own name."""
        return {name: answer.kind.name for name, answer in self._answers.items()}

    def __getstate__(self) -> dict[str, Any]:
        return {"version": _VERSION, "bytes": self.to_bytes()}

    def __setstate__(self, state: Any) -> None:
        # The first form had its fields, and no version.
        version = state.get("version", 1 if state else None) if isinstance(state, dict) else None
        if type(version) is not int or version < 1 or (version == _VERSION and "bytes" not in state):
            raise SchemaError(
                f"the stored partial is damaged: it has a version and bytes, got {_short(state)}; "
                "make it anew from its rows"
            )
        if version > _VERSION:
            raise SchemaError(
                f"a newer stagefunnel stored this partial (version {version!r} of the stored form; this one "
                f"reads version {_VERSION}); update it with: pip install --upgrade stagefunnel"
            )
        if version < _VERSION:
            raise SchemaError(
                f"an earlier stagefunnel stored this partial (version {version} of the stored form; this one "
                f"reads version {_VERSION}); make it anew from its rows"
            )
        self.__dict__.update(vars(Partial.from_bytes(state.get("bytes", b""))))

    def to_bytes(self) -> bytes:
        """Write the partial as bytes, the same on every machine, which :meth:`from_bytes` reads.

        Returns
        -------
        bytes
            They have a version and a checksum.

        Raises
        ------
        SchemaError
            If a label or an option is of a type that has no plain form.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> log = sf.StageLog({"item": [1], "stage": ["New"], "time": [0]})
        >>> part = sf.partial(log, sf.Pipeline("New"), sf.outcomes)
        >>> sf.Partial.from_bytes(part.to_bytes()).table()["open"].tolist()
        [1]
        """
        units = {name: keys.sent() for name, keys in self._units.items()}
        keys = None if self._keys is None else self._keys.sent()
        return to_bytes(self.__dict__ | {"_keys": keys, "_units": units})

    @classmethod
    def from_bytes(cls, data: bytes) -> Partial:
        """Read a partial that was written as bytes.

        Parameters
        ----------
        data
            What :meth:`to_bytes` wrote.

        Returns
        -------
        Partial

        Raises
        ------
        SchemaError
            If the bytes are not those of a partial, are damaged, or a newer version wrote them.
        """
        state = from_bytes(data)
        made = cls.__new__(cls)
        made.__dict__.update(state)
        return made

    def summary(self, *, quantiles: Sequence[float] | None = None, top: int | None = None) -> Summary:
        """Answer as :func:`summary` answers for a log with just these items.

        Parameters
        ----------
        quantiles
            As for :func:`time_in_stage`.
        top
            As for :func:`summary`.

        Returns
        -------
        Summary
            Every number is equal to that of one log with the rows of all parts. The quality table leaves
            the items tables of the logs out.

        Raises
        ------
        SchemaError
            If the partial is of other questions, a quantile is not between 0 and 1, or a stage of the
            pipeline has no rows in any part and `missing` refuses it.
        """
        known = [name for name, of in self.questions.items() if of == "summary"]
        if len(known) != 1:
            raise SchemaError(
                f"this partial is of {quoted(self.questions.values())}, not of one summary; "
                "its answers are table() and tables"
            )
        chosen = {"top": top} if quantiles is None else {"top": top, "quantiles": quantiles}
        return cast(Summary, self._answer(known[0], **chosen))

    def table(self, **options: Any) -> Any:
        """Answer the one question of the partial, as its function answers for a log with just these items.

        Parameters
        ----------
        **options
            Options of the table alone, such as `top`, `confidence` and `quantiles`; they go before those
            given to :func:`partial`.

        Returns
        -------
        DataFrame
            The table of the question; a :class:`Summary` of :func:`summary`.

        Raises
        ------
        SchemaError
            If the partial has several questions, or the question has no such option at the end.
        """
        if len(self._answers) != 1:
            raise SchemaError(f"this partial has {len(self._answers)} questions; its answers are in tables")
        return self._answer(next(iter(self._answers)), **options)

    @property
    def tables(self) -> dict[str, Any]:
        """The answer to each question, by its name."""
        return {name: self._answer(name) for name in self._answers}

    def _answer(self, name: str, **options: Any) -> Any:
        clock = Clock(self.unit, self.zone)
        with fits_its_question(are_read=self._is_read):
            answer = self._answers[name].table(self.pipeline, clock, self._of_all, **options)
        return as_chosen(answer)

    def __repr__(self) -> str:
        shown = f"Partial: {counted(self.n_rows, 'row')}, {counted(self.n_items, 'item')}"
        if set(self.questions.values()) != {"summary"}:
            shown += f", {', '.join(self.questions.values())}"
        return shown if self.pipeline is None else f"{shown}\n  {self.pipeline!r}"


# Raise it when what is pickled changes so that an older version would misread it.
_VERSION: Final = 4


_DEALS: Final = "\0deals"  # no column is called so


def _short(state: Any) -> str:
    return f"a mapping of {quoted(state)}" if isinstance(state, dict) and state else repr(state)[:80]


def partial(
    log: StageLog,
    pipeline: Pipeline | None,
    question: Callable[..., Any] | None = None,
    *,
    questions: Mapping[str, QuestionLike] | None = None,
    precision: Precision = "exact",
    check: Check = "keys",
    fill: Fill = "won",
    lost_then_won: LostThenWonName | None = None,
    by: str | Sequence[str] | EllipsisType | None = ...,
    at: AtName | None = None,
    per: PerName = "visit",
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName | None = None,
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    unit: str | None = None,
    limits: LimitsLike | None = None,
    where: Where | None = None,
    **options: Any,
) -> Partial:
    """Take from a log with some of the items everything that questions about all items need.

    It serves data that comes in parts: make one log per part, keep its partial, and release the log. Every
    item must have all its rows in one part. :func:`merge` puts the partials together.

    Parameters
    ----------
    log, pipeline
        The stage history of some items, and the stages.
    question
        The question: a function such as :func:`funnel`; by default :func:`summary`. A question that is not
        made of counts that add up is refused.
    questions
        Several questions at once, by names of your choice: ``{"funnel": sf.funnel, "by manager":
        (sf.outcomes, {"by": "manager"})}``.
    precision
        What quantiles of lengths of time are made of. ``"exact"``: all lengths. ``"bounded"``: how many lie
        in each of some cells, so that a part has a size that does not grow with its rows; a quantile is then
        at most 0.05% away, and the table says so.
    check
        How an item that is in two parts is found. ``"keys"``: by the keys of all items. ``"sketch"``: by a
        hash of 56 bits of each, which takes less room, and may find one where there is none (of ten million
        items with a chance of 1 in 1,400). ``"none"``: not at all, where the way that the parts were made
        excludes it.
    fill, lost_then_won, by, at, per, unlisted, missing, period, basis, as_of, calendar, limits, where
        As for :func:`summary`, or for the question; each part has the columns that they name. Stages without
        rows are judged at the end: another part may have them. A part need not have the values that `where`
        names.
    unit
        As for :func:`funnel`; then all items of a unit must be in one part, which is checked as for items.
        The same holds of chains (:func:`chain_funnel`), whose leads and their pipeline are `log` and
        `pipeline`: all leads of a deal and all deals of a lead must be in one part.
    **options
        Further options of the question, as for its function. Quantiles, confidence and the number of groups
        to show may be chosen at the end too. `within` needs the end of observation: `as_of`, or that of the
        log. With `questions`, options given here are those of all questions that have them.

    Returns
    -------
    Partial

    Raises
    ------
    UnknownStageError, SchemaError
        As for the question; also if it or an option of it is not one for parts.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> pipeline = sf.Pipeline("New", won="Won")
    >>> january = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 4]})
    >>> february = sf.StageLog({"item": [2, 3, 3], "stage": ["New", "New", "Won"], "time": [5, 6, 8]})
    >>> whole = sf.merge([sf.partial(log, pipeline) for log in (january, february)])
    >>> whole
    Partial: 5 rows, 3 items
      Pipeline: New | won: Won
    >>> whole.summary(quantiles=[]).time_in_stage[["stage", "visits", "completed", "mean", "median"]]
      stage  visits  completed  mean  median
    0   New       3          2   3.0     3.0
    1   Won       2          0   NaN     NaN
    >>> parts = [sf.partial(log, pipeline, sf.outcomes) for log in (january, february)]
    >>> sf.merge(parts).table()[["base", "won", "open"]]
       base  won  open
    0     3    2     1
    """
    if not isinstance(log, StageLog):
        raise not_a_log(log)
    check_option("precision", precision, get_args(Precision))
    check_option("check", check, get_args(Check))
    shared = _given(locals()) | options
    return counted_part(log, pipeline, _asked(question, questions, shared), precision, check)


def counted_part(
    log: StageLog,
    pipeline: Pipeline | None,
    asked: Mapping[str, tuple[Mergeable, Mapping[str, Any]]],
    precision: Precision,
    check: Check,
) -> Partial:
    """Count what questions, each with its options, need of a log."""
    data = log._data
    answers: dict[str, Answer] = {}
    beside: list[StageLog] = []
    for name, (kind, given_options) in asked.items():
        is_read = kind.has_pipeline and (kind.needs_pipeline or pipeline is not None)
        if is_read and not isinstance(pipeline, Pipeline):
            raise not_a_pipeline(pipeline)
        complete = read_options(kind, given_options, log)
        given_logs = (log, pipeline) if is_read else (log,)
        counting = {
            option: value for option, value in complete.items() if option not in (*kind.at_the_end, "missing")
        }
        with read_as_part():
            counts = call(kind.count, *given_logs, **counting, missing="ignore")
        stored = Stored.write(counts, is_bounded=precision == "bounded")
        beside += [value for option in kind.beside if isinstance(value := complete[option], StageLog)]
        answers[name] = Answer(kind, complete | dict.fromkeys(kind.beside), stored)
    left_out = data.found.get("other_stages", 0) + data.found.get("dropped", 0)
    return Partial(
        pipeline=pipeline,
        unit=log.unit,
        zone=log.zone,
        precision=precision,
        check=check,
        _answers=answers,
        _of_all=Stages.of(data),
        _n_rows=data.n_input_rows - left_out,
        _n_items=data.n_items,
        _keys=_checked(lambda: ItemIds.of(data), check),
        _units=_units_of(log, answers.values(), beside, check),
    )


def merge(partials: Iterable[Partial]) -> Partial:
    """Put partials of different items together.

    The result is a partial again. Partials may be merged in any order and in steps: the result is the same.

    Parameters
    ----------
    partials
        One or more partials of the same pipeline, questions and options, with times of one unit and zone.

    Returns
    -------
    Partial
        The partial of all items; :meth:`Partial.summary`, :meth:`Partial.table` and :attr:`Partial.tables`
        give its answers.

    Raises
    ------
    SchemaError
        If the partials differ in pipeline, questions, options, unit or zone, if items are text in one partial
        and integers in another or hashed with different keys (`hash_key` of :class:`StageLog`), or if an item
        is in two partials.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> pipeline = sf.Pipeline("New", won="Won")
    >>> logs = [sf.StageLog({"item": [key], "stage": ["New"], "time": [0]}) for key in "abc"]
    >>> a, b, c = (sf.partial(log, pipeline) for log in logs)
    >>> sf.merge([c, sf.merge([a, b])]).summary()
    Summary: 3 items: 0 won, 0 lost, 3 open
      tables  funnel, outcomes, time_in_stage, transitions, quality
    """
    parts = list(partials) if isinstance(partials, Iterable) else [partials]
    others = [part for part in parts if not isinstance(part, Partial)]
    if others:
        raise SchemaError(f"merge takes partials, got {type(others[0]).__name__}")
    if not parts:
        raise SchemaError("there is nothing to merge: it takes one partial or more")
    are_read = any(part._is_read for part in parts)
    with fits_its_question(are_read=are_read):
        return replace(_merged(parts), _is_read=are_read)


def _merged(parts: Sequence[Partial]) -> Partial:
    first = parts[0]
    for number, other in enumerate(parts):
        _refuse_difference(first, other, number)
    # A pipeline that a reader made is judged less strictly; which one stays must not depend on the order.
    written = [part.pipeline for part in parts if part.pipeline and not part.pipeline.is_from_export]
    answers = {}
    for name, answer in first._answers.items():
        of_parts = [part._answers[name] for part in parts]
        options = dict(answer.options)
        for other_answer in of_parts[1:]:
            options = one_of(options, other_answer.options)
        with amount_errors(options.get("amount")):
            stored = Stored.merged([one.stored for one in of_parts])
        answers[name] = replace(answer, options=options, stored=stored)
    return replace(
        first,
        pipeline=next(iter(written), first.pipeline),
        _answers=answers,
        _of_all=Stages.total([part._of_all for part in parts]),
        _n_rows=sum(part.n_rows for part in parts),
        _n_items=sum(part.n_items for part in parts),
        _keys=_merged_keys([part._keys for part in parts], "item"),
        _units={
            name: _merged_keys([part._units[name] for part in parts], _what(name)) for name in first._units
        },
    )


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that differ from their default: that of the question may be another one."""
    given_options = {}
    for name, one in inspect.signature(partial).parameters.items():
        if name in _OWN or one.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        value = arguments[name]
        if value is not one.default and not (isinstance(value, str) and value == one.default):
            given_options[name] = value
    return given_options


def _asked(
    question: Any, questions: Any, shared: Mapping[str, Any]
) -> dict[str, tuple[Mergeable, Mapping[str, Any]]]:
    """Read the questions, each with its options, by name."""
    if questions is None:
        return {_ONLY: (mergeable_of(summary_question if question is None else question), shared)}
    if question is not None:
        raise SchemaError(named("questions"), " has all questions by name, and takes no other one beside")
    if not isinstance(questions, Mapping) or not questions:
        raise SchemaError(
            named("questions"),
            f" is {questions!r}, not a mapping of names to questions, such as {_EXAMPLE}",
        )
    asked: dict[str, tuple[Mergeable, Mapping[str, Any]]] = {}
    for name, one in questions.items():
        of, own = one if isinstance(one, tuple) and len(one) == 2 else (one, {})
        if not isinstance(name, str) or not isinstance(own, Mapping):
            raise SchemaError(
                named("questions"),
                f" has {name!r}: {one!r}, which is not a name with a question and a mapping of its options, "
                f"as in {_EXAMPLE}",
            )
        kind = mergeable_of(of)
        asked[name] = (
            kind,
            {**{option: shared[option] for option in shared if option in kind.options}, **own},
        )
    strangers = [name for name in shared if not any(name in kind.options for kind, _ in asked.values())]
    if strangers:
        raise SchemaError(f"none of the questions has an option {strangers[0]!r}", option=strangers[0])
    return asked


def _checked(keys: Callable[[], ItemIds], check: Check) -> ItemIds | ItemSketch | None:
    """Return what shows whether two parts have one of them in common."""
    if check == "none":
        return None
    return ItemSketch.of(keys()) if check == "sketch" else keys()


def _units_of(
    log: StageLog, answers: Iterable[Answer], beside: Sequence[StageLog], check: Check
) -> dict[str, Any]:
    """Return what stands for the units that are counted, by the name of their column, and for deals."""
    names = sorted({answer.options["unit"] for answer in answers if answer.options.get("unit") is not None})
    found = {
        name: _checked(partial_of(ItemIds.of_values, values_of_units(log, name)), check) for name in names
    }
    for number, other in enumerate(beside):
        found[f"{_DEALS} {number}"] = _checked(partial_of(ItemIds.of, other._data), check)
    return {name: keys for name, keys in found.items() if keys is not None}


def _what(name: str) -> str:
    return "deal" if name.startswith(_DEALS) else "unit"


def _merged_keys(keys: Sequence[Any], what: str) -> Any:
    if keys[0] is None:
        return None
    return type(keys[0]).merged(keys, what)


def _refuse_difference(first: Partial, other: Partial, number: int) -> None:
    """Refuse a partial that has another pipeline, other questions or other options than the first one."""
    refuse_pipelines(first.pipeline, other.pipeline, number)
    if first.questions != other.questions:
        refuse_option("questions", first.questions, other.questions, number)
    for name, answer in first._answers.items():
        theirs = other._answers[name]
        clock, their_clock = Clock(first.unit, first.zone), Clock(other.unit, other.zone)
        for option, value in answer.options.items():
            if option in answer.kind.settled or option in answer.kind.at_the_end:
                continue
            one = known_option(option, value, clock)
            another = known_option(option, theirs.options[option], their_clock)
            if not are_equal(one, another):
                refuse_option(option, one, another, number)
    for name in ("unit", "zone", "precision", "check"):
        if getattr(first, name) != getattr(other, name):
            refuse_option(name, getattr(first, name), getattr(other, name), number)
