"""A log in the place of a pipeline, and other things that stand where another one belongs."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest

import stagefunnel as sf
from helpers import SMALL, journeys_log
from stagefunnel.cli import main

LOG = journeys_log("New > Won")
EXPORT = sf.read([{"deal_id": 7, "stage": "New", "changed_at": "2026-03-02"}])
CSV = "item,stage,time\n1,New,2026-01-01\n1,Won,2026-01-02\n"
TOML = '[pipeline]\nstages = ["New", "Offer"]\nwon = "Won"\nlost = "Lost"\n'


def refused(message: str) -> Any:
    """Expect exactly this message."""
    return pytest.raises(sf.SchemaError, match=f"^{re.escape(message)}$")


@pytest.mark.parametrize(
    ("log", "pipeline", "message"),
    [
        (SMALL, LOG, "expected a StageLog, got Pipeline; give the log first, then the pipeline"),
        (EXPORT, SMALL, "expected a StageLog, got Export; give its log, as in export.log"),
        ("log.csv", SMALL, "expected a StageLog, got str; make one with StageLog(...)"),
        (LOG, LOG, "expected a Pipeline, got StageLog; give the log first, then the pipeline"),
        (LOG, "pipeline.toml", "expected a Pipeline, got str; Pipeline.from_toml reads a file of stages"),
        (
            LOG,
            Path("p.toml"),
            f"expected a Pipeline, got {type(Path()).__name__}; Pipeline.from_toml reads a file of stages",
        ),
        (
            LOG,
            sf.Settings(SMALL),
            "expected a Pipeline, got Settings; give its pipeline, as in settings.pipeline",
        ),
        (LOG, EXPORT.pipelines, "expected a Pipeline, got dict; choose one of 'Pipeline'"),
        (LOG, {}, "expected a Pipeline, got dict"),
    ],
)
def test_what_is_no_log_or_no_pipeline_is_recognised(log: Any, pipeline: Any, message: str) -> None:
    for question in (sf.funnel, sf.summary, sf.partial, sf.item_table):
        with refused(message):
            question(log, pipeline)


def test_a_sequence_recognises_it_too() -> None:
    with refused("expected a StageLog, got Export; give its log, as in export.log"):
        sf.sequence_funnel(EXPORT, ["New"])  # type: ignore[arg-type]  # wrong on purpose
    with refused("expected a StageLog, got Pipeline; give the log first, then the pipeline"):
        sf.row_table(SMALL)  # type: ignore[arg-type]  # wrong on purpose


OTHERS: list[tuple[str, bytes, str]] = [
    ("log.csv.gz", gzip.compress(CSV.encode()), "packed with gzip"),
    ("log.csv", CSV.encode(), "a CSV file"),
    ("log.tsv", CSV.replace(",", "\t").encode(), "a CSV file"),
    ("log.parquet", b"PAR1\x15\x04\x15\xff", "a Parquet file"),
    ("log.xlsx", b"PK\x03\x04\x14\x00\xff", "a workbook or a zip file"),
    ("log.json", b'{"item": 1}', "JSON"),
    ("list.json", b'[\n {"item": 1}\n]', "JSON"),
]


@pytest.mark.parametrize(("name", "content", "what"), OTHERS, ids=[name for name, _, _ in OTHERS])
def test_a_log_given_as_the_file_of_the_pipeline_is_recognised(
    name: str, content: bytes, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, pipeline = tmp_path / name, tmp_path / "pipeline.toml"
    file.write_bytes(content)
    pipeline.write_text(TOML)
    question = f"it is {what}: is it the log, in the place of the pipeline?"
    for read in (sf.Pipeline.from_toml, sf.Settings.from_toml):
        with pytest.raises(sf.SchemaError, match=re.escape(question)) as caught:
            read(file)
        assert str(caught.value).startswith(str(file))
    assert main(["funnel", str(pipeline), "--pipeline", str(file)]) == 1
    assert question in capsys.readouterr().err


@pytest.mark.parametrize("text", ["stages = [1, 2", "[pipeline]\nstages = [", "# a, b\n= 3", "stages: New"])
def test_a_file_that_is_only_not_valid_is_not_taken_for_a_log(text: str, tmp_path: Path) -> None:
    file = tmp_path / "pipeline.toml"
    file.write_text(text)
    with pytest.raises(sf.SchemaError, match="is not valid TOML") as caught:
        sf.Pipeline.from_toml(file)
    assert "is it the log" not in str(caught.value)


def test_a_pipeline_given_as_the_log_is_recognised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pipeline.toml"
    file.write_text(TOML)
    question = f"{file}: a TOML file holds no rows; is it the pipeline, in the place of the log?"
    assert main(["funnel", str(file), "--pipeline", str(file)]) == 1
    assert question in capsys.readouterr().err
