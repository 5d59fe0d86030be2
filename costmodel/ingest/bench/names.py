"""The book's ids for what result files call models, GPUs and formats.

A name that could mean several things is not resolved: it stays out of the row, and the reader of
the file is asked. What the file does say is then in the row's notes.
"""

from __future__ import annotations

import re

from costmodel.book import load_book
from costmodel.errors import UnknownIdError

DRIVER_NAMES = {
    "h100-80gb-hbm3": "h100-sxm",
    "h100-80gb-hbm2e": "h100-pcie",
    "a100-sxm4-40gb": "a100-40gb",
    "a100-pcie-80gb": "a100-80gb-pcie",
    "rtx-pro-6000-blackwell-server-edition": "rtx-pro-6000",
    "rtx-6000-ada-generation": "rtx-6000-ada",
}
"""Product names as NVML reports them, without the vendor, where the book has no such alias."""

ENGINES = {
    "vllm": "vllm",
    "vllm-chat": "vllm",
    "sglang": "sglang",
    "sglang-oai": "sglang",
    "sglang-oai-chat": "sglang",
    "sglang-native": "sglang",
    "dynamo-sglang": "sglang",
    "dynamo-vllm": "vllm",
    "dynamo-trt": "tensorrt-llm",
    "dynamo-trtllm": "tensorrt-llm",
    "trt": "tensorrt-llm",
    "trtllm": "tensorrt-llm",
    "tensorrt-llm": "tensorrt-llm",
    "tensorrtllm": "tensorrt-llm",
    "lmdeploy": "lmdeploy",
    "tgi": "tgi",
}
"""Server backends that name an engine; `openai` names a protocol that all of them speak."""

QUANTISATIONS = {
    "w4a16-awq": "awq-int4",
    "w4a16-gptq": "gptq-int4",
    "fp8-block-scales": "fp8-block",
    "w8a8-sq-per-channel": "int8-w8a8",
    "w8a8-sq-per-channel-per-token-plugin": "int8-w8a8",
}
"""TensorRT-LLM's names of formats."""

_GGUF_SIZES = {"small": "s", "medium": "m", "large": "l"}


def model_id(name: str) -> str:
    """The short id of a model the book knows, else the name as it stands.

    >>> model_id("meta-llama/Llama-3.3-70B-Instruct"), model_id("our-own-7b")
    ('llama-3.3-70b', 'our-own-7b')
    """
    try:
        record = load_book().model(name)
    except UnknownIdError:
        return name
    short = name.lower().rsplit("/", 1)[-1]
    return max((n for n in record.names if short.startswith(n)), key=len, default=record.id)


def gpu_of_product(name: str) -> str:
    """The id of a GPU by the product name its driver reports.

    >>> gpu_of_product("NVIDIA H100 80GB HBM3"), gpu_of_product("NVIDIA GeForce RTX 4080")
    ('h100-sxm', 'rtx-4080')
    """
    squashed = _squash(re.sub(r"(?i)\b(nvidia|amd|instinct|geforce|tesla)\b|\(.*?\)", " ", name))
    return _gpu(DRIVER_NAMES.get(squashed, squashed)) or gpu_of_label(squashed) or squashed


def gpu_of_label(label: str) -> str:
    """The id of a GPU by a label such as a runner's; empty where it could be several.

    >>> gpu_of_label("mi355x-amd"), gpu_of_label("h100")
    ('mi355x', '')
    """
    squashed = _squash(label)
    family, _, rest = squashed.partition("-")
    return _gpu(squashed) or ("" if rest.startswith(("nvl", "pcie")) else _gpu(family))


def _gpu(name: str) -> str:
    try:
        return load_book().gpu(name).id
    except UnknownIdError:
        return ""


def format_id(name: str) -> str:
    """The id of a weight format; empty where the name could mean several (`fp4`) or none.

    >>> format_id("FP8"), format_id("W4A16_AWQ"), format_id("fp4")
    ('fp8', 'awq-int4', '')
    """
    squashed = _squash(name)
    try:
        return load_book().format(QUANTISATIONS.get(squashed, squashed)).id
    except UnknownIdError:
        return ""


def gguf_format(description: str) -> str:
    """The format in llama.cpp's description of a model, whose last words name the file type.

    >>> gguf_format("qwen2 7B Q4_K - Medium"), gguf_format("llama 8B Q8_0")
    ('gguf-q4_k_m', 'gguf-q8_0')
    """
    text = re.sub(r"\(guessed\)|\bmostly\b|\ball\b", " ", description, flags=re.IGNORECASE)
    kinds = re.findall(r"\b(?:T?I?Q\d\w*|MXFP4(?: MoE)?|BF16|F16|F32)", text)
    if not kinds:
        return ""
    size = re.search(r"- (Small|Medium|Large)\b", text)
    name = kinds[-1].replace(" ", "_") + (f"_{_GGUF_SIZES[size[1].lower()]}" if size else "")
    return format_id(f"gguf-{name}")


def _squash(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", name.strip().lower()).strip("-")
