"""Fuzz the readers, guided by which of their lines an input reaches.

    python tests/fuzz/fuzz_readers.py build/fuzz_readers_corpus                    until it finds something
    python tests/fuzz/fuzz_readers.py build/fuzz_readers_corpus -max_total_time=600
    python tests/fuzz/fuzz_readers.py crash-…                                       an input that was found

It needs atheris (`pip install atheris`); what follows the directory goes to libFuzzer. An input is one file
of an export: its first two bytes choose the export and the file, and the others stand in the place of the
file's own. It is read and asked for a funnel, or refused by an error of the package; all else is found.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
import tempfile
import warnings
import zipfile
from functools import cache
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "python"), str(HERE.parent / "python" / "support")]

import numpy  # noqa: E402, F401  # what is loaded before is not watched
import pandas as pd  # noqa: E402  # likewise, and the path has to be set first
import pyarrow.parquet  # noqa: E402, F401  # likewise

with atheris.instrument_imports(include=["stagefunnel"], enable_loader_override=False):
    import stagefunnel as sf
    import stagefunnel.readers

Files = dict[str, bytes]


@cache
def exports() -> list[Files]:
    """List the exports that are changed: every format of the tests, and tables in every kind of file."""
    from readers.mutations import VALID, files_of

    return [*map(files_of, VALID), *({name: data} for name, data in _tables().items())]


def _tables() -> Files:
    frame = pd.DataFrame(
        {
            "item": ["D-1", "D-1", "D-2", "D-3"],
            "stage": ["New", "Won", "New", "Lost"],
            "time": pd.to_datetime(["2026-01-01", "2026-01-05", "2026-01-02", "2026-01-03"]),
        }
    )
    text = frame.to_csv(index=False).encode()
    lines = frame.to_json(orient="records", lines=True, date_format="iso").encode()
    parquet, sheet, packed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    frame.to_parquet(parquet)
    frame.to_excel(sheet, index=False)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.csv", text)
    return {
        "log.csv": text,
        "log.tsv": text.replace(b",", b"\t"),
        "log.jsonl": lines,
        "log.json": frame.to_json(orient="records", date_format="iso").encode(),
        "log.csv.gz": gzip.compress(text, mtime=0),
        "log.zip": packed.getvalue(),
        "log.parquet": parquet.getvalue(),
        "log.xlsx": sheet.getvalue(),
    }


def seeds() -> list[bytes]:
    """Return each file of each export as an input."""
    return [
        bytes([number, place]) + data
        for number, files in enumerate(exports())
        for place, data in enumerate(files.values())
    ]


def files_in(data: bytes) -> Files:
    """Return the export that an input stands for."""
    files = exports()[(data[0] if data else 0) % len(exports())]
    name = list(files)[(data[1] if len(data) > 1 else 0) % len(files)]
    return {**files, name: data[2:]}


def in_batches(path: Path) -> None:
    """Read CSV in batches too: it has as many rows as the reader of Python's library finds."""
    log = sf.StageLog.from_csv(path, invalid="drop")
    data = path.read_bytes()
    if data.startswith(b"item,stage,time\n") and not set(b'\r"\0\xff') & set(data):
        rows = [row for row in csv.reader(io.StringIO(data.decode(errors="replace"))) if row]
        found = dict(zip(log.quality()["check"], log.quality()["count"], strict=True))
        assert found["rows"] + found.get("ragged_rows", 0) == len(rows) - 1, (dict(found), len(rows))


def read(data: bytes, folder: Path) -> None:
    """Read an input as people do, and use what comes of it."""
    paths = []
    for name, content in files_in(data).items():
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            export = sf.read(paths)
            assert repr(export)
            for pipeline in list(export.pipelines.values())[:2]:
                sf.funnel(export.log, pipeline, unlisted="ignore", missing="ignore")
            assert len(export.quality)
            if paths[0].name == "log.csv":
                in_batches(paths[0])
    except sf.StageFunnelError as error:
        if not str(error):
            raise AssertionError("an error without a text") from error
    finally:
        for path in paths:
            path.unlink()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = next((Path(word) for word in sys.argv[1:] if not word.startswith("-")), None)
        if corpus is not None and not corpus.is_file():
            corpus.mkdir(parents=True, exist_ok=True)
            for number, seed in enumerate(seeds()):
                (corpus / f"seed-{number:03}").write_bytes(seed)
        for seed in seeds():  # what is loaded late is loaded now
            read(seed, folder)
        atheris.Setup(
            [sys.argv[0], "-timeout=60", "-rss_limit_mb=3000", "-len_control=0", *sys.argv[1:]],
            lambda data: read(data, folder),
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
