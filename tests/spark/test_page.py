"""The code of the page about Spark, run as it stands there."""

from pathlib import Path
from typing import Any

import pytest

import stagefunnel as sf
from helpers import ROOT, assert_frame_equal

PAGE = ROOT.joinpath("docs", "how_to", "spark.md").read_text(encoding="utf-8")
BLOCKS = [block.partition("```")[0] for block in PAGE.split("```python\n")[1:]]


def test_the_page_runs_and_its_answers_are_one(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"spark": spark}
    for block in BLOCKS:
        # A path of Spark stands relative to where its own process began.
        exec(
            block.replace('("tests/', f'("{tmp_path}/tests/').replace('"deals.', f'"{tmp_path}/deals.'), names
        )
    table = names["table"]
    assert table["items"].sum() == 4
    for other in ("table_of_saved", "table_of_spark", "table_of_kept"):
        assert_frame_equal(names[other], table)
    assert_frame_equal(names["answers"]["lost"], table)
    assert_frame_equal(names["answers"]["funnel"], sf.funnel(names["log"], names["pipeline"], kind="both"))
    assert names["usual"].funnel.equals(sf.summary(names["log"], names["pipeline"]).funnel)
    assert names["visits"].count() == len(sf.visits(names["log"], names["pipeline"]))
    assert names["items"].count() == names["log"].n_items
    log, pipeline = names["log"], names["pipeline"]
    assert names["chances"].count() == len(sf.win_probability(log, pipeline, as_of="2026-02-03")) > 0
    assert names["likeliest"].count() == names["chances"].count()
