"""Keras layer that applies AugLy inside tf.data, without files."""

import keras
import numpy as np
import PIL.Image
import tensorflow as tf

import augment_tf
from augment_tf.ops.saliency import to_uint8
from pipelines.augly.library import load_augly
from pipelines.augly.operations import SLIGHT, check_operations, vary


@keras.saving.register_keras_serializable(package="pipelines")
class AugLyLayer(augment_tf.Augmentation):
    """Varies each image with AugLy's operations, anew for every batch.

    AugLy works on one image at a time, on the host: the layer runs eagerly
    and in `tf.data`, but XLA cannot compile it. If an operation such as a
    rotation changes the size of an image, the image is resized to its old
    size (bilinear, antialiased), also if that stretches it.

    References:
        - Papakipos and Bitton, AugLy: Data Augmentations for Robustness
          (2022), https://arxiv.org/abs/2201.06494

    Args:
        operations: See `pipelines.augly.operations`; None: its `SLIGHT`.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        Images uint8, or float in [0, 255], which is rounded to whole numbers
        first; (B, H, W, 3) or (H, W, 3). Labels pass through.

    Output shape:
        As the input, and its dtype, uint8 or float32.

    Raises:
        DataError: if the operations are wrong, or AugLy is not there.

    Example:

    >>> import tensorflow as tf
    >>> from pipelines.augly.layer import AugLyLayer
    >>> layer = AugLyLayer({"rotate": {"degrees": (-8.0, 8.0)}})
    >>> batch = {"images": tf.zeros((4, 32, 32, 3), tf.uint8)}
    >>> varied = layer.apply(batch, seed=(0, 1))["images"]
    >>> varied.shape, varied.dtype
    (TensorShape([4, 32, 32, 3]), tf.uint8)
    """

    def __init__(self, operations=None, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.operations = check_operations(
            SLIGHT if operations is None else operations
        )
        # Better an error now than one from TensorFlow, in training.
        load_augly()

    def augment(self, images, labels, seed):
        varied = tf.numpy_function(
            self._vary,
            [to_uint8(images), seed],
            tf.uint8,
            # Or tf.data would run it serially under op determinism.
            stateful=False,
            # XLA refuses the operation and quotes this name.
            name="augly_runs_on_the_host_and_XLA_cannot_compile_it",
        )
        varied.set_shape(images.shape)
        return tf.cast(varied, images.dtype), labels

    def _vary(self, images, seed):
        """uint8 (B, H, W, 3) and int32 (2,) to uint8 (B, H, W, 3)."""
        result = np.empty_like(images)
        # Generators take no negative numbers.
        entropy = seed.view(np.uint32).tolist()
        for index, image in enumerate(images):
            random = np.random.default_rng([*entropy, index])
            image = PIL.Image.fromarray(image)
            varied, _ = vary(image, self.operations, random)
            if varied.size != image.size:
                varied = varied.resize(
                    image.size, PIL.Image.Resampling.BILINEAR
                )
            result[index] = varied
        return result

    def get_config(self):
        return {**super().get_config(), "operations": self.operations}
