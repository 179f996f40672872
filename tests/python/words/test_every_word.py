"""No English word is left in another language: the demo's tables, charts and page in a marked one."""

import html
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from pseudo import pseudo_language, unmarked
from punctuation import misplaced
from stagefunnel import plots
from stagefunnel.words import spoken_in
from stagefunnel.words.catalogue import Catalogue

SHOP = sf.datasets.furniture_shop(300)
LOG, PIPELINE = SHOP.log, SHOP.pipeline
FIRST, SECOND, *_, LAST = PIPELINE.labels[:4]
STEPS = [FIRST, SECOND]
VALUES = [*map(str, SHOP.deals["manager"].unique()), *map(str, SHOP.deals["source"].unique())]
# Names of stages, some of them cut, values of the data, columns of its own, and parts of marked texts.
MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
    *("août", "septembre", "octobre", "novembre", "décembre"),
)
KNOWN = [
    *MONTHS,
    *(*map(str, PIPELINE.labels), *map(str, PIPELINE.names.values()), *VALUES),
    *("Prepayment", "invoice", "manager", "source", "UTC", "Q", "er"),
    # Conditions are as they are asked, and values of an export as they stand there.
    *("rows < ", "last_row < ", "last row < ", "win_rate < ", "Amount", "Closed", "none"),
    *map(str, SHOP.lead_pipeline.names.values()),
]
RULED = PIPELINE.replace(optional=[SECOND], since={LAST: "2026-01-01"}, ignore_shorter="1h")
EXPORT = pd.DataFrame(
    {
        "Deal ID": ["1", "1", "2", "3"],
        "Deal Stage": ["New", "Closed Won", "New", "Closed Lost"],
        "Date": ["13/01/2026", "14/02/2026", "15/02/2026", "16/02/2026"],
        "Amount": ["1k", "1k", "none", "5"],
    }
)
TABLES: dict[str, Any] = {
    "funnel": lambda: sf.funnel(LOG, PIPELINE),
    "both": lambda: sf.funnel(LOG, PIPELINE, kind="both", confidence=0.95),
    "funnel by": lambda: sf.funnel(LOG, PIPELINE, by="manager", kind="conversions"),
    "outcomes": lambda: sf.outcomes(LOG, PIPELINE),
    "outcomes by": lambda: sf.outcomes(LOG, PIPELINE, by="manager"),
    "losses": lambda: sf.losses(LOG, PIPELINE),
    "skips": lambda: sf.skips(LOG, PIPELINE, by="manager"),
    "times": lambda: sf.time_in_stage(LOG, PIPELINE),
    "open times": lambda: sf.time_in_stage(LOG, PIPELINE, open_visits="censored"),
    "flow": lambda: sf.flow(LOG, PIPELINE, period="2025-06"),
    "flow every": lambda: sf.flow(LOG, PIPELINE, every="quarter"),
    "trend": lambda: sf.funnel_by_period(LOG, PIPELINE, every="quarter"),
    "cohorts": lambda: sf.funnel_by_period(LOG, PIPELINE, every="quarter", basis="created", within="90d"),
    "periods": lambda: sf.compare_periods(LOG, PIPELINE, period="2026-Q1", basis="created"),
    "sure periods": lambda: sf.compare_periods(
        LOG, PIPELINE, period="2026-Q1", basis="created", confidence=0.9
    ),
    "groups": lambda: sf.compare_groups(LOG, PIPELINE, by="manager"),
    "moves": lambda: sf.transitions(LOG, PIPELINE),
    "variants": lambda: sf.variants(LOG, PIPELINE),
    "open items": lambda: sf.open_items(LOG, PIPELINE),
    "items": lambda: sf.item_table(LOG, PIPELINE),
    "visits": lambda: sf.visits(LOG, PIPELINE),
    "incidence": lambda: sf.cumulative_incidence(LOG, PIPELINE),
    "forecast": lambda: sf.forecast(LOG, PIPELINE),
    "chances": lambda: sf.win_probability(LOG, PIPELINE),
    "backtest": lambda: sf.backtest(LOG, PIPELINE),
    "bottlenecks": lambda: sf.bottlenecks(LOG, PIPELINE),
    "markov": lambda: sf.markov_check(LOG, PIPELINE),
    "absorption": lambda: sf.absorption(LOG, PIPELINE),
    "quality": lambda: LOG.quality(PIPELINE),
    "time to": lambda: sf.time_to(LOG, PIPELINE, to_stage=LAST),
    "maturity": lambda: sf.cohort_maturity(LOG, PIPELINE, every="quarter", tau="90d"),
    "chance in time": lambda: sf.win_within(LOG, PIPELINE, horizon="90d"),
    "occupation": lambda: sf.state_occupation(LOG, PIPELINE, times=["30d"]),
    "sequence": lambda: sf.sequence_funnel(LOG, STEPS),
    "sequence trend": lambda: sf.sequence_trend(LOG, STEPS, every="quarter", window="30d"),
    "sequence items": lambda: sf.sequence_items(LOG, STEPS),
    "time to convert": lambda: sf.time_to_convert(LOG, STEPS),
    "paths": lambda: sf.sequence_paths(LOG, [FIRST, LAST]),
    "decomposition": lambda: sf.decompose(LOG, PIPELINE, by="manager", a=VALUES[0], b=VALUES[1]),
    "summary": lambda: sf.summary(LOG, PIPELINE),
    "explain": lambda: sf.explain(LOG, PIPELINE, item=SHOP.deals["deal_id"].iloc[0], kind="both"),
    "explain strict": lambda: sf.explain(LOG, PIPELINE, item=SHOP.deals["deal_id"].iloc[7], kind="strict"),
    "suggestion": lambda: sf.suggest(LOG),
    "stages": lambda: LOG.stages,
    "drivers": lambda: sf.drivers(LOG, PIPELINE, columns="manager", static="manager"),
    "velocity": lambda: sf.sales_velocity(LOG, PIPELINE, amount="amount", every="quarter"),
    "features": lambda: sf.item_features(LOG, PIPELINE, as_of="2026-01-01", horizon="90d"),
    "rows": lambda: sf.row_table(LOG),
    "money": lambda: sf.funnel(LOG, PIPELINE, amount="amount", kind="conversions"),
    "won money": lambda: sf.outcomes(LOG, PIPELINE, amount="amount", by="manager"),
    "flow of money": lambda: sf.flow(LOG, PIPELINE, every="quarter", amount="amount"),
    "forecast of money": lambda: sf.forecast(LOG, PIPELINE, amount="amount", horizon="2026-Q3", target=9e6),
    "forecast by": lambda: sf.forecast(LOG, PIPELINE, by="manager"),
    "some": lambda: sf.losses(LOG, PIPELINE, where={"manager": VALUES[0]}),
    "of a period": lambda: sf.skips(LOG, PIPELINE, period="2026-01", basis="created", as_of="2026-03-01"),
    "units": lambda: sf.funnel(LOG, PIPELINE, unit="source", kind="both"),
    "with rules": lambda: sf.funnel(LOG, RULED, kind="conversions"),
    "explain rules": lambda: sf.explain(LOG, RULED, item=SHOP.deals["deal_id"].iloc[3]),
    "quality with rules": lambda: LOG.quality(RULED),
    "working time": lambda: sf.time_in_stage(
        LOG, PIPELINE, calendar=sf.WorkingHours({"mon-fri": [("09:00", "17:00")]})
    ),
    "check": lambda: sf.check(LOG, PIPELINE, ["rows < 1", "last_row < 2026-01-01", "win_rate < 90%"]),
    "mix": lambda: sf.mix_rate(LOG, PIPELINE, mix="source", by="manager", a=VALUES[0], b=VALUES[1]),
    "chain": lambda: sf.chain_funnel(
        SHOP.leads, LOG, SHOP.links, lead_pipeline=SHOP.lead_pipeline, deal_pipeline=PIPELINE
    ),
    "export": lambda: sf.read(EXPORT).quality,
}


