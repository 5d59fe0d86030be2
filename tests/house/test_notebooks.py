"""Every notebook runs from top to bottom, and its stored output is still what comes out.

To refresh one, so that its charts are stored as pictures:
``PLOTLY_RENDERER=svg jupyter execute --inplace notebooks/*.ipynb``
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
VERDICT = re.compile(r"^(HOLDS|HALF|DOES NOT HOLD): (.*)$", re.MULTILINE)

pytestmark = pytest.mark.filterwarnings("ignore")


def printed(notebook: Any) -> str:
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    return "".join(o["text"] for o in outputs if o["output_type"] == "stream")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_runs_and_says_the_same(self, path, tmp_path, monkeypatch):
        monkeypatch.setenv("PLOTLY_RENDERER", "json")
        monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
        folder = tmp_path / "notebooks"
        folder.mkdir()
        stored = nbformat.read(shutil.copy(path, folder), as_version=4)
        fresh = nbformat.read(path, as_version=4)
        where = {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(fresh, timeout=300, resources=where).execute()
        assert VERDICT.findall(printed(fresh)) == VERDICT.findall(printed(stored))

    def test_is_stored_executed_and_small(self, path):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
        outputs = [output for cell in code for output in cell.outputs]
        assert not any(output.output_type == "error" for output in outputs)
        pictures = [o for o in outputs if "image/svg+xml" in o.get("data", {})]
        assert pictures, "charts are stored as pictures, so that they show without JavaScript"
        assert path.stat().st_size < 300_000

    def test_says_nothing_about_the_machine_it_ran_on(self, path):
        text = path.read_text(encoding="utf-8")
        assert str(ROOT) not in text
        assert "/home/" not in text


def test_claims_of_the_article():
    notebook = nbformat.read(ROOT / "notebooks" / "01_the_claims_checked.ipynb", as_version=4)
    verdicts = [verdict for verdict, _ in VERDICT.findall(printed(notebook))]
    assert len(verdicts) == 11
    assert verdicts.count("DOES NOT HOLD") == 1


def test_claims_about_quality():
    notebook = nbformat.read(ROOT / "notebooks" / "02_quality.ipynb", as_version=4)
    verdicts = {claim: verdict for verdict, claim in VERDICT.findall(printed(notebook))}
    assert len(verdicts) == 11
    assert verdicts["FP8 is practically lossless"] == "HOLDS"
    assert verdicts["INT8 loses 1 to 3 percent"] == "DOES NOT HOLD"
    assert verdicts["AWQ at 4 bit keeps 99 percent"] == "HALF"
    assert verdicts["Q4_K_M keeps 92 percent"] == "DOES NOT HOLD"
    assert verdicts["HumanEval 92 to 85 of 164 shows a loss"] == "DOES NOT HOLD"
