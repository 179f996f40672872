"""Names that a terminal, a page, a chart, Markdown or a spreadsheet would obey are shown, not obeyed."""

import contextlib
import io
import pickle
import re
import unicodedata
import warnings
from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel import cli
from stagefunnel.clean import clean, clean_deep, markdown, safe_cell
from stagefunnel.display.csv_table import as_csv
from stagefunnel.plots import plot_funnel

# The escape with a colour, the title of a window, a bell, the one-byte escape, a turned direction and its
# isolate, the end of a line of Unicode, nothing, and what XML has no letter for.
ACTING = [
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x07",
    "\x9b2J",
    "\u202e",
    "\u2066",
    "\u2028",
    "\x00",
    "\ufffe",
    "\n",
    "\r",
]
HOSTILE = "".join(ACTING)
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe]")


def frame(name: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item": [1, 1, 2, 3],
            "stage": [name, "Won", name, "Won"],
            "time": ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"],
            "who": [name, name, "Al", "=1+1"],
        }
    )


def log_of(name: str) -> tuple[sf.StageLog, sf.Pipeline]:
    return sf.StageLog(frame(name), columns="who"), sf.Pipeline([name], won="Won")


@pytest.mark.parametrize("letter", ACTING, ids=ascii)
def test_a_letter_that_acts_is_written_as_a_code(letter: str) -> None:
    written = clean(f"a{letter}b")
    assert written.isprintable()
    assert written.startswith("a\\")
    assert written.endswith("b")


def test_other_letters_stay_as_they_are() -> None:
    for name in (
        "Gewonnen ✓",
        "Выиграно",
        "成約",
        "👩‍💼 sales",
        "نجح",
        "a\N{NO-BREAK SPACE}b",
        "e\u0301",
        "C:\\x1b",
    ):
        assert clean(name) == name
    assert clean("two\nlines", lines=True) == "two\nlines"


def test_no_face_of_a_table_passes_a_letter_that_acts() -> None:
    log, pipeline = log_of(HOSTILE)
    funnel = sf.funnel(log, pipeline, by="who")
    faces = [repr(sf.show(funnel)), sf.show(funnel).to_markdown(), sf.show(funnel)._repr_html_()]
    faces += [
        repr(log),
        repr(pipeline),
        repr(sf.bind(log, pipeline, by=HOSTILE)),
        repr(sf.show(log.quality())),
    ]
    for face in faces:
        assert OBEYED.search(face) is None
        assert "\\x1b[31m" in face or "\\\\x1b\\[31m" in face or face == faces[-1]


def test_a_name_has_one_line_of_a_table() -> None:
    log, pipeline = log_of("New\nWon   9")
    lines = repr(sf.show(sf.funnel(log, pipeline))).splitlines()
    assert not any(line.startswith("Won   9") for line in lines)


def test_charts_draw_names_that_act(tmp_path: Path) -> None:
    log, pipeline = log_of(HOSTILE)
    chart = plot_funnel(sf.funnel(log, pipeline))
    drawn = sf.save_chart(chart, tmp_path / "chart.svg").read_text()
    assert OBEYED.search(drawn) is None
    assert "\\x1b[31m" in drawn.replace("\N{ZERO WIDTH SPACE}", "")


def test_a_chart_of_others_with_such_names_does_not_end_the_process(tmp_path: Path) -> None:
    import altair as alt

    rows = pd.DataFrame({"x": ["a\x1b", "\ufffe"], "y": [1, 2]})
    chart = alt.Chart(rows).mark_bar().encode(x="x", y="y", tooltip="x")
    assert OBEYED.search(sf.save_chart(chart, tmp_path / "chart.svg").read_text()) is None


def test_errors_and_warnings_are_clean_and_keep_their_parts() -> None:
    error = sf.SchemaError(f"there is no {HOSTILE}, \ud800")
    error.add_note(HOSTILE)
    assert OBEYED.search(str(error)) is None
    assert OBEYED.search(error.__notes__[0]) is None
    assert "\\ud800" in str(error)
    assert str(error).encode()
    assert OBEYED.search(str(pickle.loads(pickle.dumps(error)))) is None
    assert OBEYED.search(error.spelled(str)) is None
    assert OBEYED.search(str(error.within(HOSTILE))) is None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn(HOSTILE, sf.StageFunnelWarning, stacklevel=1)
    assert OBEYED.search(str(caught[0].message)) is None


