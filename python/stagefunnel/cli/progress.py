"""A bar on a terminal that shows how far reading is, the rows so far, and the rows in a second."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from stagefunnel.files import Progress

Bars = Callable[[Sequence[str]], Progress | None]


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Bars]:
    """Give a function that makes a bar for files; all bars vanish at the end.

    There are no bars if `quiet`, or if the standard error is not a terminal.
    """
    if quiet or sys.stderr is None or not sys.stderr.isatty():  # it is None if the standard error is closed
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=False),
        TextColumn("{task.fields[rows]}"),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bars:

        def bar(files: Sequence[str]) -> Progress:
            read = os.path.basename(files[0]) if len(files) == 1 else f"{len(files):,} files"
            task = bars.add_task(escape(read), total=None, rows="")

            def update(n_rows: int, n_all: int | None) -> None:
                seconds = bars.tasks[task].elapsed or 0.0
                speed = f", {n_rows / seconds:,.0f} a second" if seconds > 0 else ""
                bars.update(task, completed=n_rows, total=n_all, rows=f"{n_rows:,} rows{speed}")

            return update

        yield bar
