"""Photographs in folders of parts and classes."""

import contextlib
import io
import json
import os
import socket
from functools import cached_property

import numpy as np
import PIL.Image

from pipelines.errors import DataError
from pipelines.files.decoding import decode_into
from pipelines.files.fingerprints import compute_fingerprint, digest_files
from pipelines.files.locking import file_lock
from pipelines.files.names import PARTS
from pipelines.files.walking import list_images
from pipelines.folders.manifest import (
    DESCRIPTION,
    MANIFEST,
    compare_files,
    describe_changes,
    is_prepared,
    read_manifest,
    write_rows,
)
from pipelines.folders.preparation import (
    VARIATIONS,
    adopt_split,
    check_split_seed,
    copy_images,
    prepare_in_place,
)

FOLDER = "split_data"
_AUGMENTED = "_aug"


def check_split(name):
    """Checks the name of a split, independent of the data.

    Raises:
        DataError: lists the names that are possible.
    """
    known = (*PARTS, "all")
    if name.removesuffix(_AUGMENTED) not in known:
        raise DataError(
            f"there is no split {name!r}. Known: {', '.join(known)}; and with "
            f"AugLy's variations {', '.join(n + _AUGMENTED for n in known)}."
        )


class FolderSplit:
    """A split: some images of an image folder.

    Attributes:
        labels: int32 (N,).
        ids: "PART/CLASS/NAME", the names of the copies if there are any.
        groups: For each image the id of the original that it was made from,
            or its own id; originals with the same pixels share the first id.
    """

    def __init__(self, source, ids, groups, labels):
        self.ids = ids
        self.groups = groups
        self.labels = np.array(labels, np.int32)
        self._source = source

    @cached_property
    def fingerprint(self):
        """Changes when the files do."""
        return self._source.digest(self.ids)

    def sizes(self):
        """int (N, 2): width and height in pixels, upright."""
        return np.array([self._source.size(name) for name in self.ids])

    def decode_into(self, images, indices):
        """Fills uint8 (len(indices), size, size, 3); in any thread."""
        names = [self.ids[index] for index in indices]
        decode_into(images, self._source.read, names)


