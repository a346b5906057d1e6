"""Odd names are read as they are, in every file of a report."""

import csv
import html.parser

import pytest
from markdown_it import MarkdownIt

from experiments.formatting import plain, write_csv
from experiments.report.document import (
    Chapter,
    Code,
    Section,
    Table,
    Text,
    write_page,
)
from experiments.report.report import write_report

STRANGE = (
    "A$AP",
    "a_b^c",
    "<b>",
    "a|b",
    "*x*",
    '"a",b',
    "=1+1",
    "-2+3",
    "@SUM(A1)",
    "&lt;",
    "~~x~~",
    "`x`",
    "[x](y)",
    "\\|",
    "# x",
    "1. x",
    "+ x",
    "--- ",
    "_y_",
    "שלום",
    "名前",
)
# A character that no font has.
NOWHERE = "\U0010fffd"
ARMS = (
    "A$AP",
    "a|b",
    "<b>",
    "*x*",
    "=1+1",
    "\\|",
    "# x",
    "שלום",
    "名前",
    NOWHERE,
)
CLASSES = tuple(sorted((*STRANGE, f"a{NOWHERE}", "\udcff")))


class Reader(html.parser.HTMLParser):
    """Cells of tables, and the text of paragraphs, list items and headings."""

    def __init__(self):
        super().__init__()
        self.tables, self.texts, self.open = [], [], None

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.open = self.tables[-1][-1]
        elif tag in ("p", "li", "h1", "h2", "h3", "pre"):
            self.texts.append("")
            self.open = self.texts

    def handle_endtag(self, tag):
        if tag in ("td", "th", "p", "li", "h1", "h2", "h3", "pre"):
            self.open = None

    def handle_data(self, data):
        if self.open is not None:
            self.open[-1] += data


def on_one_line(text):
    return " ".join(text.split())


def read(text):
    reader = Reader()
    reader.feed(text)
    return reader


def read_markdown(text):
    rules = ("table", "strikethrough")
    return read(MarkdownIt("commonmark").enable(list(rules)).render(text))


@pytest.fixture
def page(tmp_path):
    """A page of one table, of sentences and of commands."""
    rows = [{"class": name, "a|*b*": "+1.5"} for name in STRANGE]
    blocks = [
        Table(rows, "classes.csv"),
        Text([f"{name} is told apart" for name in STRANGE]),
        Text([f"{name} wins." for name in STRANGE], "answer"),
        Code("run '```' <b>"),
    ]
    sections = [Section("# of *x*", blocks)]
    write_page("Study <i> & $1", [Chapter("x", sections)], tmp_path)
    return tmp_path


@pytest.mark.parametrize("file", ["index.html", "report.md"])
def test_tables_and_sentences_are_read_as_they_are(page, file):
    text = (page / file).read_text(encoding="utf-8")
    found = read(text) if file.endswith("html") else read_markdown(text)
    ((header, *rows),) = found.tables
    assert header == ["class", "a|*b*"]
    cells = [[on_one_line(name), value] for name, value in rows]
    assert cells == [[on_one_line(name), "+1.5"] for name in STRANGE]
    texts = list(map(on_one_line, found.texts))
    assert texts[:2] == ["Study <i> & $1", "# of *x*"]
    for name in STRANGE:
        assert on_one_line(f"{name} is told apart") in texts
    answers = " ".join(texts)
    for name in STRANGE:
        assert on_one_line(f"{name} wins.") in answers
    assert "run '```' <b>" in texts


def test_csv_is_read_as_it_is_but_formulas_are_texts(page):
    with open(page / "classes.csv", newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["class", "a|*b*"]
    assert [value for _, value in rows] == ["+1.5"] * len(STRANGE)
    formulas = {"=1+1", "-2+3", "@SUM(A1)", "+ x", "--- "}
    assert [name for name, _ in rows] == [
        f"'{name}" if name in formulas else name for name in STRANGE
    ]


def test_csv_keeps_numbers(tmp_path):
    cells = ["+1.20", "-3.1 to +0.5", "-0", 2.5, "1,200 ± 3", "-1+1", "-1 to x"]
    write_csv([{"n": cell} for cell in cells], tmp_path / "n.csv")
    with open(tmp_path / "n.csv", newline="", encoding="utf-8") as file:
        found = [row["n"] for row in csv.DictReader(file)]
    assert found == [*map(str, cells[:5]), "'-1+1", "'-1 to x"]


def test_what_needs_no_escape_has_none():
    for text in ("random_erase", "+0.50 to +1.25", "-3", "3.5 h", "a, b (c)."):
        assert plain(text) == text


@pytest.fixture(scope="module")
def report(make_run_in, tmp_path_factory):
    """The page of a study whose arms, classes and data have odd names."""
    root = tmp_path_factory.mktemp("odd")
    folders = [
        make_run_in(
            root,
            name,
            class_names=CLASSES,
            data_fields={"name": "../a b"},
            augment=(),
        )
        for name in ARMS
    ]
    write_report(folders, root / "out", "Study", study="שלום (1)")
    return root / "out"


def test_a_report_of_odd_names_can_be_read(report):
    tables = {}
    for file, reader in (("index.html", read), ("report.md", read_markdown)):
        found = reader((report / file).read_text(encoding="utf-8"))
        for table in found.tables:
            assert len(set(map(len, table))) == 1, table[0]
        tables[file] = [
            [list(map(on_one_line, row)) for row in table]
            for table in found.tables
        ]
        text = on_one_line(" ".join(found.texts))
        for name in ARMS:
            assert on_one_line(name) in text
        assert "\u2068שלום\u2069" in text
    assert tables["index.html"] == tables["report.md"]
    (settings,) = (
        table
        for table in tables["report.md"]
        if table[0] == ["arm", "key", "differs in"]
    )
    for column in (0, 1):
        names = [row[column] for row in settings[1:]]
        assert names == list(map(on_one_line, ARMS))


def test_names_that_are_no_text_are_written_as_codes(report):
    for name in ("index.html", "report.md", "classes.csv"):
        assert "\\udcff" in (report / name).read_text(encoding="utf-8")
    with open(report / "classes.csv", newline="", encoding="utf-8") as file:
        found = {row["class"].removeprefix("'") for row in csv.DictReader(file)}
    assert found <= {each.replace("\udcff", "\\udcff") for each in CLASSES}


def test_names_of_data_sets_are_no_paths(report):
    assert (report / "counts_-a-b.png").is_file()
