"""Engine memory constants by version, read from `data/engines.yaml`.

An engine that is known by name only says so, and asking for its constants is a clear error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from costmodel.book.files import data_dir, read_yaml
from costmodel.book.records import Id, Kind, Record
from costmodel.errors import InputError, UnknownIdError
from costmodel.quantity.units import GIB, MIB
from costmodel.serving.overhead import EngineMemory

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGE_GPU_BYTES = 70 * GIB
"""From here vLLM plans for more sequences and tokens a step, A100 apart."""

DEFAULT_ENGINE = "vllm"

ALIASES = {"llama-cpp": "llama.cpp", "llamacpp": "llama.cpp", "trt-llm": "tensorrt-llm"}

Interval = tuple[float, float]


class Versions(Record):
    """A half-open range of versions; either end may be missing."""

    from_: str | None = Field(default=None, alias="from", description="First version, included.")
    before: str | None = Field(default=None, description="First version no longer included.")

    def __contains__(self, version: object) -> bool:
        number = version_number(str(version))
        after_start = self.from_ is None or number >= version_number(self.from_)
        return after_start and (self.before is None or number < version_number(self.before))

    def __str__(self) -> str:
        if self.from_ and self.before:
            return f"{self.from_} to before {self.before}"
        return f"{self.from_} and later" if self.from_ else "any"


class Uncertainty(Record):
    """80 % interval of the true minus the computed overhead on one GPU [GiB], graphs apart."""

    single: Interval
    parallel: Interval


class Padding(Record):
    """To what multiples kernels pad the experts of MXFP4 models [elements]."""

    capability: str | None = Field(
        default=None, description="First digits of the compute capability; absent: any other."
    )
    hidden: int = Field(ge=1, description="An expert's input.")
    width: int = Field(ge=1, description="Each rank's slice of an expert's width.")


class Plan(Record):
    """What an engine plans for on GPUs of a size."""

    below_gib: float | None = Field(default=None, description="Holds below it; absent: above all.")
    step_tokens: int = Field(ge=1, description="Tokens of one forward pass.")
    graph_batch: int = Field(ge=1, description="Largest batch with a CUDA graph.")


class HeldBack(Record):
    """Memory left free by formula: base + tokens x a + graph batch x b + GPUs x c [MiB]."""

    base_mib: float
    mib_per_step_token: float
    mib_per_graph_batch: float
    mib_per_gpu: float
    plans: tuple[Plan, ...]

    def plan(self, usable_bytes: float) -> Plan:
        """The plan for a GPU of that size."""
        fitting = (p for p in self.plans if usable_bytes < (p.below_gib or math.inf) * GIB)
        return next(fitting, self.plans[-1])

    def bytes(self, plan: Plan) -> float:
        """What one GPU holds back, the share of the group's size apart [bytes]."""
        tokens = self.mib_per_step_token * plan.step_tokens
        return MIB * (self.base_mib + tokens + self.mib_per_graph_batch * plan.graph_batch)


