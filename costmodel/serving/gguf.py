"""Bytes of a GGUF file: llama.cpp's choice of a type for every tensor of a quantisation mix.

A mix such as Q4_K_M names a default type; attention values, down projections, embedding and head
get better ones, some layers better than others. The rules follow `llama_tensor_get_type` in
llama.cpp `src/llama-quant.cpp` (MIT, read at 311c2c9, 2025); block sizes follow `ggml-common.h`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from costmodel.errors import UnknownIdError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from costmodel.serving.tensors import Architecture, Tensor

BITS_PER_WEIGHT: Final[Mapping[str, float]] = {
    "F32": 32,
    "F16": 16,
    "BF16": 16,
    "Q8_0": 8.5,
    "Q6_K": 6.5625,
    "Q5_K": 5.5,
    "Q5_1": 6.0,
    "Q5_0": 5.5,
    "Q4_K": 4.5,
    "Q4_1": 5.0,
    "Q4_0": 4.5,
    "IQ4_NL": 4.5,
    "IQ4_XS": 4.25,
    "Q3_K": 3.4375,
    "IQ3_S": 3.4375,
    "IQ3_XXS": 3.0625,
    "Q2_K": 2.625,
    "IQ2_S": 2.5625,
    "IQ2_XS": 2.3125,
    "IQ2_XXS": 2.0625,
    "IQ1_M": 1.75,
    "IQ1_S": 1.5625,
    "TQ1_0": 1.6875,
    "TQ2_0": 2.0625,
    "MXFP4": 4.25,
}
"""Bits of one weight in a tensor of a type, block scales included."""

DEFAULT_TYPE: Final[Mapping[str, str]] = {
    **{
        same: same
        for same in [
            "F32",
            "F16",
            "BF16",
            "Q8_0",
            "Q6_K",
            "Q5_1",
            "Q5_0",
            "Q4_1",
            "Q4_0",
            "IQ4_NL",
            "IQ4_XS",
            "IQ3_XXS",
            "IQ3_S",
            "IQ2_XXS",
            "IQ2_XS",
            "IQ1_S",
            "IQ1_M",
            "TQ1_0",
            "TQ2_0",
            "Q2_K",
        ]
    },
    "Q2_K_S": "Q2_K",
    "IQ3_XS": "IQ3_S",
    "IQ3_M": "IQ3_S",
    "Q3_K_S": "Q3_K",
    "Q3_K_M": "Q3_K",
    "Q3_K_L": "Q3_K",
    "Q4_K_S": "Q4_K",
    "Q4_K_M": "Q4_K",
    "Q5_K_S": "Q5_K",
    "Q5_K_M": "Q5_K",
    "IQ2_S": "IQ2_XS",
    "IQ2_M": "IQ2_S",
    "MXFP4_MOE": "MXFP4",
}
"""The type a mix gives to a tensor that no rule below mentions."""

BLOCKS_OF_256: Final = frozenset(
    [
        "Q6_K",
        "Q5_K",
        "Q4_K",
        "Q3_K",
        "Q2_K",
        "IQ4_XS",
        "IQ3_S",
        "IQ3_XXS",
        "IQ2_S",
        "IQ2_XS",
        "IQ2_XXS",
        "IQ1_M",
        "IQ1_S",
        "TQ1_0",
        "TQ2_0",
    ]
)
FALLBACK: Final[Mapping[str, str]] = {
    "Q6_K": "Q8_0",
    "Q5_K": "Q5_1",
    "Q4_K": "Q5_0",
    "Q3_K": "Q4_0",
    "Q2_K": "Q4_0",
    "TQ1_0": "Q4_0",
    "TQ2_0": "Q4_0",
}
"""What replaces a type of 256-weight blocks where rows do not divide by 256; others: IQ4_NL."""

METADATA_BYTES_PER_TOKEN: Final = 45.0
"""Header bytes for one entry of the vocabulary: 8 bytes of length, the text and 4 of type, and
about as much for its merge rule. Mean of Llama 3 (62; it lists every merge twice) and Qwen 2.5
(39), read off the difference between files and their tensors."""

UNQUANTISED: Final = frozenset({"F32", "F16", "BF16"})
KEPT_F32: Final = frozenset({"norm", "bias", "router", "convolution"})
ONE_AND_TWO_BIT: Final = frozenset({"IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ1_S", "IQ1_M"})
BETTER_TWO_BIT: Final = frozenset({"IQ2_S", "IQ2_M"})


def gguf_bytes(arch: Architecture, mix: str, *, imatrix: bool = False) -> float:
    """Bytes of the language model's tensors in a quantisation mix [bytes].

    `imatrix` says that an importance matrix was used, which changes a few choices. Raises
    :class:`UnknownIdError` for an unknown mix.
    """
    mix = mix.upper()
    if mix not in DEFAULT_TYPE:
        raise UnknownIdError("GGUF type", mix, DEFAULT_TYPE)
    total, values_seen = 0.0, 0
    values = sum(t.role == "attention_v" and t.part == "text" for t in arch.tensors)
    for tensor in arch.tensors:
        if tensor.part != "text":
            continue
        kind = _kept_type(tensor, mix) or _tensor_type(
            _Place(arch, tensor, mix, imatrix, values_seen, values)
        )
        values_seen += tensor.role == "attention_v"
        total += tensor.elements * BITS_PER_WEIGHT[kind] / 8
    return total


def metadata_bytes(arch: Architecture) -> float:
    """Bytes of a GGUF file's header: the tokenizer, which no engine puts on the GPU [bytes]."""
    return METADATA_BYTES_PER_TOKEN * arch.vocab


