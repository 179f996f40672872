"""The pipeline file beside an export."""

import datetime
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from examples import examples
from helpers import ROOT

FULL = """
[pipeline]
stages = [10, 20]
won = 30
lost = [40, -1]
unlisted = "ignore"
[pipeline.names]
10 = "Prépaiement"
-1 = "Spam"
[columns]
item = "deal_id"
stage = "to"
time = "at"
order = "row"
time_format = "%d/%m/%Y"
zone = "Europe/Berlin"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pipeline.toml"


def test_a_full_file_is_read(file: Path) -> None:
    file.write_text(FULL, encoding="utf-8")
    settings = sf.Settings.from_toml(file)
    expected = sf.Pipeline([10, 20], won=30, lost=[40, -1], names={10: "Prépaiement", -1: "Spam"})
    assert settings.pipeline == expected
    assert settings.unlisted == "ignore"
    assert settings.columns == {
        "item": "deal_id",
        "stage": "to",
        "time": "at",
        "order": "row",
        "time_format": "%d/%m/%Y",
        "zone": "Europe/Berlin",
    }
    for path in (file, str(file)):
        with pytest.warns(sf.StageFunnelWarning, match="does not take"):
            assert sf.Pipeline.from_toml(path) == expected


def test_a_short_file_is_enough(file: Path) -> None:
    file.write_text('[pipeline]\nstages = "New"\n')
    settings = sf.Settings.from_toml(file)
    assert settings.pipeline == sf.Pipeline("New")
    assert settings.columns == {}
    assert settings.unlisted == "error"


def test_a_single_integer_is_a_stage_and_its_name_is_found(file: Path) -> None:
    file.write_text('[pipeline]\nstages = 10\nnames = {10 = "New"}\n')
    assert sf.Pipeline.from_toml(file) == sf.Pipeline(10, names={10: "New"})


def test_labels_that_are_text_keep_names_of_digits_as_text(file: Path) -> None:
    file.write_text('[pipeline]\nstages = ["10", "20"]\n[pipeline.names]\n10 = "New"\n')
    assert sf.Pipeline.from_toml(file).names == {"10": "New", "20": "20"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[pipeline\n", "is not valid TOML: .* line 1"),
        (b"[pipeline]\nstages = ['N\xe9w']", "is not UTF-8 text: .*0xe9"),
        ("", ": there is no [pipeline] table"),
        ("[pipeline]\nwon = 'Won'", ": [pipeline] has no stages"),
        ("pipeline = 5", ": [pipeline] is not a table"),
        (
            "[pipeline]\nstages = 'A'\n[column]",
            ": the file has no key 'column'; it knows 'observed_until', 'pipeline', 'columns', 'calendar'; "
            "did you mean 'columns'?",
        ),
        (
            "[pipeline]\nstages = 'A'\nwin = 'B'",
            ": [pipeline] has no key 'win'; it knows 'stages', 'won', 'lost', 'names', 'elsewhere', "
            "'moved_out', 'unlisted', 'optional', 'aliases', 'since', 'until', 'ignore', … (3 more); "
            "did you mean 'won'?",
        ),
        (
            "[pipeline]\nstages = 'A'\n[columns]\nitm = 'id'",
            ": [columns] has no key 'itm'; it knows 'item', 'stage', 'time', 'exited', 'start_unknown', "
            "'order', 'time_format', 'zone'; "
            "did you mean 'item'?",
        ),
        ("columns = 'item'\n[pipeline]\nstages = 'A'", ": [columns] is not a table"),
        ("[pipeline]\nstages = 'A'\n[columns]\nitem = 5", ": [columns] item = 5 is not text"),
        ("[pipeline]\nstages = 'A'\nnames = 'A'", ": [pipeline.names] is not a table"),
        (
            "[pipeline]\nstages = 'A'\nunlisted = 'drop'",
            ": unlisted = 'drop' is not one of 'error', 'ignore'",
        ),
        ("[pipeline]\nstages = []", ": invalid pipeline: it has no in-progress stage"),
        (
            "[pipeline]\nstages = ['A']\nwon = 'A'",
            ": invalid pipeline: 'A' is listed as in progress and won",
        ),
        (
            "[pipeline]\nstages = ['A', 1]",
            ": invalid pipeline: its labels are of mixed types: integer, text",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_name(file: Path, text: str | bytes, message: str) -> None:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    pattern = message if message.startswith("is not") else re.escape(message) + "$"
    with pytest.raises(sf.SchemaError, match="^" + re.escape(str(file)) + " ?" + pattern):
        sf.Settings.from_toml(file)


def test_a_file_that_is_not_there_is_an_error_of_the_system(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sf.Pipeline.from_toml(file)


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks" / "data").glob("*/pipeline*.toml")), ids=str)
def test_the_pipeline_files_of_the_examples_are_read(path: Path) -> None:
    assert len(sf.Settings.from_toml(path).pipeline.labels) >= 4


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ('[columns]\nitem = "deal"\nzone = "UTC"\n', "[columns] (item, zone)"),
        ('unlisted = "ignore"\n', "unlisted = 'ignore'"),
        ('[calendar]\nhours = {mon = [["09:00", "17:00"]]}\n', "[calendar]"),
        ('unlisted = "ignore"\n[columns]\nitem = "deal"\n', "[columns] (item) and unlisted = 'ignore'"),
    ],
)
def test_a_pipeline_alone_says_what_of_its_file_it_does_not_take(file: Path, more: str, named: str) -> None:
    file.write_text(f'[pipeline]\nstages = ["New"]\n{more}')
    message = f"{file}: a Pipeline does not take {named} of the file; Settings.from_toml reads all of it"
    with pytest.warns(sf.StageFunnelWarning, match="^" + re.escape(message)) as caught:
        assert sf.Pipeline.from_toml(file) == sf.Settings.from_toml(file).pipeline
    assert [Path(one.filename) for one in caught] == [Path(__file__)]


def test_a_pipeline_alone_says_that_the_end_of_observation_is_not_taken(file: Path) -> None:
    file.write_text('observed_until = 2026-05-01\n[pipeline]\nstages = ["New"]\n')
    with pytest.warns(sf.StageFunnelWarning, match="does not take observed_until of the file"):
        sf.Pipeline.from_toml(file)


@pytest.mark.parametrize("more", ["", 'unlisted = "error"\n', "[columns]\n"])
def test_a_file_of_which_nothing_is_lost_is_read_without_a_word(file: Path, more: str) -> None:
    file.write_text(f'[pipeline]\nstages = ["New"]\n{more}')
    assert sf.Pipeline.from_toml(file) == sf.Pipeline("New")  # a warning fails a test


def test_a_file_may_name_the_stages_of_other_pipelines(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.toml"
    file.write_text('[pipeline]\nstages = ["New"]\nelsewhere = ["Ordered"]\nmoved_out = "include"\n')
    assert sf.Pipeline.from_toml(file) == sf.Pipeline("New", elsewhere=["Ordered"], moved_out="include")


def read_again(settings: sf.Settings) -> sf.Settings:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "pipeline.toml"
        file.write_text(settings.to_toml(), encoding="utf-8", newline="")
        return sf.Settings.from_toml(file)


LABELS = st.text(min_size=1, max_size=6) | st.sampled_from(['"', "\\", "\x7f", "\n", "é"])


@examples(ci=100, night=1_000)
@given(labels=st.lists(LABELS, min_size=4, max_size=8, unique=True), names=st.lists(LABELS, max_size=4))
def test_settings_that_are_written_are_read_again(labels: list[str], names: list[str]) -> None:
    stages, won, lost, elsewhere = labels[:-3], labels[-3], labels[-2], labels[-1]
    pipeline = sf.Pipeline(
        stages,
        won=won,
        lost=lost,
        elsewhere=elsewhere,
        names=dict(zip(labels[:-1], names, strict=False)),
        moved_out="include",
    )
    settings = sf.Settings(pipeline, {"item": labels[0]}, "ignore")
    assert read_again(settings) == settings


def test_integer_labels_are_written_as_integers() -> None:
    settings = sf.Settings(sf.Pipeline([1, 2], won=3, names={1: "New"}))
    assert read_again(settings) == settings


@pytest.mark.parametrize(
    ("shorter", "written", "again"),
    [
        ("2min", 'ignore_shorter = "2min"', "2min"),
        (datetime.timedelta(seconds=90), 'ignore_shorter = "90s"', "90s"),
        (pd.Timedelta(14, "D"), 'ignore_shorter = "2w"', "2w"),
        (np.timedelta64(1500, "us"), 'ignore_shorter = "1500us"', "1500us"),
        (3, "ignore_shorter = 3", 3),
        (2.5, "ignore_shorter = 2.5", 2.5),
        (
            {"Lost": pd.Timedelta("10min"), "New": "1 h"},
            '[pipeline.ignore_shorter]\n"Lost" = "10min"\n"New" = "1 h"',
            {"Lost": "10min", "New": "1 h"},
        ),
    ],
)
def test_rules_of_stages_are_written_and_read_again(shorter: Any, written: str, again: Any) -> None:
    rules = {"aliases": {"Proposal": "Offer", 'the "old" one': "New"}, "ignore": ["Note"]}
    pipeline = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost", ignore_shorter=shorter, **rules)
    assert written in sf.Settings(pipeline).to_toml()
    assert read_again(sf.Settings(pipeline)).pipeline == pipeline.replace(ignore_shorter=again)


def test_keys_of_rules_are_integers_where_the_stages_are() -> None:
    settings = sf.Settings(sf.Pipeline([1, 2], won=3, aliases={7: 2}, ignore=[9], ignore_shorter={3: 5}))
    assert read_again(settings) == settings


@pytest.mark.parametrize("name", ["aliases", "since", "until"])
def test_a_rule_for_each_stage_is_a_mapping(name: str) -> None:
    with pytest.raises(sf.SchemaError, match=rf"^{name}=\['Offer'\] is not a mapping of stages"):
        sf.Pipeline("New", **{name: ["Offer"]})


def test_labels_that_a_file_cannot_hold_are_refused() -> None:
    with pytest.raises(sf.SchemaError, match="neither text nor an integer"):
        sf.Settings(sf.Pipeline([(1, 2)])).to_toml()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"2026-04-01"', "2026-04-01"),
        ("2026-04-01T09:30:00", datetime.datetime(2026, 4, 1, 9, 30)),
        ("2026-04-01", datetime.date(2026, 4, 1)),
        ("40", 40),
    ],
)
def test_a_file_says_until_when_items_were_observed(file: Path, text: str, expected: Any) -> None:
    file.write_text(f"observed_until = {text}\n[pipeline]\nstages = ['New']\n")
    settings = sf.Settings.from_toml(file)
    assert settings.observed_until == expected
    file.write_text(settings.to_toml())
    again = sf.Settings.from_toml(file).observed_until
    assert again == (expected if isinstance(expected, int) else str(expected))


@pytest.mark.parametrize("text", ["true", "3.5", "['2026']", "09:30:00"])
def test_an_end_of_observation_that_is_no_moment_is_refused(file: Path, text: str) -> None:
    file.write_text(f"observed_until = {text}\n[pipeline]\nstages = ['New']\n")
    with pytest.raises(sf.SchemaError, match=r"observed_until = .* is not a moment"):
        sf.Settings.from_toml(file)