@pytest.fixture(scope="module")
def marked() -> Catalogue:
    return pseudo_language()


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    return {name: ask() for name, ask in TABLES.items()}


def test_what_is_not_marked_is_found(marked: Catalogue) -> None:
    assert unmarked("Anna: 2 won", ["Anna"]) == {"won"}
    with spoken_in(marked):
        assert unmarked(repr(sf.show(sf.funnel(LOG, PIPELINE))), []) >= {"New", "Won"}


@pytest.mark.parametrize("name", TABLES)
def test_no_english_word_is_left_in_a_table(name: str, marked: Catalogue, answers: dict[str, Any]) -> None:
    with spoken_in(marked):
        assert unmarked(repr(sf.show(answers[name], wide=True)), KNOWN) == set()


@pytest.mark.parametrize("name", TABLES)
def test_the_sentences_of_a_table_have_their_marks(name: str, answers: dict[str, Any]) -> None:
    lines = repr(sf.show(answers[name], wide=True)).splitlines()
    sentences = [line for line in lines if "   " not in line.strip() and "──" not in line]
    assert sentences
    assert not [found for sentence in sentences for found in misplaced(sentence)]


CHARTS = [name for name in dir(plots) if name.startswith("plot_")]


@pytest.mark.parametrize("name", CHARTS)
def test_no_english_word_is_left_in_a_chart(name: str, marked: Catalogue, answers: dict[str, Any]) -> None:
    plot = getattr(plots, name)
    left = set[str]()
    for table in answers.values():
        if not isinstance(table, pd.DataFrame):
            continue
        try:
            with spoken_in(marked):
                chart = plot(table)
        except sf.StageFunnelError:
            continue  # the table of another chart
        left |= unmarked("\n".join([chart.to_dict()["description"], *texts_of(chart)]), KNOWN)
    assert left == set()


