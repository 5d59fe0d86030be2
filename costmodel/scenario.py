"""What the user says: a scenario, parsed and checked, with nothing looked up yet.

Frozen pydantic models with units in the names; any number may be plain, a range, or the full
form with its source (`quantity.Quantity`). Ids are checked later, against the book.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PrivateAttr,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from costmodel.cost.traffic import READY_PROFILES
from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.quantity import Quantity
from costmodel.scenario_errors import problems_of
from costmodel.units import DAYS_PER_MONTH, HOURS_PER_MONTH, HOURS_PER_WEEK
from costmodel.yamlfile import Location, Origin, parse_yaml, read_yaml_file

OptionKind = Literal["api", "selfhost", "hybrid", "mix"]


def _bounded(allowed: Callable[[float], bool], rule: str) -> AfterValidator:
    def check(quantity: Quantity) -> Quantity:
        for number in (quantity.value, quantity.low, quantity.high):
            if number is not None and not allowed(number):
                raise ValueError(f"{rule}, not {number:g}")
        return quantity

    return AfterValidator(check)


Positive = Annotated[Quantity, _bounded(lambda x: x > 0, "must be above 0")]
NotNegative = Annotated[Quantity, _bounded(lambda x: x >= 0, "must be 0 or more")]
Share = Annotated[Quantity, _bounded(lambda x: 0 <= x <= 1, "must be a share from 0 to 1")]
PositiveShare = Annotated[
    Quantity, _bounded(lambda x: 0 < x <= 1, "must be a share above 0, at most 1")
]
AtLeastOne = Annotated[Quantity, _bounded(lambda x: x >= 1, "must be 1 or more")]
Count = Annotated[
    Quantity, _bounded(lambda x: x >= 0 and x == int(x), "must be a whole number, 0 or more")
]
PositiveCount = Annotated[
    Quantity, _bounded(lambda x: x >= 1 and x == int(x), "must be a whole number, 1 or more")
]
AnyRate = Annotated[Quantity, _bounded(lambda x: x > -1, "must be above -1 (a rate: 0.1 is 10 %)")]


def _q(value: float) -> Any:
    return Field(default=Quantity(value=value))


class Part(BaseModel):
    """Base of every part of a scenario: frozen, and no key goes unread."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def _one_of(part: Part, *names: str, required: bool = True) -> None:
    given = [name for name in names if getattr(part, name) is not None]
    if len(given) > 1:
        raise ValueError(f"say one of {', '.join(names)}, not {' and '.join(given)} together")
    if required and not given:
        raise ValueError(f"needs one of: {', '.join(names)}")


class Calendar(Part):
    """What a month is."""

    days_per_month: Positive = _q(DAYS_PER_MONTH)
    hours_per_month: Positive = _q(HOURS_PER_MONTH)


class Shape(Part):
    """One kind of request within a workload, and its share of the requests."""

    share: PositiveShare
    input_tokens: NotNegative
    output_tokens: NotNegative


class Profile(Part):
    """How traffic varies over the week. A plain name picks a ready profile."""

    name: str | None = None
    peak_to_mean: AtLeastOne | None = None
    hourly: tuple[float, ...] | None = None
    """168 weights from Monday 00:00 UTC; only their proportions matter."""
    usage: str | None = None
    """A request log beneath the scenario's folder."""
    burst_factor: AtLeastOne = _q(1.0)
    """99th percentile minute over its hour-of-week mean."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, data: Any) -> Any:
        return {"name": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _one_form(self) -> Profile:
        _one_of(self, "name", "peak_to_mean", "hourly", "usage", required=False)
        if self.name is not None and self.name not in READY_PROFILES:
            near = did_you_mean(nearest_ids(self.name, READY_PROFILES))
            raise ValueError(
                f"no profile is named {self.name!r}{near}; there are {', '.join(READY_PROFILES)}, "
                "or state peak_to_mean or hourly"
            )
        if self.hourly is not None:
            if len(self.hourly) != HOURS_PER_WEEK:
                raise ValueError(f"hourly needs 168 numbers, not {len(self.hourly)}")
            total = sum(self.hourly)
            if not (min(self.hourly) >= 0 and 0 < total < float("inf")):
                raise ValueError("hourly weights must be 0 or more, and not all 0")
        return self


class Slo(Part):
    """Latency that must hold: means, unless a percentile is given."""

    ttft_ms: Positive | None = None
    tpot_ms: Positive | None = None
    percentile: float | None = Field(default=None, gt=0, lt=100)


class Gate(Part):
    """Eval results that decide: files beneath the scenario's folder."""

    baseline: str
    candidate: str
    margin: Positive = _q(0.02)


