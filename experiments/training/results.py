"""What a trained network says of the images that it is judged on."""

import zipfile
import zlib

import numpy as np

from experiments.plots.confusion import plot_confusion
from experiments.plots.images import plot_batch


def write_predictions(folder, val, class_names, probabilities, title):
    """Writes predictions.npz and plots/confusion.png and .svg.

    Args:
        folder: The `RunFolder`.
        val: The `pipelines.loading.LoadedSplit` that is judged.
        class_names: Names of the labels.
        probabilities: float (N, classes), of each image of `val`.
        title: Of the plot.
    """
    folder.replace(
        "predictions.npz",
        lambda path: np.savez_compressed(
            path,
            probabilities=probabilities,
            labels=val.labels,
            ids=np.array(val.ids),
            class_names=np.array(class_names),
        ),
    )
    figure = plot_confusion(
        val.labels, probabilities.argmax(-1), class_names, title
    )
    folder.write_plot("confusion", figure)


def write_samples(folder, images, labels, class_names):
    """Writes plots/samples.png.

    Args:
        folder: The `RunFolder`.
        images, labels, class_names: Of a training batch, as for `plot_batch`.
    """
    figure = plot_batch(images, labels, class_names)
    folder.replace("plots/samples.png", figure.savefig)


def is_whole(path):
    """Whether a saved model is there, and none of its bytes has changed."""
    try:
        with zipfile.ZipFile(path) as file:
            return "config.json" in file.namelist() and not file.testzip()
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error):
        return False
