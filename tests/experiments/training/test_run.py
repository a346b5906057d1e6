"""Whole runs: their files, repetition, interruption and failure."""

import csv
import gc
import json
import shutil
import signal
from dataclasses import replace
from importlib.util import find_spec

import keras
import numpy as np
import pytest
import tensorflow as tf

from experiments.configs.schema import Optimizer, as_json, layer
from experiments.errors import ConfigError, Interrupted, TrainingFailed
from experiments.run_folder import (
    HISTORY_FIELDS,
    SPEED_FIELDS,
    RunFolder,
)
from experiments.runtime import interruption
from experiments.runtime.interruption import requests
from experiments.training import trainer_cache
from experiments.training.callbacks import StopOnNonFiniteLoss
from experiments.training.run import open_session
from models.config import Model
from pipelines.errors import DataError
from pipelines.loading import load
from pipelines.location import Location
from tests.experiments.training.short_runs import (
    history,
    make_spec,
    numbers,
    train,
)

# The tools that are installed.
FOLLOWED = tuple(
    name for name in ("tensorboard", "mlflow") if find_spec(name) is not None
)


@pytest.fixture(scope="module")
def finished(tiny, tmp_path_factory):
    return train(tiny, tmp_path_factory.mktemp("finished"), plots=True)


def test_every_file_of_the_design_is_there(finished):
    assert finished.path.parts[-2:] == ("tiny", "seed_0")
    for name in (
        "config.json",
        "environment.json",
        "data.json",
        "history.csv",
        "metrics.json",
        "predictions.npz",
        "model.keras",
        "plots/confusion.png",
        "plots/curves.png",
        "plots/samples.png",
    ):
        assert (finished / name).stat().st_size > 0, name
    assert list((finished / "logs").glob("train/events*"))
    assert list((finished / "logs").glob("validation/events*"))
    assert not list(finished.path.glob(".writing*"))


def test_history_has_a_row_per_epoch(finished, tiny):
    with open(finished / "history.csv", newline="") as file:
        header = next(csv.reader(file))
    assert header == [*HISTORY_FIELDS, *SPEED_FIELDS[:3]]
    rows = finished.history()
    assert [row["epoch"] for row in rows] == [0, 1]
    assert rows[0]["learning_rate"] == pytest.approx(0.05)
    assert all(row["seconds"] > 0 for row in rows)
    assert all(row["images_per_second"] > 0 for row in rows)
    assert all(0 <= row["waiting"] <= 1 for row in rows)
    # Python with TensorFlow takes some, no test takes that much.
    assert all(0.1 < row["host_gib"] < 64 for row in rows)


def test_metrics_report_the_final_and_the_best_epoch(finished):
    metrics = json.loads((finished / "metrics.json").read_text())
    rows = finished.history()
    assert metrics["status"] == "finished"
    assert metrics["final"] == pytest.approx(rows[-1])
    assert metrics["best"]["val_accuracy"] == max(
        row["val_accuracy"] for row in rows
    )
    assert metrics["best_selected_on"] == "val"


def test_config_is_written_as_resolved(finished, tiny):
    config = json.loads((finished / "config.json").read_text())
    assert config == as_json(tiny) | {"seed": 0}
    assert config["data"]["batch_size"] == tiny.data.batch_size
    assert config["model"]["std"] == list(tiny.model.std)
    names = [layer["layer"] for layer in config["augment"]]
    assert names == ["RandomFlip", "CutMix"]
    environment = json.loads((finished / "environment.json").read_text())
    assert environment["packages"]["tensorflow"] == tf.__version__
    assert environment["precision"] == "float32"


def test_predictions_give_the_metrics(finished):
    with np.load(finished / "predictions.npz") as file:
        probabilities, labels = file["probabilities"], file["labels"]
    assert probabilities.shape == (42, 6)
    np.testing.assert_allclose(probabilities.sum(-1), 1, rtol=1e-5)
    final = finished.metrics()["final"]
    right = probabilities.argmax(-1) == labels
    assert right.mean() == pytest.approx(final["val_accuracy"])
    surprise = -np.log(probabilities[np.arange(42), labels])
    assert surprise.mean() == pytest.approx(final["val_loss"], rel=1e-4)


