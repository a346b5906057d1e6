"""The base class of all augmentation layers."""

import warnings

import keras
import tensorflow as tf

from augment_tf.arguments import check_images

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "augment_tf needs Keras's TensorFlow backend. Received: "
        f"{keras.backend.backend()!r}. Set the environment variable "
        "KERAS_BACKEND=tensorflow before Keras is imported."
    )


class Augmentation(keras.layers.Layer):
    """Draws random parameters once for a batch, then applies them.

    A subclass implements `get_random_transformation`, which makes every
    random decision and returns a dictionary of tensors, and
    `transform_images`, which only applies such a dictionary; one that also
    changes labels sets `mixes_labels` and implements `transform_labels`.
    The split lets a test hand in a transformation and expect exact pixels.

    Args:
        seed: Integer or None. Seeds the calls `layer(batch)`; `apply` is
            given its seed and ignores this one.
        **kwargs: `name` and the like, as for any Keras layer. `dtype` is
            float32 unless given, whatever the global policy: labels must
            not become float16.
    """

    mixes_labels = False
    # uint8 in, uint8 out; layers that compute colors return float32 instead.
    keeps_uint8 = True

    def __init__(self, seed=None, **kwargs):
        kwargs.setdefault("dtype", "float32")
        # Without autocast Keras leaves uint8 images and labels as they are.
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def get_random_transformation(self, images, seed):
        """Every random decision for one batch, as a dictionary of tensors.

        images: uint8 or float32 (B, H, W, 3). seed: int32 (2,).
        """
        raise NotImplementedError

    def transform_images(self, images, transformation):
        """The images (B, H, W, 3) after the transformation."""
        raise NotImplementedError

    def transform_labels(self, labels, transformation):
        """The labels, float32 (B, K), after the transformation."""
        return labels

    def leave_images(self, images):
        """What becomes of images where nothing is augmented: inference."""
        return images

    def augment(self, images, labels, seed):
        """`apply` on checked tensors; labels may be None."""
        if self.mixes_labels and images.shape[0] == 1:
            warnings.warn(
                f"{self.name} mixes the images of a batch, and one image has "
                "no partner: it is returned unchanged. Apply the layer after "
                "Dataset.batch.",
                stacklevel=2,
            )
            return self.leave_images(images), labels
        transformation = self.get_random_transformation(images, seed)
        images = self.transform_images(images, transformation)
        if labels is not None:
            labels = self.transform_labels(labels, transformation)
        return images, labels

    # Nothing in a layer needs autograph, and conversion makes tracing slow
    # and errors hard to read.
    @tf.autograph.experimental.do_not_convert
    def apply(self, batch, seed):
        """Augments one batch; the same input and seed give the same bits.

        Args:
            batch: `{"images": ..., "labels": ...}`, or the images alone.
                images: uint8, or float in [0, 255], (B, H, W, 3) or
                (H, W, 3). labels: float (B, K) or (K,), one-hot or soft.
                Where the layer does not mix, labels may be left out, and
                pass through untouched whatever they are.
            seed: int32 of shape (2,).

        Returns:
            The same structure. Images keep uint8 where the layer says so and
            are float32 otherwise; mixed labels are float32.

        Raises:
            ValueError: if a shape, a dtype or a key is not one of these.
        """
        seed = tf.convert_to_tensor(seed)
        # Seeds out of `Dataset.batch(2)` have a length only when they run.
        fits = seed.shape.is_compatible_with((2,))
        if not seed.dtype.is_integer or not fits:
            raise ValueError(
                f"{self.name} expects `seed` to be int32 of shape (2,). "
                f"Received: dtype {seed.dtype.name}, shape {seed.shape}."
            )
        seed = tf.ensure_shape(tf.cast(seed, tf.int32), (2,))
        return self._on_batch(
            batch, lambda images, labels: self.augment(images, labels, seed)
        )

    @tf.autograph.experimental.do_not_convert
    def call(self, batch, training=True):
        if not training:
            return self._on_batch(
                batch,
                lambda images, labels: (self.leave_images(images), labels),
            )
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        return self.apply(batch, seed)

    def _on_batch(self, batch, function):
        """Calls `function(images, labels)` on checked, batched tensors."""
        images, labels = self._unpack(batch)
        single = images.shape.rank == 3
        if single:
            images = images[tf.newaxis]
            labels = None if labels is None else labels[tf.newaxis]
        images, labels = function(images, labels)
        if not self.keeps_uint8:
            images = tf.cast(images, tf.float32)
        if single:
            images = images[0]
            labels = None if labels is None else labels[0]
        if not isinstance(batch, dict):
            return images
        return {"images": images} | (
            {} if labels is None else {"labels": labels}
        )

    def _unpack(self, batch):
        if not isinstance(batch, dict):
            batch = {"images": batch}
        if "images" not in batch or set(batch) - {"images", "labels"}:
            raise ValueError(
                f"{self.name} expects a dictionary with the keys 'images' "
                f"and 'labels'. Received: {sorted(batch)}."
            )
        images = check_images(batch["images"], self.name)
        labels = batch.get("labels")
        if labels is None:
            if self.mixes_labels:
                raise ValueError(
                    f"{self.name} mixes labels with images and expects "
                    '{"images": ..., "labels": ...}. Received: no labels.'
                )
            return images, None
        labels = tf.convert_to_tensor(labels)
        if not self.mixes_labels:
            return images, labels
        self._check_labels(labels, images)
        return images, tf.cast(labels, tf.float32)

    def _check_labels(self, labels, images):
        if not labels.dtype.is_floating:
            raise ValueError(
                f"{self.name} expects labels as float one-hot or soft "
                f"vectors. Received: {labels.dtype.name} of shape "
                f"{labels.shape}. Use keras.ops.one_hot(labels, classes)."
            )
        if labels.shape.rank != images.shape.rank - 2:
            raise ValueError(
                f"{self.name} expects labels of shape (batch, classes) for a "
                f"batch of images, (classes,) for one image. Received: "
                f"labels {labels.shape}, images {images.shape}."
            )
        if not labels.shape[:-1].is_compatible_with(images.shape[:-3]):
            raise ValueError(
                f"{self.name} expects as many labels as images. Received: "
                f"labels {labels.shape}, images {images.shape}."
            )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
