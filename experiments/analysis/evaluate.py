"""Evaluation of a trained network in a process that did not train it."""

import numpy as np

from experiments.analysis.network import load_trained
from experiments.formatting import markdown_table
from experiments.metrics import calibration_error, classification_metrics


def evaluate(run_dir, location):
    """Evaluates a run's network on its val images, or on others.

    Args:
        run_dir: The folder of a finished run.
        location: A `pipelines.location.Location` of the same data, or of
            other images of the same classes.

    Returns:
        {name: value}: images, top1_error and top5_error (%), loss (nats),
        calibration_error (%), precision, recall and F1 (%).

    Raises:
        ConfigError: as `network.load_trained`, or if the classes are others.
        DataError: if the data is missing or broken.
    """
    trained = load_trained(run_dir)
    data = trained.load_val(location)
    probabilities = trained.predict(data.val)
    found = compute_scores(
        probabilities,
        data.val.labels,
        data.class_names,
        trained.experiment.positive_class,
    )
    print(
        f"{trained.title}, on {trained.describe_images(data)}",
        *markdown_table([{k: _shown(k, v) for k, v in found.items()}]),
        sep="\n",
        flush=True,
    )
    return found


def compute_scores(probabilities, labels, class_names, positive_class=None):
    """Computes figures of one network on one set of images.

    Args:
        probabilities: float (N, outputs).
        labels: int (N,).
        class_names, positive_class: As for `classification_metrics`.

    Returns:
        As `evaluate`.
    """
    chosen = np.arange(len(labels))
    predicted = probabilities.argmax(1)
    of_label = probabilities[chosen, labels].astype(np.float64)
    right = predicted == labels
    in_top5 = (probabilities > of_label[:, None]).sum(1) < 5
    confidence = probabilities[chosen, predicted].astype(np.float64)
    figures = {
        "images": len(labels),
        "top1_error": 100 * (1 - right.mean()),
        "top5_error": 100 * (1 - in_top5.mean()),
        "loss": -np.log(np.maximum(of_label, 1e-30)).mean(),
        "calibration_error": 100 * calibration_error(confidence, right),
    }
    named = classification_metrics(
        labels, predicted, class_names, positive_class
    )
    figures |= {
        name: None if named[name] is None else 100 * named[name]
        for name in ("precision", "recall", "f1")
    }
    return figures


def _shown(name, value):
    if value is None:
        return "n/a"
    return f"{value:,}" if name == "images" else f"{value:.4f}"
