"""Checks of arguments and images.

Checks of constructors' arguments return the value as configurations store it:
floats, and tuples in place of JSON's lists.
"""

import math
import numbers

import numpy as np
import tensorflow as tf

from augment_tf.ops.sampling import tensor_to_32_bits, to_32_bits


def number(name, value, minimum=-math.inf, maximum=math.inf, above=None):
    """`value` as a float in [minimum, maximum], and greater than `above`."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    bounds = [f"in [{minimum}, {maximum}]"]
    if above is not None:
        bounds.append(f"greater than {above}")
    if (
        not is_number
        or not math.isfinite(value)
        or not minimum <= value <= maximum
        or (above is not None and value <= above)
    ):
        raise ValueError(
            f"expected `{name}` to be a finite number {' and '.join(bounds)}. "
            f"Received: {name}={value!r}."
        )
    return float(value)


def interval(name, value, **bounds):
    """`value` as a pair of floats, the lower one first."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(
            f"expected `{name}` to be a pair (lower, upper). "
            f"Received: {name}={value!r}."
        )
    lower, upper = (number(name, item, **bounds) for item in value)
    if lower > upper:
        raise ValueError(
            f"expected `{name}` to be a pair (lower, upper) with lower <= "
            f"upper. Received: {name}={value!r}."
        )
    return lower, upper


def pair(name, value, **bounds):
    """`value` as two floats; one number stands for both."""
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(
            f"expected `{name}` to be a number or a pair (x, y). "
            f"Received: {name}={value!r}."
        )
    return tuple(number(name, item, **bounds) for item in value)


def integer(name, value, minimum):
    """`value` as an int of at least `minimum`."""
    is_integer = isinstance(value, numbers.Integral)
    if not is_integer or isinstance(value, bool) or value < minimum:
        raise ValueError(
            f"expected `{name}` to be an integer of at least {minimum}. "
            f"Received: {name}={value!r}."
        )
    return int(value)


def seed(name, value):
    """`value` as an int of any size, or None."""
    if value is None:
        return None
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise ValueError(
            f"expected `{name}` to be an integer or None. "
            f"Received: {name}={value!r}."
        )
    return int(value)


def color(name, value):
    """One value for all channels, or three, in image units [0, 255]."""
    if not isinstance(value, (tuple, list)):
        return number(name, value, minimum=0.0, maximum=255.0)
    if len(value) != 3:
        raise ValueError(
            f"expected `{name}` to be one number or three (red, green, blue). "
            f"Received: {name}={value!r}."
        )
    return tuple(
        number(name, item, minimum=0.0, maximum=255.0) for item in value
    )


def choice(name, value, options):
    """`value` if it is one of `options`."""
    if value not in tuple(options):
        raise ValueError(
            f"expected `{name}` to be one of {', '.join(map(repr, options))}. "
            f"Received: {name}={value!r}."
        )
    return value


def value_range(name, value):
    """`value` as a pair of different floats, the lower one first."""
    lower, upper = interval(name, value)
    if lower == upper:
        raise ValueError(
            f"expected `{name}` to be a pair (black, white) of two numbers. "
            f"Received: {name}={value!r}."
        )
    return lower, upper


def check_seed_pair(seed, name):
    """Converts two integers to int32 (2,); ValueError if they are none.

    Integers beyond 32 bits are hashed.
    """
    if tf.is_tensor(seed) and hasattr(seed, "numpy"):
        seed = seed.numpy()
    if isinstance(seed, np.ndarray):
        seed = seed.tolist()
    if isinstance(seed, (tuple, list)) and all(
        isinstance(part, numbers.Integral) and not isinstance(part, bool)
        for part in seed
    ):
        parts = [to_32_bits(int(part)) % 2**32 for part in seed]
        seed = np.array(parts, np.uint32).view(np.int32)
    seed = tf.convert_to_tensor(seed)
    # Seeds out of `Dataset.batch(2)` have a length only when they run.
    fits = seed.shape.is_compatible_with((2,))
    if not seed.dtype.is_integer or not fits:
        raise ValueError(
            f"{name} expects `seed` to be int32 of shape (2,). "
            f"Received: dtype {seed.dtype.name}, shape {seed.shape}."
        )
    return tf.ensure_shape(tensor_to_32_bits(seed), (2,))


def check_images(images, name, channels=(3,)):
    """Converts images to a tensor, uint8 or float32; ValueError if wrong."""
    if isinstance(images, tf.RaggedTensor):
        raise ValueError(
            f"{name} expects images of one size. Received: a ragged batch. "
            "Resize the images before Dataset.batch, or apply a layer that "
            "does not mix to each image, before Dataset.ragged_batch."
        )
    images = tf.convert_to_tensor(images)
    if images.shape.rank not in (3, 4) or images.shape[-1] not in channels:
        gray = " 1 channel is possible, too." if 1 in channels else ""
        raise ValueError(
            f"{name} expects images of shape (batch, height, width, 3) or "
            f"(height, width, 3).{gray} Received: {images.shape}."
        )
    if images.dtype == tf.uint8:
        return images
    if not (images.dtype.is_floating or images.dtype.is_integer):
        raise ValueError(
            f"{name} expects images as integers or floats in [0, 255]. "
            f"Received: {images.dtype.name}. Cast them first."
        )
    return tf.cast(images, tf.float32)
