"""llama-bench: csv, json and jsonl.

One stream, without a server: a test of the prompt alone (`n_gen` 0), of generation alone
(`n_prompt` 0), or of both in turn. None of them is serving capacity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from costmodel.book.measured import Metric
from costmodel.ingest.bench.names import gguf_format, gpu_of_product, model_id
from costmodel.ingest.bench.records import Record
from costmodel.ingest.bench.row import Draft, day, draft, settings

LLAMA_BENCH = "llama-bench"

_SETTINGS = ("n_batch", "n_ubatch", "n_threads", "n_gpu_layers", "n_cpu_moe", "split_mode",
             "flash_attn", "type_v")  # fmt: skip


_ENDING = re.compile(
    r"(-\d{5}-of-\d{5})?\.gguf$|[-._](UD-)?(T?I?Q\d\w*|BF16|F16|F32|MXFP4\w*)$", re.IGNORECASE
)
"""What a file's name adds to the model's: format, shard and ending."""


def reads(record: Record) -> bool:
    """Whether a record is one test of llama-bench."""
    return record.has("avg_ts", "n_prompt", "n_gen", "model_type")


def rows(record: Record) -> Iterator[Draft]:
    """The one row of a test."""
    prompt = record.number("n_prompt") or 0.0
    generated = record.number("n_gen") or 0.0
    if not prompt and not generated:
        raise record.wrong("has neither prompt nor generated tokens", "n_prompt")
    rate = _rate(record, prompt + generated)
    metric = _metric(prompt, generated)
    parameters = record.positive("model_n_params")
    build = record.text("build_commit")
    number = record.text("build_number")
    yield draft(
        record,
        LLAMA_BENCH,
        metric,
        setup=settings(**{name: record.text(name) for name in _SETTINGS}),
        source_date=day(record.text("test_time")),
        model=_model(record),
        params_total_b=None if parameters is None else parameters / 1e9,
        format=gguf_format(record.text("model_type")),
        kernel="llama.cpp",
        kv_dtype=record.text("type_k"),
        engine="llama.cpp",
        engine_version=f"{build} (b{number})" if number else build,
        input_tokens=prompt + (record.number("n_depth") or 0.0),
        output_tokens=generated,
        concurrency=1,
        **_gpus(record),
        output_tokens_per_s=None if prompt else rate,
        total_tokens_per_s=rate if prompt else None,
    )


def _rate(record: Record, tokens: float) -> float:
    """Tokens per second as printed, held against the time printed beside it.

    The two differ a little, a mean of rates being no rate of means; more shows that the columns
    of a CSV do not stand under their header.
    """
    rate, nanoseconds = record.needed("avg_ts"), record.needed("avg_ns")
    if not 0.5 < rate * nanoseconds / 1e9 / tokens < 2:
        raise record.wrong(
            f"{rate:g} tokens/s contradict {tokens:g} tokens in {nanoseconds / 1e9:g} s; are the "
            "columns under their header?",
            "avg_ts",
        )
    return rate


def _metric(prompt: float, generated: float) -> Metric:
    """What the rate counts: prompt tokens, generated tokens, or both."""
    if not generated:
        return "prefill-only"
    return "single-stream" if prompt else "single-stream-decode"


def _model(record: Record) -> str:
    """The file's name without folder, shard, format and ending; else the description."""
    name = record.text("model_filename").replace("\\", "/").rsplit("/", 1)[-1]
    plain = _ENDING.sub("", _ENDING.sub("", name))
    return model_id(plain) if plain else record.text("model_type")


def _gpus(record: Record) -> dict[str, Any]:
    """The GPUs it was offered: one by name, or several of the same name."""
    names = [name.strip() for name in record.text("gpu_info").split(",") if name.strip()]
    if not names or len(set(names)) > 1:
        return {}
    ranks = {"tp": 1} if len(names) == 1 else {}
    return {"gpu": gpu_of_product(names[0]), "gpus": len(names), **ranks}
