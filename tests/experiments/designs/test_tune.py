"""Studies whose arms are tuned, of runs that were not trained."""

import json
from dataclasses import replace

import pytest

from experiments.commands.parsers import SpaceParser
from experiments.configs.schema import layer
from experiments.designs.tune import TRIAL_SEED, Tune
from experiments.errors import ConfigError
from experiments.report import load
from experiments.study import run_study
from pipelines.location import Location
from tests.experiments.report.comparing import fail

RATE = "optimizer.learning_rate=log(0.001, 1)"
ERASING = "augment.RandomErasing.probability=lin(0.1, 0.9)"


@pytest.fixture
def arms(tiny):
    data = replace(tiny.data, limit_train=None, limit_val=None)
    plain = replace(tiny, name="plain", augment=(), data=data)
    erasing = layer("RandomErasing", probability=0.5)
    return [plain, replace(plain, name="erased", augment=(erasing,))]


@pytest.fixture
def build(arms, tmp_path):
    def build(*spaces, trials=3, epochs=None, arms=arms):
        return Tune(
            "mine_tuned",
            arms,
            [SpaceParser().parse(each) for each in spaces or (RATE,)],
            trials=trials,
            trial_epochs=epochs,
            seeds=range(2),
            workdir=tmp_path / "runs",
        )

    return build


@pytest.fixture
def run(arms, build, tmp_path, make_run_in, draw_right, monkeypatch):
    """Runs a study; networks are the better, the larger the rate is."""
    monkeypatch.setattr("experiments.study.track_report", lambda *_: None)

    def run(*spaces, diverging=(), killed_at=None, epochs=None):
        trained = []

        def launch(runs, **_):
            folders, failures = [], []
            for arm, seed in runs:
                if len(trained) == killed_at:
                    raise KeyboardInterrupt
                trained.append((arm.name, seed))
                percent = 40 + 30 * arm.optimizer.learning_rate
                right = draw_right(percent, len(arm.name) * 100 + seed % 97)
                folder = make_run_in(
                    tmp_path,
                    arm.name,
                    seed,
                    right,
                    optimizer=arm.optimizer,
                    augment=arm.augment,
                )
                if arm.name in diverging:
                    fail(folder)
                    failures.append(f"{arm.name} diverged")
                else:
                    folders.append(folder)
            return folders, failures

        design = build(*spaces, epochs=epochs)
        run_study(design, location=Location(tmp_path / "data"), launch=launch)
        return trained, design

    return run


def test_trials_are_alike_in_all_arms_and_see_no_val_image(build, arms):
    tune = build(RATE, ERASING, epochs=1)
    plain, erased = tune.trials["plain"], tune.trials["erased"]
    rates = [each.optimizer.learning_rate for each in plain]
    assert rates == [each.optimizer.learning_rate for each in erased]
    assert len(set(rates)) == 3
    for trial in (*plain, *erased):
        assert trial.data.val == trial.data.train == arms[0].data.train
        assert trial.data.folds == 5
        assert trial.epochs == 1
    held_out = replace(arms[0].data, selection="validation", val="occluded")
    tune = build(arms=[replace(each, data=held_out) for each in arms])
    for trial, _ in tune.list_trials():
        assert trial.data.val == "validation"
        assert trial.data.selection is None


def test_an_arm_without_the_part_has_one_trial(build):
    tune = build(ERASING)
    assert len({each.name for each in tune.trials["plain"]}) == 1
    assert len(tune.list_trials()) == 1 + 3


def test_the_best_of_each_arm_is_trained_beside_it(run, tmp_path):
    trained, design = run()
    trials = [name for name, seed in trained if seed == TRIAL_SEED]
    assert trained[: len(trials)] == [(name, TRIAL_SEED) for name in trials]
    assert len(trials) == 6
    best = max(
        (each.optimizer.learning_rate, each.name)
        for each in design.trials["plain"]
    )
    tuned = design.tuning.tuned["plain"]
    assert tuned.optimizer.learning_rate == best[0]
    assert best[1] == f"{tuned.name}_trial"
    study = [name for name, seed in trained if seed == 0]
    names = [each.name for each in design.tuning.tuned.values()]
    assert study == ["plain", "erased", *names]
    folder = tmp_path / "runs" / "reports" / "mine_tuned"
    numbers = json.loads((folder / "comparison.json").read_text())
    study = load(folder)
    assert study.model_dump(mode="json") == numbers
    assert [each["arm"] for each in study.rows()] == ["erased", "erased"]
    assert numbers["tuning"]["arms"]["plain"]["tuned"] == tuned.name
    assert len(numbers["tuning"]["arms"]["plain"]["expected_best"]) == 3
    after = (folder / "tuning=after" / "report.md").read_text()
    before = (folder / "tuning=before" / "report.md").read_text()
    assert "Nothing was tuned" in before
    assert "Nothing was tuned" not in after
    assert "the recipe changes" not in (folder / "report.md").read_text()


def test_a_trial_that_diverges_is_never_the_best_and_fails_nothing(run, build):
    trials = build().trials["plain"]
    best = max(trials, key=lambda each: each.optimizer.learning_rate)
    _, design = run(diverging=(best.name,))
    diverged = [each.has_diverged for each in design.tuning.trials["plain"]]
    assert diverged == [each == best for each in trials]
    assert f"{design.tuning.tuned['plain'].name}_trial" != best.name


def test_a_kill_changes_nothing(run, tmp_path):
    whole, _ = run()
    page = tmp_path / "runs" / "reports" / "mine_tuned" / "comparison.json"
    before = page.read_bytes()
    page.unlink()
    with pytest.raises(KeyboardInterrupt):
        run(killed_at=3)
    again, _ = run()
    assert again == whole
    assert page.read_bytes() == before


def test_other_trials_are_refused_with_the_stored_ones(run):
    run()
    with pytest.raises(ConfigError, match=r"space\.0\.values\.0 is 0\.001"):
        run("optimizer.learning_rate=log(0.01, 1)")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("augment.CutMix.alpha=lin(0.1, 1.0)", "no arm has this part"),
        ("epochs=choice(two, three)", "--tune epochs expects a valid integer"),
    ],
)
def test_spaces_that_do_not_fit(build, text, message):
    with pytest.raises(ConfigError, match=message):
        build(text)


def test_folds_leave_no_images_for_trials(build, arms):
    data = replace(arms[0].data, folds=5)
    with pytest.raises(ConfigError, match="data.folds=none"):
        build(arms=[replace(each, data=data) for each in arms])


@pytest.mark.parametrize(
    "text",
    [
        "epochs",
        "epochs=log(1)",
        "epochs=log(0, 1)",
        "epochs=lin(2, 1)",
        "epochs=lin(0, inf)",
        "model.stem=choice(small)",
        "model.stem=choice(small, small)",
        "epochs=exp(1, 2)",
    ],
)
def test_spaces_that_are_none(text):
    with pytest.raises(ValueError, match="expected"):
        SpaceParser().parse(text)
