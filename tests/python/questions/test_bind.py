"""A log and a pipeline that are named once: the same questions, with the rest of their arguments."""

import copy
import inspect
import pickle
import pydoc
from pathlib import Path
from typing import Any

import pytest

import asked
import stagefunnel as sf
from helpers import assert_frame_equal, run_python
from stagefunnel.bound import Method

LOG = asked.rich_log()
# Public functions that are no questions about one log.
OTHERS = {
    "bind",
    "chain_funnel",
    "merge",
    "read",
    "release_memory",
    "save_chart",
    "show",
    "suggest",
    "to_excel",
    "write",
}


def bound(**defaults: Any) -> sf.Bound:
    return sf.bind(LOG, asked.PIPELINE, **defaults)


def test_every_public_question_is_a_method_and_nothing_else_is() -> None:
    methods = {name for name, value in vars(sf.Bound).items() if isinstance(value, Method)}
    assert methods == set(asked.questions())
    functions = {name for name in sf.__all__ if inspect.isfunction(getattr(sf, name))}
    assert functions - methods - OTHERS == set(), "name it in Bound, or here if it is no question of one log"
    assert set(dir(bound())) >= methods


@pytest.mark.usefixtures("undrawn")
def test_every_method_answers_as_its_function(tmp_path: Path) -> None:
    f = bound()
    found = {}
    for name, question in asked.questions().items():
        more = [asked.STEPS] if "steps" in asked.parameters_of(question) else []
        found[name] = asked.as_data(getattr(f, name)(*more, **asked.needs_of(name, tmp_path)))
    asked.assert_equal_answers(found, asked.answers(LOG, tmp_path))


@pytest.mark.parametrize("name", asked.questions())
def test_a_method_has_the_arguments_and_the_help_of_its_function(name: str) -> None:
    question, method = asked.questions()[name], getattr(bound(), name)
    own = [p for p in inspect.signature(question).parameters.values() if p.name not in ("log", "pipeline")]
    assert list(inspect.signature(method).parameters.values()) == own
    assert inspect.signature(method).return_annotation == inspect.signature(question).return_annotation
    assert (method.__name__, method.__doc__) == (name, question.__doc__)
    assert pydoc.render_doc(method, renderer=pydoc.plaintext).count(f"{name}(") >= 1
    of_class = list(inspect.signature(getattr(sf.Bound, name)).parameters)
    assert of_class == ["self", *(p.name for p in own)]


def test_the_help_of_a_method_begins_with_its_call_and_shows_the_defaults_in_force() -> None:
    text = pydoc.render_doc(bound(unlisted="ignore").funnel, renderer=pydoc.plaintext)
    assert text.splitlines()[2].startswith("funnel(*, kind: Literal['classic', 'conversions', ")
    assert "unlisted: Literal['error', 'ignore'] = 'ignore'" in text
    assert "Count the items that reach each stage of a pipeline." in text


def test_a_method_of_the_class_takes_the_bound_questions_first() -> None:
    assert_frame_equal(sf.Bound.funnel(bound(), kind="strict"), sf.funnel(LOG, asked.PIPELINE, kind="strict"))


def test_a_default_goes_to_each_question_that_has_it() -> None:
    f = bound(by="manager", period="2026-03", as_of="2026-04-01")
    more: dict[str, Any] = {"period": "2026-03", "as_of": "2026-04-01"}
    assert_frame_equal(f.funnel(), sf.funnel(LOG, asked.PIPELINE, by="manager", **more))
    assert_frame_equal(f.losses(), sf.losses(LOG, asked.PIPELINE, by="manager", **more))
    assert_frame_equal(f.transitions(), sf.transitions(LOG, asked.PIPELINE, by="manager", **more))
    assert_frame_equal(
        f.flow(), sf.flow(LOG, asked.PIPELINE, by="manager", **more)
    )  # whose period= has no default
    assert_frame_equal(
        f.sequence_funnel(asked.STEPS),
        sf.sequence_funnel(LOG, asked.STEPS, by="manager", as_of="2026-04-01"),
    )


@pytest.mark.parametrize("name", asked.questions())
def test_every_argument_of_every_question_may_be_a_default(name: str) -> None:
    method = getattr(bound(), name)
    # Further options of any question have no names of their own.
    named = [one for one in inspect.signature(method).parameters.values() if one.kind is not one.VAR_KEYWORD]
    marks = {one.name: object() for one in named}
    shown = inspect.signature(getattr(bound(**marks), name)).parameters
    assert {name: one.default for name, one in shown.items() if one.kind is not one.VAR_KEYWORD} == marks


def test_what_a_call_gives_wins_by_name_and_by_place() -> None:
    f = bound(kind="strict", period="2026-03", by="manager")
    assert_frame_equal(
        f.funnel(kind="furthest", by=None, period=None), sf.funnel(LOG, asked.PIPELINE, kind="furthest")
    )
    found = f.compare_periods("2026-04", by=None)
    assert_frame_equal(found, sf.compare_periods(LOG, asked.PIPELINE, "2026-04", kind="strict"))


def test_a_rule_of_the_steps_of_a_call_wins() -> None:
    f = bound(window="2d", missing="error")
    steps = sf.Steps(asked.STEPS, window="30d", missing="ignore")
    assert_frame_equal(f.sequence_funnel(steps), sf.sequence_funnel(LOG, steps))
    assert_frame_equal(f.sequence_items(steps=steps), sf.sequence_items(LOG, steps))
    plain = sf.Steps(asked.STEPS)
    expected = sf.sequence_funnel(LOG, asked.STEPS, window="2d", missing="error")
    assert_frame_equal(f.sequence_funnel(plain), expected)
    assert_frame_equal(f.sequence_funnel(asked.STEPS), expected)


