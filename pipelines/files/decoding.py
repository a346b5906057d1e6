"""Encoded image files to RGB pixels."""

import io
import struct
import warnings
import zlib

import numpy as np
import PIL.Image

from pipelines.errors import DataError

# Which images it is of, `pipelines.files.inspection` says.
warnings.filterwarnings("ignore", "Corrupt EXIF data", UserWarning)
_ORIENTATION = 0x0112
_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
# What Pillow raises at files that are no image, or a broken one.
BAD_IMAGE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    struct.error,
    zlib.error,
    PIL.Image.DecompressionBombError,
)


def decode_rgb(data):
    """One image file as RGB, upright, as a viewer would show it.

    Grayscale, palette, CMYK and 16-bit files are converted, transparent
    pixels stand on white, EXIF rotation is applied where it can be read; of
    an animation it is the first frame. Pixels without a known range, floats
    and 32-bit integers, are refused.

    Args:
        data: The bytes of the file.

    Returns:
        A PIL image of mode "RGB".

    Raises:
        One of `BAD_IMAGE_ERRORS`.
    """
    with PIL.Image.open(io.BytesIO(data)) as image:
        turn = _TURNS.get(read_orientation(image))
        # Decoded first: some orientations are read along with the pixels.
        upright = convert_to_rgb(image)
        return upright if turn is None else upright.transpose(turn)


def read_orientation(image):
    """The orientation, 1 to 8, that EXIF data gives an opened image.

    Of a damaged block whatever can be read counts. None: it is damaged, and
    cannot be told.
    """
    try:
        # Pillow takes what it cannot read for absent.
        found = _orientation_in(image.info.get("exif"))
        return found or image.getexif().get(_ORIENTATION, 1)
    except (*BAD_IMAGE_ERRORS, LookupError, TypeError, ArithmeticError):
        return None


def _orientation_in(block):
    """What the first directory of an EXIF block says; None if nothing."""
    if not block:
        return None
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}[block[:2]]
    (start,) = struct.unpack_from(f"{order}4xI", block)
    (count,) = struct.unpack_from(f"{order}H", block, start)
    for entry in range(count):
        tag, value = struct.unpack_from(
            f"{order}H6xH", block, start + 2 + 12 * entry
        )
        if tag == _ORIENTATION:
            return value
    return None


def convert_to_rgb(image):
    """A PIL image of any mode as mode "RGB".

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
    """One image file as pixels.

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
        decode: As the function of this name.

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
    """What an image library said, on one line and without addresses."""
    if isinstance(error, PIL.UnidentifiedImageError):
        return "no image of a known format"
    text = " ".join(str(error).split())
    return text or type(error).__name__
