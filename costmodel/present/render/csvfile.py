"""A table as CSV that is safe to open in a spreadsheet.

Text that a spreadsheet would run as a formula is made inert with a leading apostrophe; numbers
stay numbers at full precision.
"""

from __future__ import annotations

import csv
import io
import math
from datetime import date
from typing import Any

from costmodel.quantity.answer import Table

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(table: Table) -> str:
    """The table as CSV with a header.

    >>> from costmodel.quantity.answer import Column, numbers
    >>> columns = [Column("Line", key="name"), numbers("A month", key="usd")]
    >>> print(csv_text(Table.of(columns, [["=1+1", 2.5]])), end="")
    name,usd
    '=1+1,2.5
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(name) for name in table.names])
    writer.writerows([_cell(value) for value in row] for row in table.values())
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        inert = f"'{value}" if value.startswith(_STARTS_A_FORMULA) else value
        return inert.replace("\r\n", "\n").replace("\r", "\n")  # the writer quotes only \n
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return "" if isinstance(value, float) and math.isnan(value) else value
