"""Drawn columns, files and expected answers on disk, so that every process starts from the same data."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np

import plain
import workload
from answers import Answer
from workload import Columns, Keys, Order, TextKeys

Format = Literal["parquet", "csv"]
_HERE = Path(__file__).parent
DEFAULT = _HERE.parent / "build" / "benchmarks" / "data"


class Store:
    """A folder of drawn data; a change of the workload or of the plain answers starts a new folder."""

    def __init__(self, root: Path = DEFAULT) -> None:
        sources = b"".join((_HERE / name).read_bytes() for name in ("workload.py", "plain.py", "answers.py"))
        self.given = root
        self.root = root / hashlib.sha256(sources).hexdigest()[:12]
        self.root.mkdir(parents=True, exist_ok=True)

    def columns(self, n_rows: int, order: Order, keys: Keys) -> Columns:
        """Load columns that `draw` wrote into memory of their own."""
        base = self._base(n_rows, order, keys)
        return {
            name: np.load(f"{base}.{name}.npy") if name != "item" or is_number(keys) else _load_text(base)
            for name in ("item", "stage", "time")
        }

    def draw(self, n_rows: int, order: Order, keys: Keys) -> None:
        """Draw columns, unless they exist."""
        base = self._base(n_rows, order, keys)
        if Path(f"{base}.time.npy").exists():
            return
        for name, column in workload.columns(n_rows, order, keys).items():
            if isinstance(column, TextKeys):
                _save_text(base, column)
            else:
                np.save(f"{base}.{name}.npy", column)

    def integer_files(self, n_rows: int, order: Order, keys: Keys) -> list[str]:
        """Return the names of the files of drawn columns with integer keys: item, stage, time."""
        base = self._base(n_rows, order, keys)
        return [f"{base}.{name}.npy" for name in ("item", "stage", "time")]

    def file(self, n_rows: int, format: Format) -> Path:
        """Write rows in random order with text keys and names of stages, unless the file exists."""
        path = self.root / f"{n_rows}.{format}"
        if not path.exists():
            table = workload.named_table(workload.columns(n_rows, "random", "string"))
            part = path.with_suffix(".part")
            if format == "parquet":
                import pyarrow.parquet as parquet

                parquet.write_table(table, part)
            else:
                import pyarrow.csv as csv

                csv.write_csv(table, part, csv.WriteOptions(quoting_style="none"))
            part.rename(path)
        return path

    def expected(self, n_rows: int) -> Answer:
        """Answer in plain Python, once; about half a minute and 2 GB for ten million rows."""
        path = self.root / f"{n_rows}.expected.json"
        if not path.exists():
            answer = plain.answer(workload.columns(n_rows, "grouped", "dense"))
            path.write_text(json.dumps(answer), encoding="utf-8")
        loaded: Answer = json.loads(path.read_text(encoding="utf-8"))
        return loaded

    def _base(self, n_rows: int, order: Order, keys: Keys) -> str:
        return str(self.root / f"{n_rows}.{order}.{keys}")


def is_number(keys: Keys) -> bool:
    """Return whether keys are integers."""
    return keys in ("sparse", "dense")


def _save_text(base: str, keys: TextKeys) -> None:
    import pyarrow as pa

    batch = pa.record_batch({"item": keys.text()})
    with pa.OSFile(f"{base}.item.arrow", "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)


def _load_text(base: str) -> Any:
    import pyarrow as pa

    # The file is not mapped, since pages that are first touched during a measurement would count as memory.
    with pa.OSFile(f"{base}.item.arrow", "rb") as source:
        return pa.ipc.open_file(source).get_batch(0).column("item")
