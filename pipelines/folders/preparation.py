"""Preparation of image files, once: checks, a split, a list, maybe copies."""

import hashlib
import math
import shutil
from collections import Counter

from augment_tf.ops.sampling import to_32_bits
from pipelines.errors import DataError
from pipelines.files.inspection import (
    check_classes,
    describe_contradictions,
    describe_doubts,
    describe_leaks,
    inspect_files,
    select_good,
    write_bad_images,
    write_unused_files,
)
from pipelines.files.names import (
    OF_NO_INTEREST,
    PARTS,
    escape_name,
    explain_no_image,
    summarize,
)
from pipelines.files.replacing import UNFINISHED
from pipelines.folders.image_files import FolderFiles
from pipelines.folders.manifest import (
    MANIFEST,
    Row,
    write_description,
    write_rows,
)
from pipelines.progress import progress_bar

# Beside the parts: each part and the variations of its images.
VARIATIONS = tuple(f"{part}_aug" for part in PARTS)
TEST_FRACTION = 0.2


def check_split_seed(origin, split_seed):
    """Checks that no seed is asked for if the data came with its split.

    Raises:
        DataError: if the seed is not 0, the default of a config.
    """
    if split_seed:
        raise DataError(
            f"{origin} has splits of its own, which no seed changes. Received: "
            f"data.split_seed={split_seed}. Leave it at 0."
        )


def prepare_in_place(files, root, seed, on_bad_image):
    """Writes the manifest of images, which stay where they are.

    Data that comes with parts keeps them; else a fifth of each class is drawn
    for test. bad_images.csv and unused_files.csv list the files that are left
    out, with reasons.

    Args:
        files: One of `pipelines.folders.image_files`.
        root: The folder of the manifest.
        seed: Of the draw.
        on_bad_image: See `pipelines.location.Location`.

    Raises:
        DataError: if the data is of no use; nothing is written then.
        OSError: if the folder cannot be written.
    """
    print(
        f"preparing {files.origin}, once: its images are listed in "
        f"{root / MANIFEST} and read where they are; nothing is copied or "
        "unpacked",
        flush=True,
    )
    prepared = _Preparation(files, seed, on_bad_image)
    root.mkdir(parents=True, exist_ok=True)
    prepared.write(root, root)


