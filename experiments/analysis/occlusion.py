"""Images of which a square is hidden."""

import numpy as np
import tensorflow as tf

from augment_tf import fine_grained_saliency
from augment_tf.ops import boxes
from augment_tf.saliency_mix import locate_first_maximum

# Hidden shares of the area.
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)


def occlude(images, share, centers):
    """Hides a square of each image, in the image's own mean color.

    Black, gray or noise is what some augmentations train on; a square of the
    mean color is nothing that one of them has seen, and makes the least of
    an edge.

    Args:
        images: uint8 (N, side, side, 3).
        share: Of the area, in (0, 1).
        centers: (N, 2), row and column of the square's middle. Where it
            would reach beyond the image, it is moved inside.

    Returns:
        uint8, of the same shape. Sides are whole pixels, so that the share
        is met within half a pixel a side.
    """
    side = images.shape[1]
    cut = round(side * share**0.5)
    first = np.clip(np.asarray(centers) - cut // 2, 0, side - cut)
    found = np.concatenate([first, first + cut], 1).astype(np.int32)
    means = np.round(images.mean((1, 2), keepdims=True)).astype(np.uint8)
    return boxes.paste(tf.constant(images), means, found).numpy()


def random_centers(side, random):
    """Int (N, 2): anywhere in images of this side.

    Args:
        random: A `numpy.random.Generator` an image.
    """
    return np.stack([each.integers(0, side, 2) for each in random])


# Saliency needs to know the size of the images.
@tf.function
def _peaks(images):
    return locate_first_maximum(fine_grained_saliency(images))


def salient_centers(images):
    """Int (N, 2): the most salient pixel, as `augment_tf.SaliencyMix` has it.

    Args:
        images: uint8 (N, side, side, 3).
    """
    return _peaks(images).numpy()
