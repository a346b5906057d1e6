"""Figures as files and as parts of a page.

A page holds a figure as SVG: letters stay letters, and black and white follow
the page's own colors. A figure that is smaller as PNG is held as PNG.
"""

import base64
import copy
import html
import io
import re
from typing import NamedTuple
from xml.etree import ElementTree

import matplotlib
from PIL import Image

# Pixels an inch, for screens that show two where one was asked for.
_DPI = 160
# Bytes of an SVG from which on a PNG may be smaller.
_MANY = 100_000
# Longer sides of images within figures add bytes that nobody sees.
_LONGEST_SIDE = 160
# Widths of letters are those of DejaVu Sans, or nearly.
_FONTS = "'DejaVu Sans', Verdana, Geneva, sans-serif"
_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"(?<=url\(#)[^)]+|(?<=^#).+")
_COLORS = {"#000000": "currentColor", "#ffffff": "var(--paper)"}


class Drawing(NamedTuple):
    """A figure in its forms.

    Attributes:
        png: bytes.
        svg: A document of its own.
        embedded: HTML, an <svg> or an <img>.
        width: In pixels of a page.
        needs_white: Whether black and white in it are data, as in heat maps.
    """

    png: bytes
    svg: str
    embedded: str
    width: int
    needs_white: bool


def draw(figure, name, text):
    """Draws a figure once as PNG and once as SVG.

    Args:
        figure: A `matplotlib.figure.Figure`; its layout is fixed thereby.
        name: Letters, digits, _ and -; different for each figure of a page.
        text: Describes it to those who cannot see it.
    """
    images = [image for axes in figure.axes for image in axes.images]
    png = _to_png(figure, any(each.get_array().ndim == 3 for each in images))
    # Laid out once is enough.
    figure.set_layout_engine("none")
    for image in images:
        # A browser enlarges pixels by itself.
        image.set_interpolation("none")
    root = _to_svg(figure, name)
    svg = ElementTree.tostring(root, "unicode")
    return Drawing(
        png,
        svg,
        _embed(root, png, text),
        round(96 * figure.get_figwidth()),
        any(each.get_array().ndim == 2 for each in images),
    )


def themed(style):
    """A style with the page's own colors in place of black and white."""
    for color, ours in _COLORS.items():
        style = style.replace(color, ours)
    return style


def _to_png(figure, has_photographs):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    if has_photographs:
        return buffer.getvalue()
    picture = Image.open(buffer).convert("RGB")
    # Thin lines of few pixels keep their colors, unlike with MEDIANCUT.
    picture = picture.quantize(
        256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    smaller = io.BytesIO()
    picture.save(smaller, "PNG", optimize=True)
    return min(buffer.getvalue(), smaller.getvalue(), key=len)


def _to_svg(figure, name):
    """The <svg> element of a figure, without what nobody sees."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    ElementTree.register_namespace("", _SVG[1:-1])
    root = ElementTree.fromstring(buffer.getvalue())
    for each in root.findall(f"{_SVG}metadata"):
        root.remove(each)
    for each in root.iter(f"{_SVG}defs"):
        for style in each.findall(f"{_SVG}style"):
            each.remove(style)
    _shorten_names(root, name)
    for each in root.iter():
        _shorten(each)
    _unwrap(root)
    root.attrib |= {
        "fill": "#000000",
        "stroke-linejoin": "round",
        "font-family": _FONTS,
    }
    return root


def _shorten_names(root, name):
    """Numbers the ids that something refers to, and drops the others."""
    used = {}
    for each in root.iter():
        # SVG 2; browsers need no xlink.
        if _LINK in each.attrib:
            each.set("href", each.attrib.pop(_LINK))
        for key in ("href", "clip-path"):
            for found in _REFERENCE.findall(each.get(key, "")):
                used.setdefault(found, f"{name}-{len(used)}")
    for each in root.iter():
        if "id" in each.attrib:
            old = each.attrib.pop("id")
            if old in used:
                each.set("id", used[old])
        for key in ("href", "clip-path"):
            if key in each.attrib:
                value = _REFERENCE.sub(lambda m: used[m[0]], each.get(key))
                each.set(key, value)


def _shorten(element):
    for key, value in element.attrib.items():
        if key == "style":
            value = re.sub(r"font-family: [^;]*;? ?", "", value)
            value = re.sub(r"(?<=[:;]) ", "", value).removesuffix(";")
        elif key in ("d", "x", "y", "width", "height", "transform"):
            # Images are scaled by small factors.
            digits = 4 if key == "transform" else 2
            value = _round(value, digits)
            value = re.sub(r"^rotate\(0 [^)]*\)$", "", value)
            if key == "d":
                value = re.sub(r"\s*([A-Za-z])\s*", r"\1", value)
        element.set(key, " ".join(value.split()))
    for key in ("style", "transform"):
        if element.get(key) == "":
            del element.attrib[key]
    if element.tag != f"{_SVG}text":
        element.text = None
    element.tail = None


def _round(text, digits):
    """Rounds the numbers of a text."""

    def shorten(found):
        number = f"{float(found[0]):.{digits}f}"
        if "." in number:
            number = number.rstrip("0").rstrip(".")
        return "0" if number == "-0" else number

    return re.sub(r"-?\d+(\.\d+)?(e-?\d+)?", shorten, text)


def _unwrap(element):
    """Replaces groups that say nothing by their content."""
    children = []
    for child in element:
        _unwrap(child)
        if child.tag == f"{_SVG}g" and not child.attrib:
            children += list(child)
        elif child.tag not in (f"{_SVG}g", f"{_SVG}defs") or len(child):
            children.append(child)
    element[:] = children


def _embed(root, png, text):
    """HTML of a figure: its SVG, or its PNG if that is much smaller."""
    root = copy.deepcopy(root)
    for each in root.iter():
        # In HTML it needs no namespace.
        each.tag = each.tag.removeprefix(_SVG)
        if "href" in each.attrib and each.tag == "image":
            each.set("href", _reduce(each.get("href")))
            # Fewer pixels may have sides of a slightly other proportion.
            each.set("preserveAspectRatio", "none")
        for key in {"style", "fill"} & set(each.attrib):
            each.set(key, themed(each.get(key)))
    root.attrib = {
        "viewBox": root.get("viewBox"),
        "role": "img",
        "aria-label": text,
        **{
            key: root.get(key)
            for key in ("fill", "stroke-linejoin", "font-family")
        },
    }
    svg = ElementTree.tostring(root, "unicode")
    image = (
        f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}" '
        f'alt="{html.escape(text)}">'
    )
    return min(svg, image, key=len) if len(svg) > _MANY else svg


def _reduce(link):
    """An image in a link, as WebP and no larger than it is seen."""
    data = base64.b64decode(link.partition(",")[2])
    image = Image.open(io.BytesIO(data)).convert("RGB")
    # Heat maps have few colors, and each is a number.
    options = {"lossless": True}
    if image.getcolors(256) is None:
        image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        options = {"quality": 88, "method": 6}
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **options)
    shorter = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/webp;base64,{shorter}"
