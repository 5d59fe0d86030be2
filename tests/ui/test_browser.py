"""The page in a real Chromium: what only a browser shows - the address, the charts, downloads."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from costmodel.book.files import scenarios_dir
from tests import ready
from tests.chromium import launched

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SLIDER = "[data-testid=stSidebar] [data-testid=stSlider] input[type=range]"


@pytest.fixture(scope="module")
def browser():
    with launched(*FLAGS) as chromium:
        size = {"width": 1480, "height": 1010}
        yield chromium.new_context(viewport=size, accept_downloads=True)  # one cache for all pages


@pytest.fixture(scope="module")
def server():
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    process = subprocess.Popen(
        [*command, "--server.port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://localhost:{port}"
    try:
        _wait_for(f"{url}/_stcore/health", process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(url, process):
    for _ in range(150):
        assert process.poll() is None, "the server stopped"
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the server did not start")


@pytest.fixture
def page(browser, server):
    tab = browser.new_page()
    tab.set_default_timeout(40_000)
    tab.alerts = []
    tab.on("dialog", lambda dialog: (tab.alerts.append(dialog.message), dialog.dismiss()))
    tab.open = lambda address="": _open(tab, f"{server}/{address}")
    yield tab
    tab.close()


def _open(tab, url):
    tab.goto(url)
    tab.wait_for_selector(".cm-headline")
    tab.wait_for_selector(".st-key-curves .main-svg")
    _settle(tab)


def _settle(tab):
    tab.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    tab.wait_for_timeout(250)


def _headline(tab):
    return tab.inner_text(".cm-headline")


@pytest.mark.parametrize("scenario", ready.THREE)
def test_ready_scenarios_open(page, scenario):
    page.open(f"?scenario={scenario}")
    assert page.locator("[data-testid=stException]").count() == 0
    assert "tokens a day" in _headline(page)
    assert page.locator(".st-key-curves .scatterlayer .trace").count() >= 2


def test_slider_moves_headline_chart_and_address_and_reload_restores(page):
    page.open("?scenario=support-assistant")
    before, chart = _headline(page), page.text_content(".st-key-curves .infolayer")
    page.focus(SLIDER)
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("text => document.querySelector('.cm-headline').innerText !== text",
                           arg=before)  # fmt: skip
    _settle(page)
    moved = _headline(page)
    assert page.text_content(".st-key-curves .infolayer") != chart
    assert "volume=" in page.url
    page.reload()
    page.wait_for_selector(".cm-headline")
    _settle(page)
    assert _headline(page) == moved


def test_address_holds_only_what_differs_and_never_a_price(page):
    page.open()
    assert "?" not in page.url
    page.get_by_label("Own price, USD/h").fill("1.23")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=$1.23")
    _settle(page)
    assert "1.23" not in page.url
    stated = page.get_by_label("Peak to mean").input_value()
    page.get_by_label("Peak to mean").fill("3")
    page.keyboard.press("Enter")
    page.wait_for_function("location.search.includes('peak=3')")
    page.get_by_label("Peak to mean").fill(stated)
    page.keyboard.press("Enter")
    page.wait_for_function("!location.search.includes('peak')")


def test_choosing_a_scenario_names_it_in_the_address_and_forgets_changes(page):
    page.open("?volume=2B")
    other = next(name for name in ready.NAMES if name != "support-assistant")
    page.get_by_label("Scenario", exact=True).click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("location.search.includes('scenario=')")
    _settle(page)
    assert "volume=" not in page.url
    assert f"scenario={other}" in page.url
    assert page.locator("[data-testid=stException]").count() == 0


def test_bad_upload_shows_lines_and_keeps_the_page(page, tmp_path):
    page.open()
    bad = tmp_path / "bad.yaml"
    text = (scenarios_dir() / "support-assistant.yaml").read_text(encoding="utf-8")
    bad.write_text(text.replace("tokens_per_day:", "token_per_day:"), encoding="utf-8")
    _upload(page, bad)
    page.wait_for_selector(".cm-problems")
    problems = page.inner_text(".cm-problems")
    assert re.search(r"bad\.yaml:\d+:\d+", problems)
    assert "did you mean tokens_per_day" in problems
    assert "tokens a day" in _headline(page)


def _upload(page, path):
    page.get_by_text("Scenario file").click()
    page.set_input_files("[data-testid=stFileUploader] input[type=file]", path)


def test_charts_tables_and_the_workbook_download(page):
    page.open()
    for kind, begins in (("svg", b"<svg"), ("png", b"\x89PNG")):
        name, content = _downloaded(page, page.locator(f".cm-images button[data-format={kind}]"))
        assert name.endswith(f"curves.{kind}")
        assert content.startswith(begins)
        assert len(content) > 10_000
    _, table = _downloaded(page, page.get_by_role("button", name="CSV"))
    assert table.startswith(b"option,name,usd,kind,source")
    name, workbook = _downloaded(page, page.get_by_role("button", name="Excel workbook"))
    assert name.endswith(".xlsx")
    assert workbook.startswith(b"PK")


def _downloaded(tab, button):
    """The name and the content of what a button sends."""
    with tab.expect_download() as started:
        button.first.click()
    name, content = started.value.suggested_filename, Path(started.value.path()).read_bytes()
    _settle(tab)  # a click draws the page anew
    return name, content


def test_scenario_downloads_and_opens_again(page, tmp_path):
    page.open("?volume=2B")
    headline = _headline(page)
    page.get_by_text("Scenario file").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download this scenario").click()
    path = tmp_path / "again.yaml"
    started.value.save_as(path)
    page.open()
    _upload(page, path)
    page.wait_for_function("text => document.querySelector('.cm-headline').innerText === text",
                           arg=headline)  # fmt: skip
    assert "again" not in page.url
    assert "volume" not in page.url


def test_hostile_names_are_inert_and_fit(page, tmp_path):
    names = [
        "<script>window.hit=1</script>",
        "<b>bold</b><img src=x onerror=window.hit=1>",
        "x" * 300,
    ]
    text = (scenarios_dir() / "support-assistant.yaml").read_text(encoding="utf-8")
    for old, new in zip(["own GPUs", "same weights, managed", "frontier"], names, strict=True):
        text = text.replace(f'"{old}"', old).replace(old, f"'{new}'")
    path = tmp_path / "hostile.yaml"
    path.write_text(text, encoding="utf-8")
    page.open()
    _upload(page, path)
    page.wait_for_function("document.querySelector('.cm-headline').innerText.includes('<b>bold')")
    _settle(page)
    assert page.evaluate("window.hit") is None
    assert page.alerts == []
    assert page.locator(".cm-headline b, .st-key-curves a, .cm-table img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator(".cm-headline").bounding_box()["height"] < 200


def test_hover_reads_every_option(page):
    page.open("?scenario=support-assistant")
    box = page.locator(".st-key-curves .js-plotly-plot").bounding_box()
    page.mouse.move(box["x"] + 400, box["y"] + 150)
    page.mouse.move(box["x"] + 420, box["y"] + 160)
    page.wait_for_selector(".st-key-curves .hoverlayer .legend")
    hover = page.text_content(".st-key-curves .hoverlayer")
    assert re.search(r"at [\d.]+[MB] / day", hover)
    assert len(re.findall(r"\$[\d.]+k", hover)) >= 3
    assert re.search(r"\$[\d.]+k \(\$[\d.]+k to \$[\d.]+k\)", hover)
    assert "500M" in page.text_content(".st-key-curves .xaxislayer-above")
    assert "$20k" in page.text_content(".st-key-curves .yaxislayer-above")


def test_fit_page_opens_from_the_navigation_and_draws(page):
    page.open()
    page.get_by_role("link", name="Fit", exact=True).click()
    page.wait_for_selector(".st-key-memory .main-svg")
    page.wait_for_selector(".st-key-fit_map .scatterlayer .trace")
    _settle(page)
    assert page.url.endswith("/fit")
    assert "It fits" in _headline(page)
    assert "37.1 GiB" in page.text_content(".st-key-memory .infolayer")
    page.get_by_label("Requests at once").fill("64")
    page.keyboard.press("Enter")
    page.wait_for_function("location.search.includes('concurrency=64')")
    page.wait_for_selector("text=It does not fit")
    page.get_by_role("link", name="Decision", exact=True).click()
    page.wait_for_selector(".st-key-curves .main-svg")
    assert "tokens a day" in _headline(page)


def test_speed_page_draws_and_takes_a_benchmark_file(page, tmp_path):
    run = {
        "date": "20261101-101010", "model_id": "meta-llama/Llama-3.3-70B-Instruct",
        "num_prompts": 128, "request_rate": "inf", "max_concurrency": 32, "duration": 70.0,
        "completed": 128, "total_input_tokens": 131_072, "total_output_tokens": 128_000,
        "request_throughput": 1.83, "output_throughput": 1828.6, "mean_ttft_ms": 190.0,
        "mean_tpot_ms": 17.3,
    }  # fmt: skip
    path = tmp_path / "run.json"
    path.write_text(json.dumps(run), encoding="utf-8")
    page.open()
    page.get_by_role("link", name="Speed", exact=True).click()
    for chart in ("latency", "gemm", "served", "cost"):
        page.wait_for_selector(f".st-key-{chart} .main-svg")
    _settle(page)
    assert page.url.endswith("/speed")
    assert "One replica serves" in _headline(page)
    assert "published measurements" in page.text_content(".st-key-latency .infolayer")
    page.get_by_label("TPOT, ms").fill("20")
    page.keyboard.press("Enter")
    page.wait_for_function("location.search.includes('tpot=20')")
    page.wait_for_function(
        "document.querySelector('.st-key-latency .infolayer').textContent.includes('TPOT 20 ms')"
    )
    page.get_by_text("Your benchmark files").click()
    page.set_input_files("[data-testid=stFileUploader] input[type=file]", path)
    page.wait_for_selector("text=GPU it ran on")
    page.wait_for_selector("text=GPU not stated")
    assert "run" not in page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_traffic_page_draws_and_follows_hours_and_fleet(page, server):
    page.goto(f"{server}/traffic")
    for chart in ("load_duration", "ways", "shapes"):
        page.wait_for_selector(f".st-key-{chart} .main-svg")
    _settle(page)
    assert "1.97 times the mean" in _headline(page)
    shapes = page.text_content(".st-key-shapes .infolayer")
    assert all(name in shapes for name in ("steady", "office hours", "a few busy hours"))
    page.get_by_label("Hours of the week", exact=True).click()
    page.get_by_role("option", name="spiky").click()
    page.wait_for_function("location.search.includes('hours_of_week=spiky')")
    page.wait_for_selector("text=7.09 times the mean")
    _settle(page)
    page.get_by_label("Fleet", exact=True).click()
    page.get_by_role("option", name="base load + overflow").click()
    page.wait_for_selector("text=by scaling, without the API")
    _settle(page)
    assert "the API serves" in page.text_content(".st-key-load_duration .infolayer")
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_over_time_page_draws_and_follows_prices(page, server):
    page.goto(f"{server}/over-time")
    for chart in ("cumulative", "monthly_bills", "cases"):
        page.wait_for_selector(f".st-key-{chart} .main-svg")
    _settle(page)
    assert "pays back in" in _headline(page)
    assert "paid back after" in page.text_content(".st-key-cumulative .infolayer")
    box = page.locator(".st-key-monthly_bills .js-plotly-plot").bounding_box()
    page.mouse.move(box["x"] + 500, box["y"] + 120)
    page.mouse.move(box["x"] + 510, box["y"] + 130)
    page.wait_for_selector(".st-key-monthly_bills .hoverlayer .hovertext")
    hover = page.text_content(".st-key-monthly_bills .hoverlayer")
    assert re.search(r"month \d+same weights, managed \$[\d.]+k", hover)
    page.get_by_label("API prices, %/yr").fill("-50")
    page.keyboard.press("Enter")
    page.wait_for_function("location.search.includes('api_change=-50')")
    page.wait_for_selector("text=Stay: moving would lose")
    _settle(page)
    assert "not paid back" in page.text_content(".st-key-cumulative .infolayer")
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def _turn_to(tab, title):
    """Follow the link to another page; its headline takes the place of this one's."""
    before = _headline(tab)
    tab.get_by_role("link", name=title, exact=True).first.click()
    tab.wait_for_function("text => document.querySelector('.cm-headline')?.innerText !== text",
                          arg=before)  # fmt: skip
    _settle(tab)


