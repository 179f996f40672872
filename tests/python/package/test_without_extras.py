"""The package where pyarrow and altair are not installed."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from forked import Interpreter
from helpers import run_python

HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""


# All public names are there without the module.
NAMES = """
import stagefunnel

for name in stagefunnel.__all__:
    getattr(stagefunnel, name)
"""
_ENDING = ExitStack()


@pytest.fixture(scope="module", autouse=True)
def _ending() -> Iterator[None]:
    """End the interpreters that were started."""
    with _ENDING:
        yield
    interpreter_without.cache_clear()


@cache
def interpreter_without(hidden: str) -> Interpreter:
    return _ENDING.enter_context(Interpreter(HIDE.format(hidden=(hidden,)) + NAMES, "-W", "error"))


def run_without(hidden: str, code: str) -> str:
    """Run code in an interpreter that does not find a module; return what it prints."""
    done = interpreter_without(hidden).run(code)
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


def test_hiding_a_module_hides_it() -> None:
    code = "try:\n    import pyarrow.parquet\nexcept ImportError as error:\n    print(error)"
    assert run_without("pyarrow", code) == "No module named 'pyarrow'\n"


PIPELINE = 'pipeline = sf.Pipeline(["New", "Offer"], won="Won")\n'


DTYPES = ["str", "object", "category", "string"]


@pytest.fixture(scope="module")
def printed() -> dict[str, list[str]]:
    """Read frames with text of each type in one interpreter without pyarrow."""
    code = f"""
import pandas as pd
import stagefunnel as sf
texts = pd.DataFrame(
    {{"item": ["a", "a", "NA"], "stage": ["New", "Won", "New"], "time": ["2026-01-01"] * 3}}, dtype=object
)
items = pd.DataFrame({{"item": ["a"], "group": ["x"]}})
{PIPELINE}
for dtype in {DTYPES!r}:
    log = sf.StageLog(texts.astype(dtype), items=items)
    print(sf.funnel(log, pipeline)["reached"].tolist(), sf.item_table(log, pipeline)["item"].tolist())
    print(sf.funnel(log, pipeline, by="group")["base"].tolist())
    print(sf.show(sf.funnel(log, pipeline))._repr_html_()[:4], "pyarrow" in sys.modules)
"""
    lines = run_without("pyarrow", code).splitlines()
    assert len(lines) == 3 * len(DTYPES)
    return {dtype: lines[3 * at : 3 * at + 3] for at, dtype in enumerate(DTYPES)}


@pytest.mark.parametrize("dtype", DTYPES)
def test_pandas_frames_with_text_are_read_without_pyarrow(dtype: str, printed: dict[str, list[str]]) -> None:
    assert printed[dtype] == ["[2, 0, 1] ['a', 'NA']", "[1, 1, 1, 1, 1, 1]", "<div False"]


def test_arrays_and_polars_frames_are_read_without_pyarrow() -> None:
    code = f"""
import polars as pl
import stagefunnel as sf
rows = {{"item": ["a", "a"], "stage": ["New", "Won"], "time": [0, 1]}}
{PIPELINE}
for source in (rows, pl.DataFrame(rows)):
    print(sf.funnel(sf.StageLog(source), pipeline)["reached"].tolist())
try:
    sf.StageLog(rows, items=pl.DataFrame({{"item": ["a"]}}))
except sf.SchemaError as error:
    print(error)
"""
    assert run_without("pyarrow", code).splitlines() == [
        "[1, 0, 1]",
        "[1, 0, 1]",
        'an items table of type DataFrame needs pyarrow: pip install "stagefunnel[arrow]", or pass a pandas '
        "DataFrame",
    ]


def test_exports_are_read_without_pyarrow(tmp_path: Path) -> None:
    code = f"""
import json
from pathlib import Path
import polars as pl
import stagefunnel as sf
rows = {{"deal_id": [1, 1], "stage": ["New", "Won"], "changed_at": ["02.03.2026", "2026-03-03 10:00"]}}
records = [dict(zip(rows, row)) for row in zip(*rows.values())]
lines = [";".join(rows), *(";".join(map(str, row)) for row in zip(*rows.values()))]
Path({str(tmp_path / "a.csv")!r}).write_text("\\n".join(lines), encoding="utf-16")
Path({str(tmp_path / "a.json")!r}).write_text(json.dumps(records))
for given in (records, pl.DataFrame(rows), {str(tmp_path / "a.csv")!r}, {str(tmp_path / "a.json")!r}):
    export = sf.read(given)
    print(sf.funnel(export.log, export.pipelines["Pipeline"])["reached"].tolist())
"""
    assert run_without("pyarrow", code).splitlines() == ["[1, 1]"] * 4


def test_a_workbook_says_what_to_install(tmp_path: Path) -> None:
    file = tmp_path / "deals.xlsx"
    file.write_bytes(b"PK\x03\x04rest")
    code = f"""
