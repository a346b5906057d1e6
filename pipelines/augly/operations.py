"""AugLy's image operations as plain data, drawn from a seeded generator.

    operations = {
        "rotate": {"degrees": (-8.0, 8.0)},
        "hflip": {"probability": 0.5},
        "blur": {"radius": 1.5, "probability": 0.1},
    }

Keys are AugLy's functions, in the order in which they are applied. A value is
fixed, or a pair (low, high) that is drawn from uniformly: two integers give
an integer, both ends included. "probability", 1.0 unless given, is how often
the operation is applied. JSON's lists mean the same as tuples.
"""

import difflib

import numpy as np

from pipelines.augly.library import load_augly
from pipelines.augly.parameters import OPERATIONS, Integers, Number
from pipelines.errors import DataError
from pipelines.files.decoding import describe_error

# What the published study of cats and dogs names: rotation, horizontal flip,
# slight changes of brightness, contrast and saturation. It gives no ranges.
# AugLy cuts a rotated image to the largest rectangle without corners, which
# 8 degrees leave three quarters of (the median of that study's images).
SLIGHT = {
    "rotate": {"degrees": (-8.0, 8.0)},
    "hflip": {"probability": 0.5},
    "brightness": {"factor": (0.9, 1.1)},
    "contrast": {"factor": (0.9, 1.1)},
    "saturation": {"factor": (0.8, 1.2)},
}

_PROBABILITY = "probability"
_CHANCE = Number(0.0, 1.0)

# What AugLy raises at arguments and images that do not go together.
_AUGLY_ERRORS = (
    AssertionError,
    ValueError,
    ArithmeticError,
    OSError,
    MemoryError,
)


def check_operations(operations):
    """Checks operations; returns them in one form.

    Args:
        operations: See the top of this file.

    Returns:
        The same, with tuples instead of JSON's lists.

    Raises:
        DataError: names the wrong operation, parameter or value, and what is
            expected.
    """
    if not isinstance(operations, dict) or not operations:
        raise DataError(
            "operations: expected a dictionary such as {'hflip': "
            f"{{'probability': 0.5}}}}. Received: {operations!r}."
        )
    return {
        name: _check_operation(name, settings)
        for name, settings in operations.items()
    }


def _check_operation(name, settings):
    if name not in OPERATIONS:
        close = difflib.get_close_matches(str(name), OPERATIONS, cutoff=0.5)
        raise DataError(
            f"operations: AugLy's {name!r} is unknown or does not work. "
            f"Known: {', '.join(close or OPERATIONS)}."
        )
    if not isinstance(settings, dict):
        raise DataError(
            f"operations.{name}: expected a dictionary of parameters, which "
            f"may be empty. Received: {settings!r}."
        )
    kinds = {_PROBABILITY: _CHANCE, **OPERATIONS[name]}
    checked = {}
    for key, value in settings.items():
        if key not in kinds:
            raise DataError(
                f"operations.{name} has no parameter {key!r}. "
                f"Known: {', '.join(kinds)}."
            )
        value = tuple(value) if isinstance(value, list) else value
        if key == _PROBABILITY and not _CHANCE.accepts(value):
            raise DataError(
                f"operations.{name}.probability: expected a number in [0, 1]. "
                f"Received: {value!r}."
            )
        if not kinds[key].accepts(value) and not _is_range(kinds[key], value):
            raise DataError(
                f"operations.{name}.{key}: expected {kinds[key]}. "
                f"Received: {value!r}."
            )
        checked[key] = value
    if name == "crop":
        _check_crop(checked)
    return checked


def _is_range(kind, value):
    return (
        isinstance(kind, Number)
        and isinstance(value, tuple)
        and len(value) == 2
        and all(map(kind.accepts, value))
        and value[0] <= value[1]
    )


def _check_crop(settings):
    """Checks that every crop that can be drawn leaves something."""
    for low, high in (("x1", "x2"), ("y1", "y2")):
        last = np.max(settings.get(low, 0.25))
        first = np.min(settings.get(high, 0.75))
        if last >= first:
            raise DataError(
                f"operations.crop: expected {low} < {high} whatever is drawn. "
                f"Received: {low} up to {last}, {high} from {first}."
            )


def draw(operations, random):
    """Draws every random decision for one image.

    Each operation takes the same count of numbers from `random`, applied or
    not. So a probability or a range does not shift later operations.

    Args:
        operations: As `check_operations` accepts them.
        random: A `numpy.random.Generator`.

    Returns:
        What to apply, for `apply`: a list such as
        [{"name": "rotate", "parameters": {"degrees": 3.2}}].
    """
    drawn = []
    for name, settings in operations.items():
        kinds = OPERATIONS[name]
        decision, *numbers = random.random(1 + len(kinds)).tolist()
        if decision >= settings.get(_PROBABILITY, 1.0):
            continue
        parameters = {}
        for (key, kind), number in zip(kinds.items(), numbers, strict=True):
            value = settings.get(key, kind.default)
            if value is not None:
                parameters[key] = _pick(kind, value, number)
        drawn.append({"name": name, "parameters": parameters})
    return drawn


def _pick(kind, value, number):
    """Returns the value, or the place `number` in [0, 1) of a range."""
    if not isinstance(kind, Number) or not isinstance(value, tuple | list):
        return value
    low, high = value
    if isinstance(low, int) and isinstance(high, int):
        return low + int(number * (high - low + 1))
    return min(low + number * (high - low), high)


def apply(image, drawn):
    """Applies what was drawn; the same pixels every time.

    Args:
        image: A PIL image of mode "RGB"; it is not changed.
        drawn: As `draw` returns it, or as JSON reads it back.

    Returns:
        A PIL image of mode "RGB", which may have another size.

    Raises:
        DataError: if AugLy is not there or fails, and why.
    """
    functions = load_augly()
    for operation in drawn:
        name, parameters = operation["name"], operation["parameters"]
        kinds = OPERATIONS[name]
        arguments = {
            key: _argument(kinds[key], value)
            for key, value in parameters.items()
        }
        try:
            result = functions[name](image, **arguments)
            if 0 in result.size:
                raise ValueError("no pixel is left")
        except _AUGLY_ERRORS as error:
            raise DataError(
                f"AugLy's {name} with {parameters} failed on an image of "
                f"{image.width}x{image.height} pixels: {describe_error(error)}."
            ) from error
        image = result
    return image


def _argument(kind, value):
    if not isinstance(kind, Integers):
        return value
    # AugLy tells colors from texts by their types.
    return tuple(value) if kind.length else list(value)


def vary(image, operations, random):
    """Varies an image at random.

    Args:
        image: A PIL image of mode "RGB"; it is not changed.
        operations: As `check_operations` accepts them.
        random: A `numpy.random.Generator`, the only source of randomness.

    Returns:
        The varied image, mode "RGB", and what was applied, see `draw`.

    Raises:
        DataError: if AugLy is not there or fails, and why.

    Example:

    >>> import numpy as np
    >>> import PIL.Image
    >>> from pipelines.augly.operations import vary
    >>> image = PIL.Image.new("RGB", (40, 30))
    >>> varied, applied = vary(
    ...     image, {"scale": {"factor": (2, 2)}}, np.random.default_rng(0)
    ... )
    >>> varied.size, applied
    ((80, 60), [{'name': 'scale', 'parameters': {'factor': 2}}])
    """
    drawn = draw(operations, random)
    return apply(image, drawn), drawn
