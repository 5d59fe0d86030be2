"""The same weights in different formats, through different kernels: where 4-bit stops paying.

The matrix multiplications alone over tokens in flight, and what a whole replica serves over
requests in flight. The speeds are those of :mod:`costmodel.sizing.server`; this module only sets
them side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.book import load_book
from costmodel.book.engines import DEFAULT_ENGINE, engine_name
from costmodel.book.roofline import roofline
from costmodel.errors import InputError
from costmodel.serving import roofline as speed
from costmodel.sizing.lookup import Serving, is_native, kernel_for, look_up
from costmodel.sizing.server import case_of, kernel_ends, served_by
from costmodel.sizing.throughput import throughput_curve

if TYPE_CHECKING:
    from costmodel.sizing.records import ThroughputCurve

REFERENCE = "bf16"
"""What the others are held against."""

FOUR_BIT = "awq-int4"
ONE_GENERATION_ONLY = frozenset({"machete"})
"""Kernels that run on one generation of GPUs; compared only where they are asked for."""

MOST_TOKENS = 2048.0
TOKEN_POINTS = 96


@dataclass(frozen=True)
class KernelCurve:
    """One format through one kernel.

    `gemm_speedup` of the layers' matrices over bf16 at `tokens` in flight, with the interval of
    the kernel's own factors; `served` over requests in flight, None where `refused` says why not.
    """

    format: str
    kernel: str
    tokens: Any
    gemm_speedup: Any
    low: Any
    high: Any
    stops_paying: float | None
    """Tokens in flight from which the matrices are no longer faster than in bf16: 0 where they
    never are, None where they still are at the last looked at."""
    served: ThroughputCurve | None
    refused: str = ""

    @property
    def stops_between(self) -> tuple[float | None, float | None]:
        """`stops_paying` at the slow and at the fast end of the kernel's own interval."""
        return stops_paying(self.tokens, self.low), stops_paying(self.tokens, self.high)

    @property
    def name(self) -> str:
        """Format and kernel in words.

        >>> import numpy as np
        >>> KernelCurve("awq-int4", "marlin", *[np.ones(1)] * 4, None, None).name
        'awq-int4 · marlin'
        """
        return self.format if self.kernel == "cublas" else f"{self.format} · {self.kernel}"


@dataclass(frozen=True)
class KernelComparison:
    """Formats and kernels side by side, the reference first."""

    options: tuple[KernelCurve, ...]

    def option(self, format: str, kernel: str) -> KernelCurve | None:  # noqa: A002
        """One of them, by ids."""
        return next((o for o in self.options if (o.format, o.kernel) == (format, kernel)), None)

    @property
    def frame(self) -> Any:
        """What is served, as a DataFrame: a row per option and concurrency."""
        import pandas as pd

        parts = [
            o.served.frame.assign(format=o.format, kernel=o.kernel)
            for o in self.options
            if o.served is not None
        ]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def compare_kernels(  # noqa: PLR0913 - the options of `throughput`
    model: str,
    *,
    gpu: str,
    format: str | None = None,  # noqa: A002 - the word users type
    kernel: str | None = None,
    tp: int = 1,
    input_tokens: float,
    output_tokens: float,
    prefix_cache_share: float = 0.0,
    ttft_ms: float | None = None,
    tpot_ms: float | None = None,
    engine: str | None = None,
    engine_version: str | None = None,
    kv_dtype: str | None = None,
    gpu_memory_utilization: float | None = None,
) -> KernelComparison:
    """The usual formats and kernels of this engine on this GPU, and the one asked for.

    bf16, fp8 and 4-bit AWQ through every kernel the engine has for it. An option that this GPU or
    so many of them cannot serve keeps its GEMM curve where there is one, and says why.

    Raises InputError for an unknown name, or where the GPU's peaks are not published.

    >>> found = compare_kernels("llama-3.1-8b", gpu="h100-sxm", input_tokens=999, output_tokens=99)
    >>> [option.name for option in found.options]
    ['bf16', 'fp8 · cutlass-fp8', 'awq-int4 · marlin', 'awq-int4 · awq']
    """
    shape = speed.Load(input_tokens, output_tokens, tp, prefix_cache_share)
    serving = Serving(gpu, None, kv_dtype, tp, engine, engine_version, gpu_memory_utilization)
    asked: dict[str, Any] = {
        "gpu": gpu,
        "tp": tp,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "prefix_cache_share": prefix_cache_share,
        "ttft_ms": ttft_ms,
        "tpot_ms": tpot_ms,
        "engine": engine,
        "engine_version": engine_version,
        "kv_dtype": kv_dtype,
        "gpu_memory_utilization": gpu_memory_utilization,
    }
    tokens = np.geomspace(1.0, MOST_TOKENS, TOKEN_POINTS)
    reference = _gemm(model, serving, shape, (REFERENCE, "cublas"), tokens)
    return KernelComparison(
        tuple(
            _option(model, serving, shape, choice, tokens, reference[0], asked)
            for choice in _choices(gpu, engine, format, kernel)
        )
    )


