from __future__ import annotations

import pytest
from pydantic import ValidationError

from costmodel.book import load_book
from costmodel.book.records import (
    ASSUMED_USABLE_SHARE,
    USABLE_SHARE_RANGE,
    CostFact,
    Factor,
    GpuOffer,
    GpuSpec,
    WeightFormat,
)

BOOK = load_book()
SPEC_VALUES = [
    "memory_bandwidth_gb_per_s",
    "bf16_dense_tflops",
    "fp8_dense_tflops",
    "fp4_dense_tflops",
    "int8_dense_tops",
    "tdp_w",
    "link_gb_per_s",
]


def test_an_offer_without_a_price_says_which_fields_would_do():
    with pytest.raises(ValidationError, match="give one of on_demand_usd_per_gpu_hour"):
        GpuOffer(gpu="l4", source="a page")


def test_a_disputed_offer_must_say_why():
    with pytest.raises(ValidationError, match="needs note"):
        GpuOffer(gpu="l4", source="a page", spot_usd_per_gpu_hour=1, disputed=True)


def test_unknown_fields_are_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        GpuOffer(gpu="l4", source="a page", spot_usd_per_gpu_hour=1, price=2)  # pyright: ignore


def test_usable_memory_needs_a_source():
    with pytest.raises(ValidationError, match="belong together"):
        GpuSpec.model_validate(
            {
                "id": "x",
                "name": "X",
                "vendor": "nvidia",
                "marketing_gb": 80,
                "usable_mib": 80000,
                "native_formats": ["fp16"],
                "sources": ["a page"],
                "as_of": "2026-01-01",
            }
        )


def test_factor_and_cost_ranges_must_be_in_order():
    with pytest.raises(ValidationError, match="low <= value <= high"):
        Factor(value=1, low=2, high=3, kind="measured")
    with pytest.raises(ValidationError, match="low <= likely <= high"):
        CostFact.model_validate(
            {
                "id": "x",
                "name": "X",
                "unit": "USD",
                "value": 1,
                "low": 2,
                "high": 3,
                "kind": "assumed",
                "source": "a page",
                "as_of": "2026-01-01",
            }
        )


def test_gguf_formats_must_name_their_type():
    awq = BOOK.format("awq-int4").model_dump()
    with pytest.raises(ValidationError, match="gguf_type"):
        WeightFormat.model_validate(awq | {"family": "gguf"})


# ------------------------------------------------------------------------------ GPU specs


@pytest.mark.parametrize(
    ("gpu", "mib"),
    [
        ("t4", 15360),
        ("a10", 23028),
        ("l4", 23034),
        ("l40s", 46068),
        ("a100-40gb", 40960),
        ("a100-80gb", 81920),
        ("h100-sxm", 81559),
        ("h200", 143771),
        ("gb200", 189471),
        ("rtx-pro-6000", 97887),
    ],
)
def test_usable_memory_as_nvml_reports_it(gpu: str, mib: float):
    spec = BOOK.gpu(gpu)
    assert (spec.usable_mib, spec.usable_kind) == (mib, "measured")
    assert spec.usable_bytes == mib * 2**20


def test_b200_has_180_gib_and_not_192():
    assert BOOK.gpu("b200").usable_bytes == 180 * 2**30


def test_unpublished_usable_memory_is_an_assumed_share_of_marketing():
    spec = BOOK.gpu("mi300x")
    assert spec.usable_kind == "assumed"
    assert spec.usable_bytes == pytest.approx(ASSUMED_USABLE_SHARE * 192 * 2**30)


def test_the_assumed_share_lies_in_the_measured_range():
    measured = [g for g in BOOK.gpus.values() if g.usable_kind == "measured"]
    shares = [g.usable_bytes / (g.marketing_gb * 2**30) for g in measured]
    assert len(shares) == 14
    assert min(shares) == pytest.approx(USABLE_SHARE_RANGE[0], abs=0.005)
    assert max(shares) == USABLE_SHARE_RANGE[1]
    assert sum(share >= 0.99 for share in shares) == 8


@pytest.mark.parametrize("gpu", BOOK.gpus.values(), ids=lambda gpu: gpu.id)
def test_every_spec_has_a_source_and_dense_peaks(gpu: GpuSpec):
    assert all(gpu.sources)
    assert gpu.source
    values = [getattr(gpu, name) for name in SPEC_VALUES]
    assert any(values) or "no source" in (gpu.note or "") or "price only" in (gpu.note or "")
    if gpu.bf16_dense_tflops and gpu.fp8_dense_tflops:
        assert gpu.fp8_dense_tflops == pytest.approx(2 * gpu.bf16_dense_tflops, rel=0.02)


