"""Decoding of image files to RGB pixels."""

import io
import math
import os
import struct
import warnings
import zlib

import numpy as np
import PIL.Image

from pipelines.errors import DataError

# Of damaged metadata; `pipelines.files.inspection` names the images.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
# Pillow's own limit cannot be raised from outside, and its warning below it
# names no file.
PIL.Image.MAX_IMAGE_PIXELS = None
# The environment variable that raises the limit, in all processes of a run.
LIMIT = "MAX_MEGAPIXELS"
# Pillow's, against files that are made to fill the memory.
_MEGAPIXELS = 179
_ORIENTATION = 0x0112
# The type of the tag.
_SHORT = 3
_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
# Exceptions of Pillow for files that are no image, or a broken one.
BAD_IMAGE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    struct.error,
    zlib.error,
)


def decode_rgb(data):
    """Decodes one image file to RGB, upright, as a viewer would show it.

    Grayscale, palette, CMYK and 16-bit files are converted. Transparent
    pixels stand on white. EXIF rotation is applied if it can be read. The
    first frame stands for an animation. Pixels without a known range, such as
    floats and 32-bit integers, are errors.

    Args:
        data: The bytes of the file.

    Returns:
        A PIL image of mode "RGB".

    Raises:
        One of `BAD_IMAGE_ERRORS`, also if the image is larger than the
        environment variable MAX_MEGAPIXELS says, or 179 megapixels.
    """
    with PIL.Image.open(io.BytesIO(data)) as image:
        _check_size(image)
        pixels = convert_to_rgb(image)
        # Only now: some formats have the orientation behind the pixels, and
        # of a TIFF file Pillow has turned them and removed it.
        turn = _TURNS.get(read_orientation(image))
        return pixels if turn is None else pixels.transpose(turn)


def _check_size(image):
    """Refuses an image whose pixels may fill the memory."""
    given = os.environ.get(LIMIT, "")
    limit = float(given) if given.replace(".", "", 1).isdigit() else _MEGAPIXELS
    width, height = image.size
    if width * height > limit * 1e6:
        needed = math.ceil(width * height / 1e6)
        raise ValueError(
            f"{width:,} x {height:,} pixels are more than {limit:g} "
            "megapixels, the most that are read; set the environment variable "
            f"{LIMIT}={needed} to read it, or store it smaller"
        )


def read_orientation(image):
    """Reads the orientation, 1 to 8, from the EXIF data of an opened image.

    A damaged block is read as far as possible. None: it does not tell.
    """
    try:
        # Pillow takes what it cannot read for absent.
        found = _read_orientation_tag(image.info.get("exif"))
        return found or image.getexif().get(_ORIENTATION, 1)
    except (*BAD_IMAGE_ERRORS, LookupError, TypeError, ArithmeticError):
        return None


def _read_orientation_tag(block):
    """Reads the tag in the first directory of an EXIF block, if it is a short.

    None: it is absent, or of another type, which is left to Pillow.
    """
    if not block:
        return None
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}[block[:2]]
    (start,) = struct.unpack_from(f"{order}4xI", block)
    (count,) = struct.unpack_from(f"{order}H", block, start)
    for entry in range(count):
        tag, kind, value = struct.unpack_from(
            f"{order}HH4xH", block, start + 2 + 12 * entry
        )
        if tag == _ORIENTATION and kind == _SHORT:
            return value
    return None


def convert_to_rgb(image):
    """Converts a PIL image of any mode to mode "RGB".

    Raises:
        ValueError: if the range of its pixels is unknown.
    """
    # Of a PGM file Pillow gives 16 bits more room than they need.
    if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        raise ValueError(
            "pixels of 32 bits, whose black and white are not known; store "
            "them with 8 or 16 bits"
        )
    if image.mode.startswith("I"):
        # Pillow would clip at 255 where the range is 65,535.
        gray = np.asarray(image).astype(np.float32) / 257
        image = PIL.Image.fromarray(np.round(gray).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = PIL.Image.new("RGBA", image.size, "white")
        image = PIL.Image.alpha_composite(white, image)
    return image.convert("RGB")


def decode(data, size):
    """Decodes one image file to pixels of a size.

    Args:
        data: The bytes of the file.
        size: Side in pixels; an image of another size is resized (bilinear,
            antialiased), which does not keep its aspect.

    Returns:
        uint8 (size, size, 3).
    """
    image = decode_rgb(data)
    if image.size != (size, size):
        image = image.resize((size, size), PIL.Image.Resampling.BILINEAR)
    return np.asarray(image)


def decode_into(images, read, names, decode=decode):
    """Decodes some files, one after the other.

    Args:
        images: uint8 (len(names), size, size, 3), filled in the order of the
            names.
        read: Function from a name to the bytes of that file.
        names: The files.
        decode: Function like `decode` of this module.

    Raises:
        DataError: names the file that could not be decoded, and why.
    """
    size = images.shape[1]
    for place, name in enumerate(names):
        try:
            images[place] = decode(read(name), size)
        except BAD_IMAGE_ERRORS as error:
            raise DataError(
                f"cannot decode {name}: {describe_error(error)}"
            ) from error


def describe_error(error):
    """Describes an error of an image library on one line."""
    if isinstance(error, PIL.UnidentifiedImageError):
        return "no image of a known format"
    text = " ".join(str(error).split())
    return text or type(error).__name__
