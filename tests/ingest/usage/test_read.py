"""Logs against plain pandas, and prefix blocks against a loop over a set."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from costmodel.errors import InputError
from costmodel.ingest.usage.engine import engine
from costmodel.ingest.usage.files import found
from costmodel.ingest.usage.read import read_usage
from costmodel.scenario import parse_scenario

TRACES = Path(__file__).parents[2] / "data" / "usage"
AZURE, MOONCAKE = TRACES / "azure_code.csv", TRACES / "mooncake_conversation.jsonl"


def test_azure_equals_pandas_to_the_token():
    usage, table = read_usage(AZURE), pd.read_csv(AZURE)
    times = pd.to_datetime(table["TIMESTAMP"].str[:26])
    days = (times.max() - times.min()).total_seconds() / 86_400
    into, out = int(table["ContextTokens"].sum()), int(table["GeneratedTokens"].sum())
    stats = usage.stats
    assert (stats.requests, stats.rejected_rows) == (len(table), 0)
    assert round(stats.input_tokens * stats.requests) == into
    assert round(stats.output_tokens * stats.requests) == out
    assert usage.workload["input_tokens"] == into / len(table)
    assert usage.workload["tokens_per_day"] == pytest.approx((into + out) / days, rel=1e-12)
    context = table["ContextTokens"] + table["GeneratedTokens"]
    assert stats.context_p95 == context.quantile(0.95, interpolation="higher")
    assert stats.context_max == context.max()
    assert "extrapolated" in {warning.code for warning in usage.warnings}


def test_mooncake_cached_share_equals_a_loop_over_its_blocks():
    rows = [json.loads(line) for line in MOONCAKE.read_text().splitlines()]
    seen: set[int] = set()
    cached = 0
    for row in sorted(rows, key=lambda row: row["timestamp"]):
        hashes = row["hash_ids"]
        leading = next((i for i, each in enumerate(hashes) if each not in seen), len(hashes))
        cached += min(leading * 512, row["input_length"])
        seen.update(hashes)
    stats = read_usage(MOONCAKE).stats
    into = sum(row["input_length"] for row in rows)
    assert cached > 0
    assert stats.cached_input_share == cached / into
    assert stats.input_tokens == into / len(rows)
    assert stats.output_tokens == sum(row["output_length"] for row in rows) / len(rows)


def test_the_workload_block_loads_in_a_scenario():
    block = read_usage(MOONCAKE).workload
    scenario = {
        "name": "from a log",
        "as_of": "2026-11-23",
        "workloads": [block],
        "options": [
            {"name": "api", "api": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 2}},
        ],
    }
    loaded = parse_scenario(json.dumps(scenario)).workloads[0]
    assert loaded.tokens_per_day is not None
    assert loaded.tokens_per_day.value == block["tokens_per_day"]


def _csv(folder: Path, text: str, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_bad_rows_are_counted_with_their_reasons(tmp_path):
    path = _csv(
        tmp_path,
        "timestamp,input_tokens,output_tokens\n2026-01-05 00:00:00,10,1\nyesterday,10,1\n"
        "2026-01-06 12:00:00,-3,1\n2026-01-06 12:00:00,1.5,1\n2026-01-06 12:00:00,5,1\n"
        "2026-01-06 12:00:00,5,1,7,8\n",
    )
    usage = read_usage(path)
    assert usage.stats.requests == 2
    assert usage.stats.rejected_rows == 4
    reasons = {each.reason: each.rows for each in usage.rejected}
    assert reasons["no readable timestamp"] == 1
    assert reasons["input tokens are no whole number"] == 2


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_first_bad_rows_are_placed_on_their_lines(end):
    good = "2026-01-05T10:00:00Z,10,1,"
    text = end.join(
        [
            "timestamp,input_tokens,output_tokens,note",
            good + '"two',
            'lines"',
            "soon,10,1,",
            "",
            good + "x,one too many",
            "",
            "2026-01-06T10:00:00Z,1.5,1,",
            "2026-01-08T10:00:00Z,1,1,",
        ]
    )
    usage = read_usage(("a.csv", text.encode()))
    assert {each.reason: each.places for each in usage.rejected} == {
        "no readable timestamp": ("a.csv:4",),
        "too many columns": ("a.csv:6",),
        "input tokens are no whole number": ("a.csv:8",),
    }
    assert usage.stats.rejected_rows == 3
    lines = [
        '{"timestamp": "2026-01-05T10:00:00", "input_tokens": 1, "output_tokens": 1}',
        "",
        "no json",
        '{"timestamp": "2026-01-07T10:00:00", "input_tokens": 1, "output_tokens": 1}',
        '{"timestamp": "2026-01-07T10:00:00", "input_tokens": -1, "output_tokens": 1}',
    ]
    usage = read_usage(("a.jsonl", "\n".join(lines).encode()))
    assert {each.reason: each.places for each in usage.rejected} == {
        "no readable JSON": ("a.jsonl:3",),
        "input tokens are no whole number": ("a.jsonl:5",),
    }


def test_an_offset_in_a_time_counts_and_no_offset_is_utc():
    text = (
        "timestamp,input_tokens,output_tokens\n2026-01-05T10:00:00+02:00,1,1\n"
        "2026-01-05 09:00:00,1,1\n2026-01-05T21:00:00-03:00,1,1\n"
    )
    usage = read_usage(("a.csv", text.encode()))
    assert (usage.first, usage.last) == ("2026-01-05T08:00:00Z", "2026-01-06T00:00:00Z")


def test_several_files_and_globs_are_one_log(tmp_path):
    rows = ["2026-01-05 00:00:00,10,1", "2026-01-06 00:00:00,30,3"]
    for i, row in enumerate(rows):
        _csv(tmp_path, f"timestamp,input_tokens,output_tokens\n{row}\n", f"part-{i}.csv")
    usage = read_usage(tmp_path / "part-*.csv")
    assert (usage.stats.requests, usage.stats.tokens_per_day) == (2, 44)


def test_progress_is_told_in_words():
    told: list[str] = []
    read_usage(AZURE, progress=told.append)
    assert told[0] == "summing tokens"


def test_stated_columns_a_week_and_a_split_per_model(tmp_path):
    hours = pd.date_range("2026-01-05", periods=14 * 24, freq="h")
    busy = [3 if 9 <= hour.hour < 17 else 1 for hour in hours]
    lines = [
        f"{hour:%Y-%m-%dT%H:%M:%SZ};{100 * n};{10 * n};{'ab'[n > 1]}"
        for hour, n in zip(hours, busy, strict=True)
    ]
    path = _csv(tmp_path, "\n".join(["when;in;out;which", *lines]))
    columns = {"timestamp": "when", "input_tokens": "in", "output_tokens": "out", "model": "which"}
    usage = read_usage(path, columns=columns)
    profile = usage.stats.hourly_profile
    assert profile is not None
    assert sum(profile) / 168 == pytest.approx(1)
    assert profile[9] == pytest.approx(3 * profile[0], rel=0.02)
    assert [(row["model"], row["requests"]) for row in usage.splits["model"]] == [
        ("a", 14 * 16),
        ("b", 14 * 8),
    ]


def test_openai_pages_of_buckets(tmp_path):
    buckets = [
        {
            "object": "bucket", "start_time": 1767571200 + 86400 * day,
            "end_time": 1767571200 + 86400 * (day + 1),
            "results": [{"input_tokens": 1000, "output_tokens": 100, "input_cached_tokens": 400,
                         "num_model_requests": 10, "model": "gpt-5"}],
        }
        for day in range(3)
    ]  # fmt: skip
    path = _csv(tmp_path, json.dumps({"object": "page", "data": buckets}, indent=1), "usage.json")
    usage = read_usage(path)
    assert usage.layouts == ("OpenAI usage export",)
    assert (usage.stats.requests, usage.stats.span_days) == (30, 3)
    assert (usage.stats.tokens_per_day, usage.stats.cached_input_share) == (1100, 0.4)
    assert usage.stats.burst_factor is None
    assert usage.stats.context_max is None
    assert "aggregated" in {warning.code for warning in usage.warnings}


def test_opentelemetry_spans(tmp_path):
    def span(at, into, out):
        pairs = {"gen_ai.usage.input_tokens": into, "gen_ai.usage.output_tokens": out}
        listed = [{"key": key, "value": {"intValue": str(n)}} for key, n in pairs.items()]
        return {"startTimeUnixNano": str(at), "attributes": listed}

    spans = [span(1767571200000000000, 50, 5), span(1767657600000000000, 70, 7)]
    text = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    usage = read_usage(("otel.json", text.encode()))
    assert (usage.stats.requests, usage.stats.tokens_per_day) == (2, 132)


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("https://example.org/log.csv", "is a URL"),
        ("s3://bucket/*.parquet", "is a URL"),
        ("nowhere.csv", "no such file"),
        ("*.nothing", "no file matches"),
        (str(TRACES), "is a folder"),
        (("log.csv.gz", b"\x1f\x8b\x08\x00"), "gzip-compressed"),
        (("log.csv", b"a,b\n1,2\n"), "no column for timestamp"),
        (("log.csv", b""), "is empty"),
    ],
)
def test_what_is_no_log_is_refused_in_words(log, said):
    with pytest.raises(InputError, match=said):
        read_usage(log)


def test_a_columnar_file_that_swells_is_refused(tmp_path):
    rows = np.zeros(400_000_000 // 8, dtype="int8")
    table = pa.table({"timestamp": rows, "input_tokens": rows, "output_tokens": rows})
    path = tmp_path / "bomb.parquet"
    pq.write_table(table, path, compression="zstd", row_group_size=len(rows) // 2)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(InputError, match="unpacks to"):
        read_usage((path.name, path.read_bytes()))


def test_the_engine_opens_only_the_files_it_was_given(tmp_path):
    other = _csv(tmp_path, "a\n1\n", "other.csv")
    connection = engine(found([AZURE], tmp_path), tmp_path)
    with pytest.raises(duckdb.Error, match=r"disabled|Permission"):
        connection.execute(f"SELECT * FROM read_csv('{other}')").fetchall()
    with pytest.raises(duckdb.Error, match="lock"):
        connection.execute("SET enable_external_access = true")
    connection.close()
