"""Commands about saved logs and reports with odd files, keys and options: an answer, or a fitting error."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import stagefunnel as sf
from stagefunnel import cli

Case: TypeAlias = Callable[[Path], None]
HEADER: Final = "item,stage,time\n"
PIPELINE: Final = '[pipeline]\nstages = ["New"]\nwon = "Won"\nlost = "Lost"\n'
# Files beside the saved log `log.sf`, which has rows of the items 1 and 2.
FILES: Final[dict[str, bytes]] = {
    "rows.csv": f"{HEADER}3,New,2026-02-01\n".encode(),
    "known.csv": f"{HEADER}1,New,2026-01-01\n".encode(),
    "nothing.csv": b"",
    "header.csv": HEADER.encode(),
    "other.csv": b"a,b\n1,2\n",
    "zone.csv": f"{HEADER}3,New,2026-02-01T00:00:00+03:00\n".encode(),
    "numbers.csv": f"{HEADER}3,New,5\n".encode(),
    "twice.csv": b"item,manager\n1,A\n1,B\n",
    "bytes.csv": b"\xff\xfe\x00" * 30,
    "packed.csv.gz": b"\x1f\x8b" + b"\xff" * 30,
    "rows.jsonl": b'{"item": "3", "stage": "New", "time": "2026-02-01"}\n',
    "broken.jsonl": b'{"item": 3, "stage"',
    "rows.parquet": b"PAR1 and nothing more",
    "pipeline.toml": PIPELINE.encode(),
    "broken.toml": b"a = [",
    "bytes.toml": b"\xff\xfe",
    "key.toml": PIPELINE.encode() + b"[columns]\nzzz = 'x'\n",
    "folder/x": b"x",
}
# Options of `append FILE --to log.sf`, with a text of the error; none where rows are added.
APPEND: Final[dict[str, str | None]] = {
    "rows.csv": None,
    "known.csv": None,
    "rows.jsonl": None,
    "log.sf": None,
    "rows.csv rows.csv": None,
    "header.csv --empty allow": None,
    "rows.csv --threads 1": None,
    "nothing.csv": "there is no header",
    "header.csv": "the log has no rows",
    "other.csv": "no column 'item'",
    "zone.csv": "another zone of the times",
    "numbers.csv": "another unit of the times",
    "bytes.csv": "bytes.csv",
    "packed.csv.gz": "packed.csv.gz",
    "broken.jsonl": "broken.jsonl",
    "rows.parquet": "rows.parquet",
    "folder": "which is a folder",
    "nowhere.csv": "no file 'nowhere.csv'",
    "-": "no file '-'",
    "rows.csv --item zzz": "no column 'zzz'",
    "rows.csv --items nowhere.csv": "no file 'nowhere.csv'",
    "rows.csv --items twice.csv": "two rows with 'item' = '1'",
    "rows.csv --items folder": "which is a folder",
    "rows.csv --exited zzz": "no column 'zzz'",
    "rows.csv --start-unknown stage": "which is neither yes nor no",
    "rows.csv --pipeline nowhere.toml": "--pipeline nowhere.toml",
    "rows.csv --pipeline rows.csv": "is it the log, in the place of the pipeline?",
    "rows.csv --pipeline broken.toml": "broken.toml is not valid TOML",
    "rows.csv --pipeline bytes.toml": "bytes.toml is not UTF-8 text",
    "rows.csv --pipeline key.toml": "[columns] has no key 'zzz'",
    "rows.csv --time-format %Q": "--time-format %Q is not a format of times",
    "rows.csv --zone Mars/Olympus": "--zone Mars/Olympus is not a time zone",
    "rows.csv --invalid zzz": "--invalid zzz is not one of",
    "rows.csv --threads 0": "--threads 0 is not a whole number of at least 1",
    "rows.csv --threads two": "--threads two is not a whole number",
    "rows.csv --zzz": "--zzz",
}
# Folders that are not `log.sf`, for `append rows.csv --to` and `erase … --item-key 1`.
FOLDERS: Final[dict[str, str]] = {
    "nowhere.sf": "nowhere.sf is not there",
    "folder": "folder has no log.json",
    "rows.csv": "rows.csv has no log.json",
    "/proc/nowhere": "/proc/nowhere is not there",
}
ERASE: Final[dict[str, tuple[list[str], str | None]]] = {
    "one": (["1"], None),
    "one twice": (["1", "1"], None),
    "another": (["9"], "--item-key has '9', which the log does not have"),
    "half of them": (["1", "9"], "--item-key has '9', which the log does not have"),
    "all": (["1", "2"], "has all items of the saved log"),
    "nothing": ([""], "--item-key has '', which the log does not have"),
    "a fraction": (["1.0"], "--item-key has '1.0', which the log does not have"),
    "a long number": (["9" * 50], "which the log does not have"),
    "a long text": (["x" * 100_000], "which the log does not have"),
    "half a letter": (["\ud800"], "is not valid Unicode"),
    "escape": (["\x1b]0;x\x07"], "--item-key has '\\x1b]0;x\\x07', which"),
    "nul": (["1\x00"], "which the log does not have"),
}
LANGUAGES: Final = ("xx", "", "FR", "fr_FR", "../fr", "fr\x00", "\ud800", "fr-FR.UTF-8", "a" * 5_000)
# Settings of a report, with a text of the error.
SETTINGS: Final[dict[str, str]] = {
    'pipeline = "pipeline.toml"\nout = "folder"': "is a directory",
    'pipeline = "nowhere.toml"\nout = "page.html"': "nowhere.toml",
    'pipeline = 7\nout = "page.html"': "pipeline = 7",
    'pipeline = "pipeline.toml"\nout = "page.html"\nzzz = 1': "there is no such key",
    'pipeline = "pipeline.toml"\nout = "page.html"\ntop = "x"': "top",
    'pipeline = "pipeline.toml"\nout = "page.html"\ntop = 99999999999999999999': "top",
    'pipeline = "pipeline.toml"\nout = "page.html"\ntop = [1]': "top",
    'pipeline = "pipeline.toml"\nout = "page.html"\nlanguage = "xx"': "language",
    'pipeline = "pipeline.toml"\nout = "page.html"\nlanguage = ["fr"]': "language",
    'pipeline = "pipeline.toml"\nout = "page.html"\nsections = "zzz"': "zzz",
    'pipeline = "pipeline.toml"\nout = "page.html"\nlogo = "rows.csv"': "logo",
    'pipeline = "pipeline.toml"\nout = "page.html"\nlimits = "New"': "limits",
    'pipeline = "pipeline.toml"\nout = "page.html"\nby = "zzz"': "by names a column",
    "[pipeline]\nstages = []": "not a table",
    "[[report]]": "report",
    "a = [": "is not valid TOML",
    "\ud800": "UTF-8",
}


def said(words: list[str]) -> tuple[int, str]:
    """Run a command, and return how it ends with what it says of errors."""
    err = io.StringIO()
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(io.StringIO()):
        try:
            status = cli.main(words)
        except SystemExit as ended:
            status = int(ended.code or 0)
    return int(status or 0), err.getvalue()


def made(folder: Path) -> None:
    """Write the files and the saved log, and go there."""
    for name, data in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    rows = {"item": ["1", "2"], "stage": ["New", "New"], "time": ["2026-01-01", "2026-01-02"]}
    sf.StageLog(rows).save(folder / "log.sf")


def ends(words: list[str], text: str | None, folder: Path) -> None:
    """Run a command where the files are; where it is refused, the saved log stays as it was."""
    made(folder)
    before = {file: file.read_bytes() for file in (folder / "log.sf").rglob("*") if file.is_file()}
    with contextlib.chdir(folder):
        status, err = said(words)
    if text is None:
        assert status == 0, err
    else:
        assert status in (1, 2), err
        assert text in err, err
        assert "Traceback" not in err
        assert "\x1b" not in err
        after = {file: file.read_bytes() for file in (folder / "log.sf").rglob("*") if file.is_file()}
        assert after == before
    assert sf.StageLog.load(folder / "log.sf").n_items >= 1


def by_settings(settings: str, text: str, folder: Path) -> None:
    (folder / "job.toml").write_bytes(settings.encode("utf-8", "surrogatepass"))
    ends(["report", "log.sf", "--settings", "job.toml"], text, folder)


def cases() -> Iterator[tuple[str, Case]]:
    for words, text in APPEND.items():
        yield f"append {words}", partial(ends, ["append", *words.split(), "--to", "log.sf"], text)
    for place, text in FOLDERS.items():
        yield f"append to {place}", partial(ends, ["append", "rows.csv", "--to", place], text)
        yield f"erase from {place}", partial(ends, ["erase", place, "--item-key", "1"], text)
    for name, (keys, text) in ERASE.items():
        words = [word for key in keys for word in ("--item-key", key)]
        yield f"erase {name}", partial(ends, ["erase", "log.sf", *words], text)
    for language in LANGUAGES:
        words = ["funnel", "log.sf", "--pipeline", "pipeline.toml", "--language", language]
        yield f"--language {ascii(language)[:20]}", partial(ends, words, "is not one of 'en'")
    for number, (settings, text) in enumerate(SETTINGS.items()):
        last = ascii(settings.splitlines()[-1])
        yield f"settings of a report {number}: {last}", partial(by_settings, settings, text)
