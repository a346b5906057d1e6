"""Sentences claim what the numbers hold, and no more."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.report import wording
from tests.experiments.report.comparing import fail, find_in


def answer(findings):
    return " ".join(wording.answer(findings))


def warn(findings):
    return " ".join(wording.warnings(findings))


@pytest.fixture
def make_arms(make_run, draw_right):
    """Makes runs of arms: {name: (percent of images right, config)}."""

    def make(seeds=3, images=2000, **arms):
        return [
            make_run(
                name,
                seed,
                draw_right(percent, 100 * number + seed, images),
                **changes,
            )
            for number, (name, (percent, changes)) in enumerate(arms.items())
            for seed in range(seeds)
        ]

    return make


AGAIN = {"seed_offset": 1000}
MORE = {"augment": ()}


def test_names_lose_what_all_have_in_common():
    names = wording.Names(["my_first", "my_second_try"])
    assert names("my_second_try") == "second_try"
    assert names.list(["my_first"]) == "first"
    assert wording.Names(["alone_arm"])("alone_arm") == "alone_arm"
    assert wording.Names(["a_b", "a_bc"])("a_bc") == "bc"


def test_arms_that_the_program_knows_have_titles():
    """Unless two of them would have the same."""
    names = wording.Names(["demo_baseline", "demo_salmix", "demo_mine"])
    assert names.list(["demo_baseline", "demo_salmix", "demo_mine"]) == (
        "Baseline, SaliencyMix and mine"
    )
    names = wording.Names(["demo_salmix", "tinyimagenet_salmix"])
    assert names("demo_salmix") == "demo_salmix"


def test_a_clear_difference_is_told_with_its_interval(make_arms):
    found = find_in(*make_arms(plain=(50, {}), good=(70, MORE), bad=(30, MORE)))
    better, worse = found.differences
    assert answer(found) == (
        f"good lowers top-1 error by 20.0 points against plain (95 % interval "
        f"{better.low:.1f} to {better.high:.1f}; 3 seeds, 2,000 images). bad "
        "raises top-1 error by 20.0 points against plain (95 % interval "
        f"{-worse.high:.1f} to {-worse.low:.1f}; 3 seeds, 2,000 images)."
    )


def test_arms_not_told_apart_come_with_what_would_have_been_found(make_arms):
    found = find_in(*make_arms(plain=(50, {}), other=(50, MORE)))
    (difference,) = found.differences
    assert answer(found) == (
        "other is not told apart from plain: to be found, a difference would "
        f"have to be {difference.detectable:.1f} points."
    )


def test_a_difference_that_cannot_be_found_is_more_than_100_points(make_run):
    """Two seeds that differ as much as seeds can."""
    rights = {"plain": (0, 24), "other": (24, 0)}
    found = find_in(
        *(
            make_run(name, seed, np.arange(24) < count)
            for name, counts in rights.items()
            for seed, count in enumerate(counts)
        )
    )
    (difference,) = found.differences
    assert difference.detectable is None
    assert wording.answer(found)[0] == (
        "other is not told apart from plain: to be found, a difference would "
        "have to be more than 100 points."
    )
    assert wording.detectable(difference) == "more than 100"
    (line, _) = wording.power(found.power)
    assert "None" not in line


def test_trained_once_ranks_nothing(make_run, draw_right):
    found = find_in(
        make_run("plain", right=draw_right(30, 0)),
        make_run("other", right=draw_right(80, 1)),
    )
    text = answer(found)
    assert text.startswith("Trained once: no ranking.")
    assert "the 2,000 images alone leave" in text
    for word in ("lowers", "raises", "better", "50.0"):
        assert word not in text
    assert "images alone" in " ".join(wording.notes(found))
    (difference,) = found.differences
    assert wording.detectable(difference) == "n/a"


def test_one_arm_alone_is_no_comparison(make_run):
    assert answer(find_in(make_run("plain"))) == (
        "plain alone: nothing to compare."
    )


def test_folds_that_no_two_arms_have_are_no_comparison(make_run, tiny):
    data = replace(tiny.data, folds=3)
    found = find_in(
        *(
            make_run(name, seed, ids=list_fold(seed), data=data)
            for seed, name in enumerate("ab")
        )
    )
    assert found.crossed
    assert "nothing to compare" in answer(found)


def test_an_arm_without_the_folds_of_the_reference_is_named(make_run, tiny):
    data = replace(tiny.data, folds=3)
    found = find_in(
        *(
            make_run(name, seed, ids=list_fold(seed), data=data)
            for name, seed in (
                *(("a", 0), ("a", 1), ("b", 0)),
                *(("b", 1), ("c", 2), ("d", 2)),
            )
        )
    )
    assert [each.arm for each in found.differences] == ["b"]
    assert (
        "c and d judged no image in common with a: not compared."
    ) in wording.answer(found)


def list_fold(seed):
    return [f"{index:04}" for index in range(60 * seed, 60 * seed + 60)]


def test_a_placebo_that_is_told_apart_speaks_first(make_arms):
    found = find_in(
        *make_arms(
            plain=(50, {}),
            good=(70, MORE),
            again=(60, AGAIN),
            bad=(40, MORE),
        )
    )
    (alarm,) = found.alarms
    first, why, good, bad = wording.answer(found)
    assert first == (
        "No difference of this study is to be believed: again, which is "
        "plain trained again with other random numbers, is told apart from it "
        f"by 10.0 points (95 % interval {alarm.low:.1f} to {alarm.high:.1f})."
    )
    for reason in ("chance", "too few seeds", "made differently", "a fault"):
        assert reason in why
    assert good.startswith("Not to be believed: good lowers top-1 error by")
    assert bad.startswith("Not to be believed: bad raises top-1 error by")
    assert wording.alarm(found) == [first, why]


def test_without_an_alarm_nothing_is_doubted(make_arms):
    found = find_in(
        *make_arms(plain=(50, {}), again=(50, AGAIN), good=(70, MORE))
    )
    assert wording.alarm(found) == []
    good, again = wording.answer(found)
    assert good.startswith("good lowers top-1 error by 20.0 points against")
    assert "3 against 6 seeds" in good
    assert again.startswith("again is not told apart from plain: ")


def test_lost_runs_are_named_and_above_a_fifth_qualify_the_verdict(make_arms):
    folders = make_arms(5, plain=(50, {}), good=(70, MORE), kept=(70, MORE))
    fail(folders[5])
    caveat = "lowers top-1 error, of the runs that did not fail, by"
    lost = "good: 1 of 5 runs is not in this comparison (1 failed)."
    text = answer(find_in(*folders))
    assert caveat not in text
    assert lost in text
    fail(folders[6])
    fail(folders[7])
    good, kept, lost = wording.answer(find_in(*folders))
    assert good.startswith(f"good {caveat} 20.0 points against plain")
    assert kept.startswith("kept lowers top-1 error by 20.0 points against")
    assert lost == "good: 3 of 5 runs are not in this comparison (3 failed)."


def test_lost_runs_of_the_reference_qualify_every_verdict(make_arms):
    folders = make_arms(5, plain=(50, {}), good=(70, MORE), bad=(30, MORE))
    for folder in folders[:2]:
        fail(folder)
    good, bad, lost = wording.answer(find_in(*folders))
    assert "error, of the runs that did not fail, by" in good
    assert "error, of the runs that did not fail, by" in bad
    assert lost == "plain: 2 of 5 runs are not in this comparison (2 failed)."


def test_absent_arms_are_named(make_arms):
    folders = make_arms(2, plain=(50, {}), good=(70, MORE), gone=(70, MORE))
    for folder in folders[4:]:
        fail(folder)
    *_, lost = wording.answer(find_in(*folders))
    assert lost == "gone has no run to compare (2 failed)."


def test_an_absent_reference_is_said_to_be_replaced(make_arms):
    folders = make_arms(3, plain=(50, {}), good=(70, MORE), bad=(30, {}))
    for folder in folders[:3]:
        fail(folder)
    told, *lost = wording.answer(find_in(*folders))
    assert told.startswith("bad raises top-1 error by 40.0 points against good")
    assert lost == [
        "plain has no run to compare (3 failed).",
        "plain is the reference of this study; good stands in for it.",
    ]


def test_a_second_run_of_a_name_and_seed_is_warned_of(make_run):
    first = make_run("plain", 0, np.arange(60) < 40)
    second = make_run("plain", 0, np.arange(60) < 41, workdir="again")
    found = find_in(first, make_run("other"), second)
    assert list(wording.warnings(found)) == [
        f"{second.path} is left out: another run of plain with seed 0; used "
        f"is {first.path}."
    ]


def test_other_settings_take_the_cause_away(make_arms, tiny):
    slow = replace(tiny.optimizer, learning_rate=0.01)
    found = find_in(
        *make_arms(plain=(50, {}), other=(70, MORE | {"optimizer": slow}))
    )
    assert "differ in 2 settings, so nothing says which" in answer(found)
    assert "no single cause: augment, optimizer.learning_rate" in warn(found)


def test_different_numbers_of_steps_are_said(make_run):
    found = find_in(make_run("plain"), make_run("longer", epochs=5))
    assert "plain 8, longer 20." in warn(found)
    assert "no single cause" not in warn(found)


def test_seeds_of_one_arm_that_differ_are_said(make_run):
    found = find_in(
        make_run("plain", 0), make_run("plain", 1, augment=()), make_run("x")
    )
    assert "Seeds of plain differ in augment." in warn(found)


def test_a_margin_says_which_differences_matter(make_arms):
    arms = {"plain": (50, {}), "same": (50, MORE), "good": (53, MORE)}
    folders = make_arms(3, 10_000, **arms)
    assert (
        "same: no relevant difference from plain (within ±1 point)."
    ) in wording.answer(find_in(*folders, margin=1))
    wide = answer(find_in(*folders, margin=30))
    assert "no relevant difference from plain (within ±30 points)." in wide
    assert "10,000 images), but by less than 30 points." in wide
    assert "not told apart" not in wide
    without = answer(find_in(*folders))
    assert "same is not told apart from plain" in without
    assert "relevant" not in without
    assert "by less than" not in without


def test_the_judged_epoch_is_named(make_run):
    for judged, text in (("last", "of the last epoch"), ("best", "is best on")):
        found = find_in(
            make_run("plain", workdir=judged, judged=judged),
            make_run("other", workdir=judged, judged=judged),
        )
        assert text in wording.judged(found)
        assert text in " ".join(wording.notes(found))


def test_names_from_right_to_left_leave_numbers_where_they_are():
    for name in ("שלום", "مرحبا 3", "a\N{RIGHT-TO-LEFT OVERRIDE}b"):
        assert wording.isolated(name) == f"\u2068{name}\u2069"
    for name in ("a b-1", "名前", "$x_1$ <b>", "naïve ±"):
        assert wording.isolated(name) == name
