"""Plans, and measured noise of studies whose noise is known.

That studies find what is planned is in tests/benchmarks/test_false_claims.py.
"""

import doctest
import json

import numpy as np
import pytest

from experiments.report import wording
from experiments.report.findings import compute_findings
from experiments.report.groups import group_runs
from experiments.report.runs import read_runs
from experiments.statistics import power as statistics
from experiments.statistics.comparison import compare_arms
from experiments.statistics.cross_validation import compare_folds
from experiments.statistics.noise import (
    SEED_DEVIATION,
    Noise,
    assume_noise,
    measure_fold_noise,
    measure_noise,
)
from experiments.statistics.power import (
    MOST_SEEDS,
    Power,
    compute_detectable,
    count_seeds_needed,
    extend_power,
    measure_power,
    plan_power,
)

STUDY = {"arms": 2, "seeds": 5, "images": 10_000, "accuracy": 0.62}


@pytest.mark.parametrize(
    ("name", "more", "sign"),
    [
        ("arms", 3, 1),
        ("arms", 11, 1),
        ("seeds", 6, -1),
        ("images", 20_000, -1),
        ("accuracy", 0.8, -1),
        ("agreement", 0.9, -1),
        ("seed_deviation", 0.5, 1),
        ("arm_share", 0.2, 1),
        ("confidence", 0.99, 1),
    ],
)
def test_what_makes_it_harder(name, more, sign):
    changed = compute_detectable(**STUDY | {name: more})
    assert sign * (changed - compute_detectable(**STUDY)) > 0


def test_folds_need_more_seeds_than_whole_sets():
    """Each seed evaluates a part: five of them, all images once."""
    folds = {"arms": 2, "images": 1000, "accuracy": 0.62, "folds": 5}
    once, twice = (
        compute_detectable(seeds=seeds, **folds) for seeds in (50, 100)
    )
    whole = compute_detectable(2, 10, 1000, 0.62)
    assert once > twice > whole
    seeds = count_seeds_needed(10, **folds)
    assert compute_detectable(seeds=seeds, **folds) <= 10


def test_plan_is_what_a_study_of_these_numbers_reports():
    """Twelve seeds whose errors are independent, and nothing else varies."""
    generator = np.random.default_rng(0)
    right = generator.random((2, 12, 10_000)) < 0.62
    (found,) = compare_arms(dict(enumerate(right)))
    assumed = {"agreement": 1 - 2 * 0.62 * 0.38, "seed_deviation": 0}
    plan = compute_detectable(2, 12, 10_000, 0.62, **assumed)
    assert found.detectable == pytest.approx(plan, rel=0.25)


@pytest.mark.parametrize("arms", [2, 11])
@pytest.mark.parametrize("difference", [0.7, 1, 3])
def test_seeds_needed_are_the_fewest(arms, difference):
    seeds = count_seeds_needed(difference, arms, 10_000, 0.62)
    study = STUDY | {"arms": arms}
    enough = compute_detectable(**study | {"seeds": seeds})
    assert enough <= difference
    if seeds > 2:
        fewer = compute_detectable(**study | {"seeds": seeds - 1})
        assert fewer > difference


def test_trainings_do_not_make_up_for_images():
    assert count_seeds_needed(6, 2, 140, 0.62) < 10
    assert count_seeds_needed(2, 2, 140, 0.62) is None
    at_most = compute_detectable(2, MOST_SEEDS, 140, 0.62)
    assert count_seeds_needed(at_most, 2, 140, 0.62) == MOST_SEEDS
    # Not even if arms were better by the same on all images: one is 0.7.
    assert count_seeds_needed(0.7, 2, 140, 0.62, arm_share=0) is None


def test_too_few_images_find_nothing_at_all():
    assert compute_detectable(2, 5, 1, 0.5) is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"arms": 1}, "arms of at least 2. Received: arms=1"),
        ({"seeds": 1}, "seeds of at least 2. Received: seeds=1"),
        ({"images": 0}, "images of at least 1"),
        ({"accuracy": 62}, "accuracy of at least 0 and at most 1.*62"),
        ({"accuracy": float("nan")}, "accuracy.*nan"),
        ({"agreement": 0.5}, "agreement of at least 0.5288.*0.5"),
        ({"agreement": 75}, "agreement.*75"),
        ({"seed_deviation": -1}, "seed_deviation.*-1"),
        ({"arm_share": 10}, "arm_share.*10"),
        ({"folds": 1}, "folds of at least 2"),
        ({"confidence": 95}, "confidence.*95"),
    ],
)
def test_wrong_input(changed, message):
    with pytest.raises(ValueError, match=message):
        compute_detectable(**STUDY | changed)


