"""How fast throughput is estimated: 300 cases at once, a hundred thousand of one; `make bench`."""

from __future__ import annotations

import sys

import numpy as np

from bench.run import best_ms
from costmodel.book import load_book
from costmodel.book.roofline import roofline
from costmodel.serving.roofline import Case, Load, estimate, stack
from costmodel.sizing import fit
from costmodel.sizing.lookup import Serving, kernel_for, look_up
from costmodel.sizing.server import Server, case_of
from costmodel.sizing.throughput import throughput

CASES, MANY = 300, 100_000
MOST_CASES_MS, MOST_MANY_MS = 5.0, 1000.0


def server(shape: Load) -> Server:
    """Llama-3.3-70B in fp8 on two H100."""
    setup = look_up("llama-3.3-70b", Serving("h100-sxm", "fp8", None, 2), borrow_memory=True)
    kernel = kernel_for(setup.format, setup.gpu, None)
    return Server(setup, kernel, shape, "vllm", "0.19", "fixed")


def cases() -> tuple[Case, np.ndarray]:
    """Distinct models, GPUs, formats and shapes side by side, and the requests in flight."""
    book, found = load_book(), []
    for model in ("llama-3.1-8b", "llama-3.3-70b", "qwen3-32b", "mistral-7b", "qwen3-30b-a3b"):
        for gpu in ("h100-sxm", "h200", "a100-80gb", "l40s", "b200"):
            for weights in ("bf16", "fp8", "awq-int4"):
                if weights == "fp8" and gpu == "a100-80gb":
                    weights = "int8-w8a8"  # noqa: PLW2901 - what this GPU multiplies in
                setup = look_up(model, Serving(gpu, weights, None, 8), borrow_memory=True)
                kernel = book.kernel(setup.format.default_kernel)
                found += [case_of(setup, kernel, Load(1000.0 * i, 300.0, 8)) for i in (1, 2, 4, 8)]
    parts = found[:CASES]
    together = Case(
        stack([part.model for part in parts]),
        stack([part.hardware for part in parts]),
        stack([part.kernel for part in parts]),
        stack([part.load for part in parts]),
    )
    return together, np.linspace(1, 256, len(parts))


def main() -> int:
    """Print the table; 1 where a figure is above its limit."""
    together, in_flight = cases()
    constants = roofline().dense.of("vllm").plain()
    one, many = server(Load(1500.0, 300.0, 2)), np.linspace(1, 512, MANY)
    asked = {
        "gpu": "h100-sxm",
        "format": "fp8",
        "tp": 2,
        "input_tokens": 1500,
        "output_tokens": 300,
    }
    rows = [
        (
            f"{len(in_flight)} cases, one call",
            best_ms(lambda: estimate(together, constants, in_flight)),
            MOST_CASES_MS,
        ),
        (f"{MANY:,} anchored, one call", best_ms(lambda: one.at(many), 5), MOST_MANY_MS),
    ]
    print(f"{'':36}{'measured':>10}{'at most':>10}{'ratio':>8}")
    for name, measured, most in rows:
        print(f"{name:36}{measured:8.2f}ms{most:8.0f}ms{measured / most:8.2f}")
    whole = best_ms(lambda: throughput("llama-3.3-70b", **asked))
    print(f"{'whole throughput(), for comparison':36}{whole:8.2f}ms")
    held = best_ms(lambda: fit("glm-5.2", gpu="h200", format="fp8", context=32768, concurrency=8))
    print(f"{'whole fit(), for comparison':36}{held:8.2f}ms")
    return int(any(measured > most for _, measured, most in rows))


if __name__ == "__main__":
    sys.exit(main())
