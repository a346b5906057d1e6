"""Blocks of a report, and their form as web page, Markdown and CSV."""

import base64
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from experiments.formatting import (
    UNPRINTABLE,
    is_number,
    markdown_table,
    plain,
    write_csv,
)

_TEMPLATES = Path(__file__).parent / "templates"
# Pixels an inch, for screens that show two where one was asked for.
_DPI = 160


@dataclass(frozen=True)
class Text:
    """Sentences; `kind` is "plain", "answer" or "warning"."""

    sentences: list
    kind: str = "plain"


@dataclass(frozen=True)
class Table:
    """Rows as equal dictionaries, with the columns' titles as keys.

    Attributes:
        rows: list[dict]; cells are what `str` makes of them.
        file: Name of the CSV file that it goes to as well, or None.
    """

    rows: list
    file: str | None = None


@dataclass(frozen=True)
class Picture:
    """A figure, and what it shows in words.

    Attributes:
        name: Of the files, without their ending.
        figure: A `matplotlib.figure.Figure`.
        text: For those who cannot see it.
    """

    name: str
    figure: object
    text: str


@dataclass(frozen=True)
class Code:
    """Commands, line by line."""

    text: str


@dataclass(frozen=True)
class Section:
    """A heading and what is below it.

    Attributes:
        title: The heading.
        blocks: list of the above.
        folded: Whether a page shows it only on demand.
    """

    title: str
    blocks: list = field(default_factory=list)
    folded: bool = False


@dataclass(frozen=True)
class Chapter:
    """The sections about one comparison.

    Attributes:
        title: Heading.
        sections: list[`Section`].
        suffix: Ends the names of its files, where there are several chapters.
    """

    title: str
    sections: list
    suffix: str = ""

    @property
    def blocks(self):
        return [block for each in self.sections for block in each.blocks]


def write_page(title, chapters, folder):
    """Writes index.html, report.md, the tables as CSV, the pictures as files.

    Args:
        title: Of the page.
        chapters: list[`Chapter`].
        folder: An existing `Path`.

    Returns:
        The Markdown text, without its pictures.
    """
    pictures = {}
    for chapter in chapters:
        for block in chapter.blocks:
            if isinstance(block, Picture):
                # A data set may be called anything.
                name = re.sub(r"[^\w-]+", "-", block.name + chapter.suffix)
                pictures[id(block)] = name, _save(block.figure, folder / name)
            elif isinstance(block, Table) and block.file:
                write_csv(block.rows, folder / _with(block.file, chapter))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals |= {"kind": lambda block: type(block).__name__}
    environment.filters |= {
        "embedded": lambda block: _embedded(pictures[id(block)][1]),
        "width": lambda block: round(96 * block.figure.get_figwidth()),
        "is_number": is_number,
    }
    page = environment.get_template("index.html").render(
        title=title, chapters=chapters
    )
    (folder / "index.html").write_text(
        page, encoding="utf-8", errors=UNPRINTABLE
    )
    text = _markdown(title, chapters, lambda block: "")
    (folder / "report.md").write_text(
        _markdown(
            title,
            chapters,
            lambda block: (
                f"![{plain(block.text)}]({pictures[id(block)][0]}.png)"
            ),
        ),
        encoding="utf-8",
        errors=UNPRINTABLE,
    )
    return text


def _with(file, chapter):
    stem, _, ending = file.partition(".")
    return f"{stem}{chapter.suffix}.{ending}"


def _save(figure, path):
    """PNG and SVG; returns the PNG's bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    # Laid out once is enough.
    figure.set_layout_engine("none")
    path.with_name(path.name + ".png").write_bytes(buffer.getvalue())
    figure.savefig(path.with_name(path.name + ".svg"), metadata={"Date": None})
    return buffer.getvalue()


def _embedded(data):
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _markdown(title, chapters, picture):
    lines = [f"# {plain(title)}"]
    for chapter in chapters:
        if len(chapters) > 1:
            lines += ["", f"## {plain(chapter.title)}"]
        for section in chapter.sections:
            level = "###" if len(chapters) > 1 else "##"
            lines += ["", f"{level} {plain(section.title)}"]
            for block in section.blocks:
                lines += ["", *_lines(block, picture)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _lines(block, picture):
    if isinstance(block, Text):
        sentences = map(plain, block.sentences)
        if block.kind == "answer":
            return [f"**{sentence}**" for sentence in sentences]
        return [f"- {sentence}" for sentence in sentences]
    if isinstance(block, Table):
        return markdown_table(block.rows)
    if isinstance(block, Code):
        # Longer than any in the text, which would end it.
        longest = max(map(len, re.findall("`+", block.text)), default=0)
        fence = "`" * max(3, longest + 1)
        return [fence, block.text, fence]
    return [picture(block)]
