"""What users meet by name is written down where they look it up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from costmodel.quantity import caution
from costmodel.quantity.caution import CODES, Caution, Heading

ROOT = Path(__file__).parents[2]


def documented_warnings() -> dict[str, str]:
    """The codes of docs/warnings.md, each with the heading it stands under."""
    found, heading = {}, ""
    for line in (ROOT / "docs" / "warnings.md").read_text(encoding="utf-8").splitlines():
        heading = line.removeprefix("## ") if line.startswith("## ") else heading
        if code := re.match(r"- `(\w+)`: \S.*\.$", line):
            found[code[1]] = heading
    return found


def test_every_warning_is_documented_under_its_heading():
    assert documented_warnings() == {code: str(heading) for code, heading in CODES.items()}


def test_every_code_in_the_table_is_raised_somewhere():
    table = Path(caution.__file__)
    files = (path for path in (ROOT / "costmodel").rglob("*.py") if path != table)
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert [code for code in CODES if f'"{code}"' not in source] == []


def test_a_warning_with_an_unknown_code_is_a_bug():
    assert Caution("growth", "It grows.").heading is Heading.TRAFFIC
    with pytest.raises(ValueError, match="add it to CODES"):
        Caution("grwoth", "It grows.")