class Quality(Part):
    """What makes an answer good enough."""

    min_retention: PositiveShare | None = None
    accepts: tuple[str, ...] | None = None
    gate: Gate | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Quality:
        _one_of(self, "min_retention", "accepts", "gate")
        return self


class Workload(Part):
    """A stream of requests."""

    name: str = Field(min_length=1)
    task: str | None = None
    """A task family of the quality book."""
    tokens_per_day: Positive | None = None
    requests_per_day: Positive | None = None
    input_tokens: NotNegative | None = None
    """Mean per request."""
    output_tokens: NotNegative | None = None
    """Mean per request."""
    shapes: tuple[Shape, ...] | None = None
    cached_input_share: Share = _q(0.0)
    cache_write_share: Share = _q(0.0)
    batch_share: Share = _q(0.0)
    profile: Profile | None = None
    growth_per_month: AnyRate = _q(0.0)
    max_context: PositiveCount | None = None
    slo: Slo | None = None
    quality: Quality | None = None
    requires: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Workload:
        _one_of(self, "tokens_per_day", "requests_per_day")
        means = self.input_tokens is not None and self.output_tokens is not None
        if self.shapes is not None and (self.input_tokens or self.output_tokens):
            raise ValueError("say shapes, or input_tokens and output_tokens, not both")
        if self.shapes is None and not means:
            raise ValueError("needs input_tokens and output_tokens (means per request), or shapes")
        if self.shapes is not None and abs(sum(s.share.value for s in self.shapes) - 1) > 1e-6:
            total = sum(s.share.value for s in self.shapes)
            raise ValueError(f"the shares of the shapes must add up to 1, not {total:g}")
        if not self.tokens_per_request > 0:
            raise ValueError("a request needs tokens: input_tokens + output_tokens is 0")
        if self.cached_input_share.value + self.cache_write_share.value > 1:
            raise ValueError("cached_input_share + cache_write_share must be at most 1")
        return self

    @property
    def request_shapes(self) -> tuple[Shape, ...]:
        """The shapes; one with the means where none are given."""
        if self.shapes is not None:
            return self.shapes
        assert self.input_tokens is not None
        assert self.output_tokens is not None
        return (
            Shape(
                share=Quantity(value=1.0),
                input_tokens=self.input_tokens,
                output_tokens=self.output_tokens,
            ),
        )

    @property
    def mean_input_tokens(self) -> float:
        """Input tokens of the mean request."""
        return sum(s.share.value * s.input_tokens.value for s in self.request_shapes)

    @property
    def mean_output_tokens(self) -> float:
        """Output tokens of the mean request."""
        return sum(s.share.value * s.output_tokens.value for s in self.request_shapes)

    @property
    def tokens_per_request(self) -> float:
        """Input and output tokens of the mean request."""
        return self.mean_input_tokens + self.mean_output_tokens

    @property
    def daily_tokens(self) -> float:
        """Tokens per day, however the volume was stated."""
        if self.tokens_per_day is not None:
            return self.tokens_per_day.value
        assert self.requests_per_day is not None
        return self.requests_per_day.value * self.tokens_per_request


class ContractStep(Part):
    """A band of monthly spend or volume and the discount in it; the last band has no end."""

    up_to_usd_per_month: Positive | None = None
    up_to_mtok_per_month: Positive | None = None
    discount: Share = _q(0.0)


class Contract(Part):
    """Terms over a month's list spend."""

    kind: Literal["graduated", "all-units", "commit", "provisioned"]
    steps: tuple[ContractStep, ...] | None = None
    usd_per_month: Positive | None = None
    discount: Share = _q(0.0)
    overage_discount: Share = _q(0.0)
    usd_per_unit_month: Positive | None = None
    tokens_per_s: Positive | None = None

    @model_validator(mode="after")
    def _complete(self) -> Contract:
        if self.kind in ("graduated", "all-units"):
            self._check_steps(self.steps)
        elif self.kind == "commit" and self.usd_per_month is None:
            raise ValueError("a commit contract needs usd_per_month")
        elif self.kind == "provisioned" and not (self.usd_per_unit_month and self.tokens_per_s):
            raise ValueError("a provisioned contract needs usd_per_unit_month and tokens_per_s")
        return self

    def _check_steps(self, steps: tuple[ContractStep, ...] | None) -> None:
        if not steps:
            raise ValueError(f"a contract of kind {self.kind} needs steps")
        ends = [s.up_to_usd_per_month or s.up_to_mtok_per_month for s in steps]
        by_spend = {s.up_to_usd_per_month is not None for s in steps[:-1]}
        if len(by_spend) > 1 or any(
            s.up_to_usd_per_month and s.up_to_mtok_per_month for s in steps
        ):
            raise ValueError("state every step up to a spend, or every step up to a volume")
        if ends[-1] is not None or None in ends[:-1]:
            raise ValueError("every step but the last needs up_to_...; the last has no end")
        values = [end.value for end in ends if end is not None]
        if values != sorted(set(values)):
            raise ValueError("the ends of the steps must ascend")


