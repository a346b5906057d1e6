"""Maps of what speaks for a class, by three methods.

None of the libraries that have them serves here: tf-keras-vis 0.8.7 and
tf-explain 0.3.1 find no layer inside a nested model, and xplique 2.0.2 asks
for an earlier TensorFlow and SciPy.
"""

import keras
import numpy as np
import tensorflow as tf

from experiments.analysis.feature_maps import find_map, recording

GRAD_CAM, GRAD_CAM_PLUS, RISE = METHODS = ("Grad-CAM", "Grad-CAM++", "RISE")
# Of RISE: masks, cells of a mask along a side, share of the cells that stay.
_MASKS, _CELLS, _KEPT = 500, 7, 0.5


def grad_cams(network, images, classes, layer=None):
    """Grad-CAM and Grad-CAM++.

    Channels of a feature map, each weighed by how much it raises the score of
    the class: by its mean gradient, or, in Grad-CAM++, by the positive
    gradients, each in proportion to what it has of the whole. What speaks
    against the class is cut off.

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
        layer: See `feature_maps.find_map`.

    Returns:
        {method: float32 (N, H, W)}, 0 and above, brought to the size of the
        images bilinearly.

    Raises:
        ConfigError: as `find_map`.
    """
    chosen = find_map(network, images, layer).layer
    with (
        tf.GradientTape() as tape,
        recording([chosen], tape.watch) as outputs,
    ):
        scores = network(images, training=False)
        score = tf.reduce_sum(tf.gather(scores, classes, batch_dims=1))
    # Of a layer that is used more than once, the last time.
    activations = outputs[-1][1]
    gradients = tape.gradient(score, activations)
    activations, gradients = (
        keras.ops.convert_to_numpy(each).astype(np.float32)
        for each in (activations, gradients)
    )
    weights = {
        GRAD_CAM: gradients.mean((1, 2)),
        GRAD_CAM_PLUS: _weights_plus(activations, gradients),
    }
    side = images.shape[1:3]
    return {
        method: _resized(
            np.maximum(np.einsum("nhwc,nc->nhw", activations, each), 0), side
        )
        for method, each in weights.items()
    }


def _weights_plus(activations, gradients):
    sums = activations.sum((1, 2), keepdims=True)
    squared = gradients**2
    below = 2 * squared + sums * gradients**3
    shares = np.divide(
        squared, below, out=np.zeros_like(below), where=below != 0
    )
    return (shares * np.maximum(gradients, 0)).sum((1, 2))


def _resized(maps, side):
    return tf.image.resize(maps[..., np.newaxis], side)[..., 0].numpy()


def rise(probabilities_of, images, classes, fill, batch_size, seed=0):
    """RISE: the mean of random masks, weighed by what is left of the class.

    Needs no gradients and nothing of the network but its answers. From the
    paper's mean is taken away what the masks have without the network, as
    some pixels are seen more often than others by chance.

    References:
        Petsiuk et al., RISE: Randomized Input Sampling for Explanation of
        Black-box Models, BMVC 2018, https://arxiv.org/abs/1806.07421

    Args:
        probabilities_of: Function: float (B, H, W, 3) to (B, classes).
        images: (N, H, W, 3).
        classes: int (N,).
        fill: (3,), the color of what is masked, in units of the images. In
            the paper it is the mean of the training images.
        batch_size: Masked images that are judged at once.
        seed: Of the masks, which are the same for all images.

    Returns:
        float32 (N, H, W): by how much the probability is higher where a pixel
        is seen than on average; may be negative.
    """
    masks = _masks(images.shape[1:3], np.random.default_rng(seed))
    fill = np.asarray(fill, np.float32)
    found = []
    for image, label in zip(images, classes, strict=True):
        left = [
            np.asarray(
                probabilities_of(
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
    """Float32 (masks, H, W) in [0, 1]: cells, blurred and moved at random."""
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