@pytest.mark.parametrize("difference", [0, -1, float("nan")])
def test_no_difference_needs_no_seeds(difference):
    with pytest.raises(ValueError, match=f"more than 0.*{difference}"):
        count_seeds_needed(difference, 2, 10_000, 0.62)


def independent(accuracy, deviation, arms, seeds, images, seed=0):
    """{arm: errors that know nothing of each other}; deviation in points."""
    random = np.random.default_rng(seed)
    levels = accuracy + deviation / 100 * random.normal(size=(arms, seeds, 1))
    return dict(enumerate(random.random((arms, seeds, images)) < levels))


def test_noise_is_that_of_the_runs():
    noise = measure_noise(independent(0.7, 2, 2, 200, 5000))
    assert noise.accuracy == pytest.approx(0.7, abs=0.005)
    assert noise.seed_deviation == pytest.approx(2, rel=0.1)
    assert noise.agreement == pytest.approx(1 - 2 * 0.7 * 0.3, abs=0.01)
    assert noise.runs == 400


def test_what_is_hard_for_all_arms_is_no_luck():
    """Seeds agree on all images; arms differ on a fifth of them."""
    first = np.arange(1000) % 10 < 6
    other = np.roll(first, 1)
    noise = measure_noise({"a": np.array([first] * 3), "b": [other] * 3})
    assert noise.agreement == 1
    assert noise.seed_deviation == 0
    # Of independent images of this accuracy 48 % would differ, here 20 %.
    assert noise.arm_share == pytest.approx(0.2 / 0.48, rel=0.01)


def test_arms_that_are_better_by_the_same_share_all():
    random = np.random.default_rng(0)
    right = random.random((2, 50, 400)) < random.random(400)
    assert measure_noise(dict(enumerate(right))).arm_share < 0.01


def test_one_seed_tells_nothing_of_noise():
    assumed = assume_noise(100)
    once = independent(0.9, 2, 3, 1, 100)
    assert measure_noise(once, assumed) == assumed
    assert measure_noise({"a": []}, assumed) == assumed
    once = {"a": {0: np.ones(3, bool)}, "b": {}}
    assert measure_fold_noise(once, assumed) == assumed


def test_few_train_images_make_seeds_differ():
    """Within a factor of 1.7 of what studies have measured."""
    for images, measured in ((112, 7.12), (2400, 2.38), (5000, 0.64)):
        assumed = assume_noise(images)
        assert measured / 1.7 < assumed.seed_deviation < measured * 1.7
        assert assumed._replace(seed_deviation=SEED_DEVIATION) == Noise()
    assert assume_noise(1_000_000) == Noise()


def in_folds(accuracy, deviation, arms, seeds, images):
    """{arm: {seed: errors}} and {seed: ids}, each image evaluated once."""
    right = independent(accuracy, deviation, arms, seeds, images)
    return (
        {arm: dict(enumerate(of_seeds)) for arm, of_seeds in right.items()},
        dict(enumerate(np.arange(seeds * images).reshape(seeds, images))),
    )


def test_folds_count_what_accuracies_vary():
    noise = measure_fold_noise(in_folds(0.6, 5, 2, 400, 100)[0])
    # Of the variance some is expected of errors; the rest is the seeds'.
    total = 0.6 * 0.4 / 100 + 0.05**2
    assumed = (1 - noise.agreement) / 2
    assumed += noise.arm_share * (0.24 - assumed)
    expected = 100 * (total - assumed / 100) ** 0.5
    assert noise.seed_deviation == pytest.approx(expected, rel=0.1)
    assert noise.runs == 800


def test_folds_that_arms_lack_are_left_out_of_their_pairs_alone():
    correct, _ = in_folds(0.6, 5, 3, 300, 100)
    del correct[1][0], correct[2][1]
    expected = measure_fold_noise(in_folds(0.6, 5, 3, 300, 100)[0])
    noise = measure_fold_noise(correct)
    assert noise.seed_deviation == pytest.approx(
        expected.seed_deviation, rel=0.02
    )
    assert noise.runs == 898


def measure(correct):
    differences = compare_arms(correct)
    return differences, measure_power(differences, None, measure_noise(correct))


def test_a_finished_study_states_the_figures_of_its_table():
    differences, power = measure(independent(0.8, 2, 4, 3, 500))
    points = [each.detectable for each in differences]
    assert power.detectable == min(points)
    assert power.detectable_most == max(points)
    assert (power.arms, power.seeds, power.images) == (4, 3, 500)
    assert json.dumps(power.as_json(), allow_nan=False)


def test_a_finished_study_with_other_numbers():
    _, power = measure(independent(0.8, 2, 4, 3, 500))
    assert extend_power(power, arms=4, seeds=3, images=500) == power
    more = extend_power(power, arms=4, seeds=6, images=500)
    assert more.seeds == 6
    for name in ("detectable", "detectable_most"):
        assert getattr(more, name) < 0.8 * getattr(power, name)
    assert more.seeds_for_a_point == power.seeds_for_a_point
    assert extend_power(power, arms=12).detectable > power.detectable
    assert extend_power(power, confidence=0.99).detectable > power.detectable


