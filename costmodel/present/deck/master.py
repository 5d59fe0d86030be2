"""The presentation a deck is written into: a plain master of its own, or a company's template.

A template gives layouts, fonts, colours and slide size; its own slides are left out. What a deck
needs of it is one layout with a title across the top.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.enum.text import MSO_ANCHOR
from pptx.exc import PackageNotFoundError
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.util import Pt

from costmodel.errors import InputError
from costmodel.present.charts.theme import ACCENTS, INK, MUTED, PAPER, SURFACE
from costmodel.present.deck.text import Ruler

WIDTH, HEIGHT = 960.0, 540.0
"""Points of a plain slide: 13.33 by 7.5 inches, the shape of a screen."""

LEAST_WIDTH, LEAST_HEIGHT = 640.0, 360.0
"""Points of a slide on which the charts can still be read."""

LEAST_BODY = 0.55
"""Share of a slide's height that must be left between title and footer."""

LARGEST_TEMPLATE = 300_000_000
"""Bytes a template may unpack to."""

FONT = "Arial"
COMPANY_MARGIN = 1.18
"""What a company's font may be wider than Arial by: Verdana is."""

INSET = 7.2
"""Points between the edge of a placeholder and its text, where nobody says otherwise."""

MARGIN, TITLE_TOP, TITLE_HEIGHT, FOOTER_HEIGHT = 44.0, 22.0, 64.0, 30.0
TITLE_SIZE = 24

Template = str | Path | bytes
"""A .pptx file by its name, or its content."""

_FILL = (
    '<a:solidFill xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<a:schemeClr val="{}">{}</a:schemeClr></a:solidFill>'
)
_PALE = '<a:lumMod val="65000"/><a:lumOff val="35000"/>'

_FURNITURE = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.SLIDE_NUMBER)


@dataclass(frozen=True)
class Box:
    """A place on a slide, in points."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    def columns(self, *shares: float, gap: float = 16.0) -> list[Box]:
        """Side by side, in these shares of the width.

        >>> [box.left for box in Box(0, 0, 116, 10).columns(1, 1)]
        [0, 66.0]
        """
        room = self.width - gap * (len(shares) - 1)
        boxes, left = [], self.left
        for share in shares:
            width = room * share / sum(shares)
            boxes.append(Box(left, self.top, width, self.height))
            left += width + gap
        return boxes

    def split(self, height: float, gap: float = 0.0) -> tuple[Box, Box]:
        """The upper part of that height, and what is under it after a gap."""
        under = Box(self.left, self.top + height + gap, self.width, self.height - height - gap)
        return Box(self.left, self.top, self.width, height), under


@dataclass(frozen=True)
class Stage:
    """An open presentation, the layout of its slides, and where things go on them."""

    presentation: Any
    layout: Any
    title: Box
    body: Box
    foot: Box
    ruler: Ruler
    fills: Mapping[str, str]
    """Of ``text`` and ``muted``, in the theme's colours: a dark master stays legible."""
    title_inset: float = 0.0
    """Points that a title's box keeps free at its sides."""


def opened(template: Template | None) -> Stage:
    """The plain master, or a company's template. Raises InputError for what is not one."""
    return _plain() if template is None else _company(template)


# --------------------------------------------------------------------------------- plain master


def _plain() -> Stage:
    presentation = Presentation()
    factor = Pt(WIDTH) / int(presentation.slide_width or Pt(WIDTH))
    presentation.slide_width, presentation.slide_height = Pt(WIDTH), Pt(HEIGHT)
    master = presentation.slide_master
    for part in (master, *presentation.slide_layouts):
        _widen(part.element, factor)
    layout = next(each for each in presentation.slide_layouts if each.name == "Title Only")
    title = Box(MARGIN, TITLE_TOP, WIDTH - 2 * MARGIN, TITLE_HEIGHT)
    foot = Box(MARGIN, HEIGHT - FOOTER_HEIGHT - 8, WIDTH - 2 * MARGIN, FOOTER_HEIGHT)
    _restyle(master, title, foot)
    _paint(master.part.part_related_by(RELATIONSHIP_TYPE.THEME))
    top = title.bottom + 10
    body = Box(MARGIN, top, title.width, foot.top - 8 - top)
    fills = {"text": _FILL.format("tx1", ""), "muted": _FILL.format("tx2", "")}
    return Stage(presentation, layout, title, body, foot, Ruler(), fills)


