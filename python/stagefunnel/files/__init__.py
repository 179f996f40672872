"""Reading tables from files, and how far that is."""

from .csv_text import csv_header, delimiter_of, first_ragged_line, unclosed_line
from .opening import expand, kind_of, opened
from .progress import Progress, RowsRead
from .tables import FileTable, check_columns, place_in_file, read_parquet, read_tables, split_columns

__all__ = [
    "FileTable",
    "Progress",
    "RowsRead",
    "check_columns",
    "csv_header",
    "delimiter_of",
    "expand",
    "first_ragged_line",
    "kind_of",
    "opened",
    "place_in_file",
    "read_parquet",
    "read_tables",
    "split_columns",
    "unclosed_line",
]
