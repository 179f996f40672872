"""Two items are never one, whoever chose their keys, and no key makes a log slow or an answer another one."""

# What a key is, what leaves the process and what a merge refuses are held on the same logs and seeds.

import hashlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import asked
import stagefunnel as sf
from helpers import SMALL, assert_frame_equal
from stagefunnel import _core

# Printable texts of 32 characters that shared a hash of 128 bits before it had a key.
FORGED = [
    "g3bjwAoUXcLEVOG85o+3^}-W!)&#n[v-",
    "SLrUqFjmZJ7HIOWj{=z0Y{>6sE*z4fsz",
    "HKpBJhI1NAG9sHu2Y$3GADR8)v6&]2Rs",
]
MANY = 100_000
SECRET, OTHER = b"sixteen bytes or", b"thirty-two bytes, as os.urandom "


@pytest.fixture
def seeded() -> Iterator[Callable[[bytes], None]]:
    """Let a test draw the keys of the process, and draw them from the system again at its end."""
    yield _core.columns.seed_process
    _core.columns.seed_process(b"")


def rows_of(items: Any) -> dict[str, Any]:
    return {"item": items, "stage": ["New"] * len(items), "time": np.arange(len(items))}


# --- keys that were forged ---


@pytest.mark.parametrize("keys", ["auto", "keep", "exact"])
def test_keys_that_shared_a_hash_are_items_of_their_own(keys: Any) -> None:
    rows = rows_of(FORGED * 2)
    for log in (
        sf.StageLog(rows, keys=keys),
        sf.StageLog.from_batches([rows, rows_of([])], keys=keys),
        sf.StageLog(rows, keys=keys, hash_key=SECRET),
    ):
        assert log.n_items == 3
        assert log.filter(items=FORGED[1:]).n_items == 2
    table = pd.DataFrame({"item": FORGED, "size": [1, 2, 3]})
    assert sf.StageLog(rows, items=table).quality().set_index("check")["count"]["items_not_in_table"] == 0


def test_stages_whose_names_shared_a_hash_are_stages_of_their_own() -> None:
    log = sf.StageLog({"item": [1, 1, 1], "stage": FORGED, "time": [0, 1, 2]})
    assert log.stages["stage"].tolist() == FORGED


def test_other_processes_hash_in_another_way() -> None:
    code = (
        "import numpy as np; from stagefunnel import _core\n"
        "column = _core.columns.column_from_objects(['a text that is long'], np.zeros(1, dtype=np.uint8))\n"
        "print(*_core.columns.hashes_of(column, _core.columns.TextHash.of_process())[0])"
    )
    printed = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout for _ in "ab"
    }
    assert len(printed) == 2
    assert all(printed)


# --- keys that were chosen to be slow ---


def chosen_against_public_constants(wanted: int, low_byte: int | None = None) -> np.ndarray[Any, Any]:
    """Return keys that the mix before, whose constants were public, laid side by side."""
    at = np.arange(wanted if low_byte is None else wanted * 300, dtype=np.uint64)
    at ^= at >> np.uint64(29) ^ at >> np.uint64(58)
    at *= np.uint64(0xF1DE83E19937733D)
    at ^= at >> np.uint64(32)
    return at if low_byte is None else at[at & np.uint64(0xFF) == low_byte][:wanted]


def seconds(make: Callable[[], Any]) -> float:
    """Return the least processor time of three runs."""
    times = []
    for _ in range(3):
        begin = time.process_time()
        make()
        times.append(time.process_time() - begin)
    return min(times)


def test_chosen_integers_take_the_time_of_others() -> None:
    chosen = chosen_against_public_constants(MANY)
    usual = np.random.default_rng(1).integers(0, 2**63, MANY, dtype=np.uint64)
    rows, others = rows_of(chosen), rows_of(usual)
    assert sf.StageLog(rows).n_items == MANY
    assert seconds(lambda: sf.StageLog(rows, threads=1)) < 20 * seconds(
        lambda: sf.StageLog(others, threads=1)
    )
    table = {"item": chosen, "size": chosen}
    assert seconds(lambda: sf.StageLog(rows, items=table, threads=1)) < 1


