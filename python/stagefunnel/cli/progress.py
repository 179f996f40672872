"""How far reading is, on a terminal only: a bar, the rows so far, and how many come in a second."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from stagefunnel.files import Watch


@dataclass(frozen=True)
class Bars:
    """Whom reading tells how far it is; nobody where there is no terminal.

    Attributes
    ----------
    watch
        Wraps a file that is read as a whole.
    rows
        Is told of the rows of a log that comes in batches.
    """

    watch: Watch | None = None
    rows: Any = None


@contextmanager
def progress_bars(files: Sequence[str], *, quiet: bool) -> Iterator[Bars]:
    """Show how far the reading of a log's files is while it lasts, unless nobody wants to see it."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():  # None where it is closed
        yield Bars()
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=False),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def watch(file: BinaryIO, name: str, size: int) -> BinaryIO:
            task = progress.add_task(escape(os.path.basename(name)), total=size, said="")
            return progress.wrap_file(file, task_id=task)

        read = escape(os.path.basename(files[0]) if len(files) == 1 else f"{len(files):,} files")
        task = progress.add_task(read, total=None, visible=False, said="")

        def rows(n_rows: int, n_all: int | None) -> None:
            seconds = progress.tasks[task].elapsed or 0.0
            speed = f", {n_rows / seconds:,.0f} a second" if seconds > 0 else ""
            progress.update(task, completed=n_rows, total=n_all, visible=True, said=f"{n_rows:,} rows{speed}")

        yield Bars(watch, rows)
