"""Judges a trained network again, in a process that did not train it."""

import numpy as np

from experiments.errors import ConfigError
from experiments.metrics import calibration_error, classification_metrics
from experiments.report.tables import markdown_table
from experiments.trained import load_trained, without_training
from pipelines.loading import load


def evaluate(run_dir, location):
    """Prints what a run's network makes of its val images, or of other ones.

    Args:
        run_dir: The folder of a finished run.
        location: A `pipelines.location.Location` of the same data, or of
            other images of the same classes.

    Returns:
        {name: value}: images, top1_error and top5_error (%), loss (nats),
        calibration_error (%), precision, recall and F1 (%).

    Raises:
        ConfigError: as `trained.load_trained`, or if the classes are others.
        DataError: if the data is missing or broken.
    """
    trained = load_trained(run_dir)
    config = without_training(trained.experiment.data)
    data = load(config, location, trained.seed, allow_overlap=True)
    if list(data.class_names) != list(trained.class_names):
        raise ConfigError(
            f"{location.data_dir} has other classes than {run_dir} was "
            f"trained on: expected {_some(trained.class_names)}. Received "
            f"{_some(data.class_names)}."
        )
    probabilities = trained.probabilities(data.val)
    found = scores(
        probabilities,
        data.val.labels,
        data.class_names,
        trained.experiment.positive_class,
    )
    used = trained.folder.data().get("fingerprints", {}).get("val")
    same = used == data.fingerprints["val"]
    print(
        f"{trained.title}, on "
        f"{'its val images' if same else 'other images than it was judged on'}",
        *markdown_table([{k: _shown(k, v) for k, v in found.items()}]),
        sep="\n",
        flush=True,
    )
    return found


def scores(probabilities, labels, class_names, positive_class=None):
    """Figures of one network on one set of images.

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


def _some(names):
    rest = f" and {len(names) - 4:,} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + rest