def run(*words: str) -> str:
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors), contextlib.suppress(SystemExit):
        cli.main(words)
    return out.getvalue() + errors.getvalue()


def test_the_command_says_no_letter_that_acts(tmp_path: Path) -> None:
    name = HOSTILE.replace("\x00", "").replace("\n", "").replace("\r", "")
    file = tmp_path / "\x1b]0;x\x07 log.csv"
    frame(name).to_csv(file, index=False)
    toml = tmp_path / "p.toml"
    toml.write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')
    said = [run("funnel", str(file), "--pipeline", str(toml)), run("funnel", str(tmp_path / f"no{name}"))]
    said += [run("funnel", str(file), f"--{name}"), run(name), run("funnel", str(file), "--by", name)]
    for text in said:
        assert text
        assert OBEYED.search(text) is None, ascii(text)
    assert "\\x1b]0;x\\x07 log.csv" in said[0] or "\\x1b" in said[0]


def test_markdown_shows_marks() -> None:
    assert (
        markdown("a|b `c` <b> [x](y) *z* _u_ deal_id")
        == "a\\|b \\`c\\` \\<b> \\[x\\](y) \\*z\\* \\_u\\_ deal_id"
    )
    assert markdown("&lt; & co") == "\\&lt; & co"
    assert [markdown(line) for line in ("# a", "- a", "1. a", "> a", "1.5 d")] == [
        *("\\# a", "\\- a", "1\\. a", "\\> a", "1.5 d")
    ]
    assert markdown("1. a", is_cell=True) == "1. a"


RUN = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "＝1+1", "-x"]
NOT_RUN = ["-12", "+4.5", "1,234", "-1,234.5", "New", "a=b", "", "1-2", "-1e-05", "-5%", "'=1"]


@pytest.mark.parametrize("text", RUN, ids=ascii)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", NOT_RUN, ids=ascii)
def test_text_that_no_spreadsheet_runs_stays(text: str) -> None:
    assert safe_cell(text) == text


def test_csv_has_safe_text_and_numbers_as_they_are() -> None:
    table = pd.DataFrame({"=a": ["=1+1", "x", None], "n": [-1, 2, 3], "c": pd.Categorical(["@x", "y", "@x"])})
    table["f"] = [-0.5, 1.0, None]
    table["mixed"] = pd.Series(["=1", -2, -2.5], dtype=object)
    lines = as_csv(table).splitlines()
    assert lines == ["'=a,n,c,f,mixed", "'=1+1,-1,'@x,-0.5,'=1", "x,2,y,1.0,-2", ",3,'@x,,-2.5"]
    assert as_csv(table, is_safe=False).startswith("=a,n,c,f,mixed\n=1+1,-1,@x,-0.5,=1\n")
    assert table["=a"].tolist()[0] == "=1+1"


def test_the_command_writes_safe_csv_unless_it_is_not_to(tmp_path: Path) -> None:
    frame("New").to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "p.toml").write_text('[pipeline]\nstages = ["New"]\nwon = "Won"\n')
    words = ["funnel", str(tmp_path / "log.csv"), "--pipeline", str(tmp_path / "p.toml"), "--by", "who"]
    for option, wanted in ((), "\n'=1+1,"), (("--no-csv-safe",), "\n=1+1,"):
        assert wanted in run(*words, "--format", "csv", *option)
        run(*words, "--out", str(tmp_path / "out.csv"), *option)
        assert wanted in (tmp_path / "out.csv").read_text()


def test_letters_that_act_are_what_unicode_calls_control() -> None:
    control = [chr(code) for code in range(0x3000) if unicodedata.category(chr(code)) in ("Cc", "Zl", "Zp")]
    assert len(control) == 67
    assert all(not clean(letter).endswith(letter) for letter in control)


def test_the_texts_inside_a_specification_are_cleaned_and_their_lines_stay() -> None:
    given = {"na\x1bme": ["one\ntwo\x07", ("\x00", 3, None)], "title": {"text": "two\nlines", "at": 1.5}}
    assert clean_deep(given) == {
        "na\\x1bme": ["one\ntwo\\x07", ["\\x00", 3, None]],
        "title": {"text": "two\nlines", "at": 1.5},
    }
