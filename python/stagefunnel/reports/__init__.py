"""One page about a log: both funnels, losses, skips, time in stage, moves and the trend."""

from .build import report

__all__ = ["report"]
