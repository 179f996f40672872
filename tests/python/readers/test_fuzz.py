"""Valid exports of every format, changed at random: no row is lost in silence, and nothing breaks."""

import random
import warnings
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from readers.mutations import CHANGING, KEEPING, VALID, Files, changed, cut, encoded, files_of

Counts = dict[tuple[str, str], int]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


def counts(files: Files, folder: Path, **options: str) -> Counts | None:
    """Read an export, use it, and return its quality; ``None`` where this package refuses it."""
    paths = []
    for name, data in files.items():
        paths.append(folder / name)
        paths[-1].write_bytes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sf.StageFunnelWarning)
            export = sf.read(paths, **options)  # type: ignore[arg-type]
            assert repr(export)
            for pipeline in export.pipelines.values():
                sf.funnel(export.log, pipeline, unlisted="ignore", missing="ignore")
    except sf.StageFunnelError:
        return None
    quality = export.quality
    return {
        (str(check), str(note)): int(n)
        for check, note, n in zip(quality["check"], quality["note"], quality["count"], strict=True)
    }


@cache
def unchanged(name: str, *, drop: bool, folder: Path) -> Counts:
    """Read a valid export, once for all changes to it."""
    found = counts(files_of(name), folder, **({"invalid": "drop"} if drop else {}))
    assert found is not None
    return found


def one_changed(files: Files, seed: str) -> tuple[Files, bool]:
    """Change one file once or twice; say whether the export should have as many rows as before."""
    luck = random.Random(seed)
    name = luck.choice(list(files))
    data, keeps = files[name], True
    for _ in range(luck.randint(1, 2)):
        change = luck.choice([*KEEPING, *KEEPING, *CHANGING])
        data, keeps = changed(data, change, luck), keeps and change in KEEPING
    if luck.random() < 0.2:
        data = encoded(data, luck)
    if luck.random() < 0.05:
        data, keeps = cut(data, luck), False
    return {**files, name: data}, keeps


SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("drop", [False, True], ids=["error", "drop"])
@pytest.mark.parametrize("name", VALID)
@examples(ci=4, night=400)
@given(seed=SEEDS)
def test_a_changed_export_is_read_or_refused_and_no_row_is_lost_in_silence(
    name: str, drop: bool, folder: Path, seed: int
) -> None:
    options = {"invalid": "drop"} if drop else {}
    files, before = files_of(name), unchanged(name, drop=drop, folder=folder)
    # CI draws the same numbers for each export, which are other changes so.
    given, keeps = one_changed(files, f"{name} {drop} {seed}")
    after = counts(given, folder, **options)
    if after is None or not keeps:
        return
    rows = next(key for key in before if key[0] == "rows")
    if before[rows] != after[rows]:
        others = {key for key in {*before, *after} if key != rows and before.get(key, 0) != after.get(key, 0)}
        assert others, f"{before[rows]} rows became {after[rows]}, and no other check changed"


@pytest.mark.parametrize("name", VALID)
def test_shuffled_rows_give_as_many_rows_and_items(name: str, folder: Path) -> None:
    files, before = files_of(name), unchanged(name, drop=False, folder=folder)
    shuffled = {file: changed(data, KEEPING[0], random.Random(1)) for file, data in files.items()}
    after = counts(shuffled, folder)
    assert after is not None
    for key in before:
        if key[0] in ("rows", "items", "stages"):
            assert before[key] == after[key]
