"""The files of one run, WORKDIR/EXPERIMENT/seed_N/."""

import contextlib
import csv
import hashlib
from pathlib import Path

from experiments.configs.schema import as_json
from experiments.errors import ConfigError
from experiments.records import RECORDS, find_wrong_type
from pipelines.config import compare_configs
from pipelines.files.claimed_folder import ClaimedFolder
from pipelines.files.locking import Held, NoLocks, file_lock

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
# Columns that are not the same twice.
SPEED_FIELDS = ("images_per_second", "waiting", "host_gib", "device_gib")
TIMES = ("seconds", *SPEED_FIELDS)
# Further columns of runs that hold out images to pick the best epoch, and of
# runs that average their weights.
SELECTION_FIELDS = ("selection_loss", "selection_accuracy")
EMA_FIELDS = ("ema_val_loss", "ema_val_accuracy", "ema_val_top5_accuracy")
# Networks: of the last epoch, of the best epoch on held-out images, and of the
# averaged weights.
LAST, BEST, EMA = "model.keras", "best.keras", "ema.keras"
# The network that is compared with others, by the field of the config.
JUDGED = {"last": LAST, "best": BEST, "ema": EMA}
# A run goes on from the first, or from the second if the first is damaged.
CHECKPOINTS = "checkpoint.npz", "checkpoint_before.npz"
# Files of a finished run that must not change.
_RESULTS = ("predictions.npz", LAST, BEST, EMA)
# Figures on changed images, if they were computed.
ROBUSTNESS = "robustness.json"
# Attribution maps of some val images and their figures, if they were computed.
EXPLANATIONS, EXPLAINED_MAPS = "explanations.json", "explanations.npz"
# Training images as the arms' previews begin with, if a page may show them.
PREVIEWS = "previews.npz"
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

    def check_config(self, experiment, seed, may_move=False):
        """Refuses a folder of another experiment or seed.

        A run may become longer if its first epochs stay the same, whether it
        is finished or not.

        Args:
            experiment, seed: The run that is to be written into this folder.
            may_move: Whether the precision and the place of augmentation may
                change.

        Raises:
            ConfigError: names the first field that differs.
        """
        there = self.read_json("config.json")
        if there is None:
            return
        wanted = build_config(experiment, seed)
        changed = {field for field, *_ in compare_configs(there, wanted)}
        mend = None
        if changed == {"epochs"} and self.is_shorter(experiment):
            reason = _explain_fixed_length(experiment)
            if reason is None:
                return
            mend = f"That cannot be longer, as {reason}. {self.if_claimed}"
        elif changed <= _MAY_MOVE and not self.is_finished():
            if may_move:
                return
            mend = "Set it as it was, pass --allow_moved, use another --workdir"
        self.check_claim(there, wanted, mend=mend)

    def check_data(self, fingerprints):
        """Refuses a folder whose run was trained or evaluated on other images.

        Args:
            fingerprints: See `pipelines.loading.compute_fingerprints`.

        Raises:
            ConfigError: names the split that has other images.
        """
        data = self.data()
        if data is not None:
            # Images that are in no split change nothing.
            before, now = (
                {key: each[key] for key in each if key != "data_set"}
                for each in (data.get("fingerprints") or {}, fingerprints)
            )
            self.check_claim(before, now, "data set")

    def claim(self, experiment, seed):
        """Writes config.json, after `check_config`.

        The seed stands in it beside the config: a folder may be renamed.
        """
        metrics = self.metrics()
        if metrics and self.is_shorter(experiment):
            # Before the config has more epochs than the run that is finished.
            self.write_json("metrics.json", metrics | {"status": "running"})
        config = build_config(experiment, seed)
        if self.read_json("config.json") != config:
            self.write_json("config.json", config)

    def read_json(self, name):
        content = super().read_json(name)
        if content is None or name not in RECORDS:
            return content
        if fault := find_wrong_type(content, RECORDS[name]):
            raise ConfigError(
                f"cannot read {self / name}: {fault}. Mend or remove it."
            )
        return content

    @contextlib.contextmanager
    def locked(self):
        """Keeps other processes from training this run inside the context.

        Raises:
            ConfigError: names the process that trains it already.
        """
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(file_lock(self / ".lock", wait=False))
            except Held as error:
                raise ConfigError(
                    f"{self.path} is being trained by another process "
                    f"({error}). Wait until it has ended, or choose another "
                    "--workdir."
                ) from error
            except NoLocks:
                print(
                    f"  note      {self.path} cannot be locked: see to it that "
                    "no other process trains this run",
                    flush=True,
                )
            except OSError as error:
                raise ConfigError(
                    f"cannot write {self.path}: {error.strerror or error}. "
                    f"{self.if_full}"
                ) from error
            yield

    def digests(self):
        """{name: digest} of the results of a finished run."""
        return {
            name: _sha256(self / name)[:32]
            for name in _RESULTS
            if (self / name).is_file()
        }

    def changed_results(self):
        """Names of results that have changed since the run was finished."""
        written = (self.metrics() or {}).get("files", {})
        digests = self.digests()
        return [n for n in written if digests.get(n) != written[n]]

    def model_file(self):
        """Name of the saved network that is compared with others."""
        config = self.read_json("config.json") or {}
        return JUDGED[config.get("judged", "last")]

    def model_digest(self):
        """{"file", "sha256"} of `model_file`."""
        name = self.model_file()
        return {"file": name, "sha256": _sha256(self / name)}

    def metrics(self):
        """metrics.json, or None before the first epoch has ended."""
        return self.read_json("metrics.json")

    def data(self):
        """data.json, or None before the run has begun."""
        return self.read_json("data.json")

    def is_shorter(self, experiment):
        """True if the run of this folder has fewer epochs than `experiment`."""
        there = self.read_json("config.json") or {}
        return there.get("epochs", experiment.epochs) < experiment.epochs

    def is_val(self, fingerprint):
        """True if the val images of the run have this fingerprint."""
        known = (self.data() or {}).get("fingerprints", {})
        return fingerprint is not None and known.get("val") == fingerprint

    def has_added(self, name, **fields):
        """Tells if a JSON file was added for the network and images of the run.

        Args:
            name: Of a file with "model", "images" and more.
            **fields: Further fields, as the file must have them.
        """
        stored = self.read_json(name) or {}
        images = stored.get("images")
        return (
            isinstance(images, dict)
            and self.is_val(images.get("fingerprint"))
            and all(stored.get(key) == fields[key] for key in fields)
            and stored.get("model") == self.model_digest()
        )

    def status(self):
        """For example "failed"; None before the first epoch has ended."""
        return (self.metrics() or {}).get("status")

    def is_finished(self):
        return self.status() == "finished"

    def history(self):
        """Reads the rows of history.csv: dictionaries of numbers.

        Raises:
            ValueError, TypeError: if it is damaged.
        """
        if not (self / "history.csv").is_file():
            return []
        # Spreadsheets write a byte-order mark.
        path = self / "history.csv"
        with open(path, newline="", encoding="utf-8-sig") as file:
            return [
                {
                    key: int(value) if key == "epoch" else float(value)
                    for key, value in row.items()
                    # Empty if another machine did not measure it.
                    if value != ""
                }
                for row in csv.DictReader(file)
            ]

    def write_plot(self, name, figure):
        """Writes plots/NAME.png.

        Args:
            name: Name without an ending.
            figure: A matplotlib `Figure`.
        """
        self.replace(f"plots/{name}.png", figure.savefig)

    def write_history(self, rows):
        def write(path):
            there = {name for row in rows for name in row}
            further = SELECTION_FIELDS + EMA_FIELDS + SPEED_FIELDS
            fields = [
                *HISTORY_FIELDS,
                *(name for name in further if name in there),
            ]
            with open(path, "w", newline="") as file:
                writer = csv.DictWriter(file, fields)
                writer.writeheader()
                writer.writerows(rows)

        self.replace("history.csv", write)


def _explain_fixed_length(experiment):
    """Tells why more epochs would change the first ones, or returns None."""
    if experiment.optimizer.schedule == "cosine":
        return "the cosine schedule depends on the number of epochs"
    if experiment.unmixed_epochs:
        return "unmixed_epochs counts from the last epoch"
    return None


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def build_config(experiment, seed):
    """The content of config.json: the config and the seed."""
    return as_json(experiment) | {"seed": seed}


def locate_difference(there, config):
    """(field, old, new) that makes a checkpoint one of another run, or None.

    Args:
        there, config: As `build_config` returns them, of the checkpoint and of
            the run.
    """
    return next(
        (
            change
            for change in compare_configs(there, config)
            if change[0] not in _MAY_MOVE | {"epochs"}
        ),
        None,
    )


class OutFolder(ClaimedFolder):
    """Writes the files that `--out` names."""

    error = ConfigError
    if_full = "Free some space or choose another --out."
