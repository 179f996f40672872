"""The layer rules of ARCHITECTURE.md, read off the includes and the imports.

A rule takes the root of a source tree and yields complaints, so that the same rule can be asked about
the project and about a bad snippet that it must not let through.
"""

# The rules that a program checks stand in one file, so that they can be read as one list.

import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

Rule: TypeAlias = Callable[[Path], Iterator[str]]
Node = TypeVar("Node", bound=ast.AST)

# The dataclasses that collect something while a call runs; all others are values.
CHANGING = {
    ("log/spilled/state.py", "State"),
    ("display/grid.py", "Grid"),
    ("readers/notes.py", "Notes"),
    ("readers/sources/workbooks.py", "_Rows"),
    ("questions/checks/check.py", "_Facts"),
    ("databases/opening.py", "Database"),
    ("databases/results.py", "Result"),
    ("reports/themes.py", "_Marks"),
    ("reports/pictures.py", "Colours"),
}

# What the modules of a room may import of the package. A room is a folder or a file; the longest name that
# fits a module is its room. "" stands for the public names, "_core" for the compiled core.
ALLOWED: dict[str, set[str]] = {
    "naming": set(),
    "cached": set(),
    "clean": set(),
    "forking": {"errors"},
    "drawing": {"clean", "errors", "forking"},
    "errors": {"naming", "clean"},
    "renamed": {"errors"},
    "whole_file": {"errors"},
    "times": {"errors"},
    "times.typed": {"errors", "times"},  # what a command line says of times, before rows are read
    "toml_file": {"errors"},
    "working_hours": {"naming", "errors", "times", "toml_file"},
    "files": {"errors"},
    "databases": {"errors"},
    "pipeline_file": {"errors", "toml_file", "working_hours"},
    "stage_rules": {"errors", "times"},
    "pipeline": {"naming", "clean", "errors", "times", "toml_file", "pipeline_file", "stage_rules"},
    "settings": {
        *("naming", "errors", "times", "pipeline", "pipeline_file", "toml_file", "working_hours"),
        *("log", "bound"),
    },
    "signatures": {"tables"},
    "any_log": set(),  # it finds what answers by its name, when there is such a log
    "bound": {"", "naming", "clean", "errors", "pipeline", "log"},
    "tables": {"naming", "errors", "forking", "pipeline"},
    "log": {
        *(
            "_core",
            "naming",
            "clean",
            "cached",
            "errors",
            "forking",
            "whole_file",
            "times",
            "files",
            "databases",
        ),
        *("pipeline", "tables", "log.saved.form"),
    },
    "log.saved.form": {"log"},  # how the rows of a saved log are read, for the command
    "readers": {
        *("naming", "clean", "cached", "errors", "forking", "renamed", "times", "files", "databases"),
        *("pipeline", "tables", "log"),
    },
    "questions.scope": {"_core", "cached", "errors", "times", "working_hours", "pipeline", "tables", "log"},
    "questions.stats": {"_core", "errors", "times", "tables"},
    "questions.counted": {
        *("_core", "naming", "errors", "times", "working_hours", "pipeline", "tables", "log"),
        "questions.scope",
    },
    "questions.funnel": {
        *("_core", "errors", "renamed", "times", "pipeline", "tables", "log"),
        *("questions.counted", "questions.scope", "questions.stats"),
    },
    "questions.stages": {
        *("_core", "errors", "times", "working_hours", "pipeline", "tables", "log"),
        *("questions.counted", "questions.scope", "questions.funnel", "questions.stats"),
    },
    "questions.chain": {
        *("_core", "errors", "times", "pipeline", "tables", "log"),
        *("questions.counted", "questions.scope", "questions.funnel", "questions.stats"),
    },
    "questions.sequence": {
        *("_core", "naming", "errors", "times", "working_hours", "pipeline", "tables", "log"),
        *("questions.counted", "questions.scope", "questions.stages", "questions.stats"),
    },
    "questions.forecast": {
        *("_core", "cached", "errors", "times", "working_hours", "pipeline", "tables", "log"),
        *("questions.counted", "questions.scope", "questions.funnel", "questions.stages", "questions.stats"),
    },
    "questions.parts": {
        *("_core", "naming", "cached", "errors", "times", "working_hours", "pipeline", "tables", "log"),
        *("questions.counted", "questions.scope", "questions.funnel", "questions.stages"),
        *("questions.stats", "questions.chain", "questions.sequence", "questions.forecast"),
        "questions.summary",
    },
    "questions.checks.conditions": {"errors", "tables", "times"},  # read before rows are
    "questions.checks": {
        *("questions.checks.conditions", "_core", "cached", "errors", "times", "pipeline", "tables", "log"),
        *("questions.counted", "questions.scope", "questions.funnel"),
    },
    "questions.summary": {
        *("_core", "errors", "times", "working_hours", "pipeline", "tables", "log"),
        *("questions.counted", "questions.scope", "questions.funnel", "questions.stages"),
    },
    "words": {"cached", "errors", "tables"},
    "display": {"clean", "errors", "whole_file", "tables", "databases", "words"},
    "display.charts": {"clean", "drawing", "errors", "whole_file", "tables", "words", "display"},
    "plots": {"tables", "words", "display.charts", "signatures"},
    "stats": {"tables", "questions.stats", "signatures"},
    "suggesting": {
        *(
            "naming",
            "errors",
            "times",
            "files",
            "pipeline",
            "settings",
            "tables",
            "log",
            "readers",
            "display",
        ),
    },
    "reports": {
        *("cached", "clean", "errors", "times", "working_hours", "pipeline", "tables", "log", "questions"),
        *("words", "display", "display.charts", "reports.painter"),
    },
    "reports.painter": {"cached", "drawing"},
    "spark": {
        *("", "errors", "times", "pipeline", "tables", "log", "questions.scope", "questions.stages"),
        *("questions.sequence", "questions.forecast", "questions.parts", "questions.summary"),
    },
    "datasets": {"errors", "log", "pipeline"},
    "cli": {
        *("", "clean", "errors", "files", "whole_file", "toml_file", "databases", "tables", "display"),
        *("reports.painter", "log.saved.form", "times.typed", "questions.checks.conditions"),
    },
    "__main__": {"cli"},
}
# The same for the folders of the core: headers of a room are included by the rooms above it only.
CPP_ALLOWED: dict[str, set[str]] = {
    "base": set(),
    "columns": {"base"},
    "stats": {"base"},
    "counts": {"base", "stats"},
    "journeys": {"base", "columns"},
    "scan": {"base", "columns", "journeys"},
    "questions/funnel": {"base", "columns", "journeys", "scan", "stats"},
    "questions/stages": {"base", "columns", "journeys", "scan", "stats"},
    "questions/durations": {"base", "columns", "journeys", "scan", "stats"},
    "questions/sequence": {"base", "columns", "journeys", "scan", "stats"},
    "questions": {
        *("base", "columns", "journeys", "scan", "stats"),
        *("questions/funnel", "questions/stages", "questions/durations", "questions/sequence"),
    },
}
# Folders that hold rooms and no modules of their own beside them.
FOLDERS = {"questions"}
# The inside of a log is the one private thing that other rooms read; the others are of named tuples.
PRIVATE_FOR_ALL = {"_data", "_replace", "_fields", "_asdict"}
CHARTS_IMPORT = {"pandas", "altair", *sys.stdlib_module_names}
# Optional, or needed only by those who print, draw or read files.
SLOW = {"altair", "duckdb", "matplotlib", "openpyxl", "polars", "pyarrow", "pyspark", "rich"}
# Printing, files, dates and languages are the callers' business.
BANNED_HEADERS = {
    *("iostream", "ostream", "istream", "fstream", "cstdio", "print", "filesystem"),
    *("chrono", "ctime", "locale", "clocale"),
}
# Asking the system for huge pages, letting go of pages of a file, and holding a lock while a process forks,
# are what std cannot say.
SYSTEM_HEADERS = {
    *(("memory.cpp", "sys/mman.h"), ("pages.cpp", "sys/mman.h")),
    *(("memory.cpp", "pthread.h"), ("text_hash.cpp", "pthread.h")),
}
LONGEST_FILE = 300  # lines of code, without docstrings, comments and blank lines


