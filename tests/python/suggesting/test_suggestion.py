"""The suggestion as an object: its file, its comments, how it prints itself, and where it comes from."""

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf
from helpers import journeys_log
from stagefunnel.suggesting.commented_toml import Comments, commented_toml

ODD = ['qu"ote', "back\\slash", "new\nline", "tab\tand \x7f", "# no comment", "日本", "[x]", "= y"]


@pytest.mark.parametrize("labels", [ODD, [1, 2, 30, -4]], ids=["text", "integers"])
def test_any_labels_survive_the_file(labels: list[object], tmp_path: Path) -> None:
    pipeline = sf.Pipeline(
        labels[:-2], won=labels[-2], lost=labels[-1], optional=labels[1], names={labels[0]: "A\nname"}
    )
    settings = sf.Settings(pipeline, {"item": "it\nem", "time_format": "%d # %m"}, unlisted="ignore")
    comments = Comments(
        head=["A line\nthat breaks", "", "\x00"],
        stages={str(label): f"seen {label}" for label in labels},
        keys={"columns.item": ["why\nso"], "pipeline.optional": ["aside"]},
        more={"pipeline": ["nothing = 1"], "columns": ["zone = 3"]},
        dated={"since": {labels[0]: "2026-01-01"}},
    )
    path = tmp_path / "pipeline.toml"
    path.write_bytes(commented_toml(settings, comments).encode())
    assert sf.Settings.from_toml(path) == settings


def test_what_is_commented_out_can_be_taken_in(tmp_path: Path) -> None:
    rows = []
    for item in range(200):
        day = pd.Timestamp("2026-01-01") + pd.Timedelta(days=item)
        path = ["a", "b", "Won"] if item < 100 else ["a", "check", "b", "Won"]
        path = path if item % 3 else [*path[:-1], "wait", "b", "Won"]
        rows += [(item, stage, day + pd.Timedelta(hours=n)) for n, stage in enumerate(path)]
    frame = pd.DataFrame(rows, columns=["item", "stage", "time"])
    frame["time"] = frame["time"].dt.strftime("%d.%m.%Y %H:%M")
    found = sf.suggest(frame)
    assert found.stages.set_index("stage")["role"]["wait"] == "optional?"
    taken = re.sub(
        r"^# (?=optional = |zone = |\[pipeline|\"check\")", "", found.to_toml(), flags=re.MULTILINE
    )
    path = tmp_path / "pipeline.toml"
    path.write_text(taken, encoding="utf-8")
    settings = sf.Settings.from_toml(path)
    assert settings.pipeline.rules.optional == ("wait",)
    # Items begin a day each: the hundred-first of them is the first that enters the stage.
    assert settings.pipeline.rules.since == {"check": "2026-04-11"}
    assert settings.columns["zone"] == "Europe/Berlin"
    log = sf.StageLog(frame, **settings.columns)
    assert sf.funnel(log, settings.pipeline)["passed"].tolist()[0] == 200


def test_the_file_says_why() -> None:
    rows = {
        "deal": [1, 1, 2, 2],
        "stage": ["New", "Won", "New", "Lost"],
        "at": ["2026-01-01", "2026-01-02"] * 2,
    }
    text = sf.suggest(rows).to_toml()
    assert '    "New",  # 2 items, median position 0.00\n' in text
    assert '    "Won",  # 1 item, by its name\n' in text
    assert "# item: its name is a usual one for an item, and its values repeat.\n" in text
    assert tomllib.loads(text)["columns"] == {"item": "deal", "stage": "stage", "time": "at"}


def test_it_prints_itself_with_its_doubts() -> None:
    found = sf.suggest(journeys_log("New > Offer > Won", "New > Lost"))
    text = repr(found)
    assert text.startswith("Suggested: New → Offer; won: Won; lost: Lost\n")
    assert text.endswith("All of it rests on 3 moves between stages.")
    assert text == repr(sf.show(found)) == repr(sf.show(found.as_table()))
    assert "<table" in found._repr_html_()
    assert "rests on 3 moves" in sf.show(found).to_markdown()


