"""Item, stage and time of a table: by name, by values, in many languages; and what no table can be."""

import datetime
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

import stagefunnel as sf

PATHS = [["s1", "s2", "Won"], ["s1", "Lost"], ["s1", "s2", "Lost"], ["s1", "s2", "Won"]]


def table(
    item: str,
    stage: str,
    time: str,
    *,
    form: str = "%Y-%m-%d %H:%M",
    n_items: int = 30,
    **more: Sequence[object],
) -> pd.DataFrame:
    """Make a table of journeys whose columns have these names."""
    begin = datetime.datetime(2026, 1, 20, 8, 30)
    rows = [
        (f"D{number}", one, (begin + datetime.timedelta(days=number, hours=9 * place)).strftime(form))
        for number in range(n_items)
        for place, one in enumerate(PATHS[number % len(PATHS)])
    ]
    frame = pd.DataFrame(rows, columns=[item, stage, time])
    return frame.assign(
        **{name: [values[n % len(values)] for n in range(len(frame))] for name, values in more.items()}
    )


@pytest.mark.parametrize(
    "names",
    [
        ("deal_id", "stage", "changed_at"),
        ("OpportunityId", "StageName", "Timestamp"),
        ("ID сделки", "Стадия", "Дата изменения"),
        ("Vorgang", "Phase", "Datum"),
        ("Negocio", "Etapa", "Fecha"),
        ("Affaire", "Étape", "Moment"),
        ("案件", "ステージ", "日時"),
        ("foo", "incident_state", "bar"),
        ("foo", "bar", "baz"),
    ],
)
def test_the_columns_are_found_by_name_and_by_values(names: tuple[str, str, str]) -> None:
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        frame = table(*names)[[names[place] for place in order]]
        found = sf.suggest(frame)
        assert dict(found.settings.columns) == dict(zip(("item", "stage", "time"), names, strict=True))
        assert found.pipeline == sf.Pipeline(["s1", "s2"], won="Won", lost="Lost")


def test_columns_beside_them_do_not_disturb() -> None:
    frame = table(
        "case", "state", "moved", amount=[10, 20, 30, 5], owner=["Ada", "Bo"], note=["x", None, "yy"]
    )
    frame["created"] = frame.groupby("case")["moved"].transform("min")
    found = sf.suggest(frame)
    assert dict(found.settings.columns) == {"item": "case", "stage": "state", "time": "moved"}


def test_the_time_of_creation_gives_way_to_that_of_the_change() -> None:
    frame = table("deal_id", "stage", "at")
    frame.insert(0, "created_at", frame.groupby("deal_id")["at"].transform("min"))
    assert sf.suggest(frame).settings.columns["time"] == "at"


def test_names_that_are_given_are_taken() -> None:
    frame = table("deal", "stage", "at").rename(columns={"stage": "x"})
    frame["stage"] = "always"
    found = sf.suggest(frame, stage="x")
    assert found.settings.columns["stage"] == "x"
    with pytest.raises(sf.SchemaError, match=r"item='deall': there is no such column.*did you mean 'deal'"):
        sf.suggest(frame, item="deall")


@pytest.mark.parametrize(
    ("form", "time_format"),
    [
        ("%Y-%m-%d %H:%M", None),
        ("%Y-%m-%dT%H:%M:%S+01:00", None),
        ("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M"),
        ("%d/%m/%Y", "%d/%m/%Y"),
        ("%m/%d/%y %I:%M %p", "%m/%d/%y %I:%M %p"),
        ("%d-%b-%Y", "%d-%b-%Y"),
        ("%B %d, %Y %H:%M:%S", "%B %d, %Y %H:%M:%S"),
        ("%Y%m%d", "%Y%m%d"),
    ],
)
def test_the_format_of_times_is_found(form: str, time_format: str | None) -> None:
    found = sf.suggest(table("deal", "stage", "at", form=form))
    assert found.settings.columns.get("time_format") == time_format
    assert found.is_safe


def test_a_date_that_could_be_two_days_is_a_doubt_and_the_option_settles_it() -> None:
    frame = pd.DataFrame(
        {
            "deal": [n for n in range(12) for _ in range(3)],
            "stage": ["s1", "s2", "Won"] * 12,
            "at": [f"{day:02}/04/2026" for n in range(12) for day in (3, 4, 5)],
        }
    )
    found = sf.suggest(frame)
    assert found.settings.columns["time_format"] == "%d/%m/%Y"
    assert any("'%m/%d/%Y' fits as well" in doubt for doubt in found.doubts)
    assert not found.is_safe
    assert '# time_format = "%m/%d/%Y"' in found.to_toml()
    settled = sf.suggest(frame, dayfirst=False)
    assert settled.settings.columns["time_format"] == "%m/%d/%Y"
    assert settled.doubts == [doubt for doubt in found.doubts if "fits as well" not in doubt]


