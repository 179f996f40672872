"""Databases, languages, files of settings, and exports of every format, each as it should not be."""

from __future__ import annotations

import contextlib
import io
import random
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import stagefunnel as sf
from stagefunnel import cli

Case: TypeAlias = Callable[[Path], None]
EXPORTS: Final = Path(__file__).parents[1] / "data" / "exports"
SQL: Final = "SELECT item, stage, time FROM moves"
SECRET: Final = "hunter2"
CONNECTIONS: Final[dict[str, Any]] = {
    "nothing": "",
    "a scheme alone": "sqlite:",
    "no file": "sqlite:///",
    "a file that is not there": "sqlite:////nowhere/x.db",
    "an unknown scheme": f"mars://u:{SECRET}@host/x",
    "no scheme": f"://u:{SECRET}@host",
    "half a percent sign": "file:%zz",
    "an odd mode": "file:x.db?mode=zz",
    "nul": "sqlite:///\x00",
    "half a letter": "sqlite:///\ud800.db",
    "escape": "sqlite:///\x1b]0;x\x07.db",
    "a long name": "sqlite:///" + "x" * 5_000,
    "no server": f"postgresql://u:{SECRET}@127.0.0.1:1/x",
    "no port": f"postgresql://u:{SECRET}@127.0.0.1:99999999/x",
    "a port of letters": f"postgresql://u:{SECRET}@127.0.0.1:x/x",
    "an open bracket": f"postgresql://u:{SECRET}@[::1/x",
    "an odd password": f"postgresql://u:{SECRET}@@:/?#%@127.0.0.1:1/x",
    "a folder": "/",
    "a device": "/dev/null",
    "a number": 7,
    "bytes": b"sqlite:///x",
    "a list": ["sqlite:///x"],
    "a class": sqlite3.Connection,
    "missing": None,
}
QUERIES: Final[dict[str, Any]] = {
    "the right one": SQL,
    "nothing": "",
    "a semicolon": ";",
    "half a query": "SELECT",
    "a comment": "-- nothing",
    "an open comment": "/* SELECT item",
    "an open text": "SELECT 'x",
    "two queries": f"{SQL}; {SQL}",
    "another table": "SELECT * FROM nowhere",
    "one column": "SELECT item FROM moves",
    "a column twice": "SELECT item, item, stage, time FROM moves",
    "no rows": f"{SQL} WHERE 0",
    "all missing": "SELECT NULL AS item, NULL AS stage, NULL AS time FROM moves",
    "bytes": "SELECT item, x'ff00' AS stage, time FROM moves",
    "text that is not UTF-8": "SELECT item, CAST(x'ff' AS TEXT) AS stage, time FROM moves",
    "mixed types": "SELECT item, CASE item WHEN 1 THEN 'New' ELSE 7 END AS stage, time FROM moves",
    "a parameter": "SELECT item, stage, time FROM moves WHERE item = ?",
    "a named parameter": "SELECT item, stage, time FROM moves WHERE item = :item",
    "nul": f"{SQL}\x00",
    "half a letter": f"{SQL} WHERE stage = '\ud800'",
    "deep brackets": "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "a change": "DELETE FROM moves",
    "a pragma": "PRAGMA user_version",
    "infinity": "SELECT item, stage, 9e999 AS time FROM moves",
    "a division": "SELECT item, stage, abs(-9223372036854775808) AS time FROM moves",
    "a number": 7,
    "bytes of a query": SQL.encode(),
    "a list": [SQL],
    "a dict of nothing": {},
}


def _shop(folder: Path) -> Path:
    path = folder / "shop.db"
    with contextlib.closing(sqlite3.connect(path)) as shop, shop:
        shop.execute("CREATE TABLE moves (item, stage, time)")
        rows = [(1, "New", "2026-01-01"), (1, "Won", "2026-01-05"), (2, "New", "2026-01-02")]
        shop.executemany("INSERT INTO moves VALUES (?, ?, ?)", rows)
    return path


