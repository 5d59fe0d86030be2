"""What the pickers offer: ids of the book, and the words for terms, classes and quantiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from costmodel.book import load_book
from costmodel.errors import InputError
from costmodel.scenario.workload import PROFILE_NAMES

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

AS_STATED = "as stated"
PROFILES = PROFILE_NAMES
"""Ready hours of the week."""

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


def kernels_for(weights: str) -> Sequence[str]:
    """Kernels that serve a format, led by the engine's own choice.

    >>> kernels_for("awq-int4")[:3]
    ["engine's choice", 'marlin', 'machete']
    """
    found = load_book().kernels.values()
    serving = [kernel.id for kernel in found if weights in kernel.formats]
    return [ENGINES_CHOICE, *serving]


@lru_cache(maxsize=1)
def engines_with_speed() -> Sequence[str]:
    """Engines whose speed was calibrated and whose memory is known, the default first."""
    from costmodel.book.engines import DEFAULT_ENGINE, engines
    from costmodel.book.roofline import roofline

    known = {row.id for row in engines()}
    calibrated = (row.engine for row in roofline().dense.constants)
    return list(dict.fromkeys([DEFAULT_ENGINE, *(name for name in calibrated if name in known)]))


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

    known: dict[str, tuple[str | None, str | None]] = {NEWEST: (None, None)}
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


@lru_cache(maxsize=4)
def _hosted(at: date) -> list[dict[str, list[str]]]:
    """For every open model, the live endpoints that serve it: provider -> models."""
    from costmodel.book.tokens import hosts, open_model_ids

    found: list[dict[str, list[str]]] = []
    for short_id in open_model_ids():
        by_provider: dict[str, list[str]] = {}
        for price in hosts(short_id, at, retired=True):
            by_provider.setdefault(price.provider, []).append(price.model)
        found.append(by_provider)
    return found


def same_weights(provider: str, model: str, elsewhere: str, at: date) -> str | None:
    """The model by which another provider serves the same open weights; None where none is known.

    >>> same_weights("groq", "llama-3.3-70b-versatile", "novita", date(2026, 11, 23))
    'meta-llama/llama-3.3-70b-instruct'
    >>> same_weights("groq", "llama-3.3-70b-versatile", "openai", date(2026, 11, 23))
    """
    known = _endpoint(provider, model, at)
    live = api_models(at).get(elsewhere, [])
    served = (
        each
        for by_provider in _hosted(at)
        if known[1] in by_provider.get(known[0], [])
        for each in by_provider.get(elsewhere, [])
    )
    return next((each for each in served if each in live), None)


def _endpoint(provider: str, model: str, at: date) -> tuple[str, str]:
    """An endpoint under its listed ids; as given where it is unknown."""
    from costmodel.book.tokens import token_price

    try:
        price = token_price(provider, model, at)
    except InputError:
        return provider, model
    return price.provider, price.model


def volumes(stated: float) -> list[float]:
    """The slider's stops: 100k to 100B in round steps, and the scenario's own volume."""
    from costmodel.quantity.words import short

    mantissas = [
        *(round(1 + 0.05 * i, 2) for i in range(20)),
        *(round(2 + 0.1 * i, 1) for i in range(30)),
        *(round(5 + 0.2 * i, 1) for i in range(25)),
    ]
    round_steps = [m * 10.0**power for power in range(5, 11) for m in mantissas] + [1e11]
    own = short(stated)
    return sorted([*(v for v in round_steps if short(v) != own), stated])
