"""Keys and times that an engine may stumble over, and Arrow columns in chunks cut anywhere."""

import uuid
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa

import reference


class Keys(NamedTuple):
    """A family of item keys: the key of a number, and the Arrow types that hold them."""

    key_of: Callable[[int], Any]
    types: tuple[pa.DataType, ...]


TEXT = (pa.string(), pa.large_string(), pa.string_view())
BYTES = (pa.binary(), pa.large_binary(), pa.binary_view())

FAMILIES = {
    "dense": Keys(lambda n: n, (pa.int64(), pa.int32(), pa.uint16())),
    "negative": Keys(lambda n: -n, (pa.int64(), pa.int32())),
    "high bits": Keys(lambda n: n << 40, (pa.int64(), pa.uint64())),
    "low bits": Keys(lambda n: n << 1, (pa.int64(), pa.uint32())),
    "beyond int64": Keys(lambda n: 2**64 - 1 - n, (pa.uint64(),)),
    "ends of int64": Keys(lambda n: 2**63 - 1 - n if n % 2 else n - 2**63, (pa.int64(),)),
    "7 bytes": Keys(lambda n: f"{n:07}", TEXT),
    "8 bytes": Keys(lambda n: f"{n:08}", TEXT),
    "9 bytes": Keys(lambda n: f"{n:09}", TEXT),
    "7 bytes behind a prefix": Keys(lambda n: f"customer-{n:07}", TEXT),
    "8 bytes behind a prefix": Keys(lambda n: f"customer-{n:08}", TEXT),
    "9 bytes behind a prefix": Keys(lambda n: f"customer-{n:09}", TEXT),
    "one without the prefix": Keys(lambda n: "cust" if n == 1 else f"customer-{n}", TEXT),
    "one empty": Keys(lambda n: f"C{n}" if n else "", TEXT),
    "long": Keys(lambda n: f"https://shop.example/orders/2026/{n:06}/page", TEXT),
    "different at the end": Keys(lambda n: "x" * 40 + str(n), TEXT),
    "only different in length": Keys(lambda n: b"\0" * n, BYTES),
    "bytes": Keys(lambda n: n.to_bytes(5, "little"), BYTES),
    "UUID": Keys(lambda n: uuid.uuid5(uuid.NAMESPACE_URL, str(n)).bytes, (pa.binary(16), *BYTES)),
}


def in_chunks(
    values: Sequence[Any], arrow_type: pa.DataType, random: Random, *, coded: bool = False
) -> pa.ChunkedArray:
    """Lay values out in chunks that are slices of longer arrays, each with a dictionary of its own."""
    cuts = sorted(random.choices(range(len(values) + 1), k=random.randrange(5)))
    chunks = []
    for start, end in zip([0, *cuts], [*cuts, len(values)], strict=True):
        before, after = random.randrange(10), random.randrange(3)
        around = values[:1] * before, values[-1:] * after
        array = pa.array([*around[0], *values[start:end], *around[1]], arrow_type)
        if coded:
            array = array.dictionary_encode()
        chunks.append(array[before : before + end - start])
    return pa.chunked_array(chunks)


def can_be_coded(arrow_type: pa.DataType) -> bool:
    """Tell whether pyarrow makes dictionaries of the type."""
    return not (pa.types.is_string_view(arrow_type) or pa.types.is_binary_view(arrow_type))


def table_of(
    rows: Sequence[reference.Row], keys: Keys, random: Random, time_type: pa.DataType
) -> dict[str, Any]:
    """Lay rows out as three columns; each has chunks of its own."""
    item, stage, time = ([row[role] for row in rows] for role in range(3))
    key_type = random.choice(keys.types)
    coded = can_be_coded(key_type) and random.random() < 0.4
    stage_type = random.choice(TEXT)
    return {
        "item": in_chunks(item, key_type, random, coded=coded),
        "stage": in_chunks(stage, stage_type, random, coded=can_be_coded(stage_type)),
        "time": in_chunks(time, time_type, random),
    }
