"""A damaged file of a run is named with its reason."""

import codecs
import json
import shutil

import numpy as np
import pytest

from experiments.records import Explanations, Robustness
from experiments.report.reading import Unusable, read_added
from experiments.report.runs import read_runs
from experiments.run_folder import EXPLANATIONS, ROBUSTNESS, RunFolder
from tests.experiments.report.comparing import change_arrays
from tests.experiments.report.test_explanations import list_scores
from tests.experiments.report.test_robustness import list_errors


@pytest.fixture(scope="module")
def whole(make_run_in, tmp_path_factory):
    """A run with every file; not to be written to."""
    folder = make_run_in(
        tmp_path_factory.mktemp("whole"),
        "arm",
        right=np.arange(60) < 40,
        data_fields={"fingerprints": {"val": "v"}},
        environment={"device": "CPU", "packages": {"keras": "3"}},
    )
    folder.write_json(ROBUSTNESS, list_errors(10, [20] * 5, [40] * 5))
    folder.write_json(EXPLANATIONS, list_scores(0.5))
    return folder.path


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "arm" / "seed_0")


def find_reason(folder):
    """The reason for which a run, or a file added to it, is left out."""
    runs, left_out = read_runs([folder])
    for path, reason, arm, kind in left_out:
        assert (path, arm, kind) == (folder, "arm", "left out")
        return reason
    try:
        read_added(runs[0], ROBUSTNESS, Robustness)
        read_added(runs[0], EXPLANATIONS, Explanations)
    except Unusable as error:
        return str(error)
    return None


def put(keys, value):
    """Sets a value of a JSON file, for example at "best.val_loss"."""

    def spoil(path):
        content = part = json.loads(path.read_text())
        *others, last = keys.split(".")
        for key in others:
            part = part[int(key) if isinstance(part, list) else key]
        part[int(last) if isinstance(part, list) else last] = value
        path.write_text(json.dumps(content))

    return spoil


def write(text):
    return lambda path: path.write_text(text)


def replace(old, new):
    """Replaces all of a text of a file."""

    def spoil(path):
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return spoil


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def remove(path):
    path.unlink()


def set_array(name, make):
    """Sets an array of predictions.npz to what is made from it."""

    def spoil(path):
        with np.load(path) as file:
            array = file[name]
        change_arrays(path.parent, **{name: make(array)})

    return spoil


def repeat_first(array):
    return np.concatenate([array[:1], array[:-1]])


def drop_condition(kind):
    def spoil(path):
        content = json.loads(path.read_text())
        content["conditions"] = [
            each for each in content["conditions"] if each["kind"] != kind
        ]
        path.write_text(json.dumps(content))

    return spoil