@dataclass(frozen=True)
class _Place:
    """A tensor, and what the rules ask about where it stands."""

    arch: Architecture
    tensor: Tensor
    mix: str
    imatrix: bool
    values_seen: int
    values: int

    @property
    def default(self) -> str:
        return DEFAULT_TYPE[self.mix]

    @property
    def grouped_by_4(self) -> bool:
        """At least four query heads share a key/value head."""
        return self.arch.heads // max(1, self.arch.kv_heads) >= 4

    @property
    def eight_experts(self) -> bool:
        """Mixtral's shape, which has rules of its own."""
        return self.arch.experts == 8

    @property
    def is_70b(self) -> bool:
        """llama.cpp's test for Llama 70B: 80 layers, eight query heads to a key/value head."""
        return self.arch.layers == 80 and self.arch.heads // max(1, self.arch.kv_heads) == 8

    @property
    def early(self) -> bool:
        """In the first eighth of the layers."""
        return self.tensor.layer < self.arch.layers // 8

    @property
    def more_bits(self) -> bool:
        """In the first or last eighth of the layers, or every third between."""
        return _more_bits(self.tensor.layer, self.arch.layers)

    @property
    def value_gets_more_bits(self) -> bool:
        """The same, counted over the layers that have attention values."""
        return _more_bits(self.values_seen, self.values)


def _more_bits(index: int, count: int) -> bool:
    return index < count // 8 or index >= 7 * count // 8 or (index - count // 8) % 3 == 2


def _kept_type(tensor: Tensor, mix: str) -> str:
    """The type of a tensor that no mix quantises, or of a mix that quantises nothing."""
    if tensor.role in KEPT_F32:
        return "F32"
    if mix in UNQUANTISED:
        return mix
    if mix == "MXFP4_MOE":
        return "MXFP4" if tensor.experts > 1 else "Q8_0"
    return ""


def _tensor_type(place: _Place) -> str:
    """The type of one tensor, after the fallback for rows that do not divide into blocks."""
    role = place.tensor.role
    if role == "head" or (role == "embedding" and place.arch.tied_embeddings):
        return _head(place)
    if place.mix in ONE_AND_TWO_BIT and role != "embedding":
        rule = _LOW_BIT_RULES.get(role)
    else:
        rule = _RULES.get(role)
    chosen = rule(place) if rule else place.default
    return _that_divides(chosen, place.tensor.columns)


