"""The board deck: what it says, what its embedded workbooks hold, and that nothing overflows."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from lxml import etree
from PIL import ImageFont
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.util import Pt

from costmodel.book.files import scenarios_dir
from costmodel.errors import InputError
from costmodel.pipeline.evaluate import evaluate
from costmodel.pipeline.report import Exclusion, Horizon
from costmodel.present.charts.theme import colours
from costmodel.present.deck import deck_bytes
from costmodel.present.deck.text import LEADING, SMALLEST, Ruler, plain
from costmodel.present.words.ask import ask_reasons
from costmodel.present.words.risk import probability_words
from costmodel.quantity.words import percent, short, usd
from costmodel.scenario import parse_scenario
from costmodel.scenario.yamlfile import write_yaml
from costmodel.studies.risk.record import Probability
from tests import ready
from tests.present.outlooks import cashflow_of, risk_of
from tests.present.spreadsheet import convert, needs_libreoffice

HOSTILE = (
    "=cmd|'/c calc'!A1",
    "<script>alert(1)</script> & \x08 {x}",
    "W" * 300,
    "a name of many words that goes on " * 9,
    "\u202eمنصة الذكاء الاصطناعي للدعم \u2067שלום עולם\u2069",
    "+SUM(1+9) @x -2 https://example.com",
)
LIBERATION = Path("/usr/share/fonts/truetype/liberation")


@pytest.fixture(scope="module")
def report():
    return ready.report("support-assistant")


@pytest.fixture(scope="module")
def deck(report):
    content, omitted = deck_bytes(report, risk=risk_of(report), cashflow=cashflow_of(report))
    assert omitted == ("precision per task: no workload asks for a quality",)
    return Presentation(io.BytesIO(content))


@pytest.fixture(scope="module")
def hostile():
    """A scenario whose every name is meant to do harm, with ranges and a cash flow."""
    text = (scenarios_dir() / "support-assistant.yaml").read_text(encoding="utf-8")
    names = ["frontier", "same weights, managed", "cheapest host anywhere", "own GPUs",
             "base load + overflow"]  # fmt: skip
    for i, old in enumerate(names):
        text = text.replace(f"name: {old}", f"name: @{i}@").replace(f'"{old}"', f"@{i}@")
        text = text.replace(f": {old},", f": @{i}@,").replace(f": {old}}}", f": @{i}@}}")
    for i, name in enumerate(HOSTILE):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\x08", "\\x08")
        text = text.replace(f"@{i}@", f'"{quoted}"')
    text = re.sub(r"^name: .*", f'name: "{HOSTILE[5]}"', text, count=1, flags=re.MULTILINE)
    found = evaluate(parse_scenario(text))
    assert {o.name for o in found.options} == set(HOSTILE[:5])
    return found


def charts(deck):
    found = {}
    for slide in deck.slides:
        found |= {s.name: s.chart for s in slide.shapes if s.has_chart}
    return found


def workbook(chart):
    return openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob)).active


def xy_tables(chart):
    """The lines of a scatter chart as its workbook holds them: name -> (x, y)."""
    found, name = {}, ""
    for x, y in workbook(chart).iter_rows(min_col=1, max_col=2, values_only=True):
        if isinstance(y, str):
            name = y
            found[name] = ([], [])
        elif x is not None:
            found[name][0].append(x)
            found[name][1].append(y)
    return {name: (np.array(x), np.array(y)) for name, (x, y) in found.items()}


def columns(chart):
    rows = list(workbook(chart).iter_rows(values_only=True))
    names = [name for name in rows[0] if name is not None]
    return [row[0] for row in rows[1:]], {
        name: [row[i + 1] for row in rows[1:]] for i, name in enumerate(names)
    }


def titles(deck):
    return [slide.shapes.title.text for slide in deck.slides]


# ------------------------------------------------------------------------------------------- story


def test_the_slides_in_order(report, deck):
    said = titles(deck)
    best, own = report.option("base load + overflow"), report.option("own GPUs")
    row = report.against_cheapest(best.name)
    saving = usd(report.recommendation.saving_usd_per_month)
    assert said[0] == (
        f"Choose {best.name}: {usd(best.monthly_usd)} a month at 600M tokens a day, today's "
        f"prices, {saving} less than same weights, managed."
    )
    assert f"from {short(row.first_tokens_per_day)} tokens a day on" in said[1]
    assert said[2].startswith(f"Of the {usd(best.monthly_usd)} a month for {best.name}")
    share = percent(own.fleet.waterfall[0].usd / own.monthly_usd)
    assert said[3].startswith(f"Only {share} of the {usd(own.monthly_usd)} a month for own GPUs is")
    assert said[4] == (
        "What own GPUs saves depends most on the engineering hours for a fleet: $3.44k a month at "
        "its low end, −$800 at its high end."
    )
    assert "paid back after 17.4 months" in said[5]
    assert said[6].endswith("of them assumed.")
    assert said[7].startswith(f"All {len(report.assumption_rows)} numbers, with source and date")
    assert said[-1] == "What these bills contain, and what they leave out."


def test_what_has_no_data_is_left_out_and_said(report):
    content, omitted = deck_bytes(report)
    assert omitted == (
        "sensitivity: no risk was given",
        "precision per task: no workload asks for a quality",
        "cash flow: none was given",
    )
    assert set(charts(Presentation(io.BytesIO(content)))) == {
        "Monthly bill over volume", "From the mean load to the all-in bill",
    }  # fmt: skip


@cache
def ready_deck(name):
    return Presentation(io.BytesIO(ready.file(name, ".pptx")))


@pytest.mark.parametrize("name", ready.NAMES)
def test_every_ready_scenario_makes_a_deck_in_which_all_fits(name):
    deck = ready_deck(name)
    assert len(deck.slides) >= 5
    assert not list(overflowing(deck))


def test_an_ask_without_a_recommendation(report):
    nothing = replace(report.recommendation, option=None, runner_up=None, saving_usd_per_month=None)
    unmet = Exclusion("condition", "does not satisfy x", "x")
    options = tuple(replace(o, exclusions=(unmet,)) for o in report.options)
    content, _ = deck_bytes(replace(report, recommendation=nothing, options=options))
    assert "Nothing can be recommended." in titles(Presentation(io.BytesIO(content)))[0]


def test_precision_per_task_says_who_serves_what_and_on_which_evidence():
    deck = ready_deck("precision-per-task")
    (table,) = [s.table for slide in deck.slides for s in slide.shapes
                if s.has_table and s.table.cell(0, 0).text == "Task"]  # fmt: skip
    rows = [[cell.text for cell in row.cells] for row in table.rows][1:]
    assert [row[0] for row in rows] == ["intent: classification", "preferences: extraction",
                                        "prescription: reasoning"]  # fmt: skip
    assert all(row[1:3] == ["70B, fp8", "fp8"] for row in rows)
    assert "frontier API" in rows[2][4]
    assert rows[1][5] == "not accepted: 8B host"
    assert rows[2][5].startswith("not accepted: small API, 8B host, 70B, awq-int4")


# -------------------------------------------------------------------------------------- workbooks


@pytest.mark.parametrize("name", ready.NAMES)
def test_the_curves_workbook_holds_the_curves(name):
    found = ready.report(name)
    tables = xy_tables(charts(ready_deck(name))["Monthly bill over volume"])
    points = found.curve_points
    for option, bill in points.monthly_usd.items():
        known = np.isfinite(bill)
        if known.any():
            x, y = tables[option]
            assert np.interp(points.tokens_per_day[known], x, y) == pytest.approx(
                bill[known], rel=1e-6
            )
            assert len(x) <= known.sum()


def test_the_waterfall_workbook_adds_up_to_the_bill(report, deck):
    for slide, name in zip(list(deck.slides)[2:4], ("base load + overflow", "own GPUs"),
                           strict=True):  # fmt: skip
        (chart,) = [s.chart for s in slide.shapes if s.has_chart]
        names, values = columns(chart)
        bill = report.option(name).monthly_usd
        parts = [v for v in values["Adds"] if v is not None]
        first, *_, total = values["Bill"]
        assert names[-1] == "All-in"
        assert total == pytest.approx(bill, rel=1e-12)
        assert first + sum(parts) == pytest.approx(bill, rel=1e-9)
        tops = [b + (a or 0) for b, a in zip(values["Base (not drawn)"][1:-1],
                                             values["Adds"][1:-1], strict=True)]  # fmt: skip
        assert values["Base (not drawn)"][1:-1] == pytest.approx([first, *tops[:-1]])


def test_the_tornado_and_cash_flow_workbooks_hold_their_rows(report, deck):
    found = charts(deck)
    names, values = columns(found["What the result is most sensitive to"])
    rows = [row for row in risk_of(report).tornado if np.isfinite(row.high_usd)]
    rows = sorted(rows, key=lambda r: abs(r.high_usd - r.low_usd))
    assert names[-1] == "engineering hours for a fleet"
    assert values["At the low end"] == [row.low_usd for row in rows]
    assert values["At the high end"] == [row.high_usd for row in rows]
    tables = xy_tables(found["Cash flow against the API"])
    months = cashflow_of(report).rows
    assert tables["Running sum"][1] == pytest.approx([row["cumulative_usd"] for row in months])
    assert tables["Discounted"][1] == pytest.approx(
        [row["discounted_cumulative_usd"] for row in months]
    )


def test_lines_are_told_apart_by_colour_and_by_dash(report, deck):
    accents = colours(report)
    dashes = {}
    for series in charts(deck)["Monthly bill over volume"].plots[0].series:
        if series.name in accents and not report.option(series.name).excluded_by:
            assert f"#{series.format.line.color.rgb}".lower() == accents[series.name]
            dashes[series.name] = series.format.line.dash_style
    assert len(set(dashes.values())) == len(dashes) == 4


# ------------------------------------------------------------------------------ nothing overflows


def text_frames(slide):
    """Every text of a slide with the box it must fit: title, text boxes, cells [pt]."""
    for shape in slide.shapes:
        if shape.has_table:
            widths = [c.width.pt for c in shape.table.columns]
            for row in shape.table.rows:
                for cell, width in zip(row.cells, widths, strict=True):
                    sides = cell.margin_left.pt + cell.margin_right.pt
                    height = row.height.pt - cell.margin_top.pt - cell.margin_bottom.pt
                    yield cell.text_frame, width - sides, height
        elif shape.has_text_frame and shape.text_frame.text:
            yield shape.text_frame, shape.width.pt, shape.height.pt


def overflowing(deck):
    """Texts that Liberation Sans, which is as wide as Arial, would not fit into their box."""
    if not LIBERATION.is_dir():
        pytest.skip("no Liberation fonts here")
    fonts = {}
    for slide in deck.slides:
        for frame, width, height in text_frames(slide):
            needed = 0.0
            for paragraph in frame.paragraphs:
                if not paragraph.text:
                    continue
                size = max(map(int, paragraph._p.xpath(".//a:rPr/@sz"))) / 100
                assert size >= SMALLEST
                bold = any(r.font.bold for r in paragraph.runs) or size > 17
                key = bold, size
                if key not in fonts:
                    kind = "Bold" if bold else "Regular"
                    fonts[key] = ImageFont.truetype(
                        str(LIBERATION / f"LiberationSans-{kind}.ttf"), 10 * size
                    )
                indent = 14 if paragraph._p.pPr is not None and paragraph._p.pPr.get("marL") else 0
                needed += size * 1.149 * wrapped(paragraph.text, width - indent, fonts[key])
                needed += (paragraph.space_after or Pt(0)).pt
            if needed > height + 8:
                yield frame.text, needed, height
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= deck.slide_width + 1
            assert shape.top + shape.height <= deck.slide_height + 1


def wrapped(text, width, font):
    """Lines that a text takes, broken at spaces and inside words that are too long."""
    lines, left = 1, width
    space = font.getlength(" ") / 10
    for word in text.split():
        size = font.getlength(word) / 10
        if size > left + 0.01 and left < width:
            lines, left = lines + 1, width
        while size > width:
            lines, size = lines + 1, size - 0.96 * width
        left -= size + space
    return lines


def test_no_text_overflows_its_box(deck):
    assert not list(overflowing(deck))


def test_long_and_foreign_names_fit_and_stand_whole_in_the_notes(hostile):
    content, _ = deck_bytes(hostile, risk=risk_of(hostile), cashflow=cashflow_of(hostile))
    deck = Presentation(io.BytesIO(content))
    assert not list(overflowing(deck))
    notes = " ".join(slide.notes_slide.notes_text_frame.text for slide in deck.slides)
    for name in HOSTILE[:5]:
        assert plain(name) in notes


def test_the_ruler_measures_what_the_font_measures():
    if not LIBERATION.is_dir():
        pytest.skip("no Liberation fonts here")
    text = "Base load + overflow: $21.5k a month, 148M / day (own GPUs); Ägypten…"
    for bold, kind in ((False, "Regular"), (True, "Bold")):
        font = ImageFont.truetype(str(LIBERATION / f"LiberationSans-{kind}.ttf"), 1000)
        assert Ruler(1.0).width(text, 1000, bold=bold) == pytest.approx(
            font.getlength(text), rel=0.01
        )


def test_a_text_is_cut_only_at_the_smallest_size():
    ruler = Ruler()
    text = "one two three four five six seven eight nine ten"
    assert ruler.fitted(text, 400, 40, (20.0, 12.0)) == (text, 12.0)
    cut, size = ruler.fitted(text, 60, 2 * 12 * LEADING, (20.0, 12.0))
    assert cut.endswith("…")
    assert size == 12.0
    assert len(ruler.lines(cut, 60, 12.0)) == 2


# ------------------------------------------------------------------------------------------ inert


def test_names_are_text_in_every_embedded_workbook(hostile):
    content, _ = deck_bytes(hostile, risk=risk_of(hostile), cashflow=cashflow_of(hostile))
    deck = Presentation(io.BytesIO(content))
    texts = set()
    for chart in charts(deck).values():
        sheet = workbook(chart)
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.value
                assert cell.hyperlink is None
                texts.add(cell.value)
    assert HOSTILE[0] in texts


def test_names_are_text_in_every_part_of_the_file(hostile):
    content, _ = deck_bytes(hostile)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                tree = etree.fromstring(archive.read(name))
                assert not tree.xpath("//*[local-name()='script']")
                assert "\u202e" not in "".join(tree.itertext())
                if name.endswith(".rels"):
                    assert "External" not in {each.get("TargetMode") for each in tree}


# ---------------------------------------------------------------------------- footers and the rest


def test_every_slide_says_where_it_comes_from(report, deck):
    digest = hashlib.sha256(write_yaml(report.frozen).encode()).hexdigest()
    for number, slide in enumerate(deck.slides, 1):
        foot = {s.name: s for s in slide.shapes if s.name in ("Footer", "Slide number")}
        text = foot["Footer"].text_frame.text
        assert text.startswith("Support assistant · prices as of 2026-11-23 · costmodel ")
        assert text.endswith(f"scenario {digest[:12]}")
        assert foot["Slide number"].placeholder_format.type == PP_PLACEHOLDER.SLIDE_NUMBER
        fields = foot["Slide number"]._element.xpath(".//a:fld[@type='slidenum']")
        assert fields[0].xpath("./a:t/text()") == [str(number)]


def test_notes_carry_the_derivation(report, deck):
    notes = [slide.notes_slide.notes_text_frame.text for slide in deck.slides]
    assert report.recommendation.reason in notes[0]
    assert "merging every step of both bills" in notes[1]
    for step in report.option("own GPUs").fleet.waterfall:
        assert f"{step.name}: {step.usd:,.2f}" in notes[3]
    assert "10,000 draws with seed 0" in notes[4]
    assert "Month 36" in notes[5]
    for row in report.assumption_rows:
        assert any(row.path in plain(note) for note in notes)


def test_the_library_is_loaded_when_a_deck_is_asked_for():
    code = (
        "import sys, costmodel.present.deck; "
        "assert not {'pptx', 'lxml', 'xlsxwriter', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --------------------------------------------------------------------------------------- templates


def company(change=None, width=720, height=540):
    """A company's template: other slide size, three slides of its own, sections."""
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Pt(width), Pt(height)
    for layout in list(presentation.slide_layouts)[:3]:
        presentation.slides.add_slide(layout)
    if change is not None:
        change(presentation)
    out = io.BytesIO()
    presentation.save(out)
    return out.getvalue()


