"""How far rows are on their way to partitions, written so that another process can go on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from ...files.batches import FileBatches
from ...whole_file import whole_file
from ..saved.columns_file import ColumnsFile, read_table, write_table
from ..saved.folder import SPILL_STATE
from ..saved.plain_values import from_json, to_json
from .placing import Place
from .placing import as_json as place_to_json
from .placing import from_json as place_from_json
from .spill_files import Form, SpillFile
from .spilling import Spilled

#: Raise it when rows that another version has spilled cannot be gone on with.
_VERSION: Final = 2
_KINDS: Final = "kinds.arrow"


@dataclass
class State:
    """How far rows are.

    Attributes
    ----------
    spilled
        What is known of the rows.
    input
        What shows that another call reads the same rows in the same way; ``None`` where nothing does.
    done
        The partitions that are parts of a saved log already, with what the header is to say of them.
    """

    spilled: Spilled
    input: Mapping[str, Any] | None
    done: list[tuple[Place, dict[str, Any]]] = field(default_factory=list)
    _about_kinds: dict[str, Any] | None = field(default=None, init=False, repr=False)

    def write(self, folder: str) -> None:
        """Write it, in one step."""
        # asdict copies all values, and files are many.
        about = {**vars(self.spilled), "forms": list(map(vars, self.spilled.forms))}
        about["files"] = list(map(vars, self.spilled.files))
        kinds = about.pop("kinds")
        if self._about_kinds is None:  # they stay what they are, while partitions become parts
            path = os.path.join(folder, _KINDS)
            with whole_file(path) as partial:
                written = write_table(partial, kinds, "the further columns")
            self._about_kinds = {**written, "bytes": os.path.getsize(path)}
        about["labels"] = [to_json(label, "stage") for label in about["labels"]]
        about["other_labels"] = [to_json(label, "stage") for label in about["other_labels"]]
        state = {
            "version": _VERSION,
            "input": self.input,
            "spilled": about,
            "kinds": self._about_kinds,
            "done": [[place_to_json(place), part] for place, part in self.done],
        }
        with (
            whole_file(os.path.join(folder, SPILL_STATE)) as partial,
            open(partial, "w", encoding="utf-8") as file,
        ):
            file.write(json.dumps(state, ensure_ascii=False, default=int))  # json.dump is far slower
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def read(cls, folder: str) -> State | None:
        """Read it; ``None`` where the rows are not all there, or another version wrote them."""
        try:
            with open(os.path.join(folder, SPILL_STATE), encoding="utf-8") as file:
                state = json.load(file)
            if state["version"] != _VERSION:
                return None
            about = state["spilled"]
            about |= {name: list(map(from_json, about[name])) for name in ("labels", "other_labels")}
            about["files"] = [SpillFile(**one) for one in about["files"]]
            about["forms"] = [Form(**one) for one in about["forms"]]
            about["ends"] = None if about["ends"] is None else tuple(about["ends"])
            file_of_kinds = ColumnsFile(os.path.join(folder, _KINDS), state["kinds"]["bytes"])
            spilled = Spilled(**about, kinds=read_table(file_of_kinds, state["kinds"]))
            done = [(place_from_json(place), part) for place, part in state["done"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return cls(spilled, state["input"], done)


def input_of(batches: Any, options: Mapping[str, Any], items: Any) -> dict[str, Any] | None:
    """Return what shows that a call reads the same rows; ``None`` where that cannot be known."""
    if not isinstance(batches, FileBatches):
        return None
    files = []
    for file in batches.files:
        about = os.stat(file)
        files.append([os.path.abspath(file), about.st_size, about.st_mtime_ns])
    try:
        of_items = None if items is None else _sum_of(items)
    except TypeError:  # values that nothing is known of
        return None
    written = {name: _written(name, value) for name, value in sorted(options.items())}
    return {"files": files, "options": written, "items": of_items}


def _written(name: str, value: Any) -> str:
    if name == "hash_key" and value is not None:  # which is not to be seen
        return hashlib.blake2b(value, digest_size=16).hexdigest()
    return repr(sorted(value, key=repr) if isinstance(value, set | frozenset) else value)


def _sum_of(frame: pd.DataFrame) -> Sequence[Any]:
    """Return a number that depends on all values of a frame."""
    total = int(pd.util.hash_pandas_object(frame).sum())
    return [list(map(str, frame.columns)), len(frame), total]