def _kept(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as shop:
        assert shop.execute("SELECT count(*) FROM moves").fetchone() == (3,), "the rows are gone"


def connected(way: str, connection: Any, _: Path) -> None:
    try:
        if way == "from_sql":
            sf.StageLog.from_sql(SQL, connection)
        else:
            sf.read(sql=SQL, connection=connection)
    except sf.StageFunnelError as error:
        assert SECRET not in str(error), "the error shows the password"
        raise
    raise AssertionError("it is not refused")


def queried(way: str, query: Any, folder: Path) -> None:
    path = _shop(folder)
    try:
        if way == "from_sql":
            log = sf.StageLog.from_sql(query, path, invalid="drop")
        elif way == "read":
            log = sf.read(sql=query, connection=path, invalid="drop").log
        else:
            words = ["quality", "--connect", str(path), "--sql", query, "--invalid", "drop"]
            _command([*words, *_pipeline(folder)])
            return
        assert log.stages["rows"].sum() == log.n_rows
        assert 0 < log.n_rows <= 3
    except sf.StageFunnelError as error:
        assert query != SQL, str(error)
        raise
    finally:
        _kept(path)


def _pipeline(folder: Path) -> list[str]:
    (folder / "p.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')
    return ["--pipeline", str(folder / "p.toml")]


def _command(words: list[str]) -> str:
    """Give the command words; it says what is wrong in one error, not in a traceback."""
    out, errors = io.StringIO(), io.StringIO()
    status: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            status = cli.main(words)
        except SystemExit as error:
            status = error.code
    if status:
        assert "error: " in errors.getvalue(), errors.getvalue()
        assert "Traceback" not in errors.getvalue()
        raise sf.StageFunnelError(errors.getvalue())
    return out.getvalue()


LANGUAGES: Final[dict[str, Any]] = {
    "nothing": "",
    "an unknown one": "xx",
    "capitals": "DE",
    "a region": "de_CH",
    "a path": "../../de",
    "nul": "de\x00",
    "half a letter": "\ud800",
    "escape": "\x1b[31m",
    "a long one": "d" * 10_000,
    "a number": 7,
    "bytes": b"de",
    "a list": ["de"],
    "missing": None,
    "German": "de",
    "Russian": "ru",
}


@contextlib.contextmanager
def undrawn() -> Iterator[None]:
    """Leave pictures undrawn: what draws them wants more addresses than a case may have."""
    from stagefunnel.reports import build
    from undrawn import specifying

    painter, build.painter = build.painter, specifying  # type: ignore[assignment]
    try:
        yield
    finally:
        build.painter = painter


def in_language(way: str, language: Any, folder: Path) -> None:
    rows = {
        "item": [1, 1, 2],
        "stage": ["New", "Won", "New"],
        "time": ["2026-01-01", "2026-01-05", "2026-01-02"],
    }
    log, pipeline = sf.StageLog(rows), sf.Pipeline("New", won="Won")
    if way == "show":
        assert repr(sf.show(sf.funnel(log, pipeline), language=language))
    elif way == "report":
        with undrawn():
            sf.report(log, pipeline, folder / "page.html", language=language)
    else:
        file = folder / "log.csv"
        file.write_text("item,stage,time\n1,New,2026-01-01\n1,Won,2026-01-05\n")
        _command(["funnel", str(file), *_pipeline(folder), "--language", str(language)])


SETTINGS: Final = {
    "the right one": 'by = "who"',
    "no path": 'files = ""',
    "another file": 'files = "nowhere.csv"',
    "many files": 'files = ["log.csv", "log.csv"]',
    "a file of numbers": "files = [1]",
    "an address": 'files = "http://127.0.0.1:1/x.csv"',
    "the standard input": 'files = "-"',
    "an unknown key": "frob = 1",
    "a key twice": 'by = "who"\nby = "who"',
    "a key with a dash and without": "as-of = 2026-01-01\nas_of = 2026-01-01",
    "a number for a text": "by = 7",
    "a text for a flag": 'invalid = "perhaps"',
    "a table": "[by]\nx = 1",
    "a date": "as_of = 2026-01-01",
    "a late date": "as_of = 9999-12-31T23:59:59-05:00",
    "a time of day": "as_of = 10:00:00",
    "not a number": "confidence = nan",
    "infinity": "confidence = inf",
    "an option": 'by = "--out"',
    "settings in settings": 'settings = "job.toml"',
    "help": "help = true",
    "a language": 'language = "xx"',
    "escape": 'by = "\\u001b[31m"',
    "nul": 'by = "\\u0000"',
    "an empty list": "by = []",
    "a list of lists": 'by = [["who"]]',
    "a connection": f'connection = "postgresql://u:{SECRET}@127.0.0.1:1/x"\nsql = "SELECT 1"',
    "a query without a connection": 'sql = "SELECT 1"',
}


def job(text: str, folder: Path) -> None:
    (folder / "log.csv").write_text("item,stage,time,who\n1,New,2026-01-01,A\n1,Won,2026-01-05,A\n")
    usual = "" if "files" in text or "connection" in text else 'files = "log.csv"\n'
    (folder / "job.toml").write_text(
        f'{usual}out = "page.html"\npipeline = "p.toml"\n{text}\n', encoding="utf-8"
    )
    _pipeline(folder)
    try:
        with undrawn():
            _command(["report", "--settings", str(folder / "job.toml")])
    except sf.StageFunnelError as error:
        assert text != SETTINGS["the right one"], str(error)
        assert SECRET not in str(error), "the error shows the password"
        assert "\x1b" not in str(error)
        raise


def damaged_export(path: Path, seed: int, folder: Path) -> None:
    """Cut a file of an export, or change some of its bytes."""
    data, luck = bytearray(path.read_bytes()), random.Random(f"{path.name} {seed}")
    if seed % 2 == 0:
        del data[luck.randrange(len(data)) :]
    else:
        for _ in range(luck.randint(1, 12)):
            data[luck.randrange(len(data))] = luck.randrange(256)
    copy = folder / path.name
    copy.write_bytes(data)
    export = sf.read(copy, invalid="drop")
    assert export.log.n_rows > 0
    assert repr(export)


def cases() -> Iterator[tuple[str, Case]]:
    for way in ("from_sql", "read"):
        for name, connection in CONNECTIONS.items():
            yield f"a connection of {way}: {name}", partial(connected, way, connection)
    for way in ("from_sql", "read", "the command"):
        for name, query in QUERIES.items():
            if way != "the command" or isinstance(query, str):
                yield f"a query of {way}: {name}", partial(queried, way, query)
    for way in ("show", "report", "the command"):
        for name, language in LANGUAGES.items():
            yield f"a language of {way}: {name}", partial(in_language, way, language)
    for name, text in SETTINGS.items():
        yield f"settings of a job: {name}", partial(job, text)
    for path in sorted(EXPORTS.rglob("*.*")):
        for seed in range(2):
            yield f"damaged {path.parent.name}/{path.name} {seed}", partial(damaged_export, path, seed)
