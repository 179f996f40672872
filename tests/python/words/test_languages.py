"""Tables, charts and the page in other languages: their words, numbers, lengths of time and days."""

import re
import sys
from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.cli import main
from stagefunnel.display.numbers import brief, count, counted, length, number, percent, points, tenths
from stagefunnel.plots import plot_funnel
from stagefunnel.words import language, spoken_in, tr, trn
from stagefunnel.words.forms import day, minute

NARROW, KEPT = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
SHOP = sf.datasets.worked_example()


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("en", ["12,345", "1,234.50", "48%", "99.9%", "+7 points", "-1 point", "less than 0.1", "1.23 M"]),
        (
            "fr",
            [
                *(f"12{NARROW}345", f"1{NARROW}234,50", f"48{NARROW}%", f"99,9{NARROW}%"),
                *("+7 points", "-1 point", "moins de 0,1", f"1,23{KEPT}M"),
            ],
        ),
    ],
)
def test_numbers_have_the_form_of_the_language(code: str, written: list[str]) -> None:
    with spoken_in(code):
        assert [
            *(count(12_345), number(1234.5), percent(0.48), percent(0.9996)),
            *(points(0.07), points(-0.01), tenths(0.01), brief(1_234_567)),
        ] == written


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("de", ["12.345", f"48{KEPT}%", "0,5"]),
        ("es", ["12.345", f"48{KEPT}%", "0,50"]),
        ("pt", ["12.345", "48%", "0,50"]),
        ("ru", [f"12{KEPT}345", f"48{KEPT}%", "0,50"]),
    ],
)
def test_other_languages_part_thousands_and_decimals_as_they_do(code: str, written: list[str]) -> None:
    with spoken_in(code):
        assert [count(12_345), percent(0.48), number(0.5)[: len(written[2])]] == written


def test_spanish_does_not_part_four_digits() -> None:
    with spoken_in("es"):
        assert (count(1234), count(12_345), number(1234.5)) == ("1234", "12.345", "1234,50")


def test_lengths_of_time_and_days_are_french() -> None:
    moment = pd.Timestamp("2026-03-12 14:30")
    with spoken_in("fr"):
        assert length(pd.Timedelta("4D 6h")) == f"4{KEPT}j 6{KEPT}h"
        assert length(pd.Timedelta("50h"), working_day=28_800) == f"6 jours ouvrés 2{KEPT}h"
        assert (day(moment), minute(moment)) == (
            f"12{KEPT}mars{KEPT}2026",
            f"12{KEPT}mars{KEPT}2026 14:30",
        )
        assert (counted(1, "item"), counted(2, "item"), counted(0, "item")) == (
            *("1 affaire", "2 affaires"),
            "0 affaire",  # none is one in French
        )
    assert (length(pd.Timedelta("4D 6h")), day(moment)) == ("4 d 6 h", "2026-03-12")


def test_a_language_is_spoken_in_its_block_alone() -> None:
    with spoken_in("fr"):
        with spoken_in("en"):
            assert (language(), tr("yes")) == ("en", "yes")
        with spoken_in(None):
            assert (language(), tr("yes")) == ("fr", "oui")
    assert (language(), tr("yes"), trn("a {n}", "some {n}", 2, n=2)) == ("en", "yes", "some 2")


def test_a_text_without_a_translation_is_english() -> None:
    with spoken_in("fr"):
        assert tr("nobody translated {this}", this="it") == "nobody translated it"
        assert trn("{n} thing", "{n} things", 3, n=3) == "3 things"


def test_a_funnel_is_shown_in_french() -> None:
    shown = repr(sf.show(sf.funnel(SHOP.log, SHOP.pipeline), language="fr")).splitlines()
    assert shown[0] == f"Entonnoir{KEPT}: classique"
    assert shown[1] == (
        f"13 affaires à ce jour{KEPT}: 6 gagnées, 5 perdues, 2 en cours{NARROW}; taux de réussite "
        f"55{NARROW}%{NARROW}; 2 gagnées après une perte"
    )
    assert shown[-2] == f"Le plus souvent perdues depuis{KEPT}: Won (2 sur 5 perdues, 40{NARROW}%)"
    # Stages stay as they are.
    assert [line.split()[0] for line in shown if line.startswith(("New", "Won"))] == ["New", "Won", "Won"]


def test_columns_that_have_no_room_are_named_in_the_language_of_their_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shown = repr(sf.show(sf.time_in_stage(SHOP.log, SHOP.pipeline), language="fr"))
    assert "colonnes sont omises faute de place" in " ".join(shown.split())


def test_values_and_columns_of_the_data_stay_as_they_are() -> None:
    rows = {"item": [1, 1, 2], "stage": ["New", "Won", "New"], "time": [0, 1, 2]}
    items = pd.DataFrame({"item": [1, 2], "manager": ["won", "lost"]})
    log = sf.StageLog(rows, items=items)
    shown = repr(sf.show(sf.outcomes(log, sf.Pipeline(["New"], won="Won"), by="manager"), language="fr"))
    assert re.search("manager +base +gagnées", shown)
    assert "\nwon " in shown
    assert "\nlost " in shown


def test_a_chart_speaks_its_language_in_every_width() -> None:
    from stagefunnel.display.charts.picture import at_width

    chart = plot_funnel(sf.funnel(SHOP.log, SHOP.pipeline), language="fr")
    for one in (chart, at_width(chart, 390)):
        assert "en cours" in str(one.to_dict())
        assert "open" not in str(one.to_dict()["description"])
    assert "en cours" not in str(plot_funnel(sf.funnel(SHOP.log, SHOP.pipeline)).to_dict())


