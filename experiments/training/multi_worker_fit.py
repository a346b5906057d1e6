"""`fit` over several hosts, which Keras 3 cannot do (keras issue 20585).

Keras builds a model from a batch that it adds up over replicas, and it reduces
logs, which have no axis, along an axis. Both fail if the replicas are on
several hosts. This module replaces both.
"""

import keras
import tensorflow as tf

from experiments.training.trainer import Trainer


class MultiWorkerTrainer(Trainer):
    """A `Trainer` that trains on its share of each batch.

    Attributes:
        is_asked_to_stop: Function; true if this worker is to stop.
        asked_to_stop: float (), the number of workers that were to stop in
            the last step.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.is_asked_to_stop = lambda: False
        self.asked_to_stop = 0.0

    def fit(self, x, *, validation_data=None, **options):
        return super().fit(
            self._spread(x),
            validation_data=self._spread(validation_data),
            **options,
        )

    def evaluate(self, x, **options):
        return super().evaluate(self._spread(x), **options)

    def predict(self, x, **options):
        """Predicts all of `x` on this worker alone."""
        return self.plain_network().predict(x, **options)

    def _spread(self, batches):
        if not isinstance(batches, tf.data.Dataset):
            return batches
        strategy = self.distribute_strategy
        dealt = deal(batches, len(strategy.extended.worker_devices))
        return strategy.distribute_datasets_from_function(lambda _: dealt)

    def make_train_function(self, force=False):
        if self.train_function is not None and not force:
            return
        step = self._step_of_all(self.train_step, with_question=True)

        def train(iterator):
            logs, self.asked_to_stop = step(iterator)
            return logs

        self.train_function = train

    def make_test_function(self, force=False):
        if self.test_function is None or force:
            self.test_function = self._step_of_all(self.test_step)

    def _step_of_all(self, step, with_question=False):
        strategy = self.distribute_strategy

        def ask():
            asked = tf.numpy_function(
                lambda: float(self.is_asked_to_stop()), [], tf.float64
            )
            return tf.ensure_shape(asked, ())

        @tf.function(reduce_retracing=True)
        def one_step(iterator):
            logs = strategy.run(step, args=(next(iterator),))
            logs = {
                name: strategy.reduce("MEAN", value, axis=None)
                for name, value in logs.items()
            }
            if not with_question:
                return logs
            return logs, strategy.reduce("SUM", strategy.run(ask), axis=None)

        return one_step

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        # The network is built from shapes, which one device's part has.
        strategy = self.distribute_strategy
        for *_, batches in iterator:
            data_batch = keras.tree.map_structure(
                lambda each: strategy.experimental_local_results(each)[0],
                next(batches),
            )
            break
        with strategy.scope():
            self._symbolic_build(data_batch=data_batch)


def deal(batches, devices):
    """Splits a worker's batches into a part for each device, in order.

    Args:
        batches: A `tf.data.Dataset`.
        devices: Number of devices.
    """
    if devices == 1:
        return batches

    def parts(*batch):
        def part(number):
            def of(values):
                count = tf.shape(values, tf.int64)[0]
                begin = number * count // devices
                return values[begin : (number + 1) * count // devices]

            return tf.nest.map_structure(of, batch)

        return tf.data.Dataset.range(devices).map(part)

    return batches.flat_map(parts)