class Api(Part):
    """A price list: one in the book, by provider and model, or one quoted here."""

    provider: str | None = None
    model: str | None = None
    input_usd_per_mtok: NotNegative | None = None
    output_usd_per_mtok: NotNegative | None = None
    cached_input_usd_per_mtok: NotNegative | None = None
    cache_write_usd_per_mtok: NotNegative | None = None
    batch_discount: Share | None = None
    stacks: bool | None = None
    """Whether the batch discount also applies to cached input."""
    precision: str | None = None
    rate_limit_tokens_per_minute: Positive | None = None
    input_token_ratio: Positive | None = None
    output_token_ratio: Positive | None = None
    contract: Contract | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _book_or_quote(self) -> Api:
        quoted = self.input_usd_per_mtok is not None or self.output_usd_per_mtok is not None
        if quoted and (self.input_usd_per_mtok is None or self.output_usd_per_mtok is None):
            raise ValueError("a quoted price needs input_usd_per_mtok and output_usd_per_mtok")
        if quoted and self.model is not None:
            raise ValueError("say provider and model, or quote prices, not both")
        if not quoted and (self.provider is None or self.model is None):
            raise ValueError("needs provider and model, or quoted input and output prices")
        return self

    @property
    def is_quoted(self) -> bool:
        """Whether the prices stand in the scenario itself."""
        return self.input_usd_per_mtok is not None


class Offer(Part):
    """Terms on which GPUs are had: a price from the book, or one stated here."""

    terms: Literal["on-demand", "reserved", "spot", "owned", "serverless"]
    provider_class: Literal["hyperscaler", "neocloud", "marketplace"] | None = Field(
        default=None, alias="class"
    )
    provider: str | None = None
    quantile: Literal["min", "median", "max"] | float | None = None
    region: str | None = None
    replicas: PositiveCount | None = None
    usd_per_gpu_hour: Positive | None = None
    discount: Share | None = None
    """Off the on-demand price, where no reserved price is listed."""
    term_months: Positive | None = None
    usd_per_gpu_second: Positive | None = None
    usd_per_gpu: Positive | None = None
    life_months: Positive | None = None
    residual_share: Share | None = None
    kw_per_gpu: Positive | None = None
    pue: AtLeastOne | None = None
    usd_per_kwh: NotNegative | None = None
    colo_usd_per_kw_month: NotNegative | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Offer:
        if self.terms == "owned" and self.usd_per_gpu is None and self.usd_per_gpu_hour is None:
            raise ValueError("an owned offer needs usd_per_gpu (the purchase price)")
        if self.terms == "serverless" and self.usd_per_gpu_second is None:
            raise ValueError("a serverless offer needs usd_per_gpu_second")
        if self.discount is not None and self.usd_per_gpu_hour is not None:
            raise ValueError("say usd_per_gpu_hour or discount, not both")
        return self


class Throughput(Part):
    """A known capacity of one replica at the workload's shape."""

    requests_per_s: Positive | None = None
    output_tokens_per_s: Positive | None = None
    total_tokens_per_s: Positive | None = None
    bench: str | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Throughput:
        _one_of(self, "requests_per_s", "output_tokens_per_s", "total_tokens_per_s", "bench")
        return self


def _throughput_form(data: Any) -> str:
    """One throughput for all workloads, or one by workload name: the keys tell."""
    keys = set(data) if isinstance(data, dict) else set()
    return "all" if not keys or keys & set(Throughput.model_fields) else "each"


ThroughputByWorkload = Annotated[
    Annotated[Throughput, Tag("all")] | Annotated[dict[str, Throughput], Tag("each")],
    Discriminator(_throughput_form),
]


class Queueing(Part):
    """Replicas so that the 95th percentile wait stays below this, in place of a load factor."""

    wait_p95_ms: Positive


class ExtraCost(Part):
    """A monthly cost of its own."""

    name: str
    usd: NotNegative
    source: str | None = None


