"""Numbers of a fair recipe follow from the images, unless they are given."""

from dataclasses import replace

import pytest

from experiments.configs.overrides import override
from experiments.configs.registry import get_experiment
from experiments.planning.fitting import (
    count_seeds,
    describe_fit,
    fit_to_images,
)
from experiments.planning.image_counts import Counts


def count_in(images, smallest):
    """Counts images of which a fifth is held out without folds."""

    def count(data):
        whole = images if data.val == "all" else round(images / 5)
        train = images if data.train == "all" else images - round(images / 5)
        val = min(whole, data.limit_val or whole)
        if data.folds is not None:
            train -= round(train / data.folds)
            val = round(whole / data.folds)
        return Counts(train, val, 0, 2, whole, smallest, "")

    return count


def fit(images, smallest, *assignments, recipe="laptop"):
    experiment = override(get_experiment(f"fair_{recipe}_cutmix"), assignments)
    given = {each.partition("=")[0] for each in assignments}
    return fit_to_images(experiment, given, count_in(images, smallest))


@pytest.mark.parametrize(
    ("images", "smallest", "folds", "batch_size", "steps", "seeds"),
    [
        (4, 2, 2, 16, 30, 10),
        (24, 8, 5, 16, 30, 10),
        (140, 70, 5, 16, 35, 10),
        (322, 2, 2, 16, 51, 10),
        (400, 3, 3, 32, 42, 12),
        (500, 50, 5, 32, 63, 10),
        (1999, 4, 4, 128, 59, 12),
        (2000, 2, None, 128, 63, 5),
        (5000, 250, None, 128, 157, 5),
    ],
)
def test_recipe_laptop(images, smallest, folds, batch_size, steps, seeds):
    found = fit(images, smallest)
    assert found.data.folds == folds
    assert found.data.batch_size == batch_size
    assert (found.epochs, found.data.steps_per_epoch) == (10, steps)
    assert count_seeds(found, 5) == seeds
    splits = ("all", "all") if folds else ("train", "validation")
    assert (found.data.train, found.data.val) == splits
    rate = {16: 0.0354, 32: 0.05, 128: 0.1}[batch_size]
    assert found.optimizer.learning_rate == rate


@pytest.mark.parametrize(
    ("images", "folds", "batch_size", "steps"),
    [(4, 2, 16, 1), (140, 5, 16, 7), (5000, None, 128, None)],
)
def test_recipes_for_gpus_keep_their_epochs(images, folds, batch_size, steps):
    for recipe in ("small", "standard", "large"):
        found = fit(images, images // 2, recipe=recipe)
        assert found.data.folds == folds
        assert found.data.batch_size == batch_size
        assert (found.epochs, found.data.steps_per_epoch) == (100, steps)


@pytest.mark.parametrize(
    ("assignments", "folds", "splits"),
    [
        (["data.folds=7"], 7, ("all", "all")),
        (["data.folds=none"], None, ("train", "validation")),
        (["data.val=test"], None, ("train", "test")),
        (["data.selection=validation"], None, ("train", "validation")),
        (["data.name=shapes"], None, ("train", "validation")),
    ],
)
def test_splits_that_are_given_stay(assignments, folds, splits):
    data = fit(140, 70, *assignments).data
    assert (data.folds, data.train, data.val) == (folds, *splits)


def test_a_limit_makes_no_data_set_small():
    assert fit(5000, 250, "data.limit_val=100").data.folds is None


def test_numbers_that_are_given_stay():
    found = fit(140, 70, "data.batch_size=32")
    # Half as many steps for as many passes.
    assert (found.data.batch_size, found.data.steps_per_epoch) == (32, 30)
    assert found.optimizer.learning_rate == 0.05
    found = fit(
        *(140, 70, "data.steps_per_epoch=3", "optimizer.learning_rate=0.2"),
        "epochs=2",
    )
    assert (found.epochs, found.data.steps_per_epoch) == (2, 3)
    assert found.optimizer.learning_rate == 0.2


def test_the_line_names_every_number():
    experiment = fit(140, 70)
    line = describe_fit(experiment, count_in(140, 70)(experiment.data))
    assert "5 folds of 140 images; 112 to train, in batches of 16" in line
    assert "10 epochs of 35 steps; learning rate 0.0354" in line
    few = fit(9, 3)
    line = describe_fit(few, count_in(9, 3)(few.data))
    assert "3 folds of 9 images (the smallest class has 3; 5 a class" in line


def test_other_studies_keep_their_seeds():
    other = replace(fit(140, 70), name="catsdogs_fair_original")
    assert count_seeds(other, 3) == 3
