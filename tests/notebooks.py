"""Hold the tables that the notebooks show against those of a run: what stands in them is not out of date.

    python tests/notebooks.py RUN [--step spark] [--write]

RUN is a directory of the same notebooks after they were run: those with Spark in their names by the step
spark, the others by the step notebooks. --write takes what they show over; charts become drawings that are
seen without a script.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def step_of(notebook: Path) -> str:
    """Name the step that runs a notebook."""
    return "spark" if "spark" in notebook.name else "notebooks"


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


def drawing_of(page: str) -> str:
    """Take the widest drawing of a cell's page, without what is only spoken and with places to a tenth."""
    drawing = page[page.index("<svg") : page.index("</svg>") + len("</svg>")]
    drawing = re.sub(r' (aria-[a-z]+|role)="[^"]*"|<title>[^<]*</title>', "", drawing)
    return re.sub(r"-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", drawing)


def kept(data: dict[str, Any]) -> dict[str, Any]:
    """Choose what is kept of an output: a table as text and page, a chart as a drawing."""
    page = "".join(data.get("text/html", ""))
    chosen = {kind: data[kind] for kind in ("text/plain", "text/html") if kind in data}
    if 'class="stagefunnel-picture"' in page:
        return {
            "image/svg+xml": drawing_of(page).splitlines(keepends=True),
            "text/plain": chosen["text/plain"],
        }
    return chosen


def written(run: Path) -> str:
    notebook = json.loads(run.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
        for output in cell.get("outputs", []):
            if "data" in output:
                output["data"] = kept(output["data"])
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--step", choices=["notebooks", "spark"], default="notebooks")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    stale = []
    for notebook in sorted(NOTEBOOKS.glob("*.ipynb")):
        run = args.run / notebook.name
        if not run.exists() and step_of(notebook) != args.step:
            continue
        if args.write:
            notebook.write_text(written(run), encoding="utf-8")
        elif tables_of(notebook) != tables_of(run):
            stale.append(notebook.name)
    if stale:
        sys.stderr.write(
            f"these notebooks show other tables than a run of them: {', '.join(stale)}; take over what the "
            f"run shows with: python tests/notebooks.py {args.run} --step {args.step} --write\n"
        )
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
