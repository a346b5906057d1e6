"""ResNets of keras.applications, for weights that were trained on ImageNet.

They are not quite those of `models.resnet`, and their weights do not fit
these. They are v1: the stride sits in the first 1x1 convolution of a
bottleneck. Convolutions have a bias, BatchNorm has momentum 0.99 and epsilon
1.001e-5, and images are BGR, less the mean color, in units of [0, 255].

References:
    - https://keras.io/api/applications/resnet/
    - He et al., Deep Residual Learning for Image Recognition, CVPR 2016,
      https://arxiv.org/abs/1512.03385
"""

from typing import NamedTuple

import keras
from keras import layers

from models.batch_norm import with_fused
from models.config import Model
from models.head import add_head

# Red, green and blue of ImageNet.
_MEANS = (123.68, 116.779, 103.939)
# These networks shrink an image of this side to one pixel.
_LEAST_SIDE = 32
# Only networks that are trained from scratch can have other values of these.
_FIXED = ("stem", "width", "initializer", "mean", "std")


class WeightsFile(NamedTuple):
    """File of weights of keras.applications, without the last layer."""

    name: str
    size: int
    md5: str


FILES = {
    "ResNet50": WeightsFile(
        "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        94_765_736,
        "4d473c1dd8becc155b73f8504c6f6626",
    ),
    "ResNet101": WeightsFile(
        "resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5",
        171_446_536,
        "88cf7a10940856eca736dc7b7e228a21",
    ),
}


def check(config, image_size):
    """Refuses options that the networks of keras.applications lack.

    Args:
        config: A `models.config.Model` whose `weights` are "imagenet".
        image_size: Side of the input in pixels.

    Raises:
        ValueError: names the first field that does not go with them.
    """
    if config.name not in FILES:
        raise ValueError(
            f"model.weights=imagenet expects model.name={' or '.join(FILES)}. "
            f"Received: {config.name}."
        )
    for field in _FIXED:
        expected, received = getattr(Model(), field), getattr(config, field)
        if received != expected:
            raise ValueError(
                f"model.weights=imagenet expects model.{field}={expected}, as "
                f"the network is that of keras.applications. Received: "
                f"{received}."
            )
    if image_size < _LEAST_SIDE:
        raise ValueError(
            f"model.weights=imagenet expects data.image_size={_LEAST_SIDE} or "
            f"more. Received: {image_size}."
        )


def build(config, *, image_size, classes, sync_batch_norm=False):
    """Builds the network with random weights; `load_weights` sets them.

    Its first layers normalize, as `keras.applications.resnet.preprocess_input`
    does, so the model takes raw images. It returns logits, in float32 under
    every dtype policy.

    Args:
        config: A `models.config.Model`; `classes` counts, not
            `config.classes`.
        image_size: Side of its input in pixels.
        classes: Number of logits.
        sync_batch_norm: See `models.ResNet50`.

    Input shape: (batch, image_size, image_size, 3), uint8 or float in
        [0, 255].
    Output shape: (batch, classes), float32 logits.

    Raises:
        ValueError: As `check`, or if an initializer is unknown.
    """
    check(config, image_size)
    images = keras.Input(
        (image_size, image_size, 3), dtype="float32", name="images"
    )
    # In float32 whatever the policy, as in `models.resnet`.
    x = layers.Rescaling(
        scale=1.0,
        offset=[-mean for mean in _MEANS],
        dtype="float32",
        name="normalization",
    )(images)
    body = _build_body(config.name, input_tensor=keras.ops.flip(x, axis=-1))
    logits = add_head(
        body.output,
        classes,
        config.head_initializer,
        config.head_bias_initializer,
    )
    network = keras.Model(images, logits, name=config.name)
    return with_fused(network, synchronized=sync_batch_norm)


def load_weights(network, path):
    """Sets all weights except those of the last layer.

    Args:
        network: As `build` makes it.
        path: Path of one of `FILES`.
    """
    # As Keras reads them, which counts layers.
    source = _build_body(
        network.name, weights=path, input_shape=network.input_shape[1:]
    )
    for layer in source.layers:
        if layer.weights:
            network.get_layer(layer.name).set_weights(layer.get_weights())


def _build_body(name, weights=None, **options):
    make = getattr(keras.applications, name)
    return make(include_top=False, weights=weights, pooling="avg", **options)