def test_chosen_short_texts_take_the_time_of_others() -> None:
    keys = chosen_against_public_constants(MANY, low_byte=7)
    texts = keys.view(np.uint8).reshape(-1, 8)[:, 1:]
    chosen = [row.tobytes() for row in texts]  # seven bytes each, which are keys as they are
    usual = np.random.default_rng(1).integers(0, 256, texts.shape, dtype=np.uint8)
    rows, others = rows_of(chosen), rows_of([row.tobytes() for row in usual])
    assert sf.StageLog(rows).n_items == MANY
    assert seconds(lambda: sf.StageLog(rows, threads=1)) < 20 * seconds(
        lambda: sf.StageLog(others, threads=1)
    )


# --- answers that do not depend on what the process drew ---

WAYS: dict[str, Callable[[Any], Any]] = {
    "integers": lambda number: number * 7919,
    "short texts": lambda number: f"D-{number:04}",
    "long texts": lambda number: f"{number:030} and so on",
}


@pytest.mark.parametrize("way", WAYS)
def test_tables_have_the_same_bytes_under_20_seeds(way: str, seeded: Callable[[bytes], None]) -> None:
    random = np.random.default_rng(3)
    n = 600
    frame = pd.DataFrame(
        {
            "item": [WAYS[way](number) for number in random.integers(0, 150, n).tolist()],
            "stage": random.choice(["New", "Offer", "Won", "Lost"], n),
            "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 90 * 24, n), unit="h"),
        }
    )
    table = frame[["item"]].drop_duplicates().assign(amount=lambda rows: np.sqrt(np.arange(len(rows)) + 0.1))
    table["manager"] = random.choice(["ann", "bob", "cid"], len(table))

    def tables() -> bytes:
        log = sf.StageLog(frame, items=table)
        stream = sf.StageLog.from_batches([frame[:200], frame[200:]], keys="keep", items=table)
        answers = [
            sf.item_table(log, asked.PIPELINE),
            sf.funnel(log, asked.PIPELINE, by="manager", amount="amount"),
            sf.outcomes(stream, asked.PIPELINE, by="manager"),
            sf.time_in_stage(stream, asked.PIPELINE),
            sf.item_table(stream, asked.PIPELINE),
            sf.forecast(log, asked.PIPELINE, draws=100),
            *sf.summary(log, asked.PIPELINE).tables.values(),
            *sf.partial(stream, asked.PIPELINE).summary().tables.values(),
        ]
        return pickle.dumps([answer.to_dict("list") | {"attrs": repr(answer.attrs)} for answer in answers])

    found = set()
    for seed in range(20):
        seeded(b"seed %d" % seed)
        found.add(tables())
    assert len(found) == 1


@pytest.mark.usefixtures("undrawn")
def test_every_question_answers_alike_whatever_the_seed(seeded: Callable[[bytes], None]) -> None:
    seeded(b"one")
    expected = asked.answers(asked.rich_log())
    seeded(b"two")
    asked.assert_equal_answers(asked.answers(asked.rich_log()), expected)


# --- what leaves the process ---


def part(items: Any, **options: Any) -> sf.Partial:
    return sf.partial(sf.StageLog(rows_of(items), **options), SMALL)


def stream_part(items: Any, **options: Any) -> sf.Partial:
    return sf.partial(sf.StageLog.from_batches([rows_of(items)], **options), SMALL)


