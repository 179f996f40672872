"""Random rules of single stages for a drawn case: optional ones, and dates among the times of its rows."""

from typing import Any

from hypothesis import strategies as st

import stagefunnel as sf
from helpers import pipeline_of
from strategies import Case


@st.composite
def ruled(draw: st.DrawFn, case: Case) -> sf.Pipeline:
    """Draw a pipeline with the stages of a case, of which some are optional and some come or go."""
    stages = case.pipeline.stages
    some = st.lists(st.sampled_from(stages), unique=True, max_size=3)
    times = sorted({time for _, _, time in case.rows})
    since: dict[Any, Any] = {}
    until: dict[Any, Any] = {}
    for stage in draw(some):
        first, last = sorted(draw(st.tuples(st.sampled_from(times), st.sampled_from(times))))
        which = draw(st.sampled_from(["since", "until", "both"]))
        if which != "until":
            since[stage] = first
        # A timestamp is the first moment at which the stage is gone.
        if which == "until" or (which == "both" and (first < last or isinstance(first, int))):
            until[stage] = last
    optional = draw(st.just([]) | some)
    return pipeline_of(case.pipeline).replace(optional=optional, since=since, until=until)
