"""Robustness of a trained network to changed images."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from experiments.analysis import perturbations
from experiments.analysis.corruptions import (
    CORRUPTIONS,
    SEVERITIES,
    corrupt,
    select_constants,
)
from experiments.analysis.network import load_trained
from experiments.formatting import markdown_table
from experiments.metrics import (
    Predictions,
    calibration_bins,
    calibration_error,
)
from experiments.run_folder import ROBUSTNESS, RunFolder
from pipelines.progress import progress_bar

# Seed of random changes; the same for all runs, so that all arms are evaluated
# on the same images.
_SEED = 0
# Counts up if the same images would be changed in other ways.
_VERSION = 1


def print_robustness(run_dir, location):
    """Evaluates as `evaluate_robustness` does, and prints a table.

    Args, Returns, Raises: as `evaluate_robustness`.
    """
    content = evaluate_robustness(run_dir, location)
    folder = RunFolder(Path(run_dir))
    images = content["images"]
    whose = "its val" if folder.is_val(images["fingerprint"]) else "other"
    print(
        f"{run_dir}, on {images['count']:,} images, {whose} ones: top-1 error "
        f"{content['conditions'][0]['top1_error']:.2f} %",
        *markdown_table(_rows(content)),
        "calibration error, %: "
        + ", ".join(
            f"{where} {found['calibration_error']:.2f}"
            for where, found in content["calibration"].items()
        ),
        f"all numbers: {folder / ROBUSTNESS}",
        sep="\n",
        flush=True,
    )
    return content


def evaluate_robustness(run_dir, location):
    """Evaluates a run on changed images and writes robustness.json.

    Args:
        run_dir: The folder of a finished run.
        location: A `pipelines.location.Location` of the same data, or of
            other images of the same classes.

    Returns:
        The content of the file: model (file, sha256), images (count, side,
        fingerprint), settings, conditions (a list of kind, level, top1_error
        and calibration_error in %, loss in nats), and calibration, of the
        clean and of the corrupted images: calibration_error and reliability
        as `calibration_bins` returns it.

    Raises:
        ConfigError: as `network.load_trained`, or if the classes are others.
        DataError: if the data is missing or broken.
    """
    trained = load_trained(run_dir)
    data = trained.load_val(location)
    side = trained.experiment.data.image_size
    content = {
        "model": trained.folder.model_digest(),
        "images": {
            "count": len(data.val.labels),
            "side": side,
            "fingerprint": data.fingerprints["val"],
        },
        "settings": _settings(side),
    } | evaluate_changes(trained, data.val)
    trained.folder.write_json(ROBUSTNESS, content)
    return content


def has_robustness(folder):
    """Tells if a finished run has a robustness.json of its model.

    Args:
        folder: A `run_folder.RunFolder`.
    """
    side = folder.read_json("config.json")["data"]["image_size"]
    return folder.has_added(ROBUSTNESS, settings=_settings(side))


class _Answers(NamedTuple):
    """Parts of `Predictions` that are kept: each (N,)."""

    confidence: np.ndarray
    right: np.ndarray
    nll: np.ndarray


def evaluate_changes(trained, split):
    """Evaluates a network on images and on changed versions of them.

    Args:
        trained: A `network.Trained`.
        split: A `pipelines.loading.LoadedSplit`.

    Returns:
        {"conditions", "calibration"} as of `evaluate_robustness`.
    """
    compute_signs = perturbations.make_attack(trained.network)
    found = {}
    with progress_bar(
        total=len(split.labels), desc="robustness", unit=" images"
    ) as bar:
        for images, one_hot in trained.batches(split).as_numpy_iterator():
            labels = one_hot.argmax(1)
            # Their numbers, so that batches of any size draw the same.
            numbers = range(bar.n, bar.n + len(labels))
            signs = compute_signs(images, labels)
            for condition, changed in _changed(images, numbers, signs):
                answers = _answers(
                    trained.predict_probabilities(changed).numpy(), labels
                )
                found.setdefault(condition, []).append(answers)
            bar.update(len(labels))
    found = {
        condition: _Answers(*map(np.concatenate, zip(*parts, strict=True)))
        for condition, parts in found.items()
    }
    shifted = [found[key] for key in found if key[0] in CORRUPTIONS]
    return {
        "conditions": [
            {
                "kind": kind,
                "level": level,
                "top1_error": 100 * (1 - float(answers.right.mean())),
                "calibration_error": 100
                * calibration_error(answers.confidence, answers.right),
                "loss": float(answers.nll.mean()),
            }
            for (kind, level), answers in found.items()
        ],
        "calibration": {
            "clean": _calibration(found["clean", 0]),
            "corrupted": _calibration(
                _Answers(*map(np.concatenate, zip(*shifted, strict=True)))
            ),
        },
    }


def _changed(images, numbers, signs):
    """Yields (kind, level) and the images."""

    def generators(kind, level):
        # By name, so that a further kind changes nothing for the others.
        key = [_SEED, *kind.encode(), level]
        return (np.random.default_rng([*key, number]) for number in numbers)

    yield ("clean", 0), images
    for name in CORRUPTIONS:
        for severity in SEVERITIES:
            drawn = generators(name, severity)
            yield (name, severity), corrupt(images, name, severity, drawn)
    peaks = perturbations.locate_salient_centers(images)
    for share in perturbations.SHARES:
        percent = round(100 * share)
        drawn = generators("occlusion_random", percent)
        anywhere = perturbations.draw_centers(images.shape[1], drawn)
        for kind, centers in (
            ("occlusion_random", anywhere),
            ("occlusion_peak", peaks),
        ):
            hidden = perturbations.occlude(images, share, centers)
            yield (kind, percent), hidden
    for step in perturbations.STEPS:
        yield ("fgsm", step), perturbations.move_along(images, signs, step)


def _answers(probabilities, labels):
    found = Predictions((), (), labels, probabilities)
    return _Answers(found.confidence, found.right, found.nll)


def _calibration(answers):
    """Builds the calibration of `evaluate_robustness`."""
    return {
        "calibration_error": 100
        * calibration_error(answers.confidence, answers.right),
        "reliability": [
            list(each)
            for each in calibration_bins(answers.confidence, answers.right)
        ],
    }


def _settings(side):
    constants = select_constants(side)
    return {"version": _VERSION, "seed": _SEED, "constants": constants}


_TITLES = {
    "occlusion_random": "occlusion of 10 to 50 % at random",
    "occlusion_peak": "occlusion of 10 to 50 % at the saliency peak",
    "fgsm": "FGSM of 1, 2 and 4 of 255",
}


def _rows(content):
    """Builds a row for each kind of change, the weakest first."""
    errors = {}
    for each in content["conditions"][1:]:
        errors.setdefault(each["kind"], []).append(each["top1_error"])
    most = max(map(len, errors.values()))
    return [
        {"changed, top-1 error in %": _TITLES.get(kind, kind)}
        | {
            str(place + 1): f"{values[place]:.2f}"
            if place < len(values)
            else "n/a"
            for place in range(most)
        }
        | {"mean": f"{np.mean(values):.2f}"}
        for kind, values in errors.items()
    ]