def test_a_study_that_detects_a_point_needs_no_more_seeds():
    """The number of seeds agrees with the table, whatever is planned."""
    for seed in range(10):
        correct = independent(0.8, 0.3, 3, 6, 20_000, seed)
        _, power = measure(correct)
        enough = power.detectable_most <= 1
        assert (power.seeds_for_a_point <= 6) == enough
        assert (power.seeds_for_a_point < 20) or not enough


def test_a_finished_cross_validation_states_the_figures_of_its_table():
    correct, images = in_folds(0.6, 5, 3, 10, 100)
    differences = compare_folds(correct, images, 5)
    noise = measure_fold_noise(correct)
    power = measure_power(differences, 5, noise)
    points = [each.detectable for each in differences]
    assert power.detectable == min(points)
    assert power.detectable_most == max(points)
    assert (power.seeds, power.images, power.folds) == (10, 1000, 5)


@pytest.mark.parametrize("level", [0, 1])
def test_runs_without_any_error_or_hit(level):
    _, power = measure(dict(enumerate(np.full((2, 3, 50), bool(level)))))
    assert power.noise.accuracy == level
    assert 0 < power.detectable < 100


def test_arms_trained_once_have_no_part_in_the_figures():
    correct = independent(0.9, 2, 3, 4, 200)
    correct[2] = correct[2][:1]
    differences, power = measure(correct)
    assert power.seeds == 4
    assert power.detectable == power.detectable_most
    assert power.detectable == differences[0].detectable
    _, once = measure(independent(0.9, 2, 3, 1, 100))
    assert (once.seeds, once.detectable, once.detectable_most) == (
        1,
        None,
        None,
    )


def test_more_than_100_points_are_none():
    correct = {"a": [[True] * 3, [False] * 3], "b": [[True] * 3, [False] * 3]}
    correct = {name: np.array(right) for name, right in correct.items()}
    _, power = measure(correct)
    assert (power.seeds, power.detectable, power.detectable_most) == (
        2,
        None,
        None,
    )


def test_numbers_are_those_of_the_plan():
    power = plan_power(3, 4, 5000, None, Noise(0.8, 0.9, 1.5, 0.1, 12))
    assumed = {"agreement": 0.9, "seed_deviation": 1.5, "arm_share": 0.1}
    assert power.detectable == compute_detectable(3, 4, 5000, 0.8, **assumed)
    assert power.detectable_most == power.detectable
    assert power.seeds_for_a_point == count_seeds_needed(
        1, 3, 5000, 0.8, **assumed
    )
    line, basis = wording.power(power)
    assert line == (
        "With 4 seeds an arm this study detects differences of "
        f"{power.detectable:.1f} points with 80 % power; 1 point takes "
        f"{power.seeds_for_a_point} seeds an arm."
    )
    assert basis == (
        "As in 12 finished runs: 3 arms, 5,000 images, accuracy 80.0 %, a "
        "deviation over seeds of 1.50 points beyond that of independent "
        "errors."
    )


def test_what_cannot_be_shown_is_not_promised():
    line, basis = wording.power(plan_power(2, 1, 140, None, Noise()))
    assert line == (
        "With 1 seed an arm this study ranks nothing; 1 point on 140 images "
        "is out of reach with up to 1,000 seeds an arm."
    )
    assert basis.startswith(
        "Assumed, since no arm has two finished runs above guessing:"
    )
    assert "accuracy 62.0 %, a deviation over seeds of 0.30 points" in basis
    line, _ = wording.power(plan_power(2, 5, 1, None, Noise(0.5, 0.5)))
    assert "detects no difference at all" in line


def test_a_range_is_told_as_one():
    power = Power(3, 4, 5000, None, Noise(), 27.81, 59.2, 700)
    assert (
        "detects differences of 27.8 to 59.2 points" in wording.power(power)[0]
    )
    power = power._replace(detectable_most=None)
    assert "27.8 to more than 100 points" in wording.power(power)[0]


def test_power_of_real_folders(make_run, draw_right):
    folders = [
        make_run(name, seed, draw_right(percent, 10 * percent + seed)).path
        for name, percent in (("a", 50), ("b", 60))
        for seed in range(3)
    ]
    groups, _ = group_runs(read_runs(folders)[0], "mine")
    power = compute_findings(groups[0]).power
    assert (power.arms, power.seeds, power.images) == (2, 3, 2000)
    assert power.noise.accuracy == pytest.approx(0.55)


def test_examples_run():
    result = doctest.testmod(statistics)
    assert result.attempted > 0
    assert result.failed == 0
