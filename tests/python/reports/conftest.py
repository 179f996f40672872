"""What the tests of the page share."""

from pathlib import Path

import pytest

import stagefunnel as sf


@pytest.fixture(scope="session")
def shop_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the page of the simulated shop by manager, titled Shop: to draw its charts takes seconds."""
    shop = sf.datasets.furniture_shop(300)
    path = tmp_path_factory.mktemp("page") / "report.html"
    return sf.report(shop.log, shop.pipeline, path, title="Shop", by="manager", filters=True)
