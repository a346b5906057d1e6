"""Encoded image files to uint8 arrays."""

import io
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import PIL.Image
import PIL.ImageOps

from pipelines.errors import DataError
from pipelines.progress import progress_bar


def decode(data, size):
    """One image file as RGB.

    Args:
        data: The bytes of the file.
        size: Side in pixels; an image of another size is resized (bilinear,
            antialiased), which does not keep its aspect.

    Returns:
        uint8 (size, size, 3).
    """
    with PIL.Image.open(io.BytesIO(data)) as image:
        image = PIL.ImageOps.exif_transpose(image).convert("RGB")
        if image.size != (size, size):
            image = image.resize((size, size), PIL.Image.Resampling.BILINEAR)
        return np.asarray(image)


def decode_all(read, names, size, description):
    """Decodes many files on all cores, with a progress bar.

    Args:
        read: Function from a name to the bytes of that file.
        names: The files, in the order of the result.
        size: Side in pixels.
        description: Stands before the progress bar.

    Returns:
        uint8 (len(names), size, size, 3).

    Raises:
        DataError: names the file that could not be decoded, and why.
    """
    images = np.empty((len(names), size, size, 3), np.uint8)

    def decode_into(index):
        try:
            images[index] = decode(read(names[index]), size)
        except (OSError, ValueError, SyntaxError) as error:
            raise DataError(f"cannot decode {names[index]}: {error}") from error

    # Pillow decodes without holding Python's lock, so threads do.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(decode_into, range(len(names)), chunksize=64)
        for _ in progress_bar(
            done, desc=description, total=len(names), unit=" images"
        ):
            pass
    return images
