"""Classes and parts of image files by a table, where folders do not tell them.

Columns are told by their content. If two may be the labels, or if the folders
tell other classes, the error shows both.
"""

import os
import posixpath
import unicodedata
from functools import lru_cache, partial
from pathlib import Path

from pipelines.errors import DataError
from pipelines.files.names import (
    escape_name,
    has_control,
    is_part_rather_than_class,
    join_names,
    read_part,
)
from pipelines.folders.labels_table import read_table
from pipelines.folders.layout import Entry, Layout, arrange, select_images

BY_FOLDERS = "folders"
_NAMES = ("labels", "train_labels", "train")
TABLES = (".csv", ".tsv")


def read_layout(names, origin, folders, left_out, read, labels=None, beside=()):
    """Builds the `Layout` of files, by their folders or by a table.

    Args:
        names, origin, folders, left_out: As for `arrange`.
        read: Function from a name to the bytes of that file.
        labels: "FILE" or "FILE:COLUMN", a table below the origin or at a path;
            `BY_FOLDERS`; None: the folders, or if they do not tell classes
            labels.csv, train_labels.csv or train.csv (also .tsv).
        beside: Paths of further tables.

    Raises:
        DataError: if neither tells the classes, or both do and differ.
    """
    if labels == BY_FOLDERS:
        return arrange(names, origin, folders, left_out)
    images, unused = select_images(names, left_out)
    tables = {name: partial(read, name) for name in unused}
    tables |= {path.name: partial(_read_file, path) for path in beside}
    build = partial(_Labels, origin, images, unused)
    if labels is not None:
        name, read_bytes, column = _locate_named(labels, tables, origin)
        return build(name, read_bytes()).read(column)
    known = [name for name in tables if name.lower().endswith(TABLES)]
    found, doubts = [], []
    for name in _select_usual(known):
        try:
            each = build(name, tables[name]())
            found += [each] if each.table is not None else []
        except DataError as error:
            doubts.append(error)
    try:
        layout = arrange(names, origin, folders, left_out)
        classes = {entry.class_name for entry in layout.names}
        if len(classes) == 1:
            raise DataError(
                f"{origin}: expected at least two classes. Received: only "
                f"{classes.pop()!r}."
            )
    except DataError as error:
        failure = error
    else:
        for each in found:
            each.check_agreement(layout)
        return layout
    if len(found) == 1:
        return found[0].read()
    if len(found) > 1:
        raise DataError(
            f"{origin}: {join_names(each.name for each in found)} may have the "
            f"labels. Name one: --set data.labels={found[0].name}."
        )
    if doubts:
        raise doubts[0]
    if images and known:
        failure = (
            f"{failure} If a table has the labels, name it: --set "
            f"data.labels={known[0]}."
        )
    raise DataError(str(failure))


def _select_usual(tables):
    """Selects tables of usual names that no other folder is around."""
    usual = [
        name
        for name in tables
        if posixpath.splitext(posixpath.basename(name).lower())[0] in _NAMES
    ]
    depth = min((name.count("/") for name in usual), default=0)
    return [name for name in usual if name.count("/") == depth]


def _locate_named(labels, tables, origin):
    """Returns the name of a table, the function that reads it, the column."""
    for name, column in ((labels, None), labels.rpartition(":")[::2]):
        if name in tables:
            return name, tables[name], column
        # Unlike Path.is_file, it takes names that are too long.
        if os.path.isfile(name):
            return name, partial(_read_file, Path(name)), column
    raise DataError(
        f"data.labels={labels}: expected a CSV or TSV file in {origin} or at a "
        f"path, also as FILE:COLUMN, or {BY_FOLDERS}. Received a name of no "
        "file."
    )


def _read_file(path):
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}.") from error