DAMAGES = {
    "metrics.json": [
        (write(""), "metrics.json is damaged"),
        (cut, "metrics.json is damaged"),
        (write("[]"), "metrics.json is damaged"),
        (write("[" * 10**5), "metrics.json is damaged"),
        (lambda path: path.write_bytes(b"\xff{}"), "metrics.json is damaged"),
        (remove, "metrics.json is missing"),
        (put("final", None), "metrics.json has no final accuracy"),
        (
            put("best.val_accuracy", "high"),
            "best.val_accuracy: input should",
        ),
        (put("best.val_accuracy", 1.5), "best.val_accuracy: input should"),
        (put("final.val_loss", np.nan), "final.val_loss: input should"),
        (put("final.val_loss", np.inf), "final.val_loss: input should"),
        (put("final.val_accuracy", 0.1), "they are not of one run"),
        (put("plain_train", {"accuracy": "90 %"}), "plain_train.accuracy"),
    ],
    "config.json": [
        (remove, "config.json is missing"),
        (write('{"layers": 12}'), "not a run of this program"),
        (put("seed", None), "config.json: seed: expected a number, not None"),
        (put("seed", "3"), "config.json: seed: expected a number, not '3'"),
        (put("judged", "median"), "another version (judged)"),
        (put("published", "nobody"), "config.json: published=nobody: expected"),
        (put("optimizer.learning_rate", "fast"), "optimizer.learning_rate"),
        (put("optimiser", {}), "another version (optimiser)"),
        (put("data", 3), "another version (data)"),
    ],
    "history.csv": [
        (remove, "history.csv is missing or has no epoch"),
        (write(""), "history.csv is missing or has no epoch"),
        (cut, "history.csv"),
        (write("epoch,loss\n0,much\n"), "no number for loss in epoch 0"),
        (replace("0,1.0,", "0,nan,"), "no number for loss in epoch 0"),
        (replace("2,1.0,", "2,inf,"), "no number for loss in epoch 2"),
        (replace("1,1.0,", "1,,"), "no number for loss in epoch 1"),
        (replace(",2.0", ",-2.0"), "no number for seconds in epoch 0"),
        (replace(",2.0", ",2.0,7,x"), "no number for further"),
        (replace("\n1,", "\n7,"), "does not count its epochs"),
    ],
    "data.json": [
        (remove, "data.json is missing"),
        (put("splits", ["train"]), "data.json: splits"),
        (put("splits.train.a", "many"), "data.json: splits.train.a"),
        (put("steps_per_epoch", -4), "data.json: steps_per_epoch"),
        (put("overlaps", "x"), "data.json: overlaps"),
    ],
    "environment.json": [
        (cut, "environment.json is damaged"),
        (put("device", ["CPU"]), "environment.json: device"),
        (put("jit_compile", {}), "environment.json: jit_compile"),
        (put("packages", {"keras": {}}), "environment.json: packages.keras"),
        (put("earlier_parts", [{"threads": []}]), "earlier_parts.0.threads"),
    ],
    "predictions.npz": [
        (remove, "predictions.npz is missing"),
        (write(""), "predictions.npz is empty"),
        (write("hello"), "predictions.npz is damaged"),
        (cut, "predictions.npz is damaged"),
        (
            set_array("ids", lambda ids: np.array([print] * 60, object)),
            "predictions.npz is damaged",
        ),
        (set_array("ids", lambda ids: None), "has no ids"),
        (set_array("ids", repeat_first), "names an image twice"),
        (set_array("ids", lambda ids: ids[1:]), "columns that do not fit"),
        (
            set_array("class_names", repeat_first),
            "names other classes than data.json",
        ),
        (set_array("labels", lambda labels: labels + 1), "that are no class"),
        (set_array("labels", lambda labels: labels - 1), "that are no class"),
        (set_array("labels", lambda labels: labels / 1), "that do not fit"),
        (
            set_array("probabilities", lambda table: table[:, :5]),
            "columns that do not fit",
        ),
        (
            set_array("probabilities", lambda table: table / 2),
            "not probabilities with a sum of 1",
        ),
        (
            set_array("probabilities", lambda table: table * np.nan),
            "not probabilities with a sum of 1",
        ),
        (
            set_array("probabilities", lambda table: table.astype(int)),
            "no table of probabilities",
        ),
        (
            set_array("probabilities", lambda table: table[::-1]),
            "they are not of one run",
        ),
    ],
    ROBUSTNESS: [
        (write("["), "robustness.json is damaged"),
        (drop_condition("clean"), "no condition clean 0"),
        (put("conditions.2.level", 1), "a condition twice"),
        (put("conditions.0.top1_error", 120), "conditions.0.top1_error"),
        (put("conditions.0.top1_error", np.nan), "conditions.0.top1_error"),
        (put("calibration.clean.reliability", []), "clean.reliability"),
        (put("images.fingerprint", "w"), "is of other images than the run"),
    ],
    EXPLANATIONS: [
        (write('{"images": 1}'), "explanations.json: images"),
        (put("scores", {}), "explanations.json: scores"),
        (put("scores.RISE.deletion", np.nan), "scores.RISE.deletion"),
        (put("layer.size", [3]), "explanations.json: layer.size"),
        (put("images.fingerprint", "w"), "is of other images than the run"),
    ],
}
CASES = [
    pytest.param(file, spoil, expected, id=f"{file}-{number}")
    for file, damages in DAMAGES.items()
    for number, (spoil, expected) in enumerate(damages)
]


def test_a_whole_run_has_no_reason_to_be_left_out(folder):
    assert find_reason(folder) is None


@pytest.mark.parametrize(("file", "spoil", "expected"), CASES)
def test_damage_is_named(folder, file, spoil, expected):
    spoil(folder / file)
    reason = find_reason(folder)
    assert expected in reason
    assert file in reason
    assert "\n" not in reason


def test_byte_order_marks_of_editors_are_no_damage(folder):
    for name in ("config.json", "metrics.json", "data.json", "history.csv"):
        path = folder / name
        path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert find_reason(folder) is None
    assert RunFolder(folder).history()[-1]["epoch"] == 5
