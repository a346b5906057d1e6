"""Whole studies as run folders, drawn at random, without training."""

import json
from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st

from experiments.configs.schema import Experiment, as_json, layer
from pipelines.config import Data

FATES = ("finished", "failed", "unfinished", "copied", "damaged")
ODD_VALUES = (None, "odd", "", -1, 1e30, True, [], {}, ["a"], {"a": 1})
ODD_CELLS = ("", "nan", "inf", "odd", "-1", "1e400")
JSON_FILES = ("metrics.json", "config.json", "data.json", "environment.json")


@dataclass
class Run:
    """A run folder to be written.

    Attributes:
        arm, seed: Its name and seed.
        fate: One of FATES.
        damage: (file, key or column, value), of a damaged run.
    """

    arm: str
    seed: int
    fate: str = "finished"
    damage: tuple = ()


@dataclass
class Study:
    """A study to be written.

    Attributes:
        arms: Names, the reference first.
        placebo: Name of the arm that is the reference trained again, or None.
        images, classes: Numbers of them.
        shares: Weights of the classes.
        folds: Parts of a cross-validation, or None.
        accuracies: {arm: share of images that it has right}.
        seed_spread: Deviation of an arm's accuracy over seeds.
        runs: list[Run].
        noise: Seed of the predictions.
    """

    arms: list
    placebo: str | None
    images: int
    classes: int
    shares: list
    folds: int | None
    accuracies: dict
    seed_spread: float
    noise: int
    runs: list = field(default_factory=list)


