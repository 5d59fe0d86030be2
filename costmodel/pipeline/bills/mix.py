"""The bill of several options side by side, each serving its workloads.

An option whose answers escalate is one of these too: what it passes on is a part of its own. Parts
under one contract of one provider are billed together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import add
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from costmodel.cost.curve import CostCurve, Floats, PiecewiseLinear
from costmodel.cost.terms import FleetTerms
from costmodel.pipeline.bills.api import CONTRACT, ApiBill, contract_map
from costmodel.pipeline.bills.bill import Bill, Held, Place, weakest
from costmodel.pipeline.bills.fleet import FleetBill
from costmodel.pipeline.bills.records import BillLine, FleetResult, FleetWeek
from costmodel.quantity.quantity import Kind
from costmodel.quantity.units import MTOK


@dataclass(frozen=True, eq=False)
class JointContract:
    """One contract over several API options of one provider: its steps count their sum."""

    parts: Mapping[str, ApiBill]

    @property
    def provider(self) -> str:
        """Whose contract it is."""
        return next(iter(self.parts.values())).api.provider or ""

    @cached_property
    def list_spend(self) -> PiecewiseLinear:
        """Monthly spend at list prices."""
        return reduce(add, (part.list_spend for part in self.parts.values()))

    @cached_property
    def people_usd(self) -> float:
        """The people who watch each part."""
        return sum(part.people_usd for part in self.parts.values())

    @cached_property
    def curve(self) -> CostCurve:
        """The bill over volume, with the people who watch each part."""
        bills = list(self.parts.values())
        spends = [bill.stated_spend() for bill in bills]
        usd_per_mtok = sum(usd for usd, _ in spends) / sum(tokens for _, tokens in spends) * MTOK
        contract = contract_map(bills[0].api.contract, usd_per_mtok)
        return CostCurve(contract.of(self.list_spend) + PiecewiseLinear.line(self.people_usd))

    def line(self, volume: float) -> BillLine:
        """What it takes off the list prices of its parts."""
        off = float(self.curve(volume)) - self.people_usd - float(self.list_spend(volume))
        return BillLine(f"{self.provider}: {CONTRACT}", off, "assumed", "the contract")


@dataclass(frozen=True, eq=False)
class MixBill(Bill):
    """Several options side by side, each serving its workloads."""

    parts: Mapping[str, ApiBill | FleetBill]
    escalated: frozenset[str] = frozenset()
    """Parts that answer what another option passed on."""

    # ----------------------------------------------------------------------- what it comes to

    @cached_property
    def curve(self) -> CostCurve:
        """The bill over volume."""
        alone = [part.curve for name, part in self.parts.items() if name not in self._joined]
        return reduce(add, [*alone, *(contract.curve for contract in self.contracts)])

    @cached_property
    def contracts(self) -> tuple[JointContract, ...]:
        """Contracts that several parts are under: spend at one provider counts together."""
        groups: list[dict[str, ApiBill]] = []
        for name, part in self.parts.items():
            if not isinstance(part, ApiBill) or not part.counts_by_provider:
                continue
            for group in groups:
                other = next(iter(group.values())).api
                if (other.provider, other.contract) == (part.api.provider, part.api.contract):
                    group[name] = part
                    break
            else:
                groups.append({name: part})
        return tuple(JointContract(group) for group in groups if len(group) > 1)

    @cached_property
    def _joined(self) -> Mapping[str, ApiBill]:
        """Parts that share a contract with another."""
        return {n: part for contract in self.contracts for n, part in contract.parts.items()}

    # ---------------------------------------------------------------------------- what it is

    @property
    def evidence(self) -> Kind:
        """The weakest of its parts, but for what is asked again elsewhere."""
        own = (part for name, part in self.parts.items() if name not in self.escalated)
        return weakest(part.evidence for part in own)

    def lines(self, volume: float) -> Iterator[BillLine]:
        """The lines of every part; a contract over several of them is one line."""
        for name, part in self.parts.items():
            joined = self._joined.get(name)
            lines = joined.list_price_lines(volume) if joined else part.lines(volume)
            for line in lines:
                yield replace(line, name=f"{name}: {line.name}")
        for contract in self.contracts:
            yield contract.line(volume)

    def fleet(self, volume: float) -> FleetResult | None:
        """All own GPUs in it together."""
        own = {n: found for n, part in self.parts.items() if (found := part.fleet(volume))}
        if not own:
            return None
        fleets = own.values()
        replicas = sum(fleet.replicas for fleet in fleets)
        busy = sum(fleet.utilisation * fleet.replicas for fleet in fleets)
        served = sum(self.parts[name].tokens_per_day(volume) for name in own)
        return FleetResult(
            replicas=replicas,
            gpus=sum(fleet.gpus for fleet in fleets),
            fit=None,
            throughput={k: v for fleet in fleets for k, v in fleet.throughput.items()},
            capacity_tokens_per_day_per_replica=served / busy if busy else 0.0,
            utilisation=busy / replicas if replicas else 0.0,
            idle_usd=sum(fleet.idle_usd for fleet in fleets),
            all_in_multiple=None,
        )

    def week(self, volume: float) -> Mapping[str, FleetWeek]:
        """Each fleet by part."""
        return {n: week for n, part in self.parts.items() for week in part.week(volume).values()}

    # -------------------------------------------------------------------------- a later month

    def at_prices(self, api: float, gpu: float) -> Self:
        """Every part at other prices."""
        if api == 1.0 and gpu == 1.0:
            return self
        return replace(self, parts={n: p.at_prices(api, gpu) for n, p in self.parts.items()})

    @property
    def fleet_terms(self) -> Mapping[str, FleetTerms]:
        """The terms of each fleet by part."""
        return {n: t for n, part in self.parts.items() for t in part.fleet_terms.values()}

    def units_needed(self, place: Place, volumes: ArrayLike) -> Floats:
        """Those of a part on a commitment of its own."""
        return self.parts[place[0]].units_needed(place, volumes)

    def units_wanted(self, part: str, volume: float) -> float:
        """Those of a part."""
        return self.parts[part].units_wanted(part, volume)

    def with_commitments(self, held: Mapping[Place, Held]) -> Self:
        """Every part with its own."""
        parts = {
            name: part.with_commitments({("", i): h for (of, i), h in held.items() if of == name})
            for name, part in self.parts.items()
        }
        return replace(self, parts=parts)

    # ---------------------------------------------------------------------- many draws at once

    @property
    def is_drawable(self) -> bool:
        """Where every part is, and none shares a contract."""
        return not self.contracts and all(part.is_drawable for part in self.parts.values())

    def drawn(self, volumes: Floats) -> Floats:
        """The sum of its parts."""
        return sum((part.drawn(volumes) for part in self.parts.values()), np.zeros(1))
