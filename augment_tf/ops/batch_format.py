"""Formats of a batch: images, tuples, dictionaries."""

import keras
import numpy as np
import tensorflow as tf

# Keras's x, y and sample_weight, in this order.
KEYS = ("images", "labels", "sample_weights")


def check_backend(batch, name):
    """Raises ValueError for tensors of JAX and others, as models hand them in.

    Under Keras's TensorFlow backend, anything goes.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return
    for item in keras.tree.flatten(batch):
        foreign = keras.ops.is_tensor(item) and not isinstance(item, np.ndarray)
        if foreign or isinstance(item, keras.KerasTensor):
            raise ValueError(
                f"{name} expects NumPy arrays or TensorFlow's tensors, as in "
                f"tf.data. Received: {type(item).__name__}. Under Keras's "
                f"{backend} backend it cannot be part of a model: apply it to "
                "the data set, with augment_tf.map_dataset(dataset, layer, "
                "seed) or dataset.map(layer)."
            )


def to_dictionary(batch, name):
    """Converts a batch of any format to a dictionary without None.

    Raises:
        ValueError: if a tuple is too long, a dictionary has no images, or a
            list holds anything but images.
    """
    if isinstance(batch, tuple):
        if not 1 <= len(batch) <= len(KEYS):
            raise ValueError(
                f"{name} expects tuples of (images, labels) or (images, "
                f"labels, sample_weights). Received: {len(batch)} items."
            )
        batch = dict(zip(KEYS, batch, strict=False))
    elif not isinstance(batch, dict):
        if isinstance(batch, list):
            _check_list(batch, name)
        batch = {"images": batch}
    if batch.get("images") is None:
        raise ValueError(
            f"{name} expects a dictionary with the keys 'images' and "
            f"'labels'. Received: {sorted(batch)}."
        )
    return {key: item for key, item in batch.items() if item is not None}


def _check_list(batch, name):
    """Raises ValueError if items of a list differ as images and labels do."""
    shapes = [getattr(item, "shape", type(item).__name__) for item in batch]
    if len({isinstance(s, str) or len(s) for s in shapes}) > 1:
        raise ValueError(
            f"{name} expects images and labels as a tuple, (images, labels). "
            f"Received: a list of {' and '.join(map(str, shapes))}."
        )


def restore_format(batch, result):
    """Converts the dictionary `result` to the format of `batch`."""
    if isinstance(batch, tuple):
        return tuple(result.get(key) for key in KEYS[: len(batch)])
    return result if isinstance(batch, dict) else result["images"]


def is_tensor_like(labels):
    """True if labels are one tensor or can be converted to one."""
    nested = (dict, tuple, tf.RaggedTensor, tf.SparseTensor)
    return not isinstance(labels, nested)


def check_is_tensor(labels, name):
    """Raises ValueError if labels are several tensors."""
    if not is_tensor_like(labels):
        keys = f", {sorted(labels)}" if isinstance(labels, dict) else ""
        raise ValueError(
            f"{name} mixes labels and expects one tensor of them. Received: "
            f"{type(labels).__name__}{keys}. Concatenate several heads to "
            "(batch, classes) before the layer, and split them after it."
        )


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
    """Converts sample weights to float32; ValueError unless one an image."""
    weights = tf.cast(weights, tf.float32)
    if not weights.shape.is_compatible_with(images.shape[:-3]):
        raise ValueError(
            f"{name} expects sample_weights of one number an image. "
            f"Received: sample_weights {weights.shape}, images {images.shape}."
        )
    return weights
