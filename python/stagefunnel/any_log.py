"""Public questions take a log in partitions as they take any other log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeAlias

Answer: TypeAlias = Callable[[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]], Any]


def answer_of_partitions(args: tuple[Any, ...], options: Mapping[str, Any]) -> Answer | None:
    """Return what answers in the place of a public function that is given a log in partitions, else ``None``.

    The package calls its functions itself, so that this happens where a caller asks and nowhere else.
    """
    # Only the class of such a log says so, and a program without one does not load it.
    if not any(getattr(type(one), "is_partitioned", False) for one in (*args, *options.values())):
        return None
    answer: Answer = import_module(".questions.parts.of_partitions", __package__).answer
    return answer