class SelfHost(Part):
    """An open model on own GPUs, rented or bought."""

    model: str | None = None
    format: str | None = None
    kernel: str | None = None
    gpu: str | None = None
    tp: PositiveCount | None = None
    engine: str | None = None
    engine_version: str | float | None = None
    kv_dtype: str | None = None
    concurrency: Positive | None = None
    gpu_memory_utilization: PositiveShare | None = None
    gpus_per_replica: PositiveCount | None = None
    throughput: ThroughputByWorkload | None = None
    prefix_cache_share: Share = _q(0.0)
    input_token_ratio: Positive | None = None
    output_token_ratio: Positive | None = None
    offers: tuple[Offer, ...] = Field(min_length=1)
    scaling: Literal["always-on", "scheduled", "serverless"] = "always-on"
    load_factor: PositiveShare | None = None
    queueing: Queueing | None = None
    spare_replicas: Count | None = None
    min_replicas: Count = _q(1.0)
    node_gpus: PositiveCount = _q(1.0)
    start_minutes: NotNegative = _q(0.0)
    replicas: Count | None = None
    extra_monthly: tuple[ExtraCost, ...] = ()
    source: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> SelfHost:
        if self.throughput is None and not (self.model and self.format and self.gpu):
            raise ValueError("needs model, format and gpu, or a throughput of its own")
        if self.model is None and self.gpus_per_replica is None and self.tp is None:
            raise ValueError("without a model it needs gpus_per_replica")
        if self.tp and self.gpus_per_replica and self.tp.value != self.gpus_per_replica.value:
            raise ValueError("tp and gpus_per_replica contradict each other; say one")
        if self.queueing is not None and self.load_factor is not None:
            raise ValueError("queueing replaces load_factor; say one")
        if any(offer.replicas is None for offer in self.offers[:-1]):
            raise ValueError("every offer but the last needs replicas: committed ones come first")
        if self.offers[-1].replicas is not None and self.replicas is None:
            raise ValueError("the last offer serves what is left: leave its replicas out")
        return self


class Hybrid(Part):
    """Base load on a self-hosted option, overflow to an API option, both by name."""

    selfhost: str
    api: str
    replicas: Literal["optimal"] | PositiveCount = "optimal"
    spare_replicas: Count = _q(0.0)


class Option(Part):
    """One way to serve the workloads."""

    name: str = Field(min_length=1)
    api: Api | None = None
    selfhost: SelfHost | None = None
    hybrid: Hybrid | None = None
    mix: dict[str, str] | None = None
    """Workload name -> option name."""
    satisfies: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_kind(self) -> Option:
        _one_of(self, "api", "selfhost", "hybrid", "mix")
        return self

    @property
    def kind(self) -> OptionKind:
        """Which of the four kinds it is."""
        kinds: tuple[OptionKind, ...] = ("api", "selfhost", "hybrid", "mix")
        return next(kind for kind in kinds if getattr(self, kind) is not None)


class Hours(Part):
    """Engineering hours."""

    hours_per_month: NotNegative


class Platform(Part):
    """What running any fleet costs beside people."""

    usd_per_month: NotNegative


class Overheads(Part):
    """People and platform; what is left out comes from the book."""

    usd_per_hour: NotNegative | None = None
    per_fleet: Hours | None = None
    per_api: Hours | None = None
    platform: Platform | None = None


class Finance(Part):
    """Money over time."""

    horizon_months: Positive | None = None
    discount_rate: AnyRate | None = None
    api_price_change_per_year: AnyRate | None = None
    gpu_price_change_per_year: AnyRate | None = None
    one_off_usd: NotNegative | None = None
    ramp_months: NotNegative | None = None