class Import(NamedTuple):
    """One import statement's way to one module."""

    importer: str
    module: str  # relative to the package where it is its own
    own: bool
    at_load: bool  # runs when the importer is loaded, not only when something is called
    where: str

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    @property
    def room(self) -> str:
        return room_of(self.importer)

    @property
    def from_room(self) -> str:
        return room_of(self.module)

    def __str__(self) -> str:
        return f"{self.where}: imports {self.module or 'the public names'}"


def package(root: Path) -> Path:
    return root / "python" / "stagefunnel"


def python_files(root: Path) -> list[Path]:
    return sorted(package(root).rglob("*.py"))


def core_files(root: Path) -> list[Path]:
    return sorted(path for part in ("include", "src") for path in cpp_files(root, part))


def cpp_files(root: Path, part: str) -> list[Path]:
    return sorted((root / "cpp" / part).rglob("*.[ch]pp"))


def numbered_lines(path: Path, root: Path) -> Iterator[tuple[str, str]]:
    name = path.relative_to(root)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        yield f"{name}:{number}", line.strip()


def imports(root: Path) -> Iterator[Import]:
    yield from _imports(root, tuple((path, path.read_text(encoding="utf-8")) for path in python_files(root)))


@cache  # several rules look at every file, and none changes what it looks at
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache  # one walk of a file is enough for all rules
def nodes_by_type(text: str) -> dict[type[ast.AST], list[ast.AST]]:
    found: dict[type[ast.AST], list[ast.AST]] = {}
    for node in ast.walk(parsed(text)):
        found.setdefault(type(node), []).append(node)
    return found


