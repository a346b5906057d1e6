"""Preparation of image folders: copies in parts and classes, made once."""

import csv
import json
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
from pipelines.files.names import OF_NO_INTEREST, PARTS, summarize
from pipelines.files.replacing import UNFINISHED, replace_file
from pipelines.folders.image_files import FolderFiles
from pipelines.progress import progress_bar

# Beside the parts: each part and the variations of its images.
VARIATIONS = tuple(f"{part}_aug" for part in PARTS)
TEST_FRACTION = 0.2
FIELDS = ("split", "class", "file", "width", "height", "digest")


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


def make_split(files, root, seed, on_bad_image):
    """Copies the images to `root`/PART/CLASS/FILE.

    Data that comes with parts keeps them; else a fifth of each class is drawn
    for test. bad_images.csv and unused_files.csv list the files that are left
    out, with reasons.

    Args:
        files: One of `pipelines.folders.image_files`.
        root: The folder to make; it appears when all is done.
        seed: Of the draw.
        on_bad_image: See `pipelines.location.Location`.

    Raises:
        DataError: if the data is of no use; nothing is written then.
        OSError: if the folder cannot be written.
    """
    drawn = len({entry.split for entry in files.entries}) == 1
    if not drawn:
        check_split_seed(files.origin, seed)
    print(f"preparing {root} from {files.origin}, once", flush=True)
    inspections = _inspect(files)
    good = _select_good(inspections, on_bad_image)
    if drawn:
        parts = _draw(good, seed)
    else:
        parts = {entry: entry.split for entry in good}
    description = _describe(files, good, parts, seed=seed if drawn else None)
    temporary = root.with_name(UNFINISHED + root.name)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        for entry in progress_bar(
            good, desc="copying", unit=" images", total=len(good)
        ):
            copy = temporary / parts[entry] / entry.class_name / entry.file
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(files.read(entry))
        _write_left_out(files, inspections, temporary, root)
        _write_index(temporary, good, parts, description)
        temporary.rename(root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def adopt_split(root, seed, on_bad_image):
    """Uses a folder of parts that somebody else has made, in its place."""
    files = FolderFiles(root, [root / name for name in VARIATIONS])
    parts = {entry: entry.split for entry in files.entries}
    as_here = all(files.name(entry) == entry.path for entry in parts)
    if len(set(parts.values())) == 1 or not as_here:
        raise DataError(
            f"{root} exists, but was not made here and is not made of "
            "train/CLASS and test/CLASS folders of images. Remove it, or "
            "choose another --prepared_dir."
        )
    check_split_seed(root, seed)
    print(f"using the split found in {root}", flush=True)
    inspections = _inspect(files)
    good = _select_good(inspections, on_bad_image)
    description = _describe(files, good, parts, seed=None, adopted=True)
    _write_left_out(files, inspections, root, root)
    _write_index(root, good, parts, description)


def _inspect(files):
    """Inspects all files; returns {entry: its inspection}."""
    classes = Counter(entry.class_name for entry in files.entries)
    check_classes(classes, files.origin)
    # The names that people know, not those of the copies.
    by_name = {files.name(entry): entry for entry in files.entries}
    inspections = inspect_files(
        lambda name: files.read(by_name[name]), list(by_name), "checking"
    )
    return dict(zip(by_name.values(), inspections, strict=True))


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


def _describe(files, good, parts, seed, adopted=False):
    """Builds split.json, which says that all is there, and its origin."""
    by_part = {part: {} for part in PARTS if part in parts.values()}
    for entry, inspection in good.items():
        by_part[parts[entry]][entry] = inspection
    classes = sorted({entry.class_name for entry in files.entries})
    for part, rows in by_part.items():
        counts = Counter(entry.class_name for entry in rows)
        check_classes(
            {name: counts[name] for name in classes},
            f"{files.origin}, {part}",
        )
    notes = describe_leaks(
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
    return {
        "origin": files.origin,
        "adopted": adopted,
        "fingerprint": files.fingerprint,
        # None: the data came with its split.
        "seed": seed,
        "test_fraction": None if seed is None else TEST_FRACTION,
        "left_out": sorted(e.path for e in set(files.entries) - set(good)),
        "notes": notes,
    }


def _write_left_out(files, inspections, folder, shown):
    """Writes the lists of unused files; the folder will be `shown`."""
    name = "bad_images.csv"
    write_bad_images(list(inspections.values()), folder / name, shown / name)
    name = "unused_files.csv"
    write_unused_files(files.unused, folder / name, shown / name)


def _write_index(root, good, parts, description):
    """Writes files.csv and, when all is there, split.json."""
    with open(root / "files.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows(
            (part, entry.class_name, entry.file, i.width, i.height, i.digest)
            for part in PARTS
            for entry, i in good.items()
            if parts[entry] == part
        )
    with replace_file(root / "split.json") as temporary:
        temporary.write_text(json.dumps(description, indent=2) + "\n")
