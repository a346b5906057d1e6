"""SaliencyMix: the salient part of another image, labels in proportion."""

import keras
import tensorflow as tf

from augment_tf.mixing import Pasting, compute_pasted_shares
from augment_tf.ops import arguments, boxes, sampling
from augment_tf.ops.saliency import fine_grained_saliency
from augment_tf.ops.saliency_opencv import (
    opencv_float_saliency,
    opencv_saliency,
)

# Images up to this size have keys (value, position) that fit an int32.
MOST_PIXELS = 2**23
BOX = ("per_image", "per_batch")
SALIENCY = {
    "fine_grained": fine_grained_saliency,
    "opencv": opencv_saliency,
    "opencv_float": opencv_float_saliency,
}


@keras.saving.register_keras_serializable(package="augment_tf")
class SaliencyMix(Pasting):
    """Pastes the salient part of another image, and mixes the labels.

    For each image: lambda ~ Beta(alpha, alpha); a box of
    int(height * sqrt(1 - lambda)) rows and int(width * sqrt(1 - lambda))
    columns, centered on the most salient pixel of the image's partner and
    clipped to the image, is replaced by the same region of the partner.
    Partners come from one random permutation of the batch; among equally
    salient pixels, the first in reading order counts. The partner's label
    gets the weight *pixels pasted / all pixels*, counted after rounding and
    clipping.

    The official code does this once for a batch: one lambda, and one box, from
    the map of the first image's partner, pasted into every image. That is
    `box="per_batch"`. The code exchanges H and W consistently, so that images
    that are not square give the result described here. It also computes
    saliency on normalized floats, which OpenCV misreads as bytes:
    `saliency="opencv_float"` does the same, and its boxes are as good as
    random. On uint8 images they are the boxes of that code. Behind
    `ColorJitter` and `PCALighting` they come from the same distribution, but
    many lie elsewhere, as OpenCV reads the last bits of the floats, and the
    published code rounded in another order; docs/saliency.md has figures.

    References:
        - Uddin et al., SaliencyMix: A Saliency Guided Data Augmentation
          Strategy for Better Regularization (ICLR 2021),
          https://arxiv.org/abs/2006.01791
        - Montabone and Soto (2010), the saliency detector; see
          `augment_tf.fine_grained_saliency`.

    Args:
        alpha: Float above 0. Both parameters of the Beta distribution; 1
            makes lambda uniform.
        probability: Float in [0, 1]. Share of the images that are mixed;
            with `box="per_batch"`, share of the batches.
        box: `"per_image"`: each image has its own lambda and box.
            `"per_batch"`: one of each for the batch.
        saliency: `"fine_grained"`: in TensorFlow, on any device.
            `"opencv"`: the same maps from OpenCV, slower, on the host only.
            `"opencv_float"`: OpenCV's maps of normalized floats; the
            images given to the layer are still in [0, 255].
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        `{"images": (batch, height, width, 3), "labels": (batch, classes)}`:
        images in [0, 255], labels float. Height and width are static.
        One image (height, width, 3) with its label (classes,) has no
        partner: it is returned as it is, with a warning.

    Output shape:
        The input's. `apply` keeps uint8 images; labels are float32.

    Raises:
        ValueError: if an argument is outside its range; if labels are
            missing or are integers; if the height or the width is unknown.
        ImportError: if `saliency` needs OpenCV's saliency module and the
            package opencv-contrib-python-headless is not installed.

    Example:

    >>> import augment_tf
    >>> import numpy as np
    >>> import tensorflow as tf
    >>> images = np.full((2, 32, 32, 3), 100, np.uint8)
    >>> images[:, 8:12, 20:24] = 255
    >>> batch = {"images": images, "labels": tf.eye(2)}
    >>> layer = augment_tf.SaliencyMix(alpha=1.0)
    >>> mixed = layer.apply(batch, seed=(0, 1))
    >>> mixed["images"].shape, mixed["labels"].shape
    (TensorShape([2, 32, 32, 3]), TensorShape([2, 2]))
    """

    channels = (1, 3)

    def __init__(
        self,
        alpha=1.0,
        probability=1.0,
        box="per_image",
        saliency="fine_grained",
        seed=None,
        **kwargs,
    ):
        super().__init__(alpha, probability, seed=seed, **kwargs)
        self.box = arguments.choice("box", box, BOX)
        self.saliency = arguments.choice("saliency", saliency, SALIENCY)

    def get_random_transformation(self, images, seed):
        shape = tf.shape(images)
        count, height, width = shape[0], shape[1], shape[2]
        seeds = sampling.split(seed, 3)
        partners = sampling.permutation(seeds[0], count)
        if self.box == "per_batch":
            drawn = 1
            peaks = self.locate_peaks(tf.gather(images, partners[:1]))
        else:
            drawn = count
            peaks = tf.gather(self.locate_peaks(images), partners)
        found = boxes.place_centered(
            rows=peaks[:, 0],
            columns=peaks[:, 1],
            lambdas=sampling.beta(seeds[1], (drawn,), self.alpha),
            height=height,
            width=width,
        )
        decisions = sampling.bernoulli(seeds[2], (drawn,), self.probability)
        found = boxes.keep(found, decisions)
        found = tf.broadcast_to(found, (count, 4))
        return {
            "boxes": found,
            "partners": partners,
            "weights": compute_pasted_shares(found, height, width),
        }

    def locate_peaks(self, images):
        """Row and column, int32 (B, 2), of each image's most salient pixel."""
        # Gray images have equal red, green and blue.
        images = tf.repeat(images, 3 // images.shape[-1], axis=-1)
        return locate_first_maximum(SALIENCY[self.saliency](images))

    def get_config(self):
        return {
            **super().get_config(),
            "box": self.box,
            "saliency": self.saliency,
        }


def locate_first_maximum(maps):
    """Row and column, int32 (B, 2), of the first maximum in reading order.

    maps: uint8 (B, H, W).
    """
    known = maps.shape[1:].num_elements() or MOST_PIXELS + 1
    # int32 is faster, if the keys below fit.
    dtype = tf.int32 if known <= MOST_PIXELS else tf.int64
    shape = tf.shape(maps, out_type=dtype)
    height, width = shape[1], shape[2]
    pixels = height * width
    # tf.argmax promises nothing about equal values. One integer made of the
    # value and of the position counted from the end has a unique maximum.
    from_end = tf.reshape(tf.range(pixels - 1, -1, -1), (height, width))
    keys = tf.cast(maps, dtype) * pixels + from_end
    index = pixels - 1 - tf.reduce_max(keys, axis=(1, 2)) % pixels
    found = tf.stack((index // width, index % width), axis=-1)
    return tf.cast(found, tf.int32)
