"""The project keeps the layer rules, and every rule can be broken."""

import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pytest

import layers

ROOT = Path(__file__).parents[3]
TOO_LONG = "x = 1\n" * (layers.LONGEST_FILE + 1)
NOT_TOO_LONG = '"""A docstring.\n\nOf two lines.\n"""\n\n# a comment\n' + "x = 1\n" * layers.LONGEST_FILE
TOO_LONG_CPP = "int x;\n" * (layers.LONGEST_FILE + 1)

# A tree that keeps every rule; a snippet takes the place of one of its files.
TREE = {
    "cpp/include/stagefunnel/base/counts.hpp": "#include <Eigen/Core>\n#include <span>\n",
    "cpp/include/stagefunnel/questions/funnel/funnel.hpp": '#include "stagefunnel/base/counts.hpp"\n',
    "cpp/include/stagefunnel/questions/stages/flow.hpp": '#include "stagefunnel/base/counts.hpp"\n',
    "cpp/src/base/memory.cpp": "#include <sys/mman.h>\n",
    "cpp/src/scan/visits.hpp": '#include "stagefunnel/base/counts.hpp"\n',
    "cpp/src/questions/funnel/funnel.cpp": (
        '#include "stagefunnel/questions/funnel/funnel.hpp"\n#include "scan/visits.hpp"\n'
    ),
    "cpp/src/questions/summary.cpp": '#include "stagefunnel/questions/stages/flow.hpp"\n',
    "cpp/bindings/bind_funnel.cpp": '#include <pybind11/numpy.h>\nm.def("funnel", &f, "log"_a);\n',
    "python/stagefunnel/__init__.py": (
        "if TYPE_CHECKING:\n    from . import datasets\n    from .questions.funnel.funnel import funnel\n"
    ),
    "python/stagefunnel/__main__.py": "from .cli import main\n",
    "python/stagefunnel/cli/__init__.py": "import rich\nfrom .. import files, funnel\nfrom . import parser\n",
    "python/stagefunnel/cli/parser.py": "from stagefunnel.display.write import write\n",
    "python/stagefunnel/datasets.py": "from .log.stage_log import StageLog\n",
    "python/stagefunnel/errors.py": "",
    "python/stagefunnel/files/__init__.py": "def read():\n    import pyarrow\n",
    "python/stagefunnel/log/__init__.py": "",
    "python/stagefunnel/log/stage_log.py": (
        "from .._core import Journeys\n\nclass StageLog:\n    def f(self, log):\n"
        "        self._data = log._data\n        log._own.f()\n    def _own(self): ...\n"
    ),
    "python/stagefunnel/pipeline.py": "if TYPE_CHECKING:\n    import polars\n",
    "python/stagefunnel/questions/scope/selection.py": "from ...log.stage_log import StageLog\nlog._data\n",
    "python/stagefunnel/questions/funnel/funnel.py": (
        "from ... import _core\nfrom ..scope import selection\ntable.apply(len)\ntable.sum(axis=1)\n"
    ),
    "python/stagefunnel/questions/chain/chain.py": "from ..funnel.funnel import funnel\n",
    "python/stagefunnel/tables/schema.py": "import numpy as np\n",
    "python/stagefunnel/display/numbers.py": "",
    "python/stagefunnel/display/write.py": "from .numbers import count\n",
    "python/stagefunnel/display/charts/bars.py": (
        "from ...tables.schema import FUNNEL\nfrom ..numbers import count\nfrom .library import alt\n"
    ),
    "python/stagefunnel/display/charts/library.py": "if TYPE_CHECKING:\n    import altair as alt\n",
    "python/stagefunnel/plots.py": "from .display.charts.bars import bars\n",
    "python/stagefunnel/reports/build.py": "from ..questions.funnel.funnel import funnel\n",
    "python/stagefunnel/readers/__init__.py": "",
    "python/stagefunnel/readers/csv.py": "from ..log.stage_log import StageLog\nfrom . import base\n",
    "python/stagefunnel/readers/base.py": "import pandas as pd\n",
}

