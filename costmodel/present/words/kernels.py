"""Formats and kernels side by side in words: where 4-bit stops paying, and what a chart shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from costmodel.quantity.words import about

if TYPE_CHECKING:
    from costmodel.sizing.kernels import KernelComparison, KernelCurve


def stops_paying(found: KernelComparison) -> str:
    """Where the 4-bit options lose what they gain on the matrices, as a sentence."""
    told = [_paying(option) for option in found.options if "int4" in option.format]
    return " ".join(told)


def _paying(option: KernelCurve) -> str:
    if option.stops_paying is None:
        return f"{option.name} is still ahead of bf16 at {option.tokens[-1]:,.0f} tokens in flight."
    if option.stops_paying == 0:
        low, high = float(option.low[0]), float(option.high[0])
        return (
            f"{option.name} is slower than bf16 throughout; with one token in flight published "
            f"figures range from {low:.1f} to {high:.1f} times bf16."
        )
    at = about(option.stops_paying)
    return f"{option.name} stops paying at about {at} tokens in flight ({_span(option)})."


def _span(option: KernelCurve) -> str:
    """Where it stops paying at either end of the kernel's own interval."""
    low, high = option.stops_between
    most = about(float(option.tokens[-1]))
    return f"{about(low or 1.0)} to {f'beyond {most}' if high is None else about(high)}"


def reading(found: KernelComparison) -> str:
    """How to read what is served and what it costs, and what could not be drawn."""
    told = (
        "Solid where both latencies are met; a ring where memory or the engine holds no more. "
        "Cost is of input and output tokens on GPUs that are never idle: a bill adds idle hours, "
        "spares and people."
    )
    refused = [f"{o.name}: {o.refused}." for o in found.options if o.refused]
    return " ".join([told, *refused])