def test_the_first_slide_does_not_recommend_what_the_cash_flow_rejects(report):
    best = report.recommendation.option
    flow = replace(cashflow_of(report), option=best, npv_usd=-23_500.0, payback_months=None)
    content, _ = deck_bytes(report, cashflow=flow)
    slide = Presentation(io.BytesIO(content)).slides[0]
    said = (
        f"Month 1, at today's prices, favours {best}; over 3 years, {flow.against} is worth $23.5k "
        f"more than {best}."
    )
    assert slide.shapes.title.text == said
    words = [s.text_frame.text for s in slide.shapes if s.has_text_frame]
    cells = [c.text for s in slide.shapes if s.has_table for r in s.table.rows for c in r.cells]
    assert "Every option in a month at 600M tokens a day, today's prices" in words
    assert "cheapest in month 1" in cells
    assert not any(re.search("choose|recommended", text, re.IGNORECASE) for text in words + cells)


def test_where_growth_leads_is_said_by_the_cash_flow_or_at_today_s_prices(report):
    ahead = Horizon(36, 1.2e9, {"own GPUs": 21_000.0}, "own GPUs")
    growing = replace(report, horizon=ahead)
    flow = cashflow_of(report)
    said = list(ask_reasons(growing, cashflow=flow))
    api, own = 13_352 * 1.02**36, 10_974 * 1.01**36
    words = (
        f"In month 36, at 1.22B tokens a day, own GPUs costs {usd(own)} and frontier {usd(api)}."
    )
    assert words in said
    words = "In month 36, at 1.2B tokens a day and today's prices, own GPUs is the cheapest."
    assert words in list(ask_reasons(growing))


