"""Files of every kind become RGB; a file that is not an image is named."""

import io

import numpy as np
import PIL.Image
import pytest

from pipelines.errors import DataError
from pipelines.files.decoding import (
    BAD_IMAGE_ERRORS,
    decode,
    decode_into,
    decode_rgb,
)

ORIENTATION = 0x0112


def encoded(image, file_format, **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (16, 16, 3), "uint8")


def read_back(image, file_format="PNG", **options):
    return np.asarray(decode_rgb(encoded(image, file_format, **options)))


@pytest.mark.parametrize("file_format", ["PNG", "BMP"])
def test_lossless_file_comes_back_exactly(pixels, file_format):
    image = PIL.Image.fromarray(pixels)
    np.testing.assert_array_equal(read_back(image, file_format), pixels)
    data = encoded(image, "WEBP", lossless=True)
    np.testing.assert_array_equal(decode(data, 16), pixels)


def test_grayscale_becomes_three_equal_channels(pixels):
    gray = pixels[..., 0]
    expected = np.repeat(gray[..., np.newaxis], 3, -1)
    np.testing.assert_array_equal(
        read_back(PIL.Image.fromarray(gray)), expected
    )


def test_black_and_white(pixels):
    mask = pixels[..., 0] > 127
    got = read_back(PIL.Image.fromarray(mask))
    np.testing.assert_array_equal(got[..., 1], np.where(mask, 255, 0))


def test_sixteen_bits_are_scaled_not_clipped():
    values = np.array([[0, 257 * 3, 257 * 200, 65535]], np.uint16)
    got = read_back(PIL.Image.fromarray(values))
    np.testing.assert_array_equal(got[0, :, 0], [0, 3, 200, 255])


def test_sixteen_bits_of_other_formats():
    values = np.array([[0, 257 * 3, 257 * 200, 65535]], np.uint16)
    pgm = b"P5 4 1 65535\n" + values.astype(">u2").tobytes()
    for data in (pgm, encoded(PIL.Image.fromarray(values), "TIFF")):
        got = np.asarray(decode_rgb(data))
        np.testing.assert_array_equal(got[0, :, 0], [0, 3, 200, 255])


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_pixels_of_unknown_range_are_refused(kind):
    """Clipped at 255, most such images would be white."""
    data = encoded(PIL.Image.fromarray(np.full((4, 4), 9000, kind)), "TIFF")
    with pytest.raises(BAD_IMAGE_ERRORS, match="32 bits"):
        decode_rgb(data)


@pytest.mark.parametrize("file_format", ["TIFF", "PPM", "JPEG2000"])
def test_other_lossless_formats(pixels, file_format):
    image = PIL.Image.fromarray(pixels)
    np.testing.assert_array_equal(read_back(image, file_format), pixels)


def test_avif(pixels):
    smooth = PIL.Image.fromarray(pixels).resize((64, 64))
    got = read_back(smooth, "AVIF", quality=100)
    assert np.abs(got.astype(int) - np.asarray(smooth)).mean() < 8


@pytest.mark.parametrize("file_format", ["PNG", "GIF"])
def test_palette(file_format):
    image = PIL.Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    np.testing.assert_array_equal(
        read_back(image, file_format), [[[10, 20, 30], [200, 100, 50]]]
    )


def test_transparent_pixels_stand_on_white(pixels):
    alpha = np.full((16, 16, 1), 255, np.uint8)
    alpha[:4] = 0
    got = read_back(PIL.Image.fromarray(np.concatenate([pixels, alpha], -1)))
    np.testing.assert_array_equal(got[:4], 255)
    np.testing.assert_array_equal(got[4:], pixels[4:])


def test_transparent_color_of_a_palette_stands_on_white():
    image = PIL.Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    np.testing.assert_array_equal(
        read_back(image, transparency=0), [[[255] * 3, [200, 100, 50]]]
    )


def test_cmyk():
    image = PIL.Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    got = read_back(image, "JPEG", quality=100)
    # Cyan 0, magenta and yellow full: red.
    assert np.abs(got.astype(int) - [255, 0, 0]).max() <= 3


TURNED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a[::-1], 1),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP", "JPEG", "AVIF"])
def test_orientation_is_applied_once(file_format, orientation):
    """Four corners of their own colors show every turn and mirror image."""
    corners = np.zeros((32, 64, 3), np.uint8)
    corners[:16, :32, 0] = 250
    corners[:16, 32:, 1] = 250
    corners[16:, :32, 2] = 250
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = orientation
    got = read_back(
        PIL.Image.fromarray(corners), file_format, exif=exif, quality=100
    )
    expected = TURNED[orientation](corners).astype(int)
    assert got.shape == expected.shape
    assert np.abs(got - expected).mean() < 5


