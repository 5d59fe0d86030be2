"""What the book knows, as records: GPU offers, GPU specs, formats, kernels and running costs.

Each number carries its unit in its name, and each record its source and date. The field
descriptions are the text of the JSON schemas that editors show beside the YAML; nothing here
reads files or computes a cost.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from costmodel.quantity.quantity import Kind, Quantity
from costmodel.quantity.units import MIB

ProviderClass = Literal["hyperscaler", "neocloud", "marketplace"]
Terms = Literal["on-demand", "spot", "reserved"]
NativeFormat = Literal["fp16", "bf16", "tf32", "fp8", "fp6", "nvfp4", "mxfp4", "int8", "int4"]
Compute = Literal["16-bit", "fp8", "int8", "fp4"]

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="Lower-case id.")]
Positive = Annotated[float, Field(gt=0)]
Price = Annotated[float, Field(gt=0, description="USD per GPU and hour.")]

ASSUMED_USABLE_SHARE = 0.98
"""Share of marketing GiB that NVML would report, where nobody has published it (assumed).

The fourteen measured cards of `data/gpus.yaml` lie between 0.93 (GDDR6 with inline ECC, B300)
and 1.00 (A100), eight of them at 0.99 or above: 0.98 is inside the range and errs low for HBM.
"""

USABLE_SHARE_RANGE = (0.93, 1.0)
"""The measured range behind :data:`ASSUMED_USABLE_SHARE`."""


class Record(BaseModel):
    """A frozen record that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


# ------------------------------------------------------------------------------- GPU offers


class GpuOffer(Record):
    """One price a provider asks for one kind of GPU."""

    gpu: Id = Field(description="Our GPU id, as in data/gpus.yaml.")
    instance: str | None = Field(default=None, description="The provider's own name for it.")
    gpus: int = Field(default=1, ge=1, description="GPUs in the instance: the smallest purchase.")
    region: str | None = Field(default=None, description="Region as the source names it.")
    on_demand_usd_per_gpu_hour: Price | None = None
    spot_usd_per_gpu_hour: Price | None = Field(
        default=None, description="Interruptible capacity, USD per GPU and hour."
    )
    reserved_1yr_usd_per_gpu_hour: Price | None = Field(
        default=None, description="Committed for 12 months, USD per GPU and hour."
    )
    reserved_3yr_usd_per_gpu_hour: Price | None = Field(
        default=None, description="Committed for 36 months, USD per GPU and hour."
    )
    source: str = Field(min_length=3, description="Where the price stands.")
    as_of: date | None = Field(
        default=None,
        description="When the source said so; the first day of the period where it names only a "
        "month, quarter or year; absent where the source carries no date.",
    )
    disputed: bool = Field(
        default=False,
        description="Contradicted by its own source or by the provider's list: shown, never used "
        "in a price. The note says why.",
    )
    note: str | None = None

    @model_validator(mode="after")
    def _has_a_price(self) -> GpuOffer:
        if not any(getattr(self, name) for name in PRICE_FIELDS):
            raise ValueError(f"an offer needs a price: give one of {', '.join(PRICE_FIELDS)}")
        if self.disputed and not self.note:
            raise ValueError("a disputed offer needs note: why it is disputed")
        return self

    def usd_per_gpu_hour(self, terms: Terms, term_months: int | None = None) -> float | None:
        """The price under these terms, or None. `term_months` (12 or 36) applies to reserved."""
        return getattr(self, price_field(terms, term_months))


PRICE_FIELDS = (
    "on_demand_usd_per_gpu_hour",
    "spot_usd_per_gpu_hour",
    "reserved_1yr_usd_per_gpu_hour",
    "reserved_3yr_usd_per_gpu_hour",
)


def price_field(terms: Terms, term_months: int | None = None) -> str:
    """The field of an offer that holds the price under these terms.

    >>> price_field("reserved", 36)
    'reserved_3yr_usd_per_gpu_hour'
    """
    if terms == "reserved":
        return "reserved_1yr_usd_per_gpu_hour" if term_months == 12 else PRICE_FIELDS[3]
    return PRICE_FIELDS[0] if terms == "on-demand" else PRICE_FIELDS[1]


class GpuOffers(Record):
    """Everything one provider asks for GPUs: one file of `pricing/gpu_offers/`."""

    model_config = ConfigDict(populate_by_name=True)

    provider: Id = Field(description="The provider's id; the file carries the same name.")
    provider_class: ProviderClass = Field(
        alias="class", description="The largest price driver: 3.4x between classes for H100."
    )
    note: str | None = Field(default=None, description="What was left out of offers, and why.")
    offers: tuple[GpuOffer, ...]


# -------------------------------------------------------------------------------- GPU specs


