from __future__ import annotations

import subprocess
import sys

import pytest

from costmodel.book import load_book
from costmodel.errors import UnknownIdError

BOOK = load_book()

PROMISED_GPUS = """
    t4 a10g l4 l40s a100-40gb a100-80gb h100-pcie h100-sxm h200 b200 b300 gb200 mi300x mi325x
    mi355x rtx-4090 rtx-5090 rtx-pro-6000
"""
PROMISED_FORMATS = """
    bf16 fp16 fp8 int8-w8a8 awq-int4 gptq-int4 nvfp4 mxfp4 bnb-nf4 gguf-q4_k_m
"""
GGUF_TYPES = """
    Q2_K Q2_K_S Q3_K_S Q3_K_M Q3_K_L Q4_0 Q4_1 Q4_K_S Q4_K_M Q5_0 Q5_1 Q5_K_S Q5_K_M Q6_K Q8_0
    IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S IQ2_M IQ3_XXS IQ3_XS IQ3_S IQ3_M IQ4_XS IQ4_NL TQ1_0 TQ2_0
    MXFP4_MOE F16 F32
"""
KERNELS = """
    marlin machete awq gptq exllamav2 bitsandbytes gguf cutlass-fp8 cutlass-int8 trtllm
"""


def test_there_is_one_book():
    assert load_book() is load_book()


@pytest.mark.parametrize("gpu", PROMISED_GPUS.split())
def test_every_promised_gpu_resolves_in_any_case(gpu: str):
    assert BOOK.gpu(gpu).id == gpu
    assert BOOK.gpu(gpu.upper().replace("-", " ")).id == gpu


@pytest.mark.parametrize("format_id", PROMISED_FORMATS.split())
def test_every_promised_format_resolves(format_id: str):
    assert BOOK.format(format_id.upper()).id == format_id


@pytest.mark.parametrize("gguf", GGUF_TYPES.split())
def test_gguf_types_resolve_with_and_without_prefix(gguf: str):
    expected = f"gguf-{gguf.lower()}"
    assert BOOK.format(gguf).id == expected
    assert BOOK.format(gguf.lower()).id == expected
    assert BOOK.format(f"GGUF-{gguf}").id == expected
    assert BOOK.format(expected).gguf_type == gguf


def test_bare_bf16_is_the_checkpoint_and_not_the_gguf():
    assert BOOK.format("BF16").id == "bf16"
    assert BOOK.format("gguf-bf16").family == "gguf"


@pytest.mark.parametrize(
    ("alias", "meant"), [("awq", "awq-int4"), ("GPTQ", "gptq-int4"), ("nf4", "bnb-nf4")]
)
def test_format_aliases(alias: str, meant: str):
    assert BOOK.format(alias).id == meant


@pytest.mark.parametrize("kernel", KERNELS.split())
def test_every_kernel_resolves(kernel: str):
    assert BOOK.kernel(kernel).id == kernel


def test_kernels_answer_to_the_names_engines_print():
    assert BOOK.kernel("awq_marlin").id == BOOK.kernel("gptq_marlin").id == "marlin"


def test_an_alias_never_means_two_records():
    for records in (BOOK.gpus, BOOK.formats, BOOK.kernels):
        spellings = [alias.lower() for r in records.values() for alias in r.aliases]
        assert len(spellings) == len(set(spellings))


def test_unknown_ids_offer_the_nearest():
    with pytest.raises(UnknownIdError) as caught:
        BOOK.gpu("h100")
    assert set(caught.value.nearest) == {"h100-sxm", "h100-pcie", "h100-nvl"}
    with pytest.raises(UnknownIdError, match="awq-int4"):
        BOOK.format("awq-int3")
    with pytest.raises(UnknownIdError, match="marlin"):
        BOOK.kernel("merlin")
    with pytest.raises(UnknownIdError, match="usd_per_kwh"):
        BOOK.cost("usd_per_kw")


def test_importing_the_book_loads_nothing_heavy():
    code = (
        "import sys, costmodel.book; costmodel.book.load_book().gpu_price('l4');"
        "heavy = {'pandas', 'scipy', 'genai_prices', 'plotly', 'streamlit', 'numpy'};"
        "found = heavy & set(sys.modules); sys.exit(', '.join(found) if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