class Display(Part):
    """The currency results are shown in; inputs stay USD."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    usd_per_unit: Positive


class Scenario(Part):
    """Everything the user says; a file is the whole input."""

    name: str = Field(min_length=1)
    description: str | None = None
    as_of: date
    calendar: Calendar = Calendar()
    workloads: tuple[Workload, ...] = Field(min_length=1)
    options: tuple[Option, ...] = Field(min_length=1)
    overheads: Overheads = Overheads()
    finance: Finance = Finance()
    display: Display | None = None
    correlations: tuple[tuple[str, str, float], ...] = ()
    resolved: dict[str, Any] | None = None
    """Written by `costmodel export -o frozen.yaml`: looked-up figures, frozen."""

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @model_validator(mode="after")
    def _references(self) -> Scenario:
        problems = [
            *_duplicate_names("workloads", self.workloads),
            *_duplicate_names("options", self.options),
            *self._unknown_names(),
        ]
        if problems:
            raise PydanticCustomError("references", "references", {"problems": problems})
        return self

    def _unknown_names(self) -> Iterator[tuple[Location, str]]:
        workloads = [w.name for w in self.workloads]
        by_kind = {
            kind: [o.name for o in self.options if o.kind == kind] for kind in ("api", "selfhost")
        }
        servers = [name for names in by_kind.values() for name in names]
        for i, option in enumerate(self.options):
            here: Location = ("options", i)
            if option.hybrid is not None:
                for kind in ("selfhost", "api"):
                    name = getattr(option.hybrid, kind)
                    yield from _unknown(
                        (*here, "hybrid", kind), f"{kind} option", name, by_kind[kind]
                    )
            for workload, server in (option.mix or {}).items():
                yield from _unknown((*here, "mix", workload), "workload", workload, workloads)
                where = (*here, "mix", workload)
                yield from _unknown(where, "api or selfhost option", server, servers)
            if option.mix is not None:
                for workload in (name for name in workloads if name not in option.mix):
                    yield (*here, "mix"), f"the workload {workload!r} has no option in this mix"
            stated = option.selfhost.throughput if option.selfhost else None
            for workload in stated if isinstance(stated, dict) else {}:
                where = (*here, "selfhost", "throughput", workload)
                yield from _unknown(where, "workload", workload, workloads)
        for i, workload in enumerate(self.workloads):
            for name in (workload.quality.accepts or ()) if workload.quality else ():
                where = ("workloads", i, "quality", "accepts")
                yield from _unknown(where, "option", name, [o.name for o in self.options])

    def option(self, name: str) -> Option:
        """The option of that name."""
        return next(option for option in self.options if option.name == name)

    def workload(self, name: str) -> Workload:
        """The workload of that name; an InputError offers the nearest."""
        for workload in self.workloads:
            if workload.name == name:
                return workload
        names = [w.name for w in self.workloads]
        raise InputError(f"unknown workload {name!r}{did_you_mean(nearest_ids(name, names))}")

    @property
    def tokens_per_day(self) -> float:
        """Tokens per day of all workloads together."""
        return sum(w.daily_tokens for w in self.workloads)

    @property
    def origin(self) -> Origin:
        """Where the scenario was read from."""
        return self._origin


def _duplicate_names(
    key: str, items: tuple[Workload, ...] | tuple[Option, ...]
) -> Iterator[tuple[Location, str]]:
    seen: set[str] = set()
    for i, item in enumerate(items):
        if item.name in seen:
            yield (key, i, "name"), f"the name {item.name!r} is taken; names must differ"
        seen.add(item.name)


def _unknown(
    where: Location, what: str, name: str, known: list[str]
) -> Iterator[tuple[Location, str]]:
    if name not in known:
        yield where, f"no {what} is named {name!r}{did_you_mean(nearest_ids(name, known))}"


def load_scenario(path: str | Path) -> Scenario:
    """The scenario in a YAML file.

    Raises InputError with every problem at once, each as ``file:line:column: path: message``.
    """
    data, origin = read_yaml_file(path)
    return _validated(data, origin)


def parse_scenario(text: str, file: str = "scenario.yaml") -> Scenario:
    """The scenario in a text that came from outside: it may not name files of this machine."""
    data, origin = parse_yaml(text, file)
    scenario = _validated(data, origin)
    named = list(_file_references(data))
    if named:
        message = "names a file; this works only in a scenario opened from disk"
        raise InputError(origin.problem(where, message) for where in named)
    return scenario


def _validated(data: Any, origin: Origin) -> Scenario:
    if not isinstance(data, dict):
        raise InputError(
            origin.problem((), "a scenario is a mapping with name, workloads, options")
        )
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        raise InputError(problems_of(error, Scenario, data, origin)) from None
    scenario._origin = origin
    return scenario


def _file_references(data: Mapping[str, Any]) -> Iterator[Location]:
    """Places at which a scenario names a file: profile.usage, quality.gate, throughput.bench."""
    names = {"usage", "baseline", "candidate", "bench"}
    waiting: list[tuple[Location, Any]] = [((), data)]
    while waiting:
        location, value = waiting.pop()
        if isinstance(value, Mapping):
            yield from ((*location, key) for key in value if key in names)
            waiting.extend(((*location, str(key)), item) for key, item in value.items())
        elif isinstance(value, list | tuple):
            waiting.extend(((*location, i), item) for i, item in enumerate(value))
