"""Photographs in folders of parts and classes."""

import csv
import json
from functools import cached_property

import numpy as np
import PIL.Image

from pipelines.errors import DataError
from pipelines.files.decoding import decode_into
from pipelines.files.fingerprints import digest_files, fingerprint
from pipelines.files.locking import alone
from pipelines.files.names import PARTS
from pipelines.files.walking import list_images
from pipelines.folders.layout import Entry
from pipelines.folders.preparation import (
    VARIATIONS,
    adopt_split,
    make_split,
    refuse_split_seed,
)

FOLDER = "split_data"
_AUGMENTED = "_aug"


def check_split(name):
    """Refuses what is no name of a split, whatever the data.

    Raises:
        DataError: with the names that there can be.
    """
    known = (*PARTS, "all")
    if name.removesuffix(_AUGMENTED) not in known:
        raise DataError(
            f"there is no split {name!r}. Known: {', '.join(known)}; and with "
            f"AugLy's variations {', '.join(n + _AUGMENTED for n in known)}."
        )


class FolderSplit:
    """Some of the images.

    Attributes:
        labels: int32 (N,).
        ids: "PART/CLASS/FILE" below the folder of the split.
        groups: For each image the id of the original that it was made from,
            or its own; of originals with the same pixels, that of the first.
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
        return self._source.fingerprint_of(self.ids)

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

    The parts are train and test, or train, validation and test.

    They are put there when they are not there yet: see
    `pipelines.folders.preparation`. files.csv lists them with their sizes;
    split.json says where they are from.

    Args:
        location: A `pipelines.location.Location`.
        find_files: Function of `may_download` that returns the data as one of
            `pipelines.folders.image_files`, or None where there is none.
        split_seed: Seed of the draw, where the data has no split of its own.

    Attributes:
        class_names: Names of the folders, sorted.
        notes: Sentences that a reader of a run must know.
        fingerprint: Of all images, without variations.

    Raises:
        DataError: if the data is missing, broken or of no use, or if a split
            of another seed or of other data is there already.
    """

    # Whoever has the files can mend them.
    published = False

    def __init__(self, location, find_files, split_seed=0):
        self.root = location.prepared / FOLDER
        if not (self.root / "split.json").is_file():
            self._prepare(find_files, split_seed, location.on_bad_image)
        self._description = json.loads((self.root / "split.json").read_text())
        self._check_origin(find_files, split_seed)
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
        self._check_files()
        self.class_names = sorted({entry.class_name for entry in self.files})
        self.notes = self._description["notes"]
        self._digests = {}

    def _prepare(self, find_files, split_seed, on_bad_image):
        # Data that is missing leaves no trace.
        files = None if self.root.exists() else find_files(may_download=True)
        try:
            with alone(self.root.with_name(f".{FOLDER}.lock")):
                if (self.root / "split.json").is_file():
                    return
                if self.root.exists():
                    adopt_split(self.root, split_seed, on_bad_image)
                else:
                    make_split(files, self.root, split_seed, on_bad_image)
        except OSError as error:
            raise DataError(
                f"cannot write {self.root}: {error.strerror or error}. Free "
                "some space or choose another --prepared_dir."
            ) from error

    @property
    def fingerprint(self):
        return self.fingerprint_of([entry.path for entry in self.files])

    def fingerprint_of(self, names):
        """Of the bytes of these files, each of which is read once."""
        new = [name for name in names if name not in self._digests]
        found = digest_files(lambda name: (self.root / name).read_bytes(), new)
        self._digests |= zip(new, found, strict=True)
        return fingerprint(f"{name} {self._digests[name]}" for name in names)

    @cached_property
    def parts(self):
        """Those of `PARTS` that the data has."""
        there = {entry.split for entry in self.files}
        return [part for part in PARTS if part in there]

    @property
    def splits(self):
        """Names of the splits that are there."""
        names = [name for p in self.parts for name in (p, p + _AUGMENTED)]
        return [name for name in names if (self.root / name).is_dir()]

    def split(self, name):
        """The images of a part, or of "all".

        Where only one part stands beside train, it goes by the names
        "validation" and "test". With the ending "_aug" images are joined by
        their variations.

        Raises:
            DataError: if there is no such split, or no variations yet.
        """
        parts = self._parts_of(name)
        if name.endswith(_AUGMENTED):
            return self._augmented(parts)
        ids = [e.path for e in self.files if e.split in parts]
        return self._split(ids, ids)

    def _parts_of(self, name):
        check_split(name)
        part = name.removesuffix(_AUGMENTED)
        if part == "all":
            return self.parts
        # Train and one other, always: data without that has been split.
        return [part if part in self.parts else self.parts[-1]]

    def write_variations(self, name, offline):
        """Writes the variations that the split `name` needs, if not there.

        Args:
            name: Such as "train_aug", or "all_aug" for those of all parts.
            offline: A `pipelines.config.Offline`.

        Returns:
            {folder: number of images in it, originals and variations}.
        """
        from pipelines.augly.offline import augment_folder

        written = {}
        for each in self._parts_of(name):
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

    def _check_origin(self, find_files, split_seed):
        seed = self._description["seed"]
        if seed is None:
            refuse_split_seed(self.root, split_seed)
        elif seed != split_seed:
            raise DataError(
                f"{self.root} was split with seed {seed}, not {split_seed}. "
                f"Ask for that with --set data.split_seed={seed}, choose "
                "another --prepared_dir, or remove that folder."
            )
        if self._description["adopted"]:
            return
        files = find_files(may_download=False)
        wanted = self._description["fingerprint"]
        if files is not None and files.fingerprint != wanted:
            raise DataError(
                f"{self.root} was made from {self._description['origin']} as "
                f"it was, not from what is in {files.origin} now. Choose "
                "another --prepared_dir, or remove that folder."
            )

    def _check_files(self):
        """Files that came or went since would change results in silence."""
        listed = {entry.path for entry in self.files}
        present = set(list_images(self.root, VARIATIONS))
        missing = listed - present
        # What was left out of a folder that was taken as it is lies there.
        new = present - listed - set(self._description["left_out"])
        changed = sorted(missing | new)
        if changed:
            raise DataError(
                f"{self.root} is not what it was when it was prepared: "
                f"{changed[0]} is {'missing' if missing else 'new'}. Remove "
                "its split.json to have it checked again as it is, or the "
                "whole folder to have it made again."
            )
