"""Studies of which the truth is known: what the statistic says of them.

Bounds leave three standard errors of the number of studies.
"""

import dataclasses
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


def at_most(percent, studies=STUDIES):
    share = percent / 100
    error = math.sqrt(share * (1 - share) / studies)
    return percent + 3 * 100 * error


def measured(benchmark, setting, studies=STUDIES):
    sums = benchmark.count((setting, 0, range(studies)))
    return benchmark.rates(setting, studies, [sums])


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("arms", [2, 11])
def test_without_an_effect_few_studies_claim_one(benchmark, arms, seeds):
    setting = benchmark.Setting(arms, seeds)
    studies = STUDIES if arms == 2 else STUDIES // 2
    claimed, covered, _ = measured(benchmark, setting, studies)["both"]
    assert claimed <= at_most(6, studies)
    assert covered >= 100 - at_most(5, studies)


def test_images_alone_would_claim_one(benchmark):
    """What the test above is for: it can fail."""
    setting = benchmark.Setting(11, 3, arm_share=0.0)
    rates = measured(benchmark, setting, 100)
    assert rates["images alone"][0] > at_most(6, 100)


def test_seeds_alone_would_claim_one(benchmark):
    setting = benchmark.Setting(2, 20, images=1000, arm_share=0.3)
    rates = measured(benchmark, setting)
    assert rates["seeds alone"][0] > at_most(6)
    assert rates["both"][0] <= at_most(6)


@pytest.mark.parametrize(("arms", "seeds"), [(2, 3), (11, 2)])
def test_one_noisier_arm_is_no_effect(benchmark, arms, seeds):
    setting = benchmark.Setting(arms, seeds, noise=4)
    claimed, _, _ = measured(benchmark, setting, 100)["both"]
    assert claimed <= at_most(8, 100)


@pytest.mark.parametrize("seeds", [5, 15])
def test_folds_without_an_effect(benchmark, seeds):
    setting = benchmark.Setting(3, seeds, images=140, folds=5)
    assert measured(benchmark, setting)["both"][0] <= at_most(6)


@pytest.mark.parametrize(
    ("arms", "seeds", "images"), [(2, 3, 10_000), (2, 10, 140), (11, 5, 1000)]
)
def test_planned_differences_are_found(benchmark, arms, seeds, images):
    """In 80 % of cases; the plan is an approximation."""
    setting = benchmark.Setting(arms, seeds, images)
    points = benchmark.planned(setting)
    setting = dataclasses.replace(setting, effect=points)
    _, covered, found = measured(benchmark, setting)["both"]
    assert 65 <= found <= 92
    assert covered >= 100 - at_most(5)


def test_studies_are_what_the_setting_says(benchmark):
    setting = benchmark.Setting(2, 200, images=2000, effect=3, deviation=2)
    first, other = benchmark.draw(setting, np.random.default_rng(0))
    assert first.mean() == pytest.approx(0.62, abs=0.03)
    assert other.mean() - first.mean() == pytest.approx(0.03, abs=0.015)
    agreement = (first[:100] == first[100:]).mean()
    assert agreement == pytest.approx(setting.agreement, abs=0.02)
    chance = (1 - setting.agreement) / 2 / setting.images
    expected = math.sqrt(0.02**2 + chance)
    assert first.mean(1).std() == pytest.approx(expected, rel=0.2)


def test_results_do_not_depend_on_processors(benchmark):
    settings = benchmark.combine(arms=(2,), seeds=(2, 3), images=(50,))
    studies = 2 * benchmark.CHUNK + 5
    one = benchmark.simulate(settings, studies, processors=1)
    two = benchmark.simulate(settings, studies, processors=2)
    for setting, first, second in zip(settings, one, two, strict=True):
        expected = measured(benchmark, setting, studies)
        for method in benchmark.METHODS:
            np.testing.assert_array_equal(first[method], second[method])
            np.testing.assert_array_equal(first[method], expected[method])


def test_every_table_is_printed(benchmark, monkeypatch, capsys):
    monkeypatch.setattr(
        benchmark,
        "simulate",
        lambda settings, *_: [
            dict.fromkeys(benchmark.METHODS, (1.0, 2.0, 3.0)) for _ in settings
        ],
    )
    monkeypatch.setattr(sys, "argv", ["false_claims.py"])
    benchmark.main()
    printed = capsys.readouterr().out
    for title, settings, _ in benchmark.tables(0.8):
        assert title in printed
        assert len(set(settings)) == len(settings)
