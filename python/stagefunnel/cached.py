"""``cached_property`` without a lock, as Python has it from 3.12 on."""

import functools
import sys
from typing import TYPE_CHECKING, Any, TypeVar

_T = TypeVar("_T")

if TYPE_CHECKING or sys.version_info >= (3, 12):
    cached_property = functools.cached_property
else:

    class cached_property(functools.cached_property[_T]):
        """Work the value out at its first use.

        Python 3.11 holds one lock for all objects of a class while it works. A process that is forked
        meanwhile would wait for it for ever, and threads that ask different logs wait for each other.
        """

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            # Of two threads that work it out at once, both get what the first one put there.
            return instance.__dict__.setdefault(self.attrname, self.func(instance))
