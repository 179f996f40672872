"""The reference names every public function."""

import pytest

import stagefunnel as sf
from helpers import ROOT
from stagefunnel import plots, spark, stats

REFERENCE = (ROOT / "docs" / "reference.rst").read_text(encoding="utf-8").split()


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("stagefunnel", sf.__all__),
        ("stagefunnel.stats", stats.__all__),
        ("stagefunnel", plots.__all__),
        ("stagefunnel.spark", spark.__all__),
    ],
    ids=["package", "stats", "plots", "spark"],
)
def test_the_reference_has_every_public_name(module: str, names: list[str]) -> None:
    def is_listed(name: str) -> bool:
        return any(word.startswith(module) and word.endswith(f".{name}") for word in REFERENCE)

    assert [name for name in names if not name.startswith("_") and not is_listed(name)] == []
