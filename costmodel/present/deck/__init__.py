"""The board deck: a .pptx file with native, editable charts, and the derivation in its notes.

PowerPoint opens it without repair, and a company's template gives it the company's look. The
library that writes it is loaded when a deck is asked for, not before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from costmodel.pipeline.report import Report

if TYPE_CHECKING:
    from costmodel.studies.cashflow.record import CashFlow
    from costmodel.studies.risk.record import Risk


def deck_bytes(
    report: Report, *, template: str | Path | bytes | None = None, risk: Risk | None = None,
    cashflow: CashFlow | None = None,
) -> tuple[bytes, tuple[str, ...]]:  # fmt: skip
    """The deck of a report as a .pptx file, and the slides left out for want of data.

    ``template``: a company's .pptx, by name or as its content; its layouts, theme and slide size
    are used, its slides are not. ``risk`` and ``cashflow``: what `simulate` and `cashflow`
    returned. Raises InputError for a template that is not a .pptx file or has no layout with a
    title across the top.
    """
    from costmodel.present.deck.story import write_deck

    return write_deck(report, template, risk, cashflow)
