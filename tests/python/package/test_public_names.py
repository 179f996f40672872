"""The public names: where they say that they come from, and the examples of their methods."""

import ast
import doctest
import inspect
import pickle
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import stagefunnel as sf
from helpers import run_python

CLASSES = [value for name in sf.__all__ if isinstance(value := getattr(sf, name), type)]


def examples_of(public: type) -> list[doctest.DocTest]:
    """Find the examples of a class and its methods, which the collector of modules passes over.

    It takes a class for foreign to the module that defines it, since the class names the package.
    """
    found = doctest.DocTestFinder().find(public, public.__name__, module=False, globs={})
    return [example for example in found if example.examples]


EXAMPLES = [example for public in CLASSES for example in examples_of(public)]


@pytest.mark.parametrize("public", CLASSES, ids=lambda public: public.__name__)
def test_a_public_class_names_the_package_and_not_its_room(public: type) -> None:
    assert public.__module__ == "stagefunnel"
    assert repr(public) == f"<class 'stagefunnel.{public.__name__}'>"


def test_methods_have_examples() -> None:
    assert {"StageLog", "StageLog.from_batches", "Pipeline.replace"} <= {example.name for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_examples_of_a_class_show_what_they_print(example: Any) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    report: list[str] = []
    assert runner.run(example, out=report.append).failed == 0, "".join(report)


def imports_for_type_checkers() -> dict[str, str]:
    """Return the home of each name that type checkers see, as the package writes it."""
    tree = ast.parse(Path(sf.__file__).read_text(encoding="utf-8"))
    (block,) = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert len(imports) == len(block.body)
    return {alias.name: node.module or "" for node in imports for alias in node.names}


def test_type_checkers_see_the_names_that_are_there() -> None:
    seen = imports_for_type_checkers()
    assert sorted(seen) == sorted(sf.__all__)
    for name, home in seen.items():
        there = __import__(f"stagefunnel.{home}".rstrip("."), fromlist=[name])
        # A function is wrapped where callers take its answer.
        assert inspect.unwrap(getattr(sf, name)) is inspect.unwrap(getattr(there, name)), name


def test_every_name_is_there_in_a_fresh_interpreter_and_listed_before_it_is_used() -> None:
    code = "import stagefunnel as sf\nlisted = dir(sf)\nfrom stagefunnel import *\n"
    code += "print(set(sf.__all__) <= set(listed), set(sf.__all__) <= set(globals()), __version__)"
    assert run_python("-c", code).stdout == f"True True {sf.__version__}\n"


@pytest.mark.parametrize(
    "name",
    [
        *("_core", "datasets", "display", "errors", "files", "log", "pipeline", "pipeline_file"),
        *("questions", "readers", "reports", "settings", "stats", "tables", "times"),
    ],
)
def test_a_room_needs_no_import_of_its_own(name: str) -> None:
    code = f"import stagefunnel\nprint(stagefunnel.{name}.__name__)"
    assert run_python("-c", code).stdout == f"stagefunnel.{name}\n"
    assert isinstance(getattr(sf, name), ModuleType)


@pytest.mark.parametrize("name", ["funel", "__path", "Journeys", "plots_of"])
def test_an_unknown_name_is_an_error_as_in_any_module(name: str) -> None:
    with pytest.raises(AttributeError, match=f"^module 'stagefunnel' has no attribute '{name}'$") as caught:
        getattr(sf, name)
    assert (caught.value.name, caught.value.obj) == (name, sf)
    with pytest.raises(ImportError, match=f"cannot import name '{name}' from 'stagefunnel'"):
        exec(f"from stagefunnel import {name}")


def test_a_misspelt_name_gets_a_suggestion_before_any_name_is_used() -> None:
    done = run_python("-c", "import stagefunnel as sf\nsf.funel")
    assert "Did you mean: 'funnel'?" in done.stderr


@pytest.mark.parametrize(
    "name", [name for name in sf.__all__ if name not in ("__version__", "datasets", "stats")]
)
def test_a_public_name_is_pickled(name: str) -> None:
    assert pickle.loads(pickle.dumps(getattr(sf, name))) is getattr(sf, name)


def test_a_class_names_the_package_also_where_nobody_has_asked_the_package_for_it() -> None:
    code = """
from stagefunnel import errors, pipeline
from stagefunnel.log import stage_log
print(errors.SchemaError.__module__, pipeline.Pipeline.__module__, stage_log.StageLog.__module__)
try:
    stage_log.StageLog({})
except Exception as error:  # whichever it is, its home is what is asked
    print(type(error).__module__)
"""
    assert run_python("-c", code).stdout.split() == ["stagefunnel"] * 4
