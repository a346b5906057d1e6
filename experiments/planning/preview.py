"""Pictures of augmented images, before training."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np

from augment_tf import SaliencyMix
from augment_tf.saliency_mix import SALIENCY
from experiments.errors import ConfigError
from experiments.planning.image_counts import is_there
from experiments.plots import images as pictures
from experiments.report.previews import originals, show
from experiments.report.wording import Names
from experiments.run_folder import OutFolder
from experiments.training.augmentation import build_augmentation
from pipelines.loading import load
from pipelines.shapes import CLASS_NAMES

# Images of a picture, and draws of each if there is only one arm.
_IMAGES, _DRAWS = 6, 5
FORMATS = (".png", ".svg", ".pdf")


def preview(name, experiments, *, seed, location, path):
    """Draws the same images as the training of each experiment shows them.

    One experiment: a row an image, with the image as it is, its saliency if
    the augmentation uses it, and several draws. Several: a row an experiment.
    Images come from the first experiment's training, or are drawn if its data
    is not there.

    Args:
        name: For the title.
        experiments: `experiments.configs.schema.Experiment`s.
        seed: Seed of all random numbers.
        location: A `pipelines.location.Location`.
        path: File that is written, with an ending of `FORMATS`.

    Raises:
        ConfigError: if the ending is another, if an augmentation fails, or
            if the file cannot be written.
        DataError: if the data is broken.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ConfigError(
            f"--out expects a file that ends in {', '.join(FORMATS)}. "
            f"Received: {path}."
        )
    first, *others = experiments
    images, labels, class_names = _load_images(first.data, location, seed)
    batch = {"images": images, "labels": labels}
    if others:
        short = Names(each.name for each in experiments)
        rows = {"original": (images, labels)} | {
            short(each.name): show(each, batch, seed) for each in experiments
        }
        figure = pictures.plot_rows(rows, class_names, name)
    else:
        columns = {"original": (images, labels)}
        columns |= {
            f"draw {draw + 1}": show(first, batch, seed + draw)
            for draw in range(_DRAWS)
        }
        figure = pictures.plot_columns(
            columns, class_names, name, _compute_saliency(first, images, seed)
        )
    # In memory first: writers of pictures seek, which pipes cannot.
    picture = io.BytesIO()
    figure.savefig(picture, format=path.suffix.removeprefix("."))
    OutFolder(path.parent).replace(
        path.name, lambda new: new.write_bytes(picture.getvalue())
    )
    print(f"preview of {name}: {path}", flush=True)


def _load_images(data, location, seed):
    """Returns images, one-hot labels, and names of the classes."""
    if not is_there(data, location):
        print(
            f"note: {data.name} is not in {location.data_dir}; images that "
            "this program draws stand in for it",
            flush=True,
        )
        return *originals(data.stored_size), CLASS_NAMES
    # As few as a run can have. Overlaps of splits do not matter here.
    few = replace(
        data,
        limit_train=_IMAGES,
        limit_val=1,
        selection=None,
        cache_gib=1.0,
        offline=None,
        copy=data.copies,
        train=data.train.removesuffix("_aug"),
    )
    loaded = load(few, location, seed, allow_overlap=True)
    classes = len(loaded.class_names)
    return (
        np.array(loaded.train.images),
        np.eye(classes, dtype=np.float32)[loaded.train.labels],
        loaded.class_names,
    )


def _compute_saliency(experiment, images, seed):
    """Returns maps, peaks and boxes of the first layer that uses saliency."""
    augmentation = build_augmentation(experiment)
    for layer in augmentation.layers if augmentation is not None else ():
        if isinstance(layer, SaliencyMix):
            drawn = layer.get_random_transformation(images, (0, seed % 2**31))
            # Boxes are cut out of the partners, so each goes to its partner.
            order = np.argsort(np.array(drawn["partners"]))
            return pictures.Saliency(
                maps=np.array(SALIENCY[layer.saliency](images)),
                peaks=np.array(layer.locate_peaks(images)),
                boxes=np.array(drawn["boxes"])[order],
            )
    return None
