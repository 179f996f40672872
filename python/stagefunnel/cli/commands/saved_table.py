"""The commands that write logs: as plain tables, or as a saved log, which they also change."""

from __future__ import annotations

from typing import Final

from .. import database_options, options, saved_options
from .command import Command

SAVED_COMMANDS: Final = {
    "read": Command(
        "read a CRM's export once and write it as plain tables",
        "read.read",
        (database_options.to,),
        """\
examples:
  stagefunnel read deals.csv --to log.parquet
  stagefunnel read deals.csv items.csv --to .
""",
        asks_log=False,
        chooses_part=False,
        reads_stages=False,
        has_pipeline=False,
        has_output=False,
        other_names={"path": "--to"},
    ),
    "save": Command(
        "save the rows of files as a log that later commands open at once",
        "saved.save",
        (
            saved_options.to,
            saved_options.of_items,
            saved_options.kept,
            saved_options.memory,
            options.marks,
        ),
        """\
example:
  stagefunnel save deals.csv --pipeline pipeline.toml --items items.csv --to deals.sf

Every command takes the folder in place of files: stagefunnel funnel deals.sf --pipeline pipeline.toml
""",
        reads_stages=False,
        has_output=False,
        other_names={"path": "--to", "spill": "--to"},
    ),
    "append": Command(
        "add the rows of files to a saved log, without those that it has already",
        "saved.append",
        (saved_options.onto, saved_options.of_items, options.marks),
        """\
example:
  stagefunnel append deals.csv --to deals.sf

Columns are named as the options say, else as the pipeline file or the saved log has them.
""",
        reads_stages=False,
        has_output=False,
        other_names={"path": "--to"},
    ),
    "compact": Command(
        "write a saved log and all that was appended to it as one part",
        "saved.compact",
        (saved_options.folder,),
        """\
example:
  stagefunnel compact deals.sf
""",
        files="none",
        asks_log=False,
        reads_stages=False,
        has_pipeline=False,
        has_output=False,
        other_names={"path": "FOLDER"},
    ),
    "erase": Command(
        "take items out of a saved log, which is written anew without them",
        "saved.erase",
        (saved_options.folder, saved_options.erased),
        """\
example:
  stagefunnel erase deals.sf --item-key 17
""",
        files="none",
        asks_log=False,
        reads_stages=False,
        has_pipeline=False,
        has_output=False,
        other_names={"path": "FOLDER", "items": "--item-key"},
    ),
}
