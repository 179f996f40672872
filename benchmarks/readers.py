"""Reading XES and JSON lines, against PM4Py's and pandas' own reading of a file, by time of the processor.

The candidates take turns, and the minimum of the rounds counts. PM4Py is left out where it is not installed.
"""

import argparse
import json
import random
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

import stagefunnel as sf

ACTIVITIES = ("Receive order", "Check stock", "Send offer", "Confirm", "Pack", "Ship", "Invoice", "Paid")
EVENTS = ("page_view", "search", "add_to_cart", "checkout", "purchase", "scroll", "login")


def write_xes(path: Path, n_cases: int) -> None:
    """Write a log of cases with 4 to 15 events of five attributes."""
    luck = random.Random(1)
    with path.open("w") as file:
        file.write('<log xes.version="1.0">\n')
        for case in range(n_cases):
            file.write(f'<trace>\n<string key="concept:name" value="C{case}"/>\n')
            at = datetime(2026, 1, 1) + timedelta(minutes=luck.randrange(100_000))
            for number in range(luck.randrange(4, 16)):
                at += timedelta(minutes=luck.randrange(1, 3_000))
                name = ACTIVITIES[min(number, len(ACTIVITIES) - 1)]
                file.write(
                    f'<event>\n<string key="concept:name" value="{name}"/>\n'
                    '<string key="lifecycle:transition" value="complete"/>\n'
                    f'<string key="org:resource" value="R{luck.randrange(20)}"/>\n'
                    f'<date key="time:timestamp" value="{at.isoformat()}.000+01:00"/>\n'
                    f'<float key="costs" value="{luck.random():.3f}"/>\n</event>\n'
                )
            file.write("</trace>\n")
        file.write("</log>\n")


def write_json_lines(path: Path, n_rows: int) -> None:
    """Write events as Mixpanel's export has them."""
    luck = random.Random(2)
    with path.open("w") as file:
        for number in range(n_rows):
            properties = {
                "time": 1_700_000_000 + 3 * number,
                "distinct_id": f"u{luck.randrange(30_000)}",
                "$insert_id": f"{luck.getrandbits(128):032x}",
                "$browser": "Chrome",
                "$city": "Berlin",
                "amount": luck.random(),
            }
            file.write(json.dumps({"event": luck.choice(EVENTS), "properties": properties}) + "\n")


def in_turns(candidates: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the least time of the processor of each candidate, in seconds."""
    best = dict.fromkeys(candidates, float("inf"))
    for _ in range(rounds):
        for name, run in candidates.items():
            begin = time.process_time()
            run()
            best[name] = min(best[name], time.process_time() - begin)
    return best


def main() -> None:
    """Write the files, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=12_000)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        xes, lines = Path(folder, "log.xes"), Path(folder, "events.jsonl")
        write_xes(xes, args.cases)
        write_json_lines(lines, args.rows)
        of_xes: dict[str, Callable[[], object]] = {"stagefunnel": lambda: sf.read(xes)}
        try:
            import pm4py
        except ImportError:
            pass
        else:
            of_xes["PM4Py"] = lambda: pm4py.read_xes(str(xes))
        of_lines: dict[str, Callable[[], object]] = {
            "stagefunnel": lambda: sf.read(lines),
            "pandas": lambda: pd.read_json(lines, lines=True),
        }
        for title, candidates in (("XES", of_xes), ("JSON lines", of_lines)):
            for name, seconds in in_turns(candidates, args.rounds).items():
                print(f"{title}\t{name}\t{seconds:.2f} s")


if __name__ == "__main__":
    main()
