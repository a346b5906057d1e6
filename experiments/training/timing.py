"""How fast a run is, and what holds it up."""

import resource
import sys
import time

import keras
import tensorflow as tf

# Of the time, from which on images are what training waits for.
_INPUT_BOUND = 0.2
_GIB = 2**30
# Batches are timed for so long, and at least two of them.
_SECONDS = 3


class Waiting:
    """Measures how long batches are waited for.

    Attributes:
        seconds: So far.
    """

    def __init__(self):
        self.seconds = 0.0

    def timed(self, batches):
        """The same batches; each adds to `seconds` what it was waited for.

        A zip asks for its parts one after the other, so that clocks on both
        sides of a part tell how long it took to come.

        Args:
            batches: A `tf.data.Dataset` that prefetches.
        """
        # TensorFlow's own clock refuses to tell where operations must be
        # deterministic.
        clock = tf.data.Dataset.range(2**62).map(
            lambda _: tf.numpy_function(time.perf_counter, [], tf.float64)
        )
        return tf.data.Dataset.zip((clock, batches, clock)).map(self._note)

    def _note(self, before, batch, after):
        tf.numpy_function(self._add, [after - before], [])
        return batch

    def _add(self, seconds):
        self.seconds += float(seconds)


class Speed(keras.callbacks.Callback):
    """Adds images_per_second, waiting and memory to the logs of an epoch.

    Of the batches after the first, which waits for graphs and pipelines to be
    built. "waiting" is a share of the time, in [0, 1]. Comes before what reads
    the logs.

    Args:
        waiting: The `Waiting` that the training batches go through.
        batch_size: Images in a batch.
    """

    def __init__(self, waiting, batch_size):
        super().__init__()
        self.waiting = waiting
        self.batch_size = batch_size
        self.said = False

    def on_epoch_begin(self, epoch, logs=None):
        self.moments = [self._now()]

    def on_train_batch_end(self, batch, logs=None):
        # The beginning, the end of the first batches, that of the last.
        self.moments = [*self.moments[:2], self._now(batch + 1)]

    def _now(self, batches=0):
        return time.perf_counter(), self.waiting.seconds, batches

    def on_epoch_end(self, epoch, logs=None):
        (began, waited, before), (ended, waited_then, after) = self.moments[-2:]
        counted = after - before
        seconds = max(ended - began, 1e-9)
        share = min((waited_then - waited) / seconds, 1.0)
        logs["images_per_second"] = counted * self.batch_size / seconds
        logs["waiting"] = share
        logs |= peak_memory()
        # Three batches say nothing.
        if not self.said and counted > 3:
            self.said = True
            print(f"  note      {bound(share)}", flush=True)


def bound(share):
    """What holds training up, and what to change.

    Args:
        share: Of the time that is spent waiting for data, in [0, 1].
    """
    if share >= _INPUT_BOUND:
        return (
            f"input-bound: {share:.0%} of the time goes into waiting for "
            "images; faster would be more cores, data.augment_on=device, or, "
            "where images are decoded anew, a larger data.cache_gib"
        )
    return (
        f"compute-bound: images are waited for in {share:.0%} of the time; "
        "faster would be a smaller network or image, or a GPU"
    )


def peak_memory():
    """{"host_gib", and where devices tell "device_gib"}: most at any time."""
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    found = {"host_gib": round(peak / _GIB, 3)}
    gpus = tf.config.list_logical_devices("GPU")
    if gpus:
        info = tf.config.experimental.get_memory_info(gpus[0].name)
        found["device_gib"] = round(info["peak"] / _GIB, 3)
    return found


class Clock(keras.callbacks.Callback):
    """Notes when batches end, and stops when that is enough."""

    def __init__(self):
        super().__init__()
        self._times = []

    @property
    def seconds(self):
        """Of a batch; of several, the first does not count."""
        first = min(1, len(self._times) - 2)
        batches = len(self._times) - 1 - first
        return (self._times[-1] - self._times[first]) / batches

    def on_train_begin(self, logs=None):
        self._times.append(time.perf_counter())

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self._is_enough(logs)

    def on_test_begin(self, logs=None):
        self._times.append(time.perf_counter())

    def on_test_batch_end(self, batch, logs=None):
        self.model.stop_evaluating = self._is_enough(logs)

    def _is_enough(self, logs):
        float(logs["loss"])  # Waits for the device.
        self._times.append(time.perf_counter())
        batches = len(self._times) - 2
        return batches >= 2 and self._times[-1] - self._times[1] > _SECONDS
