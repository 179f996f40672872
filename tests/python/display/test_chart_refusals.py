"""What charts refuse: tables of other functions, empty ones, too many groups, options that do not exist."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from drawn import title_of
from stagefunnel import plots

WORKED = sf.datasets.worked_example()
LOG, PIPELINE = WORKED.log, WORKED.pipeline
STEPS = ["New", "Won"]
Plot = Callable[..., Any]

TABLES: dict[str, tuple[Plot, str, Callable[[], pd.DataFrame]]] = {
    "backtest": (
        plots.plot_backtest,
        "backtest()",
        lambda: sf.backtest(LOG, PIPELINE, dates=["2026-03-04"], horizon="2d"),
    ),
    "bottlenecks": (plots.plot_bottlenecks, "bottlenecks()", lambda: sf.bottlenecks(LOG, PIPELINE)),
    "calibration": (
        plots.plot_calibration,
        "backtest()",
        lambda: sf.backtest(LOG, PIPELINE, dates=["2026-03-04"], horizon="2d"),
    ),
    "compare": (
        plots.plot_compare,
        "compare_periods() or funnel()",
        lambda: sf.funnel(LOG, PIPELINE, kind="both"),
    ),
    "compare periods": (
        plots.plot_compare,
        "compare_periods()",
        lambda: sf.compare_periods(LOG, PIPELINE, "2026-03", against="previous"),
    ),
    "forecast": (plots.plot_forecast, "forecast()", lambda: sf.forecast(LOG, PIPELINE)),
    "funnel": (plots.plot_funnel, "funnel()", lambda: sf.funnel(LOG, PIPELINE)),
    "flow": (plots.plot_flow, "flow()", lambda: sf.flow(LOG, PIPELINE, period="2026-03")),
    "decomposition": (
        plots.plot_decomposition,
        "decompose()",
        lambda: sf.decompose(LOG, PIPELINE, a="2026-03", b="2026-02"),
    ),
    "differences": (
        plots.plot_differences,
        "compare_groups() or compare_periods()",
        lambda: sf.compare_groups(grouped(), PIPELINE, by="half"),
    ),
    "drivers": (
        plots.plot_drivers,
        "drivers()",
        lambda: sf.drivers(grouped(), PIPELINE, ["half"], static=["half"]),
    ),
    "incidence": (
        plots.plot_incidence,
        "cumulative_incidence()",
        lambda: sf.cumulative_incidence(LOG, PIPELINE),
    ),
    "survival": (
        plots.plot_survival,
        'cumulative_incidence(clock="stage") or kaplan_meier()',
        lambda: sf.cumulative_incidence(LOG, PIPELINE, clock="stage", stage="New"),
    ),
    "survival of arrays": (
        plots.plot_survival,
        "kaplan_meier()",
        lambda: sf.stats.kaplan_meier([2, 4, 5, 8], [True, True, False, True]),
    ),
    "losses": (plots.plot_losses, "losses()", lambda: sf.losses(LOG, PIPELINE)),
    "paths": (plots.plot_paths, "sequence_paths()", lambda: sf.sequence_paths(LOG, STEPS)),
    "sequence": (plots.plot_sequence, "sequence_funnel()", lambda: sf.sequence_funnel(LOG, STEPS)),
    "sequence trend": (
        plots.plot_sequence_trend,
        "sequence_trend()",
        lambda: sf.sequence_trend(LOG, STEPS),
    ),
    "skips": (plots.plot_skips, "skips()", lambda: sf.skips(LOG, PIPELINE, by=None)),
    "time in stage": (plots.plot_time_in_stage, "time_in_stage()", lambda: sf.time_in_stage(LOG, PIPELINE)),
    "time to convert": (
        plots.plot_time_to_convert,
        "time_to_convert()",
        lambda: sf.time_to_convert(LOG, STEPS),
    ),
    "transitions": (plots.plot_transitions, "transitions()", lambda: sf.transitions(LOG, PIPELINE)),
    "trend": (plots.plot_trend, "funnel_by_period()", lambda: sf.funnel_by_period(LOG, PIPELINE)),
    "variants": (plots.plot_variants, "variants()", lambda: sf.variants(LOG, PIPELINE)),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_chart_refuses_what_is_not_its_table(name: str) -> None:
    plot, made_by, make = TABLES[name]
    table = make()
    plot(table)  # its own table is drawn
    with pytest.raises(sf.SchemaError) as no_rows:
        plot(table[:0])
    assert str(no_rows.value) == f"the table of {made_by} has no rows to draw"
    if name not in ("compare periods", "survival of arrays"):  # without its columns it is a table of funnel()
        with pytest.raises(sf.SchemaError) as another:
            plot(sf.outcomes(LOG, PIPELINE))
        assert str(another.value).startswith(f"this is not a table of {made_by}: it lacks '")
        with pytest.raises(sf.SchemaError) as not_a_frame:
            plot([1, 2])
        assert str(not_a_frame.value) == f"a chart draws a table of {made_by}, got list"


@pytest.mark.parametrize(
    ("plot", "question", "what"),
    [
        (plots.plot_time_in_stage, sf.time_in_stage, "a chart of times in stages"),
        (plots.plot_transitions, sf.transitions, "a chart of moves"),
    ],
)
def test_a_chart_of_one_group_says_how_to_get_there(plot: Plot, question: Plot, what: str) -> None:
    table = question(LOG, PIPELINE, by="outcome")
    with pytest.raises(sf.SchemaError, match=f"^{what} has room for one group; give the rows of one group"):
        plot(table)
    plot(table[table["by_outcome"] == "won"].drop(columns=["by_outcome"]))


@pytest.mark.parametrize("name", TABLES)
def test_a_theme_that_does_not_exist_is_refused_by_its_name(name: str) -> None:
    plot, _, make = TABLES[name]
    with pytest.raises(
        sf.SchemaError, match="theme='drak' is not one of 'light', 'dark'; did you mean"
    ) as error:
        plot(make(), theme="drak")
    assert error.value.option == "theme"


def test_a_form_and_a_value_that_do_not_exist_are_refused_by_their_names() -> None:
    with pytest.raises(sf.SchemaError, match="form='circle' is not one of 'matrix', 'sankey'") as form:
        plots.plot_transitions(sf.transitions(LOG, PIPELINE), form="circle")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(sf.SchemaError, match="value='passed' is not one of 'win_rate', 'conv") as value:
        plots.plot_trend(sf.funnel_by_period(LOG, PIPELINE), value="passed")  # type: ignore[arg-type]  # wrong on purpose
    assert (form.value.option, value.value.option) == ("form", "value")


def test_one_funnel_is_not_compared_and_the_advice_names_the_options() -> None:
    with pytest.raises(sf.SchemaError) as error:
        plots.plot_compare(sf.funnel(LOG, PIPELINE))
    assert str(error.value) == 'one funnel has nothing to be compared with; give kind="both" or by='
    flags = error.value.spelled(lambda option: f"--{option.name} {option.plain}".strip())
    assert flags == "one funnel has nothing to be compared with; give --kind both or --by"


def grouped() -> sf.StageLog:
    items = pd.DataFrame({"item": range(1, 14), "shop": range(1, 14), "half": [1, 2] * 6 + [1]})
    return sf.StageLog(WORKED.frame, items=items)


def test_a_chart_of_one_group_refuses_several() -> None:
    log = grouped()
    with pytest.raises(sf.SchemaError, match="a comparison by groups is too much for one chart"):
        plots.plot_compare(sf.compare_periods(log, PIPELINE, "2026-03", by="half"))
    with pytest.raises(sf.SchemaError, match="a breakdown of both kinds is too much for one chart"):
        plots.plot_compare(sf.funnel(log, PIPELINE, kind="both", by="half"))
    with pytest.raises(sf.SchemaError, match="both kinds are too much for one chart"):
        plots.plot_trend(sf.funnel_by_period(log, PIPELINE, kind="both"))
    table = sf.time_to_convert(log, STEPS, by="half")
    with pytest.raises(
        sf.SchemaError, match="a histogram has room for one group; give the rows of one group"
    ):
        plots.plot_time_to_convert(table)
    one = table[table["half"] == 1].drop(columns="half")  # what the error says
    assert title_of(plots.plot_time_to_convert(one)).startswith("Time to convert")
    assert "Time to convert" in str(sf.show(one))


@pytest.mark.parametrize(
    ("plot", "question", "most"),
    [
        (plots.plot_flow, lambda log, pipe, by: sf.flow(log, pipe, period="2026-03", by=by), 12),
        (plots.plot_trend, sf.funnel_by_period, 12),
        (plots.plot_sequence_trend, lambda log, _, by: sf.sequence_trend(log, ["*", "Won"], by=by), 12),
    ],
)
def test_too_many_groups_are_refused_with_a_way_out(plot: Plot, question: Plot, most: int) -> None:
    table = question(grouped(), PIPELINE, by="shop")
    with pytest.raises(sf.SchemaError) as error:
        plot(table)
    assert str(error.value) == (
        f"a chart has room for {most} groups, the table has 13; filter it first, for example "
        f"table[table['shop'].isin([...])]"
    )
    plot(table[table["shop"].isin(range(1, most + 1))])
