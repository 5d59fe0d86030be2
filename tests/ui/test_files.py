"""The files people keep: a button for each, and nothing written before one is pressed."""

import pytest

from costmodel.present import saving
from costmodel.ui.downloads import KEPT
from tests.ui.pages import headline, opened_page


def test_no_file_is_written_until_its_button_is_pressed(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file was written on a rerun")

    monkeypatch.setattr(saving, "content_of", refuse)
    app = opened_page("decision", 60)
    assert not app.exception
    assert headline(app)
    keys = [button.proto.id for button in app.get("download_button")]
    for _, ending, _ in KEPT:
        assert any(f"file{ending}" in key for key in keys), ending
