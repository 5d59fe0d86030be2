"""The page without a browser: every ready scenario, every kind of change, hostile and bad input."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from costmodel.book.files import scenarios_dir
from costmodel.scenario import load_scenario, parse_scenario
from costmodel.scenario.changes import at_volume, changed, scenario_yaml
from costmodel.ui.downloads import SCRIPT
from tests import ready

APP = Path(__file__).parents[2] / "app.py"


def opened(scenario=None, **address):
    app = AppTest.from_file(str(APP), default_timeout=30)
    if scenario:
        app.query_params["scenario"] = scenario
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    return app


def html(app):
    return " ".join(block.proto.body for block in app.get("html"))


def headline(app):
    found = re.search(r"<h1 class='cm-headline'>(.*?)</h1>", html(app))
    assert found, html(app)[-2000:]
    return found.group(1)


def uploaded(text, name="mine.yaml"):
    app = opened()
    app.file_uploader(key="upload").set_value((name, text.encode(), "application/yaml")).run()
    return app


@pytest.mark.parametrize("scenario", ready.NAMES)
def test_every_ready_scenario_opens(scenario):
    app = opened(scenario)
    assert not app.exception
    assert "tokens a day" in headline(app)
    assert len(app.get("plotly_chart")) == 2
    assert app.selectbox(key="scenario").value == scenario


def test_moving_the_volume_changes_headline_and_chart():
    app = opened("support-assistant")
    before, chart = headline(app), app.get("plotly_chart")[0].proto.spec
    app.select_slider(key="volume").set_value(2e9).run()
    assert not app.exception
    assert "At 2B tokens a day" in headline(app) != before
    assert app.get("plotly_chart")[0].proto.spec != chart


def test_address_restores_the_changes():
    app = opened("support-assistant", volume="2B", gpu="h200", input="2000")
    assert app.select_slider(key="volume").value == 2e9
    assert app.selectbox(key="gpu").value == "h200"
    assert "At 2B tokens a day" in headline(app)
    assert app.number_input(key="input").value == 2000


def test_stated_gpu_price_changes_the_bill_and_stays_out_of_the_address():
    app = opened("support-assistant")
    before = html(app)
    app.number_input(key="usd_per_gpu_hour").set_value(1.23).run()
    assert not app.exception
    assert html(app) != before
    assert "$1.23" in html(app)
    assert "1.23" not in str(dict(app.query_params))


def test_nonsense_in_the_address_is_ignored():
    app = opened("no-such", volume="banana", gpu="toaster", input="-5")
    assert not app.exception
    assert app.selectbox(key="scenario").value in ready.NAMES
    assert "tokens a day" in headline(app)
    assert "There is no ready scenario &#39;no-such&#39;" in html(app)
    app.selectbox(key="scenario").set_value(ready.NAMES[0]).run()
    assert "There is no ready scenario" not in html(app)


def test_another_scenario_starts_from_its_own_values():
    app = opened("support-assistant")
    app.select_slider(key="volume").set_value(2e9).run()
    other = next(name for name in ready.NAMES if name != "support-assistant")
    app.selectbox(key="scenario").set_value(other).run()
    assert not app.exception
    assert (
        "2B tokens a day" not in headline(app)
        or opened(other).select_slider(key="volume").value == 2e9
    )
    assert headline(app) == headline(opened(other))


def test_provider_with_the_same_weights_takes_their_model():
    app = opened("support-assistant")
    app.selectbox(key="api-2").set_value("deepinfra").run()
    assert not app.exception
    assert app.selectbox(key="api_model-2").value == "meta-llama/Llama-3.3-70B-Instruct"
    assert "Still compared with" not in html(app)
    assert html(app) != html(opened("support-assistant"))


def test_provider_without_the_same_weights_waits_for_a_model():
    app = opened("support-assistant")
    before = headline(app)
    app.selectbox(key="api-2").set_value("openai").run()
    assert not app.exception
    assert app.selectbox(key="api_model-2").value is None
    assert headline(app) == before
    assert html(app).count("Still compared with aws") == 1
    app.selectbox(key="api_model-2").set_value("gpt-6.1-terra").run()
    assert not app.exception
    assert "Still compared with" not in html(app)
    assert headline(app) != before
    app.selectbox(key="api-2").set_value("aws").run()
    assert app.selectbox(key="api_model-2").value == "meta.llama3-3-70b-instruct-v1:0"
    assert headline(app) == before


def test_provider_and_model_in_the_address():
    app = opened("support-assistant", **{"api-2": "openai", "api_model-2": "gpt-6.1-terra"})
    assert app.selectbox(key="api_model-2").value == "gpt-6.1-terra"
    assert "Still compared with" not in html(app)


def test_crossings_are_those_of_the_option_that_wins_first_at_any_volume():
    for volume in ("100M", "270M", "2B"):
        body = html(opened("support-assistant", volume=volume))
        cards = re.search(r"<div class='cm-cards'>(.*?)</b><span>", body).group(1)
        assert "373M / day" in cards
        assert "base load + overflow, than any eligible API" in body


def test_margin_of_safety_keeps_its_sign():
    body = html(opened("support-assistant"))
    assert "outside by 242 %" in body
    assert "inside by 38 %" in body


def test_combination_nobody_sells_is_explained():
    app = opened("support-assistant", gpu="mi355x")
    assert not app.exception
    assert "This cannot be worked out as it stands" in html(app)
    assert "nobody lists" in html(app)
    assert "support-assistant.yaml" not in html(app)


def test_log_scale():
    app = opened("support-assistant", scale="log")
    assert '"type":"log"' in app.get("plotly_chart")[0].proto.spec.replace(" ", "")


MINIMAL = """
name: {name}
as_of: 2026-11-23
workloads:
  - {{name: chat, tokens_per_day: 500e6, input_tokens: 1500, output_tokens: 300{more}}}
