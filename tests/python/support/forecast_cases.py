"""Random histories whose visits the plain reference of forecasts reads too."""

from random import Random
from typing import Any

import stagefunnel as sf
from reference.forecast import OVER, WON, Visit

STAGES = ("New", "Offer", "Terms")
PIPELINE = sf.Pipeline(STAGES, won="Won", lost=["Lost", "Spam"])
END = 20


def journey(random: Random) -> list[tuple[str, int]]:
    """Return rows of stage and time; neighbours differ in stage, and visits may have no length."""
    rows = [(random.choice(STAGES), random.randrange(8))]
    while random.random() < 0.75 and rows[-1][1] < END - 1:
        stages = [stage for stage in (*STAGES, "Won", "Lost", "Spam") if stage != rows[-1][0]]
        rows.append((random.choice(stages), min(rows[-1][1] + random.choice([0, 1, 1, 2, 3, 5]), END)))
    return rows


def visits_of(rows: list[tuple[str, int]]) -> list[Visit]:
    found = []
    for place, (stage, time) in enumerate(rows):
        if stage not in STAGES:
            continue
        if place + 1 == len(rows):
            found.append(Visit(stage, END - time, None))
            continue
        to, until = rows[place + 1]
        found.append(Visit(stage, until - time, to if to in STAGES else WON if to == "Won" else OVER))
    return found


def columns_of(journeys: list[list[tuple[str, int]]]) -> dict[str, Any]:
    rows = [(item, stage, time) for item, own in enumerate(journeys) for stage, time in own]
    return dict(zip(("item", "stage", "time"), map(list, zip(*rows, strict=True)), strict=True))
