"""The benchmark does not rot: its SQL, written by hand, gives the answers of the package."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from helpers import ROOT


def test_the_sql_of_the_benchmark_answers_alike(spark: Any, tmp_path: Path) -> None:
    spec = spec_from_file_location("benchmark_of_spark", ROOT / "benchmarks" / "spark.py")
    assert spec is not None
    assert spec.loader is not None
    benchmark = module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    path = str(tmp_path / "rows.parquet")
    benchmark.write_rows(path, 5_000)
    rows = spark.read.parquet(path)
    rows.createOrReplaceTempView("rows")
    benchmark.check(spark, rows, partitions=2)
