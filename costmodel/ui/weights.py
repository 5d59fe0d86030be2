"""The first widgets of every page about one replica: which weights, on which cards."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from costmodel.ui import choices
from costmodel.ui.controls import Controls


@dataclass(frozen=True)
class Weights:
    """A model, its format and its cards, as the pickers show them."""

    model: str
    format: str
    gpu: str
    tp: str

    @property
    def stated_format(self) -> str | None:
        """The format by id; None for the checkpoint's own."""
        return None if self.format == choices.AS_RELEASED else self.format


def pick(widgets: Controls, default: Weights) -> Weights:
    """The pickers, which stand in the address."""
    model = widgets.choose("open_model", "Model", choices.models(), default.model)
    formats = [choices.AS_RELEASED, *choices.formats()]
    weights = widgets.choose("weights", "Format of the weights", formats, default.format)
    left, right = st.columns([5, 3])
    with left:
        gpu = widgets.choose("card", "GPU", choices.gpus(), default.gpu)
    with right:
        tp = widgets.choose("cards", "GPUs (TP)", choices.GROUPS, default.tp)
    return Weights(model, weights, gpu, tp)
