"""What the pickers offer: ids of the book, and the words for terms, classes and quantiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from costmodel.book import load_book
from costmodel.errors import nearest_ids

SMALLEST_TP = "smallest that fits"
ENGINES_CHOICE = "engine's choice"
ANY_CLASS = "all providers"
CLASSES = (ANY_CLASS, "hyperscaler", "neocloud", "marketplace")
QUANTILES = ("min", "median", "max")
TERMS = {
    "on demand": ("on-demand", None),
    "spot": ("spot", None),
    "reserved, 1 year": ("reserved", 12),
    "reserved, 3 years": ("reserved", 36),
}
"""In words -> (terms, months)."""

SCALINGS = ("always-on", "scheduled")
PARALLEL = (SMALLEST_TP, "1", "2", "4", "8")
GROUPS = ("1", "2", "4", "8", "16")
"""GPUs of one replica; 16 are two nodes."""

AS_RELEASED = "as released"
SIXTEEN_BIT = "bf16"
NEWEST = "vllm, newest"


def with_stated(options: Iterable[str], stated: str) -> list[str]:
    """The options, led by what the scenario says where they lack it.

    >>> with_stated(["fp8", "bf16"], "awq")
    ['awq', 'fp8', 'bf16']
    """
    known = list(options)
    return known if stated in known else [stated, *known]


def models() -> Sequence[str]:
    """Open models whose architecture is known."""
    return sorted(load_book().models)


def formats() -> Sequence[str]:
    """Weight formats."""
    return list(load_book().formats)


def kernels() -> Sequence[str]:
    """GEMM kernels, led by the engine's own choice."""
    return [ENGINES_CHOICE, *load_book().kernels]


def gpus() -> Sequence[str]:
    """GPUs."""
    return list(load_book().gpus)


@lru_cache(maxsize=1)
def engine_versions() -> dict[str, tuple[str | None, str | None]]:
    """Engines whose memory is known, in words -> (engine, version); the default leaves both open.

    >>> engine_versions()["vllm 0.17 to before 0.21"]
    ('vllm', '0.17')
    """
    from costmodel.book.engines import engines

    known = {NEWEST: (None, None)}
    for row in engines():
        if row.supported:
            single = row.versions.from_ is None and row.versions.before is None
            words = row.id if single else f"{row.id} {row.versions}"
            known[words] = (row.id, row.versions.from_)
    return known


@lru_cache(maxsize=1)
def kv_dtypes() -> Sequence[str]:
    """Number formats of the KV cache that any engine offers, 16 bits first."""
    from costmodel.book.engines import engines

    offered = dict.fromkeys(name for row in engines() for name in row.kv_dtypes)
    return list(dict.fromkeys([SIXTEEN_BIT, *offered]))


@lru_cache(maxsize=4)
def api_models(at: date) -> dict[str, list[str]]:
    """Models with a price per token by provider, retired endpoints left out."""
    from costmodel.book.tokens import search_prices

    found: dict[str, list[str]] = {}
    for price in search_prices("", at):
        if not price.retired:
            found.setdefault(price.provider, []).append(price.model)
    return found


def nearest_model(model: str, offered: Sequence[str]) -> str:
    """The model of another provider that is most like this one.

    >>> nearest_model("llama-3.3-70b-versatile", ["a/qwen3-32b", "a/Llama-3.3-70B-Instruct"])
    'a/Llama-3.3-70B-Instruct'
    """
    by_tail = {each.rsplit("/", 1)[-1]: each for each in offered}
    near = nearest_ids(model.rsplit("/", 1)[-1], by_tail, most=1)
    return by_tail[near[0]] if near else offered[0]


def volumes(stated: float) -> list[float]:
    """The slider's stops: 100k to 100B in round steps, and the scenario's own volume."""
    from costmodel.wording import short

    mantissas = [
        *(round(1 + 0.05 * i, 2) for i in range(20)),
        *(round(2 + 0.1 * i, 1) for i in range(30)),
        *(round(5 + 0.2 * i, 1) for i in range(25)),
    ]
    round_steps = [m * 10.0**power for power in range(5, 11) for m in mantissas] + [1e11]
    own = short(stated)
    return sorted([*(v for v in round_steps if short(v) != own), stated])
