"""`costmodel throughput`: what one replica serves at a request shape, and how fast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from costmodel.cli.options import AsJson, Engine, Gpu, Kernel, Model, Tp, emit, positive, share

if TYPE_CHECKING:
    from costmodel.quantity.answer import Answer
    from costmodel.sizing.records import Throughput, ThroughputCurve


def throughput(  # noqa: PLR0913 - one option per question
    model: Model,
    *,
    gpu: Gpu,
    weights: Annotated[str, typer.Option("--format", metavar="F", help="Such as awq-int4.")],
    input_tokens: Annotated[
        float, typer.Option(parser=positive, metavar="N", help="Mean input tokens a request.")
    ],
    output_tokens: Annotated[
        float, typer.Option(parser=positive, metavar="N", help="Mean output tokens a request.")
    ],
    kernel: Kernel = None,
    tp: Tp = 1,
    concurrency: Annotated[
        float | None, typer.Option(parser=positive, metavar="N", help="Most requests at once.")
    ] = None,
    prefix_cache_share: Annotated[
        float, typer.Option(parser=share, metavar="X", help="Share of the prompt found in cache.")
    ] = 0.0,
    ttft_ms: Annotated[
        float | None, typer.Option(parser=positive, metavar="X", help="Mean time to first token.")
    ] = None,
    tpot_ms: Annotated[
        float | None, typer.Option(parser=positive, metavar="X", help="Mean time per output token.")
    ] = None,
    engine: Engine = None,
    regime: Annotated[
        str | None,
        typer.Option(
            metavar="R",
            help="Runs to carry over: offline (all queued) or fixed (a number in flight).",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What one replica serves at this request shape: measured where it was, else estimated."""
    from costmodel.present.words.speed import Asked, answer
    from costmodel.sizing import throughput as serve

    asked = Asked(
        model,
        gpu,
        weights,
        tp,
        input_tokens,
        output_tokens,
        kernel=kernel,
        concurrency=concurrency,
        ttft_ms=ttft_ms,
        tpot_ms=tpot_ms,
    )
    options = {
        **{name: value for name, value in vars(asked).items() if name not in _ANSWER_ONLY},
        "prefix_cache_share": prefix_cache_share,
        "engine": engine,
    }
    found = serve(model, concurrency=concurrency, regime=regime, **options)  # type: ignore[arg-type] - checked there
    options["regime"] = regime or "fixed"
    curve, refused = _curve(model, options)
    data = {**found.to_dict(), "curve": curve.to_dict() if curve else None}

    def said() -> Answer:
        shown = _at_round_numbers(model, options, found, curve)
        return answer(asked, found, curve, shown, refused)

    emit(data, as_json, said)


_ANSWER_ONLY = {"model", "concurrency"}


def _curve(model: str, options: Mapping[str, Any]) -> tuple[ThroughputCurve | None, str]:
    """The curve, or why there is none: a measurement may stand where our memory rules say no."""
    from costmodel.errors import InputError
    from costmodel.sizing import throughput_curve

    try:
        return throughput_curve(model, **options), ""
    except InputError as error:
        return None, str(error)


def _at_round_numbers(
    model: str, options: Mapping[str, Any], found: Throughput, curve: ThroughputCurve | None
) -> ThroughputCurve | None:
    """The curve at round numbers in flight, at the answer's own and at the most it holds."""
    from costmodel.sizing import throughput_curve

    if curve is None:
        return None
    most = curve.max_concurrency
    doubled = [2.0**i for i in range(12) if 2.0**i < most]
    own = [found.concurrency] if found.concurrency and found.concurrency <= most else []
    return throughput_curve(model, concurrencies=sorted({*doubled, *own, most}), **options)
