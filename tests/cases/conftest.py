"""The worked cases, and scenarios built from their inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from costmodel import Report, Scenario, evaluate

HERE = Path(__file__).parent
HOURS_PER_DAY = 24


@pytest.fixture(scope="session")
def cases() -> dict[str, Any]:
    """The cases by id."""
    data = yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8"))
    return {case["id"]: case for case in data["cases"]}


@pytest.fixture
def case(cases: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """The case a test is named after: `test_<case id>`, with or without `__what` behind it."""
    name = request.node.originalname.removeprefix("test_").split("__")[0]
    return cases[name]


@pytest.fixture
def report() -> Callable[..., Report]:
    """Evaluate options over one flat workload, nobody paid unless said.

    `tokens`: (input, output) per request. `mtok_per_month` or `tokens_per_day` is the volume;
    `hours` the month.
    """

    def evaluated(
        *options: Mapping[str, Any],
        mtok_per_month: float | None = None,
        tokens_per_day: float | None = None,
        tokens: tuple[float, float] = (900, 100),
        hours: float = 730,
        usd_per_hour: float = 0,
        hours_per_fleet: float = 0,
        profile: Any = "flat",
    ) -> Report:
        days = hours / HOURS_PER_DAY
        volume = tokens_per_day or (mtok_per_month or 0) * 1e6 / days
        workload = {
            "name": "work",
            "tokens_per_day": volume,
            "input_tokens": tokens[0],
            "output_tokens": tokens[1],
            "profile": profile,
        }
        scenario = {
            "name": "worked case",
            "as_of": "2026-11-23",
            "calendar": {"days_per_month": days, "hours_per_month": hours},
            "workloads": [workload],
            "options": list(options),
            "overheads": {
                "usd_per_hour": usd_per_hour,
                "per_fleet": {"hours_per_month": hours_per_fleet},
                "per_api": {"hours_per_month": 0},
            },
        }
        return evaluate(Scenario.model_validate(scenario))

    return evaluated


@pytest.fixture
def quoted() -> Callable[..., dict[str, Any]]:
    """An API at stated prices, USD per million tokens."""

    def option(
        price_in: float, price_out: float | None = None, name: str = "api"
    ) -> dict[str, Any]:
        prices = {
            "input_usd_per_mtok": price_in,
            "output_usd_per_mtok": price_in if price_out is None else price_out,
        }
        return {"name": name, "api": prices}

    return option


@pytest.fixture
def fleet() -> Callable[..., dict[str, Any]]:
    """A fleet at a stated throughput: load factor 1 and no spare unless said."""

    def option(
        usd_per_gpu_hour: float | None,
        total_tokens_per_s: float = 1e9,
        name: str = "own",
        extra: Mapping[str, float] | None = None,
        offer: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        priced = offer or {"terms": "on-demand", "usd_per_gpu_hour": usd_per_gpu_hour}
        selfhost = {
            "gpus_per_replica": 1,
            "throughput": {"total_tokens_per_s": total_tokens_per_s},
            "offers": [priced],
            "load_factor": 1,
            "spare_replicas": 0,
            "extra_monthly": [{"name": k, "usd": v} for k, v in (extra or {}).items()],
        }
        return {"name": name, "selfhost": selfhost | more}

    return option
