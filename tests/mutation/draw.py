"""Draw mutants from the whole package, and see whether the tests that are nearest to them notice.

    python tests/mutation/draw.py 100               a hundred, drawn by seed 1
    python tests/mutation/draw.py 100 --seed 2      others
    python tests/mutation/draw.py 100 --from 40     those of the hundred from the 40th on
    python tests/mutation/draw.py 100 --from 40 --to 70    of these, those before the 70th
    python tests/mutation/draw.py --at log/chosen.py:90    all mutants of a line

Every operator and number of the package has the same chance. The tests of a module are its own examples and a
few files, those that name it or whose names are most like its own. A mutant that they do not notice is named
with its line, and has to be looked at: the other tests may notice it, or it may change no answer.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mutants import Mutant, n_of_python, of_python

from run import PYTHON, PYTHON_TESTS, ROOT, run_pytest, say, status_of

TESTS: Final = ROOT / "tests" / "python"
LONGEST: Final = 300  # seconds for a mutant
N_FILES: Final = 4  # files of tests that are tried for a mutant
# They take long, and what they are about others try in the small.
_SLOW: Final = re.compile(r"browser|killed|stress|at_scale|growth|interrupts|without_extras|fuzz")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("n", type=int, nargs="?", default=0, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first that is tried")
    parser.add_argument("--to", type=int, dest="end", help="the first that is not tried any more")
    parser.add_argument("--at", nargs="+", default=[], metavar="FILE:LINE", help="all mutants of these lines")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(PYTHON, folder / "python", ignore=shutil.ignore_patterns("__pycache__"))
    alive = tried = late = 0
    chosen = [*_at(args.at), *list(_drawn(args.n, args.seed))[args.first : args.end]]
    for name, mutant in chosen:
        begun = time.monotonic()
        tests = tests_of(name)
        source = (PYTHON / "stagefunnel" / name).read_text(encoding="utf-8")
        if not tried and not _survives(folder, name, source, tests):
            raise SystemExit(f"the tests of {name} fail without a change")
        survives = _survives(folder, name, mutant.source, tests)
        alive, tried, late = alive + (survives is True), tried + 1, late + (survives is None)
        word = {True: "SURVIVES", False: "noticed", None: "not ended"}[survives]
        say(f"{name}:{mutant.line}: {mutant.change}: {word}, {time.monotonic() - begun:.0f} s")
    say(f"{alive} of {tried} survive; {late} did not end")
    return 0


def _drawn(n: int, seed: int) -> Iterator[tuple[str, Mutant]]:
    """Draw from all mutants of all modules; catalogues of words have none that matter."""
    paths = sorted(path for path in (PYTHON / "stagefunnel").rglob("*.py") if "words" not in path.parts)
    sizes = [n_of_python(path.read_text(encoding="utf-8")) for path in paths]
    places = [(path, place) for path, size in zip(paths, sizes, strict=True) for place in range(size)]
    for path, place in random.Random(seed).sample(places, n):
        mutant = next(of_python(path.read_text(encoding="utf-8"), place))
        yield path.relative_to(PYTHON / "stagefunnel").as_posix(), mutant


def _at(places: list[str]) -> Iterator[tuple[str, Mutant]]:
    """List the mutants of lines."""
    for place in places:
        name, _, line = place.rpartition(":")
        for mutant in of_python((PYTHON / "stagefunnel" / name).read_text(encoding="utf-8")):
            if mutant.line == int(line):
                yield name, mutant


def tests_of(name: str) -> list[str]:
    """List the module itself, for its examples, and the files of tests that are nearest to it."""
    listed = [str(TESTS / test) for test in PYTHON_TESTS.get(name, [])]
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    words = {word.rstrip("s") for word in re.split(r"[/_.]", module) if len(word) > 2}
    source = (PYTHON / "stagefunnel" / name).read_text(encoding="utf-8")
    tree = ast.parse(source)
    public = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    room = TESTS / Path(name).parent
    while not room.is_dir():
        room = room.parent
    scores = []
    for path in sorted(TESTS.rglob("test_*.py")):
        if _SLOW.search(path.name):
            continue
        text = path.read_text(encoding="utf-8")
        own = {word.rstrip("s") for word in re.split(r"[/_.]", path.relative_to(TESTS).as_posix())}
        score = 3 * len(own & words) + 20 * (f"stagefunnel.{module}" in text) + 4 * (room in path.parents)
        score += 6 * (Path(name).stem in text) + 9 * ("charts" in name and "accepted" in path.name)
        score += 5 * sum(bool(re.search(rf"\b{name}\b", text)) for name in public)
        scores.append((-score, str(path)))
    return [*listed, *[path for _, path in sorted(scores)[: N_FILES - len(listed)]]]


def _survives(folder: Path, name: str, source: str, tests: list[str]) -> bool | None:
    """Check whether the tests pass; ``None`` where they do not end."""
    target = folder / "python" / "stagefunnel" / name
    original = target.read_text(encoding="utf-8")
    target.write_text(source, encoding="utf-8")
    try:
        child = os.fork()
        if child == 0:
            run_pytest(folder, ["--doctest-modules", str(target), *tests])
        status = status_of(child, seconds=LONGEST)
        return None if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL else status == 0
    finally:
        target.write_text(original, encoding="utf-8")


if __name__ == "__main__":
    import numpy  # noqa: F401  # loaded once for all mutants
    import pandas  # noqa: F401  # likewise
    import pyarrow.compute  # noqa: F401  # likewise
    import pytest  # noqa: F401  # likewise

    sys.exit(main())
