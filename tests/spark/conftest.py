"""One session of Spark for all tests, and one log in it."""

import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from spark_rows import SCHEMA, Rows, log_of, made_rows


def pytest_configure(config: pytest.Config) -> None:
    # What pyspark thinks of the versions of pandas, and of its own sockets, is none of these tests' business.
    for ignored in ("ignore:PySpark does not yet fully support", "ignore::ResourceWarning"):
        config.addinivalue_line("filterwarnings", ignored)
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="session")
def connect() -> str:
    """Where the session serves clients of Connect, which run without a JVM of their own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"sc://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture(scope="session")
def spark(connect: str) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = (
        SparkSession.builder.master("local[2,4]")  # a task that fails is tried four times, as on a cluster
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "1g")
        .config("spark.sql.shuffle.partitions", "3")
        .config("spark.plugins", "org.apache.spark.sql.connect.SparkConnectPlugin")
        .config("spark.connect.grpc.binding.address", "127.0.0.1")
        .config("spark.connect.grpc.binding.port", connect.rpartition(":")[2])
        # A few rows do not pay for compilers of much effort.
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.session.timeZone", "Europe/Berlin")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", "OFF")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def rows(spark: Any) -> Rows:
    table, items = made_rows()
    frame = spark.createDataFrame(table, SCHEMA).repartition(3)
    of_items = spark.createDataFrame(items, "key bigint, group string, account string")
    log = log_of(table, items=items.to_pandas(), items_key="key", observed_until="2026-02-01")
    return Rows(table, items, frame.cache(), of_items.cache(), log)
