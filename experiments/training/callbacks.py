"""Keras callbacks that write a run's files while it trains."""

import contextlib
import math
import time

import keras

from experiments.errors import TrainingFailed
from experiments.history import best_row, picked_on
from experiments.plots.curves import save_run_plots
from experiments.quantities import duration
from experiments.runtime.interruption import Request
from experiments.training.checkpoints import restore_metrics
from pipelines.progress import announce_if_slow, progress_bar


class History(keras.callbacks.Callback):
    """Writes history.csv and metrics.json after each epoch.

    The final epoch and the best one are both reported. Without images of
    its own for it (see `evaluations.Selection`) the best one is picked on the
    validation images that it is measured on, which flatters it: compare
    experiments by their final epochs then. Epochs count from 0.

    Args:
        folder: The `RunFolder`.
        rows: Rows of history.csv that earlier sessions of this run wrote.
        learning_rates: That of each epoch's first step.
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
        "best_selected_on": picked_on(rows).removesuffix("_accuracy"),
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
        # Keras has just reset the metrics; an epoch that was cut in two goes
        # on with what its first part measured.
        if self.step % self.steps_per_epoch:
            restore_metrics(self.model, self.resumed)

    def on_train_batch_end(self, batch, logs=None):
        self.step = self.began + batch + 1
        # The last step of an epoch waits for its validation.
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
    """Raises `TrainingFailed`, with the first step whose loss is no number.

    Looks at the losses of the last second together, not at each: reading one
    makes the host wait until the device has caught up.

    Args:
        name: Of the run, for the message.
        first_step: Steps trained in earlier sessions.
        every_steps: Look after each multiple of this, too, so that no
            checkpoint holds what must not be gone on from; None for never.
        request: An `interruption.Request`, before which to look likewise.
        looks_each: Look after so many batches instead, where several hosts
            are to stop at the same one.
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
        self.moment = _Moment()

    def on_epoch_begin(self, epoch, logs=None):
        self.began = self.step

    def on_train_batch_end(self, batch, logs=None):
        self.step = self.began + batch + 1
        # The epoch's mean so far, which keeps a single NaN or infinity.
        self.unread.append((self.step, logs["loss"]))
        is_saved = self.every_steps and self.step % self.every_steps == 0
        is_saved = is_saved or self.request.signal is not None
        if self.looks_each:
            is_due = len(self.unread) == self.looks_each
        else:
            is_due = self.moment.has_come()
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


class _Moment:
    """Comes once in so many seconds, first at once."""

    def __init__(self, seconds=1):
        self._seconds = seconds
        self._last = -math.inf

    def has_come(self):
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True


class Progress(keras.callbacks.Callback):
    """A bar through each epoch, a line after it.

    Args:
        epochs: Epochs of the whole run.
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs
        self.seconds = []
        self.moment = _Moment()
        self.first_step = contextlib.ExitStack()

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()
        if not self.seconds:
            self.first_step.enter_context(
                announce_if_slow(
                    "first step: TensorFlow traces and compiles it"
                )
            )
        self.bar = progress_bar(
            desc=f"  epoch {epoch + 1}/{self.epochs}",
            total=self.params["steps"],
            unit=" steps",
        )

    def on_train_batch_end(self, batch, logs=None):
        self.first_step.close()
        # Formatting a loss waits for the device.
        if self.moment.has_come():
            loss = float(logs["loss"])
            self.bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
        self.bar.update(batch + 1 - self.bar.n)

    def on_test_begin(self, logs=None):
        # A bar that is still held back stays so.
        self.bar.set_postfix_str("validating", refresh=not self.bar.delay)
        # In a log a line each time.
        self.validated = _Moment(max(1, self.bar.mininterval))
        self.validated.has_come()

    def on_test_batch_end(self, batch, logs=None):
        if self.validated.has_come():
            self.bar.set_postfix_str(f"validating, {batch + 1} batches")

    def on_epoch_end(self, epoch, logs=None):
        self.bar.close()
        self.seconds.append(time.perf_counter() - self.started)
        # The first epoch contains the tracing of the graphs.
        typical = sorted(self.seconds[1:] or self.seconds)[
            len(self.seconds[1:]) // 2
        ]
        left = typical * (self.epochs - epoch - 1)
        print(
            f"  epoch {epoch + 1}/{self.epochs}"
            f"  loss {logs['loss']:.3f}  accuracy {logs['accuracy']:.1%}"
            f"  val loss {logs['val_loss']:.3f}"
            f"  val accuracy {logs['val_accuracy']:.1%}"
            f"  {logs['images_per_second']:,.0f} images/s"
            f" ({logs['waiting']:.0%} waiting)"
            f"  {duration(self.seconds[-1])}, about {duration(left)} left",
            flush=True,
        )


class Plots(keras.callbacks.Callback):
    """Draws the curves in plots/ after epochs, no more often than needed.

    Args:
        folder: The `RunFolder`.
        do: Function that calls another, such as `Background.do`.
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
            self.do(save_run_plots, self.folder)
            self.drawn = time.monotonic()


class Tracked(keras.callbacks.Callback):
    """Has a `Tracking` follow; comes after what writes history.csv."""

    def __init__(self, tracking):
        super().__init__()
        self.tracking = tracking

    def on_train_begin(self, logs=None):
        self.tracking.follow()

    def on_epoch_end(self, epoch, logs=None):
        self.tracking.follow()
