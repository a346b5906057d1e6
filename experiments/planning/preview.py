"""What augmentations make of images, before anything is trained."""

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
from experiments.training.augmentation import build_augmentation
from pipelines.files.replacing import replace_file
from pipelines.loading import load
from pipelines.shapes import CLASS_NAMES

# Images of a picture, and draws of each where there is one arm alone.
_IMAGES, _DRAWS = 6, 5
FORMATS = (".png", ".svg", ".pdf")


def preview(name, experiments, *, seed, location, path):
    """Draws the same images as the training of each experiment shows them.

    One experiment: a row an image, as it is, its saliency where the
    augmentation looks at it, and several draws. Several: a row an experiment.
    Images are those of the first experiment's training, or drawn ones if no
    data is there.

    Args:
        name: For the title.
        experiments: `experiments.configs.schema.Experiment`s.
        seed: Of what is drawn at random.
        location: A `pipelines.location.Location`.
        path: A file of `FORMATS`.

    Raises:
        ConfigError: if `path` is none, or an augmentation fails.
        DataError: if the data is broken.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ConfigError(
            f"--out expects a file that ends in {', '.join(FORMATS)}. "
            f"Received: {path}."
        )
    first, *others = experiments
    images, labels, class_names = _images_of(first.data, location, seed)
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
            columns, class_names, name, _saliency(first, images, seed)
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with replace_file(path) as new:
        figure.savefig(new, format=path.suffix[1:])
    print(f"preview of {name}: {path}", flush=True)


def _images_of(data, location, seed):
    """Images, one-hot labels, and names of the classes."""
    if not is_there(data.name, location):
        print(
            f"note: {data.name} is not in {location.data_dir}; images that "
            "this program draws stand in for it",
            flush=True,
        )
        return *originals(data.stored_size), CLASS_NAMES
    # Of as few as a run can have; whether splits overlap is nothing to see.
    few = replace(
        data,
        limit_train=_IMAGES,
        limit_val=1,
        selection=None,
        cache_gib=1.0,
        offline=None,
        train=data.train.removesuffix("_aug"),
    )
    found = load(few, location, seed, allow_overlap=True)
    classes = len(found.class_names)
    return (
        np.array(found.train.images),
        np.eye(classes, dtype=np.float32)[found.train.labels],
        found.class_names,
    )


def _saliency(experiment, images, seed):
    """Maps, peaks and boxes of the first layer that looks at saliency."""
    augmentation = build_augmentation(experiment)
    for layer in augmentation.layers if augmentation is not None else ():
        if isinstance(layer, SaliencyMix):
            drawn = layer.get_random_transformation(images, (0, seed % 2**31))
            # Each image's partner's box is cut out of the partner.
            order = np.argsort(np.array(drawn["partners"]))
            return pictures.Saliency(
                maps=np.array(SALIENCY[layer.saliency](images)),
                peaks=np.array(layer.find_peaks(images)),
                boxes=np.array(drawn["boxes"])[order],
            )
    return None
