"""The sidebar: which scenario, and the inputs people turn first.

Every widget starts at the scenario's own value and yields a change by path where it is moved.
What a scenario does not have is not shown.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st

from costmodel.book import load_book
from costmodel.errors import InputError, did_you_mean, nearest_ids
from costmodel.pipeline.bills.terms import DEFAULT_LOAD_FACTOR, usual_spares
from costmodel.present.render import html
from costmodel.quantity.quantity import Quantity
from costmodel.quantity.words import short, shortened
from costmodel.scenario import Api, Offer, Profile, Scenario, SelfHost, Workload
from costmodel.scenario.changes import at_volume, scenario_yaml
from costmodel.ui import choices, state
from costmodel.ui.controls import Controls
from costmodel.ui.labels import LONGEST_NAME, label_text

UPLOAD_MB = 1


@dataclass(frozen=True)
class Picked:
    """The scenario to show, and what was wrong with an upload that cannot be shown."""

    opened: state.Opened | None
    error: InputError | None = None
    note: str = ""
    """What the reader asked for that is not there."""


def tell(picked: Picked) -> None:
    """In the page: what was asked for and is not there, what is wrong with an upload, and what
    stands below in their place.
    """
    below = f" Below: {picked.opened.scenario.name}." if picked.opened else ""
    if picked.note:
        st.html(html.block(picked.note + below, "cm-unknown"))
    if picked.error is not None:
        st.html(html.problems(picked.error, f"This file cannot be used yet.{below}"))


def tell_problems(opened: state.Opened, error: InputError) -> None:
    """In the page: why a scenario has no result; an upload's problems with their lines."""
    about = "This cannot be worked out as it stands."
    st.html(html.problems(error, about, places=opened.uploaded))


def pick_scenario(first: str = state.FIRST) -> Picked:
    """The scenario picker; an upload takes its place and says its name.

    ``first`` is what a new visitor sees.
    """
    ids = state.ready_ids()
    _follow_address(ids, first)
    picked = _picked(ids)
    if picked.opened is not None and picked.error is None:
        state.about(picked.opened.identity)
    return picked


def _picked(ids: list[str]) -> Picked:
    file = state.own_file()
    if file is None:
        picked = _ready(_choose(ids))
        return replace(picked, note=_unknown(ids))
    st.session_state.pop("unknown", None)
    name, content = file
    try:
        picked = Picked(state.upload(content, name))
    except InputError as error:
        picked = Picked(_ready(_choose(ids, written=False)).opened, error)
    else:
        _write_address(None, ids)
        st.html(_uploaded_name(picked.opened.scenario.name if picked.opened else name))
    st.button("Back to the ready scenarios", on_click=state.leave_upload, width="stretch")
    return picked


def _choose(ids: list[str], *, written: bool = True) -> str:
    chosen = st.selectbox(
        "Scenario",
        ids,
        format_func=lambda each: shortened(state.title(each), LONGEST_NAME),
        key="scenario",
        on_change=lambda: st.session_state.pop("unknown", None),
    )
    st.session_state["ready scenario"] = chosen
    _write_address(chosen if written else None, ids)
    return chosen


def also_changed(opened: state.Opened) -> None:
    """What was changed on pages other than this one, and holds here too."""
    mine = state.kept(opened.identity)
    counts = {name: (len(part), "number") for name, part in mine.changes.items() if name}
    counts["risk"] = (len(mine.ranges), "range")
    said = [
        f"{count} {what}{'' if count == 1 else 's'} on {name.replace('-', ' ').capitalize()}"
        for name, (count, what) in counts.items()
        if count and name != state.page()
    ]
    if said:
        st.html(html.note(f"Also changed: {', '.join(said)}."))


def _uploaded_name(name: str) -> str:
    return html.note("Your scenario") + html.name(name, "cm-scenario")


def _unknown(ids: list[str]) -> str:
    """What to say where the address names no ready scenario."""
    named = st.session_state.get("unknown")
    if named is None:
        return ""
    near = did_you_mean(nearest_ids(named, ids)) or f"; there are {', '.join(ids)}"
    return f"There is no ready scenario {shortened(named, 60)!r}{near}."


