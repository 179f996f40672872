"""A log in partitions is saved to another folder: its files are copied."""

from __future__ import annotations

import os
import shutil
from typing import Any

from ...errors import SchemaError, given
from ..saved.folder import checked_path, read_parts_and_partitions, writing


def copy_log(source: str, path: Any) -> None:
    """Copy the folder of a log; the copy is whole or not there.

    Raises
    ------
    SchemaError
        If it is the folder of the log itself.
    """
    folder = checked_path(path)
    if os.path.exists(folder) and os.path.samefile(folder, source):
        raise SchemaError(given("path", path), " is the folder of this log; give another one")
    copies = []
    with writing(folder, new=True) as writer:
        parts, partitions = read_parts_and_partitions(source)
        for about in parts:
            with writer.new_folder() as part:
                shutil.copytree(os.path.join(source, about["folder"]), part, dirs_exist_ok=True)
            copies.append({**about, "folder": os.path.basename(part)})
        writer.commit(copies, partitions)
