"""Names that a terminal, a page, a chart, Markdown or a spreadsheet would obey."""

from __future__ import annotations

import contextlib
import copy
import io
import pickle
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import stagefunnel as sf
from stagefunnel import cli
from stagefunnel.plots import plot_funnel, plot_losses, plot_transitions

Case: TypeAlias = Callable[[Path], None]
ACTING: Final = {
    "a colour": "\x1b[31m",
    "the title of a window": "\x1b]0;title\x07",
    "one byte of escape": "\x9b2J",
    "a turned direction": "\u202e",
    "an isolate": "\u2066",
    "a line of Unicode": "\u2028",
    "nothing": "\x00",
    "no letter": "\ufffe",
    "the end of a line": "\n",
    "the begin of a line": "\r",
    "a tab": "\t",
    "backspaces": "\b\b\b",
}
OBEYED: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe]")


def _asked(name: str) -> tuple[sf.StageLog, sf.Pipeline]:
    rows = {"item": [1, 1, 2], "stage": [f"N{name}", "Won", f"N{name}"]}
    times = {"time": ["2026-01-01", "2026-01-05", "2026-01-02"]}
    items = {"item": [1, 2], f"who{name}": [f"A{name}", "=1+1"]}
    return sf.StageLog({**rows, **times}, items=items), sf.Pipeline([f"N{name}"], won="Won", lost="Lost")


def _clean(text: str) -> None:
    found = OBEYED.search(text)
    assert found is None, ascii(found)


def shown(name: str, _: Path) -> None:
    log, pipeline = _asked(name)
    for table in (
        sf.funnel(log, pipeline, by=f"who{name}", missing="ignore"),
        sf.losses(log, pipeline, missing="ignore"),
        sf.transitions(log, pipeline, missing="ignore"),
        log.quality(),
    ):
        face = sf.show(table)
        for text in (repr(face), face.to_markdown(), face._repr_html_()):
            _clean(text)


def said(name: str, _: Path) -> None:
    log, pipeline = _asked(name)
    bad: tuple[Callable[[], Any], ...] = (
        lambda: sf.funnel(log, sf.Pipeline("New", won="Won"), missing="ignore"),
        lambda: sf.funnel(log, pipeline, by=name, missing="ignore"),
        lambda: sf.funnel(log, pipeline, kind=name),  # type: ignore[call-overload]
        lambda: sf.StageLog({"item": [1], "stage": ["New"], "time": [name]}),
        lambda: sf.read(f"/nowhere/{name}.csv".replace("\x00", "")),
    )
    for make in bad:
        try:
            make()
        except (sf.StageFunnelError, FileNotFoundError) as error:
            _clean(str(error))
            _clean(str(pickle.loads(pickle.dumps(error))))
            _clean(str(copy.deepcopy(error)))
        else:
            raise AssertionError("it is not refused")
    _clean(repr(log))
    _clean(repr(pipeline))
    _clean(repr(sf.bind(log, pipeline)))


def drawn(name: str, folder: Path) -> None:
    log, pipeline = _asked(name)
    charts = (
        plot_funnel(sf.funnel(log, pipeline, missing="ignore")),
        plot_losses(sf.losses(log, pipeline, missing="ignore")),
        plot_transitions(sf.transitions(log, pipeline, missing="ignore")),
    )
    for number, chart in enumerate(charts):
        _clean(sf.save_chart(chart, folder / f"{number}.svg").read_text(encoding="utf-8"))


def typed(name: str, folder: Path) -> None:
    """Let the command say, show and write such names."""
    file, out = folder / f"log{name.replace(chr(0), '')}.csv", folder / "out.csv"
    file.write_text(f'item,stage,time,who\n1,"N",2026-01-01,"=1+1{name}"\n', encoding="utf-8", newline="")
    (folder / "p.toml").write_text('[pipeline]\nstages = ["N"]\nwon = "Won"\n')
    words = ["funnel", str(file), "--pipeline", str(folder / "p.toml"), "--missing", "ignore"]
    for more in (["--by", "who"], ["--by", name], [name], [f"--{name}"], ["--by", "who", "--out", str(out)]):
        text = io.StringIO()
        with (
            contextlib.redirect_stdout(text),
            contextlib.redirect_stderr(text),
            contextlib.suppress(SystemExit),
        ):
            cli.main([*words, *more])
        _clean(text.getvalue())
    if out.exists():
        assert "'=1+1" in out.read_text(encoding="utf-8")


def cases() -> Iterator[tuple[str, Case]]:
    for name, letters in ACTING.items():
        for face in (shown, said, drawn, typed):
            yield f"a name with {name}: {face.__name__}", partial(face, letters)
