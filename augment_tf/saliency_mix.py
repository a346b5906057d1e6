"""SaliencyMix: paste the salient part of another image, mix the labels."""

import keras
import tensorflow as tf

from augment_tf import boxes, saliency, sampling
from augment_tf.base import Augmentation

SALIENCY = {
    "fine_grained": saliency.fine_grained_saliency,
    "opencv": saliency.opencv_saliency,
    "opencv_float": saliency.opencv_float_saliency,
}
BOX = ("per_image", "per_batch")


@keras.saving.register_keras_serializable("augment_tf")
class SaliencyMix(Augmentation):
    """Pastes a box around the most salient pixel of another image."""

    mixes_labels = True

    def __init__(
        self,
        alpha=1.0,
        probability=1.0,
        box="per_image",
        saliency="fine_grained",
        seed=None,
        **kwargs,
    ):
        super().__init__(seed=seed, **kwargs)
        if not alpha > 0:
            raise ValueError(
                f"`alpha` must be greater than 0. Received: {alpha}."
            )
        if not 0 <= probability <= 1:
            raise ValueError(
                f"`probability` must be in [0, 1]. Received: {probability}."
            )
        _check_name("box", box, BOX)
        _check_name("saliency", saliency, tuple(SALIENCY))
        self.alpha = float(alpha)
        self.probability = float(probability)
        self.box = box
        self.saliency = saliency

    def get_random_transformation(self, images, seed):
        """The permutation, the boxes and the pasted share of the area."""
        permutation_seed, chance_seed, lambda_seed = sampling.split(seed, 3)
        shape = tf.shape(images)
        permutation = sampling.permutation(permutation_seed, shape[0])
        if self.box == "per_batch":
            count = 1
            peaks = self.find_peaks(tf.gather(images, permutation[:1]))
        else:
            count = shape[0]
            peaks = tf.gather(self.find_peaks(images), permutation)
        apply = sampling.bernoulli(chance_seed, (count,), self.probability)
        mix = sampling.beta(lambda_seed, (count,), self.alpha)
        # An empty box leaves an image alone.
        mix = tf.where(apply, mix, tf.ones_like(mix))
        found = saliency_boxes(peaks, mix, shape[1], shape[2])
        if self.box == "per_batch":
            found = tf.repeat(found, shape[0], axis=0)
        return {
            "permutation": permutation,
            "boxes": found,
            "share": _share(found, shape),
        }

    def find_peaks(self, images):
        """Row and column, int32 (B, 2), of each first map maximum."""
        return first_maximum(SALIENCY[self.saliency](images))

    def transform_images(self, images, transformation):
        sources = tf.gather(images, transformation["permutation"])
        return boxes.paste(images, sources, transformation["boxes"])

    def transform_labels(self, labels, transformation):
        share = transformation["share"][:, tf.newaxis]
        sources = tf.gather(labels, transformation["permutation"])
        return labels * (1.0 - share) + sources * share

    def get_config(self):
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "probability": self.probability,
            "box": self.box,
            "saliency": self.saliency,
        }


def first_maximum(maps):
    """Row and column, int32 (B, 2), of the first maximum in row-major order.

    maps: uint8 (B, H, W).
    """
    shape = tf.shape(maps)
    height, width = shape[1], shape[2]
    pixels = height * width
    # tf.argmax does not promise the first of equal values; one integer made
    # of the value and the position counted backwards does.
    keys = tf.cast(maps, tf.int32) * pixels
    keys += tf.reshape(pixels - 1 - tf.range(pixels), (height, width))
    index = pixels - 1 - tf.reduce_max(keys, axis=(1, 2)) % pixels
    return tf.stack([index // width, index % width], axis=-1)


def saliency_boxes(peaks, mix, height, width):
    """Boxes, int32 (B, 4), of area about 1 - `mix` around `peaks`.

    peaks: int32 (B, 2). mix: lambda, float64 (B,).
    """
    ratio = tf.sqrt(1.0 - mix)
    size = tf.stack([height, width])
    sides = tf.cast(size, tf.float64) * ratio[:, tf.newaxis]
    half = tf.cast(sides, tf.int32) // 2
    start = tf.clip_by_value(peaks - half, 0, size)
    stop = tf.clip_by_value(peaks + half, 0, size)
    return tf.concat([start, stop], axis=-1)


def _share(found, shape):
    pixels = tf.cast(shape[1] * shape[2], tf.float64)
    share = tf.cast(boxes.area(found), tf.float64) / pixels
    return tf.cast(share, tf.float32)


def _check_name(argument, name, known):
    if name not in known:
        raise ValueError(
            f"`{argument}` must be one of {known}. Received: {name!r}."
        )
