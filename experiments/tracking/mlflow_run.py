"""A run in MLflow, where MLFLOW_TRACKING_URI says or below the workdir."""

import os
import time
from pathlib import PurePath

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
# A server that does not answer is not to hold up training for minutes.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from pipelines.files.locking import file_lock

_STATUS = {"finished": "FINISHED", "failed": "FAILED"}
# So many metrics, parameters or tags go into one request.
_MOST_METRICS, _MOST = 1000, 100


class Tool:
    """See `tensorboard_run.Tool`.

    MLflow's parameters never change: those of a run that goes on for more
    epochs stay what they were, and its file config.json has the new ones.
    """

    def __init__(self, folder, record):
        self.folder = folder
        self.record = record
        # Of WORKDIR/EXPERIMENT/seed_N and WORKDIR/reports/STUDY alike.
        self.own_folder = folder.path.resolve().parents[1] / "mlflow"
        own = f"sqlite:///{self.own_folder / 'mlflow.db'}"
        self.store = os.environ.get("MLFLOW_TRACKING_URI", own)
        self.is_own = self.store == own

    @property
    def place(self):
        return f"run {self.identity} in {self.store}"

    def begin(self, identity):
        # Two processes must not make one database or experiment.
        with file_lock(self.own_folder / ".lock"):
            self.client = MlflowClient(self.store)
            is_new = identity is None or not self._is_there(identity)
            if is_new:
                identity = self._make()
        self.identity = identity
        if is_new:
            settings = self.record.settings.items()
            self._log(_MOST, params=[Param(k, str(v)) for k, v in settings])
        self._log(
            _MOST,
            tags=[
                RunTag(name, str(value))
                for name, value in self.record.surroundings.items()
            ],
        )
        self.client.update_run(identity, status="RUNNING")
        return identity

    def _is_there(self, identity):
        try:
            info = self.client.get_run(identity).info
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return False
        return info.lifecycle_stage == "active"

    def _make(self):
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "augment_tf")
        found = self.client.get_experiment_by_name(name)
        if found is not None:
            experiment = found.experiment_id
        else:
            files = (self.own_folder / "files").as_uri()
            experiment = self.client.create_experiment(
                name, artifact_location=files if self.is_own else None
            )
        run = self.client.create_run(
            experiment,
            run_name=self.record.title,
            tags={"group": self.record.group},
        )
        return run.info.run_id

    def add(self, rows):
        self._log_numbers(
            (name, row[name], row["epoch"])
            for row in rows
            for name in row.keys() - {"epoch"}
        )

    def end(self, status, results, files):
        # A longer run has others later.
        step = results.get("epochs_done", 0)
        self._log_numbers((name, v, step) for name, v in results.items())
        for name in files:
            parent = str(PurePath(name).parent)
            self.client.log_artifact(
                self.identity,
                str(self.folder / name),
                None if parent == "." else parent,
            )
        self.client.set_terminated(self.identity, _STATUS.get(status, "KILLED"))

    def _log_numbers(self, numbers):
        now = int(1000 * time.time())
        self._log(
            _MOST_METRICS,
            metrics=[Metric(name, v, now, step) for name, v, step in numbers],
        )

    def _log(self, most, **content):
        ((kind, items),) = content.items()
        for start in range(0, len(items), most):
            part = {kind: items[start : start + most]}
            self.client.log_batch(self.identity, **part)