def _that_divides(kind: str, columns: int) -> str:
    if kind not in BLOCKS_OF_256 or columns % 256 == 0:
        return kind
    return "F16" if columns % 32 else FALLBACK.get(kind, "IQ4_NL")


# -- one rule per role: the mixes that depart from their default --------------------------------


def _head(place: _Place) -> str:
    block = 256 if place.default in BLOCKS_OF_256 else 32
    if place.tensor.columns % block:
        return "Q8_0"
    if place.mix in ONE_AND_TWO_BIT or place.mix == "IQ3_XXS":
        return "Q5_K"
    return "Q8_0" if place.default == "Q8_0" else "Q6_K"


_EMBEDDING: Final[Mapping[str, str]] = {
    **dict.fromkeys(("IQ2_XXS", "IQ2_XS", "IQ1_S", "IQ1_M"), "Q2_K"),
    **dict.fromkeys(("IQ2_S", "IQ2_M", "IQ3_XXS"), "IQ3_S"),
    **dict.fromkeys(("TQ1_0", "TQ2_0"), "Q4_K"),
}


def _embedding(place: _Place) -> str:
    return _EMBEDDING.get(place.mix, place.default)


def _values(place: _Place) -> str:
    if place.eight_experts:
        return "Q8_0"
    kind = _values_of_mix(place)
    return "Q5_K" if place.is_70b and kind in ("Q3_K", "Q4_K") else kind


_VALUES_ALWAYS: Final[Mapping[str, str]] = {"IQ3_M": "Q4_K", "Q3_K_L": "Q5_K"}
_VALUES_GROUPED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("Q2_K", "Q2_K_S", "IQ3_XXS", "IQ3_XS", "IQ3_S"), "Q4_K"),
    **dict.fromkeys(("IQ4_NL", "IQ4_XS"), "Q5_K"),
}


def _values_of_mix(place: _Place) -> str:
    ungrouped = {"Q2_K": "Q3_K", "IQ3_XXS": "IQ3_XXS" if place.imatrix else "IQ3_S"}
    more = "Q6_K" if place.value_gets_more_bits else place.default
    choices = {
        **_VALUES_ALWAYS,
        **(_VALUES_GROUPED if place.grouped_by_4 else ungrouped),
        "Q3_K_M": "Q5_K" if place.values_seen < 2 else "Q4_K",
        "Q4_K_S": "Q5_K" if place.values_seen < 4 else place.default,
        "Q4_K_M": more,
        "Q5_K_M": more,
    }
    return choices.get(place.mix, place.default)


_QUERY_OR_KEY: Final[Mapping[str, str]] = {"IQ3_XS": "IQ3_XXS", "IQ3_XXS": "IQ2_S"}


def _keys(place: _Place) -> str:
    return "Q8_0" if place.eight_experts else _query(place)


def _query(place: _Place) -> str:
    return _QUERY_OR_KEY.get(place.mix, place.default)


_DOWN_ALWAYS: Final[Mapping[str, str]] = {"Q2_K": "Q3_K", "Q3_K_L": "Q5_K"}
_DOWN_EARLY: Final[Mapping[str, str]] = {"Q2_K_S": "Q4_K", "Q4_K_S": "Q5_K", "IQ3_M": "Q4_K"}
_DOWN_EARLY_PLAIN: Final[Mapping[str, str]] = {
    **_DOWN_EARLY,
    **dict.fromkeys(("IQ4_NL", "IQ4_XS"), "Q5_K"),
}
_DOWN_EARLY_IMATRIX: Final[Mapping[str, str]] = {**_DOWN_EARLY, "Q4_0": "Q4_1", "Q5_0": "Q5_1"}
_DOWN_MORE_BITS: Final[Mapping[str, str]] = {"Q4_K_M": "Q6_K", "Q5_K_M": "Q6_K"}


