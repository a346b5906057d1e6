"""Base class of the designs."""

from experiments.report import report


class StudyDesign:
    """The runs of a study, chosen as results come in.

    Args:
        name: Of the study.
        experiments: `experiments.configs.schema.Experiment`s, the reference
            first.
        seeds: Integers; no arm has others.
        workdir: Folder of the runs.

    Attributes:
        title: Arms and seeds, for the screen.
        preface: Begins the line on the screen before the study.
        record: `experiments.report.design.Design`, for the report.
        looks: `experiments.statistics.sequential.Looks`, or None.
        sweep: `experiments.designs.sweep.Sweep`, or None.
        is_trying: Whether the runs of a round are trials, which may diverge.
        is_decided: Whether the study can be reported.
    """

    preface = ""
    looks = None
    sweep = None
    is_trying = False
    is_decided = True

    def __init__(self, name, experiments, *, seeds, workdir):
        self.name = name
        self.experiments = list(experiments)
        self.seeds = list(seeds)
        self.workdir = workdir

    def claim(self):
        """Stores the design before the first run.

        Raises:
            ConfigError: if the study was begun with another design.
        """
        raise NotImplementedError

    def list_trials(self):
        """Lists trials before the study's runs, (experiment, seed)."""
        return []

    def list_rounds(self):
        """Yields the runs of each round, and goes on when they are trained.

        Yields:
            Lists of (experiment, seed).
        """
        # All arms of a seed before the next seed: stopped early, the study
        # can still be compared.
        yield [(each, seed) for seed in self.seeds for each in self.experiments]

    def write_report(self, folders, folder, title, **options):
        """Writes the pages, see `experiments.report.report.write_report`."""
        report.write_report(
            folders, folder, title, designs=[self.record], **options
        )
