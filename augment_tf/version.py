"""The version of the library, which a build reads without TensorFlow."""

__version__ = "0.1.0"
