"""One slide: its title, boxes of text, tables, shapes, footer and notes, all measured to fit.

Every text goes through here, so that none can be too long for its box: what is shortened stands
whole in the speaker notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from pptx.dml.color import RGBColor
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE, PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.oxml.xmlchemy import OxmlElement
from pptx.util import Pt

from costmodel.present.charts.theme import RULE
from costmodel.present.deck.master import Box, Stage
from costmodel.present.deck.text import LEADING, SMALLEST, plain, typeset

PAD = 4.0
"""Points between a cell's edge and its text, at the left and right."""

TITLE_SIZES = (26.0, 24.0, 22.0, 20.0, 18.0)

_ALIGN = {"left": PP_ALIGN.LEFT, "right": PP_ALIGN.RIGHT, "center": PP_ALIGN.CENTER}
_ANCHOR = {"top": MSO_ANCHOR.TOP, "middle": MSO_ANCHOR.MIDDLE, "bottom": MSO_ANCHOR.BOTTOM}
_ALGN = {"left": "l", "right": "r", "center": "ctr"}
_PLAIN_TABLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
"""PowerPoint's table style without fills and lines."""

HEAD_HEIGHT = 22.0
"""Points of the row of heads."""

MOST_FIXED = 0.25
"""Share of a table that a column as wide as its cells may take."""

CELL_PAD = 2.0
"""Points over and under the text of a cell."""

_DRAWING = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
_CELL = (
    f'<a:tcPr marL="{Pt(PAD)}" marR="{Pt(PAD)}" marT="{Pt(CELL_PAD)}" marB="{Pt(CELL_PAD)}" '
    'anchor="ctr"><a:lnL w="0"><a:noFill/></a:lnL><a:lnR w="0"><a:noFill/></a:lnR>'
    '<a:lnT w="0"><a:noFill/></a:lnT><a:lnB w="9525"><a:solidFill>'
    f'<a:srgbClr val="{RULE[1:].upper()}"/></a:solidFill></a:lnB><a:noFill/></a:tcPr>'
)
"""A cell's margins, and the thin line under it, the only one of a table."""