def sent(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


IN_PROCESSES = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import stagefunnel as sf

LONG = [f"{number:030} and so on" for number in range(6)]
KEY = b"sixteen bytes or"
PIPELINE = sf.Pipeline(["New"], won="Won")

def rows(numbers):
    items = [LONG[number] for number in numbers]
    return {"item": items, "stage": ["New"] * len(items), "time": [*range(len(items))]}

def made(numbers):
    log = sf.StageLog(rows(numbers))
    keyed, drawn = (sf.StageLog.from_batches([rows(numbers)], hash_key=key) for key in (KEY, None))
    return log, keyed, drawn, *(sf.partial(one, PIPELINE) for one in (log, keyed, drawn))

def asked_elsewhere(log):
    return log.filter(items=LONG[1:3]).n_items, sf.partial(log, PIPELINE)

def refusal(parts):
    try:
        return sf.merge(parts).n_items
    except sf.SchemaError as error:
        return str(error)[:30]

def main():
    for kind in sys.argv[1:]:
        one, two = (ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(kind)) for _ in "ab")
        with one, two:
            first, second = one.submit(made, [0, 1, 2]).result(60), two.submit(made, [3, 4, 5]).result(60)
            third = two.submit(made, [2]).result(60)
            found = []
            for log in first[:3]:
                n_rows, part = two.submit(asked_elsewhere, log).result(60)
                found.append((n_rows, part.n_items))
            for of in range(3, 6):
                found += [refusal([first[of], second[of]]), refusal([first[of], second[of], third[of]])]
                found.append(refusal([first[of], sf.partial(first[of - 3], PIPELINE)]))
        print(kind, *found, sep="\\n")

if __name__ == "__main__":
    main()
