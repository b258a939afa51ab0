"""Figures inside a page: SVG of Matplotlib without what would clash with other figures, and in the colours of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nearclifford.files import read_bytes
from nearclifford.plots.style import CAPTION
from nearclifford.studies.page.elements import FORBIDDEN, Html, element, joined, start

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# Its rules would hold for the whole page; the page has them for its figures.
DROPPED = {"metadata", "style", "script", "foreignObject"}
LOCAL = re.compile(r"#|data:image/(png|jpeg);")
# What a browser draws in its own colours, light or dark; the fallback is what Matplotlib wrote.
COLOURS = {
    "fill: #ffffff": "fill: var(--paper, #ffffff)",
    "fill: #000000": "fill: var(--ink, #000000)",
    "stroke: #000000": "stroke: var(--ink, #000000)",
    "fill: #555555": "fill: var(--quiet, #555555)",
    "stroke: #cccccc": "stroke: var(--line, #cccccc)",
}
# A point of Matplotlib in pixels of CSS, and the room above the first line of a caption, in points.
PIXELS, ABOVE = 4 / 3, 10.0


@dataclass(frozen=True)
class Drawing:
    """One figure for a page.

    Attributes
    ----------
    name : of its file. caption : the words under it; "" where it has none.
    svg : the drawing, without them.
    """

    name: str
    caption: str
    svg: Html

    def html(self, number: int) -> Html:
        """Return the figure with its caption, as the figure of this number."""
        words = [element("strong", f"Figure {number}."), f" {self.caption} " if self.caption else " "]
        caption = element("figcaption", *words, element("code", self.name), id=f"figure-{number}-caption")
        box = element("div", self.svg, class_="scroll", role="region", aria_label=f"Figure {number}", tabindex="0")
        return element("figure", box, "\n", caption, id=f"figure-{number}")


def drawing_of(path: Path, number: int) -> Drawing:
    """Return the figure in an SVG file of Matplotlib, for the figure of this number on a page.

    Its ids begin with the number's, those that nothing refers to are left out, and so is what would run or load something.
    Black and white become the ink and the paper of the page, except where the figure has an image: what is written on a
    heat map must stand out from its colours. The caption that `nearclifford.plots.style.add_caption` wrote is taken out.
    """
    from xml.etree import ElementTree

    root = ElementTree.fromstring(read_bytes(path, "a figure as SVG"))
    _clean(root)
    _rename(root, f"figure-{number}-")
    width, height = (float(size) for size in root.attrib["viewBox"].split()[2:])
    words, top = _take_caption(root, f"figure-{number}-{CAPTION}")
    height = height if top is None else max(top - ABOVE, height / 2)
    has_image = root.find(".//image") is not None
    head = start(
        "svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width * PIXELS:.0f}",
        height=f"{height * PIXELS:.0f}",
        role="img",
        aria_labelledby=f"figure-{number}-caption",
        class_="as-drawn" if has_image else None,
    )
    content = "".join(ElementTree.tostring(child, encoding="unicode") for child in root)
    content = FORBIDDEN.sub("\ufffd", re.sub(r">\s+<", "><", content))
    return Drawing(path.name, words, joined(head, Html(content if has_image else _recoloured(content)), Html("</svg>")))


def _clean(element: Element) -> None:
    """Take namespaces, whitespace, and what would run or load something, out of an element and all in it."""
    element.tag = _bare(element.tag)
    for name, value in list(element.attrib.items()):
        del element.attrib[name]
        bare = _bare(name)
        if not bare.startswith("on") and not (bare == "href" and not LOCAL.match(value)):
            element.attrib[bare] = " ".join(value.split()) if bare == "d" else re.sub(r"\s*\n\s*", "", value)
    if "style" in element.attrib:
        style = re.sub(r"font-family: [^;]*;? ?", "", element.attrib["style"])
        element.attrib["style"] = re.sub(r"url\((?!#)[^)]*\)", "none", style).rstrip("; ")
    for child in list(element):
        if _bare(child.tag) in DROPPED:
            element.remove(child)
        else:
            _clean(child)


def _bare(name: str) -> str:
    return name.rpartition("}")[2]


def _rename(root: Element, prefix: str) -> None:
    """Give every id that is referred to, and the caption's, a prefix, and take the others away."""
    values = [value for one in root.iter() for value in one.attrib.values()]
    referred = {name for value in values for name in re.findall(r"^#(.+)$|url\(#([^)]+)\)", value) for name in name if name}
    for one in root.iter():
        name = one.attrib.pop("id", None)
        for key, value in one.attrib.items():
            one.attrib[key] = re.sub(r"^#(?=.)|(?<=url\()#", f"#{prefix}", value) if "#" in value else value
        if name is not None and (name in referred or name == CAPTION):
            one.attrib["id"] = prefix + name


def _take_caption(root: Element, name: str) -> tuple[str, float | None]:
    """Remove the caption, and return its words and where its first line stands; "" and None where there is none."""
    for parent in root.iter():
        for child in parent:
            if child.get("id") == name:
                parent.remove(child)
                lines = [text for text in child.iter("text") if (text.text or "").strip()]
                places = [re.search(r"translate\(\S+ ([\d.]+)\)", text.get("transform", "")) for text in lines]
                heights = [float(place[1]) for place in places if place]
                return " ".join((text.text or "").strip() for text in lines), min(heights, default=None)
    return "", None


def _recoloured(svg: str) -> str:
    return re.sub(r"(?:fill|stroke): #(?:ffffff|000000|555555|cccccc)\b", lambda found: COLOURS.get(found[0], found[0]), svg)