class GpuSpec(Record):
    """One GPU as its vendor and its driver describe it. Dense peaks, never sparse ones."""

    id: Id
    aliases: tuple[Id, ...] = ()
    name: str
    vendor: Literal["nvidia", "amd"]
    marketing_gb: Positive = Field(description="Memory as marketed; most vendors mean GiB.")
    usable_mib: Positive | None = Field(
        default=None, description="Memory the driver (NVML) reports, MiB; absent if unpublished."
    )
    usable_source: str | None = Field(default=None, description="Who read usable_mib, and how.")
    usable_mib_kind: Literal["measured", "assumed"] = Field(
        default="measured",
        description="assumed: usable_mib is a sister card's reading or a specification.",
    )
    memory_bandwidth_gb_per_s: Positive | None = Field(
        default=None, description="Peak memory bandwidth, 10^9 bytes per second."
    )
    bf16_dense_tflops: Positive | None = Field(
        default=None, description="16-bit tensor peak without sparsity, FP32 accumulate."
    )
    fp8_dense_tflops: Positive | None = None
    fp4_dense_tflops: Positive | None = None
    int8_dense_tops: Positive | None = None
    tdp_w: Positive | None = Field(default=None, description="Board power limit, W.")
    link_gb_per_s: Positive | None = Field(
        default=None,
        description="GPU-to-GPU bandwidth inside a node per direction, 10^9 bytes per second.",
    )
    compute_capability: str | None = Field(
        default=None, description="CUDA compute capability (8.9) or AMD target (gfx942)."
    )
    native_formats: tuple[NativeFormat, ...] = Field(
        description="Number formats its tensor cores multiply; others are dequantised first."
    )
    sources: tuple[str, ...] = Field(min_length=1)
    as_of: date
    note: str | None = Field(default=None, description="Where sources disagree or stay silent.")

    @model_validator(mode="after")
    def _usable_has_a_source(self) -> GpuSpec:
        if (self.usable_mib is None) != (self.usable_source is None):
            raise ValueError("usable_mib and usable_source belong together: give both or neither")
        return self

    @property
    def usable_bytes(self) -> float:
        """Memory an engine can address [bytes]: as NVML reports it, else an assumed share."""
        if self.usable_mib is not None:
            return self.usable_mib * MIB
        return ASSUMED_USABLE_SHARE * self.marketing_gb * 1024 * MIB

    @property
    def usable_kind(self) -> Kind:
        """`measured` where somebody read this card's NVML, else `assumed`."""
        return "assumed" if self.usable_mib is None else self.usable_mib_kind

    @property
    def source(self) -> str:
        """The sources in one line."""
        return "; ".join(self.sources)

    def peak_tflops(self, compute: Compute) -> float | None:
        """Dense peak [10^12 FLOP/s] of GEMMs at this activation precision, None if unknown."""
        return {
            "16-bit": self.bf16_dense_tflops,
            "fp8": self.fp8_dense_tflops,
            "fp4": self.fp4_dense_tflops,
            "int8": self.int8_dense_tops,
        }[compute]

    def runs_natively(self, native_format: NativeFormat | None) -> bool:
        """Whether its tensor cores take this format; None (weight-only) runs anywhere."""
        return native_format is None or native_format in self.native_formats


class GpuSpecs(Record):
    """`data/gpus.yaml`."""

    gpus: tuple[GpuSpec, ...]


# ------------------------------------------------------------------------------ cost facts


class CostFact(Record):
    """One number about people, power, premises or purchase, with its range and source."""

    id: Id
    name: str = Field(description="What a chart or a table calls it.")
    unit: str = Field(description="Such as USD/h, h/month, share, USD/kWh.")
    value: float = Field(description="The value a point evaluation uses.")
    low: float | None = Field(default=None, description="10th percentile of the range.")
    high: float | None = Field(default=None, description="90th percentile of the range.")
    kind: Kind
    source: str = Field(min_length=3)
    as_of: date = Field(description="First day of the period where the source names only that.")
    note: str | None = None

    @model_validator(mode="after")
    def _is_a_quantity(self) -> CostFact:
        _ = self.quantity
        return self

    @property
    def quantity(self) -> Quantity:
        """The fact as a :class:`costmodel.quantity.quantity.Quantity`."""
        return Quantity(
            value=self.value,
            low=self.low,
            high=self.high,
            kind=self.kind,
            source=self.source,
            as_of=self.as_of,
        )


class CostFacts(Record):
    """`data/costs.yaml`."""

    costs: tuple[CostFact, ...]


# -------------------------------------------------------------------------- weight formats


