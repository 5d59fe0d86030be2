"""Load tests of a server: `vllm bench serve` (JSON, or rows of it in a CSV), SGLang bench_serving.

Both measure from the client, so they know the load and the latencies and neither the GPUs nor the
format behind the endpoint. Input and output tokens are means over the completed requests, not the
lengths asked for. InferenceX writes the same keys with times in seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from costmodel.book.measured import Metric
from costmodel.ingest.bench.names import ENGINES, model_id
from costmodel.ingest.bench.records import Record
from costmodel.ingest.bench.row import Draft, day, draft, first, settings

VLLM = "vLLM bench serve"
SGLANG = "SGLang bench_serving"

_KNOWN = frozenset(
    """
    date endpoint_type backend label model_id tokenizer_id best_of num_prompts request_rate
    burstiness max_concurrency duration completed failed good_completed total_input_tokens
    total_input total_output_tokens total_output_tokens_retokenized request_throughput
    request_goodput input_throughput output_throughput total_token_throughput total_throughput
    output_lens input_lens ttfts itls generated_texts errors source_file dataset_name concurrency
    """.split()  # noqa: SIM905 - thirty words
)
"""Keys that are read, or hold one value per request; other plain values are settings."""

_STATISTIC = re.compile(r"(mean|median|std|p\d+|max|min)_|.*(accept|spec_decode)")


def reads(record: Record) -> bool:
    """Whether a record is one run of a load test."""
    return record.has("output_throughput", "total_output_tokens", "completed", "duration")


def rows(record: Record) -> Iterator[Draft]:
    """The one row of a run."""
    record.needed("duration")
    completed = record.needed("completed")
    output = record.needed("output_throughput")
    ttft, ttft_from = _milliseconds(record, "ttft")
    tpot, tpot_from = _milliseconds(record, "tpot", "itl")
    concurrency = record.count("max_concurrency")
    backend = record.text("backend") or record.text("endpoint_type")
    yield draft(
        record,
        SGLANG if _is_sglang(record) else VLLM,
        _metric(record, concurrency),
        setup=_setup(record),
        notes=(
            _statistics_note(ttft_from, tpot_from),
            _load_note(record),
            _failures(record),
        ),
        source_date=day(record.text("date")),
        model=model_id(record.text("model_id")) if record.text("model_id") else "",
        engine=ENGINES.get(backend.lower(), ""),
        input_tokens=_per_request(record.positive("total_input_tokens"), completed),
        output_tokens=_per_request(record.needed("total_output_tokens"), completed),
        concurrency=concurrency,
        output_tokens_per_s=output,
        total_tokens_per_s=_total(record, output),
        ttft_ms=ttft,
        tpot_ms=tpot,
    )


def _is_sglang(record: Record) -> bool:
    return "total_output_tokens_retokenized" in record.data


def _per_request(tokens: float | None, requests: float) -> float | None:
    return None if tokens is None else tokens / requests


def _total(record: Record, output: float) -> float | None:
    """Input and output tokens per second: as printed, else the sum of the two, else by duration."""
    printed, _ = first(record, "total_token_throughput", "total_throughput")
    if printed is not None:
        return printed
    into = record.positive("input_throughput")
    if into is None and (tokens := record.positive("total_input_tokens")) is not None:
        into = tokens / record.needed("duration")
    return None if into is None else into + output


def _milliseconds(record: Record, *kinds: str) -> tuple[float | None, str]:
    """The mean of a latency, else its median, in milliseconds; keys without `_ms` are seconds."""
    for kind in kinds:
        for statistic in (f"mean_{kind}", f"median_{kind}"):
            value = record.positive(f"{statistic}_ms")
            if value is not None:
                return value, statistic
            value = record.positive(statistic)
            if value is not None:
                return value * 1000, statistic
    return None, ""


def _rate(record: Record) -> float | None:
    """Requests offered per second: infinite where all are sent at once, None where not stated."""
    value = record.text("request_rate")
    try:
        rate = float(value)
    except ValueError:
        return None
    return None if math.isnan(rate) else rate


def _metric(record: Record, concurrency: int | None) -> Metric:
    rate = _rate(record)
    if rate is None and concurrency is None:
        return "open-loop"
    if rate is not None and not math.isinf(rate):
        return "open-loop"
    if concurrency is not None:
        return "fixed-concurrency"
    return "sharegpt-max" if record.text("dataset_name") == "sharegpt" else "offline-max"


def _load_note(record: Record) -> str:
    rate, served = _rate(record), record.positive("request_throughput")
    if rate is None:
        return "" if record.count("max_concurrency") else "the load is not stated"
    if math.isinf(rate):
        return ""
    kept_up = served is None or served >= 0.9 * rate
    return f"{rate:g} requests/s offered" + ("" if kept_up else f", {served:.4g} served")


def _statistics_note(ttft_from: str, tpot_from: str) -> str:
    """What stands in the latency columns where it is not the mean TTFT and the mean TPOT."""
    other: list[str] = []
    for column, statistic in (("ttft_ms", ttft_from), ("tpot_ms", tpot_from)):
        if statistic not in ("", "mean_ttft", "mean_tpot"):
            kind, _, latency = statistic.partition("_")
            other.append(f"{column} is the {kind} {latency.upper()}")
    return ", ".join(other)


def _failures(record: Record) -> str:
    failed = record.count("failed")
    return f"{failed} requests failed" if failed else ""


def _setup(record: Record) -> str:
    """Lengths asked for, and whatever the run was labelled with."""
    labels = {
        key: value
        for key, value in record.data.items()
        if key not in _KNOWN
        and not _STATISTIC.match(key)
        and isinstance(value, str | int | float)
        and len(str(value)) <= 40
    }
    return settings(label=record.text("label"), dataset=record.text("dataset_name"), **labels)
