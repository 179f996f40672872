"""Where groups, periods and stages are alike, the first screen seldom has a finding that names one.

The logs are simulated, with the same seeds every time. Of 400 of them, 32 had a finding of who or when is
unlike (8%: groups, periods and tiles hold 5% each), and 3 one of a stage that loses, is skipped or takes
longest (1%).
"""

import math
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import settings

import stagefunnel as sf
from examples import USUAL
from stagefunnel.reports import findings
from stagefunnel.reports.chance import chance
from stagefunnel.reports.content import Content

STAGES = ["A", "B", "C"]
PIPELINE = sf.Pipeline(STAGES, won="Won", lost="Lost")
DAY = np.timedelta64(1, "D")


def alike(seed: int, items: int = 900, *, best: str | None = None) -> sf.StageLog:
    """Draw items of six months and four people, which are lost, skip and wait alike in every stage.

    The items of the `best` person are all won.
    """
    rng = np.random.default_rng(seed)
    at = np.datetime64("2026-01-01") + (rng.uniform(0, 181, items) * 86_400).astype("timedelta64[s]")
    ends = rng.choice(len(STAGES) + 1, items, p=[0.2, 0.2, 0.2, 0.4])  # lost from each stage alike, or won
    who = rng.choice(["Ann", "Bob", "Cem", "Dea"], items)
    ends = np.where(who == best, len(STAGES), ends)
    parts = []
    for place, stage in enumerate(STAGES):
        is_skipped = (rng.uniform(size=items) < 0.2) & (ends > place) & (place > 0)
        visits = (ends >= place) & ~is_skipped
        parts.append(pd.DataFrame({"item": np.flatnonzero(visits), "stage": stage, "time": at[visits]}))
        at = at + np.where(visits, (rng.exponential(5, items) * 86_400).astype("timedelta64[s]"), 0 * DAY)
    final = np.where(ends < len(STAGES), "Lost", "Won")
    parts.append(pd.DataFrame({"item": np.arange(items), "stage": final, "time": at}))
    people = pd.DataFrame({"item": np.arange(items), "who": who})
    return sf.StageLog(pd.concat(parts), items=people, observed_until="2027-01-01")


def undrawn(specification: Any) -> Any:
    return specification


def found_in(log: sf.StageLog) -> dict[str, int]:
    """Count the findings by their question."""
    options: dict[str, Any] = dict.fromkeys(("reason", "within", "calendar", "limits", "where"))
    scope = {"unlisted": "error", "missing": "near", "period": None, "basis": "active", "as_of": None}
    content = Content(
        draw=undrawn,
        log=log,
        pipeline=PIPELINE,
        by="who",
        top=10,
        every="month",
        items=False,
        **{"money": {}, "scope": scope, **options},
    )
    section = chance(undrawn, log, PIPELINE, "who", 10, content.trend, scope)
    unlike = [*findings.of_changes(content.tiles.clear), *(section.news if section else ())]
    way = [
        *findings.of_losses(sf.losses(log, PIPELINE)),
        *findings.of_skips(log, PIPELINE, scope),
        *findings.of_times(log, PIPELINE, sf.time_in_stage(log, PIPELINE), {"unlisted": "error"}),
    ]
    return {"unlike": len(unlike), "way": len(way)}


def test_what_is_alike_seldom_makes_a_finding() -> None:
    n = 300 if settings().max_examples >= USUAL["night"] else 16
    found = [found_in(alike(seed)) for seed in range(n)]
    for question, share in (("unlike", 0.08), ("way", 0.01)):
        at_most = share * n + 3 * math.sqrt(share * (1 - share) * n)
        assert sum(one[question] > 0 for one in found) <= at_most, question


def test_what_is_not_alike_makes_one() -> None:
    assert found_in(alike(1)) == {"unlike": 0, "way": 0}
    assert found_in(alike(1, best="Ann"))["unlike"] > 0
