"""Random names of classes and files: prepared and shown, or refused."""

import csv
import os
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import PIL.Image
from hypothesis import strategies as st

from experiments.formatting import markdown_table, write_csv
from experiments.plots.names import drawable, short_names
from pipelines.errors import DataError
from pipelines.files.names import escape_name
from pipelines.folders.manifest import is_prepared, read_manifest
from pipelines.folders.own_images import OwnImages
from pipelines.location import Location
from tests.fuzz.cases import fuzz

WORDS = (
    *("cats", "-rf", "--", ".hidden", "...", "=1+1", "@home", "a,b", 'a"b'),
    *("caf\u00e9", "cafe\u0301", "\u732b", "\u0643\u0644\u0628"),
    *("\u05db\u05dc\u05d1", "a\u202eb", "\U0001f431", "\U0001f1e9\U0001f1ea"),
    *("\u0431" * 60, "\u212b", "\u200d", "\ufeff", " a ", "a\u00a0b", "|"),
    *("<b>", "$x$", "\udce9", "\\n", "%s", "{}", "~", "#", "1.", "\u2028"),
)
TEXTS = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=("Cs",)),
    min_size=1,
    max_size=40,
)


def is_name(text):
    return text not in (".", "..") and len(os.fsencode(f"{text}9.png")) < 250


NAMES = (
    st.sampled_from(WORDS)
    | TEXTS
    | TEXTS.map(lambda text: unicodedata.normalize("NFD", text))
    | st.builds("{}{}".format, st.sampled_from(WORDS), TEXTS)
).filter(is_name)
CLASSES = st.lists(NAMES, min_size=2, max_size=4, unique=True)


def write_images(root, classes, files):
    """Writes three images of each class, no two of them the same."""
    shade = iter(range(99))
    written = []
    for name in classes:
        (root / name).mkdir(parents=True)
        for number, file in enumerate(files):
            path = root / name / f"{file}{number}.png"
            pixels = np.full((1, 1, 3), next(shade), np.uint8)
            PIL.Image.fromarray(pixels).save(path, "PNG")
            written.append(f"{name}/{path.name}")
    return written


def list_unused(path):
    if not path.exists():
        return set()
    with open(path, newline="", encoding="utf-8") as file:
        return {row["file"] for row in csv.DictReader(file)}


@fuzz(20, classes=CLASSES, files=st.tuples(NAMES, NAMES, NAMES))
def test_folders_of_any_names_are_prepared_or_refused(classes, files):
    """Every file is used under its folder's name, or listed with a reason."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "data")
        written = write_images(root, classes, files)
        source = OwnImages(Location(root))
        try:
            source.prepare()
        except DataError as error:
            shown = " ".join(str(error).split())
            assert 0 < len(shown) < 2000
            assert not is_prepared(source.root)
            return
        _, rows = read_manifest(source.root)
        for row in rows:
            name = escape_name(row.file.split("/")[0])
            assert row.class_name == unicodedata.normalize("NFC", name)
        used = {escape_name(row.file) for row in rows}
        unused = list_unused(source.root / "unused_files.csv")
        for name in map(escape_name, written):
            inside = {name, name.split("/")[0] + "/"}
            assert (name in used) != bool(inside & unused)


@fuzz(60, names=CLASSES)
def test_tables_and_figures_show_any_names(names):
    """One line and as many cells a row; names that differ still do."""
    rows = [{"class": name, "images": n} for n, name in enumerate(names)]
    lines = markdown_table(rows)
    assert len(lines) == 2 + len(names)
    for line in lines:
        assert len(line.splitlines()) == 1
        assert line.replace("\\\\", "").replace("\\|", "").count("|") == 3
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "it.csv")
        write_csv(rows, path)
        with open(path, newline="", encoding="utf-8") as file:
            _, *read = csv.reader(file)
    for name, (cell, _) in zip(names, read, strict=True):
        text = name.encode(errors="backslashreplace").decode()
        assert cell in (text, f"'{text}")
        assert not cell.startswith(tuple("=+-@")) or cell == text
    assert len(set(short_names(names))) == len(names)
    assert all(len(name.splitlines()) <= 1 for name in drawable(names))
