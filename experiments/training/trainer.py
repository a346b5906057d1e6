"""The network as it is trained: with augmentation inside, where asked for."""

import keras
import tensorflow as tf


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
        return self.network(images, training=training)

    def train_step(self, data):
        if self.augment is not None:
            data = self.augmented(*data)
        return super().train_step(data)

    def augmented(self, inputs, labels):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        seed = replica_seed(inputs["seeds"][0], replica)
        batch = self.augment.apply(
            {"images": inputs["images"], "labels": labels}, seed
        )
        return batch["images"], batch["labels"]


def replica_seed(seed, replica):
    """Each replica's own part of a batch's random stream.

    Replica 0 keeps the seed itself, so that one device gives the images that
    the host would have given.
    """
    folded = tf.random.fold_in(seed, replica, alg="philox")
    return tf.where(tf.equal(replica, 0), seed, folded)


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
