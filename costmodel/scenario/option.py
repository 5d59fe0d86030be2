"""One way to serve the workloads: an API, own GPUs, a hybrid of both, or a mix by workload."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from costmodel.scenario.api import Api
from costmodel.scenario.numbers import (
    Count,
    Part,
    PositiveCount,
    PositiveShare,
    Share,
    one_of,
    stated,
)
from costmodel.scenario.selfhost import SelfHost

OptionKind = Literal["api", "selfhost", "hybrid", "mix"]


class Hybrid(Part):
    """Base load on a self-hosted option, overflow to an API option, both by name."""

    selfhost: str
    api: str
    replicas: Literal["optimal"] | PositiveCount = "optimal"
    spare_replicas: Count = stated(0.0)

    @model_validator(mode="after")
    def _spares_within(self) -> Hybrid:
        if self.replicas != "optimal" and self.spare_replicas.value >= self.replicas.value:
            raise ValueError("replicas counts the spares too: it must exceed spare_replicas")
        return self


class Escalation(Part):
    """Answers that are not good enough, asked again at an API."""

    to: str
    """The API option that answers in the end."""
    share: PositiveShare | dict[str, Share]
    """Of the requests; or by workload, where those not named escalate nothing."""

    def share_of(self, workload: str) -> float:
        """The share of a workload's requests."""
        if isinstance(self.share, dict):
            given = self.share.get(workload)
            return given.value if given is not None else 0.0
        return self.share.value


class Option(Part):
    """One way to serve the workloads."""

    name: str = Field(min_length=1)
    api: Api | None = None
    selfhost: SelfHost | None = None
    hybrid: Hybrid | None = None
    mix: dict[str, str] | None = None
    """Workload name -> option name."""
    satisfies: tuple[str, ...] = ()
    escalation: Escalation | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Option:
        one_of(self, "api", "selfhost", "hybrid", "mix")
        if self.escalation is not None and (self.hybrid or self.mix):
            raise ValueError("escalation belongs to an api or selfhost option, not to one of both")
        return self

    @property
    def members(self) -> tuple[str, ...]:
        """The options that do its work: itself, or the parts of a hybrid or a mix."""
        if self.hybrid is not None:
            return self.hybrid.selfhost, self.hybrid.api
        return tuple(dict.fromkeys(self.mix.values())) if self.mix else (self.name,)

    def servers(self, workload: str) -> tuple[str, ...]:
        """Of these, the ones that serve a workload."""
        return self.members if self.mix is None else (self.mix[workload],)

    @property
    def single(self) -> Api | SelfHost | None:
        """The API or the own GPUs it is; None of a hybrid or a mix, which are made of others."""
        return self.api or self.selfhost

    @property
    def model(self) -> str | None:
        """The model of an API or of own GPUs, where it is named."""
        return self.single.model if self.single else None

    @property
    def kind(self) -> OptionKind:
        """Which of the four kinds it is."""
        kinds: tuple[OptionKind, ...] = ("api", "selfhost", "hybrid", "mix")
        return next(kind for kind in kinds if getattr(self, kind) is not None)