def test_whole_numbers_are_times_where_the_name_says_so() -> None:
    rows = {"item": [1, 1, 2, 2], "stage": ["New", "Won", "New", "Lost"], "time": [-5, 3, 0, 9]}
    found = sf.suggest(rows)
    assert dict(found.settings.columns) == {"item": "item", "stage": "stage", "time": "time"}
    assert found.stages["first_seen"].tolist() == [-5, 3, 9]


def test_counts_of_seconds_since_1970_are_read_as_the_reader_of_exports_reads_them() -> None:
    seconds = [1_767_607_200 + 3_600 * n for n in range(60)]
    rows = {"item": [n // 3 for n in range(60)], "stage": ["s1", "s2", "Won"] * 20, "time": seconds}
    found = sf.suggest(rows)
    assert found.stages["first_seen"].tolist()[0] == pd.Timestamp("2026-01-05 10:00", tz="UTC")


def test_rows_that_cannot_be_read_are_a_doubt_and_an_option() -> None:
    frame = table("deal", "stage", "at", n_items=200)
    frame.loc[3, "at"] = "n/a"
    frame.loc[7, "stage"] = None
    found = sf.suggest(frame)
    assert found.reading == {"invalid": "drop"}
    assert any("a time that can be read: 2." in doubt for doubt in found.doubts)
    assert not found.is_safe


def test_a_list_of_items_is_no_history() -> None:
    rows = {"deal_id": ["a", "b", "c"], "stage": ["Won", "New", "New"], "engaged": ["2026-01-02"] * 3}
    with pytest.raises(sf.SchemaError, match="each item has one row: this is a list of items as they stand"):
        sf.suggest(rows)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ({"deal": [1, 1], "stage": ["a", "b"]}, "no column holds times"),
        (
            {"deal": [1, 1], "at": ["2026-01-01", "2026-01-02"]},
            "no column looks like a stage|each item has one row",
        ),
        ({"deal": [], "stage": [], "at": []}, "the table has no rows"),
        (7, "cannot suggest a pipeline for int"),
    ],
)
def test_what_cannot_be_a_log_is_refused(rows: object, text: str) -> None:
    with pytest.raises(sf.SchemaError, match=text):
        sf.suggest(rows)


def test_options_of_reading_are_refused_where_nothing_is_read() -> None:
    log = sf.StageLog({"item": [1, 1], "stage": ["New", "Won"], "time": [0, 1]})
    with pytest.raises(sf.SchemaError, match="item= says how a table is read, and this is a log"):
        sf.suggest(log, item="item")