def nodes_of(path: Path, kind: type[Node]) -> list[Node]:
    """List the nodes of a kind in a file."""
    found: list[Any] = nodes_by_type(path.read_text(encoding="utf-8")).get(kind, [])
    return found


@cache  # nearly every rule asks for them
def _imports(root: Path, files: tuple[tuple[Path, str], ...]) -> tuple[Import, ...]:
    return tuple(found for path, text in files for found in imports_of(path, text, root))


def imports_of(path: Path, text: str, root: Path) -> Iterator[Import]:
    parts = path.relative_to(package(root)).with_suffix("").parts
    home = ["stagefunnel", *parts[:-1]]
    importer = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    for node, at_load in statements(parsed(text)):
        where = f"{path.relative_to(root)}:{node.lineno}"
        for module, own in imported_modules(node, home, root):
            yield Import(importer, module, own, at_load, where)


def statements(node: ast.AST, at_load: bool = True) -> Iterator[tuple[ast.stmt, bool]]:
    """List the statements of a module, and whether each runs when the module is loaded."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.stmt):
            yield inner, at_load and not waits(inner)
        # Beside statements, handlers of exceptions and cases of a match hold statements.
        if isinstance(inner, ast.stmt | ast.excepthandler | ast.match_case):
            yield from statements(inner, at_load and not waits(inner))


def waits(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def imported_modules(node: ast.AST, home: list[str], root: Path) -> list[tuple[str, bool]]:
    """Return the modules that a statement imports, and whether each is the package's own."""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        start = home[: len(home) + 1 - node.level] if node.level else []
        module = ".".join([*start, *filter(None, [node.module])])
        names = [f"{module}.{alias.name}" for alias in node.names]
    own = {name for name in names if name.partition(".")[0] == "stagefunnel"}
    found = {(nearest_module(name, root) if name in own else name, name in own) for name in names}
    return sorted(found)


def nearest_module(name: str, root: Path) -> str:
    """Cut the names that are not modules off the end, and the package off the start."""
    parts = name.split(".")[1:]
    while parts and not is_module(".".join(parts), root):
        parts.pop()
    return ".".join(parts)


def is_module(name: str, root: Path) -> bool:
    return name == "_core" or module_path(name, root).is_file()


def module_path(name: str, root: Path) -> Path:
    path = package(root).joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def room_of(module: str) -> str:
    """Return the room of a module: the longest name in the table that it begins with."""
    parts = module.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((name for name in names if name in ALLOWED), parts[0])


def may_import(room: str) -> set[str]:
    """Return the rooms that a room may import; a folder of rooms stands for all of them."""
    allowed = ALLOWED.get(room, set())
    return allowed | {name for name in ALLOWED if name.rpartition(".")[0] in allowed & FOLDERS}


def reached_from(importer: str, below: dict[str, set[str]]) -> set[str]:
    reached, waiting = set[str](), below.get(importer, set())
    while waiting:
        reached |= waiting
        waiting = {module for name in waiting for module in below.get(name, ())} - reached
    return reached


def core_includes_only_std_eigen_and_itself(root: Path) -> Iterator[str]:
    for path in core_files(root):
        for where, bracket, header in includes(path, root):
            if bracket == "<":
                standard = re.fullmatch(r"[a-z_0-9]+", header) and header not in BANNED_HEADERS
                allowed = standard or header.startswith("Eigen/") or (path.name, header) in SYSTEM_HEADERS
            else:
                allowed = cpp_room(header.removeprefix("stagefunnel/")) is not None
                public = path.is_relative_to(root / "cpp" / "include")
                allowed = allowed and (header.startswith("stagefunnel/") or not public)
            if not allowed:
                yield f"{where}: {header}"