def _ready(scenario_id: str) -> Picked:
    try:
        return Picked(state.ready(scenario_id))
    except InputError as error:
        return Picked(None, error)


def _follow_address(ids: list[str], first: str) -> None:
    """Take the scenario from the URL when the page opens or the reader goes back.

    A page that was turned to without naming one goes on with the scenario of the page before.
    """
    named, page = st.query_params.get("scenario"), state.page()
    turned = st.session_state.get("scenario stood on") != page
    st.session_state["scenario stood on"] = page
    if named is None and turned:
        st.session_state["scenario"] = st.session_state.get("ready scenario", first)
    elif named != st.session_state.get("address") or "scenario" not in st.session_state:
        known = named if named in ids else None
        st.session_state["scenario"] = known or (first if named is None else ids[0])
        if named is not None and known is None:
            st.session_state["unknown"] = named
    st.session_state["address"] = named


def _write_address(chosen: str | None, ids: list[str]) -> None:
    """Name a ready scenario in the URL; the first one, and uploads, need no name."""
    wanted = None if chosen in (None, ids[0]) else chosen
    if wanted == st.query_params.get("scenario"):
        return
    if wanted is None:
        del st.query_params["scenario"]
    else:
        st.query_params["scenario"] = wanted
    st.session_state["address"] = wanted


def controls(opened: state.Opened) -> Controls:
    """Every widget of a scenario, and the changes they ask for."""
    also_changed(opened)
    widgets = Controls(not opened.uploaded, opened.identity, state.kept(opened.identity))
    scenario = opened.scenario
    _volume(widgets, scenario)
    several = len(scenario.workloads) > 1
    for i, workload in enumerate(scenario.workloads):
        with _section(workload.name if several else "Shape of a request", folded=several):
            _workload(widgets, i, workload)
    fleets = [(i, o.name, o.selfhost) for i, o in enumerate(scenario.options) if o.selfhost]
    for nth, (i, name, selfhost) in enumerate(fleets):
        with _section(name, folded=len(fleets) > 1):
            _fleet(widgets, nth, ("options", i, "selfhost"), selfhost)
    _apis(widgets, scenario)
    _people(widgets, scenario, has_fleet=bool(fleets))
    return widgets


def _section(name: str, *, folded: bool) -> AbstractContextManager[Any]:
    """A part of the sidebar under its name, folded away where there are several."""
    if folded:
        return st.expander(label_text(name))
    st.html(html.group(name))
    return st.container()


def _volume(widgets: Controls, scenario: Scenario) -> None:
    stated = scenario.tokens_per_day
    label = "Traffic, tokens per day"
    if len(scenario.workloads) > 1:
        label += ", all workloads"
    stops = choices.volumes(stated)
    volume = widgets.slide("volume", label, stops, stated, short)
    ends = (short(end) for end in (stops[0], stops[-1]))
    st.html(f"<div class='cm-ends'>{''.join(f'<span>{end}</span>' for end in ends)}</div>")
    widgets.changes.update(at_volume(scenario, volume))


def _key(name: str, nth: int) -> str:
    return name if nth == 0 else f"{name}-{nth + 1}"


def _float(quantity: Quantity | None, default: float) -> float:
    return default if quantity is None else quantity.value


# ------------------------------------------------------------------------------------- workloads


def _workload(widgets: Controls, i: int, workload: Workload) -> None:
    at = ("workloads", i)
    if workload.shapes is None:
        left, middle, right = st.columns(3)
        for column, name, label in ((left, "input", "Input"), (middle, "output", "Output")):
            stated = getattr(workload, f"{name}_tokens").value
            with column:
                tokens = widgets.number(_key(name, i), label, stated, step=100)
            widgets.set((*at, f"{name}_tokens"), tokens, stated)
    else:
        right = st.container()
    stated_share = workload.cached_input_share.value
    with right:
        percent = widgets.number(
            _key("cached", i), "Cached, %", round(100 * stated_share, 4), high=100.0, step=5
        )
    if percent != round(100 * stated_share, 4):
        widgets.set((*at, "cached_input_share"), (percent or 0.0) / 100, stated_share)
    _profile(widgets, i, workload)