class Engine(Record):
    """Memory constants of one engine over a range of versions."""

    id: Id
    versions: Versions = Versions()
    layout: Literal["paged", "contiguous"] = Field(description="How the KV cache is allocated.")
    supported: bool = True
    reason: str | None = Field(default=None, description="Why it is not supported.")
    budget_share: float = Field(default=1.0, gt=0, le=1, description="Share of the GPU claimed.")
    kind: Kind = Field(default="measured", description="How the constants of overhead are known.")
    reserved_gib: float = Field(default=0.0, ge=0, description="NVML total minus process total.")
    reserved_gib_of_gpu: Mapping[Id, float] = Field(
        default_factory=dict, description="The same where it was read off that GPU."
    )
    scratch_bytes_per_entry: float = Field(default=0.0, ge=0, description="Per row and logit.")
    scratch_gib: float = Field(default=0.0, ge=0, description="Sampling scratch of any size.")
    hidden_kept: int = Field(default=0, ge=0, description="Hidden states that outlive a pass.")
    expert_workspace: bool = Field(
        default=False, description="Whether buffers of routed experts outlive a pass."
    )
    scratch_rows: int = Field(default=0, ge=0, description="Sequences sampled at once.")
    scratch_rows_large_gpu: int | None = Field(default=None, description="From 70 GiB, not A100.")
    step_tokens: int = Field(default=0, ge=0, description="Tokens of one forward pass.")
    step_tokens_large_gpu: int | None = Field(default=None, description="From 70 GiB, not A100.")
    block_tokens: int = Field(default=16, ge=1, description="Tokens a KV block.")
    state_pages: int = Field(
        default=1, ge=1, description="Pages a request holds of a linear-attention layer."
    )
    kv_dtypes: tuple[str, ...] = Field(default=(), description="KV cache formats it offers.")
    expert_padding: tuple[Padding, ...] = Field(default=(), description="First match holds.")
    held_back: HeldBack | None = None
    window_margin_tokens: int = Field(default=0, ge=0, description="Kept beside a window.")
    max_sequences: int | None = Field(default=None, description="Default: scratch_rows.")
    other_gib: float = Field(default=0.0, ge=0, description="CUDA context, libraries; one GPU.")
    other_gib_parallel: float = Field(default=0.0, ge=0, description="The same on several GPUs.")
    graph_gib: float = Field(default=0.0, ge=0, description="CUDA graphs inside the budget.")
    graph_gib_per_layer: float = Field(default=0.0, ge=0, description="To it, for each layer.")
    graph_gib_mixture: float = Field(default=0.0, ge=0, description="To it, for routed experts.")
    graph_range: Interval = Field(default=(1.0, 1.0), description="80 % interval, as a factor.")
    graphs_inside_budget: bool = False
    uncertainty_gib: Uncertainty | None = None
    source: str = Field(min_length=3)
    as_of: date
    note: str | None = None

    @model_validator(mode="after")
    def _says_enough(self) -> Engine:
        if self.supported and self.uncertainty_gib is None:
            raise ValueError("a supported engine needs uncertainty_gib:")
        if not self.supported and not self.reason:
            raise ValueError("supported: false needs reason:")
        return self

    def padding(self, capability: str | None) -> Padding:
        """How its kernels pad MXFP4 experts on GPUs of this compute capability."""
        for row in self.expert_padding:
            if row.capability is None or (capability or "").startswith(row.capability):
                return row
        return Padding(hidden=1, width=1)

    def memory(
        self,
        gpu: str,
        usable_bytes_per_gpu: float,
        budget_share: float | None = None,
        *,
        max_sequences: int | None = None,
        cuda_graphs: bool = True,
    ) -> EngineMemory:
        """The constants on one kind of GPU, with the user's own settings where given."""
        if not self.supported or self.uncertainty_gib is None:
            raise InputError(f"engine {self.id!r} is not supported: {self.reason}")
        large = usable_bytes_per_gpu >= LARGE_GPU_BYTES and not gpu.startswith("a100")
        rows = max_sequences or (large and self.scratch_rows_large_gpu) or self.scratch_rows
        single, parallel = self.uncertainty_gib.single, self.uncertainty_gib.parallel
        graphs = GIB if cuda_graphs else 0.0
        constants = EngineMemory(
            engine=self.id,
            version=str(self.versions),
            layout=self.layout,
            budget_share=budget_share if budget_share is not None else self.budget_share,
            reserved_bytes=self.reserved_gib_of_gpu.get(gpu, self.reserved_gib) * GIB,
            scratch_bytes_per_entry=self.scratch_bytes_per_entry,
            scratch_bytes=self.scratch_gib * GIB,
            scratch_rows=rows,
            hidden_kept=self.hidden_kept,
            expert_workspace=self.expert_workspace,
            step_tokens=(large and self.step_tokens_large_gpu) or self.step_tokens,
            block_tokens=self.block_tokens,
            state_pages=self.state_pages,
            window_margin_tokens=self.window_margin_tokens,
            max_sequences=max_sequences or self.max_sequences or rows,
            other_bytes=self.other_gib * GIB,
            other_bytes_parallel=self.other_gib_parallel * GIB,
            graph_bytes=self.graph_gib * graphs,
            graph_bytes_per_layer=self.graph_gib_per_layer * graphs,
            graph_bytes_mixture=self.graph_gib_mixture * graphs,
            graph_low=self.graph_range[0],
            graph_high=self.graph_range[1],
            uncertainty_low=single[0] * GIB,
            uncertainty_high=single[1] * GIB,
            uncertainty_low_parallel=parallel[0] * GIB,
            uncertainty_high_parallel=parallel[1] * GIB,
        )
        return self._holding_back(constants, usable_bytes_per_gpu, stated=budget_share is not None)

    def _holding_back(
        self, constants: EngineMemory, usable_bytes: float, *, stated: bool
    ) -> EngineMemory:
        """With what its formula leaves free; a `stated` share of the GPU replaces the formula."""
        if self.held_back is None:
            return constants
        plan = self.held_back.plan(usable_bytes)
        return replace(
            constants,
            step_tokens=plan.step_tokens,
            profiles=False,
            held_back_bytes=0.0 if stated else self.held_back.bytes(plan),
            held_back_bytes_per_gpu=0.0 if stated else self.held_back.mib_per_gpu * MIB,
        )


class Engines(Record):
    """`data/engines.yaml`."""

    engines: tuple[Engine, ...]


@cache
def engines() -> Sequence[Engine]:
    """Every row of the table, oldest version first."""
    return Engines.model_validate(read_yaml(data_dir() / "engines.yaml")).engines


def engine(engine_id: str | None = None, version: str | None = None) -> Engine:
    """The row for an engine and version; the newest where no version is given.

    Raises UnknownIdError for an unknown engine, InputError for a version outside the table.

    >>> engine("vllm", "0.19.1").budget_share
    0.9
    """
    wanted = engine_name(engine_id or DEFAULT_ENGINE)
    rows = [row for row in engines() if row.id == wanted]
    if not rows:
        raise UnknownIdError("engine", wanted, {row.id for row in engines()})
    if version is None:
        return rows[-1]
    matching = [row for row in rows if version in row.versions]
    if not matching:
        known = ", ".join(str(row.versions) for row in rows)
        raise InputError(f"{wanted} {version} is not in the table of engines; known: {known}")
    return matching[-1]


def engine_name(engine_id: str) -> str:
    """The engine's id, whatever the case or alias it was named by."""
    wanted = engine_id.strip().lower()
    return ALIASES.get(wanted, wanted)


def version_number(version: str) -> tuple[int, ...]:
    """The leading numbers of a version.

    >>> version_number("v0.19.1rc2")
    (0, 19, 1)
    """
    digits = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    if digits is None:
        raise InputError(f"engine version {version!r} is not a number such as 0.19")
    return tuple(int(part) for part in digits[1].split("."))