def core_rooms_include_only_what_they_may(root: Path) -> Iterator[str]:
    for path in core_files(root):
        home = root / "cpp" / "src"
        if path.is_relative_to(root / "cpp" / "include"):
            home = root / "cpp" / "include" / "stagefunnel"
        room = cpp_room(path.relative_to(home).as_posix())
        if room is None:
            yield f"{path.relative_to(root)}: stands in no room"
            continue
        for where, bracket, header in includes(path, root):
            other = cpp_room(header.removeprefix("stagefunnel/")) if bracket == '"' else None
            if other is not None and other != room and other not in CPP_ALLOWED[room]:
                yield f"{where}: {header}"


def includes(path: Path, root: Path) -> Iterator[tuple[str, str, str]]:
    for where, line in numbered_lines(path, root):
        include = re.match(r"#\s*include\s*([<\"])([^>\"]+)", line)
        if include is not None:
            yield where, *include.groups()


def cpp_room(path: str) -> str | None:
    """Return the room of a file of the core: the longest folder in the table that holds it."""
    folders = path.split("/")[:-1]
    names = ["/".join(folders[:length]) for length in range(len(folders), 0, -1)]
    return next((name for name in names if name in CPP_ALLOWED), None)


def bindings_hold_no_defaults(root: Path) -> Iterator[str]:
    for path in cpp_files(root, "bindings"):
        for where, line in numbered_lines(path, root):
            if re.search(r'"_a(\.noconvert\(\))?\s*=', line):
                yield f"{where}: {line}"


def rooms_import_only_what_they_may(root: Path) -> Iterator[str]:
    for found in imports(root):
        inside = found.from_room == found.room or found.importer == ""
        if found.own and not inside and found.from_room not in may_import(found.room):
            yield str(found)


def no_modules_import_each_other(root: Path) -> Iterator[str]:
    # Late imports count: a circle that is closed only when something is called is still one.
    below: dict[str, set[str]] = {}
    for found in imports(root):
        if found.own and found.importer and found.module:
            below.setdefault(found.importer, set()).add(found.module)
    for importer in sorted(below):
        if importer in reached_from(importer, below):
            yield f"{module_path(importer, root).relative_to(root)}: imports itself through other modules"


def private_names_stay_at_home(root: Path) -> Iterator[str]:
    for path in python_files(root):
        own = set(private_names(path))
        for node in nodes_of(path, ast.Attribute):
            if not node.attr.startswith("_"):
                continue
            on_itself = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not on_itself and node.attr not in own | PRIVATE_FOR_ALL and not node.attr.endswith("__"):
                yield f"{path.relative_to(root)}:{node.lineno}: {ast.unparse(node)}"


def private_names(path: Path) -> Iterator[str]:
    """List the private attributes that the classes of a module define."""
    yield from (node.name for node in nodes_of(path, ast.FunctionDef))
    for assigned in nodes_of(path, ast.AnnAssign):
        if isinstance(assigned.target, ast.Name):
            yield assigned.target.id
    yield from (node.attr for node in nodes_of(path, ast.Attribute) if isinstance(node.ctx, ast.Store))


def charts_import_only_pandas_and_altair(root: Path) -> Iterator[str]:
    for found in imports(root):
        if not found.own and found.room == "display.charts" and found.top not in CHARTS_IMPORT:
            yield str(found)


def altair_waits_for_a_chart(root: Path) -> Iterator[str]:
    for found in imports(root):
        if found.top == "altair" and (found.at_load or found.importer != "display.charts.library"):
            yield str(found)


def loading_the_package_loads_nothing_slow(root: Path) -> Iterator[str]:
    # The public names are loaded when they are first used, and all of them count here.
    at_load = [found for found in imports(root) if found.at_load or found.importer == ""]
    loaded, waiting = set[str](), {""}
    while waiting:
        loaded |= waiting
        own = {found.module for found in at_load if found.own and found.importer in waiting}
        parents = {name.rpartition(".")[0] for name in own}
        waiting = (own | parents) - loaded
    for found in at_load:
        if found.importer in loaded and not found.own and found.top in SLOW:
            yield str(found)


def python_loops_over_no_rows(root: Path) -> Iterator[str]:
    for path in python_files(root):
        for node in nodes_of(path, ast.Call):
            if isinstance(node.func, ast.Attribute):
                axis = [word.value for word in node.keywords if word.arg == "axis"] or node.args[1:2]
                by_row = [ast.unparse(value) for value in axis] in (["1"], ["'columns'"])
                method = node.func.attr
                if method in ("iterrows", "itertuples") or (method == "apply" and by_row):
                    yield f"{path.relative_to(root)}:{node.lineno}: {ast.unparse(node)}"