class ImageFolder:
    """Image files with a part and a class, listed in a manifest.

    The parts are train and test, or train, validation and test. The images are
    copies, `location.prepared`/split_data/PART/CLASS/FILE, or stay where they
    are. See `pipelines.folders.manifest` for what is written.

    Subclasses get the images: `locate_files` and `fetch_files`.

    Args:
        location: A `pipelines.location.Location`.
        split_seed: Seed of the draw, if the data has no split of its own.
        copy: Makes copies.

    Attributes, once prepared:
        class_names: Sorted.
        notes: Sentences that a reader of a run must know.
        fingerprint: Of all images, without variations.
    """

    # Whoever has the files can mend them.
    published = False

    def __init__(self, location, split_seed=0, copy=True):
        self.location = location
        self.root = location.prepared / FOLDER if copy else location.prepared
        self._split_seed = split_seed
        self._copy = copy
        # Source of images that are read in place; and digests that are known.
        self._files, self._digests = None, {}

    def locate_files(self):
        """Locates the images without a network; None if there are none.

        Returns one of `pipelines.folders.image_files`.
        """
        raise NotImplementedError

    def fetch_files(self):
        """Gets the images if `locate_files` has found none, or raises."""
        raise NotImplementedError

    def needs_download(self):
        """True if `prepare` has to ask the network."""
        return not self.root.is_dir() and self.locate_files() is None

    def prepare(self):
        """Lists or copies the images, once, and reads the list of them.

        See `pipelines.folders.preparation`.

        Raises:
            DataError: if the data is missing, broken or of no use, or if a
                split of another seed or of other data is there already.
        """
        if not is_prepared(self.root):
            self._write_split()
        self._description, rows = read_manifest(self.root)
        self._check_seed()
        if not self._description["adopted"]:
            self._check_origin(rows)
        self._rows = {row.id: row for row in rows if row.id}
        # Bad files of an adopted folder still lie there.
        self._left_out = {row.file for row in rows if not row.id}
        if self._copy:
            self._check_copies()
        else:
            self._digests = {name: r.digest for name, r in self._rows.items()}
        first = {}
        self._group_of = {
            name: first.setdefault(row.pixels, name)
            for name, row in self._rows.items()
        }
        self.class_names = sorted({r.class_name for r in self._rows.values()})
        self.notes = self._description["notes"]

    def _write_split(self):
        adopts = self._copy and self.root.exists() and not self._is_earlier()
        # Data that is missing leaves no trace.
        files = None
        if not adopts:
            files = self.locate_files() or self.fetch_files()
        seed, on_bad_image = self._split_seed, self.location.on_bad_image
        try:
            with file_lock(self.location.prepared / f".{FOLDER}.lock"):
                if is_prepared(self.root):
                    return
                if adopts:
                    adopt_split(self.root, seed, on_bad_image)
                elif self._copy:
                    copy_images(files, self.root, seed, on_bad_image)
                else:
                    self._note_copies()
                    prepare_in_place(files, self.root, seed, on_bad_image)
        except OSError as error:
            raise DataError(
                f"cannot write {self.root}: {error.strerror or error}. Free "
                "some space or choose another --prepared_dir."
            ) from error

    def _note_copies(self):
        copies = self.location.prepared / FOLDER
        if (copies / DESCRIPTION).is_file():
            print(
                f"{copies} holds copies of images, which are used with --set "
                "data.copy=true alone: if that is not meant, remove it",
                flush=True,
            )

    def _is_earlier(self):
        """Tells if the copies are of an earlier version of this program."""
        try:
            text = (self.root / DESCRIPTION).read_bytes()
            return not json.loads(text)["adopted"]
        except (OSError, ValueError, LookupError, TypeError):
            return False

    @property
    def fingerprint(self):
        return self.digest(list(self._rows))

    def read(self, name):
        """Reads the bytes of the file of an image by its id; in any thread."""
        if not self._copy:
            return self._files.read(self._rows[name].file)
        return (self.root / name).read_bytes()

    def size(self, name):
        """Returns the width and the height of an image by its id."""
        if name in self._rows:
            return self._rows[name].width, self._rows[name].height
        with PIL.Image.open(io.BytesIO(self.read(name))) as image:
            return image.size

    def digest(self, names):
        """Computes the fingerprint of these images; each is read once."""
        new = [name for name in names if name not in self._digests]
        found = digest_files(self.read, new)
        self._digests |= zip(new, found, strict=True)
        return compute_fingerprint(
            f"{name} {self._digests[name]}" for name in names
        )

    @cached_property
    def parts(self):
        """The names in `PARTS` that the data has."""
        there = {row.part for row in self._rows.values()}
        return [part for part in PARTS if part in there]

    @property
    def splits(self):
        """Names of the parts, and of parts with variations."""
        if not self._copy:
            return self.parts
        names = [name for p in self.parts for name in (p, p + _AUGMENTED)]
        return [name for name in names if (self.root / name).is_dir()]

    def split(self, name):
        """The images of a part, or of "all".

        If only one part stands beside train, it goes by both names
        "validation" and "test". The ending "_aug" adds the variations of the
        images.

        Raises:
            DataError: if there is no such split, or no variations yet.
        """
        parts = self._select_parts(name)
        if name.endswith(_AUGMENTED):
            if not self._copy:
                raise DataError(
                    f"{name}: variations are made of copies, for which "
                    "data.offline or --set data.copy=true asks."
                )
            return self._augmented(parts)
        ids = [name for name, r in self._rows.items() if r.part in parts]
        return self._split(ids, ids)

    def _select_parts(self, name):
        check_split(name)
        part = name.removesuffix(_AUGMENTED)
        if part == "all":
            return self.parts
        # There are always train and one other: data without a split was
        # split.
        return [part if part in self.parts else self.parts[-1]]

    def write_variations(self, name, offline):
        """Writes the variations that the split `name` needs, once.

        Args:
            name: Such as "train_aug", or "all_aug" for those of all parts.
            offline: A `pipelines.config.Offline`.

        Returns:
            {folder: number of images in it, originals and variations}.
        """
        from pipelines.augly.offline import augment_folder

        written = {}
        for each in self._select_parts(name):
            folder = self.root / (each + _AUGMENTED)
            manifest = augment_folder(
                self.root / each,
                folder,
                operations=offline.operations,
                count=offline.count,
                seed=offline.seed,
                left_out=[
                    name.removeprefix(f"{each}/") for name in self._left_out
                ],
            )
            written[folder] = len(manifest)
        return written

    def _augmented(self, parts):
        from pipelines.augly.offline import read_manifest

        made = [
            (
                f"{part}{_AUGMENTED}/{entry['file']}",
                f"{part}/{entry['source']}",
            )
            for part in parts
            for entry in read_manifest(self.root / f"{part}{_AUGMENTED}")
        ]
        ids, originals = zip(*made, strict=True)
        return self._split(ids, originals)

    def _split(self, ids, originals):
        place = {name: i for i, name in enumerate(self.class_names)}
        labels = [place[self._rows[name].class_name] for name in originals]
        groups = [self._group_of[name] for name in originals]
        return FolderSplit(self, list(ids), groups, labels)

    def _check_seed(self):
        seed = self._description["seed"]
        if seed is None:
            check_split_seed(self.root, self._split_seed)
        elif seed != self._split_seed:
            raise DataError(
                f"{self.root} was split with seed {seed}, not "
                f"{self._split_seed}. Ask for that with --set "
                f"data.split_seed={seed}, {self._mend()}"
            )

    def _check_origin(self, rows):
        """Refuses images that have changed, came or went; locates them."""
        self._files = self.locate_files()
        if self._files is None:
            # Copies suffice.
            if not self._copy:
                self.fetch_files()
            return
        drawn = self._description["seed"] is not None
        fresh, changes = compare_files(rows, self._files, drawn)
        if changes:
            raise DataError(
                f"{self._files.origin} is not what it was when {self.root} was "
                f"prepared: {describe_changes(changes)}. Put that back, "
                f"{self._mend()}"
            )
        if fresh != rows:
            # Not to be compared again by the next run, if that can be written.
            with contextlib.suppress(OSError):
                writer = f"{socket.gethostname()}-{os.getpid()}-"
                write_rows(self.root, fresh, writer)

    def _mend(self):
        return (
            "choose another --prepared_dir, or remove "
            f"{self.root / MANIFEST} to have it made anew."
        )

    def _check_copies(self):
        """Refuses copies that came or went since the preparation.

        They would change results in silence.
        """
        listed = set(self._rows)
        variations = [self.root / name for name in VARIATIONS]
        present = set(list_images(self.root, 2, variations))
        missing = listed - present
        changed = sorted(missing | (present - listed - self._left_out))
        if changed:
            raise DataError(
                f"{self.root} is not what it was when it was prepared: "
                f"{changed[0]} is {'missing' if missing else 'new'}. Remove "
                "its split.json to have it checked again as it is, or the "
                "whole folder to have it made again."
            )
