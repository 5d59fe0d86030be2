"""What to check before relying on a choice of precision: a short list for each option chosen.

Each check says why it matters here and whether the scenario already answers it. Nothing is
ticked on the user's behalf that only a run can show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from costmodel.pipeline.facts import Resolved
from costmodel.pipeline.lookup.quality import stated_precision
from costmodel.quality.published import kv_format, weight_format
from costmodel.scenario import Option, Scenario, SelfHost

CALIBRATED = ("awq-int4", "gptq-int4", "gptq-int8", "int8-w8a8", "nvfp4", "int4-w4a16")
"""Formats whose scales are fitted to sample text."""


@dataclass(frozen=True)
class Check:
    """One thing to see to, for one option."""

    option: str
    check: str
    why: str
    done: bool
    """Whether the scenario answers it already."""


def preflight(
    scenario: Scenario, resolved: Resolved, assignment: Sequence[tuple[str, str]]
) -> Iterator[Check]:
    """The checks for every option in an assignment of (workload, option)."""
    served: dict[str, list[str]] = {}
    for workload, chosen in assignment:
        for name in scenario.option(chosen).servers(workload):
            served.setdefault(name, []).append(workload)
    for name, workloads in served.items():
        option = scenario.option(name)
        if option.selfhost is not None:
            yield from _own(option, option.selfhost, workloads, resolved)
        elif option.api is not None:
            yield from _managed(option, workloads, resolved)


def _own(
    option: Option, stated: SelfHost, served: Sequence[str], resolved: Resolved
) -> Iterator[Check]:
    weights = weight_format(stated.format or "")
    if weights in CALIBRATED:
        yield Check(
            option.name,
            "Calibration data like your traffic",
            f"{weights} fits its scales to sample text; take some of {', '.join(served)}, in its "
            "languages and lengths",
            False,
        )
    yield Check(
        option.name,
        "KV cache checked apart from the weights",
        f"{stated.kv_dtype} holds every token of the context; compare it with 16 bits by itself, "
        "at your longest context"
        if kv_format(stated.kv_dtype)
        else "it stays at 16 bits here; check again before anyone makes it smaller",
        not kv_format(stated.kv_dtype),
    )
    yield _evaluated(option, served, resolved, f"the {weights or 'served'} checkpoint in the "
                     "engine that will serve it, not the model it was made from")  # fmt: skip
    pinned = bool(stated.kernel or weights in ("bf16", "")) and stated.gpu is not None
    yield Check(
        option.name,
        "Kernel, engine version and GPU pinned",
        "the same weights on another kernel changed 12.7 % of tool calls, and speed by ten times",
        pinned and stated.engine_version is not None,
    )


def _managed(option: Option, served: Sequence[str], resolved: Resolved) -> Iterator[Check]:
    facts = resolved.options[option.name]
    precision, endpoint = stated_precision(option, facts), facts.endpoint
    if precision or endpoint is None or endpoint.open_weights:
        yield Check(
            option.name,
            "Precision of the managed endpoint known",
            f"it states {precision}; ask to be told before it changes"
            if precision
            else "hosts serve the same weights at 16, 8 or 4 bits; ask, in writing",
            bool(precision),
        )
    yield _evaluated(option, served, resolved, "the endpoint itself, under the model id and "
                     "date that will be called")  # fmt: skip


def _evaluated(option: Option, served: Sequence[str], resolved: Resolved, what: str) -> Check:
    standings = [
        resolved.quality[workload].options[option.name].standing
        for workload in served
        if workload in resolved.quality and option.name in resolved.quality[workload].options
    ]
    gated = len(standings) == len(served) and all(s == "pass" for s in standings)
    return Check(option.name, "Evaluated as it will be served", f"run your gate on {what}", gated)
