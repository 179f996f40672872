"""The reasons of ``explain()``, of which its table has the English."""

from __future__ import annotations

from typing import Final

from ..words import mark

REASONS: Final = (
    mark("left out: moved out"),
    mark("left out: its start is unknown"),
    mark("left out: outside the period"),
    mark("left out: {stage} directly follows a loss ({option})"),
    mark("left out: won now, lost before ({option})"),
    mark("passed: entered at {time}"),
    mark("passed: entered at {time} and {n} more"),
    mark("passed: entered at {time}, or at an unknown time before"),
    mark("passed: entered at {time}, or at an unknown time before and {n} more"),
    mark("assumed: the item was won at {time}"),
    mark("assumed: the item went as far as {stage}"),
    mark("assumed: {stage} at {time} opens the journey, and a success implies every stage"),
    mark("assumed: {stage} at {time} follows {before}, and a success implies every stage"),
    mark("assumed: the item was created in {stage}"),
    mark("assumed: the move {before} → {stage} at {time} passes over it"),
    mark("not counted: visited, but not all stages before it were passed in order"),
    mark("not counted: entered at {time}, outside the period"),
    mark("not counted: entered at {time}, and left sooner than ignore_shorter says"),
    mark("not counted: no visit"),
    mark("not counted: no visit, and the stage is optional"),
    mark("not counted: no visit, and it was not there before {time}"),
    mark("not counted: no visit, and it was not there after {time}"),
    mark("not counted: no visit, and it was there only since {time} until {end}"),
    mark("not counted: no visit, and it was there only since {time}"),
    mark("not counted: no visit, and it was there only until {time}"),
)
