"""The corruptions of ImageNet-C that need no further files.

References:
    Hendrycks and Dietterich, Benchmarking Neural Network Robustness to Common
    Corruptions and Perturbations, ICLR 2019, https://arxiv.org/abs/1903.12261
"""

import io

import numpy as np
import PIL.Image
from scipy.ndimage import gaussian_filter

SEVERITIES = (1, 2, 3, 4, 5)
# The authors' constants for severities 1 to 5: of Tiny ImageNet-C, with images
# of 64 pixels a side, and of ImageNet-C, with 224. A blur of 6 pixels, or a
# quarter of the pixels, leaves nothing of a small image.
_CONSTANTS = {
    "Tiny ImageNet-C": {
        "noise": (0.04, 0.08, 0.12, 0.15, 0.18),
        "blur": (0.5, 0.75, 1.0, 1.25, 1.5),
        "brightness": (0.1, 0.2, 0.3, 0.4, 0.5),
        "contrast": (0.4, 0.3, 0.2, 0.1, 0.05),
        "jpeg": (65, 58, 50, 40, 25),
        "pixelate": (0.9, 0.8, 0.7, 0.6, 0.5),
    },
    "ImageNet-C": {
        "noise": (0.08, 0.12, 0.18, 0.26, 0.38),
        "blur": (1.0, 2.0, 3.0, 4.0, 6.0),
        "brightness": (0.1, 0.2, 0.3, 0.4, 0.5),
        "contrast": (0.4, 0.3, 0.2, 0.1, 0.05),
        "jpeg": (25, 18, 15, 10, 7),
        "pixelate": (0.6, 0.5, 0.4, 0.3, 0.25),
    },
}
CORRUPTIONS = tuple(_CONSTANTS["ImageNet-C"])
# Between 64 and 224, as far from either as a ratio.
_SMALL = 120


def select_constants(side):
    """Selects the set of constants whose images are nearer in size.

    Args:
        side: In pixels.

    Returns:
        "Tiny ImageNet-C" below 120 pixels, else "ImageNet-C".
    """
    return "Tiny ImageNet-C" if side < _SMALL else "ImageNet-C"


def corrupt(images, name, severity, random):
    """Corrupts images as ImageNet-C does, before it saves them as JPEG.

    Args:
        images: uint8 (N, side, side, 3).
        name: One of `CORRUPTIONS`: "noise" (Gaussian, on each value), "blur"
            (Gaussian, one of the set's extra corruptions), "brightness"
            (added to the V of HSV), "contrast" (to the image's mean color),
            "jpeg", "pixelate".
        severity: 1 to 5.
        random: A `numpy.random.Generator` an image, for the noise.

    Returns:
        uint8, of the same shape.

    Example:

    >>> import numpy as np
    >>> from experiments.analysis.corruptions import corrupt
    >>> gray = np.full((1, 64, 64, 3), 100, np.uint8)
    >>> corrupt(gray, "brightness", 5, [None])[0, 0, 0]
    array([227, 227, 227], dtype=uint8)
    """
    constants = _CONSTANTS[select_constants(images.shape[1])]
    return _FUNCTIONS[name](images, constants[name][severity - 1], random)


def _noise(images, deviation, random):
    shape = images.shape[1:]
    drawn = [each.standard_normal(shape, np.float32) for each in random]
    return _as_bytes(images / np.float32(255) + deviation * np.stack(drawn))


def _blur(images, deviation, random):
    blurred = gaussian_filter(
        images.astype(np.float32), (0, deviation, deviation, 0), mode="nearest"
    )
    return _as_bytes(blurred / 255)


def _brightness(images, added, random):
    values = images / np.float32(255)
    brightest = values.max(-1, keepdims=True)
    wanted = np.minimum(brightest + added, 1)
    # With hue and saturation as they are, colors grow with V; black has none
    # and turns gray.
    scale = wanted / np.where(brightest > 0, brightest, 1)
    return _as_bytes(np.where(brightest > 0, values * scale, wanted))


def _contrast(images, kept, random):
    values = images / np.float32(255)
    means = values.mean((1, 2), keepdims=True)
    return _as_bytes((values - means) * kept + means)


def _jpeg(images, quality, random):
    def through_file(image):
        file = io.BytesIO()
        PIL.Image.fromarray(image).save(file, "JPEG", quality=quality)
        return np.asarray(PIL.Image.open(file))

    return np.stack([through_file(each) for each in images])


def _pixelate(images, share, random):
    height, width = images.shape[1:3]
    box = PIL.Image.Resampling.BOX
    small = int(width * share), int(height * share)
    return np.stack(
        [
            np.asarray(
                PIL.Image.fromarray(each)
                .resize(small, box)
                .resize((width, height), box)
            )
            for each in images
        ]
    )


def _as_bytes(values):
    # The authors cut decimals off, too.
    return (255 * np.clip(values, 0, 1)).astype(np.uint8)


_FUNCTIONS = {
    "noise": _noise,
    "blur": _blur,
    "brightness": _brightness,
    "contrast": _contrast,
    "jpeg": _jpeg,
    "pixelate": _pixelate,
}