Offence: TypeAlias = tuple[layers.Rule, str, str]
OFFENCES: list[Offence] = [
    (layers.core_includes_only_std_eigen_and_itself, f"cpp/{path}", text)
    for path, text in [
        ("src/questions/funnel/funnel.cpp", "#include <pybind11/numpy.h>"),
        ("src/questions/funnel/funnel.cpp", "#include <Python.h>"),
        ("src/questions/funnel/funnel.cpp", '#include "../bindings/arrays.hpp"'),
        ("src/questions/funnel/funnel.cpp", '#include "boost/config.hpp"'),
        ("src/scan/visits.hpp", "#include <sys/mman.h>"),
        ("include/stagefunnel/base/counts.hpp", "  # include <iostream>"),
        ("include/stagefunnel/questions/funnel/funnel.hpp", '#include "scan/visits.hpp"'),
    ]
]
OFFENCES += [
    (layers.core_rooms_include_only_what_they_may, f"cpp/{path}", text)
    for path, text in [
        ("src/base/memory.cpp", '#include "scan/visits.hpp"'),
        ("src/scan/visits.hpp", '#include "stagefunnel/questions/funnel/funnel.hpp"'),
        ("src/questions/funnel/funnel.cpp", '#include "stagefunnel/questions/stages/flow.hpp"'),
        (
            "include/stagefunnel/questions/stages/flow.hpp",
            '#include "stagefunnel/questions/funnel/funnel.hpp"',
        ),
        ("src/stray.cpp", "#include <span>"),
    ]
]
OFFENCES += [
    (layers.bindings_hold_no_defaults, "cpp/bindings/bind_funnel.cpp", text)
    for text in ('m.def("a", &a, "n"_a = 3);', 'm.def("a", &a, "n"_a.noconvert() = 3);')
]
OFFENCES += [
    (layers.rooms_import_only_what_they_may, f"python/stagefunnel/{path}", text)
    for path, text in [
        # The core is called by the log and the questions alone.
        ("tables/schema.py", "from .. import _core"),
        ("tables/schema.py", "def later():\n    from .._core import Journeys"),
        ("pipeline.py", "import stagefunnel._core"),
        ("display/charts/bars.py", "from ..._core import Journeys"),
        ("readers/__init__.py", "from stagefunnel import _core"),
        # Each room stands on the rooms below it.
        ("errors.py", "from .tables import schema"),
        ("pipeline.py", "def later():\n    from .log.stage_log import StageLog"),
        ("log/stage_log.py", "from ..questions.funnel.funnel import funnel"),
        ("tables/schema.py", "from ..display import numbers"),
        ("files/__init__.py", "from ..log.stage_log import StageLog"),
        ("readers/csv.py", "from ..questions.funnel.funnel import funnel"),
        ("readers/__init__.py", "from .. import funnel"),
        ("questions/scope/selection.py", "from ..funnel.funnel import funnel"),
        ("questions/funnel/funnel.py", "from ..chain.chain import chain"),
        ("questions/funnel/funnel.py", "from ...display.numbers import count"),
        ("display/numbers.py", "from ..log.stage_log import StageLog"),
        ("display/write.py", "from .charts.bars import bars"),
        ("display/charts/bars.py", "from ... import log"),
        ("plots.py", "from .questions.funnel.funnel import funnel"),
        ("datasets.py", "from .questions.funnel.funnel import funnel"),
        ("cli/parser.py", "from ..questions.funnel.funnel import funnel"),
        ("cli/parser.py", "from stagefunnel import plots"),
        ("cli/__init__.py", "import stagefunnel.log"),
        ("__main__.py", "from .files import read"),
        # Nothing imports the command.
        ("questions/funnel/funnel.py", "from ...cli import main"),
        ("files/__init__.py", "def later():\n    from .. import cli"),
    ]
]
OFFENCES += [
    (layers.no_modules_import_each_other, f"python/stagefunnel/{path}", text)
    for path, text in [
        ("readers/base.py", "from .csv import read"),
        ("readers/base.py", "def later():\n    from . import csv"),
        ("display/numbers.py", "if TYPE_CHECKING:\n    from .write import write"),
    ]
]
OFFENCES += [
    (layers.private_names_stay_at_home, f"python/stagefunnel/{path}", text)
    for path, text in [
        ("questions/funnel/funnel.py", "log._journeys"),
        ("questions/scope/selection.py", "def f(log):\n    return log.data._labels"),
        ("cli/parser.py", "parser._actions.clear()"),
    ]
]
OFFENCES += [
    (layers.charts_import_only_pandas_and_altair, "python/stagefunnel/display/charts/bars.py", text)
    for text in ("import matplotlib.pyplot as plt", "def draw():\n    from plotly import express")
]
OFFENCES += [
    (layers.altair_waits_for_a_chart, f"python/stagefunnel/{path}", text)
    for path, text in [
        ("display/charts/bars.py", "def draw():\n    import altair"),
        ("display/charts/library.py", "import altair as alt"),
        ("questions/funnel/funnel.py", "def draw():\n    import altair"),
    ]
]
OFFENCES += [
    (layers.loading_the_package_loads_nothing_slow, f"python/stagefunnel/{path}", text)
    for path, text in [
        ("__init__.py", "import pyarrow.parquet"),
        ("__init__.py", "if TYPE_CHECKING:\n    from rich.table import Table"),
        ("questions/funnel/funnel.py", "try:\n    from rich import box\nexcept ImportError:\n    box = None"),
        ("log/stage_log.py", "class Reader:\n    import polars"),
    ]
]
OFFENCES += [
    (layers.python_loops_over_no_rows, "python/stagefunnel/questions/funnel/funnel.py", text)
    for text in (
        "for index, row in table.iterrows(): ...",
        "rows = list(table.itertuples(index=False))",
        "table.apply(len, axis=1)",
        "table.apply(len, axis='columns')",
        "table.apply(len, 1)",
    )
]
OFFENCES += [
    (layers.no_lock_is_held_for_all, "python/stagefunnel/log/data.py", text)
    for text in (
        "from functools import cache, cached_property",
        "import functools\nclass Data:\n    @functools.cached_property\n    def n(self): ...",
        "import threading\n_lock: Final = threading.RLock()",
        "class Data:\n    lock = Lock()",
    )
]
OFFENCES += [
    (layers.output_is_written_whole, "python/stagefunnel/cli/demo.py", text)
    for text in ("sys.stdout.write(table)", "pickle.dump(drawing, sys.stdout.buffer)")
]
OFFENCES += [
    (layers.values_are_frozen, "python/stagefunnel/log/stage_log.py", text)
    for text in (
        "@dataclass\nclass Kept: ...",
        "@dataclass(frozen=False)\nclass Kept: ...",
        "@dataclasses.dataclass(slots=True)\nclass Kept: ...",
    )
]
OFFENCES += [
    (layers.no_public_name_hides_a_module, "python/stagefunnel/__init__.py", text)
    for text in (
        "from .questions.funnel.funnel import log",
        "from .questions.funnel.funnel import funnel as plots",
    )
]
OFFENCES += [
    (layers.no_file_is_too_long, path, text)
    for path, text in [
        ("python/stagefunnel/readers/csv.py", TOO_LONG),
        ("cpp/src/scan/visits.hpp", TOO_LONG_CPP),
        ("cpp/bindings/bind_funnel.cpp", TOO_LONG_CPP),
    ]
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in TREE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def slow_modules_loaded_by(code: str) -> set[str]:
    """Run the code in an interpreter of its own and return what it loaded."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return layers.SLOW & set(loaded.split())


def test_the_rules_find_files_to_read() -> None:
    assert len(layers.core_files(ROOT)) > 10
    assert len(layers.cpp_files(ROOT, "bindings")) > 5
    assert len(layers.python_files(ROOT)) > 10
    assert {"numpy", "_core", "errors"} <= {found.top for found in layers.imports(ROOT)}


@pytest.mark.parametrize("rule", layers.RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: layers.Rule) -> None:
    assert list(rule(ROOT)) == []


@pytest.mark.parametrize("rule", layers.RULES, ids=lambda rule: rule.__name__)
def test_a_tree_in_order_gives_no_complaint(rule: layers.Rule, tree: Path) -> None:
    assert list(rule(tree)) == []


@pytest.mark.parametrize(("rule", "path", "text"), OFFENCES)
def test_a_broken_rule_names_the_file(rule: layers.Rule, path: str, text: str, tree: Path) -> None:
    (tree / path).write_text(text, encoding="utf-8")
    assert path in " ".join(rule(tree))


def test_docstrings_and_comments_make_no_file_too_long(tree: Path) -> None:
    (tree / "python/stagefunnel/readers/csv.py").write_text(NOT_TOO_LONG, encoding="utf-8")
    assert list(layers.no_file_is_too_long(tree)) == []


def test_every_room_of_the_package_is_in_the_table() -> None:
    rooms = {layers.room_of(found.importer) for found in layers.imports(ROOT)} - {""}
    assert rooms <= set(layers.ALLOWED)


def test_every_rule_is_broken_by_some_snippet() -> None:
    assert {rule for rule, _, _ in OFFENCES} == set(layers.RULES)


def test_loading_all_public_names_loads_no_slow_module() -> None:
    assert slow_modules_loaded_by("from stagefunnel import *") <= slow_modules_loaded_by("import pandas")


def test_a_slow_module_would_be_seen() -> None:
    assert slow_modules_loaded_by("import rich.table") == {"rich"}