ODD = {
    "categories": lambda frame: frame.astype({"stage": "category", "deal": "category"}),
    "an index": lambda frame: frame.set_index(pd.Index([7] * len(frame))),
    "dates": lambda frame: frame.assign(at=pd.to_datetime(frame["at"]).dt.date),
    "a zone": lambda frame: frame.assign(at=pd.to_datetime(frame["at"]).dt.tz_localize("Europe/Berlin")),
    "bytes": lambda frame: frame.assign(deal=frame["deal"].map(str.encode)),
    "lists": lambda frame: frame.assign(tags=[["a"]] * len(frame)),
    "far years": lambda frame: frame.assign(seen=["9999-12-31"] * len(frame)),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_columns_are_taken(kind: str) -> None:
    found = sf.suggest(ODD[kind](table("deal", "stage", "at")))
    assert found.pipeline == sf.Pipeline(["s1", "s2"], won="Won", lost="Lost")
    assert dict(found.settings.columns) == {"item": "deal", "stage": "stage", "time": "at"}


def test_integers_that_read_as_days_are_a_doubt() -> None:
    frame = table("deal", "stage", "at", form="%Y%m%d").astype({"at": "int64"})
    with pytest.warns(sf.StageFunnelWarning, match="20260"):
        found = sf.suggest(frame)
    assert any("look like days, such as 20260331" in doubt for doubt in found.doubts)
    assert not found.is_safe


def test_columns_of_one_name_are_refused() -> None:
    frame = table("deal", "stage", "at")
    with pytest.raises(sf.ReaderError, match="names 'stage' more than once"):
        sf.suggest(pd.concat([frame, frame[["stage"]]], axis="columns"))


@pytest.mark.parametrize("kind", ["polars", "arrow", "mapping", "records", "duckdb"])
def test_any_table_that_a_log_takes_is_taken(kind: str) -> None:
    frame = table("deal", "stage", "at")
    expected = sf.suggest(frame)
    other: object
    if kind == "polars":
        other = pytest.importorskip("polars").from_pandas(frame)
    elif kind == "arrow":
        other = pytest.importorskip("pyarrow").Table.from_pandas(frame)
    elif kind == "duckdb":
        other = pytest.importorskip("duckdb").from_df(frame)
    elif kind == "records":
        other = frame.to_dict("records")
    else:
        other = {name: frame[name].tolist() for name in frame}
    found = sf.suggest(other)
    assert found.settings == expected.settings
    assert found.doubts == expected.doubts


def day_by_day() -> pd.DataFrame:
    """Make a table with days and no clock, in which an item has several stages on a day."""
    rows = [
        (f"D{number}", stage, f"2026-03-{1 + number // 4:02}")
        for number in range(80)
        for stage in ("a", "b", "c", "Won" if number % 2 else "Lost")
    ]
    return pd.DataFrame(rows, columns=["deal", "stage", "day"])


def test_rows_of_one_day_are_in_the_order_of_the_table() -> None:
    found = sf.suggest(day_by_day())
    assert found.pipeline == sf.Pipeline(["a", "b", "c"], won="Won", lost="Lost")
    assert found.source == "table"
    assert found.is_safe


def test_a_table_that_begins_with_its_newest_row_is_turned_round_and_named() -> None:
    found = sf.suggest(day_by_day().iloc[::-1])
    assert found.pipeline == sf.Pipeline(["a", "b", "c"], won="Won", lost="Lost")
    assert any("The newest row stands first, and 320 rows of one time" in doubt for doubt in found.doubts)
    assert not found.is_safe


def test_a_file_that_begins_with_its_newest_row_is_read_as_an_export(tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    day_by_day().iloc[::-1].to_csv(path, index=False)
    found = sf.suggest(path)
    assert found.pipeline == sf.Pipeline(["a", "b", "c"], won="Won", lost="Lost")
    assert found.source == "events"
    assert found.reading == {"item": "deal", "stage": "stage", "time": "day"}
    assert any(doubt.startswith("newest_first 320") for doubt in found.doubts)


def test_numbers_of_rows_order_them_where_they_rise_with_time() -> None:
    frame = day_by_day().assign(id=range(320))
    shuffled = frame.sample(frac=1, random_state=3)
    found = sf.suggest(shuffled)
    assert found.settings.columns["order"] == "id"
    assert found.pipeline.stages == ("a", "b", "c")
    # Numbers at random: times do not rise along them, and the table's own order stands.
    later = frame["stage"].isin(["c", "Won", "Lost"])
    useless = frame.assign(
        id=frame["id"].sample(frac=1, random_state=5).to_numpy(),
        day=frame["day"].where(~later, frame["day"].str.replace("2026-03", "2026-04")),
    )
    found = sf.suggest(useless)
    assert "order" not in found.settings.columns
    assert found.pipeline.stages == ("a", "b", "c")


def test_dates_with_names_of_months_are_left_to_the_reader_of_exports() -> None:
    months = ("января", "февраля", "марта")
    rows = {
        "Сделка": [n for n in range(30) for _ in range(3)],
        "Стадия": ["Новая", "Счёт", "Успех"] * 30,
        "Дата": [f"{1 + n % 28} {month} 2026 г." for n in range(30) for month in months],
    }
    found = sf.suggest(rows)
    assert found.source == "events"
    assert found.pipeline == sf.Pipeline(["Новая", "Счёт"], won="Успех")


def test_a_list_of_items_beside_a_history_is_read_with_it(tmp_path: Path) -> None:
    frame = table("deal_id", "stage", "changed_at")
    frame.to_csv(tmp_path / "history.csv", index=False)
    items = frame[["deal_id"]].drop_duplicates().assign(stage="Won", amount=5, owner="Ada")
    items.to_csv(tmp_path / "items.csv", index=False)
    found = sf.suggest([tmp_path / "history.csv", tmp_path / "items.csv"])
    assert found.source == "events"
    assert found.pipeline.stages == ("s1", "s2")


def test_a_small_table_whose_moves_agree_is_safe() -> None:
    rows = {
        "deal": [1, 1, 1, 2, 2, 3, 3, 3, 4],
        "stage": ["New", "Offer", "Won", "New", "Won", "New", "Offer", "Lost", "New"],
        "day": ["2026-01-01", "2026-01-04", "2026-01-09"] * 3,
    }
    found = sf.suggest(rows)
    assert found.pipeline == sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
    assert found.is_safe
    assert found.doubts == ["All of it rests on 5 moves between stages."]
