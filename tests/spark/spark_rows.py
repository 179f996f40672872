"""Rows and items that tests ask about, in no order and with ties."""

from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa

import stagefunnel as sf

PIPELINE = sf.Pipeline(["New", "Offer", "Demo"], won="Won", lost="Lost")
COLUMNS = ["who", "size", "currency", "exact", "float", "whole"]


class Rows(NamedTuple):
    """Rows and items as tables of Arrow, and as DataFrames; the log of the rows, read by their order."""

    rows: pa.Table
    items: pa.Table
    spark_rows: Any
    spark_items: Any
    log: sf.StageLog


def made_rows(n_items: int = 120, seed: int = 7) -> tuple[pa.Table, pa.Table]:
    """Make rows of items that move at random, with ties, in no order, and a table of the items."""
    random = Random(seed)
    rows: list[dict[str, Any]] = []
    for item in range(n_items):
        time = random.randrange(20)
        for _ in range(random.randint(1, 6)):
            rows.append(
                {
                    "item": item * 1_000_003 - 50,
                    "stage": random.choice(["New", "New", "Offer", "Demo", "Won", "Lost"]),
                    "time": f"2026-01-{1 + time // 2:02d}T{12 * (time % 2):02d}:00:00",
                    "who": random.choice(["a", "b", "c", None]),
                    "size": random.randrange(4),
                    "currency": random.choice(["EUR", "EUR", "USD", "JPY"]),
                    "exact": None
                    if random.random() < 0.2
                    else Decimal(random.randrange(-500, 10**6)).scaleb(-2),
                    "float": random.choice([0.1, 0.2, 0.3, 1e9 + 0.1, None]),
                    "whole": random.randrange(100),
                }
            )
            time += random.randrange(4)
    random.shuffle(rows)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    table = pa.table(columns).set_column(2, "time", pa.array(columns["time"]).cast(pa.timestamp("us")))
    items = [item * 1_000_003 - 50 for item in range(n_items + 10)]
    return table, pa.table(
        {
            "key": items,
            "group": [random.choice(["south", "north", None, "other (2 groups)"]) for _ in items],
            "account": [random.choice(["x", "y", "z", "u", "v", None]) for _ in items],
        }
    )


def log_of(rows: pa.Table, pipeline: sf.Pipeline = PIPELINE, **options: Any) -> sf.StageLog:
    """Read rows on one machine as Spark reads them: those of equal time in the order of the pipeline.

    Behind the stage stand the further columns, by their names; missing values come last.
    """
    frame = rows.to_pandas()
    place = {label: number for number, label in enumerate(pipeline.labels)}
    further = sorted({*frame.columns} - {"item", "stage", "time"})
    frame["place"] = frame["stage"].map(place)
    frame = frame.sort_values(["time", "place", *further], kind="stable", ignore_index=True)
    return sf.StageLog(frame.drop(columns="place"), **{"columns": COLUMNS} | options)


SCHEMA = (
    "item bigint, stage string, time timestamp_ntz, who string, size bigint, currency string, "
    "exact decimal(9,2), float double, whole bigint"
)
