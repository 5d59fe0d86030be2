"""The records that :mod:`costmodel.sizing` answers with: frozen, JSON-ready, HTML in notebooks.

Attribute names are JSON keys. Nothing here computes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Literal

from costmodel.units import GIB


@dataclass(frozen=True)
class Assumption:
    """One number an answer rests on, with where and when it was stated."""

    path: str
    value: float | str
    unit: str
    kind: str
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
            if name != "assumptions"
        )
        return f"<table>{''.join(rows)}</table>"


@dataclass(frozen=True)
class Fit(_Result):
    """Whether a model fits, and for how many requests at once.

    Sizes in bytes; `kv_pool_bytes`, `kv_bytes_per_token` and `kv_bytes_per_sequence` over all
    GPUs of the replica; `max_concurrency`, `low` and `high` in requests of the planned length.
    """

    verdict: Literal["fits", "tight", "does_not_fit"]
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


@dataclass(frozen=True)
class Throughput(_Result):
    """What one replica serves. `low` and `high` are an 80 % interval of `output_tokens_per_s`."""

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


def _plain(value: Any) -> Any:
    if isinstance(value, Assumption):
        return value.to_dict()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _shown(name: str, value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "—"
    if name.endswith("_bytes") or "_bytes_per_" in name:
        return f"{value / GIB:,.2f} GiB" if value >= GIB / 100 else f"{value:,} bytes"
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
