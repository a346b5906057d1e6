"""A study of a fixed number of seeds, compared once."""

from experiments.formatting import counted
from experiments.report import report
from experiments.report.design import Design, DesignFolder


class Fixed:
    """Trains every arm with every seed.

    Args:
        name: Of the study.
        experiments: `experiments.configs.schema.Experiment`s.
        seeds: Integers.
        workdir: Folder of the runs.
        store: Whether the number of seeds is stored, so that a page that is
            read before all runs are made can say so.
    """

    is_decided = True
    is_trying = False

    def __init__(self, name, experiments, *, seeds, workdir, store):
        arms = tuple(each.name for each in experiments)
        self.record = Design(name, arms, len(seeds))
        listed = ", ".join(map(str, seeds))
        self.title = f"{counted(len(arms), 'arm')}, seeds {listed}"
        # All arms of a seed before the next seed: stopped early, the study
        # can still be compared.
        self._runs = [(each, seed) for seed in seeds for each in experiments]
        # A single arm is no comparison.
        self._folder = None
        if store and len(arms) > 1:
            self._folder = DesignFolder.of(workdir, name)

    def list_rounds(self):
        """Yields the one list of all runs, (experiment, seed).

        Raises:
            ConfigError: if the study was begun with looks.
        """
        if self._folder is not None:
            self.record = self._folder.claim_seeds(*self.record[1:3])
        yield self._runs

    def write_report(self, folders, folder, title, **options):
        """Writes the page, see `experiments.report.report.write_report`."""
        designs = [self.record]
        return report.write_report(
            folders, folder, title, designs=designs, **options
        )
