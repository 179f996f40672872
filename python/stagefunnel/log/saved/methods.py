"""What a log can do with files: it is saved, opened, and gets the rows of another day."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self, cast

import pandas as pd

from ...errors import SchemaError
from ..chosen import ItemKeys
from ..data import LogData
from ..spilled.opening import has_partitions, opened
from .folder import checked_path
from .form import form_of
from .saved_log import append_rows, compact_log, erase_items, load_log, save_log


class SavedLogs:
    """The methods of a log that are about files."""

    _data: LogData
    _from_data: ClassVar[Any]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the log to a folder, from which :meth:`load` opens it in milliseconds.

        The folder holds the rows as they lie in memory, the items' keys, the further columns and the table
        of items, as files of Arrow's IPC format with checksums, and a header. It has the log whole or not at
        all: a log that was there before is replaced in one step. It needs pyarrow.

        Parameters
        ----------
        path
            The folder: a new one, or that of a saved log.

        Raises
        ------
        SchemaError
            If the folder has other files in it, or a label of a stage or a column holds values that a file
            cannot hold.
        StageFunnelError
            If it cannot be written, or another process is changing it.

        Examples
        --------
        >>> import tempfile
        >>> import stagefunnel as sf
        >>> path = tempfile.mkdtemp() + "/log.sf"
        >>> sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 4]}).save(path)
        >>> sf.StageLog.load(path)
        StageLog: 2 rows, 1 item
          time    0 … 4 (plain integers)
          stages  New 1, Won 1
        """
        save_log(self._data, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, mmap: bool = True, threads: int | None = None) -> Self:
        """Open a saved log.

        A log that was spilled comes back as a :class:`PartitionedLog`. The rows stay in their files, and come
        to memory as questions touch them. The first question checks
        every row that it relies on. What was appended is put among the saved rows then too.

        Parameters
        ----------
        path
            The folder that the log was saved to.
        mmap
            Whether to read the files where they lie. ``False`` copies all of it to memory at once, so that
            the files may go. A file that becomes shorter while it is mapped ends the process.
        threads
            As for :class:`StageLog`.

        Raises
        ------
        SchemaError
            If there is no saved log, a newer version wrote it, or it is damaged: a file that is missing or
            cut is found here, a byte that has changed when its column is first read.
        """
        if has_partitions(path):
            return cast(Self, opened(checked_path(path), threads, mmap=mmap))
        loaded: Self = cls._from_data(load_log(path, mmap=mmap, threads=threads))
        return loaded

    @classmethod
    def append(
        cls, path: str | os.PathLike[str], rows: Any, *, items: Any = None, **options: Any
    ) -> pd.Series:
        """Add rows to a saved log, such as those of a day.

        Rows that the saved log has already are left out: those equal to one of it in item, stage, time, end
        and every further column. All others go to their time, behind saved rows of equal time. Nothing that
        was saved is written again, until the parts are many.

        Parameters
        ----------
        path
            The folder of the saved log.
        rows
            The new rows: a log, or a frame with the columns that the saved log was made of.
        items
            Rows of the table of items; each takes the place of the saved one with its key.
        **options
            As for :class:`StageLog`, where `rows` is a frame. By default the columns are named as those that
            the saved log was made of, and the further columns are those that it keeps.

        Returns
        -------
        Series
            ``added`` and ``known``: the rows that were added, and those that the saved log had.

        Raises
        ------
        SchemaError
            If the rows have another unit, zone, type of items or further columns than the saved log.
        StageFunnelError
            If another process is changing the saved log, or it cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> import stagefunnel as sf
        >>> path = tempfile.mkdtemp() + "/log.sf"
        >>> sf.StageLog({"item": [1], "stage": ["New"], "time": [0]}).save(path)
        >>> sf.StageLog.append(path, {"item": [1, 1], "stage": ["New", "Won"], "time": [0, 4]})
        added    1
        known    1
        dtype: int64
        """
        form = form_of(path)
        if not isinstance(rows, SavedLogs):
            given = {"columns": list(form.columns), "zone": form.zone, "items_key": form.items_key}
            given |= form.read_as | options
            make: Any = cls  # StageLog, whose options these are
            empty = "error" if items is None else "allow"
            with _naming_columns(form.read_as.values()):
                rows = make(rows, items=items, **{"empty": empty} | given)
        elif items is not None:
            key = options.get("items_key") or form.items_key or "item"
            rows = cls._from_data(rows._data.with_items(items, key, options.get("invalid", "error")))
        added, known = append_rows(path, rows._data)
        return pd.Series({"added": added, "known": known})

    @classmethod
    def compact(cls, path: str | os.PathLike[str]) -> None:
        """Write a saved log and all that was appended to it as one part, which opens and answers quickest.

        Parameters
        ----------
        path
            The folder of the saved log.

        Raises
        ------
        StageFunnelError
            If another process is changing the saved log, or it cannot be written.
        """
        compact_log(path)

    @classmethod
    def erase(cls, path: str | os.PathLike[str], items: ItemKeys) -> int:
        """Take items out of a saved log, as a person may ask who is in it.

        What held them is written anew without their rows, their rows of the table of items, and the stages,
        values and categories that no other row has; then the old files are removed. The rest of the log is
        as it was: it is observed as long, and the rows that were left out of the input stay counted. A key
        that the table of items alone has is erased too.

        Parameters
        ----------
        path
            The folder of the saved log.
        items
            Keys of the items.

        Returns
        -------
        int
            Number of rows that were taken out.

        Raises
        ------
        UnknownItemError
            For a key that neither the saved log nor its table of items has.
        SchemaError
            If no item would be left.
        StageFunnelError
            If another process is changing the saved log, or it cannot be written.
        """
        return erase_items(path, items)


@contextmanager
def _naming_columns(names: Iterable[str]) -> Iterator[None]:
    """Say of a missing column where its name comes from."""
    try:
        yield
    except SchemaError as error:
        if any(f"no column {name!r}" in str(error) for name in names):
            error.add_note("columns are named as those of the saved log; options such as item= name others")
        raise
