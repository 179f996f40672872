"""How vl-convert draws a chart, also in a process that is forked from one where it has drawn.

It draws in a thread that lives from the first drawing on. A forked process has no such thread, and would wait
for it for ever: there, a process of its own draws.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import PurePath
from typing import Any, Final

from .clean import clean_deep
from .errors import StageFunnelError
from .forking import is_left_behind

_DRAW: Final = "from stagefunnel.drawing import draw_for_another; draw_for_another()"


def drawn(how: str, specification: Mapping[str, Any], *, lacking: str, **options: Any) -> Any:
    """Draw a chart with the version of Vega-Lite that it is written for.

    Parameters
    ----------
    how
        The name of a function of vl-convert.
    specification
        The chart.
    lacking
        What an error says where vl-convert is not installed.
    options
        Of the function.

    Raises
    ------
    ImportError
        If vl-convert is not installed.
    StageFunnelError
        If this process is forked from one that has drawn, and no other can be started.
    """
    version = re.search(r"/v(\d+\.\d+)", str(specification.get("$schema", "")))
    options["vl_version"] = version and version[1]
    # What vl-convert draws ends the process where a text holds a letter that XML does not have.
    drawable = clean_deep(dict(specification))
    if is_left_behind("vl_convert"):
        return _drawn_elsewhere(how, drawable, options)
    try:
        vl_convert = import_module("vl_convert")
    except ImportError as error:
        raise ImportError(lacking) from error
    return getattr(vl_convert, how)(drawable, **options)


def variables_of_child() -> dict[str, str]:
    """Return the variables of a process that finds the modules that this one finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def is_run_by_python() -> bool:
    """Check whether this program is Python itself, so that it can run as another process."""
    return PurePath(sys.executable or "").name.startswith("python")


def _drawn_elsewhere(how: str, drawable: Any, options: Mapping[str, Any]) -> Any:
    import pickle
    import subprocess

    why = "this process is forked from one that has drawn charts, where vl-convert cannot draw"
    if not is_run_by_python():
        raise StageFunnelError(f"{why}; start the process by 'spawn'")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _DRAW],
            input=pickle.dumps((how, drawable, options)),
            capture_output=True,
            env=variables_of_child(),
            check=False,
        )
    except OSError as error:
        raise StageFunnelError(f"{why}, and no other can be started: {error.strerror}") from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise StageFunnelError(f"the chart cannot be drawn: {last}")
    return pickle.loads(done.stdout)


def draw_for_another() -> None:
    """Draw what the standard input holds, and write the drawing to the standard output."""
    import pickle

    how, drawable, options = pickle.load(sys.stdin.buffer)
    drawing = getattr(import_module("vl_convert"), how)(drawable, **options)
    # `sys.stdout` may have no buffer, and then writes a part where this process is stopped in the middle.
    with open(sys.stdout.fileno(), "wb", closefd=False) as output:
        pickle.dump(drawing, output)