def test_steps_may_be_bound_too() -> None:
    f = bound(steps=sf.Steps(asked.STEPS, window="30d"))
    assert_frame_equal(f.sequence_items(), sf.sequence_items(LOG, sf.Steps(asked.STEPS, window="30d")))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("unlsted", "did you mean 'unlisted'?"),
        ("perid", "did you mean 'period'?"),
        ("calendr", "'calendar'?"),
    ],
)
def test_an_argument_that_no_question_has_is_refused_at_once_with_the_nearest(wrong: str, hint: str) -> None:
    with pytest.raises(TypeError, match=rf"^bind\(\) got {wrong}=, which no question has; ") as caught:
        bound(**{wrong: "ignore"})
    assert str(caught.value).endswith(hint)


def test_an_argument_that_is_like_none_gets_the_list_of_all() -> None:
    with pytest.raises(
        TypeError, match=r"the questions have: 'a', 'adjust', 'against', .*'unlisted', 'where', 'window'"
    ):
        bound(zzzzz=1)


def test_a_call_with_a_wrong_argument_names_the_question() -> None:
    with pytest.raises(TypeError, match=r"^funnel\(\) got an unexpected keyword argument 'knd'"):
        bound().funnel(knd="strict")  # type: ignore[call-arg]  # wrong on purpose
    with pytest.raises(TypeError, match=r"^explain\(\) missing 1 required keyword-only argument: 'item'"):
        bound().explain()  # type: ignore[call-arg]  # wrong on purpose
    with pytest.raises(sf.SchemaError, match="kind='strikt' is not one of"):
        bound().funnel(kind="strikt")  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("log", "pipeline", "message"),
    [
        (asked.PIPELINE, LOG, "expected a StageLog, got Pipeline; give the log first, then the pipeline"),
        (LOG, "pipeline.toml", "expected a Pipeline, got str; Pipeline.from_toml reads a file of stages"),
        (LOG, sf.Settings(asked.PIPELINE), "expected a Pipeline, got Settings; give its pipeline"),
    ],
)
def test_what_is_no_log_or_pipeline_is_refused_at_once(log: Any, pipeline: Any, message: str) -> None:
    with pytest.raises(sf.SchemaError, match=f"^{message}"):
        sf.bind(log, pipeline)


def test_the_repr_says_what_is_bound() -> None:
    assert repr(bound()) == "Bound: 12 rows, 5 items\n  pipeline  New → Offer | won: Won | lost: Lost"
    shown = repr(bound(unlisted="ignore", rates={f"C{number}": number for number in range(50)}))
    assert shown.splitlines()[2].startswith("  defaults  unlisted='ignore', rates={'C0': 0, ")
    assert len(shown.splitlines()[2]) < 110


def test_log_pipeline_and_defaults_are_there() -> None:
    f = bound(by="manager")
    assert (f.log, f.pipeline, f.defaults) == (LOG, asked.PIPELINE, {"by": "manager"})
    with pytest.raises(AttributeError):
        f.log = LOG  # type: ignore[misc]  # wrong on purpose


@pytest.mark.parametrize("way", [lambda f: pickle.loads(pickle.dumps(f)), copy.deepcopy, copy.copy])
def test_bound_questions_travel(way: Any) -> None:
    f = way(bound(by="manager"))
    assert_frame_equal(f.funnel(), bound(by="manager").funnel())


def test_settings_bind_a_log_with_all_that_they_say() -> None:
    calendar = sf.WorkingHours({"mon-fri": [("09:00", "17:00")]})
    pipeline = sf.Pipeline("New", won="Won", lost="Lost")
    settings = sf.Settings(pipeline, unlisted="ignore", observed_until="2026-06-01", calendar=calendar)
    f = settings.bind(LOG, by="manager")
    log = LOG.with_observed_until("2026-06-01")
    assert str(f.log.observed_until) == "2026-06-01 00:00:00+02:00"
    assert_frame_equal(f.funnel(), sf.funnel(log, pipeline, by="manager", unlisted="ignore"))
    expected = sf.time_in_stage(log, pipeline, by="manager", unlisted="ignore", calendar=calendar)
    assert_frame_equal(f.time_in_stage(), expected)
    with pytest.raises(sf.UnknownStageError, match="'Offer'"):
        settings.bind(LOG, unlisted="error").funnel()
    with pytest.raises(sf.SchemaError, match="expected a StageLog, got str"):
        settings.bind("log.csv")  # type: ignore[arg-type]  # wrong on purpose
    assert sf.Settings(pipeline).bind(LOG).log is LOG


def test_settings_name_no_argument_that_questions_lack() -> None:
    assert dict(sf.Settings(asked.PIPELINE).bind(LOG).defaults) == {"unlisted": "error"}


def test_to_read_settings_loads_no_question() -> None:
    code = "import sys, stagefunnel as sf\nsf.Settings\nprint('stagefunnel.bound' in sys.modules)"
    assert run_python("-c", code).stdout == "False\n"


def test_a_default_that_goes_with_another_option_waits_for_it() -> None:
    shop = sf.datasets.furniture_shop(100)
    bound = sf.bind(shop.log, shop.pipeline, confidence=0.9, top=1)
    assert_frame_equal(bound.time_in_stage(), sf.time_in_stage(shop.log, shop.pipeline))
    censored = bound.time_in_stage(open_visits="censored")
    assert {"median_low", "median_high"} <= {*censored.columns}
    assert "conversion_from_all_low" in bound.funnel()
    assert bound.outcomes(by="source")["source"].nunique() == 2
    assert len(bound.variants()) == 2  # the number of its lines
    with pytest.raises(sf.SchemaError, match="there is no by="):
        bound.outcomes(top=1)
