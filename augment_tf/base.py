"""The base class of all augmentation layers."""

import random
import warnings

import keras
import tensorflow as tf

from augment_tf.ops import arguments, batch_format, image_range
from augment_tf.ops.sampling import SeedCounter, replica_seed

# The range of images unless a layer has another.
BYTES = (0.0, 255.0)


class Augmentation(keras.layers.Layer):
    """Draws random parameters once for a batch, then applies them.

    A subclass implements `get_random_transformation`, which makes every
    random decision and returns a dictionary of tensors, and
    `transform_images`, which only applies such a dictionary; one that also
    changes labels sets `mixes_labels` and implements `transform_labels`.
    A test can therefore pass a transformation and expect exact pixels.

    Layers compute with TensorFlow, whatever Keras's backend is: they work in
    tf.data and on arrays. Parts of a model they are under TensorFlow alone.

    Args:
        seed: Integer or None. Seeds the calls `layer(batch)`; `apply` has a
            seed of its own and ignores this one.
        value_range: Pair (black, white) of the images given, such as (0, 1)
            or (-1, 1) for floats; they come back in it. A layer's other
            arguments stay in [0, 255]. In a `Sequence`, `OneOf` or
            `RandomApply` only the range of the outermost layer is used.
            Layers that depend on the range look at the first batch:
            normalized images are an error, those in [0, 1] a warning, or in
            a graph a line that TensorFlow prints. Functions compiled by XLA
            as a whole are not looked at.
        **kwargs: `name` and the like, as for any Keras layer. `dtype`, in
            which `layer(batch)` returns images, is float32 unless given,
            whatever the global policy; "uint8" clips floats to [0, 255] and
            drops their fractions. Labels and computations stay float32.
    """

    mixes_labels = False
    # `apply` returns uint8 for uint8 images. Layers that compute colors
    # return float32 instead.
    keeps_uint8 = True
    # False if pixels only move or mix: black and white do not matter.
    depends_on_range = True
    # Allowed sizes of the last dimension of images.
    channels = (3,)

    def __init__(self, seed=None, value_range=BYTES, **kwargs):
        kwargs.setdefault("dtype", "float32")
        # Without autocast Keras leaves uint8 images and labels as they are.
        super().__init__(autocast=False, **kwargs)
        self.seed = arguments.seed("seed", seed)
        # Keras finds generators among attributes and keeps their state.
        self.seed_generator = SeedCounter(
            random.randrange(2**32) if seed is None else self.seed
        )
        self.value_range = arguments.value_range("value_range", value_range)
        self._looked_at_range = False
        self.built = True

    def get_random_transformation(self, images, seed):
        """Every random decision for one batch, as a dictionary of tensors.

        images: uint8 or float32 (B, H, W, C). seed: int32 (2,).
        """
        raise NotImplementedError

    def transform_images(self, images, transformation):
        """The images (B, H, W, C) after the transformation."""
        raise NotImplementedError

    def transform_labels(self, labels, transformation):
        """The labels, float32 (B, K), after the transformation.

        Weighted sums of the batch's labels: sample weights come as a column.
        """
        return labels

    def leave_images(self, images):
        """The images at inference, when nothing is augmented."""
        return images

    def augment(self, images, labels, seed):
        """`apply` on checked tensors in [0, 255]; labels may be None."""
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

    def __call__(self, *args, **kwargs):
        if keras.backend.backend() == "tensorflow":
            return super().__call__(*args, **kwargs)
        # Keras would convert the arguments to its backend's tensors. To
        # Keras, None is an argument that is not given.
        given = {key: item for key, item in kwargs.items() if item is not None}
        return self.call(*args, **given)

    # No layer needs autograph. Its conversion makes tracing slow and errors
    # hard to read.
    @tf.autograph.experimental.do_not_convert
    def apply(self, batch, seed):
        """Augments one batch; the same input and seed give the same bits.

        Args:
            batch: `{"images": ..., "labels": ...}`, a pair `(images,
                labels)`, or the images alone.
                images: numbers in [0, 255] or `value_range`, (B, H, W, 3) or
                (H, W, 3), or with one channel if the layer accepts gray
                images; all dtypes but uint8 become float32.
                labels: float (B, K) or (K,), one-hot or soft. If the layer
                does not mix, labels are optional, may be anything, and pass
                through unchanged.
                sample_weights: one number an image, a further key or the
                third of a tuple. Mixed as the labels are.
                Further keys of a dictionary pass through layers that do not
                mix, as they are: masks and boxes are not moved.
            seed: int32 of shape (2,), or two integers of any size. Integers
                beyond 32 bits are hashed.

        Returns:
            The same structure, of TensorFlow's tensors; `.numpy()` makes an
            array of one. Images keep uint8 if the layer's docstring says so
            and are float32 otherwise; mixed labels and weights are float32.

        Raises:
            ValueError: if a shape, a dtype or a key is not one of these, or
                if images were normalized before
                (`tf.errors.InvalidArgumentError` in a graph).
        """
        seed = arguments.check_seed_pair(seed, self.name)
        return self._process(batch, seed)

    @tf.autograph.experimental.do_not_convert
    def call(self, batch, labels=None, sample_weights=None, training=True):
        """`apply` with the layer's own seeds, as Keras calls its layers.

        Call n of a layer with a `seed` has the seed (seed, n), counted from
        0. No two calls share a number, in parallel either. But the batches of
        a parallel `Dataset.map` take their numbers in any order: to repeat
        them, use `augment_tf.map_dataset`, or `apply` with seeds of your own.
        A layer without a seed draws one when it is created. A layer
        that is loaded, unpickled or cloned starts at its seed again, as
        Keras's layers do. Replicas of a `tf.distribute` strategy draw
        different numbers.

        Labels and sample weights may be arguments of their own, as
        `Dataset.map(layer)` hands in pairs; they come back as a tuple.

        Returns:
            As `apply`, but images in the layer's dtype, as from any layer of
            Keras: the next layer of a model may not accept uint8. If
            `training` is false, nothing is augmented and labels are not
            checked. `fit`, `evaluate` and `predict` set `training`. Calls
            that do not, such as `model(images)` and `Model.export`, augment,
            as Keras's own random layers do: export
            `model(images, training=False)` with `keras.export.ExportArchive`.
        """
        if labels is not None or sample_weights is not None:
            rest = () if sample_weights is None else (sample_weights,)
            batch = (batch, labels, *rest)
        seed = self._draw_seed() if training else None
        try:
            return self._process(batch, seed, self.compute_dtype)
        except ValueError as error:
            # Keras would put sentences of its own before the layer's.
            error._keras_call_info_injected = True
            raise

    def _draw_seed(self):
        seed = self.seed_generator.next()
        context = tf.distribute.get_replica_context()
        # A layer created under a strategy has the same state on all replicas.
        if context is not None and context.num_replicas_in_sync > 1:
            seed = replica_seed(seed, context.replica_id_in_sync_group)
        return seed

    def _process(self, batch, seed, dtype=None):
        """Augments a batch in any format; at inference, `seed` is None."""
        batch_format.check_backend(batch, self.name)
        given = batch_format.to_dictionary(batch, self.name)
        images = arguments.check_images(
            given["images"], self.name, self.channels
        )
        dtype_given = getattr(given["images"], "dtype", images.dtype)
        self._check_dtype(tf.as_dtype(dtype_given))
        mixed = self._collect_mixed(given, images, seed is not None)
        single = images.shape.rank == 3
        if single:
            images, *mixed = (item[tf.newaxis] for item in (images, *mixed))
        if seed is not None:
            self._check_range(images, seed)
        images, mixed = self._augment(images, mixed, seed)
        # `saturate_cast` clips even to the same dtype, which TFLite lacks.
        if dtype is not None and images.dtype != dtype:
            images = tf.saturate_cast(images, dtype)
        if single:
            images, *mixed = (item[0] for item in (images, *mixed))
        mixed = dict(zip(batch_format.KEYS[1:], mixed, strict=False))
        result = {"images": images, **mixed}
        return batch_format.restore_format(batch, {**given, **result})

    def _collect_mixed(self, given, images, training):
        """Labels, if they are tensors, and weights that are mixed."""
        mixes = self.mixes_labels and training
        if mixes and "labels" not in given:
            raise ValueError(
                f"{self.name} mixes labels with images and expects "
                '{"images": ..., "labels": ...}. Received: no labels.'
            )
        others = sorted(set(given) - set(batch_format.KEYS))
        if mixes and others:
            raise ValueError(
                f"{self.name} mixes the images of a batch and can mix "
                f"nothing but the keys 'images' and 'labels', and "
                f"'sample_weights'. Received: {others}. Take them out first."
            )
        labels = given.get("labels")
        if labels is None or not (mixes or batch_format.is_tensor_like(labels)):
            return []
        if mixes:
            batch_format.check_is_tensor(labels, self.name)
        labels = tf.convert_to_tensor(labels)
        if mixes:
            batch_format.check_labels(labels, images, self.name)
        if self.mixes_labels and labels.dtype.is_floating:
            # In inference, too: a model has one dtype for both.
            labels = tf.cast(labels, tf.float32)
        if not (self.mixes_labels and "sample_weights" in given):
            return [labels]
        weights = given["sample_weights"]
        if not mixes:
            return [labels, tf.cast(weights, tf.float32)]
        return [labels, batch_format.check_weights(weights, images, self.name)]

    def _augment(self, images, mixed, seed):
        if seed is None:
            images = self.leave_images(images)
        else:
            labels = mixed[0] if mixed else None
            if len(mixed) == 2:
                # Weights are mixed as one more column of the labels.
                labels = tf.concat((labels, mixed[1][:, tf.newaxis]), axis=1)
            low, high = self.value_range
            rescales = self.depends_on_range and self.value_range != BYTES
            if rescales:
                images = (images - low) * (255.0 / (high - low))
            images, labels = self.augment(images, labels, seed)
            if rescales:
                images = tf.cast(images, tf.float32)
                images = images * ((high - low) / 255.0) + low
            if len(mixed) == 2:
                mixed = [labels[:, :-1], labels[:, -1]]
            elif mixed:
                mixed = [labels]
        if not self.keeps_uint8:
            images = tf.cast(images, tf.float32)
        return images, mixed

    def _check_dtype(self, dtype):
        if self.value_range != BYTES and not dtype.is_floating:
            raise ValueError(
                f"{self.name} expects floats for value_range="
                f"{self.value_range}. Received: {dtype.name}."
            )

    def _check_range(self, images, seed):
        if not self.depends_on_range or images.dtype == tf.uint8:
            return
        if not tf.executing_eagerly():
            image_range.check_in_graph(
                images, self.value_range, self.name, seed
            )
        elif not self._looked_at_range:
            self._looked_at_range = image_range.check_eagerly(
                images, self.value_range, self.name
            )

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, *args, **kwargs):
        # Traced from `call`. Keras would assume the layer's dtype for all
        # outputs, labels included.
        try:
            return keras.Operation.compute_output_spec(self, *args, **kwargs)
        except ValueError as error:
            # The layer's own error, without Keras's sentences before it.
            raise (error.__context__ or error) from None

    def get_config(self):
        return {
            **super().get_config(),
            "seed": self.seed,
            "value_range": self.value_range,
        }
