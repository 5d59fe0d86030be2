"""What `quantization_config` of a checkpoint says about its weights.

Methods: awq, gptq, fp8, compressed-tensors, modelopt, mxfp4, bitsandbytes. The result is a
:class:`~costmodel.serving.weights.WeightFormat` with this checkpoint's own bits and ignore list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from costmodel.errors import InputError, Problem, did_you_mean, nearest_ids
from costmodel.serving.weights import WeightFormat

Values = Mapping[str, Any]

IGNORE_KEYS: Final = (
    "ignore",
    "exclude_modules",
    "modules_to_not_convert",
    "ignored_layers",
    "llm_int8_skip_modules",
)
SCALE_BITS: Final = 16
DEFAULT_GROUP: Final = 128


@dataclass(frozen=True)
class Quantisation:
    """A checkpoint's format: the id it goes by in the book, and its exact rules."""

    format_id: str
    weight_format: WeightFormat


def from_config(config: Values, where: str = "") -> Quantisation | None:
    """The format that a `config.json` declares; None where its weights are not quantised.

    Raises :class:`InputError` for a method that is not known, or one that lacks its bits.

    >>> found = from_config({"quantization_config": {"quant_method": "awq", "bits": 4,
    ...                                              "group_size": 64, "zero_point": True}})
    >>> found.weight_format.bits_per_weight
    4.3125
    """
    declared = config.get("quantization_config") or config.get("quantization")
    if not isinstance(declared, Mapping):
        return None
    method = str(declared.get("quant_method") or declared.get("quant_algo") or "").lower()
    read = METHODS.get(method)
    if read is None:
        hint = did_you_mean(nearest_ids(method, METHODS))
        known = ", ".join(METHODS)
        raise InputError(
            Problem(
                f"quantization_config has quant_method {method!r}, which cannot be read{hint} "
                f"(known: {known})",
                path=where,
            )
        )
    try:
        format_id, bits, experts_only = read(declared, where)
    except (TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            Problem(f"quantization_config of {method!r} holds a value of a wrong type: {error}",
                    path=where)
        ) from error  # fmt: skip
    rules = WeightFormat(
        id=format_id,
        bits_per_weight=bits,
        experts_only=experts_only,
        exclusions=ignore_list(declared),
    )
    return Quantisation(format_id, rules)


def ignore_list(declared: Values) -> tuple[str, ...]:
    """Every module that the config leaves out, under whichever key it does."""
    found: list[str] = []
    for key in IGNORE_KEYS:
        names = declared.get(key)
        found.extend(str(name) for name in names if name) if isinstance(names, list) else None
    return tuple(dict.fromkeys(found))


# -- one reader per method: book id, bits of a weight, whether only experts are quantised -----

Read = tuple[str, float, bool]


def _needed(declared: Values, key: str, where: str) -> Any:
    if (value := declared.get(key)) is None:
        raise InputError(
            Problem(f"quantization_config of {declared.get('quant_method')!r} lacks {key!r}",
                    path=where)
        )  # fmt: skip
    return value


def _grouped(bits: int, group: Any, *, zeros: bool) -> float:
    """Bits of a weight with a 16-bit scale, and a zero point of `bits`, for each group."""
    if not isinstance(group, int) or group <= 0:
        return float(bits)
    return bits + (SCALE_BITS + (bits if zeros else 0)) / group


def _awq(declared: Values, where: str) -> Read:
    bits = int(_needed(declared, "bits", where))
    zeros = bool(declared.get("zero_point", True))
    group = declared.get("group_size", DEFAULT_GROUP)
    return "awq-int4", _grouped(bits, group, zeros=zeros), False


def _gptq(declared: Values, where: str) -> Read:
    """GPTQ stores zero points even where they are all alike (`sym`)."""
    bits = int(_needed(declared, "bits", where))
    group = declared.get("group_size", DEFAULT_GROUP)
    format_id = "gptq-int8" if bits == 8 else "gptq-int4"
    return format_id, _grouped(bits, group, zeros=True), False


def _fp8(declared: Values, where: str) -> Read:
    block = declared.get("weight_block_size")
    if isinstance(block, list) and len(block) == 2:
        return "fp8-block", 8 + 32 / (int(block[0]) * int(block[1])), False
    return "fp8", 8.0, False


def _compressed(declared: Values, where: str) -> Read:
    groups = declared.get("config_groups")
    weights = [g.get("weights") for g in groups.values()] if isinstance(groups, Mapping) else []
    schemes = [scheme for scheme in weights if isinstance(scheme, Mapping)]
    if not schemes:
        raise InputError(
            Problem("quantization_config of compressed-tensors lacks config_groups.*.weights",
                    path=where)
        )  # fmt: skip
    return _scheme(schemes[0], declared, where)


def _scheme(scheme: Values, declared: Values, where: str) -> Read:
    bits, group = int(_needed(scheme, "num_bits", where)), scheme.get("group_size")
    if scheme.get("type") == "float":
        if bits == 4:
            small = group == 32
            return ("mxfp4" if small else "nvfp4"), 4 + 8 / int(group or 16), False
        block = scheme.get("block_structure")
        return _fp8({"weight_block_size": block} if block else declared, where)
    zeros = not scheme.get("symmetric", True)
    if bits == 8:
        return "int8-w8a8", _grouped(8, group, zeros=zeros), False
    return "int4-w4a16", _grouped(bits, group, zeros=zeros), False


def _modelopt(declared: Values, where: str) -> Read:
    if isinstance(declared.get("config_groups"), Mapping):
        return _compressed(declared, where)
    algorithm = str(declared.get("quant_algo") or "NVFP4").upper()
    if "FP4" in algorithm:
        return "nvfp4", 4 + 8 / int(declared.get("group_size") or 16), False
    if "FP8" in algorithm:
        return "fp8", 8.0, False
    if algorithm == "W4A16_AWQ":
        return _awq({"bits": 4, **declared, "zero_point": False}, where)
    raise InputError(Problem(f"quant_algo {algorithm!r} cannot be read", path=where))


def _mxfp4(declared: Values, where: str) -> Read:
    return "mxfp4", 4 + 8 / 32, True


def _bitsandbytes(declared: Values, where: str) -> Read:
    if declared.get("load_in_8bit"):
        return "int8-w8a8", 8.0, False
    if declared.get("bnb_4bit_use_double_quant"):
        return "bnb-nf4-dq", 4 + 8 / 64 + 32 / (64 * 256), False
    return "bnb-nf4", 4 + 32 / 64, False


METHODS: Final[Mapping[str, Callable[[Values, str], Read]]] = {
    "awq": _awq,
    "gptq": _gptq,
    "gptq_marlin": _gptq,
    "awq_marlin": _awq,
    "fp8": _fp8,
    "fbgemm_fp8": _fp8,
    "compressed-tensors": _compressed,
    "modelopt": _modelopt,
    "modelopt_fp4": _modelopt,
    "nvfp4": _modelopt,
    "mxfp4": _mxfp4,
    "bitsandbytes": _bitsandbytes,
}
"""Every `quant_method` that can be read."""
