"""Whether a map shows what the network looks at: deletion and insertion."""

import numpy as np
from scipy.ndimage import gaussian_filter

# Images that are judged between the first and the last pixel, besides these.
_STEPS = 32


def deletion_and_insertion(
    probabilities_of, images, classes, maps, fill, batch_size
):
    """How the class fares when pixels go, or come, in the order of a map.

    Deletion: pixels get the color `fill`, those with the highest values
    first; a good map takes the class away soon. Insertion: they come back
    into a blurred image; a good map brings the class soon. Both are the mean
    probability on the way. What is worth as much comes in random order.

    References:
        Petsiuk et al., RISE, BMVC 2018, https://arxiv.org/abs/1806.07421

    Args:
        probabilities_of, images, classes, fill, batch_size: As for
            `maps.rise`.
        maps: float (N, H, W).

    Returns:
        Two float arrays (N,) in [0, 1]: deletion, the lower the better, and
        insertion, the higher the better.
    """
    images = np.asarray(images, np.float32)
    # As 5 pixels are to 224.
    blur = 5 * images.shape[1] / 224
    blurred = gaussian_filter(images, (0, blur, blur, 0))
    gone = np.broadcast_to(np.asarray(fill, np.float32), images.shape)
    ranks = _ranks(maps)
    return tuple(
        _areas(probabilities_of, start, end, classes, ranks, batch_size)
        for start, end in ((images, gone), (blurred, images))
    )


def _ranks(maps):
    """The place of each pixel in the order, from 0, as a share of all."""
    flat = maps.reshape(len(maps), -1)
    ties = np.random.default_rng(0).permutation(flat.shape[1])
    ranks = np.empty(flat.shape)
    places = np.arange(flat.shape[1]) / flat.shape[1]
    for row, values in zip(ranks, flat, strict=True):
        row[np.lexsort((ties, -values))] = places
    return ranks.reshape(maps.shape)


def _areas(probabilities_of, starts, ends, classes, ranks, batch_size):
    shares = np.linspace(0, 1, _STEPS + 1)
    found = []
    for start, end, label, rank in zip(
        starts, ends, classes, ranks, strict=True
    ):
        changed = rank[np.newaxis] < shares[:, np.newaxis, np.newaxis]
        steps = np.where(changed[..., np.newaxis], end, start)
        curve = np.concatenate(
            [
                np.asarray(probabilities_of(steps[first : first + batch_size]))
                for first in range(0, len(steps), batch_size)
            ]
        )[:, label]
        found.append(np.trapezoid(curve, shares))
    return np.array(found)