def test_enum_members_have_no_file() -> None:
    import enum

    class Step(enum.Enum):
        NEW = "n"
        DONE = "d"

    frame = pd.DataFrame(
        {"item": [1, 1], "stage": pd.Series([Step.NEW, Step.DONE], dtype=object), "time": [0, 1]}
    )
    found = sf.suggest(sf.StageLog(frame))
    assert set(found.pipeline.labels) == {Step.NEW, Step.DONE}
    with pytest.raises(sf.SchemaError, match="neither text nor an integer"):
        found.to_toml()


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl", "parquet"])
def test_files_of_all_kinds_give_the_same(ending: str, tmp_path: Path) -> None:
    frame = sf.datasets.furniture_shop(300).frame[["deal_id", "stage", "entered_at"]].astype(str)
    path = tmp_path / f"deals.{ending}"
    if ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif ending == "parquet":
        pytest.importorskip("pyarrow")
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    found = sf.suggest(path)
    assert found.settings == sf.suggest(frame).settings
    assert found.is_safe
    assert sf.suggest(str(tmp_path / "deals.*")).settings == found.settings
    assert sf.suggest([path]).settings == found.settings


def test_a_file_of_another_encoding_is_read_as_an_export(tmp_path: Path) -> None:
    rows = ["Сделка;Стадия;Дата изменения"]
    for deal in range(30):
        rows += [
            f"{deal};{stage};{day:02}.01.2026" for day, stage in enumerate(("Новая", "Счёт", "Успех"), 13)
        ]
    path = tmp_path / "сделки.csv"
    path.write_bytes("\n".join(rows).encode("cp1251"))
    found = sf.suggest(path)
    assert found.source == "events"
    assert found.pipeline == sf.Pipeline(["Новая", "Счёт"], won="Успех")


@pytest.mark.parametrize("shape", ["from_to", "stays", "wide"])
def test_other_shapes_of_tables_are_read_as_such(shape: str) -> None:
    rows: dict[str, list[object]]
    if shape == "from_to":
        rows = {
            "deal": [n // 2 for n in range(60)],
            "from_stage": ["New", "Offer"] * 30,
            "to_stage": ["Offer", "Won"] * 30,
            "changed_at": ["2026-01-20", "2026-01-21"] * 30,
        }
    elif shape == "stays":
        rows = {
            "deal": [n // 3 for n in range(90)],
            "stage": ["New", "Offer", "Won"] * 30,
            "entered_at": ["2026-01-20", "2026-01-21", "2026-01-22"] * 30,
            "exited_at": ["2026-01-21", "2026-01-22", None] * 30,
        }
    else:
        rows = {
            "deal_id": list(range(30)),
            "New": ["2026-01-20"] * 30,
            "Offer": ["2026-01-21"] * 30,
            "Won": ["2026-01-22"] * 30,
        }
    found = sf.suggest(pd.DataFrame(rows))
    assert found.source == shape
    assert found.pipeline.stages == ("New", "Offer")
    assert found.pipeline.won == ("Won",)


@pytest.mark.parametrize("names", [("deal_id", "changed_at"), ("Vorgang", "Wann")])
@pytest.mark.parametrize("given", ["frame", "file", "export"])
def test_several_pipelines_of_one_table_are_each_suggested(
    given: str, names: tuple[str, str], tmp_path: Path
) -> None:
    rows = [
        (f"{pipeline}{deal}", pipeline, stage, day)
        for pipeline, path in (("Sales", ("New", "Offer", "Won")), ("Renewals", ("Due", "New", "Lost")))
        for deal in range(30 if pipeline == "Sales" else 40)
        for day, stage in enumerate(path)
    ]
    frame = pd.DataFrame(rows, columns=["deal_id", "pipeline", "stage", "changed_at"])
    frame["changed_at"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(frame["changed_at"], unit="D")
    frame = frame.rename(columns={"deal_id": names[0], "changed_at": names[1]})
    path = tmp_path / "deals.csv"
    frame.to_csv(path, index=False)
    export = sf.read(frame, item=names[0], stage="stage", time=names[1])
    found = sf.suggest({"frame": frame, "file": path, "export": export}[given])
    assert found.pipeline.stages == ("Renewals / Due", "Renewals / New")
    assert found.others["Sales"].pipeline.stages == ("Sales / New", "Sales / Offer")
    assert found.others["Sales"].pipeline.names["Sales / New"] == "New"
    assert not found.is_safe
