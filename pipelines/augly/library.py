"""Image functions of AugLy, safe to call in any thread."""

import functools
import types

import numpy as np

from pipelines.augly.parameters import OPERATIONS
from pipelines.errors import DataError
from pipelines.files.decoding import describe_error


@functools.cache
def load_augly():
    """Loads AugLy's functions, by name; each is safe in any thread.

    Raises:
        DataError: names the package to install.
    """
    try:
        image = _import_augly()
    except ImportError as error:
        wanted = (
            "libmagic, a system library: pip install pylibmagic (or libmagic1 "
            "of Debian, libmagic of Homebrew)"
            if "libmagic" in str(error)
            else "a package: pip install augly pylibmagic"
        )
        raise DataError(
            f"AugLy cannot be imported ({describe_error(error)}). It needs "
            f"{wanted}."
        ) from error
    return {
        name: _isolate_random(function)
        if "seed" in OPERATIONS[name]
        else function
        for name, function in vars(image).items()
        if name in OPERATIONS
    }


def _import_augly():
    try:
        from augly import image
    except ImportError as error:
        if "libmagic" not in str(error):
            raise
        # Only once it is imported does the package show its copy to others.
        try:
            import pylibmagic  # noqa: F401
        except ModuleNotFoundError:
            raise error from None
        from augly import image
    return image


def _isolate_random(function):
    """Keeps an AugLy function off NumPy's global generator.

    It sets the global seed and draws from that, which other threads would
    disturb and be disturbed by. The same code is given a NumPy whose `random`
    is its own: the results are AugLy's, bit for bit.
    """

    @functools.wraps(function)
    def call(image, **parameters):
        own_random = {"random": np.random.RandomState()}
        numpy = types.SimpleNamespace(**vars(np) | own_random)
        names = function.__globals__ | {"np": numpy}
        own = types.FunctionType(
            function.__code__, names, argdefs=function.__defaults__
        )
        return own(image, **parameters)

    return call
