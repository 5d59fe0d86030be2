from __future__ import annotations

import pytest

from costmodel.book import files
from costmodel.errors import InputError


def test_source_checkout_finds_pricing_beside_the_package():
    assert (files.pricing_dir() / "gpu_offers").is_dir()
    assert files.data_dir().is_dir()
    assert files.scenarios_dir().name in {"scenarios", "_scenarios"}


def test_installed_wheel_wins_over_the_checkout(tmp_path, monkeypatch):
    (tmp_path / "costmodel" / "_pricing").mkdir(parents=True)
    monkeypatch.setattr(files, "PACKAGE", tmp_path / "costmodel")
    assert files.pricing_dir() == tmp_path / "costmodel" / "_pricing"
    assert files.scenarios_dir() == tmp_path / "scenarios"


def test_broken_yaml_is_reported_with_line_and_column(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("a: 1\nb: [1, 2\nc: 3\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.yaml:3:\d+: not valid YAML"):
        files.read_yaml(path)


def test_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="missing"):
        files.read_yaml(tmp_path / "absent.yaml")
