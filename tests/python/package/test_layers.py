"""The project keeps the layer rules, and every rule can be broken."""

import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pytest

import layers

ROOT = Path(__file__).parents[3]
TOO_LONG = "\n" * (layers.LONGEST_FILE + 1)

# A tree that keeps every rule; a snippet takes the place of one of its files.
TREE = {
    "cpp/include/stagefunnel/funnel.hpp": "#include <Eigen/Core>\n#include <span>\nstruct Counts {\n};\n",
    "cpp/src/visits.hpp": '#include "stagefunnel/funnel.hpp"\nstruct Counts;\nstruct Visits {\n};\n',
    "cpp/src/funnel.cpp": '#include "stagefunnel/funnel.hpp"\n#include "visits.hpp"\n',
    "cpp/bindings/bind_funnel.cpp": '#include <pybind11/numpy.h>\nm.def("funnel", &f, "log"_a);\n',
    "python/stagefunnel/__init__.py": "from . import datasets\nfrom .funnels import funnel\n",
    "python/stagefunnel/__main__.py": "from .cli import main\n",
    "python/stagefunnel/cli/__init__.py": "import rich\nfrom .. import files, funnel\nfrom . import parser\n",
    "python/stagefunnel/cli/parser.py": "from stagefunnel.output import write\n",
    "python/stagefunnel/datasets.py": "from .log import StageLog\n",
    "python/stagefunnel/errors.py": "",
    "python/stagefunnel/files.py": "def read():\n    import pyarrow\n",
    "python/stagefunnel/funnels.py": "from . import _core\ntable.apply(len)\ntable.sum(axis=1)\n",
    "python/stagefunnel/log.py": "from ._core import Journeys\n",
    "python/stagefunnel/pipeline.py": "if TYPE_CHECKING:\n    import polars\n",
    "python/stagefunnel/schema.py": "import numpy as np\n",
    "python/stagefunnel/plots/__init__.py": "from .bars import bars\n",
    "python/stagefunnel/plots/bars.py": "from ..schema import FUNNEL\ndef draw():\n    import altair\n",
    "python/stagefunnel/readers/__init__.py": "",
    "python/stagefunnel/readers/csv.py": "from ..log import StageLog\nfrom . import base\n",
    "python/stagefunnel/readers/base.py": "import pandas as pd\n",
}

Offence: TypeAlias = tuple[layers.Rule, str, str]
OFFENCES: list[Offence] = [
    (layers.core_includes_only_std_eigen_and_itself, path, text)
    for path, text in [
        ("cpp/src/funnel.cpp", "#include <pybind11/numpy.h>"),
        ("cpp/src/funnel.cpp", "#include <Python.h>"),
        ("cpp/src/funnel.cpp", '#include "../bindings/arrays.hpp"'),
        ("cpp/src/funnel.cpp", '#include "boost/config.hpp"'),
        ("cpp/include/stagefunnel/funnel.hpp", "  # include <iostream>"),
        ("cpp/include/stagefunnel/funnel.hpp", '#include "visits.hpp"'),
    ]
]
OFFENCES += [
    (layers.bindings_hold_no_defaults, "cpp/bindings/bind_funnel.cpp", text)
    for text in ('m.def("a", &a, "n"_a = 3);', 'm.def("a", &a, "n"_a.noconvert() = 3);')
]
OFFENCES += [
    (layers.outer_modules_leave_the_core_alone, f"python/stagefunnel/{path}", text)
    for path, text in [
        ("schema.py", "from . import _core"),
        ("schema.py", "def later():\n    from ._core import Journeys"),
        ("pipeline.py", "import stagefunnel._core"),
        ("plots/bars.py", "from .._core import Journeys"),
        ("readers/__init__.py", "from stagefunnel import _core"),
    ]
]
OFFENCES += [
    (layers.outer_modules_import_only_their_neighbours, f"python/stagefunnel/{path}", text)
    for path, text in [
        ("readers/csv.py", "from ..funnels import funnel"),
        ("readers/__init__.py", "from .. import funnel"),
        ("plots/bars.py", "from .. import log"),
        ("cli/parser.py", "from ..funnels import funnel"),
        ("cli/parser.py", "from stagefunnel import errors"),
        ("cli/__init__.py", "import stagefunnel.log"),
        ("__main__.py", "from .files import read"),
    ]
]
OFFENCES += [
    (layers.nothing_imports_the_command, f"python/stagefunnel/{path}", text)
    for path, text in [
        ("funnels.py", "from .cli import main"),
        ("files.py", "def later():\n    from . import cli"),
    ]
]
OFFENCES += [
    (layers.plots_import_only_pandas_and_altair, "python/stagefunnel/plots/bars.py", text)
    for text in ("import matplotlib.pyplot as plt", "def draw():\n    from plotly import express")
]
OFFENCES += [
    (layers.altair_waits_for_a_plot, f"python/stagefunnel/{path}", text)
    for path, text in [
        ("plots/bars.py", "import altair as alt"),
        ("funnels.py", "def draw():\n    import altair"),
    ]
]
OFFENCES += [
    (layers.loading_the_package_loads_nothing_slow, f"python/stagefunnel/{path}", text)
    for path, text in [
        ("__init__.py", "import pyarrow.parquet"),
        ("funnels.py", "try:\n    from rich import box\nexcept ImportError:\n    box = None"),
        ("log.py", "class Reader:\n    import polars"),
    ]
]
OFFENCES += [
    (layers.python_loops_over_no_rows, "python/stagefunnel/funnels.py", text)
    for text in (
        "for index, row in table.iterrows(): ...",
        "rows = list(table.itertuples(index=False))",
        "table.apply(len, axis=1)",
        "table.apply(len, axis='columns')",
        "table.apply(len, 1)",
    )
]
OFFENCES += [
    (layers.no_public_name_hides_a_module, "python/stagefunnel/__init__.py", text)
    for text in ("from .funnels import log", "from .funnels import funnel as plots")
]
OFFENCES += [
    (layers.no_two_headers_define_one_name, "cpp/src/visits.hpp", f"{kind} Counts final {{\n}};\n")
    for kind in ("struct", "class")
]
OFFENCES += [
    (layers.no_file_is_too_long, path, TOO_LONG)
    for path in (
        "python/stagefunnel/readers/csv.py",
        "cpp/src/visits.hpp",
        "cpp/bindings/bind_funnel.cpp",
    )
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


def test_every_rule_is_broken_by_some_snippet() -> None:
    assert {rule for rule, _, _ in OFFENCES} == set(layers.RULES)


def test_loading_the_package_loads_no_slow_module() -> None:
    assert slow_modules_loaded_by("import stagefunnel") <= slow_modules_loaded_by("import pandas")


def test_a_slow_module_would_be_seen() -> None:
    assert slow_modules_loaded_by("import rich.table") == {"rich"}
