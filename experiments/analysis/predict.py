"""Predictions of a trained network for images of the user."""

import textwrap
from pathlib import Path

import numpy as np

from experiments.analysis.network import load_trained, select_top
from experiments.analysis.user_images import (
    locate_images,
    print_notes,
    read_images,
    select_read,
)
from experiments.formatting import markdown_table, write_csv
from experiments.run_folder import OutFolder
from pipelines.errors import DataError
from pipelines.loading import LoadedSplit

# Images in memory at a time, lines on the screen.
_AT_ONCE, _SHOWN = 512, 20
_MOST = 5


def predict(run_dir, images, path):
    """Prints the likeliest classes of images, and writes them to a CSV file.

    Args:
        run_dir: The folder of a finished run.
        images: An image file of any kind that training reads, or a folder
            with some in it, however deep.
        path: CSV file; None for predictions.csv in the current folder.

    Returns:
        Rows of the file: dictionaries with image, class_1, probability_1, ...

    Raises:
        ConfigError: as `network.load_trained`, or if `path` cannot be written.
        DataError: if there are no images, or none can be read.
    """
    trained = load_trained(run_dir)
    files = locate_images(Path(images))
    rows, inspections = [], []
    for start in range(0, len(files), _AT_ONCE):
        rows += _predict(trained, files[start : start + _AT_ONCE], inspections)
    print_notes(inspections)
    if not rows:
        raise DataError(f"none of the images in {images} can be read.")
    print(*markdown_table([_shorten(row) for row in rows[:_SHOWN]]), sep="\n")
    if len(rows) > _SHOWN:
        print(f"and {len(rows) - _SHOWN:,} more")
    path = Path(path or "predictions.csv")
    OutFolder(path.parent).replace(path.name, lambda new: write_csv(rows, new))
    print(f"{len(rows):,} predictions of {trained.title}: {path}", flush=True)
    return rows


def _shorten(row):
    """Shortens a row for the screen: "0.64 walking stick"."""
    shown = {"image": Path(row["image"]).name}
    for place in range(1, 1 + (len(row) - 1) // 2):
        name = textwrap.shorten(row[f"class_{place}"], 24, placeholder="...")
        shown[str(place)] = f"{float(row[f'probability_{place}']):.2f} {name}"
    return shown


def _predict(trained, files, inspections):
    """Predicts the files that can be read; adds an inspection of each."""
    side = trained.experiment.data.stored_size
    images, found = read_images(files, side)
    inspections += found
    if not len(images):
        return []
    split = LoadedSplit(images, np.zeros(len(images), np.int32))
    probabilities = trained.predict(split)
    # Outputs beyond the classes have no names.
    probabilities = probabilities[:, : len(trained.class_names)]
    rows = []
    for file, each, best in zip(
        select_read(found),
        probabilities,
        select_top(probabilities, _MOST),
        strict=True,
    ):
        row = {"image": str(file)}
        for place, label in enumerate(best.tolist(), 1):
            row[f"class_{place}"] = trained.class_names[label]
            row[f"probability_{place}"] = f"{each[label]:.4f}"
        rows.append(row)
    return rows
