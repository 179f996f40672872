"""The memory that the package holds on to between logs."""

from __future__ import annotations

from .. import _core


def release_memory() -> int:
    """Return memory that no log uses any more to the system.

    Large arrays come from a pool of the process, which keeps up to 512 MiB for the next log, so that building
    one log after another does not wait for fresh memory. A program that is done with logs and goes on with
    other work may want it back.

    Returns
    -------
    int
        The bytes that were returned.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> returned = sf.release_memory()
    >>> sf.release_memory()
    0
    """
    return int(_core.journeys.release_idle())
