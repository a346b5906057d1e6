"""ResizeMix: a small copy of another image, labels in proportion."""

import keras
import tensorflow as tf

from augment_tf.mixing import Mixing, compute_pasted_shares
from augment_tf.ops import arguments, boxes, sampling


@keras.saving.register_keras_serializable(package="augment_tf")
class ResizeMix(Mixing):
    """Pastes a reduced copy of another image of the batch.

    For each image: tau uniform in `scale`; the image's partner, resized to
    int(height * tau) rows and int(width * tau) columns, at least one of
    each, replaces a rectangle of that size, its position uniform over all
    that fit. The partner's label gets the weight *pixels pasted / all
    pixels*. Partners come from one random permutation of the batch. Unlike a
    cut, the copy never misses the object that its label names.

    Each pixel of the copy is the partner's pixel under its centre; in the
    code of OpenMixup, the one under its corner. That code also draws the
    rectangle's centre anywhere and squeezes the copy into the clipped
    rectangle. The paper clips nothing, and neither does this layer.

    References:
        - Qin et al., ResizeMix: Mixing Data with Preserved Object Information
          and True Labels (2020), https://arxiv.org/abs/2012.11101

    Args:
        scale: Pair of floats in [0, 1]. Range of the copy's sides, as a
            share of the image's.
        probability: Float in [0, 1]. Share of the images that are mixed.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        `{"images": (batch, height, width, 3), "labels": (batch, classes)}`:
        images in [0, 255], labels float. One image (height, width, 3)
        with its label (classes,) has no partner: it is returned as it is,
        with a warning.

    Output shape:
        The input's. `apply` keeps uint8 images; labels are float32.

    Raises:
        ValueError: if an argument is outside its range; if labels are
            missing or are integers.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> batch = {"images": tf.zeros((4, 32, 32, 3)), "labels": tf.eye(4)}
    >>> layer = augment_tf.ResizeMix(scale=(0.5, 0.5))
    >>> layer.apply(batch, seed=(0, 2))["labels"][0].numpy().tolist()
    [0.75, 0.25, 0.0, 0.0]
    """

    depends_on_range = False
    channels = (1, 3)

    def __init__(self, scale=(0.1, 0.8), probability=1.0, seed=None, **kwargs):
        super().__init__(probability, seed=seed, **kwargs)
        self.scale = arguments.interval(
            "scale", scale, minimum=0.0, maximum=1.0
        )

    def get_random_transformation(self, images, seed):
        shape = tf.shape(images)
        count, height, width = shape[0], shape[1], shape[2]
        seeds = sampling.split(seed, 5)
        scales = sampling.uniform(seeds[0], (count,), *self.scale)

        def ends(seed, side):
            copied = tf.cast(scales * tf.cast(side, tf.float64), tf.int32)
            copied = tf.maximum(copied, 1)
            start = sampling.integers(seed, (count,), side - copied + 1)
            return start, start + copied

        top, bottom = ends(seeds[1], height)
        left, right = ends(seeds[2], width)
        drawn = tf.stack((top, left, bottom, right), axis=-1)
        decisions = sampling.bernoulli(seeds[3], (count,), self.probability)
        drawn = boxes.keep(drawn, decisions)
        return {
            "boxes": drawn,
            "partners": sampling.permutation(seeds[4], count),
            "weights": compute_pasted_shares(drawn, height, width),
        }

    def transform_images(self, images, transformation):
        shape = tf.shape(images)
        count, height, width = shape[0], shape[1], shape[2]
        top, left, bottom, right = tf.unstack(
            transformation["boxes"][:, tf.newaxis], axis=-1
        )
        rows, row_inside = _locate_sources(top, bottom, height)
        columns, column_inside = _locate_sources(left, right, width)
        first = transformation["partners"][:, tf.newaxis] * height
        copied = ((first + rows) * width)[..., tf.newaxis]
        copied += columns[:, tf.newaxis]
        own = tf.reshape(tf.range(count * height * width), (-1, height, width))
        inside = row_inside[..., tf.newaxis] & column_inside[:, tf.newaxis]
        pixels = tf.reshape(images, (-1, images.shape[3]))
        # One gather of pixels, numbered through the whole batch.
        mixed = tf.gather(pixels, tf.where(inside, copied, own))
        return tf.ensure_shape(mixed, images.shape)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


def _locate_sources(start, end, side):
    """Line of the partner that each line shows, and a mask of the copy.

    start, end: int32 (B, 1), of the copy. Returns int32 and bool (B, side).
    """
    lines = tf.range(side)
    inside = (lines >= start) & (lines < end)
    size = tf.maximum(end - start, 1)
    # floor((line + 1/2) * side / size), in integers.
    found = (2 * (lines - start) + 1) * side // (2 * size)
    return tf.where(inside, found, 0), inside
