"""Calibrate the roofline, or check it: see the package."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date

import numpy as np
import yaml

from costmodel.book.files import SCHEMA_LINE, data_dir
from costmodel.book.roofline import ANCHOR_COLUMNS, Calibration, HeldOut, Likeness, Roofline
from costmodel.serving.anchor import DISTANCES, LABELS, Similarity
from validation.throughput import held_out
from validation.throughput.fit import Fitted, as_records, fit, pool_record, predict
from validation.throughput.likeness import clipped, learn
from validation.throughput.rows import Table, table, usable

HEAD = """\
#
# What engines achieve of what the hardware promises, how far a measurement speaks for others, and
# how far estimates miss rows that were held out. Written by `python -m validation.throughput
# calibrate`; what it does is said there. The file is data: change the measurements, not the file.
"""
NOTE = (
    "A row that names no format serves the checkpoint as released (bf16). TensorRT-LLM keeps its "
    "KV cache in fp8 wherever weights are below 16 bits. Offline runs count their finite number "
    "of requests. Errors are of output tokens per second, in per cent, absolute."
)


@dataclass(frozen=True)
class Calibrated:
    """One class of models, fitted."""

    found: Table
    fitted: Fitted
    similarity: Similarity
    errors: tuple[HeldOut, ...]
    residuals: np.ndarray
    resident: np.ndarray

    @property
    def record(self) -> Calibration:
        """As the book stores it."""
        like = self.similarity
        return Calibration(
            constants=as_records(self.fitted, Counter(self.found.engines.tolist())),
            likeness=Likeness(
                spread=_short(like.spread),
                noise=_short(like.noise),
                near=_short(like.near),
                far=_short(like.far),
                rates=dict(zip((*LABELS, *DISTANCES), map(_short, like.rates), strict=True)),
            ),
            held_out=self.errors,
        )


def calibrate(found: Table) -> Calibrated:
    """Fit constants, learn the likeness, hold out."""
    _say("constants")
    fitted = fit(found)
    plain, resident = predict(found, fitted)
    residuals = clipped(np.log(found.measured / plain))
    _say("likeness")
    similarity = learn(found.points(resident), residuals)
    every = [held_out.hold_out(found, by, fitted, similarity, _say) for by in held_out.SPLITS]
    similarity = held_out.widening(every, similarity)
    errors = tuple(row for one in every for row in held_out.summary(one, similarity))
    return Calibrated(found, fitted, similarity, errors, residuals, resident)


def main(arguments: list[str]) -> int:
    """`calibrate` writes the book's files, `check` only prints."""
    if arguments not in (["calibrate"], ["check"]):
        sys.stderr.write("usage: python -m validation.throughput calibrate|check\n")
        return 2
    rows, left_out = usable()
    print(f"{len(rows)} measurements used; left out:")
    for reason, count in left_out.most_common():
        print(f"{count:6}  {reason}")
    dense, mixture = (
        calibrate(table([row for row in rows if (row.setup.arch.experts > 0) == mixed]))
        for mixed in (False, True)
    )
    _say("")
    for name, each in (("dense", dense), ("mixtures of experts", mixture)):
        _print_errors(name, each.errors)
    if arguments == ["calibrate"]:
        _write(dense, mixture)
    return 0


def _print_errors(name: str, errors: tuple[HeldOut, ...]) -> None:
    print(f"\n{name}: absolute error of output tok/s, median / p90 [%]; TTFT as a factor")
    heads = f"{'anchored':>14}{'roofline':>14}{'nearest':>15}{'in 80 %':>9}{'TTFT':>16}"
    print(f"{'held out by':12}{'regime':9}{'rows':>5}{heads}")
    for row in errors:
        pairs = (
            f"{row.median:5.1f} /{row.p90:5.1f}",
            f"{row.roofline_median:5.1f} /{row.roofline_p90:5.1f}",
            f"{row.nearest_median:5.1f} /{row.nearest_p90:6.1f}",
        )
        ttft = f"{row.ttft_median:.2f} / {row.ttft_p90:.2f}" if row.ttft_median else ""
        print(
            f"{row.by:12}{row.regime:9}{row.rows:5}{pairs[0]:>14}{pairs[1]:>14}{pairs[2]:>15}"
            f"{row.covered:8.0f}%{ttft:>16}"
        )


def _write(dense: Calibrated, mixture: Calibrated) -> None:
    total = len(dense.found) + len(mixture.found)
    book = Roofline(
        dense=dense.record,
        mixture=mixture.record,
        pools=(pool_record(dense.fitted),),
        repeated={"low": 0.91, "high": 1.09},  # type: ignore[arg-type] - same case, 0.17 to 1.0
        source=f"fit of {total} measurements of measured.csv, {len(dense.found)} of dense models",
        as_of=date.today(),  # noqa: DTZ011 - the day it was fitted, where it was fitted
        note=NOTE,
    )
    body = yaml.safe_dump(
        book.model_dump(mode="json", by_alias=True, exclude_none=True), sort_keys=False, width=100
    )
    text = f"{SCHEMA_LINE}../schemas/roofline.json\n{HEAD}{body}"
    (data_dir() / "roofline.yaml").write_text(text, encoding="utf-8")
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(ANCHOR_COLUMNS)
    for mixed, each in ((0, dense), (1, mixture)):
        writer.writerows(_anchor_rows(mixed, each))
    (data_dir() / "anchors.csv").write_text(file.getvalue(), encoding="utf-8")


def _anchor_rows(mixed: int, each: Calibrated) -> list[list[object]]:
    load = each.found.case.load
    places = zip(
        load.tp, load.input_tokens, load.output_tokens, each.resident,
        each.found.column("experts_ranks"), strict=True,
    )  # fmt: skip
    return [
        [row.line, mixed, *row.labels, *(f"{place:.6g}" for place in where), f"{residual:.4f}"]
        for row, where, residual in zip(each.found.rows, places, each.residuals, strict=True)
    ]


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _say(what: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{what:60}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
