"""The same images, as each arm's training shows them."""

from dataclasses import replace

import numpy as np

from experiments.configs.schema import layer, read_config
from experiments.errors import ConfigError
from experiments.runtime.startup import start_tensorflow
from pipelines.errors import DataError
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


def preview(config):
    """The `originals` as a run's training shows them.

    Each image is of another batch, so that what is drawn once for a batch
    differs between them. Variations that were made once, in files, are made
    anew.

    Args:
        config: config.json of a run, without its seed.

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
    images, labels = originals(data.stored_size)
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
