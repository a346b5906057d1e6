"""Several augmentations, one after the other."""

import itertools

import keras

from augment_tf.container import Container, to_output_dtype
from augment_tf.ops import sampling
from augment_tf.ops.color_matrix import ColorTransform, transform_colors


@keras.saving.register_keras_serializable(package="augment_tf")
class Sequence(Container):
    """Applies layers in order, each with its own part of the seed.

    A sequence is an augmentation itself, so sequences nest. Put layers that
    move pixels first: they are exact and fast on uint8 images. Layers that
    compute colors return float32.

    Args:
        layers: List of `augment_tf.Augmentation` layers, at least one.
        seed: Integer or None; see `augment_tf.Augmentation`. The layers'
            own seeds are not used.

    Input shape:
        The first layer's. Labels are required if any layer mixes.

    Output shape:
        The last layer's. `apply` keeps uint8 images if every layer does.

    Raises:
        ValueError: if `layers` is empty or holds anything else.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> chain = augment_tf.Sequence([
    ...     augment_tf.RandomCrop(padding=4),
    ...     augment_tf.RandomFlip(),
    ...     augment_tf.CutMix(alpha=1.0),
    ... ])
    >>> batch = {"images": tf.zeros((4, 32, 32, 3), tf.uint8),
    ...          "labels": tf.eye(4)}
    >>> augmented = chain.apply(batch, seed=(0, 1))
    >>> augmented["images"].shape, augmented["images"].dtype
    (TensorShape([4, 32, 32, 3]), tf.uint8)
    """

    def augment(self, images, labels, seed):
        seeds = sampling.split(seed, len(self.layers))
        seeded = zip(self.layers, seeds, strict=True)
        for colors, pairs in itertools.groupby(seeded, _changes_colors):
            if colors:
                steps = [
                    (layer, layer.get_random_transformation(images, seed))
                    for layer, seed in pairs
                ]
                images = transform_colors(images, steps)
                continue
            for layer, layer_seed in pairs:
                images, labels = layer.augment(images, labels, layer_seed)
                images = to_output_dtype(layer, images)
        return images, labels

    def leave_images(self, images):
        for layer in self.layers:
            images = layer.leave_images(images)
            images = to_output_dtype(layer, images)
        return images

    def compute_output_shape(self, input_shape):
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape


def _changes_colors(pair):
    return isinstance(pair[0], ColorTransform)
