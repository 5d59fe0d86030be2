"""InferenceX (InferenceMAX) aggregate results: times in seconds, throughput per GPU.

Throughput is multiplied back to all GPUs, as the measured book counts it. Where prefill and decode
run on GPUs of their own, output is per decode GPU and input per prefill GPU.
"""

from __future__ import annotations

from collections.abc import Iterator

from costmodel.ingest.bench.names import ENGINES, format_id, gpu_of_label, model_id
from costmodel.ingest.bench.records import Record
from costmodel.ingest.bench.row import Draft, draft, first, settings

INFERENCEX = "InferenceX"


def reads(record: Record) -> bool:
    """Whether a record is one aggregate result."""
    return record.has("hw", "conc", "tput_per_gpu") or record.has(
        "hw", "conc", "output_tput_per_gpu"
    )


def rows(record: Record) -> Iterator[Draft]:
    """The one row of a result."""
    precision, hardware = record.text("precision"), record.text("hw")
    known, gpu = format_id(precision), gpu_of_label(hardware)
    prefill, decode = _gpus(record)
    output = _output(record, decode)
    ttft, ttft_from = first(record, "mean_ttft", "median_ttft")
    tpot, tpot_from = first(record, "mean_tpot", "median_tpot", "mean_itl", "median_itl")
    into, _ = first(record, "mean_input_tokens", "isl")
    out, _ = first(record, "mean_output_tokens_actual", "osl")
    apart = record.get("disagg") is True
    yield draft(
        record,
        INFERENCEX,
        "fixed-concurrency",
        setup=_setup(record),
        notes=(
            "" if known else f"format as printed: {precision}",
            "" if gpu else f"GPU as printed: {hardware}",
            f"prefill on {prefill} GPUs, decode on {decode}" if apart else "",
            _medians(ttft_from, tpot_from),
            _cache(record),
        ),
        model=model_id(record.text("model")) if record.text("model") else "",
        format=known,
        engine=ENGINES.get(record.text("framework").lower(), ""),
        gpu=gpu,
        gpus=prefill + decode if apart else decode,
        tp=None if apart else record.count("tp"),
        input_tokens=into,
        output_tokens=out,
        concurrency=record.count("conc"),
        output_tokens_per_s=output,
        total_tokens_per_s=_total(record, prefill, decode, output),
        ttft_ms=None if ttft is None else ttft * 1000,
        tpot_ms=None if tpot is None else tpot * 1000,
    )


def _gpus(record: Record) -> tuple[int, int]:
    """GPUs that take prompts and GPUs that generate; `tp` counts both where they are the same."""
    prefill, decode = record.count("num_prefill_gpu"), record.count("num_decode_gpu")
    if record.get("disagg") is True:
        if prefill is None or decode is None:
            raise record.wrong("needs num_prefill_gpu and num_decode_gpu", "disagg")
        return prefill, decode
    gpus = record.count("tp") or decode
    if gpus is None:
        raise record.wrong("is missing: throughput per GPU needs the number of GPUs", "tp")
    return gpus, gpus


def _output(record: Record, decode: int) -> float:
    printed = record.positive("output_tput_tps")
    if printed is not None:
        return printed
    if record.positive("output_tput_per_gpu") is None:
        raise record.wrong("is missing: the total alone does not say what was generated",
                           "output_tput_per_gpu")  # fmt: skip
    return record.needed("output_tput_per_gpu") * decode


def _total(record: Record, prefill: int, decode: int, output: float) -> float | None:
    printed = record.positive("total_tput_tps")
    if printed is not None:
        return printed
    if record.get("disagg") is True:
        into = record.positive("input_tput_per_gpu")
        return None if into is None else into * prefill + output
    per_gpu = record.positive("tput_per_gpu")
    return None if per_gpu is None else per_gpu * decode


def _setup(record: Record) -> str:
    kinds = ("scenario_type", "ep", "dp_attention", "offloading", "spec_decoding", "mtp", "image")
    off = ("none", "false", "off")
    stated = {kind: record.text(kind) for kind in kinds}
    return settings(**{k: v for k, v in stated.items() if v.lower() not in off and k != "ep"},
                    ep=stated["ep"] if stated["ep"] not in ("", "1") else "")  # fmt: skip


def _medians(*statistics: str) -> str:
    return "TTFT and TPOT are medians" if any(s.startswith("median") for s in statistics) else ""


def _cache(record: Record) -> str:
    share = record.positive("server_gpu_cache_hit_rate")
    return "" if share is None else f"prefix cache hit rate {share:.1%}"
