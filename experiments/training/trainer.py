"""The network as it is trained: with augmentation inside, where asked for."""

import keras
import tensorflow as tf

import models
from augment_tf.sampling import replica_seed
from experiments.errors import ConfigError
from experiments.training.optimizers import build_optimizer


class Trainer(keras.Model):
    """Trains a network with `fit`.

    It wraps the network rather than replacing it, so that the file that is
    saved holds a plain Keras model that needs nothing of this project.

    Args:
        network: The model to train; it returns logits.
        augment: None, or an `augment_tf` layer that augments inside the train
            step; the training data is then `({"images", "seeds"}, labels)`.
    """

    def __init__(self, network, augment=None):
        super().__init__(name="trainer")
        self.network = network
        self.augment = augment

    def call(self, inputs, training=None):
        images = inputs["images"] if isinstance(inputs, dict) else inputs
        if training or tf.distribute.get_strategy().num_replicas_in_sync == 1:
            return self.network(images, training=training)
        # A last batch may leave a replica without images, which TensorFlow's
        # convolutions do not take on a CPU. One more changes no other's
        # logits, as nothing learns here.
        count = tf.shape(images)[0]
        blank = tf.zeros((1, *images.shape[1:]), images.dtype)
        images = tf.concat([images, blank], 0)
        return self.network(images, training=False)[:count]

    def train_step(self, data):
        if self.augment is not None:
            data = self.augmented(*data)
        return super().train_step(data)

    def augmented(self, inputs, labels):
        # `train_batches` leaves no replica without images, and so seeds.
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        seed = replica_seed(inputs["seeds"][0], replica)
        batch = self.augment.apply(
            {"images": inputs["images"], "labels": labels}, seed
        )
        return batch["images"], batch["labels"]


def build_trainer(
    experiment, *, classes, steps_per_epoch, augment, replicas, jit_compile
):
    """The network of an experiment with what trains it, under a strategy.

    Args:
        experiment: An `experiments.configs.schema.Experiment`.
        classes: Outputs of the network.
        steps_per_epoch: Batches in an epoch, for the schedule.
        augment: An `augment_tf` layer or None; used where the config has the
            device augment.
        replicas: Of the strategy.
        jit_compile: Whether XLA compiles the train step.

    Returns:
        A compiled `Trainer`.

    Raises:
        ConfigError: if there is no such network.
    """
    try:
        network = models.build_network(
            experiment.model,
            image_size=experiment.data.image_size,
            classes=classes,
            sync_batch_norm=replicas > 1,
        )
    except ValueError as error:
        raise ConfigError(f"model: {error}") from error
    on_device = experiment.data.augment_on == "device"
    trainer = Trainer(network, augment if on_device else None)
    optimizer = build_optimizer(
        experiment.optimizer, experiment.epochs, steps_per_epoch
    )
    compile_trainer(trainer, optimizer, classes, jit_compile)
    return trainer


def compile_trainer(trainer, optimizer, classes, jit_compile):
    """Compiles with the loss and the metrics that every run reports."""
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
