"""Reading tables from files, with the progress of the reading."""

from .csv_text import Block, CsvRows, is_blank
from .json_text import refuse_half_letters, unreadable
from .limits import check_cells, check_number_of_columns, check_unpacked
from .opening import expand, kind_of, opened
from .progress import Progress, RowsRead
from .read_ahead import iterating
from .tables import (
    FileTable,
    check_columns,
    column_names,
    place_in_file,
    read_head,
    read_parquet,
    read_tables,
    split_columns,
)

__all__ = [
    "Block",
    "CsvRows",
    "FileTable",
    "Progress",
    "RowsRead",
    "check_cells",
    "check_columns",
    "check_number_of_columns",
    "check_unpacked",
    "column_names",
    "expand",
    "is_blank",
    "iterating",
    "kind_of",
    "opened",
    "place_in_file",
    "read_head",
    "read_parquet",
    "read_tables",
    "refuse_half_letters",
    "split_columns",
    "unreadable",
]
