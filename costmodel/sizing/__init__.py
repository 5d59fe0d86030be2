"""Names in, records out: whether a model fits its GPUs, and how fast they serve it.

:func:`fit` and :func:`throughput` look names up in the book, hand plain numbers to
:mod:`costmodel.serving`, and return records that carry every assumption with source and date.
"""

from __future__ import annotations

from costmodel.sizing.fit import fit, fit_map
from costmodel.sizing.kernels import KernelComparison, compare_kernels
from costmodel.sizing.records import Fit, Throughput, ThroughputCurve
from costmodel.sizing.throughput import throughput, throughput_curve

__all__ = [
    "Fit",
    "KernelComparison",
    "Throughput",
    "ThroughputCurve",
    "compare_kernels",
    "fit",
    "fit_map",
    "throughput",
    "throughput_curve",
]
