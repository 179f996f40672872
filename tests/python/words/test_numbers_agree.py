"""A number and its noun or participle agree: in French, in Russian's three forms, and in every language."""

import ast
from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from catalogues import LANGUAGES, PACKAGE, Text, catalogue_of, entries_of, extracted, fields_of
from stagefunnel.display.numbers import counted, more_groups, more_stages, plural, so_many
from stagefunnel.display.things import open_things
from stagefunnel.reports.since_last import Words as Changes
from stagefunnel.words import spoken_in, tr, trs

NUMBERS = (0, 1, 2, 5, 21)
KEPT = "\N{NARROW NO-BREAK SPACE}"
COUNTED = [text for text in extracted() if text.plural]
# French texts that are the same for one and for several: nothing in them agrees with the number.
ALIKE = {
    "{n} en cours",
    "{n} →",  # of moves
    "{n} en cours ici",
    "dont {n} en cours",
    "{n} hors total",
    "{n} {things} en cours",
    "{n} sans probabilité lisible",
}


@pytest.mark.parametrize(
    ("text", "french"),
    [
        ("{n} lost", ("0 perdue", "1 perdue", "2 perdues", "5 perdues", "21 perdues")),
        ("{n} won", ("0 gagnée", "1 gagnée", "2 gagnées", "5 gagnées", "21 gagnées")),
        ("{n} open", tuple(f"{n} en cours" for n in NUMBERS)),
        ("{n} assumed", ("0 supposée", "1 supposée", "2 supposées", "5 supposées", "21 supposées")),
        (
            "{n} skipped it",
            ("0 l’a sautée", "1 l’a sautée", "2 l’ont sautée", "5 l’ont sautée", "21 l’ont sautée"),
        ),
        (
            "{n} won after a loss",
            (
                *("0 gagnée après une perte", "1 gagnée après une perte", "2 gagnées après une perte"),
                *("5 gagnées après une perte", "21 gagnées après une perte"),
            ),
        ),
        (
            "{n} left out (lost, then won)",
            (
                *("0 écartée (perdue, puis gagnée)", "1 écartée (perdue, puis gagnée)"),
                *(f"{n} écartées (perdues, puis gagnées)" for n in (2, 5, 21)),
            ),
        ),
        (
            "{n} dropped out",
            ("0 a abandonné", "1 a abandonné", "2 ont abandonné", "5 ont abandonné", "21 ont abandonné"),
        ),
        ("{n} completed", ("0 terminée", "1 terminée", "2 terminées", "5 terminées", "21 terminées")),
        ("{n} moved on", ("0 avancée", "1 avancée", "2 avancées", "5 avancées", "21 avancées")),
        ("{n} lost here", ("0 perdue ici", "1 perdue ici", *(f"{n} perdues ici" for n in (2, 5, 21)))),
        ("{n} came in", ("0 arrivée", "1 arrivée", "2 arrivées", "5 arrivées", "21 arrivées")),
    ],
)
def test_french_agrees(text: str, french: tuple[str, ...]) -> None:
    with spoken_in("fr"):
        assert tuple(so_many(text, n) for n in NUMBERS) == french


@pytest.mark.parametrize(
    ("text", "russian"),
    [
        ("{n} lost", ("0 проиграно", "1 проиграна", "2 проиграны", "5 проиграно", "21 проиграна")),
        ("{n} won", ("0 выиграно", "1 выиграна", "2 выиграны", "5 выиграно", "21 выиграна")),
        ("{n} open", ("0 открыто", "1 открыта", "2 открыты", "5 открыто", "21 открыта")),
        ("{n} came in", ("0 пришло", "1 пришла", "2 пришли", "5 пришло", "21 пришла")),
        ("{n} dropped out", ("0 выбыло", "1 выбыла", "2 выбыли", "5 выбыло", "21 выбыла")),
        (
            "{n} skipped it",
            ("0 пропустило", "1 пропустила", "2 пропустили", "5 пропустило", "21 пропустила"),
        ),
    ],
)
def test_russian_has_three_forms(text: str, russian: tuple[str, ...]) -> None:
    with spoken_in("ru"):
        assert tuple(so_many(text, n) for n in NUMBERS) == russian