def _widen(element: Any, factor: float) -> None:
    """Stretch every placeholder to the width of the slide."""
    for tag, name in (("off", "x"), ("ext", "cx")):
        for size in element.iter(f"{{*}}{tag}"):
            if size.get(name):
                size.set(name, str(round(int(size.get(name)) * factor)))


def _restyle(master: Any, title: Box, foot: Box) -> None:
    """Titles on the left, in bold, from the top of the slide; the number at the right."""
    for shape in master.placeholders:
        kind = shape.placeholder_format.type
        if kind == PP_PLACEHOLDER.TITLE:
            _place(shape, title)
            shape.text_frame.vertical_anchor = MSO_ANCHOR.BOTTOM
        elif kind == PP_PLACEHOLDER.SLIDE_NUMBER:
            _place(shape, Box(foot.right - 60, foot.top, 60, foot.height))
        elif kind == PP_PLACEHOLDER.FOOTER:
            _place(shape, Box(foot.left, foot.top, foot.width - 70, foot.height))
    styles = master.element.find(".//{*}titleStyle/{*}lvl1pPr")
    styles.set("algn", "l")
    styles.find("{*}defRPr").set("sz", str(100 * TITLE_SIZE))
    styles.find("{*}defRPr").set("b", "1")
    for body in master.element.findall(".//{*}bodyPr"):
        body.set("lIns", "0")
        body.set("rIns", "0")


def _place(shape: Any, box: Box) -> None:
    shape.left, shape.top = Pt(box.left), Pt(box.top)
    shape.width, shape.height = Pt(box.width), Pt(box.height)


def _paint(theme: Any) -> None:
    """The colours and the font of the house, as the theme that PowerPoint offers."""
    tree = etree.fromstring(theme.blob)
    accents = [names[0] for names in ACCENTS.values()]
    wanted = {
        "dk1": INK, "lt1": PAPER, "dk2": MUTED, "lt2": SURFACE,
        **{f"accent{i}": colour for i, colour in enumerate(accents, 1)}, "accent6": MUTED,
        "hlink": accents[0], "folHlink": MUTED,
    }  # fmt: skip
    scheme = tree.find(".//{*}clrScheme")
    assert scheme is not None
    for name, colour in wanted.items():
        place = scheme.find(f"{{*}}{name}")
        assert place is not None
        for old in list(place):
            place.remove(old)
        etree.SubElement(place, f"{{{etree.QName(place).namespace}}}srgbClr", val=colour[1:])
    for font in tree.findall(".//{*}fontScheme/*/{*}latin"):
        font.set("typeface", FONT)
    theme.blob = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)


# ------------------------------------------------------------------------------ company template


def _company(template: Template) -> Stage:
    name = "the template" if isinstance(template, bytes) else str(template)
    content = template if isinstance(template, bytes) else _read(Path(template))
    presentation = _presentation(content, name)
    width, height = _points(presentation.slide_width), _points(presentation.slide_height)
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        raise InputError(
            f"{name}: its slides measure {width / 72:.1f} × {height / 72:.1f} in; a deck needs at "
            f"least {LEAST_WIDTH / 72:.1f} × {LEAST_HEIGHT / 72:.1f} in"
        )
    layout, title, foot = _layout(presentation, name, width, height)
    _drop_slides(presentation)
    top = title.bottom + 8
    body = Box(foot.left, top, foot.width, foot.top - 6 - top)
    fills = {"text": _FILL.format("tx1", ""), "muted": _FILL.format("tx1", _PALE)}
    ruler = Ruler(COMPANY_MARGIN)
    return Stage(presentation, layout, title, body, foot, ruler, fills, 2 * INSET)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


