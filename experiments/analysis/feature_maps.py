"""The layers of a network that have a feature map, nested ones as well."""

import contextlib
import difflib
from typing import NamedTuple

import keras

from experiments.errors import ConfigError

# Names in a message.
_MOST = 5


class FeatureMap(NamedTuple):
    """A layer's output.

    Attributes:
        path: Its name; MODEL/LAYER in a model that is a layer itself.
        layer: The layer.
        size: (height, width).
    """

    path: str
    layer: keras.Layer
    size: tuple


def list_maps(network, images):
    """Lists `FeatureMap`s in the order in which the layers are called.

    Args:
        network: A Keras model of any kind, others in it.
        images: One image or more, of its input.

    Raises:
        ConfigError: if there are none.
    """
    layers = _layers(network)
    with record_outputs(list(layers.values())) as outputs:
        network(images[:1], training=False)
    paths = {id(layer): path for path, layer in layers.items()}
    found = [
        FeatureMap(paths[id(layer)], layer, tuple(output.shape[1:3]))
        for layer, output in outputs
        if _is_map(output)
    ]
    if not found:
        raise ConfigError(f"{network.name} has no layer with a feature map.")
    return found


def locate_map(network, images, name=None):
    """Finds the feature map of a layer by its name.

    Args:
        network, images: As for `list_maps`.
        name: The layer's path, or its last part if only one layer has it.
            None: the last layer with a feature map.

    Returns:
        A `FeatureMap`.

    Raises:
        ConfigError: if there is none of this name, or none at all.
    """
    found = list_maps(network, images)
    if name is None:
        return found[-1]
    by_path = {each.path: each for each in found}
    if name in by_path:
        return by_path[name]
    same = [path for path in by_path if path.rpartition("/")[2] == name]
    if len(same) == 1:
        return by_path[same[0]]
    known = same or difflib.get_close_matches(name, by_path, _MOST)
    known = known or list(by_path)[-_MOST:]
    raise ConfigError(
        f"{network.name} has {'several layers' if same else 'no layer'} "
        f"{name!r} with a feature map: expected one such as "
        f"{', '.join(known)}."
    )


@contextlib.contextmanager
def record_outputs(layers, watch=None):
    """Records the outputs of layers while the network is called.

    A new model cannot output tensors inside a nested model, but any layer's
    own result can be recorded.

    Args:
        layers: Keras layers.
        watch: Called on each output first, such as a gradient tape's `watch`.

    Yields:
        A list that is filled with (layer, output).
    """
    outputs = []

    def spied(layer, call):
        def spy(*arguments, **options):
            output = call(*arguments, **options)
            if watch is not None:
                watch(output)
            outputs.append((layer, output))
            return output

        return spy

    for layer in layers:
        # An attribute of the object precedes the method of its class.
        vars(layer)["call"] = spied(layer, layer.call)
    try:
        yield outputs
    finally:
        for layer in layers:
            del vars(layer)["call"]


def _layers(model, prefix=""):
    """Lists {path: layer} of layers that are no models."""
    found = {}
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found |= _layers(layer, f"{prefix}{layer.name}/")
        else:
            found[prefix + layer.name] = layer
    return found


def _is_map(output):
    shape = getattr(output, "shape", ())
    return len(shape) == 4 and shape[1] * shape[2] > 1
