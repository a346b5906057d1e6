"""A study of a fixed number of seeds, compared once."""

from experiments.designs.base import StudyDesign
from experiments.formatting import counted
from experiments.report.design import Design, DesignFolder


class Fixed(StudyDesign):
    """Trains every arm with every seed."""

    def __init__(self, name, experiments, *, seeds, workdir):
        super().__init__(name, experiments, seeds=seeds, workdir=workdir)
        arms = tuple(each.name for each in self.experiments)
        self.record = Design(name, arms, len(self.seeds))
        listed = ", ".join(map(str, self.seeds))
        self.title = f"{counted(len(arms), 'arm')}, seeds {listed}"

    def claim(self):
        # A single arm is no comparison.
        if len(self.experiments) > 1:
            folder = DesignFolder.of(self.workdir, self.name)
            self.record = folder.claim_seeds(*self.record[1:3])
