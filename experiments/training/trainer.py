"""The Keras model that trains a network, with augmentation inside."""

import contextlib
import functools

import keras
import tensorflow as tf

import models
from augment_tf.ops.sampling import replica_seed
from experiments.errors import ConfigError
from experiments.training.augmentation import drop_mixing
from experiments.training.optimizers import build_optimizer


class Trainer(keras.Model):
    """Trains a network with `fit`.

    It wraps the network, so that the saved file holds a plain Keras model that
    needs no code of this project.

    Args:
        network: The model to train; it returns logits.
        augment: None, or an `augment_tf` layer that augments inside the train
            step; the training data is then `({"images", "seeds"}, labels)`.
        label_smoothing: Share of a training label that is spread evenly over
            all classes.
        ema: Momentum of an average of all of the network's variables, or None.
        unmixed: As `augment`, for after `stop_mixing`.

    Attributes:
        images: uint8 (N, H, W, 3), all training images, if the device keeps
            them: batches then hold indices into it. Otherwise None.
        averages: One variable for each of the network's; empty without `ema`.
        seed: The seed of the weights that training begins with.
    """

    def __init__(
        self,
        network,
        augment=None,
        label_smoothing=0.0,
        ema=None,
        unmixed=None,
    ):
        super().__init__(name="trainer")
        self.network = network
        # An attribute that is a model would become a part of this one.
        self._plain = functools.cache(lambda: models.without_fused(network))
        self.augment = augment
        self.unmixed = unmixed
        self.images = None
        self.mixing = True
        self.label_smoothing = label_smoothing
        self.ema = ema
        self.averages = [
            keras.Variable(
                initializer="zeros",
                shape=variable.shape,
                dtype=variable.dtype,
                trainable=False,
                aggregation="only_first_replica",
                name=f"average_{index}",
            )
            for index, variable in enumerate(network.variables if ema else [])
        ]

    def keep_images(self, images):
        """Brings all training images to each device.

        Args:
            images: uint8 (N, H, W, 3).
        """
        # A Keras variable would become a part of this model.
        self.images = tf.Variable(images, trainable=False)
        self.train_function = None

    def predict(self, *args, **kwargs):
        # Keras unrolls as many steps as an execution has.
        steps, self.steps_per_execution = self.steps_per_execution, 1
        try:
            return super().predict(*args, **kwargs)
        finally:
            self.steps_per_execution = steps

    def execute_together(self, steps):
        """From the next `fit` on, trains so many steps in a call."""
        if steps != self.steps_per_execution:
            self.steps_per_execution = steps
            self.train_function = self.test_function = None

    def call(self, inputs, training=None):
        images = inputs["images"] if isinstance(inputs, dict) else inputs
        if training or tf.distribute.get_strategy().num_replicas_in_sync == 1:
            return self.network(images, training=training)
        # A last batch may leave a replica without images, which TensorFlow's
        # convolutions refuse on a CPU. In inference, one more image changes no
        # other image's logits.
        count = tf.shape(images)[0]
        blank = tf.zeros((1, *images.shape[1:]), images.dtype)
        images = tf.concat([images, blank], 0)
        return self.network(images, training=False)[:count]

    @property
    def active_augment(self):
        """The layer that augments in the next train step, or None."""
        return self.augment if self.mixing else self.unmixed

    def plain_network(self):
        """A copy of the network with its current weights, for Keras alone."""
        copy = self._plain()
        copy.set_weights(self.network.get_weights())
        return copy

    def draw_anew(self, seed, network):
        """Sets the weights that training begins with.

        Args:
            seed: The seed that they were drawn with.
            network: A network of the same layers with these weights.
        """
        self.seed, self._first_weights = seed, network.get_weights()

    def begin_anew(self):
        """Resets the trainer to the state that it was built in."""
        self.network.set_weights(self._first_weights)
        for variable, value in zip(
            self.optimizer.variables, self._first_state, strict=True
        ):
            variable.assign(value)
        for average in self.averages:
            average.assign(keras.ops.zeros_like(average))
        if not self.mixing:
            self.mixing = True
            self.train_function = None

    def build_optimizer(self):
        """Creates the optimizer's variables, which a checkpoint restores."""
        self.optimizer.build(self.trainable_variables)
        self._first_state = [v.numpy() for v in self.optimizer.variables]

    def stop_mixing(self):
        """From the next `fit` on, `unmixed` augments."""
        self.mixing = False
        # Otherwise Keras would use the graph that it has traced.
        self.train_function = None

    def train_step(self, data):
        if self.images is not None:
            data = self._at_places(*data)
        if self.active_augment is not None:
            data = self.augmented(*data)
        if self.label_smoothing:
            images, labels = data
            share = self.label_smoothing / labels.shape[-1]
            data = images, labels * (1 - self.label_smoothing) + share
        if not self.averages:
            return super().train_step(data)
        before = tf.identity(self.optimizer.iterations)
        logs = super().train_step(data)
        self._average(before)
        return logs

    def _average(self, before):
        """Updates the averages; the first one is the first update's weights.

        Batches without an update do not count: their gradients are accumulated,
        or were no numbers.

        Args:
            before: int (), updates before this batch.
        """
        updates = tf.identity(self.optimizer.iterations)
        momentum = tf.where(updates == 1, 0.0, self.ema)
        momentum = tf.where(updates == before, 1.0, momentum)
        for average, variable in zip(
            self.averages, self.network.variables, strict=True
        ):
            average.assign(momentum * average + (1 - momentum) * variable)

    @contextlib.contextmanager
    def averaged(self):
        """Sets the network's variables to the averages inside the context."""
        kept = [variable.numpy() for variable in self.network.variables]
        self._set(average.numpy() for average in self.averages)
        try:
            yield
        finally:
            self._set(kept)

    def _set(self, values):
        for variable, value in zip(self.network.variables, values, strict=True):
            variable.assign(value)

    def _at_places(self, inputs, labels):
        def gather(places):
            return tf.gather(self.images, places)

        if isinstance(inputs, dict):
            return inputs | {"images": gather(inputs["images"])}, labels
        return gather(inputs), labels

    def augmented(self, inputs, labels):
        # `train_batches` leaves no replica without images, nor without seeds.
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        seed = replica_seed(inputs["seeds"][0], replica)
        batch = self.active_augment.apply(
            {"images": inputs["images"], "labels": labels}, seed
        )
        return batch["images"], batch["labels"]


