"""A run in Weights & Biases, as its variables WANDB_... say."""

import os
import secrets
from pathlib import PurePath

os.environ.setdefault("WANDB_ERROR_REPORTING", "false")

import wandb

# Seconds that training waits for a server; what is not sent by then is in
# files, which `wandb sync` sends.
_PATIENCE = {"init_timeout": 30, "finish_timeout": 60}


class Tool:
    """See `tensorboard_run.Tool`."""

    def __init__(self, folder, record):
        self.folder = folder
        self.record = record
        # Of WORKDIR/EXPERIMENT/seed_N and WORKDIR/reports/STUDY alike.
        self.workdir = folder.path.resolve().parents[1]

    @property
    def place(self):
        if self.run.offline:
            return f"run {self.run.id} in {self.run.settings.sync_dir}"
        return self.run.url

    def begin(self, identity):
        patience = {
            name: seconds
            for name, seconds in _PATIENCE.items()
            if f"WANDB_{name.upper()}" not in os.environ
        }
        self.run = wandb.init(
            id=identity or secrets.token_hex(4),
            resume="allow",
            project=os.environ.get("WANDB_PROJECT", "augment_tf"),
            name=self.record.title,
            group=self.record.group,
            dir=os.environ.get("WANDB_DIR", self.workdir),
            settings=wandb.Settings(
                silent=True,
                console="off",
                finish_timeout_raises=True,
                **patience,
            ),
        )
        self.run.config.update(
            self.record.settings | {"environment": self.record.surroundings},
            # Of a run that goes on for more epochs, or elsewhere.
            allow_val_change=True,
        )
        # Steps of its own count what is sent.
        self.run.define_metric("*", step_metric="epoch")
        return self.run.id

    def add(self, rows):
        for row in rows:
            self.run.log(row)

    def end(self, status, results, files):
        pictures = {
            PurePath(name).stem: wandb.Image(str(self.folder / name))
            for name in files
            if name.endswith(".png")
        }
        pages = {
            PurePath(name).stem: wandb.Html(str(self.folder / name))
            for name in files
            if name.endswith(".html")
        }
        if files:
            self.run.log(pictures | pages)
            kind = "report" if pages else "run"
            artifact = wandb.Artifact(f"{kind}-{self.run.id}", kind)
            for name in files:
                artifact.add_file(str(self.folder / name), name)
            self.run.log_artifact(artifact)
        self.run.summary.update(results)
        self.run.finish(exit_code=0 if status == "finished" else 1)
