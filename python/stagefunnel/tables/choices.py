"""What callers choose for all their questions: for the program, or for a block of it."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from importlib.util import find_spec
from types import TracebackType
from typing import Final, Literal, get_args

from ..errors import SchemaError, check_option, given
from ..naming import public

FramesName = Literal["pandas", "polars", "arrow"]
FRAMES: Final = get_args(FramesName)
_SETTLES: Final = 0.02  # seconds after which a choice has entered its block, if it has one
# Those of the program, the last one counts. Each change of the list is one step of the interpreter, so that
# no lock is needed, which a process that is forked meanwhile would find held.
_settings: Final[list[options]] = []
# The blocks that a thread or a task stands in, the innermost last.
_blocks: ContextVar[tuple[str | None, ...]] = ContextVar("stagefunnel_frames", default=())
_NEEDS: Final = {
    "pandas": (),
    "polars": ("polars", "pyarrow"),
    "arrow": ("pyarrow",),
}


@public
class options:
    """Choose which frames the public functions return, for the program or for a block.

    ``sf.options(frames="polars")`` holds from then on, in all threads; ``with sf.options(frames="polars"):``
    holds in its block alone, for its own thread and its own task of asyncio.

    Parameters
    ----------
    frames
        ``"pandas"`` (default), ``"polars"`` or ``"arrow"``: a table of pyarrow. Tables go through Arrow, and
        numbers are not copied where pandas holds them as Arrow does. ``None`` changes nothing.

        - A missing value is null, also a share of nothing, which is NaN in pandas.
        - Times keep their unit and zone, lengths of time are durations.
        - Stages are dictionaries in Arrow and, ordered as in the pipeline, an Enum in polars.
        - Periods of the calendar are text, ``2026-03``, and so are columns of several types.
        - polars knows zones by their names: moments of a fixed offset come in UTC.

        :func:`show`, the charts, :func:`to_excel` take each of them. A table of Arrow keeps in its metadata
        what they need beside the numbers, also after a filter or in a Parquet file. A frame of polars is
        shown with all of it as it was returned; what was made of it is shown from its columns, without the
        sentences that need more.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> with sf.options(frames="arrow"):
    ...     table = sf.outcomes(shop.log, shop.pipeline)
    >>> table["won"].to_pylist(), type(sf.outcomes(shop.log, shop.pipeline)).__name__
    ([6], 'DataFrame')
    """

    def __init__(self, *, frames: FramesName | None = None) -> None:
        if frames is not None:
            check_option("frames", frames, FRAMES)
            _refuse_missing(frames)
        self.frames = frames
        self._made_at, self._thread = time.monotonic(), threading.get_ident()
        if frames is not None:
            _settings.append(self)

    def __enter__(self) -> options:
        """Hold in this block alone, and not in the program any more."""
        self._forget()
        _blocks.set((*_blocks.get(), self.frames))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Go back to what held before the block."""
        _blocks.set(_blocks.get()[:-1])

    def is_settled(self) -> bool:
        """Check whether this holds for the program; what another thread has just made may be of a block."""
        return self._thread == threading.get_ident() or time.monotonic() - self._made_at > _SETTLES

    def _forget(self) -> None:
        with suppress(ValueError):  # a setting that was never one of the program
            _settings.remove(self)

    def __repr__(self) -> str:
        return f"options(frames={chosen_frames()!r})"


def _refuse_missing(frames: str) -> None:
    missing = [library for library in _NEEDS[frames] if not _is_there(library)]
    if missing:
        raise SchemaError(given("frames", frames), f" needs {missing[0]}: pip install {missing[0]}")


def _is_there(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ImportError:
        return False


def chosen_frames() -> str:
    """Return the library whose frames are returned here and now."""
    for of_block in reversed(_blocks.get()):
        if of_block is not None:
            return of_block
    while True:
        setting = next(iter(_settings[-1:]), None)
        if setting is None or setting.is_settled():
            return (setting and setting.frames) or "pandas"
        time.sleep(_SETTLES / 20)
