"""The same images, as each arm's training shows them."""

from dataclasses import replace

import numpy as np
from PIL import Image

from experiments.configs.schema import layer, read_config
from experiments.errors import ConfigError
from experiments.run_folder import PREVIEWS
from experiments.runtime.startup import start_tensorflow
from pipelines.errors import DataError
from pipelines.files.arrays import Damaged, read_arrays
from pipelines.shapes import CLASS_NAMES, draw


def originals(side):
    """Images that the project draws, one of each class.

    Args:
        side: In pixels.

    Returns:
        images: uint8 (6, side, side, 3).
        labels: float32 (6, 6), of `pipelines.shapes.CLASS_NAMES`.
    """
    classes = range(len(CLASS_NAMES))
    images = np.stack([draw(label, side, [0, label]) for label in classes])
    return images, np.eye(len(images), dtype=np.float32)


def read_originals(path, class_names):
    """Reads the training images that a run has kept.

    Args:
        path: The `Path` of the run's folder.
        class_names: Names of its classes.

    Returns:
        As `originals`, with a label's column for each class; None if there are
        none, or if the file is damaged.
    """
    try:
        found = read_arrays(path / PREVIEWS)
        images, labels = found["images"], found["labels"]
        one_hot = np.eye(len(class_names), dtype=np.float32)[labels]
    except (FileNotFoundError, Damaged, KeyError, IndexError):
        return None
    is_rgb = images.ndim == 4 and images.shape[3] == 3 and images.size > 0
    if not is_rgb or images.dtype != np.uint8:
        return None
    fits = one_hot.shape == (len(images), len(class_names))
    return (images, one_hot) if fits else None


def resize(images, side):
    """Resizes images, uint8 (N, H, W, 3), to squares."""
    if images.shape[1:3] == (side, side):
        return images
    resized = [Image.fromarray(each).resize((side, side)) for each in images]
    return np.stack(resized)


def preview(config, shown=None):
    """The same images as a run's training shows them.

    Each image is of another batch, so that what is drawn once for a batch
    differs between them. Variations that were made once, in files, are made
    anew.

    Args:
        config: config.json of a run, without its seed.
        shown: Images and labels as of `originals` or `read_originals`; None:
            the `originals`.

    Returns:
        As `originals`; images may be float, and of another size.

    Raises:
        ConfigError: if this version of the program cannot make them.
    """
    experiment = read_config(config)
    data = experiment.data
    if data.offline is not None:
        files = layer("AugLy", operations=data.offline.operations)
        experiment = replace(experiment, augment=(files, *experiment.augment))
    images, labels = shown or originals(data.stored_size)
    images = resize(images, data.stored_size)
    if not experiment.augment:
        return images, labels
    start_tensorflow()
    return show(experiment, {"images": images, "labels": labels})


def show(experiment, batch, seed=0):
    """A batch as an experiment's training shows it, each image of another.

    Args:
        experiment: An `Experiment`.
        batch: {"images", "labels"} as of `originals`.
        seed: Of what is drawn at random.

    Returns:
        As `originals`; images may be float, and of another size.

    Raises:
        ConfigError: if a layer fails on them.
    """
    # They import TensorFlow, which has to be started first.
    import tensorflow as tf

    from experiments.training.augmentation import build_augmentation

    images, labels = [], []
    try:
        augmentation = build_augmentation(experiment)
        if augmentation is None:
            return batch["images"], batch["labels"]
        for step in range(len(batch["images"])):
            made = augmentation.apply(batch, (seed % 2**31, step))
            images.append(np.array(made["images"][step]))
            labels.append(np.array(made["labels"][step]))
    except (TypeError, ValueError, DataError, tf.errors.OpError) as error:
        raise ConfigError(" ".join(str(error).split())[:300]) from error
    return np.stack(images), np.stack(labels)
