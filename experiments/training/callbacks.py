"""`build_callbacks`: the run's Keras callbacks, in the required order."""

import math
import time

import keras

from experiments.errors import TrainingFailed
from experiments.history import best_row, choose_column
from experiments.plots.curves import write_run_curves
from experiments.run_folder import EMA_FIELDS, SELECTION_FIELDS
from experiments.runtime.interruption import Request
from experiments.runtime.workers import STEPS_TO_AGREE, Agreement
from experiments.training.checkpoints import restore_metrics
from experiments.training.console import Bar, EpochLines, Report
from experiments.training.evaluations import BestWeights, Evaluation
from experiments.training.optimizers import compute_learning_rates
from experiments.training.timing import Speed, Throttle


def build_callbacks(session, request, tracking, report=None):
    """The Keras callbacks of a run, in the required order.

    Evaluations come before `History`, which writes what they add to the logs;
    `BestWeights` and `Tracked`, which read its rows, come after it.

    Args:
        session: Its `experiments.training.session.Session`.
        request: An `interruption.Request`.
        tracking: A `Tracking` that follows.
        report: Function of an `experiments.runtime.screen.RunProgress`; None
            shows a bar instead.
    """
    experiment, folder = session.spec.experiment, session.spec.folder
    worker, every_steps = session.spec.worker, experiment.checkpoint.every_steps
    draws = session.spec.plots and worker.is_chief
    agreements, looks_each = [], None
    if worker.count > 1:
        agreements, looks_each = [Agreement(request)], STEPS_TO_AGREE
        request = agreements[0].agreed
    bests = []
    if session.data.selection is not None:
        bests = [BestWeights(folder, session.rows, experiment.early_stop)]
    rates = compute_learning_rates(
        experiment.optimizer, experiment.epochs, session.steps_per_epoch
    )
    return [
        *agreements,
        StopOnNonFiniteLoss(
            session.spec.name,
            session.first_step,
            every_steps,
            request,
            looks_each,
        ),
        Speed(session.waiting, experiment.data.batch_size),
        *_build_evaluations(session),
        Bar(experiment.epochs)
        if report is None
        else Report(report, experiment.epochs, experiment.data.batch_size),
        EpochLines(experiment.epochs),
        History(folder, session.rows, rates),
        *bests,
        Checkpoints(
            session.save_checkpoint,
            session.steps_per_epoch,
            every_steps,
            session.state,
            request,
        ),
        *([Plots(folder, session.background.do)] if draws else []),
        Tracked(tracking),
    ]


def _build_evaluations(session):
    """Yields evaluations besides that of the last weights on val images."""
    if session.data.selection is not None:
        batches = session.eval_batches(session.data.selection)
        yield Evaluation(batches, SELECTION_FIELDS, "selection_")
    if session.trainer.averages:
        batches = session.eval_batches(session.data.val)
        yield Evaluation(batches, EMA_FIELDS, "ema_val_", averaged=True)


class History(keras.callbacks.Callback):
    """Writes history.csv and metrics.json after each epoch.

    The final epoch and the best one are both reported. Without held-out
    images the best epoch is picked on the val images that it is measured on.
    That flatters it: compare experiments by their final epochs then. Epochs
    count from 0.

    Args:
        folder: The `RunFolder`.
        rows: Rows of history.csv that earlier sessions of this run wrote.
        learning_rates: The rate of each epoch's first step.
    """

    def __init__(self, folder, rows, learning_rates):
        super().__init__()
        self.folder = folder
        self.rows = rows
        self.learning_rates = learning_rates

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        row = {
            "epoch": epoch,
            **{key: float(value) for key, value in logs.items()},
            "learning_rate": self.learning_rates[epoch],
            "seconds": round(time.perf_counter() - self.started, 3),
        }
        self.rows.append(row)
        self.folder.write_history(self.rows)
        self.folder.write_json(
            "metrics.json",
            summarize(self.rows, "running", len(self.learning_rates)),
        )


def summarize(rows, status, epochs, error=None):
    """The content of metrics.json."""
    return {
        "status": status,
        "error": error,
        "epochs": epochs,
        "epochs_done": len(rows),
        "final": rows[-1] if rows else None,
        "best": best_row(rows),
        "best_selected_on": choose_column(rows).removesuffix("_accuracy"),
    }


