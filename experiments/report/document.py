"""Blocks of a report, and their form as web page, Markdown and CSV."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import markupsafe

from experiments.formatting import (
    UNPRINTABLE,
    is_number,
    markdown_table,
    plain,
    write_csv,
)
from experiments.report.drawing import draw, themed

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Text:
    """Sentences.

    Attributes:
        sentences: list[str].
        kind: "plain", "headline", "answer", "warning" or "alarm".
    """

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
class Card:
    """The summary of an arm, in texts.

    Attributes:
        name: Of the arm.
        color: Of the arm in figures.
        verdict: For example "better".
        kind: "reference", "better", "worse", "alike" or "open".
        figures: {title: (text, further text)}.
    """

    name: str
    color: str
    verdict: str
    kind: str
    figures: dict


@dataclass(frozen=True)
class Cards:
    """A `Card` an arm; Markdown has none, as tables hold the same."""

    cards: list


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
        sections: list[`Section`], the answer first.
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
    drawings, files = {}, {}
    for chapter in chapters:
        for block in chapter.blocks:
            if isinstance(block, Picture):
                # A data set may be called anything.
                name = re.sub(r"[^\w-]+", "-", block.name + chapter.suffix)
                drawing = draw(block.figure, name, block.text)
                (folder / f"{name}.png").write_bytes(drawing.png)
                (folder / f"{name}.svg").write_text(drawing.svg, "utf-8")
                drawings[id(block)], files[id(block)] = drawing, f"{name}.png"
            elif isinstance(block, Table) and block.file:
                write_csv(block.rows, folder / _with(block.file, chapter))
    page = _render(title, chapters, drawings)
    (folder / "index.html").write_text(
        page, encoding="utf-8", errors=UNPRINTABLE
    )
    text = _markdown(title, chapters, lambda block: "")
    (folder / "report.md").write_text(
        _markdown(
            title,
            chapters,
            lambda block: f"![{plain(block.text)}]({files[id(block)]})",
        ),
        encoding="utf-8",
        errors=UNPRINTABLE,
    )
    return text


def _with(file, chapter):
    stem, _, ending = file.partition(".")
    return f"{stem}{chapter.suffix}.{ending}"


def _render(title, chapters, drawings):
    """The page: HTML with all that it needs."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals |= {"kind": lambda block: type(block).__name__}
    environment.filters |= {
        "drawing": lambda block: drawings[id(block)],
        "embedded": lambda drawing: markupsafe.Markup(drawing.embedded),
        "is_number": is_number,
        "themed": themed,
        "slug": lambda text: re.sub(r"\W+", "-", text).strip("-").lower(),
    }
    template = environment.get_template("index.html")
    return template.render(title=title, chapters=chapters)


def _markdown(title, chapters, picture):
    lines = [f"# {plain(title)}"]
    for chapter in chapters:
        if len(chapters) > 1:
            lines += ["", f"## {plain(chapter.title)}"]
        for section in chapter.sections:
            level = "###" if len(chapters) > 1 else "##"
            lines += ["", f"{level} {plain(section.title)}"]
            for block in section.blocks:
                if not isinstance(block, Cards):
                    lines += ["", *_lines(block, picture)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _lines(block, picture):
    if isinstance(block, Text):
        sentences = map(plain, block.sentences)
        if block.kind == "headline":
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