def no_lock_is_held_for_all(root: Path) -> Iterator[str]:
    # A process that is forked while another thread holds such a lock would wait for it for ever.
    for path in python_files(root):
        name = path.relative_to(root)
        found: list[ast.ImportFrom | ast.Attribute] = []
        if path.name != "cached.py":
            found += [
                node
                for node in nodes_of(path, ast.ImportFrom)
                if "cached_property" in names_of(node, "functools")
            ]
            found += [
                node for node in nodes_of(path, ast.Attribute) if is_name(node, "functools.cached_property")
            ]
        yield from (f"{name}:{node.lineno}: cached_property of functools" for node in found)
        for holder in [*nodes_of(path, ast.Module), *nodes_of(path, ast.ClassDef)]:
            for one in holder.body:
                value = one.value if isinstance(one, ast.Assign | ast.AnnAssign) else None
                if isinstance(value, ast.Call) and re.search(
                    r"Lock|Condition|Semaphore", ast.unparse(value.func)
                ):
                    yield f"{name}:{one.lineno}: {ast.unparse(value)}"


def output_is_written_whole(root: Path) -> Iterator[str]:
    # Without a buffer the standard output may take a part of what it is given, and nobody would know.
    for path in python_files(root):
        for node in nodes_of(path, ast.Attribute):
            if is_name(node, "sys.stdout.write") or is_name(node, "sys.stdout.buffer"):
                yield f"{path.relative_to(root)}:{node.lineno}: {ast.unparse(node)}"


def is_name(node: ast.Attribute, name: str) -> bool:
    # The last part alone rules nearly all out, and to write out each would take seconds.
    return node.attr == name.rpartition(".")[2] and ast.unparse(node) == name


def names_of(node: ast.ImportFrom, module: str) -> set[str]:
    return {alias.name for alias in node.names} if node.module == module else set()


def values_are_frozen(root: Path) -> Iterator[str]:
    # A value that several logs or questions share must not change under one of them.
    for path in python_files(root):
        name = path.relative_to(package(root)).as_posix()
        for node in nodes_of(path, ast.ClassDef):
            for decorator in node.decorator_list:
                text = ast.unparse(decorator)
                may_change = "frozen=True" not in text and (name, node.name) not in CHANGING
                if may_change and re.match(r"(dataclasses\.)?dataclass\b", text):
                    yield f"{path.relative_to(root)}:{node.lineno}: {node.name} is not frozen"


def no_public_name_hides_a_module(root: Path) -> Iterator[str]:
    init = package(root) / "__init__.py"
    for node in nodes_of(init, ast.ImportFrom):
        # "from . import datasets" is the module itself, "from .datasets import datasets" hides it.
        if node.module is not None:
            for name in (alias.asname or alias.name for alias in node.names):
                if is_module(name, root):
                    yield f"{init.relative_to(root)}:{node.lineno}: {name}"


def no_file_is_too_long(root: Path) -> Iterator[str]:
    for path in [*python_files(root), *core_files(root), *cpp_files(root, "bindings")]:
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) <= LONGEST_FILE:
            continue  # to take comments out takes seconds for all files
        length = python_length(text) if path.suffix == ".py" else cpp_length(text)
        if length > LONGEST_FILE:
            yield f"{path.relative_to(root)}: {length} lines of code"


def python_length(text: str) -> int:
    """Count the lines that hold code: not blank ones, comments and docstrings."""
    blank = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines = set[int]()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in blank | {tokenize.ENDMARKER}:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.end_lineno:
            lines.difference_update(range(node.lineno, node.end_lineno + 1))
    return len(lines)


def cpp_length(text: str) -> int:
    """Count the lines that hold code: not blank ones and those of comments alone."""
    lines = (line.strip() for line in text.splitlines())
    return sum(bool(line) and not line.startswith("//") for line in lines)


RULES: tuple[Rule, ...] = (
    core_includes_only_std_eigen_and_itself,
    bindings_hold_no_defaults,
    core_rooms_include_only_what_they_may,
    rooms_import_only_what_they_may,
    no_modules_import_each_other,
    private_names_stay_at_home,
    charts_import_only_pandas_and_altair,
    altair_waits_for_a_chart,
    loading_the_package_loads_nothing_slow,
    python_loops_over_no_rows,
    no_lock_is_held_for_all,
    output_is_written_whole,
    values_are_frozen,
    no_public_name_hides_a_module,
    no_file_is_too_long,
)
