"""A report as plain text: the verdict first, then bills, break-even, fleets and warnings."""

from __future__ import annotations

from collections.abc import Iterator

from costmodel.cli.text import paragraph, sections, table, titled
from costmodel.pipeline.report import BreakEven, OptionResult, Report
from costmodel.quantity.words import percent, short, tokens_per_day, usd

NONE = "-"


def report_text(report: Report) -> str:
    """Everything a person needs from `costmodel run`, at most 100 columns wide."""
    return sections(
        _head(report),
        _options(report),
        *(_bill(option) for option in report.options),
        _break_even(report),
        _fleets(report),
        _conditions(report),
        _warnings(report),
    )


def _head(report: Report) -> str:
    best = report.recommendation
    of = "" if report.volume_of == "all" else f" of {report.volume_of}"
    volume = f"{tokens_per_day(report.tokens_per_day)}{of}"
    lines = [
        f"{report.scenario}: {volume}, prices as of {report.as_of}",
        f"Recommended: {best.option or 'none'}",
        best.reason,
    ]
    if best.saving_usd_per_month is not None:
        lines.append(
            f"It saves {usd(best.saving_usd_per_month)} a month against {best.runner_up}; "
            f"the prices and throughputs behind it are {best.evidence}, at the weakest."
        )
    return "\n".join(paragraph(line) for line in lines)


def _options(report: Report) -> str:
    rows = [
        [
            option.name,
            option.kind,
            _usd(option.monthly_usd),
            _usd(option.usd_per_mtok),
            "; ".join(option.excluded_by) or NONE,
        ]
        for option in report.options
    ]
    return table(
        ["OPTION", "KIND", "A MONTH", "PER MTOK", "EXCLUDED BY"], rows, ["A MONTH", "PER MTOK"]
    )


def _bill(option: OptionResult) -> str:
    rows = [[line.name, usd(line.usd), line.kind, line.source] for line in option.lines]
    if not rows:
        return ""
    return table([option.name, "A MONTH", "KIND", "SOURCE"], rows, ["A MONTH"])


def _break_even(report: Report) -> str:
    rows = [
        [row.option, row.against, row.verdict, _short(row.first_tokens_per_day),
         _short(row.always_from_tokens_per_day), _windows(row)]
        for row in report.break_even
    ]  # fmt: skip
    heads = [
        "BREAK-EVEN OF",
        "AGAINST",
        "VERDICT",
        "FIRST",
        "ALWAYS FROM",
        "CHEAPER AT (TOKENS/DAY)",
    ]
    return table(heads, rows, ["FIRST", "ALWAYS FROM"]) if rows else ""


def _windows(row: BreakEven) -> str:
    windows = row.winning.windows
    shown = [f"{short(low)} to {_end(high)}" for low, high in windows[:3]]
    left = len(windows) - 3 + row.winning.omitted
    more = [f"{left:,} more"] if left > 0 else []
    again = ["again and again"] if row.winning.recurring else []
    return ", ".join([*shown, *more, *again]) or NONE


def _end(high: float) -> str:
    return "any" if high == float("inf") else short(high)


def _fleets(report: Report) -> str:
    rows = [list(_fleet_row(option)) for option in report.options if option.fleet is not None]
    heads = ["FLEET", "REPLICAS", "GPUS", "USED", "IDLE", "ALL-IN", "ONE REPLICA", "FIT"]
    return (
        table(heads, rows, ["REPLICAS", "GPUS", "USED", "IDLE", "ALL-IN", "ONE REPLICA"])
        if rows
        else ""
    )


def _fleet_row(option: OptionResult) -> Iterator[str]:
    fleet = option.fleet
    assert fleet is not None
    yield option.name
    yield f"{fleet.replicas:.3g}"
    yield f"{fleet.gpus:.3g}"
    yield percent(fleet.utilisation)
    yield usd(fleet.idle_usd)
    yield NONE if fleet.all_in_multiple is None else f"{fleet.all_in_multiple:.2f}x"
    yield f"{short(fleet.capacity_tokens_per_day_per_replica)}/day"
    yield str(fleet.fit["verdict"]).replace("_", " ") if fleet.fit else "not checked"


def _conditions(report: Report) -> str:
    rows = [
        [
            row.condition,
            "no option meets it"
            if row.usd_per_month is None
            else f"{usd(row.usd_per_month)} a month",
        ]
        for row in report.conditions
    ]
    return table(["CONDITION", "COSTS"], rows) if rows else ""


def _warnings(report: Report) -> str:
    lines = [paragraph(f"  {w.code}: {w.message}", "    ") for w in report.warnings]
    return titled("WARNINGS", "\n".join(lines))


def _usd(amount: float | None) -> str:
    return NONE if amount is None else usd(amount)


def _short(number: float | None) -> str:
    return NONE if number is None else short(number)
