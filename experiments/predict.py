"""What a trained network says of images."""

import textwrap
from pathlib import Path

import numpy as np

from experiments.report.tables import markdown_table, write_csv
from experiments.trained import load_trained, top
from pipelines.errors import DataError
from pipelines.files.decoding import BAD_IMAGE_ERRORS, decode, error_in_words
from pipelines.files.parallel import map_in_threads
from pipelines.files.replacing import replacing
from pipelines.image_names import why_no_image
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
        path: Of the CSV file; None for predictions.csv in the current folder.

    Returns:
        Rows of the file: dictionaries of image, class_1, probability_1, ...

    Raises:
        ConfigError: as `trained.load_trained`.
        DataError: if there are no images, or none can be read.
    """
    trained = load_trained(run_dir)
    files = _files(Path(images))
    rows, bad = [], {}
    for start in range(0, len(files), _AT_ONCE):
        rows += _predict(trained, files[start : start + _AT_ONCE], bad)
    for file, reason in bad.items():
        print(f"note: cannot read {file}: {reason}", flush=True)
    if not rows:
        raise DataError(f"none of the images in {images} can be read.")
    print(*markdown_table([_shown(row) for row in rows[:_SHOWN]]), sep="\n")
    if len(rows) > _SHOWN:
        print(f"and {len(rows) - _SHOWN:,} more")
    path = Path(path or "predictions.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as new:
        write_csv(rows, new)
    print(f"{len(rows):,} predictions of {trained.title}: {path}", flush=True)
    return rows


def _shown(row):
    """A row of the screen: "0.64 walking stick" in place of two cells."""
    shown = {"image": Path(row["image"]).name}
    for place in range(1, 1 + (len(row) - 1) // 2):
        name = textwrap.shorten(row[f"class_{place}"], 24, placeholder="...")
        shown[str(place)] = f"{float(row[f'probability_{place}']):.2f} {name}"
    return shown


def _files(place):
    if place.is_file():
        return [place]
    found = sorted(
        path
        for path in place.rglob("*")
        if path.is_file()
        and why_no_image(path.relative_to(place).as_posix()) is None
    )
    if not found:
        raise DataError(
            f"--images={place}: expected an image, or a folder of images. "
            f"Received {'a folder without' if place.is_dir() else 'nothing'}."
        )
    return found


def _predict(trained, files, bad):
    """Rows of the files that can be read; why not goes to `bad`."""
    side = trained.experiment.data.stored_size

    def read(index):
        try:
            return index, decode(files[index].read_bytes(), side)
        except (OSError, *BAD_IMAGE_ERRORS) as error:
            bad[files[index]] = error_in_words(error)
            return index, None

    read_ones = sorted(
        (
            found
            for found in map_in_threads(
                read, range(len(files)), desc="reading", unit=" images"
            )
            if found[1] is not None
        ),
        key=lambda found: found[0],
    )
    if not read_ones:
        return []
    indices, images = zip(*read_ones, strict=True)
    split = LoadedSplit(np.stack(images), np.zeros(len(images), np.int32))
    probabilities = trained.probabilities(split)
    # Outputs beyond the classes have no names.
    probabilities = probabilities[:, : len(trained.class_names)]
    rows = []
    for index, each, best in zip(
        indices, probabilities, top(probabilities, _MOST), strict=True
    ):
        row = {"image": str(files[index])}
        for place, label in enumerate(best.tolist(), 1):
            row[f"class_{place}"] = trained.class_names[label]
            row[f"probability_{place}"] = f"{each[label]:.4f}"
        rows.append(row)
    return rows
