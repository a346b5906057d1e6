"""Seeds that fit into a time, chosen once."""

from dataclasses import replace

import pytest

from experiments.errors import ConfigError
from experiments.planning import budget as module
from experiments.planning.budget import choose_seed_count
from experiments.planning.estimate import ArmPlan, Estimate
from experiments.planning.step_timing import Step


@pytest.fixture
def choose(tiny, tmp_path, monkeypatch):
    """Chooses seeds for arms that take so many seconds."""

    def choose(seconds, times=(60, 60, 30), store=True, jobs=None, **changes):
        arms = [
            replace(tiny, name=f"tiny_{number}", **changes)
            for number in range(len(times))
        ]
        plans = [
            ArmPlan(1, 0, [], None, Estimate("", 1, 0, 0, Step(each, 0, 0)))
            for each in times
        ]
        monkeypatch.setattr(
            module, "estimate_study", lambda *_, **options: plans
        )
        return choose_seed_count(
            "mine",
            arms,
            seconds,
            first_seed=0,
            workdir=tmp_path / "runs",
            store=store,
            location=None,
            strategy=None,
            jobs=jobs,
        )

    return choose


def test_seeds_that_fit_hold_when_the_study_goes_on(choose, capsys):
    assert choose(1000) == 6
    assert "6 seeds an arm fit into 17 min" in capsys.readouterr().out
    # On a slower machine, say.
    assert choose(1000, times=(600, 600, 300)) == 6
    assert "6 seeds an arm, as chosen before" in capsys.readouterr().out
    assert choose(300) == 2
    assert choose(1000) == 6
    assert choose(1000, times=(100, 100, 50), epochs=4) == 4


def test_side_by_side_more_seeds_fit(choose):
    assert choose(1000, jobs=2) == 13


def test_a_plan_stores_nothing(choose, tmp_path):
    assert choose(450, store=False) == 3
    assert list(tmp_path.iterdir()) == []


def test_less_than_two_seeds_name_what_would_fit(choose, tmp_path):
    with pytest.raises(ConfigError) as refused:
        choose(250, epochs=10)
    message = str(refused.value)
    assert "2 seeds of 3 arms take about 5.0 min, more than 4.2 min" in message
    assert "--budget=5m, 2 arms (--arms), --set epochs=6." in message
    assert list(tmp_path.iterdir()) == []
