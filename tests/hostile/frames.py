"""Frames as they come: odd types of columns, odd names, odd amounts; each is the same log or refused."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

import stagefunnel as sf

Case: TypeAlias = Callable[[Path], None]
PIPELINE: Final = sf.Pipeline(["New", "Offer"], won="Won", lost="Lost")
ITEMS: Final = [1, 1, 1, 2, 2, 3]
STAGES: Final = ["New", "Offer", "Won", "New", "Lost", "New"]
DAYS: Final = [1, 3, 5, 2, 9, 20]
REACHED: Final = [3, 1, 1, 1]  # item 1 is won, 2 is lost, 3 is open
TIMES: Final = [datetime.datetime(2026, 1, day) for day in DAYS]
BERLIN: Final = "Europe/Berlin"


class Word(enum.Enum):
    """An item that is a member of an enum."""

    ONE = 1
    TWO = 2
    THREE = 3


def objects(values: Any) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def of_arrow(values: Any, form: pa.DataType) -> pd.Series:
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(list(values), type=form)))


def base() -> pd.DataFrame:
    return pd.DataFrame({"item": ITEMS, "stage": STAGES, "time": TIMES})


# What holds the same rows.
SAME: Final[dict[str, Callable[[], Any]]] = {
    "item: categories that no row has": lambda: pd.Categorical(ITEMS, categories=[9, 3, 2, 1]),
    "item: unsigned and large": lambda: np.array([2**64 - 4 + one for one in ITEMS], dtype=np.uint64),
    "item: decimals": lambda: objects(map(decimal.Decimal, ITEMS)),
    "item: UUIDs": lambda: objects(uuid.UUID(int=one) for one in ITEMS),
    "item: bytes": lambda: objects(b"\xff" * one for one in ITEMS),
    "item: members": lambda: objects(map(Word, ITEMS)),
    "item: sparse": lambda: pd.arrays.SparseArray(ITEMS),
    "item: the ends of 64 bits": lambda: [(0, -(2**63), 2**63 - 1, 0)[one] for one in ITEMS],
    "item: doubles": lambda: [float(one) for one in ITEMS],
    "item: a long text": lambda: ["x" * 100_000 + str(one) for one in ITEMS],
    "item: a dictionary of Arrow": lambda: of_arrow(map(str, ITEMS), pa.dictionary(pa.int8(), pa.string())),
    "item: views of Arrow": lambda: of_arrow(map(str, ITEMS), pa.string_view()),
    "stage: categories that no row has": lambda: pd.Categorical(STAGES, ["Z", *dict.fromkeys(STAGES), "A"]),
    "stage: text of NumPy": lambda: objects(map(np.str_, STAGES)),
    "stage: large text of Arrow": lambda: of_arrow(STAGES, pa.large_string()),
    "time: dates": lambda: objects(one.date() for one in TIMES),
    "time: dates and times": lambda: objects([TIMES[0].date(), *TIMES[1:]]),
    "time: categories": lambda: pd.Categorical(TIMES),
    "time: long ago and far away": lambda: objects(one.replace(year=1400 + 100 * one.day) for one in TIMES),
    "time: seconds long ago": lambda: np.array([f"{1400 + day}-01-01" for day in DAYS], dtype="M8[s]"),
    "time: several zones": lambda: objects(
        one.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=one.day % 3))) for one in TIMES
    ),
    "time: an hour that comes twice": lambda: pd.DatetimeIndex(
        [f"2026-10-25T00:{day:02}" for day in DAYS], tz="UTC"
    ).tz_convert(BERLIN),
    "time: days of Arrow": lambda: of_arrow([one.date() for one in TIMES], pa.date32()),
    "time: milliseconds of Arrow": lambda: of_arrow(TIMES, pa.timestamp("ms", BERLIN)),
    "time: large integers": lambda: [2**62 + day for day in DAYS],
    "time: decimals": lambda: objects(map(decimal.Decimal, DAYS)),
}
# What a log cannot be made of, and a text of the error.
REFUSED: Final[dict[str, tuple[Callable[[], Any], str]]] = {
    "item: truth": (lambda: [one == 1 for one in ITEMS], "is boolean"),
    "item: mixed": (lambda: objects([1, "1", 1, 2, 2, 3]), "mixes types: int in row 0, str ('1') in row 1"),
    "item: missing": (lambda: pd.array([1, pd.NA, 1, 2, 2, 3], dtype="Int64"), "missing item in row 1"),
    "item: fractions": (lambda: [1.5, 1, 1, 2, 2, 3], "in row 0 is not a whole number"),
    "item: infinite": (lambda: [1, np.inf, 1, 2, 2, 3], "inf in row 1"),
    "item: beyond 64 bits": (lambda: objects([2**70, 1, 1, 2, 2, 3]), "which no 64-bit integer holds"),
    "item: complex": (lambda: np.array(ITEMS, dtype=complex), "complex"),
    "item: intervals": (lambda: pd.interval_range(0, 6), "holds Interval objects"),
    "item: periods": (lambda: pd.period_range("2026", periods=6, freq="M"), "is period[M]"),
    "item: tuples": (lambda: objects([(1, 2)] * 6), "holds tuple objects"),
    "item: times": (lambda: TIMES, "which are not keys of items"),
    "stage: numbers and text": (lambda: objects(["New", 1, *STAGES[2:]]), "mixes types"),
    "stage: missing": (lambda: objects([pd.NA, *STAGES[1:]]), "missing stage in row 0"),
    "stage: bytes": (lambda: objects(one.encode() for one in STAGES), "holds bytes"),
    "stage: empty": (lambda: ["", *STAGES[1:]], "unknown stage ''"),
    "stage: blanks": (lambda: ["New ", *STAGES[1:]], "unknown stage 'New '"),
    "time: with a zone and without": (
        lambda: objects([TIMES[0].replace(tzinfo=datetime.UTC), *TIMES[1:]]),
        "mixes times with a zone",
    ),
    "time: moments of NumPy": (lambda: objects(map(np.datetime64, TIMES)), "pd.to_datetime makes of them"),
    "time: lengths": (lambda: pd.to_timedelta(DAYS, unit="D"), "is timedelta64"),
    "time: of day": (lambda: objects(one.time() for one in TIMES), "holds time objects"),
    "time: of day of Arrow": (
        lambda: of_arrow([one.time() for one in TIMES], pa.time64("us")),
        "time of day",
    ),
    "time: lists of Arrow": (lambda: of_arrow([[1]] * 6, pa.list_(pa.int64())), "nested"),
    "time: fractions": (lambda: [day / 10 for day in DAYS], "is not a whole number"),
    "time: nothing": (lambda: objects([pd.NaT, *TIMES[1:]]), "missing time in row 0"),
}
NOT_A_NUMBER: Final = "is not a number; convert column 'value' first"
# Amounts of the items 1, 2 and 3, and their sum, or a text of the error.
AMOUNTS: Final[dict[str, tuple[Callable[[], Any], float | str]]] = {
    "with blanks": (lambda: [" 1 ", "2", "3"], 6.0),
    "with an exponent": (lambda: ["1e2", "2", "3"], 105.0),
    "narrow": (lambda: np.array([1, 2, 3], dtype=np.float16), 6.0),
    "decimals": (lambda: objects(map(decimal.Decimal, ("0.1", "0.2", "0.3"))), 0.6),
    "decimals of Arrow": (lambda: of_arrow([decimal.Decimal("0.10")] * 3, pa.decimal128(9, 2)), 0.3),
    "text of Arrow": (lambda: of_arrow(["1", None, "3"], pa.string()), 4.0),
    "doubles of Arrow that are not numbers": (lambda: of_arrow([1.0, float("nan"), 3.0], pa.float64()), 4.0),
    "other text of Arrow": (
        lambda: of_arrow(["1", "x", "3"], pa.string()),
        f"'x' in row 1 of the items table {NOT_A_NUMBER}",
    ),
    "large text of Arrow": (lambda: of_arrow(["1", "x", "3"], pa.large_string()), NOT_A_NUMBER),
    "views of Arrow": (lambda: of_arrow(["1", "x", "3"], pa.string_view()), NOT_A_NUMBER),
    "text of pandas": (lambda: pd.array(["1", "x", "3"], dtype="string"), NOT_A_NUMBER),
    "with a comma": (lambda: ["1,000", "2", "3"], NOT_A_NUMBER),
    "with an underscore": (lambda: ["1_000", "2", "3"], NOT_A_NUMBER),
    "in hexadecimal": (lambda: ["0x10", "2", "3"], NOT_A_NUMBER),
    "empty": (lambda: ["", "2", "3"], NOT_A_NUMBER),
    "truth among numbers": (lambda: objects([True, 2, 3]), "amount True in row 0"),
    "truth of Arrow": (lambda: of_arrow([True, False, None], pa.bool_()), "not numbers"),
    "truth in categories": (lambda: pd.Categorical([True, False, True]), "not numbers"),
    "complex": (lambda: objects([1 + 5j, 2, 3]), NOT_A_NUMBER),
    "fractions": (lambda: objects([fractions.Fraction(1, 3)] * 3), NOT_A_NUMBER),
    "months": (lambda: pd.period_range("2026", periods=3, freq="M"), "is period[M], not numbers"),
    "times of day": (lambda: of_arrow([datetime.time(1)] * 3, pa.time64("us")), "not numbers"),
    "lists": (lambda: of_arrow([[1]] * 3, pa.list_(pa.int64())), NOT_A_NUMBER),
    "beyond all sums": (lambda: [1e308, 1e308, 1], "add up beyond"),
    "infinite": (lambda: [1, 2, float("inf")], NOT_A_NUMBER),
    "infinite decimals": (lambda: objects([decimal.Decimal("Infinity"), 1, 2]), NOT_A_NUMBER),
}
# Tables whose form is odd, with a text of the error; none where they are the same log.
FORMS: Final[dict[str, tuple[Callable[[], Any], str | None]]] = {
    "an index of zeros": (lambda: base().set_axis([0] * 6), None),
    "other columns of one name": (
        lambda: pd.concat([base(), *2 * [base()[["item"]].add_prefix("x")]], axis=1),
        None,
    ),
    "two columns of a name": (
        lambda: pd.concat([base(), base()[["time"]]], axis=1),
        "several columns named 'time'",
    ),
    "levels": (lambda: pd.concat({"a": base()}, axis=1), "no column 'item'; the frame has: ('a', 'item')"),
    "the item as index": (lambda: base().set_index("item"), "pass frame.reset_index()"),
    "no columns": (pd.DataFrame, "the frame has no columns"),
    "no rows": (lambda: base()[:0], "the log has no rows"),
    "one column": (lambda: base()["item"], "one column is not a table"),
    "records": (lambda: base().to_dict("records"), None),
    "an array of records": (lambda: base().to_records(index=False), None),
    "unlike lengths": (lambda: {"item": [1], "stage": STAGES, "time": TIMES}, "differ in length"),
    "two dimensions": (lambda: {"item": np.ones((6, 6)), "stage": STAGES, "time": TIMES}, "2 dimensions"),
    "the name of a file": (lambda: "log.csv", "is a path, not a table"),
}
# Columns of the items 1, 2 and 3 that pandas holds as Arrow, with the groups that they make, in their order.
GROUPS: Final[dict[str, tuple[Callable[[], Any], list[Any] | str]]] = {
    "views of text": (lambda: of_arrow("bab", pa.string_view()), ["a", "b"]),
    "views of bytes": (lambda: of_arrow([b"b", b"a", b"b"], pa.binary_view()), [b"a", b"b"]),
    "narrow decimals": (
        lambda: of_arrow([decimal.Decimal(2), decimal.Decimal(1), decimal.Decimal(2)], pa.decimal32(5, 0)),
        [1, 2],
    ),
    "half precision": (lambda: of_arrow([2.0, 1.0, 2.0], pa.float16()), [1, 2]),
    "runs": (
        lambda: pd.Series(
            pd.arrays.ArrowExtensionArray(
                pa.chunked_array([pa.RunEndEncodedArray.from_arrays(pa.array([1, 3], pa.int32()), [2, 1])])
            )
        ),
        [1, 2],
    ),
    "numbers in a dictionary": (
        lambda: of_arrow([2, 1, 2], pa.dictionary(pa.int8(), pa.int64())),
        [2, 1],
    ),
    "nothing": (lambda: of_arrow([None] * 3, pa.null()), [None]),
    "lists": (lambda: of_arrow([[1]] * 3, pa.list_(pa.int64())), "do not sort"),
    "records": (lambda: of_arrow([{"a": 1}] * 3, pa.struct({"a": pa.int64()})), "do not sort"),
}
PIPELINES: Final[dict[str, tuple[Any, str]]] = {
    "a set": ({"New", "Offer"}, "is a set, which has no order"),
    "a frozen set": (frozenset({"New"}), "is a set, which has no order"),
    "missing": (["New", pd.NA], "1 of its labels are missing"),
    "NaN": (["New", float("nan")], "1 of its labels are missing"),
    "lists": (["New", ["Offer"]], "cannot be labels"),
    "a day": (datetime.date(2026, 1, 1), "cannot be labels"),
    "twice": (["New", "New"], "is listed twice"),
    "nothing": ([], "no in-progress stage"),
    "mixed": (["New", 7], "mixed types"),
}


def reached(log: sf.StageLog) -> Any:
    return sf.funnel(log, PIPELINE)["reached"].tolist()


def not_refused(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except sf.StageFunnelError as error:
        raise AssertionError(f"it is refused: {error}") from error


def refused(act: Callable[[], object], text: str) -> None:
    try:
        act()
    except sf.StageFunnelError as error:
        assert text in str(error), error
        return
    raise AssertionError("it is not refused")


def same(column: str, make: Callable[[], Any], _: Path) -> None:
    assert not_refused(lambda: reached(sf.StageLog(base().assign(**{column: make()})))) == REACHED


def not_the_same(column: str, make: Callable[[], Any], text: str, _: Path) -> None:
    refused(lambda: reached(sf.StageLog(base().assign(**{column: make()}))), text)


def amounts(make: Callable[[], Any], answer: float | str, _: Path) -> None:
    items = pd.DataFrame({"item": [1, 2, 3]})
    items["value"] = make()

    def asked() -> Any:
        return sf.funnel(sf.StageLog(base(), items=items), PIPELINE, amount="value")["amount"][0]

    if isinstance(answer, str):
        refused(asked, answer)
    else:
        assert not_refused(asked) == answer


def grouped(make: Callable[[], Any], answer: list[Any] | str, _: Path) -> None:
    """Ask by a column of the items, and by the same one of a log with one row of each item."""
    items = pd.DataFrame({"item": [1, 2, 3]})
    items["value"] = make()
    rows = pd.DataFrame({"item": [1, 2, 3], "stage": "New", "time": 0})
    rows["value"] = make()

    for log, more in (
        (lambda: sf.StageLog(base(), items=items), {}),
        (lambda: sf.StageLog(rows, columns="value"), {"at": "last"}),
    ):

        def asked(log: Any = log, more: Any = more) -> Any:
            return sf.funnel(log(), PIPELINE, by="value", **more)["value"].tolist()[:: len(REACHED)]

        if isinstance(answer, str):
            refused(asked, answer)
        else:
            assert [None if pd.isna(one) else one for one in not_refused(asked)] == answer


def formed(make: Callable[[], Any], text: str | None, _: Path) -> None:
    if text is None:
        assert not_refused(lambda: reached(sf.StageLog(make()))) == REACHED
    else:
        refused(lambda: sf.StageLog(make()), text)


def staged(stages: Any, text: str, _: Path) -> None:
    refused(lambda: sf.Pipeline(stages), text)


def long_item(_: Path) -> None:
    """Ask of one item with a million rows."""
    n = 1_000_000
    log = sf.StageLog(
        {"item": np.ones(n, dtype=int), "stage": ["New", "Offer"] * (n // 2), "time": np.arange(n)}
    )
    pipeline = sf.Pipeline(["New", "Offer"])
    assert sf.funnel(log, pipeline)["reached"].tolist() == [1, 1]
    assert sf.transitions(log, pipeline)["moves"].tolist() == [n // 2, n // 2 - 1]
    assert sf.item_table(log, pipeline)["visits"].tolist() == [n]


def cases() -> Iterator[tuple[str, Case]]:
    for name, make in SAME.items():
        yield f"frame: {name}", partial(same, name.partition(":")[0], make)
    for name, (make, text) in REFUSED.items():
        yield f"frame: {name}", partial(not_the_same, name.partition(":")[0], make, text)
    for name, (make, answer) in AMOUNTS.items():
        yield f"amounts: {name}", partial(amounts, make, answer)
    for name, (make, groups) in GROUPS.items():
        yield f"groups of Arrow: {name}", partial(grouped, make, groups)
    for name, (make, form) in FORMS.items():
        yield f"frame of an odd form: {name}", partial(formed, make, form)
    for name, (stages, text) in PIPELINES.items():
        yield f"stages of a pipeline: {name}", partial(staged, stages, text)
    yield "one item with a million rows", long_item
