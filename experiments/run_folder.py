"""The files of one run, WORKDIR/EXPERIMENT/seed_N/."""

import csv
from pathlib import Path

from experiments.configs.schema import as_json
from experiments.errors import ConfigError
from pipelines.files.claimed_folder import ClaimedFolder

HISTORY_FIELDS = (
    "epoch",
    "loss",
    "accuracy",
    "top5_accuracy",
    "val_loss",
    "val_accuracy",
    "val_top5_accuracy",
    "learning_rate",
    "seconds",
)
# Further columns of runs that hold out images for picking the best epoch.
SELECTION_FIELDS = ("selection_loss", "selection_accuracy")


class RunFolder(ClaimedFolder):
    """Reads and writes the files of a run."""

    error = ConfigError
    if_full = "Free some space or choose another --workdir."
    if_claimed = "Choose another --workdir"

    @classmethod
    def of(cls, workdir, experiment, seed):
        return cls(Path(workdir) / experiment.name / f"seed_{seed}")

    def check(self, experiment, seed):
        """Checks that config.json, if there is one, is this experiment's.

        Raises:
            ConfigError: names the first field that differs.
        """
        there = self.read_json("config.json")
        if there is not None:
            # Earlier versions had it in the folder's name alone.
            there.setdefault("seed", seed)
            self.check_claim(there, _claimed(experiment, seed))

    def claim(self, experiment, seed):
        """`check`, and writes config.json where there is none.

        The seed stands in it beside the config: a folder may be renamed.
        """
        self.check(experiment, seed)
        if self.read_json("config.json") is None:
            self.write_json("config.json", _claimed(experiment, seed))

    def metrics(self):
        """metrics.json, or None before the first epoch has ended."""
        return self.read_json("metrics.json")

    def data(self):
        """data.json, or None in runs of earlier versions."""
        return self.read_json("data.json")

    def is_finished(self):
        metrics = self.metrics()
        return metrics is not None and metrics["status"] == "finished"

    def history(self):
        """The rows of history.csv: dictionaries of numbers."""
        if not (self / "history.csv").is_file():
            return []
        with open(self / "history.csv", newline="") as file:
            return [
                {
                    key: int(value) if key == "epoch" else float(value)
                    for key, value in row.items()
                }
                for row in csv.DictReader(file)
            ]

    def write_history(self, rows):
        def write(path):
            fields = HISTORY_FIELDS
            if rows and SELECTION_FIELDS[0] in rows[0]:
                fields += SELECTION_FIELDS
            with open(path, "w", newline="") as file:
                writer = csv.DictWriter(file, fields)
                writer.writeheader()
                writer.writerows(rows)

        self.replace("history.csv", write)


def _claimed(experiment, seed):
    return as_json(experiment) | {"seed": seed}
