"""The items of a log in partitions, put together by something else than their key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..chosen_data import taken_out, with_places_chosen
from ..data import LogData
from ..saved.joining import joined
from ..stage_log import StageLog, log_of_data
from .partitioned_log import PartitionedLog
from .placing import Hashes


def regrouped(log: PartitionedLog, hashes_of: Callable[[StageLog], Hashes]) -> Iterator[StageLog]:
    """Give the items of a log as others of about the size of its partitions, by a hash of each item.

    For each of them all partitions are read again: nothing is written, and memory holds one at a time.
    """
    n = log.n_partitions
    if n == 1:  # nothing is apart
        yield from log.partitions()
        return
    partitions = [log.data_of(number) for number in range(n)]
    groups = [(hashes_of(log_of_data(data)) % np.uint64(n)).astype(np.uint16) for data in partitions]
    for group in range(n):
        places = [np.flatnonzero(of_item == group) for of_item in groups]
        # Logs without items do not say of what type their keys are, so one is only taken where all are.
        number_of = [number for number, own in enumerate(places) if len(own)] or [0]
        chosen = [taken_out(with_places_chosen(partitions[one], places[one])) for one in number_of]
        whole = partitions[0]
        yield log_of_data(
            replace(_joined(chosen), observed_until=whole.observed_until, whole_end=whole.whole_end)
        )


def _joined(parts: Sequence[LogData]) -> LogData:
    """Join logs in pairs, so that each row is moved as often as the number of logs can be halved."""
    while len(parts) > 1:
        pairs = [parts[first : first + 2] for first in range(0, len(parts), 2)]
        parts = [joined(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return parts[0]