@st.composite
def studies(draw, most_arms=12, most_seeds=12):
    """A `Study` of up to so many arms and seeds."""
    count = draw(st.integers(1, most_arms))
    arms = ["baseline", *(f"arm_{number}" for number in range(1, count))]
    placebo = draw(st.sampled_from([None, *arms[1:]]))
    classes = draw(st.integers(1, 8))
    shares = draw(
        st.one_of(
            st.just([1.0] * classes),
            st.lists(st.floats(0.02, 1), min_size=classes, max_size=classes),
        )
    )
    level = st.sampled_from((0.0, 0.3, 0.6, 0.9, 1.0))
    if draw(st.booleans()):
        accuracies = dict.fromkeys(arms, draw(level))
    else:
        accuracies = {arm: draw(level) for arm in arms}
    images = draw(st.integers(1, 400))
    folds = None
    if images >= 10:
        folds = draw(st.sampled_from((None, None, 2, 5)))
    study = Study(
        arms,
        placebo,
        images,
        classes,
        shares,
        folds,
        accuracies,
        draw(st.sampled_from((0.0, 0.02, 0.2))),
        draw(st.integers(0, 2**32 - 1)),
    )
    seeds = draw(st.integers(1, min(most_seeds, max(1, 40 // count))))
    whole = draw(st.booleans())
    for arm in arms:
        for seed in range(seeds):
            fate = "finished"
            if not whole:
                fate = draw(st.sampled_from((*["finished"] * 6, *FATES)))
            damage = draw(_damages()) if fate == "damaged" else ()
            study.runs.append(Run(arm, seed, fate, damage))
    return study


@st.composite
def _damages(draw):
    file = draw(
        st.sampled_from((*JSON_FILES, "history.csv", "predictions.npz"))
    )
    if file == "history.csv":
        return file, draw(st.integers(0, 8)), draw(st.sampled_from(ODD_CELLS))
    if file == "predictions.npz":
        kinds = ("cut", "nan", "narrow", "sums", "numbers", "labels", "twice")
        return file, draw(st.sampled_from(kinds)), None
    return file, draw(st.integers(0, 30)), draw(st.sampled_from(ODD_VALUES))


def write_study(study, root):
    """Writes the run folders of a `Study`; returns {(arm, seed): folder}."""
    random = np.random.default_rng(study.noise)
    weights = np.array(study.shares) / sum(study.shares)
    labels = random.choice(study.classes, study.images, p=weights)
    difficulty = random.uniform(size=study.images)
    folders, tables = {}, {}
    for run in study.runs:
        chosen = np.arange(study.images)
        if study.folds:
            chosen = chosen[chosen % study.folds == run.seed % study.folds]
        accuracy = study.accuracies[run.arm]
        if 0 < accuracy < 1:
            accuracy += study.seed_spread * random.normal()
        score = 0.7 * difficulty[chosen] + 0.3 * random.uniform(
            size=len(chosen)
        )
        right = np.full(len(chosen), accuracy == 1.0)
        if 0 < study.accuracies[run.arm] < 1:
            right = score < accuracy
        wrong = (labels[chosen] + 1) % study.classes
        predicted = np.where(right, labels[chosen], wrong)
        sure = random.uniform(0.8, 0.95)
        probabilities = np.full(
            (len(chosen), study.classes), (1 - sure) / max(1, study.classes - 1)
        )
        probabilities[np.arange(len(chosen)), predicted] = sure
        if study.classes == 1:
            probabilities[:] = 1
        if run.fate == "copied" and run.arm in tables and not study.folds:
            probabilities = tables[run.arm]
        tables.setdefault(run.arm, probabilities)
        folder = root / run.arm / f"seed_{run.seed}"
        folder.mkdir(parents=True)
        _write_run(study, run, folder, chosen, labels[chosen], probabilities)
        if run.damage:
            _damage(folder, *run.damage)
        folders[run.arm, run.seed] = folder
    return folders


def _write_run(study, run, folder, ids, labels, probabilities):
    names = [f"class {number}" for number in range(study.classes)]
    experiment = Experiment(
        run.arm,
        "drawn",
        data=Data("shapes", folds=study.folds, batch_size=8),
        epochs=3,
        augment=_layers(study, run.arm),
        seed_offset=1 if run.arm == study.placebo else None,
    )
    _write_json(
        folder / "config.json", as_json(experiment) | {"seed": run.seed}
    )
    accuracy = float((probabilities.argmax(1) == labels).mean())
    row = {
        "loss": 0.4,
        "accuracy": 0.5,
        "top5_accuracy": 0.9,
        "val_loss": 0.7,
        "val_accuracy": accuracy,
        "val_top5_accuracy": 1.0,
        "learning_rate": 0.1,
        "seconds": 1.5,
    }
    rows = [{"epoch": epoch, **row} for epoch in range(3)]
    lines = [
        ",".join(rows[0]),
        *(",".join(map(repr, row.values())) for row in rows),
    ]
    (folder / "history.csv").write_text("\n".join(lines) + "\n")
    status = "failed" if run.fate == "failed" else "finished"
    if run.fate == "unfinished":
        status = "running"
    _write_json(
        folder / "metrics.json",
        {
            "status": status,
            "error": "the loss is no number" if status == "failed" else None,
            "epochs": 3,
            "epochs_done": 3,
            "final": rows[-1],
            "best": rows[0],
            "best_selected_on": "val",
            "plain_train": {"images": 9, "accuracy": 0.8},
        },
    )
    counts = dict.fromkeys(names, 10)
    _write_json(
        folder / "data.json",
        {
            "name": "shapes",
            "class_names": names,
            "train": "train",
            "val": "validation",
            "fingerprints": {"data_set": "d", "val": "v"},
            "steps_per_epoch": 4,
            "splits": {"train": counts, "validation": counts},
            "notes": [],
            "overlaps": [],
        },
    )
    _write_json(
        folder / "environment.json",
        {"precision": "float32", "device": "CPU", "packages": {"keras": "3"}},
    )
    np.savez(
        folder / "predictions.npz",
        probabilities=probabilities.astype(np.float32),
        labels=labels.astype(np.int32),
        ids=np.array([f"{each:04}" for each in ids]),
        class_names=np.array(names),
    )


def _layers(study, arm):
    if arm in (study.arms[0], study.placebo):
        return ()
    return (layer("RandomErasing", probability=study.arms.index(arm) / 20),)


def _write_json(path, content):
    path.write_text(json.dumps(content))


def _damage(folder, file, place, value):
    path = folder / file
    if file == "history.csv":
        header, first, *others = path.read_text().splitlines()
        cells = first.split(",")
        cells[place % len(cells)] = value
        path.write_text("\n".join([header, ",".join(cells), *others]) + "\n")
    elif file == "predictions.npz":
        _damage_predictions(path, place)
    else:
        content = json.loads(path.read_text())
        keys = list(content)
        content[keys[place % len(keys)]] = value
        _write_json(path, content)


def _damage_predictions(path, kind):
    if kind == "cut":
        path.write_bytes(path.read_bytes()[:200])
        return
    with np.load(path) as file:
        content = dict(file)
    table = content["probabilities"]
    if kind == "nan":
        table[0, 0] = np.nan
    elif kind == "narrow":
        content["probabilities"] = table[:, :0]
    elif kind == "sums":
        content["probabilities"] = 3 * table
    elif kind == "numbers":
        content["class_names"] = np.arange(table.shape[1])
    elif kind == "labels":
        content["labels"][0] = table.shape[1] + 2
    elif kind == "twice":
        content["ids"][:] = content["ids"][0]
        content["ids"] = np.append(content["ids"], content["ids"][:1])
    np.savez(path, **content)


__all__ = ["Run", "Study", "replace", "studies", "write_study"]