def test_predictions_name_images_and_classes(finished, tiny):
    with np.load(finished / "predictions.npz") as file:
        ids, labels = file["ids"].tolist(), file["labels"]
        class_names = file["class_names"].tolist()
    val = load(tiny.data, Location("unused")).val
    assert ids == val.ids
    assert len(set(ids)) == 42
    data = finished.read_json("data.json")
    assert class_names == data["class_names"]
    assert data["splits"]["train"] == dict.fromkeys(class_names, 16)
    assert data["splits"]["validation"] == dict.fromkeys(class_names, 7)
    assert data["steps_per_epoch"] == 4
    np.testing.assert_array_equal(labels, val.labels)


def test_metrics_have_precision_and_recall(finished):
    scores = finished.metrics()["classification"]
    assert scores["average"] == "macro"
    with np.load(finished / "predictions.npz") as file:
        predicted = file["probabilities"].argmax(-1)
        labels = file["labels"]
    assert scores["accuracy"] == pytest.approx((predicted == labels).mean())


def test_saved_model_takes_raw_images(finished, tiny):
    with np.load(finished / "predictions.npz") as file:
        expected = file["probabilities"]
    val = load(tiny.data, Location("unused")).val
    model = keras.models.load_model(finished / "model.keras")
    logits = model.predict(val.images, verbose=0)
    np.testing.assert_allclose(keras.ops.softmax(logits), expected, atol=1e-5)


def test_finished_run_is_not_trained_again(finished, tiny, capsys):
    before = (finished / "model.keras").stat().st_mtime_ns
    # As if no tool had followed the run.
    (finished / "tracking.json").unlink()
    train(tiny, finished.path.parents[1])
    assert "finished already" in capsys.readouterr().out
    assert (finished / "model.keras").stat().st_mtime_ns == before
    assert finished.read_json("tracking.json")["tensorboard"]["ended"]


@pytest.mark.parametrize(
    ("step", "number", "log"),
    [(2, signal.SIGTERM, ()), (4, signal.SIGINT, FOLLOWED)],
    ids=["in an epoch", "at its end"],
)
def test_a_signal_saves_the_step_that_it_comes_in(
    finished, tiny, tmp_path, monkeypatch, step, number, log
):
    """The run goes on from there with the numbers of an undisturbed one."""
    count_steps = StopOnNonFiniteLoss.on_train_batch_end
    handler = signal.getsignal(signal.SIGTERM)

    def send(self, batch, logs=None):
        count_steps(self, batch, logs)
        if self.step == step:
            signal.raise_signal(number)

    with monkeypatch.context() as patch:
        patch.setattr(StopOnNonFiniteLoss, "on_train_batch_end", send)
        with pytest.raises(Interrupted) as caught:
            train(tiny, tmp_path, log=log)
    assert caught.value.signal == number
    folder = RunFolder.of(tmp_path, tiny, 0)
    with np.load(folder / "checkpoint.npz") as file:
        assert file["step"] == step
    if step >= 4:
        assert folder.metrics()["status"] == "interrupted"
    assert signal.getsignal(signal.SIGTERM) == handler
    assert numbers(train(tiny, tmp_path, log=log)) == numbers(finished)
    # Tools that follow a run change nothing of it, and miss nothing.
    assert folder.read_json("config.json") == finished.read_json("config.json")
    states = folder.read_json("tracking.json") or {}
    assert states.keys() == set(log)
    assert all(each["epochs"] == 2 for each in states.values())
    assert all(each["ended"] for each in states.values())


def test_seeds_differ(finished, tiny, tmp_path):
    other = train(tiny, tmp_path, seed=1)
    assert other.path.name == "seed_1"
    assert history(other)[0]["loss"] != history(finished)[0]["loss"]
    # A placebo draws all the random numbers of another seed.
    placebo = train(replace(tiny, name="placebo", seed_offset=1), tmp_path)
    assert placebo.path.name == "seed_0"
    assert numbers(placebo) == numbers(other)


def test_folder_of_another_config_is_refused(finished, tiny):
    other = replace(tiny, model=replace(tiny.model, width=8))
    with pytest.raises(ConfigError, match=r"model\.width is 4 there and 8"):
        train(other, finished.path.parents[1])


