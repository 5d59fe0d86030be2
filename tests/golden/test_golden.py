"""Every surface says what its golden file says; `make golden` after a change that is meant."""

from __future__ import annotations

import difflib

import pytest

from tests.golden.surfaces import FOLDER, names, texts_of

FILES = FOLDER / "files"


@pytest.mark.parametrize("name", names())
def test_every_surface_says_what_it_said(name):
    changed = []
    for file, text in texts_of(name).items():
        stored = FILES / file
        before = stored.read_text(encoding="utf-8") if stored.exists() else ""
        if text != before:
            lines = difflib.unified_diff(
                before.splitlines(), text.splitlines(), f"stored {file}", "now", lineterm="", n=1
            )
            changed.append("\n".join(list(lines)[:40]))
    assert not changed, "\n\n".join(
        [*changed, "If this is meant: make golden, and look at the diff"]
    )


def test_no_golden_file_is_left_over():
    known = set(names()) | {"verbs"}
    assert {path.name for path in FILES.iterdir()} <= known
