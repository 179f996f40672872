"""A TOML file beside an export: the pipeline, the names of the columns, how to read the rest."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import SchemaError, did_you_mean, quoted
from .pipeline import Pipeline

_PIPELINE_KEYS = ("stages", "won", "lost", "names", "elsewhere", "moved_out", "unlisted")
_COLUMN_KEYS = ("item", "stage", "time", "order", "time_format")


@dataclass(frozen=True)
class Settings:
    """What a pipeline file says.

    Attributes
    ----------
    pipeline
        The stages.
    columns
        Names of the columns: ``item``, ``stage``, ``time``, ``order`` and the ``time_format`` of
        times that are not ISO 8601; only those that the file names.
    unlisted
        What to do with stages that the pipeline does not list: ``"error"`` or ``"ignore"``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import stagefunnel as sf
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "pipeline.toml"
    >>> _ = file.write_text('''
    ... [pipeline]
    ... stages = ["New", "Offer"]
    ... won = "Won"
    ... lost = ["Lost"]
    ... [columns]
    ... item = "deal_id"
    ... ''')
    >>> sf.Settings.from_toml(file).columns
    {'item': 'deal_id'}
    """

    pipeline: Pipeline
    columns: Mapping[str, str] = field(default_factory=dict)
    unlisted: str = "error"

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Settings:
        """Read a file; a key that is not known is an error, never ignored."""
        name = os.fspath(path)
        try:
            with open(name, "rb") as file:
                content = tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise SchemaError(f"{name} is not valid TOML: {error}") from error
        except UnicodeDecodeError as error:
            raise SchemaError(f"{name} is not UTF-8 text: {error}") from error
        try:
            return cls._from_content(content)
        except SchemaError as error:
            raise SchemaError(f"{name}: {error}") from error

    def to_toml(self) -> str:
        """Write the text of a file that :meth:`from_toml` reads as these settings.

        Returns
        -------
        str

        Raises
        ------
        SchemaError
            If stages are labelled with anything but text and integers.

        Examples
        --------
        >>> import stagefunnel as sf
        >>> print(sf.Settings(sf.Pipeline(["New"], won="Won"), {"item": "deal_id"}).to_toml())
        [pipeline]
        stages = ["New"]
        won = ["Won"]
        lost = []
        <BLANKLINE>
        [columns]
        item = "deal_id"
        <BLANKLINE>
        """
        pipeline = self.pipeline
        parts = {"stages": pipeline.stages, "won": pipeline.won, "lost": pipeline.lost}
        if pipeline.elsewhere:
            parts["elsewhere"] = pipeline.elsewhere
        lines = ["[pipeline]"]
        lines += [f"{key} = [{', '.join(map(_toml, labels))}]" for key, labels in parts.items()]
        if pipeline.moved_out != "exclude":
            lines.append(f"moved_out = {_toml(pipeline.moved_out)}")
        if self.unlisted != "error":
            lines.append(f"unlisted = {_toml(self.unlisted)}")
        named = {label: name for label, name in pipeline.names.items() if name != str(label)}
        if named:
            lines += ["", "[pipeline.names]"]
            lines += [f"{_toml(str(label))} = {_toml(name)}" for label, name in named.items()]
        if self.columns:
            lines += ["", "[columns]"]
            lines += [f"{key} = {_toml(name)}" for key, name in self.columns.items()]
        return "\n".join(lines) + "\n"

    @classmethod
    def _from_content(cls, content: Mapping[str, Any]) -> Settings:
        _check_keys("the file", content, ("pipeline", "columns"))
        if "pipeline" not in content:
            raise SchemaError("there is no [pipeline] table")
        table = content["pipeline"]
        columns = content.get("columns", {})
        _check_keys("[pipeline]", table, _PIPELINE_KEYS)
        _check_keys("[columns]", columns, _COLUMN_KEYS)
        if "stages" not in table:
            raise SchemaError("[pipeline] has no stages")
        unlisted = table.get("unlisted", "error")
        if unlisted not in ("error", "ignore"):
            raise SchemaError(f"unlisted = {unlisted!r} is not one of 'error', 'ignore'")
        for key, name in columns.items():
            if not isinstance(name, str):
                raise SchemaError(f"[columns] {key} = {name!r} is not text")
        given_names = table.get("names", {})
        if not isinstance(given_names, Mapping):
            raise SchemaError("[pipeline.names] is not a table")
        stages = table["stages"] if isinstance(table["stages"], list) else [table["stages"]]
        labels_are_integers = all(isinstance(label, int) for label in stages)
        names = {
            # A TOML key is always text, also where the label it names is a number.
            int(label) if labels_are_integers and label.lstrip("-").isdigit() else label: shown
            for label, shown in given_names.items()
        }
        more = {key: table[key] for key in ("won", "lost", "elsewhere", "moved_out") if key in table}
        pipeline = Pipeline(stages, names=names, **more)
        return cls(pipeline, dict(columns), unlisted)


def _toml(value: object) -> str:
    """Write text or an integer; what JSON escapes in text, TOML reads alike."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise SchemaError(f"label {value!r} is neither text nor an integer, which a TOML file cannot hold")
    # DEL is the one control character that JSON leaves as it is and TOML refuses.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _check_keys(where: str, table: object, known: Iterable[str]) -> None:
    if not isinstance(table, Mapping):
        raise SchemaError(f"{where} is not a table")
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known)
            raise SchemaError(f"{where} has no key {key!r}; it knows {quoted(known)}{hint}")
