"""Inspection of image files before training."""

import csv
import hashlib
import io
from dataclasses import dataclass

import numpy as np
import PIL.Image

from pipelines.errors import DataError
from pipelines.files.decoding import (
    BAD_IMAGE_ERRORS,
    decode_rgb,
    describe_error,
    read_orientation,
)
from pipelines.files.names import escape_name, join_names, summarize
from pipelines.files.parallel import map_in_threads
from pipelines.files.replacing import replace_file


@dataclass(frozen=True)
class Inspection:
    """Facts about one image file.

    Attributes:
        name: Of the file.
        width, height: In pixels, upright.
        digest: Of the pixels and their arrangement; two files of the same
            picture have the same digest.
        plain: True for a gray or RGB JPEG or PNG with 8 bits, opaque and
            upright, which all decoders read alike.
        error: Reason why the file cannot be decoded; None if it can.
        damaged_exif: True if its EXIF block does not tell whether the image
            is upright.
        twelve_bits: True if its pixels of 16 bits use 12 bits at most.
    """

    name: str
    width: int = 0
    height: int = 0
    digest: str = ""
    plain: bool = False
    error: str | None = None
    damaged_exif: bool = False
    twelve_bits: bool = False


def inspect_files(read, names, description):
    """Decodes every file on all cores, with a progress bar.

    Args:
        read: Function from a name to the bytes of that file.
        names: The files.
        description: Stands before the progress bar.

    Returns:
        An `Inspection` for each name, in their order.
    """
    return list(
        map_in_threads(
            lambda name: inspect(name, read(name)),
            names,
            desc=description,
            unit=" images",
        )
    )


def inspect(name, data):
    """Decodes one file; returns its `Inspection`."""
    try:
        image = decode_rgb(data)
        facts = check_file(data)
    except BAD_IMAGE_ERRORS as error:
        return Inspection(name, error=describe_error(error))
    digest = hashlib.blake2b(image.tobytes(), digest_size=16)
    digest.update(repr(image.size).encode())
    return Inspection(
        name,
        image.width,
        image.height,
        digest.hexdigest(),
        **facts,
    )


def check_file(data):
    """Collects the facts about a file that pixels of 8 bits do not show.

    Args:
        data: The bytes of a file that `decode_rgb` decodes.

    Returns:
        {attribute of `Inspection`: value}.
    """
    with PIL.Image.open(io.BytesIO(data)) as image:
        turned = read_orientation(image)
        return {
            "plain": (
                image.format in ("JPEG", "PNG")
                and image.mode in ("L", "RGB")
                and not image.has_transparency_data
                and turned == 1
            ),
            "damaged_exif": turned is None,
            "twelve_bits": (
                image.mode.startswith("I;16")
                and 0 < np.asarray(image).max() < 2**12
            ),
        }


def select_good(inspections, on_bad_image):
    """Stops at files that cannot be decoded, or leaves them out.

    Returns:
        The inspections of the good files.

    Raises:
        DataError: names the first bad file and the reason.
    """
    bad = [each for each in inspections if each.error]
    if bad and on_bad_image == "error":
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        raise DataError(
            f"cannot decode {bad[0].name}: {bad[0].error}{more} (of "
            f"{len(inspections):,} images). Mend or remove it, or leave out "
            "such files with --on_bad_image=skip."
        )
    return [each for each in inspections if not each.error]


def write_bad_images(inspections, report, shown):
    """Lists bad images in a CSV file, and prints their number.

    Args:
        inspections: `Inspection`s.
        report: Path of the file. If all images are good, none is made, and
            an older one is removed.
        shown: Path that the file will have in the end.
    """
    bad = {each.name: each.error for each in inspections if each.error}
    if not bad:
        report.unlink(missing_ok=True)
    else:
        _write_reasons(report, bad)
        print(
            f"{len(bad):,} of {len(inspections):,} images cannot be decoded "
            f"and are left out: {shown}",
            flush=True,
        )


def _write_reasons(path, reasons):
    """Writes {file: reason} to a CSV file."""
    with (
        replace_file(path) as temporary,
        open(temporary, "w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(("file", "reason"))
        writer.writerows(
            (escape_name(name), why) for name, why in reasons.items()
        )


def write_unused_files(reasons, report, shown):
    """Lists unused files in a CSV file, and prints their number.

    Args:
        reasons: {file: reason why it is not used}.
        report, shown: As for `write_bad_images`.
    """
    if reasons:
        _write_reasons(report, reasons)
        are = "file is" if len(reasons) == 1 else "files are"
        print(
            f"{len(reasons):,} {are} not used ({summarize(reasons)}): {shown}",
            flush=True,
        )


def describe_doubts(inspections):
    """Describes images that may look otherwise than they were meant to.

    Returns:
        A list of sentences, one for each kind of doubt.
    """
    doubts = {
        "with a damaged EXIF block, taken as stored, upright or not": [
            each.name for each in inspections if each.damaged_exif
        ],
        "of 16 bits that use 12 at most, nearly black; if they hold 12 bits, "
        "multiply them by 16 or store them with 8": [
            each.name for each in inspections if each.twelve_bits
        ],
    }
    return [
        f"{len(names):,} {'image' if len(names) == 1 else 'images'} {doubt}: "
        + join_names(names, 3)
        for doubt, names in doubts.items()
        if names
    ]


def check_classes(counts, where):
    """Raises an error for data that nothing can be learned from.

    Args:
        counts: {class name: number of images}.
        where: The data, for the message.

    Raises:
        DataError: names the class without images, or the only class.
    """
    empty = [name for name, count in counts.items() if not count]
    if empty:
        raise DataError(
            f"{where}: class {empty[0]!r} has no images"
            + (f", nor have {len(empty) - 1} more" if empty[1:] else "")
            + ". Add some, or remove the class."
        )
    if len(counts) < 2:
        found = f"only {next(iter(counts))!r}" if counts else "none"
        raise DataError(
            f"{where}: expected at least two classes. Received: {found}."
        )


def describe_leaks(splits):
    """Describes images in more than one split, by the digest of their pixels.

    Args:
        splits: {split name: `Inspection`s of its files}.

    Returns:
        A list of sentences, one for each pair of splits that share images.
    """
    by_digest = {
        split: {each.digest: each.name for each in inspections}
        for split, inspections in splits.items()
    }
    sentences = []
    names = list(splits)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            shared = sorted(by_digest[first].keys() & by_digest[second].keys())
            if not shared:
                continue
            examples = ", ".join(
                f"{by_digest[first][digest]} = {by_digest[second][digest]}"
                for digest in shared[:3]
            )
            are = "image is" if len(shared) == 1 else "images are"
            sentences.append(
                f"{len(shared):,} {are} in both {first} and {second} (a leak): "
                + examples
                + (", ..." if len(shared) > 3 else "")
            )
    return sentences


def describe_contradictions(labelled):
    """Describes pictures of several classes, by the digest of their pixels.

    Args:
        labelled: Pairs (class name, `Inspection`).

    Returns:
        A list of one sentence, or of none.
    """
    build_names = {}
    for class_name, each in labelled:
        names = build_names.setdefault(each.digest, {})
        names.setdefault(class_name, each.name)
    several = [names for names in build_names.values() if len(names) > 1]
    if not several:
        return []
    are = "picture is" if len(several) == 1 else "pictures are"
    examples = [" = ".join(names.values()) for names in several]
    return [
        f"{len(several):,} {are} in more than one class: "
        + join_names(examples, 3)
    ]
