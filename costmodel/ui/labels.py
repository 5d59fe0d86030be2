"""Texts of widgets: names that are not too long, and inert where Streamlit reads Markdown."""

from __future__ import annotations

import re

from costmodel.quantity.words import shortened

LONGEST_NAME = 60


def label_text(value: str) -> str:
    r"""Text for a widget's label, where Streamlit would read Markdown.

    >>> print(label_text("own *GPUs* [x](y) $2"))
    own \*GPUs\* \[x\]\(y\) \$2
    """
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~$:^])", r"\\\1", shortened(value, LONGEST_NAME))
