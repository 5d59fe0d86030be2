"""The load of workloads on replicas or units: lines on the sheet Bill that several blocks share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from costmodel.present.workbook.formula import Formula, added

if TYPE_CHECKING:
    from costmodel.present.workbook.bill import Desk


def sizes_of(
    desk: Desk, capacity: Mapping[str, Formula], words: str
) -> tuple[list[Formula], Formula]:
    """Replicas that each workload keeps busy on average, and their sum.

    ``capacity``: requests a second that one replica serves of each workload.
    """
    seconds = desk.inputs[("seconds_per_day",)]
    sizes = [
        desk.line(f"{words}: {name}", desk.requests[name] / seconds / each, "replicas")
        for name, each in capacity.items()
    ]
    return sizes, desk.line(f"{words}, together", added(sizes), "replicas")
