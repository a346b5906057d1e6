"""Sentences claim what the numbers hold, and no more."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.report import wording
from experiments.report.findings import find
from experiments.report.groups import group_runs
from experiments.report.runs import read_runs


def findings_of(*folders):
    runs, left_out = read_runs([folder.path for folder in folders])
    assert left_out == []
    ((group,), _) = group_runs(runs, "mine")
    return find(group)


def said(findings):
    return " ".join(wording.answer(findings))


def warned(findings):
    return " ".join(wording.warnings(findings))


def test_names_lose_what_all_have_in_common():
    names = wording.Names(["demo_baseline", "demo_random_erase"])
    assert names("demo_random_erase") == "random_erase"
    assert names.list(["demo_baseline"]) == "baseline"
    assert wording.Names(["alone_arm"])("alone_arm") == "alone_arm"
    assert wording.Names(["a_b", "a_bc"])("a_bc") == "bc"


def test_a_clear_difference_is_told_with_its_interval(make_run, draw_right):
    arms = [("plain", 50), ("good", 70), ("bad", 30)]
    found = findings_of(
        *(
            make_run(name, seed, draw_right(percent, 10 * percent + seed))
            for name, percent in arms
            for seed in range(3)
        )
    )
    better, worse = found.differences
    assert said(found) == (
        f"good lowers top-1 error by 20.0 points against plain (95 % interval "
        f"{better.low:.1f} to {better.high:.1f}; 3 seeds, 2,000 images). bad "
        "raises top-1 error by 20.0 points against plain (95 % interval "
        f"{-worse.high:.1f} to {-worse.low:.1f}; 3 seeds, 2,000 images)."
    )


def test_what_is_not_told_apart_says_what_would_have_been(make_run, draw_right):
    found = findings_of(
        *(
            make_run(name, seed, draw_right(50, number + 2 * seed))
            for number, name in enumerate(("plain", "other"))
            for seed in range(3)
        )
    )
    (difference,) = found.differences
    assert said(found) == (
        "other is not told apart from plain: this study would detect "
        f"{difference.detectable:.1f} points."
    )


def test_trained_once_ranks_nothing(make_run, draw_right):
    found = findings_of(
        make_run("plain", right=draw_right(30, 0)),
        make_run("other", right=draw_right(80, 1)),
    )
    text = said(found)
    assert text.startswith("Trained once: no ranking.")
    for word in ("lowers", "raises", "better", "50.0"):
        assert word not in text
    assert "images alone" in " ".join(wording.notes(found))


def test_other_settings_take_the_cause_away(make_run, draw_right, tiny):
    slow = replace(tiny.optimizer, learning_rate=0.01)
    found = findings_of(
        *(make_run("plain", s, draw_right(50, s)) for s in range(3)),
        *(
            make_run(
                "other",
                s,
                draw_right(70, 10 + s),
                augment=(),
                optimizer=slow,
            )
            for s in range(3)
        ),
    )
    assert "differ in 2 settings, so nothing says which" in said(found)
    assert "no single cause: augment, optimizer.learning_rate" in warned(found)


def test_different_numbers_of_steps_are_said(make_run):
    found = findings_of(make_run("plain"), make_run("longer", epochs=5))
    assert "plain 8, longer 20" in warned(found)


def test_curves_that_still_rise_are_undertrained(make_run):
    rising = [0.1 * n for n in range(1, 6)] + [0.5]
    flat = [0.3, 0.4, 0.5, 0.5, 0.5, 0.5]
    found = findings_of(
        make_run("plain", accuracies=flat), make_run("other", accuracies=rising)
    )
    # 4, 5, 5: the line gains 0.5 a step, over three of them.
    assert found.arms[1].signs.still_rising == pytest.approx(15)
    assert "Undertrained: other still gained up to 15.0 points" in warned(found)
    assert not found.arms[0].signs.undertrained


def test_a_loss_above_that_of_guessing_is_said(make_run):
    folder = make_run("plain", 4)
    rows = [row | {"loss": 50.0} for row in folder.history()]
    folder.write_history(rows)
    found = findings_of(folder, make_run("other", 4))
    assert "plain ended above the loss of guessing with seed 4" in warned(found)


def test_one_arm_alone_is_no_comparison(make_run):
    assert "nothing to compare" in said(findings_of(make_run("plain")))


def test_figures_of_an_arm_are_those_of_its_runs(make_run):
    rights = [np.arange(60) < 30, np.arange(60) < 36]
    found = findings_of(
        *(make_run("plain", s, right) for s, right in enumerate(rights))
    )
    (arm,) = found.arms
    error = arm.figures["top1_error"]
    assert error.values == pytest.approx([50, 40])
    assert error.mean == pytest.approx(45)
    assert error.deviation == pytest.approx(np.sqrt(50))
    # Six classes: the sixth rank is possible; the wrong ones share it.
    assert 0 <= arm.figures["top5_error"].mean <= 45
    surprise = -(0.55 * np.log(0.9) + 0.45 * np.log(0.02))
    assert arm.figures["loss"].mean == pytest.approx(surprise, rel=1e-5)
    assert arm.figures["seconds"].values == [12.0, 12.0]
    # 4 steps of 24 images in 2 s.
    assert arm.figures["images_per_second"].mean == pytest.approx(48)
    assert arm.confusion.sum() == 120
    assert np.trace(arm.confusion) == 66


def test_the_chosen_epoch_has_figures_of_its_own(make_run):
    right = np.arange(60) < 30
    run = make_run("plain", right=right, accuracies=[0.2, 0.7, 0.5])
    best = run.metrics()["best"] | {"val_loss": 0.75, "val_top5_accuracy": 0.9}
    run.write_json("metrics.json", run.metrics() | {"best": best})
    figures = findings_of(run).arms[0].figures
    assert figures["chosen_top1_error"].mean == pytest.approx(30)
    assert figures["chosen_top5_error"].mean == pytest.approx(10)
    assert figures["chosen_loss"].mean == pytest.approx(0.75)
    assert figures["top1_error"].mean == pytest.approx(50)


def test_two_classes_have_precision_and_recall(make_run):
    right = np.r_[np.arange(14) < 8, np.arange(14) < 6]
    ids = [f"{n:04}" for n in [*range(0, 28, 2), *range(1, 28, 2)]]
    found = findings_of(
        make_run(
            "plain",
            right=right,
            ids=ids,
            class_names=("cats", "dogs"),
            positive_class="dogs",
        )
    )
    figures = found.arms[0].figures
    # Of 14 dogs 6 are found, and 6 cats are called dogs.
    assert figures["recall"].mean == pytest.approx(100 * 6 / 14)
    assert figures["precision"].mean == pytest.approx(50)
    assert "top5_error" not in figures
    assert "those of the class dogs" in " ".join(wording.notes(found))


def test_classes_are_sorted_by_what_they_gained(make_run):
    plain = np.arange(60) < 30
    other = plain.copy()
    # The images of class b: 1, 7, 13 and so on.
    other[1::6] = True
    other[0::6] = False
    found = findings_of(
        make_run("plain", right=plain), make_run("x", right=other)
    )
    first, *_, last = found.arms[1].classes
    assert (first.class_name, last.class_name) == ("b", "a")
    assert first.difference == pytest.approx(50)
    assert last.difference == pytest.approx(-50)
    assert first.images == 10


def with_plain_train(folder, accuracy):
    content = folder.metrics() | {"plain_train": {"accuracy": accuracy}}
    folder.write_json("metrics.json", content)
    return folder


@pytest.mark.parametrize(("accuracy", "told"), [(0.79, True), (0.81, False)])
def test_an_arm_that_fits_plain_images_less_is_told(make_run, accuracy, told):
    found = findings_of(
        with_plain_train(make_run("plain"), 0.9),
        with_plain_train(make_run("mixed"), accuracy),
    )
    said = "mixed fits 11 points fewer of the plain training images than plain"
    assert (said in warned(found)) is told


def test_runs_without_plain_images_say_nothing_of_them(make_run):
    found = findings_of(
        with_plain_train(make_run("plain"), 0.9), make_run("mixed")
    )
    assert "plain training images" not in warned(found)
    assert "train_error" not in found.arms[1].figures


def test_the_judged_epoch_is_named(make_run):
    for judged, text in (("last", "of the last epoch"), ("best", "is best on")):
        found = findings_of(
            make_run("plain", workdir=judged, judged=judged),
            make_run("other", workdir=judged, judged=judged),
        )
        assert text in wording.judged(found)
        assert text in " ".join(wording.notes(found))
