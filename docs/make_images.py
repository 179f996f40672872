"""Draw the pictures of the pages: ``python docs/make_images.py``."""

from pathlib import Path

import stagefunnel as sf
from stagefunnel.plots import plot_funnel

IMAGES = Path(__file__).parent / "images"


def draw_two_funnels(directory: Path = IMAGES) -> None:
    """Draw the two funnels of the simulated shop side by side."""
    shop = sf.datasets.furniture_shop()
    table = sf.funnel(shop.log, shop.pipeline, kind="both")
    plot_funnel(table).save(directory / "two_funnels.svg")


if __name__ == "__main__":
    draw_two_funnels()
