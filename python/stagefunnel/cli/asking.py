"""How a command asks its question: of the log, or as one of the parts that are merged later."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import stagefunnel as sf

Answer = TypeVar("Answer")


def ask(
    args: argparse.Namespace, question: Callable[..., Answer], log: sf.StageLog, *rest: Any, **own: Any
) -> Answer:
    """Ask a question of a log; ``stagefunnel partial`` gets what it counts of the log.

    Parameters
    ----------
    args
        The arguments of the command; only those of ``partial`` have a precision.
    question
        The function that answers.
    log
        The log.
    *rest
        The pipeline, and what else has a place after it.
    **own
        Options of the question.
    """
    if not hasattr(args, "precision"):
        return question(log, *rest, **own)
    _, *names = inspect.signature(question).parameters
    placed = dict(zip(names, rest, strict=False))
    pipeline = placed.pop("pipeline", None)
    # Whoever counts parts knows that it is one.
    part: Any = sf.partial(
        log, pipeline, question, precision=args.precision, check=args.check, **placed, **own
    )
    return cast(Answer, part)
