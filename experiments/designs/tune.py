"""A study whose arms are all tuned alike before they are compared, for --tune.

Every arm gets the same trials, at the same points of one space. Trials are
evaluated on images that neither train them nor evaluate the study. Then the
study's seeds train each arm twice: as it was, and with its best settings.
"""

from dataclasses import replace

from experiments.configs.schema import as_json
from experiments.configs.variants import has_field, vary
from experiments.designs.base import StudyDesign
from experiments.errors import ConfigError
from experiments.formatting import counted
from experiments.history import select_row
from experiments.report import wording
from experiments.report.design import TUNE, Design, DesignFolder
from experiments.report.effects import Point
from experiments.report.tuning import Trial, Tuning, write_tuning
from experiments.run_folder import RunFolder
from experiments.statistics.tuning import draw_points

# One seed for all trials: all are evaluated on the same images. It is far from
# the seeds of studies.
TRIAL_SEED = 1_000_000
# One of so many folds of the training images is held out for trials.
_PARTS = 5
# Error of a trial whose loss is no number, in points.
DIVERGED = 100.0


class Tune(StudyDesign):
    """Trains trials of all arms, then the arms before and after tuning.

    Args:
        name, experiments, seeds, workdir: As for `StudyDesign`.
        dimensions: List of `configs.variants.Dimension`s.
        trials: Number of trials of each arm.
        trial_epochs: Epochs of a trial; None: as the arm has.

    Raises:
        ConfigError: if no arm has a field, a value does not go with one, or
            no images can be held out.
    """

    def __init__(
        self,
        name,
        experiments,
        dimensions,
        *,
        trials,
        trial_epochs,
        seeds,
        workdir,
    ):
        super().__init__(name, experiments, seeds=seeds, workdir=workdir)
        count = counted(trials, "trial")
        self.title = (
            f"{counted(len(self.experiments), 'arm')}, {count} each, then "
            f"seeds {', '.join(map(str, self.seeds))}"
        )
        self.preface = f"{count} of each arm, then before and after tuning: "
        self.is_decided = False
        self.is_trying = True
        self._dimensions = tuple(dimensions)
        self._points = draw_points(dimensions, trials)
        self._check_fields()
        self.trials = {
            each.name: [
                _build_trial(each, point, trial_epochs)
                for point in self._points
            ]
            for each in self.experiments
        }
        self.tuning = None

    def list_trials(self):
        """Lists the different runs of all trials, (experiment, seed).

        Points of a field that an arm lacks are one and the same trial. All
        arms of a point come before the next point.
        """
        points = zip(*self.trials.values(), strict=True)
        trials = (each for point in points for each in point)
        different = {each.name: each for each in trials}.values()
        return [(each, TRIAL_SEED) for each in different]

    def claim(self):
        DesignFolder.of(self.workdir, self.name).claim(
            {
                "space": [each._asdict() for each in self._dimensions],
                "trials": len(self._points),
                "arms": [as_json(each) for each in self.experiments],
                "first_trials": [as_json(t[0]) for t in self.trials.values()],
            },
            TUNE,
        )

    def list_rounds(self):
        """Yields the trials; then the study's runs, if all trials are there.

        Yields:
            Lists of (experiment, seed).
        """
        trials = self.list_trials()
        yield trials
        lacking = [each for each, _ in trials if self._read(each) is None]
        if lacking:
            print(
                f"{counted(len(lacking), 'trial')} of {len(trials)} "
                f"{'is' if len(lacking) == 1 else 'are'} not finished; once "
                "they are, the same command goes on",
                flush=True,
            )
            return
        self.is_trying = False
        self.tuning = self._choose()
        self._print()
        arms = (*self.experiments, *self.tuning.tuned.values())
        # Settings that were the best already are no further runs.
        arms = list({each.name: each for each in arms}.values())
        yield [(each, seed) for seed in self.seeds for each in arms]
        self.is_decided = True

    def write_report(self, folders, folder, title, **options):
        """Writes the pages, see `experiments.report.tuning.write_tuning`."""
        before = {each.name: each for each in self.experiments}
        points = [
            Point({"tuning": "before"}, before),
            Point({"tuning": "after"}, self.tuning.tuned),
        ]
        designs = [
            Design(
                self.name,
                tuple(each.name for each in point.arms.values()),
                len(self.seeds),
                is_tuned=point.values["tuning"] == "after",
            )
            for point in points
        ]
        write_tuning(
            folders,
            folder,
            title,
            tuning=self.tuning,
            points=points,
            designs=designs,
            **options,
        )

    def _check_fields(self):
        for each in self._dimensions:
            if not any(has_field(e, each.field) for e in self.experiments):
                raise ConfigError(
                    f"--tune {each.field}: no arm has this part, so there is "
                    "nothing to tune in it."
                )

    def _read(self, trial):
        """(Error, whether it has diverged) of a trial; None: not finished."""
        folder = RunFolder.of(self.workdir, trial, TRIAL_SEED)
        if folder.status() == "failed":
            return DIVERGED, True
        if not folder.is_finished():
            return None
        row = select_row(folder.history(), trial.judged)
        return 100 * (1 - row["val_accuracy"]), False

    def _choose(self):
        trials = {
            arm: [
                Trial(point, *self._read(each))
                for point, each in zip(self._points, configs, strict=True)
            ]
            for arm, configs in self.trials.items()
        }
        return Tuning(
            self._dimensions,
            next(iter(self.trials.values()))[0].epochs,
            trials,
            {
                each.name: vary(each, _select_best(trials[each.name]).point)
                for each in self.experiments
            },
        )

    def _print(self):
        names = wording.Names(each.name for each in self.experiments)
        print("best of the trials, on held-out images:", flush=True)
        width = max(len(names(each.name)) for each in self.experiments)
        for arm, trials in self.tuning.trials.items():
            best = _select_best(trials)
            values = ", ".join(f"{k}={v}" for k, v in best.point.items())
            print(
                f"  {names(arm):{width}}  error {best.error:.1f} %  {values}",
                flush=True,
            )


def _select_best(trials):
    """The first trial of the lowest error."""
    return min(trials, key=lambda each: each.error)


def _build_trial(experiment, point, epochs):
    varied = vary(experiment, point, "--tune")
    data = varied.data
    if data.selection is not None:
        data = replace(data, val=data.selection, selection=None)
    elif data.folds is None:
        data = replace(data, val=data.train, folds=_PARTS)
    else:
        raise ConfigError(
            "--tune needs images that no run of the study is evaluated on, "
            f"and with data.folds={data.folds} there are none; add --set "
            "data.folds=none --set data.train=train --set "
            "data.val=validation, or set data.selection."
        )
    return replace(
        varied,
        name=f"{varied.name}_trial",
        data=data,
        epochs=varied.epochs if epochs is None else epochs,
        judged="last" if varied.judged == "best" else varied.judged,
        early_stop=None,
        published=None,
    )