import stagefunnel as sf
try:
    sf.read({str(file)!r})
except sf.ReaderError as error:
    print(error)
"""
    message = f'{file}: reading .xlsx needs openpyxl: pip install "stagefunnel[excel]"\n'
    assert run_without("openpyxl", code) == message


@pytest.mark.parametrize(
    ("hidden", "ask", "message"),
    [
        ("polars", 'sf.options(frames="polars")', "frames='polars' needs polars: pip install polars"),
        ("pyarrow", 'sf.options(frames="polars")', "frames='polars' needs pyarrow: pip install pyarrow"),
        ("pyarrow", 'sf.options(frames="arrow")', "frames='arrow' needs pyarrow: pip install pyarrow"),
        (
            "openpyxl",
            'sf.to_excel(sf.outcomes(shop.log, shop.pipeline), "none.xlsx")',
            'writing .xlsx needs openpyxl: pip install "stagefunnel[excel]"',
        ),
    ],
)
def test_another_frame_and_a_workbook_say_what_to_install(
    hidden: str, ask: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = f"""
import stagefunnel as sf
shop = sf.datasets.worked_example()
try:
    {ask}
except sf.StageFunnelError as error:
    print(error)
print(type(sf.outcomes(shop.log, shop.pipeline)).__name__)
"""
    assert run_without(hidden, code).splitlines() == [message, "DataFrame"]
    assert not [*tmp_path.iterdir()]


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text("item,stage,time\n007,New,2026-01-01\n,New,2026-01-01\n007,Won,2026-01-02\n")
    Path("log.parquet").write_bytes(b"")
    Path("pipeline.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')


def command(*arguments: str) -> str:
    return f"from stagefunnel.cli import main\nprint(main({list(arguments)!r}))"


@pytest.mark.usefixtures("export")
def test_the_command_reads_csv_without_pyarrow() -> None:
    options = ["--pipeline", "pipeline.toml", "--invalid", "drop", "--format", "csv"]
    lines = run_without("pyarrow", command("funnel", "log.csv", *options)).splitlines()
    assert [line.split(",")[2] for line in lines[1:3]] == ["1", "1"]
    assert lines[-1] == "0"


@pytest.mark.usefixtures("export")
@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        ("log.parquet", [], "log.parquet: reading Parquet needs pyarrow"),
        ("log.csv", ["--invalid", "drop", "--out", "out.parquet"], "writing Parquet needs pyarrow"),
    ],
)
def test_parquet_says_what_to_install(file: str, options: list[str], message: str) -> None:
    code = "sys.stderr = sys.stdout\n" + command("funnel", file, "--pipeline", "pipeline.toml", *options)
    assert run_without("pyarrow", code).splitlines() == [
        f'stagefunnel: error: {message}: pip install "stagefunnel[arrow]"',
        "1",
    ]
    assert not Path("out.parquet").exists()


def test_nothing_but_a_plot_needs_altair() -> None:
    code = """
import stagefunnel as sf
shop = sf.datasets.worked_example()
print(repr(sf.show(sf.funnel(shop.log, shop.pipeline))).splitlines()[0])
"""
    assert run_without("altair", code) == "Funnel: classic\n"


def test_a_plot_says_what_to_install() -> None:
    code = """
import stagefunnel as sf
from stagefunnel.plots import plot_funnel
shop = sf.datasets.worked_example()
try:
    plot_funnel(sf.funnel(shop.log, shop.pipeline))
except ImportError as error:
    print(error)
"""
    assert 'pip install "stagefunnel[plots]"' in run_without("altair", code)


def test_importing_the_package_loads_no_library_that_a_question_may_not_need() -> None:
    code = "import sys, stagefunnel\n"
    code += "print({'altair', 'openpyxl', 'rich', 'polars', 'duckdb'} & set(sys.modules))"
    assert run_python("-W", "error", "-c", code).stdout == "set()\n"


def test_a_page_needs_no_altair(tmp_path: Path) -> None:
    code = f"""
import stagefunnel as sf
shop = sf.datasets.worked_example()
print(sf.report(shop.log, shop.pipeline, {str(tmp_path / "page.html")!r}, sections="time").name)
"""
    assert run_without("altair", code) == "page.html\n"


def test_the_demo_writes_what_it_can_and_says_what_the_page_needs(tmp_path: Path) -> None:
    code = f"from stagefunnel.cli import main\nprint(main(['demo', {str(tmp_path / 'demo')!r}]))"
    done = run_python("-c", HIDE.format(hidden=("jinja2",)) + code)
    assert "Most often skipped" in done.stdout
    assert done.stdout.endswith("1\n")
    assert "report.html is not written" in done.stderr
    assert 'pip install "stagefunnel[' in done.stderr
    assert {file.name for file in (tmp_path / "demo").iterdir()} == {
        *("deals.csv", "items.csv", "leads.csv", "links.csv"),
        *("pipeline.toml", "leads.toml"),
    }
