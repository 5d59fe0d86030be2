"""The files laid over the price library: `pricing/api_corrections.yaml` and `open_models.yaml`.

They hold hosts the library lacks, prices it has wrong, retirement dates, served precisions and
what a cached token pays in a batch. This module reads them once and finds rows in them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from costmodel.book.files import pricing_dir, read_yaml
from costmodel.book.token_records import ApiCorrections, OpenModels
from costmodel.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from costmodel.book.token_records import BatchFact, EndpointFact, PriceRow, Sourced

CORRECTIONS_FILE = "api_corrections.yaml"
OPEN_MODELS_FILE = "open_models.yaml"

_File = TypeVar("_File", ApiCorrections, OpenModels)
_Row = TypeVar("_Row", bound="Sourced")


@cache
def corrections() -> ApiCorrections:
    """Every row of `pricing/api_corrections.yaml`."""
    return _read(CORRECTIONS_FILE, ApiCorrections)


@cache
def open_models() -> dict[str, tuple[tuple[str, str], ...]]:
    """Our short model id -> (provider, model) of each endpoint that serves these weights."""
    hosts = _read(OPEN_MODELS_FILE, OpenModels).hosts
    return {
        short_id: tuple(_split(endpoint) for endpoint in endpoints)
        for short_id, endpoints in hosts.items()
    }


def price_row(provider: str, model: str, day: date | None = None) -> PriceRow | None:
    """The correction of one price that holds on `day`, if there is one."""
    row = _index_prices().get((provider, model.lower()))
    if row is None or (day and row.since and day < row.since):
        return None
    return row


def endpoint_fact(provider: str, model: str) -> EndpointFact | None:
    """What the file says about one endpoint besides its price."""
    return _index_endpoints().get((provider, model.lower()))


def batch_fact(provider: str) -> BatchFact | None:
    """What the file says about cached tokens in this provider's batches."""
    return next((fact for fact in corrections().batch if fact.provider == provider), None)


def providers() -> set[str]:
    """Providers with at least one price of our own."""
    return {row.provider for row in corrections().prices}


def models(provider: str) -> list[str]:
    """Models of one provider with a price of our own."""
    return [row.model for row in corrections().prices if row.provider == provider]


@cache
def _index_prices() -> dict[tuple[str, str], PriceRow]:
    return _by_endpoint(corrections().prices)


@cache
def _index_endpoints() -> dict[tuple[str, str], EndpointFact]:
    return _by_endpoint(corrections().endpoints)


def _by_endpoint(rows: Iterable[_Row]) -> dict[tuple[str, str], _Row]:
    return {(row.provider, row.model.lower()): row for row in rows}


def _split(endpoint: str) -> tuple[str, str]:
    provider, _, model = endpoint.partition("/")
    return provider, model


def _read(name: str, record: type[_File]) -> _File:
    path = pricing_dir() / name
    try:
        return record.model_validate(read_yaml(path))
    except ValidationError as error:
        raise InputError(
            Problem(problem["msg"], ".".join(map(str, problem["loc"])), str(path))
            for problem in error.errors()
        ) from error
