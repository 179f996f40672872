"""The layer rules of ARCHITECTURE.md, read off the includes and the imports.

A rule takes the root of a source tree and yields complaints, so that the same rule can be asked about
the project and about a bad snippet that it must not let through.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

Rule: TypeAlias = Callable[[Path], Iterator[str]]

# These have no business in the compiled core. A module that is not listed answers a question, or
# reads columns for one, and may call it.
OUTER = {
    *("errors", "schema", "settings", "pipeline", "datasets", "files", "readers"),
    *(
        "factors",
        "amounts",
        "overview",
        "display",
        "shown",
        "wording",
        "answers",
        "sequence_wording",
        "output",
        "plots",
        "reports",
        "cli",
        "__main__",
    ),
}
# What a module may import of the package; "" stands for the package's public names.
REACH = {
    "readers": {
        *("readers", "log", "pipeline", "stage_labels", "schema", "errors", "files", "times", "columns"),
    },
    "plots": {"plots", "schema", "errors", "wording", "answers", "sequence_wording"},
    "cli": {"", "cli", "files", "output", "schema"},
    "__main__": {"cli"},
}
PLOTS_IMPORT = {"pandas", "altair", *sys.stdlib_module_names}
# Optional, or needed only by those who print, draw or read files.
SLOW = {"altair", "duckdb", "matplotlib", "openpyxl", "polars", "pyarrow", "rich"}
# Printing, files, dates and languages are the callers' business.
BANNED_HEADERS = {
    *("iostream", "ostream", "istream", "fstream", "cstdio", "print", "filesystem"),
    *("chrono", "ctime", "locale", "clocale"),
}
# Asking the system for huge pages is the one thing that std cannot say.
SYSTEM_HEADERS = {("memory.cpp", "sys/mman.h")}
LONGEST_FILE = 350


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
    def part(self) -> str:
        return self.importer.partition(".")[0]

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
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        yield f"{path.relative_to(root)}:{number}", line.strip()


def imports(root: Path) -> Iterator[Import]:
    for path in python_files(root):
        parts = path.relative_to(package(root)).with_suffix("").parts
        home = ["stagefunnel", *parts[:-1]]
        importer = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        later = {id(inner) for node in ast.walk(tree) if waits(node) for inner in ast.walk(node)}
        for node in ast.walk(tree):
            where = f"{path.relative_to(root)}:{getattr(node, 'lineno', 0)}"
            for module, own in imported_modules(node, home, root):
                yield Import(importer, module, own, id(node) not in later, where)


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
    path = package(root).joinpath(*name.split("."))
    return name == "_core" or path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def core_includes_only_std_eigen_and_itself(root: Path) -> Iterator[str]:
    public = root / "cpp" / "include"
    for path in core_files(root):
        for where, line in numbered_lines(path, root):
            include = re.match(r"#\s*include\s*([<\"])([^>\"]+)", line)
            if include is None:
                continue
            bracket, header = include.groups()
            if bracket == "<":
                standard = re.fullmatch(r"[a-z_0-9]+", header) and header not in BANNED_HEADERS
                allowed = standard or header.startswith("Eigen/") or (path.name, header) in SYSTEM_HEADERS
            else:
                private = "/" not in header and not path.is_relative_to(public)
                allowed = private or re.fullmatch(r"stagefunnel/\w+\.hpp", header)
            if not allowed:
                yield f"{where}: {line}"


def bindings_hold_no_defaults(root: Path) -> Iterator[str]:
    for path in cpp_files(root, "bindings"):
        for where, line in numbered_lines(path, root):
            if re.search(r'"_a(\.noconvert\(\))?\s*=', line):
                yield f"{where}: {line}"


def outer_modules_leave_the_core_alone(root: Path) -> Iterator[str]:
    for found in imports(root):
        if found.own and found.top == "_core" and found.part in OUTER:
            yield str(found)


def outer_modules_import_only_their_neighbours(root: Path) -> Iterator[str]:
    for found in imports(root):
        if found.own and found.top not in REACH.get(found.part, {found.top}):
            yield str(found)


def nothing_imports_the_command(root: Path) -> Iterator[str]:
    for found in imports(root):
        if found.own and found.top == "cli" and found.part not in ("cli", "__main__"):
            yield str(found)


def plots_import_only_pandas_and_altair(root: Path) -> Iterator[str]:
    for found in imports(root):
        if not found.own and found.part == "plots" and found.top not in PLOTS_IMPORT:
            yield str(found)


def altair_waits_for_a_plot(root: Path) -> Iterator[str]:
    for found in imports(root):
        if found.top == "altair" and (found.at_load or found.part != "plots"):
            yield str(found)


def loading_the_package_loads_nothing_slow(root: Path) -> Iterator[str]:
    at_load = [found for found in imports(root) if found.at_load]
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
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                axis = [word.value for word in node.keywords if word.arg == "axis"] or node.args[1:2]
                by_row = [ast.unparse(value) for value in axis] in (["1"], ["'columns'"])
                method = node.func.attr
                if method in ("iterrows", "itertuples") or (method == "apply" and by_row):
                    yield f"{path.relative_to(root)}:{node.lineno}: {ast.unparse(node)}"


def no_public_name_hides_a_module(root: Path) -> Iterator[str]:
    init = package(root) / "__init__.py"
    for node in ast.walk(ast.parse(init.read_text(encoding="utf-8"))):
        # "from . import datasets" is the module itself, "from .datasets import datasets" hides it.
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for name in (alias.asname or alias.name for alias in node.names):
                if is_module(name, root):
                    yield f"{init.relative_to(root)}:{node.lineno}: {name}"


def no_file_is_too_long(root: Path) -> Iterator[str]:
    for path in [*python_files(root), *core_files(root), *cpp_files(root, "bindings")]:
        length = len(path.read_text(encoding="utf-8").splitlines())
        if length > LONGEST_FILE:
            yield f"{path.relative_to(root)}: {length} lines"


def no_two_headers_define_one_name(root: Path) -> Iterator[str]:
    # The linker takes one of the two for both, without a word, and memory is read as what it is not.
    homes: dict[str, str] = {}
    for path in core_files(root):
        if path.suffix != ".hpp":
            continue
        for name in re.findall(r"^(?:struct|class) (\w+)[^;]*\{", path.read_text("utf-8"), re.MULTILINE):
            home = homes.setdefault(name, path.name)
            if home != path.name:
                yield f"{path.relative_to(root)}: {name} is defined in {home} too"


RULES: tuple[Rule, ...] = (
    core_includes_only_std_eigen_and_itself,
    bindings_hold_no_defaults,
    outer_modules_leave_the_core_alone,
    outer_modules_import_only_their_neighbours,
    nothing_imports_the_command,
    plots_import_only_pandas_and_altair,
    altair_waits_for_a_plot,
    loading_the_package_loads_nothing_slow,
    python_loops_over_no_rows,
    no_public_name_hides_a_module,
    no_file_is_too_long,
    no_two_headers_define_one_name,
)