class _Labels:
    """One table of labels, and the images that it may name."""

    def __init__(self, origin, images, unused, name, data):
        self.name = escape_name(name)
        self._origin, self._images, self._unused = origin, images, unused
        try:
            self.table = read_table(name, data, images)
        except DataError as error:
            raise self._error(error) from error

    def check_agreement(self, layout):
        """Refuses classes of folders that no column of the table has."""
        classes = {name: e.class_name for e, name in layout.names.items()}
        table, columns = self.table, self.table.list_label_columns()
        for column in columns:
            pairs = {
                (classes[name], cells[column])
                for name, cells in table.rows
                if name in classes and cells[column]
            }
            sides = zip(*pairs, strict=True)
            if all(len(set(side)) == len(pairs) for side in sides):
                if self.table.list_part_columns():
                    layout.notes.append(
                        f"the parts in {self.name} are not used, as the "
                        "folders tell the classes; to use them, set "
                        f"data.labels={self.name}"
                    )
                return
        if columns:
            raise self._error(
                f"can be read in two ways: the folders are the classes "
                f"({join_names(sorted(set(classes.values())))}), or this table "
                f"has them in {table.describe(columns)}. Say which: --set "
                f"data.labels={BY_FOLDERS} or --set data.labels={self.name}"
            )

    def read(self, column=None):
        """Builds the `Layout` by a column, or by the one that has labels."""
        if self.table is None:
            raise self._error(
                "expected a column with the names of images, such as "
                f"{join_names(self._images[:2])}, and one with their labels. "
                "Received none that names an image"
            )
        column = self._choose(column)
        labels = self._read_column(column, _clean)
        if not labels:
            raise self._error(f"has no label in {self.table.columns[column]!r}")
        self._check_labels(set(labels.values()))
        parts = self._read_parts(labels, column)
        files = {name: posixpath.basename(name) for name in labels}
        if len(set(files.values())) < len(files):
            files = {name: name.replace("/", "__") for name in labels}
        names = {
            Entry(parts[name], label, escape_name(files[name])): name
            for name, label in labels.items()
            if parts[name] is not None
        }
        if len(names) < len(labels) - list(parts.values()).count(None):
            raise self._error(
                "names two images that differ only in how their names are "
                "written. Rename one"
            )
        unused = dict(self._unused)
        unused.pop(self.name, None)
        rows = {name for name, _ in self.table.rows}
        for name in set(self._images).difference(names.values()):
            lacks = "a row" if name not in rows else "a label"
            lacks = "a part" if name in labels else lacks
            unused[name] = f"without {lacks} in {self.name}"
        unused = dict(sorted(unused.items()))
        return Layout(dict(sorted(names.items())), unused, self._note(column))

    def _note(self, column):
        columns, missing = self.table.columns, self.table.missing
        notes = [
            f"the labels are column {columns[column]!r} of {self.name}, the "
            f"files column {columns[self.table.file_column]!r}"
        ]
        if missing:
            rows = "row has" if len(missing) == 1 else "rows have"
            notes.append(
                f"{len(missing):,} {rows} no image in {self.name}: "
                f"{join_names(missing, 3)}"
            )
        return notes

    def _choose(self, column):
        """Returns the number of the column of labels."""
        names, table = self.table.columns, self.table
        if column is not None:
            if column in names:
                return names.index(column)
            if column.isdecimal() and 1 <= int(column) <= len(names):
                return int(column) - 1
            raise self._error(
                f"has no column {column!r}. Known: {join_names(names, 20)}"
            )
        found = self.table.list_label_columns()
        if not found:
            raise self._error(
                "expected a column of labels, each of several images. "
                f"Received: {table.describe(range(len(names)))}. Name one: "
                f"--set data.labels={self.name}:COLUMN"
            )
        if len(found) > 1 and all(map(table.is_binary, found)):
            raise self._error(
                f"the columns {join_names(names[each] for each in found)} hold "
                "0 and 1: expected one column with the name of each image's "
                "class. Write such a column, or name one of these: --set "
                f"data.labels={self.name}:{names[found[0]]}"
            )
        if not table.are_equivalent(found):
            raise self._error(
                f"the labels may be {table.describe(found)}. Name one: --set "
                f"data.labels={self.name}:{names[found[0]]}"
            )
        # Names say more than numbers.
        return min(found, key=table.is_numeric)

    def _read_column(self, column, convert):
        """Reads {image: converted cell}; raises if an image has two."""
        found = {}
        for name, cells in self.table.rows:
            if not cells[column]:
                continue
            value = convert(cells[column])
            if found.setdefault(name, value) != value:
                raise self._error(
                    f"{escape_name(name)} is {found[name]!r} and {value!r} in "
                    f"{self.table.columns[column]!r}: expected one for each "
                    "image. Remove one of the rows"
                )
        return found

    def _check_labels(self, labels):
        """Refuses labels that are several, or no text of one line."""
        for label in labels:
            if has_control(label):
                raise self._error(f"a control character in {label!r}")
            for separator in "|;, ":
                several = [part.strip() for part in label.split(separator)]
                if len(several) > 1 and labels.issuperset(several):
                    raise self._error(
                        f"{label!r} are several labels: expected one for each "
                        "image. Remove such rows, or name another column: "
                        f"--set data.labels={self.name}:COLUMN"
                    )

    def _read_parts(self, labels, label_column):
        """Reads {image: part}: "" if there are no parts, None for no use."""
        columns = self.table.list_part_columns()
        columns = [column for column in columns if column != label_column]
        if len({tuple(self.table.cells(column)) for column in columns}) > 1:
            raise self._error(
                f"the parts may be {self.table.describe(columns)}. Remove one"
            )
        if columns:
            found = self._read_column(columns[0], read_part)
            found = {name: found.get(name) for name in labels}
        else:
            found = {
                name: _read_part_of_folder(posixpath.dirname(name))
                for name in labels
            }
        found = {k: None if v == "unlabelled" else v for k, v in found.items()}
        parts = set(found.values()) - {None}
        if len(parts) == 1 or parts == {"", "train"}:
            return {k: None if v is None else "" for k, v in found.items()}
        if "train" not in parts or "" in parts:
            raise self._error(
                "expected train beside validation, test or both as the parts "
                "of all images with a label. Received: "
                f"{join_names(part or 'no part' for part in sorted(parts))}"
            )
        return found

    def _error(self, reason):
        return DataError(f"{self._origin}, {self.name}: {reason}.")


def _clean(label):
    label = label.encode(errors="surrogateescape")
    label = label.decode(errors="backslashreplace")
    return " ".join(unicodedata.normalize("NFC", label).split())


@lru_cache
def _read_part_of_folder(path):
    """Reads the part off the names in a path; "" if they have none."""
    for folder in path.split("/"):
        if is_part_rather_than_class(folder) or folder.lower() == "train":
            return read_part(folder)
    return ""
