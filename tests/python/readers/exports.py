"""What the tests of readers share: the example files, and questions about an export."""

import json
from pathlib import Path
from typing import Any

import stagefunnel as sf

DATA = Path(__file__).parents[2] / "data"
EXPORTS = DATA / "exports"
REAL = DATA / "crm_exports"  # made by real systems, see the README beside them


def answer(path: str) -> Any:
    """Parse an example file, as a REST client returns it."""
    return json.loads((EXPORTS / path).read_text(encoding="utf-8"))


def count(export: sf.Export, check: str) -> int:
    """Return the count of a check in the quality table; 0 without such a line."""
    return int(export.quality.set_index("check")["count"].get(check, 0))


def reached(export: sf.Export, pipeline: str, kind: str = "classic") -> dict[str, int]:
    """Count the items that reach each stage of a pipeline."""
    table = sf.funnel(export.log, export.pipelines[pipeline], kind=kind)  # type: ignore[arg-type]  # any text
    return dict(zip(table["stage"].astype(str), table["reached"].tolist(), strict=True))


def journeys(export: sf.Export, pipeline: str = "Pipeline") -> dict[str, list[tuple[str, str]]]:
    """Return the stages that each item of a log passed, with the first entry into each."""
    found = {}
    for item in export.items["item"]:
        steps = sf.explain(export.log, export.pipelines[pipeline], item=item, kind="classic")
        passed = steps[steps["passed"]]
        times = passed["reason"].str.extract(r"entered at (\S+ \S+?)(?:\+|$|,|;)", expand=False)
        found[item] = list(zip(passed["stage"].astype(str), times, strict=True))
    return found


def moves(export: sf.Export, pipeline: str) -> dict[tuple[str, str], int]:
    """Count the moves between stages of a pipeline."""
    table = sf.transitions(export.log, export.pipelines[pipeline])
    pairs = zip(table["from_stage"].astype(str), table["to_stage"].astype(str), strict=True)
    return dict(zip(pairs, table["moves"].tolist(), strict=True))


def noted(export: sf.Export) -> dict[str, int]:
    """List the counts of the reader, which follow those of every log."""
    assert export.quality.equals(export.log.quality())
    own = export.quality.iloc[export.quality["check"].tolist().index("items_not_in_table") + 1 :]
    return dict(zip(own["check"], own["count"].tolist(), strict=True))
