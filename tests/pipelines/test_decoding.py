"""Files become RGB; a file that is not an image is named."""

import io

import numpy as np
import PIL.Image
import pytest

from pipelines.decoding import decode, decode_all
from pipelines.errors import DataError


def encoded(image, file_format):
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (16, 16, 3), "uint8")


def test_lossless_file_comes_back_exactly(pixels):
    data = encoded(PIL.Image.fromarray(pixels), "PNG")
    np.testing.assert_array_equal(decode(data, 16), pixels)


def test_grayscale_becomes_three_equal_channels(pixels):
    data = encoded(PIL.Image.fromarray(pixels[..., 0]), "PNG")
    np.testing.assert_array_equal(
        decode(data, 16), np.repeat(pixels[..., :1], 3, -1)
    )


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
    images = decode_all(files.__getitem__, list(files), 4, "reading")
    np.testing.assert_array_equal(images[:, 0, 0, 0], np.arange(200))


def test_broken_file_is_named(pixels):
    whole = encoded(PIL.Image.fromarray(pixels), "PNG")
    files = {"good.png": whole, "bad.png": b"no image", "cut.png": whole[:99]}
    with pytest.raises(DataError, match=r"bad\.png"):
        decode_all(files.get, ["good.png", "bad.png"], 16, "reading")
    with pytest.raises(DataError, match=r"cut\.png"):
        decode_all(files.get, ["good.png", "cut.png"], 16, "reading")
