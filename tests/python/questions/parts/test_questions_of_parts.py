"""Partials of any question: what is counted, merged, written and refused, by hand."""

import pickle
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import asked
import stagefunnel as sf
from helpers import SMALL, assert_frame_equal, journeys_log
from stagefunnel.questions.parts import item_sketch
from stagefunnel.questions.parts.item_keys import ItemIds
from stagefunnel.questions.parts.mergeable import BY_NAME


def log_of_deals(*deals: tuple[Any, str, Any], **options: Any) -> sf.StageLog:
    """Make a log of items that went from New to a stage, each with an amount."""
    rows = {
        "item": [item for item, _, _ in deals for _ in range(2)],
        "stage": [stage for _, last, _ in deals for stage in ("New", last)],
        "time": [time for place, _ in enumerate(deals) for time in (place, place + 3)],
        "amount": [amount for _, _, amount in deals for _ in range(2)],
        **{name: [value for value in values for _ in range(2)] for name, values in options.items()},
    }
    return sf.StageLog(pd.DataFrame(rows), columns=["amount", *options])


def test_one_question_of_two_parts() -> None:
    logs = [
        journeys_log("New > Won", "New > Lost"),
        sf.StageLog({"item": [9], "stage": ["Won"], "time": [0]}),
    ]
    merged = sf.merge(sf.partial(log, SMALL, sf.outcomes) for log in logs)
    assert merged.table()[["base", "won", "lost", "open"]].to_numpy().tolist() == [[3, 2, 1, 0]]
    assert merged.questions == {"answer": "outcomes"}
    assert repr(merged).startswith("Partial: 5 rows, 3 items, outcomes\n")


def test_several_questions_have_names() -> None:
    log = log_of_deals((1, "Won", 2), (2, "Lost", 3), who=["a", "b"])
    part = sf.partial(
        log, SMALL, questions={"all": sf.funnel, "by who": (sf.outcomes, {"by": "who", "amount": "amount"})}
    )
    assert list(part.tables) == ["all", "by who"]
    assert_frame_equal(part.tables["all"], sf.funnel(log, SMALL))
    assert part.tables["by who"]["amount_won"].tolist() == [2, 0]
    with pytest.raises(sf.SchemaError, match="has 2 questions; its answers are in tables"):
        part.table()
    with pytest.raises(sf.SchemaError, match="is of 'funnel', 'outcomes', not of one summary"):
        part.summary()


def test_sums_of_decimals_of_other_places_are_exact() -> None:
    # As floats ten times 0.1 make 0.9999999999999999, and 0.1 + 0.2 make 0.30000000000000004.
    tenths = [log_of_deals((key, "Won", Decimal("0.1"))) for key in range(10)]
    parts = [sf.partial(log, SMALL, sf.outcomes, amount="amount") for log in tenths]
    assert sf.merge(parts).table()["amount_won"].tolist() == [1.0]
    finer = sf.partial(log_of_deals((99, "Won", Decimal("0.25"))), SMALL, sf.outcomes, amount="amount")
    assert sf.merge([finer, sf.merge(parts)]).table()["amount_won"].tolist() == [1.25]


def test_decimals_and_converted_amounts_are_floats_together() -> None:
    options: dict[str, Any] = {"amount": "amount", "currency": "currency", "rates": {"EUR": 1, "USD": 2}}
    euros = log_of_deals((1, "Won", Decimal("0.1")), (2, "Won", Decimal("0.2")), currency=["EUR", "EUR"])
    dollars = log_of_deals((3, "Won", Decimal("4")), currency=["USD"])
    parts = [sf.partial(log, SMALL, sf.outcomes, **options) for log in (euros, dollars)]
    assert parts[0].table()["amount_won"].tolist() == [0.3]
    whole = log_of_deals(
        (1, "Won", Decimal("0.1")),
        (2, "Won", Decimal("0.2")),
        (3, "Won", Decimal("4")),
        currency=["EUR", "EUR", "USD"],
    )
    expected = sf.outcomes(whole, SMALL, **options)["amount_won"].tolist()
    assert sf.merge(parts).table()["amount_won"].tolist() == expected