def test_nouns_agree_in_french_and_russian() -> None:
    with spoken_in("fr"):
        assert [counted(n, "item") for n in NUMBERS] == [
            *("0 affaire", "1 affaire", "2 affaires", "5 affaires", "21 affaires")
        ]
        assert [open_things(n, {}) for n in (1, 2)] == ["1 affaire en cours", "2 affaires en cours"]
        assert [more_groups(n) for n in (1, 2)] == ["… et 1 autre groupe", "… et 2 autres groupes"]
    with spoken_in("ru"):
        assert [counted(n, "item") for n in NUMBERS] == [
            *("0 сделок", "1 сделка", "2 сделки", "5 сделок", "21 сделка")
        ]
        assert [open_things(n, {}) for n in (1, 2, 5)] == [
            *("1 сделка в работе", "2 сделки в работе", "5 сделок в работе")
        ]
        assert [more_stages(n) for n in (1, 2, 5)] == [
            *(" или ещё 1 этап", " или ещё 2 этапа", " или ещё 5 этапов")
        ]
    with spoken_in("de"):
        assert [open_things(n, {}) for n in (1, 2)] == ["1 offener Deal", "2 offene Deals"]
    with spoken_in("es"):
        assert [so_many("{n} lost", n) for n in (0, 1, 2)] == ["0 perdidas", "1 perdida", "2 perdidas"]
    with spoken_in("pt"):
        assert [so_many("{n} lost", n) for n in (1, 2)] == ["1 perdido", "2 perdidos"]
    assert [open_things(n, {"unit": "company"}) for n in (1, 2)] == ["1 open company", "2 open companies"]


def test_several_by_themselves_are_another_form_than_behind_a_number() -> None:
    with spoken_in("ru"):
        assert [plural(noun) for noun in ("item", "manager", "company", "wheel")] == [
            *("сделки", "менеджеры", "компании", "wheels")
        ]
        assert counted(5, "manager") == "5 менеджеров"
    with spoken_in("fr"):
        assert [plural(noun) for noun in ("item", "lead", "channel")] == ["affaires", "leads", "canaux"]
    assert plural("company") == "companies"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_about_a_number_has_it_in_every_form(language: str) -> None:
    wrong = []
    with spoken_in(language):
        for text in COUNTED:
            fields = {name: f"<{name}>" for name in fields_of(text.text) | fields_of(text.plural)}
            said = [trs(text.text, n, **fields) for n in NUMBERS]
            wrong += [text.text for one in said if not one or any(f not in one for f in fields.values())]
    assert wrong == []


def test_french_texts_that_do_not_agree_are_those_that_need_not() -> None:
    entries = entries_of(catalogue_of("fr"))
    alike = {
        forms[0] for text, forms in entries.items() if text.plural == text.text and forms[0] == forms[-1]
    }
    # A form that does not change has no participle and no noun of its own.
    assert {text for text in alike if text.startswith("{n} ")} | ALIKE == ALIKE


def test_a_number_before_a_word_is_not_written_by_tr_alone() -> None:
    # Texts of `tr` with a number of things agree with nothing: English `{n} lost` is given by `so_many`.
    writes = {"count", "brief"}
    participles = ("lost", "won", "open", "assumed", "skipped", "closed", "completed", "left", "dropped")
    found = {
        node.args[0].value
        for path in sorted(PACKAGE.joinpath("display").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "tr"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        for one in node.keywords
        if isinstance(one.value, ast.Call)
        and getattr(one.value.func, "id", "") in writes
        and any(f"{{{one.arg}}} {word}" in str(node.args[0].value) for word in participles)
    }
    assert {Text(str(text)).text for text in found} <= {
        "{open_at_end} open × {win_rate} × {mean_amount} ÷ {days} days",  # a formula
        "none of them can be compared with a won one ({x} completed visits)",
    }


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "2 managers"), ("fr", "2 responsables"), ("ru", "5 менеджеров"), ("ru", "2 менеджера")],
)
def test_groups_behind_a_p_value_agree_with_their_number(language: Any, text: str) -> None:
    """Of groups of 100 deals each half is won: differences are within chance."""
    n = int(text.split()[0])
    rows = [
        (f"{group} {at}", stage, at, f"G{group}")
        for group in range(n)
        for at in range(100)
        for stage in ("New", "Won" if at % 2 else "Lost")
    ]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time", "manager"])
    log = sf.StageLog(frame.drop(columns="manager"), items=frame[["item", "manager"]].drop_duplicates())
    table = sf.outcomes(log, sf.Pipeline("New", won="Won", lost="Lost"), by="manager")
    assert f", {text})" in str(sf.show(table, language=language)).replace("\N{NO-BREAK SPACE}", " ")


