"""Every question of how sure a number is, and of what will become of what is open, over tiny logs.

Each has an answer that can be shown and drawn, or an error that says why there is none.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel import plots

PIPELINE = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
PATHS: dict[str, list[list[str]]] = {
    "empty": [],
    "one open": [["New"]],
    "one won": [["New", "Won"]],
    "only lost": [["New", "Lost"], ["Offer", "Lost"], ["New"]],
    "all won": [["New", "Offer", "Won"]] * 4,
    "all open": [["New", "Offer"]] * 4,
    "over at once": [["Won"], ["Lost"], ["New"]],
    "mixed": [["New", "Offer", "Won"], ["New", "Lost"], ["New", "Offer"], ["New"], ["New", "Offer", "Lost"]]
    * 2,
}
BY: list[dict[str, Any]] = [{}, {"by": ["owner", "team"], "top": 2}]
Ask = Callable[..., pd.DataFrame]
#: Questions that take groups, and questions that do not.
GROUPED: dict[str, Ask] = {
    "forecast": lambda log, **by: sf.forecast(
        log, PIPELINE, horizon=10, amount="amount", draws=100, missing="ignore", **by
    ),
    "bottlenecks": lambda log, **by: sf.bottlenecks(log, PIPELINE, missing="ignore", **by),
    "markov_check": lambda log, **by: sf.markov_check(log, PIPELINE, missing="ignore", **by),
    "state_occupation": lambda log, **by: sf.state_occupation(
        log, PIPELINE, times=[3], missing="ignore", **by
    ),
    "absorption": lambda log, **by: sf.absorption(log, PIPELINE, missing="ignore", **by),
    "cumulative_incidence": lambda log, **by: sf.cumulative_incidence(log, PIPELINE, missing="ignore", **by),
    "time_in_stage": lambda log, **by: sf.time_in_stage(
        log, PIPELINE, open_visits="censored", confidence=0.9, missing="ignore", **by
    ),
    "time_to": lambda log, **by: sf.time_to(
        log, PIPELINE, "Won", open_visits="censored", missing="ignore", **by
    ),
    "funnel": lambda log, **by: sf.funnel(
        log, PIPELINE, amount="amount", confidence=0.9, missing="ignore", **by
    ),
}
ALONE: dict[str, Ask] = {
    "win_probability": lambda log: sf.win_probability(log, PIPELINE, amount="amount", missing="ignore"),
    "win_within": lambda log: sf.win_within(log, PIPELINE, horizon=3, missing="ignore"),
    "backtest": lambda log: sf.backtest(
        log, PIPELINE, dates=[3, 6], horizon=2, amount="amount", draws=100, missing="ignore"
    ),
    "item_features": lambda log: sf.item_features(log, PIPELINE, as_of=[3, 6], horizon=2, missing="ignore"),
    "compare_groups": lambda log: sf.compare_groups(log, PIPELINE, by="owner", missing="ignore"),
    "drivers": lambda log: sf.drivers(log, PIPELINE, ["owner", "team"], missing="ignore"),
    "decompose": lambda log: sf.decompose(log, PIPELINE, a=(0, 4), b=(4, 9), missing="ignore"),
    "mix_rate": lambda log: sf.mix_rate(log, PIPELINE, mix="team", a=(0, 4), b=(4, 9), missing="ignore"),
    "mix_rate of a stage": lambda log: sf.mix_rate(
        log, PIPELINE, mix=["team", "owner"], stage="Offer", a=(0, 4), b=(4, 9), missing="ignore"
    ),
}
DRAWN: dict[str, Callable[[pd.DataFrame], Any]] = {
    "forecast": plots.plot_forecast,
    "backtest": plots.plot_backtest,
    "bottlenecks": plots.plot_bottlenecks,
    "cumulative_incidence": plots.plot_incidence,
    "compare_groups": plots.plot_differences,
    "drivers": plots.plot_drivers,
    "decompose": plots.plot_decomposition,
    "time_in_stage": plots.plot_survival,
}


def log_of(name: str) -> sf.StageLog:
    rows = [
        (item, stage, item + 3 * place, "AB"[item % 2], "XYZ"[item % 3], float(item))
        for item, path in enumerate(PATHS[name])
        for place, stage in enumerate(path)
    ]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "owner", "team", "amount"])
    if not rows:
        frame = frame.astype({"item": "int64", "time": "int64"})
    return sf.StageLog(frame, columns=["owner", "team", "amount"], empty="allow")


def check(table: pd.DataFrame, question: str) -> None:
    """Show a table, and draw it unless there is an error that says why not."""
    text = str(sf.show(table))
    assert not any(word in text for word in ("nan", "NaN", "NaT", "<NA>")), text
    if question not in DRAWN:
        return
    with suppress(sf.StageFunnelError):  # any other error would not say why
        DRAWN[question](table)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", PATHS)
def test_every_question_has_an_answer_or_a_reason(name: str) -> None:
    log = log_of(name)
    for question, ask in GROUPED.items():
        for by in BY:
            check(ask(log, **by), question)
    for question, ask in ALONE.items():
        check(ask(log), question)


def test_the_mix_of_a_log_without_rows_has_no_groups() -> None:
    table = ALONE["mix_rate"](log_of("empty"))
    assert len(table) == 0
    assert table.attrs["stagefunnel"]["totals"] == [None, None]
    assert "One side has no items, so that there is nothing to split." in str(sf.show(table))