class WeightFormat(Record):
    """How a checkpoint stores its weights, and what precision its GEMMs run in."""

    id: Id
    aliases: tuple[str, ...] = Field(default=(), description="Other spellings, in any case.")
    name: str
    family: Literal["safetensors", "gguf"] = Field(
        description="safetensors: one rule for linears; gguf: llama.cpp chooses tensor by tensor."
    )
    bits_per_weight: Positive = Field(
        description="Bits per weight of a quantised tensor, scales and zero points included; "
        "for gguf those of its base type."
    )
    bits_spelled_out: str = Field(description="How bits_per_weight is made up.")
    group_size: int | None = Field(default=None, ge=1, description="Weights that share a scale.")
    gguf_type: str | None = Field(
        default=None, description="llama.cpp's name of the mix, upper case (Q4_K_M)."
    )
    gguf_base: str | None = Field(
        default=None, description="Tensor type the mix starts from (Q4_K)."
    )
    quantised: Literal["none", "linears", "experts", "per-tensor"] = Field(
        description="What is quantised: no tensor, the linears of all layers, only the experts "
        "of an MoE, or llama.cpp's choice per tensor."
    )
    keeps_16_bit: tuple[str, ...] = Field(
        default=(), description="Tensor classes that stay 16-bit in a common checkpoint."
    )
    compute: Compute = Field(
        description="Activation precision: which tensor-core peak its GEMMs are held against "
        "when the GPU is native. Weight-only formats compute in 16-bit."
    )
    native_format: NativeFormat | None = Field(
        default=None,
        description="What the GPU's tensor cores must take for `compute`; absent: runs anywhere.",
    )
    min_compute_capability: str | None = Field(
        default=None, description="The same on NVIDIA as a compute capability."
    )
    without_native: str | None = Field(
        default=None, description="What happens on a GPU without native_format."
    )
    default_kernel: Id = Field(description="Kernel assumed where the user names none.")
    source: str = Field(min_length=3)
    as_of: date
    note: str | None = None

    @model_validator(mode="after")
    def _gguf_says_its_type(self) -> WeightFormat:
        if (self.family == "gguf") != bool(self.gguf_type and self.gguf_base):
            raise ValueError("gguf formats need gguf_type: and gguf_base:, others neither")
        return self

    @property
    def bytes_per_weight(self) -> float:
        """Bytes per weight of a quantised tensor, scales included."""
        return self.bits_per_weight / 8


class WeightFormats(Record):
    """`data/formats.yaml`."""

    formats: tuple[WeightFormat, ...]


# --------------------------------------------------------------------------------- kernels


class Factor(Record):
    """A factor with its interval and how it is known."""

    value: Positive
    low: Positive
    high: Positive
    kind: Kind

    @model_validator(mode="after")
    def _in_order(self) -> Factor:
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"low <= value <= high must hold: {self.low}, {self.value}, {self.high}"
            )
        return self


class KernelEvidence(Record):
    """One published figure a kernel's factors rest on."""

    factor: Literal["bandwidth", "compute", "end-to-end", "dequantizes_from"]
    value: Positive
    gpu: str | None = None
    engine: str | None = None
    in_flight: str | None = Field(default=None, description="Tokens or requests in the batch.")
    source: str = Field(min_length=3)
    as_of: date | None = None
    note: str | None = None


class KernelFactors(Record):
    """Both factors of a kernel on GPUs of one compute capability."""

    bandwidth_efficiency: Factor
    compute_efficiency: Factor


class Kernel(Record):
    """A GEMM implementation for quantised weights: two factors against a 16-bit GEMM.

    Both factors are relative to the engine's own 16-bit GEMM on the same GPU:
    `t = softmax(bytes / (b * bandwidth reached by bf16), FLOPs / (c * share of peak reached by
    bf16 * 16-bit peak))` with b = bandwidth_efficiency, c = compute_efficiency. A kernel that
    multiplies in fp8 or int8 natively therefore has c near 2.
    """

    id: Id
    aliases: tuple[str, ...] = ()
    name: str
    formats: tuple[Id, ...] = Field(min_length=1, description="Formats it serves.")
    engines: tuple[str, ...] = Field(default=(), description="Engines that carry it.")
    bandwidth_efficiency: Factor = Field(
        description="Bandwidth reached on the stored bytes, relative to a bf16 GEMM's."
    )
    compute_efficiency: Factor = Field(
        description="FLOP/s reached at large batch, relative to a bf16 GEMM's."
    )
    by_capability: dict[str, KernelFactors] = Field(
        default={}, description="Factors by compute capability, where they were measured apart."
    )
    exponent: float | None = Field(
        default=None,
        ge=1,
        description="Of the kernel's own soft maximum; absent: the engine's. 1 where unpacking "
        "weights does not overlap with multiplying.",
    )
    dequantizes_from: int | None = Field(
        default=None,
        ge=1,
        description="Tokens from which the engine unpacks the matrix to 16-bit and leaves the "
        "kernel; 1: always.",
    )
    condition: str = Field(description="GPU, engine and batch the factors were read at.")
    source: str = Field(min_length=3)
    as_of: date
    evidence: tuple[KernelEvidence, ...] = ()
    note: str | None = None

    def factors_on(self, capability: str | None) -> KernelFactors:
        """Both factors on a GPU of this compute capability."""
        general = KernelFactors(
            bandwidth_efficiency=self.bandwidth_efficiency,
            compute_efficiency=self.compute_efficiency,
        )
        return self.by_capability.get(capability or "", general)


class Kernels(Record):
    """`data/kernels.yaml`."""

    kernels: tuple[Kernel, ...]