def test_int8_is_a_trap_on_b300():
    assert BOOK.gpu("b300").peak_tflops("int8") == pytest.approx(153.5)
    assert BOOK.gpu("b200").peak_tflops("int8") == 4500


@pytest.mark.parametrize("gpu", ["h100-nvl", "gh200"])
def test_unknown_peaks_stay_unknown(gpu: str):
    assert BOOK.gpu(gpu).peak_tflops("16-bit") is None


def test_a100_has_no_fp8_tensor_cores():
    fp8 = BOOK.format("fp8").native_format
    assert not BOOK.gpu("a100-80gb").runs_natively(fp8)
    assert BOOK.gpu("l4").runs_natively(fp8)
    assert BOOK.gpu("a100-80gb").runs_natively(BOOK.format("awq").native_format)


# -------------------------------------------------------------------------------- formats


@pytest.mark.parametrize(
    ("format_id", "bits"),
    [
        ("bf16", 16),
        ("fp8", 8),
        ("awq-int4", 4 + 16 / 128 + 4 / 128),
        ("gptq-int4", 4.15625),
        ("int4-w4a16", 4.125),
        ("gptq-int8", 8.1875),
        ("nvfp4", 4.5),
        ("mxfp4", 4.25),
        ("bnb-nf4", 4.5),
        ("gguf-q4_k_m", 4.5),
        ("gguf-q8_0", 8.5),
        ("gguf-q6_k", 6.5625),
        ("gguf-q2_k", 2.625),
        ("gguf-iq1_s", 1.5625),
    ],
)
def test_bits_per_weight_count_scales_and_zeros(format_id: str, bits: float):
    assert BOOK.format(format_id).bits_per_weight == bits
    assert BOOK.format(format_id).bytes_per_weight == bits / 8


@pytest.mark.parametrize(
    ("format_id", "compute"),
    [
        ("bf16", "16-bit"),
        ("awq-int4", "16-bit"),
        ("gguf-q4_k_m", "16-bit"),
        ("mxfp4", "16-bit"),
        ("fp8", "fp8"),
        ("int8-w8a8", "int8"),
        ("nvfp4", "fp4"),
    ],
)
def test_weight_only_formats_compute_in_16_bit(format_id: str, compute: str):
    assert BOOK.format(format_id).compute == compute


def test_default_kernels_exist_and_serve_their_format():
    for fmt in BOOK.formats.values():
        assert fmt.id in BOOK.kernel(fmt.default_kernel).formats


# -------------------------------------------------------------------------------- kernels


def test_marlin_interval_holds_every_measured_factor():
    marlin = BOOK.kernel("marlin")
    for item in marlin.evidence:
        if item.factor != "end-to-end":
            capability = BOOK.gpu(item.gpu).compute_capability
            factor = getattr(marlin.factors_on(capability), f"{item.factor}_efficiency")
            assert factor.low <= item.value <= factor.high


def test_kernels_name_known_formats_and_gpus():
    for kernel in BOOK.kernels.values():
        assert set(kernel.formats) <= set(BOOK.formats)
        assert {item.gpu for item in kernel.evidence if item.gpu} <= set(BOOK.gpus)


def test_measured_factors_have_evidence():
    for kernel in BOOK.kernels.values():
        kinds = {kernel.bandwidth_efficiency.kind, kernel.compute_efficiency.kind}
        if "measured" in kinds:
            assert kernel.evidence, kernel.id


# ---------------------------------------------------------------------------------- costs


def test_people_cost_what_the_sources_say():
    hour = BOOK.cost("engineer_usd_per_hour").quantity
    assert (hour.value, hour.low, hour.high) == (106, 103, 144)
    upkeep = BOOK.cost("selfhost_hours_per_month").quantity
    assert (upkeep.value, upkeep.low, upkeep.high) == (20, 10, 50)
    assert BOOK.cost("engineer_usd_per_year").value / 2080 == pytest.approx(106, abs=0.5)


def test_reserved_discounts_are_ranges_and_assumed():
    one = BOOK.cost("reserved_discount_12_months")
    three = BOOK.cost("reserved_discount_36_months")
    assert (one.low, one.high, one.kind) == (0.20, 0.32, "assumed")
    assert (three.low, three.high, three.kind) == (0.30, 0.50, "assumed")
