"""Attribution maps of a class by three methods, and their scores.

None of the libraries that have them serves here: tf-keras-vis 0.8.7 and
tf-explain 0.3.1 find no layer inside a nested model, and xplique 2.0.2 asks
for an earlier TensorFlow and SciPy.
"""

import keras
import numpy as np
import tensorflow as tf
from scipy.ndimage import gaussian_filter

from experiments.analysis.feature_maps import locate_map, record_outputs

GRAD_CAM, GRAD_CAM_PLUS, RISE = METHODS = ("Grad-CAM", "Grad-CAM++", "RISE")
# Of RISE: masks, cells of a mask along a side, share of the cells that stay.
_MASKS, _CELLS, _KEPT = 500, 7, 0.5
# Scores evaluate so many images between the first and the last pixel.
_STEPS = 32


def grad_cams(network, images, classes, layer=None):
    """Computes Grad-CAM and Grad-CAM++.

    Channels of a feature map, each weighed by how much it raises the score of
    the class: by its mean gradient, or, in Grad-CAM++, by the positive
    gradients, each in proportion to its share of the whole. Evidence against
    the class is cut off.

    References:
        - Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks
          via Gradient-based Localization, ICCV 2017,
          https://arxiv.org/abs/1610.02391
        - Chattopadhyay et al., Grad-CAM++, WACV 2018,
          https://arxiv.org/abs/1710.11063

    Args:
        network: A Keras model that returns a score, such as a logit, for each
            class; functional or not, with models in it or without.
        images: (N, H, W, 3), one batch.
        classes: int (N,), which score is explained.
        layer: See `feature_maps.locate_map`.

    Returns:
        {method: float32 (N, H, W)}, 0 and above, brought to the size of the
        images bilinearly.

    Raises:
        ConfigError: as `locate_map`.
    """
    chosen = locate_map(network, images, layer).layer
    with (
        tf.GradientTape() as tape,
        record_outputs([chosen], tape.watch) as outputs,
    ):
        scores = network(images, training=False)
        score = tf.reduce_sum(tf.gather(scores, classes, batch_dims=1))
    # The last output, if a layer is used more than once.
    activations = outputs[-1][1]
    gradients = tape.gradient(score, activations)
    activations, gradients = (
        keras.ops.convert_to_numpy(each).astype(np.float32)
        for each in (activations, gradients)
    )
    weights = {
        GRAD_CAM: gradients.mean((1, 2)),
        GRAD_CAM_PLUS: _weigh_by_positive(activations, gradients),
    }
    side = images.shape[1:3]
    return {
        method: _resized(
            np.maximum(np.einsum("nhwc,nc->nhw", activations, each), 0), side
        )
        for method, each in weights.items()
    }


def _weigh_by_positive(activations, gradients):
    sums = activations.sum((1, 2), keepdims=True)
    squared = gradients**2
    below = 2 * squared + sums * gradients**3
    shares = np.divide(
        squared, below, out=np.zeros_like(below), where=below != 0
    )
    return (shares * np.maximum(gradients, 0)).sum((1, 2))


def _resized(maps, side):
    return tf.image.resize(maps[..., np.newaxis], side)[..., 0].numpy()


def rise(predict_probabilities, images, classes, fill, batch_size, seed=0):
    """Computes RISE: the mean of random masks, weighed by the class's chances.

    It needs no gradients, only the network's answers. The masks' own mean is
    subtracted from the paper's, as some pixels are seen more often by chance.

    References:
        Petsiuk et al., RISE: Randomized Input Sampling for Explanation of
        Black-box Models, BMVC 2018, https://arxiv.org/abs/1806.07421

    Args:
        predict_probabilities: Function: float (B, H, W, 3) to (B, classes).
        images: (N, H, W, 3).
        classes: int (N,).
        fill: (3,), the color of masked pixels, in units of the images. In the
            paper it is the mean of the training images.
        batch_size: Masked images that are evaluated at once.
        seed: Seed of the masks, which are the same for all images.

    Returns:
        float32 (N, H, W): the gain of probability if a pixel is seen, against
        the average; may be negative.
    """
    masks = _masks(images.shape[1:3], np.random.default_rng(seed))
    fill = np.asarray(fill, np.float32)
    found = []
    for image, label in zip(images, classes, strict=True):
        left = [
            np.asarray(
                predict_probabilities(
                    fill
                    + masks[start : start + batch_size, ..., np.newaxis]
                    * (image - fill)
                )
            )[:, label]
            for start in range(0, _MASKS, batch_size)
        ]
        left = np.concatenate(left)
        found.append(np.tensordot(left - left.mean(), masks, 1))
    found = np.stack(found) / (_MASKS * _KEPT)
    return found.astype(np.float32)


def _masks(side, random):
    """Draws float32 (masks, H, W) in [0, 1]: blurred cells at random places."""
    height, width = side
    cells = random.uniform(size=(_MASKS, _CELLS, _CELLS)) < _KEPT
    # A cell more than is seen, for the moves.
    cell = -(-height // _CELLS), -(-width // _CELLS)
    large = tf.image.resize(
        cells[..., np.newaxis].astype(np.float32),
        ((_CELLS + 1) * cell[0], (_CELLS + 1) * cell[1]),
    )[..., 0].numpy()
    tops = random.integers(0, cell[0], _MASKS)
    lefts = random.integers(0, cell[1], _MASKS)
    return np.stack(
        [
            mask[top : top + height, left : left + width]
            for mask, top, left in zip(large, tops, lefts, strict=True)
        ]
    )


def deletion_and_insertion(
    predict_probabilities, images, classes, maps, fill, batch_size
):
    """Scores maps by the class's probability as pixels go or come in order.

    Deletion: pixels get the color `fill`, those with the highest values
    first; a good map takes the class away soon. Insertion: they come back
    into a blurred image; a good map brings the class soon. Both are the mean
    probability on the way. Pixels of equal value come in random order.

    References:
        Petsiuk et al., RISE, BMVC 2018, https://arxiv.org/abs/1806.07421

    Args:
        predict_probabilities, images, classes, fill, batch_size: As for
            `rise`.
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
        _areas(predict_probabilities, start, end, classes, ranks, batch_size)
        for start, end in ((images, gone), (blurred, images))
    )


def _ranks(maps):
    """Ranks pixels from 0, as shares of all."""
    flat = maps.reshape(len(maps), -1)
    ties = np.random.default_rng(0).permutation(flat.shape[1])
    ranks = np.empty(flat.shape)
    places = np.arange(flat.shape[1]) / flat.shape[1]
    for row, values in zip(ranks, flat, strict=True):
        row[np.lexsort((ties, -values))] = places
    return ranks.reshape(maps.shape)


def _areas(predict_probabilities, starts, ends, classes, ranks, batch_size):
    shares = np.linspace(0, 1, _STEPS + 1)
    found = []
    for start, end, label, rank in zip(
        starts, ends, classes, ranks, strict=True
    ):
        changed = rank[np.newaxis] < shares[:, np.newaxis, np.newaxis]
        steps = np.where(changed[..., np.newaxis], end, start)
        curve = np.concatenate(
            [
                np.asarray(
                    predict_probabilities(steps[first : first + batch_size])
                )
                for first in range(0, len(steps), batch_size)
            ]
        )[:, label]
        found.append(np.trapezoid(curve, shares))
    return np.array(found)