@dataclass(frozen=True)
class Look:
    """How a text looks. ``colour``: a hex colour, or None for the theme's own text colour."""

    sizes: tuple[float, ...] = (14.0, 13.0, SMALLEST)
    bold: bool = False
    colour: str | None = None
    muted: bool = False
    align: str = "left"
    anchor: str = "top"


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, share of the width and alignment.

    A column without a share is as wide as its widest cell.
    """

    head: str
    share: float = 0.0
    align: str = "left"


@dataclass
class Sheet:
    """A slide in the making."""

    stage: Stage
    slide: Any
    notes: list[str] = field(default_factory=list)
    """Paragraphs of the speaker notes."""

    @property
    def body(self) -> Box:
        """Where content goes."""
        return self.stage.body

    def text(self, box: Box, text: str, look: Look | None = None, *, name: str = "") -> Any:
        """A text in a box, as large as it fits, cut at the smallest size. Returns its shape."""
        look = look or Look()
        shape = self.slide.shapes.add_textbox(*_emu(box))
        if name:
            shape.name = name
        frame = shape.text_frame
        _bare(frame, look.anchor)
        fitted, size = self.stage.ruler.fitted(
            text, box.width, box.height, look.sizes, bold=look.bold
        )
        self._keep(text, fitted)
        self._write(frame.paragraphs[0], fitted, size, look)
        return shape

    def bullets(self, box: Box, items: Iterable[str], look: Look | None = None) -> None:
        """Paragraphs one under the other, those that fit; the rest stands in the notes."""
        look = look or Look()
        ruler, width = self.stage.ruler, box.width - 14
        texts = [plain(item) for item in items]
        size = next(
            (s for s in look.sizes if _height(ruler, texts, width, s) <= box.height),
            min(look.sizes),
        )
        shape = self.slide.shapes.add_textbox(*_emu(box))
        frame = shape.text_frame
        _bare(frame, look.anchor)
        left = box.height
        for text in texts:
            shown, _ = ruler.fitted(text, width, left, (size,))
            needed = _height(ruler, [shown], width, size)
            if needed > left + 0.5 * size:
                self._keep(text, "")
                continue
            self._keep(text, shown)
            paragraph = frame.paragraphs[0] if left == box.height else frame.add_paragraph()
            left -= needed
            _bullet(paragraph, 0.5 * size)
            self._write(paragraph, shown, size, look)

    def card(self, box: Box, name: str, figure: str, meaning: str, colour: str | None) -> None:
        """A figure with what it is over it and what it means under it, in a frame."""
        frame = self.slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *_emu(box))
        frame.fill.background()
        frame.line.color.rgb, frame.line.width = _rgb(RULE), Pt(1)
        _unstyled(frame)
        inner = Box(box.left + 8, box.top + 7, box.width - 16, box.height - 12)
        top, rest = inner.split(16)
        middle, under = rest.split(34)
        self.text(top, name, Look((13.0, 12.0), muted=True))
        self.text(
            middle, figure, Look((26.0, 22.0, 18.0, 14.0, 12.0), bold=True, colour=colour,
                                 anchor="middle"),
        )  # fmt: skip
        self.text(under, meaning, Look((13.0, 12.0), muted=True))

    def table(
        self, box: Box, columns: Sequence[Column], rows: Sequence[Sequence[str]],
        bold: Iterable[int] = (), row_height: float = 23.0,
        sizes: Sequence[float] = (SMALLEST,),
    ) -> None:  # fmt: skip
        """A table; each cell on as many lines as its row has room for.

        ``bold``: rows by place. ``sizes``: the largest at which every cell fits is that of all.
        """
        shape = self.slide.shapes.add_table(1, len(columns), *_emu(box))
        head_height = min(row_height, HEAD_HEIGHT)
        shape.height = Pt(len(rows) * row_height + head_height)
        lines = [[column.head for column in columns], *rows]
        widths = self._widths(columns, lines, box.width, max(sizes))
        table = shape._element.graphic.graphicData.tbl
        table.tblPr.find(qn("a:tableStyleId")).text = _PLAIN_TABLE
        for place, width in zip(table.tblGrid.gridCol_lst, widths, strict=True):
            place.w = Pt(width)
        for old in list(table.tr_lst):
            table.remove(old)
        strong, aligned = {row + 1 for row in bold}, [column.align for column in columns]
        size = self._size_of_all(rows, widths, row_height, sizes)
        for i, row in enumerate(lines):
            height = row_height if i else head_height
            font = size if i else SMALLEST
            cells = "".join(
                self._cell(text, width, height, Look((font,), i in strong, None, i == 0, align))
                for text, width, align in zip(row, widths, aligned, strict=True)
            )
            table.append(parse_xml(f'<a:tr {_DRAWING} h="{Pt(height)}">{cells}</a:tr>'))

    def _widths(
        self, columns: Sequence[Column], lines: Sequence[Sequence[str]], width: float, size: float
    ) -> list[float]:
        """Columns without a share as wide as their cells; the others share what is left."""
        ruler, most = self.stage.ruler, MOST_FIXED * width

        def widest(place: int) -> float:
            cells = (plain(line[place]) for line in lines)
            return min(most, 2 * PAD + 1 + max(ruler.width(c, size, bold=True) for c in cells))

        fixed = [0.0 if column.share else widest(i) for i, column in enumerate(columns)]
        left = (width - sum(fixed)) / sum(column.share for column in columns)
        return [own or left * column.share for own, column in zip(fixed, columns, strict=True)]

    def _size_of_all(
        self, lines: Sequence[Sequence[str]], widths: Sequence[float], height: float,
        sizes: Sequence[float],
    ) -> float:  # fmt: skip
        """The largest of some sizes at which every cell fits in bold, else the smallest."""
        ruler, room = self.stage.ruler, height - 2 * CELL_PAD
        for size in sorted(sizes, reverse=True)[:-1]:
            most = int(room / size / LEADING)
            if all(
                len(ruler.lines(plain(text), width - 2 * PAD, size, bold=True)) <= most
                for row in lines
                for text, width in zip(row, widths, strict=True)
            ):
                return size
        return min(sizes)

    def _cell(self, text: str, width: float, height: float, look: Look) -> str:
        """A cell as XML: a table of all numbers has a thousand, too many to build by parts."""
        shown, size = self.stage.ruler.fitted(
            text, width - 2 * PAD, height - 2 * CELL_PAD, look.sizes, bold=look.bold
        )
        self._keep(text, shown)
        name = "muted" if look.muted else "text"
        font = f'sz="{size * 100:.0f}" b="{int(look.bold)}"'
        words = escape(typeset(shown))
        run = f"<a:r><a:rPr {font}>{self.stage.fills[name]}</a:rPr><a:t>{words}</a:t></a:r>"
        return (
            f'<a:tc><a:txBody><a:bodyPr/><a:p><a:pPr algn="{_ALGN[look.align]}"/>'
            f"{run if shown else ''}<a:endParaRPr {font}/></a:p></a:txBody>{_CELL}</a:tc>"
        )

    def line(
        self, x0: float, y0: float, x1: float, y1: float, colour: str, width: float = 0.75
    ) -> None:
        """A thin line."""
        shape = self.slide.shapes.add_connector(
            MSO_CONNECTOR.STRAIGHT, Pt(x0), Pt(y0), Pt(x1), Pt(y1)
        )
        shape.line.color.rgb, shape.line.width = _rgb(colour), Pt(width)
        _unstyled(shape)

    def dot(self, x: float, y: float, colour: str) -> None:
        """A ring around a point."""
        shape = self.slide.shapes.add_shape(MSO_SHAPE.OVAL, *_emu(Box(x - 5, y - 5, 10, 10)))
        shape.fill.solid()
        shape.fill.fore_color.theme_color = MSO_THEME_COLOR.BACKGROUND_1
        shape.line.color.rgb, shape.line.width = _rgb(colour), Pt(2.25)
        _unstyled(shape)

    def area(self, box: Box, colour: str, share: float = 1.0) -> None:
        """A filled rectangle without an edge; ``share`` is how much of its colour is seen."""
        shape = self.slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *_emu(box))
        shape.fill.solid()
        shape.fill.fore_color.rgb = _rgb(colour)
        if share < 1:
            seen = OxmlElement("a:alpha")
            seen.set("val", str(round(100_000 * share)))
            shape.element.spPr.find(".//" + qn("a:srgbClr")).append(seen)
        shape.line.fill.background()
        _unstyled(shape)

    def _write(self, paragraph: Any, text: str, size: float, look: Look) -> None:
        paragraph.alignment = _ALIGN[look.align]
        run = paragraph.add_run()
        run.text = typeset(text)
        font = run.font
        font.size, font.bold = Pt(size), look.bold
        if look.colour is not None:
            font.color.rgb = _rgb(look.colour)
        else:
            fill = self.stage.fills["muted" if look.muted else "text"]
            run._r.get_or_add_rPr().insert(0, parse_xml(fill))

    def _keep(self, whole: str, shown: str) -> None:
        """Put what had to be shortened into the notes."""
        if plain(whole) != shown and plain(whole) not in self.notes:
            self.notes.append(plain(whole))


def new_sheet(stage: Stage, title: str, footer: str, number: int) -> Sheet:
    """A slide with its title, its footer and nothing else."""
    slide = stage.presentation.slides.add_slide(stage.layout)
    for shape in list(slide.placeholders):
        if shape.placeholder_format.type != PP_PLACEHOLDER.TITLE:
            shape.element.getparent().remove(shape.element)
    sheet = Sheet(stage, slide)
    shape = slide.shapes.title
    box = stage.title
    fitted, size = stage.ruler.fitted(
        title, box.width - stage.title_inset, box.height - 7.2, TITLE_SIZES, bold=True
    )
    sheet._keep(title, fitted)
    frame = shape.text_frame
    frame.auto_size, frame.word_wrap = MSO_AUTO_SIZE.NONE, True
    run = frame.paragraphs[0].add_run()
    run.text, run.font.size = typeset(fitted), Pt(size)
    _footer(sheet, footer, number)
    return sheet


def write_notes(sheet: Sheet) -> None:
    """Put the notes under the slide."""
    paragraphs = [plain(each) for each in sheet.notes if plain(each)]
    sheet.slide.notes_slide.notes_text_frame.text = "\n".join(paragraphs)


def _footer(sheet: Sheet, footer: str, number: int) -> None:
    foot = sheet.stage.foot
    shown, size = sheet.stage.ruler.fitted(footer, foot.width - 60, foot.height)
    sheet._keep(footer, shown)
    look = Look((size,), muted=True, anchor="middle")
    words = Box(foot.left, foot.top, foot.width - 60, foot.height)
    _furniture(sheet, PP_PLACEHOLDER.FOOTER, words, shown, look, field=False)
    place = Box(foot.right - 56, foot.top, 56, foot.height)
    _furniture(
        sheet, PP_PLACEHOLDER.SLIDE_NUMBER, place, str(number),
        Look((SMALLEST,), muted=True, align="right", anchor="middle"), field=True,
    )  # fmt: skip


def _furniture(sheet: Sheet, kind: Any, box: Box, text: str, look: Look, *, field: bool) -> None:
    """A footer that belongs to the layout's own where it has one, so that it can be restyled."""
    shapes = sheet.slide.shapes
    shape = shapes.add_textbox(*_emu(box))
    frame = shape.text_frame
    _bare(frame, look.anchor)
    sheet._write(frame.paragraphs[0], text, look.sizes[0], look)
    shape.name = "Footer" if not field else "Slide number"
    if field:
        _number_field(frame.paragraphs[0])
    own = next(
        (p for p in sheet.stage.layout.placeholders if p.placeholder_format.type == kind), None
    )
    if own is not None:
        del shape.element.nvSpPr.find(qn("p:cNvSpPr")).attrib["txBox"]
        holder = shape.element.nvSpPr.find(qn("p:nvPr"))
        holder.append(deepcopy(own.element.nvSpPr.find(qn("p:nvPr")).find(qn("p:ph"))))


