"""The tools that can follow a run.

Their own Keras callbacks log an epoch as it ends. After a kill, an epoch that
is trained again would be logged twice, and a server that was away would never
get what it missed. So each tool here reads rows of history.csv instead.
"""

import importlib
import os
import secrets
import shutil
import time
from pathlib import PurePath

from experiments.errors import ConfigError
from pipelines.files.locking import file_lock

# Read when the packages are imported. A server that does not answer must not
# hold up training for minutes.
for _name, _value in {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_INIT_TIMEOUT": "30",
    "WANDB_FINISH_TIMEOUT": "60",
}.items():
    os.environ.setdefault(_name, _value)

# Names on the command line and in messages.
TOOLS = {
    "tensorboard": "TensorBoard",
    "mlflow": "MLflow",
    "wandb": "Weights & Biases",
}
DEFAULT = ("tensorboard",)
# Tools that keep files, such as reports.
KEEPERS = ("mlflow", "wandb")


def choose_tools(wanted):
    """Checks the names of tools that --log asks for.

    Args:
        wanted: List of names, or ["none"]; None: `DEFAULT`.

    Raises:
        ConfigError: if there is no such tool, or its package is missing.
    """
    if wanted is None:
        return DEFAULT
    if wanted == ["none"]:
        return ()
    for name in wanted:
        if name not in TOOLS:
            raise ConfigError(
                f"--log expects {', '.join(TOOLS)}, several with commas "
                f"between them, or none. Received: {name!r}."
            )
        try:
            if name in KEEPERS:
                importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise ConfigError(
                f"--log={name} needs {TOOLS[name]}: pip install -r "
                f"requirements-{name}.txt"
            ) from error
    return tuple(dict.fromkeys(wanted))


class TensorBoard:
    """A run in TensorBoard, in the folder logs/ of the run.

    Args:
        folder: The `RunFolder`.
        record: {"title", "group", "settings", "environment"} of the run.

    Attributes:
        place: Where the tool keeps the run, in words; None: in its folder.
    """

    place = None

    def __init__(self, folder, record):
        self.folder, self.logs, self.writers = folder, folder / "logs", {}

    def begin(self, identity):
        """Goes on with a run of the tool, or begins one.

        Args:
            identity: An earlier result, or None.

        Returns:
            The same if that run is still there, otherwise a new one.
        """
        self.is_new = identity is None or not any(
            self.logs.glob("train/events*")
        )
        if self.is_new:
            shutil.rmtree(self.logs, ignore_errors=True)
        return secrets.token_hex(4) if self.is_new else identity

    def add(self, rows):
        """Adds rows of history.csv."""
        import tensorflow as tf

        if not self.writers:
            self.writers = {
                part: tf.summary.create_file_writer(str(self.logs / part))
                for part in ("train", "validation")
            }
            path = self.folder / "plots/samples.png"
            if self.is_new and path.is_file():
                image = tf.io.decode_png(path.read_bytes(), 3)[tf.newaxis]
                with self.writers["train"].as_default():
                    tf.summary.image("augmented training images", image, 0)
        for row in rows:
            for name in row.keys() - {"epoch"}:
                part = "validation" if name.startswith("val_") else "train"
                with self.writers[part].as_default():
                    # As Keras's own callback calls them.
                    tag = f"epoch_{name.removeprefix('val_')}"
                    tf.summary.scalar(tag, row[name], row["epoch"])
        for writer in self.writers.values():
            writer.flush()

    def end(self, status, results, files):
        """Closes the run; see `Tracking.end`."""
        for writer in self.writers.values():
            writer.close()