def _profile(widgets: Controls, i: int, workload: Workload) -> None:
    profile, at = workload.profile, ("workloads", i, "profile")
    burst = profile.burst_factor.value if profile else 1.0
    peak = profile.peak_to_mean if profile else None
    name = _hours_of_the_week(widgets, i, profile)
    replaced = name != (profile.name if profile else None)
    left, right = st.columns(2)
    if peak is not None and not replaced:
        with left:
            ratio = widgets.number(_key("peak", i), "Peak to mean", peak.value, low=1.0, step=0.1)
        widgets.set((*at, "peak_to_mean"), ratio, peak.value)
    if replaced:
        widgets.changes[at] = {"name": name}
    if not replaced and profile is not None and profile.usage is not None:
        st.html(html.note(f"Hours and bursts as in {profile.usage}."))
    elif profile is not None or replaced:
        with right if peak is not None and not replaced else left:
            factor = widgets.number(_key("burst", i), "Burst in the hour", burst, low=1.0, step=0.1)
        widgets.set((*at, "burst_factor"), factor, 1.0 if replaced else burst)


def _hours_of_the_week(widgets: Controls, i: int, profile: Profile | None) -> str | None:
    """The ready profile that is chosen; None where the hours stay as the scenario states them."""
    stated = (profile.name if profile else None) or choices.AS_STATED
    offered = choices.with_stated(choices.PROFILES, stated)
    chosen = widgets.choose(_key("hours_of_week", i), "Hours of the week", offered, stated)
    return None if chosen == choices.AS_STATED else chosen


# ------------------------------------------------------------------------------------ own GPUs


def _fleet(widgets: Controls, nth: int, at: tuple[str | int, ...], selfhost: SelfHost) -> None:
    if selfhost.model is not None and selfhost.format is not None and selfhost.gpu is not None:
        _hardware(widgets, nth, at, selfhost)
    last = len(selfhost.offers) - 1
    _offer(widgets, nth, (*at, "offers", last), selfhost.offers[last], selfhost.gpu)
    with st.expander("Sizing, spares, commitments" if last else "Sizing and spares"):
        _sizing(widgets, nth, at, selfhost)
        for place, offer in enumerate(selfhost.offers[:-1]):
            _commitment(
                widgets, f"{_key('committed', nth)}-{place + 1}", (*at, "offers", place), offer
            )


def _hardware(widgets: Controls, nth: int, at: tuple[str | int, ...], selfhost: SelfHost) -> None:
    def pick(name: str, label: str, offered: list[str]) -> None:
        stated = getattr(selfhost, name)
        chosen = widgets.choose(
            _key(name, nth), label, choices.with_stated(offered, stated), stated
        )
        widgets.set((*at, name), chosen, stated)

    pick("model", "Open model", list(choices.models()))
    left, right = st.columns(2)
    with left:
        pick("format", "Format", list(choices.formats()))
        pick("gpu", "GPU", list(choices.gpus()))
    with right:
        kernel = selfhost.kernel or choices.ENGINES_CHOICE
        chosen = widgets.choose(
            _key("kernel", nth), "Kernel", choices.with_stated(choices.kernels(), kernel), kernel
        )
        widgets.set(
            (*at, "kernel"), None if chosen == choices.ENGINES_CHOICE else chosen, selfhost.kernel
        )
        _parallel(widgets, nth, at, selfhost)


def _parallel(widgets: Controls, nth: int, at: tuple[str | int, ...], selfhost: SelfHost) -> None:
    stated = selfhost.tp or selfhost.gpus_per_replica
    name = "tp" if selfhost.gpus_per_replica is None else "gpus_per_replica"
    text = choices.SMALLEST_TP if stated is None else f"{stated.value:g}"
    offered = choices.with_stated(choices.PARALLEL, text)
    chosen = widgets.choose(_key("tp", nth), "GPUs a replica", offered, text)
    if chosen != text:
        widgets.changes[*at, name] = None if chosen == choices.SMALLEST_TP else float(chosen)