class Checkpoints(keras.callbacks.Callback):
    """Saves the run after each epoch, every so many steps, and at its end.

    Args:
        save: Function of the step, which writes a checkpoint.
        steps_per_epoch: Batches in a whole epoch.
        every_steps: Save also after each multiple of this; None for never.
        resumed: Arrays of the checkpoint that this run goes on from, or None.
        request: An `interruption.Request` to save and stop.
    """

    def __init__(self, save, steps_per_epoch, every_steps, resumed, request):
        super().__init__()
        self.save = save
        self.steps_per_epoch = steps_per_epoch
        self.every_steps = every_steps
        self.resumed = resumed
        self.request = request
        self.step = int(resumed["step"]) if resumed else 0

    def on_epoch_begin(self, epoch, logs=None):
        self.began = self.step
        # Keras has just reset the metrics. The second part of an epoch goes
        # on with the metrics of its first part.
        if self.step % self.steps_per_epoch:
            restore_metrics(self.model, self.resumed)

    def on_train_batch_end(self, batch, logs=None):
        self.step = self.began + batch + 1
        # The checkpoint of an epoch's last step comes after its validation.
        if self.step % self.steps_per_epoch == 0:
            return
        is_due = self.every_steps and self.step % self.every_steps == 0
        if is_due or self.request.signal is not None:
            self.save(self.step)
        self.request.obey()

    def on_epoch_end(self, epoch, logs=None):
        self.save(self.step)
        self.request.obey()


class StopOnNonFiniteLoss(keras.callbacks.Callback):
    """Raises `TrainingFailed` at the first step whose loss is no number.

    Losses are read once a second, not at each step: reading one makes the
    host wait until the device has caught up.

    Args:
        name: Name of the run, for the message.
        first_step: Steps trained in earlier sessions.
        every_steps: Losses are read after each multiple of this, too, so that
            no checkpoint holds weights that are no numbers; None for never.
        request: An `interruption.Request`, before which losses are read, too.
        looks_each: Losses are read after so many batches instead, if several
            hosts are to stop at the same one.
    """

    def __init__(
        self,
        name,
        first_step,
        every_steps=None,
        request=None,
        looks_each=None,
    ):
        super().__init__()
        self.name = name
        self.step = first_step
        self.every_steps = every_steps
        self.request = request or Request()
        self.looks_each = looks_each
        self.unread = []
        self.throttle = Throttle()

    def on_epoch_begin(self, epoch, logs=None):
        self.began = self.step

    def on_train_batch_end(self, batch, logs=None):
        self.step = self.began + batch + 1
        # The loss is the epoch's mean so far: a single NaN stays in it.
        self.unread.append((self.step, logs["loss"]))
        is_saved = self.every_steps and self.step % self.every_steps == 0
        is_saved = is_saved or self.request.signal is not None
        if self.looks_each:
            is_due = len(self.unread) == self.looks_each
        else:
            is_due = self.throttle.is_due()
        if is_saved or is_due:
            self._read()

    def on_epoch_end(self, epoch, logs=None):
        self._read()

    def _read(self):
        unread, self.unread = self.unread, []
        for step, loss in unread:
            loss = float(loss)
            if not math.isfinite(loss):
                raise TrainingFailed(
                    f"{self.name}: the loss is {loss} at step {step}; "
                    "a lower optimizer.learning_rate may help"
                )


class Plots(keras.callbacks.Callback):
    """Draws the curves in plots/ after epochs, no more often than needed.

    Args:
        folder: The `RunFolder`.
        do: Function that calls a function, such as `Background.do`.
        seconds: Least time between two drawings.
    """

    def __init__(self, folder, do, seconds=60):
        super().__init__()
        self.folder = folder
        self.do = do
        self.seconds = seconds
        self.drawn = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        if time.monotonic() - self.drawn >= self.seconds:
            self.do(write_run_curves, self.folder)
            self.drawn = time.monotonic()


class Tracked(keras.callbacks.Callback):
    """Has a `Tracking` follow after each epoch."""

    def __init__(self, tracking):
        super().__init__()
        self.tracking = tracking

    def on_train_begin(self, logs=None):
        self.tracking.follow()

    def on_epoch_end(self, epoch, logs=None):
        self.tracking.follow()
