"""The public names: where they say that they come from, and the examples of their methods."""

import doctest
from typing import Any

import pytest

import stagefunnel as sf

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
