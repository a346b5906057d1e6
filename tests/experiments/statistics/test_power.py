"""What runs say of the noise in a study, on studies of known noise."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.report import wording
from experiments.report.groups import group_runs
from experiments.report.runs import read_runs
from experiments.statistics.planning import detectable_difference, seeds_needed
from experiments.statistics.power import Noise, Power, measured_noise, power_of


def group(arms, folds=None):
    """What `power_of` asks of a `Group`; arms: lists of bool (images,)."""
    return SimpleNamespace(
        arms=range(len(arms)),
        images=sum(map(len, arms[0])) if folds else len(arms[0][0]),
        crossed=folds is not None,
        folds=folds,
        predictions=lambda arm: [SimpleNamespace(right=r) for r in arms[arm]],
    )


def independent(accuracy, deviation, arms, seeds, images, seed=0):
    """Errors that know nothing of each other; deviation in points."""
    random = np.random.default_rng(seed)
    levels = accuracy + deviation / 100 * random.normal(size=(arms, seeds, 1))
    return list(random.random((arms, seeds, images)) < levels)


def test_noise_is_that_of_the_runs():
    noise = measured_noise(group(independent(0.7, 2, 2, 200, 5000)))
    assert noise.accuracy == pytest.approx(0.7, abs=0.005)
    assert noise.seed_deviation == pytest.approx(2, rel=0.1)
    assert noise.agreement == pytest.approx(1 - 2 * 0.7 * 0.3, abs=0.01)
    assert noise.runs == 400


def test_what_is_hard_for_all_arms_is_no_luck():
    """Seeds agree on all images; arms differ on a fifth of them."""
    first = np.arange(1000) % 10 < 6
    other = np.roll(first, 1)
    study = group([[first] * 3, [other] * 3])
    noise = measured_noise(study)
    assert noise.agreement == 1
    assert noise.seed_deviation == 0
    # Of independent images of this accuracy 48 % would differ, here 20 %.
    assert noise.arm_share == pytest.approx(0.2 / 0.48, rel=0.01)


def test_arms_that_are_better_by_the_same_share_all():
    random = np.random.default_rng(0)
    right = random.random((2, 50, 400)) < random.random(400)
    assert measured_noise(group(list(right))).arm_share < 0.01


@pytest.mark.parametrize("level", [0, 1])
def test_runs_without_any_error_or_hit(level):
    found = power_of(group(list(np.full((2, 3, 50), bool(level)))))
    assert found.noise.accuracy == level
    assert found.detectable > 0


def test_one_seed_tells_nothing_of_noise():
    study = group(independent(0.9, 2, 3, 1, 100))
    assert measured_noise(study) == Noise()
    assert power_of(study).detectable is None


def test_one_arm_has_no_power():
    assert power_of(group(independent(0.9, 2, 1, 3, 100))) is None


def test_folds_count_what_accuracies_vary():
    right = independent(0.6, 5, 2, 400, 100)
    noise = measured_noise(group([list(arm) for arm in right], folds=5))
    # Of the variance some is expected of errors; the rest is the seeds'.
    total = 0.6 * 0.4 / 100 + 0.05**2
    assumed = (1 - noise.agreement) / 2
    assumed += noise.arm_share * (0.24 - assumed)
    expected = 100 * (total - assumed / 100) ** 0.5
    assert noise.seed_deviation == pytest.approx(expected, rel=0.1)


def test_numbers_are_those_of_the_plan():
    power = Power(3, 4, 5000, None, Noise(0.8, 0.9, 1.5, 0.1, 12))
    assumed = {"agreement": 0.9, "seed_deviation": 1.5, "arm_share": 0.1}
    assert power.detectable == detectable_difference(3, 4, 5000, 0.8, **assumed)
    assert power.seeds_for_a_point == seeds_needed(1, 3, 5000, 0.8, **assumed)
    line, basis = wording.power(power)
    assert line == (
        "With 4 seeds an arm this study detects differences of at least "
        f"{power.detectable:.1f} points with 80 % power; 1 point takes "
        f"{power.seeds_for_a_point} seeds an arm."
    )
    assert basis == (
        "As in 12 finished runs: 3 arms, 5,000 images, accuracy 80.0 %, a "
        "deviation over seeds of 1.50 points beyond that of independent "
        "errors."
    )


def test_what_cannot_be_shown_is_not_promised():
    line, basis = wording.power(Power(2, 1, 140, None, Noise()))
    assert line == (
        "With 1 seed an arm this study ranks nothing; no number of seeds "
        "finds 1 point on 140 images."
    )
    assert basis.startswith("Assumed, since no arm has two finished runs:")
    assert "accuracy 62.0 %, a deviation over seeds of 0.30 points" in basis
    line, _ = wording.power(Power(2, 5, 1, None, Noise(0.5, 0.5)))
    assert "detects no difference at all" in line


def test_power_of_real_folders(make_run, draw_right):
    folders = [
        make_run(name, seed, draw_right(percent, 10 * percent + seed)).path
        for name, percent in (("a", 50), ("b", 60))
        for seed in range(3)
    ]
    groups, _ = group_runs(read_runs(folders)[0], "mine")
    power = power_of(groups[0])
    assert (power.arms, power.seeds, power.images) == (2, 3, 2000)
    assert power.noise.accuracy == pytest.approx(0.55)
