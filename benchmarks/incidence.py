"""Measures curves of incidence beside their peers and the usual funnel, in one run; the answers come first.

  python benchmarks/incidence.py [--rows 10000000] [--peers 1000000] [--calls 5] [--quick]

Over a log: cumulative incidence with variances of 50 groups, ages in days, beside both funnels by the same
groups; and medians that count open visits beside exact ones of completed visits. Over arrays: the same curve
as scikit-survival's and, with `--lifelines PYTHON`, an interpreter that has it, as lifelines'. The candidates
take turns; the figures are the least of the calls, which other work on the machine disturbs least.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

import stagefunnel as sf
import workload

_N_GROUPS = 50
_DAY = 86_400_000  # the workload is in milliseconds
_LIFELINES = """
import json, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
from lifelines import AalenJohansenFitter
spells = np.load(sys.argv[1])
costs = []
for _ in range(3):
    start, begin = time.perf_counter(), time.process_time()
    fit = AalenJohansenFitter(calculate_variance=True, seed=1)
    fit.fit(spells["time"].astype(float), spells["code"], event_of_interest=1)
    costs.append([time.perf_counter() - start, time.process_time() - begin])
cost = [min(one) for one in zip(*costs)]
print(json.dumps([cost, float(fit.cumulative_density_.iloc[-1, 0])]))
"""


class Cost(NamedTuple):
    """What a call takes: seconds that people wait, and seconds of all processors."""

    waited: float
    computed: float

    def times(self, other: Cost) -> str:
        """Say how many times another this is."""
        return f"{self.waited / other.waited:.2f} (CPU time: {self.computed / other.computed:.2f})"

    def __str__(self) -> str:
        return f"{1000 * self.waited:8.0f} ms, {1000 * self.computed:8.0f} ms of CPU time"


def built(rows: int) -> tuple[sf.StageLog, sf.Pipeline]:
    """Make a log of days with a column of groups beside it."""
    drawn = workload.columns(rows)
    keys = np.unique(drawn["item"])
    items = {"item": keys, "manager": (keys * 2_654_435_761 % _N_GROUPS).astype(np.int16)}
    days = (drawn["time"] // _DAY).astype("datetime64[D]")
    log = sf.StageLog({**drawn, "time": days}, items=items)
    return log, sf.Pipeline(list(range(workload.N_OPEN)), won=workload.WON, lost=workload.LOST)


def spells(n: int) -> dict[str, npt.NDArray[Any]]:
    """Draw times in days and how each ended: 0 open, 1 and 2 causes."""
    random = np.random.default_rng(workload.SEED)
    return {"time": random.integers(1, 1000, n), "code": random.integers(0, 3, n)}


def interleaved(calls: int, **asked: Callable[[], Any]) -> dict[str, Cost]:
    """Ask one after the other, again and again; return the least that each took after the first call."""
    costs: dict[str, list[Cost]] = {name: [] for name in asked}
    for _ in range(calls + 1):
        for name, ask in asked.items():
            start, begin = time.perf_counter(), time.process_time()
            ask()
            costs[name].append(Cost(time.perf_counter() - start, time.process_time() - begin))
    # Of one call alone, the first is all there is.
    later = {name: found[1:] or found for name, found in costs.items()}
    return {
        name: Cost(min(one.waited for one in found), min(one.computed for one in found))
        for name, found in later.items()
    }


def first_call(ask: Callable[[sf.StageLog, sf.Pipeline], Any], rows: int) -> Cost:
    """Ask a log of which nothing is kept yet."""
    log, pipeline = built(rows)
    return interleaved(0, ask=lambda: ask(log, pipeline))["ask"]


def of_log(rows: int, calls: int, *, quick: bool) -> None:
    """Compare with the funnel by group, and with exact medians."""
    log, pipeline = built(rows)
    ours: dict[str, Callable[[sf.StageLog, sf.Pipeline], Any]] = {
        "incidence": lambda log, pipeline: sf.cumulative_incidence(log, pipeline, by="manager"),
        "funnel": lambda log, pipeline: sf.funnel(log, pipeline, kind="both", by="manager"),
        "censored": lambda log, pipeline: sf.time_in_stage(log, pipeline, open_visits="censored"),
        "exact": lambda log, pipeline: sf.time_in_stage(log, pipeline),
    }
    check_log(log, pipeline)
    if quick:
        return
    found = interleaved(calls, **{name: partial(ask, log, pipeline) for name, ask in ours.items()})
    print(f"{rows:,} rows, {_N_GROUPS} groups, days")
    for name, cost in found.items():
        print(f"  {name:10} {cost}; first call {first_call(ours[name], rows)}")
    print(f"  incidence is {found['incidence'].times(found['funnel'])} times the funnel (at most 3)")
    print(f"  censored is {found['censored'].times(found['exact'])} times the exact medians (at most 2)")


def check_log(log: sf.StageLog, pipeline: sf.Pipeline) -> None:
    """Compare with the curve of the lives that the table of items lists."""
    items = sf.item_table(log, pipeline)
    end = sf.row_table(log)["time"].max()
    is_open = items["outcome"] == "open"
    ages = (items["closed_at"].where(~is_open, end) - items["first_time"]).dt.days
    event = items["outcome"].astype(object).where(~is_open, None)
    days = np.arange(1, 400, 7)
    expected = sf.stats.cumulative_incidence(ages, event, times=days)
    found = sf.cumulative_incidence(log, pipeline, times=[f"{day}d" for day in days])
    for cause in ("won", "lost"):
        own, other = (one[one["cause"] == cause] for one in (found, expected))
        np.testing.assert_allclose(own["incidence"], other["incidence"], rtol=1e-9)
        np.testing.assert_allclose(own["se"], other["se"], rtol=1e-9)
    visits = sf.visits(log, pipeline)
    medians = sf.time_in_stage(log, pipeline, open_visits="censored").set_index("stage")["median"]
    for stage in pipeline.stages:
        own = visits[visits["stage"] == stage]
        length = (own["exited"].fillna(end) - own["entered"]).dt.days
        expected = sf.stats.survival_quantiles(length, own["exited"].notna(), quantiles=[0.5])
        np.testing.assert_allclose(medians[stage] / pd.Timedelta(days=1), expected["value"][0])


def of_arrays(n: int, calls: int, lifelines: str | None, *, quick: bool) -> None:
    """Compare with scikit-survival and lifelines on the same spells."""
    from sksurv.nonparametric import cumulative_incidence_competing_risks

    drawn = spells(n)
    label = np.array([None, "a", "b"], dtype=object)[drawn["code"]]
    event = pd.Categorical(label)
    own = sf.stats.cumulative_incidence(drawn["time"], event)
    _, theirs = cumulative_incidence_competing_risks(drawn["code"], drawn["time"], conf_type=None)
    last = own[own["cause"] == "a"]["incidence"].iloc[-1]
    np.testing.assert_allclose(last, theirs[1][-1], rtol=1e-9)
    if quick:
        return
    found = interleaved(
        calls,
        ours=lambda: sf.stats.cumulative_incidence(drawn["time"], event),
        sksurv=lambda: cumulative_incidence_competing_risks(
            drawn["code"], drawn["time"], conf_type="log-log", var_type="Aalen"
        ),
    )
    print(f"{n:,} spells, 2 causes, 999 days, with variances")
    for name, cost in found.items():
        print(f"  {name:10} {cost}")
    print(f"  sksurv is {found['sksurv'].times(found['ours'])} times ours (at least 20)")
    if lifelines is not None:
        # Where all times have several spells that ended alike, lifelines moves none of them apart.
        _beside_lifelines(lifelines, drawn, calls)
        _beside_lifelines(lifelines, {name: values[: n // 50] for name, values in drawn.items()}, calls)


def _beside_lifelines(python: str, drawn: dict[str, npt.NDArray[Any]], calls: int) -> None:
    """Fit the same spells with both."""
    event = pd.Categorical(np.array([None, "a", "b"], dtype=object)[drawn["code"]])
    table = sf.stats.cumulative_incidence(drawn["time"], event)
    last = float(table[table["cause"] == "a"]["incidence"].iloc[-1])
    found = interleaved(calls, ours=lambda: sf.stats.cumulative_incidence(drawn["time"], event))
    theirs = _of_lifelines(python, drawn, last)
    print(f"  {len(event):,} spells: lifelines {theirs} is {theirs.times(found['ours'])} times ours (100)")


def _of_lifelines(python: str, drawn: dict[str, npt.NDArray[Any]], last: float) -> Cost:
    """Let another interpreter fit them; where lifelines moves tied times apart, its answer is near."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "spells.npz"
        np.savez(path, time=drawn["time"], code=drawn["code"])
        run = subprocess.run(
            [python, "-c", _LIFELINES, str(path)], capture_output=True, text=True, check=True
        )
    cost, estimate = json.loads(run.stdout)
    assert abs(estimate - last) < 0.05
    return Cost(*cost)


def main() -> None:
    """Check the answers, then measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--peers", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--lifelines", metavar="PYTHON")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    rows, n = (30_000, 5_000) if options.quick else (options.rows, options.peers)
    of_log(rows, options.calls, quick=options.quick)
    of_arrays(n, options.calls, options.lifelines, quick=options.quick)
    if options.quick:
        print(f"{rows:,} rows: all answers are those of plain Python")


if __name__ == "__main__":
    main()
