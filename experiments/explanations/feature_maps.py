"""The layers of a network that have a feature map, nested ones as well."""

import contextlib
import difflib

import keras

from experiments.errors import ConfigError

# Names in a message.
_MOST = 5


def find_layer(network, images, name=None):
    """The layer whose feature map is looked at.

    Args:
        network: A Keras model of any kind, others in it.
        images: One image or more, of its input.
        name: Of the layer; of one inside a model that is a layer itself,
            MODEL/LAYER, or LAYER where only one is called that. None: the
            last layer with a feature map.

    Returns:
        The layer.

    Raises:
        ConfigError: if there is none of this name, or none with a map.
    """
    layers = _layers(network)
    with recording(list(layers.values())) as outputs:
        network(images[:1], training=False)
    # In the order in which they were called.
    maps = [layer for layer, output in outputs if _is_map(output)]
    found = {
        path: layer
        for layer in maps
        for path, known in layers.items()
        if known is layer
    }
    if not found:
        raise ConfigError(f"{network.name} has no layer with a feature map.")
    if name is None:
        return maps[-1]
    if name in found:
        return found[name]
    same = [path for path in found if path.rpartition("/")[2] == name]
    if len(same) == 1:
        return found[same[0]]
    known = same or difflib.get_close_matches(name, found, _MOST)
    known = known or list(found)[-_MOST:]
    raise ConfigError(
        f"{network.name} has {'several layers' if same else 'no layer'} "
        f"{name!r} with a feature map: expected one such as "
        f"{', '.join(known)}."
    )


@contextlib.contextmanager
def recording(layers, watch=None):
    """Collects what layers return while the network is called.

    Tensors inside a nested model are no outputs of the outer one that a new
    model could be made of; what a layer returns can be seen in any.

    Args:
        layers: Keras layers.
        watch: Called on each output first, such as a gradient tape's `watch`.

    Yields:
        A list, which is filled with (layer, output).
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
        # On the object, where it stands before the method of its class.
        vars(layer)["call"] = spied(layer, layer.call)
    try:
        yield outputs
    finally:
        for layer in layers:
            del vars(layer)["call"]


def _layers(model, prefix=""):
    """{path: layer}, of layers that are no models."""
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
