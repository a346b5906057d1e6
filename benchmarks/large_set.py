"""A set like Tiny ImageNet, of any size, drawn in minutes."""

import io
import zipfile
from pathlib import Path

import numpy as np
import PIL.Image

from pipelines.files.parallel import map_in_threads
from pipelines.files.replacing import replacing
from pipelines.shapes import CLASS_NAMES, draw

CLASSES, SIDE = 200, 64
# Drawn one by one, which takes long; the others are these, moved.
_DRAWN = 2000
_ROOT = "tiny-imagenet-200"


def draw_large_set(folder, images):
    """Writes a zip file of JPEG files, unless it is there.

    Args:
        folder: A path; it is made.
        images: Number of train images; a tenth as many are for validation,
            and no two of all are alike.

    Returns:
        The path of the zip file.
    """
    path = Path(folder) / f"drawn-{images}" / f"{_ROOT}.zip"
    if path.is_file():
        return path
    wnids = [f"n{label:08}" for label in range(CLASSES)]
    drawn = [
        draw(number % len(CLASS_NAMES), SIDE, number)
        for number in range(_DRAWN)
    ]

    def encode(number):
        moved, number = divmod(number, _DRAWN)
        # Over the edges and in on the other side.
        pixels = np.roll(drawn[number], divmod(moved, SIDE), (0, 1))
        buffer = io.BytesIO()
        PIL.Image.fromarray(pixels).save(buffer, "JPEG")
        return buffer.getvalue()

    numbers = range(images + images // 10)
    encoded = map_in_threads(encode, numbers, desc="drawing", unit=" images")
    with replacing(path) as new, zipfile.ZipFile(new, "w") as archive:
        annotations = []
        for number, data in zip(numbers, encoded, strict=True):
            wnid = wnids[number % CLASSES]
            name = f"train/{wnid}/images/{wnid}_{number // CLASSES}.JPEG"
            if number >= images:
                name = f"val/images/val_{number - images}.JPEG"
                annotations.append(f"{name.split('/')[-1]}\t{wnid}\n")
            archive.writestr(f"{_ROOT}/{name}", data)
        for name, lines in (
            ("wnids.txt", [f"{wnid}\n" for wnid in wnids]),
            ("words.txt", [f"{wnid}\t{wnid}\n" for wnid in wnids]),
            ("val/val_annotations.txt", annotations),
        ):
            archive.writestr(f"{_ROOT}/{name}", "".join(lines))
    return path
