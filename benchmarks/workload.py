"""The workload: rows of item, stage, time as a CRM might hand them out. Seeded, NumPy only.

Stages 0 to 7 are the pipeline, 8 is won, 9 is lost; an item's rows have strictly rising times. An item
starts at stage 0 (80 %) or 1 at a time within 730 days from 2024-01-01, in milliseconds. From a pipeline
stage it goes one on (60 %), two on (12 %; past the end is won), one back (8 %), is won (5 %), lost (10 %) or
stays open (5 %). Won is the end; lost is reopened with 3 %. Gaps are log-normal around 36 hours, at least a
millisecond; an item has at most 40 rows. Ten million rows are about two million items.
"""

import math

import numpy as np

SEED = 20260101
N_OPEN, WON, LOST = 8, 8, 9
_DAY = 86_400_000
_START = 1_704_067_200_000


def rows(n_rows, order="random", seed=SEED):
    """Return item (sparse 63-bit keys), stage and time columns of exactly `n_rows` rows."""
    rng = np.random.default_rng(seed)
    blocks, have, base, size = [], 0, 0, 1 << 18
    while have < n_rows:
        item, stage, time = _block(rng, size)
        blocks.append((item + base, stage, time))
        have += len(item)
        base += size
    item, stage, time = (np.concatenate(columns)[:n_rows] for columns in zip(*blocks, strict=True))
    item = (_mixed(item + seed) >> np.uint64(1)).astype(np.int64)
    if order == "random":
        place = np.random.default_rng(seed + 1).permutation(n_rows)
    elif order == "time":
        place = np.argsort(time, kind="stable")
    else:
        place = slice(None)
    return item[place], stage[place], time[place]


def _block(rng, size):
    stage = np.where(rng.random(size) < 0.80, 0, 1).astype(np.int8)
    time = (_START + rng.integers(0, 730 * _DAY, size)).astype(np.int64)
    item = np.arange(size, dtype=np.int64)
    parts = [(item, stage, time)]
    for _ in range(39):
        if not len(item):
            break
        u = rng.random(len(item))
        gap = np.maximum(1, np.exp(rng.normal(math.log(1.5 * _DAY), 1.2, len(item)))).astype(np.int64)
        following = _next_stage(stage.astype(np.int64), u)
        goes_on = following >= 0
        item, stage, time = item[goes_on], following[goes_on].astype(np.int8), (time + gap)[goes_on]
        parts.append((item, stage, time))
    item, stage, time = map(np.concatenate, zip(*parts, strict=True))
    grouped = np.argsort(item, kind="stable")
    return item[grouped], stage[grouped], time[grouped]


def _next_stage(stage, u):
    """Draw the stage that follows, -1 where nothing does."""
    is_open = stage < N_OPEN
    following = np.full(len(stage), -1, np.int64)
    following = np.where(is_open & (u < 0.60), stage + 1, following)
    following = np.where(is_open & (u >= 0.60) & (u < 0.72), stage + 2, following)
    following = np.where(following > N_OPEN - 1, WON, following)
    following = np.where(is_open & (u >= 0.72) & (u < 0.80), np.where(stage == 0, 1, stage - 1), following)
    following = np.where(is_open & (u >= 0.80) & (u < 0.85), WON, following)
    following = np.where(is_open & (u >= 0.85) & (u < 0.95), LOST, following)
    reopened = (stage == LOST) & (u < 0.03)
    return np.where(reopened, np.minimum(5, (6 * u / 0.03).astype(np.int64)), following)


def _mixed(x):
    """Spread integers over 64 bits (splitmix64)."""
    with np.errstate(over="ignore"):
        z = x.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