def texts_of(chart: Any) -> list[str]:
    records = [record for layer in chart.to_dict()["layer"] for record in layer["data"]["values"]]
    return [str(record.get(key, "")) for record in records for key in ("text", "about")]


def test_a_chart_of_amounts_draws_them_in_every_language(marked: Catalogue) -> None:
    rows = [("a", "New", 0), ("a", "Won", 1), ("b", "New", 1), ("b", "Lost", 3), ("c", "New", 9)]
    items = pd.DataFrame({"item": ["a", "b", "c"], "amount": [500.0, 20.0, 7777.0]})
    log = sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]), items=items)
    table = sf.forecast(log, sf.Pipeline(["New"], won="Won", lost="Lost"), horizon=3, amount="amount")
    with spoken_in(marked):
        spoken = plots.plot_forecast(table)
    # The open item has been there longer than any that left: its amount is named as that of no forecast.
    for chart in (spoken, plots.plot_forecast(table)):
        assert "7777" in re.sub(r"[\s,]", "", " ".join(texts_of(chart)))


def test_no_english_word_is_left_on_the_page(marked: Catalogue, undrawn: object, tmp_path: Path) -> None:
    with spoken_in(marked):
        path = sf.report(LOG, PIPELINE, tmp_path / "page.html", by="manager")
    page = path.read_text(encoding="utf-8")
    # Charts have a test of their own, and here they are specifications.
    page = re.sub(r"<(script|style|code|figure)\b.*?</\1>", "", page, flags=re.DOTALL)
    texts = re.findall(r'(?:alt|aria-label|title)="([^"]*)"', page) + re.findall(r">([^<]+)<", page)

    left = {word for text in texts for word in unmarked(html.unescape(text), KNOWN)}
    assert left == set()