def build_trainer(
    experiment,
    *,
    classes,
    steps_per_epoch,
    augment,
    replicas,
    jit_compile,
    kind=Trainer,
):
    """Builds and compiles the `Trainer` of an experiment.

    Args:
        experiment: An `experiments.configs.schema.Experiment`.
        classes: Outputs of the network.
        steps_per_epoch: Batches in an epoch, for the schedule.
        augment: An `augment_tf` layer or None; used if the config has the
            device augment.
        replicas: Number of replicas of the strategy.
        jit_compile: Whether XLA compiles the train step.
        kind: Class of the trainer.

    Returns:
        A compiled `Trainer`.

    Raises:
        ConfigError: if there is no such network.
    """
    network = build_network(experiment, classes, replicas)
    on_device = experiment.data.augment_on == "device"
    augment = augment if on_device else None
    trainer = kind(
        network,
        augment,
        experiment.label_smoothing,
        experiment.ema,
        augment and drop_mixing(augment),
    )
    optimizer = build_optimizer(
        experiment.optimizer, experiment.epochs, steps_per_epoch
    )
    compile_trainer(trainer, optimizer, classes, jit_compile)
    trainer.build_optimizer()
    return trainer


def build_network(experiment, classes, replicas):
    """Builds the network of an experiment; see `build_trainer`."""
    try:
        return models.build_network(
            experiment.model,
            image_size=experiment.data.image_size,
            classes=classes,
            sync_batch_norm=replicas > 1,
        )
    except ValueError as error:
        raise ConfigError(f"model: {error}") from error


def compile_trainer(trainer, optimizer, classes, jit_compile):
    """Compiles a trainer with the loss and metrics that every run reports."""
    trainer.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=[
            keras.metrics.CategoricalAccuracy(name="accuracy"),
            keras.metrics.TopKCategoricalAccuracy(
                k=min(5, classes), name="top5_accuracy"
            ),
        ],
        jit_compile=jit_compile,
    )