def _offer(
    widgets: Controls, nth: int, at: tuple[str | int, ...], offer: Offer, gpu: str | None
) -> None:
    """Terms of the GPUs that serve what commitments do not: from the book, or a stated price."""
    if offer.terms in ("owned", "serverless"):
        st.html(html.note(f"{offer.terms.capitalize()} GPUs, as the scenario has them."))
        return
    listed = offer.usd_per_gpu_hour is None and gpu is not None
    left, right = st.columns(2)
    if listed:
        with left:
            _terms(widgets, nth, at, offer)
            _quantile(widgets, nth, at, offer)
        with right:
            _provider_class(widgets, nth, at, offer)
    stated = offer.usd_per_gpu_hour.value if offer.usd_per_gpu_hour else None
    with right if listed else left:
        price = widgets.number(
            _key("usd_per_gpu_hour", nth),
            "Own price, USD/h" if listed else "USD per GPU-hour",
            stated,
            low=0.01,
            step=0.05,
            private=True,
            placeholder="listed" if listed else None,
        )
    widgets.set((*at, "usd_per_gpu_hour"), price, stated)
    if listed and price is not None:
        widgets.set((*at, "discount"), None, offer.discount)
        widgets.set((*at, "price_spread"), None, offer.price_spread)


def _terms(widgets: Controls, nth: int, at: tuple[str | int, ...], offer: Offer) -> None:
    months = int(offer.term_months.value) if offer.term_months else None
    in_words = {terms: words for words, terms in choices.TERMS.items()}
    stated = in_words.get((offer.terms, months if offer.terms == "reserved" else None), "as stated")
    offered = choices.with_stated(choices.TERMS, stated)
    words = widgets.choose(_key("terms", nth), "Terms", offered, stated)
    if words != stated:
        widgets.changes[*at, "terms"], widgets.changes[*at, "term_months"] = choices.TERMS[words]


def _quantile(widgets: Controls, nth: int, at: tuple[str | int, ...], offer: Offer) -> None:
    stated = "median" if offer.quantile is None else str(offer.quantile)
    offered = choices.with_stated(choices.QUANTILES, stated)
    chosen = widgets.choose(_key("quantile", nth), "Price among them", offered, stated)
    widgets.set((*at, "quantile"), chosen, stated)


def _provider_class(widgets: Controls, nth: int, at: tuple[str | int, ...], offer: Offer) -> None:
    stated = offer.provider_class or choices.ANY_CLASS
    chosen = widgets.choose(
        _key("class", nth), "Providers", choices.with_stated(choices.CLASSES, stated), stated
    )
    widgets.set(
        (*at, "class"), None if chosen == choices.ANY_CLASS else chosen, offer.provider_class
    )


def _sizing(widgets: Controls, nth: int, at: tuple[str | int, ...], selfhost: SelfHost) -> None:
    chosen = widgets.choose(
        _key("scaling", nth),
        "Scaling",
        choices.with_stated(choices.SCALINGS, selfhost.scaling),
        selfhost.scaling,
    )
    widgets.set((*at, "scaling"), chosen, selfhost.scaling)
    left, right = st.columns(2)
    if selfhost.queueing is None:
        load = _float(selfhost.load_factor, DEFAULT_LOAD_FACTOR)
        with left:
            factor = widgets.number(
                _key("load_factor", nth), "Load factor", load, low=0.05, high=1.0, step=0.05
            )
        widgets.set((*at, "load_factor"), factor, load)
    spare = _float(selfhost.spare_replicas, usual_spares(selfhost))
    with right:
        spares = widgets.number(_key("spares", nth), "Spare replicas", spare)
    widgets.set((*at, "spare_replicas"), spares, spare)


def _commitment(widgets: Controls, key: str, at: tuple[str | int, ...], offer: Offer) -> None:
    """A committed offer: how many replicas, and at what price."""
    left, right = st.columns(2)
    if offer.replicas == "optimal":
        with left:
            st.html(html.note(f"Replicas, {offer.terms}: as many as pay off."))
        return _commitment_price(widgets, f"{key}-usd", at, offer, right)
    stated = _float(offer.replicas, 0.0)
    with left:
        replicas = widgets.number(key, f"Replicas, {offer.terms}", stated, low=1)
    widgets.set((*at, "replicas"), replicas, stated)
    return _commitment_price(widgets, f"{key}-usd", at, offer, right)