def _down(place: _Place) -> str:
    choices = dict(_DOWN_ALWAYS)
    choices["Q3_K_M"] = "Q5_K" if place.tensor.layer < place.arch.layers // 16 else "Q4_K"
    if not place.imatrix:
        choices["IQ3_XXS"] = "Q4_K" if place.early else "Q3_K"
    if place.early:
        choices |= _DOWN_EARLY_IMATRIX if place.imatrix else _DOWN_EARLY_PLAIN
    if place.more_bits:
        choices |= _DOWN_MORE_BITS
        if place.eight_experts:
            choices["IQ3_M"] = "Q4_K"
    return choices.get(place.mix, place.default)


_OUTPUT: Final[Mapping[str, str]] = {
    "Q2_K": "Q3_K",
    "IQ3_XXS": "IQ3_S",
    "Q3_K_M": "Q4_K",
    "Q3_K_L": "Q5_K",
    "IQ3_M": "Q4_K",
}
_OUTPUT_EIGHT_EXPERTS: Final = frozenset(
    [
        "Q2_K",
        "IQ3_XS",
        "IQ3_XXS",
        "Q3_K_S",
        "Q3_K_M",
        "IQ4_NL",
        "Q4_K_S",
        "Q4_K_M",
        "IQ3_S",
        "IQ3_M",
        "IQ4_XS",
    ]
)


def _output(place: _Place) -> str:
    if place.eight_experts:
        return "Q5_K" if place.mix in _OUTPUT_EIGHT_EXPERTS else place.default
    return _OUTPUT.get(place.mix, place.default)


_FUSED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("Q3_K_M", "Q3_K_L", "IQ3_M"), "Q4_K"),
    "Q4_K_M": "Q5_K",
    "Q5_K_M": "Q6_K",
}


def _fused_qkv(place: _Place) -> str:
    return _FUSED.get(place.mix, place.default)


def _gate_or_up(place: _Place) -> str:
    layer, layers = place.tensor.layer, place.arch.layers
    middle = layers // 8 <= layer < 7 * layers // 8
    return "IQ3_XXS" if place.mix == "IQ3_XS" and middle else place.default


_RULES: Final[Mapping[str, Callable[[_Place], str]]] = {
    "embedding": _embedding,
    "attention_q": _query,
    "attention_k": _keys,
    "attention_v": _values,
    "attention_qkv": _fused_qkv,
    "attention_output": _output,
    "ffn_gate": _gate_or_up,
    "ffn_up": _gate_or_up,
    "ffn_down": _down,
}


# -- the rules of the one- and two-bit mixes ----------------------------------------------------


def _low_bit_upgrade(place: _Place) -> str:
    return "IQ3_S" if place.mix in BETTER_TWO_BIT else "Q2_K"


def _low_bit_values(place: _Place) -> str:
    well_off = place.grouped_by_4 or place.arch.experts >= 4
    return "Q4_K" if well_off else _low_bit_upgrade(place)


def _low_bit_keys(place: _Place) -> str:
    return "Q4_K" if place.eight_experts else place.default


def _low_bit_down(place: _Place) -> str:
    return _low_bit_upgrade(place) if place.early else place.default


def _low_bit_output(place: _Place) -> str:
    if place.eight_experts:
        return "Q5_K"
    if place.mix in ("IQ1_S", "IQ1_M"):
        return "IQ2_XXS"
    return "IQ3_S" if place.mix in BETTER_TWO_BIT else place.default


_LOW_BIT_RULES: Final[Mapping[str, Callable[[_Place], str]]] = {
    "attention_k": _low_bit_keys,
    "attention_v": _low_bit_values,
    "attention_output": _low_bit_output,
    "ffn_down": _low_bit_down,
}
