"""What is composed in English where numbers are made is known to what shows it in another language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf
from catalogues import PACKAGE
from stagefunnel.display.assumed import assumed_lines, doubt_of, notes_in_language
from stagefunnel.display.composed import given_in_language
from stagefunnel.display.composed_checks import READER_CHECKS
from stagefunnel.display.composed_doubts import DOUBTS
from stagefunnel.display.composed_notes import READER_NOTES
from stagefunnel.display.composed_reasons import REASONS
from stagefunnel.display.conditions import conditions_text
from stagefunnel.display.heads import note_of, word_of
from stagefunnel.readers.notes import _GUESSES, _WARNINGS
from stagefunnel.words import spoken_in

KEPT, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
# Texts put together of parts: their other names are `…` in a text.
PUT_TOGETHER = {
    "note",  # of another reader, and of the columns of dates
    "left_out(column, kept, others)",
    "text",  # of the moves that all rests on
    "check",  # of a note of another reader, and of several guesses about the meaning of a stage
}


def texts_of(node: ast.expr) -> Iterator[str]:
    """Write a text with `…` for what is filled in; one of two for a choice."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values)
    elif isinstance(node, ast.IfExp):
        yield from texts_of(node.body)
        yield from texts_of(node.orelse)
    elif isinstance(node, ast.BinOp):
        for left in texts_of(node.left):
            yield from (f"{left}{right}" for right in texts_of(node.right))
    else:
        assert ast.unparse(node) in PUT_TOGETHER, f"{ast.unparse(node)}: which texts can it be?"


def composed(room: str, is_one: str, at: int) -> set[str]:
    found = set[str]()
    for path in sorted(Path(PACKAGE, room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) <= at:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == is_one and (is_one != "add" or len(node.args) == 3):
                found |= {*texts_of(node.args[at])}
    return found


def unknown(found: set[str], known: tuple[str, ...]) -> set[str]:
    """Leave out what the known texts can be made of: a field of theirs is something of the other text."""
    patterns = [re.compile(re.sub(r"\\\{\w+\\\}", ".+?", re.escape(text))) for text in known]
    return {text for text in found if not any(pattern.fullmatch(text) for pattern in patterns)}


def test_a_text_that_is_not_known_is_found() -> None:
    assert unknown({"rows of … that are odd", "rows of …"}, ("rows of {one}",)) == set()
    assert unknown({"cells of …"}, ("rows of {one}",)) == {"cells of …"}
    assert {*texts_of(ast.parse('"a " + ("b" if c else f"d{e}")', mode="eval").body)} == {"a b", "a d…"}


def test_every_note_of_a_reader_is_known() -> None:
    found = composed("readers", "add", 2)
    assert len(found) > 100
    with spoken_in("fr"):
        of_logs = {text for text in found if note_of(text) != text}
    # Where a text has a part that is one of several, each of them is known.
    several = {
        "cards that …: they count in the list in which they were",
        "items whose last time has rows of several outcomes…: their order decides",
        "stages …: …",
        "dates with the … first, as one with a number above 12 shows",
        "texts without a number in column …, taken as missing amounts…",
        "amounts in column … that cannot be read, taken as missing…",
        "amounts in column … that are written in thousands, millions or the like…",
        "values of column … that several values of column … share: ……; column … identifies the items. "
        "Pass item= for another column",
        "…: …",
    }
    assert unknown(found - of_logs, READER_NOTES) - several == set()


def test_every_check_of_a_reader_has_a_word() -> None:
    found = {text for text in composed("readers", "add", 0) if "…" not in text}
    named = {*found, *_GUESSES, *_WARNINGS, "day_first_dates", "month_first_dates", "year_first_dates"}
    with spoken_in("fr"):
        assert {name for name in named if word_of("check", name) == name} == set()
    assert {one.replace(" ", "_") for one in READER_CHECKS} - named == set()


def test_every_doubt_of_a_suggestion_is_known() -> None:
    found = composed("suggesting", "Doubt", 0) - {"… …: …."}
    assert len(found) > 20
    assert unknown(found, DOUBTS) == {
        "… has the name of a stage that is …, but … of its items leave it: it is taken as a stage in "
        "progress.",
        "… … …, and items pass it by at other times; … says so to the pipeline.",
        "The newest row stands first, and … of one time would be read in reverse: turn the table round "
        "before it is read, or read it with read().",
    }  # each of them is one of two, which test_doubts_of_several_kinds has


def test_every_reason_of_explain_is_known() -> None:
    source = PACKAGE.joinpath("questions/funnel/explain.py").read_text(encoding="utf-8")
    begins = re.compile(r"(left out|passed|assumed|not counted): ")
    found = {
        text
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant | ast.JoinedStr)
        for text in texts_of(node)
        if begins.match(text) and "\n" not in text and not text.endswith(" ")
    }
    # What is put in behind these is a list of its own, which the answers below have.
    assert unknown(found, REASONS) == {"assumed: …", "left out: …", "not counted: no visit…"}