def copy_images(files, root, seed, on_bad_image):
    """Copies images to `root`/PART/CLASS/FILE, and writes their manifest.

    Args:
        files, seed, on_bad_image: As for `prepare_in_place`.
        root: The folder to make, or to make anew; it appears when all is done.

    Raises:
        DataError, OSError: As `prepare_in_place`.
    """
    for name in sorted({entry.class_name for entry in files.names}):
        if "/" in name or explain_no_image(f"{name}/x.png"):
            raise DataError(
                f"data.copy: class {name!r} cannot be the name of a folder. "
                "Leave data.copy at false, or change that label."
            )
    print(f"preparing {root} from {files.origin}, once", flush=True)
    prepared = _Preparation(files, seed, on_bad_image)
    temporary = root.with_name(UNFINISHED + root.name)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        for entry, part in progress_bar(
            prepared.parts.items(), desc="copying", unit=" images"
        ):
            copy = temporary / part / entry.class_name / entry.file
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(files.read(files.names[entry]))
        prepared.write(temporary, root)
        # Made by an earlier version.
        shutil.rmtree(root, ignore_errors=True)
        temporary.rename(root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def adopt_split(root, seed, on_bad_image):
    """Uses a folder of parts that somebody else has made, in its place."""
    files = FolderFiles(root, [root / name for name in VARIATIONS])
    as_here = all(name == entry.path for entry, name in files.names.items())
    if len({entry.split for entry in files.names}) == 1 or not as_here:
        raise DataError(
            f"{root} exists, but was not made here and is not made of "
            "train/CLASS and test/CLASS folders of images. Remove it, or "
            "choose another --prepared_dir."
        )
    print(f"using the split found in {root}", flush=True)
    _Preparation(files, seed, on_bad_image).write(root, root, adopted=True)


class _Preparation:
    """Images of `files` as they are to be used.

    Attributes:
        parts: {Entry of a good image: its part}.
    """

    def __init__(self, files, seed, on_bad_image):
        self._files = files
        drawn = len({entry.split for entry in files.names}) == 1
        if not drawn:
            check_split_seed(files.origin, seed)
        # None: the data came with its split.
        self._seed = seed if drawn else None
        self._inspect()
        good = _select_good(self._inspections, on_bad_image)
        if drawn:
            self.parts = _draw(good, seed)
        else:
            self.parts = {entry: entry.split for entry in good}
        self._notes = self._describe(good)

    def _inspect(self):
        """Reads and decodes each file once."""
        files = self._files
        classes = Counter(entry.class_name for entry in files.names)
        check_classes(classes, files.origin)
        self._stored = {}

        def read(shown):
            name = by_shown[shown]
            state = files.state(name)
            data = files.read(name)
            digest = hashlib.blake2b(data, digest_size=16).hexdigest()
            self._stored[name] = (*state, digest)
            return data

        # The names that people know, not those of the copies.
        by_shown = {escape_name(name): name for name in files.names.values()}
        inspections = inspect_files(read, list(by_shown), "checking")
        self._inspections = dict(zip(files.names, inspections, strict=True))

    def _describe(self, good):
        """Returns notes on the images, which are printed."""
        files, parts = self._files, self.parts
        by_part = {part: {} for part in PARTS if part in parts.values()}
        for entry, inspection in good.items():
            by_part[parts[entry]][entry] = inspection
        classes = sorted({entry.class_name for entry in files.names})
        for part, rows in by_part.items():
            counts = Counter(entry.class_name for entry in rows)
            check_classes(
                {name: counts[name] for name in classes},
                f"{files.origin}, {part}",
            )
        notes = files.notes + describe_leaks(
            {part: rows.values() for part, rows in by_part.items()}
        )
        notes += describe_contradictions(
            (entry.class_name, each) for entry, each in good.items()
        )
        notes += describe_doubts(good.values())
        for note in notes:
            print(f"note: {note}", flush=True)
        unused = {
            name: reason
            for name, reason in files.unused.items()
            if reason not in OF_NO_INTEREST
        }
        if unused:
            notes.append(f"not used of the data: {summarize(unused)}")
        return notes

    def write(self, folder, shown, adopted=False):
        """Writes the lists, split.json last; the folder will be `shown`."""
        inspections = list(self._inspections.values())
        name = "bad_images.csv"
        write_bad_images(inspections, folder / name, shown / name)
        name = "unused_files.csv"
        write_unused_files(self._files.unused, folder / name, shown / name)
        write_rows(folder, self._list_rows())
        write_description(
            folder,
            {
                "origin": self._files.origin,
                "adopted": adopted,
                "seed": self._seed,
                "test_fraction": None if self._seed is None else TEST_FRACTION,
                "notes": self._notes,
            },
        )

    def _list_rows(self):
        """Lists the `Row`s, part by part; images that are left out are last."""
        rows, first = [], {}
        for entry, each in self._inspections.items():
            part = self.parts.get(entry, "")
            name = self._files.names[entry]
            size, stamp, digest = self._stored[name]
            twin = first.setdefault(each.digest, each.name)
            note = each.error or ("" if twin == each.name else f"as {twin}")
            rows.append(
                Row(
                    entry._replace(split=part).path if part else "",
                    name,
                    part,
                    entry.class_name,
                    size,
                    stamp,
                    digest,
                    each.digest,
                    each.width,
                    each.height,
                    note,
                )
            )
        order = {part: place for place, part in enumerate((*PARTS, ""))}
        return sorted(rows, key=lambda row: order[row.part])


def _select_good(inspections, on_bad_image):
    """Selects the good images of {entry: its inspection}."""
    select_good(list(inspections.values()), on_bad_image)
    good = {e: found for e, found in inspections.items() if not found.error}
    left = {entry.class_name for entry in good}
    for entry, found in inspections.items():
        if entry.class_name not in left:
            raise DataError(
                f"no image of class {entry.class_name!r} can be decoded, such "
                f"as {found.name}: {found.error}. Mend one, or move the class "
                "away."
            )
    return good


def _draw(good, seed):
    """Draws {entry: "train" or "test"}, the same share of each class.

    Files of the same pixels stay together: the first of them is drawn.
    """
    from sklearn.model_selection import train_test_split

    first = {}
    for entry, inspection in good.items():
        first.setdefault(inspection.digest, entry)
    entries = list(first.values())
    classes = [entry.class_name for entry in entries]
    counts = Counter(classes)
    for name in sorted({entry.class_name for entry in good}):
        if counts[name] < 2:
            raise DataError(
                f"too few images of class {name!r} to split them into train "
                f"and test: {counts[name]} that differ from each other and "
                "from those of other classes. Add some, or bring a split "
                "along (train/CLASS/FILE and test/CLASS/FILE)."
            )
    train, test = train_test_split(
        entries,
        test_size=max(math.ceil(TEST_FRACTION * len(entries)), len(counts)),
        stratify=classes,
        random_state=to_32_bits(seed),
    )
    # A fifth of a small class may be nothing; it gets one test image.
    for name in set(counts).difference(entry[1] for entry in test):
        train.remove(next(entry for entry in train if entry[1] == name))
    chosen = set(map(tuple, train))
    return {
        entry: "train" if tuple(first[each.digest]) in chosen else "test"
        for entry, each in good.items()
    }
