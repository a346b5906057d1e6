"""OneOf: one of several augmentations, by chance."""

import keras

from augment_tf.container import PER, Choosing
from augment_tf.ops import arguments


@keras.saving.register_keras_serializable(package="augment_tf")
class OneOf(Choosing):
    """Applies one of its layers, drawn for each image or for the batch.

    Labels follow the images: with `OneOf([CutMix(), MixUp()])` each image has
    the label that its own layer computed.

    With `per="image"` every layer works on the whole batch, and each image
    is taken from the result of its own layer. The time is the sum of all
    layers' times, and partners come from the whole batch. With `per="batch"`
    only the drawn layer runs.

    Args:
        layers: List of `augment_tf.Augmentation` layers, at least one. Their
            own seeds are not used. All must return images of one size.
        probabilities: None for equal shares, or a number of at least 0 for
            each layer. They are scaled to a sum of 1.
        per: `"image"`: each image has its own draw. `"batch"`: one draw for
            the batch, as timm chooses between CutMix and MixUp.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        The layers'. Labels are required if any layer mixes.

    Output shape:
        The layers'. `apply` keeps uint8 images if every layer does. At
        inference the first layer's inference is used.

    Raises:
        ValueError: if an argument is something else, or if the layers return
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
