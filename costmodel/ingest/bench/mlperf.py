"""Rows of MLPerf Inference's `summary_results.json`: language models, in output tokens per second.

The input length is not published, and the weight format is the submitter's own word. Rows of other
models are passed over, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from costmodel.book.measured import Metric
from costmodel.ingest.bench.names import format_id, gpu_of_product, model_id
from costmodel.ingest.bench.records import Record
from costmodel.ingest.bench.row import Draft, draft, settings

_METRICS: Mapping[str, Metric] = {
    "Offline": "mlperf-offline",
    "Server": "mlperf-server",
    "Interactive": "mlperf-interactive",
}


def reads(record: Record) -> bool:
    """Whether a record is a summary row."""
    return record.has("Scenario", "Performance_Result", "Performance_Units", "Accelerator")


def rows(record: Record) -> Iterator[Draft]:
    """The one row of a result in tokens per second; nothing for any other."""
    scenario = record.text("Scenario")
    if record.text("Performance_Units") != "Tokens/s" or scenario not in _METRICS:
        return
    model, written = record.text("Model"), record.text("weight_data_types")
    known = format_id(written)
    version = record.text("version")
    yield draft(
        record,
        f"MLPerf Inference {version}".strip(),
        _METRICS[scenario],
        setup=settings(model=model, submission=record.text("ID")),
        notes=(
            record.text("Submitter"),
            f"format as printed: {written}" if written and not known else "",
            f"nodes={record.text('Nodes')}" if record.text("Nodes") else "",
            "output tokens a request are those of the accuracy run",
        ),
        model=_model(model),
        format=known,
        engine_version=record.text("Software"),
        gpu=gpu_of_product(record.text("Accelerator")),
        gpus=_gpus(record),
        output_tokens=_tokens_per_sample(record.text("Accuracy")),
        output_tokens_per_s=record.needed("Performance_Result"),
    )


def _model(name: str) -> str:
    """`llama2-70b-99.9` is Llama 2 70B held to 99.9 % of the reference accuracy."""
    plain = re.sub(r"-99(\.9)?$", "", name)
    return model_id(re.sub(r"^llama(?=\d)", "llama-", plain))


def _gpus(record: Record) -> int | None:
    """The number in `MI355X (x87)`, else accelerators over all nodes."""
    listed = re.search(r"\(x(\d+)\)", record.text("Accelerator"))
    return int(listed[1]) if listed else record.count("Total Accelerators")


def _tokens_per_sample(accuracy: str) -> float | None:
    found = re.search(r"TOKENS_PER_SAMPLE:\s*([\d.]+)", accuracy)
    return float(found[1]) if found else None
