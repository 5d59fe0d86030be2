"""Where a file that people keep comes from, in one line: scenario, date, versions and a hash.

The hash is that of the frozen scenario, so that whoever holds the file can tell which inputs it
was made from: `costmodel export -o frozen.yaml` and `sha256sum frozen.yaml` begin with it.
"""

from __future__ import annotations

from hashlib import sha256

from costmodel.pipeline.report import Report
from costmodel.quantity.words import shortened
from costmodel.scenario.yamlfile import write_yaml

HASH_DIGITS = 12


def scenario_hash(report: Report) -> str:
    """The first digits of the SHA-256 of the frozen scenario as it is exported."""
    return sha256(write_yaml(report.frozen).encode()).hexdigest()[:HASH_DIGITS]


def footer(report: Report, longest_name: int = 48) -> str:
    """Source, date, versions and scenario hash, for the foot of a slide, sheet or page."""
    versions = " · ".join(f"{name} {version}" for name, version in report.book.items())
    return (
        f"{shortened(report.scenario, longest_name)} · prices as of {report.as_of.isoformat()} · "
        f"{versions} · scenario {scenario_hash(report)}"
    )