def test_turning_to_another_page_keeps_scenario_volume_and_prices(page):
    page.open("?scenario=contracts&volume=1.2B")
    page.get_by_label("Own price, USD/h").first.fill("2.34")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=$2.34")
    _settle(page)
    decided = _headline(page)
    assert decided.startswith("At 1.2B tokens a day")
    _turn_to(page, "Over time")
    assert "scenario=contracts" in page.url
    assert "volume=1.2B" in page.url
    assert page.get_by_label("Own price, USD/h").first.input_value() == "2.34"
    _turn_to(page, "Speed")
    assert "scenario" not in page.url
    _turn_to(page, "Decision")
    assert _headline(page) == decided
    assert "2.34" not in page.url


def test_another_scenario_chosen_on_another_page_has_its_own_values(page, server):
    page.goto(f"{server}/over-time?scenario=three-year-commitment")
    page.wait_for_selector(".st-key-cumulative .main-svg")
    _settle(page)
    page.get_by_label("One-off, USD").fill("55000")
    page.keyboard.press("Enter")
    page.wait_for_url("**one_off=55000**")
    _settle(page)
    _turn_to(page, "Decision")
    assert page.get_by_text("Also changed: 1 number on Over time.").is_visible()
    page.goto(f"{server}/over-time?scenario=three-year-commitment")
    page.wait_for_selector(".st-key-cumulative .main-svg")
    _settle(page)
    _turn_to(page, "Decision")
    before = _headline(page)
    page.get_by_label("Scenario", exact=True).first.click()
    page.get_by_role("option", name="Support assistant").first.click()
    page.wait_for_function("text => document.querySelector('.cm-headline')?.innerText !== text",
                           arg=before)  # fmt: skip
    _settle(page)
    _turn_to(page, "Over time")
    assert page.get_by_label("One-off, USD").input_value() == "0"
    assert page.get_by_label("API prices, %/yr").input_value() == "0"
    assert page.get_by_text("Also changed").count() == 0


