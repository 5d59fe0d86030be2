"""The wheel carries all it needs: built, installed into an empty environment, used elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from costmodel import evaluate, load_scenario
from costmodel.book.files import scenarios_dir

pytestmark = pytest.mark.install

ROOT = Path(__file__).parents[2]
USE_THE_PACKAGE = """
import json
import costmodel
from costmodel.book.files import scenarios_dir
path = scenarios_dir() / "support-assistant.yaml"
print(json.dumps({"package": costmodel.__file__, "scenario": str(path)}))
"""


def run(*command: str | Path, cwd: Path) -> str:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=cwd,
        env=clean,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT, cwd=out)
    return next(out.glob("costmodel-*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the package from the wheel alone, and the dependencies of this one.

    The dependencies are linked and not installed again; an editable install of the package among
    them is not reached, because `.pth` files of a linked folder are not read.
    """
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    made = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", made)
    run(*pip, "install", "--no-deps", "--no-compile", "--quiet", wheel, cwd=folder)
    site = Path(run(made, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))",
                    cwd=folder).strip())  # fmt: skip
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return made


def test_the_wheel_carries_the_data_and_nothing_of_the_workshop(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in (("pricing", "_pricing"), ("scenarios", "_scenarios")):
        for path in (ROOT / folder).rglob("*.yaml"):
            assert f"costmodel/{inside}/{path.relative_to(ROOT / folder)}" in names
    for path in (ROOT / "costmodel" / "book").rglob("*.*"):
        if path.suffix in (".yaml", ".csv", ".json"):
            assert str(path.relative_to(ROOT)) in names
    assert "costmodel/_app.py" in names
    assert not {name for name in names if name.startswith(("tests/", "notebooks/", "bench/"))}


def test_the_installed_command_runs_a_bundled_scenario(python: Path, tmp_path: Path):
    where = json.loads(run(python, "-c", USE_THE_PACKAGE, cwd=tmp_path))
    assert not Path(where["package"]).is_relative_to(ROOT)
    assert not Path(where["scenario"]).is_relative_to(ROOT)
    command = python.with_name("costmodel")
    result = json.loads(run(command, "run", where["scenario"], "--json", cwd=tmp_path))
    here = evaluate(load_scenario(scenarios_dir() / "support-assistant.yaml"))
    assert result == json.loads(json.dumps(here.to_dict()))
    run(command, "export", where["scenario"], "-o", "frozen.yaml", cwd=tmp_path)
    assert (tmp_path / "frozen.yaml").exists()
