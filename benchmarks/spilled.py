"""Measures a log in partitions: the time to spill and to ask a Parquet file, and the peak of the process.

  python benchmarks/spilled.py [--rows 20000000] [--memory 200MB] [--threads 1]

The file is that of large.py: text keys and names of stages, every item spread over all of the file. A
process of its own spills and asks; then another one only opens the folder and asks. The items that
passed each stage are compared with those that were counted while the file was drawn. The peak is of the
whole process, with interpreter and libraries.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import large
import workload
from measure import peak
from store import DEFAULT

_PIPELINE: Any = (list(workload.STAGES[: workload.N_OPEN]), "won", "lost")


def measure(path: Path | None, folder: Path, memory: str, threads: int) -> None:
    """Spill the file, if there is one, and ask both funnels; print seconds and peaks."""
    import stagefunnel as sf
    from stagefunnel.log.spilled.budget import held_bytes

    figures: dict[str, Any] = {"before": held_bytes()}
    begin, used = time.perf_counter(), time.process_time()
    if path is not None:
        log = sf.StageLog.from_parquet(path, spill=folder, memory=memory, threads=threads)
        figures |= {"spilled": time.perf_counter() - begin, "spilled_cpu": time.process_time() - used}
        figures |= {"spilled_peak": peak()}
    else:
        log = sf.StageLog.load(folder, threads=threads)
        figures["opened"] = time.perf_counter() - begin
    stages, won, lost = _PIPELINE
    pipeline = sf.Pipeline(stages, won=won, lost=lost)
    begin, used = time.perf_counter(), time.process_time()
    table = sf.funnel(log, pipeline, kind="both")
    figures |= {"asked": time.perf_counter() - begin, "asked_cpu": time.process_time() - used}
    passed = table[table["kind"] == "classic"]["passed"].iloc[: workload.N_OPEN].tolist()
    rows = {"rows": log.n_rows, "items": log.n_items, "partitions": log.n_partitions}
    print(json.dumps({**figures, **rows, "passed": passed, "peak": peak()}))


def run(path: Path | None, folder: Path, options: argparse.Namespace) -> Any:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--folder", str(folder), "--threads", str(options.threads)]
    command += ["--memory", options.memory, *([] if path is None else ["--measure", str(path)])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def main() -> None:
    """Draw the file unless it exists, measure, compare the answers, and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--block", type=int, default=10_000_000)
    parser.add_argument("--memory", default="200MB")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path, default=DEFAULT)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder:
        measure(options.measure, options.folder, options.memory, options.threads)
        return
    options.data.mkdir(parents=True, exist_ok=True)
    path = options.data / f"large-{options.rows}-{options.block}.parquet"
    if not path.exists():
        large.draw(path, options.rows, options.block)
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=options.data) as place:
        folder = Path(place, "log.sf")
        figures = [run(path, folder, options), run(None, folder, options)]
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    for one in figures:
        if one["passed"] != expected:
            raise SystemExit(f"passed {one['passed']}, not {expected}")
    first, second = figures
    print(f"{first['rows']:,} rows, {first['items']:,} items, {path.stat().st_size / 1e9:.2f} GB of Parquet")
    print(f"memory {options.memory}, {options.threads} threads: {first['partitions']} partitions")
    print(f"{first['before'] / 1e6:.0f} MB before a row is read")
    print(f"spill\t{first['spilled']:.1f} s, {first['spilled_cpu']:.1f} s of the processor")
    print(f"peak\t{first['spilled_peak'] / 1e6:.0f} MB; with the question {first['peak'] / 1e6:.0f} MB")
    print(f"folder\t{size / 1e9:.2f} GB, {size / first['rows']:.1f} bytes a row")
    print(f"open\t{1_000 * second['opened']:.0f} ms")
    print(f"both funnels\t{second['asked']:.2f} s, {second['asked_cpu']:.2f} s of the processor")
    print(f"peak\t{second['peak'] / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
