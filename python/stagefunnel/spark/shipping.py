"""How work goes to the executors: as a function that says what is wrong where the package is not there."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from .. import __version__
from ..errors import StageFunnelError

Batches: TypeAlias = Iterator[Any]
#: The one column of what counting gives.
COUNTED: Final = "counted binary"


def _advice(version: str) -> str:
    return (
        f"install stagefunnel {version} with its extra [arrow] for the Python that runs there{{python}}, or "
        "name one that has it in PYSPARK_PYTHON before the session begins, as the page "
        '"From one machine to Spark" shows'
    )


def refuse_without_arrow(error: Exception) -> None:
    """Say how to ship the package where Spark itself finds no pyarrow for it, before any of it runs.

    Raises
    ------
    StageFunnelError
        If the error of Spark is this one.
    """
    if "No module named 'pyarrow'" in str(error):
        raise StageFunnelError(
            f"an executor cannot import pyarrow; {_advice(__version__).format(python='')}"
        ) from error


def shipped(work: str, job: object, *, answers: bool = True) -> Callable[[Batches], Batches]:
    """Return the function that runs a piece of work on an executor.

    Spark sends it as its code, for it is made by a function; so it runs where the package cannot be imported.

    Parameters
    ----------
    work
        Name of a function of :mod:`stagefunnel.spark.work`, which takes the batches and the job.
    job
        Plain data that it needs.
    answers
        Whether an error comes back as a row of :data:`COUNTED`; else it is raised.
    """
    sent, version, advice = pickle.dumps(job), __version__, _advice(__version__)

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        import gc
        import pickle
        import sys
        from importlib import import_module

        problem = None
        is_here = "stagefunnel.spark.work" in sys.modules
        try:
            found = import_module("stagefunnel").__version__
            if found != version:
                problem = f"has stagefunnel {found}, and the driver {version}"
            else:
                module = import_module("stagefunnel.spark.work")
                if not is_here:  # Spark collects garbage after each task, and looks at all that was loaded
                    gc.freeze()
        except ImportError as error:
            problem = f"cannot import stagefunnel ({error})"
        if problem is None:
            yield from getattr(module, work)(batches, pickle.loads(sent))
            return
        text = f"an executor {problem}; {advice.format(python=f' ({sys.executable})')}"
        if not answers:
            raise RuntimeError(text)
        import pyarrow

        for _ in batches:  # Spark waits until its rows are read
            pass
        row = pickle.dumps(text)
        yield pyarrow.RecordBatch.from_pydict({"counted": pyarrow.array([row], pyarrow.binary())})

    return run
