"""The ready scenarios, and what is worked out of each: once in a process, for all its tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from costmodel import Report, Scenario, evaluate, load_scenario, simulate
from costmodel.book.files import scenarios_dir
from costmodel.errors import InputError
from costmodel.present import board
from costmodel.present.saving import content_of
from costmodel.studies.cashflow.cashflow import cashflow
from costmodel.studies.risk.record import Risk

NAMES = sorted(path.stem for path in scenarios_dir().glob("*.yaml"))

THREE = ("support-assistant", "contracts", "precision-per-task")
"""Between them a hybrid, contracts of every kind, and several workloads with a quality to keep."""

FEW_DRAWS = 64
"""Draws of a risk whose distribution is not the point."""


def path(name: str) -> Path:
    """The file of a ready scenario."""
    return scenarios_dir() / f"{name}.yaml"


@cache
def scenario(name: str) -> Scenario:
    """A ready scenario as it stands in its file."""
    return load_scenario(path(name))


@cache
def report(name: str) -> Report:
    """What it evaluates to."""
    return evaluate(scenario(name))


@cache
def risk(name: str) -> Risk:
    """The odds, of few draws."""
    return simulate(scenario(name), FEW_DRAWS)


@cache
def answer(ask: Callable[[Scenario], Any], name: str) -> Any:
    """What a study says of it, or why it says nothing."""
    try:
        return ask(scenario(name))
    except InputError as error:
        return error


@cache
def file(name: str, ending: str) -> bytes:
    """A file of its report, with risk and cash flow where a board file takes them along."""
    more: dict[str, Any] = {}
    if ending in board.ENDINGS:
        odds, flow = risk(name), answer(cashflow, name)
        more["risk"] = odds if odds.option else None
        more["cashflow"] = None if isinstance(flow, InputError) else flow
    return content_of(report(name), ending, **more)[0]
