"""What may be imported when: the layers of the house, and a light start."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import costmodel
from costmodel.book.files import scenarios_dir

ROOT = Path(__file__).parents[2]
HEAVY = ("pandas", "scipy", "plotly", "streamlit", "duckdb")
SCENARIO = str(scenarios_dir() / "support-assistant.yaml")


def loaded_after(code: str) -> set[str]:
    """Names of top-level modules in a new interpreter after running code there."""
    report = "import sys, json; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    command = [sys.executable, "-c", f"{code}\n{report}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


def test_importing_the_package_is_light():
    loaded = loaded_after("import costmodel")
    assert not loaded & {*HEAVY, "numpy", "pydantic", "yaml", "genai_prices"}


@pytest.mark.parametrize(
    "args",
    [
        ["run", SCENARIO],
        ["run", SCENARIO, "--json"],
        ["fit", "llama-3.3-70b", "--gpu", "h100-sxm"],
        ["prices", "groq"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_the_command_line_loads_no_heavy_library(args: list[str]):
    code = f"import sys; sys.argv[1:] = {args!r}\nfrom costmodel.cli import main\n"
    loaded = loaded_after(f"{code}try: main()\nexcept SystemExit as end: assert not end.code")
    assert not loaded & {*HEAVY, "httpx2", "httpx", "asyncio"}


def test_only_the_command_leaves_the_price_updater_out():
    code = "import costmodel.cli, costmodel.book.tokens\nfrom genai_prices import UpdatePrices\n"
    loaded_after(f"{code}assert UpdatePrices is not None")


def test_saving_a_table_loads_no_chart_library(tmp_path: Path):
    code = (
        "from costmodel import evaluate, load_scenario, save\n"
        f"save(evaluate(load_scenario({SCENARIO!r})), {str(tmp_path / 'bill.csv')!r})"
    )
    assert not loaded_after(code) & set(HEAVY)


def test_imports_run_one_way():
    lint = Path(sys.executable).with_name("lint-imports")
    command = str(lint) if lint.exists() else shutil.which("lint-imports")
    if command is None:
        pytest.skip("import-linter is not installed")
    done = subprocess.run(
        [command, "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout


def test_every_public_name_can_be_had():
    for name in costmodel.__all__:
        assert callable(getattr(costmodel, name)), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = costmodel.nothing
