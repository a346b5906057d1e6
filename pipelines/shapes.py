"""A data set that draws itself: six shapes on textured backgrounds.

Small enough to learn in a minute on two CPU cores, hard enough that
networks differ: position, size, tilt, colors and texture vary freely, so only
the outline tells the class.
"""

import numpy as np

from pipelines.errors import DataError

CLASS_NAMES = ["disk", "square", "triangle", "star", "cross", "ring"]
_COUNTS = {"train": 1440, "validation": 960}


class _Split:
    def __init__(self, name):
        self._stream = list(_COUNTS).index(name)
        self.labels = np.arange(_COUNTS[name], dtype=np.int32) % len(
            CLASS_NAMES
        )
        self.ids = [f"{name}/{number}" for number in range(_COUNTS[name])]
        self.fingerprint = name

    def sizes(self):
        """int (N, 2); they are drawn at any size, this one is as good."""
        return np.full((len(self.labels), 2), 64)

    def decode_into(self, images, indices):
        for place, index in enumerate(indices):
            images[place] = draw(
                self.labels[index], images.shape[1], [self._stream, index]
            )


class Shapes:
    """The splits `train` and `validation`; see `pipelines.loading.load`.

    Args:
        location: Ignored; the images are drawn.
    """

    def __init__(self, location=None):
        self.class_names = CLASS_NAMES
        self.splits = list(_COUNTS)
        self.notes = []

    def split(self, name):
        """The images of a split.

        Raises:
            DataError: if there is no such split.
        """
        if name not in _COUNTS:
            raise DataError(
                f"there is no split {name!r}. Known: {', '.join(_COUNTS)}."
            )
        return _Split(name)


def draw(label, size, seed):
    """Draws one image, uint8 (size, size, 3); the seed decides all of it."""
    random = np.random.default_rng(seed)
    # Four samples a pixel, averaged below, keep the edges smooth.
    fine = 2 * size
    y, x = (np.mgrid[:fine, :fine] + 0.5) / fine * 2 - 1
    angle = random.uniform(-0.4, 0.4)
    radius = random.uniform(0.4, 0.75)
    center = random.uniform(-0.3, 0.3, 2)
    x, y = (x - center[0]) / radius, (y - center[1]) / radius
    turned = (
        x * np.cos(angle) + y * np.sin(angle),
        y * np.cos(angle) - x * np.sin(angle),
    )
    inside = _OUTLINES[CLASS_NAMES[label]](*turned)[..., np.newaxis]
    colors = random.uniform(0, 255, (2, 3))
    while np.abs(colors[0] - colors[1]).max() < 100:
        colors = random.uniform(0, 255, (2, 3))
    image = np.where(
        inside,
        colors[0] + _texture(random, fine),
        colors[1] + _texture(random, fine),
    )
    image = image.reshape(size, 2, size, 2, 3).mean((1, 3))
    image += random.normal(0, 8, image.shape)
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


def _texture(random, size):
    """Stripes of random direction and pitch, around 0."""
    y, x = np.mgrid[:size, :size] / size
    angle = random.uniform(0, np.pi)
    pitch = random.uniform(2, 9)
    wave = np.sin(
        2 * np.pi * pitch * (x * np.cos(angle) + y * np.sin(angle))
        + random.uniform(0, 2 * np.pi)
    )
    return random.uniform(0, 45) * wave[..., np.newaxis]


def _star(x, y):
    distance, direction = np.hypot(x, y), np.arctan2(y, x)
    tip = np.abs((direction * 5 / (2 * np.pi)) % 1 - 0.5) * 2
    return distance < 0.42 + 0.58 * tip**1.5


_OUTLINES = {
    "disk": lambda x, y: np.hypot(x, y) < 0.85,
    "square": lambda x, y: np.maximum(abs(x), abs(y)) < 0.75,
    "triangle": lambda x, y: (y > -0.5) & (abs(x) * 3**0.5 + y < 1),
    "star": _star,
    "cross": lambda x, y: (
        (np.minimum(abs(x), abs(y)) < 0.27) & (np.maximum(abs(x), abs(y)) < 0.9)
    ),
    "ring": lambda x, y: abs(np.hypot(x, y) - 0.7) < 0.2,
}