def test_turning_to_another_page_keeps_the_readers_own_file(page, tmp_path):
    page.open()
    text = (scenarios_dir() / "small-model-on-l4.yaml").read_text(encoding="utf-8")
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        re.sub(r"^name: .*$", "name: My own", text, flags=re.MULTILINE), encoding="utf-8"
    )
    _upload(page, mine)
    page.wait_for_selector("text=My own")
    _settle(page)
    for title in ("Traffic", "Risk", "Over time"):
        _turn_to(page, title)
        assert page.get_by_text("My own").first.is_visible()
        assert "scenario=" not in page.url
    page.get_by_role("button", name="Back to the ready scenarios").click()
    page.wait_for_selector("text=Scenario file")
    _settle(page)
    assert page.get_by_text("My own").count() == 0


def test_risk_page_draws_and_follows_a_range(page, server):
    page.goto(f"{server}/risk?scenario=small-model-on-l4")
    for chart in ("fan", "probability", "tornado", "two_way"):
        page.wait_for_selector(f".st-key-{chart} .main-svg")
    _settle(page)
    box = page.locator(".st-key-fan .js-plotly-plot").bounding_box()
    page.mouse.move(box["x"] + 400, box["y"] + 150)
    for step in range(40):
        page.mouse.move(box["x"] + 400, box["y"] + 150 + 4 * step)
        if page.locator(".st-key-fan .hoverlayer .hovertext").count():
            break
    assert re.search(r"/ day: \$[\d.,k]+ \(\$[\d.,k]+ to \$[\d.,k]+\)",
                     page.text_content(".st-key-fan .hoverlayer"))  # fmt: skip
    bars = page.text_content(".st-key-tornado .infolayer")
    assert "at 20" in bars
    page.get_by_text("numbers vary").click()
    high = page.get_by_label("High", exact=True).first
    assert high.input_value() == "20"
    high.fill("60")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "document.querySelector('.st-key-tornado .infolayer')?.textContent.includes('at 60')"
    )
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_request_log_becomes_the_workload(page, server):
    log = ROOT / "tests" / "data" / "usage" / "litellm_spend.csv"
    page.goto(f"{server}/traffic")
    page.wait_for_selector(".st-key-ways .main-svg")
    _settle(page)
    frame = page.locator(".st-key-ways .main-svg").first.bounding_box()
    for label in page.locator(".st-key-ways .annotation-text").all():
        box = label.bounding_box()
        assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
    page.get_by_text("Your request log").click()
    page.set_input_files("[data-testid=stFileUploader] input[type=file]", log)
    page.wait_for_selector("text=Your log, read as LiteLLM spend log")
    with page.expect_download() as download:
        page.get_by_text("Download it as a workload block").click()
    assert "tokens_per_day: 5720" in Path(download.value.path()).read_text()
    page.get_by_text("Work out the bills of this log").click()
    page.wait_for_selector("text=17.3 times the mean")
    _settle(page)
    assert "litellm" not in page.url
    assert page.locator("[data-testid=stException]").count() == 0


