"""The network of a finished run, for new images."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from experiments.configs.schema import Experiment, read_config
from experiments.errors import ConfigError
from experiments.run_folder import RunFolder
from pipelines.batches import eval_batches
from pipelines.loading import load


@dataclass(frozen=True, eq=False)
class Trained:
    """Network of a finished run, with its config.

    Attributes:
        folder: Its `RunFolder`.
        experiment: Its `Experiment`.
        seed: int.
        class_names: Classes of its training data.
        network: A Keras model of raw images, which returns logits.
    """

    folder: RunFolder
    experiment: Experiment
    seed: int
    class_names: list
    network: keras.Model

    @property
    def title(self):
        return f"{self.experiment.name}, seed {self.seed}"

    def load_val(self, location):
        """Loads the `pipelines.loading.DataSet` of its val images, or another.

        Args:
            location: A `pipelines.location.Location`.

        Raises:
            ConfigError: if the classes are others.
            DataError: if the data is missing or broken.
        """
        config = drop_training(self.experiment.data)
        data = load(config, location, self.seed, allow_overlap=True)
        if list(data.class_names) != list(self.class_names):
            raise ConfigError(
                f"{location.data_dir} has other classes than "
                f"{self.folder.path} was trained on: expected "
                f"{_list_names(self.class_names)}. Received "
                f"{_list_names(data.class_names)}."
            )
        return data

    def describe_images(self, data):
        """Describes the val images of a `DataSet` in words."""
        if self.folder.is_val(data.fingerprints["val"]):
            return "its val images"
        return "images other than its val images"

    def predict(self, split):
        """Predicts probabilities of a `pipelines.loading.LoadedSplit`.

        Returns:
            float32 (N, outputs).
        """
        logits = self.network.predict(self.batches(split), verbose=0)
        return keras.ops.convert_to_numpy(keras.ops.softmax(logits))

    @cached_property
    def predict_probabilities(self):
        """Function: images (B, H, W, 3) in [0, 255] to float32 (B, outputs)."""
        return tf.function(
            lambda images: tf.nn.softmax(
                tf.cast(self.network(images, training=False), tf.float32)
            ),
            reduce_retracing=True,
        )

    def batches(self, split):
        """Builds batches as for the evaluation in training."""
        config = self.experiment.data
        return eval_batches(
            split,
            classes=len(self.class_names),
            batch_size=config.batch_size,
            image_size=config.image_size,
            crop_fraction=config.crop_fraction,
        )


def load_trained(path):
    """Loads the `Trained` of a run folder, which may be a stranger's.

    Nothing in it is executed: models are loaded in Keras's safe mode, and
    the other files are JSON.

    Args:
        path: WORKDIR/EXPERIMENT/seed_N.

    Raises:
        ConfigError: if it is not a finished run, or the network cannot be
            loaded like that.
    """
    folder = RunFolder(Path(path))
    config, data = folder.read_json("config.json"), folder.data()
    class_names = (data or {}).get("class_names")
    is_run = config is not None and isinstance(class_names, list)
    if not is_run or not folder.is_finished():
        raise ConfigError(
            f"{path}: expected the folder of a finished run, such as "
            "runs/EXPERIMENT/seed_0, with config.json, data.json and "
            "metrics.json."
        )
    seed = config.pop("seed", 0)
    experiment = read_config(config)
    file = folder.model_file()
    try:
        network = keras.saving.load_model(
            folder / file, compile=False, safe_mode=True
        )
    # A file that is no model may make Keras raise anything.
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise ConfigError(
            f"{folder / file} cannot be loaded in Keras's safe mode: {reason}"
        ) from error
    if file in folder.changed_results():
        raise ConfigError(
            f"{folder / file} is not the file that this run has written. "
            "The command that made the run makes it again."
        )
    outputs = network.output_shape[-1]
    if outputs < len(class_names):
        raise ConfigError(
            f"{folder / file} has {outputs} outputs, and data.json "
            f"{len(class_names)} classes: they are not of one run."
        )
    return Trained(folder, experiment, seed, class_names, network)


def drop_training(config):
    """Limits a `Data` to as few train images as possible."""
    few = config.classes or 2
    return replace(config, selection=None, offline=None, limit_train=few)


def select_top(probabilities, count):
    """Selects the likeliest outputs: int (N, count), best first."""
    return np.argsort(-probabilities, axis=1, kind="stable")[:, :count]


def _list_names(names):
    rest = f" and {len(names) - 4:,} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + rest
