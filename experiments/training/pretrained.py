"""Weights of ImageNet, from which a network may start."""

import hashlib
from pathlib import Path

from models import imagenet
from pipelines.errors import DataError
from pipelines.files.download import download
from pipelines.files.locking import file_lock

URL = "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"


def load_imagenet_weights(network):
    """Sets all weights except the last layer's; prints the file's name.

    Args:
        network: As `models.imagenet.build` makes it.

    Raises:
        DataError: As `fetch`.
    """
    path = fetch(network.name)
    print(f"  weights   of ImageNet: {path}", flush=True)
    imagenet.load_weights(network, path)


def fetch(name):
    """Downloads the file of a network's weights, once.

    It goes to ~/.keras/models, where Keras looks for it, too.

    Args:
        name: One of `models.imagenet.FILES`.

    Returns:
        Its path.

    Raises:
        DataError: if the file cannot be downloaded, or has other content.
    """
    file = imagenet.FILES[name]
    path = Path.home() / ".keras" / "models" / file.name
    try:
        if not path.exists():
            with file_lock(path.with_name(f".{file.name}.lock")):
                download(URL + file.name, path, size=file.size, md5=file.md5)
        with open(path, "rb") as content:
            digest = hashlib.file_digest(content, "md5").hexdigest()
    except OSError as error:
        raise DataError(
            f"cannot read or write {path}: {error.strerror or error}. Expected "
            f"weights of ImageNet there, which are at {URL}{file.name}."
        ) from error
    if digest != file.md5:
        raise DataError(
            f"{path} is not the expected file: expected md5 {file.md5}. "
            f"Received: {digest}. Remove it to have it downloaded."
        )
    return path


def list_notes(experiment):
    """Sentences on the weights that a network starts from.

    Args:
        experiment: An `experiments.configs.schema.Experiment`.
    """
    config = experiment.model
    if config.weights is None:
        return []
    file = imagenet.FILES[config.name]
    found = [
        f"the network is {config.name} of keras.applications and starts from "
        f"weights of ImageNet: {file.name}, md5 {file.md5}"
    ]
    if experiment.data.name == "tiny_imagenet":
        found.append(
            "images of tiny_imagenet are of ImageNet: the network may have "
            "learned from the val images"
        )
    return found
