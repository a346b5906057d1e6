"""Published figures: the counts behind them, and what these allow."""

import itertools

import numpy as np
import pytest

from experiments.configs.registry import EXPERIMENTS
from experiments.configs.schema import as_json
from experiments.report.published.results import (
    published_notes,
    read_published,
)


def published(name):
    return read_published(as_json(EXPERIMENTS[name]))


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("catsdogs_original", (57.14, 57.14, 57.14, 42.86)),
        ("catsdogs_augly", (57.89, 78.57, 66.67, 39.29)),
    ],
)
def test_published_counts_are_the_only_ones(name, figures):
    found = published(name)
    keys = ("precision", "recall", "f1", "top1_error")
    assert tuple(round(found.figures[key], 2) for key in keys) == figures
    fitting = []
    for tp, fp, fn in itertools.product(range(1, 29), range(28), range(28)):
        if tp + fp + fn > 28:
            continue
        values = (
            100 * tp / (tp + fp),
            100 * tp / (tp + fn),
            200 * tp / (2 * tp + fp + fn),
            100 * (fp + fn) / 28,
        )
        if tuple(round(value, 2) for value in values) == figures:
            fitting.append((tp, fp, fn))
    (_, fp), (fn, tp) = found.confusion
    assert fitting == [(tp, fp, fn)]
    assert found.class_names == ("cats", "dogs")


def test_curves_end_where_the_studies_say():
    found = published("tinyimagenet_random_erase")
    assert found.epochs == len(found.curve) == 300
    assert found.figures["top1_error"] == pytest.approx(77.06)
    assert found.figures["chosen_top1_error"] == pytest.approx(70.44)
    assert found.differs == []


def test_a_run_of_other_settings_names_them():
    config = as_json(EXPERIMENTS["catsdogs_augly"])
    config["data"]["image_size"] = 64
    config["epochs"] = 2
    assert read_published(config).differs == ["data.image_size", "epochs"]
    assert read_published(config | {"published": None}) is None


def test_counts_of_28_images_tell_nothing_apart():
    arms = ("catsdogs_original", "catsdogs_augly")
    (note,) = published_notes({arm: published(arm) for arm in arms}, str)
    assert "catsdogs_original 16 of 28 images right" in note
    # Wilson's, as scipy has it.
    assert "57.1 %, 95 % interval of Wilson 39 to 73" in note
    assert "cannot tell the arms apart" in note
    apart = published("catsdogs_augly")._replace(
        confusion=np.array([[14, 0], [0, 14]])
    )
    (note,) = published_notes({arms[0]: published(arms[0]), "x": apart}, str)
    assert "cannot tell" not in note
