"""A pipeline file with comments: why each line is as it is, and what it could be."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..settings import Settings, toml_value

_LISTS = ("stages", "won", "lost")


@dataclass(frozen=True)
class Comments:
    """What to write beside the lines of a pipeline file.

    Attributes
    ----------
    head
        Sentences at the top.
    stages
        What to say of each stage, by its label as text.
    keys
        Sentences above a key, by the table and the key, as in ``"columns.time"``.
    more
        Lines below the keys of a table, which are commented out: what could be there, by the table.
    dated
        Stages that may be dated, by ``"since"`` and ``"until"``, with their days.
    """

    head: Sequence[str] = ()
    stages: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    more: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dated: Mapping[str, Mapping[Hashable, str]] = field(default_factory=dict)


def commented_toml(settings: Settings, comments: Comments) -> str:
    """Write a pipeline file that means what :meth:`stagefunnel.Settings.to_toml` writes, with comments.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> from stagefunnel.suggesting.commented_toml import Comments, commented_toml
    >>> settings = sf.Settings(sf.Pipeline(["New"], won="Won"), {"time": "at"})
    >>> comments = Comments(stages={"New": "9 items"}, more={"columns": ['zone = "UTC"']})
    >>> print(commented_toml(settings, comments))
    [pipeline]
    stages = [
        "New",  # 9 items
    ]
    won = ["Won"]
    lost = []
    <BLANKLINE>
    [columns]
    time = "at"
    # zone = "UTC"
    <BLANKLINE>
    """
    lines = [*_remarks(comments.head), *([""] if comments.head else [])]
    table, tables = "", set[str]()
    for line in settings.to_toml().splitlines():
        if not line and table in comments.more:
            lines += _remarks(comments.more[table])
        if line.startswith("["):
            table = line.strip("[]")
            tables.add(table)
        key, equals, _ = line.partition(" = ")
        if equals:
            lines += _remarks(comments.keys.get(f"{table}.{key}", ()))
        is_list = table == "pipeline" and key in _LISTS
        lines += _one_by_one(settings, key, comments.stages) if is_list else [line]
    if table in comments.more:
        lines += _remarks(comments.more[table])
    for name, days in comments.dated.items():
        if f"pipeline.{name}" not in tables:
            rows = [f"{toml_value(str(label))} = {toml_value(day)}" for label, day in days.items()]
            lines += ["", *_remarks([f"[pipeline.{name}]", *rows])]
    return "\n".join(lines) + "\n"


def _one_by_one(settings: Settings, key: str, comments: Mapping[str, str]) -> list[str]:
    """Write a list of stages, a line each where there is something to say of them."""
    labels = getattr(settings.pipeline, key)
    if not any(str(label) in comments for label in labels):
        return [f"{key} = [{', '.join(map(toml_value, labels))}]"]
    cells = [f"    {toml_value(label)}," for label in labels]
    width = max(map(len, cells))
    said = [comments.get(str(label), "") for label in labels]
    rows = [
        f"{cell:<{width}}  # {_plain(words)}" if words else cell
        for cell, words in zip(cells, said, strict=True)
    ]
    return [f"{key} = [", *rows, "]"]


def _remarks(lines: Iterable[str]) -> list[str]:
    return [f"# {_plain(line)}".rstrip() for line in lines]


def _plain(text: str) -> str:
    """Write text on one line, without what TOML refuses in a comment."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