def test_the_gate_reads_uploads(page, server, tmp_path):
    for name, right in (("before", 300), ("after", 296)):
        rows = "\n".join(f"q{i},{int(i < right)}" for i in range(300))
        (tmp_path / f"{name}.csv").write_text(f"item,score\n{rows}\n")
    (tmp_path / "failed.csv").write_text("item,score\na,\nb,nan\n")
    page.goto(f"{server}/quality")
    page.wait_for_selector(".st-key-quality .main-svg")
    _settle(page)
    assert "Deciding per task saves" in _headline(page)
    _put_in(page, "Baseline", tmp_path / "before.csv")
    _put_in(page, "Candidate", tmp_path / "after.csv")
    page.get_by_text("Inconclusive: -1.3 points on 300 items").wait_for()
    page.get_by_text("4 lost, 0 gained").wait_for()
    _put_in(page, "Baseline again (noise floor)", tmp_path / "failed.csv")
    page.get_by_text("no answers: all 2 items failed").wait_for()
    assert page.locator("[data-testid=stException]").count() == 0


def _put_in(page, label, path):
    box = page.locator("[data-testid=stFileUploader]").filter(
        has=page.get_by_text(label, exact=True)
    )
    box.locator("input[type=file]").set_input_files(path)
    _settle(page)