def damaged_exif(image, file_format="JPEG"):
    """Files with the orientation 6 whose EXIF block is damaged somewhere."""
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010E] = "a description"
    whole = encoded(image, file_format, exif=exif)
    at = whole.index(b"a description") - 60
    for change in (b"\xff" * 60, b"\0" * 60, b"MM" * 30):
        for start, end in ((at, at + 60), (at + 20, at + 40)):
            yield whole[:start] + change[: end - start] + whole[end:]


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_photo_with_a_damaged_exif_block_is_decoded(pixels, file_format):
    """Upright or as it is stored, but not refused."""
    image = PIL.Image.fromarray(pixels[:8]).resize((80, 40))
    plain = np.asarray(decode_rgb(encoded(image, file_format)))
    for data in damaged_exif(image, file_format):
        try:
            with PIL.Image.open(io.BytesIO(data)) as opened:
                opened.load()
        except BAD_IMAGE_ERRORS:
            # The file is broken elsewhere, too: no example.
            continue
        got = np.asarray(decode_rgb(data))
        assert any(
            np.array_equal(got, np.rot90(plain, turns)) for turns in range(4)
        )


def test_first_frame_of_an_animation():
    frames = [PIL.Image.new("RGB", (4, 4), c) for c in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(decode(data, 4)[0, 0], [255, 0, 0])


def test_other_sizes_are_resized(pixels):
    data = encoded(PIL.Image.fromarray(pixels), "PNG")
    assert decode(data, 24).shape == (24, 24, 3)
    # Antialiased: halving takes a weighted mean, so the variance falls.
    assert decode(data, 8).std() < 0.7 * pixels.std()


def test_order_is_kept():
    files = {
        str(value): encoded(PIL.Image.new("RGB", (4, 4), (value,) * 3), "PNG")
        for value in range(200)
    }
    images = np.empty((200, 4, 4, 3), np.uint8)
    decode_into(images, files.__getitem__, list(files))
    np.testing.assert_array_equal(images[:, 0, 0, 0], np.arange(200))


def test_broken_file_is_named(pixels):
    whole = encoded(PIL.Image.fromarray(pixels), "PNG")
    files = {"good.png": whole, "bad.png": b"no image", "cut.png": whole[:99]}
    images = np.empty((2, 16, 16, 3), np.uint8)
    for bad in ("bad.png", "cut.png"):
        with pytest.raises(DataError, match=rf"cannot decode {bad}: \w") as got:
            decode_into(images, files.get, ["good.png", bad])
        assert "\n" not in str(got.value)
        assert "0x" not in str(got.value)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def test_no_damage_ends_in_another_exception(pixels, file_format):
    """Cut short, or a byte changed anywhere: decoded, or refused."""
    whole = encoded(PIL.Image.fromarray(pixels), file_format)
    random = np.random.default_rng(1)
    refused = 0
    for trial in range(200):
        damaged = bytearray(whole)
        if trial % 2:
            damaged = damaged[: random.integers(len(whole))]
        else:
            damaged[random.integers(len(whole))] ^= random.integers(1, 256)
        try:
            assert decode(bytes(damaged), 16).shape == (16, 16, 3)
        except BAD_IMAGE_ERRORS:
            refused += 1
    assert refused > 10


def test_a_large_image_is_read_if_the_user_says_so(pixels, monkeypatch):
    """Its message names the number to set; nothing is warned of."""
    data = encoded(PIL.Image.new("1", (1200, 1000)), "PNG")
    assert decode_rgb(data).size == (1200, 1000)
    monkeypatch.setenv("MAX_MEGAPIXELS", "1")
    with pytest.raises(DataError, match="decode big.png: 1,200 x 1,000 pixels"):
        decode_into(
            np.zeros((1, 8, 8, 3), np.uint8), lambda _: data, ["big.png"]
        )
    with pytest.raises(ValueError, match="set the environment .*MEGAPIXELS=2"):
        decode_rgb(data)
    monkeypatch.setenv("MAX_MEGAPIXELS", "2")
    assert decode_rgb(data).size == (1200, 1000)
    monkeypatch.delenv("MAX_MEGAPIXELS")
    header = encoded(PIL.Image.new("1", (20_000, 10_000)), "PNG")
    with pytest.raises(ValueError, match="MEGAPIXELS=200 to read it"):
        decode_rgb(header)
