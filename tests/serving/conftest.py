from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from costmodel.book import models
from costmodel.errors import UnknownIdError
from costmodel.serving.architecture import Architecture

DATA = Path(__file__).parent.parent / "data"
OTHER_NAMES = {"q25-1.5b": "qwen2.5-1.5b", "q25-0.5b": "qwen2.5-0.5b"}


class Truth:
    """The published file sizes and start-up logs that memory rules are held against."""

    def rows(self, name: str) -> list[dict[str, str]]:
        with (DATA / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def architecture(self, name: str) -> Architecture | None:
        try:
            return models.model(OTHER_NAMES.get(name, name)).architecture() if name else None
        except UnknownIdError:
            return None

    def spread(self, errors: list[float]) -> tuple[float, float]:
        """Median and 90th percentile of absolute relative errors, in percent."""
        absolute = 100 * np.abs(np.array(errors))
        return float(np.median(absolute)), float(np.quantile(absolute, 0.9))


@pytest.fixture(scope="session")
def truth() -> Truth:
    return Truth()