def test_a_sentence_that_ends_with_an_abbreviation_ends_once() -> None:
    with spoken_in("ru"):
        text = tr("{answer}{few}. So far: {naive}.", answer="5 дн.", few="", naive="5 дн.")
    assert text.endswith("5 дн.")
    assert not text.endswith("..")
    assert tr("Reached {stage}", stage="Inc..") == "Reached Inc.."


@pytest.mark.parametrize(
    ("language", "one", "several"),
    [
        ("en", "+1 item, +1 won, -1 lost", "+2 items, +2 won, -2 lost"),
        ("fr", "+1 affaire, +1 gagnée, -1 perdue", "+2 affaires, +2 gagnées, -2 perdues"),
        ("es", "+1 oportunidad, +1 ganada, -1 perdida", "+2 oportunidades, +2 ganadas, -2 perdidas"),
        ("pt", "+1 negócio, +1 ganho, -1 perdido", "+2 negócios, +2 ganhos, -2 perdidos"),
        ("ru", "+1 сделка, +1 выиграна, -1 проиграна", "+2 сделки, +2 выиграны, -2 проиграны"),
    ],
)
def test_what_changed_since_the_last_page_agrees(language: Any, one: str, several: str) -> None:
    with spoken_in(language):
        words = Changes(plural("item"), has_dates=False)
        for n, said in ((1, one), (2, several)):
            changed = [words.change(name, of, 3) for name, of in (("created", 3 + n), ("won", 3 + n))]
            assert (
                ", ".join([*changed, words.change("lost", 3 - n, 3)]).replace("\N{MINUS SIGN}", "-") == said
            )


def test_created_and_closed_agree_too() -> None:
    with spoken_in("fr"):
        said = [
            Changes(tr_tile, has_dates=False).change("created", 1, 0) for tr_tile in ("créées", "clôturées")
        ]
    assert said == ["+1 créée", "+1 clôturée"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "1 of 1 item that did New reached Won within 7d, 100%."),
        ("fr", "1 sur 1 affaire ayant fait New est arrivée à Won"),
        ("de", "Deal, der New tat, erreichte Won"),
        ("ru", "1 сделка с пройденным шагом New дошла до Won"),
    ],
)
def test_a_single_item_of_a_sequence_agrees(language: Any, said: str) -> None:
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": pd.to_datetime(["2026-01-01"] * 2)})
    text = str(sf.show(sf.sequence_funnel(log, ["New", "Won"], window="7d"), language=language))
    plain = text.replace("\N{NO-BREAK SPACE}", " ").replace(KEPT, " ")
    assert said in " ".join(plain.split())


def test_items_that_are_too_recent_are_named_in_the_language_alone() -> None:
    # The second item is created two days before the end: it cannot be followed for ten.
    days = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-02-01", "2026-02-03"])
    log = sf.StageLog({"item": [1, 1, 2, 3], "stage": ["New", "Won", "New", "New"], "time": days})
    table = sf.decompose(
        log,
        sf.Pipeline("New", won="Won", lost="Lost"),
        a="2026-01",
        b="2026-02",
        within="1d",
        missing="ignore",
    )
    english, french = (str(sf.show(table, language=language)) for language in ("en", "fr"))
    assert " is too recent to be followed for 1d, and left out." in english.replace("\N{NO-BREAK SPACE}", " ")
    assert "affaire est trop récente pour être suivie" in french.replace("\N{NO-BREAK SPACE}", " ")
