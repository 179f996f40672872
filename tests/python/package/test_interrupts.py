"""Ctrl-C is heard while the core works, and what was asked can be asked again."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf

# The core looks five times a second; the rest is for other work on the machine.
HEARD_WITHIN = 2.0


class Pressed(KeyboardInterrupt):
    """As Ctrl-C raises it, and known from one that a user presses."""


@contextmanager
def pressed_after(seconds: float) -> Iterator[None]:
    def press(_signal: int, _frame: FrameType | None) -> None:
        raise Pressed

    before = signal.signal(signal.SIGALRM, press)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def seconds_to_stop(question: object) -> float:
    assert callable(question)
    start = time.monotonic()
    with pressed_after(0.3), pytest.raises(Pressed):
        question()
    return time.monotonic() - start - 0.3


def test_draws_that_would_take_minutes_are_stopped() -> None:
    shop = sf.datasets.furniture_shop(300)
    options = {"horizon": "90d", "interval": "total"}
    expected = sf.forecast(shop.log, shop.pipeline, draws=200, **options)
    taken = seconds_to_stop(lambda: sf.forecast(shop.log, shop.pipeline, draws=1_000_000, **options))
    assert taken < HEARD_WITHIN
    pd.testing.assert_frame_equal(sf.forecast(shop.log, shop.pipeline, draws=200, **options), expected)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("keys", ["integers", "texts"])
def test_logs_are_built_until_they_are_stopped(keys: str, threads: int) -> None:
    rng = np.random.default_rng(1)
    item = pd.Series(rng.integers(0, 100_000, 200_000))
    frame = pd.DataFrame(
        {
            "item": item.astype(str) if keys == "texts" else item,
            "stage": pd.Categorical.from_codes(rng.integers(0, 3, len(item)), ["New", "Offer", "Won"]),
            "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 10**6, len(item)), unit="s"),
        }
    )
    built = 0

    def build_for_ever() -> None:
        nonlocal built
        while True:
            sf.StageLog(frame, item="item", stage="stage", time="time", threads=threads)
            built += 1

    assert seconds_to_stop(build_for_ever) < HEARD_WITHIN
    assert sf.StageLog(frame, item="item", stage="stage", time="time", threads=threads).n_rows == len(frame)
