"""Random sequences some of whose steps have conditions, for the package and for the plain reference."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import pandas as pd
from hypothesis import strategies as st

import stagefunnel as sf
from helpers import frame_of
from reference import Months, Row
from reference.sequence_steps import Conditional, Seen
from sequence_cases import Question, Times, questions


class Values(NamedTuple):
    """What a row has in the columns of the log, and its item in the table of items."""

    amount: int | None
    vip: bool | None
    page: str | None
    region: str | None


Holds = Callable[[Values], bool]
# Conditions as the package takes them, how they are named, and what they mean.
CONDITIONS: Final[list[tuple[Any, str, Holds]]] = [
    ({"amount": ">100"}, "amount > 100", lambda v: v.amount is not None and v.amount > 100),
    ({"amount": "<=100"}, "amount <= 100", lambda v: v.amount is not None and v.amount <= 100),
    ({"amount": None}, "amount is missing", lambda v: v.amount is None),
    ({"amount": [20, None]}, "amount is 20 or missing", lambda v: v.amount in (20, None)),
    ({"amount": "!=20"}, "amount is not 20", lambda v: v.amount != 20),
    ({"page": "home"}, "page is home", lambda v: v.page == "home"),
    ({"page": "!="}, "page is not missing", lambda v: v.page is not None),
    ("vip", "vip is true", lambda v: v.vip is True),
    ({"vip": False}, "vip is false", lambda v: v.vip is False),
    ({"region": "south"}, "region is south", lambda v: v.region == "south"),
    (
        {"amount": ">=20", "page": ["home", "price"]},
        "amount >= 20, page is home or price",
        lambda v: v.amount is not None and v.amount >= 20 and v.page in ("home", "price"),
    ),
    (
        [{"amount": ">20"}, {"amount": "<200"}],
        "amount > 20, amount < 200",
        lambda v: v.amount is not None and 20 < v.amount < 200,
    ),
]
_BY_NAME: Final[Mapping[str, Any]] = {name: where for where, name, _ in CONDITIONS}


class ConditionCase(NamedTuple):
    """A question whose steps and exclusions may have conditions, and what its rows hold in the columns."""

    question: Question
    values: list[Values]

    @property
    def seen(self) -> list[Row]:
        """The rows as the reference reads them."""
        return [
            (item, None if stage is None else Seen(stage, value), time)
            for (item, stage, time), value in zip(self.question.rows, self.values, strict=True)
        ]

    @property
    def steps(self) -> list[Any]:
        """The steps as the package takes them."""
        return [step_of(step) for step in self.question.steps]

    @property
    def options(self) -> dict[str, Any]:
        """The options as the package takes them."""
        options = {name: _written(value) for name, value in self.question.options.items()}
        if "hold" in options:
            options["hold"] = "colour"
        if "exclude" in options:
            options["exclude"] = [
                sf.Exclusion(step_of(stage), *rest) for stage, *rest in self.question.options["exclude"]
            ]
        return {**options, "missing": "ignore"}

    def log(self, **more: Any) -> sf.StageLog:
        frame = frame_of(self.question.rows)
        for name in ("amount", "vip", "page"):
            values = [getattr(value, name) for value in self.values]
            frame[name] = pd.Series(values, dtype="Float64" if name == "amount" else object)
        columns = ["amount", "vip", "page"]
        if "hold" in self.question.options:
            frame["colour"] = self.question.options["hold"]
            columns.append("colour")
        regions = {
            item: value.region for (item, _, _), value in zip(self.question.rows, self.values, strict=True)
        }
        items = pd.DataFrame(
            {"item": list(regions), "region": pd.Series(list(regions.values()), dtype=object)}
        )
        # An item that the table does not have has no value.
        items = items[items["region"] != "none"]
        return sf.StageLog(frame, invalid="keep_stage", columns=columns, items=items, **more)


def _written(value: Any) -> Any:
    if isinstance(value, Months):
        return f"{value.number} months"
    return {key: _written(one) for key, one in value.items()} if isinstance(value, dict) else value


def step_of(step: Any) -> Any:
    """Write a step of the reference as the package takes it."""
    if isinstance(step, Conditional):
        return sf.Step(step.stage, where=_BY_NAME[step.name])
    return [step_of(one) for one in step] if isinstance(step, list) else step


_STEP = st.sampled_from([None, *CONDITIONS])
_AMOUNT = st.sampled_from([None, 20, 20, 150, 200, 200])
_VIP = st.sampled_from([True, False, None])
_PAGE = st.sampled_from(["home", "price", "blog", None])
_REGION = st.sampled_from(["south", "abroad", None, "none"])


@st.composite
def condition_cases(draw: st.DrawFn, *, times: Times = "integer", max_rows: int = 7) -> ConditionCase:
    """Draw a question of :func:`questions`, and conditions for about half of its stages."""
    question = draw(questions(times=times, max_rows=max_rows))
    region = {item: draw(_REGION) for item, _, _ in question.rows}
    values = [Values(draw(_AMOUNT), draw(_VIP), draw(_PAGE), region[item]) for item, _, _ in question.rows]
    options = dict(question.options)
    if "exclude" in options:
        options["exclude"] = [one._replace(stage=_conditional(draw, one.stage)) for one in options["exclude"]]
    steps = [_conditional(draw, step) for step in question.steps]
    return ConditionCase(Question(question.rows, steps, options), values)


def _conditional(draw: st.DrawFn, step: Any) -> Any:
    if isinstance(step, list):
        return [_conditional(draw, one) for one in step]
    chosen = draw(_STEP) if draw(st.booleans()) else None
    return step if chosen is None else Conditional(step, chosen[2], chosen[1])
