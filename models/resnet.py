"""ResNet v1.5, trained from scratch.

The network of torchvision, which the published runs used: the stride sits in
the 3x3 convolution of a bottleneck, convolutions have no bias, paddings are
symmetric, BatchNorm has momentum 0.9 and epsilon 1e-5.

References:
    He et al., Deep Residual Learning for Image Recognition, CVPR 2016,
    https://arxiv.org/abs/1512.03385
"""

import dataclasses

import keras
from keras import layers

from models import imagenet
from models.batch_norm import FusedBatchNormalization
from models.config import IMAGENET_MEAN, IMAGENET_STD
from models.head import add_head
from models.initializers import (
    HE_NORMAL_FAN_OUT,
    LINEAR_UNIFORM,
    get_initializer,
)

STEMS = ("imagenet", "small")


class _Builder:
    """Adds layers with the network's common settings."""

    def __init__(self, initializer, sync_batch_norm):
        self.initializer = initializer
        self.sync_batch_norm = sync_batch_norm

    def convolution(self, x, filters, size, stride=1):
        if size == 1 and stride > 1:
            # Takes every `stride`-th pixel. Given the stride, oneDNN's
            # gradient of a narrow convolution writes past its memory where
            # the batch is one image (TensorFlow 2.21).
            x = layers.AveragePooling2D(1, strides=stride)(x)
            stride = 1
        if size > 1 and stride > 1:
            # padding="same" would pad only the far side of an even image.
            x = layers.ZeroPadding2D(size // 2)(x)
            padding = "valid"
        else:
            padding = "same"
        return layers.Conv2D(
            filters,
            size,
            strides=stride,
            padding=padding,
            use_bias=False,
            kernel_initializer=get_initializer(self.initializer),
        )(x)

    def batch_norm(self, x):
        return FusedBatchNormalization(
            momentum=0.9, epsilon=1e-5, synchronized=self.sync_batch_norm
        )(x)

    def convolution_norm_relu(self, x, filters, size, stride=1):
        x = self.convolution(x, filters, size, stride)
        return layers.ReLU()(self.batch_norm(x))

    def basic_block(self, x, filters, stride):
        out = self.convolution_norm_relu(x, filters, 3, stride)
        out = self.batch_norm(self.convolution(out, filters, 3))
        return self._join(x, out, filters, stride)

    def bottleneck_block(self, x, filters, stride):
        out = self.convolution_norm_relu(x, filters, 1)
        out = self.convolution_norm_relu(out, filters, 3, stride)
        out = self.batch_norm(self.convolution(out, 4 * filters, 1))
        return self._join(x, out, 4 * filters, stride)

    def _join(self, x, out, filters, stride):
        if stride != 1 or x.shape[-1] != filters:
            x = self.batch_norm(self.convolution(x, filters, 1, stride))
        return layers.ReLU()(layers.Add()([x, out]))

    def stem(self, x, kind, width):
        if kind == "small":
            return self.convolution_norm_relu(x, width, 3)
        x = self.convolution_norm_relu(x, width, 7, stride=2)
        # After a ReLU, padding with zeros is padding with minus infinity.
        x = layers.ZeroPadding2D(1)(x)
        return layers.MaxPooling2D(3, strides=2)(x)


_ARCHITECTURES = {
    "ResNet4": (_Builder.basic_block, (1,)),
    "ResNet10": (_Builder.basic_block, (1, 1, 1, 1)),
    "ResNet18": (_Builder.basic_block, (2, 2, 2, 2)),
    "ResNet34": (_Builder.basic_block, (3, 4, 6, 3)),
    "ResNet50": (_Builder.bottleneck_block, (3, 4, 6, 3)),
    "ResNet101": (_Builder.bottleneck_block, (3, 4, 23, 3)),
}


def _resnet(
    name,
    weights=None,
    *,
    input_shape=(224, 224, 3),
    classes=1000,
    stem="imagenet",
    width=64,
    initializer=HE_NORMAL_FAN_OUT,
    head_initializer=LINEAR_UNIFORM,
    head_bias_initializer="zeros",
    mean=IMAGENET_MEAN,
    std=IMAGENET_STD,
    sync_batch_norm=False,
):
    if weights is not None:
        raise ValueError(
            f"{name} trains from scratch: `weights` should be None. "
            f"Received: {weights!r}."
        )
    if stem not in STEMS:
        raise ValueError(f"`stem` should be one of {STEMS}. Received: {stem!r}")
    block, depths = _ARCHITECTURES[name]
    build = _Builder(initializer, sync_batch_norm)
    images = keras.Input(input_shape, dtype="float32", name="images")
    # In float32 whatever the policy: float16 has 3 digits for 255 values.
    x = layers.Rescaling(
        scale=[1 / (255 * deviation) for deviation in std],
        offset=[-m / deviation for m, deviation in zip(mean, std, strict=True)],
        dtype="float32",
        name="normalization",
    )(images)
    x = build.stem(x, stem, width)
    for stage, depth in enumerate(depths):
        for index in range(depth):
            stride = 2 if stage > 0 and index == 0 else 1
            x = block(build, x, width * 2**stage, stride)
    x = layers.GlobalAveragePooling2D()(x)
    logits = add_head(x, classes, head_initializer, head_bias_initializer)
    return keras.Model(images, logits, name=name)


def build_network(config, *, image_size, classes, sync_batch_norm=False):
    """The network of a `models.config.Model`, with random weights.

    Args:
        config: What to build; `classes` counts, not `config.classes`. With
            `weights="imagenet"` it is the one that these belong to, which
            `models.imagenet.load_weights` sets.
        image_size: Side of its input in pixels.
        classes, sync_batch_norm: See `ResNet50`.

    Raises:
        ValueError: if a name is unknown, or as `models.imagenet.check`.
    """
    if config.weights is not None:
        return imagenet.build(
            config,
            image_size=image_size,
            classes=classes,
            sync_batch_norm=sync_batch_norm,
        )
    options = dataclasses.asdict(config) | {"classes": classes}
    return _resnet(
        **options,
        input_shape=(image_size, image_size, 3),
        sync_batch_norm=sync_batch_norm,
    )


def ResNet4(weights=None, **kwargs):
    """ResNet-4, one basic block, for tests; arguments as for `ResNet50`."""
    return _resnet("ResNet4", weights, **kwargs)


def ResNet10(weights=None, **kwargs):
    """ResNet-10, for first tries; arguments as for `ResNet50`."""
    return _resnet("ResNet10", weights, **kwargs)


def ResNet18(weights=None, **kwargs):
    """ResNet-18; arguments as for `ResNet50`."""
    return _resnet("ResNet18", weights, **kwargs)


def ResNet34(weights=None, **kwargs):
    """ResNet-34; arguments as for `ResNet50`."""
    return _resnet("ResNet34", weights, **kwargs)


def ResNet50(weights=None, **kwargs):
    """ResNet-50 v1.5 as a functional Keras model.

    The first layer normalizes, so the model takes raw images. It returns
    logits, in float32 under every dtype policy.

    Args:
        weights: None; this family is trained from scratch.
        input_shape: (height, width, 3).
        classes: Number of logits.
        stem: "imagenet" (7x7 convolution of stride 2, then max pooling) or
            "small" (one 3x3 convolution, for images of 64 pixels and less).
        width: Filters of the first stage; 64 is the published network.
        initializer: Name of the initializer of the convolutions, see
            `get_initializer`.
        head_initializer: Name of the initializer of the last layer's kernel.
        head_bias_initializer: Name of the initializer of its bias:
            `linear_uniform` is how PyTorch starts, see
            `get_bias_initializer`.
        mean: Three numbers on the [0, 1] scale, subtracted from the channels.
        std: Three numbers on the [0, 1] scale, the channels' divisor.
        sync_batch_norm: Whether BatchNorm takes its statistics over all
            replicas of a `tf.distribute` strategy.

    Input shape: (batch, height, width, 3), uint8 or float in [0, 255].
    Output shape: (batch, classes), float32 logits.

    Raises:
        ValueError: if `weights` is not None, or a name is unknown.

    Example:

    >>> ResNet50(classes=200, stem="small", input_shape=(64, 64, 3)).name
    'ResNet50'
    """
    return _resnet("ResNet50", weights, **kwargs)


def ResNet101(weights=None, **kwargs):
    """ResNet-101; arguments as for `ResNet50`."""
    return _resnet("ResNet101", weights, **kwargs)