def test_the_odds_against_the_only_api_are_said_once(report):
    volume = report.tokens_per_day
    both = tuple(Probability("own", rival, volume, 0.85) for rival in ("api", "cheapest"))
    risk = replace(risk_of(report), probability=both)
    (said,) = probability_words(risk)
    assert said.endswith("the bill for own is below that of api.")
    three = (*both, Probability("own", "other", volume, 0.85))
    assert len(probability_words(replace(risk, probability=three))) == 3
    apart = (both[0], replace(both[1], probability=0.8))
    assert len(probability_words(replace(risk, probability=apart))) == 2


def test_a_template_gives_layout_and_size_and_loses_its_slides(report, tmp_path):
    path = tmp_path / "company.pptx"
    path.write_bytes(company())
    content, _ = deck_bytes(report, template=path, risk=risk_of(report))
    deck = Presentation(io.BytesIO(content))
    assert deck.slide_width == Pt(720)
    assert {slide.slide_layout.name for slide in deck.slides} == {"Title Only"}
    assert titles(deck)[0].startswith("Choose base load + overflow")
    assert not list(overflowing(deck))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        slides = [n for n in archive.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", n)]
    assert len(slides) == len(deck.slides)


def test_a_template_without_a_plain_layout_gives_its_title_and_no_empty_boxes(report):
    def only_content(presentation):
        layouts = presentation.slide_layouts
        for slide in list(presentation.slides._sldIdLst):
            presentation.part.drop_rel(slide.rId)
            presentation.slides._sldIdLst.remove(slide)
        for layout in list(layouts):
            if layout.name != "Title and Content":
                layouts.remove(layout)

    deck = Presentation(io.BytesIO(deck_bytes(report, template=company(only_content))[0]))
    for slide in deck.slides:
        kinds = [shape.placeholder_format.type for shape in slide.placeholders]
        assert PP_PLACEHOLDER.OBJECT not in kinds
        assert kinds.count(PP_PLACEHOLDER.TITLE) == 1


def rezipped(content, change):
    """A file with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return out.getvalue()


def kind(word):
    def change(name, part):
        main = b"presentationml.presentation.main"
        return part.replace(main, word) if name == "[Content_Types].xml" else part

    return change


def untitled(presentation):
    for layout in presentation.slide_layouts:
        for shape in list(layout.placeholders):
            if shape.placeholder_format.type == PP_PLACEHOLDER.TITLE:
                shape.element.getparent().remove(shape.element)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not a zip", "is not a PowerPoint file"),
        (rezipped(company(), lambda name, part: b"<" if "presentation.xml" in name else part),
         "is not a PowerPoint file"),
        (rezipped(company(), kind(b"presentationml.template.main")), "save it as .pptx"),
        (rezipped(company(), kind(b"x.macroEnabled.main")), "carries macros"),
        (company(width=400), "a deck needs at least 8.9 × 5.0 in"),
        (company(untitled), "such as PowerPoint's 'Title Only'; it has Title Slide"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_template_is_refused(report, content, words):
    with pytest.raises(InputError, match=re.escape(words)):
        deck_bytes(report, template=content)


def test_a_workbook_or_nothing_is_no_template(report, tmp_path):
    path = tmp_path / "book.pptx"
    openpyxl.Workbook().save(path)
    with pytest.raises(InputError, match=re.escape(f"{path}: is not a PowerPoint file")):
        deck_bytes(report, template=path)
    with pytest.raises(InputError, match=r"none\.pptx: cannot be read: No such file"):
        deck_bytes(report, template=tmp_path / "none.pptx")


# -------------------------------------------------------------------------------------- LibreOffice


@pytest.fixture(scope="module")
def drawn(report, hostile, tmp_path_factory):
    """Two decks, and each as LibreOffice draws it."""
    needs_libreoffice("pdftotext")
    folder = tmp_path_factory.mktemp("decks")
    decks = {}
    for name, subject in (("plain", report), ("hostile", hostile)):
        content, _ = deck_bytes(subject, risk=risk_of(subject), cashflow=cashflow_of(subject))
        decks[name] = Presentation(io.BytesIO(content)), folder / f"{name}.pdf"
        (folder / f"{name}.pptx").write_bytes(content)
    convert(sorted(folder.glob("*.pptx")), folder, "pdf")
    return decks


def drawn_words(pdf):
    """Words by page, each with its box [pt]."""
    out = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], check=True, capture_output=True)
    tree = etree.fromstring(out.stdout.replace(b"&#", b"&amp;#"), etree.XMLParser(recover=True))
    for page in tree.iter("{*}page"):
        yield [
            (*(float(w.get(key)) for key in ("xMin", "yMin", "xMax", "yMax")), w.text or "")
            for w in page.iter("{*}word")
        ]


@pytest.mark.parametrize("names", ["plain", "hostile"])
def test_libreoffice_draws_every_text_inside_its_box(names, drawn):
    deck, pdf = drawn[names]
    pages = list(drawn_words(pdf))
    assert len(pages) == len(deck.slides)
    for slide, words in zip(deck.slides, pages, strict=True):
        for shape in slide.shapes:
            if not shape.has_text_frame or not shape.text_frame.text.strip():
                continue
            left, top, width, height = (
                size / 12_700 for size in (shape.left, shape.top, shape.width, shape.height)
            )
            box = left - 3, top - 6, left + width + 3, top + height + 6
            inside = Counter()
            for x0, y0, x1, y1, text in words:
                middle = (y0 + y1) / 2
                if box[0] <= x0 and x1 <= box[2] and box[1] <= middle <= box[3]:
                    inside.update(text)
            said = "".join(c for c in shape.text_frame.text if c.isascii() and c.isalnum())
            assert not Counter(said) - inside, (shape.text_frame.text, box)
