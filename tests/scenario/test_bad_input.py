"""Whatever a person gets wrong ends in exit code 2 and a message, never in a traceback."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from costmodel import InputError, evaluate
from costmodel.book.files import scenarios_dir
from costmodel.cli import app
from costmodel.scenario import parse_scenario
from costmodel.scenario.yamlfile import parse_yaml

GOOD = """\
name: t
as_of: 2026-11-23
workloads:
  - name: chat
    tokens_per_day: 1e8
    input_tokens: 800
    output_tokens: 200
    profile: {peak_to_mean: 2}
options:
  - name: listed
    api: {provider: groq, model: llama-3.3-70b-versatile}
  - name: own
    selfhost:
      model: llama-3.3-70b
      format: awq-int4
      gpu: h100-sxm
      offers: [{terms: on-demand, usd_per_gpu_hour: 2.5}]
  - name: both
    mix: {chat: own}
"""

EDITS: dict[str, tuple[str, str, str]] = {
    "negative price": (
        "usd_per_gpu_hour: 2.5", "usd_per_gpu_hour: -2.5", r":17:35: .*must be above 0, not -2.5",
    ),
    "unknown provider": ("provider: groq", "provider: grok", r":11:.*unknown provider 'grok'"),
    "unknown api model": ("70b-versatile", "70b-versatil", r":11:.*llama-3.3-70b-versatile"),
    "unknown model": ("model: llama-3.3-70b\n", "model: lama-3.3-70b\n", r"unknown model.*llama"),
    "unknown gpu": ("gpu: h100-sxm", "gpu: h100sxm", r":16:.*unknown GPU 'h100sxm'.*h100-sxm"),
    "unknown format": ("awq-int4", "awq-int5", r"unknown format 'awq-int5'.*awq-int4"),
    "peak below mean": ("peak_to_mean: 2", "peak_to_mean: 0.5", r":8:.*must be 1 or more"),
    "no tokens": ("tokens_per_day: 1e8", "tokens_per_day: 0", r":5:.*must be above 0"),
    "empty request": ("input_tokens: 800\n    output_tokens: 200",
                      "input_tokens: 0\n    output_tokens: 0", r"a request needs tokens"),
    "nan": ("tokens_per_day: 1e8", "tokens_per_day: .nan", r":5:.*finite number"),
    "infinite": ("input_tokens: 800", "input_tokens: .inf", r":6:.*finite number"),
    "not a number": ("input_tokens: 800", "input_tokens: many", r":6:.*needs a number"),
    "unknown key": ("output_tokens: 200", "outputs_tokens: 200", r":7:5: .*did you mean output"),
    "two volumes": ("tokens_per_day: 1e8", "tokens_per_day: 1e8\n    requests_per_day: 5",
                    r"say one of tokens_per_day, requests_per_day"),
    "two kinds": ("    mix: {chat: own}",
                  "    mix: {chat: own}\n    api: {provider: groq, model: x}",
                  r"say one of api, selfhost, hybrid, mix"),
    "two sizes": ("      gpu: h100-sxm", "      gpu: h100-sxm\n      tp: 2\n"
                  "      gpus_per_replica: 4", r"tp and gpus_per_replica contradict"),
    "duplicate key": ("name: t\n", "name: t\nname: u\n", r":2:1: .*a second time"),
    "duplicate name": ("name: own\n", "name: listed\n", r":12:.*'listed' is taken"),
    "mix of the unknown": ("{chat: own}", "{chat: onw}", r":19:.*no api or selfhost.*'onw'.*own"),
    "mix without a workload": ("{chat: own}", "{}", r"'chat' has no option in this mix"),
    "a list": ("name: t\n", "- name: t\n", r":\d+:\d+: not YAML"),
    "bad date": ("2026-11-23", "23.11.2026", r":2:.*needs a date such as"),
    "range upside down": ("800", "{low: 900, likely: 800, high: 1000}", r"low <= likely <= high"),
    "no workloads": ("workloads:\n", "workloads: []\nxworkloads:\n", r"did you mean workloads"),
}  # fmt: skip

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

WHOLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "a scenario is a mapping"),
    "only a comment": (b"# nothing\n", "a scenario is a mapping"),
    "a list": (b"- 1\n- 2\n", "a scenario is a mapping"),
    "a text": (b"hello", "a scenario is a mapping"),
    "binary": (bytes(range(256)) * 8, "cannot be read as text"),
    "control characters": (b"name: \x00\x01\n", "not YAML"),
    "billion laughs": (BOMB.encode(), "aliases"),
    "deep lists": (b"[" * 50_000, "nested too deeply"),
    "deep mappings": (b"{a: " * 50_000, "nested too deeply"),
    "deep blocks": (b"".join(b" " * i + b"a:\n" for i in range(1000)), "nested too deeply"),
    "an object": (b"!!python/object/apply:os.system ['true']", "not YAML|could not determine"),
    "huge": (b"a: " + b"x" * 2_000_000, "longer than"),
}


def refused(path: Path | str, *more: str) -> str:
    """What stderr says about a scenario that must not pass."""
    result = CliRunner().invoke(app, ["run", str(path), *more, "--json"])
    assert result.exit_code == 2, (result.stdout, result.stderr, result.exception)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def test_the_scenario_that_is_spoiled_here_is_good(tmp_path: Path):
    path = tmp_path / "s.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert CliRunner().invoke(app, ["run", str(path), "--json"]).exit_code == 0


@pytest.mark.parametrize("what", EDITS)
def test_a_wrong_value_is_named_with_its_place(what: str, tmp_path: Path):
    old, new, message = EDITS[what]
    assert old in GOOD
    path = tmp_path / "s.yaml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    said = refused(path)
    assert said.startswith(f"{path}:")
    assert re.search(message, said), said


def test_several_mistakes_are_told_at_once(tmp_path: Path):
    path = tmp_path / "s.yaml"
    text = GOOD.replace("peak_to_mean: 2", "peak_to_mean: 0").replace("2.5", "-1")
    path.write_text(text, encoding="utf-8")
    said = refused(path).splitlines()
    assert [line.removeprefix(f"{path}:").split(":")[0] for line in said] == ["8", "17"]


@pytest.mark.parametrize("what", WHOLE)
def test_a_file_that_is_no_scenario(what: str, tmp_path: Path):
    content, message = WHOLE[what]
    path = tmp_path / "s.yaml"
    path.write_bytes(content)
    said = refused(path)
    assert str(path) in said
    assert re.search(message, said), said


def test_a_missing_file(tmp_path: Path):
    assert "no such file" in refused(tmp_path / "none.yaml")


def test_a_folder_is_no_scenario(tmp_path: Path):
    assert "cannot be read" in refused(tmp_path)


def test_an_unknown_workload_on_the_command_line():
    said = refused(scenarios_dir() / "support-assistant.yaml", "--workload", "chatt")
    assert "did you mean chat?" in said


@pytest.mark.parametrize(
    "args",
    [
        ("fit", "no-such-model-at-all", "--gpu", "h100-sxm"),
        ("fit", "llama-3.3-70b", "--gpu", "h100sxm"),
        ("fit", "llama-3.3-70b", "--gpu", "h100-sxm", "--format", "awq5"),
        ("fit", "llama-3.3-70b", "--gpu", "h100-sxm", "--tp", "7"),
        ("fit", "llama-3.3-70b", "--gpu", "h100-sxm", "--kv-dtype", "fp7"),
        ("fit", "llama-3.3-70b", "--gpu", "h100-sxm", "--engine", "no-engine"),
        ("fit", "llama-3.3-70b", "--gpu", "h100-sxm", "--engine-version", "x"),
        ("fit", "/no/such/folder", "--gpu", "h100-sxm"),
        ("throughput", "llama-3.3-70b", "--gpu", "h100-sxm", "--format", "bf16",
         "--input-tokens", "10", "--output-tokens", "10"),
        ("no-such-verb",),
        ("run",),
        ("export", "x.yaml"),
    ],
)  # fmt: skip
def test_the_other_verbs_refuse_as_well(args: tuple[str, ...]):
    result = CliRunner().invoke(app, list(args))
    assert (result.exit_code, result.stdout) == (2, ""), result.exception
    assert result.stderr


# ------------------------------------------------------------------------------------------ fuzz

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**20),
    st.floats(),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.sampled_from(["own", "listed", "chat", "h100-sxm", 0.5, 1, 2, "1e400", "-0"]),
)


def places(data: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [here] if here else []
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        found += [place for key, value in items for place in places(value, (*here, key))]
    return found


def spoil(data: Any, place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        data = data[key]
    data[place[-1]] = value


@settings(max_examples=150)
@given(draw=st.data())
def test_any_value_anywhere_evaluates_or_is_refused(draw: st.DataObject):
    data, _ = parse_yaml(GOOD)
    for _ in range(draw.draw(st.integers(1, 3))):
        spoil(data, draw.draw(st.sampled_from(sorted(places(data), key=str))), draw.draw(VALUES))
    evaluates_or_is_refused(yaml.safe_dump(data))


@settings(max_examples=150)
@given(at=st.integers(0, len(GOOD)), cut=st.integers(0, 12), put=st.text(max_size=4))
def test_any_edit_of_the_text_evaluates_or_is_refused(at: int, cut: int, put: str):
    evaluates_or_is_refused(GOOD[:at] + put + GOOD[at + cut :])


def evaluates_or_is_refused(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            report = evaluate(parse_scenario(text))
        except InputError:
            return
    assert report.to_dict()["options"]
