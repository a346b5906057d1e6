"""Weight initializers by name."""

import difflib
import inspect

import keras

# PyTorch's kaiming_normal_(mode="fan_out"), the initializer of
# torchvision's ResNet; Keras's he_normal is truncated and counts fan-in.
HE_NORMAL_FAN_OUT = "he_normal_fan_out"
# The initializer of torch.nn.Linear, bias included: uniform within
# 1 / sqrt(fan-in).
LINEAR_UNIFORM = "linear_uniform"

_OWN = {
    HE_NORMAL_FAN_OUT: {
        "scale": 2.0,
        "mode": "fan_out",
        "distribution": "untruncated_normal",
    },
    LINEAR_UNIFORM: {
        "scale": 1 / 3,
        "mode": "fan_in",
        "distribution": "uniform",
    },
}


def known_names():
    """The snake_case names that `get_initializer` takes, sorted."""
    keras_names = [
        name
        for name, value in vars(keras.initializers).items()
        if name.islower() and inspect.isclass(value)
    ]
    return sorted([*_OWN, *keras_names])


def get_initializer(name):
    """Returns a new initializer.

    One call for each layer: a Keras initializer object gives the same values
    every time it is asked for the same shape.

    Args:
        name: `he_normal_fan_out`, `linear_uniform`, or any name that
            `keras.initializers` knows, such as `glorot_uniform`.

    Raises:
        ValueError: if the name is unknown.

    Example:

    >>> get_initializer("he_normal_fan_out")((3, 3, 64, 64)).shape
    TensorShape([3, 3, 64, 64])
    """
    if name in _OWN:
        return keras.initializers.VarianceScaling(**_OWN[name])
    if name not in known_names():
        close = difflib.get_close_matches(name, known_names(), cutoff=0.5)
        raise ValueError(
            "The initializer should be one of "
            f"{', '.join(close or known_names())}. Received: {name!r}."
        )
    return keras.initializers.get(name)


def get_bias_initializer(name, fan_in):
    """Returns a new initializer of a layer's bias.

    Args:
        name: As for `get_initializer`. `linear_uniform` is the one that
            depends on the fan-in, which the shape of a bias does not tell.
        fan_in: Inputs of each of the layer's units.

    Raises:
        ValueError: if the name is unknown.

    Example:

    >>> bias = get_bias_initializer("linear_uniform", fan_in=2500)((1000,))
    >>> 0.019 < float(abs(bias.numpy()).max()) <= 0.02
    True
    """
    if name == LINEAR_UNIFORM:
        bound = fan_in**-0.5
        return keras.initializers.RandomUniform(-bound, bound)
    return get_initializer(name)
