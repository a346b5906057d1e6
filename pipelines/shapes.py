"""A drawn data set: six shapes on textured backgrounds.

Position, size, tilt, colors and texture vary, so only the outline tells the
class. The effect of some augmentations is known beforehand: in the split
"occluded" noise covers a part of each image, and four shapes are mirror images
of each other, which flips confuse.
"""

import hashlib
from functools import cache, cached_property

import numpy as np

from pipelines.errors import DataError
from pipelines.files.fingerprints import compute_fingerprint

CLASS_NAMES = [
    "disk",
    "cross",
    "left arrow",
    "right arrow",
    "left hook",
    "right hook",
]
_COUNTS = {"train": 2400, "validation": 2400, "occluded": 2400}
# Smallest and largest share of an image that is covered in "occluded".
COVERED = (0.1, 0.3)


class _Split:
    def __init__(self, name, drawn):
        self._is_covered = name == "occluded"
        self._stream = list(_COUNTS).index(name)
        self.labels = np.arange(_COUNTS[name], dtype=np.int32) % len(
            CLASS_NAMES
        )
        self.ids = [f"{name}/{number}" for number in range(_COUNTS[name])]
        self.fingerprint = f"{name} {drawn}"

    def sizes(self):
        """int (N, 2); images are drawn at any size."""
        return np.full((len(self.labels), 2), 64)

    def decode_into(self, images, indices):
        for place, index in enumerate(indices):
            seed = [self._stream, index]
            image = draw(self.labels[index], images.shape[1], seed)
            if self._is_covered:
                image = cover(image, seed)
            images[place] = image


class Shapes:
    """The splits of drawn images; see `pipelines.loading.load`.

    `train`, `validation`, and `occluded`. Images of the last are drawn like
    the others and then covered in part.

    Args:
        location: Ignored; the images are drawn.
    """

    published = True

    def __init__(self, location=None):
        self.class_names = CLASS_NAMES
        self.splits = list(_COUNTS)
        self.notes = []

    def needs_download(self):
        """Nothing is ever downloaded."""
        return False

    def prepare(self):
        """Nothing to do: images are drawn when they are decoded."""

    @cached_property
    def fingerprint(self):
        """Changes if the program draws other images."""
        return compute_fingerprint(
            hashlib.sha256(cover(draw(label, 32, [label]), [label])).hexdigest()
            for label in range(len(CLASS_NAMES))
        )

    def split(self, name):
        """The images of a split.

        Raises:
            DataError: if there is no such split.
        """
        if name not in _COUNTS:
            raise DataError(
                f"there is no split {name!r}. Known: {', '.join(_COUNTS)}."
            )
        return _Split(name, self.fingerprint)


def draw(label, size, seed):
    """Draws one image, uint8 (size, size, 3); it depends on the seed alone."""
    random = np.random.default_rng(seed)
    # Four samples a pixel, averaged below, keep the edges smooth.
    fine = 2 * size
    y, x = (_make_grid(fine) + 0.5) / fine * 2 - 1
    angle = random.uniform(-0.2, 0.2)
    radius = random.uniform(0.6, 0.85)
    center = random.uniform(-0.15, 0.15, 2)
    x, y = (x - center[0]) / radius, (y - center[1]) / radius
    turned = (
        x * np.cos(angle) + y * np.sin(angle),
        y * np.cos(angle) - x * np.sin(angle),
    )
    inside = _OUTLINES[CLASS_NAMES[label]](*turned)
    # Always lighter than the ground: networks learn the outline soon.
    color, ground = random.uniform(155, 255, 3), random.uniform(0, 100, 3)
    textures = [_draw_texture(random, fine) for _ in range(2)]
    # Channel by channel: NumPy is slow along an axis of three values.
    channels = [
        _halve(
            np.where(inside, color[i] + textures[0], ground[i] + textures[1])
        )
        for i in range(3)
    ]
    image = np.stack(channels, axis=-1)
    image += random.normal(0, 8, image.shape)
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


def cover(image, seed):
    """Returns a copy of `image` with one rectangle of noise in it.

    Args:
        image: uint8 (size, size, 3).
        seed: Of place, sides and noise; a list of integers.
    """
    # Another stream than `draw` makes of this seed.
    random = np.random.default_rng([*seed, 1])
    size = len(image)
    area = random.uniform(*COVERED) * size**2
    aspect = np.exp(random.uniform(-0.7, 0.7))
    rows = round(np.sqrt(area * aspect))
    columns = round(area / rows)
    top = random.integers(size - rows + 1)
    left = random.integers(size - columns + 1)
    covered = image.copy()
    covered[top : top + rows, left : left + columns] = random.integers(
        0, 256, (rows, columns, 3)
    )
    return covered


def _draw_texture(random, size):
    """Draws stripes of random direction and pitch, around 0."""
    y, x = _make_grid(size) / size
    angle = random.uniform(0, np.pi)
    pitch = random.uniform(2, 9)
    wave = np.sin(
        2 * np.pi * pitch * (x * np.cos(angle) + y * np.sin(angle))
        + random.uniform(0, 2 * np.pi)
    )
    return random.uniform(0, 25) * wave


def _halve(image):
    """Averages squares of four samples."""
    rows = image[::2] + image[1::2]
    return (rows[:, ::2] + rows[:, 1::2]) / 4


@cache
def _make_grid(size):
    return np.mgrid[:size, :size]


def _left_arrow(x, y):
    head = (x < 0) & (abs(y) < x + 0.9)
    shaft = (abs(y) < 0.3) & (x >= 0) & (x < 0.9)
    return head | shaft


def _left_hook(x, y):
    post = (abs(x - 0.4) < 0.25) & (abs(y) < 0.85)
    foot = (abs(x) < 0.65) & (abs(y - 0.6) < 0.25)
    return post | foot


_OUTLINES = {
    "disk": lambda x, y: np.hypot(x, y) < 0.85,
    "cross": lambda x, y: (
        (np.minimum(abs(x), abs(y)) < 0.27) & (np.maximum(abs(x), abs(y)) < 0.9)
    ),
    "left arrow": _left_arrow,
    "right arrow": lambda x, y: _left_arrow(-x, y),
    "left hook": _left_hook,
    "right hook": lambda x, y: _left_hook(-x, y),
}
