"""One of several augmentations, by chance."""

import keras
import numpy as np
import tensorflow as tf

from augment_tf.container import Container, as_kept
from augment_tf.ops import arguments, sampling

PER = ("image", "batch")


class Choosing(Container):
    """Draws one of several branches, and returns what comes out of it.

    A subclass implements `branches`, whose shares are `shares`.
    """

    def branches(self):
        """Functions (images, labels, seed) -> (images, labels)."""
        raise NotImplementedError

    def augment(self, images, labels, seed):
        branches = self.branches()
        choice_seed, *seeds = sampling.split(seed, 1 + len(branches))
        results = [
            lambda branch=branch, seed=seed: self._run(
                branch, images, labels, seed
            )
            for branch, seed in zip(branches, seeds, strict=True)
        ]
        if self.per == "batch":
            choice = self.draw_choices(choice_seed, ())
            images, *labels = tf.switch_case(choice, results)
        else:
            choices = self.draw_choices(choice_seed, tf.shape(images)[:1])
            images, *labels = (
                _chosen(parts, choices)
                for parts in zip(*[run() for run in results], strict=True)
            )
        return images, labels[0] if labels else None

    def draw_choices(self, seed, shape):
        """Numbers of branches, int32 of shape `shape`."""
        bounds = np.cumsum(self.shares)[:-1] / np.sum(self.shares)
        draws = sampling.uniform(seed, shape)[..., tf.newaxis]
        return tf.reduce_sum(tf.cast(draws >= bounds, tf.int32), axis=-1)

    def _run(self, branch, images, labels, seed):
        images, labels = branch(images, labels, seed)
        images = as_kept(self, images)
        return (images,) if labels is None else (images, labels)

    def leave_images(self, images):
        return as_kept(self, self.layers[0].leave_images(images))

    def compute_output_shape(self, input_shape):
        return self.layers[0].compute_output_shape(input_shape)


@keras.saving.register_keras_serializable(package="augment_tf")
class OneOf(Choosing):
    """Applies one of its layers, drawn for each image or for the batch.

    Labels follow the images: `OneOf([CutMix(), MixUp()])` gives each image
    the label of what happened to it.

    With `per="image"` every layer works on the whole batch, and each image
    is taken from the layer that was drawn for it: the time is the sum of the
    layers', and partners come from the whole batch. With `per="batch"` the
    layer that was drawn works alone.

    Args:
        layers: List of `augment_tf.Augmentation` layers, at least one. Their
            own seeds are not used. All must return images of one size.
        probabilities: None, for all alike, or a number of at least 0 for
            each layer. They are scaled to a sum of 1.
        per: `"image"`: each image has its own draw. `"batch"`: one draw for
            the batch, as timm chooses between CutMix and MixUp.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        What the layers take. Labels are required if any layer mixes.

    Output shape:
        That of the layers. `apply` keeps uint8 images if every layer does.
        At inference, what the first layer returns then.

    Raises:
        ValueError: if an argument is none of these, or if the layers return
            images of different sizes.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> mix = augment_tf.OneOf(
    ...     [augment_tf.CutMix(), augment_tf.MixUp(alpha=0.2)],
    ...     probabilities=(0.6, 0.4),
    ... )
    >>> batch = {"images": tf.zeros((4, 32, 32, 3)), "labels": tf.eye(4)}
    >>> mixed = mix.apply(batch, seed=(0, 1))
    >>> tf.reduce_sum(mixed["labels"], axis=1).numpy().tolist()
    [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(
        self, layers, probabilities=None, per="image", seed=None, **kwargs
    ):
        super().__init__(layers, seed=seed, **kwargs)
        self.probabilities = _probabilities(probabilities, len(self.layers))
        self.per = arguments.choice("per", per, PER)

    @property
    def shares(self):
        return self.probabilities or (1.0,) * len(self.layers)

    def branches(self):
        return [layer.augment for layer in self.layers]

    def augment(self, images, labels, seed):
        shapes = {
            tuple(layer.compute_output_shape(tuple(images.shape)))
            for layer in self.layers
        }
        if len(shapes) > 1:
            raise ValueError(
                f"{self.name} expects layers that return images of one size. "
                f"Received: {' and '.join(map(str, sorted(shapes, key=str)))}."
            )
        return super().augment(images, labels, seed)

    def get_config(self):
        return {
            **super().get_config(),
            "probabilities": self.probabilities,
            "per": self.per,
        }


@keras.saving.register_keras_serializable(package="augment_tf")
class RandomApply(Choosing):
    """Applies a layer to some images, or to some batches, and not to others.

    Args:
        layer: An `augment_tf.Augmentation`; `Sequence` makes one of several.
            Its own seed is not used.
        probability: Float in [0, 1]. Share of the images, or of the batches,
            that the layer is applied to.
        per: `"image"`: each image has its own draw, and the layer works on
            all of them. `"batch"`: one draw for the batch.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        What the layer takes. Labels are required if it mixes.

    Output shape:
        That of the layer. `apply` keeps uint8 images if the layer does. What
        it is not applied to is as the layer leaves it at inference.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.zeros((1000, 4, 4, 3), tf.uint8)
    >>> white = augment_tf.RandomCrop(padding=4, fill=255)
    >>> seldom = augment_tf.RandomApply(white, probability=0.1)
    >>> result = seldom.apply(images, seed=(0, 1))
    >>> changed = tf.reduce_any(result > 0, axis=(1, 2, 3))
    >>> 0.05 < float(tf.reduce_mean(tf.cast(changed, tf.float32))) < 0.15
    True
    """

    def __init__(
        self, layer, probability=0.5, per="image", seed=None, **kwargs
    ):
        super().__init__([layer], seed=seed, **kwargs)
        self.probability = arguments.number(
            "probability", probability, minimum=0.0, maximum=1.0
        )
        self.per = arguments.choice("per", per, PER)

    @property
    def shares(self):
        return self.probability, 1.0 - self.probability

    def branches(self):
        (layer,) = self.layers
        return [
            layer.augment,
            lambda images, labels, seed: (layer.leave_images(images), labels),
        ]

    def get_config(self):
        config = super().get_config()
        (layer,) = config.pop("layers")
        return {
            **config,
            "layer": layer,
            "probability": self.probability,
            "per": self.per,
        }

    @classmethod
    def from_config(cls, config):
        layer = keras.saving.deserialize_keras_object(config["layer"])
        return cls(**{**config, "layer": layer})


def _probabilities(given, count):
    if given is None:
        return None
    if not isinstance(given, (list, tuple)) or len(given) != count:
        raise ValueError(
            "expected `probabilities` to be None or a list of one number for "
            f"each of {count} layers. Received: probabilities={given!r}."
        )
    numbers = tuple(
        arguments.number("probabilities", item, minimum=0.0) for item in given
    )
    if not sum(numbers):
        raise ValueError(
            "expected one of `probabilities` to be above 0. "
            f"Received: probabilities={given!r}."
        )
    return numbers


def _chosen(parts, choices):
    """For each image, what the branch of its choice made of it."""
    if all(part is parts[0] for part in parts):
        return parts[0]
    count = tf.shape(parts[0])[0]
    # On a CPU, copying whole images is faster than a `where` for every pixel.
    return tf.gather(
        tf.concat(parts, axis=0), choices * count + tf.range(count)
    )
