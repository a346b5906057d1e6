"""The augmentation layer of an experiment's config."""

import difflib
import inspect

import tensorflow as tf
from pydantic import ValidationError

import augment_tf
from experiments.configs.schema import Layer, as_layer
from experiments.errors import ConfigError
from experiments.training.keras_layers import LIBRARIES, KerasLayer
from pipelines.augly.layer import AugLyLayer
from pipelines.errors import DataError

_LAYERS = {
    name: value
    for name, value in vars(augment_tf).items()
    if inspect.isclass(value) and issubclass(value, augment_tf.Augmentation)
} | {"AugLy": AugLyLayer}
# Of Keras and KerasCV.
_MIXING = ("CutMix", "MixUp", "FourierMix", "Mosaic")
# Functions of `trace_once` by what their layers do.
_traced = {}


def build_augmentation(experiment):
    """Builds the layers of `experiment.augment` as an `augment_tf.Sequence`.

    A layer that takes a `size` gets the experiment's image size. Names such
    as "keras_cv/RandAugment" are layers of that library; "AugLy" takes
    `operations`, see `pipelines.augly.operations`.

    Returns:
        The layer, or None if the experiment does not augment.

    Raises:
        ConfigError: if a layer or an argument is unknown or wrong, or the
            images would not come out at the network's size.
    """
    image_size = experiment.data.image_size
    layers = [_build(spec, image_size) for spec in experiment.augment]
    load_size = experiment.data.stored_size
    resizes = any(
        "size" in _arguments(type(layer)) for layer in _with_parts(layers)
    )
    if load_size != image_size and not resizes:
        raise ConfigError(
            f"data.load_size={load_size} differs from data.image_size="
            f"{image_size}, and no layer of augment brings the images to "
            "that size; add RandomResizedCrop or set data.load_size=none."
        )
    if experiment.data.augment_on == "device":
        _check_devices_can(experiment.augment, layers)
    return augment_tf.Sequence(layers) if layers else None


def trace_once(augmentation, experiment):
    """Returns `apply` as a function that is traced for its first batch alone.

    Tracing takes seconds. `tf.data` would trace anew for every data set, and
    all seeds of an arm have the same graph.

    Args:
        augmentation: Of `build_augmentation` or `drop_mixing`, or None.
        experiment: The experiment that it is of.

    Returns:
        Function `(batch, seed) -> batch`; None without augmentation.
    """
    if augmentation is None:
        return None
    sizes = experiment.data.image_size, experiment.data.stored_size
    key = repr((experiment.augment, len(augmentation.layers), sizes))
    if key not in _traced:
        _traced[key] = tf.function(augmentation.apply, autograph=False)
    return _traced[key]


def drop_mixing(augmentation):
    """The layers that leave labels alone, or None if there are none."""
    layers = [layer for layer in augmentation.layers if not mixes(layer)]
    return augment_tf.Sequence(layers) if layers else None


def mixes(layer):
    """True if a layer, or a part of it, mixes images with others."""
    return any(
        each.layer[1] in _MIXING
        if isinstance(each, KerasLayer)
        else each.mixes_labels
        for each in _with_parts([layer])
    )


def _with_parts(layers):
    """Yields the layers and their parts."""
    for layer in layers:
        yield layer
        yield from _with_parts(getattr(layer, "layers", ()))


def _check_devices_can(specs, layers):
    for spec, layer in zip(specs, layers, strict=True):
        if any(map(_needs_host, _with_parts([layer]))):
            raise ConfigError(
                f"augment.{spec} runs on the host alone; set "
                "data.augment_on=host."
            )


def _needs_host(layer):
    opencv = getattr(layer, "saliency", "").startswith("opencv")
    return opencv or isinstance(layer, (KerasLayer, AugLyLayer))


def list_notes(augmentation):
    """Sentences on layers that do not repeat their random numbers."""
    if augmentation is None:
        return []
    return [
        f"{'/'.join(layer.layer[:2])} draws random numbers that no seed "
        "reaches: this run cannot be repeated bit for bit"
        for layer in _with_parts(augmentation.layers)
        if isinstance(layer, KerasLayer) and not layer.seeded
    ]


def _build(spec, image_size):
    library, slash, name = spec.layer.partition("/")
    if slash and library in LIBRARIES:
        return KerasLayer(library, name, **spec.options)
    if spec.layer not in _LAYERS:
        close = difflib.get_close_matches(spec.layer, _LAYERS, cutoff=0.5)
        raise ConfigError(
            f"augment: there is no layer {spec.layer!r}. Known: "
            f"{', '.join(close or _LAYERS)}."
        )
    layer_class = _LAYERS[spec.layer]
    known = _arguments(layer_class)
    unknown = set(spec.options) - set(known)
    if unknown:
        raise ConfigError(
            f"augment.{spec.layer} has no option {sorted(unknown)[0]!r}. "
            f"Known: {', '.join(known)}."
        )
    options = dict(spec.options)
    if "size" in known:
        options.setdefault("size", image_size)
    if "layers" in options and "layers" in known:
        options["layers"] = [
            _build_part(part, spec, image_size)
            for part in _as_list(options["layers"])
        ]
    if "layer" in options and "layer" in known:
        options["layer"] = _build_part(options["layer"], spec, image_size)
    try:
        return layer_class(**options)
    except (TypeError, ValueError, ArithmeticError, DataError) as error:
        raise ConfigError(f"augment.{spec.layer}: {error}") from error


def _as_list(value):
    return value if isinstance(value, (list, tuple)) else [value]


def _build_part(part, spec, image_size):
    try:
        found = as_layer(part)
    except ValidationError:
        found = None
    if not isinstance(found, Layer):
        raise ConfigError(
            f"augment.{spec.layer}: expected layers as dictionaries, such as "
            "{'layer': 'CutMix', 'options': {'alpha': 0.5}}. Received: "
            f"{part!r}."
        )
    return _build(found, image_size)


def _arguments(layer_class):
    parameters = inspect.signature(layer_class).parameters.values()
    return [p.name for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD]
