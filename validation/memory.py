"""Print how far the memory rules are from files and start-up logs: `python -m validation.memory`.

Two splits. *Rows*: the constants of the book against every row. *Models*: each model counts once,
and constants that were fitted (the two of vLLM's sampling scratch, its non-torch memory, the bytes
of a GGUF tokenizer) are fitted again without it. Everything else is structure, fitted to nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from costmodel.book.engines import engine as engine_row
from costmodel.book.models import model as model_record
from costmodel.quantity.units import GIB, MIB
from costmodel.serving.gguf import metadata_bytes
from costmodel.serving.kv_cache import block_pool, sequence_bytes
from costmodel.serving.memory import Replica, place
from costmodel.serving.overhead import EngineMemory, forward_bytes, kept_bytes
from costmodel.serving.tensors import Architecture, KvLayer
from costmodel.serving.weights import WeightFormat, loaded_bytes_per_gpu, stored_bytes
from costmodel.sizing.lookup import weight_format
from validation.truth import Error, Row, architecture, by_model, by_row, flags, left_out, rows

SAFETENSORS = {
    "awq": "awq-int4", "w4a16": "int4-w4a16", "fp8": "fp8", "fp8_block": "fp8-block",
    "w8a8": "int8-w8a8", "nvfp4": "nvfp4", "mxfp4": "mxfp4", "bf16": "bf16",
}  # fmt: skip
FULL_PRECISION = WeightFormat("fp32", bits_per_weight=32, other_bits=32)
H100 = 81559 * MIB
CALIBRATED = ("0.11.0", "0.19.0")
TARGETS = {
    "file weights [%]": (0.15, 0.8), "weights on the GPU [%]": (0.6, 3.0),
    "max concurrency given the pool [%]": (0.1, 1.0), "the same, hybrids [%]": (1.0, 5.0),
    "KV pool, vLLM 0.19 [GiB]": (0.2, 0.6), "concurrency end to end, vLLM 0.19 [%]": (0.6, 3.0),
}  # fmt: skip


# ----------------------------------------------------------------------------------- weights


def file_sizes(kind: str, *, refit: bool = False) -> Iterator[Error]:
    """Checkpoint files on disk, relative."""
    for row in rows("weights_truth.csv"):
        arch = architecture(row["arch"])
        if arch is None or row["kind"] != kind or row["leave_out"]:
            continue
        computed = stored_bytes(arch, _stored_format(row))
        if row["kind"] != "safetensors":
            tokenizer = _tokenizer_without(row["arch"]) * arch.vocab if refit else None
            stated = metadata_bytes(arch)
            wanted = 0.0 if row["counts"] == "tensors" else (tokenizer or stated)
            computed += wanted - stated
        yield Error(row["arch"], row["format"], computed / float(row["bytes"]) - 1)


def _stored_format(row: Row) -> WeightFormat:
    if row["format"] == "F32" and row["kind"] == "safetensors":
        return FULL_PRECISION
    if row["kind"] == "safetensors":
        return weight_format(SAFETENSORS[row["format"]])
    made_with = "imatrix" in row["note"]
    return WeightFormat(row["format"], "gguf", gguf_type=row["format"], importance_matrix=made_with)


def _tokenizer_without(model: str) -> float:
    """Bytes of a tokenizer for one entry, read off the exact files of the other models."""
    found: dict[str, list[float]] = {}
    for row in rows("weights_truth.csv"):
        exact = row["kind"] == "file" and row["counts"] == "file" and "MiB" in row["note"]
        if exact and row["arch"] != model:
            arch = model_record(row["arch"]).architecture()
            tensors = stored_bytes(arch, _stored_format(row)) - metadata_bytes(arch)
            found.setdefault(row["arch"], []).append((float(row["bytes"]) - tensors) / arch.vocab)
    return float(np.mean([np.median(values) for values in found.values()]))


def loaded_weights() -> Iterator[Error]:
    """Weights on each GPU as vLLM reports them, relative."""
    for row in _logs("weights"):
        if row["model_load_GiB"] and row["format"] in SAFETENSORS:
            computed = loaded_gib(row) + float(flags(row).get("extra_gib", 0))
            yield Error(
                row["record"],
                f"{row['model']} tp{row['n_gpus_tp']} {row['engine']}",
                computed / float(row["model_load_GiB"]) - 1,
            )


def loaded_gib(row: Row) -> float:
    """What one GPU holds of a row's weights [GiB]."""
    record = model_record(row["record"])
    parts = ("text", "vision", "mtp") if "mtp" in flags(row) else ("text", "vision")
    rules = loaded_format(row)
    tp = int(row["n_gpus_tp"])
    return loaded_bytes_per_gpu(record.architecture(), rules, tp, parts=parts) / GIB


