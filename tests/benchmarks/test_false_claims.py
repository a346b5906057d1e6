"""Studies of which the truth is known, and what the statistics make of them.

Bounds leave three standard errors of the number of studies.
"""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "false_claims.py"
STUDIES = 200


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("false_claims", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        yield module


@pytest.fixture
def measure(benchmark):
    """Rates of a kind of study, by a generator with a fixed seed."""

    def measure(*args, studies=STUDIES, **options):
        setting = benchmark.Setting(*args, **options)
        chunk = benchmark.simulate((setting, studies, 0))
        return benchmark.summarize(setting, [chunk])

    return measure


def at_most(percent, studies=STUDIES):
    share = percent / 100
    error = math.sqrt(share * (1 - share) / studies)
    return percent + 3 * 100 * error


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("arms", [2, 6, 11])
def test_without_an_effect_few_studies_claim_one(measure, arms, seeds):
    rates = measure(arms, seeds, 1200)
    assert rates["false claims"] <= at_most(5)
    assert rates["coverage"] >= 100 - at_most(5)


def test_images_alone_would_claim_one(measure):
    """The test above can fail."""
    rates = measure(11, 3, 1200, noise=4.0, deviation=0.9, studies=100)
    assert rates["by images alone"] > at_most(5, 100)


def test_seeds_alone_would_claim_one(measure):
    rates = measure(2, 20, 1000, arm_share=0.3)
    assert rates["by seeds alone"] > at_most(5)
    assert rates["false claims"] <= at_most(5)


@pytest.mark.parametrize(("arms", "placebos"), [(2, 0), (6, 0), (6, 1)])
def test_a_noisier_reference_is_no_effect(measure, arms, placebos):
    rates = measure(arms, 3, 1200, noise=4.0, deviation=0.9, placebos=placebos)
    assert rates["false claims"] <= at_most(8)


@pytest.mark.parametrize("arms", [3, 6])
def test_a_pooled_placebo_is_no_effect(measure, arms):
    rates = measure(arms, 5, 1200, placebos=1)
    assert rates["false claims"] <= at_most(5)
    assert rates["stated, points"] < measure(arms, 5, 1200)["stated, points"]


@pytest.mark.parametrize("seeds", [5, 15])
@pytest.mark.parametrize("pairs", [False, True])
def test_trained_classifiers_in_folds_are_no_effect(measure, seeds, pairs):
    rates = measure(
        3, seeds, 140, folds=5, trained=True, pairs=pairs, studies=100
    )
    assert rates["false claims"] <= at_most(5, 100)


def test_training_teaches_classifiers_something(benchmark):
    setting = benchmark.Setting(2, 5, 140, folds=5, trained=True)
    generator = np.random.default_rng(0)
    held_out = np.array([benchmark.divide(setting, generator)] * 20)
    assert (held_out.sum(1) == 1).all()
    right = benchmark.train(setting, held_out, generator)
    of_held_out = right[held_out[:, None].repeat(2, 1)].mean()
    assert 0.7 < of_held_out < 0.9
    assert right.mean() > of_held_out


def test_all_pairs_are_no_effect(measure):
    rates = measure(6, 3, 1200, pairs=True)
    assert rates["false claims"] <= at_most(5)


@pytest.mark.parametrize(
    ("arms", "seeds", "images"), [(2, 3, 1200), (2, 10, 140), (11, 5, 1200)]
)
def test_stated_and_planned_differences_are_found(measure, arms, seeds, images):
    """In 80 % of cases; both are approximations."""
    rates = measure(arms, seeds, images)
    assert 74 <= rates["stated is found"] <= 88
    assert 74 <= rates["planned is found"] <= 88
    assert rates["stated, points"] == pytest.approx(
        rates["planned, points"], rel=0.15
    )


def test_share_of_pairs_that_are_found(benchmark):
    lows = np.array([-3.0, -1.0, 0.5])
    assert benchmark.find_share(np.array([2.0]), lows) == pytest.approx(200 / 3)
    assert benchmark.find_share(np.array([1.0, 4.0]), lows) == pytest.approx(
        (100 / 3 + 100) / 2
    )


def test_studies_are_what_the_setting_says(benchmark):
    setting = benchmark.Setting(2, 100, images=4000, noise=4.0)
    right = benchmark.draw(setting, 1, np.random.default_rng(0))[0]
    first, other = right
    assert right.mean() == pytest.approx(0.62, abs=0.03)
    assert (other[:50] == other[50:]).mean() == pytest.approx(0.8, abs=0.01)
    # Of what makes images easy or hard, a twentieth is another arm's.
    difficulty = 0.62 * 0.38 - 0.1
    agreement = (first[:50] == other[50:]).mean()
    assert agreement == pytest.approx(0.8 - 0.1 * difficulty, abs=0.01)
    for arm, deviation in ((first, 0.012), (other, 0.003)):
        expected = math.sqrt(deviation**2 + 0.1 / setting.images)
        assert arm.mean(1).std() == pytest.approx(expected, rel=0.2)


def test_results_do_not_depend_on_processors(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "CHUNK", 2000)
    settings = [benchmark.Setting(2, 2, 50), benchmark.Setting(2, 3, 50)]
    one = benchmark.run(settings, 25, processors=1)
    assert one == benchmark.run(settings, 25, processors=2)
    assert one != benchmark.run(settings, 25, seed=1)


def test_a_row_for_each_setting_is_printed(benchmark, monkeypatch, capsys):
    few = [
        (benchmark.Setting(3, 2, 20, placebos=1), benchmark.Expected()),
        (benchmark.Setting(2, 2, 20, folds=5), benchmark.Expected("0 to 1")),
    ]
    monkeypatch.setattr(benchmark, "list_settings", lambda: few)
    monkeypatch.setattr(
        sys, "argv", ["false_claims.py", "--studies=5", "--processors=1"]
    )
    benchmark.main()
    *_, head, line, first, last = capsys.readouterr().out.splitlines()
    assert {row.count("|") for row in (head, line, first, last)} == {15}
    assert first.startswith("| 1 placebo pooled | 3 | 2 | 20 | ")
    assert last.endswith(" | 0 to 1 | - |")


def test_settings_are_different_ones(benchmark):
    settings = [setting for setting, _ in benchmark.list_settings()]
    assert len(set(settings)) == len(settings)
