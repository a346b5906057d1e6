"""Tables of labels: CSV and TSV files of any delimiter, with or without header.

The column of file names is the one that names the most images, with or without
their suffix and folder. Folders that all cells share may be of another machine.
"""

import codecs
import csv
import io
import posixpath
import unicodedata
from dataclasses import dataclass

from pipelines.errors import DataError
from pipelines.files.names import SUFFIXES, join_names, read_part

_DELIMITERS = ",;\t|"
# More columns are pixels or features.
_MOST_COLUMNS = 100
# Characters that tell the delimiter of a long table.
_HEAD = 100_000
_BINARY = {"0", "1", "0.0", "1.0", "true", "false"}


@dataclass(frozen=True)
class Table:
    """Rows of a table that name an image.

    Attributes:
        columns: Names of the columns.
        file_column: Number of the column of file names, from 0.
        rows: list of (name of the image, cells).
        missing: Names in other rows, of which there is no image.
    """

    columns: list
    file_column: int
    rows: list
    missing: list

    def cells(self, column):
        return [cells[column] for _, cells in self.rows]

    def list_label_columns(self):
        """Lists columns of few texts or whole numbers, each several times."""
        found = []
        for column in range(len(self.columns)):
            cells = [cell for cell in self.cells(column) if cell]
            values = set(cells)
            if (
                column != self.file_column
                and 2 <= len(values) <= len(cells) / 2
                and not all(map(read_part, values))
                and not (self.is_numeric(column) and _has_fraction(values))
            ):
                found.append(column)
        return found

    def list_part_columns(self):
        """Lists columns in which every text names a part of the data."""
        return [
            column
            for column in range(len(self.columns))
            if column != self.file_column
            and (cells := set(self.cells(column)) - {""})
            and all(map(read_part, cells))
        ]

    def is_binary(self, column):
        return {cell.lower() for cell in self.cells(column)} <= {"", *_BINARY}

    def is_numeric(self, column):
        return all(map(_is_number, set(self.cells(column)) - {""}))

    def are_equivalent(self, columns):
        """Tells if columns sort the images into the same classes."""
        cells = list(zip(*map(self.cells, columns), strict=True))
        counts = {len(set(each)) for each in zip(*cells, strict=True)}
        return counts == {len(set(cells))}

    def describe(self, columns):
        """Lists columns with some of their cells."""
        return "; ".join(
            f"{self.columns[column]!r} "
            f"({join_names(dict.fromkeys(self.cells(column)), 3)})"
            for column in columns
        )


def read_table(name, data, images):
    """Reads a `Table`.

    Args:
        name: Of the table. Of train.csv, names that are in several folders
            mean images for training.
        data: Its bytes.
        images: Names of all images.

    Returns:
        The `Table`; None if no column names images.

    Raises:
        DataError: if a name fits several images, or if two columns name
            different images.
    """
    finder = _Finder(images, read_part(posixpath.basename(name)))
    text = _decode(data)
    delimiter = _choose_delimiter(text, finder)
    if delimiter is None:
        return None
    rows = _read_rows(text, delimiter)
    found = [finder.locate(cells) for cells in zip(*rows, strict=True)]
    counts = list(map(_count, found))
    best = max(counts)
    named = [column for column, count in enumerate(counts) if count == best]
    if any(found[column] != found[named[0]] for column in named[1:]):
        raise DataError(
            "it names images in columns "
            f"{join_names(rows[0][column] for column in named)}, which are "
            "not the same images. Remove one of the columns"
        )
    file_column = named[0]
    first = rows[0]
    has_header = not found[file_column][0] and not _is_image(first[file_column])
    columns = [
        (has_header and cell) or f"column {number}"
        for number, cell in enumerate(first, 1)
    ]
    used, missing = [], []
    for cells, fits in zip(
        rows[has_header:], found[file_column][has_header:], strict=True
    ):
        if len(fits) > 1:
            raise DataError(
                f"{cells[file_column]} is "
                f"{' or '.join(fits[:2])}. Write the folders into that column"
            )
        if fits:
            used.append((fits[0], cells))
        elif cells[file_column]:
            missing.append(cells[file_column])
    return Table(columns, file_column, used, missing)


def _decode(data):
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    # File names need not be UTF-8.
    return data.decode(
        "utf-16" if utf16 else "utf-8-sig",
        "replace" if utf16 else "surrogateescape",
    )


def _choose_delimiter(text, finder):
    """Chooses the delimiter by which a column names the most images."""
    known = [d for d in _DELIMITERS if _read_rows(text[:_HEAD], d)]
    for part in (text[:_HEAD], text):
        counts = {
            delimiter: max(
                _count(finder.locate(cells))
                for cells in zip(*_read_rows(part, delimiter), strict=True)
            )
            for delimiter in known
        }
        if any(counts.values()):
            return max(counts, key=counts.get)
    return None


def _read_rows(text, delimiter):
    """Reads rows of equal length; none if it is no table by this delimiter."""
    lines = io.StringIO(text, newline="")
    try:
        rows = [
            [cell.strip() for cell in row]
            for row in csv.reader(
                lines, delimiter=delimiter, skipinitialspace=True
            )
        ]
    except csv.Error:
        return []
    rows = [row for row in rows if any(row)]
    width = max(map(len, rows), default=0)
    if not 2 <= width <= _MOST_COLUMNS:
        return []
    return [row + [""] * (width - len(row)) for row in rows]


def _count(found):
    """Counts the different images in lists of images."""
    return len(set().union(*found))


def _is_image(name):
    return posixpath.splitext(name)[1].lower() in SUFFIXES


class _Finder:
    """Locates images by their names in a table."""

    def __init__(self, images, part):
        self._part = part
        self._by_file, self._by_stem = {}, {}
        for name in images:
            stem, suffix = posixpath.splitext(_split_path(name)[-1])
            self._by_file.setdefault(stem + suffix.lower(), []).append(name)
            self._by_stem.setdefault(stem, []).append(name)

    def locate(self, cells):
        """Lists the images that each cell may name."""
        paths = {cell: _split_path(cell) for cell in set(cells)}
        # The first cell may be the header.
        folders = [paths[cell][:-1] for cell in set(cells[1:]) if cell]
        shared = posixpath.commonprefix(folders)
        best = {}
        for cut in range(len(shared) + 1):
            found = {
                cell: self._locate(path[cut:] or path)
                for cell, path in paths.items()
            }
            best = max(best, found, key=lambda each: _count(each.values()))
        return [best.get(cell, []) for cell in cells]

    def _locate(self, path):
        *folders, file = path
        stem, suffix = posixpath.splitext(file)
        found = self._by_file.get(stem + suffix.lower())
        found = found or self._by_stem.get(file, [])
        if folders:
            count = len(folders)
            found = [
                name
                for name in found
                if _split_path(name)[:-1][-count:] == folders
            ]
        if len(found) > 1 and self._part:
            of_part = [
                name
                for name in found
                if self._part in map(read_part, _split_path(name)[:-1])
            ]
            return of_part or found
        return found


def _split_path(text):
    """Splits a path into its folders and its file."""
    # Windows writes other separators, macOS other accents.
    text = unicodedata.normalize("NFC", text.replace("\\", "/"))
    return [part for part in text.split("/") if part not in ("", ".")] or [""]


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _has_fraction(values):
    return any(not float(value).is_integer() for value in values)