def loaded_format(row: Row) -> WeightFormat:
    """A row's format, with its vendor's ignore list and its kernel's padding."""
    format_id = SAFETENSORS[row["format"]]
    capability = "8.0" if flags(row).get("padding") == "marlin" else "9.0"
    known = model_record(row["record"]).checkpoint(format_id)
    rules = weight_format(format_id, capability)
    return replace(rules, exclusions=known.ignore) if known else rules


def _logs(what: str) -> Iterator[Row]:
    for row in rows("runtime_truth.csv"):
        if row["record"] and row["engine"].startswith("vLLM") and not left_out(row, what):
            yield row


# ------------------------------------------------------------------------------- concurrency


def concurrency(*, hybrids: bool | None = None) -> Iterator[Error]:
    """Requests (or, where a log states no requests, tokens) given its own pool, relative."""
    for row in _logs("concurrency"):
        if not row["kv_GiB"] or not (row["concurrency"] or row["kv_tokens"]):
            continue
        arch = _with_state(model_record(row["record"]).architecture(), row)
        mixed = len(arch.kv_kinds) > 1 or arch.kv_layers[0].kind == "latent"
        if float(row["kv_GiB"]) > 0 and hybrids in (None, mixed):
            yield Error(row["record"], f"{row['model']} {row['engine']}", _of_pool(row, arch))


def _of_pool(row: Row, arch: Architecture) -> float:
    context = int(row["max_model_len"] or 4096)
    pool = block_pool(
        arch,
        context,
        row["kv_dtype"] or "bf16",
        int(row["n_gpus_tp"]),
        tokens_in_flight=8192 if _large(row) else 2048,
        state_pages=int(flags(row).get("state_pages", 1)),
    )
    size = float(row["kv_GiB"]) * GIB
    if row["concurrency"]:
        return pool.concurrency(size) / float(row["concurrency"]) - 1
    if any(layer.kind == "state" for layer, _ in arch.kv_kinds):
        return pool.concurrency(size) / (float(row["kv_tokens"]) / context) - 1
    tokens = size // pool.block_bytes // pool.groups * pool.block_tokens
    return tokens / float(row["kv_tokens"]) - 1


def _large(row: Row) -> bool:
    return row["gpu"].startswith(("H100", "141GB", "H200", "192GB"))


def _with_state(arch: Architecture, row: Row) -> Architecture:
    """With its states at the width that a flag sets."""
    if flags(row).get("ssm_bytes") != "2":
        return arch

    def narrow(layer: KvLayer) -> KvLayer:
        both = layer.state_elements + layer.state_elements_fp32
        return replace(layer, state_elements=both, state_elements_fp32=0)

    return replace(arch, kv_layers=tuple(narrow(layer) for layer in arch.kv_layers))


def llama_cpp_caches() -> Iterator[Error]:
    """KV buffers of llama.cpp and ik_llama.cpp, relative."""
    for row in rows("runtime_truth.csv"):
        if row["record"] and row["engine"].startswith("llama.cpp") and row["kv_GiB"]:
            arch = model_record(row["record"]).architecture()
            context = int(row["max_model_len"])
            computed = sequence_bytes(arch, context, row["kv_dtype"], keep_whole_windows=True)
            yield Error(row["record"], row["model"], computed / GIB / float(row["kv_GiB"]) - 1)


# -------------------------------------------------------------------------------- end to end


def started(version: str) -> list[Row]:
    """The start-up logs of a version that state where the memory went, on H100 by default flags."""
    return [
        row
        for row in _logs("pool")
        if row["engine"] == f"vLLM {version}" and row["activation_GiB"] and row["kv_GiB"]
    ]


def constants(row: Row, others: list[Row] | None = None) -> EngineMemory:
    """The book's constants on a row's GPU; with `others`, fitted to those rows instead."""
    version = row["engine"].split()[1]
    memory = engine_row("vllm", version).memory(
        "h100-sxm", H100, float(row["gpu_memory_utilization"])
    )
    return memory if others is None else refitted(memory, others)


