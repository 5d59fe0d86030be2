"""What is to be served: requests, how they vary over the week, and what they require."""

from __future__ import annotations

from typing import Any

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from costmodel.errors import did_you_mean, nearest_ids
from costmodel.quantity.quantity import Quantity
from costmodel.quantity.units import HOURS_PER_WEEK
from costmodel.scenario.numbers import (
    AnyRate,
    AtLeastOne,
    NotNegative,
    Part,
    Positive,
    PositiveCount,
    PositiveShare,
    Share,
    one_of,
    stated,
)

PROFILE_NAMES = ("flat", "office-hours", "consumer-evening", "global", "spiky")
"""Profiles that go by a name; their numbers stand in the book."""


class Shape(Part):
    """One kind of request within a workload, and its share of the requests."""

    share: PositiveShare
    input_tokens: NotNegative
    output_tokens: NotNegative


class Profile(Part):
    """How traffic varies over the week. A plain name picks a ready profile."""

    name: str | None = None
    peak_to_mean: AtLeastOne | None = None
    hourly: tuple[float, ...] | None = None
    """168 weights from Monday 00:00 UTC; only their proportions matter."""
    usage: str | None = None
    """A request log beneath the scenario's folder."""
    burst_factor: AtLeastOne = stated(1.0)
    """99th percentile minute over its hour-of-week mean."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, data: Any) -> Any:
        return {"name": data} if isinstance(data, str) else data

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """A name or the full form: what editors check against."""
        return {"anyOf": [{"type": "string"}, handler.resolve_ref_schema(handler(core_schema))]}

    @model_validator(mode="after")
    def _one_form(self) -> Profile:
        one_of(self, "name", "peak_to_mean", "hourly", "usage", required=False)
        if self.name is not None and self.name not in PROFILE_NAMES:
            near = did_you_mean(nearest_ids(self.name, PROFILE_NAMES))
            raise ValueError(
                f"no profile is named {self.name!r}{near}; there are {', '.join(PROFILE_NAMES)}, "
                "or state peak_to_mean or hourly"
            )
        if self.hourly is not None:
            if len(self.hourly) != HOURS_PER_WEEK:
                raise ValueError(f"hourly needs 168 numbers, not {len(self.hourly)}")
            total = sum(self.hourly)
            if not (min(self.hourly) >= 0 and 0 < total < float("inf")):
                raise ValueError("hourly weights must be 0 or more, and not all 0")
        return self


class Slo(Part):
    """Latency that must hold: means, unless a percentile is given."""

    ttft_ms: Positive | None = None
    tpot_ms: Positive | None = None
    percentile: float | None = Field(default=None, gt=0, lt=100)


class Gate(Part):
    """Eval results that decide: files beneath the scenario's folder.

    A mapping says which option a file is about. A bare candidate is about the only self-hosted
    option; a bare baseline is what the APIs serve today.
    """

    baseline: str | dict[str, str]
    candidate: str | dict[str, str]
    margin: Positive = stated(0.02)
    metric: str | None = None

    @model_validator(mode="after")
    def _one_baseline(self) -> Gate:
        if isinstance(self.baseline, dict) and len(self.baseline) != 1:
            raise ValueError("baseline is one file, or one option and its file")
        if isinstance(self.candidate, dict) and not self.candidate:
            raise ValueError("candidate needs a file, or options and their files")
        if not 0 < self.margin.value < 1:
            raise ValueError("margin must be above 0 and below 1, such as 0.02")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """Every file it names."""
        return tuple(
            name
            for given in (self.baseline, self.candidate)
            for name in (given.values() if isinstance(given, dict) else [given])
        )


class Quality(Part):
    """What makes an answer good enough: an option stands where one of these says so."""

    min_retention: PositiveShare | None = None
    """Share of its own model's 16-bit score that an option must be likely to keep."""
    accepts: tuple[str, ...] | None = None
    """Options whose answers the user has found good enough."""
    gate: Gate | None = None

    @model_validator(mode="after")
    def _some_form(self) -> Quality:
        one_of(self, "min_retention", "gate", required=False)
        if self.min_retention is None and self.accepts is None and self.gate is None:
            raise ValueError("needs one of: min_retention, accepts, gate")
        return self


