"""A study that ends when it is clear, for --until."""

from experiments.configs.schema import as_json
from experiments.designs.base import StudyDesign
from experiments.errors import ConfigError
from experiments.formatting import counted
from experiments.report import wording
from experiments.report.design import Design, DesignFolder
from experiments.report.groups import group_runs
from experiments.report.looks import describe_decision
from experiments.report.runs import read_runs
from experiments.run_folder import RunFolder
from experiments.statistics.comparison import compare_separately
from experiments.statistics.cross_validation import compare_folds_separately
from experiments.statistics.sequential import (
    LEAST_SEEDS,
    LOOKS,
    Look,
    Looks,
    Result,
    decide,
)

# The first look in folds: with fewer seeds an interval has next to no degrees
# of freedom.
_LEAST_OF_FOLDS = 3
# Runs that a line names.
_NAMED = 3


class Until(StudyDesign):
    """Trains arms until each is decided, and compares them on the way.

    Args:
        name, experiments, workdir: As for `StudyDesign`.
        looks: `statistics.sequential.Looks`.
        seeds: Integers, as many as the last look has.
    """

    def __init__(self, name, experiments, looks, *, seeds, workdir):
        super().__init__(name, experiments, seeds=seeds, workdir=workdir)
        self.looks = looks
        self._folder = DesignFolder.of(workdir, name)
        self._names = wording.Names(each.name for each in self.experiments)
        self._taken = ()
        self.is_decided = False
        listed = ", ".join(map(str, looks.seeds))
        arms = counted(len(self.experiments), "arm")
        self.title = f"{arms}, looks at {listed} seeds"

    @property
    def record(self):
        """The `Design` with the looks that were taken."""
        return Design(
            self.name,
            tuple(each.name for each in self.experiments),
            self.looks.seeds[-1],
            self.looks,
            self._taken,
        )

    def claim(self):
        self._folder.claim(
            {
                "seeds": self.looks.seeds[-1],
                "looks": list(self.looks.seeds),
                "margin": self.looks.margin,
                "alpha": self.looks.alpha,
                "first_seed": self.seeds[0],
                "arms": [as_json(each) for each in self.experiments],
            }
        )

    def list_rounds(self):
        """Yields the runs of each look, and takes the look when they are there.

        The last round is the one that decides the last arm. If runs of a look
        are missing, as other shards train them, it is the last one, too.

        Yields:
            Lists of (experiment, seed).
        """
        reference, *running = self.experiments
        stored, before = self._folder.read_taken(), 0
        for number, seeds in enumerate(self.looks.seeds):
            yield [
                (experiment, seed)
                for seed in self.seeds[before:seeds]
                for experiment in (reference, *running)
            ]
            if number < len(stored):
                look = stored[number]
            else:
                look = self._take(number, running)
            if look is None:
                return
            self._taken += (look,)
            self._print(number, look)
            running = [
                each
                for each in running
                if look.results[each.name].decision == "runs_on"
            ]
            before = seeds
            if not running:
                break
        self.is_decided = True

    def _list_folders(self, number, running):
        seeds = self.seeds[: self.looks.seeds[number]]
        return [
            RunFolder.of(self.workdir, experiment, seed)
            for seed in seeds
            for experiment in (self.experiments[0], *running)
        ]

    def _list_lacking(self, number, running):
        """Folders of runs that have neither finished nor diverged."""
        return [
            folder
            for folder in self._list_folders(number, running)
            if folder.status() not in ("finished", "failed")
        ]

    def _take(self, number, running):
        """Takes and stores a look; returns None if runs are missing."""
        seeds, level = self.looks.seeds[number], self.looks.levels[number]
        if lacking := self._list_lacking(number, running):
            _print_lacking(seeds, lacking)
            return None
        found = self._compare(number, running, 1 - level)
        look = Look(
            seeds,
            level,
            {
                each.name: Result(
                    decide(found.get(each.name), number, self.looks),
                    found.get(each.name),
                )
                for each in running
            },
        )
        self._folder.write_taken((*self._taken, look))
        return look

    def _compare(self, number, running, confidence):
        """{arm: `Difference`} of the arms that can be compared."""
        paths = [each.path for each in self._list_folders(number, running)]
        runs, _ = read_runs(paths)
        order = [each.name for each in (self.experiments[0], *running)]
        groups, _ = group_runs(runs, self.name, order=order)
        if not groups or not groups[0].images:
            return {}
        group, reference = groups[0], order[0]
        if group.reference.name != reference:
            return {}
        if group.crossed:
            images = {seed: ids for seed, ids in group.judged.items() if ids}
            found = compare_folds_separately(
                group.correct, images, group.folds, reference, confidence
            )
        else:
            found = compare_separately(group.correct, reference, confidence)
        return {each.arm: each for each in found}

    def _print(self, number, look):
        level = 100 * (1 - look.level)
        print(
            f"look at {look.seeds} seeds, with intervals of {level:.2f} %:",
            flush=True,
        )
        width = max(len(self._names(arm)) for arm in look.results)
        for arm, result in look.results.items():
            words = describe_decision(result.decision, number, self.looks)
            print(
                f"  {self._names(arm):{width}}  "
                f"{_describe_interval(result.difference)}  {words}",
                flush=True,
            )


def _describe_interval(difference):
    if difference is None or difference.verdict == "trained_once":
        return "fewer than 2 runs to compare"
    return (
        f"{difference.difference:+.1f} points ({difference.low:+.1f} to "
        f"{difference.high:+.1f})"
    )


def _print_lacking(seeds, lacking):
    named = [str(each.path) for each in lacking[:_NAMED]]
    if len(lacking) > _NAMED:
        named.append(f"{len(lacking) - _NAMED} more")
    print(
        f"the look at {seeds} seeds takes {counted(len(lacking), 'run')} that "
        f"{'is' if len(lacking) == 1 else 'are'} not finished: "
        f"{', '.join(named)}; once they are, the same command goes on",
        flush=True,
    )


def choose_looks(looks, most, folds, *, comparisons, margin):
    """Chooses the looks of a study.

    Args:
        looks: Numbers of seeds, or None: 3, 5, 8 and 12; with folds multiples
            of their number, so that all images are evaluated equally often.
        most: The last look, or None.
        folds: Number of folds, or None.
        comparisons, margin: As of `Looks`.

    Returns:
        `statistics.sequential.Looks`.

    Raises:
        ConfigError: if the looks do not ascend, or end at another number.
    """
    if looks is None:
        looks = LOOKS
        if folds is not None:
            step = folds * -(-_LEAST_OF_FOLDS // folds)
            looks = tuple(step * times for times in (1, 2, 3, 4))
        if most is not None:
            looks = (*(each for each in looks if each < most), most)
    ascending = all(a < b for a, b in zip(looks, looks[1:], strict=False))
    if not ascending or looks[0] < LEAST_SEEDS:
        raise ConfigError(
            f"--looks expects ascending numbers of seeds from {LEAST_SEEDS} "
            "on, such as 3,5,8,12, and --max_seeds the last of them. "
            f"Received: {','.join(map(str, looks))}."
        )
    if most is not None and looks[-1] != most:
        raise ConfigError(
            f"--max_seeds={most} is not the last of "
            f"--looks={','.join(map(str, looks))}. Leave one of them out."
        )
    return Looks(tuple(looks), comparisons, margin)