def _choices(
    gpu: str,
    engine: str | None,
    format: str | None,  # noqa: A002
    kernel: str | None,
) -> list[tuple[str, str]]:
    """(format, kernel) of the usual options, then of the one asked for where it is another."""
    book = load_book()
    card, name = book.gpu(gpu), engine_name(engine or DEFAULT_ENGINE)
    eight_bit = book.format("fp8")
    usual = [(REFERENCE, "cublas")]
    if is_native(eight_bit, card):
        usual.append((eight_bit.id, eight_bit.default_kernel))
    usual += [
        (FOUR_BIT, each.id)
        for each in book.kernels.values()
        if FOUR_BIT in each.formats and name in each.engines and each.id not in ONE_GENERATION_ONLY
    ]
    if format is not None:
        own = book.format(format)
        usual.append((own.id, kernel_for(own, card, kernel).id))
    return list(dict.fromkeys(usual))


def _gemm(
    model: str, serving: Serving, shape: speed.Load, choice: tuple[str, str], tokens: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seconds the layers' matrices take: as stated, and at the slow and fast ends of the kernel."""
    setup = look_up(model, replace(serving, format=choice[0]), borrow_memory=True)
    kernel = load_book().kernel(choice[1])
    case = case_of(setup, kernel, shape)
    table = roofline().of(mixture=setup.arch.experts > 0)
    constants = table.of(served_by(setup, serving), serving.engine_version or "").plain()
    plain, slow, fast = (
        speed.gemm_seconds(one, constants, tokens)
        for one in (case, *kernel_ends(case, setup.gpu, kernel))
    )
    return plain, slow, fast


def _option(
    model: str,
    serving: Serving,
    shape: speed.Load,
    choice: tuple[str, str],
    tokens: np.ndarray,
    reference: np.ndarray,
    asked: dict[str, Any],
) -> KernelCurve:
    plain, slow, fast = (reference / each for each in _gemm(model, serving, shape, choice, tokens))
    served, refused = None, ""
    try:
        served = throughput_curve(model, format=choice[0], kernel=choice[1], **asked)
    except InputError as error:
        refused = str(error)
    return KernelCurve(
        format=choice[0],
        kernel=choice[1],
        tokens=tokens,
        gemm_speedup=plain,
        low=slow,
        high=fast,
        stops_paying=stops_paying(tokens, plain),
        served=served,
        refused=refused,
    )


def stops_paying(tokens: np.ndarray, speedup: np.ndarray) -> float | None:
    """Where a speed-up first falls to 1, by straight lines between the points.

    0 where it is never above 1, None where it never falls to 1.

    >>> stops_paying(np.array([1.0, 10.0, 20.0]), np.array([2.0, 1.5, 0.5]))
    15.0
    >>> stops_paying(np.array([1.0, 10.0]), np.array([2.0, 1.5])) is None
    True
    """
    pays = speedup > 1 + 1e-9
    if pays.all():
        return None
    if not pays[0]:
        return 0.0
    i = int(np.flatnonzero(~pays)[0])
    share = (speedup[i - 1] - 1) / (speedup[i - 1] - speedup[i])
    return float(tokens[i - 1] + share * (tokens[i] - tokens[i - 1]))