def test_parts_of_one_currency_each_do_not_add_up() -> None:
    logs = [log_of_deals((key, "Won", 1), currency=[name]) for key, name in enumerate(["EUR", "USD"])]
    parts = [sf.partial(log, SMALL, sf.funnel, amount="amount", currency="currency") for log in logs]
    with pytest.raises(
        sf.SchemaError, match=re.escape("in 2 currencies, which do not add up: 'EUR' (1), 'USD' (1)")
    ):
        sf.merge(parts)


def test_items_that_are_followed_need_an_end_of_observation() -> None:
    log = journeys_log("New > Won")
    with pytest.raises(sf.SchemaError, match=r"within= depends on the end of observation.*as_of="):
        sf.partial(log, SMALL, sf.funnel, within=1)
    logs = [
        sf.StageLog({"item": [key], "stage": ["New"], "time": [key]}, observed_until=until)
        for key, until in ((1, 5), (2, 6))
    ]
    parts = [sf.partial(one, SMALL, sf.funnel, within=4) for one in logs]
    with pytest.raises(
        sf.SchemaError, match="were observed until different moments: '5' in number 0 and '6'"
    ):
        sf.merge(parts)
    parts = [sf.partial(one, SMALL, sf.funnel, within=4, as_of=6) for one in logs]
    assert sf.merge(parts).table()[["base", "too_recent"]].iloc[0].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((sf.open_items,), {}, "open_items() lists single items, so that parts of its answer do not add up"),
        ((sf.simulate,) if hasattr(sf, "simulate") else (len,), {}, "is not a question of stagefunnel"),
        (("funnel",), {}, "'funnel' is not a question of stagefunnel"),
        ((sf.funnel,), {"bye": "who"}, "funnel() has no option 'bye'; did you mean 'by'?"),
        (
            (sf.funnel,),
            {"unit": "account"},
            "unit= names a column of the items table, and the log has none",
        ),
        ((sf.funnel,), {"questions": {"a": sf.funnel}}, "and takes no other one beside"),
        ((), {"questions": {}}, "questions= is {}, not a mapping of names to questions"),
        ((), {"questions": {"a": (sf.funnel, 5)}}, "which is not a name with a question and a mapping"),
        ((), {"precision": "good"}, "precision='good' is not one of"),
        ((), {"check": True}, "check=True is not one of"),
    ],
)
def test_what_a_part_cannot_have_is_refused(arguments: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(sf.SchemaError, match=re.escape(message)):
        sf.partial(journeys_log("New"), SMALL, *arguments, **options)


@pytest.mark.parametrize("name", asked.questions())
def test_every_question_is_one_of_partials_or_is_refused_by_name(name: str) -> None:
    if name not in BY_NAME:
        with pytest.raises(sf.SchemaError, match=rf"^{name}\(\) .* ask it of one log of all parts"):
            sf.partial(journeys_log("New"), SMALL, getattr(sf, name))


def test_partials_of_other_questions_or_precision_are_not_merged() -> None:
    logs = [sf.StageLog({"item": [key], "stage": ["New"], "time": [0]}) for key in (1, 2)]
    one, other = (
        sf.partial(log, SMALL, question) for log, question in zip(logs, (sf.funnel, sf.outcomes), strict=True)
    )
    with pytest.raises(sf.SchemaError, match="the partials differ in questions="):
        sf.merge([one, other])
    for option, values in (("precision", ("exact", "bounded")), ("check", ("keys", "none"))):
        parts = [sf.partial(log, SMALL, **{option: value}) for log, value in zip(logs, values, strict=True)]  # type: ignore[arg-type]
        with pytest.raises(sf.SchemaError, match=f"the partials differ in {option}="):
            sf.merge(parts)


def test_two_ways_to_write_one_option_are_one_option() -> None:
    times = pd.to_datetime(["2026-03-01", "2026-03-02"])
    logs = [sf.StageLog({"item": [key], "stage": ["New"], "time": [time]}) for key, time in enumerate(times)]
    periods = ["2026-03", pd.Period("2026-03", "M")]
    parts = [
        sf.partial(log, SMALL, sf.funnel, period=period) for log, period in zip(logs, periods, strict=True)
    ]
    assert sf.merge(parts).table()["base"].iloc[0] == 2
    assert sf.merge(parts).to_bytes() == sf.merge(parts[::-1]).to_bytes()


def test_an_option_of_the_table_is_chosen_at_the_end_and_others_are_not() -> None:
    part = sf.partial(
        log_of_deals((1, "Won", 1), (2, "Won", 1), who=["a", "b"]), SMALL, sf.outcomes, by="who"
    )
    assert part.table(top=1)["who"].tolist() == ["a", "other (1 group)"]
    assert "win_rate_low" in part.table(confidence=0.9)
    with pytest.raises(sf.SchemaError, match="takes 'top', 'confidence' at the end, not by="):
        part.table(by="item")


def part_with_all(**options: Any) -> sf.Partial:
    moments = pd.to_datetime(["2026-01-01", None]).tz_localize("Europe/Paris")
    table = pd.DataFrame({"item": [1, 2], "since": moments, "size": pd.Categorical(["b", None], ["c", "b"])})
    rows = {
        "item": [1, 1, 2],
        "stage": ["New", "Won", "New"],
        "time": pd.to_datetime(["2026-03-01", "2026-03-03", "2026-03-02"]).tz_localize("Europe/Paris"),
    }
    log = sf.StageLog(pd.DataFrame(rows), items=table)
    return sf.partial(log, SMALL, by=["since", "size"], period=("2026-02", None), **options)


@pytest.mark.parametrize("check", ["keys", "sketch", "none"])
@pytest.mark.parametrize("precision", ["exact", "bounded"])
def test_a_part_is_read_as_it_was_written(precision: Any, check: Any) -> None:
    part = part_with_all(precision=precision, check=check)
    data = part.to_bytes()
    read = sf.Partial.from_bytes(data)
    assert read.to_bytes() == data
    assert pickle.loads(pickle.dumps(part)).to_bytes() == data
    for name, table in part.summary().tables.items():
        assert_frame_equal(read.summary().tables[name], table)
        assert read.summary().tables[name].attrs == table.attrs


def test_bytes_that_were_changed_or_are_missing_are_refused() -> None:
    data = sf.partial(journeys_log("New > Won"), SMALL, sf.outcomes).to_bytes()
    for at in range(0, len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(sf.SchemaError, match=r"is damaged|are not a partial|says that it is of version"):
            sf.Partial.from_bytes(bytes(changed))
        with pytest.raises(sf.SchemaError, match=r"is damaged|are not a partial|says that it is of version"):
            sf.Partial.from_bytes(data[:at])
    with pytest.raises(sf.SchemaError, match="are not a partial"):
        sf.Partial.from_bytes(b"PK")
    with pytest.raises(sf.SchemaError, match="is read of bytes, got str"):
        sf.Partial.from_bytes("text")  # type: ignore[arg-type]


def test_bounded_quantiles_are_near_and_means_exact() -> None:
    random = np.random.default_rng(3)
    lengths = np.sort((10 ** random.uniform(0, 9, 4_000)).astype(np.int64))
    rows = {
        "item": np.repeat(np.arange(len(lengths)), 2),
        "stage": ["New", "Won"] * len(lengths),
        "time": np.column_stack([np.zeros_like(lengths), lengths]).reshape(-1),
    }
    frame = pd.DataFrame(rows)
    parts = [
        sf.partial(
            sf.StageLog(frame[frame["item"] % 3 == part]), SMALL, precision="bounded", missing="ignore"
        )
        for part in range(3)
    ]
    exact = sf.time_in_stage(sf.StageLog(frame), SMALL, missing="ignore")
    table = sf.merge(parts).summary().time_in_stage
    assert table["mean"].iloc[0] == exact["mean"].iloc[0]
    for name in ("median", "q25", "q75", "q90"):
        assert abs(table[name].iloc[0] / exact[name].iloc[0] - 1) <= 1 / 2048
    assert table.attrs["stagefunnel"]["quantile_error"] == 1 / 2048
    # Up to 2,047 ticks every length has its cell.
    short = sf.StageLog({"item": [1, 1, 2, 2], "stage": ["New", "Won"] * 2, "time": [0, 2047, 0, 1000]})
    assert (
        sf.partial(short, SMALL, precision="bounded", missing="ignore").summary().time_in_stage["median"][0]
        == 1523.5
    )


def test_the_size_of_a_bounded_part_without_keys_does_not_grow_with_its_items() -> None:
    sizes = []
    for n in (20_000, 80_000):
        times = np.random.default_rng(n).integers(0, 10**8, n)
        rows = {
            "item": np.repeat(np.arange(n), 2),
            "stage": ["New", "Won"] * n,
            "time": np.column_stack([np.zeros_like(times), times]).reshape(-1),
        }
        part = sf.partial(
            sf.StageLog(pd.DataFrame(rows)), SMALL, precision="bounded", check="none", missing="ignore"
        )
        sizes.append(len(part.to_bytes()))
    assert sizes[1] < 1.5 * sizes[0] < 150_000


def test_a_sketch_finds_an_item_that_is_in_two_parts() -> None:
    parts = [
        sf.partial(
            sf.StageLog({"item": keys, "stage": ["New"] * 3, "time": [0, 1, 2]}), SMALL, check="sketch"
        )
        for keys in ([1, 2, 3], [4, 5, 6], [7, 2, 8])
    ]
    assert sf.merge(parts[:2]).n_items == 6
    with pytest.raises(
        sf.SchemaError, match=r"1 item seems to be in more than one partial .by hashes of 56 bits"
    ):
        sf.merge([sf.merge(parts[:2]), parts[2]])
    texts = [
        sf.partial(sf.StageLog({"item": [key], "stage": ["New"], "time": [0]}), SMALL, check="sketch")
        for key in "aba"
    ]
    with pytest.raises(sf.SchemaError, match="1 item seems"):
        sf.merge(texts)
    with pytest.raises(sf.SchemaError, match="are of different types"):
        sf.merge([parts[0], texts[0]])


def test_an_item_that_is_in_three_parts_is_one_item() -> None:
    logs = [sf.StageLog({"item": [7, 10 + i], "stage": ["New"] * 2, "time": [0, 1]}) for i in range(3)]
    with pytest.raises(sf.SchemaError, match="1 item seems to be in more than one partial"):
        sf.merge(sf.partial(log, SMALL, check="sketch") for log in logs)


@pytest.mark.parametrize("kind", ["in order", "far apart", "text", "unsigned"])
def test_hashes_of_a_sketch_are_equal_as_often_as_is_stated(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of hashes of 56 bits no test would find two alike; of 26 bits n items have n² / 2^27 pairs on average.
    bits, n = 26, 2**17
    monkeypatch.setattr(item_sketch, "BITS", bits)
    places = np.arange(n)
    keys: Any = {
        "in order": places + 1_000_000,
        "far apart": places * 2**40 - 2**55,
        "text": [f"D-{place:06}" for place in places],
        "unsigned": places.astype(np.uint64) + np.uint64(2**63),
    }[kind]
    log = sf.StageLog({"item": keys, "stage": np.full(n, "New"), "time": np.zeros(n, dtype="int64")})
    sketch = item_sketch.ItemSketch.of(ItemIds.of(log._data)).sent()
    (hashes,) = sketch.hashes.values()
    n_alike = n - len(np.unique(hashes))
    expected = n**2 / 2 ** (bits + 1)
    assert abs(n_alike - expected) < 4 * expected**0.5
    # And so 1 in 1,400 for ten million items and 56 bits.
    assert round(2 ** (56 + 1) / 1e7**2, -2) == 1_400


def test_without_a_check_items_are_not_compared() -> None:
    part = sf.partial(journeys_log("New"), SMALL, sf.outcomes, check="none")
    assert sf.merge([part, part]).table()["open"].tolist() == [2]


@pytest.mark.parametrize("check", ["keys", "sketch"])
@pytest.mark.parametrize("accounts", [["x", "y", "x"], [7, 8, 7], [1.5, 2.5, 1.5]])
def test_units_are_in_one_part_each(accounts: list[Any], check: Any) -> None:
    table = {"item": [1, 2, 3, 4], "account": [*accounts, None]}
    logs = [
        sf.StageLog({"item": items, "stage": ["New"] * len(items), "time": items}, items=table)
        for items in ([1, 3], [2], [4])
    ]
    parts = [sf.partial(log, SMALL, sf.outcomes, unit="account", check=check) for log in logs]
    parts = [sf.Partial.from_bytes(part.to_bytes()) for part in parts]
    found = sf.merge(parts).table()
    assert found["base"].tolist() == [3]
    assert found.attrs["stagefunnel"]["without_unit"] == 1
    other = sf.StageLog(
        {"item": [9], "stage": ["New"], "time": [0]}, items={"item": [9], "account": accounts[:1]}
    )
    other_part = sf.partial(other, SMALL, sf.outcomes, unit="account", check=check)
    with pytest.raises(
        sf.SchemaError, match=r"1 unit (is|seems to be) in more than one partial.*split the rows by unit"
    ):
        sf.merge([parts[0], other_part])


@pytest.mark.parametrize("question", [sf.funnel, sf.outcomes, sf.losses])
@pytest.mark.parametrize("amount", [4e18, 4 * 10**18, -4e18])
def test_sums_that_one_log_refuses_are_refused_by_merge(question: Any, amount: Any) -> None:
    def log(*keys: int) -> sf.StageLog:
        return sf.StageLog(
            {"item": [key for key in keys for _ in range(2)], "stage": ["New", "Lost"] * len(keys)}
            | {"time": [0, 1] * len(keys)},
            items=pd.DataFrame({"item": [*keys], "worth": [amount] * len(keys)}),
        )

    pipeline = sf.Pipeline("New", lost="Lost")
    refused = r"amounts of column 'worth' are infinite or add up beyond 4.6e18; give them in a larger unit"
    with pytest.raises(sf.SchemaError, match=refused):
        question(log(1, 2), pipeline, amount="worth")
    parts = [sf.partial(log(key), pipeline, question, amount="worth") for key in (1, 2)]
    with pytest.raises(sf.SchemaError, match=refused):
        sf.merge(parts)


def test_rows_and_items_of_a_part_are_those_of_its_log() -> None:
    log = sf.StageLog(
        {"item": [1, 2, 3], "stage": ["New"] * 3, "time": [0, 1, 2]},
        items={"item": [1, 2, 3], "source": ["web", "tv", "web"]},
    )
    part = sf.partial(log, SMALL, sf.outcomes, where={"source": "web"}, missing="ignore")
    assert (part.n_rows, part.n_items) == (3, 3)
    chosen = part.table().attrs["stagefunnel"]["where"]
    assert (chosen["items"], chosen["of"]) == (2, 3)


def test_parts_of_saved_logs_that_keep_their_texts_say_what_to_do(tmp_path: Path) -> None:
    parts = {}
    for hash_key in (None, bytes(range(16))):
        for name in "ab":
            rows = [{"item": [name], "stage": ["New"], "time": [0]}]
            folder = tmp_path / f"{name} {hash_key is None}"
            sf.StageLog.from_batches(rows, keys="keep", hash_key=hash_key).save(folder)
            log = sf.StageLog.load(folder)
            parts[name, hash_key] = sf.partial(log, SMALL, sf.outcomes, missing="ignore")
    with pytest.raises(sf.SchemaError, match=r"one hash_key= .* before they are saved"):
        sf.merge([parts["a", None], parts["b", None]])
    assert sf.merge([parts[name, bytes(range(16))] for name in "ab"]).n_items == 2
