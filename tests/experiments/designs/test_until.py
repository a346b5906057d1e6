"""Studies that end when it is clear, of runs that were not trained."""

import json
from dataclasses import replace

import pytest

from experiments.designs.fixed import Fixed
from experiments.designs.until import Until, choose_looks
from experiments.errors import ConfigError, TrainingFailed
from experiments.study import run_study
from pipelines.location import Location
from tests.experiments.report.comparing import fail

LOOKS = (3, 5, 8)


ACCURACIES = {"plain": 50, "clear": 65, "alike": 50, "close": 55}


class Studies:
    """Runs studies whose arms are right on so many of a hundred images.

    Attributes:
        trained: (arm, seed) of the last study, in order.
        reports: (folders, designs) of each report.
    """

    def __init__(self, tiny, folder, make_run_in, draw_right):
        self._tools = tiny, folder, make_run_in, draw_right
        self.reports = []

    def write_report(self, made, folder, *_, designs, **__):
        folder.mkdir(parents=True, exist_ok=True)
        self.reports.append((made, designs))

    def run(
        self,
        accuracies=ACCURACIES,
        *,
        looks=LOOKS,
        margin=None,
        lost=(),
        diverging=(),
        killed_at=None,
        workdir="runs",
        folds=None,
        epochs=2,
        until=True,
        **options,
    ):
        tiny, root, make_run, draw_right = self._tools
        data = replace(tiny.data, folds=folds)
        changes = {"epochs": epochs, "data": data}
        arms = [replace(tiny, name=each, **changes) for each in accuracies]
        self.trained = []

        def launch(runs, **_):
            folders, failures = [], []
            for arm, seed in runs:
                if (arm.name, seed) == killed_at:
                    raise KeyboardInterrupt
                self.trained.append((arm.name, seed))
                if (arm.name, seed) in lost:
                    failures.append(f"{arm.name}, seed {seed}: it was lost")
                    continue
                number = 100 * list(accuracies).index(arm.name) + seed
                right = draw_right(accuracies[arm.name], number, 600)
                ids = None
                if folds is not None:
                    part = seed % folds
                    ids = [f"{i:04}" for i in range(600) if i % folds == part]
                    right = right[: len(ids)]
                folder = make_run(
                    root,
                    *(arm.name, seed, right),
                    workdir=workdir,
                    ids=ids,
                    **changes,
                )
                if (arm.name, seed) in diverging:
                    fail(folder)
                    failures.append(f"{arm.name}, seed {seed}: it diverged")
                else:
                    folders.append(folder)
            return folders, failures

        self.workdir = root / workdir
        if until:
            chosen = choose_looks(
                *(looks, None, folds), comparisons=len(arms) - 1, margin=margin
            )
            seeds = range(chosen.seeds[-1])
            design = Until(
                "mine", arms, chosen, seeds=seeds, workdir=self.workdir
            )
        else:
            seeds = range(looks[-1])
            design = Fixed("mine", arms, seeds=seeds, workdir=self.workdir)
        run_study(
            design,
            location=Location("unused"),
            launch=launch,
            log=(),
            **options,
        )

    def read_looks(self):
        return (self.workdir / "designs" / "mine" / "looks.json").read_bytes()

    def list_decisions(self):
        """{arm: decision} of each look."""
        return [
            {arm: each["decision"] for arm, each in look["results"].items()}
            for look in json.loads(self.read_looks())["taken"]
        ]


@pytest.fixture
def studies(tiny, tmp_path, make_run_in, draw_right, monkeypatch):
    studies = Studies(tiny, tmp_path, make_run_in, draw_right)
    monkeypatch.setattr(
        "experiments.report.report.write_report", studies.write_report
    )
    return studies


def test_decided_arms_are_trained_no_further(studies, capsys):
    studies.run()
    arms = [arm for arm, _ in studies.trained]
    assert [arms.count(each) for each in ACCURACIES] == [5, 3, 3, 5]
    assert studies.trained[:4] == [(arm, 0) for arm in ACCURACIES]
    assert capsys.readouterr().out.splitlines() == [
        "study mine: 4 arms, looks at 3, 5, 8 seeds",
        "look at 3 seeds, with intervals of 99.77 %:",
        "  clear  +15.0 points (+10.2 to +19.8)  better",
        "  alike  +0.0 points (-7.9 to +7.9)  cannot be told within 8 seeds",
        "  close  +5.0 points (-2.7 to +12.7)  runs on to 5 seeds",
        "look at 5 seeds, with intervals of 99.50 %:",
        "  close  +5.0 points (+1.7 to +8.3)  better",
    ]
    [(made, [design])] = studies.reports
    assert len(made) == len(studies.trained)
    assert [look.seeds for look in design.taken] == [3, 5]
    number, result = design.results["close"]
    assert (number, result.decision) == (1, "better")
    assert result.difference.seeds == result.difference.reference_seeds == 5


def test_a_margin_tells_which_arms_are_alike(studies):
    studies.run({"plain": 50, "alike": 50}, margin=10)
    assert studies.list_decisions() == [{"alike": "no_relevant_difference"}]


