"""The capacity of a replica from a scenario's own benchmark file: `throughput: {bench: file}`.

The file lies beneath the scenario's folder. It may not contradict what the scenario says it is:
its GPU, GPUs, format and model are held against the option's, where the file knows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from costmodel.book import load_book
from costmodel.book.measured import SIXTEEN_BIT, Measurement
from costmodel.errors import InputError, UnknownIdError
from costmodel.pipeline.facts import CapacityFacts
from costmodel.quantity.quantity import Quantity
from costmodel.scenario import Scenario, SelfHost, Shape, Throughput, Workload


def bench_capacity(
    stated: Throughput, selfhost: SelfHost, workload: Workload, scenario: Scenario
) -> tuple[list[CapacityFacts] | None, float]:
    """What one replica serves of each shape of a workload, and the GPUs it takes.

    Capacities are None where no row meets the SLO. Raises InputError where the file cannot be
    read or used, contradicts the scenario, or holds no serving capacity near a shape.
    """
    from costmodel.ingest.files import beneath

    assert stated.bench is not None
    path = beneath(scenario.origin.folder, stated.bench)
    rows = _rows(path, stated.bench)
    try:
        chosen = [_chosen(rows, selfhost, workload, shape) for shape in workload.request_shapes]
        gpus = {_gpus(row, selfhost) for row, _ in chosen if row is not None}
        problems = dict.fromkeys(
            problem
            for row, _ in chosen
            if row is not None
            for problem in _contradicts(row, selfhost)
        )
    except InputError as error:
        raise InputError(f"{stated.bench}: {error}") from None
    if problems:
        raise InputError(f"{stated.bench}: {'; '.join(problems)}")
    if any(row is None for row, _ in chosen):
        return None, max(gpus, default=_stated_gpus(selfhost) or 1.0)
    if len(gpus) > 1:
        raise InputError(f"{stated.bench}: the shapes were measured on different numbers of GPUs")
    shapes = zip(chosen, workload.request_shapes, strict=True)
    parts = [
        _capacity(row, note, selfhost, shape, stated.source)
        for (row, note), shape in shapes
        if row is not None
    ]
    return parts, gpus.pop()


def _rows(path: Path, name: str) -> tuple[Measurement, ...]:
    """The measurements of a file; its problems name it as the scenario does."""
    from costmodel.ingest.bench.read import read_benchmark

    try:
        return read_benchmark(path).measurements
    except InputError as error:
        said = "; ".join(str(problem).replace(str(path), name) for problem in error.problems)
        raise InputError(said) from None


def _tokens(selfhost: SelfHost, shape: Shape) -> tuple[float, float]:
    """Input and output tokens of a shape as this model counts them."""
    into, out = selfhost.input_token_ratio, selfhost.output_token_ratio
    return (
        shape.input_tokens.value * (into.value if into else 1.0),
        shape.output_tokens.value * (out.value if out else 1.0),
    )


def _chosen(
    rows: tuple[Measurement, ...], selfhost: SelfHost, workload: Workload, shape: Shape
) -> tuple[Measurement | None, str]:
    """The best row at a shape that meets the SLO, and what could not be checked."""
    from costmodel.ingest.bench.choice import at_shape, best_in_time, unchecked

    slo = workload.slo
    ttft_ms = slo.ttft_ms.value if slo and slo.ttft_ms else None
    tpot_ms = slo.tpot_ms.value if slo and slo.tpot_ms else None
    near = at_shape(rows, *_tokens(selfhost, shape))
    limit = selfhost.concurrency.value if selfhost.concurrency else None
    best = best_in_time(near, ttft_ms=ttft_ms, tpot_ms=tpot_ms, concurrency=limit)
    return best, unchecked(near, ttft_ms, tpot_ms)


def _gpus(row: Measurement, selfhost: SelfHost) -> float:
    """GPUs of a replica: the scenario's and the file's, which must not differ."""
    stated, measured = _stated_gpus(selfhost), row.gpus or row.tp
    if stated is not None and row.gpus is not None and stated != row.gpus:
        raise InputError(f"was measured on {row.gpus} GPUs, but a replica has {stated:g}")
    if stated is None and measured is None:
        raise InputError("does not say how many GPUs it was measured on; state tp in the option")
    return stated if stated is not None else float(measured or 1)


def _stated_gpus(selfhost: SelfHost) -> float | None:
    stated = selfhost.gpus_per_replica or selfhost.tp
    return None if stated is None else stated.value


def _contradicts(row: Measurement, selfhost: SelfHost) -> Iterator[str]:
    """Where the file says it measured something else than this option."""
    book = load_book()
    if row.gpu and selfhost.gpu and book.gpu(selfhost.gpu).id != row.gpu:
        yield f"was measured on {row.gpu}, not {selfhost.gpu}"
    if row.format and selfhost.format and not _same_format(row.format, selfhost.format):
        yield f"was measured in {row.format}, not {selfhost.format}"
    if row.model and selfhost.model and not _same_model(row.model, selfhost.model):
        yield f"was measured with {row.model}, not {selfhost.model}"


def _same_format(measured: str, stated: str) -> bool:
    """Whether two formats are one as far as a result file tells them apart."""
    pair = {measured, load_book().format(stated).id}
    return len(pair) == 1 or any(pair <= alike for alike in (SIXTEEN_BIT, {"fp8", "fp8-block"}))


def _same_model(measured: str, stated: str) -> bool:
    """Whether two names share an architecture; a name the book does not know cannot contradict."""
    book = load_book()
    try:
        return book.model(measured).id == book.model(stated).id
    except UnknownIdError:
        return True


def _capacity(
    row: Measurement, note: str, selfhost: SelfHost, shape: Shape, source: str | None
) -> CapacityFacts:
    """A row's output tokens per second, in requests of the scenario's own length."""
    _, output_tokens = _tokens(selfhost, shape)
    output = row.capacity_output_tokens_per_s
    assert output is not None
    load = f", {row.concurrency} in flight" if row.concurrency else ""
    blind = f" ({note} not in the file)" if note else ""
    cached = "".join(f", {n}" for n in row.notes.split("; ") if n.startswith("prefix cache"))
    known = "; ".join(
        text for text in (f"{row.source_url}: {row.source}{load}{cached}{blind}", source) if text
    )
    return CapacityFacts(
        requests_per_s=Quantity(value=output / output_tokens, kind="measured", source=known),
        output_tokens_per_s=output,
        concurrency=row.concurrency,
        ttft_ms=row.ttft_ms,
        tpot_ms=row.tpot_ms,
        provenance="measured",
        sources=(known,),
    )
