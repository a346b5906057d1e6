"""The line before a study, and what would help it."""

from dataclasses import replace

import pytest

from experiments.configs.registry import get_experiment
from experiments.designs.fixed import Fixed
from experiments.designs.until import Until
from experiments.planning.image_counts import Counts
from experiments.planning.prospects import describe_changes, describe_study
from experiments.statistics.noise import ACCURACY, Noise, assume_noise
from experiments.statistics.power import (
    compute_detectable,
    plan_power,
)
from experiments.statistics.sequential import Looks
from pipelines.location import Location


@pytest.mark.parametrize(
    ("arms", "seeds", "folds", "line"),
    [
        (
            *(2, 10, 5),
            "10 runs of each of 2 arms, 140 images evaluated (5 folds): "
            "detects differences of about 18 points or more",
        ),
        (
            *(2, 1, None),
            "1 run of each of 2 arms, 28 images evaluated: ranks nothing, as "
            "one run an arm does not tell luck from effect",
        ),
        (
            *(2, 2, 5),
            "2 runs of each of 2 arms, 56 images evaluated (5 folds): detects "
            "no difference; --plan says what would help",
        ),
        (1, 3, None, "3 runs, 28 images evaluated"),
    ],
)
def test_the_line_before_a_study(arms, seeds, folds, line, tiny, tmp_path):
    experiment = replace(tiny, data=replace(tiny.data, folds=folds))
    counts = Counts(112, 28, 0, 2, 140 if folds else 28, 14, "")
    experiments = [replace(experiment, name=f"arm_{n}") for n in range(arms)]
    design = Fixed("mine", experiments, seeds=range(seeds), workdir=tmp_path)
    assert describe_study(design, counts) == line


def test_the_line_before_a_study_with_looks(tiny, tmp_path):
    looks = Looks((3, 5, 8), 1)
    points = compute_detectable(
        *(2, 8, 280, ACCURACY),
        seed_deviation=assume_noise(112).seed_deviation,
        confidence=1 - looks.levels[-1],
    )
    arms = [tiny, replace(tiny, name="other")]
    design = Until("mine", arms, looks, seeds=range(8), workdir=tmp_path)
    line = describe_study(design, Counts(112, 280, 0, 2, 280, 14, ""), 1500)
    assert line == (
        "3 to 8 runs of each of 2 arms, 280 images evaluated: detects "
        f"differences of about {points:.0f} points or more with 8; "
        "at most about 25 min"
    )


def test_what_would_help_and_what_not(tmp_path):
    experiment = get_experiment("tinyimagenet_pocket_baseline")
    power = plan_power(5, 40, 28, None, Noise())
    helps, not_helps = describe_changes(power, experiment, Location(tmp_path))
    assert helps.startswith("Would help: ")
    assert "112 evaluated images, 4 times as many: " in helps
    # Seeds do not make up for 28 images.
    assert not_helps.startswith("Would not help: ")
    assert "160 seeds, in 4 times the time: " in not_helps


def test_more_seeds_and_transfer_help_few_images(tmp_path):
    experiment = get_experiment("fair_laptop_baseline")
    experiment = replace(experiment, data=replace(experiment.data, folds=5))
    power = plan_power(2, 10, 140, 5, Noise())
    (helps,) = describe_changes(power, experiment, Location(tmp_path))
    assert "20 seeds, in 2 times the time: " in helps
    assert "model.weights=imagenet" in helps
    assert "2 arms" not in helps
