"""Random image files: read as Pillow reads them upright, or refused."""

import io
import struct

import numpy as np
import PIL.Image
import PIL.ImageCms
import PIL.ImageOps
from hypothesis import strategies as st

from pipelines.errors import DataError
from pipelines.files.decoding import decode_into, decode_rgb
from pipelines.files.inspection import inspect
from tests.fuzz.cases import fuzz

ORIENTATION = 0x0112
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
# Seeds of further pages, or of frames of an animation.
FRAMES = st.just([]) | st.lists(st.integers(6, 9), max_size=2)
MODES = ("1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "I;16", "12 bits")
PROFILE = PIL.ImageCms.ImageCmsProfile(
    PIL.ImageCms.createProfile("sRGB")
).tobytes()


def draw_image(mode, width, height, seed):
    """An image of random pixels; 12 bits are the least of 16."""
    random = np.random.default_rng(seed)
    if mode in ("I;16", "12 bits"):
        white = 2**12 if mode == "12 bits" else 2**16
        values = random.integers(0, white, (height, width), np.uint16)
        return PIL.Image.fromarray(values)
    pixels = random.integers(0, 256, (height, width, 3), np.uint8)
    image = PIL.Image.fromarray(pixels)
    if mode in ("LA", "RGBA"):
        alpha = random.choice(np.array([0, 7, 255], np.uint8), (height, width))
        image = image.convert(mode)
        image.putalpha(PIL.Image.fromarray(alpha))
    return image.convert(mode)


@st.composite
def exif_blocks(draw):
    """EXIF blocks as cameras and programs write them, some of them odd."""
    order = draw(st.sampled_from("<>"))
    value = draw(st.integers(0, 9) | st.sampled_from((255, 65535)))
    # Short in nearly all files; byte and long are seen.
    kind, code = draw(st.sampled_from(((3, "H2x"),) * 4 + ((4, "I"), (1, "B"))))
    if kind == 1:
        value, code = value % 256, "B3x"
    tag = struct.pack(f"{order}HHI{code}", ORIENTATION, kind, 1, value)
    other = struct.pack(f"{order}HHI4s", 0x010E, 2, 4, b"cat\0")
    entries = draw(st.sampled_from(([tag], [other, tag], [tag, other], [])))
    start = b"II*\0\x08\0\0\0" if order == "<" else b"MM\0*\0\0\0\x08"
    count = struct.pack(f"{order}H", len(entries))
    return start + count + b"".join(entries) + bytes(4)


@st.composite
def image_files(draw):
    """The bytes of an image file, which may be cut short."""
    mode = draw(st.sampled_from(MODES))
    image = draw_image(
        mode,
        draw(st.integers(1, 9)),
        draw(st.integers(1, 9)),
        draw(st.integers(0, 5)),
    )
    file_format = draw(st.sampled_from(FORMATS))
    options = {}
    if draw(st.booleans()):
        options["exif"] = b"Exif\0\0" + draw(exif_blocks())
    if file_format == "TIFF":
        exif = PIL.Image.Exif()
        exif[ORIENTATION] = draw(st.integers(1, 8))
        options["exif"] = exif
    if draw(st.integers(0, 3)) == 0:
        turn = draw(st.integers(0, 9))
        xmp = f'<x:xmpmeta><r tiff:Orientation="{turn}"/></x:xmpmeta>'
        options["xmp"] = xmp.encode()
    if draw(st.booleans()):
        options["icc_profile"] = PROFILE
    if mode == "P" and draw(st.booleans()):
        options["transparency"] = draw(st.integers(0, 255))
    frames = [draw_image(mode, *image.size, n) for n in draw(FRAMES)]
    data = encode(image, file_format, options, frames)
    if draw(st.integers(0, 4)) == 0:
        data = data[: draw(st.integers(0, len(data)))]
    return data


def encode(image, file_format, options, frames):
    """The bytes of a file; of RGB if this format has no such pixels."""
    buffer = io.BytesIO()
    several = {"save_all": True, "append_images": frames} if frames else {}
    try:
        image.save(buffer, file_format, **options, **several)
    except (OSError, ValueError, KeyError):
        options.pop("transparency", None)
        buffer = io.BytesIO()
        image.convert("RGB").save(buffer, file_format, **options)
    return buffer.getvalue()


def load_upright(data):
    """uint8 (H, W, 3) by Pillow alone, on white; None if it cannot."""
    try:
        with PIL.Image.open(io.BytesIO(data)) as opened:
            image = PIL.ImageOps.exif_transpose(opened)
    except (OSError, ValueError, SyntaxError, EOFError, struct.error):
        return None
    if image.mode.startswith("I;16"):
        gray = np.round(np.asarray(image) / 257.0).astype(np.uint8)
        return np.repeat(gray[..., np.newaxis], 3, -1)
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    pixels = np.asarray(image.convert("RGBA")).astype(float)
    alpha = pixels[..., 3:] / 255.0
    return np.round(pixels[..., :3] * alpha + 255.0 * (1.0 - alpha))


def read(data):
    """uint8 (H, W, 3) by the project's reader, or its error."""
    whole = io.BytesIO(data)
    images = np.zeros((1, 4, 4, 3), np.uint8)
    try:
        decode_into(images, lambda _: whole.getvalue(), ["it.png"])
    except DataError as error:
        return error
    return np.asarray(decode_rgb(data))


@fuzz(80, data=image_files())
def test_images_are_read_as_pillow_shows_them(data):
    """Upright, and never turned twice; else one line with the file's name."""
    expected, found, facts = load_upright(data), read(data), inspect("a", data)
    if expected is None:
        assert isinstance(found, DataError)
    if isinstance(found, DataError):
        assert expected is None
        assert str(found).startswith("cannot decode it.png: ")
        assert len(str(found).splitlines()) == 1
        assert facts.error
        return
    assert found.shape == expected.shape == (facts.height, facts.width, 3)
    # Blending rounds.
    assert np.abs(found - expected).max() <= 1