class Workload(Part):
    """A stream of requests."""

    name: str = Field(min_length=1)
    task: str | None = None
    """A task family of the quality book."""
    tokens_per_day: Positive | None = None
    requests_per_day: Positive | None = None
    input_tokens: NotNegative | None = None
    """Mean per request."""
    output_tokens: NotNegative | None = None
    """Mean per request."""
    shapes: tuple[Shape, ...] | None = None
    cached_input_share: Share = stated(0.0)
    cache_write_share: Share = stated(0.0)
    batch_share: Share = stated(0.0)
    profile: Profile | None = None
    growth_per_month: AnyRate = stated(0.0)
    max_context: PositiveCount | None = None
    slo: Slo | None = None
    quality: Quality | None = None
    requires: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Workload:
        one_of(self, "tokens_per_day", "requests_per_day")
        means = self.input_tokens is not None and self.output_tokens is not None
        if self.shapes is not None and (self.input_tokens or self.output_tokens):
            raise ValueError("say shapes, or input_tokens and output_tokens, not both")
        if self.shapes is None and not means:
            raise ValueError("needs input_tokens and output_tokens (means per request), or shapes")
        if self.shapes is not None and abs(sum(s.share.value for s in self.shapes) - 1) > 1e-6:
            total = sum(s.share.value for s in self.shapes)
            raise ValueError(f"the shares of the shapes must add up to 1, not {total:g}")
        if not self.tokens_per_request > 0:
            raise ValueError("a request needs tokens: input_tokens + output_tokens is 0")
        if self.max_context is not None and self.longest_request > self.max_context.value:
            raise ValueError(
                f"max_context ({self.max_context.value:,.0f} tokens) is below a request of this "
                f"workload ({self.longest_request:,.0f} tokens)"
            )
        if self.cached_input_share.value + self.cache_write_share.value > 1:
            raise ValueError("cached_input_share + cache_write_share must be at most 1")
        return self

    @property
    def request_shapes(self) -> tuple[Shape, ...]:
        """The shapes; one with the means where none are given."""
        if self.shapes is not None:
            return self.shapes
        assert self.input_tokens is not None
        assert self.output_tokens is not None
        return (  # checked with the workload; under many draws at once each holds an array
            Shape.model_construct(
                share=Quantity(value=1.0),
                input_tokens=self.input_tokens,
                output_tokens=self.output_tokens,
            ),
        )

    @property
    def mean_input_tokens(self) -> float:
        """Input tokens of the mean request."""
        return sum(s.share.value * s.input_tokens.value for s in self.request_shapes)

    @property
    def mean_output_tokens(self) -> float:
        """Output tokens of the mean request."""
        return sum(s.share.value * s.output_tokens.value for s in self.request_shapes)

    @property
    def longest_request(self) -> float:
        """Tokens of the longest shape, input and output."""
        return max(s.input_tokens.value + s.output_tokens.value for s in self.request_shapes)

    @property
    def longest_context(self) -> float:
        """Tokens of context that must be served: the promise, or the longest shape."""
        return self.max_context.value if self.max_context is not None else self.longest_request

    @property
    def tokens_per_request(self) -> float:
        """Input and output tokens of the mean request."""
        return self.mean_input_tokens + self.mean_output_tokens

    @property
    def daily_tokens(self) -> float:
        """Tokens per day, however the volume was stated."""
        if self.tokens_per_day is not None:
            return self.tokens_per_day.value
        assert self.requests_per_day is not None
        return self.requests_per_day.value * self.tokens_per_request

    def moved(self, factor: float) -> Workload:
        """The workload with its volume multiplied."""
        names = ("tokens_per_day", "requests_per_day")
        stated = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return self.model_copy(update={n: q.scaled(factor) for n, q in stated.items()})
