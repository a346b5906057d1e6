"""Evaluation of a trained network in a process that did not train it."""

import numpy as np

from experiments.analysis.network import load_trained
from experiments.formatting import markdown_table
from experiments.metrics import Predictions, are_unequal


def evaluate(run_dir, location):
    """Evaluates a run's network on its val images, or on others.

    Args:
        run_dir: The folder of a finished run.
        location: A `pipelines.location.Location` of the same data, or of
            other images of the same classes.

    Returns:
        {name: value}: images, top1_error (%), with unequal classes
        balanced_error (%, classes weigh the same), top5_error (%), loss (nats),
        calibration_error (%), precision, recall and F1 (%).

    Raises:
        ConfigError: as `network.load_trained`, or if the classes are others.
        DataError: if the data is missing or broken.
    """
    trained = load_trained(run_dir)
    data = trained.load_val(location)
    probabilities = trained.predict(data.val)
    val = data.val
    found = compute_figures(
        Predictions(data.class_names, val.ids, val.labels, probabilities),
        trained.experiment.positive_class,
    )
    print(
        f"{trained.title}, on {trained.describe_images(data)}",
        *markdown_table([{k: _shown(k, v) for k, v in found.items()}]),
        sep="\n",
        flush=True,
    )
    return found


def compute_figures(predictions, positive_class=None):
    """Computes figures of one network on one set of images.

    Args:
        predictions: The `experiments.metrics.Predictions`.
        positive_class: As for `classification_metrics`.

    Returns:
        As `evaluate`.
    """
    named = predictions.classification_metrics(positive_class)
    balanced = 100 * (1 - named["balanced_accuracy"])
    return {
        "images": len(predictions.labels),
        "top1_error": 100 * (1 - predictions.accuracy),
        **(
            {"balanced_error": balanced}
            if are_unequal(np.bincount(predictions.labels))
            else {}
        ),
        "top5_error": 100 * (1 - predictions.top5_accuracy),
        "loss": predictions.loss,
        "calibration_error": 100 * predictions.calibration_error,
    } | {
        name: None if named[name] is None else 100 * named[name]
        for name in ("precision", "recall", "f1")
    }


def _shown(name, value):
    if value is None:
        return "n/a"
    return f"{value:,}" if name == "images" else f"{value:.4f}"