def _number_field(paragraph: Any) -> None:
    """Turn the run into the field that PowerPoint keeps up to date."""
    run = paragraph._p.find(qn("a:r"))
    field = OxmlElement("a:fld")
    field.set("id", "{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}")
    field.set("type", "slidenum")
    for part in list(run):
        field.append(part)
    paragraph._p.replace(run, field)


# ------------------------------------------------------------------------------------- small parts


def _emu(box: Box) -> tuple[Pt, Pt, Pt, Pt]:
    return Pt(box.left), Pt(box.top), Pt(max(box.width, 1.0)), Pt(max(box.height, 1.0))


def _rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour.removeprefix("#").upper())


def _bare(frame: Any, anchor: str) -> None:
    frame.margin_left = frame.margin_right = Pt(0)
    frame.margin_top = frame.margin_bottom = Pt(0)
    frame.auto_size, frame.word_wrap = MSO_AUTO_SIZE.NONE, True
    frame.vertical_anchor = _ANCHOR[anchor]


def _unstyled(shape: Any) -> None:
    """Without the theme's effects: some show a shadow around every shape."""
    shape.element.remove(shape.element.find(qn("p:style")))


def _bullet(paragraph: Any, space: float) -> None:
    paragraph.space_after = Pt(space)
    properties = paragraph._p.get_or_add_pPr()
    properties.set("marL", str(14 * 12_700))
    properties.set("indent", str(-14 * 12_700))
    mark = OxmlElement("a:buChar")
    mark.set("char", "•")
    properties.append(mark)


def _height(ruler: Any, texts: Iterable[str], width: float, size: float) -> float:
    """Points that paragraphs need, with the space after each."""
    return sum(len(ruler.lines(t, width, size)) * size * LEADING + 0.5 * size for t in texts)
