"""Writing a page, with the error that the command shows where a library is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import stagefunnel as sf


def write_page(log: sf.StageLog, pipeline: sf.Pipeline, path: str, **options: Any) -> Path:
    """Write a page; the error for a missing library names the page."""
    try:
        return sf.report(log, pipeline, path, **options)
    except ImportError as error:
        raise sf.StageFunnelError(f"{path} is not written: {error}") from error
