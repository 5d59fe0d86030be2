"""The joint choice as an answer: an option per task, and what that saves over one for all."""

from __future__ import annotations

from collections.abc import Iterator

from costmodel.quantity.answer import Answer, Card, Column, Headline, Row, Table, numbers
from costmodel.quantity.words import or_none, shortened, tokens_per_day, usd
from costmodel.studies.portfolio import Candidate, Portfolio

MISSES = "misses a condition of some task"


def answer(found: Portfolio) -> Answer:
    """Everything a person needs from the cheapest joint choice."""
    return Answer(
        headline(found),
        subject=f"{found.scenario}: {tokens_per_day(found.tokens_per_day)}",
        cards=tuple(_cards(found)),
        tables={
            "assignment": assignment(found),
            "levers": levers(found),
            "singles": singles(found),
            "candidates": candidates(found),
            "checklist": checklist(found),
        },
    )


def headline(found: Portfolio) -> Headline:
    """The joint choice in a sentence, what to do, and why."""
    single = found.one_for_all
    first = found.assignment[0].option if found.assignment else None
    if found.monthly_usd is None:
        return Headline(found.reason, "Gate what is missing.", _why(found))
    total = f"{usd(found.monthly_usd)} a month"
    if single is None or single.monthly_usd is None:
        facts = f"No single option stands for every task; one per task does, at {total}."
        return Headline(facts, "Decide precision per task.", _why(found), first)
    name = f"{shortened(single.option, 60)} for every task costs"
    if not found.saving_usd_per_month:
        advice = "Splitting it saves nothing here."
        return Headline(f"{name} {total}.", advice, _why(found), single.option)
    facts = (
        f"{name} {usd(single.monthly_usd)} a month, an option per task {usd(found.monthly_usd)}."
    )
    advice = f"Deciding per task saves {usd(found.saving_usd_per_month)} a month."
    return Headline(facts, advice, _why(found), first)


def _why(found: Portfolio) -> str:
    each = "; ".join(f"{a.workload} on {a.option} ({a.precision})" for a in found.assignment)
    if not each:
        return "Options are shown with what is known of them; none is recommended without evidence."
    return f"{each}. Workloads on one option share its fleet."


def _cards(found: Portfolio) -> Iterator[Card]:
    single, left = found.one_for_all, found.without_evidence
    yield Card(
        "One option per task",
        or_none(found.monthly_usd, usd),
        "a month, every workload on evidence",
    )
    yield Card(
        "One option for all",
        or_none(single and single.monthly_usd, usd),
        f"a month, {single.option}" if single else "no option stands for all",
    )
    yield Card(
        "Cheaper, without evidence",
        str(len(left)),
        "options shown below, not recommended" if left else "none: nothing to gate next",
    )


def assignment(found: Portfolio) -> Table:
    """The option of every task, and under it those that only want evidence to be cheaper."""
    alone = {(c.workload, c.option): c.alone_usd for c in found.candidates}
    chosen = [
        Row((a.workload, a.option, a.precision, alone.get((a.workload, a.option)), a.evidence))
        for a in found.assignment
    ]
    cheaper = [
        Row((c.workload, c.option, "", c.alone_usd, f"not recommended: {c.evidence}"), "muted")
        for c in found.without_evidence
    ]
    tasks = dict.fromkeys(c.workload for c in found.candidates)
    return Table.of(
        (
            Column("Task"),
            Column("Option", role="option"),
            Column("Precision"),
            numbers("Alone, a month", usd),
            Column("Evidence"),
        ),
        (row for task in tasks for row in [*chosen, *cheaper] if row.cells[0] == task),
        "A precision per task",
        grouped=True,
    )


def levers(found: Portfolio) -> Table:
    """The bill after each lever, from today's on."""
    return Table.of(
        (Column("Lever"), numbers("A month", usd), Column("What")),
        (
            (each.name, each.monthly_usd, each.what if each.stands else f"{each.what}; {MISSES}")
            for each in found.levers
        ),
        "From today's API bill, lever by lever",
    )


def singles(found: Portfolio) -> Table:
    """Every option as the one for all tasks."""
    return Table.of(
        (Column("Option", role="option"), numbers("A month", usd), Column("Standing")),
        (
            Row(
                (s.option, s.monthly_usd, "; ".join(s.excluded_by) or "may serve all"),
                "muted" if s.excluded_by else "",
            )
            for s in found.singles
        ),
        "One option for every task",
    )


def candidates(found: Portfolio) -> Table:
    """Every option on every task, with what is known of it there."""
    return Table.of(
        (
            Column("Task"),
            Column("Option", role="option"),
            numbers("Alone, a month", usd),
            Column("Standing"),
        ),
        (
            Row((c.workload, c.option, c.alone_usd, _standing(c)), "" if c.stands else "muted")
            for c in found.candidates
        ),
        f"Every option on every task ({len(found.candidates)})",
        grouped=True,
    )


def _standing(found: Candidate) -> str:
    """Whether an option may serve a task, and what is known of it there."""
    if found.stands:
        return f"may serve it: {found.evidence}"
    reasons = "; ".join(found.reasons)
    return reasons if found.evidence in reasons else f"{found.evidence}; {reasons}"


def checklist(found: Portfolio) -> Table:
    """What to see to before relying on the choice, by option; what is settled is ticked."""
    return Table.of(
        (
            Column("Option", role="option"),
            Column("", lambda done: "☑" if done else "☐", key="done"),
            Column("Check"),
            Column("Why"),
        ),
        (
            Row((c.option, c.done, c.check, c.why), "muted" if c.done else "")
            for c in found.checklist
        ),
        "Before you rely on it",
        grouped=True,
    )
