"""Offline runs without a server: vLLM `bench throughput` and `bench latency`, trtllm-bench,
optimum-benchmark.

vLLM's files hold neither shape nor batch nor model; a static batch is never serving capacity.
"""

from __future__ import annotations

from collections.abc import Iterator

from costmodel.book.measured import Metric
from costmodel.ingest.bench.names import format_id, gpu_of_product, model_id
from costmodel.ingest.bench.records import Record
from costmodel.ingest.bench.row import Draft, draft, settings, whole

VLLM_THROUGHPUT = "vLLM bench throughput"
VLLM_LATENCY = "vLLM bench latency"
TRTLLM = "trtllm-bench"
OPTIMUM = "optimum-benchmark"

QUEUED_SHARE = 1 / 3
"""Where all N requests are offered at once, at least about N/2 are in flight on average (they
finish one after another); a limit on concurrency shows as an average far below that."""


def reads_vllm_throughput(record: Record) -> bool:
    """Whether a record is the result of `vllm bench throughput`."""
    return record.has("elapsed_time", "num_requests", "tokens_per_second")


def vllm_throughput(record: Record) -> Iterator[Draft]:
    """The one row: prompt and output tokens per second together, every request queued at once."""
    requests = record.needed("num_requests")
    tokens = record.positive("total_num_tokens")
    yield draft(
        record,
        VLLM_THROUGHPUT,
        "offline-max",
        notes=(
            f"{requests:g} requests at {record.needed('requests_per_second'):.4g} requests/s",
            "" if tokens is None else f"{tokens / requests:g} tokens a request, in and out",
        ),
        tokens_per_request=None if tokens is None else tokens / requests,
        engine="vllm",
        total_tokens_per_s=record.needed("tokens_per_second"),
    )


def reads_vllm_latency(record: Record) -> bool:
    """Whether a record is the result of `vllm bench latency`."""
    return record.has("avg_latency", "percentiles") and isinstance(record.get("latencies"), list)


def vllm_latency(record: Record) -> Iterator[Draft]:
    """The one row: how long one batch took, from start to end; nothing about tokens."""
    seconds = record.needed("avg_latency")
    yield draft(
        record,
        VLLM_LATENCY,
        "static-batch",
        notes=(
            f"a batch took {seconds:.6g} s on average, of {len(record.data['latencies'])} runs",
        ),
        batch_seconds=seconds,
        engine="vllm",
    )


def reads_trtllm(record: Record) -> bool:
    """Whether a record is a report of trtllm-bench."""
    return record.has("engine", "world_info", "request_info", "performance")


def trtllm(record: Record) -> Iterator[Draft]:
    """The one row of a report."""
    requests = record.needed("request_info", "num_requests")
    in_flight = record.positive("request_info", "avg_num_concurrent_requests")
    written = record.text("engine", "quantization") or record.text("engine", "dtype")
    known = format_id(written)
    product = record.text("machine", "name")
    yield draft(
        record,
        TRTLLM,
        _trtllm_metric(requests, in_flight),
        setup=settings(
            backend=record.text("engine", "backend"),
            ep=record.count("world_info", "ep_size"),
            max_batch_size=record.count("world_info", "max_batch_size"),
            max_num_tokens=record.count("world_info", "max_num_tokens"),
        ),
        notes=(
            "" if in_flight is None else f"{in_flight:.6g} requests in flight on average",
            "" if known or not written else f"format as printed: {written}",
            "speculative decoding" if record.get("decoding_stats") else "",
        ),
        model=model_id(record.text("engine", "model")) if record.text("engine", "model") else "",
        format=known,
        kv_dtype=record.text("engine", "kv_cache_dtype").lower(),
        engine="tensorrt-llm",
        engine_version=record.text("engine", "version"),
        gpu=gpu_of_product(product) if product else "",
        gpus=record.count("world_info", "world_size"),
        tp=record.count("world_info", "tp_size"),
        pp=record.count("world_info", "pp_size"),
        input_tokens=record.positive("request_info", "avg_input_length"),
        output_tokens=record.positive("request_info", "avg_output_length"),
        concurrency=whole(in_flight),
        output_tokens_per_s=record.needed("performance", "system_output_throughput_tok_s"),
        total_tokens_per_s=record.positive("performance", "system_total_throughput_tok_s"),
        ttft_ms=record.positive("streaming_metrics", "avg_ttft_ms"),
        tpot_ms=record.positive("streaming_metrics", "avg_tpot_ms"),
    )


def _trtllm_metric(requests: float, in_flight: float | None) -> Metric:
    if in_flight is not None and in_flight < 1.5:
        return "single-stream"
    queued = in_flight is not None and in_flight >= QUEUED_SHARE * requests
    return "offline-max" if queued else "fixed-concurrency"


def reads_optimum(record: Record) -> bool:
    """Whether a record is a report of optimum-benchmark."""
    phases = ("load", "forward", "prefill", "decode", "generate", "call")
    return any(record.get(phase, "latency") is not None for phase in phases)


def optimum(record: Record) -> Iterator[Draft]:
    """Prefill and decode of one static batch, where they were timed in tokens per second.

    Raises InputError for a report that times loading or forward passes alone.
    """
    found = False
    if record.get("prefill", "throughput", "unit") == "tokens/s":
        found = True
        yield draft(
            record,
            OPTIMUM,
            "prefill-only",
            total_tokens_per_s=record.needed("prefill", "throughput", "value"),
        )
    if record.get("decode", "throughput", "unit") == "tokens/s":
        found = True
        yield draft(
            record,
            OPTIMUM,
            "decode-only",
            output_tokens_per_s=record.needed("decode", "throughput", "value"),
        )
    if not found:
        unit = record.text("forward", "throughput", "unit") or "no throughput"
        raise record.wrong(
            f"is an optimum-benchmark report without token generation ({unit}): it says nothing "
            "about serving; bring a load test of a server, such as vllm bench serve --save-result"
        )
