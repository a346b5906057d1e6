"""The description and the progress of a run on the screen."""

import contextlib
import time

import keras
import numpy as np

from experiments.configs.registry import EXPERIMENTS
from experiments.configs.schema import as_json
from experiments.formatting import counted, duration
from experiments.runtime import devices
from experiments.runtime.screen import RunProgress
from experiments.training.timing import Throttle
from pipelines.config import compare_configs
from pipelines.progress import announce_if_slow, progress_bar


def describe_run(spec, data, trainer, steps_per_epoch):
    """Lines of a name and a text, aligned.

    Args:
        spec: The `experiments.training.spec.RunSpec`.
        data: The `pipelines.loading.DataSet`.
        trainer: The `Trainer`.
        steps_per_epoch: Batches in an epoch.
    """
    experiment = spec.experiment
    side = experiment.data.image_size
    layers = [str(layer) for layer in experiment.augment] or ["none"]
    layers.append(f"on the {experiment.data.augment_on}")
    start = experiment.model.initializer
    if experiment.model.weights is not None:
        start = "weights of ImageNet"
    parameters = sum(int(np.prod(w.shape)) for w in trainer.trainable_weights)
    compiled = ", XLA-compiled" if spec.environment["jit_compile"] else ""
    lines = [
        (
            "data",
            f"{data.name}, {len(data.train.labels):,} train and "
            f"{counted(len(data.val.labels), 'val image')}, "
            f"{len(data.class_names)} classes, {side}x{side}",
        ),
        ("cache", data.cache),
        *zip(["augment"] + [""] * len(layers), layers, strict=False),
        (
            "network",
            f"{experiment.model.name}, {parameters:,} trainable parameters, "
            f"{start}",
        ),
        (
            "devices",
            f"{devices.in_words(spec.strategy)}, "
            f"{spec.environment['precision']}{compiled}",
        ),
        (
            "training",
            f"{counted(experiment.epochs, 'epoch')} of "
            f"{counted(steps_per_epoch, 'step')}, "
            f"{counted(experiment.data.batch_size, 'image')} each",
        ),
    ]
    lines += _list_changes(experiment)
    return "\n".join(f"  {name:9} {text}" for name, text in lines)


def _list_changes(experiment):
    """Yields a line for each field that the command line has changed."""
    registered = EXPERIMENTS.get(experiment.name, experiment)
    for field, was, now in compare_configs(
        as_json(registered), as_json(experiment)
    ):
        yield "changed", f"{field} from {was} to {now}"


class Bar(keras.callbacks.Callback):
    """Shows a bar through each epoch.

    Args:
        epochs: Epochs of the whole run.
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs
        self.throttle = Throttle()

    def on_epoch_begin(self, epoch, logs=None):
        self.bar = progress_bar(
            desc=f"  epoch {epoch + 1}/{self.epochs}",
            total=self.params["steps"],
            unit=" steps",
        )

    def on_train_batch_end(self, batch, logs=None):
        # Formatting a loss waits for the device.
        if self.throttle.is_due():
            loss = float(logs["loss"])
            self.bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
        self.bar.update(batch + 1 - self.bar.n)

    def on_test_begin(self, logs=None):
        # A bar that is still held back stays so.
        self.bar.set_postfix_str("validating", refresh=not self.bar.delay)
        # In a log a line each time.
        self.validated = Throttle(max(1, self.bar.mininterval))
        self.validated.is_due()

    def on_test_batch_end(self, batch, logs=None):
        if self.validated.is_due():
            self.bar.set_postfix_str(f"validating, {batch + 1} batches")

    def on_epoch_end(self, epoch, logs=None):
        self.bar.close()


class Report(keras.callbacks.Callback):
    """Reports the progress of a run to the screen of its study.

    Args:
        report: Function of an `experiments.runtime.screen.RunProgress`.
        epochs: Epochs of the whole run.
        batch_size: Images in a batch.
    """

    def __init__(self, report, epochs, batch_size):
        super().__init__()
        self.report = report
        self.progress = RunProgress(0, epochs)
        self.batch_size = batch_size
        self.throttle = Throttle()

    def on_epoch_begin(self, epoch, logs=None):
        self.first = None
        self._report(epoch=epoch, step=0, steps=self.params["steps"])

    def on_train_batch_end(self, batch, logs=None):
        done, now = batch + 1, time.perf_counter()
        # The first batch waits for graphs and pipelines to be built.
        self.first = self.first or (done, now)
        if self.throttle.is_due():
            before, then = self.first
            rate = (done - before) * self.batch_size / max(now - then, 1e-9)
            self._report(step=done, images_per_second=rate)

    def _report(self, **changes):
        self.progress = self.progress._replace(**changes)
        self.report(self.progress)


class EpochLines(keras.callbacks.Callback):
    """Prints a line after each epoch.

    Args:
        epochs: Epochs of the whole run.
    """

    def __init__(self, epochs):
        super().__init__()
        self.epochs = epochs
        self.seconds = []
        self.first_step = contextlib.ExitStack()

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.perf_counter()
        if not self.seconds:
            self.first_step.enter_context(
                announce_if_slow("first step: TensorFlow compiles it")
            )

    def on_train_batch_end(self, batch, logs=None):
        self.first_step.close()

    def on_epoch_end(self, epoch, logs=None):
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