options:
  - {{name: {option}, api: {{input_usd_per_mtok: 2, output_usd_per_mtok: 8}}}}
  - {{name: second, api: {{input_usd_per_mtok: 3, output_usd_per_mtok: 9}}}}
"""


def minimal(name="Mine", option="quoted", more=""):
    return MINIMAL.format(name=name, option=option, more=more)


def test_upload_without_own_gpus():
    app = uploaded(minimal())
    assert not app.exception
    assert "quoted" in headline(app)
    assert "no option with own GPUs" in html(app)
    assert "<div class='cm-scenario'>Mine</div>" in html(app)
    back = next(each for each in app.button if each.label == "Back to the ready scenarios")
    back.click().run()
    assert app.selectbox(key="scenario").value == "support-assistant"
    assert "quoted" not in headline(app)


def test_nothing_of_an_upload_goes_into_the_address():
    app = uploaded(minimal())
    app.select_slider(key="volume").set_value(2e9).run()
    app.number_input(key="input").set_value(900.0).run()
    assert not dict(app.query_params)


def test_bad_upload_shows_every_error_with_its_place_and_loses_nothing():
    app = opened("support-assistant")
    app.select_slider(key="volume").set_value(2e9).run()
    bad = minimal().replace("as_of: 2026-11-23", "as_of: soon").replace("output_tokens", "outputs")
    app.file_uploader(key="upload").set_value(("bad.yaml", bad.encode(), "text/yaml")).run()
    assert not app.exception
    assert "bad.yaml:3:" in html(app)
    assert "bad.yaml:5:" in html(app)
    assert "At 2B tokens a day" in headline(app)


def test_upload_that_is_not_text():
    app = opened()
    app.file_uploader(key="upload").set_value(("x.yaml", b"\xff\xfe\x00", "text/yaml")).run()
    assert not app.exception
    assert "is not text" in html(app)


def test_upload_may_not_name_files():
    app = uploaded(minimal(more=", profile: {usage: /etc/passwd}"))
    assert not app.exception
    assert "names a file" in html(app)


def test_unknown_id_in_an_upload_is_answered_with_the_nearest():
    text = (scenarios_dir() / "support-assistant.yaml").read_text(encoding="utf-8")
    app = uploaded(text.replace("gpu: h100-sxm", "gpu: h100sxm"))
    assert not app.exception
    assert "did you mean h100-sxm" in html(app)
    assert headline(app) == headline(opened("support-assistant"))
    app.selectbox(key="gpu").set_value("h100-sxm").run()
    assert "tokens a day" in headline(app)


HOSTILE = ["<script>alert(1)</script>", "<b>bold</b>", "[x](javascript:y) $2$ :red[z]", "x" * 300]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_inert(name):
    quoted = f'"{name}"'
    app = uploaded(minimal(name=quoted, option=quoted))
    assert not app.exception
    body = html(app).replace(SCRIPT.strip(), "")
    assert "<script" not in body
    assert "<b>bold" not in body
    assert "x" * 300 not in body


def test_no_option_stands():
    app = uploaded(minimal(more=", requires: [moon]"))
    assert not app.exception
    assert "no option meets every condition" in headline(app)


def test_inputs_that_contradict_each_other_are_explained():
    app = uploaded(minimal(more=", cache_write_share: 0.5"))
    app.number_input(key="cached").set_value(80.0).run()
    assert not app.exception
    assert "These inputs do not fit together" in html(app)
    assert "must be at most 1" in html(app)


def test_scenario_downloads_with_its_changes():
    for name in ready.NAMES:
        scenario = load_scenario(scenarios_dir() / f"{name}.yaml")
        moved = changed(scenario, at_volume(scenario, 123e6))
        again = parse_scenario(scenario_yaml(moved))
        assert again.tokens_per_day == pytest.approx(123e6)
        assert again.model_dump() == moved.model_dump()
