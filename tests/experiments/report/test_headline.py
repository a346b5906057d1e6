"""The headline says no more than the answer, in words for everyone."""

from dataclasses import replace

import pytest

from experiments.report.headline import ask, headline, list_cards
from tests.experiments.report.comparing import compare, fail, find_in


@pytest.fixture
def make_arms(make_run, draw_right):
    """Makes runs of arms: {name: (percent of images right, config)}."""

    def make(seeds=3, **arms):
        return [
            make_run(name, seed, draw_right(percent, 9 * n + seed), **changes)
            for n, (name, (percent, changes)) in enumerate(arms.items())
            for seed in range(seeds)
        ]

    return make


AGAIN = {"seed_offset": 1000}
MORE = {"augment": ()}


def test_each_verdict_has_its_words_in_the_order_of_the_arms(make_arms):
    folders = make_arms(
        plain=(50, {}),
        good=(60, MORE),
        same=(50, MORE),
        best=(70, MORE),
        bad=(30, MORE),
        again=(50, AGAIN),
        other=(50, MORE),
    )
    found = find_in(*folders)
    better, _, best, worse, *_ = found.differences
    assert headline(found) == [
        f"good lowers the error by {better.difference:.1f} points and best by "
        f"{best.difference:.1f} points, against plain.",
        f"bad raises the error by {-worse.difference:.1f} points, against "
        "plain.",
        "same and other: this study cannot tell.",
        "again, which is plain trained again, is not told apart from it, as "
        "it should be.",
    ]
    question, size = ask(found)
    assert question == (
        "Does good, same, best, bad or other help, against plain?"
    )
    assert size.startswith(
        "7 arms, each trained 3 times from other random numbers and "
        "evaluated on 2,000 images."
    )
    wide = find_in(*folders, margin=30)
    assert "same and other: no difference that matters." in headline(wide)
    assert "(less than was said to matter)" in headline(wide)[0]


def test_a_placebo_that_is_told_apart_leaves_no_headline(make_arms):
    material = compare(
        *make_arms(plain=(50, {}), good=(70, MORE), again=(60, AGAIN))
    )
    assert headline(material.findings) == []
    for card in list_cards(material).cards[1:]:
        assert card.kind == "open"
        assert card.verdict == "better, not to be believed"


def test_lost_runs_and_other_settings_limit_the_claim(make_arms, tiny):
    slow = replace(tiny.optimizer, learning_rate=0.01)
    changes = MORE | {"optimizer": slow}
    folders = make_arms(plain=(50, {}), good=(70, changes))
    fail(folders[-1])
    material = compare(*folders)
    (sentence,) = headline(material.findings)
    assert (
        "points (of the runs that did not fail; with 2 settings changed at "
        "once), against plain."
    ) in sentence
    *_, card = list_cards(material).cards
    assert card.figures["runs lost"] == ("1 of 3", "")


def test_one_training_and_one_arm_claim_nothing(make_arms):
    found = find_in(*make_arms(1, plain=(30, {}), other=(80, MORE)))
    assert headline(found) == [
        "other: trained once, so this study cannot tell."
    ]
    assert "2 arms, each trained once" in ask(found)[-1]
    alone = find_in(*make_arms(2, lonely=(50, {})))
    assert headline(alone) == []
    (size,) = ask(alone)
    assert size.startswith("1 arm, trained twice")


def test_cards_have_the_numbers_of_the_tables(make_arms):
    material = compare(*make_arms(plain=(50, {}), good=(70, MORE)))
    (difference,) = material.findings.differences
    plain, good = list_cards(material).cards
    assert (plain.verdict, good.verdict) == ("reference", "better")
    assert plain.figures == {
        "top-1 error": ("50.00 %", "± 0.00"),
        "time of a training": ("12 s", "± 0 s"),
    }
    assert good.figures["points against plain"] == (
        f"{difference.difference:+.2f}",
        f"{difference.low:+.2f} to {difference.high:+.2f}",
    )
    assert good.color == "#0072b2"