def refitted(memory: EngineMemory, logs: list[Row]) -> EngineMemory:
    """Scratch (least squares) and non-torch memory (medians) from these logs."""
    points: list[tuple[float, float]] = []
    for row in logs:
        arch, tp = model_record(row["record"]).architecture(), int(row["n_gpus_tp"])
        measured = float(row["activation_GiB"]) * GIB
        workspace = not loaded_format(row).experts_only
        if forward_bytes(arch, memory, tp) < 0.95 * measured:
            kept = kept_bytes(arch, memory, tp, workspace=workspace)
            points.append((memory.scratch_rows * arch.vocab / 1e6, measured - kept))
    design = np.array([[entries, 1.0] for entries, _ in points])
    entry, once = np.linalg.lstsq(design, np.array([y for _, y in points]), rcond=None)[0]
    single = [float(r["non_torch_GiB"]) for r in logs if r["n_gpus_tp"] == "1"]
    several = [float(r["non_torch_GiB"]) for r in logs if r["n_gpus_tp"] != "1"]
    other = memory.other_bytes_parallel if not several else float(np.median(several)) * GIB
    return replace(
        memory,
        scratch_bytes_per_entry=entry / 1e6,
        scratch_bytes=once,
        other_bytes=float(np.median(single)) * GIB,
        other_bytes_parallel=other,
    )


def end_to_end(version: str, *, refit: bool = False) -> Iterator[tuple[Error, Error]]:
    """KV pool [GiB] and concurrency (relative) from nothing but model, GPU and flags."""
    logs = started(version)
    for row in logs:
        others = [other for other in logs if other["record"] != row["record"]]
        memory = constants(row, others if refit else None)
        tp = int(row["n_gpus_tp"])
        arch = model_record(row["record"]).architecture()
        usable = float(row["gpu_GiB"]) * GIB + memory.reserved_bytes
        found = place(
            Replica(arch, loaded_format(row), usable, tp, "bf16", memory),
            int(row["max_model_len"]),
        )
        measured = float(row["kv_GiB"])
        pool = Error(row["record"], row["model"], found.pool_bytes / GIB - measured)
        served = float(row["concurrency"] or 0)
        share = found.max_concurrency / served - 1 if served else pool.value / measured
        yield pool, Error(row["record"], row["model"], share)


# -------------------------------------------------------------------------------------- print


def table() -> list[tuple[str, list[Error], list[Error], float]]:
    """Name, errors by the book's constants, errors without the model's own data, and the unit."""
    percent, gib = 100.0, 1.0
    lines: list[tuple[str, list[Error], list[Error], float]] = []

    def add(name: str, rows_of: Callable[[], Iterator[Error]], unit: float = percent) -> None:
        errors = list(rows_of())
        lines.append((name, errors, errors, unit))

    stated, without = (list(file_sizes("file", refit=refit)) for refit in (False, True))
    lines.append(("file weights [%]", stated, without, percent))
    add("file weights, sizes to 0.1 GiB [%]", lambda: file_sizes("file-coarse"))
    add("safetensors files [%]", lambda: file_sizes("safetensors"))
    add("weights on the GPU [%]", loaded_weights)
    add("max concurrency given the pool [%]", lambda: concurrency(hybrids=False))
    add("the same, hybrids [%]", lambda: concurrency(hybrids=True))
    add("KV buffers, llama.cpp [%]", llama_cpp_caches)
    for version in CALIBRATED:
        short = version.removesuffix(".0")
        pairs, again = (list(end_to_end(version, refit=refit)) for refit in (False, True))
        for i, name, unit in ((0, "KV pool", gib), (1, "concurrency end to end", percent)):
            words = f"{name}, vLLM {short} [{'GiB' if unit == gib else '%'}]"
            lines.append((words, [pair[i] for pair in pairs], [pair[i] for pair in again], unit))
    return lines


def main() -> int:
    """Print the table; 1 where a target is missed by either split."""
    print(f"{'':42} {'ROWS':>4} {'median':>8} {'p90':>8}   {'MODELS':>6} {'median':>8} {'p90':>8}"
          "   target")  # fmt: skip
    missed = False
    for name, errors, without, unit in table():
        row, model = by_row(errors), by_model(without)
        target = TARGETS.get(name)
        words = "" if target is None else f"   {target[0]:g} / {target[1]:g}"
        print(f"{name:42} {row[2]:4} {unit * row[0]:8.3f} {unit * row[1]:8.3f}   "
              f"{model[2]:6} {unit * model[0]:8.3f} {unit * model[1]:8.3f}{words}")  # fmt: skip
        if target is not None:
            reached = (*(unit * x for x in row[:2]), *(unit * x for x in model[:2]))
            missed |= any(value > limit for value, limit in zip(reached, target * 2, strict=True))
    print("\nLeft out, with the reason:")
    for source in ("weights_truth.csv", "runtime_truth.csv"):
        for line in rows(source):
            if line["leave_out"]:
                print(f"  {line['model']} {line['format']}: {line['leave_out']}")
    if "--worst" in sys.argv:
        for name, errors, _, unit in table():
            for error in sorted(errors, key=lambda e: -abs(e.value))[:5]:
                print(f"  {name}: {error.what} {unit * error.value:+.3f}")
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
