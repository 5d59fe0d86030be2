"""The records that :mod:`costmodel.sizing` answers with: frozen, JSON-ready, HTML in notebooks.

Attribute names are JSON keys. Nothing here computes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from costmodel.quantity.units import GIB

if TYPE_CHECKING:
    from costmodel.quantity.quantity import Kind

Verdict = Literal["fits", "tight", "does_not_fit"]


@dataclass(frozen=True)
class Assumption:
    """One number an answer rests on, with where and when it was stated."""

    path: str
    value: float | str
    unit: str
    kind: Kind
    source: str = ""
    as_of: date | str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON states it; the date in ISO form."""
        when = self.as_of.isoformat() if isinstance(self.as_of, date) else self.as_of or None
        return {**asdict(self), "source": self.source or None, "as_of": when}


class _Result:
    """What both answers can do."""

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON states it: attribute names are keys."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        from html import escape

        rows = (
            f"<tr><th align='left'>{escape(name)}</th><td>{escape(_shown(name, value))}</td></tr>"
            for name, value in self.to_dict().items()
            if name != "assumptions" and not _is_table(value)
        )
        return f"<table>{''.join(rows)}</table>"


@dataclass(frozen=True)
class PerGpu:
    """One GPU as a stacked bar [bytes]: the first five add up to `card_bytes` when it fits.

    `unusable_bytes`: what the driver keeps and what the engine's share leaves alone.
    `missing_bytes`: what the KV cache in use would need beyond the budget.
    """

    weights_bytes: int
    kv_in_use_bytes: int
    kv_free_bytes: int
    overhead_bytes: int
    unusable_bytes: int
    card_bytes: int
    missing_bytes: int


@dataclass(frozen=True)
class KvCache:
    """The KV cache as a line of its own; bytes over all GPUs of the replica."""

    dtype: str
    bytes_per_token: int
    bytes_per_sequence: int
    pool_bytes: int
    in_use_bytes: int


@dataclass(frozen=True)
class GroupRow:
    """The same question on `tp` GPUs in `nodes` machines of eight."""

    tp: int
    nodes: int
    verdict: Verdict
    max_concurrency: float
    low: float
    high: float
    weights_bytes_per_gpu: int
    kv_pool_bytes: int
    overhead_bytes_per_gpu: int


@dataclass(frozen=True)
class Remedy:
    """A change that makes it fit, evaluated again before it is offered.

    `change` holds options of `fit` and their new values.
    """

    text: str
    change: dict[str, Any]
    verdict: Verdict
    max_concurrency: float
    gpus: int


@dataclass(frozen=True)
class Fit(_Result):
    """Whether a model fits, and for how many requests at once.

    Sizes in bytes; `kv_pool_bytes`, `kv_bytes_per_token` and `kv_bytes_per_sequence` over all
    GPUs of the replica; `max_concurrency`, `low` and `high` in requests of the planned length.
    `largest_context` [tokens] at the concurrency asked for, `largest_concurrency` [whole requests]
    at the context asked for.
    """

    verdict: Verdict
    gpus_needed: int | None
    weights_bytes: int
    weights_bytes_per_gpu: int
    kv_pool_bytes: int
    kv_bytes_per_token: int
    kv_bytes_per_sequence: int
    overhead_bytes_per_gpu: int
    usable_bytes_per_gpu: int
    max_concurrency: float
    low: float
    high: float
    assumptions: tuple[Assumption, ...] = ()
    tp: int = 1
    context: int = 0
    concurrency: float = 1
    budget_bytes_per_gpu: int = 0
    largest_context: int = 0
    largest_concurrency: int = 0
    max_sequences: int = 0
    per_gpu: PerGpu | None = None
    kv_cache: KvCache | None = None
    by_tp: tuple[GroupRow, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Throughput(_Result):
    """What one replica serves. `low` and `high` are an 80 % interval of `output_tokens_per_s`.

    `notes` say in words what the number is not.
    """

    requests_per_s: float
    output_tokens_per_s: float
    total_tokens_per_s: float
    ttft_ms: float | None
    tpot_ms: float | None
    concurrency: float | None
    provenance: Literal["measured", "anchored", "estimated"]
    low: float
    high: float
    sources: tuple[str, ...]
    assumptions: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MeasuredPoint:
    """One published point of a throughput curve; latencies None where the source is silent."""

    concurrency: float
    output_tokens_per_s: float
    ttft_ms: float | None
    tpot_ms: float | None
    engine: str
    source: str
    source_url: str


@dataclass(frozen=True)
class ThroughputCurve:
    """One replica over the requests in flight: arrays of one length, in the order asked.

    `low` and `high` are an 80 % interval of `output_tokens_per_s`; latencies are means [ms];
    `max_concurrency` is what memory and engine hold.
    """

    concurrency: Any
    output_tokens_per_s: Any
    low: Any
    high: Any
    requests_per_s: Any
    ttft_ms: Any
    tpot_ms: Any
    within_slo: Any
    max_concurrency: float
    measured: tuple[MeasuredPoint, ...] = ()

    @property
    def frame(self) -> Any:
        """The arrays as a DataFrame, a row per concurrency."""
        import pandas as pd

        names = [f.name for f in fields(self) if f.name not in ("max_concurrency", "measured")]
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""
        arrays = {
            f.name: [value.item() for value in getattr(self, f.name)]
            for f in fields(self)
            if f.name not in ("max_concurrency", "measured")
        }
        points = [vars(point) for point in self.measured]
        return {**arrays, "max_concurrency": self.max_concurrency, "measured": points}

    def _repr_html_(self) -> str:
        return self.frame._repr_html_()


def _plain(value: Any) -> Any:
    if isinstance(value, Assumption):
        return value.to_dict()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and isinstance((*value, 0)[0], dict))


def _shown(name: str, value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "—"
    if name.endswith("_bytes") or "_bytes_per_" in name:
        return f"{value / GIB:,.2f} GiB" if value >= GIB / 100 else f"{value:,} bytes"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
