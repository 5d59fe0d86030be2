"""GuideLLM's `benchmarks.json`: one row per strategy of a sweep.

Rates are read as means: a rate's mean is what was served over the whole run, its median is not.
`tokens_per_second` is left out, because its mean counts bursts of prompt tokens more than once in
some versions. The strategy moved from `args` to `config` in version 0.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from costmodel.book.measured import Metric
from costmodel.ingest.bench.names import model_id
from costmodel.ingest.bench.records import Record
from costmodel.ingest.bench.row import Draft, day_of_epoch, draft

GUIDELLM = "GuideLLM"

_METRICS: Mapping[str, Metric] = {
    "synchronous": "single-stream",
    "concurrent": "fixed-concurrency",
    "throughput": "guidellm-max",
    "constant": "open-loop",
    "poisson": "open-loop",
    "async": "open-loop",
}
_MODEL = (("config", "backend", "model"), ("worker", "backend_model"))
_STRATEGY = (("config", "strategy"), ("args", "strategy"))


def reads(record: Record) -> bool:
    """Whether a record is a GuideLLM report."""
    runs = record.get("benchmarks")
    return isinstance(runs, list) and all(
        isinstance(run, Mapping) and isinstance(run.get("metrics"), Mapping) for run in runs
    )


def rows(record: Record) -> Iterator[Draft]:
    """A row per benchmark of the report."""
    runs = record.data["benchmarks"]
    if not runs:
        raise record.wrong("holds no benchmarks")
    for i, run in enumerate(runs):
        yield _row(Record(run, record.file, f"[{i}]"), record)


def _row(run: Record, report: Record) -> Draft:
    strategy = next((s for path in _STRATEGY if isinstance(s := run.get(*path), Mapping)), {})
    kind = str(strategy.get("type_", ""))
    if kind not in _METRICS:
        known = ", ".join(_METRICS)
        raise run.wrong(f"must be one of {known}, not {kind!r}", "config.strategy.type_")
    rate = strategy.get("rate")
    model = next((text for path in _MODEL if (text := run.text(*path))), "")
    model = model or report.text("args", "model")
    started = run.positive("start_time") or run.positive("run_stats", "start_time")
    return draft(
        run,
        GUIDELLM,
        _METRICS[kind],
        notes=(f"{kind}, {rate} requests/s offered" if rate else kind, _failures(run)),
        source_date=day_of_epoch(started),
        model=model_id(model) if model else "",
        input_tokens=_mean(run, "prompt_token_count"),
        output_tokens=_mean(run, "output_token_count"),
        concurrency=_concurrency(run, kind, strategy),
        output_tokens_per_s=run.needed("metrics", "output_tokens_per_second", "successful", "mean"),
        ttft_ms=_mean(run, "time_to_first_token_ms"),
        tpot_ms=_mean(run, "inter_token_latency_ms"),
    )


def _mean(run: Record, metric: str) -> float | None:
    return run.positive("metrics", metric, "successful", "mean")


def _concurrency(run: Record, kind: str, strategy: Mapping[str, object]) -> int | None:
    if kind == "synchronous":
        return 1
    stated = Record(strategy, run.file, run.place)
    limit = stated.count("streams") or stated.count("max_concurrency")
    return limit if kind == "concurrent" else None


def _failures(run: Record) -> str:
    totals = run.get("metrics", "request_totals") or run.get("request_totals")
    failed = totals.get("errored") if isinstance(totals, Mapping) else None
    return f"{failed} requests failed" if failed else ""
