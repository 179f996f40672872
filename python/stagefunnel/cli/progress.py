"""Bars on a terminal: how far reading is, with the rows so far and in a second, and how far a page is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..clean import clean

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from stagefunnel.files import Progress

Bars = Callable[[Sequence[str]], "Progress | None"]


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Bars]:
    """Give a function that makes a bar for files; all bars vanish at the end.

    There are no bars if `quiet`, or if the standard error is not a terminal.
    """
    with _terminal_bars(quiet) as bars:
        yield (lambda _: None) if bars is None else (lambda files: _bar_of_rows(bars, files))


@contextmanager
def page_bar(page: str, *, quiet: bool) -> Iterator[Callable[[int, int], object] | None]:
    """Show a bar for what is written, and give the function that moves it; it vanishes at the end."""
    with _terminal_bars(quiet) as bars:
        yield None if bars is None else _bar_of_steps(bars, page)


@contextmanager
def _terminal_bars(quiet: bool) -> Iterator[RichProgress | None]:
    if quiet or sys.stderr is None or not sys.stderr.isatty():  # it is None if the standard error is closed
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=False),
        TextColumn("{task.fields[rows]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield bars


def _bar_of_rows(bars: RichProgress, files: Sequence[str]) -> Progress:
    from rich.markup import escape

    read = clean(os.path.basename(files[0])) if len(files) == 1 else f"{len(files):,} files"
    task = bars.add_task(escape(read), total=None, rows="")

    def update(n_rows: int, n_all: int | None) -> None:
        seconds = bars.tasks[task].elapsed or 0.0
        speed = f", {n_rows / seconds:,.0f} a second" if seconds > 0 else ""
        bars.update(task, completed=n_rows, total=n_all, rows=f"{n_rows:,} rows{speed}")

    return update


def _bar_of_steps(bars: RichProgress, page: str) -> Callable[[int, int], object]:
    from rich.markup import escape

    task = bars.add_task(escape(clean(page)), total=None, rows="")
    return lambda done, of: bars.update(task, completed=done, total=of)
