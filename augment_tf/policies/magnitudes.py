"""Meaning of an operation's name and magnitude, by the policies' papers.

Shears are pixels for each pixel, translations whole pixels, rotations degrees;
brightness, color, contrast and sharpness are factors minus 1. Posterize has
bits, solarize has a threshold, and the other operations have no magnitude.
"""

import numpy as np
import tensorflow as tf

from augment_tf.ops import affine

GEOMETRIC = ("shear_x", "shear_y", "translate_x", "translate_y", "rotate")
ENHANCING = ("brightness", "color", "contrast", "sharpness")


def ranges(bins, shear, shift, degrees, factor, fewest_bits):
    """Magnitudes by name, float64 arrays (bins,), from none to full effect.

    Args:
        bins: Integer of at least 2.
        shear: The largest shear.
        shift: The largest translation.
        degrees: The largest rotation.
        factor: The largest departure of a factor from 1.
        fewest_bits: The fewest bits that posterize keeps.
    """
    highest = {
        "shear_x": shear,
        "shear_y": shear,
        "translate_x": shift,
        "translate_y": shift,
        "rotate": degrees,
        **dict.fromkeys(ENHANCING, factor),
    }
    lost = np.arange(bins) / ((bins - 1) / (8 - fewest_bits))
    return {
        **{name: np.linspace(0, end, bins) for name, end in highest.items()},
        "posterize": 8 - np.round(lost),
        "solarize": np.linspace(255, 0, bins),
    }


def moderate(bins):
    """The ranges of AutoAugment, shifts as shares of the image's side."""
    return ranges(
        bins, shear=0.3, shift=150 / 331, degrees=30, factor=0.9, fewest_bits=4
    )


def table(names, ranges):
    """Magnitudes as an array (operations, bins), 0 if there are none."""
    bins = len(next(iter(ranges.values())))
    return np.stack([ranges.get(name, np.zeros(bins)) for name in names])


def branches(names, interpolation):
    """The operations of `apply_chains` behind the names, each once."""
    return tuple(
        dict.fromkeys(_operation(name, interpolation) for name in names)
    )


def _operation(name, interpolation):
    """The operation of `apply_chains` for a policy's operation."""
    if name not in GEOMETRIC:
        return name
    # The same pixels as by general interpolation, in less time.
    if name.startswith("translate"):
        return "move"
    if interpolation == "bilinear" and name.startswith("shear"):
        return "bilinear_rows" if name.endswith("x") else "bilinear_columns"
    return interpolation


def steps(names, chosen, magnitudes, interpolation, height, width):
    """Choices and parameters for `apply_chains`, as a dictionary.

    Args:
        names: The policy's operations.
        chosen: int32 (B, L), places in `names`.
        magnitudes: float64 (B, L), signed.
        interpolation: "nearest" or "bilinear".
        height: Of the images, for the point that rotations turn around.
        width: See `height`.
    """
    operations = branches(names, interpolation)
    branch = [
        operations.index(_operation(name, interpolation)) for name in names
    ]
    parameters = tf.zeros((6,), tf.float64)
    for place, name in enumerate(names):
        parameters = tf.where(
            (chosen == place)[..., tf.newaxis],
            _parameters(name, magnitudes, height, width),
            parameters,
        )
    return {
        "operations": tf.gather(tf.constant(branch, tf.int32), chosen),
        "parameters": parameters,
    }


def _parameters(name, magnitudes, height, width):
    if name == "shear_x":
        return affine.shear_x(magnitudes)
    if name == "shear_y":
        return affine.shear_y(magnitudes)
    if name == "translate_x":
        return affine.translation(_whole(magnitudes), tf.zeros_like(magnitudes))
    if name == "translate_y":
        return affine.translation(tf.zeros_like(magnitudes), _whole(magnitudes))
    if name == "rotate":
        return affine.rotation(magnitudes, height, width)
    if name in ENHANCING:
        magnitudes = 1.0 + magnitudes
    return tf.stack((magnitudes, *5 * [tf.zeros_like(magnitudes)]), axis=-1)


def _whole(pixels):
    """Towards zero, as Python's int."""
    return tf.sign(pixels) * tf.floor(tf.abs(pixels))
