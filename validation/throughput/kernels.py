"""What the other kernels say of one: the published single figures, each with its own row left out.

The bandwidth factors of kernels alike are taken as a sample of a lognormal distribution; what the
others predict of the one left out is Student's interval for a new observation. The intervals in
`kernels.yaml` must hold what the others predict.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from costmodel.book import load_book

FAMILIES = {
    "unpacked as they go": ("awq", "gptq", "bitsandbytes", "gguf"),
    "fused with the multiplication": ("marlin", "machete", "trtllm"),
}
"""Kernels of one manner of working."""

AT_TEN = "about 10"
"""How the evidence names the published single figures."""


@dataclass(frozen=True)
class LeftOut:
    """One published factor and the 80 % interval that the others' evidence gives."""

    kernel: str
    published: float
    low: float
    high: float
    stated_low: float
    stated_high: float

    @property
    def inside(self) -> bool:
        """Whether the others predicted it."""
        return self.low <= self.published <= self.high


def left_out() -> list[LeftOut]:
    """Every published figure at about ten requests in flight."""
    book = load_book()
    found = []
    for names in FAMILIES.values():
        evidence = [
            (kernel, item)
            for kernel in (book.kernel(name) for name in names)
            for item in kernel.evidence
            if item.factor == "bandwidth"
        ]
        for kernel, item in evidence:
            if item.in_flight != AT_TEN:
                continue
            same_study = {
                id(i) for _, i in evidence if i.source[:40] == item.source[:40] and _ is kernel
            }
            others = [i.value for _, i in evidence if id(i) not in same_study]
            low, high = predicted(np.array(others))
            stated = kernel.factors_on(book.gpu(item.gpu or "").compute_capability)
            bandwidth = stated.bandwidth_efficiency
            found.append(LeftOut(kernel.id, item.value, low, high, bandwidth.low, bandwidth.high))
    return found


def predicted(others: np.ndarray) -> tuple[float, float]:
    """80 % interval of one more of the same lognormal kind."""
    logs, n = np.log(others), len(others)
    half = stats.t.ppf(0.9, n - 1) * logs.std(ddof=1) * np.sqrt(1 + 1 / n)
    return float(np.exp(logs.mean() - half)), float(np.exp(logs.mean() + half))
