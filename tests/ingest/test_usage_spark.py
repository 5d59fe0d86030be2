"""The same sums on a real local Spark and in the embedded engine."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import warnings

import pytest

from costmodel.ingest.usage import read_usage, usage_of_frame

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = (
            sql.SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "1")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
        yield session
        session.stop()


@pytest.mark.filterwarnings("ignore")
def test_spark_and_the_embedded_engine_give_equal_answers(spark, tmp_path):
    start = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    rows = [
        (start + dt.timedelta(minutes=7 * i), i * 37 % 900 + 1, i % 90, i % 2, "ab"[i % 2])
        for i in range(2500)
    ]
    path = tmp_path / "log.csv"
    lines = [f"{at:%Y-%m-%d %H:%M:%S},{','.join(map(str, rest))}" for at, *rest in rows]
    path.write_text("\n".join(["timestamp,input_tokens,output_tokens,cached_tokens,model", *lines]))
    frame = spark.createDataFrame(
        rows, "timestamp timestamp, input_tokens long, output_tokens long, "
        "cached_tokens long, model string",
    )  # fmt: skip
    from_spark = usage_of_frame(frame)
    assert dataclasses.replace(from_spark, layouts=()) == dataclasses.replace(
        read_usage(path), layouts=()
    )
