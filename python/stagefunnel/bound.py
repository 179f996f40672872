"""Questions about a log and a pipeline that are named once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

import stagefunnel as sf

from .clean import clean
from .errors import counted, did_you_mean, quoted
from .log.stage_log import StageLog
from .log.wrong_kinds import not_a_log, not_a_pipeline
from .naming import public
from .pipeline import Pipeline

_P = ParamSpec("_P")
_R = TypeVar("_R")
_MOST_WRITTEN = 60  # of a value in the repr


class Method(Generic[_P, _R]):
    """A public question as a method of :class:`Bound`, without the arguments that are bound."""

    def __init__(self, question: Callable[..., _R], n_bound: int) -> None:
        self._question, self._n_bound = question, n_bound
        self._signature = inspect.signature(question)
        self.parameters = list(self._signature.parameters.values())[n_bound:]

    @overload
    def __get__(self, bound: None, owner: type) -> Callable[Concatenate[Bound, _P], _R]: ...
    @overload
    def __get__(self, bound: Bound, owner: type) -> Callable[_P, _R]: ...
    def __get__(self, bound: Bound | None, owner: type) -> Callable[..., _R]:
        if bound is not None:
            return self._shown(lambda *given, **options: self._asked(bound, given, options), bound.defaults)
        this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        shown = self._shown(lambda bound, *given, **options: self._asked(bound, given, options), {}, this)
        # The help of the class would hold that of the whole package.
        shown.__doc__ = f"{inspect.getdoc(self._question)}".partition("\n")[0]
        return shown

    @property
    def names(self) -> list[str]:
        """Names of the arguments that a call may give."""
        return [one.name for one in self.parameters if one.kind is not inspect.Parameter.VAR_KEYWORD]

    def _asked(self, bound: Bound, given: tuple[Any, ...], options: dict[str, Any]) -> _R:
        in_call = {*self.names[: len(given)], *options, *_rules_in(given, options)}
        defaults = {
            name: value
            for name, value in bound.defaults.items()
            if name in self.names and name not in in_call
        }
        for name in self._idle({**defaults, **options}) & {*defaults}:
            del defaults[name]
        log_and_pipeline = (bound.log, bound.pipeline)[: self._n_bound]
        return self._question(*log_and_pipeline, *given, **defaults, **options)

    def _idle(self, options: Mapping[str, Any]) -> set[str]:
        """Name the options that the question takes beside another one only, which is not there."""
        idle = set()
        if "open_visits" in self.names and options.get("open_visits") != "censored":
            idle |= {"confidence", "tau"}
        of_groups = any(one.name == "top" and one.default is None for one in self.parameters)
        if of_groups and "by" in self.names and options.get("by") is None:
            idle.add("top")
        return idle

    def _shown(
        self, asked: Callable[..., _R], defaults: Mapping[str, Any], *first: inspect.Parameter
    ) -> Callable[..., _R]:
        """Give a function the name, the help and the arguments of the question, with these defaults."""
        shown = wraps(self._question)(asked)
        shown.__module__, shown.__qualname__ = "stagefunnel", f"Bound.{self._question.__name__}"
        parameters = [
            parameter.replace(default=defaults[parameter.name]) if parameter.name in defaults else parameter
            for parameter in self.parameters
        ]
        signature = self._signature.replace(parameters=[*first, *parameters])
        cast(Any, shown).__signature__ = signature
        return shown


def of_pipeline(question: Callable[Concatenate[StageLog, Pipeline, _P], _R]) -> Method[_P, _R]:
    """Make a method of a question about a log and a pipeline."""
    return Method(question, 2)


def of_log(question: Callable[Concatenate[StageLog, _P], _R]) -> Method[_P, _R]:
    """Make a method of a question about a log alone, or about steps."""
    return Method(question, 1)


def _rules_in(given: tuple[Any, ...], options: Mapping[str, Any]) -> set[str]:
    """Name the rules that the steps of a call hold, which are given in the call too."""
    steps = options.get("steps", given[0] if given else None)
    return set(steps.rules) if isinstance(steps, sf.Steps) else set()


@public
@dataclass(frozen=True, eq=False, repr=False)
class Bound:
    """The questions about one log and one pipeline; made by :func:`bind` and :meth:`Settings.bind`.

    Each method is the function of its name, without the log and the pipeline, and has its help.

    Attributes
    ----------
    log, pipeline
        The stage history, and the stages.
    defaults
        Arguments that go to each question that has them, where a call does not give them itself.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> log = sf.StageLog({"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 5, 3]})
    >>> sf.bind(log, sf.Pipeline("New", won="Won"), kind="furthest")
    Bound: 3 rows, 2 items
      pipeline  New | won: Won
      defaults  kind='furthest'
    """

    log: StageLog
    pipeline: Pipeline
    defaults: Mapping[str, Any] = field(default_factory=dict)

    absorption = of_pipeline(sf.absorption)
    backtest = of_pipeline(sf.backtest)
    bottlenecks = of_pipeline(sf.bottlenecks)
    check = of_pipeline(sf.check)
    cohort_maturity = of_pipeline(sf.cohort_maturity)
    compare_groups = of_pipeline(sf.compare_groups)
    compare_periods = of_pipeline(sf.compare_periods)  # type: ignore[has-type]  # decorated, in a circle
    cumulative_incidence = of_pipeline(sf.cumulative_incidence)
    decompose = of_pipeline(sf.decompose)
    drivers = of_pipeline(sf.drivers)
    explain = of_pipeline(sf.explain)
    flow = of_pipeline(sf.flow)
    forecast = of_pipeline(sf.forecast)
    funnel = of_pipeline(sf.funnel)
    funnel_by_period = of_pipeline(sf.funnel_by_period)
    item_features = of_pipeline(sf.item_features)
    item_table = of_pipeline(sf.item_table)
    losses = of_pipeline(sf.losses)
    markov_check = of_pipeline(sf.markov_check)
    mix_rate = of_pipeline(sf.mix_rate)
    open_items = of_pipeline(sf.open_items)
    outcomes = of_pipeline(sf.outcomes)
    partial = of_pipeline(cast(Any, sf.partial))
    report = of_pipeline(sf.report)
    sales_velocity = of_pipeline(sf.sales_velocity)
    skips = of_pipeline(sf.skips)
    state_occupation = of_pipeline(sf.state_occupation)
    summary = of_pipeline(sf.summary)
    time_in_stage = of_pipeline(sf.time_in_stage)
    time_to = of_pipeline(sf.time_to)
    transitions = of_pipeline(sf.transitions)
    variants = of_pipeline(sf.variants)
    visits = of_pipeline(sf.visits)
    win_probability = of_pipeline(sf.win_probability)

    pipelines_of_log = of_log(sf.pipelines_of_log)
    row_table = of_log(sf.row_table)
    sequence_funnel = of_log(sf.sequence_funnel)
    sequence_items = of_log(sf.sequence_items)
    sequence_paths = of_log(sf.sequence_paths)
    sequence_trend = of_log(sf.sequence_trend)
    time_to_convert = of_log(sf.time_to_convert)
    win_within = of_pipeline(sf.win_within)

    def __post_init__(self) -> None:
        if not isinstance(self.log, StageLog):
            raise not_a_log(self.log)
        if not isinstance(self.pipeline, Pipeline):
            raise not_a_pipeline(self.pipeline)
        methods = [value for value in vars(Bound).values() if isinstance(value, Method)]
        known = sorted({name for method in methods for name in method.names})
        for name in self.defaults:
            if name not in known:
                hint = did_you_mean(name, known) or f"; the questions have: {quoted(known, most=len(known))}"
                raise TypeError(f"bind() got {name}=, which no question has{hint}")

    def __repr__(self) -> str:
        size = f"{counted(self.log.n_rows, 'row')}, {counted(self.log.n_items, 'item')}"
        lines = [f"Bound: {size}", f"  pipeline  {repr(self.pipeline).removeprefix('Pipeline: ')}"]
        if self.defaults:
            written = [f"{name}={_shortened(repr(value))}" for name, value in self.defaults.items()]
            lines.append(f"  defaults  {', '.join(written)}")
        return "\n".join(map(clean, lines))


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST_WRITTEN else f"{line[: _MOST_WRITTEN - 1]}…"


def bind(log: StageLog, pipeline: Pipeline, **defaults: Any) -> Bound:
    """Name a log and a pipeline once, for many questions.

    Every question about a log and a pipeline becomes a method with the rest of its arguments:
    ``f.funnel(by="owner")`` is ``funnel(log, pipeline, by="owner")``. Questions about steps need the log
    alone: ``f.sequence_funnel(steps)``.

    Parameters
    ----------
    log, pipeline
        The stage history, and the stages.
    **defaults
        Arguments for each question that has them, such as ``unlisted=``, ``missing=``, ``by=``, ``period=``,
        ``basis=``, ``as_of=``, ``calendar=``. What a call gives itself wins, also a rule that its
        :class:`Steps` hold. What a question takes beside another option only waits for that one: ``top=``
        for ``by=``, and ``confidence=`` of times for ``open_visits="censored"``.

    Returns
    -------
    Bound

    Raises
    ------
    SchemaError
        If these are not a log and a pipeline.
    TypeError
        For an argument that no question has.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {"item": [1, 1, 2, 2], "stage": ["New", "Won", "New", "Spam"], "time": [0, 5, 3, 4]}
    >>> f = sf.bind(sf.StageLog(rows), sf.Pipeline("New", won="Won"), unlisted="ignore")
    >>> f.funnel()["reached"].tolist()
    [2, 1]
    >>> f.outcomes()[["won", "lost", "open"]]
       won  lost  open
    0    1     0     1
    """
    return Bound(log, pipeline, dict(defaults))
