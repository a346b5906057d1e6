"""A study that ends when it is clear, of runs that are trained."""

from dataclasses import replace

import pytest
import tensorflow as tf

from experiments import study
from experiments.designs.until import Until
from experiments.report import report
from experiments.statistics import sequential
from experiments.statistics.sequential import Looks
from experiments.training.jobs import SideBySide
from pipelines.location import Location


def test_jobs_and_a_kill_change_no_bit(tiny, tmp_path, monkeypatch):
    data = replace(tiny.data, limit_train=48)
    plain = replace(tiny, name="plain", epochs=1, data=data, augment=())
    arms = [plain, replace(plain, name="placebo", seed_offset=7)]
    # Whatever the networks learn, the arm is not decided at the first look.
    looks = Looks((2, 3), 1, alpha=1e-9)
    monkeypatch.setattr(sequential, "FUTILE", -1)
    monkeypatch.setattr(report, "write_report", lambda *_, **__: None)
    monkeypatch.setattr(study, "track_report", lambda *_: None)

    def run(workdir, **options):
        until = Until(
            "mine", arms, looks, seeds=range(3), workdir=tmp_path / workdir
        )
        study.run_study(until, location=Location("unused"), log=(), **options)
        folder = tmp_path / workdir / "designs" / "mine"
        return until.record, (folder / "looks.json").read_bytes()

    calls = []

    def killed_after_a_look(runs, **options):
        calls.append(runs)
        if len(calls) > 1:
            raise KeyboardInterrupt
        # As many threads as in this process.
        return SideBySide(1, threads=None)(runs, **options)

    one_by_one = {"strategy": tf.distribute.get_strategy()}
    with pytest.raises(KeyboardInterrupt):
        run("cut", launch=killed_after_a_look)
    design, looked = run("cut", **one_by_one)
    assert [look.seeds for look in design.taken] == [2, 3]
    assert (design, looked) == run("whole", **one_by_one)