@pytest.fixture(scope="module")
def stopping(tiny):
    """Compared by its best epoch, and stopped soon after it.

    The train images stand in for held-out ones.
    """
    return replace(
        tiny,
        data=replace(tiny.data, selection="train"),
        # So high that later epochs are no better.
        optimizer=replace(tiny.optimizer, learning_rate=3.0),
        epochs=30,
        early_stop=2,
        judged="best",
    )


@pytest.fixture(scope="module")
def stopped(stopping, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("stopped")
    return train(stopping, workdir, allow_overlap=True)


def test_held_out_images_are_refused_if_they_are_in_train(stopping, tmp_path):
    with pytest.raises(DataError, match="of selection .train. are in train"):
        train(stopping, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_allowed_overlap_is_noted(stopped):
    (note,) = stopped.read_json("environment.json")["notes"]
    assert stopped.data()["overlaps"] == [note]
    assert "42 of 42 images of selection (train) are in train" in note


def test_held_out_images_have_columns_of_their_own(stopped, stopping):
    with open(stopped / "history.csv", newline="") as file:
        header = next(csv.reader(file))
    assert header == [
        *HISTORY_FIELDS,
        "selection_loss",
        "selection_accuracy",
        *SPEED_FIELDS[:3],
    ]
    assert stopped.metrics()["best_selected_on"] == "selection"
    data = load(stopping.data, Location("unused"), allow_overlap=True)
    model = keras.models.load_model(stopped / "model.keras")
    logits = model.predict(data.selection.images, verbose=0)
    right = logits.argmax(-1) == data.selection.labels
    last = stopped.history()[-1]
    assert right.mean() == pytest.approx(last["selection_accuracy"])


def test_training_stops_if_held_out_images_gain_no_more(stopped):
    rows = stopped.history()
    assert len(rows) < 30
    scores = [row["selection_accuracy"] for row in rows]
    best = scores.index(max(scores))
    assert len(rows) - 1 - best == 2
    assert stopped.metrics()["best"] == rows[best]
    assert stopped.is_finished()


def test_the_network_that_is_compared_is_the_best_one(stopped, stopping):
    best = stopped.metrics()["best"]
    with np.load(stopped / "predictions.npz") as file:
        right = file["probabilities"].argmax(-1) == file["labels"]
    assert right.mean() == pytest.approx(best["val_accuracy"])
    data = load(stopping.data, Location("unused"), allow_overlap=True)
    model = keras.models.load_model(stopped / "best.keras")
    logits = model.predict(data.selection.images, verbose=0)
    right = logits.argmax(-1) == data.selection.labels
    assert right.mean() == pytest.approx(best["selection_accuracy"])


def test_a_run_that_was_stopped_early_is_not_trained_further(
    stopped, stopping, tmp_path
):
    """Killed after its last epoch, before its results were written."""
    shutil.copytree(stopped.path.parent, tmp_path / stopping.name)
    folder = RunFolder.of(tmp_path, stopping, 0)
    whole = (stopped / "predictions.npz").read_bytes()
    (folder / "predictions.npz").unlink()
    folder.write_json("metrics.json", folder.metrics() | {"status": "running"})
    train(stopping, tmp_path, allow_overlap=True)
    assert folder.history() == stopped.history()
    again, before = folder.metrics(), stopped.metrics()
    # Saved models have their moment in them.
    assert again.pop("files").keys() == before.pop("files").keys()
    assert again == before
    assert (folder / "predictions.npz").read_bytes() == whole


def test_plain_training_images_are_evaluated(finished, tiny):
    plain = finished.metrics()["plain_train"]
    images = load(tiny.data, Location("unused")).train
    assert plain["images"] == len(images.labels)
    model = keras.models.load_model(finished / "model.keras")
    right = model.predict(images.images, verbose=0).argmax(-1) == images.labels
    assert plain["accuracy"] == pytest.approx(right.mean())


@pytest.mark.parametrize("number", interruption.SIGNALS)
def test_a_second_signal_does_not_wait(number, monkeypatch):
    with requests() as request:
        signal.raise_signal(number)
        assert request.signal == number
        # As schedulers do, which signal a group and each of its processes.
        signal.raise_signal(signal.SIGTERM)
        monkeypatch.setattr(interruption, "SAME_REQUEST", 0)
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGTERM)


def test_nohup_is_obeyed():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with requests() as request:
            signal.raise_signal(signal.SIGHUP)
        assert request.signal is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_mixed_precision_by_config(tiny, tmp_path, capsys):
    precision = "mixed_bfloat16"
    folder = train(replace(tiny, precision=precision, epochs=1), tmp_path)
    assert precision in capsys.readouterr().out
    assert folder.read_json("environment.json")["precision"] == precision
    # A network that was trained in 16 bits is saved so, and answers in 32.
    model = keras.models.load_model(folder / "model.keras")
    computed = {layer.compute_dtype for layer in model.layers}
    assert computed == {precision.removeprefix("mixed_"), "float32"}
    assert model.output.dtype == "float32"
    # The next run is not affected.
    assert keras.config.dtype_policy().name == "float32"


def test_arms_of_a_seed_start_from_the_same_weights(tiny, tmp_path):
    """Whatever drew random numbers before, and in a cached trainer, too."""
    arms = {
        "none": replace(tiny, name="none", augment=()),
        "other": replace(tiny, name="other", augment=(layer("CutMix"),)),
    }

    def weights(name, seed):
        spec = make_spec(arms[name], tmp_path, seed)
        with open_session(spec) as session:
            return session.trainer.network.get_weights()

    first, second, third = (
        weights(name, seed)
        for name, seed in (("none", 0), ("other", 0), ("none", 1))
    )
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(first[0], third[0])


@pytest.fixture(scope="module")
def unusual(tiny, tmp_path_factory):
    """The largest seed, with folds, a placebo's offset and nine steps.

    Its shuffle of the folds and its random numbers follow from the seed.
    """
    data = replace(
        tiny.data,
        train="validation",
        folds=3,
        limit_train=48,
        steps_per_epoch=9,
    )
    experiment = replace(tiny, data=data, seed_offset=7, epochs=1)
    return train(experiment, tmp_path_factory.mktemp("unusual"), 2**63 - 1)


def test_seed_of_any_size(unusual):
    assert unusual.path.name == f"seed_{2**63 - 1}"
    assert unusual.read_json("config.json")["seed"] == 2**63 - 1
    assert len(unusual.history()) == 1


def test_epochs_of_a_given_number_of_steps(unusual):
    """Nine steps, although two batches hold all images."""
    assert unusual.read_json("data.json")["steps_per_epoch"] == 9
    with np.load(unusual / "checkpoint.npz") as file:
        assert file["step"] == 9


def test_run_leaves_no_weights_in_memory(tiny, tmp_path):
    def handles():
        # All but those of the trainer that is cached for the next run.
        trainer_cache.pop(None)
        gc.collect()
        return sum(
            isinstance(each, tf.Tensor) and each.dtype == tf.resource
            for each in gc.get_objects()
        )

    before = handles()
    optimizer = Optimizer("lamb", learning_rate=0.01)
    train(replace(tiny, epochs=1, optimizer=optimizer), tmp_path)
    assert handles() == before


def test_loss_that_is_no_number_stops_the_run(tiny, tmp_path, monkeypatch):
    cached = []
    monkeypatch.setattr(trainer_cache, "put", lambda *_: cached.append(1))
    wild = replace(tiny, optimizer=Optimizer(learning_rate=1e30))
    with pytest.raises(TrainingFailed, match=r"tiny, seed 0.*at step \d"):
        train(wild, tmp_path)
    folder = RunFolder.of(tmp_path, tiny, 0)
    assert folder.metrics()["status"] == "failed"
    assert "step" in folder.metrics()["error"]
    assert not (folder / "model.keras").exists()
    # The next run does not get its trainer.
    assert not cached


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda e: replace(e, data=replace(e.data, batch_size=97)),
            "batch_size=97 is larger than the 96 training images",
        ),
        (
            lambda e: replace(e, model=Model(classes=3)),
            "classes=3 is less than the 6 classes",
        ),
        (
            lambda e: replace(e, model=Model(initializer="he")),
            "initializer.*he_normal",
        ),
        (
            lambda e: replace(e, positive_class="dogs"),
            "positive_class='dogs' is not a class",
        ),
    ],
)
def test_a_run_that_cannot_begin_leaves_nothing(
    tiny, tmp_path, change, message
):
    """So that the corrected command is not refused as another config."""
    with pytest.raises(ConfigError, match=message):
        train(change(tiny), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
