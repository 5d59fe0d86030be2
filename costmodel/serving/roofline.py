"""How fast a replica serves: a roofline over whole requests, vectorised over cases.

B resident requests are served in one cycle of `output_tokens` decode steps and the prefill of B
prompts. Each step is limited by memory traffic, by arithmetic, by communication and by the
engine's own work; constants come calibrated from measurements (book/data/roofline.yaml), one set
per engine, or one value per case where many cases are computed at once.

All inputs broadcast: scalars or arrays of one shape. Times in seconds, rates per second, sizes in
bytes, arithmetic in FLOP. See S. Williams et al., "Roofline", CACM 52(4), 2009.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64] | float
Array = npt.NDArray[np.float64]
MICROSECOND = 1e-6
MILLISECOND = 1e-3
SIXTEEN_BIT_BYTES = 2.0
"""Activations, embedding and head stay 16-bit, and so does what a dequantiser writes."""
ALL_REDUCES_PER_LAYER = 2


PRECISIONS = ("16-bit", "fp8", "fp4", "int8")
"""What tensor cores multiply in; `Hardware.precision` is a place in this list."""


@dataclass(frozen=True)
class RooflineConstants:
    """What an engine achieves of what the hardware promises.

    `*_share`: achieved over peak: memory bandwidth of weights and of KV reads, GEMM arithmetic at
    16-bit, fp8, fp4 and int8, prefill attention at the 16-bit peak, link bandwidth in all-reduce.
    `*_us`: microseconds per step, per layer and step, per sequence and step, per all-reduce.
    `exponent` p of the soft maximum (t_memory^p + t_compute^p)^(1/p).
    `step_tokens`: prompt tokens that one prefill pass takes.
    The first token: `first_ms` of request handling, `first_steps` decode steps of scheduling and
    emission, `wait_share` of the other residents' prefill that is waited for.
    """

    bandwidth_share: Numbers
    kv_bandwidth_share: Numbers
    compute_share_16bit: Numbers
    compute_share_fp8: Numbers
    compute_share_fp4: Numbers
    compute_share_int8: Numbers
    attention_share: Numbers
    link_share: Numbers
    all_reduce_us: Numbers
    step_us: Numbers
    layer_us: Numbers
    sequence_us: Numbers
    exponent: Numbers
    step_tokens: Numbers
    first_ms: Numbers
    first_steps: Numbers
    wait_share: Numbers

    def compute_share(self, precision: Numbers) -> Array:
        """Achieved over peak arithmetic of GEMMs in `precision`, a place in :data:`PRECISIONS`."""
        shares = (
            self.compute_share_16bit,
            self.compute_share_fp8,
            self.compute_share_fp4,
            self.compute_share_int8,
        )
        place = np.asarray(precision, int)
        return np.asarray(np.select([place == i for i in range(len(shares))], shares, np.nan))


@dataclass(frozen=True)
class Model:
    """What the roofline asks of a model in a format, for each case.

    `linear_parameters` and `active_linear_parameters` count the layers' matrices;
    `bytes_per_weight` [bytes] their mean stored size; `kv_bytes_read` [bytes, all GPUs] what one
    sequence's decode step reads of the cache at its mean length; `prefill_attention_flops` [FLOP]
    what attention over one whole prompt costs.
    """

    layers: Numbers
    hidden: Numbers
    vocab: Numbers
    linear_parameters: Numbers
    active_linear_parameters: Numbers
    experts: Numbers
    top_k: Numbers
    bytes_per_weight: Numbers
    kv_bytes_read: Numbers
    prefill_attention_flops: Numbers


@dataclass(frozen=True)
class Hardware:
    """One GPU: memory bandwidth and link [bytes/s], 16-bit peak and the peak GEMMs run at [FLOP/s].

    `precision`: which peak that is, a place in :data:`PRECISIONS`.
    """

    bandwidth: Numbers
    link: Numbers
    peak_16bit: Numbers
    peak: Numbers
    precision: Numbers = 0


@dataclass(frozen=True)
class Kernel:
    """A GEMM kernel relative to the engine's own: bandwidth it reaches, arithmetic it reaches.

    `exponent` of its own soft maximum, NaN for the engine's: a kernel that unpacks weights between
    reading and multiplying overlaps the two less. From `dequantizes_from` tokens on the engine
    leaves the kernel: it unpacks the whole matrix to 16-bit and multiplies as if never quantised.
    """

    bandwidth_efficiency: Numbers = 1.0
    compute_efficiency: Numbers = 1.0
    exponent: Numbers = np.nan
    dequantizes_from: Numbers = np.inf


@dataclass(frozen=True)
class Load:
    """What is asked: tokens per request, requests resident at once, GPUs per replica.

    `prefix_cache_share` of the prompt is found in the prefix cache and not computed again.
    """

    input_tokens: Numbers
    output_tokens: Numbers
    tp: Numbers = 1.0
    prefix_cache_share: Numbers = 0.0


@dataclass(frozen=True)
class Speed:
    """What one replica delivers, one value per case."""

    requests_per_s: Array
    output_tokens_per_s: Array
    total_tokens_per_s: Array
    ttft_s: Array
    tpot_s: Array
    concurrency: Array


@dataclass(frozen=True)
class Case:
    """Everything the roofline needs, with arrays that broadcast together."""

    model: Model
    hardware: Hardware
    kernel: Kernel
    load: Load


def estimate(case: Case, constants: RooflineConstants, concurrency: Numbers) -> Speed:
    """Steady state with `concurrency` requests always resident.

    throughput = B / T(B); TTFT is :func:`first_token_seconds`; TPOT is what remains of the cycle:
    TTFT + (OSL - 1) TPOT = T.
    """
    batch = np.maximum(np.asarray(concurrency, float), 1e-9)
    load = case.load
    output = np.asarray(load.output_tokens, float)
    step = decode_step_seconds(case, constants, batch)
    prefill = prefill_seconds(case, constants, batch)
    cycle = output * step + prefill
    ttft = _first_token(case, constants, step, prefill)
    tpot = np.where(output > 1, (cycle - ttft) / np.maximum(output - 1, 1), step)
    requests = batch / cycle
    return Speed(
        requests_per_s=requests,
        output_tokens_per_s=requests * output,
        total_tokens_per_s=requests * (output + load.input_tokens),
        ttft_s=ttft,
        tpot_s=tpot,
        concurrency=np.broadcast_to(batch, cycle.shape).copy(),
    )


def cycle_seconds(case: Case, constants: RooflineConstants, batch: Numbers) -> Array:
    """Time in which B resident requests are all served once [s]."""
    step = decode_step_seconds(case, constants, batch)
    return np.asarray(case.load.output_tokens * step + prefill_seconds(case, constants, batch))


def first_token_seconds(case: Case, constants: RooflineConstants, batch: Numbers) -> Array:
    """Mean TTFT of B requests held in flight [s].

    Handling, own prefill, steps until the token is out, and a share of the others' prefill: a
    client that holds B requests in flight sends the first B at once, and those of one length end
    and are replaced together. Never so long that decoding would run at twice its speed.
    """
    step = decode_step_seconds(case, constants, batch)
    return _first_token(case, constants, step, prefill_seconds(case, constants, batch))


def _first_token(case: Case, constants: RooflineConstants, step: Array, every: Array) -> Array:
    """The same from a decode step and the prefill of all residents [s]."""
    own = prefill_seconds(case, constants, 1.0)
    handled = constants.first_ms * MILLISECOND + constants.first_steps * step
    waited = constants.wait_share * np.maximum(every - own, 0.0)
    output = np.asarray(case.load.output_tokens, float)
    at_most = output * step + every - np.maximum(output - 1, 0.0) * step / 2
    return np.minimum(own + handled + waited, at_most)


def decode_step_seconds(case: Case, constants: RooflineConstants, batch: Numbers) -> Array:
    """One token for each of B sequences: GEMM + KV read + all-reduce + engine [s]."""
    kv = batch * case.model.kv_bytes_read
    kv_rate = case.hardware.bandwidth * constants.kv_bandwidth_share * case.load.tp
    return (
        gemm_seconds(case, constants, batch)
        + head_seconds(case, constants, batch)
        + kv / kv_rate
        + all_reduce_seconds(case, constants, batch)
        + engine_seconds(case, constants, batch)
    )


def prefill_seconds(case: Case, constants: RooflineConstants, batch: Numbers) -> Array:
    """Prefill of B prompts, in passes of at most `step_tokens`, and their attention [s]."""
    computed = _prompt_tokens(case)
    tokens = batch * computed
    per_pass = np.maximum(np.minimum(tokens, constants.step_tokens), 1.0)
    passes = tokens / per_pass
    one_pass = (
        gemm_seconds(case, constants, per_pass)
        + all_reduce_seconds(case, constants, per_pass)
        + engine_seconds(case, constants, per_pass / np.maximum(computed, 1.0))
    )
    return np.asarray(passes * one_pass + batch * _attention_seconds(case, constants))


def gemm_seconds(case: Case, constants: RooflineConstants, tokens: Numbers) -> Array:
    """The layers' matrices on `tokens` tokens: (t_memory^p + t_compute^p)^(1/p) [s].

    A mixture reads the experts that at least one token chose: 1 - (1 - k/E)^tokens of them.
    """
    model, hardware, kernel, tp = case.model, case.hardware, case.kernel, case.load.tp
    read = parameters_read(model, tokens)
    flops = 2 * model.active_linear_parameters * np.asarray(tokens, float)
    bandwidth = hardware.bandwidth * constants.bandwidth_share * tp
    share = constants.compute_share(hardware.precision)
    fused = _soft_maximum(
        read * model.bytes_per_weight / (bandwidth * kernel.bandwidth_efficiency),
        flops / (hardware.peak * share * kernel.compute_efficiency * tp),
        np.where(np.isnan(kernel.exponent), constants.exponent, kernel.exponent),
    )
    if np.all(np.isinf(kernel.dequantizes_from)):
        return fused
    unpacked = _soft_maximum(
        read * (model.bytes_per_weight + 2 * SIXTEEN_BIT_BYTES) / bandwidth,
        flops / (hardware.peak_16bit * constants.compute_share_16bit * tp),
        constants.exponent,
    )
    return np.asarray(np.where(tokens >= np.asarray(kernel.dequantizes_from), unpacked, fused))


def parameters_read(model: Model, tokens: Numbers) -> Array:
    """Weights of the layers' matrices that a pass over `tokens` tokens reads."""
    chosen = np.asarray(np.where(np.asarray(model.experts) > 0, _top_share(model), 1.0))
    routed = np.where(
        chosen < 1,
        (model.linear_parameters - model.active_linear_parameters) / np.maximum(1 - chosen, 1e-12),
        0.0,
    )
    touched = 1 - (1 - chosen) ** np.maximum(tokens, 1.0)
    return model.linear_parameters - routed + routed * touched