@pytest.mark.parametrize(
    ("doubt", "french"),
    [
        (
            "Sold has the name of a stage that is won, but 60% of its items leave it: it is taken as a stage "
            "in progress.",
            "Sold a le nom d’une étape gagnée, mais 60\N{NARROW NO-BREAK SPACE}% de ses affaires en sortent"
            f"{KEPT}: elle est prise comme étape en cours.",
        ),
        (
            "Demo appears from 2026-03-01 on, and items pass it by at other times; since says so to the "
            "pipeline.",
            f"Demo apparaît à partir du 1er{KEPT}mars{KEPT}2026, et les affaires la dépassent le reste du "
            "temps\N{NARROW NO-BREAK SPACE}; since le dit au pipeline.",
        ),
        ("All of it rests on 1 move between stages.", "Tout repose sur 1 passage entre étapes."),
        (
            "guessed_stages 1,204: rows without an item.",
            f"étapes supposées 1\N{NARROW NO-BREAK SPACE}204{KEPT}: lignes sans affaire.",
        ),
        ("Nobody knows this one.", "Nobody knows this one."),
    ],
)
def test_doubts_of_several_kinds(doubt: str, french: str) -> None:
    with spoken_in("fr"):
        assert doubt_of(doubt) == french
    assert doubt_of(doubt) == doubt


def test_the_most_specific_text_is_taken() -> None:
    texts = ("rows of {names}", "rows of {names} that are gone", "{what} of {names}")
    with spoken_in("fr"):
        assert given_in_language("rows of A that are gone", texts) == "rows of A that are gone"
        assert given_in_language("2 of A", ("{n} of {names}",)) == "2 of A"
        assert given_in_language("x of A", ("{n} of {names}",)) is None


def test_reasons_of_explain_are_french_in_each_kind_and_with_rules() -> None:
    rows = [("a", "New", "2026-01-01"), ("a", "Won", "2026-03-01"), ("b", "Lost", "2026-01-05")]
    log = sf.StageLog(
        pd.DataFrame(rows, columns=["item", "stage", "time"]).astype({"time": "datetime64[ns]"})
    )
    pipeline = sf.Pipeline(
        ["New", "Offer", "Test", "Trial"],
        won="Won",
        lost="Lost",
        optional=["Test"],
        since={"Offer": "2026-06-01"},
        until={"Trial": "2026-01-15"},
    )
    left = set()
    for item in ("a", "b"):
        for kind in ("classic", "conversions", "furthest", "strict"):
            for period in (None, "2026-01"):
                table = sf.explain(log, pipeline, item=item, kind=kind, period=period)  # type: ignore[arg-type]
                with spoken_in("fr"):
                    left |= {text for text in table["reason"] if word_of("reason", text) == text}
    assert left == set()


def test_a_table_of_quality_speaks_of_an_export_in_french() -> None:
    deals = pd.DataFrame(
        {
            "Deal": ["1", "1", "2"],
            "Stage": ["New", "Won", "New"],
            "Date": ["13/01/2026", "14/02/2026", "15/02/2026"],
        }
    )
    export = sf.read(deals, item="Deal", stage="Stage", time="Date")
    shown = repr(sf.show(export.quality[export.quality["count"] > 0], language="fr", wide=True))
    assert "dates avec le jour en premier" in shown
    assert "dates jour en premier" in shown


def test_a_suggestion_is_shown_in_french() -> None:
    rows = {
        "Deal": ["A", "A", "B"],
        "Stage": ["New", "Won", "New"],
        "When": ["2026-03-01", "2026-03-05", "2026-03-02"],
    }
    shown = repr(sf.show(sf.suggest(rows), language="fr", wide=True))
    assert f"gagné{KEPT}: Won" in shown
    assert "Tout repose sur 1 passage entre étapes." in shown
    assert "dans l’ordre" in shown
    assert "position médiane" in shown


def test_a_command_says_what_it_assumes_in_the_language() -> None:
    suggested = "an export of wide; New → Offer; won: Won; lost: No; Offer since 2026-03-01"
    doubts = ["All of it rests on 3 moves between stages."]
    assert assumed_lines(suggested, doubts, "`stagefunnel init x.csv`", "fr") == [
        f"Supposé{KEPT}: un export de wide{NARROW}; New → Offer{NARROW}; gagné{KEPT}: Won{NARROW}; "
        f"perdu{KEPT}: No{NARROW}; Offer depuis le 1er{KEPT}mars{KEPT}2026.",
        "Tout repose sur 3 passages entre étapes.",
        "`stagefunnel init x.csv` met cela par écrit.",
    ]
    assert assumed_lines(suggested, doubts, "`init`", None)[:2] == [f"Assumed: {suggested}.", *doubts]


def test_a_note_that_is_in_the_language_already_stays() -> None:
    notes = [
        "dates with the day first, as one with a number above 12 shows",
        "events, the most common first: a, b",
    ]
    french = notes_in_language(notes, "fr")
    assert french == [
        "dates avec le jour en premier, comme le montre un nombre supérieur à 12",
        f"événements, les plus fréquents d’abord{KEPT}: a, b",
    ]
    assert notes_in_language(french, "fr") == french
    assert notes_in_language(notes, None) == notes


def test_conditions_are_in_the_language_and_their_values_are_not() -> None:
    with spoken_in("fr"):
        assert conditions_text("source is web or missing, amount > 100") == (
            "source est web ou manquant, amount > 100"
        )
        assert conditions_text("city is not Paris, France") == "city n’est pas Paris, France"
        assert conditions_text("is_new is true, note is missing") == "is_new est vrai, note manque"
    assert conditions_text("source is web") == "source is web"
