"""The files of one run, WORKDIR/EXPERIMENT/seed_N/."""

import csv
import hashlib
from pathlib import Path

from experiments.configs.schema import as_json, completed
from experiments.errors import ConfigError
from pipelines.config_differences import differences
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
# The network of the best epoch on these images.
BEST = "best.keras"
# What the network makes of changed images, once that has been asked.
ROBUSTNESS = "robustness.json"
# Where it sees the classes of some val images, and what that is worth.
EXPLANATIONS, EXPLAINED_MAPS = "explanations.json", "explanations.npz"
# Fields of a config that may have to change with the machine.
_MAY_MOVE = {"precision", "data.augment_on"}


class RunFolder(ClaimedFolder):
    """Reads and writes the files of a run."""

    error = ConfigError
    if_full = "Free some space or choose another --workdir."
    if_claimed = "Choose another --workdir"

    @classmethod
    def of(cls, workdir, experiment, seed):
        return cls(Path(workdir) / experiment.name / f"seed_{seed}")

    def check(self, experiment, seed, moved=False):
        """Checks that what is here, if anything, is of this experiment.

        Args:
            experiment, seed: Of the run that is to be written here.
            moved: Whether an unfinished run may go on with another precision
                or place of augmentation.

        Raises:
            ConfigError: names the first field that differs.
        """
        there = self.read_json("config.json")
        if there is None:
            return
        wanted = _config(experiment, seed)
        # Earlier versions had it in the folder's name alone.
        its_seed = there.pop("seed", seed)
        there = completed(there) | {"seed": its_seed}
        changed = {field for field, *_ in differences(there, wanted)}
        mend = None
        if changed <= _MAY_MOVE and not self.is_finished():
            mend = "Set it as it was, pass --allow_moved, use another --workdir"
            there = wanted if moved else there
        self.check_claim(there, wanted, mend=mend)

    def claim(self, experiment, seed, moved=False):
        """`check`, and writes config.json.

        The seed stands in it beside the config: a folder may be renamed.
        """
        self.check(experiment, seed, moved)
        if moved or self.read_json("config.json") is None:
            self.write_json("config.json", _config(experiment, seed))

    def check_data(self, fingerprints):
        """Checks that what is here was trained and judged on these images.

        Runs of earlier versions do not say on which they were.

        Args:
            fingerprints: See `pipelines.loading.fingerprints_of`.

        Raises:
            ConfigError: names the split that is of other images.
        """
        there = (self.data() or {}).get("fingerprints")
        if there is not None:
            # What no split holds changes nothing.
            here = fingerprints | {"data_set": there["data_set"]}
            self.check_claim(there, here, "data set")

    def model_file(self):
        """Name of the network that is judged, in a finished run."""
        config = self.read_json("config.json") or {}
        return BEST if config.get("judged") == "best" else "model.keras"

    def model_digest(self):
        """{"file", "sha256"} of that network."""
        name = self.model_file()
        with open(self / name, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"file": name, "sha256": digest}

    def metrics(self):
        """metrics.json, or None before the first epoch has ended."""
        return self.read_json("metrics.json")

    def data(self):
        """data.json, or None in runs of earlier versions."""
        return self.read_json("data.json")

    def is_val(self, fingerprint):
        """Whether it is judged on the images of this fingerprint."""
        known = (self.data() or {}).get("fingerprints", {})
        return fingerprint is not None and known.get("val") == fingerprint

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

    def write_plot(self, name, figure):
        """Writes plots/NAME.png, and plots/NAME.svg for print.

        Args:
            name: Without its ending.
            figure: A matplotlib `Figure`.
        """
        self.replace(f"plots/{name}.png", figure.savefig)
        # Laid out once is enough.
        figure.set_layout_engine("none")
        self.replace(
            f"plots/{name}.svg",
            lambda path: figure.savefig(path, metadata={"Date": None}),
        )

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


def _config(experiment, seed):
    return as_json(experiment) | {"seed": seed}
