"""A finished run's network, on images and in a process of its own."""

import csv
import json

import keras
import numpy as np
import PIL.Image
import pytest
import tensorflow as tf

from experiments.analysis.evaluate import compute_figures, evaluate
from experiments.analysis.network import load_trained
from experiments.analysis.predict import predict
from experiments.errors import ConfigError
from experiments.metrics import Predictions
from pipelines.errors import DataError
from pipelines.loading import load
from pipelines.location import Location


@pytest.fixture
def photos(tmp_path):
    """Four drawn images, one of them in a folder, and a file that is none."""
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    random = np.random.default_rng(0)
    for name in ("a.png", "b.bmp", "c.png", "deep/d.png"):
        pixels = random.integers(0, 256, (16, 16, 3), np.uint8)
        PIL.Image.fromarray(pixels).save(folder / name)
    (folder / "bad.jpg").write_bytes(b"no image")
    (folder / "notes.txt").write_text("no image either")
    return folder


def test_evaluation_gives_the_metrics_of_training(trained, capsys):
    found = evaluate(trained.path, Location("unused"))
    metrics = trained.metrics()
    final, named = metrics["final"], metrics["classification"]
    expected = {
        "images": 42,
        "top1_error": 100 * (1 - final["val_accuracy"]),
        "top5_error": 100 * (1 - final["val_top5_accuracy"]),
        "loss": final["val_loss"],
        "precision": 100 * named["precision"],
        "recall": 100 * named["recall"],
        "f1": 100 * named["f1"],
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-3), name
    assert "tiny, seed 3, on its val images" in capsys.readouterr().out


def test_figures_of_known_predictions():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1]])
    found = compute_figures(
        Predictions("abc", ["1", "2"], np.array([0, 1]), probabilities)
    )
    assert found["top1_error"] == pytest.approx(50)
    assert found["top5_error"] == 0
    assert found["loss"] == pytest.approx(-np.log([0.7, 0.3]).mean())
    assert "balanced_error" not in found


def test_unequal_classes_add_the_balanced_error():
    labels = np.array([0, 0, 0, 1])
    ids, table = "1234", np.tile([0.7, 0.3], (4, 1))
    found = compute_figures(Predictions("ab", ids, labels, table))
    assert found["top1_error"] == pytest.approx(25)
    assert found["balanced_error"] == pytest.approx(50)


def test_other_classes_are_refused(copied):
    data = copied.data()
    data["class_names"] = data["class_names"][::-1]
    copied.write_json("data.json", data)
    with pytest.raises(ConfigError, match="has other classes than"):
        evaluate(copied.path, Location("unused"))


def test_predictions_are_those_of_the_network(trained, tiny, photos, tmp_path):
    out = tmp_path / "new" / "said.csv"
    rows = predict(trained.path, photos, out)
    names = load(tiny.data, Location("unused")).class_names
    files = [photos / name for name in ("a.png", "b.bmp", "c.png")]
    files.append(photos / "deep" / "d.png")
    assert [row["image"] for row in rows] == list(map(str, files))
    network = keras.models.load_model(trained / "model.keras")
    pixels = [np.array(PIL.Image.open(file)) for file in files]
    expected = tf.nn.softmax(network.predict(np.stack(pixels), verbose=0))
    for row, probabilities in zip(rows, expected.numpy(), strict=True):
        order = np.argsort(-probabilities)[:5]
        assert [row[f"class_{n}"] for n in range(1, 6)] == [
            names[label] for label in order
        ]
        said = [float(row[f"probability_{n}"]) for n in range(1, 6)]
        np.testing.assert_allclose(said, probabilities[order], atol=1e-4)
    with open(out, newline="") as file:
        assert list(csv.DictReader(file)) == rows


def test_what_cannot_be_read_is_named_and_the_others_go_on(
    trained, photos, tmp_path, capsys
):
    assert len(predict(trained.path, photos, tmp_path / "said.csv")) == 4
    assert f"cannot read {photos / 'bad.jpg'}: " in capsys.readouterr().out
    one = predict(trained.path, photos / "a.png", tmp_path / "one.csv")
    assert [row["image"] for row in one] == [str(photos / "a.png")]
    with pytest.raises(DataError, match="none of the images"):
        predict(trained.path, photos / "bad.jpg", tmp_path / "no.csv")
    for nothing in (photos / "missing", photos / "deep" / "e"):
        with pytest.raises(DataError, match="expected an image, or a folder"):
            predict(trained.path, nothing, tmp_path / "no.csv")
    assert not (tmp_path / "no.csv").exists()


def test_a_strangers_folder_runs_no_code(copied, tmp_path):
    marker = tmp_path / "it ran"
    code = f"__import__('pathlib').Path({str(marker)!r}).touch()"
    images = keras.Input((16, 16, 3))

    def spy(x):
        exec(code)
        return keras.ops.mean(x, (1, 2))

    logits = keras.layers.Dense(6)(keras.layers.Lambda(spy)(images))
    keras.Model(images, logits).save(copied / "model.keras")
    marker.unlink()
    with pytest.raises(ConfigError, match="safe mode"):
        load_trained(copied.path)
    assert not marker.exists()


@pytest.mark.parametrize(
    "name", ["model.keras", "config.json", "data.json", "metrics.json"]
)
def test_a_folder_that_lacks_a_file_is_refused(copied, name):
    (copied / name).unlink()
    with pytest.raises(ConfigError, match="finished run|safe mode"):
        load_trained(copied.path)


def test_a_network_of_fewer_outputs_is_refused(copied):
    data = json.loads((copied / "data.json").read_text())
    data["class_names"].append("seventh")
    copied.write_json("data.json", data)
    with pytest.raises(ConfigError, match="not of one run"):
        load_trained(copied.path)
