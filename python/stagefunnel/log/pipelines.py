"""Several pipelines in one log: stages that one column names, or two."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from ..errors import SchemaError, given, named
from ..pipeline import MovedOut, Pipeline
from .columns.stage_labels import qualified
from .stage_log import StageLog


def pipelines_of_log(
    log: StageLog, pipelines: Mapping[Any, Pipeline], *, moved_out: MovedOut = "exclude"
) -> dict[Any, Pipeline]:
    """Fit pipelines to the one log whose stages they share out among them.

    Parameters
    ----------
    log
        A log with the stages of several pipelines. If it was read with ``pipeline=``, its labels are
        ``"pipeline / stage"``, and the labels given here are the plain ones.
    pipelines
        Each pipeline by its name, as the log's pipeline column has it.
    moved_out
        As for :class:`Pipeline`: what becomes of items that are in another of them now.

    Returns
    -------
    dict
        The same names; of each pipeline the stages of all others are ``elsewhere``, by all their names, and
        people read the plain stages. What one of them ignores, all ignore, unless it is a stage of another.

    Raises
    ------
    SchemaError
        If a stage is in two of them, other names of stages (``aliases``) included.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> rows = {
    ...     "item": [1, 1, 2],
    ...     "pipeline": ["Sales", "Renewals", "Sales"],
    ...     "stage": ["New", "New", "New"],
    ...     "time": [0, 1, 0],
    ... }
    >>> log = sf.StageLog(rows, pipeline="pipeline")
    >>> both = {"Sales": sf.Pipeline(["New"], won="Won"), "Renewals": sf.Pipeline(["New"], won="Won")}
    >>> fitted = sf.pipelines_of_log(log, both)
    >>> sf.funnel(log, fitted["Sales"])[["stage", "passed"]]
             stage  passed
    0  Sales / New       1
    1  Sales / Won       0
    """
    if not isinstance(pipelines, Mapping):
        raise SchemaError(given("pipelines", pipelines), " is not a mapping of names to pipelines")
    for name, pipeline in pipelines.items():
        if not isinstance(pipeline, Pipeline):
            raise SchemaError(
                named("pipelines"), f" has a {type(pipeline).__name__} under {name!r}, not a Pipeline"
            )
    own = {name: _fitted(log, name, pipeline) for name, pipeline in pipelines.items()}
    home: dict[Hashable, Any] = {}
    for name, pipeline in own.items():
        for label in (*pipeline.labels, *pipeline.rules.aliases):
            if label in home:
                raise SchemaError(
                    f"stage {label!r} is in two pipelines, {home[label]!r} and {name!r}; name the column "
                    f"that says which with ",
                    named("pipeline"),
                    " of StageLog",
                )
            home[label] = name
    # What one pipeline ignores is nobody's stage, unless another one lists it.
    ignored = dict.fromkeys(label for pipeline in own.values() for label in pipeline.rules.ignore)
    return {
        name: pipeline.replace(
            elsewhere=[label for label, owner in home.items() if owner != name],
            moved_out=moved_out,
            ignore=[label for label in ignored if label not in home],
        )
        for name, pipeline in own.items()
    }


def _fitted(log: StageLog, name: Any, pipeline: Pipeline) -> Pipeline:
    if not log._data.has_pipelines:
        return pipeline
    stages, won, lost = (
        [qualified(name, label) for label in labels]
        for labels in (pipeline.stages, pipeline.won, pipeline.lost)
    )
    names = {qualified(name, label): shown for label, shown in pipeline.names.items()}
    rules = pipeline.rules.relabelled(lambda label: qualified(name, label))
    return pipeline.replace(stages=stages, won=won, lost=lost, names=names, **rules)
