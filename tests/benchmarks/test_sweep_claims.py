"""Sweeps without a change: few claim one, and a real one is found."""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "sweep_claims.py"
STUDIES = 80


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("sweep_claims", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        yield module


@pytest.mark.parametrize(
    "options", [{"falls": 4}, {"noise": 4}, {"folds": 5, "images": 140}]
)
def test_without_a_change_few_sweeps_claim_one(benchmark, options):
    seeds = 5 if "folds" in options else 3
    setting = benchmark.Setting(2, 3, seeds, **options)
    rates = benchmark.measure(setting, STUDIES, np.random.default_rng(0))
    most = 5 + 300 * math.sqrt(0.05 * 0.95 / STUDIES)
    assert rates["changes claimed"] <= most
    assert rates["effects claimed"] <= most


def test_a_change_is_claimed(benchmark):
    """The test above can fail."""
    setting = benchmark.Setting(2, 3, 3)
    right = benchmark.draw(setting, np.random.default_rng(0))
    right[1, 0] |= np.random.default_rng(1).random(right[1, 0].shape) < 0.5
    assert benchmark.claim(setting, right) == (True, True)
