"""The forms in which a batch is handed in: images, pairs, dictionaries."""

import tensorflow as tf

# What Keras calls x, y and sample_weight, in its order.
KEYS = ("images", "labels", "sample_weights")


def as_dictionary(batch, name):
    """Any form of a batch as a dictionary, without what is None.

    Raises:
        ValueError: if a tuple is too long or a dictionary has no images.
    """
    if isinstance(batch, tuple):
        if not 1 <= len(batch) <= len(KEYS):
            raise ValueError(
                f"{name} expects tuples of (images, labels) or (images, "
                f"labels, sample_weights). Received: {len(batch)} items."
            )
        batch = dict(zip(KEYS, batch, strict=False))
    elif not isinstance(batch, dict):
        batch = {"images": batch}
    if batch.get("images") is None:
        raise ValueError(
            f"{name} expects a dictionary with the keys 'images' and "
            f"'labels'. Received: {sorted(batch)}."
        )
    return {key: item for key, item in batch.items() if item is not None}


def as_given(batch, result):
    """The dictionary `result` in the form in which `batch` was given."""
    if isinstance(batch, tuple):
        return tuple(result.get(key) for key in KEYS[: len(batch)])
    return result if isinstance(batch, dict) else result["images"]


def is_tensor_like(labels):
    """Whether labels are one tensor, or become one."""
    nested = (dict, tuple, tf.RaggedTensor, tf.SparseTensor)
    return not isinstance(labels, nested)


def check_labels(labels, images, name):
    """Raises ValueError unless a mixing layer can mix these labels."""
    if not labels.dtype.is_floating:
        raise ValueError(
            f"{name} expects labels as float one-hot or soft vectors. "
            f"Received: {labels.dtype.name} of shape {labels.shape}. Use "
            "keras.ops.one_hot(labels, classes)."
        )
    if labels.shape.rank != images.shape.rank - 2:
        raise ValueError(
            f"{name} expects labels of shape (batch, classes) for a batch of "
            f"images, (classes,) for one image. Received: labels "
            f"{labels.shape}, images {images.shape}."
        )
    if not labels.shape[:-1].is_compatible_with(images.shape[:-3]):
        raise ValueError(
            f"{name} expects as many labels as images. Received: labels "
            f"{labels.shape}, images {images.shape}."
        )


def check_weights(weights, images, name):
    """Sample weights as float32, if they are one number an image."""
    weights = tf.cast(weights, tf.float32)
    if not weights.shape.is_compatible_with(images.shape[:-3]):
        raise ValueError(
            f"{name} expects sample_weights of one number an image. "
            f"Received: sample_weights {weights.shape}, images {images.shape}."
        )
    return weights
