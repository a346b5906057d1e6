"""The files of one run, WORKDIR/EXPERIMENT/seed_N/."""

import csv
import json
from pathlib import Path

from experiments.configs.schema import as_json, differences
from experiments.errors import ConfigError
from pipelines.files.replacing import replacing

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


class RunFolder:
    """Reads and writes the files of a run; each write is all or nothing.

    Args:
        path: The folder; made when something is first written.
    """

    def __init__(self, path):
        self.path = Path(path)

    @classmethod
    def of(cls, workdir, experiment, seed):
        return cls(Path(workdir) / experiment.name / f"seed_{seed}")

    def __truediv__(self, name):
        return self.path / name

    def claim(self, experiment):
        """Writes config.json, or checks that it is this experiment's.

        Raises:
            ConfigError: names the first field that differs.
        """
        wanted = as_json(experiment)
        if (self / "config.json").is_file():
            different = differences(self.read_json("config.json"), wanted)
            if different:
                field, there, here = different[0]
                raise ConfigError(
                    f"{self.path} belongs to another config: {field} is "
                    f"{there!r} there and {here!r} here. Choose another "
                    "--workdir, or remove that folder."
                )
        else:
            self.write_json("config.json", wanted)

    def read_json(self, name):
        return json.loads((self / name).read_text())

    def write_json(self, name, content):
        self.replace(
            name,
            lambda path: path.write_text(json.dumps(content, indent=2) + "\n"),
        )

    def replace(self, name, write):
        """Calls `write(path)` on a new file that then takes name's place.

        Raises:
            ConfigError: if the file cannot be written, and why.
        """
        try:
            with replacing(self / name) as temporary:
                write(temporary)
        except OSError as error:
            raise ConfigError(
                f"cannot write {self / name}: {error.strerror or error}. Free "
                "some space or choose another --workdir."
            ) from error

    def metrics(self):
        """metrics.json, or None before the first epoch has ended."""
        return self._read_if_there("metrics.json")

    def data(self):
        """data.json, or None in runs of earlier versions."""
        return self._read_if_there("data.json")

    def _read_if_there(self, name):
        return self.read_json(name) if (self / name).is_file() else None

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
