"""How far reading is, on a terminal only: a bar, the rows so far, and how many come in a second."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from stagefunnel.files import Progress

Bars = Callable[[Sequence[str]], Progress | None]


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Bars]:
    """Hand out bars for files that are read, unless nobody wants to see them; they go at the end."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():  # None where it is closed
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Shown

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=False),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Shown(*columns, console=Console(stderr=True), transient=True) as shown:

        def bar(files: Sequence[str]) -> Progress:
            read = os.path.basename(files[0]) if len(files) == 1 else f"{len(files):,} files"
            task = shown.add_task(escape(read), total=None, said="")

            def tell(n_rows: int, n_all: int | None) -> None:
                seconds = shown.tasks[task].elapsed or 0.0
                speed = f", {n_rows / seconds:,.0f} a second" if seconds > 0 else ""
                shown.update(task, completed=n_rows, total=n_all, said=f"{n_rows:,} rows{speed}")

            return tell

        yield bar
