"""Hold the tables that the notebooks show against those of a run: what stands in them is not out of date.

    python tests/notebooks.py RUN [--write]

RUN is a directory of the same notebooks after they were run. --write takes what they show over, without
charts, which are large.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def outputs_of(notebook: Path) -> list[dict[str, Any]]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [output for cell in cells for output in cell.get("outputs", [])]


def tables_of(notebook: Path) -> list[str]:
    """Read the tables of this package in a notebook as text; how others write theirs changes with them."""
    shown = [output.get("data", {}) for output in outputs_of(notebook)]
    return [
        "".join(data["text/plain"])
        for data in shown
        if 'class="stagefunnel"' in "".join(data.get("text/html", ""))
    ]


def written_without_charts(run: Path) -> str:
    notebook = json.loads(run.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            is_chart = "<table" not in "".join(data.get("text/html", ""))
            for kind in data.keys() - ({"text/plain"} if is_chart else {"text/plain", "text/html"}):
                del data[kind]
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    stale = []
    for notebook in sorted(NOTEBOOKS.glob("*.ipynb")):
        run = args.run / notebook.name
        if args.write:
            notebook.write_text(written_without_charts(run), encoding="utf-8")
        elif tables_of(notebook) != tables_of(run):
            stale.append(notebook.name)
    if stale:
        sys.stderr.write(
            f"these notebooks show other tables than a run of them: {', '.join(stale)}; take over what the "
            f"run shows with: python tests/notebooks.py {args.run} --write\n"
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
