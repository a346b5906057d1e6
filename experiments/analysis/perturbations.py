"""Occluded images, and adversarial images by the fast gradient sign method."""

import keras
import numpy as np
import tensorflow as tf

from augment_tf import fine_grained_saliency
from augment_tf.ops import boxes
from augment_tf.saliency_mix import locate_first_maximum

# Hidden shares of the area.
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5)
# Distances that FGSM moves a value, in units of 1/255.
STEPS = (1, 2, 4)


def make_attack(network):
    """Builds the fast gradient sign method against one network.

    References:
        Goodfellow et al., Explaining and Harnessing Adversarial Examples,
        ICLR 2015, https://arxiv.org/abs/1412.6572

    Args:
        network: A Keras model of raw images in [0, 255], which returns
            logits. It normalizes by itself, so its gradients are those with
            respect to the pixels, and a step of 1/255 is one of 1.

    Returns:
        A function (images, labels) -> signs: float (N, H, W, 3) in [0, 255]
        and int (N,) to float of the images' shape: the direction in which each
        value raises the loss, -1, 0 or 1.
    """

    @tf.function(reduce_retracing=True)
    def signs(images, labels):
        images = tf.cast(images, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = network(images, training=False)
            # Each image's loss depends on no other image.
            loss = keras.ops.sum(
                keras.losses.sparse_categorical_crossentropy(
                    labels, logits, from_logits=True
                )
            )
        return tf.sign(tape.gradient(loss, images))

    return signs


def move_along(images, signs, step):
    """Moves images by `step` along `signs`, within [0, 255].

    Args:
        images: (N, H, W, 3).
        signs: As the function of `make_attack` returns them.
        step: In units of 1/255, as in `STEPS`.

    Returns:
        float32, of the same shape.
    """
    moved = tf.cast(images, tf.float32) + step * signs
    return tf.clip_by_value(moved, 0.0, 255.0)


def occlude(images, share, centers):
    """Hides a square of each image, in the image's own mean color.

    Black, gray or noise is what some augmentations train on; a square of the
    mean color is nothing that one of them has seen, and makes the least of
    an edge.

    Args:
        images: uint8 (N, side, side, 3).
        share: Of the area, in (0, 1).
        centers: (N, 2), row and column of the square's middle. If it would
            reach beyond the image, it is moved inside.

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


def draw_centers(side, random):
    """Draws int (N, 2), anywhere in images of this side.

    Args:
        random: A `numpy.random.Generator` an image.
    """
    return np.stack([each.integers(0, side, 2) for each in random])


# Saliency needs to know the size of the images.
@tf.function
def _peaks(images):
    return locate_first_maximum(fine_grained_saliency(images))


def locate_salient_centers(images):
    """Locates the most salient pixels, as `augment_tf.SaliencyMix` does.

    Args:
        images: uint8 (N, side, side, 3).

    Returns:
        int (N, 2), row and column.
    """
    return _peaks(images).numpy()
