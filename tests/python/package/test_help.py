"""What Tab, ``help`` and signatures show of the public names."""

import inspect
import pydoc
import re
import rlcompleter
import textwrap
import typing
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Literal, get_origin

import pytest

import stagefunnel as sf
from helpers import run_python
from stagefunnel import plots
from stagefunnel.signatures import shown_signature
from stagefunnel.tables.options import KindName

PUBLIC = {name: value for name in sf.__all__ if callable(value := getattr(sf, name))}
FUNCTIONS = [name for name, value in PUBLIC.items() if inspect.isfunction(value)]
# Of funnel() all other questions take the explanations of options that they share.
LONGEST_HELP = {"funnel": 126, "report": 103}
LONGEST_HELP_OF_A_FUNCTION = 100
# Labels of stages are whatever a log has, and these take the arguments of others.
FREE = {
    *("Pipeline.names", "Pipeline.aliases", "Pipeline.since", "Pipeline.until", "pipelines_of_log.pipelines"),
    *(
        "Suggestion.reading",
        "suggest.data",
        "to_excel.tables",
        "save_chart.chart",
    ),  # any table, file or answer
    "Pipeline.limits",
    # The options of any question.
    *("partial.question", "partial.options", "Partial.table.options"),
    *("Pipeline.replace.changes", "Settings.bind.defaults", "bind.defaults", "Bound.defaults"),
}


def parameters() -> Iterator[tuple[str, inspect.Parameter]]:
    """List the parameters of the public functions, of the classes and of their public methods."""
    for name, value in PUBLIC.items():
        if inspect.isfunction(value):
            yield from ((f"{name}.{p.name}", p) for p in inspect.signature(value).parameters.values())
            continue
        for member, function in vars(value).items():
            plain = getattr(function, "__func__", function)
            if inspect.isfunction(plain) and (member == "__init__" or not member.startswith("_")):
                owner = name if member == "__init__" else f"{name}.{member}"
                yield from ((f"{owner}.{p.name}", p) for p in inspect.signature(plain).parameters.values())


def test_dir_lists_the_public_names_and_nothing_else() -> None:
    listed = [name for name in dir(sf) if not name.startswith("__")]
    assert listed == sorted(name for name in sf.__all__ if name != "__version__")


def test_dir_is_the_same_before_and_after_names_and_modules_are_used() -> None:
    code = "import stagefunnel as sf\nbefore = dir(sf)\nsf.log, sf.funnel, sf._core, sf.datasets, sf.errors\n"
    code += "import stagefunnel.plots\nprint(before == dir(sf), {*before} - {*sf.__all__})"
    same, others = run_python("-c", code).stdout.split(maxsplit=1)
    assert same == "True"
    assert all(re.fullmatch("__.+__", name) for name in eval(others))


@pytest.mark.parametrize("module", [sf.datasets, plots])
def test_the_modules_for_everyone_list_their_names_alone(module: ModuleType) -> None:
    assert [name for name in dir(module) if not name.startswith("__")] == sorted(module.__all__)


def test_charts_show_the_values_of_their_options() -> None:
    assert str(inspect.signature(plots.plot_trend).parameters["theme"]).startswith("theme: Literal['light', ")


def test_tab_offers_the_public_names() -> None:
    completer = rlcompleter.Completer({"sf": sf})
    offered = {str(completer.complete("sf.", place)).rstrip("()") for place in range(len(sf.__all__) + 9)}
    assert {f"sf.{name}" for name in sf.__all__ if not name.startswith("_")} == offered - {"None"}


def test_the_values_of_an_option_stand_in_the_signature() -> None:
    shown = inspect.signature(sf.funnel).parameters["kind"]
    assert str(shown) == "kind: Literal['classic', 'conversions', 'furthest', 'strict', 'both'] = 'classic'"
    invalid = inspect.signature(sf.StageLog).parameters["invalid"]
    assert str(invalid) == "invalid: Literal['error', 'drop', 'keep_stage'] = 'error'"
    mode = inspect.signature(sf.Steps).parameters["mode"]
    assert str(mode).startswith("mode: Literal['ordered', 'increase', ")
    basis = inspect.signature(sf.losses).parameters["basis"]
    assert str(basis) == "basis: Literal['active', 'created', 'closed'] | None = None"
    assert str(inspect.signature(sf.StageLog.from_batches).parameters["keys"]).startswith(
        "keys: Literal['auto',"
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_name_of_a_set_of_values_is_left_in_a_signature(name: str) -> None:
    function = PUBLIC[name]
    for parameter in inspect.signature(function).parameters.values():
        for word in re.findall(r"\b[A-Za-z]\w*\b", re.sub(r"'[^']*'", "", str(parameter.annotation))):
            assert get_origin(function.__globals__.get(word)) is not Literal, (name, str(parameter))


def test_annotations_stay_what_they_are_for_programs() -> None:
    assert sf.funnel.__annotations__["kind"] == "KindName"
    known = {"KindName": KindName}
    assert typing.get_type_hints(function_with(known))["kind"] == KindName


def function_with(known: dict[str, Any]) -> Callable[..., Any]:
    exec("def asked(kind: 'KindName' = 'classic') -> 'int': ...", known)
    function: Callable[..., Any] = known["asked"]
    assert str(shown_signature(function)).startswith("(kind: Literal['classic', ")
    return function


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_help_shows_types_without_quotes(name: str) -> None:
    lines = pydoc.render_doc(PUBLIC[name], renderer=pydoc.plaintext).splitlines()
    (call,) = [line for line in lines if re.match(rf"(class )?{name}\(", line)][:1]
    assert not re.search(r": '[A-Z]", call)


def test_no_argument_may_be_just_anything() -> None:
    anything = {where for where, parameter in parameters() if "Any" in str(parameter.annotation)}
    assert anything - FREE == set(), "say what is meant: a Protocol, a union, or a name for one"
    assert anything == FREE


def test_a_log_says_what_it_is_made_of() -> None:
    shown = inspect.signature(sf.StageLog).parameters
    assert str(shown["frame"]) == "frame: Frame | None = None"
    assert str(shown["item"]) == "item: str | Column = 'item'"
    assert str(inspect.signature(sf.read).parameters["paths_or_records"]) == (
        "paths_or_records: Inputs | None = None"
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_help_fits(name: str) -> None:
    lines = pydoc.render_doc(PUBLIC[name], renderer=pydoc.plaintext).splitlines()
    most = LONGEST_HELP.get(name, LONGEST_HELP_OF_A_FUNCTION)
    assert len(lines) <= most, f"help of {name}() has {len(lines)} lines; say what other questions say once"
    screen = "\n".join(line for text in lines for line in textwrap.wrap(text, 80) or [""]).splitlines()[:30]
    summary = f"{inspect.getdoc(PUBLIC[name])}".partition("\n")[0]
    assert summary in " ".join(" ".join(screen).split()), "the first screen says what it does"


def test_help_of_the_bound_questions_is_a_list_of_them() -> None:
    text = pydoc.render_doc(sf.Bound, renderer=pydoc.plaintext)
    assert len(text.splitlines()) <= 190
    assert "Count the items that reach each stage of a pipeline." in text