class MLflow:
    """A run in MLflow, at MLFLOW_TRACKING_URI or below the workdir.

    MLflow's parameters never change: if a run goes on for more epochs, they
    stay what they were, and its file config.json has the new ones.
    """

    def __init__(self, folder, record):
        from mlflow import MlflowClient

        self.folder, self.record = folder, record
        # Of WORKDIR/EXPERIMENT/seed_N and WORKDIR/reports/STUDY alike.
        self.own = folder.path.resolve().parents[1] / "mlflow"
        store = f"sqlite:///{self.own / 'mlflow.db'}"
        self.store = os.environ.get("MLFLOW_TRACKING_URI", store)
        files = (self.own / "files").as_uri() if self.store == store else None
        # Two processes must not make one database or experiment.
        with file_lock(self.own / ".lock"):
            self.client = MlflowClient(self.store)
            name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "augment_tf")
            found = self.client.get_experiment_by_name(name)
            self.experiment = (
                found.experiment_id
                if found
                else self.client.create_experiment(name, files)
            )

    @property
    def place(self):
        return f"run {self.identity} in {self.store}"

    def begin(self, identity):
        from mlflow.entities import Param, RunTag

        self.identity = identity
        # Deleted runs are not found.
        if identity is None or not self.client.search_runs(
            [self.experiment], f"attributes.run_id = '{identity}'"
        ):
            run = self.client.create_run(
                self.experiment,
                run_name=self.record["title"],
                tags={"group": self.record["group"]},
            )
            self.identity = run.info.run_id
            settings = self.record["settings"].items()
            self._log(params=[Param(k, str(v)) for k, v in settings])
        environment = self.record["environment"].items()
        self._log(tags=[RunTag(k, str(v)) for k, v in environment])
        self.client.update_run(self.identity, status="RUNNING")
        return self.identity

    def add(self, rows):
        for row in rows:
            numbers = {k: row[k] for k in row if k != "epoch"}
            self._log_numbers(numbers, row["epoch"])

    def end(self, status, results, files):
        # A longer run has others later.
        self._log_numbers(results, results.get("epochs_done", 0))
        for name in files:
            parent = str(PurePath(name).parent).removeprefix(".")
            path = str(self.folder / name)
            self.client.log_artifact(self.identity, path, parent or None)
        states = {"finished": "FINISHED", "failed": "FAILED"}
        self.client.set_terminated(self.identity, states.get(status, "KILLED"))

    def _log_numbers(self, numbers, step):
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        self._log(metrics=[Metric(k, v, now, step) for k, v in numbers.items()])

    def _log(self, **content):
        ((kind, items),) = content.items()
        # A request takes so many parameters or tags.
        for start in range(0, len(items), 100):
            part = {kind: items[start : start + 100]}
            self.client.log_batch(self.identity, **part)


class WandB:
    """A run in Weights & Biases, as the variables WANDB_... say.

    What is not sent in time is in files, which `wandb sync` sends.
    """

    def __init__(self, folder, record):
        self.folder, self.record = folder, record

    @property
    def place(self):
        if self.run.offline:
            return f"run {self.run.id} in {self.run.settings.sync_dir}"
        return self.run.url

    def begin(self, identity):
        import wandb

        self.run = wandb.init(
            id=identity or secrets.token_hex(4),
            resume="allow",
            project=os.environ.get("WANDB_PROJECT", "augment_tf"),
            name=self.record["title"],
            group=self.record["group"],
            # Of WORKDIR/EXPERIMENT/seed_N and WORKDIR/reports/STUDY alike.
            dir=os.environ.get(
                "WANDB_DIR", self.folder.path.resolve().parents[1]
            ),
            settings=wandb.Settings(
                silent=True, console="off", finish_timeout_raises=True
            ),
        )
        self.run.config.update(
            self.record["settings"]
            | {"environment": self.record["environment"]},
            # If a run goes on for more epochs, or elsewhere.
            allow_val_change=True,
        )
        # Steps of its own count what is sent.
        self.run.define_metric("*", step_metric="epoch")
        return self.run.id

    def add(self, rows):
        for row in rows:
            self.run.log(row)

    def end(self, status, results, files):
        import wandb

        kinds = {".png": wandb.Image, ".html": wandb.Html}
        shown = {
            PurePath(name).stem: kinds[PurePath(name).suffix](
                str(self.folder / name)
            )
            for name in files
            if PurePath(name).suffix in kinds
        }
        if files:
            self.run.log(shown)
            kind = "report" if "index.html" in files else "run"
            artifact = wandb.Artifact(f"{kind}-{self.run.id}", kind)
            for name in files:
                artifact.add_file(str(self.folder / name), name)
            self.run.log_artifact(artifact)
        self.run.summary.update(results)
        self.run.finish(exit_code=0 if status == "finished" else 1)


CLASSES = {"tensorboard": TensorBoard, "mlflow": MLflow, "wandb": WandB}