@pytest.mark.usefixtures("undrawn")
def test_a_page_is_french_and_its_data_is_not(tmp_path: Path) -> None:
    page = sf.report(SHOP.log, SHOP.pipeline, tmp_path / "page.html", language="fr").read_text(
        encoding="utf-8"
    )
    assert '<html lang="fr">' in page
    assert "<h1>Entonnoir des ventes</h1>" in page
    assert "Où se perdent les affaires" in page
    assert "from_stage%2Clost_stage" in page  # the CSV of the losses
    own = sf.report(
        SHOP.log, SHOP.pipeline, tmp_path / "own.html", title="Mine", language="fr", sections=["losses"]
    )
    assert "<h1>Mine</h1>" in own.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["fr-CA", "", "FR", 7])
def test_a_language_that_there_is_not_is_refused(language: str) -> None:
    with pytest.raises(sf.SchemaError, match=r"language=.* is not a language; there are en, fr, de"):
        sf.show(sf.funnel(SHOP.log, SHOP.pipeline), language=language)  # type: ignore[call-overload]


def test_english_needs_no_library_and_others_say_what_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    from stagefunnel.words import catalogue

    catalogue.read.cache_clear()
    monkeypatch.setitem(sys.modules, "babel.messages.pofile", None)
    table = sf.funnel(SHOP.log, SHOP.pipeline)
    assert repr(sf.show(table, language="en")) == repr(sf.show(table))
    with pytest.raises(ImportError, match=r'pip install "stagefunnel\[languages\]"'):
        sf.show(table, language="fr")


@pytest.mark.parametrize("command", ["funnel", "losses", "report"])
def test_a_command_says_which_library_a_language_needs(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from stagefunnel.words import catalogue

    catalogue.read.cache_clear()
    monkeypatch.setitem(sys.modules, "babel.messages.pofile", None)
    rows, pipeline = tmp_path / "deals.csv", tmp_path / "pipeline.toml"
    rows.write_text("item,stage,time\na,New,2026-01-01\na,Won,2026-01-05\n", encoding="utf-8")
    pipeline.write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n', encoding="utf-8")
    page = ["--out", str(tmp_path / "page.html")] if command == "report" else []
    assert main([command, str(rows), "--pipeline", str(pipeline), "--language", "fr", *page]) == 1
    said = capsys.readouterr().err
    assert 'other languages than English need babel: pip install "stagefunnel[languages]"' in said


@pytest.mark.usefixtures("undrawn")
def test_the_rules_of_a_pipeline_are_written_in_the_language(tmp_path: Path) -> None:
    pipeline = sf.Pipeline(
        ["A", "B"], won="W", since={"B": "2026-01-01"}, optional=["B"], aliases={"X": "A"}, limits={"A": "5D"}
    )
    rows = pd.DataFrame({"item": ["a", "a"], "stage": ["A", "W"], "time": ["2026-01-02", "2026-01-03"]})
    log = sf.StageLog(rows.assign(time=pd.to_datetime(rows["time"])))
    written = {
        "en": "optional: B | B since 2026-01-01 | X is read as A | A limited to 5D</p>",
        "fr": f"facultatif{KEPT}: B | B depuis le 1er{KEPT}janvier{KEPT}2026 | X est lue comme A | "
        f"A limitée à 5{KEPT}j</p>",
    }
    for code, rules in written.items():
        page = sf.report(log, pipeline, tmp_path / "page.html", sections=["losses"], language=code)  # type: ignore[arg-type]
        assert rules in page.read_text(encoding="utf-8").replace("-\N{WORD JOINER}", "-")


def test_french_elides_before_a_name_that_begins_with_a_vowel() -> None:
    few = "Skipped, too few {things} to rank: {named}{more}"
    with spoken_in("fr"):
        assert tr(few, things="affaires", named="A", more="").startswith("Sautées, trop peu d’affaires pour")
        assert tr(few, things="clients", named="A", more="").startswith("Sautées, trop peu de clients pour")
        assert [
            tr("Flow of {one}", one=name) for name in ("Élodie", "OVH", "11 %", "Web", "", "(sans valeur)")
        ] == [
            *("Flux d’Élodie", "Flux de OVH", "Flux de 11 %", "Flux de Web", "Flux de "),
            "Flux de (sans valeur)",
        ]
        assert day(pd.Timestamp("2026-03-01")) == f"1er{KEPT}mars{KEPT}2026"
        assert day(pd.Timestamp("2026-03-21")) == f"21{KEPT}mars{KEPT}2026"


def test_the_command_speaks_a_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows, pipeline = tmp_path / "deals.csv", tmp_path / "pipeline.toml"
    rows.write_text("item,stage,time\na,New,2026-01-01\na,Won,2026-01-05\n", encoding="utf-8")
    pipeline.write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n', encoding="utf-8")
    asked = ["funnel", str(rows), "--pipeline", str(pipeline)]
    assert main([*asked, "--language", "fr"]) == 0
    assert capsys.readouterr().out.startswith(f"Entonnoir{KEPT}: classique\n1 affaire à ce jour")
    with pytest.raises(SystemExit):
        main([*asked, "--language", "fr", "--format", "csv"])
    assert "--language is a look of tables for people" in capsys.readouterr().err
