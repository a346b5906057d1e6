"""What a run is about to do, for the screen."""

import numpy as np

from experiments.configs.registry import EXPERIMENTS
from experiments.configs.schema import as_json
from experiments.quantities import counted
from pipelines.config import compare_configs


def announcement(experiment, data, trainer, steps_per_epoch, devices):
    """Lines of a name and what there is to say, aligned.

    Args:
        experiment: The `Experiment`.
        data: The `pipelines.loading.DataSet`.
        trainer: The `Trainer`.
        steps_per_epoch: Batches in an epoch.
        devices: Devices and precision, in words.
    """
    side = experiment.data.image_size
    layers = [str(layer) for layer in experiment.augment] or ["none"]
    layers.append(f"on the {experiment.data.augment_on}")
    start = experiment.model.initializer
    if experiment.model.weights is not None:
        start = "weights of ImageNet"
    parameters = sum(int(np.prod(w.shape)) for w in trainer.trainable_weights)
    lines = [
        (
            "data",
            f"{data.name}, {len(data.train.labels):,} train and "
            f"{counted(len(data.val.labels), 'val image')}, "
            f"{len(data.class_names)} classes, {side}x{side}",
        ),
        ("cache", data.cache),
        *zip(["augment"] + [""] * len(layers), layers, strict=False),
        (
            "network",
            f"{experiment.model.name}, {parameters:,} trainable parameters, "
            f"{start}",
        ),
        ("devices", devices),
        (
            "training",
            f"{counted(experiment.epochs, 'epoch')} of "
            f"{counted(steps_per_epoch, 'step')}, "
            f"{counted(experiment.data.batch_size, 'image')} each",
        ),
    ]
    registered = EXPERIMENTS.get(experiment.name, experiment)
    lines += [
        ("changed", f"{field} from {was} to {now}")
        for field, was, now in compare_configs(
            as_json(registered), as_json(experiment)
        )
    ]
    return "\n".join(f"  {name:9} {text}" for name, text in lines)