def test_a_study_that_goes_on_has_the_same_bits(studies):
    studies.run(workdir="whole")
    whole = studies.read_looks()
    for killed_at in (("alike", 2), ("close", 3)):
        with pytest.raises(KeyboardInterrupt):
            studies.run(killed_at=killed_at)
    studies.run()
    assert studies.read_looks() == whole
    # A look that was taken stays, whatever becomes of its runs.
    studies.run(ACCURACIES | {"clear": 40})
    assert studies.read_looks() == whole
    (_, [design]) = studies.reports[-1]
    assert design == studies.reports[0][1][0]


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"looks": (3, 8)}, r"looks\.1 is 5 there and 8 here"),
        ({"looks": (3, 5, 9)}, "seeds is 8 there and 9 here"),
        ({"margin": 2}, r"margin is None there and 2 here"),
        ({"epochs": 3}, r"arms\.0\.epochs is 2 there and 3 here"),
        (
            {"accuracies": {"plain": 50, "other": 50}},
            r"arms\.1\.name is 'clear'",
        ),
        ({"until": False}, "design is '--until' there"),
    ],
)
def test_a_design_cannot_be_changed(studies, changes, differs):
    with pytest.raises(KeyboardInterrupt):
        studies.run(killed_at=("plain", 0))
    with pytest.raises(ConfigError, match=f"{differs}.*choose another"):
        studies.run(**changes)
    assert studies.trained == []


def test_a_study_of_fixed_seeds_gets_no_looks(studies):
    studies.run(until=False)
    with pytest.raises(ConfigError, match="design is 'fixed number of seeds'"):
        studies.run()
    # Fewer seeds than were planned; more would replace their number.
    studies.run(until=False, looks=(2,))
    (_, [design]) = studies.reports[-1]
    assert (design.seeds, design.looks) == (8, None)


def test_the_shard_that_completes_a_look_takes_it(studies, capsys):
    studies.run(workdir="whole")
    whole = studies.read_looks()
    studies.run(shard=(0, 2))
    printed = capsys.readouterr().out
    assert "the look at 3 seeds takes 6 runs that are not finished: " in printed
    assert "seed_0" in printed
    assert "3 more; once they are, the same command goes on" in printed
    assert not (studies.workdir / "designs/mine/looks.json").exists()
    # It takes the look and trains its part of the next one.
    studies.run(shard=(1, 2))
    assert studies.trained[-1] == ("close", 4)
    assert len(studies.list_decisions()) == 1
    studies.run(shard=(0, 2))
    assert studies.read_looks() == whole
    assert len(studies.reports) == 1
    studies.run()
    assert len(studies.reports) == 2


def test_an_arm_that_diverges_is_given_up(studies, capsys):
    diverging = [("clear", 0), ("alike", 1), ("alike", 2)]
    with pytest.raises(TrainingFailed, match="3 of 16 runs failed"):
        studies.run(diverging=diverging)
    first, _ = studies.list_decisions()
    # Of two of its runs; of one nothing is said.
    assert first["clear"] == "better"
    assert first["alike"] == "cannot_be_told"
    assert (
        "  alike  fewer than 2 runs to compare  cannot be told within 8 seeds"
    ) in capsys.readouterr().out
    assert len(studies.reports) == 1


def test_without_the_reference_nothing_can_be_told(studies):
    diverging = [("plain", seed) for seed in range(3)]
    with pytest.raises(TrainingFailed):
        studies.run(diverging=diverging)
    assert {*studies.list_decisions()[0].values()} == {"cannot_be_told"}


def test_a_lost_run_is_waited_for(studies, capsys):
    with pytest.raises(TrainingFailed, match="clear, seed 1: it was lost"):
        studies.run(lost=[("clear", 1)])
    assert "takes 1 run that is not finished: " in capsys.readouterr().out
    assert studies.reports == []
    studies.run()
    assert len(studies.list_decisions()) == 2


def test_folds_are_looked_at_when_all_images_are_evaluated(studies):
    studies.run({"plain": 50, "clear": 80}, looks=None, folds=5)
    assert len(studies.trained) == 10
    (_, [design]) = studies.reports[-1]
    assert design.looks.seeds == (5, 10, 15, 20)
    difference = design.results["clear"][1].difference
    assert difference.variance.degrees == 4
    assert difference.variance.images == 600


def test_damaged_looks_are_refused(studies):
    studies.run()
    path = studies.workdir / "designs" / "mine" / "looks.json"
    path.write_text(json.dumps({"taken": [{"seeds": 3, "level": 0.1}]}))
    with pytest.raises(ConfigError, match=r"looks.json: .*results is damaged"):
        studies.run()


@pytest.mark.parametrize(
    ("looks", "most", "folds", "expected"),
    [
        (None, None, None, (3, 5, 8, 12)),
        (None, 20, None, (3, 5, 8, 12, 20)),
        (None, 6, None, (3, 5, 6)),
        (None, 2, None, (2,)),
        ((2, 3), None, None, (2, 3)),
        ((2, 3), 3, 5, (2, 3)),
        (None, None, 5, (5, 10, 15, 20)),
        (None, None, 2, (4, 8, 12, 16)),
        (None, 15, 5, (5, 10, 15)),
    ],
)
def test_looks_are_chosen(looks, most, folds, expected):
    chosen = choose_looks(looks, most, folds, comparisons=1, margin=None)
    assert chosen.seeds == expected


@pytest.mark.parametrize(
    ("looks", "most"),
    [((1, 3), None), ((3, 3), None), ((5, 3), None), ((3, 5), 12)],
)
def test_looks_that_cannot_be_are_refused(looks, most):
    with pytest.raises(ConfigError, match="--looks"):
        choose_looks(looks, most, None, comparisons=1, margin=None)
