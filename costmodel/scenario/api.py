"""Paying per token: a price list from the book or a quote, and contracts on the month."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from costmodel.scenario.numbers import (
    NotNegative,
    Part,
    Positive,
    Share,
    stated,
)
from costmodel.scenario.open_choices import OneOrMore


class ContractStep(Part):
    """A band of monthly spend or volume and the discount in it; the last band has no end."""

    up_to_usd_per_month: Positive | None = None
    up_to_mtok_per_month: Positive | None = None
    discount: Share = stated(0.0)


_CONTRACT_FIELDS = {
    "graduated": {"steps"},
    "all-units": {"steps"},
    "commit": {"usd_per_month", "discount", "overage_discount"},
    "provisioned": {"usd_per_unit_month", "tokens_per_s"},
}
"""What each kind of contract is made of."""


class Contract(Part):
    """Terms over a month's list spend."""

    kind: Literal["graduated", "all-units", "commit", "provisioned"]
    steps: tuple[ContractStep, ...] | None = None
    usd_per_month: Positive | None = None
    discount: Share = stated(0.0)
    overage_discount: Share = stated(0.0)
    usd_per_unit_month: Positive | None = None
    tokens_per_s: Positive | None = None

    @model_validator(mode="after")
    def _complete(self) -> Contract:
        for name, field in type(self).model_fields.items():
            foreign = name != "kind" and name not in _CONTRACT_FIELDS[self.kind]
            if foreign and getattr(self, name) != field.default:
                raise ValueError(f"{name} means nothing in a contract of kind {self.kind}")
        if self.kind in ("graduated", "all-units"):
            self._check_steps(self.steps)
        elif self.kind == "commit" and self.usd_per_month is None:
            raise ValueError("a commit contract needs usd_per_month")
        elif self.kind == "provisioned" and not (self.usd_per_unit_month and self.tokens_per_s):
            raise ValueError("a provisioned contract needs usd_per_unit_month and tokens_per_s")
        return self

    def _check_steps(self, steps: tuple[ContractStep, ...] | None) -> None:
        if not steps:
            raise ValueError(f"a contract of kind {self.kind} needs steps")
        ends = [s.up_to_usd_per_month or s.up_to_mtok_per_month for s in steps]
        by_spend = {s.up_to_usd_per_month is not None for s in steps[:-1]}
        if len(by_spend) > 1 or any(
            s.up_to_usd_per_month and s.up_to_mtok_per_month for s in steps
        ):
            raise ValueError("state every step up to a spend, or every step up to a volume")
        if ends[-1] is not None or None in ends[:-1]:
            raise ValueError("every step but the last needs up_to_...; the last has no end")
        values = [end.value for end in ends if end is not None]
        if values != sorted(set(values)):
            raise ValueError("the ends of the steps must ascend")


class Api(Part):
    """A price list: one in the book, by provider and model, or one quoted here."""

    provider: str | None = None
    model: OneOrMore | None = None
    input_usd_per_mtok: NotNegative | None = None
    output_usd_per_mtok: NotNegative | None = None
    cached_input_usd_per_mtok: NotNegative | None = None
    cache_write_usd_per_mtok: NotNegative | None = None
    batch_discount: Share | None = None
    stacks: bool | None = None
    """Whether the batch discount also applies to cached input."""
    precision: str | None = None
    rate_limit_tokens_per_minute: Positive | None = None
    input_token_ratio: Positive | None = None
    output_token_ratio: Positive | None = None
    contract: Contract | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _book_or_quote(self) -> Api:
        quoted = self.input_usd_per_mtok is not None or self.output_usd_per_mtok is not None
        if quoted and (self.input_usd_per_mtok is None or self.output_usd_per_mtok is None):
            raise ValueError("a quoted price needs input_usd_per_mtok and output_usd_per_mtok")
        if quoted and self.model is not None:
            raise ValueError("say provider and model, or quote prices, not both")
        for name in ("cached_input_usd_per_mtok", "cache_write_usd_per_mtok", "batch_discount"):
            if not quoted and getattr(self, name) is not None:
                raise ValueError(f"{name} belongs to a quote: state input and output prices too")
        if not quoted and (self.provider is None or self.model is None):
            raise ValueError("needs provider and model, or quoted input and output prices")
        return self

    @property
    def is_quoted(self) -> bool:
        """Whether the prices stand in the scenario itself."""
        return self.input_usd_per_mtok is not None
