"""Mutants of a source file: each differs from it in one operator or one number."""

from __future__ import annotations

import ast
import copy
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Mutant:
    """A changed source, and what was changed in which line of the original."""

    line: int
    change: str
    source: str


_COMPARED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COMPUTED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
}


def of_python(source: str, only: int | None = None) -> Iterator[Mutant]:
    """Change comparisons, arithmetic, `and`, `or`, `not`, truth and whole numbers; not types or texts.

    A number of `only` one mutant makes that one alone.
    """
    tree = ast.parse(source)
    counted = itertools.count()
    for place, node in enumerate(_code(tree)):
        for number, (change, _) in enumerate(_changes(node)):
            if next(counted) != only and only is not None:
                continue
            mutated = copy.deepcopy(tree)
            twin = next(one for at, one in enumerate(_code(mutated)) if at == place)
            _changes(twin)[number][1]()
            yield Mutant(node.lineno, change, ast.unparse(mutated))


def n_of_python(source: str) -> int:
    """Count what `of_python` yields."""
    return sum(len(_changes(node)) for node in _code(ast.parse(source)))


def _code(tree: ast.AST) -> Iterator[ast.expr]:
    """Walk through what runs: no annotations, and nothing that only a type checker reads."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "type_comment"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or _is_for_types(child):
                continue
            if isinstance(child, ast.expr):
                yield child
            yield from _code(child)


def _is_for_types(node: ast.AST) -> bool:
    if isinstance(node, ast.keyword) and node.arg == "frozen":
        return True  # a rule holds all of them: tests/python/package/layers.py
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("TypeVar", "cast")


def _changes(node: ast.expr) -> list[tuple[str, object]]:
    """List the changes of a node, each with what makes it."""
    found: list[tuple[str, object]] = []

    def offer(name: str, field: str, value: object) -> None:
        found.append((name, lambda: setattr(node, field, value)))

    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            other = _COMPARED[type(operator)]
            ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
            offer(f"{type(operator).__name__} to {other.__name__}", "ops", ops)
    elif isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED and not _joins_text(node):
        other_operator = _COMPUTED[type(node.op)]
        offer(f"{type(node.op).__name__} to {other_operator.__name__}", "op", other_operator())
    elif isinstance(node, ast.BoolOp):
        other_word = ast.Or if isinstance(node.op, ast.And) else ast.And
        offer(f"{type(node.op).__name__} to {other_word.__name__}", "op", other_word())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        # Twice `not` is none.
        offer("Not to none", "operand", ast.UnaryOp(ast.Not(), node.operand))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        offer(f"{node.value} to {not node.value}", "value", not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        offer(f"{node.value} to {node.value + 1}", "value", node.value + 1)
    return found


def _joins_text(node: ast.BinOp) -> bool:
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )


# Spaces stand around operators, and none in the brackets of templates.
_OPERATORS: Final = {
    " < ": " <= ",
    " <= ": " < ",
    " > ": " >= ",
    " >= ": " > ",
    " == ": " != ",
    " != ": " == ",
    " + ": " - ",
    " - ": " + ",
    " * ": " / ",
    " / ": " * ",
    " % ": " / ",
    " += ": " -= ",
    " -= ": " += ",
    " && ": " || ",
    " || ": " && ",
}
_CHANGED = re.compile(
    "|".join(re.escape(operator) for operator in sorted(_OPERATORS, key=len, reverse=True))
    + r"|(?<![\w.'])\d+(?=[^\w.']|U\b)"
)
_SILENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|^\s*#[^\n]*|static_assert\([^;]*;', re.S | re.M)


def of_cpp(source: str) -> Iterator[Mutant]:
    """Change operators and whole numbers; not comments, texts, or what the preprocessor reads."""
    silent = [found.span() for found in _SILENT.finditer(source)]
    for found in _CHANGED.finditer(source):
        begin, end = found.span()
        if any(first <= begin < last for first, last in silent):
            continue
        old = found.group()
        new = _OPERATORS[old] if old in _OPERATORS else str(int(old) + 1)
        line = source.count("\n", 0, begin) + 1
        yield Mutant(line, f"{old.strip()} to {new.strip()}", source[:begin] + new + source[end:])
