"""Manifest of prepared images: a table of the files, and a description.

manifest.csv has a row for each image file. split.json has the origin of the
files, the seed of the split and notes; it is written last.
"""

import csv
import json
from typing import NamedTuple

from pipelines.errors import DataError
from pipelines.files.fingerprints import digest_files
from pipelines.files.names import join_names
from pipelines.files.replacing import replace_file

MANIFEST, DESCRIPTION = "manifest.csv", "split.json"
_HEADER = (
    *("id", "file", "part", "class", "size", "stamp"),
    *("digest", "pixels", "width", "height", "note"),
)
# File names need not be UTF-8.
_TEXT = {"newline": "", "encoding": "utf-8", "errors": "surrogateescape"}


class Row(NamedTuple):
    """One image file.

    Attributes:
        id: "PART/CLASS/NAME", unique; "" if the image is left out.
        file: Name of the file at its origin, with "/".
        part: "" if the image is left out.
        class_name: Its label.
        size: In bytes.
        stamp: Changes if the file may have changed, see
            `pipelines.folders.image_files`.
        digest: Of the file's bytes.
        pixels: Of its pixels and their arrangement.
        width, height: In pixels, upright.
        note: Reason to leave the image out, or its twin.
    """

    id: str
    file: str
    part: str
    class_name: str
    size: int
    stamp: int
    digest: str
    pixels: str
    width: int
    height: int
    note: str


def is_prepared(folder):
    """Tells if a folder has a manifest and its description."""
    return all((folder / name).is_file() for name in (MANIFEST, DESCRIPTION))


def write_rows(folder, rows, writer=""):
    """Writes manifest.csv; `writer` is as for `replace_file`."""
    with (
        replace_file(folder / MANIFEST, writer) as temporary,
        open(temporary, "w", **_TEXT) as file,
    ):
        csv.writer(file).writerows([_HEADER, *rows])


def write_description(folder, description):
    with replace_file(folder / DESCRIPTION) as temporary:
        temporary.write_text(json.dumps(description, indent=2) + "\n")


def read_manifest(folder):
    """Reads the description and the `Row`s of a folder.

    Raises:
        DataError: if they cannot be read, such as after an edit in a
            spreadsheet.
    """
    try:
        description = json.loads((folder / DESCRIPTION).read_text())
        with open(folder / MANIFEST, **_TEXT) as file:
            header, *lines = csv.reader(file)
        if tuple(header) != _HEADER:
            raise ValueError("it has other columns")
        rows = [
            Row(
                *texts, int(size), int(stamp), digest, pixels, int(w), int(h), n
            )
            for *texts, size, stamp, digest, pixels, w, h, n in lines
        ]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise DataError(
            f"cannot read {folder / MANIFEST}: {error}. Remove it to have it "
            "made anew."
        ) from error
    return description, rows


def compare_files(rows, files, drawn):
    """Compares files with the rows made of them earlier.

    A file is read only if its size is the same and its stamp differs.

    Args:
        rows: `Row`s.
        files: One of `pipelines.folders.image_files`.
        drawn: True if the files come without parts.

    Returns:
        The rows with today's stamps, and {kind of change: names of files}.
    """
    there = {name: entry for entry, name in files.names.items()}
    listed = {row.file: row for row in rows}
    states = {name: files.state(name) for name in listed if name in there}
    changed = {n for n, (size, _) in states.items() if size != listed[n].size}
    doubtful = [
        name
        for name, (_, stamp) in states.items()
        if name not in changed and stamp != listed[name].stamp
    ]
    digests = digest_files(files.read, doubtful)
    changed |= {
        name
        for name, digest in zip(doubtful, digests, strict=True)
        if digest != listed[name].digest
    }
    moved = [
        name
        for name in states
        if there[name].class_name != listed[name].class_name
        or (not drawn and listed[name].part not in ("", there[name].split))
    ]
    changes = {
        "changed": sorted(changed),
        "gone": sorted(listed.keys() - there),
        "new": sorted(there.keys() - listed),
        "in another class or part": moved,
    }
    fresh = [
        row._replace(stamp=states[row.file][1]) if row.file in states else row
        for row in rows
    ]
    return fresh, {kind: names for kind, names in changes.items() if names}


def describe_changes(changes):
    """Describes the changes that `compare_files` found, in a few words."""
    return "; ".join(
        f"{len(names):,} {kind} ({join_names(names, 3)})"
        for kind, names in changes.items()
    )
