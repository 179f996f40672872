"""Draw the pictures of the pages: ``python docs/make_images.py``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import stagefunnel as sf
from stagefunnel import plots

IMAGES = Path(__file__).parent / "images"
SHOP = sf.datasets.furniture_shop()
LOG, PIPELINE = SHOP.log, SHOP.pipeline
STEPS = ["New", "Delivery", "Won"]
DAYS = [f"{day}d" for day in range(2, 91, 2)]

# For each picture how it is drawn; those of the README also dark.
PICTURES: dict[str, Callable[..., Any]] = {
    "two_funnels": lambda **look: plots.plot_funnel(sf.funnel(LOG, PIPELINE, kind="both"), **look),
    "backtest": lambda **look: plots.plot_backtest(sf.backtest(LOG, PIPELINE, horizon="60d"), **look),
    "bottlenecks": lambda **look: plots.plot_bottlenecks(sf.bottlenecks(LOG, PIPELINE), **look),
    "by_group": lambda **look: plots.plot_compare(sf.funnel(LOG, PIPELINE, by="source"), **look),
    "calibration": lambda **look: plots.plot_calibration(sf.backtest(LOG, PIPELINE, horizon="60d"), **look),
    "decomposition": lambda **look: plots.plot_decomposition(
        sf.decompose(LOG, PIPELINE, a="2025-12", b="2025-10"), **look
    ),
    "differences": lambda **look: plots.plot_differences(
        sf.compare_groups(LOG, PIPELINE, by="manager", a="Anna Schmidt"), **look
    ),
    "drivers": lambda **look: plots.plot_drivers(
        sf.drivers(LOG, PIPELINE, ["source"], static=["source"]), **look
    ),
    "flow": lambda **look: plots.plot_flow(sf.flow(LOG, PIPELINE, period="2026-03"), **look),
    "forecast": lambda **look: plots.plot_forecast(
        sf.forecast(LOG, PIPELINE, horizon="90d", amount="amount"), **look
    ),
    "incidence": lambda **look: plots.plot_incidence(
        sf.cumulative_incidence(LOG, PIPELINE, times=DAYS), **look
    ),
    "losses": lambda **look: plots.plot_losses(sf.losses(LOG, PIPELINE, reason="source"), **look),
    "moves": lambda **look: plots.plot_transitions(sf.transitions(LOG, PIPELINE), **look),
    "periods": lambda **look: plots.plot_compare(
        sf.compare_periods(LOG, PIPELINE, "2026-03", against="2026-02", within="60d"), **look
    ),
    "sequence": lambda **look: plots.plot_sequence(sf.sequence_funnel(LOG, STEPS, window="60d"), **look),
    "skips": lambda **look: plots.plot_skips(sf.skips(LOG, PIPELINE, by="manager"), **look),
    "survival": lambda **look: plots.plot_survival(
        sf.cumulative_incidence(LOG, PIPELINE, clock="stage", stage="Discussion", times=DAYS), **look
    ),
    "time": lambda **look: plots.plot_time_in_stage(sf.time_in_stage(LOG, PIPELINE), **look),
    "time_to_convert": lambda **look: plots.plot_time_to_convert(sf.time_to_convert(LOG, STEPS), **look),
    "trend": lambda **look: plots.plot_trend(sf.funnel_by_period(LOG, PIPELINE, within="90d"), **look),
    "variants": lambda **look: plots.plot_variants(sf.variants(LOG, PIPELINE, top=7), **look),
    "win_rate": lambda **look: plots.plot_win_rate(sf.outcomes(LOG, PIPELINE, by="manager"), **look),
}


def draw(directory: Path = IMAGES) -> None:
    """Draw all pictures of the simulated shop; the first one dark and for a phone too."""
    for name, picture in PICTURES.items():
        sf.save_chart(picture(), directory / f"{name}.svg")
    first = PICTURES["two_funnels"]
    sf.save_chart(first(theme="dark"), directory / "two_funnels_dark.svg")
    sf.save_chart(first(width=390), directory / "two_funnels_narrow.svg")


if __name__ == "__main__":
    draw()
