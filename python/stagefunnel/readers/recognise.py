"""Which format the first rows of some tables have, before all of them are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..errors import ReaderError
from .options import Options
from .reading import GENERAL, OWN, READERS, recognised
from .shapes import events
from .shapes.subjects import may_be_change_log
from .sources.opening import sources_of


def format_of(heads: Sequence[pd.DataFrame], names: Mapping[str, str]) -> str | None:
    """Return the format of an export by its first rows; ``None`` for a plain table of item, stage and time.

    A table of events is a plain one, unless a column says which field changed: a reader then takes the rows
    that are about stages.

    Parameters
    ----------
    heads
        First rows of each table.
    names
        Names of columns that the caller gives, by role; the formats of CRMs have their own.

    Examples
    --------
    >>> import pandas as pd
    >>> from stagefunnel.readers.recognise import format_of
    >>> moves = pd.DataFrame({"deal": [1], "from": ["New"], "to": ["Won"], "time": ["2026-03-02"]})
    >>> format_of([moves], {}), format_of([moves.drop(columns="from")], {})
    ('from_to', None)
    """
    given: dict[str, Any] = dict(names)
    options = Options(**given)
    readers = GENERAL if names else READERS
    try:
        sources = sources_of(list(heads), encoding=None, progress=None)
        reader, roles = recognised(sources, readers, options)
    except ReaderError:
        return None
    # A list of items beside them is read with them.
    is_plain = reader is events and {*roles} == {"events"}
    is_plain = is_plain and not any(may_be_change_log(source.columns) for source in sources)
    return None if is_plain else reader.FORMAT


def is_of_crm(name: str) -> bool:
    """Check whether a format is one of a CRM, which has pipelines of its own."""
    return name in {reader.FORMAT for reader in OWN}
