"""Copies image files into a train and a test folder, once and for all."""

import csv
import json
import shutil

from augment_tf.sampling import to_32_bits
from pipelines.errors import DataError
from pipelines.files.inspection import (
    check_classes,
    inspect_files,
    leaks,
    sort_out_bad,
)
from pipelines.files.replacing import UNFINISHED, replacing
from pipelines.image_files import FolderFiles
from pipelines.progress import progress_bar

PARTS = ("train", "test")
# Beside the parts: each part and the variations of its images.
VARIATIONS = tuple(f"{part}_aug" for part in PARTS)
TEST_FRACTION = 0.2
FIELDS = ("split", "class", "file", "width", "height", "digest")


def make_split(files, root, seed, on_bad_image):
    """Copies the images to `root`/train and `root`/test.

    Data that comes with these two parts keeps them; else a fifth of each
    class is drawn for test.

    Args:
        files: One of `pipelines.image_files`.
        root: The folder to make; it appears when all is done.
        seed: Of the draw.
        on_bad_image: See `pipelines.location.Location`.

    Raises:
        DataError: if the data is of no use.
        OSError: if the folder cannot be written.
    """
    print(f"preparing {root} from {files.origin}, once", flush=True)
    temporary = root.with_name(UNFINISHED + root.name)
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        good = _inspect(files, temporary, on_bad_image)
        parts = _parts(files.entries, files.origin)
        drawn = parts is None
        if drawn:
            parts = _draw(good, seed)
        for entry in progress_bar(
            good, desc="copying", unit=" images", total=len(good)
        ):
            copy = temporary / parts[entry] / entry.class_name / entry.file
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(files.read(entry))
        _write_index(
            temporary, files, good, parts, seed=seed if drawn else None
        )
        temporary.rename(root)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def adopt_split(root, on_bad_image):
    """Takes a folder with train/ and test/ that somebody else has made."""
    files = FolderFiles(root, ignored=VARIATIONS)
    parts = _parts(files.entries, files.origin)
    if parts is None:
        raise DataError(
            f"{root} exists, but was not made here and has no train/CLASS and "
            "test/CLASS folders. Remove it, or choose another --prepared_dir."
        )
    print(f"using the split found in {root}", flush=True)
    good = _inspect(files, root, on_bad_image)
    _write_index(root, files, good, parts, seed=None, adopted=True)


def _inspect(files, root, on_bad_image):
    """{entry: its inspection} of the images that can be decoded."""
    classes = sorted({entry.class_name for entry in files.entries})
    check_classes(
        dict.fromkeys(classes, 1) | dict.fromkeys(files.empty, 0), files.origin
    )
    by_path = {entry.path: entry for entry in files.entries}
    inspections = inspect_files(
        lambda path: files.read(by_path[path]), list(by_path), "checking"
    )
    good = sort_out_bad(inspections, on_bad_image, root / "bad_images.csv")
    return {by_path[each.name]: each for each in good}


def _parts(entries, origin):
    """{entry: "train" or "test"} as the data has it; None if it has not."""
    splits = sorted({entry.split for entry in entries})
    if len(splits) == 1:
        return None
    if splits != sorted(PARTS):
        raise DataError(
            f"{origin}: expected the parts train and test, or one part alone. "
            f"Received: {', '.join(splits)}."
        )
    return {entry: entry.split for entry in entries}


def _draw(good, seed):
    """{entry: "train" or "test"}, the same share of each class.

    Files of the same pixels stay together: what is drawn is the first of them.
    """
    from sklearn.model_selection import train_test_split

    first = {}
    for entry, inspection in good.items():
        first.setdefault(inspection.digest, entry)
    entries = list(first.values())
    classes = [entry.class_name for entry in entries]
    try:
        train, _ = train_test_split(
            entries,
            test_size=TEST_FRACTION,
            stratify=classes,
            random_state=to_32_bits(seed),
        )
    except ValueError as error:
        raise DataError(
            f"too few images to split {len(entries)} into train and test: "
            f"{error}"
        ) from error
    chosen = set(map(tuple, train))
    return {
        entry: "train" if tuple(first[each.digest]) in chosen else "test"
        for entry, each in good.items()
    }


def _write_index(root, files, good, parts, seed, adopted=False):
    """Writes files.csv, and split.json, which says that all is there."""
    by_part = {part: [] for part in PARTS}
    for entry, inspection in good.items():
        by_part[parts[entry]].append((entry, inspection))
    classes = sorted({entry.class_name for entry in good})
    for part, rows in by_part.items():
        counts = dict.fromkeys(classes, 0)
        for entry, _ in rows:
            counts[entry.class_name] += 1
        check_classes(counts, f"{files.origin}, {part}")
    notes = leaks(
        {part: [i for _, i in rows] for part, rows in by_part.items()}
    )
    for note in notes:
        print(f"note: {note}", flush=True)
    with open(root / "files.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows(
            (part, entry.class_name, entry.file, i.width, i.height, i.digest)
            for part, rows in by_part.items()
            for entry, i in rows
        )
    description = {
        "origin": files.origin,
        "adopted": adopted,
        "fingerprint": files.fingerprint,
        # None: the data came with its split.
        "seed": seed,
        "test_fraction": None if seed is None else TEST_FRACTION,
        "left_out": sorted(e.path for e in set(files.entries) - set(good)),
        "notes": notes,
    }
    with replacing(root / "split.json") as temporary:
        temporary.write_text(json.dumps(description, indent=2) + "\n")
