"""One page about a log: both funnels, what is lost and skipped, how long it takes, and how it changed."""

from .build import report

__all__ = ["report"]