_WANTED = "a template is a PowerPoint presentation saved as .pptx"


def _presentation(content: bytes, name: str) -> Any:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            kinds = archive.read("[Content_Types].xml")
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError):
        raise InputError(f"{name}: is not a PowerPoint file; {_WANTED}") from None
    if unpacked > LARGEST_TEMPLATE:
        raise InputError(f"{name}: unpacks to more than {LARGEST_TEMPLATE / 1e6:.0f} MB")
    if b"macroEnabled" in kinds or b"vnd.ms-office.vbaProject" in kinds:
        raise InputError(f"{name}: carries macros; save it as .pptx without them")
    if b"presentationml.template" in kinds or b"presentationml.slideshow" in kinds:
        raise InputError(f"{name}: is a .potx or .ppsx file; in PowerPoint, save it as .pptx")
    try:
        return Presentation(io.BytesIO(content))
    except (PackageNotFoundError, KeyError, ValueError, AttributeError, etree.XMLSyntaxError):
        raise InputError(f"{name}: is not a PowerPoint file; {_WANTED}") from None


def _points(length: Any) -> float:
    return float(length) / 12_700


def _layout(presentation: Any, name: str, width: float, height: float) -> tuple[Any, Box, Box]:
    """The layout with a title across the top and the least beside it."""
    found = [
        (_others(layout), place, layout, box, foot)
        for place, layout in enumerate(
            each for master in presentation.slide_masters for each in master.slide_layouts
        )
        if (box := _title_box(layout)) is not None
        if (foot := _foot(layout, box, width, height)).top - box.bottom >= LEAST_BODY * height
    ]
    if not found:
        there = ", ".join(each.name or "unnamed" for each in presentation.slide_layouts)
        raise InputError(
            f"{name}: no layout has a title across the top and room under it, such as "
            f"PowerPoint's 'Title Only'; it has {there or 'no layouts'}"
        )
    *_, layout, box, foot = min(found, key=lambda each: each[:2])
    return layout, box, foot


def _others(layout: Any) -> int:
    """Placeholders that a slide of this layout would leave empty."""
    kinds = [shape.placeholder_format.type for shape in layout.placeholders]
    return sum(kind not in (PP_PLACEHOLDER.TITLE, *_FURNITURE) for kind in kinds)


def _title_box(layout: Any) -> Box | None:
    for shape in layout.placeholders:
        if shape.placeholder_format.type == PP_PLACEHOLDER.TITLE and shape.width:
            return Box(*map(_points, (shape.left, shape.top, shape.width, shape.height)))
    return None


def _foot(layout: Any, title: Box, width: float, height: float) -> Box:
    """Where footers stand: on the layout's own line, between the title's margins."""
    tops = [
        _points(shape.top)
        for shape in layout.placeholders
        if shape.placeholder_format.type in _FURNITURE
    ]
    low = [top for top in tops if top > 0.8 * height]
    top = min(low, default=height - FOOTER_HEIGHT - 8)
    left = max(24.0, title.left + INSET)
    return Box(left, top, width - 2 * left, min(FOOTER_HEIGHT, height - top))


def _drop_slides(presentation: Any) -> None:
    """Take the template's own slides out, and the sections and shows that list them."""
    for entry in list(presentation.slides._sldIdLst):
        presentation.part.drop_rel(entry.rId)
        entry.getparent().remove(entry)
    root = presentation.part._element
    for lists in (*root.iter("{*}sectionLst"), *root.iter("{*}custShowLst")):
        listed = lists.getparent() if lists.tag.endswith("sectionLst") else lists
        listed.getparent().remove(listed)
