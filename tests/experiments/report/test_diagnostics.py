"""Signs that runs or comparisons are not to be trusted."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats

from experiments.report import wording
from experiments.report.diagnostics import guessing_loss, read_signs
from tests.experiments.report.comparing import (
    change,
    compare,
    find_in,
)

HERE = {
    "first_step": 0,
    "precision": "float32",
    "device": "CPU",
    "processor": "one",
    "replicas": 1,
    "workers": 1,
    "threads": 2,
    "jit_compile": False,
    "augment_on": "host",
    "onednn": "1",
    "packages": {"tensorflow": "2.21.0", "keras": "3.15.1"},
    "git_revision": "0123456789abcdef",
    "git_changes": "",
}
FLAT = [0.3, 0.4, 0.5, 0.5, 0.5, 0.5]
RISING = [0.1, 0.2, 0.3, 0.4, 0.5, 0.5]


def warn(*folders):
    return " ".join(wording.warnings(find_in(*folders)))


def draw_group(random, seeds, images, curve, arms=2):
    """A group whose arms have these curves, with the errors of so many images.

    Args:
        curve: Accuracy in each epoch.
    """

    def draw_run(seed):
        accuracies = random.binomial(images, curve) / images
        return SimpleNamespace(
            seed=seed,
            history=[
                {"loss": 0.1, "val_accuracy": each} for each in accuracies
            ],
            predictions=SimpleNamespace(
                labels=np.zeros(images, int), class_names=("a", "b")
            ),
            metrics=SimpleNamespace(plain_train=None),
            data=SimpleNamespace(train="train", splits={}),
            config={"label_smoothing": 0.0},
        )

    drawn = [
        SimpleNamespace(runs=[draw_run(seed) for seed in range(seeds)])
        for _ in range(arms)
    ]
    return SimpleNamespace(
        arms=drawn, reference=drawn[0], predictions=lambda arm: []
    )


def count_undertrained(seeds, images, curve, studies, arms=2):
    """Number of studies with an arm that is called undertrained."""
    random = np.random.default_rng([seeds, images])
    groups = [
        draw_group(random, seeds, images, curve, arms) for _ in range(studies)
    ]
    return sum(
        any(read_signs(group, arm).undertrained for arm in group.arms)
        for group in groups
    )


@pytest.mark.parametrize("images", [28, 140])
@pytest.mark.parametrize(("seeds", "arms"), [(1, 2), (2, 6), (5, 2)])
def test_flat_curves_are_rarely_undertrained(seeds, arms, images):
    """In no more of 200 studies than by a chance of 5 % in each."""
    alarms = count_undertrained(seeds, images, np.full(15, 0.9), 200, arms)
    assert alarms <= scipy.stats.binom.ppf(0.99, 200, 0.05)


@pytest.mark.parametrize(
    ("seeds", "images", "gain"), [(1, 140, 0.2), (2, 1200, 0.2), (5, 140, 0.15)]
)
def test_curves_that_rise_are_undertrained(seeds, images, gain):
    """By so much over the last fifth; four of five studies tell."""
    rising = 0.9 - gain / 4 * np.arange(20)[::-1]
    found = count_undertrained(seeds, images, rising.clip(0.1), 50)
    assert found >= 40


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_undertrained_arms_are_named_with_their_pace(make_run, tiny, schedule):
    optimizer = replace(tiny.optimizer, schedule=schedule)
    folders = [
        make_run(
            name,
            seed,
            draw(seed),
            accuracies=curve[:-1] + [float(np.mean(draw(seed)))],
            optimizer=optimizer,
        )
        for name, curve in (("plain", FLAT), ("other", RISING))
        for seed in range(3)
    ]
    found = find_in(*folders)
    plain, other = (arm.signs for arm in found.arms)
    assert not plain.undertrained
    assert other.undertrained
    # 40, 50, 50: the line gains 5 an epoch, over three of them.
    assert other.still_rising == pytest.approx(15, abs=1)
    text = " ".join(wording.warnings(found))
    assert (
        f"Undertrained: other still gained up to {other.still_rising:.1f} "
        "points of accuracy over the last fifth of training." in text
    )
    assert ("With a cosine schedule the end always rises" in text) == (
        schedule == "cosine"
    )


def draw(seed):
    """bool (600,), about half of them right."""
    return np.arange(600) % 100 < 50 + seed % 2


def test_divergence_is_measured_against_the_shares_of_classes(make_run):
    """Predicting each class with its share costs less than log K."""
    counts = {"a": 300, "b": 20, "c": 2}
    shares = np.array([300, 20, 2]) / 322
    guessing = -(shares * np.log(shares)).sum()
    assert guessing < 0.3 < np.log(3)
    folders = [
        make_run(
            name,
            4,
            class_names=("a", "b", "c"),
            data_fields={"splits": {"train": counts}},
        )
        for name in ("plain", "other")
    ]
    for folder, loss in zip(
        folders, (guessing - 0.01, guessing + 0.01), strict=True
    ):
        rows = [row | {"loss": loss} for row in folder.history()]
        folder.write_history(rows)
    material = compare(*folders)
    assert guessing_loss(material.group.runs[0]) == pytest.approx(guessing)
    plain, other = (arm.signs for arm in material.findings.arms)
    assert (plain.diverged, other.diverged) == ((), (4,))
    text = " ".join(wording.warnings(material.findings))
    assert "other ended above the loss of guessing with seed 4" in text
    assert "plain ended" not in text


def test_guessing_costs_more_with_smooth_labels(make_run):
    """Smoothed targets cannot be met for nothing."""
    folders = [
        make_run(name, label_smoothing=smoothing)
        for name, smoothing in (("plain", 0.0), ("other", 0.3))
    ]
    for folder in folders:
        counts = {"a": 90, "b": 10}
        change(folder, "data.json", splits={"train": counts})
    plain, other = map(guessing_loss, compare(*folders).group.runs)
    assert plain == pytest.approx(-(0.9 * np.log(0.9) + 0.1 * np.log(0.1)))
    assert other == pytest.approx(-(0.78 * np.log(0.78) + 0.22 * np.log(0.22)))


def make_guessers(make_run, rights, classes=("cats", "dogs")):
    """Two seeds of each arm on 40 images, 24 of the first class."""
    ids = [f"{n:04}" for n in [*range(0, 48, 2), *range(1, 32, 2)]]
    return [
        make_run(name, seed, right, ids=ids, class_names=classes)
        for name, right in rights.items()
        for seed in range(2)
    ]


GUESSING = np.arange(40) % 5 < 3
CERTAIN = np.arange(40) % 10 > 0


def test_an_arm_that_is_not_above_guessing_is_named(make_run):
    found = find_in(
        *make_guessers(make_run, {"plain": CERTAIN, "other": GUESSING})
    )
    assert [arm.signs.guesses for arm in found.arms] == [False, True]
    text = " ".join(wording.answer(found))
    assert "other is not above naming the commonest class every time." in text
    assert "tells nothing" not in text


def test_if_all_arms_guess_the_study_tells_nothing(make_run):
    """Nor does what they vary by: the noise is assumed."""
    found = find_in(
        *make_guessers(make_run, {"plain": GUESSING, "other": ~GUESSING})
    )
    assert wording.answer(found)[-1] == (
        "plain and other are not above naming the commonest class every time: "
        "this study tells nothing about its arms."
    )
    assert found.power.noise.runs == 0
    assert found.power.noise.seed_deviation > 1
    assert found.power.seeds_for_a_point is None


def test_an_arm_that_names_one_class_for_nearly_all_is_told(make_run):
    """All cats are right and all dogs called cats."""
    cats = np.arange(40) < 24
    both = np.arange(40) % 24 < 12
    found = find_in(*make_guessers(make_run, {"plain": cats, "other": both}))
    assert [arm.signs.one_class for arm in found.arms] == ["cats", None]
    assert (
        "plain names the class cats for nearly all images: it learned little "
        "else."
    ) in wording.warnings(found)


def with_plain_train(folder, accuracy):
    return change(folder, "metrics.json", plain_train={"accuracy": accuracy})


@pytest.mark.parametrize(("accuracy", "told"), [(0.79, True), (0.81, False)])
def test_an_arm_that_fits_plain_images_less_is_told(make_run, accuracy, told):
    text = warn(
        with_plain_train(make_run("plain"), 0.9),
        with_plain_train(make_run("mixed"), accuracy),
    )
    sentence = "mixed fits 11 points fewer of the plain training images than"
    assert (sentence in text) is told


def test_arms_with_the_same_predictions_are_named(make_run):
    """In each seed that both have; of others nothing is said."""
    folders = [
        make_run(name, seed, np.arange(60) < 30 + seed)
        for name in ("plain", "never", "other")
        for seed in range(3)
    ]
    for seed in (1, 2):
        there = folders[seed] / "predictions.npz"
        (folders[3 + seed] / "predictions.npz").write_bytes(there.read_bytes())
    found = find_in(*folders)
    assert found.same_predictions == {("plain", "never"): [1, 2]}
    assert (
        "plain and never made the same predictions with seeds 1, 2: either "
        "what tells them apart was never applied, or one is a copy."
    ) in wording.answer(found)


def make_in(make_run, **changes):
    """Two arms of two seeds; the last run was made in another environment."""
    return [
        make_run(name, seed, environment=HERE | (changes if last else {}))
        for name, seed, last in (
            ("a", 0, False),
            ("a", 1, False),
            ("b", 0, False),
            ("b", 1, True),
        )
    ]


DIFFERENT = "Runs were made in different environments, which changes numbers: "


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"packages": HERE["packages"] | {"tensorflow": "2.22.0"}},
            "tensorflow is 2.21.0 in a and 1 of 2 runs of b, 2.22.0 in 1 of 2 "
            "runs of b.",
        ),
        (
            {"git_changes": " M main.py"},
            "revision is 0123456789 in a and 1 of 2 runs of b, 0123456789 and "
            "changes in 1 of 2 runs of b.",
        ),
        (
            {"git_revision": "f" * 40, "threads": 1},
            "threads is 2 in a and 1 of 2 runs of b, 1 in 1 of 2 runs of b; "
            "revision is 0123456789 in a and 1 of 2 runs of b, ffffffffff in "
            "1 of 2 runs of b.",
        ),
        ({"processor": "two"}, "processor is one in a and 1 of 2 runs of b, "),
        ({"workers": 2}, "workers is 1 in a and 1 of 2 runs of b, 2 in "),
        ({"jit_compile": True}, "jit_compile is False in a and 1 of 2 "),
    ],
)
def test_environments_that_differ_are_named(make_run, changes, expected):
    (warning,) = wording.warnings(find_in(*make_in(make_run, **changes)))
    assert warning.startswith(DIFFERENT + expected)


def test_nothing_is_said_of_runs_that_are_alike(make_run):
    # The second says nothing of itself.
    folders = [make_run("a", environment=HERE), make_run("b")]
    assert find_in(*folders).environments == []
    assert find_in(*make_in(make_run)).environments == []


def test_steps_of_one_seed_that_differ_are_said(make_run):
    folders = make_in(make_run)
    change(folders[-1], "data.json", steps_per_epoch=5)
    assert "numbers of steps, which can make a difference by itself: " in warn(
        *folders
    )
    assert "a 8, b 8 and 10." in warn(*folders)


def test_run_that_moved_is_named_with_what_changed(make_run):
    there = HERE | {"replicas": 4, "packages": {"tensorflow": "2.22.0"}}
    parts = [HERE, HERE | {"first_step": 9, "threads": 1}]
    moved = there | {"first_step": 30, "earlier_parts": parts}
    found = find_in(
        make_run("a", environment=HERE), make_run("b", 5, environment=moved)
    )
    assert found.environments == [
        "b, seed 5, was trained in another environment from step 9 on: "
        "threads from 2 to 1.",
        "b, seed 5, was trained in another environment from step 30 on: "
        "replicas from 1 to 4, threads from 1 to 2, tensorflow from 2.21.0 to "
        "2.22.0, keras from 3.15.1 to None.",
        f"{DIFFERENT}replicas is 1 in a, 4 in b; tensorflow is 2.21.0 in a, "
        "2.22.0 in b.",
    ]


def test_overlap_that_was_allowed_is_told_once(make_run):
    overlap = "3 of 60 images of val (test) are in train (all), too, such as x"
    folders = [
        make_run(name, data_fields={"overlaps": [overlap]}) for name in "ab"
    ]
    assert list(wording.warnings(find_in(*folders))) == [
        f"Judged on images of the training, as allowed: {overlap}."
    ]
