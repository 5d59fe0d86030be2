"""`costmodel cases`: named cases side by side."""

from __future__ import annotations

from costmodel.cli.options import AgainstName, AsJson, OptionName, ScenarioFile, emit


def cases(
    scenario: ScenarioFile,
    *,
    option: OptionName = None,
    against: AgainstName = None,
    as_json: AsJson = False,
) -> None:
    """Base, best, worst and the scenario's own cases side by side, and what differs."""
    from costmodel.present.words.cases import answer
    from costmodel.scenario import load_scenario
    from costmodel.studies.cases import cases as work_out

    found = work_out(load_scenario(scenario), option, against)
    emit(found.to_dict(), as_json, lambda: answer(found))
