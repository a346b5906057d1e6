"""Photographs in folders of parts and classes."""

import csv
import json
from functools import cached_property

import numpy as np
import PIL.Image

from pipelines.errors import DataError
from pipelines.files.decoding import decode_into
from pipelines.files.fingerprints import compute_fingerprint, digest_files
from pipelines.files.locking import file_lock
from pipelines.files.names import PARTS
from pipelines.files.walking import list_images
from pipelines.folders.layout import Entry
from pipelines.folders.preparation import (
    VARIATIONS,
    adopt_split,
    check_split_seed,
    make_split,
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
        ids: "PART/CLASS/FILE" below the folder of the split.
        groups: For each image the id of the original that it was made from,
            or its own id; originals with the same pixels share the first id.
    """

    def __init__(self, source, ids, groups, labels):
        self.ids = ids
        self.groups = groups
        self.labels = np.array(labels, np.int32)
        self._source = source
        self._root = source.root

    @cached_property
    def fingerprint(self):
        """Changes when the files do."""
        return self._source.digest(self.ids)

    def sizes(self):
        """int (N, 2): width and height in pixels, as stored."""
        sizes = []
        for name in self.ids:
            with PIL.Image.open(self._root / name) as image:
                sizes.append(image.size)
        return np.array(sizes)

    def decode_into(self, images, indices):
        """Fills uint8 (len(indices), size, size, 3); in any thread."""
        decode_into(
            images,
            lambda name: (self._root / name).read_bytes(),
            [self.ids[index] for index in indices],
        )


class ImageFolder:
    """Images below `location.prepared`, in split_data/PART/CLASS/FILE.

    The parts are train and test, or train, validation and test. files.csv
    lists the images with their sizes; split.json names their origin.

    Subclasses get the images: `locate_files` and `fetch_files`.

    Args:
        location: A `pipelines.location.Location`.
        split_seed: Seed of the draw, if the data has no split of its own.

    Attributes, once prepared:
        class_names: Names of the folders, sorted.
        notes: Sentences that a reader of a run must know.
        fingerprint: Of all images, without variations.
    """

    # Whoever has the files can mend them.
    published = False

    def __init__(self, location, split_seed=0):
        self.location = location
        self.root = location.prepared / FOLDER
        self._split_seed = split_seed
        self._digests = {}

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
        """Copies the images to their parts, once, and reads the list of them.

        See `pipelines.folders.preparation`.

        Raises:
            DataError: if the data is missing, broken or of no use, or if a
                split of another seed or of other data is there already.
        """
        if not (self.root / "split.json").is_file():
            self._write_split()
        self._description = json.loads((self.root / "split.json").read_text())
        self._check_origin()
        self._read_index()
        self._check_files()
        self.class_names = sorted({entry.class_name for entry in self.files})
        self.notes = self._description["notes"]

    def _write_split(self):
        # Data that is missing leaves no trace.
        files = None
        if not self.root.exists():
            files = self.locate_files() or self.fetch_files()
        on_bad_image = self.location.on_bad_image
        try:
            with file_lock(self.root.with_name(f".{FOLDER}.lock")):
                if (self.root / "split.json").is_file():
                    return
                if self.root.exists():
                    adopt_split(self.root, self._split_seed, on_bad_image)
                else:
                    make_split(files, self.root, self._split_seed, on_bad_image)
        except OSError as error:
            raise DataError(
                f"cannot write {self.root}: {error.strerror or error}. Free "
                "some space or choose another --prepared_dir."
            ) from error

    def _read_index(self):
        self.files, self._group_of, first = [], {}, {}
        with open(
            self.root / "files.csv", newline="", encoding="utf-8"
        ) as file:
            for row in csv.DictReader(file):
                entry = Entry(row["split"], row["class"], row["file"])
                self.files.append(entry)
                self._group_of[entry.path] = first.setdefault(
                    row["digest"], entry.path
                )

    @property
    def fingerprint(self):
        return self.digest([entry.path for entry in self.files])

    def digest(self, names):
        """Computes the fingerprint of these files; each is read once."""
        new = [name for name in names if name not in self._digests]
        found = digest_files(lambda name: (self.root / name).read_bytes(), new)
        self._digests |= zip(new, found, strict=True)
        return compute_fingerprint(
            f"{name} {self._digests[name]}" for name in names
        )

    @cached_property
    def parts(self):
        """The names in `PARTS` that the data has."""
        there = {entry.split for entry in self.files}
        return [part for part in PARTS if part in there]

    @property
    def splits(self):
        """Names of the splits that the folder has."""
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
            return self._augmented(parts)
        ids = [e.path for e in self.files if e.split in parts]
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
                    path.removeprefix(f"{each}/")
                    for path in self._description["left_out"]
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
        labels = [self.class_names.index(id.split("/")[1]) for id in ids]
        groups = [self._group_of.get(name, name) for name in originals]
        return FolderSplit(self, list(ids), groups, labels)

    def _check_origin(self):
        seed = self._description["seed"]
        if seed is None:
            check_split_seed(self.root, self._split_seed)
        elif seed != self._split_seed:
            raise DataError(
                f"{self.root} was split with seed {seed}, not "
                f"{self._split_seed}. Ask for that with --set "
                f"data.split_seed={seed}, choose another --prepared_dir, or "
                "remove that folder."
            )
        if self._description["adopted"]:
            return
        files = self.locate_files()
        wanted = self._description["fingerprint"]
        if files is not None and files.fingerprint != wanted:
            raise DataError(
                f"{self.root} was made from {self._description['origin']} as "
                f"it was, not from what is in {files.origin} now. Choose "
                "another --prepared_dir, or remove that folder."
            )

    def _check_files(self):
        """Refuses files that came or went since the preparation.

        They would change results in silence.
        """
        listed = {entry.path for entry in self.files}
        variations = [self.root / name for name in VARIATIONS]
        present = set(list_images(self.root, 2, variations))
        missing = listed - present
        # Bad files of an adopted folder still lie there.
        new = present - listed - set(self._description["left_out"])
        changed = sorted(missing | new)
        if changed:
            raise DataError(
                f"{self.root} is not what it was when it was prepared: "
                f"{changed[0]} is {'missing' if missing else 'new'}. Remove "
                "its split.json to have it checked again as it is, or the "
                "whole folder to have it made again."
            )
