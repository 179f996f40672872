"""The standard output, which may be closed, or have no buffer."""

from __future__ import annotations

import io
import sys


def to_standard_output(text: str) -> None:
    """Write all of a text to the standard output; where that is closed, to nobody.

    Without a buffer (``python -u``, ``PYTHONUNBUFFERED``) Python's text layer does not look how much a file
    took. A process that is stopped while a pipe is full, as by Ctrl-Z, writes a part, and Python would lose
    the rest in silence: a table without its last rows.
    """
    output = sys.stdout
    if output is None:
        return
    unbuffered = getattr(output, "buffer", None)
    if not isinstance(unbuffered, io.RawIOBase):
        output.write(text)
        output.flush()
        return
    output.flush()
    with open(
        unbuffered.fileno(), "w", encoding=output.encoding, errors=output.errors, closefd=False
    ) as whole:
        whole.write(text)
