"""The recipes of the page about parts, each as a program of its own."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from helpers import ROOT

PAGE = ROOT.joinpath("docs", "how_to", "parts.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Processes, joblib, Dask and Ray\n")[2].partition("\n## ")[0]
BEGINNING, *RECIPES = [block.partition("```")[0] for block in SECTION.split("```python\n")[1:]]
NEEDS = ("multiprocessing", "joblib", "dask", "dask.dataframe", "ray")

# Of the two files four items are lost: 2 and 5 from New, 3 and 4 from Offer.
ENDING = """
if __name__ == "__main__":
    print(table.groupby("from_stage")["items"].sum().to_dict())
"""


def test_each_way_has_a_recipe() -> None:
    for recipe, name in zip(RECIPES, NEEDS, strict=True):
        assert f"import {name}" in recipe or f"from {name} import" in recipe


@pytest.mark.parametrize(("recipe", "needed"), [*zip(RECIPES, NEEDS, strict=False)], ids=NEEDS)
def test_a_recipe_answers_about_all_files(recipe: str, needed: str, tmp_path: Path) -> None:
    if find_spec(needed.partition(".")[0]) is None:
        pytest.skip(f"{needed} is not installed; it is too large for the extra of the tests")
    program = tmp_path / "recipe.py"
    program.write_text(BEGINNING + recipe + ENDING, encoding="utf-8")
    words = [sys.executable, str(program)]
    found = subprocess.run(
        words,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines()[-1] == "{'New': 2, 'Offer': 2}"
