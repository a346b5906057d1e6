"""The base class of all augmentation layers."""

import warnings

import keras
import tensorflow as tf

from augment_tf.arguments import check_images
from augment_tf.sampling import replica_seed, to_32_bits

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
        **kwargs: `name` and the like, as for any Keras layer. `dtype`, in
            which `layer(batch)` returns images, is float32 unless given,
            whatever the global policy; "uint8" cuts floats to whole numbers
            in [0, 255]. Labels, and what is computed, stay float32.
    """

    mixes_labels = False
    # uint8 in, uint8 out of `apply`; layers that compute colors return
    # float32 instead.
    keeps_uint8 = True

    def __init__(self, seed=None, **kwargs):
        kwargs.setdefault("dtype", "float32")
        # Without autocast Keras leaves uint8 images and labels as they are.
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(
            None if seed is None else to_32_bits(seed)
        )
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
                images: numbers in [0, 255], (B, H, W, 3) or (H, W, 3); all
                but uint8 are taken as float32. labels: float (B, K) or
                (K,), one-hot or soft. Where the layer does not mix, labels
                may be left out, and pass through untouched whatever they
                are.
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
        """`apply` with a seed of the layer's own, the Keras way.

        Replicas of a `tf.distribute` strategy draw differently.

        Returns:
            As `apply`, but images in the layer's dtype, as from any layer of
            Keras: the next one in a model may take no uint8. Where `training`
            is false nothing is augmented, and labels are not looked at.
        """
        if training:
            seed = tf.cast(self.seed_generator.next(), tf.int32)
            context = tf.distribute.get_replica_context()
            # A layer made under a strategy has the same state on all replicas.
            if context is not None and context.num_replicas_in_sync > 1:
                seed = replica_seed(seed, context.replica_id_in_sync_group)
            result = self.apply(batch, seed)
        else:
            result = self._on_batch(
                batch,
                lambda images, labels: (self.leave_images(images), labels),
                training=False,
            )
        if not isinstance(result, dict):
            return tf.saturate_cast(result, self.compute_dtype)
        images = tf.saturate_cast(result["images"], self.compute_dtype)
        return {**result, "images": images}

    def _on_batch(self, batch, function, training=True):
        """Calls `function(images, labels)` on checked, batched tensors."""
        images, labels = self._unpack(batch, training)
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

    def _unpack(self, batch, training):
        if not isinstance(batch, dict):
            batch = {"images": batch}
        if "images" not in batch or set(batch) - {"images", "labels"}:
            raise ValueError(
                f"{self.name} expects a dictionary with the keys 'images' "
                f"and 'labels'. Received: {sorted(batch)}."
            )
        images = check_images(batch["images"], self.name)
        labels = batch.get("labels")
        mixes = self.mixes_labels and training
        if labels is None:
            if mixes:
                raise ValueError(
                    f"{self.name} mixes labels with images and expects "
                    '{"images": ..., "labels": ...}. Received: no labels.'
                )
            return images, None
        labels = tf.convert_to_tensor(labels)
        if mixes:
            self._check_labels(labels, images)
        if self.mixes_labels and labels.dtype.is_floating:
            # In inference, too: a model has one dtype for both.
            labels = tf.cast(labels, tf.float32)
        return images, labels

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

    def compute_output_spec(self, *args, **kwargs):
        # Traced from `call`. Keras would take the layer's dtype for all that
        # comes out, labels included.
        return keras.Operation.compute_output_spec(self, *args, **kwargs)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