def head_seconds(case: Case, constants: RooflineConstants, batch: Numbers) -> Array:
    """The output head, 16-bit, for one token of each sequence [s]."""
    model, hardware = case.model, case.hardware
    weights = model.vocab * model.hidden
    memory = (
        weights
        * SIXTEEN_BIT_BYTES
        / (hardware.bandwidth * constants.bandwidth_share * case.load.tp)
    )
    rate = hardware.peak_16bit * constants.compute_share_16bit * case.load.tp
    return _soft_maximum(memory, 2 * weights * batch / rate, constants.exponent)


def all_reduce_seconds(case: Case, constants: RooflineConstants, tokens: Numbers) -> Array:
    """Two ring all-reduces a layer, none on one GPU: latency + 2 (tp-1)/tp x bytes / link [s]."""
    tp = np.asarray(case.load.tp, float)
    size = tokens * case.model.hidden * SIXTEEN_BIT_BYTES
    link = case.hardware.link * constants.link_share
    one = constants.all_reduce_us * MICROSECOND + 2 * (tp - 1) / tp * size / link
    return np.asarray(np.where(tp > 1, ALL_REDUCES_PER_LAYER * case.model.layers * one, 0.0))


def engine_seconds(case: Case, constants: RooflineConstants, batch: Numbers) -> Array:
    """Scheduling, launches and sampling: per step, per layer and per sequence [s]."""
    micro = (
        constants.step_us
        + constants.layer_us * case.model.layers
        + constants.sequence_us * np.asarray(batch, float)
    )
    return np.asarray(micro * MICROSECOND)


