"""TensorBoard has all of history.csv, each epoch once."""

import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from tests.experiments.tracking.in_parts import follow_in_parts


def read(folder, part):
    """Reads the tags and events of a part of the logs."""
    events = EventAccumulator(str(folder / "logs" / part)).Reload()
    return events.Tags(), events


def curves(folder):
    """{column of history.csv: [(epoch, value)]}."""
    found = {}
    for part, before in (("train", ""), ("validation", "val_")):
        tags, events = read(folder, part)
        for tag in tags["tensors"]:
            if tag.startswith("epoch_"):
                name = before + tag.removeprefix("epoch_")
                found[name] = [
                    (event.step, float(tf.make_ndarray(event.tensor_proto)))
                    for event in events.Tensors(tag)
                ]
    return found


def expected(rows):
    return {
        name: [(row["epoch"], pytest.approx(row[name])) for row in rows]
        for name in rows[0]
        if name != "epoch"
    }


def test_a_run_has_its_curves_and_its_images(trained):
    rows = trained.history()
    assert {"loss", "val_accuracy", "learning_rate"} <= rows[0].keys()
    assert "images_per_second" in rows[0]
    assert curves(trained) == expected(rows)
    _, events = read(trained, "train")
    (event,) = events.Tensors("augmented training images")
    width, height, png = event.tensor_proto.string_val
    shown = tf.io.decode_png(png, 3)
    there = (trained / "plots/samples.png").read_bytes()
    assert (int(height), int(width)) == shown.shape[:2]
    assert tf.reduce_all(shown == tf.io.decode_png(there, 3))


def test_a_run_that_goes_on_has_each_epoch_once(copied):
    """Logs whose state is lost are written again."""
    (copied / "tracking.json").unlink()
    rows = follow_in_parts(copied, ["tensorboard"])
    assert curves(copied) == expected(rows)
    _, events = read(copied, "train")
    assert len(events.Tensors("augmented training images")) == 1
