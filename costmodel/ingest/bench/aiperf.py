"""AIPerf and its predecessor GenAI-Perf: `profile_export` in JSON, and the two tables of the CSV.

The CSV holds neither the model nor the load; a concurrency is then asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from costmodel.book.measured import Metric
from costmodel.ingest.bench.names import model_id
from costmodel.ingest.bench.records import Record
from costmodel.ingest.bench.row import Draft, day, draft

AIPERF = "AIPerf"
GENAI_PERF = "GenAI-Perf"

MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3}
"""Milliseconds in each unit of time that the tools write."""

_CONCURRENCY = (
    ("input_config", "loadgen", "concurrency"),
    ("input_config", "perf_analyzer", "stimulus", "concurrency"),
    ("input_config", "concurrency"),
)
_RATE = (
    ("input_config", "loadgen", "request_rate"),
    ("input_config", "perf_analyzer", "stimulus", "request_rate"),
    ("input_config", "request_rate"),
)
_MODEL = (
    ("input_config", "endpoint", "model_names"),
    ("input_config", "model_names"),
    ("input_config", "model"),
)


def reads(record: Record) -> bool:
    """Whether a record is an export of AIPerf or GenAI-Perf."""
    latency = record.get("request_latency", "avg") or record.get("time_to_first_token", "avg")
    return record.get("request_throughput", "avg") is not None and latency is not None


def rows(record: Record) -> Iterator[Draft]:
    """The one row of a run."""
    if record.get("output_token_throughput") is None:
        raise record.wrong("has no output_token_throughput: was the model a language model?")
    model = _first_text(record, _MODEL)
    concurrency = _first_count(record, _CONCURRENCY)
    rate = _first_text(record, _RATE)
    yield draft(
        record,
        _tool(record),
        _metric(record, concurrency, rate),
        notes=(
            f"{rate} requests/s offered" if rate else "",
            _in_flight(record) if concurrency is None else "",
            _prefix_cache(record),
            _errors(record),
        ),
        source_date=day(record.text("start_time")),
        model=model_id(model) if model else "",
        input_tokens=record.positive("input_sequence_length", "avg"),
        output_tokens=record.positive("output_sequence_length", "avg"),
        concurrency=concurrency,
        output_tokens_per_s=record.needed("output_token_throughput", "avg"),
        total_tokens_per_s=record.positive("total_token_throughput", "avg"),
        ttft_ms=_milliseconds(record, "time_to_first_token"),
        tpot_ms=_milliseconds(record, "inter_token_latency"),
    )


def _tool(record: Record) -> str:
    """AIPerf states its version, or writes statistics GenAI-Perf does not have."""
    is_aiperf = record.has("aiperf_version") or record.has("benchmark_duration")
    return AIPERF if is_aiperf else GENAI_PERF


def _first_text(record: Record, paths: tuple[tuple[str, ...], ...]) -> str:
    return next((text for path in paths if (text := record.text(*path))), "")


def _first_count(record: Record, paths: tuple[tuple[str, ...], ...]) -> int | None:
    for path in paths:
        value = record.get(*path)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None


def _metric(record: Record, concurrency: int | None, rate: str) -> Metric:
    """Open loop where a rate was offered; without any word on the load (a CSV) a concurrency."""
    if rate or (concurrency is None and record.has("input_config")):
        return "open-loop"
    return "fixed-concurrency"


def _milliseconds(record: Record, metric: str) -> float | None:
    value = record.positive(metric, "avg")
    if value is None:
        return None
    unit = record.text(metric, "unit") or "ms"
    if unit not in MILLISECONDS:
        raise record.wrong(f"must be a unit of time such as ms, not {unit!r}", f"{metric}.unit")
    return value * MILLISECONDS[unit]


def _in_flight(record: Record) -> str:
    """Mean requests in flight by Little's law: rate x time in the system."""
    rate = record.positive("request_throughput", "avg")
    latency = _milliseconds(record, "request_latency")
    if rate is None or latency is None:
        return ""
    return f"{rate * latency / 1000:.1f} requests in flight on average (requests/s x latency)"


def _prefix_cache(record: Record) -> str:
    share = record.positive("theoretical_prefix_cache_hit", "avg")
    return "" if share is None else f"prefix cache hit rate {share:.1f} % (theoretical)"


def _errors(record: Record) -> str:
    failed = record.count("error_request_count", "avg")
    return f"{failed} requests failed" if failed else ""
