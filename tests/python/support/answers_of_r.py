"""The answers of R that tests compare with, and the inputs that it read."""

from typing import Final

import numpy as np
import pandas as pd

import stagefunnel as sf
from helpers import GOLDEN

R: Final = GOLDEN / "r"
EXACT: Final = 1e-9


def answer(name: str) -> pd.DataFrame:
    """Read one table of answers, below the lines with its call and the versions."""
    return pd.read_csv(R / "answers" / f"{name}.csv", skiprows=2)


def spells() -> pd.DataFrame:
    """Read spells with ties, no length, delayed entry, groups and three causes; some are open."""
    return pd.read_csv(R / "spells.csv")


def moves() -> tuple[sf.StageLog, sf.Pipeline]:
    """Read a log with moves back, ties, visits of no length and open items, and its pipeline."""
    log = sf.StageLog(pd.read_csv(R / "moves.csv"), columns=["team"])
    return log, sf.Pipeline(["New", "Offer", "Deal"], won="Won", lost="Lost")


def same(found: pd.DataFrame, stored: pd.DataFrame, *columns: str, within: float = EXACT) -> None:
    """Compare columns row by row; what R does not know, the package does not know either."""
    assert len(found) == len(stored)
    for column in columns:
        ours, theirs = (table[column].to_numpy(dtype=np.float64) for table in (found, stored))
        np.testing.assert_allclose(ours, theirs, rtol=within, atol=within, err_msg=column)
