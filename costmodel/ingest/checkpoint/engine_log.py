"""A pasted vLLM start-up log: what the engine measured about itself on the user's own GPU.

:func:`read_engine_log` finds the lines that versions since 0.6 print; :meth:`EngineLog.calibration`
turns them into an overhead that replaces the table's row. Nothing else of a log is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from costmodel.errors import InputError
from costmodel.quantity.units import GIB
from costmodel.serving.overhead import Calibration

NUMBER: Final = r"(-?\d+(?:\.\d+)?)"
PATTERNS: Final[Mapping[str, tuple[str, ...]]] = {
    "version": (r"vLLM (?:API server )?version v?(\d[\w.]*)", r"LLM engine \(v(\d[\w.]*)\)"),
    "model_load_gib": (
        rf"Model loading took {NUMBER}\s*G(?:i?B)",
        rf"Actual usage is {NUMBER} GiB for weight",
        rf"model weights take {NUMBER}\s*GiB",
    ),
    "activation_gib": (
        rf"{NUMBER} GiB for peak activation",
        rf"PyTorch activation peak memory takes {NUMBER}\s*GiB",
    ),
    "non_torch_gib": (
        rf"{NUMBER} GiB for non-torch memory",
        rf"non_torch_memory takes {NUMBER}\s*GiB",
    ),
    "graph_gib": (
        rf"Estimated CUDA graph memory: {NUMBER} GiB",
        rf"Graph capturing finished in .*?took {NUMBER} GiB",
        rf"{NUMBER} GiB for CUDAGraph memory",
    ),
    "kv_gib": (
        rf"Available KV cache memory: {NUMBER} GiB",
        rf"reserved for KV Cache is {NUMBER}\s*GiB",
    ),
    "kv_tokens": (r"GPU KV cache size: ([\d,]+) tokens",),
    "max_model_len": (
        r"Maximum concurrency for ([\d,]+) tokens per request",
        r"max_(?:model|seq)_len['\"]?[=:] ?(\d+)",
    ),
    "concurrency": (rf"Maximum concurrency for [\d,]+ tokens per request: {NUMBER}x",),
    "utilization": (
        rf"Desired GPU memory utilization is \({NUMBER},",
        rf"gpu_memory_utilization['\"]?(?:=|: ?| \(){NUMBER}",
        rf"current --gpu-memory-utilization={NUMBER}",
    ),
    "budget_gib": (
        rf"Desired GPU memory utilization is \([\d.]+, {NUMBER} GiB",
        rf"gpu_memory_utilization \([\d.]+\) = {NUMBER}\s*GiB",
    ),
    "total_gib": (
        rf"Free memory on device \([\d.]+/{NUMBER} GiB",
        rf"total_gpu_memory \({NUMBER}\s*GiB\)",
    ),
    "tp": (r"tensor_parallel_size['\"]?[=:] ?(\d+)",),
}
"""The lines of a log by what they say; the first pattern that occurs wins."""

ANCHORED_UNCERTAINTY_BYTES: Final = 0.2 * GIB
"""Half the 80 % interval of an estimate that a log anchors: the largest run-to-run difference of
non-torch memory in 19 start-up logs of one version."""
MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True)
class EngineLog:
    """What a start-up log states; None for what it does not. Sizes on each GPU [GiB]."""

    version: str | None = None
    model_load_gib: float | None = None
    activation_gib: float | None = None
    non_torch_gib: float | None = None
    graph_gib: float | None = None
    kv_gib: float | None = None
    kv_tokens: int | None = None
    max_model_len: int | None = None
    concurrency: float | None = None
    utilization: float | None = None
    budget_gib: float | None = None
    total_gib: float | None = None
    tp: int | None = None

    def budget_bytes(self, usable_bytes: float) -> float | None:
        """What the engine claimed of a GPU [bytes]; `usable_bytes` is what a process sees of it."""
        if self.budget_gib is not None:
            return self.budget_gib * GIB
        if self.utilization is None:
            return None
        return self.utilization * (self.total_gib * GIB if self.total_gib else usable_bytes)

    def calibration(self, usable_bytes: float, *, tp: int = 1) -> Calibration:
        """The overhead that the log measured, on each GPU.

        Budget - weights - KV pool; where the log has no pool, its activation peak and non-torch
        memory. `tp` counts where the log does not name its own. Raises InputError that names the
        lines that are missing.
        """
        return Calibration(
            overhead_bytes=self._overhead(usable_bytes),
            tp=self.tp or tp,
            weights_bytes=(self.model_load_gib or 0.0) * GIB,
            uncertainty_bytes=ANCHORED_UNCERTAINTY_BYTES,
        )

    def _overhead(self, usable_bytes: float) -> float:
        budget = self.budget_bytes(usable_bytes)
        if budget is not None and self.kv_gib is not None and self.model_load_gib is not None:
            return max(0.0, budget - (self.model_load_gib + self.kv_gib) * GIB)
        if self.activation_gib is not None and self.non_torch_gib is not None:
            return (self.activation_gib + self.non_torch_gib) * GIB
        wanted = {
            "Model loading took ... GiB": self.model_load_gib,
            "Available KV cache memory: ... GiB": self.kv_gib,
            "gpu_memory_utilization=...": budget,
        }
        missing = ", ".join(repr(line) for line, value in wanted.items() if value is None)
        raise InputError(f"the engine log lacks {missing}; paste vLLM's whole start-up log")


def read_engine_log(log: str | Path) -> EngineLog:
    r"""Read a log from a file, or from the text itself where it has more than one line.

    Raises InputError where there is no such file or no line of vLLM's start-up in it.

    >>> text = "Model loading took 15.27 GiB memory\nAvailable KV cache memory: 18.69 GiB"
    >>> read_engine_log(text).kv_gib
    18.69
    """
    text = log if isinstance(log, str) and "\n" in log else _text(Path(log))
    found = {name: value for name, ways in PATTERNS.items() if (value := _first(ways, text))}
    if not found.keys() - {"version", "tp", "utilization"}:
        raise InputError(
            "no line of a vLLM start-up log was found (such as 'Model loading took 15.27 GiB')"
        )
    whole = {"kv_tokens", "max_model_len", "tp"}
    numbers = {
        name: int(value.replace(",", "")) if name in whole else float(value)
        for name, value in found.items()
        if name != "version"
    }
    return EngineLog(version=found.get("version"), **numbers)  # type: ignore[arg-type]


def _first(ways: tuple[str, ...], text: str) -> str | None:
    return next((match[1] for way in ways if (match := re.search(way, text))), None)


def _text(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"{path}: no such engine log")
    if path.stat().st_size > MOST_BYTES:
        raise InputError(f"{path}: larger than 64 MiB; cut it down to vLLM's start-up")
    return path.read_text(encoding="utf-8", errors="replace")
