"""The plan of the house: its rooms, its floors, no circle of files, and no door without a sign."""

from __future__ import annotations

import tomllib
from pathlib import Path

import grimp
import pytest

import costmodel
from costmodel.cli import app

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "costmodel"
MOST_ROOMS, MOST_LAYERS = 14, 9


def rooms() -> set[str]:
    """Folders and loose modules of the package."""
    loose = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    return loose | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def test_there_are_few_rooms_and_each_stands_in_the_contract_and_in_the_plan():
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = contracts[0]["layers"]
    listed = {name.strip(" ()") for layer in layers for name in layer.split(":")}
    assert listed == rooms()
    assert len(rooms()) <= MOST_ROOMS
    assert len(layers) <= MOST_LAYERS
    plan = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert [room for room in sorted(rooms()) if f"`{room}" not in plan] == []


def test_no_files_import_each_other_in_a_circle():
    graph = grimp.build_graph("costmodel", cache_dir=None)
    left = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert sorted(left) == []


@pytest.mark.parametrize("verb", [command.callback.__name__ for command in app.registered_commands])
def test_every_verb_is_documented(verb: str):
    assert f"costmodel {verb}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_public_name_is_documented():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert [name for name in costmodel.__all__ if name not in text] == []


def test_how_to_add_names_files_that_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = [part for part in text.split("`") if part.startswith(("costmodel/", "tests/", "docs/"))]
    assert [each for each in named if "<" not in each and not (ROOT / each).exists()] == []