def _commitment_price(
    widgets: Controls,
    key: str,
    at: tuple[str | int, ...],
    offer: Offer,
    column: AbstractContextManager[Any],
) -> None:
    if offer.usd_per_gpu_hour is not None:
        usd = offer.usd_per_gpu_hour.value
        with column:
            price = widgets.number(key, "USD per GPU-hour", usd, low=0.01, step=0.05, private=True)
        widgets.set((*at, "usd_per_gpu_hour"), price, usd)


# -------------------------------------------------------------------------------- APIs and people


def _apis(widgets: Controls, scenario: Scenario) -> None:
    listed = [
        (i, o.name, o.api)
        for i, o in enumerate(scenario.options)
        if o.api is not None and not o.api.is_quoted
    ]
    if not listed:
        return
    st.html(html.group("Compare with"))
    for nth, (i, name, api) in enumerate(listed):
        st.html(html.name(name, "cm-note cm-close"))
        _api(widgets, nth, ("options", i, "api"), api, scenario.as_of)


def _api(
    widgets: Controls,
    nth: int,
    at: tuple[str | int, ...],
    api: Api,
    at_date: date,
) -> None:
    assert api.provider is not None
    assert api.model is not None
    offered = choices.api_models(at_date)
    left, right = st.columns([2, 3])
    with left:
        provider = widgets.choose(
            _key("api", nth),
            "Provider",
            choices.with_stated(offered, api.provider),
            api.provider,
            label_visibility="collapsed",
        )
    models, default = offered.get(provider, []), api.model
    if provider == api.provider:
        models = choices.with_stated(models, api.model)
    else:
        default = choices.same_weights(api.provider, api.model, provider, at_date)
    with right:
        model = widgets.pick(
            _key("api_model", nth),
            "Model",
            models,
            default,
            label_visibility="collapsed",
            placeholder="choose a model",
        )
    if model is None:
        words = f"Still compared with {api.provider}, {api.model}: choose a model of {provider}."
        st.html(html.note(words))
        return
    widgets.set((*at, "provider"), provider, api.provider)
    widgets.set((*at, "model"), model, api.model)


def _people(widgets: Controls, scenario: Scenario, *, has_fleet: bool) -> None:
    overheads, book = scenario.overheads, load_book()
    st.html(html.group("People"))
    left, right = st.columns(2)
    if has_fleet:
        per_fleet = overheads.per_fleet.hours_per_month if overheads.per_fleet else None
        hours = _float(per_fleet, book.cost("selfhost_hours_per_month").value)
        with left:
            given = widgets.number("hours", "Hours a month", hours, step=5)
        widgets.set(("overheads", "per_fleet", "hours_per_month"), given, hours)
    rate = _float(overheads.usd_per_hour, book.cost("engineer_usd_per_hour").value)
    with right if has_fleet else left:
        usd = widgets.number("rate", "USD an hour", rate, step=5)
    widgets.set(("overheads", "usd_per_hour"), usd, rate)


def scenario_file(scenario: Scenario | None) -> None:
    """Download the scenario as it stands, or open another; on every page about a scenario."""
    with st.sidebar, st.expander("Scenario file"):
        if scenario is not None:
            st.download_button(
                "Download this scenario", scenario_yaml(scenario),
                f"{file_name(scenario.name)}.yaml", "application/yaml", on_click="ignore",
                width="stretch",
            )  # fmt: skip
        st.file_uploader(
            "Open your own, a YAML file",
            type=["yaml", "yml"],
            key=state.upload_key(),
            on_change=state.take_upload,
            max_upload_size=UPLOAD_MB,
        )
        st.html(html.note("It stays in this session and never goes into the link."))


def file_name(name: str) -> str:
    """A name fit for a file.

    >>> file_name("Support assistant, 70B / 4-bit")
    'support-assistant-70b-4-bit'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "scenario"
