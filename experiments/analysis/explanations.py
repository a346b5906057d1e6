"""Attribution maps of a trained network, with their scores."""

from dataclasses import dataclass

import numpy as np

from experiments.analysis.attribution import (
    RISE,
    deletion_and_insertion,
    grad_cams,
    rise,
)
from experiments.analysis.feature_maps import locate_map
from experiments.analysis.network import load_trained
from experiments.run_folder import EXPLAINED_MAPS, EXPLANATIONS
from pipelines.loading import LoadedSplit
from pipelines.progress import progress_bar
from pipelines.subsets import spread_over_classes

# Val images of a run whose maps are scored, and whose maps are kept.
_SCORED, _KEPT = 24, 6
# In place of a method: pixels in random order.
CHANCE = "random order"
# Changes when the same network would get other maps or scores.
_VERSION = 1


@dataclass(frozen=True, eq=False)
class Explanations:
    """Explanations of some images by one network.

    Attributes:
        images: uint8 (N, H, W, 3), as the network gets them.
        classes: int (N,), the explained classes.
        probabilities: float (N,), of these.
        maps: {method: float (N, H, W)}.
        scores: {method, or `CHANCE`: (deletion (N,), insertion (N,))}.
    """

    images: np.ndarray
    classes: np.ndarray
    probabilities: np.ndarray
    maps: dict
    scores: dict


def explain_images(trained, split, classes=None, layer=None):
    """Explains images with all methods.

    Args:
        trained: A `network.Trained`.
        split: A `pipelines.loading.LoadedSplit`.
        classes: int (N,), to be explained; None: the predicted ones.
        layer: See `feature_maps.locate_map`.

    Returns:
        An `Explanations`.

    Raises:
        ConfigError: as `locate_map`.
    """
    parts = []
    with progress_bar(
        total=len(split.labels), desc="explaining", unit=" images"
    ) as bar:
        for images, _ in trained.batches(split).as_numpy_iterator():
            some = classes and classes[bar.n : bar.n + len(images)]
            parts.append(_explain(trained, images, some, layer))
            bar.update(len(images))
    return Explanations(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("images", "classes", "probabilities")
        ),
        {
            method: np.concatenate([part.maps[method] for part in parts])
            for method in parts[0].maps
        },
        {
            method: tuple(
                np.concatenate([part.scores[method][which] for part in parts])
                for which in range(2)
            )
            for method in parts[0].scores
        },
    )


def _explain(trained, images, classes, layer):
    """Explains one batch."""
    ask, batch_size = (
        trained.predict_probabilities,
        trained.experiment.data.batch_size,
    )
    pixels = images.astype(np.float32)
    probabilities = ask(pixels).numpy()
    # Outputs beyond the classes have no names.
    known = probabilities[:, : len(trained.class_names)]
    classes = known.argmax(1) if classes is None else np.asarray(classes)
    fill = 255 * np.array(trained.experiment.model.mean)
    maps = grad_cams(trained.network, pixels, classes, layer)
    maps[RISE] = rise(ask, pixels, classes, fill, batch_size)
    orders = maps | {CHANCE: np.zeros_like(maps[RISE])}
    scores = {
        method: deletion_and_insertion(
            ask, pixels, classes, each, fill, batch_size
        )
        for method, each in orders.items()
    }
    chosen = probabilities[np.arange(len(classes)), classes]
    return Explanations(images, classes, chosen, maps, scores)


def explain_run(run_dir, location):
    """Explains the labels of some val images, for the study's report.

    Writes explanations.json, the scores, and explanations.npz, some maps.

    Args:
        run_dir: The folder of a finished run.
        location: A `pipelines.location.Location` of the same data.

    Raises:
        ConfigError: as `network.load_trained` and `Trained.load_val`.
        DataError: if the data is missing or broken.
    """
    trained = load_trained(run_dir)
    data = trained.load_val(location)
    chosen = spread_over_classes(data.val.labels, _SCORED)
    labels = data.val.labels[chosen]
    split = LoadedSplit(data.val.images[chosen], labels)
    found = explain_images(trained, split, labels.tolist())
    used = locate_map(trained.network, found.images[:1].astype(np.float32))
    kept = spread_over_classes(labels, _KEPT)
    trained.folder.replace(
        EXPLAINED_MAPS,
        lambda path: np.savez_compressed(
            path,
            images=found.images[kept],
            labels=labels[kept],
            probabilities=found.probabilities[kept],
            **{name: each[kept] for name, each in found.maps.items()},
        ),
    )
    # Last, as its presence means that the maps are there.
    trained.folder.write_json(
        EXPLANATIONS,
        {
            "version": _VERSION,
            "model": trained.folder.model_digest(),
            "images": {
                "count": len(labels),
                "fingerprint": data.fingerprints["val"],
            },
            "layer": {"name": used.path, "size": used.size},
            "scores": {
                method: {
                    "deletion": float(deletion.mean()),
                    "insertion": float(insertion.mean()),
                }
                for method, (deletion, insertion) in found.scores.items()
            },
        },
    )


def has_explanations(folder):
    """Tells if a finished run has explanations of its model.

    Args:
        folder: A `run_folder.RunFolder`.
    """
    maps = folder / EXPLAINED_MAPS
    return maps.is_file() and folder.has_added(EXPLANATIONS, version=_VERSION)