"""


def test_logs_and_parts_go_between_processes_that_fork_or_start_anew(tmp_path: Path) -> None:
    script = tmp_path / "processes.py"
    script.write_text(IN_PROCESSES)
    kinds = ["fork", "spawn"] if hasattr(os, "fork") else ["spawn"]
    done = subprocess.run(
        [sys.executable, str(script), *kinds], capture_output=True, text=True, timeout=100, check=False
    )
    shared, apart = "1 item is in more than one par", "the items' texts are hashed wi"
    given = ["6", shared, "3 items are in more than one p"]
    drawn = [apart, apart, "3 items are in more than one p"]
    expected = [line for kind in kinds for line in (kind, *["(2, 3)"] * 3, *given, *given, *drawn)]
    assert done.stdout.splitlines() == expected, done.stderr


LONG = [f"{number:030} and so on" for number in range(4)]


def test_texts_have_the_hash_of_blake2b_without_a_key() -> None:
    for items in (LONG, ["D-1", "D-2"]):
        words = sent(part(items))._keys.words
        digests = sorted(hashlib.blake2b(item.encode(), digest_size=16).digest() for item in items)
        assert list(words) == ["text"]
        assert sorted(row.tobytes() for row in words["text"]) == digests


@pytest.mark.parametrize("make", [part, stream_part])
@pytest.mark.parametrize("options", [{}, {"hash_key": SECRET}, {"keys": "keep"}])
def test_parts_of_other_processes_find_a_shared_item(
    make: Callable[..., sf.Partial], options: Any, seeded: Callable[[bytes], None]
) -> None:
    parts = []
    for seed, items in ((b"one", LONG[:2]), (b"two", LONG[2:]), (b"three", LONG[1:2])):
        seeded(seed)
        parts.append(sent(make(items, **options)))
    if make is stream_part and not options:
        with pytest.raises(sf.SchemaError, match="hashed with different keys in number 0 and number 1"):
            sf.merge(parts)
        return
    assert sf.merge(parts[:2]).n_items == 4
    with pytest.raises(
        sf.SchemaError, match="1 item is in more than one partial: one in number 0 and number 2"
    ):
        sf.merge(parts)


def test_parts_of_one_process_go_together_whatever_they_keep() -> None:
    parts = [
        part(LONG[:1]),
        stream_part(LONG[1:2]),
        stream_part(["short"]),
        stream_part(LONG[2:], keys="keep"),
    ]
    assert sf.merge(parts).n_items == 5
    assert sf.merge([sf.merge(parts[:2]), sf.merge(parts[2:])]).n_items == 5
    with pytest.raises(sf.SchemaError, match="1 item is in more than one partial"):
        sf.merge([*parts, stream_part(LONG[:1])])


def test_parts_with_and_without_a_key_are_refused_and_the_way_out_is_named() -> None:
    with pytest.raises(sf.SchemaError) as refused:
        sf.merge([part(LONG[:1]), part(LONG[1:], hash_key=SECRET)])
    assert str(refused.value) == (
        "the items' texts are hashed with different keys in number 0 and number 1, so an item that is in "
        "both would not be found; read the logs of all parts with one hash_key= (such as that of the first "
        'log, log.hash_key) before they are saved, or keep the texts of all with keys="keep" where '
        "none is saved"
    )
    one, other = part(LONG[:1], hash_key=SECRET), part(LONG[1:2], hash_key=SECRET)
    with pytest.raises(sf.SchemaError, match="different keys in number 0 and number 2"):
        sf.merge([one, other, part(LONG[2:], hash_key=OTHER)])


def test_the_key_of_a_stream_is_carried_to_others(seeded: Callable[[bytes], None]) -> None:
    first = sf.StageLog.from_batches([rows_of(LONG[:2])])
    key = sent(first).hash_key
    assert key == first.hash_key
    assert isinstance(key, bytes)
    one = sent(sf.partial(first, SMALL))
    seeded(b"another process")
    assert sf.merge([one, stream_part(LONG[2:], hash_key=key), part(["x"], hash_key=key)]).n_items == 5
    assert sf.StageLog(rows_of(LONG)).hash_key is None
    assert sf.StageLog(rows_of([1])).hash_key is None


def test_hashes_of_a_key_do_not_show_it_nor_each_other() -> None:
    one, other = (sent(part(LONG, hash_key=key))._keys.words for key in (SECRET, OTHER))
    assert not {*one} & {*other}
    halves = np.concatenate([*one.values(), *other.values()]).ravel()
    assert len(np.unique(halves)) == 16
    assert SECRET not in pickle.dumps(part(LONG, hash_key=SECRET))


@pytest.mark.parametrize(
    ("key", "what"), [(b"short", "5 bytes"), (b"x" * 65, "65 bytes"), ("a" * 32, "a str"), (7, "a int")]
)
def test_a_key_of_the_wrong_kind_is_refused_and_not_shown(key: Any, what: str) -> None:
    message = f"^hash_key= is {what}, not 16 to 64 bytes that are secret, such as os.urandom\\(32\\)$"
    for make in (sf.StageLog, lambda rows, **options: sf.StageLog.from_batches([rows], **options)):
        with pytest.raises(sf.SchemaError, match=message):
            make(rows_of(LONG), hash_key=key)


# --- logs that travel ---


@pytest.mark.parametrize(
    "options", [{}, {"hash_key": SECRET}, {"keys": "keep"}, {"keys": "exact", "hash_key": SECRET}]
)
@pytest.mark.parametrize(
    "of", [sf.StageLog, lambda rows, **options: sf.StageLog.from_batches([rows], **options)]
)
def test_a_saved_log_finds_its_items_in_another_process(
    of: Any, options: Any, seeded: Callable[[bytes], None]
) -> None:
    seeded(b"one")
    log = of(rows_of([*LONG, "short"]), **options)
    saved = pickle.dumps(log)
    seeded(b"two")
    again = pickle.loads(saved)
    assert again.filter(items=LONG[1:3]).n_items == 2
    assert_frame_equal(sf.explain(again, SMALL, item=LONG[3]), sf.explain(log, SMALL, item=LONG[3]))
    assert again.hash_key == log.hash_key
    assert sf.partial(again, SMALL).n_items == 5


def test_hashes_of_the_process_do_not_leave_it() -> None:
    log = sf.StageLog(rows_of(LONG))
    own = _core.journeys.parts_of(log._data.journeys)
    saved = pickle.dumps(log)
    for key in np.concatenate([own["key"], own["high"]]):
        assert key.tobytes() not in saved


# --- items that are missing ---

# Each kind of column in two parts, with items that a missing one could be taken for, and their number.
WITH_MISSING: dict[str, tuple[Any, Any, int]] = {
    "numbers": (pa.array([1, None]), pa.array([0, None, -(2**63)]), 3),
    "numbers without a sign": (
        pa.array([2**64 - 1, None], pa.uint64()),
        pa.array([0, None, 2**63], pa.uint64()),
        3,
    ),
    "numbers of both kinds": (pa.array([2**64 - 1, None], pa.uint64()), pa.array([-1, None, 0]), 3),
    "floats": (np.array([1.0, np.nan]), pa.array([0, None, -(2**63)]), 3),
    "short texts": (["a", None], pa.array(["", None, "None"]), 3),
    "long texts": (pa.array(["a" * 40, None]), pd.Series(["nan", np.nan, "b" * 40]), 3),
    "texts of a dictionary": (
        pa.array(["a" * 40, None]).dictionary_encode(),
        pd.Categorical(["nan", None, "b" * 40]),
        3,
    ),
}


@pytest.mark.parametrize("make", [part, stream_part])
@pytest.mark.parametrize("kind", WITH_MISSING)
def test_an_item_that_is_missing_in_one_part_is_missing_in_all(
    kind: str, make: Callable[..., sf.Partial]
) -> None:
    one, other, n_items = WITH_MISSING[kind]
    parts = [sent(make(items, invalid="drop", hash_key=SECRET)) for items in (one, other)]
    merged = sf.merge(parts)
    counts = merged.summary().quality.set_index("check")["count"]
    assert merged.n_items == n_items
    assert counts[["rows", "missing_item", "dropped"]].tolist() == [5, 2, 2]
    with pytest.raises(sf.SchemaError, match="1 item is in more than one partial"):
        sf.merge([*parts, make(one, invalid="drop", hash_key=SECRET)])
    for items in (one, other):
        with pytest.raises(sf.InvalidRowError, match="missing item in row 1"):
            make(items)


# --- numbers with and without a sign ---

TOP = np.array([2**64 - 1, 5], dtype=np.uint64)
NEGATIVE = np.array([-1, 6], dtype=np.int64)


def test_the_greatest_number_is_not_minus_one() -> None:
    merged = sf.merge([part(TOP), part(NEGATIVE)])
    assert merged.n_items == 4
    assert sf.merge([sent(merged), part(np.array([2**63], dtype=np.uint64))]).n_items == 5
    for items, which in ((NEGATIVE, "item -1"), (TOP, f"item {2**64 - 1}")):
        with pytest.raises(
            sf.SchemaError, match=f"2 items are in more than one partial: item [56] in|{which} in"
        ):
            sf.merge([merged, part(items)])
        with pytest.raises(sf.SchemaError, match=f"1 item is in more than one partial: {which} in number 0"):
            sf.merge([part(items[:1]), part(items[:1])])


def test_numbers_that_both_kinds_have_are_one_item() -> None:
    with pytest.raises(
        sf.SchemaError, match="1 item is in more than one partial: item 5 in number 0 and number 1"
    ):
        sf.merge([part(TOP), part(np.array([5, 7]))])


def test_a_negative_number_is_not_found_among_numbers_without_a_sign() -> None:
    log = sf.StageLog(rows_of(TOP), items={"item": NEGATIVE, "size": [1, 2]})
    counts = log.quality().set_index("check")["count"]
    assert counts["items_not_in_table"] == 2
    with pytest.raises(sf.UnknownItemError, match="the log has no item -1"):
        sf.explain(log, SMALL, item=-1)
    with pytest.raises(sf.UnknownItemError, match="-1"):
        log.filter(items=[-1])
    assert sf.explain(log, SMALL, item=2**64 - 1)["stage"].tolist()[0] == "New"
    assert log.filter(items=TOP[:1]).n_items == 1
    signed = sf.StageLog(rows_of(NEGATIVE), items={"item": TOP, "size": [1, 2]})
    assert signed.quality().set_index("check")["count"]["items_not_in_table"] == 2
    with pytest.raises(sf.UnknownItemError):
        signed.filter(items=TOP[:1])


def test_numbers_without_a_sign_keep_it_when_a_log_travels(tmp_path: Path) -> None:
    log = sent(sf.StageLog(rows_of(TOP)))
    assert sf.item_table(log, SMALL)["item"].tolist() == TOP.tolist()
    assert sf.merge([sf.partial(log, SMALL), part(NEGATIVE)]).n_items == 4
    with pytest.raises(sf.UnknownItemError):
        sf.explain(log, SMALL, item=-1)
