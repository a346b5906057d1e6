"""The files of one run, WORKDIR/EXPERIMENT/seed_N/."""

import contextlib
import csv
import hashlib
import math
from pathlib import Path

from experiments.configs.schema import as_json, completed
from experiments.errors import ConfigError
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
# Those that are not the same twice.
SPEED_FIELDS = ("images_per_second", "waiting", "host_gib", "device_gib")
TIMES = ("seconds", *SPEED_FIELDS)
# Further columns of runs that hold out images for picking the best epoch, and
# of those that average their weights.
SELECTION_FIELDS = ("selection_loss", "selection_accuracy")
EMA_FIELDS = ("ema_val_loss", "ema_val_accuracy", "ema_val_top5_accuracy")
# The network of the last epoch, and of the best one on held-out images.
LAST, BEST = "model.keras", "best.keras"
# That of the averaged weights.
EMA = "ema.keras"
# Which of them is judged.
JUDGED = {"last": LAST, "best": BEST, "ema": EMA}
# What a run goes on from, and what it does if that one is damaged.
CHECKPOINTS = "checkpoint.npz", "checkpoint_before.npz"
# What is made at a run's end and must stay as it is.
_RESULTS = ("predictions.npz", LAST, BEST, EMA)
# What is in files that are read for more than showing it: type, and that of
# what is in it.
_KINDS = {
    **dict.fromkeys(("name", "status", "precision", "device"), (str,)),
    **dict.fromkeys(("augment_on", "onednn", "git_revision"), (str,)),
    **dict.fromkeys(("python", "platform", "train", "val"), (str,)),
    **dict.fromkeys(("epochs", "epochs_done", "steps_per_epoch"), (int,)),
    **dict.fromkeys(("replicas", "workers", "threads", "seed"), (int,)),
    **dict.fromkeys(("final", "best"), (dict,)),
    **dict.fromkeys(("tensorboard", "mlflow", "wandb"), (dict,)),
    **dict.fromkeys(("packages", "fingerprints", "files"), (dict, str)),
    "splits": (dict, dict),
    **dict.fromkeys(("class_names", "notes", "overlaps"), (list, str)),
    "devices": (list, str),
    "earlier_parts": (list, dict),
}
_MAY_BE_NONE = ("final", "best", "git_revision")
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
                or place of augmentation. More epochs it may have, finished or
                not, where the first ones would not have been others.

        Raises:
            ConfigError: names the first field that differs.
        """
        there = self.read_json("config.json")
        if there is None:
            return
        wanted = config_of(experiment, seed)
        there = _completed(there, seed)
        changed = {field for field, *_ in compare_configs(there, wanted)}
        mend = None
        if changed == {"epochs"} and experiment.epochs > (
            there.get("epochs") or math.inf
        ):
            mend = _why_length_matters(experiment)
            if mend is None:
                return
            mend = f"That cannot be longer, as {mend}. {self.if_claimed}"
        elif changed <= _MAY_MOVE and not self.is_finished():
            mend = "Set it as it was, pass --allow_moved, use another --workdir"
            there = wanted if moved else there
        self.check_claim(there, wanted, mend=mend)

    def claim(self, experiment, seed, moved=False):
        """`check`, and writes config.json.

        The seed stands in it beside the config: a folder may be renamed.
        """
        self.check(experiment, seed, moved)
        there = self.read_json("config.json")
        metrics = self.metrics()
        if metrics and there and there.get("epochs") != experiment.epochs:
            # Before the config has more epochs than the run that is finished.
            self.write_json("metrics.json", metrics | {"status": "running"})
        if there is None or there != config_of(experiment, seed):
            self.write_json("config.json", config_of(experiment, seed))

    def check_data(self, fingerprints):
        """Checks that what is here was trained and judged on these images.

        Runs of earlier versions do not say on which they were.

        Args:
            fingerprints: See `pipelines.loading.compute_fingerprints`.

        Raises:
            ConfigError: names the split that is of other images.
        """
        there = (self.data() or {}).get("fingerprints")
        if there is not None:
            # What no split holds changes nothing.
            here = fingerprints | {"data_set": there["data_set"]}
            self.check_claim(there, here, "data set")

    def read_json(self, name):
        content = super().read_json(name)
        field = foreign_field(content or {})
        if field is not None:
            raise ConfigError(
                f"cannot read {self / name}: its {field} is none of this "
                "program. Mend or remove it."
            )
        return content

    @contextlib.contextmanager
    def locked(self):
        """No other process trains this run meanwhile.

        Raises:
            ConfigError: if one does, and which.
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
        """{name: digest} of the files that a finished run has made."""
        return {
            name: _sha256(self / name)[:32]
            for name in _RESULTS
            if (self / name).is_file()
        }

    def changed_results(self):
        """Names of results that are not what the finished run has written.

        Runs of earlier versions do not say what that was.
        """
        there = (self.metrics() or {}).get("files")
        if not isinstance(there, dict):
            return []
        here = self.digests()
        return [name for name in there if here.get(name) != there[name]]

    def model_file(self):
        """Name of the network that is judged, in a finished run."""
        config = self.read_json("config.json") or {}
        return JUDGED[config.get("judged", "last")]

    def model_digest(self):
        """{"file", "sha256"} of that network."""
        name = self.model_file()
        return {"file": name, "sha256": _sha256(self / name)}

    def metrics(self):
        """metrics.json, or None before the first epoch has ended."""
        return self.read_json("metrics.json")

    def data(self):
        """data.json, or None in runs of earlier versions."""
        return self.read_json("data.json")

    def is_shorter(self, experiment):
        """Whether what is here was to have fewer epochs."""
        there = self.read_json("config.json") or {}
        return there.get("epochs", experiment.epochs) < experiment.epochs

    def is_val(self, fingerprint):
        """Whether it is judged on the images of this fingerprint."""
        known = (self.data() or {}).get("fingerprints", {})
        return fingerprint is not None and known.get("val") == fingerprint

    def is_finished(self):
        metrics = self.metrics()
        return metrics is not None and metrics.get("status") == "finished"

    def history(self):
        """The rows of history.csv: dictionaries of numbers.

        Raises:
            ValueError, TypeError: if it is damaged.
        """
        if not (self / "history.csv").is_file():
            return []
        with open(self / "history.csv", newline="") as file:
            return [
                {
                    key: int(value) if key == "epoch" else float(value)
                    for key, value in row.items()
                    # A column that is newer than the row.
                    if value != ""
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


def _why_length_matters(experiment):
    """Why a longer run is another one from its start; None if it is not."""
    if experiment.optimizer.schedule == "cosine":
        return "the cosine schedule depends on the number of epochs"
    if experiment.unmixed_epochs:
        return "unmixed_epochs counts from the last epoch"
    return None


def foreign_field(content):
    """A field of a JSON file that is not what this program writes, or None."""
    for field, value in content.items():
        kind, *inner = _KINDS.get(field, (object,))
        if value is None and field in _MAY_BE_NONE:
            continue
        if not isinstance(value, kind):
            return field
        values = value.values() if kind is dict else value
        if inner and not all(isinstance(each, inner[0]) for each in values):
            return field
    return None


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def config_of(experiment, seed):
    """What config.json says: the seed too, as a folder may be renamed."""
    return as_json(experiment) | {"seed": seed}


def of_another_run(there, config):
    """(field, old, new) that makes a checkpoint one of another run, or None.

    Args:
        there, config: As `config_of`, of the checkpoint and of the run.
    """
    return next(
        (
            found
            for found in compare_configs(_completed(there, None), config)
            if found[0] not in _MAY_MOVE | {"epochs"}
        ),
        None,
    )


def _completed(config, seed):
    """With the seed, which earlier versions had in the folder's name alone."""
    config = dict(config)
    its_seed = config.pop("seed", seed)
    return completed(config) | {"seed": its_seed}
