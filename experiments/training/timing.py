"""The speed of a run, its memory, and the time it waits for images."""

import math
import resource
import sys
import time

import keras
import tensorflow as tf

# From this share of waiting on, a run is called input-bound.
_INPUT_BOUND = 0.2
_GIB = 2**30
# Batches are timed for so long, and at least two of them.
_SECONDS = 1


class Throttle:
    """Lets something happen once in so many seconds, the first time at once."""

    def __init__(self, seconds=1):
        self._seconds = seconds
        self._last = -math.inf

    def is_due(self):
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True


class Waiting:
    """Measures the time that training waits for batches.

    Attributes:
        seconds: Seconds so far.
    """

    def __init__(self):
        self.seconds = 0.0

    def timed(self, batches):
        """The same batches; each adds its waiting time to `seconds`.

        A zip asks for its parts one after the other, so that clocks on both
        sides of a batch measure the time until it comes.

        Args:
            batches: A `tf.data.Dataset` that prefetches.
        """
        # TensorFlow's own clock raises an error if operations must be
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

    The first batch, which waits for graphs and pipelines to be built, does not
    count. "waiting" is a share of the time, in [0, 1]. Comes before callbacks
    that read the logs.

    Args:
        waiting: The `Waiting` that the training batches go through.
        batch_size: Images in a batch.
    """

    def __init__(self, waiting, batch_size):
        super().__init__()
        self.waiting = waiting
        self.batch_size = batch_size
        self.is_told = False

    def on_epoch_begin(self, epoch, logs=None):
        self.moments = [self._now()]

    def on_train_batch_end(self, batch, logs=None):
        # The beginning, the end of the first batches, the end of the last.
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
        logs |= measure_peak_memory()
        # Three batches are too few to tell.
        if not self.is_told and counted > 3:
            self.is_told = True
            if share >= _INPUT_BOUND:
                print(
                    f"  note      input-bound: {share:.0%} of the time goes "
                    "into waiting for images; faster would be more cores, "
                    "data.augment_on=device, or, if images are decoded anew, a "
                    "larger data.cache_gib",
                    flush=True,
                )


def measure_peak_memory():
    """{"host_gib", and with a GPU "device_gib"}: the most at any time."""
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    found = {"host_gib": round(peak / _GIB, 3)}
    gpus = tf.config.list_logical_devices("GPU")
    if gpus:
        info = tf.config.experimental.get_memory_info(gpus[0].name)
        found["device_gib"] = round(info["peak"] / _GIB, 3)
    return found


class Clock(keras.callbacks.Callback):
    """Times batches, and stops when there are enough of them."""

    def __init__(self):
        super().__init__()
        self._times = []

    @property
    def seconds(self):
        """Seconds of a batch; of several, the first does not count."""
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
