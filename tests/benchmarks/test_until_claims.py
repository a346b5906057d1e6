"""Studies of which the truth is known, looked at as seeds come in.

Bounds leave three standard errors of the number of studies.
"""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "until_claims.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("until_claims", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        patch.setattr(module, "PEEKED", 100)
        yield module
    sys.modules.pop("false_claims", None)


def at_most(percent, studies):
    share = percent / 100
    return percent + 3 * 100 * math.sqrt(share * (1 - share) / studies)


@pytest.mark.parametrize(
    ("arms", "studies", "options"),
    [
        (2, 250, {}),
        (2, 250, {"tails": 3, "noisy": "arm", "common": 0.25}),
        (4, 60, {"looks": (2, 4, 12)}),
        (2, 60, {"folds": 5, "images": 60, "looks": (5, 10)}),
    ],
)
def test_without_an_effect_few_studies_claim_one(
    benchmark, arms, studies, options
):
    setting = benchmark.Setting(arms, **options)
    generator = np.random.default_rng(0)
    rates = benchmark.measure_null(setting, studies, generator)
    assert rates["false claims"] <= at_most(5, studies)
    assert rates["all intervals hold"] >= 100 - at_most(5, studies)
    if not options:
        assert rates["fewer runs"] > 25
        # The bound can be missed.
        assert rates["claims by reading after each seed"] > at_most(5, 100)


def test_effects_are_found_with_fewer_runs(benchmark):
    times, setting = list(benchmark.list_effects())[2]
    assert (times, setting.arms) == (1.5, 2)
    generator = np.random.default_rng(0)
    rates = benchmark.measure_effect(setting, 60, generator)
    assert rates["found"] > 85
    assert rates["found with 8 seeds"] > 85
    assert rates["fewer runs"] > 10
    assert rates["all intervals hold"] >= 100 - at_most(5, 60)


def test_a_row_for_each_setting_is_printed(benchmark, monkeypatch, capsys):
    few = benchmark.Setting(2, looks=(2, 3), images=20)
    monkeypatch.setattr(benchmark, "list_null", lambda: [few])
    monkeypatch.setattr(benchmark, "list_folds", list)
    monkeypatch.setattr(
        benchmark, "list_effects", lambda: [(1.0, few._replace(effect=35.0))]
    )
    monkeypatch.setattr(sys, "argv", ["until_claims.py", "--studies=5"])
    benchmark.main()
    printed = capsys.readouterr().out
    assert printed.count("| 2 | (2, 3) | plain | ") == 2
    assert "| 1 detectable | " in printed