T = TypeVar("T", Model, Hardware, Kernel, Load)


def stack(parts: list[T]) -> T:
    """One record of arrays from many records of scalars, in order."""
    first = parts[0]
    columns: dict[str, Any] = {
        field.name: np.array([getattr(part, field.name) for part in parts], float)
        for field in fields(first)
    }
    return replace(first, **columns)


def _soft_maximum(first: Numbers, second: Numbers, exponent: Numbers) -> Array:
    power = np.asarray(exponent, float)
    return np.asarray((np.asarray(first) ** power + np.asarray(second) ** power) ** (1 / power))


def _top_share(model: Model) -> Array:
    return np.asarray(model.top_k, float) / np.maximum(np.asarray(model.experts, float), 1.0)


def _prompt_tokens(case: Case) -> Numbers:
    return case.load.input_tokens * (1 - np.asarray(case.load.prefix_cache_share, float))


def _attention_seconds(case: Case, constants: RooflineConstants) -> Array:
    """Prefill attention of one prompt; what the cache holds is attended to, not recomputed [s]."""
    hit = np.asarray(case.load.prefix_cache_share, float)
    rate = case.hardware.peak_16bit * constants.attention_share * case.load.tp
    return np.asarray(case.model.prefill_attention_flops * (1 - hit**2) / rate)
