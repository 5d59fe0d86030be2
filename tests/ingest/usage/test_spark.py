"""The same sums on a real local Spark and in the embedded engine."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import shutil
import warnings

import pytest

from costmodel.ingest.usage.read import read_usage, usage_of_frame

pytestmark = pytest.mark.spark

SCHEMA = (
    "timestamp timestamp, input_tokens long, output_tokens long, cached_tokens long, model string"
)


@pytest.fixture(scope="module")
def spark():
    sql = pytest.importorskip("pyspark.sql")
    if shutil.which("java") is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs a java on PATH for the test on Spark")
        pytest.skip("no java on PATH")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = (
            sql.SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "1")
            .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
        yield session
        session.stop()


def _cell(value: object) -> str:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None else str(value)


@pytest.mark.filterwarnings("ignore")
def test_spark_and_the_embedded_engine_give_equal_answers(spark, tmp_path):
    start = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    rows = [
        (start + dt.timedelta(minutes=7 * i), i * 37 % 900 + 1, i % 90, i % 2, "ab"[i % 2])
        for i in range(2500)
    ]
    bad = [
        (start, -1, 5, 0, "a"),
        (start, 3, 5, 4, "a"),
        (start, 3, None, None, None),
        (None, 3, 5, 0, "b"),
    ]
    path = tmp_path / "log.csv"
    lines = [",".join(_cell(cell) for cell in row) for row in [*rows, *bad]]
    path.write_text("\n".join(["timestamp,input_tokens,output_tokens,cached_tokens,model", *lines]))
    from_spark = usage_of_frame(spark.createDataFrame([*rows, *bad], SCHEMA))
    from_file = read_usage(path)
    assert from_spark.stats.rejected_rows == len(bad)
    without_places = tuple(dataclasses.replace(each, places=()) for each in from_file.rejected)
    assert dataclasses.replace(from_spark, layouts=()) == dataclasses.replace(
        from_file, layouts=(), rejected=without_places
    )
